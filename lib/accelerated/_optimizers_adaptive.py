"""Optimizers that give each entry a pace of its own, after the squares of its past gradients."""

from lib.accelerated._arguments import number
from lib.accelerated._optimizers_options import flags, not_negative
from lib.accelerated._optimizers_rule import (
    Rule,
    advance,
    against,
    as_number,
    downhill,
    mean_square,
    start,
)


def adagrad_init(
    params,
    lr=1e-2,
    lr_decay=0,
    weight_decay=0,
    initial_accumulator_value=0,
    eps=1e-10,
    *,
    maximize=False,
):
    """Return the state of `adagrad_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> adagrad_init([torch.zeros(2)], initial_accumulator_value=0.1)[0]["sum"]
        tensor([0.1000, 0.1000])
    """
    options = lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize
    return start(_adagrad(*options), params)


def adagrad_step(
    params,
    grads,
    state,
    lr=1e-2,
    lr_decay=0,
    weight_decay=0,
    initial_accumulator_value=0,
    eps=1e-10,
    *,
    maximize=False,
):
    """Divide each entry's step by the root of the sum of its squared gradients.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> adagrad_step([x], [g], adagrad_init([x]), lr=0.1)[0]
        [tensor([0.9000, 1.1000])]
    """
    options = lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize
    return advance(_adagrad(*options), params, grads, state)


def _adagrad(lr, lr_decay, weight_decay, initial_accumulator_value, eps, maximize):
    lr, lr_decay, weight_decay, initial, eps = not_negative(
        lr=lr,
        lr_decay=lr_decay,
        weight_decay=weight_decay,
        initial_accumulator_value=initial_accumulator_value,
        eps=eps,
    )
    flags(maximize=maximize)

    def update(x, g, memory):
        step = memory["step"] + 1
        g = downhill(x, g, weight_decay, maximize)
        s = memory["sum"].addcmul(g, g)
        pace = lr / (1 + (as_number(step) - 1) * lr_decay)
        return against(x, pace, g, s.sqrt().add_(eps)), {"step": step, "sum": s}

    return Rule({"step": 0, "sum": initial}, update)


def rmsprop_init(
    params,
    lr=1e-2,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
    *,
    maximize=False,
):
    """Return the state of `rmsprop_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> list(rmsprop_init([torch.zeros(2)], centered=True)[0])
        ['step', 'square_avg', 'grad_avg']
    """
    options = lr, alpha, eps, weight_decay, momentum, centered, maximize
    return start(_rmsprop(*options), params)


def rmsprop_step(
    params,
    grads,
    state,
    lr=1e-2,
    alpha=0.99,
    eps=1e-8,
    weight_decay=0,
    momentum=0,
    centered=False,
    *,
    maximize=False,
):
    """Divide each entry's step by the root of the running average of its squared gradients.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> rmsprop_step([x], [g], rmsprop_init([x]), lr=0.05)[0]
        [tensor([0.5000, 1.5000])]
    """
    options = lr, alpha, eps, weight_decay, momentum, centered, maximize
    return advance(_rmsprop(*options), params, grads, state)


def _rmsprop(lr, alpha, eps, weight_decay, momentum, centered, maximize):
    lr, alpha, eps, weight_decay, momentum = not_negative(
        lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum
    )
    flags(centered=centered, maximize=maximize)
    with_momentum = {"momentum_buffer": 0} if momentum else {}
    with_mean = {"grad_avg": 0} if centered else {}

    def update(x, g, memory):
        g = downhill(x, g, weight_decay, maximize)
        v = mean_square(memory["square_avg"], g, alpha)
        changed = {"step": memory["step"] + 1, "square_avg": v}
        if centered:
            a = changed["grad_avg"] = memory["grad_avg"].lerp(g, 1 - alpha)
            v = v.addcmul(a, a, value=-1)
        root = v.sqrt().add_(eps)
        if not momentum:
            return x.addcdiv(g, root, value=-lr), changed
        b = changed["momentum_buffer"] = (memory["momentum_buffer"] * momentum).addcdiv_(g, root)
        return x.add(b, alpha=-lr), changed

    return Rule({"step": 0, "square_avg": 0} | with_momentum | with_mean, update)


def adadelta_init(params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False):
    """Return the state of `adadelta_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> list(adadelta_init([torch.zeros(2)])[0])
        ['step', 'square_avg', 'acc_delta']
    """
    return start(_adadelta(lr, rho, eps, weight_decay, maximize), params)


def adadelta_step(
    params, grads, state, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False
):
    """Scale each entry's gradient by its past steps over its past gradients.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> adadelta_step([x], [g], adadelta_init([x]), lr=0.1)[0]
        [tensor([0.9997, 1.0003])]
    """
    return advance(_adadelta(lr, rho, eps, weight_decay, maximize), params, grads, state)


def _adadelta(lr, rho, eps, weight_decay, maximize):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    rho = number("rho", rho)
    if not 0 <= rho <= 1:
        raise ValueError(f"rho must lie in [0, 1], got {rho!r}")
    flags(maximize=maximize)

    def update(x, g, memory):
        g = downhill(x, g, weight_decay, maximize)
        v = mean_square(memory["square_avg"], g, rho)
        d = memory["acc_delta"]
        u = (d + eps).sqrt_().div_((v + eps).sqrt_()).mul_(g)
        changed = {"square_avg": v, "acc_delta": mean_square(d, u, rho)}
        return x.add(u, alpha=-lr), {"step": memory["step"] + 1, **changed}

    return Rule({"step": 0, "square_avg": 0, "acc_delta": 0}, update)
