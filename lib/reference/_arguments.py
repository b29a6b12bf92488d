"""What every operation asks of its arguments, and how it says what it got instead."""

import math

import numpy as np

FLOATS = (np.float16, np.float32, np.float64)


def float_array(name, value):
    """Return `value` if it is an array of floats, or say what else it is."""
    value = array(name, value)
    if value.dtype not in FLOATS:
        raise TypeError(
            f"{name} must hold float16, float32 or float64, got {value.dtype}; "
            f"convert it, for instance by {name}.astype(np.float64)"
        )
    return value


def matching(name, value, x):
    """Return `value` if it is an array of floats in the dtype of x, or say what else it is."""
    value = float_array(name, value)
    if value.dtype != x.dtype:
        raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
    return value


def learned(shape, x, **parameters):
    """Return parameters, None for one that is absent, as arrays of floats of one shape and dtype.

    The dtype is that of x, or float32 beside an x of float16, as in torch.
    """
    present = {name: float_array(name, p) for name, p in parameters.items() if p is not None}
    dtypes = x.dtype, np.promote_types(x.dtype, np.float32)
    first = next(iter(present.values()), x).dtype
    for name, value in present.items():
        if value.shape != tuple(shape):
            raise ValueError(f"{name} must have shape {tuple(shape)}, got {value.shape}")
        if value.dtype not in dtypes:
            expected = " or ".join(dict.fromkeys(map(str, dtypes)))
            raise TypeError(f"{name} must hold {expected} beside x, got {value.dtype}")
        if value.dtype != first:
            before = next(iter(present))
            raise TypeError(f"{name} must have the dtype of {before}, {first}, got {value.dtype}")
    return [present.get(name) for name in parameters]


def real_array(name, value):
    """Return `value` if it is an array of floats or of whole numbers, or say what else it is."""
    value = array(name, value)
    return value if value.dtype.kind in "iu" else float_array(name, value)


def array(name, value):
    """Return `value` if it is a NumPy array, or say what else it is."""
    if not isinstance(value, np.ndarray | np.generic):
        kind = type(value)
        raise TypeError(
            f"{name} must be a NumPy array, got {kind.__module__}.{kind.__qualname__}; "
            "wrap a list in np.array(…); tensors are for lib.accelerated"
        )
    return np.asarray(value)


def upstream(dy, shape, dtype):
    """Return the upstream gradient if it has the shape and the dtype of forward's result."""
    dy = array("dy", dy)
    if dy.shape != tuple(shape):
        raise ValueError(f"dy must have the shape of y, {tuple(shape)}, got {dy.shape}")
    if dy.dtype != dtype:
        raise TypeError(f"dy must have the dtype of y, {np.dtype(dtype)}, got {dy.dtype}")
    return dy


def number(name, value):
    """Return a finite or infinite real number as a Python float; NaN is refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if isinstance(value, np.complexfloating) or math.isnan(value):
        raise ValueError(f"{name} must be a real number, got {value!r}")
    return float(value)


def choice(name, value, words):
    """Return `value` if it is one of the words, or list them."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be one of {list(words)}, got {value!r}")
    if value not in words:
        raise ValueError(f"{name} must be one of {list(words)}, got {value!r}")
    return value


def exponent(name, value):
    """Return the exponent of a mean as a Python float: any number but 0 and NaN."""
    value = number(name, value)
    if value == 0:
        raise ValueError(f"{name} must not be 0: the mean divides by it")
    return value


def parameter(name, value, x, y_shape):
    """Return a learned parameter as an array: a number, a scalar, or what broadcasts against y.

    A number and a scalar array take the dtype of x, as in torch; any other array must have it.
    """
    if not isinstance(value, np.ndarray):
        value = np.asarray(number(name, value))
    if value.ndim == 0:
        return float_array(name, value).astype(x.dtype)
    if float_array(name, value).dtype != x.dtype:
        raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
    try:
        fits = np.broadcast_shapes(value.shape, y_shape) == tuple(y_shape)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name} must be a number or broadcast against y of shape {tuple(y_shape)}, "
            f"got shape {value.shape}"
        )
    return value


def sum_to(shape, dvalue):
    """Add up what broadcasting had copied: the gradient of an array of that shape."""
    extra = dvalue.ndim - len(shape)
    copied = [axis for axis, size in enumerate(shape, extra) if size == 1]
    return dvalue.sum(axis=(*range(extra), *copied), keepdims=True).reshape(shape)


def uniforms(rng, shape, dtype=np.float64):
    """Draw one uniform in [0, 1) for each place of `shape`, or check those that are given."""
    if isinstance(rng, np.random.Generator):
        drawn = rng.random(shape).astype(dtype)
        return np.minimum(drawn, np.nextafter(np.ones((), dtype), np.zeros((), dtype)))
    return given_uniforms(rng, shape)


def given_uniforms(rng, shape):
    """Check the uniforms that a backward needs; a Generator could only draw others."""
    if isinstance(rng, np.random.Generator):
        raise TypeError(
            "a backward must see the draw of its forward: expected the array of uniforms, "
            "got a Generator"
        )
    if not isinstance(rng, np.ndarray):
        raise TypeError(
            f"rng must be a numpy.random.Generator or an array of uniforms, got {type(rng)}"
        )
    rng = float_array("rng", rng)
    if rng.shape != tuple(shape):
        raise ValueError(f"the uniforms must have shape {tuple(shape)}, got {rng.shape}")
    if not ((rng >= 0) & (rng < 1)).all():
        raise ValueError("the uniforms must lie in [0, 1)")
    return rng
