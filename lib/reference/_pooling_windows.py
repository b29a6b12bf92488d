"""Windows that slide along axes, and what every pooling does with them, there and back.

A window of k × k cells is a column of k rows of k cells, so all work is done along one axis
after the other: k + k steps instead of k · k. Each step handles one cell of every window at
once, with slices; padding needs no copy of the input, as a step leaves out the windows that
have no real cell there. Work goes a few samples at a time, so that what lies between input and
output stays in the processor's cache.
"""

import math
from functools import reduce
from itertools import product
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
    The windows `whole` have no cell that is not real, and are `stride` apart.
    """

    starts: np.ndarray
    stride: int
    dilation: int
    length: int
    steps: list
    whole: range

    def counts(self):
        """Return how many real cells each window has."""
        counts = np.zeros(len(self.starts), np.int64)
        for _, seen, _ in self.steps:
            counts[seen] += 1
        return counts

    def edges(self):
        """Yield what the steps have to say of windows that are not whole."""
        sides = ((0, self.whole.start), (self.whole.stop, len(self.starts)))
        for (_, seen, cells), side in product(self.steps, sides):
            first, last = max(side[0], seen.start), min(side[1], seen.stop)
            if first < last:
                cell = cells.start + (first - seen.start) * self.stride
                end = cell + (last - first - 1) * self.stride + 1
                yield slice(first, last), slice(cell, end, self.stride)


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
    reach = (k - 1) * d
    first, last = -(-p // s), min(out, (size - 1 - reach + p) // s + 1)
    whole = range(first, last) if first < last else range(0)
    windows = Windows(np.arange(out) * s - p, s, d, k, steps or NO_STEPS, whole)
    windows.starts[windows.counts() == 0] = size - 1 - reach
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
    return Windows(starts, 1, 1, longest, steps or NO_STEPS, range(0))


def max_pool(x, windows, return_indices=False):
    """Return the largest cell of each window and, if asked, its flat index in its plane."""
    y = np.empty(pooled_shape(x, windows), x.dtype)
    if not return_indices:
        for part in parts(x):
            y[part] = _folded(np.maximum, np.ascontiguousarray(x[part]), windows, _lowest(x.dtype))
        return y
    index = np.empty(y.shape, np.int64)
    within, corners = _places(windows, x.shape, planes=1)
    for part in parts(x):
        y[part], rank = _race(np.ascontiguousarray(x[part]), windows)
        np.add(within.take(rank), corners[0], out=index[part])
    return y, index


@np.errstate(all="ignore")  # ∞ and NaN are answers
def max_pool_backward(dy, x, windows):
    """Send each upstream slope to the cell that won its window; overlapping windows add up."""
    dy = upstream(dy, pooled_shape(x, windows), x.dtype)
    if not (cells_in(windows) > 0).all():  # a window of nothing but padding has no winner
        dy = np.where(cells_in(windows) > 0, dy, 0)
    dx = np.zeros(x.shape, x.dtype)
    planes = max((math.prod(x[part].shape[: -len(windows)]) for part in parts(x)), default=0)
    within, corners = _places(windows, x.shape, planes)
    for part in parts(x):
        _, rank = _race(np.ascontiguousarray(x[part]), windows)
        index = within.take(rank.reshape(-1))
        index += corners.reshape(-1)[: rank.size]
        np.add.at(dx[part].reshape(-1), index, dy[part].reshape(-1))
    return dx


@np.errstate(all="ignore")
def sum_pool(x, windows, divisor, least=np.float32):
    """Return the sum of each window over its divisor, which is shaped as one plane of y.

    `least` is the least precise dtype in which to add up: float16 holds too few digits for
    any sum, float32 for one of a whole plane.
    """
    y = np.empty(pooled_shape(x, windows), x.dtype)
    dtype = np.promote_types(x.dtype, least)
    for part in parts(x):
        total = _folded(np.add, np.ascontiguousarray(x[part], dtype), windows, 0)
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


def _folded(op, x, windows, fill):
    """Combine all cells of each window by `op`, of which `fill` is the neutral element."""
    for axis, w in _first_axis_first(windows):
        y = np.empty(_resized(x, axis, len(w.starts)), x.dtype)
        x_, y_ = x.swapaxes(axis, 0), y.swapaxes(axis, 0)
        if w.whole:
            lines = x_, y_
            if x.shape[axis] == w.stride * len(w.starts):
                # Rows lie end to end, and so do planes: one loop over all takes less time than
                # one for each. What reaches into the next is at the edges, put right below.
                behind = math.prod(x.shape[axis:][1:])
                lines = x.reshape(-1, behind), y.reshape(-1, behind)
            _fold_whole(op, *lines, w)
        y_[: w.whole.start] = y_[w.whole.stop :] = fill
        for seen, cells in w.edges():
            op(x_[cells], y_[seen], out=y_[seen])
        x = y
    return x


def _fold_whole(op, x, y, w):
    """Combine, along the first axis, the cells of all windows but those at the edges."""
    y = y[w.whole.start : len(y) - (len(w.starts) - w.whole.stop)]
    first, span = w.starts[w.whole.start], (len(y) - 1) * w.stride + 1
    shifts = range(first, first + w.length * w.dilation, w.dilation)
    folded, *rest = (x[shift : shift + span : w.stride] for shift in shifts)
    if w.dilation == 1 < w.stride < w.length:
        # All rows make one loop, every second row many: so pairs are made of all rows.
        folded, *rest = op(x[1:], x[:-1])[first : first + span : w.stride], *rest[1:]
    for cells in rest:
        folded = op(cells, folded, out=y)
    if not rest:
        y[...] = folded


def _race(x, windows):
    """Return the largest cell of each window and its rank among the cells of the window.

    Of equal cells the first is named, of several NaN the last, as in torch. Going backwards
    with ≥ does it: the earliest of the largest has the last word, and a NaN, once met, stays.
    Ranks are counted from the window's end, so that the winner's rank grows.
    """
    rank, count = np.zeros((), np.uint8), 1
    for axis, w in _last_axis_first(windows):
        rank = rank.astype(np.min_scalar_type(count * w.length))
        y = _after(w.steps[-1], x, axis, w, _lowest(x.dtype))
        best = np.zeros(y.shape, rank.dtype)
        x_, y_, best_ = (a.swapaxes(axis, 0) for a in (x, y, best))
        for step, (j, seen, cells) in enumerate(reversed(w.steps)):
            here = rank.dtype.type((w.length - 1 - j) * count)
            if rank.ndim:
                here = here + rank.swapaxes(axis, 0)[cells]
            if step == 0:
                best_[seen] = here
                continue
            v, top = x_[cells].copy(order="K"), y_[seen]
            wins = ~(v < top) & (top == top)
            np.maximum(v, top, out=top)
            np.maximum(best_[seen], wins.view(np.uint8) * here, out=best_[seen])
        x, rank, count = y, best, count * w.length
    return x, rank


def _places(windows, shape, planes):
    """Return what tells where a winner is: within[rank] + corners[plane, window].

    `within` says how far from the corner of its window the cell of each rank lies, `corners`
    where the corners lie in so many planes.
    """
    strides = [math.prod(shape[axis:]) for axis in range(-len(windows), 0)]
    axes = list(zip(windows, [*strides[1:], 1], strict=True))
    within = [np.arange(w.length)[::-1] * w.dilation * stride for w, stride in axes]
    corners = [np.arange(planes) * strides[0], *[w.starts * stride for w, stride in axes]]
    return reduce(np.add.outer, within).reshape(-1), reduce(np.add.outer, corners)


def _spread(dy, windows, sizes):
    for axis, w in _last_axis_first(windows):
        dx = np.zeros(_resized(dy, axis, sizes[axis]), dy.dtype)
        dx_, dy_ = dx.swapaxes(axis, 0), dy.swapaxes(axis, 0)
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
    y.swapaxes(axis, 0)[seen] = x.swapaxes(axis, 0)[cells]
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
