// A window slides over a grid of numbers or a photograph; the size formula is filled in live.
// Where the division leaves a remainder, the reader says first how many windows fit.

const KINDS = { max: "Maximum", avg: "Average", lp: "p-norm" };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

// What a kind of pooling takes: torch's average has no dilation, its p-norm no padding either.
function options(state) {
  const { kind, kernel, stride, ceil, norm } = state;
  const padding = kind === "lp" ? 0 : state.padding;
  return { kind, kernel, stride, ceil, norm, padding, dilation: kind === "max" ? state.dilation : 1 };
}

function tidy(state) {
  const bound = (key, low, high) => { state[key] = Math.min(Math.max(Math.round(state[key]), low), high); };
  bound("size", 3, 8);
  for (const key of ["kernel", "stride"]) bound(key, 1, 6);
  bound("padding", 0, 3);
  bound("dilation", 1, 3);
  bound("norm", 1, 8);
  if (!KINDS[state.kind]) state.kind = "max";
  const old = Math.round(Math.sqrt(state.cells.length));
  if (state.cells.length !== state.size ** 2) {
    state.cells = Array.from({ length: state.size ** 2 }, (_, i) => {
      const [row, column] = [Math.floor(i / state.size), i % state.size];
      return row < old && column < old ? state.cells[row * old + column] : (3 * row + 5 * column + row * column) % 10;
    });
  }
}

// Write the formula into `law`: in letters, in numbers, step by step. `end` is the last word.
function writeLaw(law, n, o, end) {
  const { kernel, stride, padding, dilation, ceil } = o;
  const letters = (text) => text.split(/([a-z])/).map((t) => (/[a-z]/.test(t) ? h("i", {}, t) : t));
  const over = (top, bottom) => h("span", { class: "dw-over" }, h("span", {}, ...top), h("span", {}, ...bottom));
  const rounded = (...inner) => h("span", { class: "dw-rounded", "data-up": ceil || null }, ...inner);
  const spread = dilation > 1;
  const inLetters = spread ? "n + 2p − d(k − 1) − 1" : "n + 2p − k";
  const inNumbers = spread ? `${n} + 2·${padding} − ${dilation}(${kernel} − 1) − 1` : `${n} + 2·${padding} − ${kernel}`;
  const steps = show(room(n, o) / stride, 2);
  law.replaceChildren(
    h("span", {}, rounded(over(letters(inLetters), letters("s"))), " + 1"),
    h("span", {}, "= ", rounded(over([inNumbers], [stride])), " + 1"),
    h("span", {}, "= ", rounded(steps), " + 1"),
    h("span", {}, "= ", h("b", {}, end)));
  dress(law, { "aria-label": `${ceil ? "ceiling" : "floor"} of (${inNumbers}) over ${stride}, plus 1, is ${end}` });
}

// What the window does with its numbers, in a line.
function sum(values, value, o) {
  if (values.length > 12) return `${KINDS[o.kind]} of ${values.length} numbers: ${show(value, 2)}`;
  const said = values.map((v) => (Number.isFinite(v) ? show(v) : "−∞"));
  const raised = () => values.map((v) => (v < 0 ? `(${show(v)})` : show(v)) + RAISED[o.norm]).join(" + ");
  const left = o.kind === "max" ? `max(${said.join(", ")})`
    : o.kind === "avg" ? `(${said.join(" + ").replaceAll("+ −", "− ")}) / ${values.length}`
    : `(${values.length < o.kernel ** 2 ? `${o.kernel ** 2}/${values.length} · (${raised()})` : raised()})^(1/${o.norm})`;
  return `${left} = ${show(value, 3)}`;
}

// Why nothing can be pooled, or nothing.
function refusal(n, o) {
  const span = o.dilation * (o.kernel - 1) + 1;
  if (2 * o.padding > o.kernel) return `A padding of ${o.padding} is more than half of the kernel: pooling refuses it, for a window could see padding alone.`;
  if (windowCount(n, o) < 1) return `No window fits: it spans ${span} cells, and there are ${n + 2 * o.padding}.`;
  return "";
}

// The numbers that window (i, j) sees, those of the padding among them.
function seen(x, n, [top, left], o) {
  const values = [];
  for (let k = 0; k < o.kernel ** 2; k++) {
    const [row, column] = [top + Math.floor(k / o.kernel) * o.dilation, left + (k % o.kernel) * o.dilation];
    const past = row >= n + o.padding || column >= n + o.padding;
    if (row >= 0 && column >= 0 && row < n && column < n) values.push(x[row * n + column]);
    else if (!past) values.push(o.kind === "max" ? -Infinity : 0);
  }
  return values;
}

// How many windows fit along a side, where the division leaves a remainder.
function howMany(n, o, answered) {
  const count = windowCount(n, o);
  const steps = room(n, o) / o.stride;
  const [low, high] = [Math.floor(steps), Math.ceil(steps)];
  const guesses = [...new Set([low, low + 1, high + 1, Math.floor(n / o.stride)])].filter((v) => v > 0).sort((a, b) => a - b);
  const why = !o.ceil ? `${show(steps, 2)} is rounded down: a window that hangs over the edge is left out, and with it what only that window would see.`
    : count === high + 1 ? `${show(steps, 2)} is rounded up: the last window may hang over the edge.`
    : "Rounded up there would be one more, but it would start beyond the image and see no cell of it: it is dropped.";
  return predict(`${show(steps, 2)} steps fit. How many windows are there along a side?`, guesses.map(String), (index) => {
    const right = guesses[index] === count;
    answered(right);
    return [right, `${!right && guesses[index] === low ? "The first window counts too. " : ""}There are ${count}: ${why}`];
  }).field;
}

async function render(context) {
  const photo = await inflate(context.model.get("data"));
  const side = Math.sqrt(photo.length);
  const ui = shell(context, "sliding_window", "A window slides over a grid", tidy);
  const { state } = ui;
  const quiz = ask(ui);
  const size = () => (state.source === "photo" ? side : state.size);
  const count = () => windowCount(size(), options(state));
  let timer = 0;

  const move = (row, column) => {
    const [i, j] = [row, column].map((v) => Math.min(Math.max(v, 0), count() - 1));
    if (state.at[0] !== i || state.at[1] !== j) ui.set({ at: [i, j] });
  };
  const choose = (row, column) => {
    stop();
    move(row, column);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    tell(play, "Slide");
  };
  const go = () => {
    if (!ui.root.isConnected) return stop();
    const next = (state.at[0] * count() + state.at[1] + 1) % count() ** 2;
    move(Math.floor(next / count()), next % count());
  };
  const start = () => {
    timer = setInterval(go, 700);
    tell(play, "Stop");
    go();
  };
  const play = h("button", { type: "button", onclick: () => (timer ? stop() : start()) }, "Slide");
  ui.root.addEventListener("descent:reset", stop);

  const input = grid("Input", { edit: (row, column, value) => {
    const { padding } = options(state);
    ui.set({ cells: state.cells.with((row - padding) * state.size + column - padding, value) });
  } });
  const output = grid("Output", { choose });
  const step = (down, right) => choose(state.at[0] + down, state.at[1] + right);
  const before = picture("The photograph", (x, y) => {
    const { kernel, stride, padding, dilation } = options(state);
    const reach = (v) => Math.round((v * side + padding - (dilation * (kernel - 1) + 1) / 2) / stride);
    choose(reach(y), reach(x));
  }, step);
  const after = picture("The photograph, pooled", (x, y) => choose(Math.floor(y * count()), Math.floor(x * count())), step);
  const law = h("div", { class: "dw-law", role: "math" });
  const line = h("output", { class: "dw-sum" });
  const sorry = h("p", { class: "dw-sorry" });
  const sliders = {
    size: slider(ui, "size", "Input size n", [3, 8]),
    kernel: slider(ui, "kernel", "Kernel k", [1, 6]),
    stride: slider(ui, "stride", "Stride s", [1, 6]),
    padding: slider(ui, "padding", "Padding p", [0, 3]),
    dilation: slider(ui, "dilation", "Dilation d", [1, 3]),
    norm: slider(ui, "norm", "Norm p", [1, 8]),
  };
  ui.body.append(
    h("div", { class: "dw-controls dw-top" }, choice(ui, "kind", "Pooling", KINDS), choice(ui, "source", "Input", { grid: "Numbers", photo: "Photograph" }), play),
    h("div", { class: "dw-controls" }, ...Object.values(sliders), tick(ui, "ceil", "ceil_mode")),
    h("div", { class: "dw-drawing" },
      h("div", { class: "dw-stage" }, input.element, before.element, output.element, after.element, sorry), line, law),
    quiz.room);

  // What can be seen, by the kind of pooling and of input, and by what is still to be answered.
  const reveal = (o, shown) => {
    const numbers = state.source !== "photo";
    sliders.size.hidden = input.element.hidden = !numbers;
    sliders.padding.hidden = o.kind === "lp";
    sliders.dilation.hidden = o.kind !== "max";
    sliders.norm.hidden = o.kind !== "lp";
    before.element.hidden = numbers;
    output.element.hidden = !numbers || !shown;
    after.element.hidden = numbers || !shown;
    play.disabled = !shown;
  };

  const drawInput = (x, n, o, [top, left], span, value) => {
    const last = value === null ? 0 : (count() - 1) * o.stride;
    const total = Math.max(n + 2 * o.padding, last + span);
    const scale = Math.max(...x.map(Math.abs), 1e-9);
    const within = (v) => v >= 0 && v < span && v % o.dilation === 0;
    let winner = value === null || o.kind !== "max";
    input.caption(`Input ${n} × ${n}`);
    input.draw(total, (r, c) => {
      const [row, column] = [r - o.padding, c - o.padding];
      const mark = within(row - top) && within(column - left) ? "in" : null;
      if (Math.min(row, column) < 0 || Math.max(row, column) >= n) {
        const past = Math.max(row, column) >= n + o.padding;
        return { hole: true, text: past ? "" : o.kind === "max" ? "−∞" : "0", mark };
      }
      const v = x[row * n + column];
      const wins = mark && !winner && v === value;
      winner ||= wins;
      return { text: String(v), shade: Math.abs(v) / scale, mark: wins ? "win" : mark, label: `Input, row ${row + 1}, column ${column + 1}` };
    }, [top + o.padding, left + o.padding, span]);
  };

  const drawOutput = (y, count, scale) => {
    output.caption(`Output ${count} × ${count}`);
    output.draw(count, (r, c) => {
      const v = y[r * count + c];
      const here = r === state.at[0] && c === state.at[1];
      const text = Number.isNaN(v) ? "NaN" : v === -Infinity ? "−∞" : show(v, 2);
      return { text, shade: Number.isFinite(v) ? Math.min(Math.abs(v) / scale, 1) : 0, mark: here ? "in" : null, label: `Output, row ${r + 1}, column ${c + 1}: ${text}`, tab: here };
    }, [...state.at, 1]);
  };

  ui.run(() => {
    const [n, o] = [size(), options(state)];
    const numbers = state.source !== "photo";
    const bad = refusal(n, o);
    const uneven = !bad && numbers && room(n, o) % o.stride !== 0;
    quiz.put(uneven ? JSON.stringify([n, o]) : null, () => howMany(n, o, (right) => {
      if (right) quiz.pass();
      ui.set({});
    }));
    const shown = !bad && !quiz.open;
    reveal(o, shown);
    tell(sorry, bad || (quiz.open ? "?" : ""));
    dress(sorry, { "data-asked": quiz.open || null });
    writeLaw(law, n, o, bad ? "none" : shown ? count() : "?");

    state.at = state.at.map((v) => (shown ? Math.min(v, count() - 1) : 0));
    const [i, j] = state.at;
    const corner = [i * o.stride - o.padding, j * o.stride - o.padding];
    const span = bad ? 0 : o.dilation * (o.kernel - 1) + 1;
    const x = numbers ? state.cells : photo;
    const y = shown ? pool(x, n, o) : [];
    const value = shown ? y[i * count() + j] : null;
    const grey = (v) => [v, v, v, 255];
    if (numbers) drawInput(x, n, o, corner, span, value);
    else before.draw(photo, n, grey, [...corner, span], `Input ${n} × ${n}`);
    if (!shown) {
      tell(line, "");
      return bad || "How many windows fit? Say so first.";
    }
    const top = Math.max(...y.filter(Number.isFinite).map(Math.abs), 1e-9);
    if (numbers) drawOutput(y, count(), top);
    else after.draw(y, count(), o.kind === "lp" ? (v) => grey((255 * v) / top) : grey, [i, j, 1], `Output ${count()} × ${count()}`);
    tell(line, sum(seen(x, n, corner, o), value, o));
    return `${KINDS[o.kind]} pooling of ${n} × ${n} gives ${count()} × ${count()}; row ${i + 1}, column ${j + 1} is ${show(value, 2)}.`;
  });
}
