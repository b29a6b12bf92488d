"""Losses of a prediction that is a number, in torch: how far off it is."""

import warnings

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching, number
from lib.accelerated._losses_tools import at_least_0, compared, reduced, same_shape, wide


def l1_loss(x, target, reduction="mean", weight=None):
    """Take the distance between prediction and target.

    Example:
        >>> import torch
        >>> l1_loss(torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 4, 0]), reduction="none")
        tensor([0., 2., 3.])
    """
    difference, weight, count = _compared(x, target, weight)
    return reduced(weight * difference.abs(), reduction, x.dtype, count)


def mse_loss(x, target, reduction="mean", weight=None):
    """Square the error.

    Example:
        >>> import torch
        >>> mse_loss(torch.tensor([1.0, 2, 3]), torch.tensor([1.0, 4, 0]), reduction="none")
        tensor([0., 4., 9.])
    """
    difference, weight, count = _compared(x, target, weight)
    return reduced(weight * difference**2, reduction, x.dtype, count)


def huber_loss(x, target, reduction="mean", delta=1.0, weight=None):
    """Square small errors, and take large ones as they are.

    Example:
        >>> import torch
        >>> huber_loss(torch.tensor([0.5, 1, 3]), torch.zeros(3), reduction="none")
        tensor([0.1250, 0.5000, 2.5000])
    """
    matching("target", target, float_tensor("x", x))  # torch takes no whole numbers here
    if number("delta", delta) <= 0:
        raise ValueError(f"delta must be above 0, got {delta!r}")
    difference, weight, _ = _compared(x, target, weight)
    return reduced(weight * _bent(difference.abs(), float(delta)), reduction, x.dtype)


def smooth_l1_loss(x, target, reduction="mean", beta=1.0):
    """Take the distance, rounded off near 0.

    Example:
        >>> import torch
        >>> smooth_l1_loss(torch.tensor([0.5, 1, 3]), torch.zeros(3), reduction="none", beta=0.5)
        tensor([0.2500, 0.7500, 2.7500])
    """
    z, beta = _compared(x, target)[0].abs(), at_least_0("beta", beta)
    return reduced(_bent(z, beta) / beta if beta else z, reduction, x.dtype)


def _compared(x, target, weight=None):
    """Return x − target and the weight in the dtype to compute in, and what a mean divides by.

    The last is None for the number of losses. Warns where only broadcasting makes the shapes fit.
    """
    target = compared("target", target, float_tensor("x", x))
    shapes.broadcast(x=x.shape, target=target.shape)
    if x.shape != target.shape:
        warnings.warn(
            f"x has the shape {tuple(x.shape)}, but target {tuple(target.shape)}: every pair that "
            "broadcasting makes is compared, which is rarely meant; give both the same shape",
            stacklevel=3,
        )
    difference = wide(x) - target
    if weight is None:
        return difference, 1, None
    weight = wide(same_shape("weight", matching("weight", weight, x), x))
    return difference, weight, weight.sum()


def _bent(z, bound):
    """Return z²/2 up to a bound, and from there on the straight line that it leads into."""
    bounded = z.clamp(max=bound)
    return bounded * (z - bounded / 2)
