// A formula in x and y that a reader writes, and its slopes, with nothing evaluated as code.
//   const formula = compile("x^2 + 20*y^2");
//   formula.value(1, 2);   formula.slope(1, 2, g);   g receives ∂/∂x and ∂/∂y
// A formula that cannot be read comes back as { error, at }: what was expected, what came, and
// where it stands. Numbers, x, y, pi, + − * / ^, brackets and FUNCTIONS are all that there is.

const FUNCTIONS = {  // name: value, and slope by the argument and the value
  sin: [Math.sin, (a) => Math.cos(a)],
  cos: [Math.cos, (a) => -Math.sin(a)],
  exp: [Math.exp, (a, v) => v],
  log: [Math.log, (a) => 1 / a],
  sqrt: [Math.sqrt, (a, v) => 0.5 / v],
  abs: [Math.abs, (a) => Math.sign(a)],
  tanh: [Math.tanh, (a, v) => 1 - v * v],
};
const TOKEN = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|([\s\S]))/y;
const SIGNS = { "−": "-", "–": "-", "·": "*", "×": "*", "÷": "/", "[": "(", "]": ")" };

// Cut the text into numbers, names and signs, each with its place.
function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let match; TOKEN.lastIndex < text.length && (match = TOKEN.exec(text)); ) {
    const [whole, number, name, sign] = match;
    if (!whole.trim()) break;
    const said = number ?? name ?? sign;
    found.push({ number, name, sign: sign && (SIGNS[sign] ?? sign), said, at: match.index + whole.length - said.length });
  }
  return [...found, { said: "", at: text.length }];
}

// Read the text into a list of operations, each on the results of earlier ones.
function parse(text) {
  const list = [], all = tokens(text);
  let next = 0, depth = 0;
  const fail = (expected, at = all[next]) => {
    throw { error: `expected ${expected}, got ${at.said ? `“${at.said}”` : "the end"}`, at: at.at };
  };
  const put = (kind, a, b) => list.push({ kind, a, b }) - 1;
  const take = (...signs) => (signs.includes(all[next].sign) ? all[next++].sign : null);
  const close = () => take(")") ?? fail("“)”");
  const sum = () => {
    if (++depth > 60) fail("at most 60 brackets within one another");
    let left = product();
    for (let sign; (sign = take("+", "-")); ) left = put(sign, left, product());
    depth--;
    return left;
  };
  const product = () => {
    let left = signed();
    for (let sign; (sign = take("*", "/")); ) left = put(sign, left, signed());
    return left;
  };
  const signed = () => {
    if (++depth > 60) fail("at most 60 signs and brackets within one another");
    const sign = take("-", "+");
    const inner = sign ? signed() : power();
    depth--;
    if (sign !== "-") return inner;
    return list[inner].kind === "number" ? put("number", -list[inner].a) : put("-", put("number", 0), inner);
  };
  const power = () => {
    const base = atom();
    return take("^") ? put("^", base, signed()) : base;
  };
  const atom = () => {
    const { number, name } = all[next];
    if (number) return put("number", Number(all[next++].number));
    if (take("(")) {
      const inner = sum();
      close();
      return inner;
    }
    if (!name) fail("a number, x, y, a function or “(”");
    if (name === "x" || name === "y" || name === "pi") {
      next++;
      return name === "pi" ? put("number", Math.PI) : put(name);
    }
    if (!Object.hasOwn(FUNCTIONS, name)) fail(`x, y, pi, ${Object.keys(FUNCTIONS).join(", ")}`);
    next++;
    if (!take("(")) fail(`“(” after ${name}`);
    const inner = sum();
    close();
    return put(name, inner);
  };
  sum();
  const { number, name, sign } = all[next];
  if (number || name || sign === "(") fail("a sign such as * between two factors");
  if (sign) fail("+ − * / ^ or the end");
  return list;
}

// Compile a formula of at most 200 characters.
function compile(text) {
  if (text.length > 200) return { error: `expected at most 200 characters, got ${text.length}`, at: 200 };
  let list;
  try {
    list = parse(text);
  } catch (found) {
    if (found instanceof Error) throw found;
    return found;
  }
  const n = list.length;
  const v = new Float64Array(n), dx = new Float64Array(n), dy = new Float64Array(n);
  const chain = (i, a, by, b, too) => {
    dx[i] = by * dx[a] + (too ? too * dx[b] : 0);
    dy[i] = by * dy[a] + (too ? too * dy[b] : 0);
  };
  const varies = [];
  for (const { kind, a, b } of list) varies.push(kind === "x" || kind === "y" || (kind !== "number" && (varies[a] || Boolean(varies[b]))));
  const steps = list.map(({ kind, a, b }, i) => {
    if (kind === "number") return v[i] = a, null;
    if (kind === "x" || kind === "y") {
      (kind === "x" ? dx : dy)[i] = 1;
      return { value: kind === "x" ? (x) => { v[i] = x; } : (x, y) => { v[i] = y; }, slope: () => {} };
    }
    if (kind === "+") return { value: () => { v[i] = v[a] + v[b]; }, slope: () => chain(i, a, 1, b, 1) };
    if (kind === "-") return { value: () => { v[i] = v[a] - v[b]; }, slope: () => chain(i, a, 1, b, -1) };
    if (kind === "*") return { value: () => { v[i] = v[a] * v[b]; }, slope: () => chain(i, a, v[b], b, v[a]) };
    if (kind === "/") return { value: () => { v[i] = v[a] / v[b]; }, slope: () => chain(i, a, 1 / v[b], b, -v[i] / v[b]) };
    if (kind === "^" && list[b].kind === "number" && list[b].a === 2) {
      return { value: () => { v[i] = v[a] * v[a]; }, slope: () => chain(i, a, 2 * v[a]) };
    }
    if (kind === "^") {
      const rate = () => (v[b] === 0 ? 0 : v[b] * v[a] ** (v[b] - 1));
      // The logarithm of a negative base is asked for only where the exponent moves.
      return { value: () => { v[i] = v[a] ** v[b]; }, slope: varies[b] ? () => chain(i, a, rate(), b, v[i] * Math.log(v[a])) : () => chain(i, a, rate()) };
    }
    const [f, slopeOf] = FUNCTIONS[kind];
    return { value: () => { v[i] = f(v[a]); }, slope: () => chain(i, a, slopeOf(v[a], v[i])) };
  }).filter(Boolean);
  const value = (x, y) => {
    for (let k = 0; k < steps.length; k++) steps[k].value(x, y);
    return v[n - 1];
  };
  const slope = (x, y, g) => {
    for (let k = 0; k < steps.length; k++) {
      steps[k].value(x, y);
      steps[k].slope();
    }
    g[0] = dx[n - 1];
    g[1] = dy[n - 1];
    return v[n - 1];
  };
  return { value, slope, text };
}
