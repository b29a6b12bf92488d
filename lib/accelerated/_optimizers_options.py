"""What optimizers ask of their options; numbers come back as Python floats."""

import torch

from lib import shapes
from lib.accelerated._arguments import number


def not_negative(**options):
    """Return each option as a float, in their order, if none is below 0; an only one alone."""
    values = [_one_number(name, value) for name, value in options.items()]
    for name, value in zip(options, values, strict=True):
        if value < 0:
            raise ValueError(f"{name} must be at least 0, got {value!r}")
    return values if len(values) > 1 else values[0]


def several(n, name, values):
    """Return n numbers as floats."""
    if not isinstance(values, list | tuple) or len(values) != n:
        raise ValueError(f"{name} must be {n} numbers, got {values!r}")
    return [number(f"{name}[{i}]", value) for i, value in enumerate(values)]


def decay_rates(betas):
    """Return two rates of decay as floats, if both lie in [0, 1)."""
    betas = several(2, "betas", betas)
    for i, beta in enumerate(betas):
        if not 0 <= beta < 1:
            raise ValueError(f"betas[{i}] must be at least 0 and below 1, got {beta!r}")
    return betas


def flags(**options):
    """Refuse an option that is neither True nor False."""
    for name, value in options.items():
        shapes.flag(name, value)


def _one_number(name, value):
    """Return a number, or the only entry of a tensor, as torch's learning rate may be given."""
    if not isinstance(value, torch.Tensor):
        return number(name, value)
    if value.numel() != 1:
        raise ValueError(f"{name} must be one number, got a tensor of shape {tuple(value.shape)}")
    return number(name, value.item())
