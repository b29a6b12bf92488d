"""Adaptive and global pooling: the output's size is given, and the windows follow."""

import numpy as np

from lib.reference._arguments import float_array, upstream
from lib.reference._pooling_windows import (
    adaptive,
    cells_in,
    max_pool,
    max_pool_backward,
    pooled_shape,
    sum_pool,
    sum_pool_backward,
)


def adaptive_avg_pool2d(x, output_size):
    """Share each plane out among as many windows as are wanted, and average each.

    Along an axis of `size` cells, window i of `out` begins at floor(i·size/out) and ends before
    ceil((i + 1)·size/out): windows may differ in size, and overlap, by a cell.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        output_size: cells wanted: a number, or a pair (height, width); None keeps an axis.

    Returns:
        y: (N, C, I, J) or (C, I, J) with (I, J) = output_size, dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, or a size is negative.
        TypeError: x is no array of floats, or a size is no whole number.

    Source: He et al. (2015), Spatial pyramid pooling in deep convolutional networks.

    Example:
        >>> adaptive_avg_pool2d(np.array([[[0.0, 1, 2, 3, 4]]]), (1, 3))
        array([[[0.5, 2. , 3.5]]])
    """
    return _average(2, x, output_size)


def adaptive_avg_pool2d_backward(dy, x, output_size):
    """Share each upstream slope out among the cells of its window.

    Example:
        >>> adaptive_avg_pool2d_backward(np.array([[[3.0, 2, 1]]]), np.ones((1, 1, 5)), (1, 3))
        array([[[1.5       , 2.16666667, 0.66666667, 1.16666667, 0.5       ]]])
    """
    return _average_backward(2, dy, x, output_size)


def adaptive_avg_pool1d(x, output_size):
    """Share each sequence out among windows, and average: `adaptive_avg_pool2d` along one axis.

    Example:
        >>> adaptive_avg_pool1d(np.array([[0.0, 1, 2, 3, 4]]), 3)
        array([[0.5, 2. , 3.5]])
    """
    return _average(1, x, output_size)


def adaptive_avg_pool1d_backward(dy, x, output_size):
    """Share each upstream slope out; see `adaptive_avg_pool2d_backward`.

    Example:
        >>> adaptive_avg_pool1d_backward(np.array([[2.0, 4.0]]), np.ones((1, 4)), 2)
        array([[1., 1., 2., 2.]])
    """
    return _average_backward(1, dy, x, output_size)


def adaptive_avg_pool3d(x, output_size):
    """Share each volume out among windows: `adaptive_avg_pool2d` along three axes.

    Example:
        >>> adaptive_avg_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), (1, 1, 2))
        array([[[[3., 4.]]]])
    """
    return _average(3, x, output_size)


def adaptive_avg_pool3d_backward(dy, x, output_size):
    """Share each upstream slope out; see `adaptive_avg_pool2d_backward`.

    Example:
        >>> adaptive_avg_pool3d_backward(np.full((1, 1, 1, 1), 4.0), np.ones((1, 1, 1, 2)), 1)
        array([[[[2., 2.]]]])
    """
    return _average_backward(3, dy, x, output_size)


def adaptive_max_pool2d(x, output_size, return_indices=False):
    """Share each plane out as `adaptive_avg_pool2d` does, and keep the largest of each window.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        output_size: cells wanted: a number, or a pair (height, width); None keeps an axis.
        return_indices: whether to tell where the winners are.

    Returns:
        y: (N, C, I, J) or (C, I, J) with (I, J) = output_size, dtype of x; or (y, indices), as
        `max_pool2d` has it, ties and NaN included.

    Raises:
        ValueError: x has the wrong number of axes, or a size is negative.
        TypeError: x is no array of floats, or a size is no whole number.

    Source: He et al. (2015), Spatial pyramid pooling in deep convolutional networks.

    Example:
        >>> adaptive_max_pool2d(np.array([[[0.0, 1, 2, 3, 4]]]), (1, 3), return_indices=True)
        (array([[[1., 3., 4.]]]), array([[[1, 3, 4]]]))
    """
    return _maximum(2, x, output_size, return_indices)


def adaptive_max_pool2d_backward(dy, x, output_size):
    """Give each upstream slope to the winner of its window; where windows overlap, add.

    Example:
        >>> x = np.array([[[0.0, 1, 9, 3, 4]]])
        >>> adaptive_max_pool2d_backward(np.array([[[1.0, 2.0, 3.0]]]), x, (1, 3))
        array([[[0., 1., 2., 0., 3.]]])
    """
    return _maximum_backward(2, dy, x, output_size)


def adaptive_max_pool1d(x, output_size, return_indices=False):
    """Keep the largest of each window: `adaptive_max_pool2d` along one axis.

    Example:
        >>> adaptive_max_pool1d(np.array([[0.0, 1, 2, 3, 4]]), 2)
        array([[2., 4.]])
    """
    return _maximum(1, x, output_size, return_indices)


def adaptive_max_pool1d_backward(dy, x, output_size):
    """Give each upstream slope to the winner; see `adaptive_max_pool2d_backward`.

    Example:
        >>> adaptive_max_pool1d_backward(np.array([[5.0, 6.0]]), np.array([[1.0, 3, 2, 0]]), 2)
        array([[0., 5., 6., 0.]])
    """
    return _maximum_backward(1, dy, x, output_size)


def adaptive_max_pool3d(x, output_size, return_indices=False):
    """Keep the largest of each window: `adaptive_max_pool2d` along three axes.

    Example:
        >>> adaptive_max_pool3d(np.arange(8.0).reshape(1, 2, 2, 2), (1, 1, 2))
        array([[[[6., 7.]]]])
    """
    return _maximum(3, x, output_size, return_indices)


def adaptive_max_pool3d_backward(dy, x, output_size):
    """Give each upstream slope to the winner; see `adaptive_max_pool2d_backward`.

    Example:
        >>> x = np.arange(4.0).reshape(1, 1, 2, 2)
        >>> adaptive_max_pool3d_backward(np.full((1, 1, 1, 1), 5.0), x, 1)
        array([[[[0., 0.],
                 [0., 5.]]]])
    """
    return _maximum_backward(3, dy, x, output_size)


def global_avg_pool(x):
    """Average each plane: one number for each channel.

    y[n, c] = mean of x[n, c] over all its cells

    Args:
        x: sequences, images or volumes, (N, C, L), (N, C, H, W) or (N, C, D, H, W), float.
            Always with a batch: without one, (C, H, W) could not be told from (N, C, L).

    Returns:
        y: (N, C, 1, …), as many axes as x, dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, or an empty plane.
        TypeError: x is no array of floats.

    Source: Lin, Chen & Yan (2014), Network in network.

    Example:
        >>> global_avg_pool(np.array([[[[1.0, 2.0], [3.0, 6.0]]]]))
        array([[[[3.]]]])
    """
    return _average(_spatial_axes(x), x, 1)


def global_avg_pool_backward(dy, x):
    """Share each upstream slope out among all cells of its plane.

    Example:
        >>> global_avg_pool_backward(np.array([[[8.0]]]), np.ones((1, 1, 4)))
        array([[[2., 2., 2., 2.]]])
    """
    return _average_backward(_spatial_axes(x), dy, x, 1)


def global_max_pool(x):
    """Keep the largest value of each plane: whether a feature is there, not where.

    y[n, c] = max of x[n, c] over all its cells

    Args:
        x: sequences, images or volumes, (N, C, L), (N, C, H, W) or (N, C, D, H, W), float,
            always with a batch, as in `global_avg_pool`.

    Returns:
        y: (N, C, 1, …), as many axes as x, dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, or an empty plane.
        TypeError: x is no array of floats.

    Source: Oquab et al. (2015), Is object localization for free?

    Example:
        >>> global_max_pool(np.array([[[[1.0, 2.0], [3.0, 6.0]]]]))
        array([[[[6.]]]])
    """
    return _maximum(_spatial_axes(x), x, 1, return_indices=False)


def global_max_pool_backward(dy, x):
    """Give each upstream slope to the first of the largest cells of its plane.

    Example:
        >>> global_max_pool_backward(np.array([[[8.0]]]), np.array([[[1.0, 5, 5, 2]]]))
        array([[[0., 8., 0., 0.]]])
    """
    return _maximum_backward(_spatial_axes(x), dy, x, 1)


def _average(n, x, output_size):
    x = float_array("x", x)
    windows = adaptive(n, x.shape, output_size)
    return sum_pool(x, windows, cells_in(windows), least=np.float64)


def _average_backward(n, dy, x, output_size):
    x = float_array("x", x)
    windows = adaptive(n, x.shape, output_size)
    dy = upstream(dy, pooled_shape(x, windows), x.dtype)
    return sum_pool_backward(dy, x, windows, cells_in(windows))


def _maximum(n, x, output_size, return_indices):
    x = float_array("x", x)
    return max_pool(x, adaptive(n, x.shape, output_size), return_indices)


def _maximum_backward(n, dy, x, output_size):
    x = float_array("x", x)
    return max_pool_backward(dy, x, adaptive(n, x.shape, output_size))


def _spatial_axes(x):
    axes = float_array("x", x).ndim - 2
    if axes not in (1, 2, 3):
        raise ValueError(
            f"x must have the axes (N, C, L), (N, C, H, W) or (N, C, D, H, W), got shape {x.shape}"
        )
    return axes
