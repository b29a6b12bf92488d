// One neuron that answers wrongly, at a place (w, b) that the reader drags, under two losses side
// by side: the maps of the losses or of their gradients, the arrow downhill, the numbers, a race.

const HORIZON = 50000, HALF = 4;
const RATES = decades(0.05, 1000, 10);
const NEURONS = { A: [0.4, 0.5], B: [1.9, 3] };
const NAMES = Object.keys(LOSSES);
const steepness = Math.hypot(INPUT, 1);  // |∇e| is the slope in z times this
const digits = (value) => (value && Math.abs(value) < 0.001 ? value.toExponential(1).replace("e-", "·10⁻").replace(/\d$/, (d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]) : value.toFixed(4));
const count = (steps) => (steps === Infinity ? `> ${HORIZON.toLocaleString("en")}` : steps.toLocaleString("en"));

function tidy(state) {
  for (const key of ["w", "b"]) state[key] = Math.min(Math.max(state[key], -HALF), HALF);
  for (const key of ["eta", "mse", "ce"]) state[key] = nearest(RATES, state[key]);
  if (state.shade !== "gradient") state.shade = "loss";
  if (state.unit !== "bits") state.unit = "nats";
  if (state.rate !== "own") state.rate = "shared";
}

// An arrow over a map, from a point along a vector, in units of the plane.
function arrow(map, colour) {
  const shaft = s("path", { class: "dw-shaft" }), head = s("path", { class: "dw-tip" });
  map.element.append(s("svg", { class: `dw-arrow ${colour}`, viewBox: `${-HALF} ${-HALF} ${2 * HALF} ${2 * HALF}`, "aria-hidden": "true" }, shaft, head));
  return (w, b, dw, db) => {
    const length = Math.hypot(dw, db), size = Math.min(0.3, length);
    const [u, v] = length ? [dw / length, db / length] : [0, 0];
    const [x, y] = [w + dw, b + db], [p, q] = [x - size * u, y - size * v];
    const d = [[x, y], [p - 0.5 * size * v, q + 0.5 * size * u], [p + 0.5 * size * v, q - 0.5 * size * u]];
    dress(shaft, { d: `M${w} ${-b}L${p} ${-q}` });
    dress(head, { d: `M${d.map(([a, c]) => `${a} ${-c}`).join("L")}Z` });
  };
}

function render(context) {
  const ui = shell(context, "saturated_neuron", "One wrong neuron under two losses", tidy);
  const { state } = ui;
  const quiz = ask(ui);
  const paths = Object.fromEntries(NAMES.map((name) => [name, new Float64Array(3 * (HORIZON + 1))]));

  const preset = (name) => {
    const [w, b] = NEURONS[name];
    const button = h("button", { type: "button", onclick: () => ui.set({ w, b }) }, `Neuron ${name}`);
    ui.follow.push((now) => dress(button, { "aria-pressed": `${now.w === w && now.b === b}` }));
    return button;
  };
  const maps = Object.fromEntries(NAMES.map((name) => {
    const map = terrainMap(`${LOSSES[name].label}, over w and b`, (w, b) => ui.set({ w, b }), ["w", "b"]);
    return [name, { ...map, point: arrow(map, `dw-${name}`), title: h("p", { class: "dw-title" }) }];
  }));
  const chart = plot({ x: [0, 3], y: [0, 1], xLabel: "steps (logarithmic)", yLabel: "output o", label: "The output after each step, under both losses", height: 215 });
  const rows = ["loss", "dw", "db", "steps"].map((key) => [key, h("th", { scope: "row" }), ...NAMES.map(() => h("td"))]);
  const table = h("table", {},
    h("thead", {}, h("tr", {}, h("td"), ...NAMES.map((name) => h("th", { scope: "col", class: `dw-${name}` }, h("i", { class: "dw-swatch" }), ` ${LOSSES[name].label}`)))),
    h("tbody", {}, ...rows.map(([, ...cells]) => h("tr", {}, ...cells))));
  const neuron = h("p", { class: "dw-sum" });
  const shared = stops(ui, "eta", "η for both", RATES);
  const own = NAMES.map((name) => stops(ui, name, `η, ${LOSSES[name].label.toLowerCase()}`, RATES));

  const asked = () => predict("The longer the gradient, the further a neuron moves. Under the squared error, where is it longest?",
    ["Where o is near 1: the error is largest", "Where o = 1/2: the sigmoid is steepest", "Where o = 2/3, between the two"], (index) => {
      quiz.pass();
      ui.set({ shade: "gradient" });
      const why = ["There the error is largest, but the sigmoid is flat.", "There the sigmoid is steepest, but a little further on the error has grown by more than the slope has fallen.", ""][index];
      return [index === 2, `${why} The gradient goes with the error o times the slope o(1 − o), and o²(1 − o) is largest at 2/3. That is the ridge without tint on the map, which now shows the gradient. Beyond it, the worse a neuron is, the less it learns.`.trim()];
    }).field;

  const tile = (name) => h("div", {}, maps[name].title, maps[name].element);
  ui.body.append(
    h("div", { class: "dw-row" }, h("div", { class: "dw-presets", role: "group", "aria-label": "Neurons of the text" }, preset("A"), preset("B")),
      choice(ui, "shade", "What the maps show", { loss: "Loss", gradient: "Length of the gradient" }),
      choice(ui, "unit", "Unit of the cross-entropy", { nats: "nats", bits: "bits" })),
    neuron,
    h("div", { class: "dw-drawing dw-pair" }, ...NAMES.map(tile)),
    h("p", { class: "dw-legend" }, "Drag the circle. Each line halves what the map shows; the tint deepens as it falls. Arrows are the negative gradients, true to scale; paths go on until o < 0.05."),
    quiz.room,
    h("div", { class: "dw-row" }, choice(ui, "rate", "Learning rate", { shared: "One η for both", own: "Each its own η" }), shared, ...own),
    h("div", { class: "dw-drawing dw-pair dw-below" }, chart.element, table));

  ui.run(() => {
    const { w, b, unit } = state, start = [w, b];
    const z = INPUT * w + b, o = sigmoid(z), bySelf = state.rate === "own";
    shared.hidden = bySelf;
    for (const slide of own) slide.hidden = !bySelf;
    quiz.put(ui.start.shade === "loss" ? "longest" : null, asked);
    tell(neuron, `z = 1.5 · ${show(w)} + ${show(b)} = ${show(z)}   →   o = σ(z) = ${o.toFixed(4)}, should be 0`.replace("+ −", "− "));
    for (const [index, text] of ["Loss e", "∂e/∂w", "∂e/∂b", "Steps to 0.05"].entries()) tell(rows[index][1], text);
    let longest = 10;
    const results = NAMES.map((name, column) => {
      const { value, slope, label } = LOSSES[name], scale = unitOf(name, unit), map = maps[name];
      const size = scale * slope(z);
      // While the question is open, the map of this gradient would give its answer away.
      const shade = quiz.open && name === "mse" ? "loss" : state.shade;
      const terrain = shade === "gradient"
        ? { key: `gradient ${name}`, value: (x, y) => steepness * slope(INPUT * x + y), floor: 0 }
        : { key: `loss ${name}`, value: (x, y) => value(INPUT * x + y), floor: 0 };
      map.paint({ ...terrain, view: [0, 0, HALF] });
      map.start(w, b, `w = ${show(w, 2)}, b = ${show(b, 2)}: arrow keys move it`);
      tell(map.title, `${label}${name === "ce" ? ` in ${unit}` : ""}: ${shade === "gradient" ? "gradient" : "loss"}`);
      const steps = descend(name, start, bySelf ? state[name] : state.eta, scale, HORIZON, paths[name]);
      longest = Math.max(longest, Math.min(steps, HORIZON));
      map.point(w, b, -INPUT * size, -size);
      map.path(name, paths[name], Math.min(steps, HORIZON));
      const cells = [digits(scale * value(z)), digits(INPUT * size), digits(size), count(steps)];
      cells.forEach((text, row) => tell(rows[row][2 + column], text));
      return { name, label, size, steps };
    });
    const at = (t) => Math.log10(1 + t), end = Math.ceil(2 * at(longest)) / 2;
    chart.axes([0, end], [0, 1], ["0", "10", "100", "1,000", "10,000", "100,000"].map((word) => [at(Number(word.replace(",", ""))), word]).filter(([v]) => v <= end));
    chart.line("goal", [[0, GOAL], [end, GOAL]], "dw-grey dw-dashed");
    for (const { name, steps } of results) {
      const last = Math.min(steps, HORIZON), points = [];
      for (let t = 0; t <= last; t = Math.max(t + 1, Math.min(Math.floor(t * 1.02), last))) points.push([at(t), paths[name][3 * t + 2]]);
      chart.line(name, points, `dw-${name}`);
    }
    const told = results.map(({ label, size, steps }) => `${label}: gradient ${digits(INPUT * size)} in w and ${digits(size)} in b, ${count(steps)} steps`).join(". ");
    return `The neuron answers ${o.toFixed(4)} and should answer 0. ${told}.`;
  });
}
