"""Padding in torch: cells around a tensor, made up in one of four ways, or cut off."""

import math

import torch

from lib.accelerated._arguments import choice, float_tensor, number
from lib.accelerated._convolution_windows import wide
from lib.shapes import pad_sizes, padded_cells

MODES = ("constant", "reflect", "replicate", "circular")


def pad(x, pad, mode="constant", value=None):
    """Add cells around a tensor (constant, reflect, replicate or circular), or cut some off.

    Example:
        >>> import torch
        >>> pad(torch.tensor([[1.0, 2, 3, 4]]), (2, -1), "replicate")
        tensor([[1., 1., 1., 2., 3.]])
    """
    float_tensor("x", x)
    pairs = pad_sizes(x.shape, pad, choice("mode", mode, MODES))
    fill = _fill(x, mode, value)
    if mode == "constant":
        return _framed(x, pairs, fill)
    y = wide(x)  # where many copies are made of a cell, their slopes add up in it
    for axis, pair in enumerate(pairs, -len(pairs)):
        ahead, kept, behind = padded_cells(x.shape[axis], *pair, mode)
        before, after = (_copies(y, axis, cells) for cells in (ahead, behind))
        inner = y[(..., slice(kept.start, kept.stop), *[slice(None)] * (-1 - axis))]
        y = torch.cat([before, inner, after], axis)
    return y.to(x.dtype)


def _copies(x, axis, cells):
    return x.index_select(axis, torch.tensor(cells, dtype=torch.int64, device=x.device))


def _framed(x, pairs, fill):
    n = len(pairs)
    each = list(zip(x.shape[x.dim() - n :], pairs, strict=True))
    y = x.new_full((*x.shape[: x.dim() - n], *(size + b + a for size, (b, a) in each)), fill)
    in_y = (slice(max(b, 0), size + b + min(a, 0)) for size, (b, a) in each)
    in_x = (slice(max(-b, 0), size + min(a, 0)) for size, (b, a) in each)
    y[(..., *in_y)] = x[(..., *in_x)]
    return y


def _fill(x, mode, value):
    """Return the value of new cells as a Python float; it may be NaN."""
    value = 0.0 if value is None else value
    fill = value if isinstance(value, float) and math.isnan(value) else number("value", value)
    if mode != "constant" and fill != 0:
        raise ValueError(f'value goes with mode "constant" alone, got {value!r} for {mode!r}')
    if math.isfinite(fill) and abs(fill) > torch.finfo(x.dtype).max:
        raise ValueError(f"value must fit the dtype of x, {x.dtype}, got {value!r}")
    return fill
