"""Optimizers that follow the gradient, its running average, or their sign alone."""

import torch

from lib.accelerated._arguments import number
from lib.accelerated._optimizers_options import decay_rates, flags, not_negative, several
from lib.accelerated._optimizers_rule import Rule, advance, downhill, shrunk, start


def sgd_init(
    params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False
):
    """Return the state of `sgd_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> sgd_init([torch.zeros(2)], momentum=0.9)
        [{'momentum_buffer': None}]
    """
    return start(_sgd(lr, momentum, dampening, weight_decay, nesterov, maximize), params)


def sgd_step(
    params,
    grads,
    state,
    lr=1e-3,
    momentum=0,
    dampening=0,
    weight_decay=0,
    nesterov=False,
    *,
    maximize=False,
):
    """Go one step down the gradient, with inertia if there is momentum.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> sgd_step([x], [g], sgd_init([x]), lr=0.1)[0]
        [tensor([0.1000, 1.0100])]
    """
    rule = _sgd(lr, momentum, dampening, weight_decay, nesterov, maximize)
    return advance(rule, params, grads, state)


def _sgd(lr, momentum, dampening, weight_decay, nesterov, maximize):
    lr, momentum, weight_decay = not_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
    dampening = number("dampening", dampening)
    flags(nesterov=nesterov, maximize=maximize)
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError(
            "nesterov needs a momentum above 0 and a dampening of 0, "
            f"got momentum {momentum} and dampening {dampening}"
        )

    def update(x, g, memory):
        g = downhill(x, g, weight_decay, maximize)
        if momentum == 0:
            return x.add(g, alpha=-lr), {}
        b = memory["momentum_buffer"]
        b = g.clone() if b is None else (momentum * b).add_(g, alpha=1 - dampening)
        g = g.add(b, alpha=momentum) if nesterov else b
        return x.add(g, alpha=-lr), {"momentum_buffer": b}

    return Rule({"momentum_buffer": None} if momentum else {}, update)


def rprop_init(params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, maximize=False):
    """Return the state of `rprop_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> rprop_init([torch.zeros(2)])[0]["step_size"]
        tensor([0.0100, 0.0100])
    """
    return start(_rprop(lr, etas, step_sizes, maximize), params)


def rprop_step(
    params, grads, state, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, maximize=False
):
    """Step by the gradient's sign, each entry with a step of its own that grows or shrinks.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> rprop_step([x], [g], rprop_init([x]), lr=0.1)[0]
        [tensor([0.9900, 1.0100])]
    """
    return advance(_rprop(lr, etas, step_sizes, maximize), params, grads, state)


def _rprop(lr, etas, step_sizes, maximize):
    lr = not_negative(lr=lr)
    shrink, grow = several(2, "etas", etas)
    smallest, largest = several(2, "step_sizes", step_sizes)
    if not 0 < shrink < 1 < grow:
        raise ValueError(f"etas must be (below 1, above 1), both above 0, got {etas!r}")
    if not 0 <= smallest <= largest:
        raise ValueError(f"step_sizes must be (smallest, largest), got {step_sizes!r}")
    flags(maximize=maximize)

    def update(x, g, memory):
        g = downhill(x, g, 0, maximize)
        agreement = g * memory["prev"]
        factor = torch.ones_like(x).masked_fill_(agreement > 0, grow)
        factor.masked_fill_(agreement < 0, shrink)
        step_size = (memory["step_size"] * factor).clamp_(smallest, largest)
        g = g.masked_fill(agreement < 0, 0)
        memory = {"step": memory["step"] + 1, "prev": g, "step_size": step_size}
        return x - g.sign() * step_size, memory

    return Rule({"step": 0, "prev": 0, "step_size": lr}, update)


def lion_init(params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
    """Return the state of `lion_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> lion_init([torch.zeros(2)])
        [{'exp_avg': tensor([0., 0.])}]
    """
    return start(_lion(lr, betas, weight_decay, maximize), params)


def lion_step(params, grads, state, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
    """Step by the sign of an average of gradients: every entry moves by lr, or not at all.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> lion_step([x], [g], lion_init([x]), lr=0.1)[0]
        [tensor([0.9000, 1.1000])]
    """
    return advance(_lion(lr, betas, weight_decay, maximize), params, grads, state)


def _lion(lr, betas, weight_decay, maximize):
    lr, weight_decay = not_negative(lr=lr, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(maximize=maximize)

    def update(x, g, memory):
        g = downhill(x, g, 0, maximize)
        m = memory["exp_avg"]
        direction = m.lerp(g, 1 - beta1).sign_()
        y = shrunk(x, lr * weight_decay).add(direction, alpha=-lr)
        return y, {"exp_avg": m.lerp(g, 1 - beta2)}

    return Rule({"exp_avg": 0}, update)
