"""Muon: momentum whose matrix is replaced by the nearest one with orthogonal rows or columns."""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import choice
from lib.accelerated._optimizers_options import flags, not_negative, several
from lib.accelerated._optimizers_rule import Rule, advance, start


def muon_init(
    params,
    lr=1e-3,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_coefficients=(3.4445, -4.775, 2.0315),
    eps=1e-7,
    ns_steps=5,
    adjust_lr_fn=None,
):
    """Return the state of `muon_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> muon_init([torch.zeros((1, 2))])
        [{'momentum_buffer': tensor([[0., 0.]])}]
    """
    options = lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn
    return start(_muon(*options), params)


def muon_step(
    params,
    grads,
    state,
    lr=1e-3,
    weight_decay=0.1,
    momentum=0.95,
    nesterov=True,
    ns_coefficients=(3.4445, -4.775, 2.0315),
    eps=1e-7,
    ns_steps=5,
    adjust_lr_fn=None,
):
    """Step by the average gradient of a matrix, with all its singular values brought near 1.

    Example:
        >>> import torch
        >>> params, grads = [torch.zeros((2, 2))], [torch.tensor([[9.0, 0], [0, 0.1]])]
        >>> y = muon_step(params, grads, muon_init(params), lr=1.0)[0][0]
        >>> bool(abs(y[0, 0] / y[1, 1]) < 2)  # instead of 90
        True
    """
    options = lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn
    return advance(_muon(*options), params, grads, state)


def _muon(lr, weight_decay, momentum, nesterov, coefficients, eps, steps, adjust_lr_fn):
    lr, weight_decay, momentum, eps = not_negative(
        lr=lr, weight_decay=weight_decay, momentum=momentum, eps=eps
    )
    flags(nesterov=nesterov)
    coefficients = several(3, "ns_coefficients", coefficients)
    if shapes.whole("ns_steps", steps, minimum=0) >= 100:
        raise ValueError(f"ns_steps must be below 100, got {steps}")
    words = ("original", "match_rms_adamw")
    way = "original" if adjust_lr_fn is None else choice("adjust_lr_fn", adjust_lr_fn, words)

    def update(x, g, memory):
        b = memory["momentum_buffer"].lerp(g, 1 - momentum)
        direction = g.lerp(b, momentum) if nesterov else b
        direction = _orthogonalized(direction.bfloat16(), coefficients, steps, eps)
        rows, columns = x.shape
        wide = math.sqrt(max(1, rows / max(1, columns)))
        pace = lr * (wide if way == "original" else 0.2 * math.sqrt(max(rows, columns)))
        return (x * (1 - lr * weight_decay)).add_(direction, alpha=-pace), {"momentum_buffer": b}

    return Rule({"momentum_buffer": 0}, update, axes=2)


def _orthogonalized(x, coefficients, steps, eps):
    """Bring the singular values of a matrix near 1, by Newton–Schulz steps in bfloat16."""
    if x.shape[0] > x.shape[1]:
        return _orthogonalized(x.T, coefficients, steps, eps).T
    a, b, c = coefficients
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x
