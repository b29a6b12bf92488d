"""Pooling in torch: the twin of `lib.reference.pooling`, differentiable, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; here `x` is a tensor of float16, bfloat16, float32 or float64 and the
result lies where x lies. Backwards are autograd's. Randomness comes from a `torch.Generator` or
from the tensor of uniforms that it would have yielded.

Nothing here calls torch's own pooling: slices of the whole tensor are compared or added up, one
cell of every window at a time. On a CPU that is mostly faster than the built-in where rows lie
contiguous in memory, and slower where channels do; `make bench` tells by how much.

Example:
    >>> import torch
    >>> x = torch.tensor([[[1.0, 2], [3, 4]]], requires_grad=True)
    >>> max_pool2d(x, 2).sum().backward()
    >>> x.grad
    tensor([[[0., 0.],
             [0., 1.]]])
"""

from lib.accelerated import _pooling_avg, _pooling_max
from lib.accelerated._pooling_learned import (
    attention_pool,
    blur_pool2d,
    gem_pool,
    global_avg_pool,
    global_max_pool,
    mixed_pool2d,
)
from lib.accelerated._pooling_stochastic import stochastic_pool2d, stochastic_pool2d_expected

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "attention_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "blur_pool2d",
    "fractional_max_pool2d",
    "fractional_max_pool3d",
    "gem_pool",
    "global_avg_pool",
    "global_max_pool",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "mixed_pool2d",
    "stochastic_pool2d",
    "stochastic_pool2d_expected",
]


def max_pool1d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest cell of each window over one axis; with return_indices, and its place.

    Example:
        >>> import torch
        >>> max_pool1d(torch.tensor([[1.0, 3, 2, 2]]), 2)
        tensor([[3., 2.]])
    """
    return _pooling_max.max_pool(
        1, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest cell of each window over two axes; with return_indices, and its place.

    Example:
        >>> import torch
        >>> max_pool2d(torch.tensor([[[1.0, 3, 2, 2]]]), (1, 2))
        tensor([[[3., 2.]]])
    """
    return _pooling_max.max_pool(
        2, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """Keep the largest cell of each window over three axes; with return_indices, and its place.

    Example:
        >>> import torch
        >>> max_pool3d(torch.tensor([[[[1.0, 3, 2, 2]]]]), (1, 1, 2))
        tensor([[[[3., 2.]]]])
    """
    return _pooling_max.max_pool(
        3, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def avg_pool1d(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """Average each window over one axis.

    Example:
        >>> import torch
        >>> avg_pool1d(torch.tensor([[1.0, 3, 2, 2]]), 2)
        tensor([[2., 2.]])
    """
    return _pooling_avg.avg_pool(1, x, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window over two axes.

    Example:
        >>> import torch
        >>> avg_pool2d(torch.tensor([[[1.0, 3, 2, 2]]]), (1, 2))
        tensor([[[2., 2.]]])
    """
    return _pooling_avg.avg_pool(
        2, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def avg_pool3d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
):
    """Average each window over three axes.

    Example:
        >>> import torch
        >>> avg_pool3d(torch.tensor([[[[1.0, 3, 2, 2]]]]), (1, 1, 2))
        tensor([[[[2., 2.]]]])
    """
    return _pooling_avg.avg_pool(
        3, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def lp_pool1d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm, (Σ xᵖ)^(1/p), of each window over one axis.

    Example:
        >>> import torch
        >>> lp_pool1d(torch.tensor([[3.0, 4, 0, 2]]), 2, 2)
        tensor([[5., 2.]])
    """
    return _pooling_avg.lp_pool(1, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm, (Σ xᵖ)^(1/p), of each window over two axes.

    Example:
        >>> import torch
        >>> lp_pool2d(torch.tensor([[[3.0, 4, 0, 2]]]), 2, (1, 2))
        tensor([[[5., 2.]]])
    """
    return _pooling_avg.lp_pool(2, x, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm, (Σ xᵖ)^(1/p), of each window over three axes.

    Example:
        >>> import torch
        >>> lp_pool3d(torch.tensor([[[[3.0, 4, 0, 2]]]]), 2, (1, 1, 2))
        tensor([[[[5., 2.]]]])
    """
    return _pooling_avg.lp_pool(3, x, norm_type, kernel_size, stride, ceil_mode)


def adaptive_avg_pool1d(x, output_size):
    """Average the windows into which one axis is shared out.

    Example:
        >>> import torch
        >>> adaptive_avg_pool1d(torch.tensor([[1.0, 3, 2, 2]]), 2)
        tensor([[2., 2.]])
    """
    return _pooling_avg.adaptive_avg_pool(1, x, output_size)


def adaptive_avg_pool2d(x, output_size):
    """Average the windows into which two axes are shared out.

    Example:
        >>> import torch
        >>> adaptive_avg_pool2d(torch.tensor([[[1.0, 3, 2, 2]]]), (1, 2))
        tensor([[[2., 2.]]])
    """
    return _pooling_avg.adaptive_avg_pool(2, x, output_size)


def adaptive_avg_pool3d(x, output_size):
    """Average the windows into which three axes are shared out.

    Example:
        >>> import torch
        >>> adaptive_avg_pool3d(torch.tensor([[[[1.0, 3, 2, 2]]]]), (1, 1, 2))
        tensor([[[[2., 2.]]]])
    """
    return _pooling_avg.adaptive_avg_pool(3, x, output_size)


def adaptive_max_pool1d(x, output_size, return_indices=False):
    """Keep the largest cell of the windows into which one axis is shared out.

    Example:
        >>> import torch
        >>> adaptive_max_pool1d(torch.tensor([[1.0, 3, 2, 2]]), 2)
        tensor([[3., 2.]])
    """
    return _pooling_max.adaptive_max_pool(1, x, output_size, return_indices)


def adaptive_max_pool2d(x, output_size, return_indices=False):
    """Keep the largest cell of the windows into which two axes are shared out.

    Example:
        >>> import torch
        >>> adaptive_max_pool2d(torch.tensor([[[1.0, 3, 2, 2]]]), (1, 2))
        tensor([[[3., 2.]]])
    """
    return _pooling_max.adaptive_max_pool(2, x, output_size, return_indices)


def adaptive_max_pool3d(x, output_size, return_indices=False):
    """Keep the largest cell of the windows into which three axes are shared out.

    Example:
        >>> import torch
        >>> adaptive_max_pool3d(torch.tensor([[[[1.0, 3, 2, 2]]]]), (1, 1, 2))
        tensor([[[[3., 2.]]]])
    """
    return _pooling_max.adaptive_max_pool(3, x, output_size, return_indices)


def max_unpool1d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back at its place over one axis, zeros elsewhere.

    Example:
        >>> import torch
        >>> x, indices = torch.tensor([[3.0, 2]]), torch.tensor([[1, 2]])
        >>> max_unpool1d(x, indices, 2)
        tensor([[0., 3., 2., 0.]])
    """
    return _pooling_max.max_unpool(1, x, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back at its place over two axes, zeros elsewhere.

    Example:
        >>> import torch
        >>> x, indices = torch.tensor([[[3.0, 2]]]), torch.tensor([[[1, 2]]])
        >>> max_unpool2d(x, indices, (1, 2))
        tensor([[[0., 3., 2., 0.]]])
    """
    return _pooling_max.max_unpool(2, x, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(x, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Put each value back at its place over three axes, zeros elsewhere.

    Example:
        >>> import torch
        >>> x, indices = torch.tensor([[[[3.0, 2]]]]), torch.tensor([[[[1, 2]]]])
        >>> max_unpool3d(x, indices, (1, 1, 2))
        tensor([[[[0., 3., 2., 0.]]]])
    """
    return _pooling_max.max_unpool(3, x, indices, kernel_size, stride, padding, output_size)


def fractional_max_pool2d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Keep the largest cell of windows at pseudo-random steps over two axes (Graham 2014).

    Example:
        >>> import torch
        >>> u = torch.zeros(1, 1, 2)
        >>> fractional_max_pool2d(u, torch.tensor([[[1.0, 3, 2, 2]]]), 1, (1, 2))
        tensor([[[1., 2.]]])
    """
    return _pooling_max.fractional_max_pool(
        2, rng, x, kernel_size, output_size, output_ratio, return_indices
    )


def fractional_max_pool3d(
    rng, x, kernel_size, output_size=None, output_ratio=None, return_indices=False
):
    """Keep the largest cell of windows at pseudo-random steps over three axes (Graham 2014).

    Example:
        >>> import torch
        >>> u = torch.zeros(1, 1, 3)
        >>> fractional_max_pool3d(u, torch.tensor([[[[1.0, 3, 2, 2]]]]), 1, (1, 1, 2))
        tensor([[[[1., 2.]]]])
    """
    return _pooling_max.fractional_max_pool(
        3, rng, x, kernel_size, output_size, output_ratio, return_indices
    )
