"""What every twin asks of its arguments, and how it says what it got instead."""

import numbers

import torch

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def float_tensor(name, value):
    """Return `value` if it is a tensor of floats, or say what else it is."""
    if tensor(name, value).dtype not in FLOATS:
        raise TypeError(
            f"{name} must hold float16, bfloat16, float32 or float64, got {value.dtype}; "
            f"convert it, for instance by {name}.float()"
        )
    return value


def tensor(name, value):
    """Return `value` if it is a tensor, or say what else it is."""
    if not isinstance(value, torch.Tensor):
        kind = type(value)
        raise TypeError(
            f"{name} must be a torch tensor, got {kind.__module__}.{kind.__qualname__}; "
            "NumPy arrays are for lib.reference"
        )
    return value


def matching(name, value, x):
    """Return `value` if it is a tensor of floats in the dtype of x, and lies where x lies."""
    float_tensor(name, value)
    if value.dtype != x.dtype:
        raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
    if value.device != x.device:
        raise ValueError(f"{name} must lie where x lies, {x.device}, got {value.device}")
    return value


def learned(shape, x, **parameters):
    """Return parameters, None for one that is absent, if they are tensors of one shape and dtype.

    The dtype is that of x, or float32 beside a narrower x, as in torch; they lie where x lies.
    """
    present = {name: float_tensor(name, p) for name, p in parameters.items() if p is not None}
    dtypes = x.dtype, torch.promote_types(x.dtype, torch.float32)
    first = next(iter(present.values()), x).dtype
    for name, value in present.items():
        if value.shape != tuple(shape):
            raise ValueError(f"{name} must have shape {tuple(shape)}, got {tuple(value.shape)}")
        if value.dtype not in dtypes:
            expected = " or ".join(dict.fromkeys(map(str, dtypes)))
            raise TypeError(f"{name} must hold {expected} beside x, got {value.dtype}")
        if value.dtype != first:
            before = next(iter(present))
            raise TypeError(f"{name} must have the dtype of {before}, {first}, got {value.dtype}")
        if value.device != x.device:
            raise ValueError(f"{name} must lie where x lies, {x.device}, got {value.device}")
    return list(parameters.values())


def number(name, value):
    """Return a finite or infinite real number as a Python float; NaN is refused."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if value != value:  # NaN; torch.compile cannot trace math.isnan of a number that changes
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
    if number(name, value) == 0:
        raise ValueError(f"{name} must not be 0: the mean divides by it")
    return float(value)


def parameter(name, value, x, y_shape):
    """Return a learned parameter as a tensor: a number, a scalar, or what broadcasts against y.

    A number and a scalar tensor take the dtype of x; any other tensor must have it.
    """
    if not isinstance(value, torch.Tensor):
        return x.new_tensor(number(name, value))
    float_tensor(name, value)
    if value.dim() and value.dtype != x.dtype:
        raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
    try:
        fits = torch.broadcast_shapes(value.shape, y_shape) == tuple(y_shape)
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name} must be a number or broadcast against y of shape {tuple(y_shape)}, "
            f"got shape {tuple(value.shape)}"
        )
    return value.to(x.dtype)


def uniforms(rng, shape, x, dtype):
    """Draw one uniform in [0, 1) for each place of `shape`, or check those that are given.

    They lie where x lies, or, without an x, where `rng` does.
    """
    if isinstance(rng, torch.Generator):
        drawn = torch.rand(shape, generator=rng, dtype=dtype, device=rng.device)
        return drawn if x is None else drawn.to(x.device)
    if not isinstance(rng, torch.Tensor):
        raise TypeError(f"rng must be a torch.Generator or a tensor of uniforms, got {type(rng)}")
    float_tensor("rng", rng)
    if rng.shape != tuple(shape):
        raise ValueError(f"the uniforms must have shape {tuple(shape)}, got {tuple(rng.shape)}")
    if x is not None and rng.device != x.device:
        raise ValueError(f"the uniforms must lie where x lies, {x.device}, got {rng.device}")
    if not ((rng >= 0) & (rng < 1)).all():
        raise ValueError("the uniforms must lie in [0, 1)")
    return rng
