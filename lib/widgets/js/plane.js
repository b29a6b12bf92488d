// A plane of two settings, both by powers of ten, painted by a function of them, with level lines,
// borders, and a point that can be dragged. Across runs `x` from x[0] to x[1]; up runs `y`, from
// 0 to 1 − 10^−decades, by powers of ten of 1 − y.
//   const plane = planeMap({ x: [1e-3, 1], decades: 3, label: "…" }, (x, y) => ui.set({ x, y }));
//   const grid = plane.grid((x, y) => value);      n × n values, from the lower left
//   plane.paint(grid, (value) => opacity);         0 … 1, of the page's blue
//   plane.lines("speed", grid, [[1, "10"], …], at) lines where the value is 1, labelled where they
//                                                  cross the column of x = at(y); [] removes them
//   plane.border("edge", (y) => x, "words");       plane.region((y) => x, "words"), all beyond it
//   plane.star([x, y] or null);                    plane.point(x, y, "words");

const PLANE = 400, CELLS = 72;

// The segments along which values of an n × n grid equal a level, as a path; cells with a value
// that is no number are left out. `px` and `py` place a column and a row.
function isoline(grid, n, level, px, py) {
  let d = "";
  for (let j = 0; j + 1 < n; j++) {
    for (let i = 0; i + 1 < n; i++) {
      const k = j * n + i, p = grid[k], q = grid[k + 1], r = grid[k + n + 1], o = grid[k + n];
      const some = p > level || q > level || r > level || o > level;
      if (!some || (p > level && q > level && r > level && o > level) || !Number.isFinite(p + q + r + o)) continue;
      const around = [p, q, r, o], above = around.map((v) => v > level);
      let pen = "M";
      for (let e = 0; e < 4; e++) {
        const f = (e + 1) % 4;
        if (above[e] === above[f]) continue;
        const share = (level - around[e]) / (around[f] - around[e]);
        const [x, y] = [[i + share, j], [i + 1, j + share], [i + 1 - share, j + 1], [i, j + 1 - share]][e];
        d += `${pen}${px(x).toFixed(1)} ${py(y).toFixed(1)}`;
        pen = pen === "M" ? "L" : "M";
      }
    }
  }
  return d;
}

function planeMap({ x: [low, high], decades: tall, label, xLabel, yLabel }, move) {
  const wide = Math.log10(high / low), n = CELLS + 1;
  const canvas = h("canvas", { role: "img", "aria-label": label });
  const own = Math.random().toString(36).slice(2), [hatch, frame] = [`hatch-${own}`, `frame-${own}`];
  const [ticksLayer, layer, words] = [s("g", { class: "dw-ticks" }), s("g", { "clip-path": `url(#${frame})` }), s("g", { class: "dw-words" })], top = s("path", { class: "dw-star" });
  const svg = s("svg", { viewBox: `0 0 ${PLANE} ${PLANE}`, "aria-hidden": "true" },
    s("defs", {}, s("pattern", { id: hatch, width: 9, height: 9, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, s("path", { class: "dw-hatch", d: "M0 0V9" })),
      s("clipPath", { id: frame }, s("rect", { width: PLANE, height: PLANE }))),
    ticksLayer, layer, words, top);
  const handle = h("div", { class: "dw-start", tabindex: 0, role: "group" });
  const element = h("div", { class: "dw-land dw-plane" }, canvas, svg, handle);
  const marks = new Map();
  let at = [low, 0];
  const px = (v) => (Math.log10(v / low) / wide) * PLANE;
  const py = (v) => (1 + Math.log10(Math.max(1 - v, 1e-9)) / tall) * PLANE;
  const columns = Array.from({ length: n }, (_, i) => low * 10 ** ((wide * i) / CELLS));
  const rows = Array.from({ length: n }, (_, j) => 1 - 10 ** ((-tall * j) / CELLS));
  const mark = (name, tag, attributes) => {
    if (!marks.has(name)) marks.set(name, layer.appendChild(s(tag)));
    return dress(marks.get(name), attributes);
  };
  const write = (name, text, [x, y], more = {}) => {
    if (!marks.has(name)) marks.set(name, words.appendChild(s("text")));
    tell(dress(marks.get(name), { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": "middle", ...more }), text);
  };
  // A curve x(y) from the bottom to the top, kept within `reach` of the plane.
  const curve = (edge, reach = 60) => Array.from({ length: 61 }, (_, i) => {
    const v = 1 - 10 ** ((-tall * i) / 60);
    return [Math.min(Math.max(px(edge(v)), -reach), PLANE + reach), py(v)];
  });
  const drawn = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

  // Three digits of η and of 1 − β are kept.
  const put = (u, v) => move(
    Number((low * 10 ** (wide * Math.min(Math.max(u, 0), 1))).toPrecision(3)),
    Number((1 - Number((10 ** (-tall * Math.min(Math.max(v, 0), 1))).toPrecision(3))).toFixed(6)));
  const [xs, ys] = [decades(low, high, 20), decades(10 ** -tall, 1, 20).map((v) => Number((1 - v).toFixed(6))).reverse()];
  const next = (values, value, step) => {
    const ahead = values.filter((v) => (v - value) * step > 1e-9 * value);
    return step ? (step > 0 ? ahead[0] : ahead.at(-1)) ?? value : value;
  };
  aim(element, handle, put, (right, up) => {
    at = [next(xs, at[0], right), next(ys, at[1], up)];  // now: the next key may come before the drawing
    move(...at);
  });

  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power++) {
    const x = px(10 ** power);
    ticksLayer.append(s("path", { d: `M${x} ${PLANE}v5` }), s("text", { x, y: PLANE + 19, "text-anchor": "middle" }, show(10 ** power, 6)));
  }
  for (const y of [0, 0.5, ...Array.from({ length: tall }, (_, i) => 1 - 10 ** -(i + 1))]) {
    ticksLayer.append(s("path", { d: `M0 ${py(y)}h-5` }), s("text", { x: -8, y: py(y) + 5, "text-anchor": "end" }, show(y, 6)));
  }
  ticksLayer.append(s("text", { x: PLANE / 2, y: PLANE + 40, "text-anchor": "middle" }, xLabel),
    s("text", { "text-anchor": "middle", transform: `translate(-58 ${PLANE / 2}) rotate(-90)` }, yLabel));

  return {
    element,
    grid: (value) => Float64Array.from({ length: n * n }, (_, k) => value(columns[k % n], rows[Math.floor(k / n)])),
    at: (k) => [columns[k % n], rows[Math.floor(k / n)]],
    paint(grid, opacity) {
      [canvas.width, canvas.height] = [n, n];
      const context = canvas.getContext("2d"), image = context.createImageData(n, n), ink = new Uint32Array(image.data.buffer);
      for (let k = 0; k < n * n; k++) {
        const share = opacity(grid[(n - 1 - Math.floor(k / n)) * n + (k % n)]);
        ink[k] = (Math.round(255 * (share > 0 ? Math.min(share, 1) : 0)) << 24) | 0xc4700b;
      }
      context.putImageData(image, 0, 0);
    },
    lines(name, grid, levels, across) {
      const scale = PLANE / CELLS;
      const value = (v) => {
        const [i, j] = [Math.round(px(across(v)) / scale), Math.round((1 - py(v) / PLANE) * CELLS)];
        return i >= 0 && i < n ? grid[j * n + i] : NaN;
      };
      for (let l = 0; l < 9; l++) {
        const [level, text] = levels[l] ?? [0, ""];
        mark(`${name} ${l}`, "path", { class: `dw-level dw-${name}`, d: text ? isoline(grid, n, level, (i) => i * scale, (j) => PLANE - j * scale) : "" });
        let spot = null;
        for (let j = CELLS - 2; j > 2 && text && !spot; j--) {
          if ((value(rows[j]) - level) * (value(rows[j - 1]) - level) <= 0) spot = [px(across(rows[j])), (py(rows[j]) + py(rows[j - 1])) / 2 + 4];
        }
        const seen = spot && spot[0] > 14 && spot[0] < PLANE - 14;
        write(`${name} ${l} words`, seen ? text : "", seen ? spot : [0, 0], { class: `dw-${name}` });
      }
    },
    border(name, edge, text) {
      const points = curve(edge);
      mark(name, "path", { class: "dw-border", d: drawn(points) });
      const where = points.findLastIndex(([x]) => x > 62 && x < PLANE - 90), seen = where > 0;
      const [p, q] = points.slice(Math.max(where - 1, 0));
      const angle = (Math.atan2(p[1] - q[1], p[0] - q[0]) * 180) / Math.PI;
      write(`${name} words`, seen ? text : "", [0, 0], { transform: `translate(${p[0].toFixed(1)} ${p[1].toFixed(1)}) rotate(${(angle > 90 ? angle - 180 : angle).toFixed(1)}) translate(0 -5)` });
    },
    region(edge, text) {
      const points = curve(edge, 0);
      mark("region", "path", { class: "dw-region", d: `${drawn(points)}H${PLANE}V${PLANE}Z` });
      mark("hatched", "path", { fill: `url(#${hatch})`, d: `${drawn(points)}H${PLANE}V${PLANE}Z` });
      const x = (points[8][0] + PLANE) / 2;
      write("region words", PLANE - points[8][0] > 24 ? text : "", [0, 0], { transform: `translate(${x.toFixed(1)} ${PLANE - 60}) rotate(-90)`, class: "dw-region" });
    },
    star(place) {
      const [x, y] = place ? [px(place[0]), py(place[1])] : [0, 0];
      dress(top, { d: place ? `M${x} ${y - 9}L${x + 2.6} ${y - 2.6}L${x + 9} ${y}L${x + 2.6} ${y + 2.6}L${x} ${y + 9}L${x - 2.6} ${y + 2.6}L${x - 9} ${y}L${x - 2.6} ${y - 2.6}Z` : "" });
    },
    point(x, y, text) {
      at = [x, y];
      Object.assign(handle.style, { left: `${(px(x) / PLANE) * 100}%`, top: `${(py(y) / PLANE) * 100}%` });
      dress(handle, { "aria-label": text });
    },
  };
}
