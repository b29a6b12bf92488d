"""Activations made of straight pieces: what a kink lets through, and what it stops."""

import numpy as np

from lib.reference import _activations_pointwise as pointwise
from lib.reference._arguments import float_array, matching, number, sum_to, upstream


def relu(x):
    """Let what is positive through, and nothing else.

    y = max(x, 0)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; NaN stays NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Nair & Hinton (2010), Rectified linear units improve restricted Boltzmann machines.

    Example:
        >>> relu(np.array([-2.0, 0, 3]))
        array([0., 0., 3.])
    """
    return pointwise.forward(lambda x: np.maximum(x, 0), x)


def relu_backward(dy, x):
    """Let the upstream gradient through where x > 0; at 0 itself the slope counts as 0.

    Returns dx, shaped as x.

    Example:
        >>> relu_backward(np.array([5.0, 5, 5]), np.array([-2.0, 0, 3]))
        array([0., 0., 5.])
    """
    return threshold_backward(dy, x, 0.0, 0.0)


def threshold(x, threshold, value):
    """Replace what does not exceed a threshold.

    y = x where x > threshold, and value elsewhere

    Args:
        x: any shape, float.
        threshold: a number; what is equal to it is replaced, too.
        value: a number, to stand there instead.

    Returns:
        y: shape and dtype of x; NaN stays NaN.

    Raises:
        TypeError: x is no array of floats, or an option is no number.
        ValueError: an option is NaN.

    Source: Konda, Memisevic & Krueger (2014), Zero-bias autoencoders and the benefits of
    co-adapting features.

    Example:
        >>> threshold(np.array([-2.0, 1, 3]), 1.0, 7.0)
        array([7., 7., 3.])
    """
    least, value = number("threshold", threshold), number("value", value)
    return pointwise.forward(lambda x: np.where(x <= least, value, x), x)


def threshold_backward(dy, x, threshold, value):
    """Let the upstream gradient through where x exceeds the threshold.

    Returns dx, shaped as x.

    Example:
        >>> threshold_backward(np.array([5.0, 5, 5]), np.array([-2.0, 1, 3]), 1.0, 7.0)
        array([0., 0., 5.])
    """
    least, _ = number("threshold", threshold), number("value", value)
    return pointwise.backward(lambda dy, x: np.where(x <= least, 0, dy), dy, x)


def leaky_relu(x, negative_slope=0.01):
    """Let what is positive through, and a little of what is negative.

    y = x where x > 0, and negative_slope · x elsewhere

    Args:
        x: any shape, float.
        negative_slope: a number, mostly between 0 and 1.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x is no array of floats, or the slope no number.
        ValueError: the slope is NaN.

    Source: Maas, Hannun & Ng (2013), Rectifier nonlinearities improve neural network acoustic
    models.

    Example:
        >>> leaky_relu(np.array([-2.0, 0, 3]), 0.25)
        array([-0.5,  0. ,  3. ])
    """
    a = number("negative_slope", negative_slope)
    return pointwise.forward(lambda x: np.where(x > 0, x, a * x), x)


def leaky_relu_backward(dy, x, negative_slope=0.01):
    """Let the upstream gradient through where x > 0, and negative_slope of it elsewhere.

    Returns dx, shaped as x.

    Example:
        >>> leaky_relu_backward(np.array([8.0, 8, 8]), np.array([-2.0, 0, 3]), 0.25)
        array([2., 2., 8.])
    """
    a = number("negative_slope", negative_slope)
    return pointwise.backward(lambda dy, x: np.where(x > 0, dy, a * dy), dy, x)


def prelu(x, weight):
    """Let what is positive through, and learn how much of what is negative.

    y = x where x > 0, and weight · x elsewhere

    Args:
        x: (N, C, …), or of fewer axes with a single weight; float.
        weight: (C,), one slope for each channel; or (1,) or a scalar, one for all; dtype of x.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x or weight is no array of floats, or their dtypes differ.
        ValueError: weight has more than one axis, or neither one entry nor C.

    Source: He, Zhang, Ren & Sun (2015), Delving deep into rectifiers.

    Example:
        >>> prelu(np.array([[-2.0, -2], [3, 3]]), np.array([0.25, 0.5]))
        array([[-0.5, -1. ],
               [ 3. ,  3. ]])
    """
    x = float_array("x", x)
    return pointwise.forward(lambda x, a: np.where(x > 0, x, a * x), x, _each_channels(weight, x))


def prelu_backward(dy, x, weight):
    """Let the upstream gradient through where x > 0, and weight of it elsewhere.

    Returns (dx, dweight), shaped as x and weight: dweight adds up dy · x where x ≤ 0.

    Example:
        >>> x = np.array([[-2.0, -2], [3, 3]])
        >>> prelu_backward(np.full((2, 2), 8.0), x, np.array([0.25, 0.5]))
        (array([[2., 4.],
               [8., 8.]]), array([-16., -16.]))
    """
    x = float_array("x", x)
    dy, a = upstream(dy, x.shape, x.dtype), _each_channels(weight, x)
    dx = pointwise.backward(lambda dy, x, a: np.where(x > 0, dy, a * dy), dy, x, a)
    with np.errstate(all="ignore"):  # ∞ and NaN are answers
        each = np.where(x > 0, 0, dy.astype(np.float64) * x)
        return dx, sum_to(a.shape, each).astype(x.dtype).reshape(weight.shape)


def _each_channels(weight, x):
    """Return the weight with as many axes as x, its own along the channels."""
    weight = matching("weight", weight, x)
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.ndim > 1 or weight.size not in (1, channels):
        raise ValueError(
            f"weight must hold one slope, or one for each of the {channels} channels of x "
            f"{x.shape}, along one axis; got shape {weight.shape}"
        )
    shape = [1] * x.ndim
    shape[1:2] = [weight.size] if x.ndim > 1 else []
    return weight.reshape(shape)


def hardtanh(x, min_val=-1.0, max_val=1.0):
    """Cut off what lies outside a range.

    y = min(max(x, min_val), max_val)

    Args:
        x: any shape, float.
        min_val: the least y; a number.
        max_val: the largest y; a number, not below min_val.

    Returns:
        y: shape and dtype of x; NaN stays NaN.

    Raises:
        TypeError: x is no array of floats, or an option no number.
        ValueError: min_val is above max_val, or one of them is NaN.

    Source: Collobert et al. (2011), Natural language processing (almost) from scratch.

    Example:
        >>> hardtanh(np.array([-2.0, 0.5, 3]))
        array([-1. ,  0.5,  1. ])
    """
    low, high = _range(min_val, max_val)
    return pointwise.forward(lambda x: np.minimum(np.maximum(x, low), high), x)


def hardtanh_backward(dy, x, min_val=-1.0, max_val=1.0):
    """Let the upstream gradient through inside the range; at its ends the slope counts as 0.

    Returns dx, shaped as x.

    Example:
        >>> hardtanh_backward(np.array([5.0, 5, 5]), np.array([-2.0, 0.5, 1]))
        array([0., 5., 0.])
    """
    low, high = _range(min_val, max_val)
    return pointwise.backward(lambda dy, x: np.where((low < x) & (x < high), dy, 0), dy, x)


def _range(min_val, max_val):
    low, high = number("min_val", min_val), number("max_val", max_val)
    if low > high:
        raise ValueError(f"min_val must not be above max_val, got {min_val!r} and {max_val!r}")
    return low, high


def relu6(x):
    """Let what is positive through, up to 6.

    y = min(max(x, 0), 6)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; NaN stays NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Krizhevsky (2010), Convolutional deep belief networks on CIFAR-10.

    Example:
        >>> relu6(np.array([-2.0, 3, 8]))
        array([0., 3., 6.])
    """
    return hardtanh(x, 0.0, 6.0)


def relu6_backward(dy, x):
    """Let the upstream gradient through where 0 < x < 6; at the ends the slope counts as 0.

    Returns dx, shaped as x.

    Example:
        >>> relu6_backward(np.array([5.0, 5, 5]), np.array([-2.0, 3, 6]))
        array([0., 5., 0.])
    """
    return hardtanh_backward(dy, x, 0.0, 6.0)


def hardsigmoid(x):
    """Approach the sigmoid by three straight pieces.

    y = min(max(x + 3, 0), 6) / 6

    Other libraries take another slope in the middle: Keras divides by 5 up to its version 2.

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x, from 0 to 1; NaN stays NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Howard et al. (2019), Searching for MobileNetV3.

    Example:
        >>> hardsigmoid(np.array([-4.0, 0, 1.5]))
        array([0.  , 0.5 , 0.75])
    """
    return pointwise.forward(lambda x: np.minimum(np.maximum(x + 3, 0), 6) / 6, x)


def hardsigmoid_backward(dy, x):
    """Let a sixth of the upstream gradient through where −3 < x < 3, and nothing elsewhere.

    Returns dx, shaped as x.

    Example:
        >>> hardsigmoid_backward(np.array([6.0, 6, 6]), np.array([-4.0, 0, 3]))
        array([0., 1., 0.])
    """
    return pointwise.backward(lambda dy, x: np.where(np.abs(x) < 3, dy / 6, 0), dy, x)


def hardswish(x):
    """Approach x · sigmoid(x) without an exponential.

    y = x · min(max(x + 3, 0), 6) / 6

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; of minus infinity, minus infinity times 0, it is NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Howard et al. (2019), Searching for MobileNetV3.

    Example:
        >>> hardswish(np.array([-4.0, -1.5, 3, 8]))
        array([-0.   , -0.375,  3.   ,  8.   ])
    """
    return pointwise.forward(lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6, x)


def hardswish_backward(dy, x):
    """Weigh the upstream gradient with 0 up to −3, then with x/3 + 1/2, and from 3 on with 1.

    Returns dx, shaped as x.

    Example:
        >>> hardswish_backward(np.array([2.0, 2, 2, 2]), np.array([-3.0, -1.5, 0, 3]))
        array([0., 0., 1., 2.])
    """

    def f(dy, x):
        return np.where(x <= -3, 0, np.where(x >= 3, dy, dy * (x / 3 + 1 / 2)))

    return pointwise.backward(f, dy, x)
