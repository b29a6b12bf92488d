// A digit moves by pixels; ten recorded networks (five poolings, two heads) say what they read.
// The comparison appears once the reader has said what one pixel does to max pooling.
async function render(context) {
  const { poolings, heads, images, accuracy, seeds } = context.model.get("given");
  const sweep = await openSweep(context);
  const [reach, steps] = [3, 7];
  // Only the middle of the frame is drawn; around it there is blank paper.
  const [side, room] = [16, 4];
  const max = poolings.indexOf("max");
  const tidy = (state) => {
    state.digit = whole(state.digit, 0, 9);
    for (const key of ["down", "right"]) state[key] = whole(state[key], -reach, reach);
  };
  const ui = shell(context, "one_pixel_shift", "A digit moves by a pixel, ten networks read it", tidy);
  const { state } = ui;
  const put = (down, right) => ui.set({ down, right });
  const percent = (p) => `${Math.round(100 * p)} %`;
  const signed = (v) => (v > 0 ? `+${v}` : show(v));
  const way = (v, less, more) => (v ? [`${Math.abs(v)} ${v < 0 ? less : more}`] : []);

  const sheet = h("canvas", { class: "dw-ink", role: "img" });
  const thing = drag(h("div", { class: "dw-thing" }), side, () => [state.down, state.right], put);
  const home = h("div", { class: "dw-home" });
  place(home, side, [room, room], 8);
  const controls = h("div", { class: "dw-controls" },
    choice(ui, "digit", "Digit", Object.fromEntries(images.map((_, i) => [i, String(i)]))),
    slider(ui, "right", "Pixels right", [-reach, reach], signed),
    slider(ui, "down", "Pixels down", [-reach, reach], signed));

  // One network: a map over the 49 shifts, its ten probabilities, its answer.
  const net = (pooling, head) => {
    const canvas = h("canvas", { class: "dw-tint", role: "img" });
    const here = h("div", { class: "dw-here" });
    const point = (e) => {
      if (e.type === "pointermove" && !(e.buttons && e.pointerType === "mouse")) return;
      const box = canvas.getBoundingClientRect();
      const step = (v, from, size) => Math.min(Math.max(Math.floor(((v - from) / size) * steps), 0), steps - 1) - reach;
      put(step(e.clientY, box.top, box.height), step(e.clientX, box.left, box.width));
    };
    const map = h("div", { class: "dw-map", onclick: point, onpointermove: point }, canvas, here);
    const bars = Array.from({ length: 10 }, (_, i) => h("i", { "data-digit": i }));
    const says = h("output");
    const right = h("small");
    const all = h("small");
    const element = h("div", { class: "dw-net", "data-pooling": poolings[pooling], "data-head": heads[head] },
      map, h("div", { class: "dw-says" }, says, h("div", { class: "dw-bars", "aria-hidden": "true" }, ...bars)), right, all);
    const draw = (frame) => {
      const of = (down, right) => frame.subarray(((down + reach) * steps + right + reach) * 10).subarray(0, 10);
      const answer = (p) => p.indexOf(Math.max(...p));
      const every = Array.from({ length: steps ** 2 }, (_, i) => frame.subarray(10 * i, 10 * i + 10));
      const now = of(state.down, state.right);
      const read = answer(now);
      const hits = every.filter((p) => answer(p) === state.digit).length;
      heatmap(canvas, every.map((p) => p[state.digit]), steps, steps, tint(11, 92, 173));
      dress(canvas, { "aria-label": `Probability of ${state.digit} at each of 49 shifts; the answer is right at ${hits}` });
      place(here, steps, [state.down + reach, state.right + reach], 1);
      bars.forEach((bar, i) => {
        bar.style.setProperty("--p", now[i]);
        dress(bar, { class: i === state.digit ? "dw-true" : i === read ? "dw-false" : null });
      });
      dress(says, { "data-right": `${read === state.digit}` });
      tell(says, `${read === state.digit ? "✓" : "✗"} ${read}: ${percent(now[read])}`);
      tell(right, `right at ${hits} of 49`);
      tell(all, `600 digits: ${percent(accuracy[head][pooling][distance()])}`);
      element.shown = now;
      return read === state.digit;
    };
    return { element, draw };
  };
  const distance = () => Math.max(Math.abs(state.down), Math.abs(state.right));
  const nets = heads.map((_, head) => poolings.map((_, pooling) => net(pooling, head)));
  const title = (text) => text[0].toUpperCase() + text.slice(1);
  const table = h("div", { class: "dw-nets" }, h("span"), ...heads.map((head) => h("b", { class: "dw-head" }, `${title(head)} head`)),
    ...poolings.flatMap((pooling, i) => [h("b", {}, title(pooling)), ...heads.map((_, head) => nets[head][i].element)]));
  const legend = h("p", { class: "dw-legend" }, "Each square is one of the 49 shifts: the stronger its colour, the surer of the right digit.", h("br"),
    `“600 digits” is the share of all test digits read right when moved this far (mean of ${seeds} trainings).`);

  // The question, and what came of it.
  const [centre, moved] = accuracy[0][max].map((a) => Math.round(100 * a));
  const guesses = [centre, Math.round((centre + moved) / 2), moved, Math.max(moved - 25, 10)];
  const wrong = ["That is what “invariant” would mean.", "The loss is greater.", "", "It is not as bad as that."];
  let guess = -1;
  const rows = [["In the middle", centre], ["One pixel away", moved], ["Your guess", 0]].map(([words, value]) => {
    const bar = h("i", { style: `--p: ${value / 100}` });
    const number = h("span", {}, String(value));
    return { bar, number, cells: [h("span", {}, words), h("div", {}, bar), number] };
  });
  const tally = h("div", { class: "dw-tally" }, h("b", {}, "Of 100 new digits, max pooling with a dense head reads right:"), ...rows.flatMap((row) => row.cells));
  const asked = predict(`A network with max pooling and a dense head learnt from digits in the middle of the frame. There it reads ${centre} of 100 new digits right. Each moves by one pixel, across, down or both: how many does it still read right?`,
    guesses.map((n, i) => (i ? `About ${n}` : `Still ${n}`)), (index) => {
      guess = index;
      rows[2].bar.style.setProperty("--p", guesses[index] / 100);
      tell(rows[2].number, String(guesses[index]));
      ui.set(distance() ? {} : { right: 1 });
      return [index === 2, `${wrong[index]} It still reads ${moved}. The windows of max pooling forgive a move only while the largest value stays in its window, and a dense head knows each position by a weight of its own.`.trim()];
    });
  ui.root.addEventListener("descent:reset", () => { guess = -1; asked.forget(); });

  const caption = h("div", { class: "dw-caption" }, "Drag the digit. Dashed: where every training digit stood.");
  const frame = h("div", { class: "dw-drawing" }, h("div", { class: "dw-sheet" }, sheet, home, thing), caption);
  const after = h("div", { class: "dw-after dw-drawing" }, tally, table, legend);
  ui.body.append(h("div", { class: "dw-lead" }, frame, h("div", {}, controls, asked.field)), after);
  ui.run(() => {
    const image = images[state.digit];
    const ink = Array.from({ length: side ** 2 }, (_, i) => {
      const [r, c] = [Math.floor(i / side) - room - state.down, (i % side) - room - state.right];
      return r >= 0 && c >= 0 && r < 8 && c < 8 ? image[r * 8 + c] / 16 : 0;
    });
    heatmap(sheet, ink, side, side, tint(0, 0, 0));
    place(thing, side, [room + state.down, room + state.right], 8);
    dress(thing, { "aria-label": `Digit ${state.digit}: arrow keys move it by a pixel` });
    const ways = [...way(state.right, "left", "right"), ...way(state.down, "up", "down")];
    const where = ways.length ? `moved by ${ways.join(" and ")}` : "in the middle";
    dress(sheet, { "aria-label": `A handwritten ${state.digit}, ${where}` });
    after.hidden = guess < 0;
    if (guess < 0) return `A ${state.digit}, ${where}. Say first what a pixel does.`;
    const values = sweep.at(state);
    const size = steps ** 2 * 10;
    const right = nets.map((row, head) => poolings.filter((_, i) => row[i].draw(values.subarray((head * poolings.length + i) * size).subarray(0, size))));
    const list = (names) => (names.length === poolings.length ? "all five" : names.join(", ") || "none");
    return `A ${state.digit}, ${where}. Read right under the ${heads.map((head, i) => `${head} head by ${list(right[i])}`).join("; under the ")}.`;
  });
}
