"""Whitening: columns that no longer say the same thing twice."""

import math

import torch

from lib.accelerated import _preprocessing_columns as columns
from lib.accelerated._arguments import choice, float_tensor, matching, number


def whiten_fit(x, method="pca", eps=1e-5):
    """Find the matrix that makes columns uncorrelated and their variances 1.

    Example:
        >>> import torch
        >>> x = torch.tensor([[2.0, 0], [-2, 0], [0, 0.5], [0, -0.5]])
        >>> mean, matrix = whiten_fit(x, eps=0.0)
        >>> y = whiten(x, mean, matrix)
        >>> torch.allclose(y.T @ y / 4, torch.eye(2), atol=1e-6)
        True
    """
    samples, zca = columns.samples(x), choice("method", method, ("pca", "zca")) == "zca"
    if samples.dim() != 2 or not samples.shape[1] or samples.isnan().any():
        raise ValueError(
            f"x must have the axes (N, D), D at least 1, and no NaN, got shape "
            f"{tuple(samples.shape)} with {samples.isnan().sum().item()} NaN"
        )
    if not 0 <= number("eps", eps) < math.inf:
        raise ValueError(f"eps must be at least 0 and finite, got {eps!r}")
    mean = columns.mean(samples)
    variance, turned = _principal_axes(samples - mean)
    root = (variance + eps).sqrt()
    matrix = turned / torch.where(root == 0, 1, root)
    return mean.to(x.dtype), (matrix @ turned.T if zca else matrix).to(x.dtype)


def _principal_axes(centred):
    """Return the variances along the principal axes, descending, and the axes as columns."""
    variance, turned = torch.linalg.eigh(centred.T @ centred / len(centred))
    variance, turned = variance.flip(0), turned.flip(1)
    least = variance[0] * max(centred.shape) * torch.finfo(centred.dtype).eps
    largest = turned.gather(0, turned.abs().argmax(0, keepdim=True))
    return torch.where(variance > least, variance, 0), turned * torch.where(largest < 0, -1, 1)


def whiten(x, mean, matrix):
    """Make columns uncorrelated, each with variance 1.

    Example:
        >>> import torch
        >>> matrix = torch.tensor([[0.5, 0], [0, 2]])
        >>> whiten(torch.tensor([[3.0, 1]]), torch.tensor([1.0, 1]), matrix)
        tensor([[1., 0.]])
    """
    float_tensor("x", x)
    sizes = [tuple(matching(*each, x).shape) for each in (("mean", mean), ("matrix", matrix))]
    if x.dim() != 2 or sizes[0] != x.shape[1:] or matrix.dim() != 2 or len(matrix) != len(mean):
        raise ValueError(
            "x, mean and matrix must have the shapes (N, D), (D,) and (D, K), got "
            f"{tuple(x.shape)}, {sizes[0]} and {sizes[1]}"
        )
    return ((columns.wide(x) - mean) @ columns.wide(matrix)).to(x.dtype)
