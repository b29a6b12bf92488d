// Choose an output and see which inputs hear its gradient, and how much; or let all outputs speak,
// and see the sums where windows overlap. The reader says first what the largest input will hear.

const KINDS = { max: "Maximum", avg: "Average", stochastic: "Stochastic" };

function tidy(state) {
  if (!KINDS[state.kind]) state.kind = "max";
  const side = Math.sqrt(state.cells.length);
  if (!Number.isInteger(side) || side < 3 || side > 6) state.cells = Array(16).fill(1);
  state.cells = state.cells.map((v) => Math.max(v, 0));
  for (const [key, high] of [["kernel", 3], ["stride", 3]]) state[key] = Math.min(Math.max(Math.round(state[key]), 1), high);
  state.rolls = Math.max(Math.round(state.rolls), 1);
  const count = Math.floor((Math.sqrt(state.cells.length) - state.kernel) / state.stride) + 1;
  state.at = state.at.map((v) => Math.min(Math.max(v, 0), count - 1));
}

function render(context) {
  const ui = shell(context, "who_hears_the_gradient", "Who hears the gradient?", tidy);
  const { state } = ui;
  const side = () => Math.sqrt(state.cells.length);
  const input = grid("Input", { edit: (row, column, v) => ui.set({ cells: state.cells.with(row * side() + column, v) }) });
  const output = grid("Output", { choose: (row, column) => (state.all || `${state.at}` !== `${[row, column]}`) && ui.set({ at: [row, column], all: false }) });
  const heard = grid("Gradient at the input");
  const again = h("button", { type: "button", onclick: () => ui.set({ rolls: state.rolls + 1 }) }, "Roll again");
  const quiz = ask(ui);

  // What does the largest input hear if every output sends back 1?
  const question = (dx, covering) => {
    const { cells, kind, kernel } = state;
    const most = Math.max(...cells);
    const truth = dx[cells.indexOf(most)];
    const guesses = [...new Set([truth, 1, covering, 1 / kernel ** 2, 0].map((g) => +g.toFixed(3)))].sort((p, q) => p - q);
    const several = (number) => `${show(number)} window${number === 1 ? "" : "s"}`;
    const law = kind === "max" ? `It wins ${several(truth)} and hears the whole gradient of each: they add.`
      : `It lies in ${several(covering)}, and each hands 1/${kernel ** 2} to every cell: ${covering} · 1/${kernel ** 2} = ${show(truth)}.`;
    return predict(`Every output sends back a gradient of 1. How much arrives at the ${show(most)}?`, guesses.map((g) => show(g)), (index) => {
      quiz.pass();
      ui.set({ all: true });
      return [Math.abs(guesses[index] - truth) < 1e-3, law];
    }).field;
  };

  ui.body.append(
    h("div", { class: "dw-controls dw-top" }, choice(ui, "kind", "Pooling", KINDS), again),
    h("div", { class: "dw-controls" }, slider(ui, "kernel", "Kernel k", [1, 3]), slider(ui, "stride", "Stride s", [1, 3]), tick(ui, "all", "All outputs")),
    h("div", { class: "dw-drawing" }, h("div", { class: "dw-stage" }, input.element, output.element, heard.element)),
    quiz.room);

  ui.run(() => {
    const { kind, cells, kernel, stride, all, rolls } = state;
    const n = side();
    const count = Math.floor((n - kernel) / stride) + 1;
    const windows = Array.from({ length: count ** 2 }, (_, w) => places(n, Math.floor(w / count), w % count, kernel, stride));
    const u = windows.map((_, w) => uniform((rolls - 1) * 64 + w));
    const y = windows.map((at, w) => value(at.map((c) => cells[c]), kind, u[w]));
    const chosen = state.at[0] * count + state.at[1];
    const send = (dy) => gradient(dy, cells, n, kind, kernel, stride, u);
    const every = send(windows.map(() => 1));
    const dx = all ? every : send(windows.map((_, w) => Number(w === chosen)));
    const best = cells.indexOf(Math.max(...cells));
    const key = kind === "stochastic" ? null : [...cells, kind, kernel, stride].join();
    quiz.put(key, () => question(every, windows.filter((at) => at.includes(best)).length));
    const secret = all && quiz.open;
    const inside = (r, c) => !all && windows[chosen].includes(r * n + c);
    const frame = all ? undefined : [state.at[0] * stride, state.at[1] * stride, kernel];
    const most = Math.max(...every, 1);

    again.hidden = kind !== "stochastic";
    input.caption(`Input x, ${n} × ${n}`);
    input.draw(n, (r, c) => ({ text: String(cells[r * n + c]), shade: cells[r * n + c] / Math.max(...cells, 1e-9) / 2, mark: inside(r, c) ? "in" : null, label: `Input, row ${r + 1}, column ${c + 1}` }), frame);
    output.caption(`Output y, ${count} × ${count}`);
    output.draw(count, (r, c) => {
      const w = r * count + c;
      const speaks = all || w === chosen;
      return { text: show(y[w], 2), shade: 0, mark: speaks ? "win" : null, label: `Output, row ${r + 1}, column ${c + 1}: ${show(y[w], 2)}`, tab: w === chosen };
    }, all ? undefined : [...state.at, 1]);
    heard.caption(all ? "∂L/∂x, of all outputs" : "∂L/∂x, of that output");
    heard.draw(n, (r, c) => {
      const g = dx[r * n + c];
      return { text: secret ? "?" : g ? show(g, 2) : "·", shade: secret ? 0 : g / most, mark: !secret && g ? "in" : null, label: `Gradient, row ${r + 1}, column ${c + 1}: ${secret ? "not yet shown" : show(g, 2)}` };
    }, frame);
    if (secret) return "Every output sends back 1. Say first how much the largest input hears.";
    const listeners = dx.filter((g) => g > 0).length;
    const loudest = show(Math.max(...dx), 2);
    return `${all && count > 1 ? `${count ** 2} outputs send back 1 each` : "The chosen output sends back 1"}: ${listeners} of ${n * n} inputs hear of it, ${listeners ? `the loudest ${loudest}; ` : ""}in all ${show(total(dx), 2)}.`;
  });
}
