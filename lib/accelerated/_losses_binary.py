"""Losses of a yes or no, in torch: how surprising the truth is under what was predicted."""

import torch

from lib.accelerated._arguments import number
from lib.accelerated._losses_tools import EPSILON, factor, log_sigmoid, pair, reduced, wide


def binary_cross_entropy(x, target, weight=None, reduction="mean"):
    """Compare a probability with the truth: yes, no, or anything between.

    Example:
        >>> import torch
        >>> x, target = torch.tensor([0.5, 0.25, 0.0]), torch.tensor([1.0, 0, 1])
        >>> binary_cross_entropy(x, target, reduction="none")
        tensor([  0.6931,   0.2877, 100.0000])
    """
    x, target = pair(x, target)
    for name, value in (("x", x), ("target", target)):
        if not ((value >= 0) & (value <= 1)).all():
            raise ValueError(f"{name} must hold probabilities, from 0 to 1")
    loss = _Surprise.apply(wide(x), wide(target))
    return reduced(factor("weight", weight, x) * loss, reduction, x.dtype)


def binary_cross_entropy_with_logits(x, target, weight=None, reduction="mean", pos_weight=None):
    """Compare a score with the truth, without overflow.

    Example:
        >>> import torch
        >>> x, target = torch.tensor([1.0, 3, 3]).log(), torch.tensor([1.0, 1, 0])
        >>> binary_cross_entropy_with_logits(x, target, reduction="none")
        tensor([0.6931, 0.2877, 1.3863])
    """
    x, target = pair(x, target)
    weight, positive = factor("weight", weight, x), factor("pos_weight", pos_weight, x)
    loss = _surprise_of_scores(wide(x), wide(target), positive)
    return reduced(weight * loss, reduction, x.dtype)


def focal_loss(x, target, alpha=0.25, gamma=2, reduction="none"):
    """Take the binary cross-entropy of scores, turned down where they are right already.

    Example:
        >>> import torch
        >>> x, target = torch.tensor([1.0, 3, 3]).log(), torch.tensor([1.0, 1, 0])
        >>> focal_loss(x, target, alpha=-1)
        tensor([0.1733, 0.0180, 0.7798])
    """
    x, target = pair(x, target)
    if number("alpha", alpha) != -1 and not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be from 0 to 1, or −1 for no weights, got {alpha!r}")
    if number("gamma", gamma) < 0:
        raise ValueError(f"gamma must be at least 0, got {gamma!r}")
    z, target = wide(x), wide(target)
    missing = torch.sigmoid(z) * (1 - target) + torch.sigmoid(-z) * target
    missing = missing.clamp(min=torch.finfo(z.dtype).tiny)  # a power of 0 has no slope
    weight = 1 if alpha == -1 else alpha * target + (1 - alpha) * (1 - target)
    loss = weight * missing**gamma * _surprise_of_scores(z, target, 1)
    return reduced(loss, reduction, x.dtype)


def _surprise_of_scores(z, target, positive):
    return (1 - target) * z - (1 + (positive - 1) * target) * log_sigmoid(z)


class _Surprise(torch.autograd.Function):
    """Minus the logarithm of the probability of the truth; autograd would make NaN at 0 and 1."""

    @staticmethod
    def forward(ctx, p, target):
        ctx.save_for_backward(p, target)
        yes, no = _logarithms(p)
        return (target - 1) * no - target * yes

    @staticmethod
    def backward(ctx, dloss):
        p, target = ctx.saved_tensors
        yes, no = _logarithms(p) if ctx.needs_input_grad[1] else (0, 0)
        return dloss * (p - target) / (p * (1 - p)).clamp(min=EPSILON), dloss * (no - yes)


def _logarithms(p):
    return torch.log(p).clamp(min=-100), torch.log1p(-p).clamp(min=-100)
