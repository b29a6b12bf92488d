"""Columns: samples lie along the first axis, and each place of a sample is a column of its own."""

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching, number


def samples(x):
    """Return samples to learn statistics from, without a history and as exact as can be."""
    x = _rows(float_tensor("x", x)).detach()
    if not len(x):
        raise ValueError(
            f"x must have at least one sample to learn from, got shape {tuple(x.shape)}"
        )
    if x.isinf().any():
        raise ValueError(f"x must hold no infinity, got {x.isinf().sum().item()}")
    return x.to(torch.float32 if x.device.type == "mps" else torch.float64)  # which has no other


def mean(x):
    """Average each column over what is there."""
    there = ~x.isnan()
    return torch.where(there, x, 0).sum(0) / there.sum(0)


def extremes(x):
    """The smallest and the largest value of each column; NaN where there is no value."""
    there = ~x.isnan()
    low = torch.where(there, x, torch.inf).amin(0)
    high = torch.where(there, x, -torch.inf).amax(0)
    return (torch.where(there.any(0), value, torch.nan) for value in (low, high))


def quantile(ordered, q):
    """Interpolate between the two entries of each sorted column that are next to the quantile."""
    count = (~ordered.isnan()).sum(0)
    place = q * (count - 1).clamp(min=0).to(ordered.dtype)
    below, above = place.floor().long(), place.ceil().long()
    low, high = (ordered.gather(0, i[None])[0] for i in (below, above))
    return low + (high - low) * (place - below)


def check(x, **statistics):
    """See that x has samples, and its statistics the dtype of x and the shape of a sample."""
    row = tuple(_rows(float_tensor("x", x)).shape[1:])
    for name, value in statistics.items():
        shape = tuple(matching(name, value, x).shape)
        if shapes.broadcast(**{"a sample of x": row, name: shape}) != row:
            raise ValueError(f"{name} must broadcast to a sample of x, {row}, got shape {shape}")


def not_negative(name, value):
    """Return a scale that is nowhere negative; it may be NaN."""
    if (value < 0).any():
        raise ValueError(f"{name} must not be negative, got {value.min().item()}")
    return value


def ascending(name, value):
    """Return two numbers of which the first is below the second."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{name} must be a pair of numbers, got {value!r}")
    low, high = (number(f"each number of {name}", each) for each in value)
    if not low < high:
        raise ValueError(f"{name} must ascend, got {value!r}")
    return low, high


def scaled(x, shift, scale, factor=1, origin=0):
    """Return origin + factor · (x − shift) / scale in the dtype of x; a scale of 0 counts as 1."""
    scale = torch.where(scale == 0, 1, scale)
    return ((wide(x) - shift) / scale * factor + origin).to(x.dtype)


def wide(x):
    """Return x in the dtype to compute in."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _rows(x):
    if not x.dim():
        raise ValueError("x must have its samples along a first axis, got shape ()")
    return x
