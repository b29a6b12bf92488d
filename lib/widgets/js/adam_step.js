// Adam's step on three coordinates, term by term, beside what gradient descent would do.

const LAST = 50, COORDINATES = ["x₁", "x₂", "x₃"], INKS = ["dw-blue", "dw-orange", "dw-teal"];
const BETA1 = [0, 0.5, 0.8, 0.9, 0.95, 0.99], BETA2 = [0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];
const SMALL = [0, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 0.01, 1];
const RATES_OF_ADAM = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 1];
const DRAWN = normals(LAST + 2, 4);

function tidy(state) {
  const size = (g) => Math.sign(g) * Math.min(Math.abs(g), 1e6);
  const given = [state.gradients].flat().filter(Number.isFinite).map(size);
  state.gradients = COORDINATES.map((_, i) => given[i] ?? 0);
  for (const [key, values] of [["beta1", BETA1], ["beta2", BETA2], ["eps", SMALL], ["eta", RATES_OF_ADAM]]) state[key] = nearest(values, Math.abs(state[key]));
  state.t = Math.min(Math.max(Math.round(state.t), 1), LAST);
  if (!Object.hasOwn(PATTERNS, state.pattern)) state.pattern = "steady";
  if (!COORDINATES[state.chosen]) state.chosen = "0";
}

// As it stands in a product; and as it stands under a root or beneath an exponent.
const factor = (v) => (/^−|·/.test(power(v)) ? `(${power(v)})` : power(v));
const base = (v) => (/^[\d.,]+$/.test(power(v)) ? power(v) : `(${power(v)})`);

// Each term: its formula, the formula filled in for one coordinate, and its value for any. What is
// `hidden` waits for the reader's prediction.
const ROWS = [
  { name: "g", law: (o) => `the gradient at step ${o.t}`, filled: (c) => `then ${power(c.next)}`, value: (c) => c.g },
  { name: "m", law: () => "= β₁ m + (1 − β₁) g", filled: (c, o) => `${power(o.beta1)} · ${factor(c.before[0])} + ${power(1 - o.beta1)} · ${factor(c.g)}`, value: (c) => c.m },
  { name: "v", law: () => "= β₂ v + (1 − β₂) g²", filled: (c, o) => `${power(o.beta2, 4)} · ${factor(c.before[1])} + ${power(1 - o.beta2, 4, 1e-4)} · ${base(c.g)}²`, value: (c) => c.v },
  { name: "m̂", law: (o) => (o.correct ? "= m / (1 − β₁ᵗ)" : "= m, not corrected"), filled: (c, o) => (o.correct ? `${factor(c.m)} / (1 − ${power(o.beta1)}${raise(o.t)})` : ""), value: (c) => c.mHat },
  { name: "v̂", law: (o) => (o.correct ? "= v / (1 − β₂ᵗ)" : "= v, not corrected"), filled: (c, o) => (o.correct ? `${factor(c.v)} / (1 − ${power(o.beta2, 4)}${raise(o.t)})` : ""), value: (c) => c.vHat },
  { name: "divisor", law: (o) => (o.inside ? "= √(v̂ + ε)" : "= √v̂ + ε"), filled: (c, o) => (o.inside ? `√(${power(c.vHat)} + ${power(o.eps)})` : `√${base(c.vHat)} + ${power(o.eps)}`), value: (c) => c.root, hidden: true },
  { name: "Adam’s step", law: () => "= η m̂ / divisor", filled: (c, o) => `${power(o.lr, 2, 1e-4)} · ${factor(c.mHat)} / ${factor(c.root)}`, value: (c) => c.step, hidden: true, strong: true },
  { name: "in units of η", law: () => "", value: (c, o) => c.step / o.lr, hidden: true },
  { name: "Gradient descent’s", law: () => "= η g", filled: (c, o) => `${power(o.lr, 2, 1e-4)} · ${factor(c.g)}`, value: (c, o) => o.lr * c.g },
];

function render(context) {
  const ui = shell(context, "adam_step", "Adam’s step, term by term", tidy);
  const { state } = ui;
  const quiz = ask(ui);
  let topic = "", answered = false;
  const begin = () => [topic, answered] = [ui.start.correct ? "sizes" : "correction", false];
  begin();
  ui.root.addEventListener("descent:reset", begin);

  const inputs = COORDINATES.map((label, i) => {
    const field = h("input", { type: "number", step: "any", class: "dw-given", inputmode: "decimal", "aria-label": `Gradient of ${label} in step 1`, onblur: () => { field.value = state.gradients[i]; } });
    field.addEventListener("input", () => Number.isFinite(field.valueAsNumber) && ui.set({ gradients: state.gradients.with(i, field.valueAsNumber) }));
    ui.follow.push(({ gradients }) => { if (document.activeElement !== field || field.valueAsNumber !== gradients[i]) if (field.value === "" || +field.value !== gradients[i]) field.value = gradients[i]; });
    return field;
  });
  const rows = ROWS.map((row) => ({ ...row, said: h("span", { class: "dw-said" }), numbers: row.filled ? h("small") : "", cells: COORDINATES.map(() => h("td")) }));
  const table = h("table", { class: "dw-terms" },
    h("thead", {}, h("tr", {}, h("td", {}, choice(ui, "chosen", "Filled in for", Object.fromEntries(COORDINATES.map((label, i) => [i, label])))), ...COORDINATES.map((label, i) => h("th", { scope: "col", class: INKS[i] }, h("i"), label)))),
    h("tbody", {},
      h("tr", {}, h("th", { scope: "row" }, h("b", {}, "First gradient"), " yours to change"), ...inputs.map((field) => h("td", {}, field))),
      ...rows.map(({ name, said, numbers, cells, strong }) => h("tr", { class: strong ? "dw-strong" : null }, h("th", { scope: "row" }, h("b", {}, name), " ", said, " ", numbers), ...cells))));

  const bars = plot({ x: [-0.6, 2.6], y: [0, 1], xLabel: "coordinate", yLabel: "of the longest step", label: "Length of the steps, as a share of the longest: Adam’s and gradient descent’s", height: 170, xTicks: COORDINATES.map((label, i) => [i, label]) });
  const course = plot({ x: [1, LAST], y: [0, 1.2], xLabel: "step t", yLabel: "Adam’s step, in η", label: "Adam’s step on each coordinate from step to step, in units of η", height: 170 });
  const ghost = h("span", {}, h("i", { class: "dw-grey" }), "x₂ if corrected");
  const on = h("button", { type: "button", onclick: () => ui.set({ t: (state.t % LAST) + 1 }) }, "Next");

  const first = () => predict("Gradients of 0.01, 1 and 100. How do Adam’s first steps on the three compare?",
    ["As the gradients: 1 : 100 : 10,000", "As their roots: 1 : 10 : 100", "All three are alike", "Turned round: the smallest gradient steps farthest"], (index) => {
      answered = true;
      ui.set({ gradients: [0.01, 1, 100], t: 1, correct: true });
      const why = ["So does gradient descent: see the last row.", "It does divide by a root, but by the root of the square.", "", "It divides by the gradient’s size, but the gradient stands above the line, too."][index];
      return [index === 2, `${why} In step 1, m̂ is g and √v̂ is the size of g, so that each coordinate moves by η, whatever its slope. Now turn bias correction off.`.trim()];
    }).field;
  const second = () => predict("Both averages begin at 0, and nothing makes up for it. How long is the first step, in η?",
    ["Shorter: 0.1, for m is only a tenth of g", "1: both averages are too small alike", "3.16: the divisor is too small by more", "10: m is a tenth of g"], (index) => {
      answered = true;
      ui.set({ correct: false, t: 1, beta1: 0.9, beta2: 0.999 });
      const why = ["v is too small as well, and it stands below.", "m is too small by 10, √v by √1,000.", "", "That would be dividing by m."][index];
      return [index === 2, `${why} (1 − β₁)/√(1 − β₂) = 0.1/√0.001 = 3.16: without the correction the first steps are the longest, when least is known.`.trim()];
    }).field;

  ui.body.append(
    h("div", { class: "dw-controls" },
      stops(ui, "beta1", "β₁", BETA1, (v) => power(v)), stops(ui, "beta2", "β₂", BETA2, (v) => power(v, 4)),
      stops(ui, "eps", "ε", SMALL, (v) => power(v)), stops(ui, "eta", "η", RATES_OF_ADAM, (v) => power(v, 2, 1e-4)),
      select(ui, "pattern", "Later gradients", Object.fromEntries(Object.entries(PATTERNS).map(([key, [label]]) => [key, label]))),
      h("div", { class: "dw-time" }, slider(ui, "t", "Step t", [1, LAST]), on),
      tick(ui, "correct", "Bias correction"), tick(ui, "inside", "ε inside the root")),
    h("div", { class: "dw-drawing" }, table,
      h("div", { class: "dw-two" },
        h("div", {}, bars.element, h("p", { class: "dw-key" }, h("i", { class: "dw-blue" }), "Adam", h("i", { class: "dw-grey" }), "gradient descent")),
        h("div", {}, course.element, h("p", { class: "dw-key" }, ...COORDINATES.flatMap((label, i) => [h("i", { class: INKS[i] }), label]), ghost)))),
    quiz.room);

  ui.run(() => {
    if (!state.correct && answered && topic === "sizes") [topic, answered] = ["correction", false];
    quiz.put(topic, topic === "sizes" ? first : second);
    const secret = !answered && (topic === "sizes" || !state.correct);
    const o = { ...state, lr: state.eta };
    const met = state.gradients.map((g) => gradientsOf(state.pattern, g, LAST + 1, DRAWN));
    const each = met.map((gradients) => adamTerms(gradients.slice(0, LAST), o));
    const now = each.map((terms, i) => ({ ...terms[state.t - 1], next: met[i][state.t] })), chosen = now[state.chosen];
    ghost.hidden = state.correct || secret;
    for (const { name, law, filled, value, hidden, said, numbers, cells } of rows) {
      tell(said, law(o));
      const words = filled && (!hidden || !secret || name === "divisor") && filled(chosen, o);
      if (filled) tell(numbers, !words ? "" : name === "g" ? words : `= ${words}`);
      cells.forEach((cell, i) => {
        tell(cell, hidden && secret ? "?" : power(value(now[i], o)));
        dress(cell, { "data-chosen": i === Number(state.chosen) ? "true" : null });
      });
    }
    const share = (steps) => steps.map((v) => Math.abs(v) / Math.max(...steps.map(Math.abs)) || 0);
    bars.bars("adam", secret ? [0, 0, 0] : share(now.map((c) => c.step)), "dw-blue", 0.34, -0.19);
    bars.bars("descent", share(now.map((c) => c.g)), "dw-grey", 0.34, 0.19);
    const lines = each.map((terms) => terms.map((c) => c.step / o.lr || 0));
    const all = secret ? [] : lines.flat();
    course.axes(undefined, [Math.min(0, ...all) * 1.1, Math.max(1, ...all) * 1.1]);
    const draw = (name, line, ink) => course.line(name, secret ? [] : line.map((v, i) => [i + 1, v]), ink);
    draw("fair", state.correct ? [] : adamTerms(met[1].slice(0, LAST), { ...o, correct: true }).map((c) => c.step / o.lr || 0), "dw-grey dw-ghost");
    lines.forEach((line, i) => {
      draw(`line${i}`, line, `${INKS[i]} dw-wide${i}`);
      dress(course.dot(`dot${i}`, [state.t, secret ? 0 : line[state.t - 1]], INKS[i]), { display: secret ? "none" : null, r: 6.5 - 1.7 * i });
    });
    const list = (values) => values.map((v) => power(v)).join(", ");
    const begun = `Step ${state.t}, gradients ${list(now.map((c) => c.g))}.`;
    if (secret) return `${begun} Say first how long Adam’s steps are. Gradient descent moves by ${list(now.map((c) => o.lr * c.g))}.`;
    return `${begun} Adam moves by ${list(now.map((c) => c.step))}, gradient descent by ${list(now.map((c) => o.lr * c.g))}.`;
  });
}
