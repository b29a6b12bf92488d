// States that Python has computed on a grid. `await openSweep(context)` gives an object:
//   axes            name → values
//   at(state)       the frame of a state on the grid, as numbers
//   ask(state)      the same from the live kernel, off the grid too; null without a kernel
// A value off the grid takes the frame of its nearest neighbour until the kernel has answered.

async function openSweep({ model }) {
  const { axes, shape, low, step } = model.get("given");
  const stored = await inflate(model.get("data"));
  const size = shape.reduce((a, b) => a * b, 1);
  const waiting = new Map();
  let live = false, asked = 0;
  const nearest = (values, v) => {
    if (typeof v !== "number") return Math.max(values.indexOf(v), 0);
    return values.reduce((best, u, i) => (Math.abs(u - v) < Math.abs(values[best] - v) ? i : best), 0);
  };
  model.on("msg:custom", (message, buffers) => {
    live ||= Boolean(message.hello);
    if (!waiting.has(message.answer)) return;
    const { buffer, byteOffset, byteLength } = buffers[0];
    waiting.get(message.answer)(new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)));
    waiting.delete(message.answer);
  });
  model.send({ hello: true });
  return {
    axes,
    at(state) {
      const index = Object.entries(axes).reduce((i, [key, values]) => i * values.length + nearest(values, state[key]), 0);
      return Float32Array.from(stored.subarray(index * size, (index + 1) * size), (v) => low + step * v);
    },
    ask(state) {
      if (!live) return Promise.resolve(null);
      asked += 1;
      model.send({ ask: asked, at: Object.fromEntries(Object.keys(axes).map((key) => [key, state[key]])) });
      return new Promise((answer) => waiting.set(asked, answer));
    },
  };
}
