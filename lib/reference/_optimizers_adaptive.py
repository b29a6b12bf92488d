"""Optimizers that give each entry a pace of its own, after the squares of its past gradients."""

import numpy as np

from lib.reference._arguments import number
from lib.reference._optimizers_options import flags, not_negative
from lib.reference._optimizers_rule import Rule, advance, downhill, lerp, start


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

    Returns:
        A list with a dict for each parameter: "step", 0; "sum", shaped as the parameter
        and filled with initial_accumulator_value.

    Example:
        >>> adagrad_init([np.zeros(2)], initial_accumulator_value=0.1)[0]["sum"]
        array([0.1, 0.1])
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

    In step t, counted from 1, with g the gradient plus weight_decay·x:

        s = s + g²
        x = x − lr / (1 + (t − 1) · lr_decay) · g / (√s + eps)

    What is added up are squares, not gradients; the sum never falls, so that every entry slows
    down for good. eps stands outside the root, as in torch.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `adagrad_init`, or of torch's `state_dict`; {} is a fresh
            start.
        lr: learning rate, at least 0.
        lr_decay: how fast it falls from step to step, at least 0.
        weight_decay: strength of the pull towards 0, at least 0; it joins the gradient.
        initial_accumulator_value: the sum before the first step, at least 0.
        eps: what keeps the divisor from 0, at least 0.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Duchi, Hazan & Singer (2011), Adaptive subgradient methods for online learning and
    stochastic optimization.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> adagrad_step([x], [g], adagrad_init([x]), lr=0.1)[0][0].round(4)
        array([0.9, 1.1])
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
        s = memory["sum"] + g * g
        pace = lr / (1 + (float(step) - 1) * lr_decay)
        return x - pace * (g / (np.sqrt(s) + eps)), {"step": step, "sum": s}

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

    Returns:
        A list with a dict for each parameter: "step", 0; "square_avg", zeros shaped as the
        parameter; with momentum "momentum_buffer" and if centered "grad_avg", zeros alike.

    Example:
        >>> list(rmsprop_init([np.zeros(2)], centered=True)[0])
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

    With g the gradient plus weight_decay·x:

        v = alpha · v + (1 − alpha) · g²
        u = g / (√v + eps)          (√(v − a²) if centered, a being the average of g)
        b = momentum · b + u        (b = u without momentum)
        x = x − lr · b

    The average begins at 0 and nothing makes up for it, so that the first steps are too long:
    1/√(1 − alpha), ten times, at the default. eps stands outside the root, as in torch; TensorFlow
    puts it inside.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `rmsprop_init`, or of torch's `state_dict`; {} is a fresh
            start.
        lr: learning rate, at least 0.
        alpha: how much the averages keep of the past, at least 0; below 1 to be of use.
        eps: what keeps the divisor from 0, at least 0.
        weight_decay: strength of the pull towards 0, at least 0; it joins the gradient.
        momentum: weight of the old buffer, at least 0.
        centered: whether to divide by the standard deviation instead.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Tieleman & Hinton (2012), Lecture 6.5, RMSprop: divide the gradient by a running
    average of its recent magnitude; centered: Graves (2013), Generating sequences with recurrent
    neural networks.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> rmsprop_step([x], [g], rmsprop_init([x]), lr=0.05)[0][0].round(4)
        array([0.5, 1.5])
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
        v = alpha * memory["square_avg"] + (1 - alpha) * g * g
        changed = {"step": memory["step"] + 1, "square_avg": v}
        if centered:
            a = changed["grad_avg"] = lerp(memory["grad_avg"], g, 1 - alpha)
            v = v - a * a
        b = g / (np.sqrt(v) + eps)
        if momentum:
            b = changed["momentum_buffer"] = momentum * memory["momentum_buffer"] + b
        return x - lr * b, changed

    return Rule({"step": 0, "square_avg": 0} | with_momentum | with_mean, update)


def adadelta_init(params, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False):
    """Return the state of `adadelta_step` before its first step; both take the same options.

    Returns:
        A list with a dict for each parameter: "step", 0; "square_avg" and "acc_delta",
        zeros shaped as the parameter.

    Example:
        >>> list(adadelta_init([np.zeros(2)])[0])
        ['step', 'square_avg', 'acc_delta']
    """
    return start(_adadelta(lr, rho, eps, weight_decay, maximize), params)


def adadelta_step(
    params, grads, state, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0, *, maximize=False
):
    """Scale each entry's gradient by its past steps over its past gradients.

    With g the gradient plus weight_decay·x:

        v = rho · v + (1 − rho) · g²
        u = √(d + eps) / √(v + eps) · g
        d = rho · d + (1 − rho) · u²
        x = x − lr · u

    A step has the unit of x, since d has that of x²; the paper needs no lr. eps stands inside
    both roots, where it also decides how large the first steps are.

    Args:
        params: the parameters, list of float arrays of any shapes.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `adadelta_init`, or of torch's `state_dict`; {} is a fresh
            start.
        lr: factor of every step, at least 0.
        rho: how much both averages keep of the past, in [0, 1].
        eps: what is added inside the roots, at least 0.
        weight_decay: strength of the pull towards 0, at least 0; it joins the gradient.
        maximize: whether to go up instead of down.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, or lists, shapes or entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Zeiler (2012), ADADELTA: an adaptive learning rate method.

    Example:
        >>> x, g = np.array([1.0, 1.0]), np.array([9.0, -0.1])
        >>> adadelta_step([x], [g], adadelta_init([x]), lr=0.1)[0][0].round(4)
        array([0.9997, 1.0003])
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
        v = rho * memory["square_avg"] + (1 - rho) * g * g
        d = memory["acc_delta"]
        u = np.sqrt(d + eps) / np.sqrt(v + eps) * g
        d = rho * d + (1 - rho) * u * u
        return x - lr * u, {"step": memory["step"] + 1, "square_avg": v, "acc_delta": d}

    return Rule({"step": 0, "square_avg": 0, "acc_delta": 0}, update)
