"""Whitening: columns that no longer say the same thing twice."""

import numpy as np

from lib.reference import _preprocessing_columns as columns
from lib.reference._arguments import choice, float_array, matching, number, upstream


def whiten_fit(x, method="pca", eps=1e-5):
    """Find the matrix that makes columns uncorrelated and their variances 1.

    With the covariance (x − mean)ᵀ(x − mean) / N = V·diag(λ)·Vᵀ, λ descending:
    matrix = V·diag(1/√(λ + eps)) for "pca", and V·diag(1/√(λ + eps))·Vᵀ for "zca".

    PCA turns the data so that the first new column has the largest variance; ZCA leaves them as
    near to the old columns as can be. In each column of V the entry of largest magnitude is
    positive, so that the signs are no accident. scikit-learn's PCA divides by N − 1, and has no
    eps.

    Args:
        x: samples, (N, D), float, at least one; no NaN.
        method: "pca" or "zca".
        eps: what is added to each variance, at least 0. Variances that are 0 but for rounding
            count as 0; with eps = 0 such a direction is not scaled.

    Returns:
        (mean, matrix): (D,) and (D, D), dtype of x.

    Raises:
        TypeError: x is no array of floats, method no text, or eps no number.
        ValueError: x has other axes, no samples or no columns, or holds NaN or an infinity;
            method is another word, or eps is negative or infinite.

    Source: Bell & Sejnowski (1997), The "independent components" of natural scenes are edge
    filters.

    Example:
        >>> x = np.array([[2.0, 0], [-2, 0], [0, 0.5], [0, -0.5]])
        >>> mean, matrix = whiten_fit(x, eps=0.0)
        >>> y = whiten(x, mean, matrix)
        >>> (y.T @ y / 4).round(6)
        array([[1., 0.],
               [0., 1.]])
    """
    samples, zca = columns.samples(x), choice("method", method, ("pca", "zca")) == "zca"
    if samples.ndim != 2 or not samples.shape[1] or np.isnan(samples).any():
        raise ValueError(
            f"x must have the axes (N, D), D at least 1, and no NaN, got shape {samples.shape} "
            f"with {np.isnan(samples).sum()} NaN"
        )
    if not 0 <= number("eps", eps) < np.inf:
        raise ValueError(f"eps must be at least 0 and finite, got {eps!r}")
    mean = columns.mean(samples)
    variance, turned = _principal_axes(samples - mean)
    root = np.sqrt(variance + eps)
    matrix = turned / np.where(root == 0, 1, root)
    return columns.statistic(mean, x), columns.statistic(matrix @ turned.T if zca else matrix, x)


def _principal_axes(centred):
    """Return the variances along the principal axes, descending, and the axes as columns."""
    n, d = centred.shape
    variance, turned = np.linalg.eigh(centred.T @ centred / n)
    variance, turned = variance[::-1], turned[:, ::-1]
    least = variance[0] * max(n, d) * np.finfo(np.float64).eps
    largest = np.take_along_axis(turned, np.abs(turned).argmax(0)[None], axis=0)
    return np.where(variance > least, variance, 0), turned * np.where(largest < 0, -1, 1)


def whiten(x, mean, matrix):
    """Make columns uncorrelated, each with variance 1.

    y = (x − mean) · matrix

    Args:
        x: samples, (N, D), float.
        mean: of `whiten_fit`, (D,), dtype of x.
        matrix: of `whiten_fit`, (D, D), dtype of x; or its first K columns, (D, K).

    Returns:
        y: (N, K), dtype of x; K = D for the whole matrix.

    Raises:
        TypeError: an argument is no array of floats, or their dtypes differ.
        ValueError: the shapes do not fit.

    Source: Bell & Sejnowski (1997), The "independent components" of natural scenes are edge
    filters.

    Example:
        >>> whiten(np.array([[3.0, 1]]), np.array([1.0, 1]), np.array([[0.5, 0], [0, 2]]))
        array([[1., 0.]])
    """
    x, mean, matrix = _fitting(x, mean, matrix)
    return _turned(x, mean, matrix)


def whiten_backward(dy, x, mean, matrix):
    """Turn the upstream gradient back: dy · matrixᵀ.

    Returns dx, shaped as x; mean and matrix are taken as given.

    Example:
        >>> matrix = np.array([[0.5, 0], [0, 2]])
        >>> whiten_backward(np.array([[4.0, 4]]), np.array([[3.0, 1]]), np.array([1.0, 1]), matrix)
        array([[2., 8.]])
    """
    x, _, matrix = _fitting(x, mean, matrix)
    return _turned(upstream(dy, (len(x), matrix.shape[1]), x.dtype), 0, matrix.T)


def _fitting(x, mean, matrix):
    x = float_array("x", x)
    mean, matrix = matching("mean", mean, x), matching("matrix", matrix, x)
    if x.ndim != 2 or mean.shape != x.shape[1:] or matrix.ndim != 2 or len(matrix) != len(mean):
        raise ValueError(
            f"x, mean and matrix must have the shapes (N, D), (D,) and (D, K), got {x.shape}, "
            f"{mean.shape} and {matrix.shape}"
        )
    return x, mean, matrix


@np.errstate(all="ignore")  # ∞ and NaN are answers
def _turned(x, shift, matrix):
    return (columns.difference(x, shift) @ matrix.astype(columns.wide(matrix))).astype(x.dtype)
