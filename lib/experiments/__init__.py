"""The book's long experiments, one seed of each: the pages and the scripts run the same code.

A topic's module trains with `torch.nn` and `torch.optim` around the book's own operations. The
scripts in `benchmarks/` run every seed and record the results; a page loads the record, and runs
one seed again to see that it comes out the same.
"""

import math

import numpy as np
from scipy.special import bdtr, stdtrit

from lib import data

TEST, VALIDATION = 600, 300  # digits held out; the other 897 are for training


def share_out_digits(seed):
    """Share out the digits of `lib.data` as training, validation and test.

    The 600 test images are the same for every seed; the seed shares out the rest.

    Args:
        seed: of the shuffle that decides who validates.

    Returns:
        "train", "validation" and "test": images (N, 1, 8, 8) from 0 to 1, and labels (N,).

    Example:
        >>> {name: len(y) for name, (_, y) in share_out_digits(0).items()}
        {'train': 897, 'validation': 300, 'test': 600}
    """
    x, y = data.digits()
    order = np.random.default_rng(0).permutation(len(x))
    rest = np.random.default_rng(seed).permutation(order[TEST:])
    parts = {"train": rest[VALIDATION:], "validation": rest[:VALIDATION], "test": order[:TEST]}
    return {name: (x[part], y[part]) for name, part in parts.items()}


def mean_interval(values, level=0.95):
    """The mean of some measurements, and how far its t-interval reaches to each side.

    mean ± t · s / √n, where s² = Σ (v − mean)² / (n − 1), and Student's t with n − 1 degrees of
    freedom exceeds t with probability (1 − level)/2

    If the measurements are independent and roughly normal, an interval made in this way holds the
    true mean in a share `level` of all repetitions. Pass differences, seed by seed, to compare
    two methods that ran on the same seeds.

    Args:
        values: measurements, one for each seed; two at least.
        level: how often the interval should hold the true mean, between 0 and 1.

    Returns:
        (mean, half_width): the interval is mean ± half_width.

    Raises:
        ValueError: there are fewer than two values, or level is not between 0 and 1.

    Source: "Student" (1908).

    Example:
        >>> mean, half_width = mean_interval([0.90, 0.92, 0.94])
        >>> round(mean, 3), round(half_width, 3)
        (0.92, 0.05)
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"An interval needs a row of two values or more; got {values.tolist()}.")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level}.")
    t = stdtrit(values.size - 1, (1 + level) / 2)
    return float(values.mean()), float(t * values.std(ddof=1) / math.sqrt(values.size))


def median_interval(values, level=0.95):
    """The median of some measurements, and an interval for the true one, of any distribution.

    With the n values in order, the interval reaches from the k-th to the k-th from above; k is as
    large as may be with P(B < k) ≤ (1 − level)/2, where B counts the heads in n throws of a coin

    Half of all values lie below the true median, so that the number below it is such a count. A
    value may be infinite: a run that never arrived.

    Args:
        values: measurements, independent of one another; six at least for a level of 0.95.
        level: how often the interval should hold the true median, at least; between 0 and 1.

    Returns:
        (median, low, high)

    Raises:
        ValueError: the values are too few, or NaN, or level is not between 0 and 1.

    Source: Thompson (1936), On confidence ranges for the median.

    Example:
        >>> median_interval([3, 1, 4, 1, 5, 9, 2])
        (3.0, 1.0, 9.0)
    """
    values = np.sort(np.asarray(values, dtype=float), axis=None)
    if np.isnan(values).any() or not 0 < level < 1:
        raise ValueError(f"expected numbers and a level between 0 and 1; got {values}, {level}.")
    ranks = np.arange(values.size // 2 + 1)
    k = int((bdtr(ranks, values.size, 0.5) <= (1 - level) / 2).sum())
    if k < 1:
        raise ValueError(f"{values.size} values are too few for an interval at {level}.")
    return float(np.median(values)), float(values[k - 1]), float(values[-k])
