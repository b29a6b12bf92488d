"""What all optimizers share: a look at what came, and the way from tensor to tensor.

An optimizer is a `Rule` for one tensor. `start` gives the memory that it begins with, one
dictionary for each parameter, and `advance` applies it to each parameter in turn.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch

from lib.accelerated._arguments import float_tensor
from lib.accelerated._optimizers_options import not_negative

SCALARS = ("step", "mu_product")  # one number each; all other memory is shaped as its parameter


class Rule(NamedTuple):
    """How one tensor learns.

    `update(x, g, memory)` returns the new x and the entries of its memory that change; it writes
    into none of the three. `fresh` holds what each entry is before the first step: a number that
    fills it, or None. A parameter must have `axes` axes; None leaves that open.
    """

    fresh: dict
    update: Callable
    axes: int | None = None


@torch.no_grad()
def start(rule, params):
    """Return the memory of each parameter before the first step."""
    return [_fresh(rule, x) for x in _parameters(rule, params)]


@torch.no_grad()
def advance(rule, params, grads, state):
    """Return the new parameters and their new memory, or copies where there is no gradient."""
    params = _parameters(rule, params)
    grads = [
        g if g is None else _like(f"grads[{i}]", g, x)
        for i, (g, x) in enumerate(_pairs("grads", grads, params))
    ]
    state = [_memory(i, rule, s, x) for i, (s, x) in enumerate(_pairs("state", state, params))]
    pairs = [_advance(rule, *one) for one in zip(params, grads, state, strict=True)]
    return [x for x, _ in pairs], [memory for _, memory in pairs]


def downhill(x, g, weight_decay, maximize):
    """Return the gradient to go against: with weight decay's, and turned round to go up."""
    g = -g if maximize else g
    return g.add(x, alpha=weight_decay) if weight_decay else g


def shrunk(x, share):
    """Return x without a share of itself: weight decay that the gradient knows nothing of."""
    return x * (1 - share) if share else x


def as_number(value):
    """Return a tensor's only entry as a float, or, where torch.compile looks on, as float64."""
    return value.double() if torch.compiler.is_compiling() else float(value)


def against(x, pace, direction, root):
    """Return x − pace · direction / root, in one sweep."""
    if isinstance(pace, float):
        return x.addcdiv(direction, root, value=-pace)
    return x - pace * (direction / root)


def mean_square(v, g, beta):
    """Return the running average of squares, one gradient later."""
    return (v * beta).addcmul_(g, g, value=1 - beta)


def dense(name, value):
    """Return `value` if it is a tensor of floats that holds each of its entries."""
    if float_tensor(name, value).layout != torch.strided:
        raise TypeError(f"{name} must be dense, got {value.layout}; convert it by .to_dense()")
    return value


def _advance(rule, x, g, memory):
    """Apply the rule to one tensor: narrow floats are worked on in float32, and then rounded."""
    if g is None:
        return x.detach().clone(), _copy(memory)
    wide = torch.promote_types(x.dtype, torch.float32)
    y, changed = rule.update(x.to(wide), g.to(wide), _cast(memory, wide))
    left_alone = {name: value for name, value in memory.items() if name not in changed}
    return y.to(x.dtype), memory | _copy(left_alone) | _cast(changed, x.dtype)


def _cast(memory, dtype):
    return {
        name: value if value is None or name in SCALARS else value.to(dtype)
        for name, value in memory.items()
    }


def _copy(memory):
    return {
        name: value if value is None else value.detach().clone() for name, value in memory.items()
    }


def _fresh(rule, x):
    filled = {}
    for name, value in rule.fresh.items():
        if value is not None:
            scalar = name in SCALARS  # on the CPU, as torch keeps them: no need to wait for a GPU
            value = torch.tensor(float(value)) if scalar else torch.full_like(x, value)
        filled[name] = value
    return filled


def _parameters(rule, params):
    """Return the parameters if they are a list of different tensors of floats."""
    params = [dense(f"params[{i}]", x) for i, x in enumerate(_sequence("params", params))]
    if not params:
        raise ValueError("params must hold at least one tensor, got an empty list")
    for i, x in enumerate(params):
        if any(x is other for other in params[:i]):
            raise ValueError(f"params must be different tensors, got params[{i}] twice")
        if rule.axes not in (None, x.dim()):
            raise ValueError(f"params[{i}] must have {rule.axes} axes, got shape {tuple(x.shape)}")
    return params


def _pairs(name, values, params):
    """Return each value beside its parameter, if there are as many of both."""
    values = _sequence(name, values)
    if len(values) != len(params):
        raise ValueError(f"{name} must be as many as params, {len(params)}, got {len(values)}")
    return zip(values, params, strict=True)


def _sequence(name, values):
    if not isinstance(values, list | tuple):
        kind = type(values)
        raise TypeError(f"{name} must be a list, got {kind.__module__}.{kind.__qualname__}")
    return values


def _like(name, value, x):
    """Return `value` if it is a tensor with the shape, dtype and device of its parameter."""
    value = dense(name, value)
    for aspect in ("shape", "device"):
        ours, theirs = getattr(value, aspect), getattr(x, aspect)
        if ours != theirs:
            raise ValueError(f"{name} must have its parameter's {aspect}, {theirs}, got {ours}")
    if value.dtype != x.dtype:
        raise TypeError(f"{name} must have its parameter's dtype, {x.dtype}, got {value.dtype}")
    return value


def _memory(i, rule, given, x):
    """Return what is remembered of one tensor; an empty dictionary is a fresh start."""
    if not isinstance(given, dict):
        raise TypeError(f"state[{i}] must be a dict, got {type(given).__qualname__}")
    if not given:
        return _fresh(rule, x)
    needed = {name for name, value in rule.fresh.items() if value is not None}
    present = {name for name, value in given.items() if value is not None}
    if not needed <= present:
        raise ValueError(f"state[{i}] must hold {sorted(needed)}, got {sorted(present)}")
    return rule.fresh | {name: _entry(i, name, value, x) for name, value in given.items()}


def _entry(i, name, value, x):
    where = f"state[{i}][{name!r}]"
    if value is None:
        return None
    if name not in SCALARS:
        return _like(where, value, x)
    if not torch.compiler.is_compiling():  # which cannot look at values
        not_negative(**{where: value})
    return value.reshape(()) if isinstance(value, torch.Tensor) else torch.tensor(float(value))
