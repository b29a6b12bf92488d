"""Activations with a bend instead of a kink: for what is positive nearly x itself."""

import math

import numpy as np

from lib.reference import _activations_pointwise as pointwise
from lib.reference._arguments import choice, number

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of SELU: mean 0, variance 1 stay so
ROOT = math.sqrt(2 / math.pi)


def elu(x, alpha=1.0):
    """Let what is positive through; bend the rest towards −alpha.

    y = x where x > 0, and alpha · (e^x − 1) elsewhere

    Args:
        x: any shape, float.
        alpha: a number, mostly above 0.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x is no array of floats, or alpha no number.
        ValueError: alpha is NaN.

    Source: Clevert, Unterthiner & Hochreiter (2016), Fast and accurate deep network learning by
    exponential linear units (ELUs).

    Example:
        >>> elu(np.array([-np.inf, 0, 3]), alpha=2.0)
        array([-2.,  0.,  3.])
    """
    a = number("alpha", alpha)
    return pointwise.forward(lambda x: np.where(x < 0, a * np.expm1(x), x), x)


def elu_backward(dy, x, alpha=1.0):
    """Weigh the upstream gradient with 1 where x > 0, and with alpha · e^x elsewhere.

    Returns dx, shaped as x.

    Example:
        >>> elu_backward(np.array([5.0, 5, 5]), np.array([-np.inf, 0, 3]), alpha=2.0)
        array([ 0., 10.,  5.])
    """
    a = number("alpha", alpha)
    return pointwise.backward(lambda dy, x: np.where(x > 0, dy, dy * a * np.exp(x)), dy, x)


def selu(x):
    """Let mean 0 and variance 1 pass from layer to layer.

    y = 1.0507… · elu(x, alpha=1.6732…)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x is no array of floats.

    Source: Klambauer, Unterthiner, Mayr & Hochreiter (2017), Self-normalizing neural networks.

    Example:
        >>> selu(np.array([-np.inf, 0, 1])).round(4)
        array([-1.7581,  0.    ,  1.0507])
    """
    return pointwise.forward(lambda x: SCALE * np.where(x < 0, ALPHA * np.expm1(x), x), x)


def selu_backward(dy, x):
    """Weigh the upstream gradient as `elu_backward` does, and scale it.

    Returns dx, shaped as x.

    Example:
        >>> selu_backward(np.array([1.0, 1, 1]), np.array([-np.inf, 0, 1])).round(4)
        array([0.    , 1.7581, 1.0507])
    """

    def f(dy, x):
        return dy * SCALE * np.where(x > 0, 1, ALPHA * np.exp(x))

    return pointwise.backward(f, dy, x)


def celu(x, alpha=1.0):
    """Bend towards −alpha, as `elu` does, but with slope 1 at 0 whatever alpha is.

    y = x where x > 0, and alpha · (e^(x/alpha) − 1) elsewhere

    Args:
        x: any shape, float.
        alpha: a number, not 0.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x is no array of floats, or alpha no number.
        ValueError: alpha is 0 or NaN.

    Source: Barron (2017), Continuously differentiable exponential linear units.

    Example:
        >>> celu(np.array([-np.inf, 0, 3]), alpha=2.0)
        array([-2.,  0.,  3.])
    """
    a = _divisor("alpha", alpha)
    return pointwise.forward(lambda x: np.where(x < 0, a * np.expm1(x / a), x), x)


def celu_backward(dy, x, alpha=1.0):
    """Weigh the upstream gradient with 1 where x > 0, and with e^(x/alpha) elsewhere.

    Returns dx, shaped as x.

    Example:
        >>> celu_backward(np.array([5.0, 5, 5]), np.array([-np.inf, 0, 3]), alpha=2.0)
        array([0., 5., 5.])
    """
    a = _divisor("alpha", alpha)
    return pointwise.backward(lambda dy, x: np.where(x > 0, dy, dy * np.exp(x / a)), dy, x)


def softplus(x, beta=1.0, threshold=20.0):
    """Bend smoothly from 0 to x.

    y = log(1 + e^(beta · x)) / beta, and x itself where beta · x > threshold

    Args:
        x: any shape, float.
        beta: how sharp the bend is; a number, not 0.
        threshold: from where on nobody sees the difference; a number.

    Returns:
        y: shape and dtype of x.

    Raises:
        TypeError: x is no array of floats, or an option no number.
        ValueError: beta is 0, or an option is NaN.

    Source: Dugas et al. (2001), Incorporating second-order functional knowledge for better option
    pricing.

    Example:
        >>> softplus(np.array([-np.inf, 0, 30])).round(4)
        array([ 0.    ,  0.6931, 30.    ])
    """
    b, linear = _divisor("beta", beta), number("threshold", threshold)
    return pointwise.forward(
        lambda x: np.where(b * x > linear, x, pointwise.softplus(b * x) / b), x
    )


def softplus_backward(dy, x, beta=1.0, threshold=20.0):
    """Weigh the upstream gradient with sigmoid(beta · x), and with 1 beyond the threshold.

    Returns dx, shaped as x.

    Example:
        >>> softplus_backward(np.array([2.0, 2, 2]), np.array([-np.inf, 0, 30]))
        array([0., 1., 2.])
    """
    b, linear = _divisor("beta", beta), number("threshold", threshold)

    def f(dy, x):
        return np.where(b * x > linear, dy, dy * pointwise.sigmoid(b * x))

    return pointwise.backward(f, dy, x)


def gelu(x, approximate="none"):
    """Weigh x with the probability that a standard normal deviate lies below it.

    y = x · Φ(x), where Φ(x) = (1 + erf(x / √2)) / 2; or, with approximate="tanh",
    y = x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2

    Args:
        x: any shape, float.
        approximate: "none" or "tanh", which differs by at most 5e-4.

    Returns:
        y: shape and dtype of x; of minus infinity, minus infinity times 0, it is NaN.

    Raises:
        TypeError: x is no array of floats, or approximate no text.
        ValueError: approximate is another word.

    Source: Hendrycks & Gimpel (2016), Gaussian error linear units (GELUs).

    Example:
        >>> gelu(np.array([-1.0, 0, 1])).round(4)
        array([-0.1587,  0.    ,  0.8413])
        >>> gelu(np.array([-1.0, 0, 1]), approximate="tanh").round(4)
        array([-0.1588,  0.    ,  0.8412])
    """
    if choice("approximate", approximate, ("none", "tanh")) == "none":
        return pointwise.forward(lambda x: x * _below(x), x)
    return pointwise.forward(lambda x: x * pointwise.sigmoid(_inner(x)), x)


def gelu_backward(dy, x, approximate="none"):
    """Weigh the upstream gradient with Φ(x) + x · Φ'(x), or the slope of the approximation.

    Returns dx, shaped as x.

    Example:
        >>> gelu_backward(np.array([1.0, 1, 1]), np.array([-1.0, 0, 1])).round(4)
        array([-0.0833,  0.5   ,  1.0833])
    """

    def exact(dy, x):
        return dy * (_below(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi))

    def near(dy, x):
        p = pointwise.sigmoid(_inner(x))
        return dy * (p + x * p * (1 - p) * 2 * ROOT * (1 + 3 * 0.044715 * x * x))

    word = choice("approximate", approximate, ("none", "tanh"))
    return pointwise.backward(exact if word == "none" else near, dy, x)


_erfc = np.frompyfunc(math.erfc, 1, 1)


def _below(x):
    """Φ(x), by the function that keeps its digits where Φ(x) is small: erfc(z) = 1 − erf(z)."""
    return _erfc(x * -math.sqrt(0.5)).astype(x.dtype) / 2


def _inner(x):
    """Twice what stands in the approximation's tanh, as (1 + tanh(u)) / 2 = sigmoid(2u)."""
    return 2 * ROOT * (x + 0.044715 * x * x * x)


def silu(x):
    """Weigh x with its own sigmoid; also called swish.

    y = x · sigmoid(x) = x / (1 + e^−x)

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; of minus infinity, minus infinity times 0, it is NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Elfwing, Uchibe & Doya (2018), Sigmoid-weighted linear units for neural network
    function approximation in reinforcement learning.

    Example:
        >>> silu(np.array([-1.0, 0, 1])).round(4)
        array([-0.2689,  0.    ,  0.7311])
    """
    return pointwise.forward(silu_of, x)


def silu_backward(dy, x):
    """Weigh the upstream gradient with p · (1 + x · (1 − p)), where p = sigmoid(x).

    Returns dx, shaped as x.

    Example:
        >>> silu_backward(np.array([1.0, 1, 1]), np.array([-1.0, 0, 1])).round(4)
        array([0.0723, 0.5   , 0.9277])
    """
    return pointwise.backward(lambda dy, x: dy * silu_slope_of(x), dy, x)


def silu_of(x):
    """X · sigmoid(x)."""
    return x * pointwise.sigmoid(x)


def silu_slope_of(x):
    """The slope of x · sigmoid(x)."""
    p = pointwise.sigmoid(x)
    return p * (1 + x * (1 - p))


def mish(x):
    """Weigh x with the tanh of its softplus.

    y = x · tanh(log(1 + e^x))

    Args:
        x: any shape, float.

    Returns:
        y: shape and dtype of x; of minus infinity, minus infinity times 0, it is NaN.

    Raises:
        TypeError: x is no array of floats.

    Source: Misra (2019), Mish: a self regularized non-monotonic activation function.

    Example:
        >>> mish(np.array([-1.0, 0, 1])).round(4)
        array([-0.3034,  0.    ,  0.8651])
    """
    return pointwise.forward(lambda x: x * np.tanh(pointwise.softplus(x)), x)


def mish_backward(dy, x):
    """Weigh the upstream gradient with t + x · (1 − t²) · sigmoid(x), where t is mish's tanh.

    Returns dx, shaped as x.

    Example:
        >>> mish_backward(np.array([1.0, 1, 1]), np.array([-1.0, 0, 1])).round(4)
        array([0.0592, 0.6   , 1.049 ])
    """

    def f(dy, x):
        t = np.tanh(pointwise.softplus(x))
        return dy * (t + x * (1 - t * t) * pointwise.sigmoid(x))

    return pointwise.backward(f, dy, x)


def _divisor(name, value):
    if number(name, value) == 0:
        raise ValueError(f"{name} must not be 0: the function divides by it")
    return float(value)
