"""Adam and AdamW: a running average of the gradients, over the size that they usually have."""

import torch

from lib.accelerated._optimizers_options import decay_rates, flags, not_negative
from lib.accelerated._optimizers_rule import (
    Rule,
    advance,
    against,
    as_number,
    downhill,
    mean_square,
    shrunk,
    start,
)


def adam_init(
    params,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    *,
    maximize=False,
    decoupled_weight_decay=False,
):
    """Return the state of `adam_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> state = adam_init([torch.zeros(2)], amsgrad=True)
        >>> list(state[0])
        ['step', 'exp_avg', 'exp_avg_sq', 'max_exp_avg_sq']
    """
    options = lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay
    return start(_adam(*options), params)


def adam_step(
    params,
    grads,
    state,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    *,
    maximize=False,
    decoupled_weight_decay=False,
):
    """Step by the average gradient, over the root of the average squared gradient.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> adam_step([x], [g], adam_init([x]), lr=0.1)[0]
        [tensor([0.9000, 1.1000])]
    """
    options = lr, betas, eps, weight_decay, amsgrad, maximize, decoupled_weight_decay
    return advance(_adam(*options), params, grads, state)


def adamw_init(
    params,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=1e-2,
    amsgrad=False,
    *,
    maximize=False,
):
    """Return the state of `adamw_step` before its first step: that of `adam_init`.

    Example:
        >>> import torch
        >>> list(adamw_init([torch.zeros(2)])[0])
        ['step', 'exp_avg', 'exp_avg_sq']
    """
    return start(_adam(lr, betas, eps, weight_decay, amsgrad, maximize, True), params)


def adamw_step(
    params,
    grads,
    state,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=1e-2,
    amsgrad=False,
    *,
    maximize=False,
):
    """Do as `adam_step`, but let weight decay act on the parameters alone, and first.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, 0.0])
        >>> adamw_step([x], [g], adamw_init([x]), lr=0.1, weight_decay=0.5)[0]
        [tensor([0.8500, 0.9500])]
    """
    rule = _adam(lr, betas, eps, weight_decay, amsgrad, maximize, True)
    return advance(rule, params, grads, state)


def _adam(lr, betas, eps, weight_decay, amsgrad, maximize, decoupled):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(amsgrad=amsgrad, maximize=maximize, decoupled_weight_decay=decoupled)
    joined, apart = (0, lr * weight_decay) if decoupled else (weight_decay, 0)
    largest = {"max_exp_avg_sq": 0} if amsgrad else {}

    def update(x, g, memory):
        step = memory["step"] + 1
        t = as_number(step)
        x, g = shrunk(x, apart), downhill(x, g, joined, maximize)
        m = memory["exp_avg"].lerp(g, 1 - beta1)
        v = mean_square(memory["exp_avg_sq"], g, beta2)
        changed = {"step": step, "exp_avg": m, "exp_avg_sq": v}
        if amsgrad:
            v = changed["max_exp_avg_sq"] = torch.maximum(memory["max_exp_avg_sq"], v)
        root = v.sqrt().div_((1 - beta2**t) ** 0.5).add_(eps)
        return against(x, lr / (1 - beta1**t), m, root), changed

    return Rule({"step": 0, "exp_avg": 0, "exp_avg_sq": 0} | largest, update)
