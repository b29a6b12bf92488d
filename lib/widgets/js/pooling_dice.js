// Stochastic pooling as dice: draw once, draw a thousand times, and see what the mean becomes and
// which cell hears the gradient. The reader says first where the mean will lie.

const SIDE = 4;
const WINDOWS = 4;
const KINDS = { stochastic: "Stochastic", max: "Maximum", avg: "Average", lp: "p-norm" };

function tidy(state) {
  if (!KINDS[state.kind]) state.kind = "stochastic";
  if (state.cells.length !== SIDE ** 2) state.cells = Array(SIDE ** 2).fill(1);
  state.cells = state.cells.map((v) => Math.max(v, 0));
  state.at = state.at.map((v) => (v > 0 ? 1 : 0));
  state.rolls = Math.min(Math.max(Math.round(state.rolls), 1), 20000);
  state.norm = Math.min(Math.max(Math.round(state.norm), 1), 8);
}

// All draws of a window so far: how often each cell came, and the mean as it went.
function played(a, rolls, w) {
  const counts = a.map(() => 0);
  const means = [];
  const every = Math.ceil(rolls / 300);
  let sum = 0;
  for (let roll = 0; roll < rolls; roll++) {
    const who = drawn(a, uniform(roll * WINDOWS + w));
    if (who >= 0) {
      counts[who] += 1;
      sum += a[who];
    }
    if (roll % every === 0 || roll === rolls - 1) means.push([roll + 1, sum / (roll + 1)]);
  }
  return { counts, means };
}

function render(context) {
  const ui = shell(context, "pooling_dice", "Pooling by dice", tidy);
  const { state } = ui;
  const input = grid("Input", { edit: (row, column, v) => ui.set({ cells: state.cells.with(row * SIDE + column, v) }) });
  const output = grid("Output", { choose: (row, column) => `${state.at}` !== `${[row, column]}` && ui.set({ at: [row, column] }) });
  const roll = (times) => h("button", { type: "button", onclick: () => ui.set({ rolls: state.rolls + times }) }, `Roll ${times === 1 ? "once" : times.toLocaleString("en")}`);
  const buttons = [roll(1), roll(1000)];
  const often = plot({ x: [-0.6, 3.6], y: [0, 1], xLabel: "the window's cells", yLabel: "share", label: "How often each cell was drawn" });
  const mean = plot({ x: [0, 10], y: [0, 10], xLabel: "draws", yLabel: "mean so far", label: "The mean of all draws so far" });
  const key = h("p", { class: "dw-caption" });
  const meanKey = h("p", { class: "dw-caption" }, h("span", { class: "dw-key dw-blue" }), "mean of the draws ", h("span", { class: "dw-key dw-orange" }), "Σa²/Σa");
  const meanPanel = h("div", { class: "dw-panel" }, meanKey, mean.element);
  const line = h("output", { class: "dw-sum" });
  const quiz = ask(ui);
  const power = slider(ui, "norm", "Norm p", [1, 8]);

  // Where will the mean lie? The choice itself rolls a thousand times.
  const question = (a) => {
    const why = new Map([
      [total(a) / a.length, "That is the plain average, where every cell counts alike. Here large cells are drawn more often."],
      [Math.max(...a), "The largest cell is drawn often, but not always."],
      [expectation(a), "Each value a comes with the chance a/Σa, so the mean tends to Σa·(a/Σa) = Σa²/Σa."],
    ]);
    const guesses = [...why.keys()].sort((p, q) => p - q);
    return predict("Roll the framed window 1,000 times: near which number will the mean of the draws lie?", guesses.map((g) => show(g, 2)), (index) => {
      if (!quiz.passed) ui.set({ rolls: state.rolls + 1000 });
      quiz.pass();
      return [guesses[index] === expectation(a), why.get(guesses[index])];
    }).field;
  };

  ui.body.append(
    h("div", { class: "dw-controls dw-top" }, choice(ui, "kind", "Pooling", KINDS), ...buttons, power),
    h("div", { class: "dw-drawing" },
      h("div", { class: "dw-stage" }, input.element, output.element),
      line,
      h("div", { class: "dw-stage" }, h("div", { class: "dw-panel" }, key, often.element), meanPanel)),
    quiz.room);

  ui.run(() => {
    const { kind, cells, rolls, norm: p } = state;
    const random = kind === "stochastic";
    const window = (w) => places(SIDE, w >> 1, w & 1, 2, 2).map((c) => cells[c]);
    const last = (w) => uniform((rolls - 1) * WINDOWS + w);
    const parts = [0, 1, 2, 3].map((w) => shares(window(w), kind, last(w), p));
    const values = [0, 1, 2, 3].map((w) => value(window(w), kind, last(w), p));
    const chosen = state.at[0] * 2 + state.at[1];
    const a = window(chosen);
    quiz.put(random && new Set(a).size > 1 ? a.join() : null, () => question(a));

    input.caption("Input, editable");
    input.draw(SIDE, (r, c) => {
      const [w, k] = [(r >> 1) * 2 + (c >> 1), (r & 1) * 2 + (c & 1)];
      const part = random ? chances(window(w))[k] : parts[w][k];
      return { text: String(cells[r * SIDE + c]), shade: part, mark: parts[w][k] === 1 ? "win" : w === chosen ? "in" : null, label: `Input, row ${r + 1}, column ${c + 1}` };
    }, [state.at[0] * 2, state.at[1] * 2, 2]);
    output.caption(random ? "This roll" : "Output");
    output.draw(2, (r, c) => ({ text: show(values[r * 2 + c], 2), shade: 0, mark: r * 2 + c === chosen ? "in" : null, label: `Output, row ${r + 1}, column ${c + 1}: ${show(values[r * 2 + c], 2)}`, tab: r * 2 + c === chosen }), [...state.at, 1]);

    for (const button of buttons) button.disabled = !random;
    power.hidden = kind !== "lp";
    meanPanel.hidden = !random || quiz.open;
    const names = a.map((v, k) => [k, show(v, 2)]);
    often.axes(undefined, undefined, names);
    const { counts, means } = played(a, random ? rolls : 0, chosen);
    often.bars("part", random ? counts.map((n) => n / rolls) : parts[chosen], "dw-blue");
    chances(a).forEach((chance, k) => { often.dot(`p${k}`, [k, chance], "dw-orange").style.display = random ? "" : "none"; });
    key.replaceChildren(h("span", { class: "dw-key dw-blue" }), random ? `drawn, of ${rolls.toLocaleString("en")} ` : "share of the gradient", ...(random ? [h("span", { class: "dw-key dw-orange" }), "a/Σa"] : []));
    if (random) {
      const top = Math.max(...a, 1);
      mean.axes([0, Math.max(rolls, 10)], [0, top]);
      mean.line("expected", [[0, expectation(a)], [Math.max(rolls, 10), expectation(a)]], "dw-orange dw-dashed");
      mean.line("mean", means, "dw-blue");
    }

    const zero = total(a) === 0;
    tell(line, describe(a, kind, p, values[chosen], !quiz.open, zero));
    const who = parts[chosen].indexOf(1);
    const hears = zero && (random || kind === "lp") ? "No cell hears the gradient." : who < 0 ? "All cells hear the gradient in shares." : `The gradient goes to the cell with ${show(a[who])} alone.`;
    const after = random && !quiz.open ? ` After ${rolls.toLocaleString("en")} rolls the mean is ${show(means.at(-1)[1], 2)}; Σa²/Σa is ${show(expectation(a), 2)}.` : "";
    return `${KINDS[kind]} pooling of ${a.map((v) => show(v)).join(", ")} gave ${show(values[chosen], 2)}. ${hears}${after}`;
  });
}

// The arithmetic of the framed window, in a line.
function describe(a, kind, p, result, open, zero) {
  if (kind === "max") return `max(${a.map((v) => show(v)).join(", ")}) = ${show(result)}`;
  if (kind === "avg") return `(${a.map((v) => show(v)).join(" + ")}) / ${a.length} = ${show(result)}`;
  if (kind === "lp") return `(${a.map((v) => `${show(v)}^${p}`).join(" + ")})^(1/${p}) = ${show(result)}`;
  if (zero) return "Σa = 0: there is nothing to draw; the output is 0.";
  const chance = `p = ${a.map((v) => show(v)).join(", ")}, each over ${show(total(a))}`;
  return open ? `${chance};  Σa²/Σa = ${show(total(a.map((v) => v * v)))}/${show(total(a))} = ${show(expectation(a), 3)}` : chance;
}
