"""Right answers to the exercises, three of each, written as differently as people write them."""

import math

import numpy as np


def edges(x, p, value):
    return np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)], constant_values=value)


# ---- pooling windows


def sizes(x, k, s, p):
    return [(n + 2 * p - k) // s + 1 for n in x.shape[2:]]


def max_by_loops(x, kernel_size, stride, padding):
    I, J = sizes(x, kernel_size, stride, padding)
    y = np.full((*x.shape[:2], I, J), -np.inf)
    for n, c, i, j in np.ndindex(y.shape):
        for p in range(kernel_size):
            for q in range(kernel_size):
                row, column = i * stride + p - padding, j * stride + q - padding
                if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                    y[n, c, i, j] = max(y[n, c, i, j], x[n, c, row, column])
    return y


def max_by_shifts(x, kernel_size, stride, padding):
    I, J = sizes(x, kernel_size, stride, padding)
    wide, y = edges(x, padding, -np.inf), None
    for p in range(kernel_size):
        for q in range(kernel_size):
            part = wide[:, :, p : p + (I - 1) * stride + 1 : stride]
            part = part[..., q : q + (J - 1) * stride + 1 : stride]
            y = part if y is None else np.maximum(y, part)
    return y


def max_in_single(x, kernel_size, stride, padding):
    views = np.lib.stride_tricks.sliding_window_view(
        edges(x.astype(np.float32), padding, np.finfo(np.float32).min), (kernel_size,) * 2, (2, 3)
    )
    return views[:, :, ::stride, ::stride].max((-1, -2))


def avg_by_loops(x, kernel_size, stride, padding):
    I, J = sizes(x, kernel_size, stride, padding)
    wide = edges(x, padding, 0)
    rows = [
        [
            wide[:, :, i * stride :, j * stride :][:, :, :kernel_size, :kernel_size].mean((2, 3))
            for j in range(J)
        ]
        for i in range(I)
    ]
    return np.moveaxis(np.array(rows), (0, 1), (2, 3))


def avg_by_running_sums(x, kernel_size, stride, padding):
    k, total = kernel_size, edges(x, padding, 0).cumsum(2).cumsum(3)
    total = np.pad(total, [(0, 0), (0, 0), (1, 0), (1, 0)])
    y = total[:, :, k:, k:] - total[:, :, :-k, k:] - total[:, :, k:, :-k] + total[:, :, :-k, :-k]
    return y[:, :, ::stride, ::stride] / k**2


def avg_in_single(x, kernel_size, stride, padding):
    views = np.lib.stride_tricks.sliding_window_view(
        edges(x.astype(np.float32), padding, 0), (kernel_size,) * 2, (2, 3)
    )[:, :, ::stride, ::stride]
    return np.einsum("ncijpq->ncij", views) / np.float32(kernel_size**2)


def backward_by_loops(dy, x, kernel_size, stride, padding):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        best = None
        for row in range(i * stride - padding, i * stride - padding + kernel_size):
            for column in range(j * stride - padding, j * stride - padding + kernel_size):
                inside = 0 <= row < x.shape[2] and 0 <= column < x.shape[3]
                if inside and (best is None or x[n, c, row, column] > x[(n, c, *best)]):
                    best = row, column
        dx[(n, c, *best)] += dy[n, c, i, j]
    return dx


def backward_by_scatter(dy, x, kernel_size, stride, padding):
    k, wide = kernel_size, edges(x, padding, -np.inf)
    views = np.lib.stride_tricks.sliding_window_view(wide, (k, k), (2, 3))
    p, q = divmod(views[:, :, ::stride, ::stride].reshape(*dy.shape, -1).argmax(-1), k)
    n, c, i, j = np.indices(dy.shape)
    dwide = np.zeros(wide.shape)
    np.add.at(dwide, (n, c, i * stride + p, j * stride + q), dy)
    return dwide[:, :, padding : wide.shape[2] - padding, padding : wide.shape[3] - padding]


def backward_by_mask(dy, x, kernel_size, stride, padding):
    y = max_by_shifts(x, kernel_size, stride, padding)
    wide = edges(x, padding, -np.inf).astype(np.float64)
    dwide = np.zeros(wide.shape, np.float32)
    (I, J), s = dy.shape[2:], stride
    for p in range(kernel_size):
        for q in range(kernel_size):
            at = np.s_[:, :, p : p + (I - 1) * s + 1 : s, q : q + (J - 1) * s + 1 : s]
            dwide[at] += dy * (wide[at] == y)
    return dwide[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


# ---- stochastic pooling


def in_rows(x, k):
    N, C, H, W = x.shape
    rows = x[:, :, : H // k * k, : W // k * k].reshape(N, C, H // k, k, W // k, k)
    return rows.swapaxes(3, 4).reshape(N, C, H // k, W // k, k * k)


def draw_by_races(rng, x, kernel_size):
    cells = in_rows(x, kernel_size)
    with np.errstate(divide="ignore"):  # the first to arrive wins: exponential clocks
        clocks = rng.exponential(size=cells.shape) / cells
    return np.take_along_axis(cells, clocks.argmin(-1)[..., None], -1)[..., 0]


def draw_by_loops(rng, x, kernel_size):
    cells = in_rows(x, kernel_size)
    y = []
    for window in cells.reshape(-1, kernel_size**2).tolist():
        left = rng.random() * sum(window)
        for cell in window:
            left -= cell
            if left < 0:
                break
        y.append(cell if left < 0 else 0)
    return np.reshape(y, cells.shape[:-1])


def draw_by_refusal(rng, x, kernel_size):
    cells = in_rows(x.astype(np.float32), kernel_size)
    top, y = cells.max(-1), np.full(cells.shape[:-1], np.float32(-1))
    while (open_ := (y < 0)).any():
        which = rng.integers(cells.shape[-1], size=y.shape)[..., None]
        cell = np.take_along_axis(cells, which, -1)[..., 0]
        taken = open_ & ((rng.random(y.shape) * top < cell) | (top == 0))
        y[taken] = cell[taken]
    return y


def eval_by_loops(x, kernel_size):
    cells = in_rows(x, kernel_size)
    y = np.zeros(cells.shape[:-1])
    for at in np.ndindex(y.shape):
        total = sum(cells[at])
        y[at] = sum(a * a / total for a in cells[at]) if total else 0
    return y


def eval_by_odds(x, kernel_size):
    cells = in_rows(x, kernel_size)
    total = cells.sum(-1, keepdims=True)
    odds = np.divide(cells, total, out=np.zeros_like(cells), where=total > 0)
    return np.einsum("...k,...k->...", odds, cells)


def eval_by_moments(x, kernel_size):
    cells = in_rows(x.astype(np.float32), kernel_size)
    mean, var = cells.mean(-1), cells.var(-1)
    return np.where(mean > 0, mean + var / np.where(mean > 0, mean, 1), 0)


# ---- the shift


def share(pool, a, b):
    before, after = pool(a, 2, 2, 0), pool(b, 2, 2, 0)
    return np.sqrt(((after - before) ** 2).sum((1, 2, 3)) / (before**2).sum((1, 2, 3)))


def changes_at_once(rng, images, n):
    x = images[rng.integers(len(images), size=n)]
    down = rng.random(n) < 0.5
    moved = np.where(down[:, None, None], np.roll(x, 1, 1), np.roll(x, 1, 2))
    pair = x[:, None], moved[:, None]
    return share(max_by_shifts, *pair) - share(avg_by_running_sums, *pair)


def changes_by_loops(rng, images, n):
    results = []
    for _ in range(n):
        x = images[int(rng.random() * len(images))]
        moved = np.roll(x, 1, axis=int(rng.random() < 0.5))
        side = len(x) // 2
        shares = []
        for pool in np.max, np.mean:
            a, b = (pool(each.reshape(side, 2, side, 2), axis=(1, 3)) for each in (x, moved))
            shares.append(np.linalg.norm(b - a) / np.linalg.norm(a))
        results.append(shares[0] - shares[1])
    return np.array(results)


def changes_from_a_table(rng, images, n):
    x = images.astype(np.float32)[:, None]
    table = np.stack(
        [
            share(max_in_single, x, moved) - share(avg_in_single, x, moved)
            for moved in (np.roll(x, 1, 2), np.roll(x, 1, 3))
        ],
        axis=1,
    )
    return rng.choice(table.ravel(), n)


# ---- optimizers


def each_start(rule):
    """Follow every start, and every entry's state, on its own."""

    def by_rows(x, H, steps, *options):
        return np.stack([rule(row.copy(), H, steps, *options) for row in x], axis=1)

    return by_rows


def in_single(rule):
    return lambda x, H, steps, *options: rule(
        x.astype(np.float32), H.astype(np.float32), steps, *map(np.float32, options)
    )


def sgd_in_place(x, H, steps, lr, momentum, nesterov):
    path, b = np.empty((steps, *x.shape), x.dtype), np.zeros_like(x)
    for t in range(steps):
        g = H @ x
        b *= momentum
        b += g
        x = x - lr * ((g + momentum * b) if nesterov else b)
        path[t] = x
    return path


def sgd_by_velocity(x, H, steps, lr, momentum, nesterov):
    path, v = [], 0 * x
    for _ in range(steps):
        g = np.einsum("nd,de->ne", x, H)
        v = momentum * v - lr * g
        x = x + (momentum * v - lr * g if nesterov else v)
        path.append(x)
    return np.stack(path)


def adagrad_by_history(x, H, steps, lr, eps):
    slopes, path = [], []
    for _ in range(steps):
        slopes.append(H @ x)
        x = x - lr / (np.linalg.norm(slopes, axis=0) + eps) * slopes[-1]
        path.append(x)
    return np.array(path)


def adagrad_in_place(x, H, steps, lr, eps):
    x, s, path = x.copy(), np.zeros_like(x), np.empty((steps, *x.shape), x.dtype)
    for t in range(steps):
        g = np.dot(x, H)
        s += g * g
        x -= lr * g / (s**0.5 + eps)
        path[t] = x
    return path


def rmsprop_by_history(x, H, steps, lr, alpha, eps):
    squares, path = [], []
    for t in range(steps):
        g = H @ x
        squares.append(g**2)
        weights = (1 - alpha) * alpha ** np.arange(t, -1, -1.0)
        x = x - lr * g / (np.sqrt(np.tensordot(weights, squares, 1)) + eps)
        path.append(x)
    return np.array(path)


def rmsprop_by_lerp(x, H, steps, lr, alpha, eps):
    v, path = np.zeros_like(x), []
    for _ in range(steps):
        g = x @ H
        v += (1 - alpha) * (g * g - v)
        x = x - lr * g / (eps + np.sqrt(v))
        path += [x]
    return np.array(path)


def adam_by_history(x, H, steps, lr, beta1, beta2, eps, weight_decay=0.0):
    slopes, path = [], []
    for t in range(steps):
        slopes.append(H @ x)
        ages = np.arange(t, -1, -1.0)
        m = np.tensordot(beta1**ages, slopes, 1) / (beta1**ages).sum()
        v = np.tensordot(beta2**ages, np.square(slopes), 1) / (beta2**ages).sum()
        x = (1 - lr * weight_decay) * x - lr * m / (np.sqrt(v) + eps)
        path.append(x)
    return np.array(path)


def adam_of_the_paper(x, H, steps, lr, beta1, beta2, eps, weight_decay=0.0):
    """Fold both corrections into the learning rate, as the paper's faster form does."""
    m = v = np.zeros_like(x)
    path = []
    for t in range(1, steps + 1):
        g = x @ H
        m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
        scale = np.sqrt(1 - beta2**t)
        move = lr * scale / (1 - beta1**t) * m / (np.sqrt(v) + scale * eps)
        x = x - lr * weight_decay * x - move
        path.append(x)
    return np.array(path)


def descent_by_search(kappa):
    kappa = np.asarray(kappa, float)
    low, high = np.zeros_like(kappa), np.ones_like(kappa) * 2 / kappa  # λ from 1 to κ
    for _ in range(80):
        lr = (low + high) / 2
        short = 1 - lr > kappa * lr - 1
        low, high = np.where(short, lr, low), np.where(short, high, lr)
    return 1 - (low + high) / 2


def momentum_by_edges(kappa):
    root = (2 / (np.sqrt(kappa) + 1)) ** 2  # the best η, λ from 1 to κ: η·1 = (1 − √β)²
    return 1 - np.sqrt(root)


def slowdown_by_loops(starts, kappa):
    """Go on foot, without an array."""
    a, b = (kappa + 1) / 2, (kappa - 1) / 2  # the turned valley: a on the diagonal, b beside it
    results = []
    for x, y in starts.tolist():
        straight = adam_on_foot((x, y), kappa, 0, 1)
        turned = adam_on_foot(((x - y) / math.sqrt(2), (x + y) / math.sqrt(2)), a, b, a)
        results.append(math.log10(turned) - math.log10(straight))
    return results


def adam_on_foot(x, a, b, c):
    x, m, v = list(x), [0, 0], [0, 0]
    for t in range(1, 101):
        for i, g in enumerate((a * x[0] + b * x[1], b * x[0] + c * x[1])):
            m[i], v[i] = 0.9 * m[i] + 0.1 * g, 0.999 * v[i] + 0.001 * g * g
            root = math.sqrt(v[i] / (1 - 0.999**t)) + 1e-8
            x[i] -= 0.1 * m[i] / (1 - 0.9**t) / root
    return a * x[0] ** 2 + 2 * b * x[0] * x[1] + c * x[1] ** 2


def slowdown_in(dtype, way):
    """Turn the other way, or in single precision: the same, by symmetry."""

    def slowdown(starts, kappa):
        turn = (np.array([[1, -way], [way, 1]]) / np.sqrt(2)).astype(dtype)
        H, starts, losses = np.diag([kappa, 1.0]).astype(dtype), starts.astype(dtype), []
        for valley, x in (H, starts), (turn @ H @ turn.T, starts @ turn.T):
            x = adam_of_the_paper(x, valley, 100, 0.1, 0.9, 0.999, 1e-8)[-1]
            losses.append(np.einsum("ni,ij,nj->n", x, valley, x))
        return np.log(losses[1] / losses[0]) / np.log(10)

    return slowdown


def train_at_once(x, curvature, lr, epochs, batches):
    t = np.arange(epochs * batches)
    rates = lr * np.cos(np.pi * t / len(t) / 2) ** 2
    return {"lr": rates, "x": x * np.cumprod(1 - rates * curvature)}


def train_with_a_counter(x, curvature, lr, epochs, batches):
    t, rates, places = 0, [], []
    for _ in range(epochs):
        for _ in range(batches):
            rates.append(0.5 * lr * (1 + math.cos(math.pi * t / (epochs * batches))))
            x -= rates[-1] * curvature * x
            places.append(x)
            t += 1
    return {"x": places, "lr": rates}


def train_in_single(x, curvature, lr, epochs, batches):
    found = train_at_once(np.float32(x), np.float32(curvature), np.float32(lr), epochs, batches)
    return {key: value.astype(np.float32) for key, value in found.items()}


SOLUTIONS = {
    "pooling.max_pool2d": (max_by_loops, max_by_shifts, max_in_single),
    "pooling.avg_pool2d": (avg_by_loops, avg_by_running_sums, avg_in_single),
    "pooling.max_pool2d_backward": (backward_by_loops, backward_by_scatter, backward_by_mask),
    "pooling.stochastic_train": (draw_by_races, draw_by_loops, draw_by_refusal),
    "pooling.stochastic_eval": (eval_by_loops, eval_by_odds, eval_by_moments),
    "pooling.moments": (
        lambda mean, var: (var + mean**2) / mean,
        lambda mean, var: mean * (1 + (np.sqrt(var) / mean) ** 2),
        lambda mean, var: np.float32(mean) + np.float32(var) / np.float32(mean),
    ),
    "pooling.shift": (changes_at_once, changes_by_loops, changes_from_a_table),
    "optimizers.sgd": (each_start(sgd_in_place), sgd_by_velocity, in_single(sgd_by_velocity)),
    "optimizers.adagrad": (
        each_start(adagrad_by_history), adagrad_in_place, in_single(adagrad_in_place),
    ),
    "optimizers.rmsprop": (
        each_start(rmsprop_by_history), rmsprop_by_lerp, in_single(rmsprop_by_lerp),
    ),
    "optimizers.adam": (
        each_start(adam_by_history), adam_of_the_paper, in_single(adam_of_the_paper),
    ),
    "optimizers.adamw": (
        each_start(adam_by_history), adam_of_the_paper, in_single(adam_of_the_paper),
    ),
    "optimizers.descent_rate": (
        lambda kappa: 1 - 2 / (kappa + 1),
        descent_by_search,
        lambda kappa: (1 - 1 / kappa) / (1 + 1 / kappa),
    ),
    "optimizers.momentum_rate": (
        lambda kappa: 1 - 2 / (kappa**0.5 + 1),
        momentum_by_edges,
        lambda kappa: np.tanh(np.log(kappa) / 4),
    ),
    "optimizers.slowdown": (
        slowdown_by_loops, slowdown_in(np.float64, -1), slowdown_in(np.float32, 1),
    ),
    "optimizers.schedule": (train_at_once, train_with_a_counter, train_in_single),
}  # fmt: skip
