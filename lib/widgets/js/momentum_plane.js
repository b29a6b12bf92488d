// How fast and how low: descent with momentum in a valley of two curvatures, 1 and κ, over the
// plane of learning rate and momentum; beside it the walk of one point of that plane.

const KAPPAS = [1, 2, 5, 10, 20, 50, 100, 200];
const NOISES = [0, 0.03, 0.1, 0.3, 1, 3];
const STEPS = [10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];
const RANGE = [5e-4, 5], TALL = 3;
const TENTHS = [3, 10, 30, 100, 300, 1000, 3000].map((v) => [Math.log10(v), `${v.toLocaleString("en")} steps`]);
const LOWS = [0.003, 0.01, 0.03, 0.1, 0.3, 1, 3].map((v) => [Math.log10(v), String(v)]);
const digits = (v, n = 2) => (v >= 1000 ? Math.round(v).toLocaleString("en") : String(Number(v.toPrecision(n))));

function tidy(state) {
  const within = (v, low, high) => Math.min(Math.max(v, low), high);
  state.kappa = nearest(KAPPAS, state.kappa);
  state.sigma = nearest(NOISES, state.sigma);
  state.steps = nearest(STEPS, state.steps);
  state.eta = within(state.eta, ...RANGE);
  state.beta = within(state.beta, 0, 1 - 10 ** -TALL);
  if (state.method !== "nesterov") state.method = "heavy";
  if (state.buffer !== "mean") state.buffer = "sum";
  if (state.map !== "after") state.map = "speed";
}

// What a point of the plane does: its rate, its floor, and the mean square of the distance after
// the steps, as far as the start and the noise account for it.
function judge({ kappa, sigma, steps, method, buffer }, eta, beta, pair = [0, 0]) {
  const nesterov = method === "nesterov", own = buffer === "mean" ? eta * (1 - beta) : eta;
  let rate = 0, floor = 0, start = 0, noise = 0;
  for (const curvature of [1, kappa]) {
    const q = own * curvature;
    rate = Math.max(rate, radius(q, beta, nesterov));
    floor += floorOf(q, beta, nesterov);
    noise += after(q, beta, nesterov, steps, pair)[1];
    start += reach(q, beta, nesterov, steps, pair) ** 2 / 2;
  }
  const size = (own * sigma) ** 2;
  return { nesterov, own, rate, floor: sigma ? Math.sqrt(size * floor) : 0, start, noise: size * noise };
}

// Steps until the distance is a tenth, as a power of ten.
const tenth = (rate) => (rate < 1 ? Math.log10(Math.LN10 / -Math.log(rate)) : NaN);

function render(context) {
  const ui = shell(context, "momentum_plane", "Learning rate, momentum and noise: how fast, and how low", tidy);
  const { state } = ui;
  const quiz = ask(ui);
  let painted = "", best = null;

  const plane = planeMap({ x: RANGE, decades: TALL, label: "Map of the speed over learning rate and momentum", xLabel: "learning rate η", yLabel: "momentum β" }, (eta, beta) => ui.set({ eta, beta }));
  const signs = plot({ x: [0, 100], y: [-1.1, 1.1], xLabel: "", yLabel: "x, no noise", label: "Where the walk stands along and across the valley, without noise", height: 128 });
  const falls = plot({ x: [0, 100], y: [-4, 1], xLabel: "steps", yLabel: "log₁₀ distance", label: "Distance from the minimum after each step", height: 190 });
  const figure = (name) => {
    const [value, words] = [h("b"), h("small")];
    return { value, words, element: h("div", { class: "dw-figure" }, h("span", {}, name), value, words) };
  };
  const [fast, low] = [figure("How fast"), figure("How low")];
  const parts = { start: h("i", { class: "dw-part" }), noise: h("i", { class: "dw-part dw-noise" }) };
  const limit = h("p", { class: "dw-limit" });
  const key = (colour, words) => h("span", {}, h("i", { class: `dw-swatch ${colour}` }), words);
  const keys = h("p", { class: "dw-legend" }, key("dw-blue", "along (curvature 1)"), key("dw-orange", "across (κ)"));
  const others = h("p", { class: "dw-legend" }, key("dw-ink", "without noise"), key("dw-grey", "one noisy run"), key("dw-teal", "noise floor"));
  const caption = h("p", { class: "dw-legend dw-caption" });
  const go = h("button", { type: "button", onclick: () => best && ui.set({ eta: best[0], beta: best[1] }) });

  const asked = () => predict("The gradients are noisy, as in training. You raise β from 0.9 to 0.99 and leave η alone, in PyTorch. Where does the walk end up?",
    ["About 3 times nearer to the minimum: more gradients are averaged", "As near as before: the noise averages out", "About 3 times farther away", "About 10 times farther away"], (index) => {
      quiz.pass();
      ui.set({ kappa: 20, sigma: 0.3, eta: 0.05, beta: 0.99, method: "heavy", buffer: "sum", map: "speed" });
      const why = ["PyTorch’s buffer does not average gradients, it adds them up: ten times as many, so each step is longer.",
        "That is true of the other buffer, b ← βb + (1 − β)g: switch to it, and see the green lines stand upright.", "",
        "Ten times is the variance; a distance is its root."][index];
      return [index === 2, `${why} The floor goes with √(η/(1 − β)): here from 0.156 to 0.493. And it is slower, too: with both settings the walk ripples along the valley, and then only β sets the speed.`.trim()];
    }).field;

  ui.body.append(
    h("div", { class: "dw-controls" }, stops(ui, "kappa", "Condition κ", KAPPAS), stops(ui, "sigma", "Noise σ", NOISES), stops(ui, "steps", "Steps", STEPS)),
    h("div", { class: "dw-controls dw-ways" },
      choice(ui, "method", "Method", { heavy: "Heavy ball", nesterov: "Nesterov" }),
      choice(ui, "buffer", "Buffer", { sum: "b ← βb + g", mean: "b ← βb + (1−β)g" }),
      choice(ui, "map", "Map", { speed: "How fast, how low", after: "After the steps" })),
    h("div", { class: "dw-drawing dw-board" },
      h("div", {}, plane.element, h("div", { class: "dw-under" }, caption, go), h("div", { class: "dw-bar-of-two" }, parts.start, parts.noise), limit),
      h("div", {}, h("div", { class: "dw-figures" }, fast.element, low.element),
        signs.element, keys, falls.element, others)),
    quiz.room);

  // The map changes with all but the point and the question.
  const paint = () => {
    const { kappa, sigma, steps, method, buffer, map } = state;
    const now = JSON.stringify([kappa, sigma, map === "after" && steps, method, buffer, map, quiz.open]);
    if (now === painted) return;
    painted = now;
    const nesterov = method === "nesterov", share = (beta) => (buffer === "mean" ? 1 - beta : 1);
    const edge = (beta) => diverges(beta, nesterov) / kappa / share(beta);
    const pair = [0, 0];
    const rates = map === "speed" && plane.grid((eta, beta) => {
      const q = eta * share(beta);
      return tenth(Math.max(radius(q, beta, nesterov), radius(q * kappa, beta, nesterov)));
    });
    const safe = (beta) => Math.min(0.5 / kappa / share(beta), 4);
    plane.region(edge, "diverges");
    plane.border("along", (beta) => ripples(beta, nesterov) / share(beta), kappa > 1 ? "along: ripples" : "ripples");
    plane.border("across", (beta) => ripples(beta, nesterov) / kappa / share(beta), kappa > 1 ? "across: ripples" : "");
    if (map === "speed") {
      const { eta, beta } = fastest(kappa, nesterov);
      best = [eta / share(beta), beta];
      const floors = plane.grid((eta, beta) => {
        const q = eta * share(beta);
        return Math.log10(q * sigma) + 0.5 * Math.log10(floorOf(q, beta, nesterov) + floorOf(q * kappa, beta, nesterov));
      });
      plane.paint(rates, (v) => 0.7 - 0.2 * v);
      plane.lines("speed", rates, TENTHS, safe);
      plane.lines("floor", floors, sigma && !quiz.open ? LOWS : [], (beta) => (buffer === "mean" ? 8e-4 : 0.12 / kappa) / share(beta));
    } else {
      const left = plane.grid((eta, beta) => {
        const { start, noise } = judge(state, eta, beta, pair);
        return 0.5 * Math.log10(start + noise);
      });
      best = plane.at(left.reduce((low, v, k) => (v < left[low] ? k : low), 0));
      plane.paint(left, (v) => 0.04 - 0.25 * v);
      plane.lines("speed", left, LOWS.slice(0, 5), safe);
      plane.lines("floor", left, [], safe);
    }
    plane.star(best);
  };

  ui.run(() => {
    quiz.put("floor", asked);
    paint();
    const { kappa, sigma, steps, eta, beta, map } = state;
    const { nesterov, own, rate, floor, start, noise } = judge(state, eta, beta);
    const secret = quiz.open && sigma && beta > 0.9;
    plane.point(eta, beta, `Learning rate ${digits(eta, 3)}, momentum ${digits(beta, 4)}: arrow keys move it`);

    const falling = rate < 1 - 1e-9;
    tell(fast.value, falling ? `× ${digits(rate, 3)}` : rate > 1 + 1e-9 ? `× ${digits(rate, 3)}` : "× 1");
    tell(fast.words, falling ? `a step; a tenth in ${digits(Math.LN10 / -Math.log(rate))} steps` : "a step: it diverges");
    tell(low.value, secret ? "?" : !sigma ? "0" : falling ? digits(floor, 3) : "∞");
    tell(low.words, sigma ? "from the minimum, where noise holds it" : "no noise: no floor");
    const share = noise / (start + noise || 1), length = Math.sqrt(start + noise);
    for (const [name, part] of [["start", 1 - share], ["noise", share]]) parts[name].style.flexGrow = secret ? 0.5 : part.toFixed(4);
    const verdict = !falling ? "the step is too long" : share > 0.9 ? "noise is what limits it: go slower" : share < 0.1 ? "the start is what limits it: go faster" : "start and noise both count";
    tell(limit, secret ? "Say first where it ends up." : `After ${steps} steps the distance is ${length < 1e4 ? `about ${digits(length)}` : "beyond all bounds"}; of its square, ${Math.round(100 * share)} % is noise: ${verdict}.`);

    const root = Math.SQRT1_2;
    const lines = [1, kappa].map((curvature, i) => ({
      calm: stroll(own * curvature, beta, nesterov, steps, null),
      rough: stroll(own * curvature, beta, nesterov, steps, normals(steps, 7 + i).map((v) => (own * sigma * v) / root)),
    }));
    const keep = (v, low, high) => Math.min(Math.max(Number.isNaN(v) ? high : v, low), high);
    signs.axes([0, steps], [-1.1, 1.1]);
    ["dw-blue", "dw-orange"].forEach((colour, i) => signs.line(colour, i && kappa === 1 ? [] : traced((t) => keep(lines[i].calm[t], -1.1, 1.1), steps), colour));
    keys.hidden = kappa === 1;
    falls.axes([0, steps], [-4, 1]);
    const distance = (kind) => traced((t) => keep(Math.log10(root * Math.hypot(lines[0][kind][t], lines[1][kind][t])), -4, 1), steps);
    falls.line("rough", sigma && !secret ? distance("rough") : [], "dw-grey");
    falls.line("calm", distance("calm"), "dw-ink");
    const level = Math.log10(floor);
    falls.line("floor", sigma && falling && !secret && level < 1 ? [[0, Math.max(level, -4)], [steps, Math.max(level, -4)]] : [], "dw-teal dw-dashed");
    tell(caption, map === "speed" ? `Blue: steps until a tenth of the distance is left; the deeper, the fewer.${sigma && !quiz.open ? " Green: the noise floor." : ""}` : `The distance left after ${steps} steps; the deeper the blue, the less.`);
    tell(go, map === "speed" ? "Go to the fastest ✦" : "Go to the nearest ✦");
    const who = `${nesterov ? "Nesterov’s momentum" : "Heavy ball"} with η = ${digits(eta, 3)} and β = ${digits(beta, 4)}, curvatures 1 to ${kappa}`;
    if (secret) return `${who}. Say first where it ends up.`;
    return `${who}: ${falling ? `the distance shrinks to ${digits(rate, 3)} of itself in a step${sigma ? `, and noise holds it at ${digits(floor, 3)}` : ""}` : "it diverges"}. ${limit.textContent}`;
  });
}
