"""Normalization in torch: the twin of `lib.reference.normalization`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference, where
they are described; here arrays are tensors of float16, bfloat16, float32 or float64, and results
lie where x lies. Parameters have the dtype of x, or float32 beside a narrower x. Backwards are
autograd's; running statistics are results, through which no slope goes.

Nothing here calls torch's own normalizations: what cells share is found by `mean`, of them and of
their squared distance, and then subtracted and multiplied. Eager mode goes over the whole tensor
for each of these, torch.compile merges them; `make bench` tells what both cost.

Example:
    >>> import torch
    >>> x = torch.tensor([[1.0, 3.0], [10.0, 50.0]], requires_grad=True)
    >>> layer_norm(x, (2,)).sum().backward()
    >>> x.grad.abs().max() < 1e-6  # what moves a whole row, its mean takes away
    tensor(True)
"""

from functools import partial

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, learned, number
from lib.accelerated._normalization_norms import local_response_norm, normalize
from lib.accelerated._normalization_weights import fold_batch_norm, weight_norm

__all__ = [
    "batch_norm",
    "fold_batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
    "weight_norm",
]


def batch_norm(
    x,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-05,
):
    """Standardize each channel over the batch; returns y and new running statistics.

    Example:
        >>> import torch
        >>> x, zero, one = torch.tensor([[1.0], [3.0]]), torch.zeros(1), torch.ones(1)
        >>> y, mean, var = batch_norm(x, zero, one, training=True)
        >>> mean, var
        (tensor([0.2000]), tensor([1.1000]))
    """
    float_tensor("x", x)
    sizes = shapes.batch_norm_sizes(x.shape, training)
    if number("eps", eps) < 0 or (training and eps == 0):
        least = "above 0 in training" if training else "at least 0"
        raise ValueError(f"eps must be {least}, got {eps}")
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, training)
    return _channel_norm(x, sizes, (0, 2), *given, training, momentum, eps)


def instance_norm(
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-05,
):
    """Standardize each channel of each sample; returns y and new running statistics.

    Example:
        >>> import torch
        >>> y, _, _ = instance_norm(torch.tensor([[[1.0, 3.0]], [[10.0, 50.0]]]))
        >>> y.flatten()
        tensor([-1.0000,  1.0000, -1.0000,  1.0000])
    """
    float_tensor("x", x)
    sizes = shapes.instance_norm_sizes(x.shape, use_input_stats)
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, use_input_stats)
    return _channel_norm(x, sizes, (2,), *given, use_input_stats, momentum, eps)


def group_norm(x, num_groups, weight=None, bias=None, eps=1e-05):
    """Standardize groups of neighbouring channels, in each sample alone.

    Example:
        >>> import torch
        >>> group_norm(torch.tensor([[1.0, 3, 10, 50]]), 2)
        tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    float_tensor("x", x)
    N, C, L = shapes.group_norm_sizes(x.shape, num_groups)
    weight, bias = learned((C,), x, weight=weight, bias=bias)
    centred, _, var = _centred(_wide(x).reshape(N, C, L), (2,), max(C // num_groups, 1))
    weight, bias = (None if p is None else p[:, None] for p in (weight, bias))
    y = _weighed(centred, _scale(var, number("eps", eps), weight), bias)
    return y.reshape(x.shape).to(x.dtype)


def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-05):
    """Standardize the last axes together, each part that the others leave alone by itself.

    Example:
        >>> import torch
        >>> layer_norm(torch.tensor([[1.0, 3.0], [10.0, 50.0]]), (2,), torch.tensor([1.0, 2.0]))
        tensor([[-1.0000,  2.0000],
                [-1.0000,  2.0000]])
    """
    float_tensor("x", x)
    shapes.layer_norm_sizes(x.shape, normalized_shape)
    weight, bias = learned(normalized_shape, x, weight=weight, bias=bias)
    centred, _, var = _centred(_wide(x), tuple(range(-len(normalized_shape), 0)))
    return _weighed(centred * _scale(var, number("eps", eps), None), weight, bias).to(x.dtype)


def rms_norm(x, normalized_shape, weight=None, eps=None):
    """Divide the last axes by their root mean square.

    Example:
        >>> import torch
        >>> rms_norm(torch.tensor([[3.0, 4.0]]), (2,)) * 12.5**0.5
        tensor([[3., 4.]])
    """
    float_tensor("x", x)
    shapes.layer_norm_sizes(x.shape, normalized_shape)
    (weight,) = learned(normalized_shape, x, weight=weight)
    axes, cells = tuple(range(-len(normalized_shape), 0)), _wide(x)
    eps = torch.finfo(cells.dtype).eps if eps is None else number("eps", eps)
    scale = _scale(cells.square().mean(axes, keepdim=True), eps, None)
    return _weighed(cells * scale, weight, None).to(x.dtype)


def _statistics(x, sizes, running_mean, running_var, weight, bias, from_x):
    """Return the parameters, None for an absent one, each as (C, 1), if they fit."""
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must be given both or neither, got one")
    if running_mean is None and not from_x:
        raise ValueError("running_mean and running_var must be tensors in evaluation, got None")
    several = {"running_mean": running_mean, "running_var": running_var}
    found = learned(sizes[1:2], x, **several, weight=weight, bias=bias)
    return [None if p is None else p[:, None] for p in found]


def _channel_norm(x, sizes, axes, running_mean, running_var, weight, bias, from_x, momentum, eps):
    cells = _wide(x).reshape(sizes)
    momentum, eps = number("momentum", momentum), number("eps", eps)
    new = None, None
    if from_x:
        centred, mean, var = _centred(cells, axes)
        count = cells.numel() // max(mean.numel(), 1)
        new = (mean, var * (count / max(count - 1, 1))) if count else new
    else:
        centred, var = cells - _wide(running_mean), _wide(running_var)
    y = _weighed(centred, _scale(var, eps, weight), bias)
    running = map(partial(_moved, momentum), (running_mean, running_var), new)
    return y.reshape(x.shape).to(x.dtype), *running


def _moved(momentum, running, new):
    """Return a running statistic, (C, 1), as (C,), moved towards the mean of new over samples."""
    if running is None:
        return None
    running = running.detach()[:, 0]
    if new is None:
        return running.clone()
    new = new.detach().mean(0)[:, 0]
    return ((1 - momentum) * running.to(new.dtype) + momentum * new).to(running.dtype)


def _centred(cells, axes, channels=1):
    """Return cells less their mean, that mean, and the variance; of nothing, a variance of 1.

    Both are taken over some axes, and over so many neighbouring channels.
    """
    mean = _shared(cells.mean(axes, keepdim=True), channels)
    centred = cells - mean
    if not cells.numel():
        return centred, mean, torch.ones_like(mean)
    return centred, mean, _shared(centred.square().mean(axes, keepdim=True), channels)


def _shared(averages, channels):
    """Average (N, C, 1) over so many neighbouring channels; each is given what they share."""
    if channels == 1:
        return averages
    N, C, _ = averages.shape
    groups = averages.reshape(N, C // channels, channels, 1).mean(2, keepdim=True)
    return groups.expand(-1, -1, channels, -1).reshape(N, C, 1)


def _scale(var, eps, weight):
    rstd = (var + eps).rsqrt()
    return rstd if weight is None else rstd * weight


def _weighed(values, weight, bias):
    """Return values · weight + bias, in one sweep where there are both."""
    weight, bias = (None if p is None else p.to(values.dtype) for p in (weight, bias))
    if weight is not None and bias is not None:
        return torch.addcmul(bias, values, weight)
    values = values if weight is None else values * weight
    return values if bias is None else values + bias


def _wide(x):
    """Return x in the dtype to compute in: half precision is too narrow for a sum or a square."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
