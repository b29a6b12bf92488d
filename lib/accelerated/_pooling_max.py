"""The twins that keep the largest cell: max pooling, adaptive, fractional, and the way back.

The place of each winner is found without a slope; taking the cells at those places is what
autograd differentiates, so that the first of equal cells gets the whole gradient, as in torch.
"""

import torch

from lib.accelerated._arguments import float_tensor, uniforms
from lib.accelerated._pooling_windows import (
    Strided,
    blinded,
    largest,
    pick,
    shared_windows,
    winners,
)
from lib.shapes import adaptive_sizes, fractional_sizes, pool_sizes, unpool_sizes


def max_pool(
    n, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest cell of each window over the last n axes."""
    float_tensor("x", x)
    each = pool_sizes(x.shape, n, kernel_size, stride, padding, dilation, ceil_mode)
    windows = [Strided(*numbers) for numbers in zip(*each, strict=True)]
    return _largest(x, windows, return_indices)


def adaptive_max_pool(n, x, output_size, return_indices=False):
    """Keep the largest cell of each window into which the last n axes are shared out."""
    float_tensor("x", x)
    each = adaptive_sizes(x.shape, n, output_size)
    windows = [shared_windows(*numbers) for numbers in zip(*each, strict=True)]
    return _largest(x, windows, return_indices)


def _largest(x, windows, return_indices):
    if not (return_indices or (x.requires_grad and torch.is_grad_enabled())):
        return largest(x, windows)
    index = winners(x, windows)
    y = blinded(pick(x, index, len(windows)), windows)
    return (y, index) if return_indices else y


def fractional_max_pool(
    n, rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Keep the largest cell of windows that start at pseudo-random steps over the last n axes."""
    float_tensor("x", x)
    sizes, k, out = fractional_sizes(x.shape, n, kernel_size, output_size, output_ratio)
    batch = x.shape[: x.dim() - n] if x.dim() == n + 2 else (1, x.shape[0])
    u = uniforms(rng, (*batch, n), x, x.dtype).unbind(-1)
    u = u[::-1] if n == 2 else u  # torch draws for the width first, but for the depth first in 3d
    place = x.new_zeros((), dtype=torch.int64)
    for axis in range(n):
        cells = _fractional_cells(u[axis], sizes[axis], k[axis], out[axis])
        place = place[..., None] * sizes[axis] + cells.view(*batch, *(1,) * axis, cells.shape[-1])
    place = place.view(*x.shape[: x.dim() - n], *place.shape[2:])
    apart = pick(x.detach(), place, n)  # each window has cells of its own here
    alone = [Strided(o * k_, k_, k_, 0, 1, o) for o, k_ in zip(out, k, strict=True)]
    index = pick(place, winners(apart, alone), n)
    y = pick(x, index, n)
    return (y, index) if return_indices else y


def _fractional_cells(u, size, kernel_size, out):
    """The cells of all windows along an axis, one window after the other: (N, C, out·k)."""
    steps = torch.arange(out, device=u.device, dtype=u.dtype)
    alpha = u.new_tensor(size - kernel_size) / max(out - 1, 1)
    starts = ((steps + u[..., None]) * alpha).long() - (u[..., None] * alpha).long()
    starts[..., -1:] = size - kernel_size
    return (starts[..., None] + torch.arange(kernel_size, device=u.device)).flatten(-2)


def max_unpool(n, x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back at its place over the last n axes, and zeros elsewhere."""
    float_tensor("x", x)
    sizes = unpool_sizes(x.shape, n, kernel_size, stride, padding, output_size)
    _check_indices(indices, x)
    plane = x.new_zeros(*x.shape[:-n], *sizes).flatten(-n)
    if not torch.compiler.is_compiling() and indices.numel():
        low, high = indices.min().item(), indices.max().item()
        if low < 0 or high >= plane.shape[-1]:
            raise ValueError(
                f"indices must lie in a plane of {plane.shape[-1]} cells, "
                f"got some from {low} to {high}"
            )
    return plane.scatter(-1, indices.flatten(-n), x.flatten(-n)).unflatten(-1, sizes)


def _check_indices(indices, x):
    if not isinstance(indices, torch.Tensor) or indices.dtype != torch.int64:
        kind = getattr(indices, "dtype", type(indices))
        raise TypeError(f"indices must be a tensor of int64, got {kind}")
    if indices.shape != x.shape:
        raise ValueError(
            f"indices must have the shape of x, {tuple(x.shape)}, got {tuple(indices.shape)}"
        )
