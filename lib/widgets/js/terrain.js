// A map of a terrain with its contours, paths over it, and a start that can be dragged, if there
// is a function that hears of it.
//   const map = terrainMap("Map of the loss", (x, y) => ui.set({ x, y }), ["x", "y"]);
//   map.paint(terrain);   map.start(x, y, "words");   map.path("adam", path, steps);   map.hide("adam");
// `path` holds x, y and loss of each step, one after the other; the colour of "adam" is the CSS
// class dw-adam. Contours lie at halves of the loss above the floor; where there is no floor, at
// equal steps of its root.

const SPAN = 400;  // units of the drawing along a side

// The level of a loss: contours run where it is whole.
function level(loss, floor) {
  return floor === -Infinity ? 5 * Math.sign(loss) * Math.sqrt(Math.abs(loss)) : Math.log2(Math.max(loss - floor, 1e-12));
}

// Paint n × n pixels: the lower, the darker, with a line at each whole level. Where the lines
// would run into one another they fade.
function paintTerrain(canvas, { value, floor, view: [a, b, half] }, n) {
  const u = new Float32Array(n * n);
  let top = -Infinity, bottom = Infinity;
  for (let j = 0, i = 0; j < n; j++) {
    const y = b + half * (1 - (2 * j + 1) / n);
    for (let k = 0; k < n; k++, i++) {
      const at = u[i] = level(value(a + half * ((2 * k + 1) / n - 1), y), floor);
      if (at > top && at < Infinity) top = at;
      if (at < bottom) bottom = at;
    }
  }
  const range = Math.min(top - bottom, 14) || 1;
  [canvas.width, canvas.height] = [n, n];
  const context = canvas.getContext("2d"), image = context.createImageData(n, n), ink = new Uint32Array(image.data.buffer);
  const thick = n / SPAN;
  for (let j = 0, i = 0; j < n; j++) {
    for (let k = 0; k < n; k++, i++) {
      const at = u[i];
      if (!(at <= top)) continue;
      const across = k ? at - u[i - 1] : u[i + 1] - at, down = j ? at - u[i - n] : u[i + n] - at;
      const steep = Math.sqrt(across * across + down * down) || 1e-9;
      const line = Math.min(Math.max(0.5 + 0.6 * thick - Math.abs(at - Math.round(at)) / steep, 0), 1) * Math.min(Math.max(2 - 6 * steep * thick, 0), 1);
      const depth = Math.min((top - at) / range, 1);
      ink[i] = ((12 + 62 * depth + 70 * line) << 24) | 0x6e5a46;
    }
  }
  context.putImageData(image, 0, 0);
}

function terrainMap(label, move, [across, up] = ["x", "y"]) {
  const canvas = h("canvas", { class: "dw-terrain", role: "img", "aria-label": label });
  const ticksLayer = s("g", { class: "dw-ticks" });
  const layer = s("g");
  const svg = s("svg", { viewBox: `0 0 ${SPAN} ${SPAN}`, "aria-hidden": "true" }, ticksLayer, layer);
  const handle = h("div", { class: "dw-start", tabindex: 0, role: "group" });
  const element = h("div", { class: "dw-land" }, canvas, svg, ...(move ? [handle] : []));
  const shown = new Map();
  let terrain = null, at = [0, 0], later = 0;
  const px = (x) => (0.5 + (x - terrain.view[0]) / (2 * terrain.view[2])) * SPAN;
  const py = (y) => (0.5 - (y - terrain.view[1]) / (2 * terrain.view[2])) * SPAN;

  const put = (x, y) => {
    const [a, b, half] = terrain.view;
    const within = (v, middle) => Number(Math.min(Math.max(v, middle - half), middle + half).toPrecision(3));
    at = [within(x, a), within(y, b)];  // now: the next key may come before the drawing
    move(...at);
  };
  if (move) {
    dress(element, { class: "dw-land dw-aimed" });
    aim(element, handle, (right, up) => {
      const [a, b, half] = terrain.view;
      put(a + half * (2 * right - 1), b + half * (2 * up - 1));
    }, (right, up, event) => {
      const step = terrain.view[2] * (event.shiftKey ? 0.1 : 0.02);
      put(at[0] + step * right, at[1] + step * up);
    });
  }

  // Paint at once, and finely once nothing has moved for a moment.
  const paint = (next) => {
    const same = terrain && terrain.key === next.key;
    terrain = next;
    if (same) return;
    paintTerrain(canvas, terrain, 240);
    clearTimeout(later);
    later = setTimeout(() => canvas.isConnected && paintTerrain(canvas, next, 640), 160);
    const [a, b, half] = terrain.view;
    const text = (x, y, words, more) => s("text", { x, y, ...more }, words);
    const inner = (middle) => ticks(middle - half, middle + half).filter((v) => Math.abs(v - middle) < 0.88 * half);
    ticksLayer.replaceChildren(
      ...inner(a).flatMap((v) => [s("path", { d: `M${px(v)} ${SPAN}v-5` }), text(px(v), SPAN - 9, show(v), { "text-anchor": "middle" })]),
      ...inner(b).flatMap((v) => [s("path", { d: `M0 ${py(v)}h5` }), text(9, py(v) + 4, show(v))]),
      text(SPAN - 14, SPAN - 9, across, { "text-anchor": "middle" }), text(9, 16, up));
  };
  const start = (x, y, words) => {
    at = [x, y];
    Object.assign(handle.style, { left: `${px(x) / SPAN * 100}%`, top: `${py(y) / SPAN * 100}%` });
    dress(handle, { "aria-label": words });
  };
  const mark = (name) => {
    if (!shown.has(name)) {
      const marks = { line: s("path", { class: "dw-path" }), dots: s("path", { class: "dw-steps" }), head: s("circle", { class: "dw-head", r: 6 }) };
      shown.set(name, { ...marks, group: layer.appendChild(s("g", { class: `dw-${name}` }, marks.line, marks.dots, marks.head)) });
    }
    return shown.get(name);
  };
  // Points nearer than a pixel to the one before are left out; a path that leaves for good ends.
  const path = (name, points, steps) => {
    const { line, dots, head, group } = mark(name);
    let d = "", spots = "", kept = 0, x = NaN, y = NaN, lastX = 0, lastY = 0;
    for (let t = 0; t <= steps; t++) {
      const nextX = px(points[3 * t]), nextY = py(points[3 * t + 1]);
      if (!(Math.abs(nextX) < 1e5 && Math.abs(nextY) < 1e5)) break;
      [lastX, lastY] = [nextX, nextY];
      if (Math.abs(nextX - x) + Math.abs(nextY - y) < 1 && t < steps) continue;
      [x, y] = [nextX, nextY];
      const spot = `${Math.round(10 * x) / 10} ${Math.round(10 * y) / 10}`;
      d += `${t ? "L" : "M"}${spot}`;
      if (kept++ < 60) spots += `M${spot}h0`;
    }
    dress(line, { d });
    dress(dots, { d: spots });
    dress(head, { cx: lastX, cy: lastY });
    dress(group, { display: null });
  };
  const hide = (name) => dress(mark(name).group, { display: "none" });
  return { element, canvas, paint, start, path, hide };
}

// The points of a curve, at most two in each of `columns`: its least and its greatest value there.
function traced(value, steps, columns = 160) {
  if (steps <= 2 * columns) return Array.from({ length: steps + 1 }, (_, t) => [t, value(t)]);
  const points = [];
  for (let c = 0; c < columns; c++) {
    const from = Math.floor((c * steps) / columns), to = Math.floor(((c + 1) * steps) / columns);
    let low = from, high = from;
    for (let t = from; t <= to; t++) {
      if (value(t) < value(low)) low = t;
      if (value(t) > value(high)) high = t;
    }
    points.push(...[...new Set([low, high])].sort((p, q) => p - q).map((t) => [t, value(t)]));
  }
  return points;
}
