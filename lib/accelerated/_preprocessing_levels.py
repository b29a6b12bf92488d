"""Levels: categories become numbers, and what was never seen is known as such."""

import torch

from lib import shapes
from lib.accelerated._arguments import choice, tensor


def one_hot(x, num_classes=-1):
    """Write a class as a row of zeros with a single 1.

    Example:
        >>> import torch
        >>> one_hot(torch.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    x, count = tensor("x", x), shapes.whole("num_classes", num_classes)
    if x.dtype != torch.int64:
        raise TypeError(f"x must hold int64, got {x.dtype}")
    if not x.numel() and count <= 0:
        raise ValueError(f"num_classes must be above 0 where x is empty, got {num_classes}")
    if x.numel() and x.min() < 0:
        raise ValueError(f"x must hold no negative class, got {x.min().item()}")
    count = int(x.max()) + 1 if count == -1 else count
    if x.numel() and x.max() >= count:
        raise ValueError(f"x must hold classes below num_classes = {count}, got {x.max().item()}")
    return _rows(x, count)


def levels_fit(x):
    """Find the different values of a category: whole numbers or floats, as torch knows no text.

    Example:
        >>> import torch
        >>> levels_fit(torch.tensor([5, 2, 5]))
        tensor([2, 5])
    """
    levels = _values("x", x).unique()
    levels = levels[levels == levels]
    if not levels.numel():
        raise ValueError(f"x must hold at least one value, got shape {tuple(x.shape)}")
    return levels


def ordinal(x, levels, unknown_value=None):
    """Number a category: each value becomes its place among the levels.

    Example:
        >>> import torch
        >>> ordinal(torch.tensor([5, 3]), torch.tensor([2, 5]), unknown_value=-1)
        tensor([ 1, -1])
    """
    x, levels = _values("x", x), _ascending(levels, x)
    code = shapes.whole("unknown_value", -1 if unknown_value is None else unknown_value)
    if 0 <= code < len(levels):
        raise ValueError(f"unknown_value must be no place of a level, got {code}")
    place = torch.searchsorted(levels, x.contiguous()).clamp(max=len(levels) - 1)
    known = levels[place] == x
    if unknown_value is None and not known.all():
        raise ValueError(f"x must hold levels only, got {x[~known][0].item()!r}")
    return torch.where(known, place, code)


def one_hot_levels(x, levels, handle_unknown="ignore"):
    """Write a category as a row with one place for each level.

    Example:
        >>> import torch
        >>> one_hot_levels(torch.tensor([5, 3]), torch.tensor([2, 5]))
        tensor([[0, 1],
                [0, 0]])
    """
    ignored = choice("handle_unknown", handle_unknown, ("ignore", "error")) == "ignore"
    return _rows(ordinal(x, levels, -1 if ignored else None), len(levels))


def _rows(x, count):
    return (x[..., None] == torch.arange(count, device=x.device)).long()


def _values(name, value):
    value = tensor(name, value)
    if value.dtype == torch.bool or value.is_complex():
        raise TypeError(f"{name} must hold whole numbers or floats, got {value.dtype}")
    return value


def _ascending(levels, x):
    levels = _values("levels", levels)
    if levels.dtype != x.dtype:
        raise TypeError(f"levels must have the dtype of x, {x.dtype}, got {levels.dtype}")
    if levels.dim() != 1 or not levels.numel() or not (levels[:-1] < levels[1:]).all():
        raise ValueError(
            f"levels must ascend along one axis, and be at least one, got {levels.tolist()!r}"
        )
    return levels
