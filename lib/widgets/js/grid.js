// A square of cells, editable or to be chosen from.
//   const input = grid("Input", { edit: (row, column, value) => … });
//   const output = grid("Output", { choose: (row, column) => … });
//   input.draw(size, (row, column) => ({ text, shade, mark, label, hole }), [row, column, side]);
// A cell's `shade` lies in 0 … 1; `mark` names its CSS state ("in", "win"); a `hole` is neither
// edited nor chosen; `tab` is set for the one that is chosen. The last argument frames a window; it glides to where it is drawn next.
// Arrow keys move among cells to choose from.

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// Put a frame onto a square of `size` cells; none where its side is 0.
function put(frame, [top, left, side], size) {
  const part = (v) => `${(100 * v) / size}%`;
  Object.assign(frame.style, { top: part(top), left: part(left), width: part(side), height: part(side), opacity: side ? 1 : 0 });
}

function grid(name, { edit, choose } = {}) {
  const caption = h("div", { class: "dw-caption" });
  const frame = h("div", { class: "dw-frame" });
  const box = h("div", { class: "dw-grid", role: "group", "aria-label": name });
  const element = h("div", { class: "dw-panel" }, caption, box);
  let cells = [], built = "";

  const make = (row, column, hole) => {
    if (hole) return h("span", { class: "dw-cell dw-hole" });
    const pick = () => choose(row, column);
    if (choose) return h("button", { type: "button", class: "dw-cell", onfocus: pick, onclick: pick, onpointerenter: pick, onkeydown: (e) => step(e, row, column) });
    if (!edit) return h("span", { class: "dw-cell", role: "img" });
    const input = h("input", { type: "number", step: 1, class: "dw-cell", inputmode: "decimal", onfocus: () => input.select(), onblur: () => { input.value = input.dataset.text; } });
    input.addEventListener("input", () => Number.isFinite(input.valueAsNumber) && edit(row, column, input.valueAsNumber));
    return input;
  };
  const step = (event, row, column) => {
    const move = ARROWS[event.key];
    if (!move) return;
    event.preventDefault();
    const side = Math.sqrt(cells.length);
    const [r, c] = [row + move[0], column + move[1]];
    if (r >= 0 && c >= 0 && r < side && c < side) cells[r * side + c].focus();
  };
  const draw = (size, describe, place = [0, 0, 0]) => {
    const all = Array.from({ length: size * size }, (_, i) => describe(Math.floor(i / size), i % size));
    const plan = all.map((cell) => Number(Boolean(cell.hole))).join("");
    if (plan !== built) {
      built = plan;
      cells = all.map((cell, i) => make(Math.floor(i / size), i % size, cell.hole));
      box.style.setProperty("--n", size);
      box.replaceChildren(...cells, frame);
    }
    all.forEach(({ text, shade = 0, mark, label, tab }, i) => {
      const cell = cells[i];
      dress(cell, { "data-mark": mark, "aria-label": label, tabindex: choose && (tab ? 0 : -1), "aria-pressed": choose && String(Boolean(tab)) });
      cell.style.setProperty("--v", shade.toFixed(2));
      if (!edit || cell.tagName === "SPAN") return tell(cell, text);
      cell.dataset.text = text;
      if (document.activeElement !== cell || +cell.value !== +text) cell.value = text;
    });
    put(frame, place, size);
  };
  return { element, draw, caption: (text) => tell(caption, text) };
}
