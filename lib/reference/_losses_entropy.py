"""Losses of a choice among classes: how surprising the truth is under what was predicted."""

import math
from typing import NamedTuple

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, matching, number
from lib.reference._losses_softmax import log_proportions, total, wide
from lib.reference._losses_tools import class_indices, class_weights, exact, reduced, slope_of_each

CLASSES = (np.int64, np.uint8)  # as torch holds them
SMALL, LARGE = 1e-20, 1e20  # sums of exponentials between these have lost nothing


@np.errstate(all="ignore")  # ∞ and NaN are answers
def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    """Take the negative log-likelihood of the right class: the logarithms come as x.

    loss[n] = −weight[target[n]]·x[n, target[n]]

    Args:
        x: logarithms of probabilities, (N, C), (N, C, d₁, …) or (C,), float.
        target: classes from 0 to C − 1, int64 or uint8, (N,), (N, d₁, …) or ().
        weight: of each class, (C,), dtype of x; None for 1.
        ignore_index: a target, be it a class or not, whose places count for nothing.
        reduction: "none" for every loss, "sum" for their sum, "mean" for Σ loss / Σ weight[target]
            over the places that count; NaN if there are none.

    Returns:
        y: in the shape of target for "none", 0 where ignored, else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, a target is no class, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Fisher (1922), On the mathematical foundations of theoretical statistics.

    Example:
        >>> x = np.log([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
        >>> nll_loss(x, np.array([0, 1]), reduction="none") / np.log(2)
        array([1., 3.])
    """
    x = float_array("x", x)
    case = _labelled(x, target, weight, ignore_index)
    loss = -case.weight * np.take_along_axis(case.x, case.label, axis=1)
    return _reduced(case, loss, reduction)


@np.errstate(all="ignore")
def nll_loss_backward(dy, x, target, weight=None, ignore_index=-100, reduction="mean"):
    """Return dx: −dy·weight at the right class, 0 elsewhere.

    Example:
        >>> x = np.log([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
        >>> nll_loss_backward(np.array(2.0), x, np.array([0, 1]))
        array([[-1.,  0.,  0.],
               [ 0., -1.,  0.]])
    """
    x = float_array("x", x)
    case = _labelled(x, target, weight, ignore_index)
    dx = np.zeros(case.x.shape, x.dtype)
    slope = np.where(case.seen, -case.weight * _slope_of_each(case, dy, reduction), 0)
    np.put_along_axis(dx, case.label, slope, axis=1)
    return dx.reshape(x.shape)


@np.errstate(all="ignore")
def cross_entropy(
    x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Compare scores with the truth: `nll_loss` of their `log_softmax`.

    loss[n] = −Σ over c of q[n, c]·weight[c]·log softmax(x[n])[c]

    where q is the target, if that holds probabilities, or 1 at the target's class; smoothed, it is
    (1 − label_smoothing)·q + label_smoothing/C.

    Args:
        x: scores (logits), (N, C), (N, C, d₁, …) or (C,), float.
        target: classes from 0 to C − 1, int64 or uint8, (N,), (N, d₁, …) or (); or probabilities,
            in the shape and dtype of x.
        weight: of each class, (C,), dtype of x; None for 1.
        ignore_index: a target, be it a class or not, whose places count for nothing; only for
            classes.
        reduction: "none" for every loss, "sum" for their sum, "mean" for a mean: for classes
            Σ loss / Σ weight[target] over the places that count, NaN if there are none; for
            probabilities Σ loss over the number of places, whatever the weights.
        label_smoothing: the share of q that goes to all classes alike, from 0 to 1.

    Returns:
        y: in the shape of x without the classes for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, a target is no class, label_smoothing is out of range,
            ignore_index is a class though the target holds probabilities, or `reduction` is
            another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Bridle (1990), Probabilistic interpretation of feedforward classification network
        outputs; smoothing: Szegedy et al. (2016), Rethinking the Inception architecture for
        computer vision.

    Example:
        >>> x = np.log([[2.0, 1, 1], [1, 1, 6]])
        >>> cross_entropy(x, np.array([0, 1]), reduction="none") / np.log(2)
        array([1., 3.])
        >>> cross_entropy(x, np.array([[1.0, 0, 0], [0, 0.5, 0.5]]), reduction="none").round(4)
        array([0.6931, 1.1836])
    """
    x = float_array("x", x)
    if x.shape == np.shape(target):
        case = _likely(x, target, weight, ignore_index, label_smoothing)
        return _reduced(case, -total(case.share * log_proportions(case.x, 1), 1), reduction)
    case, smoothing = _labelled(x, target, weight, ignore_index), _smoothing(label_smoothing)
    loss = (1 - smoothing) * case.weight * _surprise(case.x, case.label)
    if smoothing:
        every = total(case.every * log_proportions(case.x, 1), 1)
        loss = loss - smoothing / case.x.shape[1] * every
    return _reduced(case, loss, reduction)


@np.errstate(all="ignore")
def cross_entropy_backward(
    dy, x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Return dx = dy·(softmax(x) − q), without weights; with them dy·(softmax(x)·Σ q·w − q·w).

    Example:
        >>> x = np.log([[2.0, 1, 1], [1, 1, 6]])
        >>> cross_entropy_backward(np.array(2.0), x, np.array([0, 1]))
        array([[-0.5  ,  0.25 ,  0.25 ],
               [ 0.125, -0.875,  0.75 ]])
    """
    x = float_array("x", x)
    if x.shape == np.shape(target):
        case = _likely(x, target, weight, ignore_index, label_smoothing)
        share = case.share * _slope_of_each(case, dy, reduction)
        dx = _softmax_times(total(share, 1), case.x) - share
        return dx.reshape(x.shape).astype(x.dtype)
    case, smoothing = _labelled(x, target, weight, ignore_index), _smoothing(label_smoothing)
    dloss = np.where(case.seen, _slope_of_each(case, dy, reduction), 0)
    to_label = (1 - smoothing) * case.weight * dloss
    to_each = smoothing / case.x.shape[1] * dloss
    dx = _softmax_times(to_label + to_each * case.every.sum(), case.x)
    if smoothing:
        dx -= to_each * case.every
    at_label = np.take_along_axis(dx, case.label, axis=1) - to_label  # no table of zeros and ones
    np.put_along_axis(dx, case.label, at_label, axis=1)
    return dx.reshape(x.shape).astype(x.dtype, copy=False)


class _Case(NamedTuple):
    """Scores (N, C, …) in the dtype to compute in, and what there is to know of their places.

    What is known of each place has the axes (N, 1, …): its label, its weight and whether it is
    seen; or, if probabilities are given, a share of each class instead, (N, C, …). `every` holds
    the weight of every class, (C, 1, …). A mean divides by `count`; the losses have the shape
    `places`, and the dtype is that of the argument.
    """

    x: np.ndarray
    dtype: np.dtype
    places: tuple
    every: np.ndarray
    count: float
    seen: np.ndarray
    label: np.ndarray | None = None
    weight: np.ndarray | None = None
    share: np.ndarray | None = None


def _labelled(x, target, weight, ignore_index):
    """Return the case of a target that holds classes."""
    scores, places, every = _batched(x, weight)
    ignore_index = shapes.whole("ignore_index", ignore_index)
    target = class_indices(target, [places], scores.shape[1], CLASSES, ignore_index)
    target = target.reshape(len(scores), 1, *places[1:])
    seen = target != ignore_index
    label = np.where(seen, target, 0)
    weight = np.where(seen, every.reshape(-1)[label], 0)
    count = exact(weight).sum() or np.nan  # where no weight is left, there is no mean
    return _Case(scores, x.dtype, places, every, count, seen, label, weight)


def _likely(x, target, weight, ignore_index, label_smoothing):
    """Return the case of a target that holds probabilities."""
    scores, places, every = _batched(x, weight)
    if shapes.whole("ignore_index", ignore_index) >= 0:
        raise ValueError(f"ignore_index is for a target of classes, got {ignore_index}")
    share = matching("target", target, x).reshape(scores.shape).astype(scores.dtype)
    smoothing = _smoothing(label_smoothing)
    share = every * ((1 - smoothing) * share + smoothing / scores.shape[1])
    return _Case(scores, x.dtype, places, every, math.prod(places), np.True_, share=share)


def _batched(x, weight):
    """Return x with a batch in the dtype to compute in, the losses' shape, and every weight."""
    if x.ndim == 0 or x.shape[min(1, x.ndim - 1)] == 0:
        raise ValueError(
            f"x must be (N, C), (N, C, d₁, …) or (C,) with at least one class, got shape {x.shape}"
        )
    scores = (x if x.ndim > 1 else x[None]).astype(wide(x.dtype), copy=False)
    every = class_weights(weight, scores.shape[1], x).astype(scores.dtype)
    places = (*x.shape[:1], *x.shape[2:]) if x.ndim > 1 else ()
    return scores, places, every.reshape(-1, *[1] * (scores.ndim - 2))


def _smoothing(label_smoothing):
    if not 0 <= number("label_smoothing", label_smoothing) <= 1:
        raise ValueError(f"label_smoothing must be from 0 to 1, got {label_smoothing!r}")
    return float(label_smoothing)


def _reduced(case, loss, reduction):
    """Return the losses of places that are seen, or their sum or mean."""
    loss = np.where(case.seen, loss, 0).reshape(case.places)
    return reduced(loss, reduction, case.dtype, case.count)


def _slope_of_each(case, dy, reduction):
    """Return what one more unit of loss at each place adds to the end, (N, 1, …)."""
    loss = np.broadcast_to(0, case.places)
    dloss = slope_of_each(dy, loss, reduction, case.dtype, case.count)
    return dloss.reshape(len(case.x), 1, *case.places[1:]).astype(case.x.dtype)


def _surprise(x, label):
    """Return −log softmax(x) at each label: log(1 + the exponentials of the others over its own).

    That is quick, and exact for the smallest of losses. Only where exponentials leave a safe
    range is the largest score subtracted first, as `log_proportions` always does.
    """
    e = np.exp(x, order="C")
    own = np.take_along_axis(e, label, axis=1)
    np.put_along_axis(e, label, 0, axis=1)
    others = total(e, 1)
    if ((own > SMALL) & (own < LARGE) & (others < LARGE)).all():
        return np.log1p(others / own)
    return -np.take_along_axis(log_proportions(x, 1), label, axis=1)


def _softmax_times(factor, x):
    """Return factor·softmax(x) over the classes, with nothing subtracted where that is safe."""
    e = np.exp(x, order="C")
    sums = total(e, 1)
    if not ((sums > SMALL) & (sums < LARGE)).all():
        e = np.exp(log_proportions(x, 1), order="C")
        sums = 1
    e *= factor / sums
    return e
