"""Preprocessing in torch: the twin of `lib.reference.preprocessing`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; here `x` is a tensor, of floats where it is scaled, of whole numbers or
floats where it is a category, and the result lies where x lies. What is applied is
differentiable; statistics are results, without a history. Randomness comes from a
`torch.Generator` or from the tensor of uniforms that it would have yielded.

Example:
    >>> import torch
    >>> x = torch.tensor([[1.0], [3]], requires_grad=True)
    >>> standardize(x, *standardize_fit(x))[0].sum().backward()
    >>> x.grad
    tensor([[1.],
            [0.]])
"""

import torch

from lib.accelerated import _preprocessing_columns as columns
from lib.accelerated._preprocessing_levels import levels_fit, one_hot, one_hot_levels, ordinal
from lib.accelerated._preprocessing_splits import k_fold, train_test_split
from lib.accelerated._preprocessing_whitening import whiten, whiten_fit

__all__ = [
    "center",
    "center_fit",
    "k_fold",
    "levels_fit",
    "min_max_scale",
    "min_max_scale_fit",
    "one_hot",
    "one_hot_levels",
    "ordinal",
    "robust_scale",
    "robust_scale_fit",
    "standardize",
    "standardize_fit",
    "train_test_split",
    "whiten",
    "whiten_fit",
]


def center_fit(x):
    """Find the mean of each column.

    Example:
        >>> import torch
        >>> center_fit(torch.tensor([[1.0, 5], [3, torch.nan]]))
        tensor([2., 5.])
    """
    return columns.mean(columns.samples(x)).to(x.dtype)


def center(x, mean):
    """Move each column so that its mean becomes 0.

    Example:
        >>> import torch
        >>> center(torch.tensor([[1.0, 5], [3, 7]]), torch.tensor([2.0, 5]))
        tensor([[-1.,  0.],
                [ 1.,  2.]])
    """
    columns.check(x, mean=mean)
    return columns.scaled(x, mean, torch.ones_like(mean))


def standardize_fit(x):
    """Find the mean and the standard deviation of each column.

    Example:
        >>> import torch
        >>> standardize_fit(torch.tensor([[1.0, 5], [3, 5]]))
        (tensor([2., 5.]), tensor([1., 0.]))
    """
    samples = columns.samples(x)
    mean, (low, high) = columns.mean(samples), columns.extremes(samples)
    std = columns.mean((samples - mean) ** 2).sqrt()
    mean, std = torch.where(low == high, low, mean), torch.where(low == high, 0, std)
    return mean.to(x.dtype), std.to(x.dtype)


def standardize(x, mean, std):
    """Bring each column to mean 0 and standard deviation 1.

    Example:
        >>> import torch
        >>> mean, std = torch.tensor([2.0, 5]), torch.tensor([0.5, 0])
        >>> standardize(torch.tensor([[1.0, 6], [3, 4]]), mean, std)
        tensor([[-2.,  1.],
                [ 2., -1.]])
    """
    columns.check(x, mean=mean, std=std)
    return columns.scaled(x, mean, columns.not_negative("std", std))


def min_max_scale_fit(x):
    """Find the smallest and the largest value of each column.

    Example:
        >>> import torch
        >>> min_max_scale_fit(torch.tensor([[1.0, 5], [3, torch.nan]]))
        (tensor([1., 5.]), tensor([3., 5.]))
    """
    low, high = columns.extremes(columns.samples(x))
    return low.to(x.dtype), high.to(x.dtype)


def min_max_scale(x, minimum, maximum, feature_range=(0.0, 1.0)):
    """Bring each column into a range; what lies outside that of the training data stays outside.

    Example:
        >>> import torch
        >>> min_max_scale(torch.tensor([1.0, 2, 5]), torch.tensor(1.0), torch.tensor(3.0))
        tensor([0.0000, 0.5000, 2.0000])
    """
    columns.check(x, minimum=minimum, maximum=maximum)
    low, high = columns.ascending("feature_range", feature_range)
    if (minimum > maximum).any():
        raise ValueError("maximum must not be below minimum, but in some column it is")
    width = columns.wide(maximum) - columns.wide(minimum)
    return columns.scaled(x, minimum, width, high - low, low)


def robust_scale_fit(x, quantile_range=(25.0, 75.0)):
    """Find the median of each column, and how far apart two of its quantiles are.

    Example:
        >>> import torch
        >>> robust_scale_fit(torch.tensor([1.0, 2, 3, 4, 1000]))
        (tensor(3.), tensor(2.))
    """
    low, high = columns.ascending("quantile_range", quantile_range)
    if not 0 <= low < high <= 100:
        raise ValueError(f"quantile_range must lie from 0 to 100, got {quantile_range!r}")
    ordered = columns.samples(x).sort(0).values  # NaN last
    spread = columns.quantile(ordered, high / 100) - columns.quantile(ordered, low / 100)
    return columns.quantile(ordered, 0.5).to(x.dtype), spread.to(x.dtype)


def robust_scale(x, median, spread):
    """Bring each column to median 0 and the distance of its quantiles to 1.

    Example:
        >>> import torch
        >>> robust_scale(torch.tensor([1.0, 3, 1000]), torch.tensor(3.0), torch.tensor(2.0))
        tensor([ -1.0000,   0.0000, 498.5000])
    """
    columns.check(x, median=median, spread=spread)
    return columns.scaled(x, median, columns.not_negative("spread", spread))
