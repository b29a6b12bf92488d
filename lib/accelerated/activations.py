"""Activations in torch: the twin of `lib.reference.activations`, differentiable, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; here `x` is a tensor of float16, bfloat16, float32 or float64 and the
result lies where x lies. Backwards are autograd's.

Nothing here calls torch's own activations: all are made of clamp, exp, expm1, log1p and erfc.
Where autograd's chain of slopes would be wrong at a kink, meet infinity times 0, or keep one
tensor for each step, the slope is given; the rest are products of these, and left to autograd. One
built-in kernel does in one sweep what is a handful here; under `torch.compile` they become one.

Example:
    >>> import torch
    >>> x = torch.tensor([-1.0, 0, 2], requires_grad=True)
    >>> relu(x).sum().backward()
    >>> x.grad
    tensor([0., 0., 1.])
"""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import choice, float_tensor, matching, number

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softplus",
    "softsign",
    "swiglu",
    "tanh",
    "threshold",
]

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805  # of SELU: mean 0, variance 1 stay so
FLAT = 20.0  # tanh(20) is 1 in float64


def sigmoid(x):
    """Press any number into the range from 0 to 1.

    Example:
        >>> import torch
        >>> sigmoid(torch.tensor([-torch.inf, 0, 1]))
        tensor([0.0000, 0.5000, 0.7311])
    """
    return _pointwise(_sigmoid, x)


def logsigmoid(x):
    """Take the logarithm of the sigmoid, without taking it of 0.

    Example:
        >>> import torch
        >>> logsigmoid(torch.tensor([-1000.0, 0]))
        tensor([-1.0000e+03, -6.9315e-01])
    """
    return _pointwise(lambda x: -_softplus(-x), x)


def tanh(x):
    """Press any number into the range from −1 to 1.

    Example:
        >>> import torch
        >>> tanh(torch.tensor([-torch.inf, 0, 1]))
        tensor([-1.0000,  0.0000,  0.7616])
    """
    return _pointwise(_tanh, x)


def softsign(x):
    """Press any number into the range from −1 to 1, more gently than `tanh`.

    Example:
        >>> import torch
        >>> softsign(torch.tensor([-1.0, 0, 3]))
        tensor([-0.5000,  0.0000,  0.7500])
    """
    return _pointwise(lambda x: x / (1 + x.abs()), x)


def relu(x):
    """Let what is positive through, and nothing else.

    Example:
        >>> import torch
        >>> relu(torch.tensor([-2.0, 0, 3]))
        tensor([0., 0., 3.])
    """

    def passed_back(dy, y, x):
        return torch.where(x <= 0, 0, dy)

    return _pointwise(lambda x: _Given.apply(lambda x: x.clamp(min=0), passed_back, x), x)


def threshold(x, threshold, value):
    """Replace what does not exceed a threshold.

    Example:
        >>> import torch
        >>> threshold(torch.tensor([-2.0, 1, 3]), 1.0, 7.0)
        tensor([7., 7., 3.])
    """
    least, value = number("threshold", threshold), number("value", value)
    return _pointwise(lambda x: torch.where(x <= least, value, x), x)


def leaky_relu(x, negative_slope=0.01):
    """Let what is positive through, and a little of what is negative.

    Example:
        >>> import torch
        >>> leaky_relu(torch.tensor([-2.0, 0, 3]), 0.25)
        tensor([-0.5000,  0.0000,  3.0000])
    """
    slope = number("negative_slope", negative_slope)

    def f(x):
        return x.clamp(min=0) + slope * x.clamp(max=0)

    def passed_back(dy, y, x):
        return torch.where(x > 0, dy, slope * dy)

    return _pointwise(lambda x: _Given.apply(f, passed_back, x), x)


def prelu(x, weight):
    """Let what is positive through, and learn how much of what is negative.

    Example:
        >>> import torch
        >>> prelu(torch.tensor([[-2.0, -2], [3, 3]]), torch.tensor([0.25, 0.5]))
        tensor([[-0.5000, -1.0000],
                [ 3.0000,  3.0000]])
    """
    float_tensor("x", x)

    def f(x, weight):
        return x.clamp(min=0) + weight * x.clamp(max=0)

    def passed_back(dy, y, x, weight):
        dweight = dy * x.clamp(max=0)
        return torch.where(x > 0, dy, weight * dy), dweight.sum_to_size(weight.shape)

    def given(x, weight):
        return _Given.apply(f, passed_back, x, weight)

    return _pointwise(given, x, _each_channels(weight, x))


def _each_channels(weight, x):
    """Return the weight with as many axes as x, its own along the channels."""
    matching("weight", weight, x)
    channels = x.shape[1] if x.dim() > 1 else 1
    if weight.dim() > 1 or weight.numel() not in (1, channels):
        raise ValueError(
            f"weight must hold one slope, or one for each of the {channels} channels of x "
            f"{tuple(x.shape)}, along one axis; got shape {tuple(weight.shape)}"
        )
    return weight.reshape(-1, *(1,) * (x.dim() - 2)) if x.dim() else weight.reshape(())


def hardtanh(x, min_val=-1.0, max_val=1.0):
    """Cut off what lies outside a range.

    Example:
        >>> import torch
        >>> hardtanh(torch.tensor([-2.0, 0.5, 3]))
        tensor([-1.0000,  0.5000,  1.0000])
    """
    low, high = number("min_val", min_val), number("max_val", max_val)
    if low > high:
        raise ValueError(f"min_val must not be above max_val, got {min_val!r} and {max_val!r}")
    return _pointwise(lambda x: _cut_off(x, low, high), x)


def relu6(x):
    """Let what is positive through, up to 6.

    Example:
        >>> import torch
        >>> relu6(torch.tensor([-2.0, 3, 8]))
        tensor([0., 3., 6.])
    """
    return hardtanh(x, 0.0, 6.0)


def hardsigmoid(x):
    """Approach the sigmoid by three straight pieces.

    Example:
        >>> import torch
        >>> hardsigmoid(torch.tensor([-4.0, 0, 1.5]))
        tensor([0.0000, 0.5000, 0.7500])
    """
    return _pointwise(lambda x: _cut_off(x + 3, 0, 6) / 6, x)


def hardswish(x):
    """Approach x · sigmoid(x) without an exponential.

    Example:
        >>> import torch
        >>> hardswish(torch.tensor([-4.0, -1.5, 3, 8]))
        tensor([-0.0000, -0.3750,  3.0000,  8.0000])
    """
    return _pointwise(lambda x: x * _cut_off(x + 3, 0, 6) / 6, x)


def elu(x, alpha=1.0):
    """Let what is positive through; bend the rest towards −alpha.

    Example:
        >>> import torch
        >>> elu(torch.tensor([-torch.inf, 0, 3]), alpha=2.0)
        tensor([-2.,  0.,  3.])
    """
    alpha = number("alpha", alpha)
    return _pointwise(lambda x: _bent(x, alpha, 1), x)


def selu(x):
    """Let mean 0 and variance 1 pass from layer to layer.

    Example:
        >>> import torch
        >>> selu(torch.tensor([-torch.inf, 0, 1]))
        tensor([-1.7581,  0.0000,  1.0507])
    """
    return _pointwise(lambda x: SCALE * _bent(x, ALPHA, 1), x)


def celu(x, alpha=1.0):
    """Bend towards −alpha, as `elu` does, but with slope 1 at 0 whatever alpha is.

    Example:
        >>> import torch
        >>> celu(torch.tensor([-torch.inf, 0, 3]), alpha=2.0)
        tensor([-2.,  0.,  3.])
    """
    alpha = _divisor("alpha", alpha)
    return _pointwise(lambda x: _bent(x, alpha, alpha), x)


def softplus(x, beta=1.0, threshold=20.0):
    """Bend smoothly from 0 to x.

    Example:
        >>> import torch
        >>> softplus(torch.tensor([-torch.inf, 0, 30]))
        tensor([ 0.0000,  0.6931, 30.0000])
    """
    beta, linear = _divisor("beta", beta), number("threshold", threshold)
    return _pointwise(lambda x: torch.where(beta * x > linear, x, _softplus(beta * x) / beta), x)


def gelu(x, approximate="none"):
    """Weigh x with the probability that a standard normal deviate lies below it.

    Example:
        >>> import torch
        >>> gelu(torch.tensor([-1.0, 0, 1]))
        tensor([-0.1587,  0.0000,  0.8413])
    """
    if choice("approximate", approximate, ("none", "tanh")) == "none":
        return _pointwise(lambda x: x * torch.erfc(x * -math.sqrt(0.5)) / 2, x)
    root = math.sqrt(2 / math.pi)
    return _pointwise(lambda x: x * _sigmoid(2 * root * (x + 0.044715 * x * x * x)), x)


def silu(x):
    """Weigh x with its own sigmoid; also called swish.

    Example:
        >>> import torch
        >>> silu(torch.tensor([-1.0, 0, 1]))
        tensor([-0.2689,  0.0000,  0.7311])
    """
    return _pointwise(lambda x: x * _sigmoid(x), x)


def mish(x):
    """Weigh x with the tanh of its softplus.

    Example:
        >>> import torch
        >>> mish(torch.tensor([-1.0, 0, 1]))
        tensor([-0.3034,  0.0000,  0.8651])
    """
    return _pointwise(lambda x: x * _tanh(_softplus(x)), x)


def glu(x, dim=-1):
    """Weigh the first half of an axis with the sigmoid of the second.

    Example:
        >>> import torch
        >>> glu(torch.tensor([3.0, 4, 0, torch.inf]))
        tensor([1.5000, 4.0000])
    """
    return _pointwise(lambda a, b: a * _sigmoid(b), *_halves(x, dim))


def swiglu(x, dim=-1):
    """Weigh the second half of an axis with the swish of the first.

    Example:
        >>> import torch
        >>> swiglu(torch.tensor([1.0, 0, 10, 10]))
        tensor([7.3106, 0.0000])
    """
    return _pointwise(lambda a, b: a * _sigmoid(a) * b, *_halves(x, dim))


def _halves(x, dim):
    dim = shapes.halved(float_tensor("x", x).shape, dim)
    return x.chunk(2, dim) if x.shape[dim] else (x, x)  # torch chops nothing into one piece


def _pointwise(f, x, *others):
    """Return f(x, *others) in the dtype of x; narrow ones are computed in float32."""
    dtype = torch.promote_types(float_tensor("x", x).dtype, torch.float32)
    return f(x.to(dtype), *(other.to(dtype) for other in others)).to(x.dtype)


class _Given(torch.autograd.Function):
    """y = f(x, *others), whose gradient is passed_back(dy, y, x, *others), and again has one."""

    @staticmethod
    def forward(f, passed_back, x, *others):
        return f(x, *others)

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.passed_back, *tensors = inputs
        ctx.save_for_backward(output, *tensors)

    @staticmethod
    def backward(ctx, dy):
        slopes = ctx.passed_back(dy, *ctx.saved_tensors)
        return None, None, *(slopes if isinstance(slopes, tuple) else (slopes,))


def _sigmoid(x):
    def f(x):
        return (-x).exp_().add_(1).reciprocal_()

    return _Given.apply(f, lambda dy, y, x: dy * y * (1 - y), x)


def _tanh(x):
    def f(x):
        t = torch.expm1(2 * x.clamp(-FLAT, FLAT))  # e^2x − 1, which near 0 keeps its digits
        return t / (2 + t)

    return _Given.apply(f, lambda dy, y, x: dy * (1 - y * y), x)


def _softplus(x):
    def f(x):
        return (-x.abs()).exp_().log1p_().add_(x.clamp(min=0))

    return _Given.apply(f, lambda dy, y, x: dy * -torch.expm1(-y), x)  # 1 − e^−y = sigmoid(x)


def _cut_off(x, low, high):
    """Cut off what lies outside a range; at its ends, outside and of NaN the slope is 0."""

    def passed_back(dy, y, x):
        return torch.where((low < x) & (x < high), dy, 0)

    return _Given.apply(lambda x: x.clamp(low, high), passed_back, x)


def _bent(x, alpha, width):
    """Return x where it is positive, elsewhere alpha · (e^(x / width) − 1)."""

    def f(x):
        return x.clamp(min=0) + alpha * torch.expm1(x.clamp(max=0) / width)

    def passed_back(dy, y, x):
        return torch.where(x > 0, dy, dy * (alpha / width) * torch.exp(x.clamp(max=0) / width))

    return _Given.apply(f, passed_back, x)


def _divisor(name, value):
    if number(name, value) == 0:
        raise ValueError(f"{name} must not be 0: the function divides by it")
    return float(value)
