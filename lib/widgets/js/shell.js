// The shell of a widget with a state. Its own file defines `render(context)`, which calls
//   const ui = shell(context, "name", "Title for screen readers", tidy);
// builds its drawing with `h` or `s`, puts it into the page by ui.body.append(...), and ends with
//   ui.run((state) => { ...draw...; return "One sentence that says what is shown."; });
// The state changes by ui.set({ key: value }) only; the drawing follows in the next frame.
// `tidy(state)` corrects in place what an address may hold but no control would give.

// Make an SVG element as `h` makes one of HTML.
function s(tag, attributes, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// A number as a reader writes it: at most three decimals, a true minus sign.
function show(value, digits = 3) {
  return String(+value.toFixed(digits)).replace("-", "−");
}

function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The state written in the address, #id?key=value&…, read by the types of `start`; or null.
function fromAddress(id, start) {
  const [name, query] = location.hash.slice(1).split("?");
  if (name !== id || query === undefined) return null;
  const state = {};
  for (const [key, text] of new URLSearchParams(query)) {
    if (!Object.hasOwn(start, key)) continue;
    const like = start[key];
    const value = Array.isArray(like) ? text.split(",").map(Number)
      : typeof like === "number" ? Number(text)
      : typeof like === "boolean" ? text === "true" : text;
    if (![value].flat().some(Number.isNaN)) state[key] = value;
  }
  return state;
}

function toAddress(id, start, state) {
  const changed = Object.keys(start).filter((key) => `${state[key]}` !== `${start[key]}`);
  return `#${id}?${changed.map((key) => `${key}=${encodeURIComponent(state[key]).replaceAll("%2C", ",")}`).join("&")}`;
}

function shell(context, name, title, tidy = () => {}) {
  const { model } = context;
  const start = model.get("start");
  const state = {};
  const summary = h("p", { class: "dw-summary", "aria-live": "polite" });
  const note = h("span", { role: "status" });
  let paint, pending = false;

  const draw = () => {
    pending = false;
    for (const follow of ui.follow) follow(state);
    tell(summary, paint(state));
  };
  const adopt = (change) => {
    Object.assign(state, structuredClone({ ...change }));
    tidy(state);
    if (!pending && paint) requestAnimationFrame(draw);
    pending = true;
  };
  const set = (change) => {
    adopt(change);
    tell(note, "");
    model.set("state", { ...state });
    model.save_changes();
  };
  const reset = () => {
    set(start);
    ui.root.dispatchEvent(new CustomEvent("descent:reset"));
  };
  const ui = { ...frame(context, name, title, reset, (message) => message.hello && adopt({})), start, state, set, follow: [] };
  const { id } = ui.root;
  const share = async () => {
    history.replaceState(history.state, "", toAddress(id, start, state));
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    tell(note, copied ? "Link copied." : "The link is in the address bar.");
  };
  // Draw again in the next frame, where a drawing is not yet finished.
  ui.redraw = () => adopt({});
  ui.run = (how) => {
    const linked = fromAddress(id, start);
    adopt({ ...start, ...model.get("state"), ...linked });
    paint = how;
    draw();
    ui.ready();
    if (linked) ui.root.scrollIntoView({ block: "center" });
  };
  ui.body.after(summary);
  ui.foot.append(h("button", { type: "button", class: "dw-link", onclick: share }, "Link to this state"), note);
  model.on("change:state", () => adopt(model.get("state")));
  addEventListener("hashchange", () => {
    const linked = fromAddress(id, start);
    if (linked && ui.root.isConnected) set({ ...start, ...linked });
  });
  return ui;
}
