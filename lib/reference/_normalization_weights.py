"""Weights: their length set apart from their direction, and batch norm folded into them."""

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, learned, matching, number, upstream


@np.errstate(all="ignore")  # ∞ and NaN are answers
def weight_norm(v, g, dim=0):
    """Make a weight of a direction and a length.

    w = g · v / ‖v‖, where ‖v‖ = √(Σ v²) over all axes but `dim`

    Args:
        v: the direction, any shape with one axis at least, float.
        g: the length of each slice along `dim`, shaped as v with size 1 on all other axes; a
            scalar array, (), where one length serves all of v.
        dim: the axis that is left out of the norm; all axes are in it if None or −1. As in
            torch, −1 is not the last axis here, while −2 is the last but one.

    Returns:
        w: shaped as v, dtype of v. A slice of zeros has no direction: NaN.

    Raises:
        ValueError: there is no such axis, or g has another shape.
        TypeError: v or g is no array of floats, their dtypes differ, or dim is no whole number.

    Source: Salimans & Kingma (2016), Weight normalization: a simple reparameterization to
    accelerate training of deep neural networks.

    Example:
        >>> weight_norm(np.array([[3.0, 4.0], [0.0, 2.0]]), np.array([[10.0], [1.0]]))
        array([[6., 8.],
               [0., 1.]])
    """
    v, g, axes = _direction_and_length(v, g, dim)
    unit, _ = _unit(v, axes)
    return (g * unit).astype(v.dtype)


@np.errstate(all="ignore")
def weight_norm_backward(dy, v, g, dim=0):
    """Send the slope of w back: along v to g, and what is across v to v.

    Returns dv, dg.

    Example:
        >>> v, g = np.array([[3.0, 4.0]]), np.array([[10.0]])
        >>> dv, dg = weight_norm_backward(np.array([[0.8, -0.6]]), v, g)
        >>> dv.round(9), abs(dg).round(9)  # across v: its length is not to change
        (array([[ 1.6, -1.2]]), array([[0.]]))
    """
    v, g, axes = _direction_and_length(v, g, dim)
    dy = upstream(dy, v.shape, v.dtype)
    unit, norm = _unit(v, axes)
    dg = (dy * unit).sum(axes, keepdims=True)
    dv = g / norm * (dy - unit * dg)
    return dv.astype(v.dtype), dg.reshape(g.shape).astype(g.dtype)


@np.errstate(all="ignore")
def fold_batch_norm(
    weight,
    bias,
    running_mean,
    running_var,
    eps=1e-05,
    bn_weight=None,
    bn_bias=None,
    transpose=False,
):
    """Fold a batch norm in evaluation into the linear layer or the convolution before it.

    scale = bn_weight / √(running_var + eps), one for each of the O outputs

    weight′ = scale · weight

    bias′ = (bias − running_mean) · scale + bn_bias

    so that one layer does what the two did: batch_norm(x · weightᵀ + bias) = x · weight′ᵀ + bias′.
    The order of arguments is that of torch.nn.utils.fusion.fuse_conv_bn_weights.

    Args:
        weight: of the layer, (O, I) or (O, I, …), float; (I, O, …) with `transpose`.
        bias: of the layer, (O,), or None.
        running_mean: (O,).
        running_var: (O,), at least 0.
        eps: added to the variance; at least 0.
        bn_weight: of the batch norm, (O,); 1 if None.
        bn_bias: of the batch norm, (O,); 0 if None.
        transpose: whether the weight is one of a transposed convolution, in one group.

    Returns:
        weight′, bias′: of the new layer, (O, I, …) as weight and (O,), each in the dtype of the
        old, bias′ in that of weight where there was none.

    Raises:
        ValueError: shapes do not fit, or eps is below 0.
        TypeError: an argument is no array of floats of a fitting dtype, or transpose is neither
            True nor False.

    Source: Jacob et al. (2018), Quantization and training of neural networks for efficient
    integer-arithmetic-only inference.

    Example:
        >>> weight, bias = np.array([[2.0, 4.0]]), np.array([1.0])
        >>> fold_batch_norm(weight, bias, np.array([3.0]), np.array([4.0]), eps=0)
        (array([[1., 2.]]), array([-1.]))
    """
    weight = float_array("weight", weight)
    outputs = shapes.folded_outputs(weight.shape, transpose)
    if number("eps", eps) < 0:
        raise ValueError(f"eps must be at least 0, got {eps}")
    several = {"running_mean": running_mean, "running_var": running_var}
    for name, value in several.items():
        float_array(name, value)
    several |= {"bias": bias, "bn_weight": bn_weight, "bn_bias": bn_bias}
    mean, var, bias, by, to = learned((outputs,), weight, **several)
    scale = (1 if by is None else by) / np.sqrt(var.astype(np.float64) + eps)
    shift = ((0 if bias is None else bias) - mean) * scale + (0 if to is None else to)
    shape = (1, -1) if transpose else (-1, 1)
    by = scale.reshape(*shape, *(1,) * (weight.ndim - 2))
    return (weight * by).astype(weight.dtype), shift.astype(
        (weight if bias is None else bias).dtype
    )


def _direction_and_length(v, g, dim):
    """Return v and g as arrays, and the axes over which the norm runs."""
    v = float_array("v", v)
    shape, axes = shapes.weight_norm_sizes(v.shape, dim)
    g = matching("g", g, v)
    if g.shape != shape:
        raise ValueError(f"g must have shape {shape}, one length for each slice, got {g.shape}")
    return v, g, axes


def _unit(v, axes):
    """Return v / ‖v‖ and ‖v‖, in float64."""
    v = v.astype(np.float64)
    norm = np.sqrt(np.square(v).sum(axes, keepdims=True))
    return v / norm, norm
