"""Minibatches in torch: the twin of `lib.reference.minibatches`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described. Indices and averaged gradients are tensors where `rng` and the
gradients are; what is a plain number there is one here.

Example:
    >>> import torch
    >>> x = torch.arange(50.0)
    >>> seen = [x[index] for index in batches(torch.Generator(), 50, 8, shuffle=True)]
    >>> len(seen), sum(part.sum().item() for part in seen) == x.sum().item()
    (7, True)
"""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import choice, float_tensor, number, uniforms

__all__ = [
    "accumulate_gradients",
    "batches",
    "critical_batch_estimate",
    "early_stopping_init",
    "early_stopping_step",
    "squared_norm",
]


def batches(rng, n, batch_size=1, shuffle=False, drop_last=False):
    """Deal n samples out in batches: every sample once, so one call is one epoch.

    The indices lie where rng does; on the CPU if it is None.

    Example:
        >>> import torch
        >>> batches(torch.tensor([0.9, 0.1, 0.5]), 3, batch_size=2, shuffle=True)
        [tensor([1, 2]), tensor([0])]
    """
    n, size = shapes.whole("n", n, minimum=0), shapes.whole("batch_size", batch_size, minimum=1)
    shapes.flag("drop_last", drop_last)
    order = torch.arange(n, device=getattr(rng, "device", None))
    if shapes.flag("shuffle", shuffle):
        exact = torch.float32 if order.device.type == "mps" else torch.float64
        order = uniforms(rng, (n,), None, exact).argsort(stable=True)
    dealt = n // size * size if drop_last else n
    return [order[start : start + size] for start in range(0, dealt, size)]


def accumulate_gradients(grads, weights):
    """Average the gradients of small batches as if they had been one large batch.

    Example:
        >>> import torch
        >>> first, last = [torch.tensor([1.0, 4.0])], [torch.tensor([4.0, -2.0])]
        >>> accumulate_gradients([first, last], [4, 2])
        [tensor([2., 2.])]
    """
    weights = [_at_least_zero(f"weights[{i}]", weight) for i, weight in enumerate(weights)]
    if not sum(weights) > 0:
        raise ValueError(f"weights must have a sum above 0, got {weights}")
    first = totals = None
    for i, (weight, several) in enumerate(_paired(weights, grads)):
        several = _tensors(f"grads[{i}]", several)
        if first is None:
            first, totals = several, [torch.zeros_like(_wide(g)) for g in several]
        _check_alike(i, several, first)
        for total, g in zip(totals, several, strict=True):
            total += weight * _wide(g)
    each = zip(totals, first, strict=True)
    return [(total / sum(weights)).to(g.dtype) for total, g in each]


def early_stopping_init():
    """Return the state of `early_stopping_step` before the first value.

    Example:
        >>> early_stopping_init()
        {'step': 0, 'best': None, 'best_step': 0}
    """
    return {"step": 0, "best": None, "best_step": 0}


def early_stopping_step(value, state, patience=10, min_delta=0.0, mode="min"):
    """Take a new value of what is watched, and say whether to stop: it has not improved lately.

    Example:
        >>> import torch
        >>> state = early_stopping_init()
        >>> for loss in torch.tensor([0.75, 0.5, 0.625, 0.75]):
        ...     stop, state = early_stopping_step(loss, state, patience=2)
        >>> stop, state
        (True, {'step': 4, 'best': 0.5, 'best_step': 2})
    """
    patience = shapes.whole("patience", patience, minimum=1)
    min_delta = _at_least_zero("min_delta", min_delta)
    if not isinstance(state, dict) or state.keys() != early_stopping_init().keys():
        raise ValueError(f"state must come from early_stopping_init or a step, got {state!r}")
    sign = {"min": 1, "max": -1}[choice("mode", mode, ("min", "max"))]
    value, step = _scalar("value", value), state["step"] + 1
    best, best_step = state["best"], state["best_step"]
    bar = math.inf if best is None else sign * best - min_delta
    if sign * value < bar:
        best, best_step = value, step
    return step - best_step >= patience, {"step": step, "best": best, "best_step": best_step}


def critical_batch_estimate(small, big, small_size, big_size):
    """Estimate the batch size beyond which more samples a step hardly help: the noise scale.

    Example:
        >>> import torch
        >>> critical_batch_estimate(torch.tensor([9.0, 7.0]), 3.0, 4, 24)
        (12.0, 24.0, 2.0)
    """
    b = shapes.whole("small_size", small_size, minimum=1)
    B = shapes.whole("big_size", big_size, minimum=b + 1)
    at_b, at_B = _mean_of_squares("small", small), _mean_of_squares("big", big)
    signal = (B * at_B - b * at_b) / (B - b)
    noise = (at_b - at_B) / (1 / b - 1 / B)
    return (max(noise, 0.0) / signal if signal > 0 else math.inf), noise, signal


def squared_norm(grads):
    """Add up the squares of all entries of a list of gradients: what the noise scale needs.

    Example:
        >>> import torch
        >>> squared_norm([torch.tensor([3.0]), torch.tensor([[0.0, 4.0]])])
        25.0
    """
    return float(sum(_wide(g).square().sum() for g in _tensors("grads", grads)))


def _tensors(name, values):
    if not isinstance(values, list | tuple):
        raise TypeError(f"{name} must be a list of tensors, got {type(values).__name__}")
    return [float_tensor(f"{name}[{j}]", value).detach() for j, value in enumerate(values)]


def _wide(g):
    return g.to(torch.float32 if g.device.type == "mps" else torch.float64)


def _paired(weights, grads):
    """Yield each weight with its gradients, and say so if there are fewer or more of these."""
    grads, expected = iter(grads), f"grads must have a list for each of {len(weights)} weights"
    for i, weight in enumerate(weights):
        several = next(grads, None)
        if several is None:
            raise ValueError(f"{expected}, got {i}")
        yield weight, several
    if next(grads, None) is not None:
        raise ValueError(f"{expected}, got more")


def _check_alike(i, several, first):
    kinds, wanted = ([(g.shape, g.dtype, g.device) for g in each] for each in (several, first))
    if kinds != wanted:
        raise ValueError(
            f"grads[{i}] must have shapes, dtypes and places as grads[0], {_told(wanted)}, "
            f"got {_told(kinds)}"
        )


def _told(kinds):
    return (
        ", ".join(f"{dtype} {tuple(shape)} on {device}" for shape, dtype, device in kinds)
        or "none"
    )


def _at_least_zero(name, value):
    value = number(name, value)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value


def _scalar(name, value):
    if isinstance(value, torch.Tensor) and value.ndim == 0:
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return math.nan
    return number(name, value)


def _mean_of_squares(name, values):
    is_number = isinstance(values, int | float) and not isinstance(values, bool)
    values = torch.tensor(values, dtype=torch.float64) if is_number else values
    values = _wide(float_tensor(name, values))
    if values.ndim > 1 or not values.numel() or not ((values >= 0) & (values < math.inf)).all():
        raise ValueError(
            f"{name} must hold squared norms (K,), finite and not negative, got {values}"
        )
    return values.mean().item()
