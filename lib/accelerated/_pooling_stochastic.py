"""Stochastic pooling: the plain form, and the choice between it and the kernel for GPUs."""

import importlib.util
import math

import torch

from lib.accelerated._arguments import float_tensor, uniforms
from lib.accelerated._pooling_windows import CACHED, along, pick, wide, zeros
from lib.shapes import pool_sizes

UNROLLED = 64  # cells of a window up to which the kernel may unroll its loop


def stochastic_pool2d(rng, x, kernel_size, stride=None, return_indices=False):
    """Draw one cell of each window, with a probability in proportion to its value.

    On a GPU with Triton, a window with a cell that is negative, infinite or NaN gives NaN:
    to look for one beforehand would cost as much as the pooling.

    Example:
        >>> import torch
        >>> x = torch.tensor([[[1.0, 2], [3, 4]]])  # p = 0.1, 0.2, 0.3, 0.4
        >>> stochastic_pool2d(torch.tensor([[[0.25]]]), x, 2)
        tensor([[[2.]]])
    """
    each = pool_sizes(float_tensor("x", x).shape, 2, kernel_size, stride)
    k, s, out = each[1], each[2], each[5]
    if has_kernel(x) and k[0] * k[1] <= UNROLLED:
        from lib.accelerated import _pooling_stochastic_triton as kernel

        y, code = kernel.stochastic_pool2d(rng, x, k, s, out)
        return (y, _places(code, k, s, x.shape[-1])) if return_indices else y
    u = uniforms(rng, (*x.shape[:-2], *out), x, wide(x).dtype)
    index = _places(_draw(u, _activations(x, k), k, s), k, s, x.shape[-1])
    y = pick(x, index, 2)
    y = torch.where(y > 0, y, 0)  # a window of zeros passes nothing on
    return (y, index) if return_indices else y


def stochastic_pool2d_expected(x, kernel_size, stride=None):
    """Average each window with the probabilities of `stochastic_pool2d`: Σx²/Σx.

    Example:
        >>> import torch
        >>> stochastic_pool2d_expected(torch.tensor([[[1.0, 2], [3, 4]]]), 2)
        tensor([[[3.]]])
    """
    each = pool_sizes(float_tensor("x", x).shape, 2, kernel_size, stride)
    _activations(x, each[1])
    return _Expected.apply(x, each[1], each[2], each[5])


def has_kernel(x):
    """Whether the kernel can run where x lies."""
    return x.is_cuda and importlib.util.find_spec("triton") is not None


def _activations(x, k):
    """Return x without its history, if its cells can be drawn in proportion to their values."""
    x = x.detach()
    if not x.numel():
        return x
    low, high = x.amin().item(), x.amax().item()
    if not low >= 0:
        raise ValueError(
            f"x must not be negative or NaN, as its values become probabilities; "
            f"got {low}: pool behind a ReLU"
        )
    if not math.isfinite(high * math.prod(k)):
        raise ValueError(f"the sum of a window must be finite, got values to {high}")
    return x


def exact(x):
    """The dtype in which running sums are kept, so that both twins make the same draw."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def _cells(x, k, s, out):
    """Each window's first cell, second, …, row by row: k·k views of x."""
    for r in range(k[0]):
        rows = along(x, -2, slice(r, r + (out[0] - 1) * s[0] + 1, s[0]))
        for c in range(k[1]):
            yield along(rows, -1, slice(c, c + (out[1] - 1) * s[1] + 1, s[1]))


def _draw(u, x, k, s):
    """The number of the drawn cell of each window: the first whose running sum exceeds u·Σx."""
    if x.is_cuda or torch.compiler.is_compiling():
        return _draw_part(u, x, k, s)
    few = max(1, CACHED * len(x) // max(1, x.numel()))
    parts = zip(u.split(few), x.split(few), strict=True)
    return torch.cat([_draw_part(*part, k, s) for part in parts])


def _draw_part(u, x, k, s):
    total = sum(cells.to(exact(x)) for cells in _cells(x, k, s, u.shape[-2:]))
    goal = u * total
    running = torch.zeros_like(total)
    few = torch.uint8 if k[0] * k[1] <= 256 else torch.int32
    code = torch.zeros_like(total, dtype=few)
    for number, cells in enumerate(_cells(x, k, s, u.shape[-2:])):
        reached = (running <= goal).logical_and_(cells > 0)  # never a cell of probability 0
        code = torch.maximum(code, reached * code.new_tensor(number))
        running += cells
    return code


def _places(code, k, s, width):
    """Where in its plane the cell with that number lies."""
    i, j = (torch.arange(n, device=code.device) for n in code.shape[-2:])
    row, column = code // k[1], code % k[1]
    return (row + i[:, None] * s[0]) * width + (column + j * s[1])


class _Expected(torch.autograd.Function):
    """y = Σ x²/Σx, with the slope (2x − y)/Σx; a window of zeros gives 0 and passes nothing."""

    @staticmethod
    def forward(x, k, s, out):
        total, y = _total(x, k, s, out), 0
        for cells in _cells(wide(x), k, s, out):
            y = y + cells * (cells / total)
        return y.to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, *ctx.options = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        share = dy / _total(x, *ctx.options)
        dx = zeros(wide(x), x.shape)
        each = zip(_cells(dx, *ctx.options), _cells(x, *ctx.options), strict=True)
        for dcells, cells in each:
            dcells.add_(share * (2 * cells - y))
        return dx.to(x.dtype), None, None, None


def _total(x, k, s, out):
    """The sum of each window, and 1 for one of zeros, so that dividing by it gives 0."""
    total = sum(_cells(wide(x), k, s, out))
    return torch.where(total == 0, 1, total)
