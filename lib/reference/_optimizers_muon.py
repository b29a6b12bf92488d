"""Muon: momentum whose matrix is replaced by the nearest one with orthogonal rows or columns."""

import math

import numpy as np

from lib import shapes
from lib.reference._arguments import choice
from lib.reference._optimizers_options import flags, not_negative, several
from lib.reference._optimizers_rule import Rule, advance, lerp, start


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

    Returns:
        A list with a dict for each parameter: "momentum_buffer", zeros shaped as it.

    Example:
        >>> muon_init([np.zeros((1, 2))])
        [{'momentum_buffer': array([[0., 0.]])}]
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

    With g the gradient of an R × C matrix x, and O the iteration below:

        b = momentum · b + (1 − momentum) · g
        x = x − lr · weight_decay · x
        x = x − lr · √max(1, R / C) · O(b)         (O of momentum · b + (1 − momentum) · g
                                                    if nesterov)

    O divides the matrix by its Frobenius norm, or by eps if that is larger, and takes ns_steps
    Newton–Schulz steps, with (a, b, c) the coefficients and X wide rather than tall:

        X = a · X + (b · X Xᵀ + c · (X Xᵀ)²) X

    At the default they lift small singular values fast and leave all of them between about 0.7
    and 1.2, not at 1. As in torch the iteration is rounded to bfloat16, eight bits, after every
    product, whatever the dtype of x.

    Args:
        params: the parameters, list of float arrays (R, C): matrices of hidden layers.
        grads: list of the gradients, shaped as params; None leaves its parameter alone.
        state: list of dicts as of `muon_init`, or of torch's `state_dict`; {} is a fresh start.
        lr: learning rate, at least 0.
        weight_decay: share of each parameter that is taken off, times lr; at least 0.
        momentum: how much the average keeps of the past, at least 0.
        nesterov: whether to look ahead.
        ns_coefficients: (a, b, c) of the iteration.
        eps: the smallest norm to divide by, at least 0.
        ns_steps: how many steps of the iteration, below 100.
        adjust_lr_fn: "original", as is None, for lr · √max(1, R / C); "match_rms_adamw" for
            0.2 · lr · √max(R, C), with which steps are about as large as AdamW's.

    Returns:
        (params, state), new lists of new arrays in the dtypes of params.

    Raises:
        ValueError: an option is out of range, a parameter is no matrix, or lists, shapes or
            entries do not match.
        TypeError: an argument or an array in a list has the wrong type.

    Source: Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks;
    "match_rms_adamw": Liu et al. (2025), Muon is scalable for LLM training.

    Example:
        >>> params, grads = [np.zeros((2, 2))], [np.array([[9.0, 0], [0, 0.1]])]
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
        b = lerp(memory["momentum_buffer"], g, 1 - momentum)
        direction = lerp(g, b, momentum) if nesterov else b
        direction = _orthogonalized(direction, coefficients, steps, eps).astype(x.dtype)
        rows, columns = x.shape
        wide = math.sqrt(max(1, rows / max(1, columns)))
        pace = lr * (wide if way == "original" else 0.2 * math.sqrt(max(rows, columns)))
        return x * (1 - lr * weight_decay) - pace * direction, {"momentum_buffer": b}

    return Rule({"momentum_buffer": 0}, update, axes=2)


def _orthogonalized(x, coefficients, steps, eps):
    """Bring the singular values of a matrix near 1, by Newton–Schulz steps in bfloat16."""
    if x.shape[0] > x.shape[1]:
        return _orthogonalized(x.T, coefficients, steps, eps).T
    a, b, c = coefficients
    x = _bfloat16(x.astype(np.float32))
    norm = _bfloat16(np.linalg.norm(x))
    x = _bfloat16(x / np.maximum(norm, _bfloat16(np.float32(eps))))
    for _ in range(steps):
        gram = _bfloat16(x @ x.T)
        x = _bfloat16(a * x + _bfloat16(b * gram + c * (gram @ gram)) @ x)
    return x


def _bfloat16(x):
    """Round float32 to eight bits of mantissa."""
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.rint(mantissa * 256) / 256, exponent)
