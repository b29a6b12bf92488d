"""Convolution: the same few weights meet every window of an image.

A linear layer gives each input its own weights. A convolution gives them to a small window and
slides it along, so that what is learned in one place serves everywhere. Its slope for the input
is a convolution in reverse, the transposed one, and the slope of that is a convolution again:
`_convolution_windows.py` has the three maps of which all is made.

Names, order of arguments, defaults and meaning are those of torch.nn.functional, whose `input`
is our `x`. What all of deep learning calls convolution is, in mathematics, a correlation: the
kernel is not turned around (scipy.signal.convolve turns it). Every function keeps float16,
float32 or float64, adds up in float32 at least, and never writes into its arguments. A
`_backward` takes the upstream gradient `dy`, in the shape and dtype of y, and then forward's own
arguments; it returns one slope for each array, None for a bias that is not there.
"""

import math

import numpy as np

from lib import shapes
from lib.reference import _convolution_windows
from lib.reference._arguments import float_array, matching, upstream
from lib.reference._convolution_pad import pad, pad_backward
from lib.reference._convolution_windows import Windows, add_windows, wide, window_views
from lib.shapes import operation_count, parameter_count, receptive_field

__all__ = [
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv3d",
    "conv3d_backward",
    "conv_transpose1d",
    "conv_transpose1d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "conv_transpose3d",
    "conv_transpose3d_backward",
    "fold",
    "fold_backward",
    "linear",
    "linear_backward",
    "operation_count",
    "pad",
    "pad_backward",
    "parameter_count",
    "receptive_field",
    "unfold",
    "unfold_backward",
]


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window of an image by the same weights, and add up.

    y[n, o, i, j] = bias[o] + sum of weight[o, c, p, q] · x[n, c, i·s + p·d − padding,
    j·s + q·d − padding] over c, p and q, s being the stride and d the dilation; x is zero where
    it has no such cell.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        weight: kernels, (O, C / groups, k, l), in the dtype of x.
        bias: (O,), in the dtype of x, or None.
        stride: step between windows, cells: a number, or a pair (vertical, horizontal), as below.
        padding: cells of zero on each side; or "valid", none; or "same", as many as keep the
            size, with the odd one at the end. "same" needs a stride of 1: some libraries pad
            strided convolutions, too, so that I = ceil(H / stride).
        dilation: step between the cells of a window.
        groups: number of parts into which the channels of x and of y are shared out; each part
            of y sees its part of x alone. With groups = C each channel has its own kernels.

    Returns:
        y: (N, O, I, J) or (O, I, J), dtype of x, where I = floor((H + 2·padding −
        dilation·(k − 1) − 1) / stride) + 1 and J likewise.

    Raises:
        ValueError: the shapes do not fit each other, an option is out of range, or no window
            fits.
        TypeError: x is no array of floats, another argument has not its dtype, or an option is
            no whole number.

    Source: LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition.

    Example:
        >>> x = np.array([[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]])
        >>> difference = np.array([[[[-1.0, 1], [0, 0]]]])
        >>> conv2d(x, difference)
        array([[[1., 1.],
                [1., 1.]]])
    """
    return _convolution_windows.conv(2, x, weight, bias, stride, padding, dilation, groups)


def conv2d_backward(dy, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Send each upstream slope back to the window and to the weights that it came from.

    Returns dx, dweight and dbias, shaped as x, weight and bias; dbias is None without a bias.

    Example:
        >>> x = np.array([[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]])
        >>> dy = np.array([[[1.0, 0], [0, 2]]])
        >>> dx, dweight, _ = conv2d_backward(dy, x, np.array([[[[-1.0, 1], [0, 0]]]]))
        >>> dx
        array([[[-1.,  1.,  0.],
                [ 0., -2.,  2.],
                [ 0.,  0.,  0.]]])
        >>> dweight
        array([[[[11., 14.],
                 [20., 23.]]]])
    """
    options = stride, padding, dilation, groups
    return _convolution_windows.conv_backward(2, dy, x, weight, bias, *options)


def conv1d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window of a sequence by the same weights: `conv2d` along one axis.

    x (N, C, L) or (C, L), weight (O, C / groups, k) → y (N, O, I) or (O, I).

    Source: Waibel et al. (1989), Phoneme recognition using time-delay neural networks.

    Example:
        >>> conv1d(np.array([[1.0, 2, 4, 8]]), np.array([[[-1.0, 1]]]))
        array([[1., 2., 4.]])
        >>> conv1d(np.array([[1.0, 2, 4, 8]]), np.array([[[-1.0, 1]]]), padding="same")
        array([[ 1.,  2.,  4., -8.]])
    """
    return _convolution_windows.conv(1, x, weight, bias, stride, padding, dilation, groups)


def conv1d_backward(dy, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Send each upstream slope back to its window and its weights; see `conv2d_backward`.

    Example:
        >>> x, weight = np.array([[1.0, 2, 4]]), np.array([[[-1.0, 1]]])
        >>> conv1d_backward(np.array([[1.0, 10]]), x, weight, np.zeros(1))
        (array([[-1., -9., 10.]]), array([[[21., 42.]]]), array([11.]))
    """
    options = stride, padding, dilation, groups
    return _convolution_windows.conv_backward(1, dy, x, weight, bias, *options)


def conv3d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Multiply each window of a volume by the same weights: `conv2d` along three axes.

    x (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, k, l, m) → y (N, O, I, J, K) or
    (O, I, J, K).

    Source: Ji et al. (2013), 3D convolutional neural networks for human action recognition.

    Example:
        >>> conv3d(np.arange(8.0).reshape(1, 2, 2, 2), np.ones((1, 1, 2, 2, 2)))
        array([[[[28.]]]])
    """
    return _convolution_windows.conv(3, x, weight, bias, stride, padding, dilation, groups)


def conv3d_backward(dy, x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Send each upstream slope back to its window and its weights; see `conv2d_backward`.

    Example:
        >>> x, dy = np.arange(8.0).reshape(1, 2, 2, 2), np.full((1, 1, 1, 1), 3.0)
        >>> dx, dweight, _ = conv3d_backward(dy, x, np.ones((1, 1, 2, 2, 2)))
        >>> dx.ravel(), dweight.ravel()
        (array([3., 3., 3., 3., 3., 3., 3., 3.]), array([ 0.,  3.,  6.,  9., 12., 15., 18., 21.]))
    """
    options = stride, padding, dilation, groups
    return _convolution_windows.conv_backward(3, dy, x, weight, bias, *options)


def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number of x, down on a larger image, and add up.

    It is the map that takes the upstream slope of a convolution to its dx, hence the name; it is
    not its inverse, although some call it deconvolution.

    y[n, o, i, j] = bias[o] + sum of weight[c, o, p, q] · x[n, c, a, b] over all c, a, b, p and q
    with a·s + p·d − padding = i and b·s + q·d − padding = j, s being the stride and d the
    dilation.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        weight: kernels, (C, O / groups, k, l), in the dtype of x; the first axis is that of x,
            not of y as in `conv2d`.
        bias: (O,), in the dtype of x, or None.
        stride: step between the places where kernels are laid down, cells of y: a number, or a
            pair (vertical, horizontal), as below.
        padding: cells cut off y on each side.
        output_padding: cells added to y at the end; less than the stride or the dilation.
            Several sizes of an image are convolved to one: it tells which is meant.
        groups: number of parts into which the channels of x and of y are shared out.
        dilation: step between the cells of a kernel.

    Returns:
        y: (N, O, I, J) or (O, I, J), dtype of x, where I = (H − 1)·stride − 2·padding +
        dilation·(k − 1) + output_padding + 1 and J likewise.

    Raises:
        ValueError: the shapes do not fit each other, an option is out of range, or the padding
            leaves nothing of y.
        TypeError: x is no array of floats, another argument has not its dtype, or an option is
            no whole number.

    Source: Dumoulin & Visin (2016), A guide to convolution arithmetic for deep learning.

    Example:
        >>> x, weight = np.array([[[1.0, 2]]]), np.array([[[[1.0, 1, 1]]]])
        >>> conv_transpose2d(x, weight, stride=2)
        array([[[1., 1., 3., 2., 2.]]])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(2, x, weight, bias, *options)


def conv_transpose2d_backward(
    dy, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Convolve the upstream slope: each number of x sees the window that it was laid on.

    Returns dx, dweight and dbias, shaped as x, weight and bias; dbias is None without a bias.

    Example:
        >>> x, weight = np.array([[[1.0, 2]]]), np.array([[[[1.0, 1, 1]]]])
        >>> dy = np.array([[[0.0, 1, 2, 3, 4]]])
        >>> dx, dweight, _ = conv_transpose2d_backward(dy, x, weight, stride=2)
        >>> dx, dweight
        (array([[[3., 9.]]]), array([[[[ 4.,  7., 10.]]]]))
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose_backward(2, dy, x, weight, bias, *options)


def conv_transpose1d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number, down on a longer sequence: see `conv_transpose2d`.

    x (N, C, L) or (C, L), weight (C, O / groups, k) → y (N, O, I) or (O, I).

    Example:
        >>> conv_transpose1d(np.array([[1.0, 2]]), np.array([[[1.0, 1, 1]]]), stride=2, padding=1)
        array([[1., 3., 2.]])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(1, x, weight, bias, *options)


def conv_transpose1d_backward(
    dy, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Convolve the upstream slope; see `conv_transpose2d_backward`.

    Example:
        >>> dy, x = np.array([[1.0, 2, 3, 4]]), np.array([[1.0, 2]])
        >>> conv_transpose1d_backward(dy, x, np.array([[[1.0, 1]]]), np.zeros(1), stride=2)
        (array([[3., 7.]]), array([[[ 7., 10.]]]), array([10.]))
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose_backward(1, dy, x, weight, bias, *options)


def conv_transpose3d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Lay the kernel, times each number, down in a larger volume: see `conv_transpose2d`.

    x (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, k, l, m) → y (N, O, I, J, K) or
    (O, I, J, K).

    Example:
        >>> conv_transpose3d(np.full((1, 1, 1, 2), 3.0), np.ones((1, 1, 1, 1, 2)))
        array([[[[3., 6., 3.]]]])
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose(3, x, weight, bias, *options)


def conv_transpose3d_backward(
    dy, x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Convolve the upstream slope; see `conv_transpose2d_backward`.

    Example:
        >>> dy, x = np.arange(3.0).reshape(1, 1, 1, 3), np.full((1, 1, 1, 2), 3.0)
        >>> dx, dweight, _ = conv_transpose3d_backward(dy, x, np.ones((1, 1, 1, 1, 2)))
        >>> dx, dweight
        (array([[[[1., 3.]]]]), array([[[[[3., 9.]]]]]))
    """
    options = stride, padding, output_padding, groups, dilation
    return _convolution_windows.conv_transpose_backward(3, dy, x, weight, bias, *options)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Lay the windows of an image side by side: each becomes a column (im2col).

    y[n, (c·k + p)·l + q, i·J + j] = x[n, c, i·s + p·d − padding, j·s + q·d − padding], for a
    kernel of k × l cells and I × J windows, s being the stride and d the dilation; x is zero
    where it has no such cell. With weights as a matrix of rows, `weight @ y` is a convolution.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        kernel_size: sides of a window, cells: a number or a pair (height, width), as all below.
        dilation: step between the cells of a window.
        padding: cells of zero on each side.
        stride: step between windows; 1, where poolings take the kernel's size.

    Returns:
        y: (N, C·k·l, I·J) or (C·k·l, I·J), dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, an option is out of range, or no window fits.
        TypeError: x is no array of floats, or an option is no whole number.

    Source: Chellapilla, Puri & Simard (2006), High performance convolutional neural networks
    for document processing.

    Example:
        >>> unfold(np.array([[[1.0, 2, 3], [4, 5, 6]]]), 2)
        array([[1., 2.],
               [2., 3.],
               [4., 5.],
               [5., 6.]])
    """
    x = float_array("x", x)
    w = Windows(*shapes.unfold_sizes(x.shape, kernel_size, dilation, padding, stride))
    return _columns(x, w)


def unfold_backward(dy, x, kernel_size, dilation=1, padding=0, stride=1):
    """Give each cell the sum of the slopes of its copies: `fold`.

    Returns dx, shaped as x.

    Example:
        >>> unfold_backward(np.ones((4, 2)), np.zeros((1, 2, 3)), 2)
        array([[[1., 2., 1.],
                [1., 2., 1.]]])
    """
    x = float_array("x", x)
    w = Windows(*shapes.unfold_sizes(x.shape, kernel_size, dilation, padding, stride))
    return _image(upstream(dy, _shape_of_columns(x.shape, w), x.dtype), w)


def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Add columns up to the image whose windows they stand for (col2im).

    y[n, c, a, b] = sum of x[n, (c·k + p)·l + q, i·J + j] over all p, q, i and j with
    i·s + p·d − padding = a and j·s + q·d − padding = b, for a kernel of k × l cells and I × J
    windows, s being the stride and d the dilation.

    It is the slope of `unfold`, and not its inverse: where windows overlap, cells add up.

    Args:
        x: columns, (N, C·k·l, I·J) or (C·k·l, I·J), float.
        output_size: sides of the image, cells: a number or a pair (height, width), as all below.
        kernel_size: sides of a window, cells.
        dilation: step between the cells of a window.
        padding: cells cut off on each side.
        stride: step between windows.

    Returns:
        y: (N, C, H, W) or (C, H, W) with (H, W) = output_size, dtype of x.

    Raises:
        ValueError: the sizes of x do not fit the image's windows, an option is out of range, or
            no window fits.
        TypeError: x is no array of floats, or an option is no whole number.

    Example:
        >>> x = np.array([[1.0, 2], [2, 3], [4, 5], [5, 6]])  # of 1 2 3 over 4 5 6
        >>> fold(x, (2, 3), 2)
        array([[[ 1.,  4.,  3.],
                [ 4., 10.,  6.]]])
    """
    x = float_array("x", x)
    sizes = shapes.fold_sizes(x.shape, output_size, kernel_size, dilation, padding, stride)
    return _image(x, Windows(*sizes))


def fold_backward(dy, x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Give each number of a column the slope of the cell to which it was added: `unfold`.

    Returns dx, shaped as x.

    Example:
        >>> fold_backward(np.array([[[1.0, 2, 3]]]), np.zeros((2, 2)), (1, 3), (1, 2))
        array([[1., 2.],
               [2., 3.]])
    """
    x = float_array("x", x)
    w = Windows(*shapes.fold_sizes(x.shape, output_size, kernel_size, dilation, padding, stride))
    channels = x.shape[-2] // (w.kernel_size[0] * w.kernel_size[1])
    return _columns(upstream(dy, (*x.shape[:-2], channels, *w.sizes), x.dtype), w)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def linear(x, weight, bias=None):
    """Weigh all inputs for each output: y = x·weightᵀ + bias.

    Args:
        x: (…, I), float; any axes before the last, or none.
        weight: (O, I), in the dtype of x; or (I,) for one output without an axis of its own.
        bias: (O,) or a scalar array, in the dtype of x; or None, as it must be with a weight of
            one axis.

    Returns:
        y: (…, O), or (…) with a weight of one axis; dtype of x.

    Raises:
        ValueError: the shapes do not fit each other.
        TypeError: x is no array of floats, or another argument has not its dtype.

    Source: Rosenblatt (1958), The perceptron.

    Example:
        >>> linear(np.array([[1.0, 2]]), np.array([[3.0, 4], [5, 6]]), np.array([0.5, 0]))
        array([[11.5, 17. ]])
    """
    rows, weights, shape = _linear_arguments(x, weight, bias)
    y = rows @ weights.T
    y = y if bias is None else y + bias
    return y.astype(x.dtype, copy=False).reshape(shape)


@np.errstate(all="ignore")
def linear_backward(dy, x, weight, bias=None):
    """Send the upstream slope back: dx = dy·weight, dweight = dyᵀ·x, dbias = Σ dy.

    The sums are over all axes of x but the last. Returns dx, dweight and dbias, shaped as x,
    weight and bias; dbias is None without a bias.

    Example:
        >>> x, weight = np.array([[1.0, 2]]), np.array([[3.0, 4], [5, 6]])
        >>> linear_backward(np.array([[1.0, 10]]), x, weight)
        (array([[53., 64.]]), array([[ 1.,  2.],
               [10., 20.]]), None)
    """
    rows, weights, shape = _linear_arguments(x, weight, bias)
    slopes = wide(upstream(dy, shape, x.dtype)).reshape(len(rows), len(weights))
    dx, dweight = slopes @ weights, slopes.T @ rows
    dx = dx.astype(x.dtype, copy=False).reshape(x.shape)
    dweight = dweight.astype(x.dtype, copy=False).reshape(weight.shape)
    if bias is None:
        return dx, dweight, None
    return dx, dweight, slopes.sum(0 if bias.ndim else None, dtype=np.float64).astype(x.dtype)


def _columns(x, w):
    """Copy the windows of (N, C, H, W) or (C, H, W) into columns."""
    batch = x if x.ndim == 4 else x[None]
    return window_views(batch, w).copy().reshape(_shape_of_columns(x.shape, w))


def _image(x, w):
    """Add columns up to (N, C, H, W) or (C, H, W)."""
    channels = x.shape[-2] // math.prod(w.kernel_size)
    batch = x if x.ndim == 3 else x[None]
    columns = wide(batch).reshape(len(batch), channels, *w.kernel_size, *w.out)
    with np.errstate(all="ignore"):  # ∞ and NaN are answers
        y = add_windows(columns, w).astype(x.dtype)
    return y if x.ndim == 3 else y[0]


def _shape_of_columns(shape, w):
    *batch, channels, _, _ = shape
    return (*batch, channels * math.prod(w.kernel_size), math.prod(w.out))


def _linear_arguments(x, weight, bias):
    """Return x as rows, weight as a matrix, and the shape of y."""
    x, weight = float_array("x", x), matching("weight", weight, x)
    bias_shape = None if bias is None else matching("bias", bias, x).shape
    shape = shapes.linear_sizes(x.shape, weight.shape, bias_shape)
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    return wide(rows), wide(weight).reshape(math.prod(weight.shape[:-1]), x.shape[-1]), shape
