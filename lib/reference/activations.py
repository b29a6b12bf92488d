"""Activations: the bends between the layers, without which a deep network is one straight line.

The S-shaped ones stand here. `_activations_rectified.py` has those of straight pieces,
`_activations_smooth.py` their rounded kin, `_activations_gated.py` those in which one half of
the channels weighs the other, and `_activations_pointwise.py` what all have in common.

Names, order of arguments, defaults and meaning are those of torch.nn.functional, whose `input`
is our `x`. Every function keeps float16, float32 or float64 (whole numbers are refused, as they
have no slope), takes any shape, and never writes into its arguments. A `_backward` takes the
upstream gradient `dy`, in the shape and dtype of y, and then forward's own arguments. At a kink
the slope is the one that torch takes; each `_backward` says which. Where y is infinity times 0
it is NaN, as in torch.
"""

import numpy as np

from lib.reference import _activations_pointwise as pointwise
from lib.reference._activations_gated import glu, glu_backward, swiglu, swiglu_backward
from lib.reference._activations_rectified import (
    hardsigmoid,
    hardsigmoid_backward,
    hardswish,
    hardswish_backward,
    hardtanh,
    hardtanh_backward,
    leaky_relu,
    leaky_relu_backward,
    prelu,
    prelu_backward,
    relu,
    relu6,
    relu6_backward,
    relu_backward,
    threshold,
    threshold_backward,
)
from lib.reference._activations_smooth import (
    celu,
    celu_backward,
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    mish,
    mish_backward,
    selu,
    selu_backward,
    silu,
    silu_backward,
    softplus,
    softplus_backward,
)

__all__ = [
    "celu",
    "celu_backward",
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "glu",
    "glu_backward",
    "hardsigmoid",
    "hardsigmoid_backward",
    "hardswish",
    "hardswish_backward",
    "hardtanh",
    "hardtanh_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "logsigmoid",
    "logsigmoid_backward",
    "mish",
    "mish_backward",
    "prelu",
    "prelu_backward",
    "relu",
    "relu6",
    "relu6_backward",
    "relu_backward",
    "selu",
    "selu_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "softsign",
    "softsign_backward",
    "swiglu",
    "swiglu_backward",
    "tanh",
    "tanh_backward",
    "threshold",
    "threshold_backward",
]


def sigmoid(x):
    """Press any number into the range from 0 to 1.

    y = 1 / (1 + e^−x)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x, from 0 to 1.

    Raises:
        TypeError: x is no array of floats.

    Source: Rumelhart, Hinton & Williams (1986), Learning representations by back-propagating
    errors.

    Example:
        >>> sigmoid(np.array([-np.inf, 0, 1])).round(4)
        array([0.    , 0.5   , 0.7311])
    """
    return pointwise.forward(pointwise.sigmoid, x)


def sigmoid_backward(dy, x):
    """Weigh the upstream gradient with y · (1 − y), at most a quarter.

    Returns dx, shaped as x.

    Example:
        >>> sigmoid_backward(np.array([4.0, 4]), np.array([0, np.inf]))
        array([1., 0.])
    """

    def f(dy, x):
        y = pointwise.sigmoid(x)
        return dy * y * (1 - y)

    return pointwise.backward(f, dy, x)


def logsigmoid(x):
    """Take the logarithm of the sigmoid, without taking it of 0.

    y = log(1 / (1 + e^−x)) = −log(1 + e^−x)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x, at most 0.

    Raises:
        TypeError: x is no array of floats.

    Source: Mächler (2012), Accurately computing `log(1 − exp(−|a|))`.

    Example:
        >>> logsigmoid(np.array([-800.0, 0])).round(4)
        array([-8.000e+02, -6.931e-01])
    """
    return pointwise.forward(lambda x: -pointwise.softplus(-x), x)


def logsigmoid_backward(dy, x):
    """Weigh the upstream gradient with sigmoid(−x).

    Returns dx, shaped as x.

    Example:
        >>> logsigmoid_backward(np.array([2.0, 2]), np.array([-1000.0, 0]))
        array([2., 1.])
    """
    return pointwise.backward(lambda dy, x: dy * pointwise.sigmoid(-x), dy, x)


def tanh(x):
    """Press any number into the range from −1 to 1.

    y = (e^x − e^−x) / (e^x + e^−x)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x, from −1 to 1.

    Raises:
        TypeError: x is no array of floats.

    Source: LeCun, Bottou, Orr & Müller (1998), Efficient backprop.

    Example:
        >>> tanh(np.array([-np.inf, 0, 1])).round(4)
        array([-1.    ,  0.    ,  0.7616])
    """
    return pointwise.forward(np.tanh, x)


def tanh_backward(dy, x):
    """Weigh the upstream gradient with 1 − y².

    Returns dx, shaped as x.

    Example:
        >>> tanh_backward(np.array([2.0, 2]), np.array([0, np.inf]))
        array([2., 0.])
    """
    return pointwise.backward(lambda dy, x: dy * (1 - np.tanh(x) ** 2), dy, x)


def softsign(x):
    """Press any number into the range from −1 to 1, more gently than `tanh`.

    y = x / (1 + |x|)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; of an infinity, infinity over infinity, it is NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks.

    Example:
        >>> softsign(np.array([-1.0, 0, 3]))
        array([-0.5 ,  0.  ,  0.75])
    """
    return pointwise.forward(lambda x: x / (1 + np.abs(x)), x)


def softsign_backward(dy, x):
    """Weigh the upstream gradient with `1 / (1 + |x|)²`.

    Returns dx, shaped as x; NaN where y is.

    Example:
        >>> softsign_backward(np.array([4.0, 4, 4]), np.array([-1.0, 0, 3]))
        array([1.  , 4.  , 0.25])
    """

    def f(dy, x):
        return np.where(np.isinf(x), np.nan, dy / (1 + np.abs(x)) ** 2)

    return pointwise.backward(f, dy, x)
