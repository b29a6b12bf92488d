// Move things over a picture of `side` cells, by pointer or by arrow keys.
//   drag(handle, side, () => [row, column], (row, column) => …);
// The handle stands on the picture; its parent is as wide as the picture.
function drag(handle, side, at, put) {
  let from = null;
  const start = (e) => {
    handle.setPointerCapture(e.pointerId);
    from = [e.clientY, e.clientX, ...at()];
  };
  const move = (e) => {
    if (!from) return;
    const cell = handle.parentElement.clientWidth / side;
    const [y, x, row, column] = from;
    put(row + Math.round((e.clientY - y) / cell), column + Math.round((e.clientX - x) / cell));
  };
  const end = () => { from = null; };
  const press = (e) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    if (!by) return;
    e.preventDefault();
    const [row, column] = at();
    put(row + by[0], column + by[1]);
  };
  return dress(handle, { tabindex: 0, role: "group", onpointerdown: start, onpointermove: move, onpointerup: end, onpointercancel: end, onkeydown: press });
}

// Put an element over the cells of a picture.
function place(element, side, [row, column], span) {
  const part = (v) => `${(100 * v) / side}%`;
  Object.assign(element.style, { top: part(row), left: part(column), width: part(span), height: part(span) });
}

// Clamp a value of the address to whole numbers between two bounds.
function whole(value, low, high) {
  return Math.min(Math.max(Math.round(Number(value)) || 0, low), high);
}

// Read a colour for values in 0 … 1 by transparency, so that it suits light and dark paper.
function tint(red, green, blue) {
  return (v) => [red, green, blue, Math.round(255 * Math.min(v, 1))];
}
