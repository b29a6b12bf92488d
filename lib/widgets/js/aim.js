// Aim at a point of a picture: click it, drag the handle, or press arrow keys on the handle.
//   aim(picture, handle, (x, y) => …, (right, up, event) => …);
// x and y are shares of the picture's width and height, from the lower left; `right` and `up` are
// −1, 0 or 1.
function aim(picture, handle, put, step) {
  let held = false;
  const point = (event) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    put((event.clientX - left) / width, 1 - (event.clientY - top) / height);
  };
  const end = () => { held = false; };
  const press = (event) => {
    const by = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    step(...by, event);
  };
  dress(picture, { onclick: point, onpointermove: (event) => held && point(event), onpointerup: end, onpointercancel: end });
  dress(handle, { onkeydown: press, onpointerdown: (event) => {
    held = true;
    handle.setPointerCapture(event.pointerId);
  } });
}
