// Every term of Adam's steps on one coordinate, and the gradients that it may meet.
//   adamTerms([0.01, 0.01], { lr: 0.001, beta1: 0.9, beta2: 0.999, eps: 1e-8, correct: true, inside: false })
// gives for each step { g, m, v, before: [m, v], mHat, vHat, root, step }; `step` is what is taken
// off. With `correct` and not `inside` it is the library's adam_step (a test holds it equal).

function adamTerms(gradients, { lr, beta1, beta2, eps, correct, inside }) {
  let m = 0, v = 0;
  return gradients.map((g, i) => {
    const t = i + 1, before = [m, v];
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = correct ? m / (1 - beta1 ** t) : m, vHat = correct ? v / (1 - beta2 ** t) : v;
    const root = inside ? Math.sqrt(vHat + eps) : Math.sqrt(vHat) + eps;
    return { g, m, v, before, mHat, vHat, root, step: (lr * mHat) / root };
  });
}

// What the gradient g of the first step is followed by; `draws` are numbers of a standard normal
// distribution.
const PATTERNS = {
  steady: ["the same again", (g) => g],
  flip: ["turn their sign each time", (g, t) => (t % 2 ? g : -g)],
  noisy: ["with noise 3 times as large", (g, t, draws) => (t === 1 ? g : g * (1 + 3 * draws[t]))],
  rare: ["0, but for every tenth", (g, t) => (t % 10 === 1 ? g : 0)],
};

function gradientsOf(pattern, g, steps, draws) {
  return Array.from({ length: steps }, (_, i) => PATTERNS[pattern][1](g, i + 1, draws) + 0);
}
