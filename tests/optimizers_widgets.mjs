// Runs what the widgets on optimizers compute: reads cases from standard input, writes results.
// The widgets' files come first in the argument list; each case names a way to ask and arguments.
import { readFileSync } from "node:fs";

const source = process.argv.slice(2).map((path) => readFileSync(path, "utf8")).join("\n");
const names = [...source.matchAll(/^(?:function|const) (\w+)/gm)].map((match) => match[1]);
const own = new Function(`${source}; return { ${names.join(", ")} };`)();

const terrain = ([name, ...given], degrees = 0) => own.turned(own[name](...given), degrees);
const formula = (text) => own.written(own.compile(text));
const place = (ground) => (Array.isArray(ground) ? terrain(ground) : typeof ground === "string" ? formula(ground) : terrain(ground.name, ground.degrees));
const ways = {
  call: (name, ...given) => own[name](...given),
  run: (rule, ground, start, lr, steps) => [...own.run(own.optimizer(...rule), place(ground), start, lr, steps)],
  walk: (rule, ground, start, lr, steps) => {
    const at = place(ground), g = new Float64Array(2);
    const path = own.run(own.optimizer(...rule), at, start, lr, steps);
    return Array.from({ length: steps + 1 }, (_, t) => {
      at.slope(path[3 * t], path[3 * t + 1], g);
      return [...path.subarray(3 * t, 3 * t + 3), ...g];
    });
  },
  settle: (rule, ground, start, lr, goal, horizon) => own.settle(own.optimizer(...rule), place(ground), start, lr, goal, horizon),
  tune: (rule, ground, start, goal, horizon, guess) => {
    const tuner = own.tuner(own.optimizer(...rule), place(ground), start, goal, horizon, guess);
    tuner.work(Infinity);
    return [tuner.best.steps, tuner.best.lr];
  },
  slopes: (ground, points) => points.map(([x, y]) => {
    const at = place(ground), g = new Float64Array(2);
    return [at.value(x, y), at.slope(x, y, g), ...g];
  }),
  floor: (ground) => place(ground).floor,
  compile: (text) => own.compile(text),
  adam: (gradients, options) => own.adamTerms(gradients, options),
  pattern: (name, g, steps, draws) => own.gradientsOf(name, g, steps, draws),
  normals: (count, seed) => [...own.normals(count, seed)],
  escape: (rule, start, lr, noise, seed, horizon) => own.escape(own.optimizer(...rule), own.shaken(own.saddle(), noise, own.normals(2 * horizon + 2, seed)), start, lr, -1, horizon),
  cells: (text, points) => points.map(([x, y]) => own.compile(text).value(x, y)),
};
const said = JSON.parse(readFileSync(0, "utf8")).map(([way, ...given]) => ways[way](...given));
// JSON knows no NaN, no infinity and no typed arrays: they travel as words, and as lists.
const plain = (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : ArrayBuffer.isView(v) ? [...v] : v);
process.stdout.write(JSON.stringify(said, plain));
