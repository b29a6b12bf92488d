"""Three variations on Adam: the largest gradient, Nesterov's look ahead, a careful start."""

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


def adamax_init(params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False):
    """Return the state of `adamax_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> list(adamax_init([torch.zeros(2)])[0])
        ['step', 'exp_avg', 'exp_inf']
    """
    return start(_adamax(lr, betas, eps, weight_decay, maximize), params)


def adamax_step(
    params,
    grads,
    state,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    *,
    maximize=False,
):
    """Do as Adam, but divide by the largest gradient in memory instead of a root mean square.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> adamax_step([x], [g], adamax_init([x]), lr=0.1)[0]
        [tensor([0.9000, 1.1000])]
    """
    return advance(_adamax(lr, betas, eps, weight_decay, maximize), params, grads, state)


def _adamax(lr, betas, eps, weight_decay, maximize):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(maximize=maximize)

    def update(x, g, memory):
        step = memory["step"] + 1
        g = downhill(x, g, weight_decay, maximize)
        m = memory["exp_avg"].lerp(g, 1 - beta1)
        u = torch.maximum(memory["exp_inf"] * beta2, g.abs().add_(eps))
        y = against(x, lr / (1 - beta1 ** as_number(step)), m, u)
        return y, {"step": step, "exp_avg": m, "exp_inf": u}

    return Rule({"step": 0, "exp_avg": 0, "exp_inf": 0}, update)


def nadam_init(
    params,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=4e-3,
    decoupled_weight_decay=False,
    *,
    maximize=False,
):
    """Return the state of `nadam_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> list(nadam_init([torch.zeros(2)])[0])
        ['step', 'mu_product', 'exp_avg', 'exp_avg_sq']
    """
    decays = weight_decay, momentum_decay, decoupled_weight_decay
    return start(_nadam(lr, betas, eps, *decays, maximize), params)


def nadam_step(
    params,
    grads,
    state,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=4e-3,
    decoupled_weight_decay=False,
    *,
    maximize=False,
):
    """Do as Adam with Nesterov's momentum: the average is taken a step ahead.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> nadam_step([x], [g], nadam_init([x]), lr=0.1)[0]
        [tensor([0.8944, 1.1056])]
    """
    decays = weight_decay, momentum_decay, decoupled_weight_decay
    return advance(_nadam(lr, betas, eps, *decays, maximize), params, grads, state)


def _nadam(lr, betas, eps, weight_decay, momentum_decay, decoupled, maximize):
    lr, eps, weight_decay, momentum_decay = not_negative(
        lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay
    )
    beta1, beta2 = decay_rates(betas)
    flags(decoupled_weight_decay=decoupled, maximize=maximize)
    joined, apart = (0, lr * weight_decay) if decoupled else (weight_decay, 0)

    def mu(t):
        return beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))

    def update(x, g, memory):
        step = memory["step"] + 1
        t = as_number(step)
        x, g = shrunk(x, apart), downhill(x, g, joined, maximize)
        m = memory["exp_avg"].lerp(g, 1 - beta1)
        v = mean_square(memory["exp_avg_sq"], g, beta2)
        product = memory["mu_product"] * torch.as_tensor(mu(t), dtype=memory["mu_product"].dtype)
        root = (v / (1 - beta2**t)).sqrt_().add_(eps)
        ahead = as_number(product) * mu(t + 1)
        x = against(x, lr * (1 - mu(t)) / (1 - as_number(product)), g, root)
        x = against(x, lr * mu(t + 1) / (1 - ahead), m, root)
        return x, {"step": step, "mu_product": product, "exp_avg": m, "exp_avg_sq": v}

    return Rule({"step": 0, "mu_product": 1, "exp_avg": 0, "exp_avg_sq": 0}, update)


def radam_init(
    params,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    decoupled_weight_decay=False,
    *,
    maximize=False,
):
    """Return the state of `radam_step` before its first step; both take the same options.

    Example:
        >>> import torch
        >>> list(radam_init([torch.zeros(2)])[0])
        ['step', 'exp_avg', 'exp_avg_sq']
    """
    options = lr, betas, eps, weight_decay, decoupled_weight_decay, maximize
    return start(_radam(*options), params)


def radam_step(
    params,
    grads,
    state,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    decoupled_weight_decay=False,
    *,
    maximize=False,
):
    """Do as Adam, but divide only once enough gradients tell how large they are.

    Example:
        >>> import torch
        >>> x, g = torch.tensor([1.0, 1.0]), torch.tensor([9.0, -0.1])
        >>> radam_step([x], [g], radam_init([x]), lr=0.1)[0]
        [tensor([0.1000, 1.0100])]
    """
    options = lr, betas, eps, weight_decay, decoupled_weight_decay, maximize
    return advance(_radam(*options), params, grads, state)


def _radam(lr, betas, eps, weight_decay, decoupled, maximize):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(decoupled_weight_decay=decoupled, maximize=maximize)
    joined, apart = (0, lr * weight_decay) if decoupled else (weight_decay, 0)
    longest = 2 / (1 - beta2) - 1

    def update(x, g, memory):
        step = memory["step"] + 1
        t = step.double()  # a tensor, so that torch.compile need not ask how large rho is
        x, g = shrunk(x, apart), downhill(x, g, joined, maximize)
        m = memory["exp_avg"].lerp(g, 1 - beta1)
        v = mean_square(memory["exp_avg_sq"], g, beta2)
        rho = longest - 2 * t * beta2**t / (1 - beta2**t)
        r = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
        r = torch.where(rho > 5, (r * (1 - beta2**t)).sqrt(), 1.0)
        root = torch.where((rho > 5).to(x.device), v.sqrt().add_(eps), 1.0)
        x = against(x, as_number(r / (1 - beta1**t) * lr), m, root)
        return x, {"step": step, "exp_avg": m, "exp_avg_sq": v}

    return Rule({"step": 0, "exp_avg": 0, "exp_avg_sq": 0}, update)
