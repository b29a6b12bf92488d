// Shows the anywidget models that stand in a page as JSON, with no kernel and no network.
(() => {
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const STATE = "application/vnd.jupyter.widget-state+json";
  const texts = (type) => [...document.querySelectorAll(`script[type="${type}"]`)];

  const bytes = (base64) => {
    const text = atob(base64);
    return new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  };

  // As much of a front end's model as a widget without kernel needs.
  class Model {
    #listeners = {};
    constructor({ state, buffers = [] }) {
      this.state = state;
      for (const { path, data } of buffers) {
        const last = path.at(-1);
        path.slice(0, -1).reduce((place, key) => place[key], state)[last] = bytes(data);
      }
    }
    get(key) { return this.state[key]; }
    set(key, value) { this.state[key] = value; }
    save_changes() {}
    send() {}
    on(event, listener) { (this.#listeners[event] ||= []).push(listener); }
    off(event) { delete this.#listeners[event]; }
  }

  const modules = new Map();
  const load = (source) => {
    if (!modules.has(source)) {
      const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      modules.set(source, import(address));
    }
    return modules.get(source);
  };

  const run = async () => {
    const states = Object.assign({}, ...texts(STATE).map((s) => JSON.parse(s.textContent).state));
    for (const view of texts(VIEW)) {
      const found = states[JSON.parse(view.textContent).model_id];
      if (!found?.state._esm) continue;
      const el = document.createElement("div");
      view.after(el);
      try {
        (await load(found.state._esm)).default.render({ model: new Model(found), el });
      } catch (error) {
        el.textContent = "This figure could not start in this browser.";
        console.error(error);
      }
    }
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", run) : run();
})();
