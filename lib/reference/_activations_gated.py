"""Activations in which one half of the channels says how much of the other half goes through."""

import numpy as np

from lib import shapes
from lib.reference import _activations_pointwise as pointwise
from lib.reference._activations_smooth import silu_of, silu_slope_of
from lib.reference._arguments import float_array


def glu(x, dim=-1):
    """Weigh the first half of an axis with the sigmoid of the second.

    y = a · sigmoid(b), where x = (a, b) along dim

    Args:
        x: (…, 2M, …), float.
        dim: the axis to halve, of even size; counted from the end if negative.

    Returns:
        y: (…, M, …), dtype of x.

    Raises:
        TypeError: x is no array of floats, or dim no whole number.
        ValueError: x has no such axis, or its size is odd.

    Source: Dauphin, Fan, Auli & Grangier (2017), Language modeling with gated convolutional
    networks.

    Example:
        >>> glu(np.array([3.0, 4, 0, np.inf]))
        array([1.5, 4. ])
    """
    a, b = _halves(x, dim)
    return pointwise.forward(lambda a, b: a * pointwise.sigmoid(b), a, b)


def glu_backward(dy, x, dim=-1):
    """Weigh the upstream gradient with p for a, and with a · p · (1 − p) for b; p = sigmoid(b).

    Returns dx, shaped as x.

    Example:
        >>> glu_backward(np.array([4.0, 4]), np.array([3.0, 4, 0, np.inf]))
        array([2., 4., 3., 0.])
    """
    a, b = _halves(x, dim)

    def to_b(dy, a, b):
        p = pointwise.sigmoid(b)
        return dy * a * p * (1 - p)

    da = pointwise.backward(lambda dy, a, b: dy * pointwise.sigmoid(b), dy, a, b)
    return np.concatenate([da, pointwise.backward(to_b, dy, a, b)], axis=dim)


def swiglu(x, dim=-1):
    """Weigh the second half of an axis with the swish of the first.

    y = silu(a) · b, where x = (a, b) along dim

    Args:
        x: (…, 2M, …), float.
        dim: the axis to halve, of even size; counted from the end if negative.

    Returns:
        y: (…, M, …), dtype of x. Mind the order: here the first half goes through the
        nonlinearity, in `glu` the second.

    Raises:
        TypeError: x is no array of floats, or dim no whole number.
        ValueError: x has no such axis, or its size is odd.

    Source: Shazeer (2020), GLU variants improve transformer.

    Example:
        >>> swiglu(np.array([1.0, 0, 10, 10])).round(4)
        array([7.3106, 0.    ])
    """
    a, b = _halves(x, dim)
    return pointwise.forward(lambda a, b: silu_of(a) * b, a, b)


def swiglu_backward(dy, x, dim=-1):
    """Weigh the upstream gradient with silu's slope times b for a, and with silu(a) for b.

    Returns dx, shaped as x.

    Example:
        >>> swiglu_backward(np.array([1.0, 1]), np.array([1.0, 0, 10, 10])).round(4)
        array([9.2767, 5.    , 0.7311, 0.    ])
    """
    a, b = _halves(x, dim)
    da = pointwise.backward(lambda dy, a, b: dy * silu_slope_of(a) * b, dy, a, b)
    db = pointwise.backward(lambda dy, a: dy * silu_of(a), dy, a)
    return np.concatenate([da, db], axis=dim)


def _halves(x, dim):
    x = float_array("x", x)
    return np.split(x, 2, axis=shapes.halved(x.shape, dim))
