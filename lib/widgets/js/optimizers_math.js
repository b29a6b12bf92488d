// Optimizers and what they walk on, as lib.reference.optimizers computes it (a test holds them
// equal): names, defaults and the order of operations are the library's, that is torch's.
//   const rule = optimizer("adam", { betas: [0.9, 0.99] });
//   const memory = rule.fresh(2);                    torch's names: exp_avg, exp_avg_sq
//   rule.step(x, g, memory, lr, t);                  changes x and memory in place; t counts from 1
//   run(rule, terrain, [-2, 1], 0.1, 500, path);     path: x, y, loss of each step, from the start
// A terrain has value(x, y), and slope(x, y, g), which fills g and returns the value; `floor`, the
// least loss in view; view [x, y, half its side]; start; key, which tells it from all others.

// The point between two ends, as in torch.
function lerp(start, end, weight) {
  return weight < 0.5 ? start + weight * (end - start) : end - (1 - weight) * (end - start);
}

const RULES = {
  sgd: {
    options: { momentum: 0, dampening: 0, weight_decay: 0, nesterov: false },
    memory: (o) => (o.momentum ? ["momentum_buffer"] : []),
    step: ({ momentum, dampening, weight_decay, nesterov }) => (x, g, { momentum_buffer }, lr, t) => {
      for (let i = 0; i < x.length; i++) {
        const d = weight_decay ? g[i] + weight_decay * x[i] : g[i];
        if (!momentum) {
          x[i] -= lr * d;
          continue;
        }
        const b = momentum_buffer[i] = t === 1 ? d : momentum * momentum_buffer[i] + (1 - dampening) * d;
        x[i] -= lr * (nesterov ? d + momentum * b : b);
      }
    },
  },
  adagrad: {
    options: { lr_decay: 0, weight_decay: 0, initial_accumulator_value: 0, eps: 1e-10 },
    memory: () => ["sum"],
    step: ({ lr_decay, weight_decay, initial_accumulator_value, eps }) => (x, g, { sum }, lr, t) => {
      const pace = lr / (1 + (t - 1) * lr_decay);
      if (t === 1) sum.fill(initial_accumulator_value);
      for (let i = 0; i < x.length; i++) {
        const d = weight_decay ? g[i] + weight_decay * x[i] : g[i];
        sum[i] += d * d;
        x[i] -= pace * (d / (Math.sqrt(sum[i]) + eps));
      }
    },
  },
  rmsprop: {
    options: { alpha: 0.99, eps: 1e-8, weight_decay: 0, momentum: 0, centered: false },
    memory: (o) => ["square_avg", ...(o.momentum ? ["momentum_buffer"] : []), ...(o.centered ? ["grad_avg"] : [])],
    step: ({ alpha, eps, weight_decay, momentum, centered }) => (x, g, { square_avg, momentum_buffer, grad_avg }, lr) => {
      for (let i = 0; i < x.length; i++) {
        const d = weight_decay ? g[i] + weight_decay * x[i] : g[i];
        let v = square_avg[i] = alpha * square_avg[i] + (1 - alpha) * d * d;
        if (centered) {
          const a = grad_avg[i] = lerp(grad_avg[i], d, 1 - alpha);
          v -= a * a;
        }
        let b = d / (Math.sqrt(v) + eps);
        if (momentum) b = momentum_buffer[i] = momentum * momentum_buffer[i] + b;
        x[i] -= lr * b;
      }
    },
  },
  adam: {
    options: { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0, amsgrad: false, decoupled_weight_decay: false },
    memory: (o) => ["exp_avg", "exp_avg_sq", ...(o.amsgrad ? ["max_exp_avg_sq"] : [])],
    step: ({ betas: [beta1, beta2], eps, weight_decay, amsgrad, decoupled_weight_decay: apart }) => (x, g, { exp_avg, exp_avg_sq, max_exp_avg_sq }, lr, t) => {
      const pace = lr / (1 - beta1 ** t), scale = Math.sqrt(1 - beta2 ** t);
      for (let i = 0; i < x.length; i++) {
        if (weight_decay && apart) x[i] *= 1 - lr * weight_decay;
        const d = weight_decay && !apart ? g[i] + weight_decay * x[i] : g[i];
        const m = exp_avg[i] = lerp(exp_avg[i], d, 1 - beta1);
        let v = exp_avg_sq[i] = beta2 * exp_avg_sq[i] + (1 - beta2) * d * d;
        if (amsgrad) v = max_exp_avg_sq[i] = Math.max(max_exp_avg_sq[i], v);
        x[i] -= pace * (m / (Math.sqrt(v) / scale + eps));
      }
    },
  },
};
RULES.adamw = { ...RULES.adam, options: { ...RULES.adam.options, weight_decay: 0.01, decoupled_weight_decay: true } };

// An optimizer by its name in the library, with some of its options.
function optimizer(name, given = {}) {
  const rule = RULES[name];
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(rule.options, key)) throw new Error(`expected an option of ${name}, got ${key}`);
  }
  const options = { ...rule.options, ...given };
  const fresh = (n) => Object.fromEntries(rule.memory(options).map((key) => [key, new Float64Array(n)]));
  return { name, options, fresh, step: rule.step(options) };
}

// The six that the widgets compare.
const OPTIMIZERS = {
  gd: { label: "Gradient descent", rule: optimizer("sgd") },
  momentum: { label: "Momentum", rule: optimizer("sgd", { momentum: 0.9 }) },
  nesterov: { label: "Nesterov", rule: optimizer("sgd", { momentum: 0.9, nesterov: true }) },
  adagrad: { label: "Adagrad", rule: optimizer("adagrad") },
  rmsprop: { label: "RMSprop", rule: optimizer("rmsprop") },
  adam: { label: "Adam", rule: optimizer("adam") },
};

// Walk, and write x, y and the loss of every step into `path`, which is returned.
function run(rule, terrain, start, lr, steps, path = new Float64Array(3 * (steps + 1))) {
  const x = Float64Array.from(start), g = new Float64Array(2), memory = rule.fresh(2);
  for (let t = 0; ; t++) {
    const loss = terrain.slope(x[0], x[1], g);
    path[3 * t] = x[0];
    path[3 * t + 1] = x[1];
    path[3 * t + 2] = loss;
    if (t === steps) return path;
    rule.step(x, g, memory, lr, t + 1);
  }
}

// After how many steps the loss stays below the goal, up to the horizon; infinite if it does not,
// or not within `bound` steps, which spares the rest of the walk. So does standing still for 50.
// `x` is left where the walk ended.
function settle(rule, terrain, start, lr, goal, horizon, bound = horizon, x = Float64Array.from(start)) {
  const g = new Float64Array(2), memory = rule.fresh(2);
  let since = 0, still = 0;
  for (let t = 0; t <= horizon && still < 50; t++) {
    const loss = terrain.slope(x[0], x[1], g);
    if (loss === -Infinity) return since;
    if (!(loss < goal)) {
      if (t >= bound || !(loss < 1e100)) return Infinity;
      since = t + 1;
    }
    const p = x[0], q = x[1];
    rule.step(x, g, memory, lr, t + 1);
    still = x[0] === p && x[1] === q ? still + 1 : 0;
  }
  return still === 50 && !(terrain.value(x[0], x[1]) < goal) ? Infinity : since;
}

// After how many steps the loss first lies below the goal; infinite if it does not do so in time.
function escape(rule, terrain, start, lr, goal, horizon) {
  const x = Float64Array.from(start), g = new Float64Array(2), memory = rule.fresh(2);
  for (let t = 0; t <= horizon; t++) {
    const loss = terrain.slope(x[0], x[1], g);
    if (loss < goal) return t;
    if (!(loss < 1e100)) return Infinity;
    rule.step(x, g, memory, lr, t + 1);
  }
  return Infinity;
}

// The learning rates that tuning tries: from 1e-5 to 10, each 1.05 times the one before.
const RATES = Float64Array.from({ length: 284 }, (_, i) => 1e-5 * 1.05 ** i);

// The order in which tuning tries the rates, from a guess; made once, for a drag asks for many.
const ORDERS = new Map();
function orderAround(near) {
  if (ORDERS.has(near)) return ORDERS.get(near);
  const order = new Set([near, near - 1, near + 1].filter((i) => i in RATES));
  for (let stride = 16; stride >= 1; stride /= 2) {
    for (let i = 0; i < RATES.length; i += stride) {
      for (const index of [near + i, near - i]) if (index in RATES) order.add(index);
    }
  }
  ORDERS.set(near, [...order]);
  return ORDERS.get(near);
}

// Find the rate that settles first, in slices of time: `work(until)` goes on until that time of
// performance.now(), and tells whether all rates were tried; one is tried at once. Coarse steps
// come before fine ones, and a good guess before both, so that `best` is soon near; what cannot
// win is left early. If no rate settles, `best.steps` is infinite and `best.lr` ends lowest.
function tuner(rule, terrain, start, goal, horizon, guess) {
  const order = orderAround(guess ?? 176);
  let next = 0;
  const best = { steps: Infinity, lr: RATES[0], index: 0, left: Infinity };
  const attempt = (index) => {
    const end = Float64Array.from(start);
    const steps = settle(rule, terrain, start, RATES[index], goal, horizon, Math.min(best.steps, horizon), end);
    const left = terrain.value(...end);
    const wins = steps < best.steps || (steps === best.steps && (steps < Infinity ? index < best.index : left < best.left));
    if (wins) Object.assign(best, { steps, lr: RATES[index], index, left });
  };
  const work = (until) => {
    while (next < order.length && performance.now() < until) attempt(order[next++]);
    return next === order.length;
  };
  attempt(order[next++]);
  return { best, work, get done() { return next === order.length; } };
}

// Let several tuners work by turns until that time; tells whether all are done.
function tuneAll(tuners, until) {
  for (let now = performance.now(); now < until; now = performance.now()) {
    const waiting = tuners.filter((one) => !one.done);
    if (!waiting.length) return true;
    for (const one of waiting) one.work(Math.min(performance.now() + 0.3, until));
  }
  return tuners.every((one) => one.done);
}

// ½(x² + κy²): a valley along the first axis, κ times as steep across as along.
function ravine(kappa, { key = `ravine ${kappa}`, along = 1, view = [0, 0, 2.6], start = [-2, 1] } = {}) {
  const across = kappa * along;
  const value = (x, y) => 0.5 * (along * x * x + across * y * y);
  const slope = (x, y, g) => {
    g[0] = along * x;
    g[1] = across * y;
    return value(x, y);
  };
  return { key, value, slope, view, start, floor: 0 };
}

// x² − y², with a floor beside the ridge if it is bounded: + ½y⁴.
function saddle(bounded = false, start = [-1, 0.5]) {
  const quartic = bounded ? 0.5 : 0;
  const value = (x, y) => x * x - y * y + quartic * y * y * y * y;
  const slope = (x, y, g) => {
    g[0] = 2 * x;
    g[1] = -2 * y + 4 * quartic * y * y * y;
    return value(x, y);
  };
  return { key: `saddle ${bounded} ${start}`, value, slope, view: [0, 0, 1.5], start, floor: bounded ? -0.5 : -Infinity };
}

// Two pits in a wide plain, the left one deeper.
function pits() {
  const value = (x, y) => slope(x, y, [0, 0]);
  const slope = (x, y, g) => {
    const deep = Math.exp(-2 * ((x + 1) ** 2 + y * y)), shallow = 0.6 * Math.exp(-2 * ((x - 1) ** 2 + y * y));
    g[0] = 4 * (x + 1) * deep + 4 * (x - 1) * shallow + 0.04 * x;
    g[1] = 4 * y * deep + 4 * y * shallow + 0.04 * y;
    return 0.02 * (x * x + y * y) - deep - shallow;
  };
  return deepened({ key: "pits", value, slope, view: [0, 0, 2.4], start: [2, 1] });
}

// (1 − x)² + 100(y − x²)²: a valley that bends.
function rosenbrock() {
  const value = (x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  const slope = (x, y, g) => {
    g[0] = -2 * (1 - x) - 400 * x * (y - x * x);
    g[1] = 200 * (y - x * x);
    return value(x, y);
  };
  return { key: "rosenbrock", value, slope, view: [0, 0.7, 1.8], start: [-1.2, 1], floor: 0 };
}

// A terrain given by a compiled formula (see formula.js) in x and y.
function written({ value, slope, text }) {
  return deepened({ key: `formula ${text}`, value, slope, view: [0, 0, 3], start: [-2, 1] });
}

// The same terrain, turned counter-clockwise about the middle of its view.
function turned(terrain, degrees) {
  if (degrees === 0) return terrain;
  const [a, b] = terrain.view, { value, slope } = terrain;
  const c = degrees === 90 ? 0 : Math.cos((degrees * Math.PI) / 180), s = Math.sin((degrees * Math.PI) / 180);
  const there = (x, y) => [a + c * (x - a) - s * (y - b), b + s * (x - a) + c * (y - b)];
  const back = (x, y) => [a + c * (x - a) + s * (y - b), b - s * (x - a) + c * (y - b)];
  return {
    ...terrain, there, back,
    key: `${terrain.key} at ${degrees}`,
    value: (x, y) => value(a + c * (x - a) + s * (y - b), b - s * (x - a) + c * (y - b)),
    slope: (x, y, g) => {
      const loss = slope(a + c * (x - a) + s * (y - b), b - s * (x - a) + c * (y - b), g);
      const u = g[0], v = g[1];  // not [u, v] = g, which is slow
      g[0] = c * u - s * v;
      g[1] = s * u + c * v;
      return loss;
    },
  };
}

// Numbers of a standard normal distribution, the same for each seed (Box and Muller's way).
function normals(count, seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let v = Math.imul(state ^ (state >>> 15), state | 1);
    v ^= v + Math.imul(v ^ (v >>> 7), v | 61);
    return ((v ^ (v >>> 14)) >>> 0) / 2 ** 32;
  };
  const found = new Float64Array(2 * Math.ceil(count / 2));
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())), angle = 2 * Math.PI * uniform();
    found[i] = radius * Math.cos(angle);
    found[i + 1] = radius * Math.sin(angle);
  }
  return found;
}

// The same terrain for one walk whose slopes are noisy: to each is added the next of `draws`,
// times the standard deviation.
function shaken(terrain, deviation, draws) {
  if (deviation === 0) return terrain;
  let next = 0;
  const slope = (x, y, g) => {
    const loss = terrain.slope(x, y, g);
    g[0] += deviation * draws[next++ % draws.length];
    g[1] += deviation * draws[next++ % draws.length];
    return loss;
  };
  return { ...terrain, slope };
}

// Find the least loss in view: the lowest of a grid's points, and from there downhill by ever
// smaller steps.
function deepened(terrain) {
  const { value, view: [a, b, half] } = terrain, n = 60;
  let x = a, y = b, floor = Infinity;
  const look = (p, q) => {
    const loss = value(p, q);
    if (Math.abs(p - a) > half || Math.abs(q - b) > half || !Number.isFinite(loss) || loss >= floor) return false;
    [x, y, floor] = [p, q, loss];
    return true;
  };
  for (let i = 0; i <= n; i++) for (let j = 0; j <= n; j++) look(a + half * (2 * i / n - 1), b + half * (2 * j / n - 1));
  for (let step = half / n; step > 1e-10; ) {
    if (![[step, 0], [-step, 0], [0, step], [0, -step]].some(([p, q]) => look(x + p, y + q))) step /= 2;
  }
  return { ...terrain, floor: Number.isFinite(floor) ? floor : 0 };
}
