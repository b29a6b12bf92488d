// Numbers of any size as a reader writes them: `power(3.2e-7)` is 3.2·10⁻⁷, `power(0.25)` is 0.25.

const UPPER = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raise = (n) => [...String(n)].map((c) => UPPER[c]).join("");

// At most `digits` digits; as a power of ten what is under `low` or not under `high`.
function power(v, digits = 3, low = 1e-3, high = 1e5) {
  const rounded = Number(v.toPrecision(digits)), size = Math.abs(rounded);
  if (!Number.isFinite(v)) return Number.isNaN(v) ? "0/0" : v < 0 ? "−∞" : "∞";
  if (size === 0 || (size >= low && size < high)) return rounded.toLocaleString("en", { maximumFractionDigits: 20 }).replace("-", "−");
  const [mantissa, exponent] = rounded.toExponential().split("e");
  return `${mantissa === "1" ? "" : mantissa === "-1" ? "−" : `${mantissa.replace("-", "−")}·`}10${raise(Number(exponent))}`;
}
