"""Losses of a prediction that is a number: how far off it is."""

import warnings

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, matching, number
from lib.reference._losses_tools import (
    at_least_0,
    compared,
    exact,
    passed_back,
    reduced,
    same_shape,
    sign,
)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def l1_loss(x, target, reduction="mean", weight=None):
    """Take the distance between prediction and target: the mean absolute error.

    loss = |x − target|

    Args:
        x: predictions, any shape, float.
        target: what they should have been, in the shape and dtype of x, or whole numbers. As in
            torch, shapes that broadcast are accepted with a warning: (N,) against (N, 1) is
            nearly always an oversight.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.
        weight: of each loss, in the shape and dtype of x; None for 1. The mean is then
            Σ weight·loss / Σ weight.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Laplace (1774), Mémoire sur la probabilité des causes par les événements, who found
        that the median minimises it.

    Example:
        >>> l1_loss(np.array([1.0, 2, 3]), np.array([1.0, 4, 0]), reduction="none")
        array([0., 2., 3.])
    """
    x, difference, weight, total = _compared(x, target, weight)
    return reduced(weight * np.abs(difference), reduction, x.dtype, total)


@np.errstate(all="ignore")
def l1_loss_backward(dy, x, target, reduction="mean", weight=None):
    """Return dx = dy·weight·sign(x − target); no slope at 0, nor, as in torch, at NaN.

    Example:
        >>> l1_loss_backward(np.array(6.0), np.array([1.0, 2, 3]), np.array([1.0, 4, 0]))
        array([ 0., -2.,  2.])
    """
    x, difference, weight, total = _compared(x, target, weight)
    return passed_back(dy, weight * sign(difference), x, reduction, total)


@np.errstate(all="ignore")
def mse_loss(x, target, reduction="mean", weight=None):
    """Square the error: the mean squared error.

    loss = (x − target)²

    Args:
        x: predictions, any shape, float.
        target: what they should have been, in the shape and dtype of x, or whole numbers. As in
            torch, shapes that broadcast are accepted with a warning.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.
        weight: of each loss, in the shape and dtype of x; None for 1. The mean is then
            Σ weight·loss / Σ weight.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes.

    Example:
        >>> mse_loss(np.array([1.0, 2, 3]), np.array([1.0, 4, 0]), reduction="none")
        array([0., 4., 9.])
    """
    x, difference, weight, total = _compared(x, target, weight)
    return reduced(weight * difference**2, reduction, x.dtype, total)


@np.errstate(all="ignore")
def mse_loss_backward(dy, x, target, reduction="mean", weight=None):
    """Return dx = 2·dy·weight·(x − target).

    Example:
        >>> mse_loss_backward(np.array(3.0), np.array([1.0, 2, 3]), np.array([1.0, 4, 0]))
        array([ 0., -4.,  6.])
    """
    x, difference, weight, total = _compared(x, target, weight)
    return passed_back(dy, 2 * weight * difference, x, reduction, total)


@np.errstate(all="ignore")
def huber_loss(x, target, reduction="mean", delta=1.0, weight=None):
    """Square small errors, and take large ones as they are: an outlier pulls no harder.

    loss = z²/2 where z = |x − target| is at most delta, else delta·(z − delta/2)

    Args:
        x: predictions, any shape, float.
        target: what they should have been, in the shape and dtype of x. As in torch, shapes
            that broadcast are accepted with a warning.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.
        delta: the error from which on the loss grows linearly, above 0.
        weight: of each loss, in the shape and dtype of x; None for 1. Unlike those of
            `mse_loss` and `l1_loss`, weights do not change what the mean divides by: it is the
            number of losses, as in torch.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, `reduction` is another word, or delta not above 0.
        TypeError: an argument is no array, or in another dtype.

    Source: Huber (1964), Robust estimation of a location parameter.

    Example:
        >>> huber_loss(np.array([0.5, 1, 3]), np.zeros(3), reduction="none")
        array([0.125, 0.5  , 2.5  ])
    """
    x, difference, weight, _ = _compared(x, target, weight)
    delta = _threshold(delta, x, target)
    loss = _bent(np.abs(difference), delta)
    return reduced(weight * loss, reduction, x.dtype)


@np.errstate(all="ignore")
def huber_loss_backward(dy, x, target, reduction="mean", delta=1.0, weight=None):
    """Return dx = dy·weight·(x − target), the difference clipped to ±delta.

    Example:
        >>> huber_loss_backward(np.array(3.0), np.array([0.5, 1, -3]), np.zeros(3))
        array([ 0.5,  1. , -1. ])
    """
    x, difference, weight, _ = _compared(x, target, weight)
    delta = _threshold(delta, x, target)
    return passed_back(dy, weight * np.clip(difference, -delta, delta), x, reduction)


@np.errstate(all="ignore")
def smooth_l1_loss(x, target, reduction="mean", beta=1.0):
    """Take the distance, rounded off near 0: `huber_loss` over its threshold.

    loss = z²/(2·beta) where z = |x − target| is less than beta, else z − beta/2

    Args:
        x: predictions, any shape, float.
        target: what they should have been, in the shape and dtype of x, or whole numbers. As in
            torch, shapes that broadcast are accepted with a warning.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.
        beta: the error from which on the loss grows linearly; 0 makes it `l1_loss`.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, `reduction` is another word, or beta is negative.
        TypeError: an argument is no array, or in another dtype.

    Source: Girshick (2015), Fast R-CNN.

    Example:
        >>> smooth_l1_loss(np.array([0.5, 1, 3]), np.zeros(3), reduction="none", beta=0.5)
        array([0.25, 0.75, 2.75])
    """
    x, difference, *_ = _compared(x, target)
    z, beta = np.abs(difference), at_least_0("beta", beta)
    return reduced(_bent(z, beta) / beta if beta else z, reduction, x.dtype)


@np.errstate(all="ignore")
def smooth_l1_loss_backward(dy, x, target, reduction="mean", beta=1.0):
    """Return dx = dy·(x − target)/beta, the quotient clipped to ±1.

    Example:
        >>> smooth_l1_loss_backward(np.array(3.0), np.array([0.25, 1, -3]), np.zeros(3), beta=0.5)
        array([ 0.5,  1. , -1. ])
    """
    x, difference, *_ = _compared(x, target)
    beta = at_least_0("beta", beta)
    slope = np.clip(difference / beta, -1, 1) if beta else sign(difference)
    return passed_back(dy, slope, x, reduction)


def _compared(x, target, weight=None):
    """Return x and, in float64, x − target, the weight, and what a mean divides by.

    The last is None for the number of losses. Warns where only broadcasting makes the shapes fit.
    """
    x = float_array("x", x)
    target = compared("target", target, x)
    shapes.broadcast(x=x.shape, target=target.shape)
    if x.shape != target.shape:
        warnings.warn(
            f"x has the shape {x.shape}, but target {target.shape}: every pair that broadcasting "
            "makes is compared, which is rarely meant; give both the same shape",
            stacklevel=4,  # the caller of the public function, which np.errstate wraps
        )
    difference = exact(x) - exact(target)
    if weight is None:
        return x, difference, 1, None
    weight = exact(same_shape("weight", matching("weight", weight, x), x))
    return x, difference, weight, weight.sum()


def _threshold(delta, x, target):
    matching("target", target, x)  # torch takes no whole numbers here
    if number("delta", delta) <= 0:
        raise ValueError(f"delta must be above 0, got {delta!r}")
    return float(delta)


def _bent(z, bound):
    """Return z²/2 up to a bound, and from there on the straight line that it leads into."""
    bounded = np.minimum(z, bound)
    return bounded * (z - bounded / 2)
