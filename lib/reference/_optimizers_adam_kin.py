"""Three variations on Adam: the largest gradient, Nesterov's look ahead, a careful start."""

import math

import numpy as np

from lib.reference._optimizers_options import decay_rates, flags, not_negative
from lib.reference._optimizers_rule import Rule, advance, downhill, lerp, shrunk, start


def adamax_init(params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, *, maximize=False):
    """Return the state of `adamax_step` before its first step; both take the same options.

    Returns:
        A list with a dict for each parameter: "step", 0; "exp_avg" and "exp_inf", zeros
        shaped as the parameter.

    Example:
        >>> list(adamax_init([np.zeros(2)])[0])
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

    In step t, counted from 1, with g the gradient plus weight_decay·x:

        m = β₁ · m + (1 − β₁) · g
        u = the larger of β₂ · u and abs(g) + eps
        x = x − lr / (1 − β₁ᵗ) · m / u

    A maximum needs no correction for having begun at 0. The paper has no eps; where others add
    it to u, torch adds it to abs(g), inside the maximum.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `adamax_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), how much average and maximum keep of the past, each in [0, 1).
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: strength of the pull towards 0, at least 0; it joins the gradient.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Kingma & Ba (2015), Adam: a method for stochastic optimization, section 7.1.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> adamax_step([x], [g], adamax_init([x]), lr=0.1)[0][0].round(4)
        array([0.9, 1.1])
    """
    return advance(_adamax(lr, betas, eps, weight_decay, maximize), params, grads, state)


def _adamax(lr, betas, eps, weight_decay, maximize):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(maximize=maximize)

    def update(x, g, memory):
        step = memory["step"] + 1
        g = downhill(x, g, weight_decay, maximize)
        m = lerp(memory["exp_avg"], g, 1 - beta1)
        u = np.maximum(beta2 * memory["exp_inf"], np.abs(g) + eps)
        y = x - lr / (1 - beta1 ** float(step)) * (m / u)
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

    Returns:
        A list with a dict for each parameter: "step", 0; "mu_product", 1; "exp_avg" and
        "exp_avg_sq", zeros shaped as the parameter.

    Example:
        >>> list(nadam_init([np.zeros(2)])[0])
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

    In step t, counted from 1, with g the gradient plus weight_decay·x and m, v as Adam's:

        μₜ = β₁ · (1 − ½ · 0.96^(t · momentum_decay)), and Πₜ = μ₁ · μ₂ · … · μₜ
        m' = (1 − μₜ) · g / (1 − Πₜ) + μₜ₊₁ · m / (1 − Πₜ₊₁)
        x = x − lr · m' / (√(v / (1 − β₂ᵗ)) + eps)

    torch keeps Π as a float32, whatever the dtype of the parameters, and so do we.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `nadam_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), how much the averages keep of the past, each in [0, 1).
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: strength of the pull towards 0, at least 0.
        momentum_decay: how fast μ grows from near β₁ / 2 to β₁, at least 0.
        decoupled_weight_decay: whether weight decay acts on the parameters alone, as in AdamW,
            instead of joining the gradient.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Dozat (2016), Incorporating Nesterov momentum into Adam.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> nadam_step([x], [g], nadam_init([x]), lr=0.1)[0][0].round(4)
        array([0.8944, 1.1056])
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
        t = float(step)
        x, g = shrunk(x, apart), downhill(x, g, joined, maximize)
        m = lerp(memory["exp_avg"], g, 1 - beta1)
        v = beta2 * memory["exp_avg_sq"] + (1 - beta2) * g * g
        product = memory["mu_product"] * mu(t)
        root = np.sqrt(v / (1 - beta2**t)) + eps
        x = x - lr * (1 - mu(t)) / (1 - float(product)) * (g / root)
        x = x - lr * mu(t + 1) / (1 - float(product) * mu(t + 1)) * (m / root)
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

    Returns:
        A list with a dict for each parameter: "step", 0; "exp_avg" and "exp_avg_sq", zeros
        shaped as the parameter.

    Example:
        >>> list(radam_init([np.zeros(2)])[0])
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

    In step t, counted from 1, with m, v as Adam's and m' = m / (1 − β₁ᵗ):

        ρ∞ = 2 / (1 − β₂) − 1
        ρ = ρ∞ − 2 · t · β₂ᵗ / (1 − β₂ᵗ)
        r = √((ρ − 4) · (ρ − 2) · ρ∞ / ((ρ∞ − 4) · (ρ∞ − 2) · ρ))
        x = x − lr · r · m' · √(1 − β₂ᵗ) / (√v + eps)      if ρ > 5
        x = x − lr · m'                                    otherwise

    Unlike in Adam, eps is added before the correction, as in torch. ρ is about how many gradients
    the average v rests on; the paper asks for more than 4, torch for more than 5.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `radam_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), how much the averages keep of the past, each in [0, 1).
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: strength of the pull towards 0, at least 0.
        decoupled_weight_decay: whether weight decay acts on the parameters alone, as in AdamW,
            instead of joining the gradient.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Liu et al. (2020), On the variance of the adaptive learning rate and beyond.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> radam_step([x], [g], radam_init([x]), lr=0.1)[0][0].round(4)
        array([0.1 , 1.01])
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
        t = float(step)
        x, g = shrunk(x, apart), downhill(x, g, joined, maximize)
        m = lerp(memory["exp_avg"], g, 1 - beta1)
        v = beta2 * memory["exp_avg_sq"] + (1 - beta2) * g * g
        rho = longest - 2 * t * beta2**t / (1 - beta2**t)
        y = m / (1 - beta1**t) * lr
        if rho > 5:
            r = (rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)
            y = y * (math.sqrt(r) * math.sqrt(1 - beta2**t) / (np.sqrt(v) + eps))
        return x - y, {"step": step, "exp_avg": m, "exp_avg_sq": v}

    return Rule({"step": 0, "exp_avg": 0, "exp_avg_sq": 0}, update)
