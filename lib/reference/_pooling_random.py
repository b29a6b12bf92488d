"""Pooling by chance: windows at random steps (fractional), or a random cell of each window."""

import math
from itertools import product

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, given_uniforms, uniforms, upstream
from lib.reference._pooling_windows import max_pool, parts, pooled_shape, send_back, sliding


def fractional_max_pool2d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Keep the largest value in windows whose steps vary at random, for sizes like H/√2.

    With u uniform in [0, 1) and α = (H − k)/(I − 1), window i of I starts at
    floor(α·(i + u)) − floor(α·u), and the last one at H − k.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1): (N, C, 2), in the dtype of
            x, one for the width and one for the height of each plane ((1, C, 2) without a
            batch): torch's `_random_samples`.
        x: images, (N, C, H, W) or (C, H, W), float.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        output_size: cells wanted; or else
        output_ratio: cells wanted over cells, between 0 and 1.
        return_indices: whether to tell where the winners are.

    Returns:
        y: (N, C, I, J) or (C, I, J) with (I, J) = output_size, dtype of x; or (y, indices), as
        `max_pool2d` has it, ties and NaN included.

    Raises:
        ValueError: x has the wrong number of axes, the uniforms another shape or range,
            neither size nor ratio is given, or the windows do not fit.
        TypeError: an argument has a wrong type, or the uniforms another dtype than x.

    Source: Graham (2014), Fractional max-pooling.

    Example:
        >>> x = np.array([[[0.0, 1, 2, 3, 4, 5, 6]]])
        >>> fractional_max_pool2d(np.array([[[0.3, 0.5]]]), x, (1, 2), (1, 4))
        array([[[1., 3., 4., 6.]]])
    """
    u = uniforms(rng, _one_each(2, float_array("x", x)), x.dtype)
    y, index = _fractional(2, _same_dtype(u, x), x, kernel_size, output_size, output_ratio)
    return (y, index) if return_indices else y


def fractional_max_pool2d_backward(dy, rng, x, kernel_size, output_size=None, output_ratio=None):
    """Give each upstream slope to the winner of its window; rng must be forward's uniforms.

    Example:
        >>> uniforms, x = np.array([[[0.3, 0.5]]]), np.array([[[0.0, 1, 2, 3]]])
        >>> fractional_max_pool2d_backward(np.array([[[5.0, 7.0]]]), uniforms, x, (1, 2), (1, 2))
        array([[[0., 5., 0., 7.]]])
    """
    return _fractional_backward(2, dy, rng, x, kernel_size, output_size, output_ratio)


def fractional_max_pool3d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Keep the largest value in windows at random steps: `fractional_max_pool2d` of volumes.

    The uniforms are (N, C, 3), for depth, height and width in this order (in two dimensions,
    torch has the width first).

    Example:
        >>> x = np.arange(27.0).reshape(1, 3, 3, 3)
        >>> fractional_max_pool3d(np.full((1, 1, 3), 0.5), x, 2, output_size=(1, 1, 2))
        array([[[[25., 26.]]]])
    """
    u = uniforms(rng, _one_each(3, float_array("x", x)), x.dtype)
    y, index = _fractional(3, _same_dtype(u, x), x, kernel_size, output_size, output_ratio)
    return (y, index) if return_indices else y


def fractional_max_pool3d_backward(dy, rng, x, kernel_size, output_size=None, output_ratio=None):
    """Give each upstream slope to the winner; see `fractional_max_pool2d_backward`.

    Example:
        >>> uniforms, x = np.full((1, 1, 3), 0.5), np.arange(8.0).reshape(1, 2, 2, 2)
        >>> fractional_max_pool3d_backward(np.full((1, 1, 1, 1), 3.0), uniforms, x, 2, 1)[0, 1, 1]
        array([0., 3.])
    """
    return _fractional_backward(3, dy, rng, x, kernel_size, output_size, output_ratio)


def stochastic_pool2d(rng, x, kernel_size, stride=None, return_indices=False):
    """Draw one cell of each window, with a probability in proportion to its value.

    P(y[n, c, i, j] = a) = a / (sum of the window), for each of its cells a. A window of zeros
    gives 0. Each window draws on its own, even where windows overlap: with its uniform u, the
    first cell, row by row, at which the running sum exceeds u·(sum of the window).

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), one for each window, in the
            shape of y.
        x: images, (N, C, H, W) or (C, H, W), float, not negative, such as what ReLU gives.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        stride: step between windows, cells; the kernel's size if None.
        return_indices: whether to tell which cells were drawn.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x; or (y, indices): int64, shaped as y,
        row·W + column of each drawn cell in its plane (the first of a window of zeros).

    Raises:
        ValueError: x is negative or NaN somewhere, or the sum of a window is not finite; x has
            the wrong number of axes, no window fits, or the uniforms do not fit.
        TypeError: an argument has a wrong type.

    Source: Zeiler & Fergus (2013), Stochastic pooling for regularization of deep convolutional
        neural networks.

    Example:
        >>> x = np.array([[[1.0, 2.0], [3.0, 4.0]]])  # p = 0.1, 0.2, 0.3, 0.4
        >>> stochastic_pool2d(np.array([[[0.25]]]), x, 2)  # 1 ≤ 0.25·10 < 1 + 2
        array([[[2.]]])
    """
    x, windows = _activations(x, kernel_size, stride)
    y, index = _drawn(uniforms(rng, pooled_shape(x, windows)), x, windows)
    return (y, index) if return_indices else y


def stochastic_pool2d_backward(dy, rng, x, kernel_size, stride=None):
    """Give each upstream slope to the cell that was drawn; rng must be forward's uniforms.

    A window of zeros passes nothing. Where windows overlap, slopes add.

    Example:
        >>> x = np.array([[[1.0, 2.0], [3.0, 4.0]]])
        >>> stochastic_pool2d_backward(np.array([[[5.0]]]), np.array([[[0.25]]]), x, 2)
        array([[[0., 5.],
                [0., 0.]]])
    """
    x, windows = _activations(x, kernel_size, stride)
    u = given_uniforms(rng, pooled_shape(x, windows))
    dy = upstream(dy, u.shape, x.dtype)
    y, index = _drawn(u, x, windows)
    dx = np.zeros(x.shape, x.dtype)
    send_back(np.where(y > 0, dy, 0), index, dx, n=2)
    return dx


def stochastic_pool2d_expected(x, kernel_size, stride=None):
    """Average each window with the probabilities of `stochastic_pool2d`: for evaluation.

    y[n, c, i, j] = Σa² / Σa over the cells a of the window; 0 for a window of zeros.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float, not negative.
        kernel_size: side of a window, cells: a number, or a pair (height, width), as below.
        stride: step between windows, cells; the kernel's size if None.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x.

    Raises:
        ValueError: x is negative or NaN somewhere, or the sum of a window is not finite; x has
            the wrong number of axes, or no window fits.
        TypeError: x is no array of floats, or an option is no whole number.

    Source: Zeiler & Fergus (2013), Stochastic pooling for regularization of deep convolutional
        neural networks.

    Example:
        >>> stochastic_pool2d_expected(np.array([[[1.0, 2.0], [3.0, 4.0]]]), 2)
        array([[[3.]]])
    """
    x, windows = _activations(x, kernel_size, stride)
    return _expected(x, windows, _sums(x, windows)).astype(x.dtype)


def stochastic_pool2d_expected_backward(dy, x, kernel_size, stride=None):
    """Return dx = dy·(2a − y) / Σa for each cell a of the window; 0 for a window of zeros.

    Example:
        >>> x = np.array([[[1.0, 2.0], [3.0, 4.0]]])
        >>> stochastic_pool2d_expected_backward(np.array([[[10.0]]]), x, 2)
        array([[[-1.,  1.],
                [ 3.,  5.]]])
    """
    x, windows = _activations(x, kernel_size, stride)
    dy = upstream(dy, pooled_shape(x, windows), x.dtype)
    sums = _sums(x, windows)
    dy = np.where(sums > 0, dy, 0)
    y_share = _share(_expected(x, windows, sums), sums)
    dx = np.zeros(x.shape)
    for _, cells in _cells(windows):
        dx[cells] += dy * (2 * _share(x[cells], sums) - y_share)
    return dx.astype(x.dtype)


def _fractional(n, u, x, kernel_size, output_size, output_ratio):
    """Lay the windows side by side, pool as usual, and look up where each winner came from."""
    sizes, k, out = shapes.fractional_sizes(x.shape, n, kernel_size, output_size, output_ratio)
    samples = (1, 0) if n == 2 else (0, 1, 2)  # torch takes the width's uniform first, in 2d
    side_by_side, sources = x, []
    for axis, sample in enumerate(samples):
        starts = _starts(u[..., sample], sizes[axis], k[axis], out[axis])
        source = (starts[..., None] + np.arange(k[axis])).reshape(
            *x.shape[:-n], out[axis] * k[axis]
        )
        sources.append(source)
        source = np.expand_dims(source, [i - n for i in range(n) if i != axis])
        side_by_side = np.take_along_axis(side_by_side, source, axis=axis - n)
    y, winners = max_pool(side_by_side, sliding(n, side_by_side.shape, k), return_indices=True)
    index = 0
    places = np.unravel_index(winners, side_by_side.shape[-n:])
    for size, source, place in zip(sizes, sources, places, strict=True):
        line = place.reshape(*x.shape[:-n], math.prod(out))
        index = index * size + np.take_along_axis(source, line, axis=-1).reshape(y.shape)
    return y, index


def _fractional_backward(n, dy, rng, x, kernel_size, output_size, output_ratio):
    x = float_array("x", x)
    u = _same_dtype(given_uniforms(rng, _one_each(n, x)), x)
    y, index = _fractional(n, u, x, kernel_size, output_size, output_ratio)
    dx = np.zeros(x.shape, x.dtype)
    send_back(upstream(dy, y.shape, x.dtype), index, dx, n)
    return dx


def _starts(u, size, k, out):
    """Return where the windows along an axis start, (…, out); in u's dtype, as in torch."""
    starts = np.full((*u.shape, out), size - k)
    if out > 1:
        alpha = u.dtype.type(size - k) / u.dtype.type(out - 1)
        steps = np.arange(out - 1).astype(u.dtype)
        moved = ((steps + u[..., None]) * alpha).astype(np.int64)
        starts[..., :-1] = moved - (u * alpha).astype(np.int64)[..., None]
    return starts


def _one_each(n, x):
    """Return the shape of n uniforms for each plane."""
    shapes.spatial_size(x.shape, n)
    return (x.shape[0] if x.ndim == n + 2 else 1, x.shape[-n - 1], n)


def _same_dtype(u, x):
    if u.dtype != x.dtype:
        raise TypeError(f"the uniforms must have the dtype of x, {x.dtype}, got {u.dtype}")
    return u


def _activations(x, kernel_size, stride):
    x = float_array("x", x)
    windows = sliding(2, x.shape, kernel_size, stride)
    if not (x >= 0).all():
        raise ValueError(
            "x must not be negative, since its values are chances: expected the output of a ReLU, "
            f"say, got a smallest value of {x.min()}"
        )
    return x, windows


def _cells(windows):
    """Yield, row by row, each cell of a window: its place (row, column), and all such cells."""
    rows, columns = windows
    for (i, _, down), (j, _, across) in product(rows.steps, columns.steps):
        yield (i, j), (..., down, across)


@np.errstate(over="ignore")  # it is named below
def _sums(x, windows):
    sums = np.zeros(pooled_shape(x, windows))
    for _, cells in _cells(windows):
        sums += x[cells]
    if not np.isfinite(sums).all():
        raise ValueError("the sum of each window must be finite, got ∞ in at least one")
    return sums


def _drawn(u, x, windows):
    """Return the drawn cells and their flat indices: the last positive cell that begins by u·Σ.

    Only positive cells are drawn, whatever u·Σ is rounded to.
    """
    y = np.zeros(u.shape, x.dtype)
    index = np.zeros(u.shape, np.int64)
    for part in parts(x):
        threshold = u[part] * _sums(x[part], windows)
        begins = np.zeros(threshold.shape)
        for (i, j), cells in _cells(windows):
            v = x[part][cells]
            reached = (begins <= threshold) & (v > 0)
            np.copyto(y[part], v, where=reached)
            np.copyto(index[part], i * x.shape[-1] + j, where=reached)
            begins += v
    rows, columns = windows
    return y, index + np.add.outer(rows.starts * x.shape[-1], columns.starts)


def _expected(x, windows, sums):
    y = np.zeros(sums.shape)
    for _, cells in _cells(windows):
        y += _share(x[cells], sums) * x[cells]
    return y


def _share(value, sums):
    """Return value / sums, and 0 in windows of zeros."""
    return np.divide(value, sums, out=np.zeros(sums.shape), where=sums > 0)
