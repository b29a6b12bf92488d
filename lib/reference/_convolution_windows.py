"""Windows side by side, and the three linear maps that every convolution is made of.

A convolution multiplies each window of its input by the same weights. With the windows laid side
by side, as the columns of a matrix, that is one product of matrices. The map is linear in the
input and in the weights, so it has two slopes: `spread` is the one for the input, `weigh` the one
for the weights. A transposed convolution is `spread` itself, and so its slope is `correlate`.

Work goes a few samples at a time: the columns take up as much room as the input times the cells
of a kernel.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from lib import shapes
from lib.reference._arguments import float_array, matching, upstream

CACHE = 2**20  # numbers in the columns worked on at once, unless one sample has more


class Windows(NamedTuple):
    """Windows over the last axes, as `shapes.conv_sizes` tells them: an entry for each axis."""

    sizes: tuple
    kernel_size: tuple
    stride: tuple
    pads: tuple
    dilation: tuple
    out: tuple
    groups: int = 1

    def padded(self):
        """Return the sizes of a sample with its padding."""
        return tuple(size + sum(pads) for size, pads in zip(self.sizes, self.pads, strict=True))

    def real(self):
        """Return where in the padding the sample lies."""
        each = zip(self.sizes, self.pads, strict=True)
        return (..., *(slice(before, before + size) for size, (before, _) in each))

    def cells(self, offset):
        """Return where in a padded sample each window has the cell at that offset."""
        each = zip(offset, self.stride, self.dilation, self.out, strict=True)
        return (..., *(slice(j * d, j * d + (out - 1) * s + 1, s) for j, s, d, out in each))


def conv(n, x, weight, bias, *options):
    """Convolve over the last n axes."""
    w = _windows(shapes.conv_sizes, n, x, weight, bias, *options)
    return _as_given(correlate(_batch(x, n), weight, bias, w), n, x)


def conv_backward(n, dy, x, weight, bias, *options):
    """Return the slopes of `conv`: dx, dweight, dbias."""
    w = _windows(shapes.conv_sizes, n, x, weight, bias, *options)
    dy = _batch(upstream(dy, (*x.shape[: -n - 1], len(weight), *w.out), x.dtype), n)
    dx, dweight = spread(dy, weight, None, w), weigh(dy, _batch(x, n), weight, w)
    return _as_given(dx, n, x), dweight, _slope_of_bias(bias, dy)


def conv_transpose(n, x, weight, bias, *options):
    """Convolve over the last n axes in reverse."""
    w = _windows(shapes.conv_transpose_sizes, n, x, weight, bias, *options)
    return _as_given(spread(_batch(x, n), weight, bias, w), n, x)


def conv_transpose_backward(n, dy, x, weight, bias, *options):
    """Return the slopes of `conv_transpose`: dx, dweight, dbias."""
    w = _windows(shapes.conv_transpose_sizes, n, x, weight, bias, *options)
    channels = weight.shape[1] * w.groups
    dy = _batch(upstream(dy, (*x.shape[: -n - 1], channels, *w.sizes), x.dtype), n)
    dx, dweight = correlate(dy, weight, None, w), weigh(_batch(x, n), dy, weight, w)
    return _as_given(dx, n, x), dweight, _slope_of_bias(bias, dy)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def correlate(x, weight, bias, w):
    """Multiply each window by the weights: (N, C, *sizes) → (N, O, *out)."""
    y = np.empty((len(x), len(weight), *w.out), x.dtype)
    kernels = _by_group(weight, w)
    for part in _parts(x.shape, w):
        products = kernels @ _columns(x[part], w)
        y[part] = _plus(bias, products.reshape(y[part].shape))
    return y


@np.errstate(all="ignore")
def spread(y, weight, bias, w):
    """Add each number, times the weights, to its window: (N, O, *out) → (N, C, *sizes)."""
    x = np.empty((len(y), weight.shape[1] * w.groups, *w.sizes), y.dtype)
    kernels = _by_group(weight, w).swapaxes(1, 2)
    for part in _parts(x.shape, w):
        columns = kernels @ _numbers(y[part], w)
        columns = columns.reshape(-1, x.shape[1], *w.kernel_size, *w.out)
        x[part] = _plus(bias, add_windows(columns, w))
    return x


@np.errstate(all="ignore")
def weigh(y, x, weight, w):
    """Add up each number times its window: (N, O, *out), (N, C, *sizes) → as weight."""
    total = np.zeros(_by_group(weight, w).shape)
    for part in _parts(x.shape, w):
        products = _numbers(y[part], w) @ _columns(x[part], w).swapaxes(2, 3)
        total += products.sum(axis=0, dtype=np.float64)
    return total.reshape(weight.shape).astype(weight.dtype)


def window_views(x, w):
    """Return a view of each window's cells, (N, C, *kernel_size, *out), zeros where it is padded.

    Nothing is copied but for the padding: a cell that lies in several windows is in the view as
    often, at the same place in memory.
    """
    if any(map(any, w.pads)):
        padded = np.zeros((*x.shape[:2], *w.padded()), x.dtype)
        padded[w.real()] = x
        x = padded
    within = (step * d for step, d in zip(x.strides[2:], w.dilation, strict=True))
    between = (step * s for step, s in zip(x.strides[2:], w.stride, strict=True))
    strides = (*x.strides[:2], *within, *between)
    return as_strided(x, (*x.shape[:2], *w.kernel_size, *w.out), strides, writeable=False)


def add_windows(columns, w):
    """Add the cells of all windows up where `window_views` found them, and cut the padding off."""
    padded = np.zeros((*columns.shape[:2], *w.padded()), columns.dtype)
    for offset in np.ndindex(*w.kernel_size):
        padded[w.cells(offset)] += columns[(slice(None), slice(None), *offset)]
    return padded[w.real()]


def wide(x):
    """Return x in a dtype wide enough for long sums: at least float32."""
    return x.astype(np.promote_types(x.dtype, np.float32), copy=False)


def _windows(sizes, n, x, weight, bias, *options):
    float_array("x", x)
    matching("weight", weight, x)
    bias_shape = None if bias is None else matching("bias", bias, x).shape
    return Windows(*sizes(x.shape, weight.shape, bias_shape, n, *options))


def _batch(x, n):
    return x if x.ndim == n + 2 else x[None]


def _as_given(y, n, x):
    return y if x.ndim == n + 2 else y[0]


def _by_group(weight, w):
    return wide(weight).reshape(w.groups, len(weight) // w.groups, -1)


def _columns(x, w):
    """Copy the windows, (N, C, *sizes) → (N, groups, C / groups · kernel's cells, windows)."""
    cells = x.shape[1] // w.groups * math.prod(w.kernel_size)
    return window_views(wide(x), w).reshape(-1, w.groups, cells, math.prod(w.out))


def _numbers(y, w):
    """Lay out one number for each window, (N, O, *out) → (N, groups, O / groups, windows)."""
    return wide(y).reshape(-1, w.groups, y.shape[1] // w.groups, math.prod(w.out))


def _parts(shape, w):
    """Yield slices of a batch of shape (N, C, *sizes): as many samples as `CACHE` allows."""
    few = max(1, CACHE // math.prod((shape[1], *w.kernel_size, *w.out)))
    return (slice(start, start + few) for start in range(0, shape[0], few))


def _plus(bias, y):
    return y if bias is None else y + wide(bias).reshape(-1, *[1] * (y.ndim - 2))


@np.errstate(all="ignore")
def _slope_of_bias(bias, dy):
    if bias is None:
        return None
    return dy.sum(axis=(0, *range(2, dy.ndim)), dtype=np.float64).astype(bias.dtype)
