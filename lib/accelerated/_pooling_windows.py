"""Windows along one axis, and the sweeps that pooling is made of: the largest cell and the sum.

A pool over a plane is a pool along the columns of a pool along the rows, for maxima as for sums.
So everything here works along one axis at a time and on one cell of every window at a time: a
slice of the whole tensor, never a copy of each window.
"""

import math

import torch

from lib.shapes import adaptive_window

CACHED = 2**20  # elements that a CPU's cache holds, with what is made of them on the way
EXACT = 2**24  # whole numbers that float32 tells apart


class Strided:
    """Windows at even steps along an axis, some of whose cells may be padding.

    steps[c] = (the windows whose c-th cell is real, these cells), as slices. The `blind` windows
    see no cell of the axis at all: a dilation can step over all of them.
    """

    def __init__(self, size, kernel_size, stride, padding, dilation, out):
        self.numbers, self.out = (size, stride, padding, dilation), out
        self.steps = steps(size, kernel_size, stride, padding, dilation, out)
        self.blind = []
        if dilation > 1:
            seen = {i for windows, _ in self.steps for i in range(windows.start, windows.stop)}
            self.blind = [i for i in range(out) if i not in seen]

    def first(self, x, axis):
        """Take the first real cell of each window."""
        windows, cells = self.steps[0]
        edges = [
            self._edge(x, axis, e) for e in (range(windows.start), range(windows.stop, self.out))
        ]
        real = along(x, axis, cells)
        return (
            real if windows == slice(0, self.out) else torch.cat([edges[0], real, edges[1]], axis)
        )

    def _edge(self, x, axis, windows):
        size, stride, padding, dilation = self.numbers
        corners = (i * stride - padding for i in windows)
        row = [min(c if c >= 0 else c % dilation, size - 1) for c in corners]
        return x.index_select(axis, torch.tensor(row, dtype=torch.int64, device=x.device))

    def cells(self, x, axis, since=0, padding=-torch.inf):
        """Yield cell number `since` of each window, the next, …: views but at the edges."""
        for windows, cells in self.steps[since:]:
            missing = (windows.start, self.out - windows.stop)
            real, margin = along(x, axis, cells), (0, 0) * (-1 - axis) + missing
            yield torch.nn.functional.pad(real, margin, value=padding) if any(missing) else real


class Shared:
    """Windows into which an axis is shared out, as adaptive pooling has them.

    Where one is shorter than another, its last cell comes twice: that changes no maximum.
    """

    blind = ()

    def __init__(self, size, out):
        self.windows = [adaptive_window(i, size, out) for i in range(out)]

    def first(self, x, axis):
        """Take the first cell of each window."""
        return self._cells(x, axis, 0)

    def cells(self, x, axis, since=0, padding=None):
        """Yield cell number `since` of each window, the next, and so on; there is no padding."""
        for c in range(since, max([1, *(end - start for start, end in self.windows)])):
            yield self._cells(x, axis, c)

    def _cells(self, x, axis, c):
        row = [min(start + c, end - 1) for start, end in self.windows]
        return x.index_select(axis, torch.tensor(row, dtype=torch.int64, device=x.device))


def shared_windows(size, out):
    """The windows of adaptive pooling; at even steps, where they come out even."""
    if out and size % out == 0:
        return Strided(size, size // out, size // out, 0, 1, out)
    return Shared(size, out)


def steps(size, kernel_size, stride, padding, dilation, out):
    """For each cell number: the windows where that cell is real, and where it lies."""
    pairs = []
    for shift in range(-padding, dilation * kernel_size - padding, dilation):
        first = min(out, max(0, -(shift // stride)))
        end = max(first, min(out, (size - 1 - shift) // stride + 1))
        start = first * stride + shift
        cells = slice(start, start + (end - 1 - first) * stride + 1, stride)
        pairs.append((slice(first, end), cells if first < end else slice(0, 0)))
    return pairs


def along(x, axis, cells):
    """Index one axis, counted from the end."""
    return x[(..., cells, *(slice(None),) * (-1 - axis))]


def largest(x, windows):
    """The largest cell of each window, NaN if there is one: values only, nothing to learn by."""
    x, behind = _channels_behind(x, len(windows))
    for axis, w in _axes(windows, behind):
        first, *others = w.cells(x, axis)
        y = first.clone()
        for cells in others:
            torch.maximum(y, cells, out=y)
        x = _blinded(y, axis, w)
    return x.movedim(-1, 1) if behind else x


def blinded(y, windows):
    """Give minus infinity to the windows that see only padding."""
    for axis, w in _axes(windows):
        y = _blinded(y, axis, w)
    return y


def _blinded(y, axis, w):
    if not w.blind:
        return y
    return y.index_fill(axis, torch.tensor(w.blind, device=y.device), -torch.inf)


def _channels_behind(x, n):
    """Show x as it lies in memory, and say how many axes are behind those of the windows."""
    return (x.movedim(1, -1), 1) if is_channels_last(x, n) else (x, 0)


def _axes(windows, behind=0):
    return list(enumerate(windows, -len(windows) - behind))


@torch.no_grad()
def winners(x, windows):
    """Where in its plane the largest cell of each window lies: (…, *out), int64.

    Of equal cells the first is named; of several NaN the last, as in torch.
    """
    small = math.prod(x.shape[-len(windows) :]) <= EXACT
    dtype = torch.promote_types(x.dtype, torch.float32 if small else torch.float64)
    if x.is_cuda or torch.compiler.is_compiling():  # there the whole is one kernel
        return _winners(x.to(dtype), windows, race).long()
    few = x.split(max(1, CACHED * len(x) // max(1, x.numel())))
    return torch.cat([_winners(part.to(dtype), windows, race_in_floats).long() for part in few])


def _winners(x, windows, race):
    """Let the cells of each row compete, and then the winners of the rows."""
    sizes = x.shape[-len(windows) :]
    x, behind = _channels_behind(x, len(windows))
    place = torch.arange(math.prod(sizes), dtype=x.dtype, device=x.device)
    place = place.view(*sizes, *(1,) * behind)
    for axis, w in reversed(_axes(windows, behind)):
        best, first = w.first(x, axis), w.first(place, axis)
        others = zip(w.cells(x, axis, 1), w.cells(place, axis, 1, padding=0), strict=True)
        x, place = race(best, first, others)
        x = _blinded(x, axis, w)
    return place.movedim(-1, 1) if behind else place


def race(best, place, others):
    """The largest of several tensors, cell by cell, and the place where it comes from."""
    place = place.expand_as(best)
    for cells, places in others:
        wins = (cells > best) | (cells != cells)
        place = torch.where(wins, places, place)
        best = torch.maximum(best, cells)
    return best, place


def race_in_floats(best, place, others):
    """`race` for a CPU, which compares fast only where the answers are floats, too.

    From one tensor to the next places grow, so the larger of two is that of the later.
    """
    best = best.clone()
    place = torch.empty_like(best).copy_(place)
    wins, nan = torch.empty_like(best), torch.empty_like(best)
    for cells, places in others:
        cells = _packed(cells)
        torch.gt(cells, best, out=wins)
        torch.ne(cells, cells, out=nan)
        torch.maximum(wins, nan, out=wins).mul_(_packed(places))
        torch.maximum(place, wins, out=place)
        torch.maximum(best, cells, out=best)
    return best, place


def _packed(x):
    """Return x in one piece if no two of its cells lie side by side."""
    return x if 1 in x.stride() else x.clone()


def pick(x, index, n):
    """Take the cells at flat places of each plane, (…, *sizes) → (…, *out); autograd knows how."""
    if is_channels_last(x, n):
        x, index = x.movedim(1, -1), index.movedim(1, -1)
        y = x.flatten(1, n).gather(1, index.flatten(1, n))
        return y.view(index.shape).movedim(-1, 1)
    return x.flatten(-n).gather(-1, index.flatten(-n)).view(index.shape)


def is_channels_last(x, n):
    """Whether the channels of one place lie side by side in memory."""
    return x.dim() == n + 2 and x.stride(1) == 1 and x.shape[1] > 1 and not x.is_contiguous()


def window_sum(x, axis, numbers, weights=None):
    """Add up each window along one axis, every cell times the weight of its number (1 if None).

    Args:
        x: tensor of a dtype wide enough for the sums.
        axis: counted from the end.
        numbers: the tuple (size, kernel_size, stride, padding, dilation, out).
        weights: one number for each cell of a window.
    """
    return _AxisSum.apply(x, axis, numbers, weights or (1,) * numbers[1])


class _AxisSum(torch.autograd.Function):
    """y[i] = Σ_c weights[c] · x[i·s + c − p]; its slope is `_AxisSpread`, and the reverse.

    Autograd could differentiate the slices itself, with a plane of zeros for each.
    """

    @staticmethod
    def forward(x, axis, numbers, weights):
        y = zeros(x, resized(x.shape, axis, numbers[-1]))
        for (windows, cells), weight in zip(steps(*numbers), weights, strict=True):
            along(y, axis, windows).add_(along(x, axis, cells), alpha=weight)
        return y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.options = inputs[1:]

    @staticmethod
    def backward(ctx, dy):
        return _AxisSpread.apply(dy, *ctx.options), None, None, None


class _AxisSpread(_AxisSum):
    """x[i·s + c − p] += weights[c] · y[i]."""

    @staticmethod
    def forward(y, axis, numbers, weights):
        x = zeros(y, resized(y.shape, axis, numbers[0]))
        for (windows, cells), weight in zip(steps(*numbers), weights, strict=True):
            along(x, axis, cells).add_(along(y, axis, windows), alpha=weight)
        return x

    @staticmethod
    def backward(ctx, dx):
        return _AxisSum.apply(dx, *ctx.options), None, None, None


def zeros(like, shape):
    """Zeros in the dtype and the order of memory of a tensor, but in another shape."""
    options = {"dtype": like.dtype, "device": like.device}
    return torch.empty_permuted(shape, like.dim_order(), **options).zero_()


def wide(x):
    """Return x in a dtype wide enough for long sums: at least float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def resized(shape, axis, size):
    """Return the shape with another size along one axis, counted from the end."""
    return (*shape[:axis], size, *shape[len(shape) + axis + 1 :])
