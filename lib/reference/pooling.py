"""Pooling: each window of an image becomes one number, and its gradient finds the way back.

The maximum sends the whole slope back to the cell that won; the average shares it out. All
else is a variation: other windows (adaptive, fractional), other means (p-norms, learned ones),
or chance. `_pooling_windows.py` tells how windows slide, and does the work.

Names, order of arguments, defaults and meaning are those of torch.nn.functional, whose `input`
is our `x`. Every function keeps float16, float32 or float64, takes (N, C, …) and, where torch
does, (C, …), and never writes into its arguments. A `_backward` takes the upstream gradient
`dy`, in the shape and dtype of y, and then forward's own arguments.
"""

import math
from functools import reduce

import numpy as np

from lib import shapes
from lib.reference._arguments import (
    exponent,
    float_array,
    parameter,
    real_array,
    sum_to,
    upstream,
)
from lib.reference._pooling_adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool1d_backward,
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_avg_pool3d,
    adaptive_avg_pool3d_backward,
    adaptive_max_pool1d,
    adaptive_max_pool1d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    adaptive_max_pool3d,
    adaptive_max_pool3d_backward,
    global_avg_pool,
    global_avg_pool_backward,
    global_max_pool,
    global_max_pool_backward,
)
from lib.reference._pooling_learned import (
    attention_pool,
    attention_pool_backward,
    blur_pool2d,
    blur_pool2d_backward,
    gem_pool,
    gem_pool_backward,
)
from lib.reference._pooling_random import (
    fractional_max_pool2d,
    fractional_max_pool2d_backward,
    fractional_max_pool3d,
    fractional_max_pool3d_backward,
    stochastic_pool2d,
    stochastic_pool2d_backward,
    stochastic_pool2d_expected,
    stochastic_pool2d_expected_backward,
)
from lib.reference._pooling_unpool import (
    max_unpool1d,
    max_unpool1d_backward,
    max_unpool2d,
    max_unpool2d_backward,
    max_unpool3d,
    max_unpool3d_backward,
)
from lib.reference._pooling_windows import (
    cells_in,
    max_pool,
    max_pool_backward,
    pooled_shape,
    sliding,
    sum_pool,
    sum_pool_backward,
    wide,
)

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool1d_backward",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_avg_pool3d",
    "adaptive_avg_pool3d_backward",
    "adaptive_max_pool1d",
    "adaptive_max_pool1d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "adaptive_max_pool3d",
    "adaptive_max_pool3d_backward",
    "attention_pool",
    "attention_pool_backward",
    "avg_pool1d",
    "avg_pool1d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "avg_pool3d",
    "avg_pool3d_backward",
    "blur_pool2d",
    "blur_pool2d_backward",
    "fractional_max_pool2d",
    "fractional_max_pool2d_backward",
    "fractional_max_pool3d",
    "fractional_max_pool3d_backward",
    "gem_pool",
    "gem_pool_backward",
    "global_avg_pool",
    "global_avg_pool_backward",
    "global_max_pool",
    "global_max_pool_backward",
    "lp_pool1d",
    "lp_pool1d_backward",
    "lp_pool2d",
    "lp_pool2d_backward",
    "lp_pool3d",
    "lp_pool3d_backward",
    "max_pool1d",
    "max_pool1d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_pool3d",
    "max_pool3d_backward",
    "max_unpool1d",
    "max_unpool1d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "max_unpool3d",
    "max_unpool3d_backward",
    "mixed_pool2d",
    "mixed_pool2d_backward",
    "stochastic_pool2d",
    "stochastic_pool2d_backward",
    "stochastic_pool2d_expected",
    "stochastic_pool2d_expected_backward",
]


def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window.

    y[n, c, i, j] = max of x[n, c, i·s + p·d − padding, j·s + q·d − padding], s being the stride
    and d the dilation, over 0 ≤ p, q < kernel_size, as far as there are such cells.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float; whole numbers too.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as all below.
        stride: step between windows, cells; the kernel's size if None.
        padding: cells of minus infinity on each side; at most half the kernel.
        dilation: step between the cells of a window.
        ceil_mode: whether a last window may hang over the end, if it starts before the end.
        return_indices: whether to tell where the winners are.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x, where I and J follow `shapes.output_size`; or
        (y, indices): int64, shaped as y, row·W + column of each winner in its plane. Of equal
        values the first wins; NaN beats every number, and the last NaN wins.

    Raises:
        ValueError: x has the wrong number of axes, an option is out of range, or no window fits.
        TypeError: x is no array of numbers, or an option is no whole number.

    Source: Riesenhuber & Poggio (1999), Hierarchical models of object recognition in cortex.

    Example:
        >>> x = np.array([[[1.0, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]])
        >>> max_pool2d(x, 2)
        array([[[9., 2.],
                [6., 3.]]])
    """
    x = real_array("x", x)
    windows = sliding(2, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool(x, windows, return_indices)


def max_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Give each upstream slope to the winner of its window; where windows overlap, add.

    Returns dx, shaped as x. The winners are found again: nothing is kept from forward.

    Example:
        >>> x = np.array([[[1.0, 3, 2, 1], [2, 9, 1, 1]]])
        >>> max_pool2d_backward(np.array([[[0.5, 0.25]]]), x, 2)
        array([[[0.  , 0.  , 0.25, 0.  ],
                [0.  , 0.5 , 0.  , 0.  ]]])
    """
    x = float_array("x", x)
    windows = sliding(2, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool_backward(dy, x, windows)


def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window.

    y[n, c, i, j] = (sum of x[n, c, i·stride − padding + p, j·stride − padding + q]
    over 0 ≤ p, q < kernel_size) / divisor, as far as there are such cells.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        stride: step between windows, cells; the kernel's size if None.
        padding: cells of zero on each side; at most half the kernel.
        ceil_mode: whether a last window may hang over the end, if it starts before the end.
        count_include_pad: whether the divisor counts cells of padding too; those beyond the
            padding, where `ceil_mode` lets a window hang over, never count.
        divisor_override: a whole number to divide by instead, not 0.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x, where I and J follow `shapes.output_size`.

    Raises:
        ValueError: x has the wrong number of axes, an option is out of range, or no window fits.
        TypeError: x is no array of floats, or an option is no whole number.

    Source: LeCun et al. (1998), Gradient-based learning applied to document recognition.

    Example:
        >>> x = np.array([[[1.0, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]])
        >>> avg_pool2d(x, 2)
        array([[[3.75, 1.25],
                [4.  , 2.  ]]])
    """
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    return _avg_pool(2, x, *options)


def avg_pool2d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Share each upstream slope out among the cells of its window; where windows overlap, add.

    Returns dx, shaped as x.

    Example:
        >>> avg_pool2d_backward(np.array([[[8.0]]]), np.ones((1, 2, 2)), 2)
        array([[[2., 2.],
                [2., 2.]]])
    """
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    return _avg_pool_backward(2, dy, x, *options)


def max_pool1d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window of a sequence: `max_pool2d` along one axis.

    x (N, C, L) or (C, L) → y (N, C, I) or (C, I).

    Example:
        >>> max_pool1d(np.array([[1.0, 5, 2, 4]]), 2, return_indices=True)
        (array([[5., 4.]]), array([[1, 3]]))
    """
    x = real_array("x", x)
    windows = sliding(1, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool(x, windows, return_indices)


def max_pool1d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Give each upstream slope to the winner of its window; see `max_pool2d_backward`.

    Example:
        >>> max_pool1d_backward(np.array([[1.0, 2]]), np.array([[1.0, 5, 2]]), 2, stride=1)
        array([[0., 3., 0.]])
    """
    x = float_array("x", x)
    windows = sliding(1, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool_backward(dy, x, windows)


def max_pool3d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest value in each window of a volume: `max_pool2d` along three axes.

    x (N, C, D, H, W) or (C, D, H, W) → y (N, C, I, J, K) or (C, I, J, K).

    Example:
        >>> max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
        array([[[[7.]]]])
    """
    x = real_array("x", x)
    windows = sliding(3, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool(x, windows, return_indices)


def max_pool3d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Give each upstream slope to the winner of its window; see `max_pool2d_backward`.

    Example:
        >>> max_pool3d_backward(np.ones((1, 1, 1, 1)), np.arange(8.0).reshape(1, 2, 2, 2), 2)
        array([[[[0., 0.],
                 [0., 0.]],
        <BLANKLINE>
                [[0., 0.],
                 [0., 1.]]]])
    """
    x = float_array("x", x)
    windows = sliding(3, x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool_backward(dy, x, windows)


def avg_pool1d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average each window of a sequence: `avg_pool2d` along one axis, without an override.

    x (N, C, L) or (C, L) → y (N, C, I) or (C, I).

    Example:
        >>> avg_pool1d(np.array([[1.0, 5, 2, 4]]), 2)
        array([[3., 3.]])
    """
    return _avg_pool(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool1d_backward(
    dy, x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    """Share each upstream slope out among its window; see `avg_pool2d_backward`.

    Example:
        >>> avg_pool1d_backward(np.array([[2.0, 4]]), np.ones((1, 3)), 2, stride=1)
        array([[1., 3., 2.]])
    """
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, None
    return _avg_pool_backward(1, dy, x, *options)


def avg_pool3d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window of a volume: `avg_pool2d` along three axes.

    x (N, C, D, H, W) or (C, D, H, W) → y (N, C, I, J, K) or (C, I, J, K).

    Example:
        >>> avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), 2)
        array([[[[3.5]]]])
    """
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    return _avg_pool(3, x, *options)


def avg_pool3d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Share each upstream slope out among its window; see `avg_pool2d_backward`.

    Example:
        >>> avg_pool3d_backward(np.full((1, 1, 1, 1), 8.0), np.ones((1, 2, 2, 2)), 2)[0, 0]
        array([[1., 1.],
               [1., 1.]])
    """
    options = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    return _avg_pool_backward(3, dy, x, *options)


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm of each window, without the absolute value: (Σ xᵖ)^(1/p).

    At p = 1 it is the sum, at p = ∞ the largest |x| (and at −∞ the smallest). As in torch, an
    odd p that meets a negative sum gives NaN, and a window that hangs over the end
    (`ceil_mode`) is scaled up as if it were full.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        norm_type: the exponent p, any number but 0.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        stride: step between windows, cells; the kernel's size if None.
        ceil_mode: whether a last window may hang over the end.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x, where I and J follow `shapes.output_size`.

    Raises:
        ValueError: x has the wrong number of axes, an option is out of range, or no window fits.
        TypeError: x is no array of floats, or an option is no number.

    Source: Sermanet, Chintala & LeCun (2012), Convolutional neural networks applied to house
        numbers digit classification.

    Example:
        >>> lp_pool2d(np.array([[[3.0, 4.0]]]), 2, (1, 2))
        array([[[5.]]])
    """
    return _lp_pool(2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Return dx = dy·(x/y)^(p−1) over each window; no slope where the sum of powers is 0.

    Example:
        >>> lp_pool2d_backward(np.array([[[1.0]]]), np.array([[[3.0, 4.0]]]), 2, (1, 2))
        array([[[0.6, 0.8]]])
    """
    return _lp_pool_backward(2, dy, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm of each window of a sequence: `lp_pool2d` along one axis.

    x (N, C, L) or (C, L) → y (N, C, I) or (C, I).

    Example:
        >>> lp_pool1d(np.array([[3.0, 4, 6, 8]]), 2, 2)
        array([[ 5., 10.]])
    """
    return _lp_pool(1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool1d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Return dx = dy·(x/y)^(p−1) over each window; see `lp_pool2d_backward`.

    Example:
        >>> lp_pool1d_backward(np.array([[1.0]]), np.array([[3.0, 4]]), 2, 2)
        array([[0.6, 0.8]])
    """
    return _lp_pool_backward(1, dy, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm of each window of a volume: `lp_pool2d` along three axes.

    x (N, C, D, H, W) or (C, D, H, W) → y (N, C, I, J, K) or (C, I, J, K).

    Example:
        >>> lp_pool3d(np.ones((1, 2, 2, 1)), 2, (2, 2, 1))
        array([[[[2.]]]])
    """
    return _lp_pool(3, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d_backward(dy, x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Return dx = dy·(x/y)^(p−1) over each window; see `lp_pool2d_backward`.

    Example:
        >>> lp_pool3d_backward(np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 4)), 2, (1, 1, 4))
        array([[[[0.5, 0.5, 0.5, 0.5]]]])
    """
    return _lp_pool_backward(3, dy, x, norm_type, kernel_size, stride, ceil_mode)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def mixed_pool2d(x, alpha, kernel_size, stride=None):
    """Mix maximum and average in a proportion that is learned.

    y = alpha·max_pool2d(x) + (1 − alpha)·avg_pool2d(x)

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        alpha: share of the maximum: a number, a scalar array, or an array in the dtype of x that
            broadcasts against y, such as (C, 1, 1). In the paper it lies between 0 and 1; that
            is not enforced, since a training step may leave the range.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        stride: step between windows, cells; the kernel's size if None.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x, where I and J follow `shapes.output_size`.

    Raises:
        ValueError: x has the wrong number of axes, alpha does not broadcast, an option is out of
            range, or no window fits.
        TypeError: x or alpha is no float, or an option is no whole number.

    Source: Lee, Gallagher & Tu (2016), Generalizing pooling functions in convolutional neural
        networks: mixed, gated, and tree.

    Example:
        >>> mixed_pool2d(np.array([[[1.0, 3.0], [2.0, 9.0]]]), 0.5, 2)  # (9 + 3.75) / 2
        array([[[6.375]]])
    """
    largest, mean = max_pool2d(x, kernel_size, stride), avg_pool2d(x, kernel_size, stride)
    alpha = parameter("alpha", alpha, x, largest.shape)
    return alpha * largest + (1 - alpha) * mean


@np.errstate(all="ignore")
def mixed_pool2d_backward(dy, x, alpha, kernel_size, stride=None):
    """Return (dx, dalpha); where the maximum exceeds the average most, alpha matters most.

    Example:
        >>> x = np.array([[[1.0, 3.0], [2.0, 9.0]]])
        >>> dx, dalpha = mixed_pool2d_backward(np.array([[[8.0]]]), x, 0.5, 2)
        >>> dx, dalpha  # dalpha = 8·(9 − 3.75)
        (array([[[1., 1.],
                [1., 5.]]]), array(42.))
    """
    largest, mean = max_pool2d(x, kernel_size, stride), avg_pool2d(x, kernel_size, stride)
    alpha = parameter("alpha", alpha, x, largest.shape)
    dy = upstream(dy, largest.shape, x.dtype)
    to_max = max_pool2d_backward(alpha * dy, x, kernel_size, stride)
    to_mean = avg_pool2d_backward((1 - alpha) * dy, x, kernel_size, stride)
    return to_max + to_mean, sum_to(alpha.shape, dy * (largest - mean))


def _avg_pool(n, x, kernel_size, stride, padding, ceil_mode, include_pad, override):
    x = float_array("x", x)
    windows = sliding(n, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    divisor = _divisor(windows, x.shape[-n:], padding, include_pad, override)
    return sum_pool(x, windows, divisor)


def _avg_pool_backward(n, dy, x, kernel_size, stride, padding, ceil_mode, include_pad, override):
    x = float_array("x", x)
    windows = sliding(n, x.shape, kernel_size, stride, padding, 1, ceil_mode)
    divisor = _divisor(windows, x.shape[-n:], padding, include_pad, override)
    return sum_pool_backward(upstream(dy, pooled_shape(x, windows), x.dtype), x, windows, divisor)


def _divisor(windows, sizes, padding, include_pad, override):
    """How many cells each window counts, shaped as one plane of y."""
    shapes.flag("count_include_pad", include_pad)
    if override is not None:
        if shapes.whole("divisor_override", override) == 0:
            raise ValueError("divisor_override must not be 0")
        return np.asarray(override)
    if not include_pad:
        return cells_in(windows)
    padding = shapes.per_axis("padding", padding, len(sizes), minimum=0)
    ends = [size + p for size, p in zip(sizes, padding, strict=True)]
    axes = zip(windows, ends, strict=True)
    return reduce(np.multiply.outer, [np.minimum(w.length, end - w.starts) for w, end in axes])


@np.errstate(all="ignore")
def _lp_pool(n, x, norm_type, kernel_size, stride, ceil_mode):
    x, p = float_array("x", x), exponent("norm_type", norm_type)
    windows = sliding(n, x.shape, kernel_size, stride, ceil_mode=ceil_mode)
    if math.isinf(p):
        sign = math.copysign(1, p)
        return sign * max_pool(sign * np.abs(x), windows)
    return (_sum_of_powers(x, p, windows) ** (1 / p)).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def _lp_pool_backward(n, dy, x, norm_type, kernel_size, stride, ceil_mode):
    x, p = float_array("x", x), exponent("norm_type", norm_type)
    windows = sliding(n, x.shape, kernel_size, stride, ceil_mode=ceil_mode)
    if math.isinf(p):
        to_abs = max_pool_backward(dy, math.copysign(1, p) * np.abs(x), windows)
        return to_abs * np.where(np.isnan(x), x.dtype.type(0), np.sign(x))
    dy = upstream(dy, pooled_shape(x, windows), x.dtype)
    sums = _sum_of_powers(x, p, windows)
    to_sum = np.where(sums == 0, 0, dy * sums ** (1 / p - 1))
    x_wide = x.astype(sums.dtype, copy=False)
    to_power = sum_pool_backward(to_sum, x_wide, windows, _fullness(windows))
    return (to_power * x_wide ** (p - 1)).astype(x.dtype, copy=False)


def _sum_of_powers(x, p, windows):
    x = x.astype(wide(x.dtype), copy=False)
    return sum_pool(x**p, windows, _fullness(windows))


def _fullness(windows):
    """The share of its cells that each window has: below 1 where it hangs over the end."""
    full = math.prod(w.length for w in windows)
    return cells_in(windows) / full
