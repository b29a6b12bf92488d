"""Preprocessing: bring columns to one scale, name levels by numbers, keep test data apart.

Whatever is learned from data is learned from the training data alone: so each scaler is a pair,
`…_fit`, whose results are statistics, and the function that applies them, to any data. Samples
lie along the first axis. `_preprocessing_levels.py` turns categories into numbers,
`_preprocessing_splits.py` draws training and test data.

NaN stands for a value that is missing: fitting passes over it, scaling leaves it NaN. (That is
scikit-learn's reading, not torch's, where one NaN makes a mean NaN.) A column of equal values has
no scale; it is divided by 1. Statistics are sums in float64 and come in the dtype of x. Nothing
writes into its arguments. A `_backward` takes the upstream gradient `dy`, in the shape and dtype
of y, and then forward's own arguments; statistics get no gradient.
"""

import numpy as np

from lib.reference import _preprocessing_columns as columns
from lib.reference._arguments import upstream
from lib.reference._preprocessing_levels import levels_fit, one_hot, one_hot_levels, ordinal
from lib.reference._preprocessing_splits import k_fold, train_test_split
from lib.reference._preprocessing_whitening import whiten, whiten_backward, whiten_fit

__all__ = [
    "center",
    "center_backward",
    "center_fit",
    "k_fold",
    "levels_fit",
    "min_max_scale",
    "min_max_scale_backward",
    "min_max_scale_fit",
    "one_hot",
    "one_hot_levels",
    "ordinal",
    "robust_scale",
    "robust_scale_backward",
    "robust_scale_fit",
    "standardize",
    "standardize_backward",
    "standardize_fit",
    "train_test_split",
    "whiten",
    "whiten_backward",
    "whiten_fit",
]


def center_fit(x):
    """Find the mean of each column.

    mean = (Σₙ x[n]) / N

    Args:
        x: samples, (N, …), float, at least one; NaN is passed over.

    Returns:
        mean: (…), dtype of x; NaN where a column has nothing else.

    Raises:
        TypeError: x is no array of floats.
        ValueError: x has no samples, or holds an infinity.

    Source: LeCun, Bottou, Orr & Müller (1998), Efficient backprop.

    Example:
        >>> center_fit(np.array([[1.0, 5], [3, np.nan]]))
        array([2., 5.])
    """
    return columns.statistic(columns.mean(columns.samples(x)), x)


def center(x, mean):
    """Move each column so that its mean becomes 0.

    y = x − mean

    Args:
        x: samples, (N, …), float.
        mean: of `center_fit`: (…), or what broadcasts to it; dtype of x.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x or mean is no array of floats, or their dtypes differ.
        ValueError: x has no first axis, or mean has not the shape of a sample.

    Source: LeCun, Bottou, Orr & Müller (1998), Efficient backprop.

    Example:
        >>> center(np.array([[1.0, 5], [3, 7]]), np.array([2.0, 5]))
        array([[-1.,  0.],
               [ 1.,  2.]])
    """
    x, mean = columns.given(x, mean=mean)
    return columns.scaled(x, mean, np.ones_like(mean))


def center_backward(dy, x, mean):
    """Pass the upstream gradient on as it is: a shift changes no slope.

    Returns dx, shaped as x.

    Example:
        >>> center_backward(np.array([[3.0]]), np.array([[1.0]]), np.array([2.0]))
        array([[3.]])
    """
    x, _ = columns.given(x, mean=mean)
    return upstream(dy, x.shape, x.dtype).copy()


def standardize_fit(x):
    """Find the mean and the standard deviation of each column.

    mean = (Σₙ x[n]) / N,   std = √(Σₙ (x[n] − mean)² / N)

    The sum of squares is divided by N, as in scikit-learn; torch.std divides by N − 1. A column
    of equal values has exactly that mean and the deviation 0.

    Args:
        x: samples, (N, …), float, at least one; NaN is passed over.

    Returns:
        (mean, std): (…) each, dtype of x; NaN where a column has nothing else.

    Raises:
        TypeError: x is no array of floats.
        ValueError: x has no samples, or holds an infinity.

    Source: LeCun, Bottou, Orr & Müller (1998), Efficient backprop.

    Example:
        >>> standardize_fit(np.array([[1.0, 5], [3, 5]]))
        (array([2., 5.]), array([1., 0.]))
    """
    samples = columns.samples(x)
    mean, low, high = columns.mean(samples), np.fmin.reduce(samples), np.fmax.reduce(samples)
    with np.errstate(all="ignore"):  # ∞ and NaN are answers
        std = np.sqrt(columns.mean((samples - mean) ** 2))
    mean, std = np.where(low == high, low, mean), np.where(low == high, 0, std)  # no rounding
    return columns.statistic(mean, x), columns.statistic(std, x)


def standardize(x, mean, std):
    """Bring each column to mean 0 and standard deviation 1.

    y = (x − mean) / std, and x − mean where std = 0

    Args:
        x: samples, (N, …), float.
        mean: of `standardize_fit`: (…), or what broadcasts to it; dtype of x.
        std: likewise; not negative.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: an argument is no array of floats, or their dtypes differ.
        ValueError: x has no first axis, a statistic has not the shape of a sample, or std is
            negative.

    Source: LeCun, Bottou, Orr & Müller (1998), Efficient backprop.

    Example:
        >>> standardize(np.array([[1.0, 6], [3, 4]]), np.array([2.0, 5]), np.array([0.5, 0]))
        array([[-2.,  1.],
               [ 2., -1.]])
    """
    x, mean, std = columns.given(x, mean=mean, std=std)
    return columns.scaled(x, mean, columns.not_negative("std", std))


def standardize_backward(dy, x, mean, std):
    """Divide the upstream gradient by std, where that is not 0.

    Returns dx, shaped as x; mean and std are taken as given.

    Example:
        >>> standardize_backward(np.ones((1, 2)), np.ones((1, 2)), np.zeros(2), np.array([4.0, 0]))
        array([[0.25, 1.  ]])
    """
    x, _, std = columns.given(x, mean=mean, std=std)
    return columns.scaled(upstream(dy, x.shape, x.dtype), 0, columns.not_negative("std", std))


def min_max_scale_fit(x):
    """Find the smallest and the largest value of each column.

    minimum = minₙ x[n],   maximum = maxₙ x[n]

    Args:
        x: samples, (N, …), float, at least one; NaN is passed over.

    Returns:
        (minimum, maximum): (…) each, dtype of x; NaN where a column has nothing else.

    Raises:
        TypeError: x is no array of floats.
        ValueError: x has no samples, or holds an infinity.

    Source: Pedregosa et al. (2011), Scikit-learn: machine learning in Python.

    Example:
        >>> min_max_scale_fit(np.array([[1.0, 5], [3, np.nan]]))
        (array([1., 5.]), array([3., 5.]))
    """
    samples = columns.samples(x)
    return columns.statistic(np.fmin.reduce(samples), x), columns.statistic(
        np.fmax.reduce(samples), x
    )


def min_max_scale(x, minimum, maximum, feature_range=(0.0, 1.0)):
    """Bring each column into a range; what lies outside that of the training data stays outside.

    y = low + (high − low) · (x − minimum) / (maximum − minimum), and
    y = low + (high − low) · (x − minimum) where maximum = minimum

    Args:
        x: samples, (N, …), float.
        minimum: of `min_max_scale_fit`: (…), or what broadcasts to it; dtype of x.
        maximum: likewise; not below minimum.
        feature_range: (low, high), two numbers, the first below the second.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: an argument is no array of floats, their dtypes differ, or the range is no pair
            of numbers.
        ValueError: x has no first axis, a statistic has not the shape of a sample, maximum is
            below minimum, or high not above low.

    Source: Pedregosa et al. (2011), Scikit-learn: machine learning in Python.

    Example:
        >>> min_max_scale(np.array([[1.0], [2], [5]]), np.array([1.0]), np.array([3.0]))
        array([[0. ],
               [0.5],
               [2. ]])
    """
    x, minimum, width, low, high = _range(x, minimum, maximum, feature_range)
    return columns.scaled(x, minimum, width, high - low, low)


def min_max_scale_backward(dy, x, minimum, maximum, feature_range=(0.0, 1.0)):
    """Multiply the upstream gradient by (high − low) / (maximum − minimum).

    Returns dx, shaped as x; minimum and maximum are taken as given.

    Example:
        >>> x, minimum, maximum = np.array([[1.0]]), np.array([1.0]), np.array([3.0])
        >>> min_max_scale_backward(np.array([[1.0]]), x, minimum, maximum)
        array([[0.5]])
    """
    x, _, width, low, high = _range(x, minimum, maximum, feature_range)
    return columns.scaled(upstream(dy, x.shape, x.dtype), 0, width, high - low)


def _range(x, minimum, maximum, feature_range):
    x, minimum, maximum = columns.given(x, minimum=minimum, maximum=maximum)
    low, high = columns.ascending("feature_range", feature_range)
    if (minimum > maximum).any():
        raise ValueError("maximum must not be below minimum, but in some column it is")
    return x, minimum, columns.difference(maximum, minimum), low, high


def robust_scale_fit(x, quantile_range=(25.0, 75.0)):
    """Find the median of each column, and how far apart two of its quantiles are.

    Between the two nearest samples a quantile is interpolated linearly, as in np.percentile.

    Args:
        x: samples, (N, …), float, at least one; NaN is passed over.
        quantile_range: which quantiles, two numbers from 0 to 100, per cent, the first below the
            second.

    Returns:
        (median, spread): (…) each, dtype of x; NaN where a column has nothing else.

    Raises:
        TypeError: x is no array of floats, or the range is no pair of numbers.
        ValueError: x has no samples, or holds an infinity, or the range does not ascend or leaves
            0 to 100.

    Source: Tukey (1977), Exploratory data analysis.

    Example:
        >>> robust_scale_fit(np.array([1.0, 2, 3, 4, 1000]))
        (array(3.), array(2.))
    """
    low, high = columns.ascending("quantile_range", quantile_range)
    if not 0 <= low < high <= 100:
        raise ValueError(f"quantile_range must lie from 0 to 100, got {quantile_range!r}")
    ordered = np.sort(columns.samples(x), axis=0)  # NaN last
    ends = (columns.quantile(ordered, percent / 100) for percent in (high, low))
    spread = columns.difference(*ends)
    return columns.statistic(columns.quantile(ordered, 0.5), x), columns.statistic(spread, x)


def robust_scale(x, median, spread):
    """Bring each column to median 0 and the distance of its quantiles to 1.

    y = (x − median) / spread, and x − median where spread = 0

    Unlike mean and deviation, these do not follow a few values that lie far out.

    Args:
        x: samples, (N, …), float.
        median: of `robust_scale_fit`: (…), or what broadcasts to it; dtype of x.
        spread: likewise; not negative.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: an argument is no array of floats, or their dtypes differ.
        ValueError: x has no first axis, a statistic has not the shape of a sample, or spread is
            negative.

    Source: Tukey (1977), Exploratory data analysis.

    Example:
        >>> robust_scale(np.array([1.0, 3, 1000]), np.array(3.0), np.array(2.0))
        array([ -1. ,   0. , 498.5])
    """
    x, median, spread = columns.given(x, median=median, spread=spread)
    return columns.scaled(x, median, columns.not_negative("spread", spread))


def robust_scale_backward(dy, x, median, spread):
    """Divide the upstream gradient by the spread, where that is not 0.

    Returns dx, shaped as x; median and spread are taken as given.

    Example:
        >>> robust_scale_backward(np.ones(1), np.ones(1), np.array(3.0), np.array(2.0))
        array([0.5])
    """
    x, _, spread = columns.given(x, median=median, spread=spread)
    return columns.scaled(
        upstream(dy, x.shape, x.dtype), 0, columns.not_negative("spread", spread)
    )
