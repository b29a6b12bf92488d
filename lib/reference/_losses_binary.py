"""Losses of a yes or no: how surprising the truth is under the predicted probability."""

import numpy as np

from lib.reference._arguments import float_array, matching, number
from lib.reference._losses_tools import (
    EPSILON,
    exact,
    factor,
    log_sigmoid,
    passed_back,
    reduced,
    same_shape,
    sigmoid,
)


@np.errstate(all="ignore")
def binary_cross_entropy(x, target, weight=None, reduction="mean"):
    """Compare a probability with the truth: yes, no, or anything between.

    loss = −weight·(target·log x + (1 − target)·log(1 − x)), each logarithm at least −100

    Args:
        x: probabilities, from 0 to 1, any shape, float.
        target: from 0 to 1, in the shape and dtype of x.
        weight: of each loss; floats in the dtype of x, or whole numbers, that broadcast to its
            shape; None for 1.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean, over their
            number and not their weights.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, a probability is none, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Good (1952), Rational decisions.

    Example:
        >>> x, target = np.array([0.5, 0.25, 0.0]), np.array([1.0, 0, 1])
        >>> binary_cross_entropy(x, target, reduction="none").round(4)
        array([  0.6931,   0.2877, 100.    ])
    """
    x, p, target, weight = _probabilities(x, target, weight)
    yes, no = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    return reduced(weight * ((target - 1) * no - target * yes), reduction, x.dtype)


@np.errstate(all="ignore")
def binary_cross_entropy_backward(dy, x, target, weight=None, reduction="mean"):
    """Return dx = dy·weight·(x − target)/(x·(1 − x)), whose divisor is at least 1e-12, as torch's.

    Example:
        >>> x, target = np.array([0.5, 0.25]), np.array([1.0, 0])
        >>> binary_cross_entropy_backward(np.array(3.0), x, target)
        array([-3.,  2.])
    """
    x, p, target, weight = _probabilities(x, target, weight)
    slope = weight * (p - target) / np.maximum(p * (1 - p), EPSILON)
    return passed_back(dy, slope, x, reduction)


@np.errstate(all="ignore")
def binary_cross_entropy_with_logits(x, target, weight=None, reduction="mean", pos_weight=None):
    """Compare a score with the truth: `binary_cross_entropy` of its sigmoid, without overflow.

    loss = weight·((1 − target)·x − (1 + (pos_weight − 1)·target)·log sigmoid(x))

    which without pos_weight is max(x, 0) − x·target + log(1 + exp(−abs(x))).

    Args:
        x: scores (logits), any shape, float.
        target: from 0 to 1, in the shape and dtype of x; other values are not refused.
        weight: of each loss; floats in the dtype of x, or whole numbers, that broadcast to its
            shape; None for 1.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean, over their
            number and not their weights.
        pos_weight: of each loss as far as its target is 1, given as `weight`; above 1 it asks for
            more recall.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Cox (1958), The regression analysis of binary sequences.

    Example:
        >>> x, target = np.log([1.0, 3.0, 3.0]), np.array([1.0, 1, 0])
        >>> binary_cross_entropy_with_logits(x, target, reduction="none") / np.log(2)
        array([1.       , 0.4150375, 2.       ])
    """
    x, z, target, weight, positive = _logits(x, target, weight, pos_weight)
    loss = (1 - target) * z - (1 + (positive - 1) * target) * log_sigmoid(z)
    return reduced(weight * loss, reduction, x.dtype)


@np.errstate(all="ignore")
def binary_cross_entropy_with_logits_backward(
    dy, x, target, weight=None, reduction="mean", pos_weight=None
):
    """Return dx = dy·weight·((1 + (pos_weight − 1)·target)·sigmoid(x) − pos_weight·target).

    Example:
        >>> x, target = np.log([1.0, 3.0, 3.0]), np.array([1.0, 1, 0])
        >>> binary_cross_entropy_with_logits_backward(np.array(3.0), x, target)
        array([-0.5 , -0.25,  0.75])
    """
    x, z, target, weight, positive = _logits(x, target, weight, pos_weight)
    slope = (1 + (positive - 1) * target) * sigmoid(z) - positive * target
    return passed_back(dy, weight * slope, x, reduction)


@np.errstate(all="ignore")
def focal_loss(x, target, alpha=0.25, gamma=2, reduction="none"):
    """Take the binary cross-entropy of scores, turned down where they are right already.

    loss = alpha_t·(1 − p_t)^gamma·ce

    where ce is `binary_cross_entropy_with_logits`, p_t = p·target + (1 − p)·(1 − target) is the
    probability p = sigmoid(x) given to the truth, and
    alpha_t = alpha·target + (1 − alpha)·(1 − target).

    Names, order and defaults are those of torchvision's sigmoid_focal_loss, whose default is not
    to reduce, unlike that of the losses in torch.

    Args:
        x: scores (logits), any shape, float.
        target: 0 or 1, or between, in the shape and dtype of x.
        alpha: the weight of what is there against 1 − alpha of what is not, from 0 to 1; −1 for
            no such weights.
        gamma: how strongly easy cases are turned down, at least 0; at 0 not at all.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the shape of x for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, alpha or gamma is out of range, or `reduction` is
            another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Lin, Goyal, Girshick, He & Dollár (2017), Focal loss for dense object detection.

    Example:
        >>> x, target = np.log([1.0, 3.0, 3.0]), np.array([1.0, 1, 0])
        >>> focal_loss(x, target, alpha=-1).round(4)  # 1/4, 1/16 and 9/16 of the cross-entropy
        array([0.1733, 0.018 , 0.7798])
    """
    x, z, target, alpha, gamma = _focal_arguments(x, target, alpha, gamma)
    missing, entropy = _missing(z, target), (1 - target) * z - log_sigmoid(z)
    return reduced(alpha * missing**gamma * entropy, reduction, x.dtype)


@np.errstate(all="ignore")
def focal_loss_backward(dy, x, target, alpha=0.25, gamma=2, reduction="none"):
    """Return dx = dy·alpha_t·(mᵞ·(p − target) + gamma·mᵞ⁻¹·dm/dx·ce), where m = 1 − p_t.

    Example:
        >>> x, target = np.log([1.0, 3.0, 3.0]), np.array([1.0, 1, 0])
        >>> focal_loss_backward(np.ones(3), x, target, alpha=-1).round(4)
        array([-0.2983, -0.0426,  0.8118])
    """
    x, z, target, alpha, gamma = _focal_arguments(x, target, alpha, gamma)
    missing, entropy = _missing(z, target), (1 - target) * z - log_sigmoid(z)
    bend = sigmoid(z) * sigmoid(-z) * (1 - 2 * target) / np.where(missing > 0, missing, 1)
    turned = gamma * bend * entropy if gamma else 0  # 0·∞ would be NaN
    slope = missing**gamma * (sigmoid(z) - target + turned)
    return passed_back(dy, alpha * slope, x, reduction)


def _probabilities(x, target, weight):
    """Return x, and in float64 the probabilities, the target and the weight."""
    x, target = _pair(x, target)
    for name, value in (("x", x), ("target", target)):
        if not ((value >= 0) & (value <= 1)).all():
            raise ValueError(f"{name} must hold probabilities, from 0 to 1")
    return x, exact(x), exact(target), factor("weight", weight, x)


def _logits(x, target, weight, pos_weight):
    """Return x, and in float64 the scores, the target and both weights."""
    x, target = _pair(x, target)
    weight, pos_weight = factor("weight", weight, x), factor("pos_weight", pos_weight, x)
    return x, exact(x), exact(target), weight, pos_weight


def _focal_arguments(x, target, alpha, gamma):
    """Return x, and in float64 the scores, the target and each one's weight; and gamma."""
    x, target = _pair(x, target)
    if number("alpha", alpha) != -1 and not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, or −1 for no weights, got {alpha!r}")
    if number("gamma", gamma) < 0:
        raise ValueError(f"gamma must be at least 0, got {gamma!r}")
    target = exact(target)
    weight = 1 if alpha == -1 else alpha * target + (1 - alpha) * (1 - target)
    return x, exact(x), target, weight, float(gamma)


def _missing(z, target):
    """Return what the truth lacks of probability 1, without the loss of a difference."""
    return sigmoid(z) * (1 - target) + sigmoid(-z) * target


def _pair(x, target):
    x = float_array("x", x)
    return x, same_shape("target", matching("target", target, x), x)
