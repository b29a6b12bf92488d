"""Losses of a predicted distribution, in torch: how unlikely the truth is, or how far away."""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import choice, float_tensor, matching, number
from lib.accelerated._losses_tools import REDUCTIONS, at_least_0, compared, reduced, wide


def gaussian_nll_loss(x, target, var, full=False, eps=1e-6, reduction="mean"):
    """Say how unlikely the target is under a normal distribution whose variance is learned, too.

    Example:
        >>> import torch
        >>> x, target, var = torch.zeros(2), torch.tensor([1.0, 3.0]), torch.tensor([1.0, 9.0])
        >>> gaussian_nll_loss(x, target, var, reduction="none")
        tensor([0.5000, 1.5986])
    """
    target = compared("target", target, float_tensor("x", x))
    shapes.broadcast(x=x.shape, target=target.shape)
    var = _variances(var, x, at_least_0("eps", eps))
    constant = math.log(2 * math.pi) if shapes.flag("full", full) else 0
    loss = (torch.log(var) + (wide(x) - target) ** 2 / var + constant) / 2
    return reduced(loss, reduction, x.dtype)


def poisson_nll_loss(x, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    """Say how unlikely a count is under a Poisson distribution with the predicted rate.

    Example:
        >>> import torch
        >>> poisson_nll_loss(torch.zeros(2), torch.tensor([0, 3]), reduction="none")
        tensor([1., 1.])
    """
    target, eps = compared("target", target, float_tensor("x", x)), at_least_0("eps", eps)
    shapes.broadcast(x=x.shape, target=target.shape)
    rate, target = wide(x), target.to(wide(x).dtype)
    if shapes.flag("log_input", log_input):
        loss = torch.exp(rate) - target * rate
    else:
        loss = rate - target * torch.log(rate + eps)
    if shapes.flag("full", full):
        stirling = target * torch.log(target) - target + torch.log(2 * math.pi * target) / 2
        loss = loss + stirling.masked_fill(target <= 1, 0)
    return reduced(loss, reduction, x.dtype)


def kl_div(x, target, reduction="mean", log_target=False):
    """Say how far a prediction, in logarithms, is from the truth.

    Example:
        >>> import torch
        >>> x, target = torch.tensor([[0.5, 0.5], [0.25, 0.75]]).log(), torch.eye(2)
        >>> kl_div(x, target, reduction="batchmean")  # (log 2 + log 4/3) / 2
        tensor(0.4904)
    """
    target = matching("target", target, float_tensor("x", x))
    shapes.broadcast(x=x.shape, target=target.shape)
    log_p, target, count = wide(x), wide(target), None
    if shapes.flag("log_target", log_target):
        loss = torch.exp(target) * (target - log_p)
    else:
        loss = torch.xlogy(target, target) - target * log_p
    if choice("reduction", reduction, (*REDUCTIONS, "batchmean")) == "batchmean":
        reduction, count = "mean", x.shape[0] if x.dim() else 1
    return reduced(loss, reduction, x.dtype, count)


def _variances(var, x, eps):
    """Return the variances so that they broadcast against x, raised to eps without a corner."""
    if isinstance(var, torch.Tensor):
        var = wide(matching("var", var, x)).reshape(_aligned_shape(var.shape, x.shape)).clone()
    else:
        var = wide(x).new_tensor(number("var", var))
    if (var < 0).any():
        raise ValueError(f"var must not be negative, got {var.min().item()}")
    with torch.no_grad():
        return var.clamp_(min=eps)


def _aligned_shape(shape, x_shape):
    """Return the shape in which variances broadcast against x."""
    if shape == x_shape[:-1]:
        return (*shape, 1) if x_shape else ()
    differ = [size for size, own in zip(shape, x_shape, strict=False) if size != own]
    if len(shape) != len(x_shape) or differ not in ([], [1]):
        raise ValueError(
            f"var must be a number, or have the shape of x, {tuple(x_shape)}, or that without its "
            f"last axis, or with one axis 1 long, got shape {tuple(shape)}"
        )
    return shape
