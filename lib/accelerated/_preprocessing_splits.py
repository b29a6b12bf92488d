"""Splits: which samples are trained on, and which are kept for the test."""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import number, tensor, uniforms


def train_test_split(rng, n, test_size=0.25, stratify=None, groups=None):
    """Draw the samples to test on; the others are to train on. The indices lie where rng does.

    Example:
        >>> import torch
        >>> train_test_split(torch.tensor([0.9, 0.1, 0.5, 0.3]), 4)
        (tensor([0, 2, 3]), tensor([1]))
    """
    unit, classes = _units(n, stratify, groups)
    of_test = _shares(_size_of_test(test_size, len(classes)), classes.bincount())
    order = _order(rng, classes)
    unit, classes, of_test = (each.to(order.device) for each in (unit, classes, of_test))
    first = torch.searchsorted(classes[order], classes[order])
    chosen = torch.zeros_like(order, dtype=torch.bool)
    chosen[order] = torch.arange(len(order), device=order.device) - first < of_test[classes[order]]
    return _where(~chosen[unit]), _where(chosen[unit])


def k_fold(rng, n, n_splits=5, stratify=None, groups=None):
    """Deal the samples out in folds; test on each fold in turn, and train on the others.

    Example:
        >>> import torch
        >>> k_fold(torch.tensor([0.9, 0.1, 0.5]), 3, n_splits=2)
        [(tensor([2]), tensor([0, 1])), (tensor([0, 1]), tensor([2]))]
    """
    unit, classes = _units(n, stratify, groups)
    k, fewest = shapes.whole("n_splits", n_splits, minimum=2), classes.bincount().min().item()
    if fewest < k:
        what = "samples of each class" if stratify is not None else "samples, or groups"
        raise ValueError(f"there must be at least n_splits = {k} {what}, got {fewest}")
    order = _order(rng, classes)
    fold = torch.empty_like(order)
    fold[order] = torch.arange(len(order), device=order.device) % k
    fold = fold[unit.to(order.device)]
    return [(_where(fold != i), _where(fold == i)) for i in range(k)]


def _where(mask):
    return mask.nonzero().flatten()


def _units(n, stratify, groups):
    """Return which unit each sample belongs to, its group or itself, and each unit's class."""
    n = shapes.whole("n", n, minimum=2)
    if stratify is not None and groups is not None:
        raise ValueError("stratify and groups cannot both be given: a group may have many classes")
    if stratify is not None:
        return torch.arange(n), _numbered("stratify", stratify, n)
    unit = torch.arange(n) if groups is None else _numbered("groups", groups, n)
    return unit, torch.zeros(int(unit.max()) + 1, dtype=torch.int64)


def _numbered(name, value, n):
    value = tensor(name, value)
    if value.shape != (n,):
        raise ValueError(
            f"{name} must have one entry for each sample, ({n},), got {tuple(value.shape)}"
        )
    if value.is_complex():
        raise TypeError(f"{name} must hold numbers, got {value.dtype}")
    if not (value == value).all():
        raise ValueError(f"{name} must hold no NaN")
    return value.unique(return_inverse=True)[1]


def _order(rng, classes):
    """Class by class, the units in the order of their uniforms."""
    drawn = uniforms(rng, classes.shape, None, torch.float64).argsort(stable=True)
    return drawn[classes.to(drawn.device)[drawn].argsort(stable=True)]


def _size_of_test(test_size, n):
    if isinstance(test_size, float):
        share = number("test_size", test_size)
        if not 0 < share < 1:
            raise ValueError(f"test_size must be a share between 0 and 1, got {test_size!r}")
        size = math.ceil(share * n)
    else:
        size = shapes.whole("test_size", test_size, minimum=1)
    if size >= n:
        raise ValueError(f"test_size must leave something to train on, got {size} of {n}")
    return size


def _shares(size, counts):
    """Share the test out among the classes: rounded down, and the largest remainders up."""
    n, rarest = int(counts.sum()), int(counts.min())
    few = min(size, n - size)
    if rarest < 2 or few < len(counts):
        raise ValueError(
            f"stratify needs 2 samples of each class, and {len(counts)} on each side, one for "
            f"each class; got {rarest} of the rarest, and {few} on the smaller side"
        )
    shares, remainders = size * counts // n, size * counts % n
    up = (-remainders).argsort(stable=True)[: size - int(shares.sum())]
    shares[up] += 1
    return shares
