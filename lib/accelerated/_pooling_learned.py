"""The twins with something to learn or to filter: mixed, generalised mean, blur, attention."""

import math

import torch

from lib.accelerated._arguments import float_tensor, number, parameter
from lib.accelerated._pooling_avg import avg_pool
from lib.accelerated._pooling_max import adaptive_max_pool, max_pool
from lib.accelerated._pooling_windows import wide, window_sum
from lib.shapes import output_size, per_axis, spatial_size


def global_avg_pool(x):
    """Average each plane.

    Example:
        >>> import torch
        >>> global_avg_pool(torch.tensor([[[1.0, 3]]]))
        tensor([[[2.]]])
    """
    return wide(_planes(x)).mean(tuple(range(2, x.dim())), keepdim=True).to(x.dtype)


def global_max_pool(x):
    """Keep the largest cell of each plane.

    Example:
        >>> import torch
        >>> global_max_pool(torch.tensor([[[1.0, 3]]]))
        tensor([[[3.]]])
    """
    return adaptive_max_pool(_planes(x).dim() - 2, x, 1)


def _planes(x):
    """Check that x is a batch: (N, C) and one to three more axes."""
    float_tensor("x", x)
    if not 3 <= x.dim() <= 5:
        raise ValueError(
            f"x must have the axes (N, C) and one to three more, got shape {tuple(x.shape)}"
        )
    spatial_size(x.shape, x.dim() - 2)
    return x


def mixed_pool2d(x, alpha, kernel_size, stride=None):
    """Mix the largest cell and the average of each window.

    Example:
        >>> import torch
        >>> mixed_pool2d(torch.tensor([[[1.0, 3], [2, 9]]]), 0.5, 2)
        tensor([[[6.3750]]])
    """
    largest = max_pool(2, x, kernel_size, stride)
    alpha = parameter("alpha", alpha, x, largest.shape)
    return alpha * largest + (1 - alpha) * avg_pool(2, x, kernel_size, stride)


def gem_pool(x, p=3.0, eps=1e-6):
    """Take the generalised mean of each plane.

    Example:
        >>> import torch
        >>> gem_pool(torch.tensor([[[1.0, 7]]]), p=2.0)
        tensor([[[5.]]])
    """
    axes = tuple(range(2, _planes(x).dim()))
    if not 0 < number("eps", eps) < math.inf:
        raise ValueError(f"eps must be above 0 and finite, got {eps!r}")
    p = wide(parameter("p", p, x, (*x.shape[:2], *(1,) * len(axes))))
    if not (p.isfinite() & (p != 0)).all():
        raise ValueError(f"p must be finite and not 0, as the mean divides by it, got {p}")
    x_wide = wide(x).clamp(min=eps)
    top = x_wide.detach().amax(axes, keepdim=True)
    scale = torch.where(top.isinf(), 1, top)  # cancels out, but keeps the powers from overflowing
    mean = (x_wide / scale).pow(p).mean(axes, keepdim=True)
    return (scale * mean.pow(1 / p)).to(x.dtype)


def blur_pool2d(x, kernel_size=3, stride=2):
    """Blur with the binomial filter, then keep each stride-th cell.

    Example:
        >>> import torch
        >>> blur_pool2d(torch.tensor([[[0.0, 4, 0, 4]] * 2]), (1, 3))
        tensor([[[2., 2.]]])
    """
    sizes = spatial_size(float_tensor("x", x).shape, 2)
    y = wide(x)
    kernels = per_axis("kernel_size", kernel_size, 2, minimum=1)
    strides = per_axis("stride", stride, 2, minimum=1)
    for axis, size, k, s in zip((-2, -1), sizes, kernels, strides, strict=True):
        before, after = (k - 1) // 2, k // 2
        if after >= size:
            raise ValueError(f"a filter of {k} reflects {after} cells, but x has {size}")
        margin = (before, after, 0, 0) if axis == -1 else (0, 0, before, after)
        y = torch.nn.functional.pad(y, margin, mode="reflect")
        weights = tuple(math.comb(k - 1, c) / 2 ** (k - 1) for c in range(k))
        padded = size + k - 1
        y = window_sum(y, axis, (padded, k, s, 0, 1, output_size(padded, k, s)), weights)
    return y.to(x.dtype)


def attention_pool(x, v, w, u=None):
    """Average a set of instances with weights that depend on them.

    Example:
        >>> import torch
        >>> attention_pool(torch.eye(2), v=torch.zeros(3, 2), w=torch.ones(3))  # all alike
        tensor([0.5000, 0.5000])
    """
    _check_attention(x, v, w, u)
    hidden = torch.tanh(x @ v.T)
    if u is not None:
        hidden = hidden * torch.sigmoid(x @ u.T)
    weights = torch.softmax(hidden @ w, dim=-1)
    return (weights[..., None] * x).sum(-2)


def _check_attention(x, v, w, u):
    if float_tensor("x", x).dim() not in (2, 3) or 0 in x.shape[-2:]:
        raise ValueError(
            f"x must be (N, K, M) or (K, M), none empty but N, got shape {tuple(x.shape)}"
        )
    if float_tensor("v", v).dim() != 2 or v.shape[1] != x.shape[-1]:
        raise ValueError(f"v must be (L, M) with M = {x.shape[-1]}, got shape {tuple(v.shape)}")
    if float_tensor("w", w).shape != v.shape[:1]:
        raise ValueError(f"w must be (L,) with L = {len(v)}, got shape {tuple(w.shape)}")
    if u is not None and float_tensor("u", u).shape != v.shape:
        raise ValueError(f"u must have the shape of v, {tuple(v.shape)}, got {tuple(u.shape)}")
    for name, value in (("v", v), ("w", w), ("u", u)):
        if value is not None and value.dtype != x.dtype:
            raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
