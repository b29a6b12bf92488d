// Six optimizers go down a terrain, each at its own best learning rate or all at the same; the
// terrain turns, the start can be dragged, and the reader may write a formula of their own.

const HORIZON = 4000, TOLERANCE = 1e-4;
const KAPPAS = [1, 1.5, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500, 700, 1000];
const STEPS = [...new Set(decades(1, HORIZON, 14).map(Math.round))];
const SHARED = decades(1e-4, 10, 20);
const TERRAINS = {
  ravine: ["Ravine", (state) => ravine(state.kappa)],
  note: ["Ravine of the notes", () => ravine(20, { key: "note", along: 0.1, view: [0, 0, 8], start: [-7, 2] })],
  saddle: ["Saddle", () => saddle(true, [-1, 0.5])],
  ridge: ["Saddle of the notes, from its ridge", () => saddle(true, [-1, 0.001])],
  pits: ["Two pits in a plain", () => pits()],
  rosenbrock: ["Rosenbrock’s bent valley", () => rosenbrock()],
  formula: ["Your formula", null],
};
const count = (steps) => (steps === undefined ? "…" : steps === Infinity ? `> ${HORIZON.toLocaleString("en")}` : steps.toLocaleString("en"));
const rate = (lr) => Number(lr.toPrecision(2)).toString();
const middle = (view) => Number(view.toPrecision(3));

function tidy(state) {
  if (!Object.hasOwn(TERRAINS, state.terrain)) state.terrain = "ravine";
  if (state.rate !== "shared") state.rate = "own";
  state.kappa = nearest(KAPPAS, state.kappa);
  state.steps = nearest(STEPS, state.steps);
  state.eta = nearest(SHARED, state.eta);
  state.angle = Math.min(Math.max(Math.round(state.angle), 0), 90);
  state.formula = state.formula.slice(0, 200);
}

function render(context) {
  const ui = shell(context, "ravine", "Optimizers go down a terrain that turns", tidy);
  const { state } = ui;
  const names = Object.keys(OPTIMIZERS);
  const quiz = ask(ui);
  const compared = ui.start.angle === 0 && ui.start.adagrad && ui.start.adam;  // else nothing to ask
  const grounds = new Map(), tuners = new Map(), paths = Object.fromEntries(names.map((name) => [name, new Float64Array(3 * (HORIZON + 1))]));
  let flat = null, ground = null, good = null, timer = 0, said = "", now = "", tuning = false;

  // The terrain before it is turned; a formula that cannot be read leaves the last that could.
  const find = () => {
    if (state.terrain !== "formula") return TERRAINS[state.terrain][1](state);
    const compiled = compile(state.formula);
    complain(compiled);
    if (!compiled.error) good = compiled;
    good ??= compile(ui.start.formula);
    const key = good.text;
    if (!grounds.has(key)) grounds.set(key, written(good));
    return grounds.get(key);
  };
  const complain = ({ error, at }) => {
    dress(field, { "aria-invalid": error ? "true" : null });
    sorry.hidden = !error;
    if (!error) return;
    tell(caret, `${"\u00a0".repeat(at)}▲`);
    tell(words, `Column ${at + 1}: ${error}.`);
  };
  // With `known`, only a tuner that there is already: the next frame makes those that lack.
  const tunerOf = (name, terrain, start, guess, known = false) => {
    const key = `${name} ${terrain.key} ${start}`;
    if (!tuners.has(key) && !known) {
      if (tuners.size > 400) tuners.clear();
      tuners.set(key, tuner(OPTIMIZERS[name].rule, terrain, start, flat.floor + TOLERANCE, HORIZON, guess));
    }
    return tuners.get(key);
  };
  const guesses = {};

  const field = h("input", { type: "text", class: "dw-formula", spellcheck: "false", autocomplete: "off", maxlength: 200, oninput: () => ui.set({ formula: field.value }) });
  ui.follow.push((now) => { if (field.value !== now.formula) field.value = now.formula; });
  const caret = h("span", { class: "dw-caret", "aria-hidden": "true" });
  const words = h("span", { role: "alert" });
  const sorry = h("div", { class: "dw-sorry", hidden: true }, caret, words);
  const writing = h("div", { class: "dw-writing" }, h("label", {}, h("span", {}, "Loss ="), field), sorry,
    h("small", {}, "x, y, numbers, pi, + − * / ^, brackets, sin cos exp log sqrt abs tanh; x and y from −3 to 3."));

  const kappa = stops(ui, "kappa", "Condition κ", KAPPAS);
  const eta = stops(ui, "eta", "η for all", SHARED, rate);
  const terrain = select(ui, "terrain", "Terrain", Object.fromEntries(Object.entries(TERRAINS).map(([key, [label]]) => [key, label])));
  terrain.addEventListener("change", () => {
    const [x, y] = find().start;
    ui.set({ x, y });
  });

  // Play the walk from its first step to as many as were shown.
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    tell(play, "Play");
  };
  const go = () => {
    const end = state.steps === STEPS[0] ? 100 : state.steps;
    tell(play, "Stop");
    ui.set({ steps: STEPS[0] });
    timer = setInterval(() => {
      const next = STEPS[STEPS.indexOf(state.steps) + 1];
      if (!ui.root.isConnected || state.steps >= end) return stop();
      ui.set({ steps: next });
    }, 100);
  };
  const play = h("button", { type: "button", onclick: () => (timer ? stop() : go()) }, "Play");
  ui.root.addEventListener("descent:reset", stop);

  const map = terrainMap("The terrain, seen from above", (x, y) => {
    const [u, v] = ground.back ? ground.back(x, y) : [x, y];
    ui.set({ x: middle(u), y: middle(v) });
  });
  const chart = plot({ x: [0, 100], y: [-6, 2], xLabel: "steps", yLabel: "log₁₀ loss above the least", label: "The loss after each step", height: 200 });
  const rows = Object.fromEntries(names.map((name) => [name, { lr: h("td"), before: h("td"), after: h("td") }]));
  const [before, after] = [h("th", { scope: "col" }), h("th", { scope: "col" })];
  const table = h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Optimizer"), h("th", { scope: "col" }, "η"), before, after)),
    h("tbody", {}, ...names.map((name) => h("tr", { class: `dw-${name}` },
      h("th", { scope: "row" }, dress(tick(ui, name, OPTIMIZERS[name].label), {}, [h("i", { class: "dw-swatch" })])), rows[name].lr, rows[name].before, rows[name].after))));
  const caption = h("p", { class: "dw-legend" }, "Drag the circle. Counted are the steps until the loss stays within 0.0001 of the least in view; Momentum and Nesterov keep 0.9 of their speed.");

  const asked = () => predict("At κ = 20 each has its own best η. Now the valley turns by 45°, and the start with it. Who needs many more steps?",
    ["All of them", "Momentum and Nesterov", "Adagrad, hardly any other", "Adam most of all"], (index) => {
      quiz.pass();
      ui.set({ terrain: "ravine", kappa: 20, angle: 45, x: -2, y: 1, rate: "own" });
      const why = ["Not all: gradient descent, momentum and Nesterov see no axes.", "They see no axes: turned with their start, they walk the same path.", "", "At this κ Adam hardly notices."][index];
      return [index === 2, `${why} Adagrad divides each coordinate by a length of its own, which fits a valley only while it lies along an axis. Adam divides too; find a κ from which on it suffers as well.`.trim()];
    }).field;

  ui.body.append(
    h("div", { class: "dw-controls" }, terrain, kappa, slider(ui, "angle", "Turned by", [0, 90], (v) => `${show(v)}°`),
      h("div", { class: "dw-time" }, stops(ui, "steps", "Steps", STEPS), play)),
    writing,
    h("div", { class: "dw-controls dw-rate" }, choice(ui, "rate", "Learning rate", { own: "Each its own best η", shared: "One η for all" }), eta),
    h("div", { class: "dw-drawing dw-board" }, h("div", {}, map.element, caption), h("div", {}, chart.element, table)),
    quiz.room);

  ui.run(() => {
    kappa.hidden = state.terrain !== "ravine";
    writing.hidden = state.terrain !== "formula";
    eta.hidden = state.rate !== "shared";
    flat = find();
    ground = turned(flat, state.angle);
    const from = [state.x, state.y], start = ground.there ? ground.there(...from) : from;
    map.paint(ground);
    map.start(...start, `Start at x = ${show(start[0], 2)}, y = ${show(start[1], 2)}: arrow keys move it`);
    quiz.put(compared && state.terrain === "ravine" ? "turn" : null, asked);
    const secret = quiz.open && state.angle > 0;
    const walkers = names.filter((name) => state[name]);
    const own = state.rate === "own";
    // What the reader does is answered soon; while nothing moves, a frame may take longer.
    const moved = now !== JSON.stringify(state);
    now = JSON.stringify(state);
    const pairs = walkers.map((name) => ({
      name,
      level: own && tunerOf(name, flat, from, guesses[name], moved && state.angle > 0),
      turned: own && tunerOf(name, ground, start, guesses[name]),
    }));
    const wanted = own ? pairs.flatMap((pair) => [pair.turned, pair.level]) : [];
    const begun = wanted.filter((one) => one);
    tuning = !tuneAll(begun, performance.now() + (moved ? 2 : 25)) || begun.length < wanted.length;
    if (tuning) ui.redraw();

    const goal = flat.floor + TOLERANCE;
    const top = Math.ceil(Math.log10(Math.max(flat.value(...from) - flat.floor, 1)) + 1e-9);
    chart.axes([0, state.steps], [-6, Math.min(top, 12)]);
    chart.line("goal", secret ? [] : [[0, -4], [state.steps, -4]], "dw-grey dw-dashed");
    const results = [];
    for (const name of names) {
      const pair = pairs.find((one) => one.name === name), row = rows[name];
      if (!pair || secret) {
        map.hide(name);
        chart.line(name, [], `dw-${name}`);
      }
      if (!pair) {
        for (const cell of Object.values(row)) tell(cell, "");
        continue;
      }
      const { rule } = OPTIMIZERS[name];
      const lr = own ? pair.turned.best.lr : state.eta;
      const settled = (at, begin, found) => (own ? found?.best.steps : settle(rule, at, begin, lr, goal, HORIZON));
      const [straight, bent] = [settled(flat, from, pair.level), settled(ground, start, pair.turned)];
      if (own && pair.turned.done) guesses[name] = pair.turned.best.index;
      tell(row.lr, secret ? "?" : rate(lr));
      tell(row.before, count(straight));
      tell(row.after, secret ? "?" : count(bent));
      results.push([OPTIMIZERS[name].label, straight, bent]);
      if (secret) continue;
      const path = run(rule, ground, start, lr, state.steps, paths[name]);
      map.path(name, path, state.steps);
      const [low, high] = [-6, Math.min(top, 12) + 0.3];
      chart.line(name, traced((t) => Math.min(Math.max(Math.log10(path[3 * t + 2] - flat.floor) || low, low), high), state.steps), `dw-${name}`);
    }
    tell(before, state.angle ? "at 0°" : "steps");
    tell(after, `at ${state.angle}°`);
    dress(table, { "data-turned": `${state.angle > 0}`, "data-tuning": `${tuning}` });
    if (tuning) return said || "The best learning rates are being looked for.";
    const what = `${TERRAINS[state.terrain][0]}${state.terrain === "ravine" ? ` with κ = ${show(state.kappa)}` : ""}${state.angle ? `, turned by ${state.angle}°` : ""}`;
    if (secret) return `${what}. Say first who needs more steps.`;
    const list = results.map(([label, straight, bent]) => `${label} ${state.angle ? `${count(straight)}, now ${count(bent)}` : count(bent)}`).join("; ");
    said = `${what}. ${own ? "Steps at the best η" : `Steps at η = ${rate(state.eta)}`}${state.angle ? ", at 0° and turned" : ""}: ${list || "no optimizer is chosen"}.`;
    return said;
  });
}
