// Controls over listed values; the state holds the value itself, so that a link can be read.
//   stops(ui, "kappa", "κ", [1, 2, 5, 10], show)    a slider that stops at each
//   select(ui, "terrain", "Terrain", { key: "words" })   one of several words, in a list
//   state.kappa = nearest(values, state.kappa)      in `tidy`: what an address may hold

// The listed value that is nearest, as a ratio.
function nearest(values, value) {
  const far = (v) => (v === value ? 0 : Math.abs(v - value) / (Math.abs(v) + Math.abs(value)));
  return values.reduce((best, v) => (far(v) < far(best) ? v : best));
}

// Numbers from `low` to `high`, `each` to a decade, in two digits.
function decades(low, high, each) {
  const count = Math.round(Math.log10(high / low) * each);
  return [...new Set(Array.from({ length: count + 1 }, (_, i) => Number((low * 10 ** (i / each)).toPrecision(2))))];
}

function stops(ui, key, label, values, write = show) {
  const input = h("input", { type: "range", min: 0, max: values.length - 1, step: 1, oninput: () => ui.set({ [key]: values[input.value] }) });
  const value = h("output");
  ui.follow.push((state) => {
    input.value = values.indexOf(nearest(values, state[key]));
    dress(input, { "aria-valuetext": write(state[key]) });
    tell(value, write(state[key]));
  });
  return h("label", { class: "dw-slider" }, h("span", {}, label), input, value);
}

function select(ui, key, label, options) {
  const input = h("select", { onchange: () => ui.set({ [key]: input.value }) }, ...Object.entries(options).map(([value, text]) => h("option", { value }, text)));
  ui.follow.push((state) => { input.value = state[key]; });
  return h("label", { class: "dw-select" }, h("span", {}, label), input);
}
