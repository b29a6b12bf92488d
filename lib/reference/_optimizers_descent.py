"""Optimizers that follow the gradient, its running average, or their sign alone."""

import numpy as np

from lib.reference._arguments import number
from lib.reference._optimizers_options import decay_rates, flags, not_negative, several
from lib.reference._optimizers_rule import Rule, advance, downhill, lerp, shrunk, sign, start


def sgd_init(
    params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False
):
    """Return the state of `sgd_step` before its first step; both take the same options.

    Returns:
        A list with a dict for each parameter: with momentum {"momentum_buffer": None},
        since the buffer begins as the first gradient; without momentum {}.

    Example:
        >>> sgd_init([np.zeros(2)], momentum=0.9)
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

    With g the gradient plus weight_decay·x, and b the buffer:

        b = momentum · b + (1 − dampening) · g      (b = g in the first step)
        x = x − lr · b                              (g + momentum · b if nesterov)

    The learning rate multiplies the buffer, as in torch; where it stands inside the buffer, as in
    Polyak's and in Sutskever's equations, the two differ as soon as lr changes. Dampening spares
    the first gradient.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, each with the shape and dtype of its parameter; a
            parameter whose gradient is None is left alone, and so is its state.
        state: list of dicts as of `sgd_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        momentum: weight of the old buffer, at least 0; with 0 there is no buffer.
        dampening: share of the gradient that the buffer does not take in.
        weight_decay: strength of the pull towards 0, at least 0.
        nesterov: whether to look ahead; needs momentum, and no dampening.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods;
    Sutskever et al. (2013), On the importance of initialization and momentum in deep learning.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> sgd_step([x], [g], sgd_init([x]), lr=0.1)[0][0].round(4)
        array([0.1 , 1.01])
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
            return x - lr * g, {}
        b = memory["momentum_buffer"]
        b = g.copy() if b is None else momentum * b + (1 - dampening) * g
        g = g + momentum * b if nesterov else b
        return x - lr * g, {"momentum_buffer": b}

    return Rule({"momentum_buffer": None} if momentum else {}, update)


def rprop_init(params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, maximize=False):
    """Return the state of `rprop_step` before its first step; both take the same options.

    Returns:
        A list with a dict for each parameter: "step", 0; "prev", the gradient before,
        zeros; "step_size", filled with lr. Both arrays are shaped as the parameter.

    Example:
        >>> rprop_init([np.zeros(2)])[0]["step_size"]
        array([0.01, 0.01])
    """
    return start(_rprop(lr, etas, step_sizes, maximize), params)


def rprop_step(
    params, grads, state, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), *, maximize=False
):
    """Step by the gradient's sign, each entry with a step of its own that grows or shrinks.

    With s the entry's step and g' the gradient before:

        s = s · etas[1] if g · g' > 0;  s · etas[0] if g · g' < 0, and then g = 0
        s is kept within step_sizes
        x = x − s · sign(g)

    An entry that has jumped over its minimum stays put for a step. Of no use with minibatches,
    whose gradients change sign by chance.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `rprop_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: the first step of every entry, at least 0; later it has no effect.
        etas: factors (shrinking, growing), 0 < etas[0] < 1 < etas[1].
        step_sizes: the smallest and the largest step.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Riedmiller & Braun (1993), A direct adaptive method for faster backpropagation
    learning: the RPROP algorithm.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> rprop_step([x], [g], rprop_init([x]), lr=0.1)[0][0].round(4)
        array([0.99, 1.01])
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
        factor = np.where(agreement > 0, grow, np.where(agreement < 0, shrink, 1)).astype(x.dtype)
        step_size = np.clip(memory["step_size"] * factor, smallest, largest)
        g = np.where(agreement < 0, 0, g)
        memory = {"step": memory["step"] + 1, "prev": g, "step_size": step_size}
        return x - sign(g) * step_size, memory

    return Rule({"step": 0, "prev": 0, "step_size": lr}, update)


def lion_init(params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
    """Return the state of `lion_step` before its first step; both take the same options.

    Returns:
        A list with a dict for each parameter: "exp_avg", zeros shaped as the parameter.

    Example:
        >>> lion_init([np.zeros(2)])
        [{'exp_avg': array([0., 0.])}]
    """
    return start(_lion(lr, betas, weight_decay, maximize), params)


def lion_step(params, grads, state, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
    """Step by the sign of an average of gradients: every entry moves by lr, or not at all.

    With m the running average:

        x = x − lr · weight_decay · x
        x = x − lr · sign(β₁ · m + (1 − β₁) · g)
        m = β₂ · m + (1 − β₂) · g

    torch has no Lion; names and order follow its Adam. Since each entry moves by the whole of lr,
    Lion wants a smaller lr and a larger weight decay than AdamW.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `lion_init`; {} is a fresh start.
        lr: learning rate, at least 0.
        betas: how much the step and the average keep of the past, each in [0, 1).
        weight_decay: strength of the pull towards 0, at least 0, apart from the gradient.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Chen et al. (2023), Symbolic discovery of optimization algorithms.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> lion_step([x], [g], lion_init([x]), lr=0.1)[0][0].round(4)
        array([0.9, 1.1])
    """
    return advance(_lion(lr, betas, weight_decay, maximize), params, grads, state)


def _lion(lr, betas, weight_decay, maximize):
    lr, weight_decay = not_negative(lr=lr, weight_decay=weight_decay)
    beta1, beta2 = decay_rates(betas)
    flags(maximize=maximize)

    def update(x, g, memory):
        g = downhill(x, g, 0, maximize)
        m = memory["exp_avg"]
        x = shrunk(x, lr * weight_decay)
        return x - lr * sign(lerp(m, g, 1 - beta1)), {"exp_avg": lerp(m, g, 1 - beta2)}

    return Rule({"exp_avg": 0}, update)
