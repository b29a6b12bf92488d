"""Division by a norm: of a vector, or of the neighbours among the channels."""

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, number, upstream


@np.errstate(all="ignore")  # ∞ and NaN are answers
def normalize(x, p=2.0, dim=1, eps=1e-12):
    """Divide each vector along some axes by its p-norm, so that the norm becomes 1.

    y = x / max(norm, eps), where

        norm = (Σ |x|ᵖ)^(1/p)

    With p = ∞ the norm is the largest size of an entry, with −∞ the smallest, and with 0 the
    count of those that are not 0. Where eps stands differs: TensorFlow's `l2_normalize` takes it
    as the smallest sum of squares, under the root.

    Args:
        x: any shape, float.
        p: the exponent, any number, and ±∞.
        dim: the axis, or a tuple of axes, along which vectors lie; all if None or ().
        eps: the smallest divisor; a vector of zeros stays one.

    Returns:
        y: shaped as x, dtype of x.

    Raises:
        ValueError: there is no such axis, one is named twice, p or eps is NaN, or x is empty
            along `dim` where p is negative or infinite.
        TypeError: x is no array of floats, or an option no number.

    Example:
        >>> normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    x, p, axes, eps = _vectors(x, p, dim, eps)
    wide = x.astype(np.float64)
    return (wide / np.maximum(_norm(wide, p, axes), eps)).astype(x.dtype)


@np.errstate(all="ignore")
def normalize_backward(dy, x, p=2.0, dim=1, eps=1e-12):
    """Send each slope back to its cell, and through the norm to all cells of its vector.

    Returns dx, shaped as x. Where the norm is below eps, none goes through it; where it has a
    corner, torch's choice: at 0 the slope of a size is 0, and equal largest sizes share alike.

    Example:
        >>> normalize_backward(np.array([[1.0, 1.0]]), np.array([[3.0, 4.0]])).round(3)
        array([[ 0.032, -0.024]])
    """
    x, p, axes, eps = _vectors(x, p, dim, eps)
    dy = upstream(dy, x.shape, x.dtype)
    wide = x.astype(np.float64)
    norm = _norm(wide, p, axes)
    divisor = np.maximum(norm, eps)
    dnorm = -(dy * (wide / divisor / divisor)).sum(axes, keepdims=True)
    dnorm = np.where(norm >= eps, dnorm, 0)
    return (dy / divisor + _norm_backward(dnorm, wide, norm, p, axes)).astype(x.dtype)


@np.errstate(all="ignore")
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide each cell by what the neighbouring channels have at its place.

    y[n, c] = x[n, c] / (k + alpha / size · Σ x[n, c′]²)^beta, the sum running over the channels
    from c − size // 2 to c + (size − 1) // 2, as far as there are such.

    As in torch, alpha is divided by the size; in the paper it is not. Of an even size, ONNX
    takes the odd channel from those after c, torch from those before.

    Args:
        x: (N, C, …) with one further axis at least, float.
        size: how many channels make a neighbourhood, 1 at least.
        alpha: the weight of their mean square.
        beta: the exponent.
        k: what is added to it, so that nothing is divided by 0.

    Returns:
        y: shaped as x, dtype of x.

    Raises:
        ValueError: x has fewer than three axes, size is below 1, or an option is NaN.
        TypeError: x is no array of floats, size no whole number, or another option no number.

    Source: Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep
    convolutional neural networks.

    Example:
        >>> x = np.array([[[1.0], [2.0], [3.0]]])
        >>> local_response_norm(x, 2, alpha=2.0, beta=1.0)  # 1/2, 2/(1 + 1 + 4), 3/(1 + 4 + 9)
        array([[[0.5       ],
                [0.33333333],
                [0.21428571]]])
    """
    x, size, alpha, beta, k = _responses(x, size, alpha, beta, k)
    wide, base, _ = _neighbourhood(x, size, alpha, k)
    return (wide / base**beta).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def local_response_norm_backward(dy, x, size, alpha=1e-4, beta=0.75, k=1.0):
    """Send each slope back to its cell, and through the divisor to the neighbours.

    Returns dx, shaped as x.

    Example:
        >>> x, dy = np.array([[[1.0], [2.0]]]), np.array([[[0.0], [6.0]]])
        >>> local_response_norm_backward(dy, x, 2, alpha=2.0, beta=1.0)
        array([[[-0.66666667],
                [-0.33333333]]])
    """
    x, size, alpha, beta, k = _responses(x, size, alpha, beta, k)
    dy = upstream(dy, x.shape, x.dtype)
    wide, base, (before, after) = _neighbourhood(x, size, alpha, k)
    divisor = base**beta
    slope = beta * base ** (beta - 1)
    dbase = -dy * (wide / divisor / divisor) * slope if beta else np.zeros_like(base)
    dsquare = alpha / size * _across_channels(dbase, after, before)
    return (dy / divisor + 2 * wide * dsquare).astype(x.dtype, copy=False)


def _vectors(x, p, dim, eps):
    x, p = float_array("x", x), number("p", p)
    return x, p, shapes.norm_axes(x.shape, dim, p), number("eps", eps)


def _norm(x, p, axes):
    size = np.abs(x)
    if p == 0:
        return (x != 0).sum(axes, keepdims=True).astype(x.dtype)
    if np.isinf(p):
        return (np.max if p > 0 else np.min)(size, axes, keepdims=True)
    if p == 2:
        return np.sqrt(np.square(x).sum(axes, keepdims=True))
    return (size**p).sum(axes, keepdims=True) ** (1 / p)


def _norm_backward(dnorm, x, norm, p, axes):
    """Send the slope of the norm back to each cell."""
    if p == 0:
        return 0
    size, sign = np.abs(x), np.sign(x)
    if np.isinf(p):
        extreme = (size == norm) | np.isnan(size)
        return sign * (dnorm / extreme.sum(axes, keepdims=True) * extreme)
    if p == 1:
        return sign * dnorm
    if p == 2:
        return np.where(norm == 0, 0, x / norm) * dnorm
    if p < 1:
        return np.where(x == 0, 0, sign * size ** (p - 1)) * dnorm * norm ** (1 - p)
    return sign * size ** (p - 1) * np.where(norm == 0, 0, dnorm / norm ** (p - 1))


def _responses(x, size, alpha, beta, k):
    x = float_array("x", x)
    if x.ndim < 3:
        raise ValueError(f"x must have the axes (N, C, …), three at least, got shape {x.shape}")
    size = shapes.whole("size", size, minimum=1)
    return x, size, number("alpha", alpha), number("beta", beta), number("k", k)


def _neighbourhood(x, size, alpha, k):
    """Return x in the dtype to compute in, k + alpha · mean square, and the reach of the mean."""
    wide = x.astype(np.promote_types(x.dtype, np.float32), copy=False)
    reach = size // 2, (size - 1) // 2
    return wide, k + alpha / size * _across_channels(wide * wide, *reach), reach


def _across_channels(values, before, after):
    """Add to each channel those before and after it, as far as there are such."""
    C = values.shape[1]
    total = np.zeros_like(values)
    for step in range(max(-before, 1 - C), min(after, C - 1) + 1):
        here, there = slice(max(0, -step), C - max(0, step)), slice(max(0, step), C + min(0, step))
        total[:, here] += values[:, there]
    return total
