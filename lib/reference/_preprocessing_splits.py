"""Splits: which samples are trained on, and which are kept for the test.

Samples are drawn by n uniforms, one each, so that every choice is equally likely. Where samples
belong together, as several scans of one patient do, `groups` keeps them on one side: else the
test would ask for what was learned by heart. The test would leak.
"""

import numpy as np

from lib import shapes
from lib.reference._arguments import array, number, uniforms


def train_test_split(rng, n, test_size=0.25, stratify=None, groups=None):
    """Draw the samples to test on; the others are to train on.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), (n,), or one for each group.
        n: number of samples, at least 2.
        test_size: how many to test on: a whole number, or a share between 0 and 1, rounded up.
            With groups, how many groups.
        stratify: classes, (n,), each of which is to have the same share in the test: but for
            rounding, and in sum exactly test_size.
        groups: (n,); samples with the same entry stay together. Not with stratify.

    Returns:
        (train, test): int64, ascending; together every index from 0 to n − 1 once.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: one side would be empty, a class has fewer than 2 samples or one side fewer
            samples than there are classes, stratify and groups are both given or have not shape
            (n,), or hold NaN.

    Source: Kohavi (1995), A study of cross-validation and bootstrap for accuracy estimation and
    model selection.

    Example:
        >>> train_test_split(np.array([0.9, 0.1, 0.5, 0.3]), 4)
        (array([0, 2, 3]), array([1]))
        >>> train_test_split(np.array([0.9, 0.1]), 4, 0.5, groups=np.array([7, 8, 8, 7]))
        (array([0, 3]), array([1, 2]))
    """
    unit, classes = _units(n, stratify, groups)
    of_test = _shares(_size_of_test(test_size, len(classes)), np.bincount(classes))
    order = _order(rng, classes)
    ranks = np.arange(len(order)) - np.searchsorted(classes[order], classes[order])
    chosen = np.zeros(len(order), bool)
    chosen[order] = ranks < of_test[classes[order]]
    return np.flatnonzero(~chosen[unit]), np.flatnonzero(chosen[unit])


def k_fold(rng, n, n_splits=5, stratify=None, groups=None):
    """Deal the samples out in folds; test on each fold in turn, and train on the others.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), (n,), or one for each group.
        n: number of samples, at least n_splits.
        n_splits: number of folds, at least 2. Their sizes differ by at most 1, the larger first;
            with groups, their numbers of groups.
        stratify: classes, (n,), of each of which each fold is to have as many: but for 1.
        groups: (n,); samples with the same entry stay together. Not with stratify.

    Returns:
        A list of n_splits pairs (train, test): int64, ascending. Every sample is in one test.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: there are fewer samples, groups or samples of a class than folds, stratify and
            groups are both given or have not shape (n,), or hold NaN.

    Source: Stone (1974), Cross-validatory choice and assessment of statistical predictions.

    Example:
        >>> k_fold(np.array([0.9, 0.1, 0.5]), 3, n_splits=2)
        [(array([2]), array([0, 1])), (array([0, 1]), array([2]))]
    """
    unit, classes = _units(n, stratify, groups)
    k, fewest = shapes.whole("n_splits", n_splits, minimum=2), np.bincount(classes).min()
    if fewest < k:
        what = "samples of each class" if stratify is not None else "samples, or groups"
        raise ValueError(f"there must be at least n_splits = {k} {what}, got {fewest}")
    fold = np.empty(len(classes), np.int64)
    fold[_order(rng, classes)] = np.arange(len(classes)) % k
    return [(np.flatnonzero(fold[unit] != i), np.flatnonzero(fold[unit] == i)) for i in range(k)]


def _units(n, stratify, groups):
    """Return which unit each sample belongs to, its group or itself, and each unit's class."""
    n = shapes.whole("n", n, minimum=2)
    if stratify is not None and groups is not None:
        raise ValueError("stratify and groups cannot both be given: a group may have many classes")
    if stratify is not None:
        return np.arange(n), _numbered("stratify", stratify, n)
    unit = np.arange(n) if groups is None else _numbered("groups", groups, n)
    return unit, np.zeros(unit.max() + 1, np.int64)


def _numbered(name, value, n):
    value = array(name, value)
    if value.shape != (n,):
        raise ValueError(f"{name} must have one entry for each sample, ({n},), got {value.shape}")
    if value.dtype.kind not in "biufU":
        raise TypeError(f"{name} must hold numbers or text, got {value.dtype}")
    if not (value == value).all():
        raise ValueError(f"{name} must hold no NaN")
    return np.unique(value, return_inverse=True)[1]


def _order(rng, classes):
    """Class by class, the units in the order of their uniforms."""
    return np.lexsort((uniforms(rng, classes.shape), classes))


def _size_of_test(test_size, n):
    if isinstance(test_size, float | np.floating):
        share = number("test_size", test_size)
        if not 0 < share < 1:
            raise ValueError(f"test_size must be a share between 0 and 1, got {test_size!r}")
        size = int(np.ceil(share * n))
    else:
        size = shapes.whole("test_size", test_size, minimum=1)
    if size >= n:
        raise ValueError(f"test_size must leave something to train on, got {size} of {n}")
    return size


def _shares(size, counts):
    """Share the test out among the classes: rounded down, and the largest remainders up."""
    few = min(size, counts.sum() - size)
    if counts.min() < 2 or few < len(counts):
        raise ValueError(
            f"stratify needs 2 samples of each class, and {len(counts)} on each side, one for "
            f"each class; got {counts.min()} of the rarest, and {few} on the smaller side"
        )
    shares, remainders = np.divmod(size * counts, counts.sum())
    up = np.argsort(-remainders, kind="stable")[: size - shares.sum()]
    shares[up] += 1
    return shares
