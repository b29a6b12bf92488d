// A small plot in SVG. Its colours are CSS (text in the page's own colour), so that a change of
// theme needs no redrawing; its marks are kept by name, so that a change glides.
//   const chart = plot({ x: [0, 10], y: [0, 1], xLabel: "draws", yLabel: "mean", label: "…" });
//   body.append(chart.element);
//   chart.line("mean", [[0, 0], [10, 1]], "dw-blue");  chart.bars("counts", [3, 5], "dw-blue");

const MARGIN = { left: 44, right: 10, top: 10, bottom: 38 };

function plot({ x, y, xLabel = "", yLabel = "", label, width = 330, height = 190, xTicks }) {
  const marks = new Map();
  const axes = s("g", { class: "dw-axes" });
  const layer = s("g");
  const element = s("svg", { class: "dw-plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, axes, layer);
  const { left, right, top, bottom } = MARGIN;
  const px = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (width - left - right);
  const py = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0])) * (height - top - bottom);
  const mark = (name, tag, attributes) => {
    if (!marks.has(name)) marks.set(name, layer.appendChild(s(tag)));
    return dress(marks.get(name), attributes);
  };
  const text = (at, words, attributes) => axes.append(s("text", { x: at[0], y: at[1], ...attributes }, words));

  const chart = { element, px, py };
  // Draw the axes anew, with other limits if they are given; a tick is a number, or it and a word.
  chart.axes = (xs = x, ys = y, words = xTicks) => {
    [x, y, xTicks] = [xs, ys, words];
    axes.replaceChildren(s("path", { d: `M${left} ${top}V${height - bottom}H${width - right}` }));
    for (const tick of xTicks ?? ticks(...x)) {
      const [v, word] = [tick].flat();
      text([px(v), height - bottom + 15], word ?? show(v), { "text-anchor": "middle" });
    }
    for (const v of ticks(...y)) {
      axes.append(s("path", { class: "dw-rule", d: `M${left} ${py(v)}H${width - right}` }));
      text([left - 6, py(v) + 4], show(v), { "text-anchor": "end" });
    }
    text([(left + width - right) / 2, height - 4], xLabel, { "text-anchor": "middle" });
    text([0, 0], yLabel, { "text-anchor": "middle", transform: `translate(11 ${(top + height - bottom) / 2}) rotate(-90)` });
  };
  chart.line = (name, points, colour) =>
    mark(name, "path", { class: `dw-line ${colour}`, d: points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("") });
  // Bars stand around 0, 1, 2, …; `share` of the step is filled, moved aside by `shift` steps.
  chart.bars = (name, values, colour, share = 0.7, shift = 0) => {
    const step = px(1) - px(0);
    values.forEach((v, i) => mark(`${name}${i}`, "rect", {
      class: `dw-bar ${colour}`, x: px(i + shift) - (step * share) / 2, width: step * share,
      y: Math.min(py(v), py(0)), height: Math.abs(py(0) - py(v)),
    }));
  };
  chart.dot = (name, [a, b], colour) => mark(name, "circle", { class: `dw-dot ${colour}`, cx: px(a), cy: py(b), r: 4.5 });
  chart.axes();
  return chart;
}

// About four round numbers from a to b.
function ticks(a, b) {
  const rough = (b - a) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((m) => m * unit >= rough) * unit;
  const first = Math.ceil(a / step - 1e-9);
  return Array.from({ length: Math.floor(b / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}
