"""Losses that ask for a margin, in torch: right is not enough, it must be by some distance."""

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching, number
from lib.accelerated._losses_tools import (
    class_indices,
    class_weights,
    compared,
    log_sigmoid,
    reduced,
    wide,
)


def soft_margin_loss(x, target, reduction="mean"):
    """Take the logistic loss of a score: which side of 0 is right, the target says.

    Example:
        >>> import torch
        >>> soft_margin_loss(torch.tensor([0.0, 2]), torch.tensor([1, -1]), reduction="none")
        tensor([0.6931, 2.1269])
    """
    target = compared("target", target, float_tensor("x", x))
    if shapes.broadcast(x=x.shape, target=target.shape) != tuple(x.shape):
        raise ValueError(
            f"target must broadcast to x's shape {tuple(x.shape)}, got {tuple(target.shape)}"
        )
    return reduced(-log_sigmoid(target * wide(x)), reduction, x.dtype)


def margin_ranking_loss(x1, x2, target, margin=0, reduction="mean"):
    """Ask that the first of two scores be larger by a margin, or smaller, as the target says.

    Example:
        >>> import torch
        >>> x1, x2 = torch.tensor([2.0, 2.0, 2.0]), torch.tensor([1.0, 1.5, 3.0])
        >>> margin_ranking_loss(x1, x2, torch.tensor([1, 1, 1]), margin=1, reduction="none")
        tensor([0.0000, 0.5000, 2.0000])
    """
    x2, target = matching("x2", x2, float_tensor("x1", x1)), compared("target", target, x1)
    if not x1.dim() == x2.dim() == target.dim():
        raise ValueError(
            "x1, x2 and target must have the same number of axes, got shapes "
            f"{tuple(x1.shape)}, {tuple(x2.shape)} and {tuple(target.shape)}"
        )
    shapes.broadcast(x1=x1.shape, x2=x2.shape, target=target.shape)
    missed = -target * (wide(x1) - wide(x2)) + number("margin", margin)
    return reduced(missed.clamp(min=0), reduction, x1.dtype)


def multi_margin_loss(x, target, p=1, margin=1.0, weight=None, reduction="mean"):
    """Ask that the right class score higher than each other one by a margin.

    Example:
        >>> import torch
        >>> multi_margin_loss(torch.tensor([[1.0, 3.0, 2.5]]), torch.tensor([1]))  # 0.5/3
        tensor(0.1667)
    """
    if float_tensor("x", x).dim() > 2 or 0 in x.shape[-1:]:
        raise ValueError(
            f"x must be (N, C) or (C,) with at least one class, got shape {tuple(x.shape)}"
        )
    if number("p", p) not in (1, 2):
        raise ValueError(f"p must be 1 or 2, got {p!r}")
    scores = wide(x).reshape((-1, x.shape[-1]) if x.dim() else (1, 1))
    samples, classes = scores.shape
    target = class_indices(target, x, [(samples,), ()][: 1 + (samples == 1)], classes)
    label = target.reshape(-1, 1)
    missed = number("margin", margin) - scores.gather(1, label) + scores
    counts = (missed > 0) & (label != torch.arange(classes, device=x.device))
    missed = torch.where(counts, missed, 0) ** p
    loss = class_weights(weight, classes, x)[label[:, 0]] * missed.sum(1) / classes
    return reduced(loss.reshape(target.shape), reduction, x.dtype)


def hinge_embedding_loss(x, target, margin=1.0, reduction="mean"):
    """Pull what is alike together, and push what is not apart, up to a margin.

    Example:
        >>> import torch
        >>> x, target = torch.tensor([0.5, 0.2, 3]), torch.tensor([1, -1, -1])
        >>> hinge_embedding_loss(x, target, reduction="none")
        tensor([0.5000, 0.8000, 0.0000])
    """
    target = compared("target", target, float_tensor("x", x))
    shapes.broadcast(x=x.shape, target=target.shape)
    short = (number("margin", margin) - wide(x)).clamp(min=0)
    loss = torch.where(target != 1, short, 0) + torch.where(target != -1, wide(x), 0)
    return reduced(loss, reduction, x.dtype)
