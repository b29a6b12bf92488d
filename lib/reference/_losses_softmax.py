"""Scores into probabilities, their logarithms, and the logarithm of their sum."""

import numpy as np

from lib import shapes
from lib.reference._arguments import FLOATS, float_array, real_array, upstream


@np.errstate(all="ignore")  # ∞ and NaN are answers
def softmax(x, dim, dtype=None):
    """Turn scores into probabilities: positive, and 1 in sum along an axis.

    y = exp(x) / Σ exp(x)

    The largest score is subtracted from all before: the quotient stays the same, and nothing
    overflows.

    Args:
        x: scores, any shape, float; with `dtype` whole numbers too.
        dim: the axis along which the probabilities add up to 1; from the end if negative. It must
            be named: the guess of `torch.nn.functional.softmax` is deprecated.
        dtype: to compute and answer in; that of x if None.

    Returns:
        y: probabilities, shaped as x. NaN where a score is NaN or infinity, or where all are
        minus infinity.

    Raises:
        ValueError: there is no such axis.
        TypeError: x is no array of floats, dim no whole number, or dtype none of floats.

    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network
        outputs.

    Example:
        >>> softmax(np.log([[1.0, 2, 5]]), dim=1)
        array([[0.125, 0.25 , 0.625]])
    """
    scores, axis, dtype = _scores(x, dim, dtype)
    return _proportions(scores, axis).astype(dtype).reshape(x.shape)


@np.errstate(all="ignore")
def softmax_backward(dy, x, dim, dtype=None):
    """Return dx = y·(dy − Σ y·dy): what raises all probabilities alike raises none.

    Example:
        >>> softmax_backward(np.array([[8.0, 0, 0]]), np.log([[1.0, 2, 5]]), dim=1)
        array([[ 0.875, -0.25 , -0.625]])
    """
    scores, axis, dtype = _scores(float_array("x", x), dim, dtype)
    dy = upstream(dy, x.shape, dtype).astype(scores.dtype).reshape(scores.shape)
    y = _proportions(scores, axis)
    return (y * (dy - total(y * dy, axis))).astype(x.dtype).reshape(x.shape)


@np.errstate(all="ignore")
def log_softmax(x, dim, dtype=None):
    """Take the logarithm of `softmax`, exact where the probability itself would vanish.

    y = x − log Σ exp(x)

    Args:
        x: scores, any shape, float; with `dtype` whole numbers too.
        dim: the axis along which the probabilities add up to 1; from the end if negative. It must
            be named: the guess of `torch.nn.functional.log_softmax` is deprecated.
        dtype: to compute and answer in; that of x if None.

    Returns:
        y: logarithms of probabilities, shaped as x.

    Raises:
        ValueError: there is no such axis.
        TypeError: x is no array of floats, dim no whole number, or dtype none of floats.

    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network
        outputs.

    Example:
        >>> log_softmax(np.array([1000.0, 0.0]), dim=0)
        array([    0., -1000.])
    """
    scores, axis, dtype = _scores(x, dim, dtype)
    return log_proportions(scores, axis).astype(dtype).reshape(x.shape)


@np.errstate(all="ignore")
def log_softmax_backward(dy, x, dim, dtype=None):
    """Return dx = dy − softmax(x)·Σ dy.

    Example:
        >>> log_softmax_backward(np.array([[8.0, 0, 0]]), np.log([[1.0, 2, 5]]), dim=1)
        array([[ 7., -2., -5.]])
    """
    scores, axis, dtype = _scores(float_array("x", x), dim, dtype)
    dy = upstream(dy, x.shape, dtype).astype(scores.dtype).reshape(scores.shape)
    dx = dy - np.exp(log_proportions(scores, axis)) * total(dy, axis)
    return dx.astype(x.dtype).reshape(x.shape)


@np.errstate(all="ignore")
def logsumexp(x, dim, keepdim=False):
    """Take the logarithm of a sum of exponentials: a maximum without a corner.

    y = log Σ exp(x), which lies between max x and max x + log of how many there are

    Args:
        x: any shape, float; whole numbers become float32, as in torch.
        dim: the axis to add along, or a tuple of axes; from the end if negative.
        keepdim: whether to keep those axes, 1 long.

    Returns:
        y: without those axes or with 1 in their place, dtype of x; minus infinity where nothing
        is added up.

    Raises:
        ValueError: there is no such axis, or one is named twice.
        TypeError: x is no array of numbers, dim no whole number, or keepdim no flag.

    Source: Blanchard, Higham & Higham (2021), Accurately computing the log-sum-exp and softmax
        functions.

    Example:
        >>> logsumexp(np.log([[1.0, 2, 5], [1, 1, 2]]), dim=1)
        array([2.07944154, 1.38629436])
    """
    terms, axes, dtype = _terms(x, dim)
    y = _log_of_sum(terms, axes).astype(dtype)
    return y if shapes.flag("keepdim", keepdim) and x.ndim else y.squeeze(axes)


@np.errstate(all="ignore")
def logsumexp_backward(dy, x, dim, keepdim=False):
    """Return dx = dy·exp(x − y): the softmax, over all those axes together.

    Example:
        >>> logsumexp_backward(np.array([8.0]), np.log([[1.0, 2, 5]]), dim=1)
        array([[1., 2., 5.]])
    """
    terms, axes, dtype = _terms(float_array("x", x), dim)
    y = _log_of_sum(terms, axes)
    shape = y.shape if shapes.flag("keepdim", keepdim) and x.ndim else y.squeeze(axes).shape
    dy = upstream(dy, shape, dtype).reshape(y.shape)
    return (dy * np.exp(terms - y)).astype(dtype).reshape(x.shape)


def log_proportions(x, axis):
    """Return the logarithms of the shares that exp(x) has in its sums along an axis."""
    shifted = x - _largest(x, axis)
    return shifted - np.log(total(np.exp(shifted), axis))


def total(x, axis):
    """Add up along an axis, which stays, 1 long, in the dtype of x.

    Along the last one NumPy adds up in pairs, which loses little, and is fast; along any other
    one after the other, which loses a lot: there in float64.
    """
    last = axis in (-1, x.ndim - 1) and x.flags.c_contiguous
    return x.sum(axis=axis, keepdims=True, dtype=x.dtype if last else np.float64).astype(x.dtype)


def _proportions(x, axis):
    e = np.exp(x - _largest(x, axis))
    return e / total(e, axis)


def _largest(x, axis):
    return x.max(axis=axis, keepdims=True, initial=-np.inf)


def _log_of_sum(x, axes):
    """Return log Σ exp(x), the axes kept; an infinite maximum is what comes out, not NaN."""
    largest = _largest(x, axes)
    shift = np.where(np.isinf(largest), 0, largest).astype(x.dtype)
    sums = np.exp(x - shift).sum(axis=axes, keepdims=True, dtype=np.float64)
    return (shift + np.log(sums)).astype(x.dtype)


def _scores(x, dim, dtype):
    """Return x in the dtype to compute in, with an axis if it had none; the axis; the dtype."""
    x = float_array("x", x) if dtype is None else real_array("x", x)
    dtype = x.dtype if dtype is None else _float_dtype(dtype)
    scores = x.astype(dtype, copy=False).astype(wide(dtype), copy=False)
    return np.atleast_1d(scores), shapes.axis_of("dim", dim, x.ndim), dtype


def _float_dtype(dtype):
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be a dtype of NumPy, got {dtype!r}") from None
    if dtype not in FLOATS:
        raise TypeError(f"dtype must be float16, float32 or float64, got {dtype}")
    return dtype


def wide(dtype):
    """Return the dtype to compute in: float16 is too narrow for a sum."""
    return np.promote_types(dtype, np.float32)


def _terms(x, dim):
    """Return x in the dtype to compute in, with an axis if it had none; the axes; the dtype."""
    x = real_array("x", x)
    several = dim if isinstance(dim, tuple | list) else (dim,)
    axes = tuple(shapes.axis_of("dim", each, x.ndim) for each in several)
    if len(set(axes)) < len(axes) or not axes:
        raise ValueError(f"dim must name at least one axis, and none twice, got {dim}")
    dtype = np.dtype(np.float32) if x.dtype.kind in "iu" else x.dtype
    return np.atleast_1d(x).astype(wide(dtype), copy=False), axes, dtype
