"""Slopes measured with two evaluations of a function: the judge of every hand-written backward."""

import numpy as np


def numeric_gradient(f, x, h=1e-5):
    """Measure the slope of a scalar function along every entry of x, by central differences.

    slope[i] = (f(x + h·eᵢ) − f(x − h·eᵢ)) / 2h, with an error of order h², so about 1e-10.

    Args:
        f: function of an array shaped as x; its result is one number.
        x: where to measure, any shape, float64: float32 would leave three digits.
        h: half the distance between the two evaluations; above 0, finite.

    Returns:
        The slopes, shaped as x, float64.

    Raises:
        ValueError: f's result is not one number, or h is not above 0 and finite.
        TypeError: x is not a float64 array, or f's result is not real.

    Example:
        >>> numeric_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0])).round(6)
        array([ 2., -6.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(
            f"x must be a float64 array, got {got}: in less precision a difference of two "
            "values keeps too few digits"
        )
    if not 0 < h < np.inf:
        raise ValueError(f"h must be above 0 and finite, got {h!r}")
    slopes = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        slopes[i] = (_one_number(f(above)) - _one_number(f(below))) / (above[i] - below[i])
    return slopes


def _one_number(value):
    value = np.asarray(value)
    if value.dtype.kind not in "iuf":
        raise TypeError(f"f must return a real number, got {value.dtype}")
    if value.size != 1:
        raise ValueError(
            f"f must return one number, got shape {value.shape}; weigh and add, as in "
            "(dy * y).sum()"
        )
    return float(value.reshape(()))
