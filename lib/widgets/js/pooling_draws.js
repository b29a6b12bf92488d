// Stochastic pooling, and what each pooling sends back, as lib.reference computes it (tests hold
// them equal). `a` holds the values of one window, row by row.

function total(a) {
  return a.reduce((sum, v) => sum + v, 0);
}

// The chance of each cell to be drawn; all zero in a window of zeros.
function chances(a) {
  const whole = total(a);
  return a.map((v) => (whole ? v / whole : 0));
}

// The cell that a uniform number u in [0, 1) draws; −1 in a window of zeros.
function drawn(a, u) {
  const goal = u * total(a);
  let running = 0;
  return a.findIndex((v) => (running += v) > goal);
}

// The mean of all draws, Σa²/Σa.
function expectation(a) {
  return total(a.map((v, i) => v * chances(a)[i]));
}

function norm(a, p) {
  return total(a.map((v) => v ** p)) ** (1 / p);
}

// The part of the window's gradient that each cell hears.
function shares(a, kind, u, p = 2) {
  if (kind === "avg") return a.map(() => 1 / a.length);
  if (kind === "lp") return a.map((v) => (total(a) ? (v / norm(a, p)) ** (p - 1) : 0));
  const who = kind === "max" ? a.indexOf(Math.max(...a)) : drawn(a, u);
  return a.map((_, i) => Number(i === who));
}

// The output of one window.
function value(a, kind, u, p = 2) {
  if (kind === "lp") return norm(a, p);
  return total(shares(a, kind, u).map((part, i) => part * a[i]));
}

// The places of the cells of window (i, j) in a square of n × n cells.
function places(n, i, j, kernel, stride) {
  return Array.from({ length: kernel ** 2 }, (_, k) =>
    (i * stride + Math.floor(k / kernel)) * n + j * stride + (k % kernel));
}

// The gradient at each cell of x: every window sends back its dy in shares, and they add.
// `u` holds a uniform number for each window.
function gradient(dy, x, n, kind, kernel, stride, u) {
  const count = Math.sqrt(dy.length);
  const dx = x.map(() => 0);
  dy.forEach((slope, w) => {
    const cells = places(n, Math.floor(w / count), w % count, kernel, stride);
    shares(cells.map((c) => x[c]), kind, u[w]).forEach((part, k) => { dx[cells[k]] += part * slope; });
  });
  return dx;
}

// The i-th of a fixed sequence of numbers that look uniform in [0, 1): the same rolls for all.
function uniform(i) {
  let t = Math.imul(i + 1, 0x9e3779b9);
  t = Math.imul(t ^ (t >>> 16), 0x21f0aaad);
  t = Math.imul(t ^ (t >>> 15), 0x735a2d97);
  return ((t ^ (t >>> 15)) >>> 0) / 2 ** 32;
}
