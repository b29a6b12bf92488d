"""Initialization: where the weights of a network start, so that signals neither die nor explode.

A layer multiplies the variance of what it hears by fan_in · Var(W). Xavier's and Kaiming's rules
choose Var(W) so that this product is about 1 on the way forward, on the way back, or between the
two; orthogonal matrices keep lengths exactly; LSUV measures instead of reckoning.

Names, order of arguments, defaults and meaning are those of torch.nn.init without the trailing
underscore: each function returns a new array of the `shape` asked for, float32 as in torch if
`dtype` is None. Where there is chance, `rng` comes first: a `numpy.random.Generator`, or the
float64 uniforms in [0, 1) that it would have yielded, one for each weight.
"""

import math
from statistics import NormalDist

import numpy as np

from lib import shapes
from lib.reference._arguments import FLOATS, choice, float_array, number, uniforms

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

    Args:
        shape: sizes of the array, a tuple of whole numbers, as everywhere below.
        dtype: float16, float32 or float64; float32 if None, as everywhere below.
        device: None, since NumPy knows one place only; the twin takes torch's devices.

    Returns:
        w: an array of that shape and dtype.

    Raises:
        ValueError: a size is negative, or a device is given.
        TypeError: a size is no whole number, or dtype no float.

    Example:
        >>> zeros((2, 3))
        array([[0., 0., 0.],
               [0., 0., 0.]], dtype=float32)
    """
    return constant(shape, 0.0, dtype, device)


def ones(shape, dtype=None, device=None):
    """Fill with 1: where normalization's scale starts. Arguments as for `zeros`.

    Example:
        >>> ones(3)
        array([1., 1., 1.], dtype=float32)
    """
    return constant(shape, 1.0, dtype, device)


def constant(shape, val, dtype=None, device=None):
    """Fill with one number. Other arguments as for `zeros`.

    Args:
        shape: sizes of the array.
        val: the number; a finite one must lie in the range of dtype.
        dtype: a float type; float32 if None.
        device: None.

    Returns:
        w: an array of that shape and dtype.

    Raises:
        ValueError: val is NaN or too large for dtype, a size is negative, or a device is given.
        TypeError: val is no number, a size is no whole number, or dtype no float.

    Example:
        >>> constant((1, 2), 0.1, np.float64)
        array([[0.1, 0.1]])
    """
    shape, dtype = _place(shape, dtype, device)
    if math.isfinite(number("val", val)):
        _within("val", val, dtype)
    return np.full(shape, val, dtype)


def eye(shape, dtype=None, device=None):
    """Start a linear layer as the identity: w[i, j] = 1 where i = j, else 0.

    Args:
        shape: (outputs, inputs); of unequal sizes, as many inputs as possible are kept.
        dtype: a float type; float32 if None.
        device: None.

    Returns:
        w: (outputs, inputs).

    Raises:
        ValueError: shape has not two axes, a size is negative, or a device is given.
        TypeError: a size is no whole number, or dtype no float.

    Example:
        >>> eye((2, 3))
        array([[1., 0., 0.],
               [0., 1., 0.]], dtype=float32)
    """
    shape, dtype = _place(shape, dtype, device)
    return np.eye(*_axes(shape, (2,)), dtype=dtype)


def dirac(shape, groups=1, dtype=None, device=None):
    """Start a convolution as the identity: the middle of the kernel passes channel c to c.

    w[g·O + c, c, middle] = 1 for each group g and c < min(O, I); else 0. Here O is the number
    of outputs of a group and I the number of its inputs, and `middle` is the cell size // 2.

    Args:
        shape: (outputs, I, …), with one, two or three sizes of the kernel.
        groups: into how many the channels are parted; a divisor of the outputs.
        dtype: a float type; float32 if None.
        device: None.

    Returns:
        w: of that shape.

    Raises:
        ValueError: shape has not three to five axes, a kernel is empty, groups does not divide
            the outputs, or a device is given.
        TypeError: a number is no whole one, or dtype no float.

    Example:
        >>> dirac((2, 2, 3))
        array([[[0., 1., 0.],
                [0., 0., 0.]],
        <BLANKLINE>
               [[0., 0., 0.],
                [0., 1., 0.]]], dtype=float32)
    """
    shape, dtype = _place(shape, dtype, device)
    outputs, inputs, *kernel = _axes(shape, (3, 4, 5))
    if 0 in kernel:
        raise ValueError(f"a kernel must have a cell in its middle, got shape {shape}")
    if outputs % shapes.whole("groups", groups, minimum=1):
        raise ValueError(f"groups must divide the {outputs} outputs of shape, got {groups}")
    w = np.zeros(shape, dtype)
    channels = np.arange(min(outputs // groups, inputs))
    for first in range(0, outputs, max(outputs // groups, 1)):
        w[(first + channels, channels, *(size // 2 for size in kernel))] = 1
    return w


def uniform(rng, shape, a=0.0, b=1.0, dtype=None):
    """Draw from the uniform distribution over [a, b).

    w = a + (b − a)·u, from one uniform u for each weight; what rounding would lift to b becomes
    the number of that dtype below it.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: sizes of the array.
        a: lower end.
        b: upper end, at least a.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: a lies above b, an end or their distance is infinite or too large for dtype,
            or the uniforms have another shape or range.
        TypeError: an argument has a wrong type.

    Example:
        >>> uniform(np.array([0.0, 0.25, 0.5]), 3, -1.0, 1.0)
        array([-1. , -0.5,  0. ], dtype=float32)
    """
    shape, dtype = shapes.axes_of(shape), _dtype(dtype)
    a, b = _within("a", a, dtype), _within("b", b, dtype)
    if a > b:
        raise ValueError(f"a must be at most b, got a = {a} and b = {b}")
    w = (a + _within("b − a", b - a, dtype) * _drawn(rng, shape)).astype(dtype)
    return np.minimum(w, np.nextafter(dtype.type(b), dtype.type(a)))


def normal(rng, shape, mean=0.0, std=1.0, dtype=None):
    """Draw from the normal distribution.

    w = mean + std·z, where z is the standard normal's quantile of a uniform u: a share u of all
    values lies below z. (u = 0, whose quantile is minus infinity, counts as 2⁻⁵⁴.)

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: sizes of the array.
        mean: of the distribution.
        std: its standard deviation, at least 0.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: std is negative, mean or std is not finite, or the uniforms have another
            shape or range.
        TypeError: an argument has a wrong type.

    Source: Wichura (1988), Algorithm AS 241: the percentage points of the normal distribution,
        for the quantile.

    Example:
        >>> normal(np.array([0.5, 0.8413447460685429]), 2, mean=1.0, std=0.25)
        array([1.  , 1.25], dtype=float32)
    """
    shape, dtype = shapes.axes_of(shape), _dtype(dtype)
    mean, std = _finite("mean", mean), _finite("std", std, minimum=0)
    return _rounded(mean + std * _quantile(_drawn_above_zero(rng, shape)), dtype)


def trunc_normal(rng, shape, mean=0.0, std=1.0, a=-2.0, b=2.0, dtype=None):
    """Draw from the normal distribution between a and b, absolute numbers, not multiples of std.

    w = mean + std·z, where z is the standard normal's quantile of F(α) + u·(F(β) − F(α)), with
    α = (a − mean)/std, β = (b − mean)/std and F the share of a standard normal below a number.
    Torch draws again whatever falls outside, to the same effect, and warns if the mean lies
    more than 2·std outside [a, b]; one uniform a weight is as right there.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: sizes of the array.
        mean: of the distribution before it was cut.
        std: its standard deviation, above 0.
        a: smallest value.
        b: largest value, at least a; both may be infinite.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: a lies above b, std is not positive, mean or std is not finite, [a, b] lies
            so far off that float64 sees no chance of it, or the uniforms do not fit.
        TypeError: an argument has a wrong type.

    Example:
        >>> trunc_normal(np.array([0.0, 0.5, 0.999]), 3, std=2.0)
        array([-2.       ,  0.       ,  1.9943652], dtype=float32)
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
    return _rounded(np.clip(w, a, b), dtype)


def xavier_uniform(rng, shape, gain=1.0, dtype=None):
    """Draw uniformly, with a variance that suits the signals of both directions.

    w lies in [−a, a) with a = gain·√(6 / (fan_in + fan_out)), hence Var(w) is
    gain²·2 / (fan_in + fan_out).

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: (outputs, inputs, …) of the layer, with the sizes of a kernel if it has one.
        gain: a factor for the nonlinearity that follows, at least 0; see `calculate_gain`.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: shape has fewer than two axes, gain is negative or not finite, or the
            uniforms do not fit.
        TypeError: an argument has a wrong type.

    Source: Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
        neural networks.

    Example:
        >>> xavier_uniform(np.array([[0.25, 0.75]]), (1, 2))
        array([[-0.70710677,  0.70710677]], dtype=float32)
    """
    bound = math.sqrt(3) * _xavier_std(shape, gain)
    return uniform(rng, shape, -bound, bound, dtype)


def xavier_normal(rng, shape, gain=1.0, dtype=None):
    """Draw from a normal distribution of mean 0 and the variance of `xavier_uniform`.

    std = gain·√(2 / (fan_in + fan_out)); arguments, refusals and source as there.

    Example:
        >>> xavier_normal(np.array([[0.5, 0.8413447460685429]]), (1, 2), gain=1.5)
        array([[0.       , 1.2247449]], dtype=float32)
    """
    return normal(rng, shape, 0.0, _xavier_std(shape, gain), dtype)


def kaiming_uniform(rng, shape, a=0, mode="fan_in", nonlinearity="leaky_relu", dtype=None):
    """Draw uniformly, with a variance that makes up for what a rectifier takes away.

    w lies in [−bound, bound) with bound = gain·√(3 / fan), hence Var(w) = gain² / fan, where
    gain is `calculate_gain(nonlinearity, a)`.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: (outputs, inputs, …) of the layer, with the sizes of a kernel if it has one.
        a: slope of a leaky rectifier below 0; no other nonlinearity looks at it.
        mode: "fan_in" keeps the variance on the way forward, "fan_out" on the way back.
        nonlinearity: what follows the layer, a name that `calculate_gain` knows.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: shape has fewer than two axes, mode or nonlinearity is unknown, or the
            uniforms do not fit.
        TypeError: an argument has a wrong type.

    Source: He, Zhang, Ren & Sun (2015), Delving deep into rectifiers: surpassing human-level
        performance on ImageNet classification.

    Example:
        >>> kaiming_uniform(np.array([[0.25, 0.75, 0.5]]), (1, 3), nonlinearity="relu")
        array([[-0.70710677,  0.70710677,  0.        ]], dtype=float32)
    """
    bound = math.sqrt(3) * _kaiming_std(shape, a, mode, nonlinearity)
    return uniform(rng, shape, -bound, bound, dtype)


def kaiming_normal(rng, shape, a=0, mode="fan_in", nonlinearity="leaky_relu", dtype=None):
    """Draw from a normal distribution of mean 0 and the variance of `kaiming_uniform`.

    std = gain / √fan; arguments, refusals and source as there.

    Example:
        >>> kaiming_normal(np.array([[0.5, 0.8413447460685429]]), (1, 2), nonlinearity="relu")
        array([[0., 1.]], dtype=float32)
    """
    return normal(rng, shape, 0.0, _kaiming_std(shape, a, mode, nonlinearity), dtype)


def orthogonal(rng, shape, gain=1, dtype=None):
    """Draw a matrix whose rows or columns, the fewer of both, are orthonormal.

    Q of the QR decomposition of a matrix of normal deviates, each column times the sign of its
    diagonal entry in R. Without those signs the draw would favour some rotations, since
    libraries choose the signs of R for reasons of their own.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: (rows, …); the axes after the first are taken together as columns.
        gain: a factor.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype; w wᵀ is gain² times the identity if there are no more rows
        than columns, and wᵀ w otherwise.

    Raises:
        ValueError: shape has fewer than two axes, gain is not finite, or the uniforms do not
            fit.
        TypeError: an argument has a wrong type.

    Source: Saxe, McClelland & Ganguli (2013), Exact solutions to the nonlinear dynamics of
        learning in deep linear neural networks. Mezzadri (2007), How to generate random
        matrices from the classical compact groups, for the signs.

    Example:
        >>> w = orthogonal(np.random.default_rng(0), (2, 3), dtype=np.float64)
        >>> np.allclose(w @ w.T, np.eye(2))
        True
    """
    shape, dtype = shapes.axes_of(shape, least=2), _dtype(dtype)
    return _rounded(_finite("gain", gain) * _orthonormal(rng, shape), dtype)


def sparse(rng, shape, sparsity, std=0.01, dtype=None):
    """Draw normal deviates, and set a share of each column to zero.

    Of each column, ceil(sparsity·rows) entries become 0, those with the smallest uniforms of a
    second draw; the others are std·z, as in `normal`.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), (2, rows, columns): the
            first half for the values, the second for the choice of zeros.
        shape: (rows, columns), that is (outputs, inputs).
        sparsity: share of zeros in each column, 0 to 1.
        std: standard deviation of the others, at least 0.
        dtype: a float type; float32 if None.

    Returns:
        w: (rows, columns).

    Raises:
        ValueError: shape has not two axes, sparsity or std is out of range, or the uniforms do
            not fit.
        TypeError: an argument has a wrong type.

    Source: Martens (2010), Deep learning via Hessian-free optimization.

    Example:
        >>> u = np.array([[[0.9, 0.9], [0.1, 0.1]], [[0.3, 0.6], [0.7, 0.2]]])
        >>> sparse(u, (2, 2), sparsity=0.5, std=1.0)
        array([[ 0.       ,  1.2815516],
               [-1.2815516,  0.       ]], dtype=float32)
    """
    shape, dtype = _axes(shapes.axes_of(shape), (2,)), _dtype(dtype)
    sparsity, std = _finite("sparsity", sparsity, minimum=0), _finite("std", std, minimum=0)
    if sparsity > 1:
        raise ValueError(f"sparsity must be at most 1, a share of each column, got {sparsity}")
    values, order = _drawn_above_zero(rng, (2, *shape))
    w = std * _quantile(values)
    chosen = np.argsort(order, axis=0, kind="stable")[: math.ceil(sparsity * shape[0])]
    np.put_along_axis(w, chosen, 0.0, axis=0)
    return _rounded(w, dtype)


def lsuv(rng, shape, x, dtype=None):
    """Start a layer as an orthogonal matrix, scaled until its outputs have variance 1 on data.

    w = q / std(x qᵀ), with q from `orthogonal` and the variance taken over all outputs of all
    samples. LSUV, layer-sequential unit variance, does this from the first layer to the last:
    x is then what the layers before, already started, make of a batch. The published recipe
    repeats the division until it holds within a tolerance; for a layer without a bias once is
    exact.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), an array of that shape.
        shape: (outputs, inputs, …); the axes after the first are taken together as inputs.
        x: what the layer hears, float (…, inputs): for a convolution, the unfolded patches.
        dtype: a float type; float32 if None.

    Returns:
        w: of that shape and dtype.

    Raises:
        ValueError: shape has fewer than two axes, x another number of inputs, the outputs on x
            do not vary or are not finite, or the uniforms do not fit.
        TypeError: an argument has a wrong type.

    Source: Mishkin & Matas (2015), All you need is a good init.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = 5 * rng.standard_normal((100, 8))
        >>> for _ in range(3):  # a deep network of rectifiers
        ...     w = lsuv(rng, (8, 8), x, np.float64)
        ...     x = np.maximum(x @ w.T, 0)
        >>> w.shape, x.std() < 1
        ((8, 8), np.True_)
    """
    shape, dtype, x = shapes.axes_of(shape, least=2), _dtype(dtype), float_array("x", x)
    inputs = math.prod(shape[1:])
    if x.ndim < 1 or x.shape[-1] != inputs:
        raise ValueError(f"x must end in an axis of {inputs} inputs, got shape {x.shape}")
    q = _orthonormal(rng, shape)
    with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused below
        y = x.astype(np.float64) @ q.reshape(-1, inputs).T
        std = y.std() if y.size else 0.0
    if not 0 < std < math.inf:
        raise ValueError(f"the outputs on x must vary and be finite, got a deviation of {std}")
    return _rounded(q / std, dtype)


def calculate_gain(nonlinearity, param=None):
    """Return the factor by which a layer's weights make up for the nonlinearity behind it.

    linear, conv1d … conv_transpose3d, sigmoid: 1; tanh: 5/3; relu: √2; selu: 3/4;
    leaky_relu: √(2 / (1 + slope²)). Those of tanh and selu are rules of thumb.

    Args:
        nonlinearity: its name in torch.nn.functional, one of those above.
        param: the slope of leaky_relu below 0, 0.01 if None; the others look at none.

    Returns:
        gain: a number.

    Raises:
        ValueError: the name is unknown, or the slope is NaN.
        TypeError: the name is no text, or the slope no number.

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

    fan_in = shape[1]·(cells of the kernel) and fan_out = shape[0]·(cells of the kernel).

    Args:
        shape: of a layer's weights, (outputs, inputs, …).

    Returns:
        fan_in, fan_out: whole numbers.

    Raises:
        ValueError: shape has fewer than two axes, or a size is negative.
        TypeError: a size is no whole number.

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
    """Draw what `orthogonal` scales, in float64."""
    z = _quantile(_drawn_above_zero(rng, shape)).reshape(shape[0], math.prod(shape[1:]))
    wide = z.shape[0] < z.shape[1]
    q, r = np.linalg.qr(z.T if wide else z)
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return (q.T if wide else q).reshape(shape)


def _drawn(rng, shape):
    return uniforms(rng, shape).astype(np.float64)


def _drawn_above_zero(rng, shape):
    return np.maximum(_drawn(rng, shape), 2**-54)  # the quantile of 0 is minus infinity


def _quantile(p):
    """Return the numbers below which a share p of all standard normal deviates lies."""
    p = np.clip(p, np.finfo(np.float64).tiny, 1 - 2**-53)  # rounding may have taken p to 0 or 1
    return np.fromiter(map(NormalDist().inv_cdf, p.flat), np.float64, p.size).reshape(p.shape)


def _share_below(z):
    """Return which share of all standard normal deviates lies below z."""
    return math.erfc(-z / math.sqrt(2)) / 2


def _rounded(w, dtype):
    with np.errstate(over="ignore"):  # beyond the range of a narrow dtype lies infinity
        return w.astype(dtype)


def _dtype(dtype):
    try:
        found = np.dtype(np.float32 if dtype is None else dtype)
    except TypeError:
        found = dtype
    if found not in FLOATS:
        raise TypeError(f"dtype must be float16, float32 or float64, got {dtype!r}")
    return found


def _place(shape, dtype, device):
    if device is not None:
        raise ValueError(
            f"device must be None, got {device!r}: NumPy arrays lie in main memory; "
            "lib.accelerated has other devices"
        )
    return shapes.axes_of(shape), _dtype(dtype)


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
    largest = float(np.finfo(dtype).max)
    if not abs(number(name, value)) <= largest:
        raise ValueError(f"{name} must lie in the range of {dtype}, ±{largest:g}, got {value}")
    return float(value)
