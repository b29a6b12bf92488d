"""What all twins of losses share: how targets are read, and how losses become one number."""

import torch

from lib import shapes
from lib.accelerated._arguments import choice, float_tensor, matching, number

REDUCTIONS = ("none", "mean", "sum")
EPSILON = 9.999999960041972e-13  # 1e-12 in float32, which is how torch holds it, in any dtype
WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def compared(name, value, x):
    """Return what x is compared with: floats in the dtype of x, or whole numbers."""
    if not isinstance(value, torch.Tensor) or value.dtype not in WHOLE:
        return matching(name, value, x)
    return beside(name, value, x)


def beside(name, value, x):
    """Return the tensor if it lies where x lies."""
    if value.device != x.device:
        raise ValueError(f"{name} must lie where x lies, {x.device}, got {value.device}")
    return value


def factor(name, value, x):
    """Return weights in the dtype to compute in that broadcast to the shape of x; 1 for none."""
    if value is None:
        return 1
    value = compared(name, value, x)
    if shapes.broadcast(x=x.shape, **{name: value.shape}) != tuple(x.shape):
        raise ValueError(
            f"{name} must broadcast to the shape of x, {tuple(x.shape)}, got {tuple(value.shape)}"
        )
    return value.to(wide(x).dtype)


def same_shape(name, value, x):
    """Return `value` if it has the shape of x."""
    if value.shape != x.shape:
        raise ValueError(
            f"{name} must have the shape of x, {tuple(x.shape)}, got {tuple(value.shape)}"
        )
    return value


def class_indices(target, x, allowed, classes, dtypes=(torch.int64,), ignore_index=None):
    """Return the target as int64, if it has an allowed shape and every entry names a class."""
    if not isinstance(target, torch.Tensor) or target.dtype not in dtypes:
        names = " or ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)
        got = target.dtype if isinstance(target, torch.Tensor) else type(target).__name__
        raise TypeError(f"target must be a tensor of classes as {names}, got {got}")
    if beside("target", target, x).shape not in allowed:
        names = " or ".join(str(tuple(shape)) for shape in allowed)
        raise ValueError(
            f"target must have the shape {names}, one class each, got {tuple(target.shape)}"
        )
    target = target.long()
    wrong = (target < 0) | (target >= classes)
    if ignore_index is not None:
        wrong = wrong & (target != ignore_index)
    if wrong.any():
        raise ValueError(
            f"target must hold classes from 0 to {classes - 1}, got {target[wrong][0].item()}"
        )
    return target


def class_weights(weight, classes, x):
    """Return one weight for each class in the dtype to compute in; 1 where there are none."""
    if weight is None:
        return torch.ones(classes, dtype=wide(x).dtype, device=x.device)
    if matching("weight", weight, x).shape != (classes,):
        raise ValueError(
            f"weight must have one number for each class, shape ({classes},), "
            f"got {tuple(weight.shape)}"
        )
    return wide(weight)


def at_least_0(name, value):
    """Return the number as a float if it is not negative."""
    if number(name, value) < 0:
        raise ValueError(f"{name} must be at least 0, got {value!r}")
    return float(value)


def wide(x):
    """Return x in the dtype to compute in: float16 and bfloat16 are too narrow for a sum."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def pair(x, target):
    """Return x and a target of floats in its shape."""
    x = float_tensor("x", x)
    return x, same_shape("target", matching("target", target, x), x)


def reduced(loss, reduction, dtype, count=None):
    """Return every loss, their sum, or their mean: the sum over `count`, or over their number."""
    if choice("reduction", reduction, REDUCTIONS) == "sum":
        loss = loss.sum()
    elif reduction == "mean":
        loss = loss.mean() if count is None else loss.sum() / count
    return loss.to(dtype)


def log_sigmoid(z):
    """Return log(1/(1 + e⁻ᶻ)) without an overflow, and with the slope 1/2 at 0."""
    return torch.minimum(z, z.new_zeros(())) - torch.log1p(torch.exp(-z.abs()))
