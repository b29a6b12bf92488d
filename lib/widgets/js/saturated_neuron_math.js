// One sigmoid neuron, o = σ(z) with z = INPUT·w + b, whose target is 0, under two losses, as
// lib.reference computes them (a test holds them equal). Close to 1, o·(1 − o) is taken without
// the difference, so that a hopeless neuron keeps its digits.
//   LOSSES.mse.value(z), .slope(z)     the loss, and its slope in z; the cross-entropy in nats
//   descend("ce", [0.4, 0.5], 0.5, 1, 1000, path)   path: w, b, o of each step; returns the steps

const INPUT = 1.5, GOAL = 0.05, LN2 = Math.log(2);

function sigmoid(z) {
  const e = Math.exp(-Math.abs(z));
  return (z < 0 ? e : 1) / (1 + e);
}

const LOSSES = {
  mse: {
    label: "Squared error",
    value: (z) => sigmoid(z) ** 2 / 2,
    slope: (z) => sigmoid(z) ** 2 * sigmoid(-z),
  },
  ce: {
    label: "Cross-entropy",
    value: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))),
    slope: sigmoid,
  },
};

// How many of the unit make a nat: only the cross-entropy has units.
function unitOf(name, unit) {
  return name === "ce" && unit === "bits" ? 1 / LN2 : 1;
}

// Go down from [w, b] until o is below the goal, or up to the horizon: the number of steps, infinite
// if they do not suffice. `path` receives w, b, o of each step, from the start on.
function descend(name, [w, b], lr, scale, horizon, path) {
  const { slope } = LOSSES[name];
  for (let t = 0; ; t++) {
    const z = INPUT * w + b, o = sigmoid(z);
    path[3 * t] = w;
    path[3 * t + 1] = b;
    path[3 * t + 2] = o;
    if (o < GOAL) return t;
    if (t === horizon) return Infinity;
    const step = lr * scale * slope(z);
    w -= step * INPUT;
    b -= step;
  }
}
