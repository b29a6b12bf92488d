// What every widget is made of: elements, the frame, and the question before the answer.

// Make an HTML element: h("button", { class: "x", onclick: f }, "text", child).
function h(tag, attributes, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

// Set attributes (false and null remove, functions listen) and append children.
function dress(element, attributes = {}, children = []) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === false || value == null) element.removeAttribute(key);
    else if (element.getAttribute(key) !== String(value)) element.setAttribute(key, value);
  }
  if (children.length) element.append(...children);
  return element;
}

// Build what every widget has, and greet the kernel if there is one: `hear(message, buffers)`
// is told what it says. The first call of `ready` marks the widget as drawn.
function frame({ model, el }, name, title, reset, hear = () => {}) {
  const same = document.querySelectorAll(`[data-widget="${name}"]`).length;
  const body = h("div", { class: "dw-body" });
  // What has the focus keeps its arrow keys, which JupyterLab would take to move between cells.
  const ours = (event) => dress(event.target, { "data-lm-suppress-shortcuts": true });
  const foot = h("div", { class: "dw-foot" }, h("button", { type: "button", class: "dw-reset", onclick: reset }, "Reset"));
  const root = h("div", { class: "descent-widget", "data-widget": name, id: name + (same ? `-${same + 1}` : ""), role: "group", "aria-label": title, onfocusin: ours }, h("style", {}, STYLE), body, foot);
  const ready = () => {
    root.dataset.ready = "true";
    (globalThis.__descentReady ||= []).push(performance.now());
  };
  el.append(root);
  model.on("msg:custom", (message, buffers) => {
    if (message.hello) root.dataset.live = "true";
    hear(message, buffers);
  });
  model.send({ hello: true });
  return { root, body, foot, ready };
}

// Ask before telling: a question, its options as buttons, and room for an answer, which is not
// in the page before a choice. `pick(index)` returns [right, text] for the option chosen.
function predict(prompt, options, pick) {
  const buttons = options.map((text, index) =>
    h("button", { type: "button", "aria-pressed": "false", onclick: () => choose(index) }, text));
  const field = h("fieldset", { class: "dw-predict" }, h("legend", {}, prompt), h("div", { class: "dw-options" }, ...buttons));
  const room = h("div", { "aria-live": "polite" });
  const choose = (index) => {
    forget();
    const [right, text] = pick(index);
    dress(buttons[index], { "aria-pressed": "true", "data-right": `${right}` });
    room.append(h("p", { class: "dw-answer", "data-right": `${right}` }, h("b", {}, right ? "✓ Yes. " : "✗ Not quite. "), text));
  };
  const forget = () => {
    for (const button of buttons) dress(button, { "aria-pressed": "false", "data-right": null });
    room.replaceChildren();
  };
  field.append(room);
  return { field, choose, forget };
}
