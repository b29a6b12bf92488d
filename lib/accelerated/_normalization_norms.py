"""Division by a norm: of a vector, or of the neighbours among the channels."""

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, number


def normalize(x, p=2.0, dim=1, eps=1e-12):
    """Divide each vector along some axes by its p-norm, so that the norm becomes 1.

    Example:
        >>> import torch
        >>> normalize(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    float_tensor("x", x)
    axes = shapes.norm_axes(x.shape, dim, number("p", p))
    cells = x.to(torch.promote_types(x.dtype, torch.float32))
    norm = torch.linalg.vector_norm(cells, float(p), axes, keepdim=True)
    return (cells / norm.clamp_min(number("eps", eps))).to(x.dtype)


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divide each cell by what the neighbouring channels have at its place.

    Example:
        >>> import torch
        >>> x = torch.tensor([[[1.0], [2.0], [3.0]]])
        >>> local_response_norm(x, 2, alpha=2.0, beta=1.0).flatten()  # 1/2, 2/6, 3/14
        tensor([0.5000, 0.3333, 0.2143])
    """
    float_tensor("x", x)
    if x.dim() < 3:
        raise ValueError(f"x must have the axes (N, C, …), three at least, got {tuple(x.shape)}")
    shapes.whole("size", size, minimum=1)
    alpha, beta, k = number("alpha", alpha), number("beta", beta), number("k", k)
    cells = x.to(torch.promote_types(x.dtype, torch.float32))
    near = _over_channels(cells.square(), size)
    return (cells / (k + alpha / size * near) ** beta).to(x.dtype)


def _over_channels(values, size):
    """Add up a window of channels around each; what lies beyond the channels is 0."""
    C = values.shape[1]
    before, after = min(size // 2, C), min((size - 1) // 2, C)
    sides = (0, 0) * (values.dim() - 2) + (before, after)
    padded = torch.nn.functional.pad(values, sides)
    return sum(padded.narrow(1, step, C) for step in range(before + 1 + after))
