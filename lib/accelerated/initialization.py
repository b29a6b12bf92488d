"""Initialization in torch: the twin of `lib.reference.initialization`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; dtypes are torch's, bfloat16 among them, and float32 if None. What is
drawn lies where `rng` does, a `torch.Generator` or the tensor of uniforms in [0, 1) that it would
have yielded in float64; what is not drawn lies on `device`, the CPU if None.

Example:
    >>> import torch
    >>> w = kaiming_normal(torch.Generator().manual_seed(0), (8, 3, 5, 5), nonlinearity="relu")
    >>> w.shape, w.dtype, w.device
    (torch.Size([8, 3, 5, 5]), torch.float32, device(type='cpu'))
"""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import FLOATS, choice, float_tensor, number, uniforms

__all__ = [
    "calculate_gain",
    "constant",
    "dirac",
    "eye",
    "fans",
    "kaiming_normal",
    "kaiming_uniform",
    "lsuv",
    "normal",
    "ones",
    "orthogonal",
    "sparse",
    "trunc_normal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
    "zeros",
]

GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def zeros(shape, dtype=None, device=None):
    """Fill with 0: right for biases, wrong for weights, whose units would all stay alike.

    Example:
        >>> zeros((2, 3))
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return constant(shape, 0.0, dtype, device)


def ones(shape, dtype=None, device=None):
    """Fill with 1: where normalization's scale starts.

    Example:
        >>> ones(3)
        tensor([1., 1., 1.])
    """
    return constant(shape, 1.0, dtype, device)


def constant(shape, val, dtype=None, device=None):
    """Fill with one number.

    Example:
        >>> constant((1, 2), 0.5)
        tensor([[0.5000, 0.5000]])
    """
    shape, dtype, device = _place(shape, dtype, device)
    if math.isfinite(number("val", val)):
        _within("val", val, dtype)
    return torch.full(shape, float(val), dtype=dtype, device=device)


def eye(shape, dtype=None, device=None):
    """Start a linear layer as the identity: w[i, j] = 1 where i = j, else 0.

    Example:
        >>> eye((2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    shape, dtype, device = _place(shape, dtype, device)
    rows, columns = (torch.arange(size, device=device) for size in _axes(shape, (2,)))
    return (rows[:, None] == columns).to(dtype)


def dirac(shape, groups=1, dtype=None, device=None):
    """Start a convolution as the identity: the middle of the kernel passes channel c to c.

    Example:
        >>> dirac((2, 2, 3))
        tensor([[[0., 1., 0.],
                 [0., 0., 0.]],
        <BLANKLINE>
                [[0., 0., 0.],
                 [0., 1., 0.]]])
    """
    shape, dtype, device = _place(shape, dtype, device)
    outputs, inputs, *kernel = _axes(shape, (3, 4, 5))
    if 0 in kernel:
        raise ValueError(f"a kernel must have a cell in its middle, got shape {shape}")
    if outputs % shapes.whole("groups", groups, minimum=1):
        raise ValueError(f"groups must divide the {outputs} outputs of shape, got {groups}")
    w = torch.full(shape, 0.0, dtype=dtype, device=device)
    channels = torch.arange(min(outputs // groups, inputs), device=device)
    for first in range(0, outputs, max(outputs // groups, 1)):
        w[(first + channels, channels, *(size // 2 for size in kernel))] = 1
    return w


def uniform(rng, shape, a=0.0, b=1.0, dtype=None):
    """Draw from the uniform distribution over [a, b): w = a + (b − a)·u.

    Example:
        >>> import torch
        >>> uniform(torch.tensor([0.0, 0.25, 0.5]), 3, -1.0, 1.0)
        tensor([-1.0000, -0.5000,  0.0000])
    """
    shape, dtype = shapes.axes_of(shape), _dtype(dtype)
    a, b = _within("a", a, dtype), _within("b", b, dtype)
    if a > b:
        raise ValueError(f"a must be at most b, got a = {a} and b = {b}")
    w = (a + _within("b − a", b - a, dtype) * _drawn(rng, shape)).to(dtype)
    below_b = torch.nextafter(torch.tensor(b, dtype=dtype), torch.tensor(a, dtype=dtype))
    return w.clamp(max=below_b.item())


def normal(rng, shape, mean=0.0, std=1.0, dtype=None):
    """Draw from the normal distribution: mean + std·(the standard normal's quantile of u).

    Example:
        >>> import torch
        >>> normal(torch.tensor([0.5, 0.75]), 2, mean=1.0, std=0.25)
        tensor([1.0000, 1.1686])
    """
    shape, dtype = shapes.axes_of(shape), _dtype(dtype)
    mean, std = _finite("mean", mean), _finite("std", std, minimum=0)
    return (mean + std * _quantile(_drawn_above_zero(rng, shape))).to(dtype)


def trunc_normal(rng, shape, mean=0.0, std=1.0, a=-2.0, b=2.0, dtype=None):
    """Draw from the normal distribution between a and b, absolute numbers, not multiples of std.

    Example:
        >>> import torch
        >>> trunc_normal(torch.tensor([0.0, 0.5, 0.75]), 3, std=2.0)
        tensor([-2.0000,  0.0000,  0.8835])
    """
    shape, dtype = shapes.axes_of(shape), _dtype(dtype)
    mean, std, a, b = _finite("mean", mean), _finite("std", std), number("a", a), number("b", b)
    if not (std > 0 and a <= b):
        raise ValueError(f"expected std > 0 and a ≤ b, got std = {std}, a = {a} and b = {b}")
    u = _drawn_above_zero(rng, shape)
    low, high, side = (a - mean) / std, (b - mean) / std, 1
    if low > 0:  # small shares are exact, those near 1 are not: look from the other side
        low, high, side, u = -high, -low, -1, 1 - u
    below, above = _share_below(low), _share_below(high)
    if not above:
        raise ValueError(f"[{a}, {b}] is too far from {mean} for draws with std = {std}")
    w = mean + side * std * _quantile(below + u * (above - below))
    return w.clamp(a, b).to(dtype)


def xavier_uniform(rng, shape, gain=1.0, dtype=None):
    """Draw uniformly, with the variance gain²·2 / (fan_in + fan_out).

    Example:
        >>> import torch
        >>> xavier_uniform(torch.tensor([[0.25, 0.75]]), (1, 2))
        tensor([[-0.7071,  0.7071]])
    """
    bound = math.sqrt(3) * _xavier_std(shape, gain)
    return uniform(rng, shape, -bound, bound, dtype)


def xavier_normal(rng, shape, gain=1.0, dtype=None):
    """Draw normal deviates of the variance gain²·2 / (fan_in + fan_out).

    Example:
        >>> import torch
        >>> xavier_normal(torch.tensor([[0.5, 0.75]]), (1, 2), gain=1.5)
        tensor([[0.0000, 0.8261]])
    """
    return normal(rng, shape, 0.0, _xavier_std(shape, gain), dtype)


def kaiming_uniform(rng, shape, a=0, mode="fan_in", nonlinearity="leaky_relu", dtype=None):
    """Draw uniformly, with the variance gain² / fan.

    Example:
        >>> import torch
        >>> kaiming_uniform(torch.tensor([[0.25, 0.75, 0.5]]), (1, 3), nonlinearity="relu")
        tensor([[-0.7071,  0.7071,  0.0000]])
    """
    bound = math.sqrt(3) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(rng, shape, -bound, bound, dtype)


def kaiming_normal(rng, shape, a=0, mode="fan_in", nonlinearity="leaky_relu", dtype=None):
    """Draw normal deviates of the variance gain² / fan.

    Example:
        >>> import torch
        >>> kaiming_normal(torch.tensor([[0.5, 0.75]]), (1, 2), nonlinearity="relu")
        tensor([[0.0000, 0.6745]])
    """
    return normal(rng, shape, 0.0, _kaiming_std(shape, a, mode, nonlinearity), dtype)


def orthogonal(rng, shape, gain=1, dtype=None):
    """Draw a matrix whose rows or columns, the fewer of both, are orthonormal.

    Example:
        >>> import torch
        >>> w = orthogonal(torch.Generator().manual_seed(0), (2, 3))
        >>> torch.allclose(w @ w.T, torch.eye(2), atol=1e-6)
        True
    """
    shape, dtype = shapes.axes_of(shape, least=2), _dtype(dtype)
    return (_finite("gain", gain) * _orthonormal(rng, shape)).to(dtype)


def sparse(rng, shape, sparsity, std=0.01, dtype=None):
    """Draw normal deviates, and set a share of each column to zero.

    Example:
        >>> import torch
        >>> u = torch.tensor([[[0.75, 0.75], [0.25, 0.25]], [[0.3, 0.6], [0.7, 0.2]]])
        >>> sparse(u, (2, 2), sparsity=0.5, std=1.0)
        tensor([[ 0.0000,  0.6745],
                [-0.6745,  0.0000]])
    """
    shape, dtype = _axes(shapes.axes_of(shape), (2,)), _dtype(dtype)
    sparsity, std = _finite("sparsity", sparsity, minimum=0), _finite("std", std, minimum=0)
    if sparsity > 1:
        raise ValueError(f"sparsity must be at most 1, a share of each column, got {sparsity}")
    values, order = _drawn_above_zero(rng, (2, *shape))
    chosen = order.argsort(dim=0, stable=True)[: math.ceil(sparsity * shape[0])]
    return (std * _quantile(values)).scatter(0, chosen, 0.0).to(dtype)


def lsuv(rng, shape, x, dtype=None):
    """Start a layer as an orthogonal matrix, scaled until its outputs have variance 1 on data.

    x lies where rng does.

    Example:
        >>> import torch
        >>> x = 5 * torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
        >>> w = lsuv(torch.Generator().manual_seed(1), (4, 8), x)
        >>> round((x @ w.T).var(correction=0).item(), 5)
        1.0
    """
    shape, dtype, x = shapes.axes_of(shape, least=2), _dtype(dtype), float_tensor("x", x)
    inputs = math.prod(shape[1:])
    if x.ndim < 1 or x.shape[-1] != inputs:
        raise ValueError(f"x must end in an axis of {inputs} inputs, got shape {tuple(x.shape)}")
    q = _orthonormal(rng, shape)
    if x.device != q.device:
        raise ValueError(f"x must lie where rng does, {q.device}, got {x.device}")
    y = x.detach().to(q.dtype) @ q.reshape(-1, inputs).T
    std = y.std(correction=0).item() if y.numel() else 0.0
    if not 0 < std < math.inf:
        raise ValueError(f"the outputs on x must vary and be finite, got a deviation of {std}")
    return (q / std).to(dtype)


def calculate_gain(nonlinearity, param=None):
    """Return the factor by which a layer's weights make up for the nonlinearity behind it.

    Example:
        >>> calculate_gain("leaky_relu", 1.0), calculate_gain("selu")
        (1.0, 0.75)
    """
    if choice("nonlinearity", nonlinearity, [*GAINS, "leaky_relu"]) != "leaky_relu":
        return GAINS[nonlinearity]
    slope = 0.01 if param is None else number("param", param)
    return math.sqrt(2 / (1 + slope * slope))


def fans(shape):
    """Return fan_in, how many inputs an output hears, and fan_out, how many outputs hear it.

    Example:
        >>> fans((16, 3, 5, 5))  # 16 channels out, 3 in, 5×5 kernels
        (75, 400)
    """
    return shapes.fans(shape)


def _xavier_std(shape, gain):
    return _finite("gain", gain, minimum=0) * math.sqrt(2 / max(sum(fans(shape)), 1))


def _kaiming_std(shape, a, mode, nonlinearity):
    choice("mode", mode.lower() if isinstance(mode, str) else mode, ("fan_in", "fan_out"))
    fan_in, fan_out = fans(shape)
    fan = fan_in if mode.lower() == "fan_in" else fan_out
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))  # 0: there are no weights


def _orthonormal(rng, shape):
    """Draw what `orthogonal` scales, in the width of the draws."""
    z = _quantile(_drawn_above_zero(rng, shape)).reshape(shape[0], math.prod(shape[1:]))
    wide = z.shape[0] < z.shape[1]
    q, r = torch.linalg.qr(z.T if wide else z)
    q = q * torch.where(r.diagonal() < 0, -1.0, 1.0)
    return (q.T if wide else q).reshape(shape)


def _drawn(rng, shape):
    on_mps = str(getattr(rng, "device", None)).startswith("mps")  # which has no float64
    exact = torch.float32 if on_mps else torch.float64
    return uniforms(rng, shape, None, exact).detach().to(exact)


def _drawn_above_zero(rng, shape):
    return _drawn(rng, shape).clamp(min=2**-54)  # the quantile of 0 is minus infinity


def _quantile(p):
    """Return the numbers below which a share p of all standard normal deviates lies."""
    limits = torch.finfo(p.dtype)  # rounding may have taken p to 0 or 1
    return torch.special.ndtri(p.clamp(limits.tiny, 1 - limits.eps / 2))


def _share_below(z):
    """Return which share of all standard normal deviates lies below z."""
    return math.erfc(-z / math.sqrt(2)) / 2


def _dtype(dtype):
    if dtype not in (None, *FLOATS):
        raise TypeError(
            f"dtype must be torch.float16, bfloat16, float32 or float64, got {dtype!r}"
        )
    return dtype or torch.float32


def _place(shape, dtype, device):
    if device is not None and not isinstance(device, str | torch.device):
        raise TypeError(f"device must be a torch.device or its name, got {device!r}")
    try:
        device = torch.device(device or "cpu")
    except RuntimeError as error:
        raise ValueError(f"device must be one that torch has, got {device!r}") from error
    return shapes.axes_of(shape), _dtype(dtype), device


def _axes(shape, counts):
    if len(shape) not in counts:
        raise ValueError(f"shape must have {' or '.join(map(str, counts))} axes, got {shape}")
    return shape


def _finite(name, value, minimum=-math.inf):
    value = number(name, value)
    if not (minimum <= value and math.isfinite(value)):
        bound = "" if minimum == -math.inf else f" and at least {minimum}"
        raise ValueError(f"{name} must be finite{bound}, got {value}")
    return value


def _within(name, value, dtype):
    largest = torch.finfo(dtype).max
    if not abs(number(name, value)) <= largest:
        raise ValueError(f"{name} must lie in the range of {dtype}, ±{largest:g}, got {value}")
    return float(value)
