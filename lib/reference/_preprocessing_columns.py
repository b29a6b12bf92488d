"""Columns: samples lie along the first axis, and each place of a sample is a column of its own."""

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, matching, number


def samples(x):
    """Return samples to learn statistics from, in float64: at least one, and no infinity."""
    x = _rows(float_array("x", x))
    if not len(x):
        raise ValueError(f"x must have at least one sample to learn from, got shape {x.shape}")
    if np.isinf(x).any():
        raise ValueError(f"x must hold no infinity, got {np.isinf(x).sum()}")
    return x.astype(np.float64)


def statistic(value, x):
    """Return a statistic of x as an array in the dtype of x."""
    with np.errstate(over="ignore"):
        return np.asarray(value).astype(x.dtype)


@np.errstate(all="ignore")  # no value at all: 0 / 0 is NaN
def mean(x):
    """Average each column over what is there."""
    there = ~np.isnan(x)
    return np.where(there, x, 0).sum(0) / there.sum(0)


@np.errstate(all="ignore")
def quantile(ordered, q):
    """Interpolate between the two entries of each sorted column that are next to the quantile."""
    count = (~np.isnan(ordered)).sum(0)
    place = q * np.maximum(count - 1, 0)
    below = np.floor(place).astype(int)
    above = np.ceil(place).astype(int)
    low, high = (np.take_along_axis(ordered, i[None], axis=0)[0] for i in (below, above))
    return low + (high - low) * (place - below)


def given(x, **statistics):
    """Return x and its statistics, checked: in the dtype of x, and in the shape of a sample."""
    x = _rows(float_array("x", x))
    row = x.shape[1:]
    for name, value in statistics.items():
        value = matching(name, value, x)
        if shapes.broadcast(**{"a sample of x": row, name: value.shape}) != row:
            raise ValueError(
                f"{name} must broadcast to a sample of x, {row}, got shape {value.shape}"
            )
        statistics[name] = value
    return x, *statistics.values()


def not_negative(name, value):
    """Return a scale that is nowhere negative; it may be NaN."""
    if (value < 0).any():
        raise ValueError(f"{name} must not be negative, got {value.min()}")
    return value


def ascending(name, value):
    """Return two numbers of which the first is below the second."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} must be a pair of numbers, got {value!r}")
    low, high = (number(f"each number of {name}", each) for each in value)
    if not low < high:
        raise ValueError(f"{name} must ascend, got {value!r}")
    return low, high


@np.errstate(all="ignore")  # ∞ and NaN are answers
def difference(a, b):
    """Return a − b in the dtype to compute in."""
    return a.astype(wide(a)) - b


@np.errstate(all="ignore")
def scaled(x, shift, scale, factor=1, origin=0):
    """Return origin + factor · (x − shift) / scale in the dtype of x; a scale of 0 counts as 1."""
    scale = np.where(scale == 0, scale.dtype.type(1), scale)
    return (difference(x, shift) / scale * factor + origin).astype(x.dtype)


def wide(x):
    """The dtype to compute in."""
    return np.promote_types(x.dtype, np.float32)


def _rows(x):
    if not x.ndim:
        raise ValueError("x must have its samples along a first axis, got shape ()")
    return x
