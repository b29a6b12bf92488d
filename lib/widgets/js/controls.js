// Labelled controls that are bound to one key of the state: each shows it and sets it.

// A slider over numbers; `write(value)` says it in words.
function slider(ui, key, label, [min, max, step = 1], write = show) {
  const input = h("input", { type: "range", min, max, step, oninput: () => ui.set({ [key]: +input.value }) });
  const value = h("output");
  ui.follow.push((state) => {
    input.value = state[key];
    tell(value, write(state[key]));
  });
  return h("label", { class: "dw-slider" }, h("span", {}, label), input, value);
}

// One of several words, as a row of radio buttons: `options` is { value: text }.
function choice(ui, key, label, options) {
  const group = `${ui.root.id}-${key}`;
  const row = h("fieldset", { class: "dw-choice" }, h("legend", {}, label));
  for (const [value, text] of Object.entries(options)) {
    const input = h("input", { type: "radio", name: group, value, onchange: () => ui.set({ [key]: value }) });
    row.append(h("label", {}, input, h("span", {}, text)));
    ui.follow.push((state) => { input.checked = String(state[key]) === value; });
  }
  return row;
}

// A box to tick.
function tick(ui, key, label) {
  const input = h("input", { type: "checkbox", onchange: () => ui.set({ [key]: input.checked }) });
  ui.follow.push((state) => { input.checked = state[key]; });
  return h("label", { class: "dw-tick" }, input, h("span", {}, label));
}
