// Runs what the widgets on losses compute: reads cases from standard input, writes results.
// The widgets' files come first in the argument list; each case names a way to ask and arguments.
import { readFileSync } from "node:fs";

const source = process.argv.slice(2).map((path) => readFileSync(path, "utf8")).join("\n");
const names = [...source.matchAll(/^(?:function|const) (\w+)/gm)].map((match) => match[1]);
const own = new Function(`${source}; return { ${names.join(", ")} };`)();

const ways = {
  neuron: (name, scores) => scores.map((z) => [own.LOSSES[name].value(z), own.LOSSES[name].slope(z)]),
  sigmoid: (scores) => scores.map(own.sigmoid),
  unit: (name, unit) => own.unitOf(name, unit),
  descend: (name, start, lr, scale, horizon) => {
    const path = new Float64Array(3 * (horizon + 1));
    const steps = own.descend(name, start, lr, scale, horizon, path);
    return [steps, [...path.subarray(0, 3 * (Math.min(steps, horizon) + 1))]];
  },
};
const said = JSON.parse(readFileSync(0, "utf8")).map(([way, ...given]) => ways[way](...given));
// JSON knows no infinity: it travels as a word.
process.stdout.write(JSON.stringify(said, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v)));
