"""Windows along one axis, and the sweeps that pooling is made of: the largest cell and the sum.

A pool over a plane is a pool along the columns of a pool along the rows, for maxima as for sums.
So everything here works along one axis at a time and on one cell of every window at a time: a
slice of the whole tensor, never a copy of each window.
"""

import torch

from lib.shapes import adaptive_window

CACHED = 2**18  # elements that a CPU's cache holds, with what is made of them on the way


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

    def cells(self, x, axis):
        """Yield the first cell of each window, the second, and so on: views but at the edges."""
        for windows, cells in self.steps:
            missing = (windows.start, self.out - windows.stop)
            real, margin = along(x, axis, cells), (0, 0) * (-1 - axis) + missing
            lowest = -torch.inf
            yield torch.nn.functional.pad(real, margin, value=lowest) if any(missing) else real

    def places(self, code, axis):
        """Say where on the axis cell number `code` of each window lies.

        Padding wins against minus infinity alone; its first real cell then stands for a window.
        """
        size, stride, padding, dilation = self.numbers
        corner = torch.arange(self.out, device=code.device) * stride - padding
        place = code.long().mul_(dilation).add_(_facing(corner, axis))
        if not padding:
            return place
        return torch.where(place < 0, place % dilation, place).clamp(max=size - 1)


class Shared:
    """Windows into which an axis is shared out, as adaptive pooling has them.

    Where one is shorter than another, its last cell comes twice: that changes no maximum.
    """

    blind = ()

    def __init__(self, size, out):
        self.windows = [adaptive_window(i, size, out) for i in range(out)]

    def cells(self, x, axis):
        """Yield the first cell of each window, the second, and so on."""
        for c in range(max([1, *(end - start for start, end in self.windows)])):
            row = [min(start + c, end - 1) for start, end in self.windows]
            yield x.index_select(axis, torch.tensor(row, dtype=torch.int64, device=x.device))

    def places(self, code, axis):
        """Say where on the axis cell number `code` of each window lies."""
        windows = torch.tensor(self.windows, dtype=torch.int64, device=code.device).view(-1, 2)
        start, end = (_facing(side, axis) for side in windows.unbind(1))
        return torch.minimum(code.long().add_(start), end - 1)


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


def _facing(row, axis):
    """Lay one number for each window along an axis."""
    return row.view(-1, *(1,) * (-1 - axis))


def along(x, axis, cells):
    """Index one axis, counted from the end."""
    return x[(..., cells, *(slice(None),) * (-1 - axis))]


def largest(x, windows):
    """The largest cell of each window, NaN if there is one: values only, nothing to learn by."""
    for axis, w in enumerate(windows, -len(windows)):
        first, *rest = w.cells(x, axis)
        x = first.clone()
        for cells in rest:
            torch.maximum(x, cells, out=x)
    return blinded(x, windows)


def blinded(y, windows):
    """Give minus infinity to the windows that see only padding."""
    for axis, w in enumerate(windows, -len(windows)):
        if w.blind:
            y = y.index_fill(axis, torch.tensor(w.blind, device=y.device), -torch.inf)
    return y


@torch.no_grad()
def winners(x, windows):
    """Where in its plane the largest cell of each window lies: (…, *out), int64.

    Of equal cells the first is named; of several NaN the last, as in torch.
    """
    if x.is_cuda or torch.compiler.is_compiling():  # there the whole is one kernel
        return _winners(x, windows)
    few = max(1, CACHED * len(x) // max(1, x.numel()))
    return torch.cat([_winners(part, windows) for part in x.split(few)])


def _winners(x, windows):
    sizes, codes = x.shape[-len(windows) :], []
    for axis in range(-1, -1 - len(windows), -1):
        x, code = _race(windows[axis].cells(x, axis))
        codes.append(code)
    place = None
    for axis, size in enumerate(sizes, -len(windows)):
        code = codes.pop()
        if place is None:
            place = windows[axis].places(code, axis)
            continue
        before = (-len(windows), axis - 1)  # the axes along which the winner is known already
        flat = code.flatten(*before).gather(axis - 1, place.flatten(*before)).view(place.shape)
        place = windows[axis].places(flat, axis).add_(place, alpha=size)
    return place


def _race(contestants):
    """The largest of several tensors, place by place, and the number of the one that has it."""
    best, *rest = contestants
    few = torch.uint8 if len(rest) < 256 else torch.int32
    code = torch.zeros_like(best, dtype=few)
    for c, cells in enumerate(rest, 1):
        wins = (cells > best).logical_or_(cells != cells)
        best = torch.maximum(best, cells)
        code = torch.maximum(code, wins * code.new_tensor(c))
    return best, code


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
