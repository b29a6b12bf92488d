// A widget for the tests alone: it uses every part of the foundation once.
async function render(context) {
  const sweep = await openSweep(context);
  const ui = shell(context, "probe", "Probe", (state) => { state.slope = Math.min(Math.max(state.slope, 0), 4); });
  const chart = plot({ x: [0, 4], y: [-1, 16], xLabel: "place", yLabel: "height", label: "A straight line" });
  const canvas = h("canvas", { role: "img", "aria-label": "The same line as colours" });
  const controls = h("div", { class: "dw-controls" },
    slider(ui, "slope", "Slope", [0, 4]),
    choice(ui, "sign", "Sign", { up: "Up", down: "Down" }),
    tick(ui, "bars", "As bars"));
  ui.body.append(controls, h("div", { class: "dw-drawing" }, chart.element, canvas));
  const paint = (frame, bars) => {
    ui.root.dataset.frame = Array.from(frame).join();
    chart.line("line", Array.from(frame).map((v, i) => [i, v]), "dw-blue");
    chart.bars("bar", Array.from(frame).map((v) => (bars ? v : 0)), "dw-orange");
    chart.dot("last", [4, frame[4]], "dw-teal");
    heatmap(canvas, frame, 5, 1, (v) => [16 * v, 0, 0, 255]);
  };
  ui.run((state) => {
    paint(sweep.at(state), state.bars);
    sweep.ask(state).then((frame) => frame && paint(frame, state.bars));
    return `The slope is ${show(state.slope)}.`;
  });
}
