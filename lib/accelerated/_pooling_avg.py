"""The twins that add up: average pooling, its adaptive kin, and the p-norm."""

import math

import torch

from lib.accelerated._arguments import exponent, float_tensor
from lib.accelerated._pooling_max import max_pool
from lib.accelerated._pooling_windows import is_channels_last, wide, window_sum
from lib.shapes import adaptive_sizes, adaptive_window, flag, per_axis, pool_sizes, whole

SHORT = 4  # cells of a window


def avg_pool(
    n,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window over the last n axes."""
    float_tensor("x", x)
    each = pool_sizes(x.shape, n, kernel_size, stride, padding, 1, ceil_mode)
    flag("count_include_pad", count_include_pad)
    divisor = 1 if divisor_override is None else _divisor(divisor_override)
    y = wide(x)
    for axis, numbers in enumerate(zip(*each, strict=True), -n):
        y = window_sum(y, axis, numbers)
        if divisor_override is None:
            y = _shared(y, axis, _counts(*numbers, count_include_pad))
    return (y / divisor).to(x.dtype)


def _divisor(value):
    if whole("divisor_override", value, minimum=-math.inf) == 0:
        raise ValueError("divisor_override must not be 0")
    return value


def _counts(size, k, s, p, dilation, out, include_pad):
    """How many cells each window along an axis counts; none lies beyond the padding."""
    first, end = (-p, size + p) if include_pad else (0, size)
    corners = (i * s - p for i in range(out))
    return [min(at + k, end) - max(at, first) for at in corners]


def _shared(y, axis, counts):
    """Divide what each window along an axis has got by the number of its cells."""
    if len(set(counts)) == 1:
        return y / counts[0]
    return y / y.new_tensor(counts).view(-1, *(1,) * (-1 - axis))


def lp_pool(n, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """The p-norm of each window over the last n axes."""
    float_tensor("x", x)
    p = exponent("norm_type", norm_type)
    if math.isinf(p):
        sign = math.copysign(1, p)  # of -∞ it is the smallest |x|
        return sign * max_pool(n, sign * x.abs(), kernel_size, stride, ceil_mode=ceil_mode)
    cells = math.prod(per_axis("kernel_size", kernel_size, n, minimum=1))
    mean = avg_pool(n, wide(x).pow(p), kernel_size, stride, 0, ceil_mode)
    total = torch.where(mean == 0, 0, mean * cells)  # so that a window of zeros has slope 0
    return total.pow(1 / p).to(x.dtype)


def adaptive_avg_pool(n, x, output_size):
    """Average the windows into which the last n axes are shared out."""
    float_tensor("x", x)
    each = adaptive_sizes(x.shape, n, output_size)
    y = wide(x)
    for axis, (size, out) in enumerate(zip(*each, strict=True), -n):
        even = out and size % out == 0
        y = (_even_mean if even else _uneven_mean)(y, axis, size, out)
    return y.to(x.dtype)


def _even_mean(x, axis, size, out):
    """Windows of equal lengths; torch adds up along an axis fast, unless it is short."""
    k = size // out
    if k < SHORT or is_channels_last(x, x.dim() - 2):
        return window_sum(x, axis, (size, k, k, 0, 1, out)) / k
    return x.unflatten(axis, (out, k)).mean(axis)


def _uneven_mean(x, axis, size, out):
    """Windows of unequal lengths: the shorter ones end in a cell of zeros behind the last one."""
    ends = [adaptive_window(i, size, out) for i in range(out)]
    counts = [end - start for start, end in ends]
    margin = (0, 0) * (-1 - axis) + (0, 1)
    x = torch.nn.functional.pad(x, margin)
    total = 0
    for c in range(max(counts, default=1)):
        row = [start + c if start + c < end else size for start, end in ends]
        total = total + x.index_select(axis, torch.tensor(row, dtype=int, device=x.device))
    return _shared(total, axis, counts)
