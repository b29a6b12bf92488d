"""Losses that ask for a margin: right is not enough, it must be right by some distance."""

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, matching, number, sum_to
from lib.reference._losses_tools import (
    class_indices,
    class_weights,
    compared,
    exact,
    passed_back,
    reduced,
    sigmoid,
    slope_of_each,
)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def soft_margin_loss(x, target, reduction="mean"):
    """Take the logistic loss of a score: which side of 0 is right, the target says.

    loss = log(1 + exp(−target·x))

    Args:
        x: scores, any shape, float.
        target: 1 or −1, floats in the dtype of x or whole numbers, that broadcast to x's shape.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the shape of x for "none", else (); dtype of x. Where the exponential overflows, at
        −target·x above 88 in float32, torch gives infinity; here the loss stays exact.

    Raises:
        ValueError: the target does not broadcast to x, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Cox (1958), The regression analysis of binary sequences.

    Example:
        >>> soft_margin_loss(np.array([0.0, 2.0]), np.array([1, -1]), reduction="none").round(4)
        array([0.6931, 2.1269])
    """
    x, margin, _ = _margins(x, target)
    return reduced(np.logaddexp(0, -margin), reduction, x.dtype)


@np.errstate(all="ignore")
def soft_margin_loss_backward(dy, x, target, reduction="mean"):
    """Return dx = −dy·target·sigmoid(−target·x).

    Example:
        >>> soft_margin_loss_backward(np.array(4.0), np.array([0.0, 0.0]), np.array([1, -1]))
        array([-1.,  1.])
    """
    x, margin, target = _margins(x, target)
    return passed_back(dy, -target * sigmoid(-margin), x, reduction)


@np.errstate(all="ignore")
def margin_ranking_loss(x1, x2, target, margin=0, reduction="mean"):
    """Ask that the first of two scores be larger by a margin, or smaller, as the target says.

    loss = max(0, −target·(x1 − x2) + margin)

    Args:
        x1: scores, any shape, float.
        x2: scores to compare with, dtype of x1; as many axes, and broadcast against it.
        target: 1 where x1 should be larger, −1 where x2 should; floats in the dtype of x1, or
            whole numbers; as many axes, and broadcast against both.
        margin: how much larger.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the common shape for "none", else (); dtype of x1.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Herbrich, Graepel & Obermayer (2000), Large margin rank boundaries for ordinal
        regression.

    Example:
        >>> x1, x2 = np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.5, 3.0])
        >>> margin_ranking_loss(x1, x2, np.array([1, 1, 1]), margin=1, reduction="none")
        array([0. , 0.5, 2. ])
    """
    x1, _, _, loss = _ranked(x1, x2, target, margin)
    return reduced(np.maximum(loss, 0), reduction, x1.dtype)


@np.errstate(all="ignore")
def margin_ranking_loss_backward(dy, x1, x2, target, margin=0, reduction="mean"):
    """Return (dx1, dx2) = (−dy·target, dy·target) where the margin is missed or just reached.

    Example:
        >>> x1, x2 = np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.5, 3.0])
        >>> margin_ranking_loss_backward(np.array(3.0), x1, x2, np.array([1, 1, 1]), 0.5)
        (array([ 0., -1., -1.]), array([0., 1., 1.]))
    """
    x1, x2, target, loss = _ranked(x1, x2, target, margin)
    dloss = slope_of_each(dy, loss, reduction, x1.dtype)
    to_first = np.where(loss >= 0, -target * dloss, 0)
    dx1, dx2 = sum_to(x1.shape, to_first), sum_to(x2.shape, -to_first)
    return dx1.astype(x1.dtype), dx2.astype(x1.dtype)


@np.errstate(all="ignore")
def multi_margin_loss(x, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """Ask that the right class score higher than each other one by a margin.

    loss[n] = Σ over c ≠ target[n] of weight[target[n]]·max(0, margin − x[n, target[n]] + x[n, c])ᵖ
    / C

    Args:
        x: scores, (N, C) or (C,), float; or a scalar, the only class of one sample.
        target: classes from 0 to C − 1, int64, (N,); () or (1,) without a batch.
        p: 1 or 2.
        margin: how much higher; any number.
        weight: of each class, (C,), dtype of x; None for 1.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their sum over N: unlike
            in `nll_loss`, weights do not change what the mean divides by.

    Returns:
        y: in the shape of target for "none", else (); dtype of x. A score of NaN beats nobody:
        as in torch, it adds nothing.

    Raises:
        ValueError: the shapes do not fit, a target is no class, p is neither 1 nor 2, or
            `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Weston & Watkins (1999), Support vector machines for multi-class pattern recognition.

    Example:
        >>> multi_margin_loss(np.array([[1.0, 3.0, 2.5]]), np.array([1]))  # 0.5/3
        array(0.16666667)
    """
    x, _, missed, weight, shape = _class_margins(x, target, p, margin, weight)
    loss = weight * np.sum(missed**p, axis=1) / missed.shape[1]
    return reduced(loss.reshape(shape), reduction, x.dtype)


@np.errstate(all="ignore")
def multi_margin_loss_backward(dy, x, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """Push down each score that came too close, and the right one up by as much in all.

    Example:
        >>> multi_margin_loss_backward(np.array(3.0), np.array([[1.0, 3.0, 2.5]]), np.array([1]))
        array([[ 0., -1.,  1.]])
    """
    x, label, missed, weight, shape = _class_margins(x, target, p, margin, weight)
    dloss = slope_of_each(dy, weight.reshape(shape), reduction, x.dtype).reshape(-1)
    slope = 2 * missed if p == 2 else missed > 0
    dx = slope * (weight * dloss / missed.shape[1])[:, None]
    dx[np.arange(len(dx)), label] = -dx.sum(axis=1)
    return dx.reshape(x.shape).astype(x.dtype)


@np.errstate(all="ignore")
def hinge_embedding_loss(x, target, margin=1.0, reduction="mean"):
    """Pull what is alike together, and push what is not apart, up to a margin.

    loss = x where the target is 1, max(0, margin − x) where it is −1, their sum where it is
    neither

    Args:
        x: distances, any shape, float.
        target: 1 for alike, −1 for not; floats in the dtype of x, or whole numbers, that
            broadcast against x.
        margin: the distance from which on nothing is pushed any further.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the common shape of x and target for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Hadsell, Chopra & LeCun (2006), Dimensionality reduction by learning an invariant
        mapping, who square both terms.

    Example:
        >>> hinge_embedding_loss(np.array([0.5, 0.2, 3]), np.array([1, -1, -1]), reduction="none")
        array([0.5, 0.8, 0. ])
    """
    x, distance, target, short = _hinged(x, target, margin)
    loss = np.where(target != 1, np.maximum(short, 0), 0) + np.where(target != -1, distance, 0)
    return reduced(loss, reduction, x.dtype)


@np.errstate(all="ignore")
def hinge_embedding_loss_backward(dy, x, target, margin=1.0, reduction="mean"):
    """Return dx: dy where the target is 1, −dy where it is −1 and x is at most the margin.

    Example:
        >>> x, target = np.array([0.5, 0.2, 3]), np.array([1, -1, -1])
        >>> hinge_embedding_loss_backward(np.array(3.0), x, target)
        array([ 1., -1.,  0.])
    """
    x, _, target, short = _hinged(x, target, margin)
    slope = (target != -1) - ((target != 1) & (short >= 0)).astype(np.float64)
    return passed_back(dy, slope, x, reduction)


def _margins(x, target):
    """Return x, then in float64 target·x and the target."""
    x = float_array("x", x)
    target = compared("target", target, x)
    if shapes.broadcast(x=x.shape, target=target.shape) != x.shape:
        raise ValueError(f"target must broadcast to x's shape {x.shape}, got {target.shape}")
    return x, exact(target) * exact(x), exact(target)


def _ranked(x1, x2, target, margin):
    """Return x1, x2, and in float64 the target and by how much each margin is missed."""
    x1 = float_array("x1", x1)
    x2, target = matching("x2", x2, x1), compared("target", target, x1)
    if not x1.ndim == x2.ndim == target.ndim:
        raise ValueError(
            "x1, x2 and target must have the same number of axes, got shapes "
            f"{x1.shape}, {x2.shape} and {target.shape}"
        )
    shapes.broadcast(x1=x1.shape, x2=x2.shape, target=target.shape)
    target = exact(target)
    return x1, x2, target, -target * (exact(x1) - exact(x2)) + number("margin", margin)


def _hinged(x, target, margin):
    """Return x, then in float64 x, the target, and by how much the margin is missed."""
    x = float_array("x", x)
    target = exact(compared("target", target, x))
    shapes.broadcast(x=x.shape, target=target.shape)
    return x, exact(x), target, number("margin", margin) - exact(x)


def _class_margins(x, target, p, margin, weight):
    """Return x, the labels, by how much each score comes too close, and each sample's weight.

    Last comes the shape of the losses.
    """
    x = float_array("x", x)
    if x.ndim > 2 or 0 in x.shape[-1:]:
        raise ValueError(f"x must be (N, C) or (C,) with at least one class, got shape {x.shape}")
    if number("p", p) not in (1, 2):
        raise ValueError(f"p must be 1 or 2, got {p!r}")
    scores = exact(x).reshape((-1, x.shape[-1]) if x.ndim else (1, 1))
    label = class_indices(target, [(len(scores),), ()][: 1 + (len(scores) == 1)], scores.shape[1])
    label, shape = label.reshape(-1), label.shape
    right = np.take_along_axis(scores, label[:, None], axis=1)
    missed = number("margin", margin) - right + scores
    missed = np.where(missed > 0, missed, 0)
    missed[np.arange(len(label)), label] = 0
    weight = class_weights(weight, scores.shape[1], x)[label]
    return x, label, missed, weight, shape
