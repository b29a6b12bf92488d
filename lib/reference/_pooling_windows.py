"""Windows that slide along axes, and what every pooling does with them, there and back.

A window of k × k cells is a column of k rows of k cells, so all work is done along one axis
after the other: k + k steps instead of k · k. Each step handles one cell of every window at
once, with slices; padding needs no copy of the input, as a step leaves out the windows that
have no real cell there. Work goes a few samples at a time, so that what lies between input and
output stays in the processor's cache.
"""

import math
from functools import reduce
from typing import NamedTuple

import numpy as np

from lib import shapes
from lib.reference._arguments import upstream

CACHE = 2**21  # bytes of input worked on at once
NO_STEPS = [(0, slice(0, 0), slice(0, 0))]


class Windows(NamedTuple):
    """Windows along one axis: window i covers the cells starts[i] + dilation·j, j < length.

    `steps` holds triples (j, windows, cells): some windows that have a real cell number j, and
    those cells, as slices of equal length. For each window j grows from step to step. A window
    whose dilation steps over every real cell is in no step; it is moved to end at the last.
    """

    starts: np.ndarray
    dilation: int
    length: int
    steps: list

    def counts(self):
        """Return how many real cells each window has."""
        counts = np.zeros(len(self.starts), np.int64)
        for _, seen, _ in self.steps:
            counts[seen] += 1
        return counts


def sliding(n, shape, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Return the windows of ordinary pooling, one `Windows` for each of the last n axes."""
    sizes = shapes.pool_sizes(shape, n, kernel_size, stride, padding, dilation, ceil_mode)
    return [_slide(*axis) for axis in zip(*sizes, strict=True)]


def _slide(size, k, s, p, d, out):
    steps = []
    for j in range(k):
        shift = j * d - p  # window i sees cell i·s + shift, if there is such a cell
        first = max(0, -(shift // s))
        last = min(out, (size - 1 - shift) // s + 1)
        if first < last:
            cells = slice(first * s + shift, (last - 1) * s + shift + 1, s)
            steps.append((j, slice(first, last), cells))
    windows = Windows(np.arange(out) * s - p, d, k, steps or NO_STEPS)
    windows.starts[windows.counts() == 0] = size - 1 - (k - 1) * d
    return windows


def adaptive(n, shape, output_size):
    """Return the windows that share out the last n axes, one `Windows` for each."""
    sizes = shapes.adaptive_sizes(shape, n, output_size)
    return [_share_out(*axis) for axis in zip(*sizes, strict=True)]


def _share_out(size, out):
    if out and size % out == 0:
        k = size // out
        return _slide(size, k, k, 0, 1, out)
    ends = [shapes.adaptive_window(i, size, out) for i in range(out)]
    steps = [
        (cell - start, slice(i, i + 1), slice(cell, cell + 1))
        for i, (start, end) in enumerate(ends)
        for cell in range(start, end)
    ]
    starts = np.array([start for start, _ in ends], dtype=np.int64)
    longest = max((end - start for start, end in ends), default=1)
    return Windows(starts, 1, longest, steps or NO_STEPS)


def max_pool(x, windows, return_indices=False):
    """Return the largest cell of each window and, if asked, its flat index in its plane."""
    y = np.empty(pooled_shape(x, windows), x.dtype)
    if not return_indices:
        for part in parts(x):
            y[part] = _largest(np.ascontiguousarray(x[part]), windows)
        return y
    index = np.empty(y.shape, np.int64)
    for part in parts(x):
        y[part], index[part] = _largest_with_index(np.ascontiguousarray(x[part]), windows)
    return y, index


def max_pool_backward(dy, x, windows):
    """Send each upstream slope to the cell that won its window; overlapping windows add up."""
    dy = upstream(dy, pooled_shape(x, windows), x.dtype)
    if not (cells_in(windows) > 0).all():  # a window of nothing but padding has no winner
        dy = np.where(cells_in(windows) > 0, dy, 0)
    dx = np.zeros(x.shape, x.dtype)
    for part in parts(x):
        _, index = _largest_with_index(np.ascontiguousarray(x[part]), windows)
        send_back(dy[part], index, dx[part], n=len(windows))
    return dx


@np.errstate(all="ignore")  # ∞ and NaN are answers
def sum_pool(x, windows, divisor, least=np.float32):
    """Return the sum of each window over its divisor, which is shaped as one plane of y.

    `least` is the least precise dtype in which to add up: float16 holds too few digits for
    any sum, float32 for one of a whole plane.
    """
    y = np.empty(pooled_shape(x, windows), x.dtype)
    dtype = np.promote_types(x.dtype, least)
    for part in parts(x):
        total = _total(np.ascontiguousarray(x[part], dtype), windows)
        np.divide(total, divisor.astype(dtype), out=y[part], casting="same_kind")
    return y


@np.errstate(all="ignore")
def sum_pool_backward(dy, x, windows, divisor):
    """Send each upstream slope, over the divisor, to every cell of its window."""
    dx = np.empty(x.shape, x.dtype)
    divisor = divisor.astype(wide(x.dtype))
    for part in parts(x):
        dx[part] = _spread(dy[part] / divisor, windows, x.shape[-len(windows) :])
    return dx


@np.errstate(all="ignore")
def send_back(dy, index, out, n):
    """Add each upstream slope to the cell of `out` that its flat index names in its plane.

    The index is used up: to save a copy, it is turned into one of the whole of `out`.
    """
    planes, cells = math.prod(out.shape[:-n]), math.prod(out.shape[-n:])
    flat = index.reshape(planes, math.prod(index.shape[-n:]))
    flat += cells * np.arange(planes)[:, None]
    np.add.at(out.reshape(-1), flat.reshape(-1), dy.reshape(-1))


def pooled_shape(x, windows):
    """Return the shape that pooling gives to x."""
    return (*x.shape[: -len(windows)], *(len(w.starts) for w in windows))


def cells_in(windows):
    """Return how many real cells each window has, shaped as one plane of y."""
    return reduce(np.multiply.outer, [w.counts() for w in windows])


def parts(x):
    """Yield slices of the first axis that together cover x, each about as large as a cache."""
    step = max(1, CACHE * len(x) // max(1, x.nbytes))
    return (slice(i, i + step) for i in range(0, len(x), step))


def wide(dtype):
    """Return the dtype to add up in: a sum of float16 needs more than float16 holds."""
    return np.promote_types(dtype, np.float32)


def _largest(x, windows):
    for axis, w in _first_axis_first(windows):
        y = _after(w.steps[0], x, axis, w, _lowest(x.dtype))
        x_, y_ = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
        for _, seen, cells in w.steps[1:]:
            np.maximum(x_[cells], y_[seen], out=y_[seen])
        x = y
    return x


def _largest_with_index(x, windows):
    """Return the largest cell of each window and where in its plane it lies.

    Of equal cells the first is named, of several NaN the last, as in torch. Going backwards
    with ≥ does it: the earliest of the largest has the last word, and a NaN, once met, stays.
    Cells are ranked within their window, and from its end, so that the winner's rank grows.
    """
    sizes, count = x.shape[-len(windows) :], 1
    rank = np.zeros((), np.uint8)
    for axis, w in _last_axis_first(windows):
        rank = rank.astype(np.min_scalar_type(count * w.length))
        y = _after(w.steps[-1], x, axis, w, _lowest(x.dtype))
        best = np.zeros(y.shape, rank.dtype)
        x_, y_, best_ = (np.moveaxis(a, axis, 0) for a in (x, y, best))
        for step, (j, seen, cells) in enumerate(reversed(w.steps)):
            here = rank.dtype.type((w.length - 1 - j) * count)
            if rank.ndim:
                here = here + np.moveaxis(rank, axis, 0)[cells]
            if step == 0:
                best_[seen] = here
                continue
            v, top = x_[cells].copy(order="K"), y_[seen]
            wins = ~(v < top) & (top == top)
            np.maximum(v, top, out=top)
            np.maximum(best_[seen], wins * here, out=best_[seen])
        x, rank, count = y, best, count * w.length
    return x, _flat_index(rank, windows, sizes)


def _flat_index(rank, windows, sizes):
    """Turn the rank of a cell within its window, counted from the end, into its place."""
    strides = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
    axes = list(zip(windows, strides, strict=True))
    within = [np.arange(w.length)[::-1] * w.dilation * stride for w, stride in axes]
    index = reduce(np.add.outer, within).reshape(-1).take(rank)
    index += reduce(np.add.outer, [w.starts * stride for w, stride in axes])
    return index


def _total(x, windows):
    for axis, w in _first_axis_first(windows):
        y = _after(w.steps[0], x, axis, w, 0)
        x_, y_ = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
        for _, seen, cells in w.steps[1:]:
            np.add(x_[cells], y_[seen], out=y_[seen])
        x = y
    return x


def _spread(dy, windows, sizes):
    for axis, w in _last_axis_first(windows):
        dx = np.zeros(_resized(dy, axis, sizes[axis]), dy.dtype)
        dx_, dy_ = np.moveaxis(dx, axis, 0), np.moveaxis(dy, axis, 0)
        for _, seen, cells in w.steps:
            np.add(dy_[seen], dx_[cells], out=dx_[cells])
        dy = dx
    return dy


def _after(step, x, axis, w, fill):
    """Return the y that one step along an axis makes; `fill` where no window was seen."""
    _, seen, cells = step
    shape = _resized(x, axis, len(w.starts))
    everywhere = seen == slice(0, len(w.starts))
    y = np.empty(shape, x.dtype) if everywhere else np.full(shape, fill, x.dtype)
    np.moveaxis(y, axis, 0)[seen] = np.moveaxis(x, axis, 0)[cells]
    return y


def _last_axis_first(windows):
    return [(-i, windows[-i]) for i in range(1, 1 + len(windows))]


def _first_axis_first(windows):
    return reversed(_last_axis_first(windows))  # whole rows first: they lie together in memory


def _resized(x, axis, size):
    shape = list(x.shape)
    shape[axis] = size
    return shape


def _lowest(dtype):
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min
