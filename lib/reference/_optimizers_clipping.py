"""Gradients kept in bounds: all together by their norm, or each entry by itself."""

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, number
from lib.reference._optimizers_options import not_negative


def clip_grad_norm(grads, max_norm, norm_type=2.0, error_if_nonfinite=False):
    """Scale all gradients alike, so that together they are no longer than max_norm.

    With p the norm_type, and the sum over all entries of all gradients:

        total = (Σ abs(g)ᵖ)^(1/p)
        g = g · min(1, max_norm / (total + 1e-6))

    The direction stays. Where the norm is infinite, infinite entries become NaN and all others
    0; where it is NaN, all become NaN.

    Args:
        grads: list of float arrays of any shapes; None stays None.
        max_norm: how long they may be together, at least 0.
        norm_type: p, any number; infinity for the largest absolute value. For 0 each gradient
            counts for one, as in torch, not each entry.
        error_if_nonfinite: whether to raise where the norm is infinite or NaN.

    Returns:
        (grads, total): new arrays, and their norm before, a NumPy number; 0 without gradients.

    Raises:
        ValueError: max_norm is negative, or the norm is not finite and `error_if_nonfinite`.
        TypeError: grads is no list of float arrays, or an option has the wrong type.

    Source: Pascanu, Mikolov & Bengio (2013), On the difficulty of training recurrent neural
    networks.

    Example:
        >>> grads, total = clip_grad_norm([np.array([3.0]), np.array([4.0])], max_norm=1)
        >>> float(total), [float(g.round(4)[0]) for g in grads]
        (5.0, [0.6, 0.8])
    """
    grads, max_norm = _gradients(grads), not_negative(max_norm=max_norm)
    p = number("norm_type", norm_type)
    shapes.flag("error_if_nonfinite", error_if_nonfinite)
    present = [g for g in grads if g is not None]
    dtype = np.result_type(*present) if present else np.float32
    with np.errstate(all="ignore"):
        norms = [_norm(g.ravel().astype(np.float64), p) for g in present]
        total = np.asarray(_norm(np.array(norms), p)).astype(dtype)[()]
        if error_if_nonfinite and not np.isfinite(total):
            raise ValueError(f"the norm of grads must be finite, got {total}")
        scale = np.minimum(max_norm / (total + 1e-6), 1)
        return [g if g is None else (g * scale).astype(g.dtype) for g in grads], total


def clip_grad_value(grads, clip_value):
    """Bring each entry of each gradient to within ±clip_value; their direction changes.

    Args:
        grads: list of float arrays of any shapes; None stays None.
        clip_value: the largest absolute value, at least 0.

    Returns:
        grads, new arrays; NaN stays NaN.

    Raises:
        ValueError: clip_value is negative.
        TypeError: grads is no list of float arrays, or clip_value no number.

    Source: Mikolov (2012), Statistical language models based on neural networks.

    Example:
        >>> clip_grad_value([np.array([3.0, -0.5, -7.0])], 1.0)
        [array([ 1. , -0.5, -1. ])]
    """
    grads, bound = _gradients(grads), not_negative(clip_value=clip_value)
    return [g if g is None else np.clip(g, -bound, bound) for g in grads]


def _gradients(grads):
    if not isinstance(grads, list | tuple):
        kind = type(grads)
        raise TypeError(f"grads must be a list, got {kind.__module__}.{kind.__qualname__}")
    return [g if g is None else float_array(f"grads[{i}]", g) for i, g in enumerate(grads)]


def _norm(x, p):
    return np.linalg.norm(x, p) if x.size else 0.0
