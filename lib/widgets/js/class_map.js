// A small network runs in the page; its class map, averaged, is its logit (up to the bias).
// The digits of the picture can be dragged, the cells of map or picture shuffled.
const SIDE = 24;

// Convolve without bias or stride, padded to the same size, and cut off below zero. Blank cells
// send nothing on, so only the others are visited.
function convolve(x, weights, [outs, ins, kernel, dilation]) {
  const area = SIDE * SIDE, middle = (kernel - 1) / 2;
  const y = new Float64Array(outs * area);
  for (let i = 0; i < ins * area; i++) {
    if (!x[i]) continue;
    const channel = Math.floor(i / area), row = Math.floor((i % area) / SIDE), column = i % SIDE;
    for (let a = 0; a < kernel; a++) for (let b = 0; b < kernel; b++) {
      const r = row - (a - middle) * dilation, c = column - (b - middle) * dilation;
      if (r < 0 || c < 0 || r >= SIDE || c >= SIDE) continue;
      const from = (channel * kernel + a) * kernel + b;
      for (let o = 0; o < outs; o++) y[o * area + r * SIDE + c] += x[i] * weights[o * ins * kernel * kernel + from];
    }
  }
  return y.map((v) => Math.max(v, 0));
}

// All ten class maps of a picture: the weighted sums of its last feature maps.
function classMaps(x, layers, weights) {
  let at = 0;
  for (const layer of layers) {
    const size = layer[0] * layer[1] * layer[2] ** 2;
    x = convolve(x, weights.subarray(at, at + size), layer);
    at += size;
  }
  const channels = layers.at(-1)[0], area = SIDE * SIDE;
  return Array.from({ length: 10 }, (_, c) => {
    const map = new Float64Array(area);
    for (let k = 0; k < channels; k++) {
      const w = weights[at + c * channels + k];
      for (let i = 0; i < area; i++) map[i] += w * x[k * area + i];
    }
    return map;
  });
}

// The cells in an order that depends on the seed alone.
function shuffled(seed) {
  const order = Array.from({ length: SIDE * SIDE }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((seed / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

async function render(context) {
  const { layers, bias, images, scenes } = context.model.get("given");
  const bytes = await inflate(context.model.get("data"));
  const weights = Float64Array.from(new Int16Array(bytes.buffer), (v) => v / 1024);
  const tidy = (state) => {
    state.scene = whole(state.scene, 0, scenes.length - 1);
    state.digit = whole(state.digit, 0, 9);
    state.seed = whole(state.seed, 1, 9999);
    const { at } = scenes[state.scene];
    state.places = at.map((v, i) => whole(state.places[i] ?? v, 0, SIDE - 8));
    if (!["place", "map", "picture"].includes(state.order)) state.order = "place";
  };
  const ui = shell(context, "class_map", "What global average pooling keeps", tidy);
  const { state } = ui;
  const number = (v) => (Math.round(100 * v) < 0 ? "−" : "") + Math.abs(v).toFixed(2);
  const compose = (parts, places) => {
    const x = new Float64Array(SIDE * SIDE);
    parts.forEach((part, n) => images[part].forEach((v, i) => {
      const cell = (places[2 * n] + Math.floor(i / 8)) * SIDE + places[2 * n + 1] + (i % 8);
      x[cell] = Math.max(x[cell], v / 16);
    }));
    return x;
  };
  const sheet = (name, ...parts) => h("div", { class: "dw-panel" }, h("div", { class: "dw-caption" }, name), h("div", { class: "dw-sheet" }, ...parts));

  // Which picture, by thumbnails.
  const gallery = h("fieldset", { class: "dw-gallery" }, h("legend", {}, "Picture"));
  scenes.forEach(({ name, parts, at, digit }, i) => {
    const input = h("input", { type: "radio", name: `${ui.root.id}-scene`, onchange: () => ui.set({ scene: i, places: at, digit }) });
    const small = h("canvas", { class: "dw-ink" });
    heatmap(small, compose(parts, at), SIDE, SIDE, tint(0, 0, 0));
    gallery.append(h("label", { title: name }, input, h("span", {}, small), h("small", {}, name)));
    ui.follow.push((now) => { input.checked = now.scene === i; });
  });

  // The picture, with a handle on each digit.
  const ink = h("canvas", { class: "dw-ink", role: "img" });
  const put = (n, row, column) => ui.set({ places: state.places.with(2 * n, row).with(2 * n + 1, column) });
  const things = [0, 1].map((n) => drag(h("div", { class: "dw-thing" }), SIDE, () => state.places.slice(2 * n, 2 * n + 2), (r, c) => put(n, r, c)));
  const picture = sheet("Picture: drag its digits", ink, ...things);
  const nearest = (e) => {
    if (e.target !== ink) return;
    const box = ink.getBoundingClientRect();
    const [row, column] = [((e.clientY - box.top) / box.height) * SIDE - 4, ((e.clientX - box.left) / box.width) * SIDE - 4];
    const far = scenes[state.scene].parts.map((_, n) => Math.hypot(state.places[2 * n] - row, state.places[2 * n + 1] - column));
    put(far.indexOf(Math.min(...far)), Math.round(row), Math.round(column));
  };
  ink.addEventListener("click", nearest);

  const map = h("canvas", { class: "dw-tint", role: "img" });
  const shadow = h("canvas", { class: "dw-ink dw-shadow", "aria-hidden": "true" });
  const mapSheet = sheet("", shadow, map);

  // Ten answers; below each, the button that shows its map.
  const bars = Array.from({ length: 10 }, () => h("i"));
  const chances = Array.from({ length: 10 }, () => h("span"));
  const answers = h("div", { class: "dw-drawing dw-answers", role: "img" }, ...bars.map((bar, i) => h("div", {}, chances[i], bar)));
  const classes = choice(ui, "digit", "Class", Object.fromEntries(bars.map((_, i) => [i, String(i)])));

  // mean + bias = logit
  const [mean, add, logit] = ["mean", "bias", "logit"].map((name) => h("output", { "data-name": name }));
  const term = (value, ...words) => h("span", {}, value, h("small", {}, ...words));
  const before = h("span");
  const sum = h("div", { class: "dw-drawing dw-equation" }, term(mean, "mean of the map"), h("i", {}, "+"), term(add, "bias"), h("i", {}, "="), term(logit, "logit", before));
  const verdict = h("output", { class: "dw-verdict" });
  sum.append(verdict);

  const order = choice(ui, "order", "Cells", { place: "In place", map: "Map shuffled", picture: "Picture shuffled" });
  const asked = predict(`Shuffle the ${SIDE * SIDE} cells of the map, so that no stroke is left. What happens to the logit?`,
    ["It falls: nothing looks like the digit any more", "It stays exactly the same", "It rises or falls, as chance will have it"], (index) => {
      ui.set({ order: "map", seed: state.seed + 1 });
      const said = ["The parts no longer form a digit, but nothing asks whether they do.", "", "Chance moves the cells; it does not change them."][index];
      return [index === 1, `${said} A mean does not depend on the order of its cells. Global average pooling keeps how much evidence there is for a class and throws away where it lies. Shuffle the picture instead: then the convolutions find other features.`.trim()];
    });
  ui.root.addEventListener("descent:reset", asked.forget);

  const telling = h("div", { class: "dw-caption" }, "Does the picture hold this digit? The network’s ten answers, in %: choose one to see its map.");
  ui.body.append(gallery, telling, answers, classes, h("div", { class: "dw-stage dw-drawing" }, picture, mapSheet), sum, asked.field, order);

  ui.run(() => {
    const { parts, name } = scenes[state.scene];
    const cells = shuffled(state.seed);
    const reorder = (values) => values.map((_, i) => values[cells[i]]);
    const composed = compose(parts, state.places);
    const x = state.order === "picture" ? reorder(composed) : composed;
    const average = (values) => values.reduce((a, b) => a + b, 0) / values.length;
    const maps = classMaps(x, layers, weights);
    const inPlace = state.order === "picture" ? classMaps(composed, layers, weights) : maps;
    const shown = state.order === "map" ? reorder(maps[state.digit]) : maps[state.digit];
    const logits = maps.map((m, c) => average(c === state.digit ? shown : m) + bias[c]);
    const sure = logits.map((z) => 1 / (1 + Math.exp(-z)));
    const top = Math.max(...maps.map((m) => m.reduce((a, v) => Math.max(a, Math.abs(v)), 0)));
    ui.root.shown = { logits, map: shown };

    heatmap(ink, x, SIDE, SIDE, tint(0, 0, 0));
    heatmap(shadow, x, SIDE, SIDE, tint(0, 0, 0));
    shadow.style.visibility = state.order === "map" ? "hidden" : "visible";
    const [blue, orange] = [tint(11, 92, 173), tint(213, 94, 0)];
    heatmap(map, shown, SIDE, SIDE, (v) => (v < 0 ? orange : blue)((Math.abs(v) / top) ** 0.7));
    things.forEach((thing, n) => {
      thing.hidden = n >= parts.length || state.order === "picture";
      if (thing.hidden) return;
      place(thing, SIDE, state.places.slice(2 * n, 2 * n + 2), 8);
      dress(thing, { "aria-label": `The ${parts[n]}: arrow keys move it` });
    });
    tell(mapSheet.firstChild, `Class map of ${state.digit}: blue for it, orange against`);
    dress(ink, { "aria-label": `The picture: ${name}` });
    dress(map, { "aria-label": `Class map of ${state.digit}: where the evidence for it lies` });
    const rounded = Math.round(100 * average(shown)) / 100;
    tell(mean, number(rounded));
    tell(add, number(bias[state.digit]));
    tell(logit, number(rounded + bias[state.digit]));
    order.hidden = state.order === "place" && !ui.root.querySelector(".dw-answer");
    tell(before, state.order === "place" ? "" : `in place: ${number(average(inPlace[state.digit]) + bias[state.digit])}`);
    const yes = logits[state.digit] > 0;
    dress(verdict, { "data-yes": `${yes}` });
    tell(verdict, yes ? `above 0: it sees a ${state.digit}` : `below 0: no ${state.digit}`);
    bars.forEach((bar, i) => {
      bar.style.setProperty("--p", sure[i]);
      dress(bar, { class: i === state.digit ? "dw-chosen" : null });
      tell(chances[i], `${Math.round(100 * sure[i])}`);
    });
    const seen = sure.flatMap((p, i) => (p > 0.5 ? [i] : []));
    const list = seen.length ? seen.join(" and ") : "no digit";
    dress(answers, { "aria-label": `The network sees ${list}` });
    const what = { place: "", map: " The cells of the map are shuffled.", picture: " The cells of the picture are shuffled." }[state.order];
    return `The picture holds ${name}; the network sees ${list}. For ${state.digit}: mean ${number(rounded)} plus bias ${number(bias[state.digit])} is the logit ${number(rounded + bias[state.digit])}.${what}`;
  });
}
