"""Convolution in torch: the twin of `lib.reference.convolution`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; here `x` is a tensor of float16, bfloat16, float32 or float64, weights
have its dtype and lie beside it, and so does the result. Sums are made in float32 at least.
Backwards are autograd's.

Nothing here calls torch's own convolution: windows are copied into columns, by a view of their
memory, and one product of matrices does the rest. The built-in needs no columns: it is faster
and takes less memory, the more so the larger the kernel; `make bench` tells by how much.

Example:
    >>> import torch
    >>> weight = torch.tensor([[[-1.0, 1]]], requires_grad=True)
    >>> conv1d(torch.tensor([[1.0, 2, 4, 8]]), weight).sum().backward()
    >>> weight.grad
    tensor([[[ 7., 14.]]])
"""

import math

from lib import shapes
from lib.accelerated import _convolution_windows
from lib.accelerated._arguments import float_tensor, matching
from lib.accelerated._convolution_pad import pad
from lib.accelerated._convolution_windows import Columns, Image, Windows, wide
from lib.shapes import operation_count, parameter_count, receptive_field

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "linear",
    "operation_count",
    "pad",
    "parameter_count",
    "receptive_field",
    "unfold",
]


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window over one axis by the same weights, and add up.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2, 4, 8]).view(1, 4)
        >>> conv1d(x, torch.tensor([-1.0, 1]).view(1, 1, 2)).flatten()
        tensor([1., 2., 4.])
    """
    return _convolution_windows.conv(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window over two axes by the same weights, and add up.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2, 4, 8]).view(1, 1, 4)
        >>> conv2d(x, torch.tensor([-1.0, 1]).view(1, 1, 1, 2)).flatten()
        tensor([1., 2., 4.])
    """
    return _convolution_windows.conv(2, x, weight, bias, stride, padding, dilation, groups)


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window over three axes by the same weights, and add up.

    Example:
        >>> import torch
        >>> x = torch.tensor([1.0, 2, 4, 8]).view(1, 1, 1, 4)
        >>> conv3d(x, torch.tensor([-1.0, 1]).view(1, 1, 1, 1, 2)).flatten()
        tensor([1., 2., 4.])
    """
    return _convolution_windows.conv(3, x, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number of x, down along one axis, and add up.

    Example:
        >>> import torch
        >>> x, weight = torch.tensor([1.0, 2]).view(1, 2), torch.ones(1, 1, 3)
        >>> conv_transpose1d(x, weight, stride=2, padding=1).flatten()
        tensor([1., 3., 2.])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(1, x, weight, bias, *options)


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number of x, down along two axes, and add up.

    Example:
        >>> import torch
        >>> x, weight = torch.tensor([1.0, 2]).view(1, 1, 2), torch.ones(1, 1, 1, 3)
        >>> conv_transpose2d(x, weight, stride=2, padding=(0, 1)).flatten()
        tensor([1., 3., 2.])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(2, x, weight, bias, *options)


def conv_transpose3d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number of x, down along three axes, and add up.

    Example:
        >>> import torch
        >>> x, weight = torch.tensor([1.0, 2]).view(1, 1, 1, 2), torch.ones(1, 1, 1, 1, 3)
        >>> conv_transpose3d(x, weight, stride=2, padding=(0, 0, 1)).flatten()
        tensor([1., 3., 2.])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(3, x, weight, bias, *options)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Lay the windows of an image side by side: each becomes a column (im2col).

    Example:
        >>> import torch
        >>> unfold(torch.tensor([[[1.0, 2, 3], [4, 5, 6]]]), 2)
        tensor([[1., 2.],
                [2., 3.],
                [4., 5.],
                [5., 6.]])
    """
    float_tensor("x", x)
    w = Windows(*shapes.unfold_sizes(x.shape, kernel_size, dilation, padding, stride))
    *batch, channels, _, _ = x.shape
    columns = Columns.apply(wide(x if x.dim() == 4 else x[None]), w)
    shape = (*batch, channels * math.prod(w.kernel_size), math.prod(w.out))
    return columns.reshape(shape).to(x.dtype)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add columns up to the image whose windows they stand for (col2im).

    Example:
        >>> import torch
        >>> fold(torch.tensor([[1.0, 2], [2, 3], [4, 5], [5, 6]]), (2, 3), 2)
        tensor([[[ 1.,  4.,  3.],
                 [ 4., 10.,  6.]]])
    """
    float_tensor("x", x)
    sizes = shapes.fold_sizes(x.shape, output_size, kernel_size, dilation, padding, stride)
    w = Windows(*sizes)
    channels = x.shape[-2] // math.prod(w.kernel_size)
    batch = wide(x if x.dim() == 3 else x[None])
    y = Image.apply(batch.reshape(len(batch), channels, *w.kernel_size, *w.out), w).to(x.dtype)
    return y if x.dim() == 3 else y[0]


def linear(x, weight, bias=None):
    """Weigh all inputs for each output: y = x·weightᵀ + bias.

    Example:
        >>> import torch
        >>> linear(torch.tensor([[1.0, 2]]), torch.tensor([[3.0, 4], [5, 6]]), torch.ones(2))
        tensor([[12., 18.]])
    """
    float_tensor("x", x)
    bias_shape = None if bias is None else matching("bias", bias, x).shape
    shapes.linear_sizes(x.shape, matching("weight", weight, x).shape, bias_shape)
    y = wide(x) @ (wide(weight).mT if weight.dim() == 2 else wide(weight))
    return (y if bias is None else y + bias).to(x.dtype)
