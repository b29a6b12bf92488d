"""Windows side by side in torch, and the two maps that every convolution is made of.

A window becomes a column by a view of the memory that it lies in, and one copy. The reverse adds
the columns up, one cell of every window at a time. Each of the two is the other's slope; autograd
by itself would lay a tensor of zeros under each slice.
"""

import itertools
import math
from typing import NamedTuple

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching


class Windows(NamedTuple):
    """Windows over the last axes, as `shapes.conv_sizes` tells them: an entry for each axis."""

    sizes: tuple
    kernel_size: tuple
    stride: tuple
    pads: tuple
    dilation: tuple
    out: tuple
    groups: int = 1


def conv(n, x, weight, bias, *options):
    """Convolve over the last n axes."""
    w = _windows(shapes.conv_sizes, n, x, weight, bias, *options)
    batch = _batch(x, n)
    cells = batch.shape[1] // w.groups * math.prod(w.kernel_size)
    columns = Columns.apply(batch, w).reshape(len(batch), w.groups, cells, math.prod(w.out))
    products = _by_group(weight, w) @ columns
    return _finished(products.reshape(len(batch), len(weight), *w.out), bias, n, x)


def conv_transpose(n, x, weight, bias, *options):
    """Convolve over the last n axes in reverse."""
    w = _windows(shapes.conv_transpose_sizes, n, x, weight, bias, *options)
    batch = _batch(x, n)
    numbers = batch.reshape(len(batch), w.groups, len(weight) // w.groups, math.prod(w.out))
    columns = _by_group(weight, w).mT @ numbers
    channels = weight.shape[1] * w.groups
    columns = columns.reshape(len(batch), channels, *w.kernel_size, *w.out)
    return _finished(Image.apply(columns, w), bias, n, x)


class Columns(torch.autograd.Function):
    """Copy each window, (N, C, *sizes) → (N, C, *kernel_size, *out), zeros where it is padded."""

    @staticmethod
    def forward(x, w):
        if any(map(any, w.pads)):
            padded, real = _padding(x, w)
            padded[real] = x
            x = padded
        steps = x.stride()
        within = (step * d for step, d in zip(steps[2:], w.dilation, strict=True))
        between = (step * s for step, s in zip(steps[2:], w.stride, strict=True))
        shape = (*x.shape[:2], *w.kernel_size, *w.out)
        windows = x.as_strided(shape, (*steps[:2], *within, *between))
        return windows.clone(memory_format=torch.contiguous_format)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.w = inputs[1]

    @staticmethod
    def backward(ctx, dy):
        return Image.apply(dy, ctx.w), None


class Image(torch.autograd.Function):
    """Add the cells of all windows up where they came from, and cut the padding off."""

    @staticmethod
    def forward(columns, w):
        padded, real = _padding(columns, w)
        for offset in itertools.product(*map(range, w.kernel_size)):
            cells = columns[(slice(None), slice(None), *offset)]
            padded = _added(padded, _cells(w, offset), cells)
        return padded[real].clone(memory_format=torch.contiguous_format)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.w = inputs[1]

    @staticmethod
    def backward(ctx, dy):
        return Columns.apply(dy, ctx.w), None


def _added(padded, where, cells):
    """Add cells to some of a padded sample.

    A compiler writes one loop for the sum of all offsets, if each is a term of its own; steps in
    place would each hold the one before twice, and all of them more code than it can take.
    """
    if torch.compiler.is_compiling():
        term = torch.zeros_like(padded)
        term[where] = cells
        return padded + term
    padded[where] += cells
    return padded


def _padding(x, w):
    """Make a batch of zeros, and tell where in it the samples without their padding lie."""
    each = list(zip(w.sizes, w.pads, strict=True))
    zeros = x.new_zeros(*x.shape[:2], *(size + sum(pads) for size, pads in each))
    return zeros, (..., *(slice(before, before + size) for size, (before, _) in each))


def _cells(w, offset):
    """Tell where in a padded sample each window has the cell at that offset."""
    each = zip(offset, w.stride, w.dilation, w.out, strict=True)
    return (..., *(slice(j * d, j * d + (out - 1) * s + 1, s) for j, s, d, out in each))


def _windows(sizes, n, x, weight, bias, *options):
    float_tensor("x", x)
    matching("weight", weight, x)
    bias_shape = None if bias is None else matching("bias", bias, x).shape
    return Windows(*sizes(x.shape, weight.shape, bias_shape, n, *options))


def _batch(x, n):
    return wide(x if x.dim() == n + 2 else x[None])


def _by_group(weight, w):
    return wide(weight).reshape(w.groups, len(weight) // w.groups, weight[0].numel())


def _finished(y, bias, n, x):
    """Add the bias, and return y in the dtype and with the axes of x."""
    y = y if bias is None else y + bias.view(-1, *(1,) * n)
    return (y if x.dim() == n + 2 else y[0]).to(x.dtype)


def wide(x):
    """Return x in a dtype wide enough for long sums: at least float32."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
