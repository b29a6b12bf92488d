"""What all losses share: how targets are read, and how many losses become one number."""

import numpy as np

from lib import shapes
from lib.reference._arguments import array, choice, matching, number, real_array, sum_to, upstream

REDUCTIONS = ("none", "mean", "sum")
EPSILON = 9.999999960041972e-13  # 1e-12 in float32, which is how torch holds it, in any dtype


def compared(name, value, x):
    """Return what x is compared with: floats in the dtype of x, or whole numbers."""
    value = real_array(name, value)
    return value if value.dtype.kind in "iu" else matching(name, value, x)


def factor(name, value, x):
    """Return weights in float64 that broadcast to the shape of x; 1 where there are none."""
    if value is None:
        return np.ones(())
    value = compared(name, value, x)
    if shapes.broadcast(x=x.shape, **{name: value.shape}) != x.shape:
        raise ValueError(f"{name} must broadcast to the shape of x, {x.shape}, got {value.shape}")
    return exact(value)


def same_shape(name, value, x):
    """Return `value` if it has the shape of x."""
    if value.shape != x.shape:
        raise ValueError(f"{name} must have the shape of x, {x.shape}, got {value.shape}")
    return value


def class_indices(target, allowed, classes, dtypes=(np.int64,), ignore_index=None):
    """Return the target as int64, if it has an allowed shape and every entry names a class."""
    target = array("target", target)
    if target.dtype not in dtypes:
        names = " or ".join(np.dtype(dtype).name for dtype in dtypes)
        raise TypeError(
            f"target must hold classes as {names}, got {target.dtype}; convert it, for instance "
            "by target.astype(np.int64)"
        )
    if target.shape not in allowed:
        names = " or ".join(str(shape) for shape in allowed)
        raise ValueError(f"target must have the shape {names}, one class each, got {target.shape}")
    target = target.astype(np.int64)
    wrong = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if wrong.any():
        raise ValueError(
            f"target must hold classes from 0 to {classes - 1}, got {target[wrong].flat[0]}"
        )
    return target


def class_weights(weight, classes, x):
    """Return one weight for each class in the dtype of x; 1 where there are none."""
    if weight is None:
        return np.ones(classes, x.dtype)
    if matching("weight", weight, x).shape != (classes,):
        raise ValueError(
            f"weight must have one number for each class, shape ({classes},), got {weight.shape}"
        )
    return weight


def exact(value):
    """Return the value in float64, in which the losses of any dtype are computed and added up."""
    return value.astype(np.float64, copy=False)


def reduced(loss, reduction, dtype, total=None):
    """Return every loss, their sum, or their mean: the sum over `total`, or over their number."""
    if choice("reduction", reduction, REDUCTIONS) != "none":
        loss = np.sum(loss, dtype=np.float64) / (_total(loss, total) if reduction == "mean" else 1)
    return np.asarray(loss, dtype)


def slope_of_each(dy, loss, reduction, dtype, total=None):
    """Return what one more unit of each loss adds to the end, in float64 and shaped as `loss`."""
    every = choice("reduction", reduction, REDUCTIONS) == "none"
    dloss = exact(upstream(dy, loss.shape if every else (), dtype))
    if reduction == "mean":
        dloss = dloss / _total(loss, total)
    return np.broadcast_to(dloss, loss.shape)


def passed_back(dy, slope, x, reduction, total=None):
    """Return dx: the chain rule, where each loss has its own slope; copies of x add up."""
    dloss = slope_of_each(dy, slope, reduction, x.dtype, total)
    return sum_to(x.shape, dloss * slope).astype(x.dtype)


def _total(loss, total):
    return np.float64(loss.size if total is None else total)  # unlike int, divides by 0


def sign(z):
    """Return −1, 0 or 1; as in torch, NaN has no sign."""
    return np.where(np.isnan(z), 0, np.sign(z))


def sigmoid(z):
    """Return 1/(1 + e⁻ᶻ); an overflow gives 0, as it should."""
    return 1 / (1 + np.exp(-z))


def log_sigmoid(z):
    """Return log(1/(1 + e⁻ᶻ)) without an overflow for large negative z."""
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def at_least_0(name, value):
    """Return the number as a float if it is not negative."""
    if number(name, value) < 0:
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return float(value)
