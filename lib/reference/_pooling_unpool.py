"""Unpooling: each value goes back to the cell that it came from."""

import math

import numpy as np

from lib import shapes
from lib.reference._arguments import array, float_array, upstream


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where its index says, and zeros elsewhere: a partial inverse of max pooling.

    Args:
        x: pooled values, (N, C, I, J) or (C, I, J), float.
        indices: int64, shaped as x: row·W + column of each value in its plane, as
            `max_pool2d(…, return_indices=True)` gives. Of equal ones the last wins.
        kernel_size: the pooling's, a number, or a pair (height, width), as below.
        stride: the pooling's; the kernel's size if None.
        padding: the pooling's.
        output_size: (H, W), or a whole shape that ends in it, if not (I − 1)·stride +
            kernel_size − 2·padding, and likewise; less than a stride away.

    Returns:
        y: (N, C, H, W) or (C, H, W), dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, indices another shape than x or a place
            outside the plane, or output_size cannot be.
        TypeError: x is no array of floats, or indices none of int64.

    Source: Zeiler & Fergus (2014), Visualizing and understanding convolutional networks.

    Example:
        >>> max_unpool2d(np.array([[[9.0]]]), np.array([[[2]]]), 2)
        array([[[0., 0.],
                [9., 0.]]])
    """
    return _unpool(2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool2d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Fetch each upstream slope from the cell to which the value went.

    Example:
        >>> x, indices = np.array([[[9.0]]]), np.array([[[2]]])
        >>> max_unpool2d_backward(np.array([[[1.0, 2.0], [3.0, 4.0]]]), x, indices, 2)
        array([[[3.]]])
    """
    return _unpool_backward(2, dy, x, indices, kernel_size, stride, padding, output_size)


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where its index says: `max_unpool2d` along one axis.

    Example:
        >>> max_unpool1d(np.array([[5.0, 4.0]]), np.array([[1, 3]]), 2)
        array([[0., 5., 0., 4.]])
    """
    return _unpool(1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool1d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Fetch each upstream slope; see `max_unpool2d_backward`.

    Example:
        >>> x, indices = np.array([[5.0, 4.0]]), np.array([[1, 3]])
        >>> max_unpool1d_backward(np.array([[1.0, 2.0, 3.0, 4.0]]), x, indices, 2)
        array([[2., 4.]])
    """
    return _unpool_backward(1, dy, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value where its index says: `max_unpool2d` along three axes.

    Example:
        >>> max_unpool3d(np.full((1, 1, 1, 1), 7.0), np.full((1, 1, 1, 1), 3), (1, 2, 2))
        array([[[[0., 0.],
                 [0., 7.]]]])
    """
    return _unpool(3, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d_backward(dy, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Fetch each upstream slope; see `max_unpool2d_backward`.

    Example:
        >>> x, indices = np.full((1, 1, 1, 1), 7.0), np.full((1, 1, 1, 1), 3)
        >>> max_unpool3d_backward(np.arange(4.0).reshape(1, 1, 2, 2), x, indices, (1, 2, 2))
        array([[[[3.]]]])
    """
    return _unpool_backward(3, dy, x, indices, kernel_size, stride, padding, output_size)


def _unpool(n, x, indices, kernel_size, stride, padding, output_size):
    x, cells, shape = _places(n, x, indices, kernel_size, stride, padding, output_size)
    y = np.zeros((len(cells), math.prod(shape[-n:])), x.dtype)
    np.put_along_axis(y, cells, x.reshape(cells.shape), axis=1)
    return y.reshape(shape)


def _unpool_backward(n, dy, x, indices, kernel_size, stride, padding, output_size):
    x, cells, shape = _places(n, x, indices, kernel_size, stride, padding, output_size)
    planes = upstream(dy, shape, x.dtype).reshape(len(cells), math.prod(shape[-n:]))
    return np.take_along_axis(planes, cells, axis=1).reshape(x.shape)


def _places(n, x, indices, kernel_size, stride, padding, output_size):
    """Return x, the index of each value as (planes, values), and the shape of y."""
    x, indices = float_array("x", x), array("indices", indices)
    sizes = shapes.unpool_sizes(x.shape, n, kernel_size, stride, padding, output_size)
    if indices.dtype != np.int64:
        raise TypeError(f"indices must hold int64, got {indices.dtype}")
    if indices.shape != x.shape:
        raise ValueError(f"indices must have the shape of x, {x.shape}, got {indices.shape}")
    cells = math.prod(sizes)
    if indices.size and not 0 <= indices.min() <= indices.max() < cells:
        raise ValueError(
            f"indices must lie between 0 and {cells - 1}, in a plane of {sizes}, "
            f"got {indices.min()} to {indices.max()}"
        )
    planes = math.prod(x.shape[:-n])
    return x, indices.reshape(planes, math.prod(x.shape[-n:])), (*x.shape[:-n], *sizes)
