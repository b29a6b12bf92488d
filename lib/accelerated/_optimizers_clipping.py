"""Gradients kept in bounds: all together by their norm, or each entry by itself."""

from functools import reduce

import torch

from lib import shapes
from lib.accelerated._arguments import number
from lib.accelerated._optimizers_options import not_negative
from lib.accelerated._optimizers_rule import dense


def clip_grad_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Scale all gradients alike, so that together they are no longer than max_norm.

    Example:
        >>> import torch
        >>> clip_grad_norm([torch.tensor([3.0]), torch.tensor([4.0])], max_norm=1)
        ([tensor([0.6000]), tensor([0.8000])], tensor(5.))
    """
    grads, max_norm = _gradients(grads), not_negative(max_norm=max_norm)
    p = number("norm_type", norm_type)
    shapes.flag("error_if_nonfinite", error_if_nonfinite)
    present = [g for g in grads if g is not None]
    total = torch.tensor(0.0)
    if present:
        norms = [_norm(g, p).to(present[0].device) for g in present]
        dtype = reduce(torch.promote_types, (g.dtype for g in present))
        total = _norm(torch.stack(norms), p).to(dtype)
    if error_if_nonfinite and not total.isfinite():
        raise ValueError(f"the norm of grads must be finite, got {total.item()}")
    scale = (max_norm / (total + 1e-6)).clamp(max=1)
    return [g if g is None else (g * scale.to(g.device)).to(g.dtype) for g in grads], total


def clip_grad_value(grads, clip_value):
    """Bring each entry of each gradient to within ±clip_value; their direction changes.

    Example:
        >>> import torch
        >>> clip_grad_value([torch.tensor([3.0, -0.5, -7.0])], 1.0)
        [tensor([ 1.0000, -0.5000, -1.0000])]
    """
    grads, bound = _gradients(grads), not_negative(clip_value=clip_value)
    return [g if g is None else g.clamp(-bound, bound) for g in grads]


def _gradients(grads):
    if not isinstance(grads, list | tuple):
        kind = type(grads)
        raise TypeError(f"grads must be a list, got {kind.__module__}.{kind.__qualname__}")
    return [g if g is None else dense(f"grads[{i}]", g).detach() for i, g in enumerate(grads)]


def _norm(x, p):
    if not x.numel():
        return x.new_zeros((), dtype=torch.float64)
    return torch.linalg.vector_norm(x, p, dtype=torch.float64)
