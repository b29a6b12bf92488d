// Pooling of a square, as lib.reference computes it (a test holds them equal).
// `o` holds kind ("max", "avg" or "lp"), kernel, stride, padding, dilation, ceil and norm.

// The number of windows along n cells, before the division is rounded: room / stride + 1.
function room(n, o) {
  return n + 2 * o.padding - o.dilation * (o.kernel - 1) - 1;
}

// The number of windows along n cells; none fits where it is below 1.
function windowCount(n, o) {
  const steps = room(n, o) / o.stride;
  const count = (o.ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return o.ceil && (count - 1) * o.stride >= n + o.padding ? count - 1 : count;
}

// The value of the window in row i, column j of the output.
function poolCell(x, n, i, j, o) {
  const [top, left] = [i * o.stride - o.padding, j * o.stride - o.padding];
  let largest = -Infinity, sum = 0;
  for (let a = 0; a < o.kernel; a++) {
    for (let b = 0; b < o.kernel; b++) {
      const [row, column] = [top + a * o.dilation, left + b * o.dilation];
      if (row < 0 || column < 0 || row >= n || column >= n) continue;
      const v = x[row * n + column];
      largest = Math.max(largest, v);
      sum += o.kind === "lp" ? v ** o.norm : v;
    }
  }
  if (o.kind === "max") return largest;
  const counted = (start) => Math.min(start + o.kernel, n + o.padding) - start;
  const mean = sum / (counted(top) * counted(left));
  return o.kind === "avg" ? mean : (mean * o.kernel ** 2) ** (1 / o.norm);
}

function pool(x, n, o) {
  const count = windowCount(n, o);
  return Array.from({ length: count * count }, (_, k) => poolCell(x, n, Math.floor(k / count), k % count, o));
}
