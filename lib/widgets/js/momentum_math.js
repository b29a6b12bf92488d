// Descent with momentum in one direction of a valley, where the slope is λx plus noise. With b the
// buffer times the learning rate, one step is
//   b ← βb + q·x + noise,   x ← x − b          heavy ball; q is the learning rate times λ
//                           x ← x − (q·x + noise + βb)   Nesterov's, as torch computes it
// `noise` has the standard deviation η·σ; all variances here are in units of (η·σ)². A test holds
// every function equal to the library's own steps.

// The spectral radius: the factor by which |x| shrinks in a step, in the long run.
function radius(q, beta, nesterov) {
  const [sum, product] = nesterov ? [(1 + beta) * (1 - q), beta * (1 - q)] : [1 + beta - q, beta];
  const under = sum * sum - 4 * product;
  return under < 0 ? Math.sqrt(product) : (Math.abs(sum) + Math.sqrt(under)) / 2;
}

// From which q on the direction ripples (x changes sign for ever), and from which it diverges.
function ripples(beta, nesterov) {
  return nesterov ? ((1 - beta) / (1 + beta)) ** 2 : (1 - Math.sqrt(beta)) ** 2;
}

function diverges(beta, nesterov) {
  return (2 + 2 * beta) / (nesterov ? 1 + 2 * beta : 1);
}

// The variance of x in the long run: the closed form of an ARMA(2, 1) process.
function floorOf(q, beta, nesterov) {
  if (!(q > 0 && q < diverges(beta, nesterov) && beta < 1)) return Infinity;
  const [one, two] = nesterov ? [(1 + beta) * (1 - q), -beta * (1 - q)] : [1 + beta - q, -beta];
  const [size, echo] = nesterov ? [(1 + beta) ** 2, -beta / (1 + beta)] : [1, 0];
  return (size * ((1 - two) * (1 + echo * echo) + 2 * one * echo)) / ((1 + two) * q * (1 + one - two));
}

// After `steps` steps: [what is left of x = 1, the variance of x], by doubling. It holds where the
// walk diverges, too. `out` spares a new array.
function after(q, beta, nesterov, steps, out = [0, 0]) {
  // One step is the matrix a, b; c, d on (x, buffer); its noise has the covariance u, v; v, w.
  const [a, b, kick] = nesterov ? [1 - q * (1 + beta), -beta * beta, -1 - beta] : [1 - q, -beta, -1];
  let A = 1, B = 0, C = 0, D = 1, U = 0, V = 0, W = 0;
  for (let bit = 31 - Math.clz32(steps); bit >= 0; bit--) {
    // Twice as many steps: the noise so far is carried on, and met by as much again.
    const u = A * A * U + 2 * A * B * V + B * B * W, v = A * C * U + (A * D + B * C) * V + B * D * W;
    W += C * C * U + 2 * C * D * V + D * D * W;
    [U, V] = [U + u, V + v];
    const trace = A + D, BC = B * C;
    [A, B, C, D] = [A * A + BC, B * trace, C * trace, BC + D * D];
    if (!((steps >> bit) & 1)) continue;
    const x = a * a * U + 2 * a * b * V + b * b * W, y = a * q * U + (a * beta + b * q) * V + b * beta * W;
    W = q * q * U + 2 * q * beta * V + beta * beta * W + 1;
    [U, V] = [x + kick * kick, y + kick];
    [A, B, C, D] = [a * A + b * C, a * B + b * D, q * A + beta * C, q * B + beta * D];
  }
  [out[0], out[1]] = [A, U];
  return out;
}

// How far what is left of x = 1 swings after `steps` steps: the walk itself where it does not swing,
// and else the hull of its swings, so that it does not matter where in a swing it is.
function reach(q, beta, nesterov, steps, pair) {
  const [sum, product, first] = nesterov ? [(1 + beta) * (1 - q), beta * (1 - q), 1 - q * (1 + beta)] : [1 + beta - q, beta, 1 - q];
  if (sum * sum >= 4 * product) return Math.abs(after(q, beta, nesterov, steps, pair)[0]);
  const r = Math.sqrt(product), cosine = sum / (2 * r), lead = first / r - cosine;
  return r ** steps * Math.sqrt(1 + lead * lead * Math.min(1 / (1 - cosine * cosine), steps * steps));
}

// The walk from x = 1 itself; `kicks` holds the noise of each step, times η, or is null.
function stroll(q, beta, nesterov, steps, kicks, path = new Float64Array(steps + 1)) {
  let x = path[0] = 1, b = 0;
  for (let t = 0; t < steps; t++) {
    const g = q * x + (kicks ? kicks[t] : 0);
    b = beta * b + g;
    x -= nesterov ? g + beta * b : b;
    path[t + 1] = x;
  }
  return path;
}

// The fastest learning rate and β if curvatures run from 1 to κ, and their rate
// (Polyak's for the heavy ball; Lessard, Recht and Packard's for Nesterov's).
function fastest(kappa, nesterov) {
  if (nesterov) {
    const root = Math.sqrt(3 * kappa + 1), beta = (root - 2) / (root + 2);
    return { eta: 4 / (3 * kappa + 1), beta, rate: 1 - 2 / root };
  }
  const root = Math.sqrt(kappa), rate = (root - 1) / (root + 1);
  return { eta: 4 / (root + 1) ** 2, beta: rate * rate, rate };
}

// Numbers as if drawn from a normal distribution, the same for the same seed.
function normals(count, seed) {
  let now = seed >>> 0;
  const uniform = () => {
    now = (now + 0x6d2b79f5) >>> 0;
    let t = Math.imul(now ^ (now >>> 15), now | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return Float64Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}
