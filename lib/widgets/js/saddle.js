// Six optimizers start beside the ridge of a saddle, or on it: when does each come down?
// Nearness to the ridge, noise of the gradient, and a learning rate for each are the reader's.

const HORIZON = 2000, SEEDS = [1, 2, 3, 4, 5];
const STARTS = [...decades(1e-12, 1, 2).reverse(), 0];  // to the right: nearer, as in the plot
const NOISES = [0, ...decades(1e-9, 0.1, 1)];
const SPEEDS = decades(1e-3, 1, 10);
const DRAWS = SEEDS.map((seed) => normals(2 * HORIZON + 2, seed));
const RIDGE = 13.6;  // where on the axis of 1 … 1e-12 the start on the ridge itself stands
const place = (y0) => (y0 ? -Math.log10(y0) : RIDGE);

const small = (v) => power(v, 2);

function tidy(state) {
  state.y0 = nearest(STARTS, Math.abs(state.y0));
  state.noise = nearest(NOISES, Math.abs(state.noise));
  for (const name of Object.keys(OPTIMIZERS)) state[`eta_${name}`] = nearest(SPEEDS, state[`eta_${name}`]);
}

function render(context) {
  const ui = shell(context, "saddle", "Balance on the saddle", tidy);
  const { state } = ui;
  const names = Object.keys(OPTIMIZERS);
  const quiz = ask(ui), ground = saddle(), curves = new Map();
  let said = "";
  const paths = Object.fromEntries(names.map((name) => [name, new Float64Array(3 * (HORIZON + 1))]));
  const say = (steps) => (steps === Infinity ? `> ${HORIZON.toLocaleString("en")}` : steps.toLocaleString("en"));

  // Steps until the loss is below −1, and the draws of that walk: with noise, the middle of five.
  const time = (name, lr, y0, noise) => {
    const walks = (noise ? DRAWS : [null]).map((draws) => [escape(OPTIMIZERS[name].rule, shaken(ground, noise, draws), [-1, y0], lr, -1, HORIZON), draws]);
    return walks.sort((p, q) => (p[0] === q[0] ? 0 : p[0] - q[0]))[walks.length >> 1];
  };
  // The curve of an optimizer, as far as it is known. `fill` looks for the wanted starts until it is
  // late, and tells whether all are known.
  const curve = (name) => {
    const key = `${name} ${state[`eta_${name}`]} ${state.noise}`;
    if (!curves.has(key)) {
      if (curves.size > 300) curves.clear();
      curves.set(key, []);
    }
    return curves.get(key);
  };
  const fill = (name, times, wanted, until) => wanted.every((i) => {
    if (!times[i] && performance.now() < until) times[i] = time(name, state[`eta_${name}`], STARTS[i], state.noise);
    return times[i];
  });

  const map = terrainMap("The saddle x² − y², seen from above: its ridge runs from left to right");
  const when = plot({ x: [0, 14], y: [0, 100], xLabel: "start beside the ridge, y₀", yLabel: "steps to come down", label: "Steps to come down, for each start", height: 200, xTicks: [[0, "1"], [3, "10⁻³"], [6, "10⁻⁶"], [9, "10⁻⁹"], [12, "10⁻¹²"], [RIDGE, "0"]] });
  const height = plot({ x: [0, 100], y: [-12, 1], xLabel: "steps", yLabel: "log₁₀ |y|", label: "Distance from the ridge after each step", height: 170 });
  const cells = Object.fromEntries(names.map((name) => [name, h("td")]));
  const table = h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Optimizer"), h("th", { scope: "col" }, "η"), h("th", { scope: "col" }, "steps"))),
    h("tbody", {}, ...names.map((name) => h("tr", { class: `dw-${name}` },
      h("th", { scope: "row" }, dress(tick(ui, name, OPTIMIZERS[name].label), {}, [h("i", { class: "dw-swatch" })])),
      h("td", {}, stops(ui, `eta_${name}`, `η of ${OPTIMIZERS[name].label}`, SPEEDS, (v) => String(v))), cells[name]))));

  // The question of how much longer it takes from a thousand times nearer.
  const far = nearest(STARTS, ui.start.y0), near = nearest(STARTS, far / 1000);
  const [longer, steps] = [near, far].map((y0) => time("gd", nearest(SPEEDS, ui.start.eta_gd), y0, 0)[0]);
  const asked = () => predict(`From y₀ = ${small(far)} gradient descent comes down in ${say(steps)} steps. And from ${small(near)}, a thousand times nearer to the ridge?`,
    [`In ${say(1000 * steps)}: a thousand times as many`, `In ${say(longer)}: ${longer - steps} more`, `In ${say(steps)}: as many`, "Never"], (index) => {
      quiz.pass();
      ui.set({ y0: near, noise: 0, gd: true, eta_gd: ui.start.eta_gd });
      const why = ["That would be so if each step added as much as the one before.", "", "It has farther to go.", "That takes a y₀ of exactly 0."][index];
      return [index === 1, `${why} Each step multiplies y by 1 + 2η, so that a thousand times nearer is the same number of steps more, again and again. Which curves rise so, and which hardly? Then go all the way, to 0.`.trim()];
    }).field;

  ui.body.append(
    h("div", { class: "dw-controls" }, stops(ui, "y0", "Start beside the ridge, y₀", STARTS, small), stops(ui, "noise", "Noise of the gradient, σ", NOISES, small)),
    h("div", { class: "dw-drawing dw-board" },
      h("div", {}, map.element, h("p", { class: "dw-legend" }, "All start at x = −1. They are down where x² − y² is below −1; with noise, the middle one of five walks counts and is shown.")),
      h("div", {}, when.element, height.element)),
    h("div", { class: "dw-board dw-drawing dw-table" }, table),
    quiz.room);

  ui.run(() => {
    const { y0, noise } = state, here = STARTS.indexOf(y0), until = performance.now() + 3;
    map.paint(ground);
    quiz.put(near >= 1e-12 && longer < Infinity ? "nearer" : null, asked);
    const secret = quiz.open && y0 < far;
    const found = names.filter((name) => state[name]).map((name) => [name, curve(name)]);
    const known = found.map(([name, times]) => fill(name, times, [here], until)).every(Boolean);
    if (!known || !found.map(([name, times]) => fill(name, times, [...STARTS.keys()], until)).every(Boolean)) ui.redraw();
    if (!known) return said;
    const reached = (list) => list.map(([steps]) => steps).filter(Number.isFinite);
    const longest = Math.max(...reached(found.map(([, times]) => times[here])), 0) || 100;
    when.axes(undefined, [0, 1.05 * Math.max(...found.flatMap(([, times]) => reached(quiz.open ? [times[here]] : times.filter(Boolean))), 10)]);
    const least = y0 || noise / 1000 || 1e-12, low = Math.max(Math.floor(Math.log10(least)), -12);
    height.axes([0, longest], [low, 1]);
    const results = [];
    for (const name of names) {
      const times = found.find(([one]) => one === name)?.[1], colour = `dw-${name}`;
      const [took, draws] = times?.[here] ?? [Infinity];
      tell(cells[name], times ? (secret ? "?" : say(took)) : "");
      when.line(name, times && !quiz.open ? STARTS.map((v, i) => [place(v), times[i]?.[0] ?? Infinity]).filter(([at, t]) => at !== RIDGE && t !== Infinity) : [], colour);
      const dotted = times && took < Infinity && !secret;
      dress(when.dot(`${name} here`, dotted ? [place(y0), took] : [0, 0], colour), { display: dotted ? null : "none" });
      if (!times || secret) {
        map.hide(name);
        height.line(name, [], colour);
        continue;
      }
      results.push(`${OPTIMIZERS[name].label} ${say(took)}`);
      const steps = Math.min(took, longest);
      const path = run(OPTIMIZERS[name].rule, shaken(ground, noise, draws), [-1, y0], state[`eta_${name}`], steps, paths[name]);
      map.path(name, path, steps);
      height.line(name, traced((t) => Math.min(Math.max(Math.log10(Math.abs(path[3 * t + 1])), low), 1), steps), colour);
    }
    if (secret) return `Start ${y0 ? `${small(y0)} beside` : "on"} the ridge. Say first how much longer it takes from a thousand times nearer.`;
    if (y0 === 0 && noise === 0) return "Start exactly on the ridge, no noise: none comes down. Every slope across the ridge is 0, and each rule makes 0 of it, Adam 0/(√0 + ε).";
    const where = y0 === 0 ? "exactly on the ridge" : `${small(y0)} beside the ridge`;
    said = `Start ${where}, ${noise ? `noise of ${small(noise)}` : "no noise"}. Steps to come down: ${results.join("; ") || "no optimizer is chosen"}.`;
    return said;
  });
}
