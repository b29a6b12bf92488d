// Paint values (row by row) onto a canvas, one pixel each; `colour(value)` gives [r, g, b, a].
function heatmap(canvas, values, width, height, colour) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  values.forEach((v, i) => image.data.set(colour(v), 4 * i));
  context.putImageData(image, 0, 0);
}

// A square picture with a frame on it: `point(x, y)` hears the pointer's place in 0 … 1, and
// `step(down, right)` the arrow keys.
function picture(name, point, step) {
  const canvas = h("canvas", { role: "img", "aria-label": name });
  const frame = h("div", { class: "dw-frame" });
  const caption = h("div", { class: "dw-caption" });
  const follow = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    point((event.clientX - left) / width, (event.clientY - top) / height);
  };
  const press = (event) => {
    const move = ARROWS[event.key];
    if (!move) return;
    event.preventDefault();
    step(...move);
  };
  const stage = h("div", { class: "dw-picture", tabindex: 0, role: "group", "aria-label": `${name}: arrow keys move the frame`, onpointermove: follow, onpointerdown: follow, onkeydown: press }, canvas, frame);
  const draw = (values, size, colour, place, words) => {
    heatmap(canvas, values, size, size, colour);
    tell(caption, words);
    put(frame, place, size);
  };
  return { element: h("div", { class: "dw-panel" }, caption, stage), draw };
}
