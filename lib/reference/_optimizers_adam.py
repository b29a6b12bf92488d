"""Adam and its kin: a running average of the gradients, over the size that they usually have."""

import math
from typing import NamedTuple

import numpy as np

from lib.reference._optimizers_options import decay_rates, flags, not_negative
from lib.reference._optimizers_rule import Rule, advance, downhill, lerp, shrunk, start

AVERAGES = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")  # the last with amsgrad alone
CHUNK = 2**17  # entries worked on at once, so that they stay in the processor's cache


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

    Returns:
        A list with a dict for each parameter: "step", 0; "exp_avg" and "exp_avg_sq", zeros
        shaped as the parameter; with amsgrad "max_exp_avg_sq", too.

    Example:
        >>> state = adam_init([np.zeros(2)], amsgrad=True)
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

    In step t, counted from 1, with g the gradient plus weight_decay·x:

        m = β₁ · m + (1 − β₁) · g
        v = β₂ · v + (1 − β₂) · g²
        x = x − lr · m / (1 − β₁ᵗ) / (√v / √(1 − β₂ᵗ) + eps)

    Both averages begin at 0; dividing by 1 − βᵗ makes up for it. eps is added to the corrected
    root: some libraries add it to √v itself, which counts as a larger eps in the first steps.
    With amsgrad the largest v so far takes v's place; it is the largest before the correction,
    as in torch.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, each with the shape and dtype of its parameter; a
            parameter whose gradient is None is left alone, and so is its state.
        state: list of dicts as of `adam_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0: about how far an entry moves in a step.
        betas: (β₁, β₂), how much the averages keep of the past, each in [0, 1).
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: strength of the pull towards 0, at least 0; it joins the gradient and is
            averaged and divided with it, which `adamw_step` does not do.
        amsgrad: whether to divide by the largest average so far.
        maximize: whether to go up instead of down.
        decoupled_weight_decay: whether to decay apart from the gradient, as `adamw_step` does.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Kingma & Ba (2015), Adam: a method for stochastic optimization; amsgrad: Reddi, Kale
    & Kumar (2018), On the convergence of Adam and beyond.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> adam_step([x], [g], adam_init([x]), lr=0.1)[0][0].round(4)
        array([0.9, 1.1])
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
        >>> list(adamw_init([np.zeros(2)])[0])
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

        x = x − lr · weight_decay · x, and then Adam's step without weight decay

    In Adam a parameter with large gradients is decayed less, since the decay is divided with
    them; here all are decayed alike.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `adamw_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), how much the averages keep of the past, each in [0, 1).
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: share of each parameter that is taken off, times lr; at least 0.
        amsgrad: whether to divide by the largest average so far.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Loshchilov & Hutter (2019), Decoupled weight decay regularization.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, 0.0])
        >>> adamw_step([x], [g], adamw_init([x]), lr=0.1, weight_decay=0.5)[0][0].round(4)
        array([0.85, 0.95])
    """
    rule = _adam(lr, betas, eps, weight_decay, amsgrad, maximize, True)
    return advance(rule, params, grads, state)


class _Options(NamedTuple):
    lr: float
    beta1: float
    beta2: float
    eps: float
    joined: float  # weight decay that joins the gradient
    apart: float  # share of x that decay apart from the gradient takes off
    amsgrad: bool
    maximize: bool


def _adam(lr, betas, eps, weight_decay, amsgrad, maximize, decoupled):
    lr, eps, weight_decay = not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
    flags(amsgrad=amsgrad, maximize=maximize, decoupled_weight_decay=decoupled)
    decays = (0, lr * weight_decay) if decoupled else (weight_decay, 0)
    o = _Options(lr, *decay_rates(betas), eps, *decays, amsgrad, maximize)

    def update(x, g, memory):
        form = _in_chunks if x.size > CHUNK and o.beta1 > 0.5 else _at_once
        return form(o, x, g, memory)

    return Rule({"step": 0} | dict.fromkeys(AVERAGES[: 3 if amsgrad else 2], 0), update)


def _at_once(o, x, g, memory):
    """Update whole arrays: the form to read."""
    step = memory["step"] + 1
    t = float(step)
    x = shrunk(x, o.apart)
    g = downhill(x, g, o.joined, o.maximize)
    m = lerp(memory["exp_avg"], g, 1 - o.beta1)
    v = o.beta2 * memory["exp_avg_sq"] + (1 - o.beta2) * g * g
    changed = {"step": step, "exp_avg": m, "exp_avg_sq": v}
    if o.amsgrad:
        v = changed["max_exp_avg_sq"] = np.maximum(memory["max_exp_avg_sq"], v)
    root = np.sqrt(v) / math.sqrt(1 - o.beta2**t) + o.eps
    return x - o.lr / (1 - o.beta1**t) * (m / root), changed


def _in_chunks(o, x, g, memory):
    """Do the same with whole arrays for the results alone: the fast form for large arrays."""
    step = memory["step"] + 1
    names = AVERAGES[: 3 if o.amsgrad else 2]
    y, *new = (np.empty(x.shape, x.dtype) for _ in ("x", *names))
    before = [values.reshape(-1) for values in (x, g, *(memory[name] for name in names))]
    after = [values.reshape(-1) for values in (y, *new)]
    work = np.empty(CHUNK, x.dtype)
    for i in range(0, x.size, CHUNK):
        cells = slice(i, i + CHUNK)
        _chunk(o, float(step), *([v[cells] for v in each] for each in (before, after)), work)
    return y, {"step": step, **dict(zip(names, new, strict=True))}


def _chunk(o, t, before, after, work):
    """Fill a chunk of the results; √v and eps are both scaled by √(1 − β₂ᵗ): no division."""
    x, g, *old = before
    y, *new = after
    w, scale = work[: x.size], math.sqrt(1 - o.beta2**t)
    x, g = shrunk(x, o.apart), downhill(x, g, o.joined, o.maximize)
    np.multiply(np.subtract(g, old[0], out=w), 1 - o.beta1, out=w)
    np.add(old[0], w, out=new[0])
    np.multiply(np.multiply(g, 1 - o.beta2, out=w), g, out=w)
    np.add(np.multiply(old[1], o.beta2, out=new[1]), w, out=new[1])
    if o.amsgrad:
        np.maximum(old[2], new[1], out=new[2])
    np.add(np.sqrt(new[-1], out=w), scale * o.eps, out=w)
    np.multiply(np.divide(new[0], w, out=w), scale * o.lr / (1 - o.beta1**t), out=w)
    np.subtract(x, w, out=y)
