"""Scores into probabilities, their logarithms, and the logarithm of their sum, in torch."""

import torch

from lib import shapes
from lib.accelerated._arguments import FLOATS, float_tensor
from lib.accelerated._losses_tools import WHOLE, wide


def softmax(x, dim, dtype=None):
    """Turn scores into probabilities: positive, and 1 in sum along an axis.

    Example:
        >>> import torch
        >>> softmax(torch.tensor([[1.0, 2, 5]]).log(), dim=1)
        tensor([[0.1250, 0.2500, 0.6250]])
    """
    x, dim, dtype = _scores(x, dim, dtype)
    e = torch.exp(x - x.detach().amax(dim, keepdim=True) if x.numel() else x)
    return (e / e.sum(dim, keepdim=True)).to(dtype)


def log_softmax(x, dim, dtype=None):
    """Take the logarithm of `softmax`, exact where the probability itself would vanish.

    Example:
        >>> import torch
        >>> log_softmax(torch.tensor([1000.0, 0.0]), dim=0)
        tensor([    0., -1000.])
    """
    x, dim, dtype = _scores(x, dim, dtype)
    return log_proportions(x, dim).to(dtype)


def logsumexp(x, dim, keepdim=False):
    """Take the logarithm of a sum of exponentials: a maximum without a corner.

    Example:
        >>> import torch
        >>> logsumexp(torch.tensor([[1.0, 2, 5], [1, 1, 2]]).log(), dim=1)
        tensor([2.0794, 1.3863])
    """
    x = _with_whole(x)
    several = dim if isinstance(dim, (tuple, list)) else (dim,)
    axes = tuple(shapes.axis_of("dim", each, x.dim()) for each in several)
    if len(set(axes)) < len(axes) or not axes:
        raise ValueError(f"dim must name at least one axis, and none twice, got {dim}")
    shapes.flag("keepdim", keepdim)
    dtype, x = (x.dtype if x.is_floating_point() else torch.float32), wide(x)
    shift = x.new_zeros(())
    if x.numel():
        shift = x.detach().amax(axes, keepdim=True)
        shift = shift.masked_fill(shift.isinf(), 0)  # an infinity is what comes out, not NaN
    y = shift + torch.log(torch.exp(x - shift).sum(axes, keepdim=True))
    return (y if keepdim or not x.dim() else y.squeeze(axes)).to(dtype)


def log_proportions(x, dim):
    """Return the logarithms of the shares that exp(x) has in its sums along an axis."""
    shifted = x - x.detach().amax(dim, keepdim=True) if x.numel() else x
    return shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True))


def _scores(x, dim, dtype):
    """Return x in the dtype to compute in, the axis, and the dtype of the result."""
    x = float_tensor("x", x) if dtype is None else _with_whole(x)
    if dtype is not None and dtype not in FLOATS:
        raise TypeError(f"dtype must be a dtype of floats in torch, got {dtype!r}")
    dtype = dtype or x.dtype
    return wide(x.to(dtype)), shapes.axis_of("dim", dim, x.dim()), dtype


def _with_whole(x):
    whole = isinstance(x, torch.Tensor) and x.dtype in WHOLE
    return x if whole else float_tensor("x", x)
