"""Batch norm as its equations are read: whole arrays, one line a step.

`normalization.batch_norm` gives the same, in less time and memory, from any dtype and layout.
"""

import numpy as np


def plain_batch_norm(x, weight, bias, eps=1e-05):
    """Standardize each channel of x, (N, C) or (N, C, …), over the batch.

    Example:
        >>> plain_batch_norm(np.array([[1.0], [3.0]]), np.array([2.0]), np.array([5.0])).round(3)
        array([[3.],
               [7.]])
    """
    xhat, _ = _standardized(x, eps)
    return _as_channels(weight, x) * xhat + _as_channels(bias, x)


def plain_batch_norm_backward(dy, x, weight, eps=1e-05):
    """Send each slope back: by the cell itself, by the mean, and by the variance.

    Returns dx, dweight, dbias.

    Example:
        >>> x, dy = np.array([[1.0], [3.0]]), np.array([[1.0], [1.0]])
        >>> _, dweight, dbias = plain_batch_norm_backward(dy, x, np.array([2.0]))
        >>> dweight, dbias
        (array([0.]), array([2.]))
    """
    axes = _all_but_channels(x)
    xhat, rstd = _standardized(x, eps)
    g = _as_channels(weight, x) * dy
    by_mean = g.mean(axes, keepdims=True)
    by_var = (g * xhat).mean(axes, keepdims=True)
    return rstd * (g - by_mean - xhat * by_var), (dy * xhat).sum(axes), dy.sum(axes)


def _standardized(x, eps):
    """Return (x − mean) / √(var + eps), and 1 / √(var + eps)."""
    axes = _all_but_channels(x)
    centred = x - x.mean(axes, keepdims=True)
    rstd = 1 / np.sqrt((centred**2).mean(axes, keepdims=True) + eps)
    return centred * rstd, rstd


def _all_but_channels(x):
    return (0, *range(2, x.ndim))


def _as_channels(values, x):
    """Give (C,) as many axes as x, so that it broadcasts: (C, 1, …)."""
    return values.reshape(-1, *(1,) * (x.ndim - 2))
