// Runs the formulas of the pooling widgets: reads cases from standard input, writes results.
// The widgets' files come first in the argument list; each case names a function and arguments.
import { readFileSync } from "node:fs";

const source = process.argv.slice(2).map((path) => readFileSync(path, "utf8")).join("\n");
const names = [...source.matchAll(/^function (\w+)/gm)].map((match) => match[1]);
const functions = new Function(`${source}; return { ${names.join(", ")} };`)();
const cases = JSON.parse(readFileSync(0, "utf8"));
const said = cases.map(([name, ...given]) => functions[name](...given));
// JSON knows no NaN and no infinity: they travel as words.
process.stdout.write(JSON.stringify(said, (_, v) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v)));
