// Two of 36 recorded schedules side by side: their learning rates, the losses of eight trainings
// each, the accuracy on validation images, and whether the two differ by more than chance.
// What came of them appears once the reader has said what a falling rate gains at a large peak.

// The mean of measurements, and how far its interval reaches, for the given quantile of t.
function meanInterval(values, t) {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((a, v) => a + (v - mean) ** 2, 0);
  return [mean, t * Math.sqrt(squares / (values.length - 1) / values.length)];
}

// Measurements in a row: a dot each, their mean, its interval, and in words what `write` makes.
function strip(name, colour) {
  const dots = [], bar = h("i", { class: "dw-reach" }), mean = h("i", { class: "dw-mean" });
  const track = h("div", { class: "dw-track", "aria-hidden": "true" }, bar, mean);
  const says = h("output");
  const draw = (values, [centre, half], [low, high], words) => {
    const at = (v) => `${(100 * (Math.min(Math.max(v, low), high) - low)) / (high - low)}%`;
    while (dots.length < values.length) track.append(dots[dots.push(h("i", { class: "dw-seed" })) - 1]);
    dots.forEach((dot, i) => { dot.style.left = at(values[i]); });
    mean.style.left = at(centre);
    bar.style.left = at(centre - half);
    bar.style.right = `calc(100% - ${at(centre + half)})`;
    tell(says, words);
  };
  return { draw, cells: [h("b", { class: colour }, name), h("div", { class: `dw-row ${colour}` }, track), says] };
}

async function render(context) {
  const { accuracy, rates, epochs, t } = context.model.get("given");
  const sweep = await openSweep(context);
  const { shape: shapes, peak: peaks } = sweep.axes;
  const seeds = accuracy[0][0].length;
  const tidy = (state) => {
    for (const key of ["shape", "other"]) if (!shapes.includes(state[key])) state[key] = shapes[0];
    for (const key of ["peak", "other_peak"]) state[key] = nearest(peaks, state[key]);
  };
  const ui = shell(context, "schedule_picker", "Two schedules, eight trainings each", tidy);
  const { state } = ui;
  const words = Object.fromEntries(shapes.map((shape) => [shape, shape[0].toUpperCase() + shape.slice(1)]));
  const percents = (shape, peak) => accuracy[shapes.indexOf(shape)][peaks.indexOf(peak)].map((a) => 100 * a);
  const digits = (v, n = 1) => v.toFixed(n).replace("-", "−");
  const within = ([mean, half], n = 1) => `${digits(mean, n)} ± ${digits(half, n)}`;

  const setting = (letter, colour, shape, peak) => h("fieldset", { class: `dw-setting ${colour}` }, h("legend", {}, letter),
    select(ui, shape, "Shape", words), stops(ui, peak, "Peak η", peaks, show));
  const controls = h("div", { class: "dw-settings" }, setting("A", "dw-blue", "shape", "peak"), setting("B", "dw-orange", "other", "other_peak"));

  const rate = plot({ x: [0, epochs], y: [0, 0.1], xLabel: "epochs", yLabel: "learning rate η", label: "The learning rate of A and of B over time" });
  const loss = plot({ x: [0, epochs], y: [-2, 1], xLabel: "epochs", yLabel: "log₁₀ training loss", label: "The training losses of all trainings of A and of B" });
  const veiled = h("div", { class: "dw-veiled" }, "The losses appear when you have answered.");
  const [one, two] = [strip("A", "dw-blue"), strip("B", "dw-orange")];
  const gap = strip("A − B", "dw-grey");
  const [from, to, less, more] = [h("span"), h("span"), h("span"), h("span")];
  const verdict = h("p", { class: "dw-sum" });
  const scale = (...ends) => [h("span"), h("div", { class: "dw-ends" }, ...ends), h("span")];
  const results = h("div", { class: "dw-strips" },
    h("b", { class: "dw-what" }, "Validation images read right, %"), ...one.cells, ...two.cells, ...scale(from, to),
    h("b", { class: "dw-what" }, "Difference, seed by seed, points"), ...gap.cells, ...scale(less, h("span", {}, "0"), more));
  dress(gap.cells[1], { "data-zero": "true" });

  const cells = shapes.map((shape) => peaks.map((peak) => {
    const mean = meanInterval(percents(shape, peak), t)[0];
    return h("td", { style: `--p: ${Math.max(0, (mean - 70) / 30) ** 2}` }, digits(mean));
  }));
  const table = h("table", { class: "dw-all" }, h("caption", {}, `All 36 settings: mean over ${seeds} trainings, % of validation images read right`),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Peak η"), ...peaks.map((peak) => h("th", { scope: "col" }, show(peak))))),
    h("tbody", {}, ...shapes.map((shape, i) => h("tr", {}, h("th", { scope: "row" }, words[shape]), ...cells[i]))));

  // The question, and what came of it.
  let answered = false;
  const about = { shape: "cosine", peak: 0.16, other: "constant", other_peak: 0.16 };
  const paired = (s) => {
    const b = percents(s.other, s.other_peak);
    return percents(s.shape, s.peak).map((v, i) => v - b[i]);
  };
  const [up, reach] = meanInterval(paired(about), t);
  const right = up - reach > 0 ? 0 : up + reach < 0 ? 1 : 2;
  const asked = predict("A and B both begin at η = 0.16. B stays there; A falls to 0 along half a cosine. After 20 epochs, which reads more of the images that it has not trained on?",
    ["A, the cosine", "B, the constant rate", "Chance decides: no difference to be seen"], (index) => {
      answered = true;
      ui.set(about);
      const why = ["The difference is larger than that.", "A large rate learns quickly at first, but it cannot settle.", "Look at the interval below: it does not hold 0."];
      return [index === right, `${index === right ? "" : why[index]} A − B is ${within([up, reach])} points. Large steps keep B jumping about; as A’s steps shrink, it settles. Now give each its own best peak, which the table shows. What is left of the difference?`.trim()];
    });
  ui.root.addEventListener("descent:reset", () => {
    answered = false;
    asked.forget();
    ui.redraw();
  });

  const legend = h("p", { class: "dw-legend" }, "A small network on 8 × 8 digits, momentum 0.9. A fifth of the labels that it trains on are drawn at random; those that it is judged by are right. Thin lines and dots are single trainings; thick lines are means of the logarithm, bars 95 % intervals.");
  const after = h("div", { class: "dw-drawing dw-after" }, results, verdict, table, legend);
  ui.body.append(controls, h("div", { class: "dw-plots dw-drawing" }, rate.element, h("div", {}, loss.element, veiled)), asked.field, after);
  const pair = [["a", "dw-blue", "shape", "peak"], ["b", "dw-orange", "other", "other_peak"]];
  ui.run(() => {
    const top = Math.max(state.peak, state.other_peak);
    rate.axes([0, epochs], [0, 1.05 * top]);
    // B lies below A, so that A's blue is seen where the two agree; B is dashed.
    for (const [key, colour, shape, peak] of [...pair].reverse()) {
      const values = rates[shapes.indexOf(state[shape])];
      rate.line(key, values.map((v, i) => [(i / values.length) * epochs, state[peak] * v]), `${colour} dw-${key}`);
    }
    after.hidden = loss.element.hidden = !answered;
    loss.element.toggleAttribute("hidden", !answered);
    veiled.hidden = answered;
    const name = (shape, peak) => `${state[shape]} from a peak of ${show(state[peak])}`;
    const what = `A: ${name("shape", "peak")}. B: ${name("other", "other_peak")}.`;
    if (!answered) return `${what} Say first which reads more.`;

    const curves = pair.map(([, , shape, peak]) => sweep.at({ shape: state[shape], peak: state[peak] }));
    const all = curves.flatMap((values) => [...values]);
    // Three decades at least: whole numbers beside the axis, which leave room for its name.
    loss.axes([0, epochs], [Math.min(Math.floor(Math.min(...all)), -2), Math.max(Math.ceil(Math.max(...all)), 1)]);
    pair.forEach(([key, colour], k) => {
      const row = (i) => Array.from(curves[k].subarray(i * epochs, (i + 1) * epochs), (v, e) => [e + 1, v]);
      const rows = Array.from({ length: seeds }, (_, i) => row(i));
      rows.forEach((points, i) => loss.line(`${key}${i}`, points, `${colour} dw-thin`));
      loss.line(key, rows[0].map(([e], j) => [e, rows.reduce((sum, r) => sum + r[j][1], 0) / seeds]), `${colour} dw-${key}`);
    });

    const [a, b, d] = [percents(state.shape, state.peak), percents(state.other, state.other_peak), paired(state)];
    const [ai, bi, di] = [a, b, d].map((values) => meanInterval(values, t));
    const low = 10 * Math.floor((Math.min(...a, ...b) - 0.01) / 10);
    one.draw(a, ai, [low, 100], within(ai));
    two.draw(b, bi, [low, 100], within(bi));
    const wide = [1, 2, 5, 10, 20, 50, 100].find((w) => w >= Math.max(...d.map(Math.abs), Math.abs(di[0]) + di[1])) ?? 100;
    gap.draw(d, di, [-wide, wide], within(di));
    tell(from, digits(low, 0));
    tell(to, "100");
    tell(less, `−${wide}`);
    tell(more, `+${wide}`);
    const same = state.shape === state.other && state.peak === state.other_peak;
    const beyond = Math.abs(di[0]) > di[1];
    const better = di[0] > 0 ? "A" : "B";
    const said = same ? "A and B are the same setting."
      : beyond ? `${better} reads ${within([Math.abs(di[0]), di[1]])} points more: more than chance would make.`
      : `A − B is ${within(di)} points: the interval holds 0, so chance could have made it.`;
    tell(verdict, said);
    shapes.forEach((shape, i) => peaks.forEach((peak, j) => {
      const mine = [shape === state.shape && peak === state.peak && "A", shape === state.other && peak === state.other_peak && "B"].filter(Boolean).join(" ");
      dress(cells[i][j], { "data-is": mine || null });
    }));
    return `${what} A reads ${within(ai)} % of the validation images right, B ${within(bi)} %. ${said}`;
  });
}
