"""Weights: their length set apart from their direction, and batch norm folded into them."""

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, learned, matching, number


def weight_norm(v, g, dim=0):
    """Make a weight of a direction and a length.

    Example:
        >>> import torch
        >>> weight_norm(torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[10.0], [1.0]]))
        tensor([[6., 8.],
                [0., 1.]])
    """
    float_tensor("v", v)
    shape, axes = shapes.weight_norm_sizes(v.shape, dim)
    if matching("g", g, v).shape != shape:
        raise ValueError(
            f"g must have shape {shape}, one length for each slice, got {tuple(g.shape)}"
        )
    wide = v.to(torch.promote_types(v.dtype, torch.float32))
    square = wide.square()
    norm = (square.sum(axes, keepdim=True) if axes else square).sqrt()
    return (wide / norm * g).to(v.dtype)


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

    Example:
        >>> import torch
        >>> weight, bias = torch.tensor([[2.0, 4.0]]), torch.tensor([1.0])
        >>> fold_batch_norm(weight, bias, torch.tensor([3.0]), torch.tensor([4.0]), eps=0)
        (tensor([[1., 2.]]), tensor([-1.]))
    """
    float_tensor("weight", weight)
    outputs = shapes.folded_outputs(weight.shape, transpose)
    if number("eps", eps) < 0:
        raise ValueError(f"eps must be at least 0, got {eps}")
    several = {"running_mean": running_mean, "running_var": running_var}
    for name, value in several.items():
        float_tensor(name, value)
    learned((outputs,), weight, **several, bias=bias, bn_weight=bn_weight, bn_bias=bn_bias)
    wide = torch.promote_types(weight.dtype, torch.float32)
    scale = (running_var.to(wide) + eps).rsqrt()
    scale = scale if bn_weight is None else scale * bn_weight
    shift = -running_mean * scale if bias is None else (bias - running_mean) * scale
    shift = shift if bn_bias is None else shift + bn_bias
    shape = (1, -1) if transpose else (-1, 1)
    by = scale.view(*shape, *(1,) * (weight.dim() - 2))
    return (weight * by).to(weight.dtype), shift.to((weight if bias is None else bias).dtype)
