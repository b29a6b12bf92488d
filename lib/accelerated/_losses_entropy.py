"""Losses of a choice among classes, in torch: how surprising the truth is."""

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching, number
from lib.accelerated._losses_softmax import log_proportions
from lib.accelerated._losses_tools import class_indices, class_weights, reduced, wide

CLASSES = (torch.int64, torch.uint8)


def nll_loss(x, target, weight=None, ignore_index=-100, reduction="mean"):
    """Take the negative log-likelihood of the right class: the logarithms come as x.

    Example:
        >>> import torch
        >>> x = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]).log()
        >>> nll_loss(x, torch.tensor([0, 1]), reduction="none")
        tensor([0.6931, 2.0794])
    """
    logs, places, every = _batched(x, weight)
    label, weight, seen = _labelled(x, logs, places, target, every, ignore_index)
    loss = -weight * logs.gather(1, label)
    return _of_places(loss, seen, places, reduction, x.dtype, weight)


def cross_entropy(
    x, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """Compare scores with the truth, which names a class or gives probabilities.

    Example:
        >>> import torch
        >>> x = torch.tensor([[2.0, 1, 1], [1, 1, 6]]).log()
        >>> cross_entropy(x, torch.tensor([0, 1]), reduction="none")
        tensor([0.6931, 2.0794])
    """
    scores, places, every = _batched(x, weight)
    if not 0 <= number("label_smoothing", label_smoothing) <= 1:
        raise ValueError(f"label_smoothing must be from 0 to 1, got {label_smoothing!r}")
    to_each = label_smoothing / scores.shape[1]
    if isinstance(target, torch.Tensor) and x.shape == target.shape:
        if shapes.whole("ignore_index", ignore_index) >= 0:
            raise ValueError(f"ignore_index is for a target of classes, got {ignore_index}")
        share = wide(matching("target", target, x)).reshape(scores.shape)
        share = every * ((1 - label_smoothing) * share + to_each)
        loss = -(share * log_proportions(scores, 1)).sum(1).reshape(places)
        return reduced(loss, reduction, x.dtype)
    label, weight, seen = _labelled(x, scores, places, target, every, ignore_index)
    logs = log_proportions(scores, 1)
    loss = -(1 - label_smoothing) * weight * logs.gather(1, label)
    if label_smoothing:
        loss = loss - to_each * (every * logs).sum(1, keepdim=True)
    return _of_places(loss, seen, places, reduction, x.dtype, weight)


def _batched(x, weight):
    """Return x with a batch in the dtype to compute in, the losses' shape, and every weight."""
    if float_tensor("x", x).dim() == 0 or x.shape[min(1, x.dim() - 1)] == 0:
        raise ValueError(
            "x must be (N, C), (N, C, d₁, …) or (C,) with at least one class, "
            f"got shape {tuple(x.shape)}"
        )
    scores = wide(x if x.dim() > 1 else x[None])
    every = class_weights(weight, scores.shape[1], x)
    places = (*x.shape[:1], *x.shape[2:]) if x.dim() > 1 else ()
    return scores, places, every.reshape(-1, *[1] * (scores.dim() - 2))


def _labelled(x, scores, places, target, every, ignore_index):
    """Return the label of each place, its weight, and whether it counts, each (N, 1, …)."""
    ignore_index = shapes.whole("ignore_index", ignore_index)
    target = class_indices(target, x, [places], scores.shape[1], CLASSES, ignore_index)
    target = target.reshape(len(scores), 1, *places[1:])
    seen = target != ignore_index
    label = target.masked_fill(~seen, 0)
    return label, every.reshape(-1)[label].masked_fill(~seen, 0), seen


def _of_places(loss, seen, places, reduction, dtype, weight):
    """Return the losses of places that are seen, their sum, or their sum over that of weights."""
    loss = loss.masked_fill(~seen, 0).reshape(places)
    count = weight.sum()
    return reduced(loss, reduction, dtype, count.masked_fill(count == 0, torch.nan))
