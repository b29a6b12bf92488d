"""Normalization: give numbers a common centre and spread, and let a gradient find the way back.

Batch, instance, group and layer norm differ in one thing alone: which cells share their mean and
their variance. `_normalization_rows.py` tells how these are found, and does the work. RMS norm
leaves the mean where it is; the others here divide by a norm: of a vector, of a weight, of a few
neighbouring channels.

Names, order of arguments, defaults and meaning are those of torch.nn.functional, whose `input`
is our `x`. Every function keeps float16, float32 or float64 and never writes into its arguments;
parameters have the dtype of x, or float32 beside an x of float16. A `_backward` takes the
upstream gradient `dy`, in the shape and dtype of y, and then forward's own arguments.
"""

from functools import partial

import numpy as np

from lib import shapes
from lib.reference import _normalization_rows as rows
from lib.reference._arguments import float_array, learned, number, upstream
from lib.reference._normalization_norms import (
    local_response_norm,
    local_response_norm_backward,
    normalize,
    normalize_backward,
)
from lib.reference._normalization_weights import (
    fold_batch_norm,
    weight_norm,
    weight_norm_backward,
)

__all__ = [
    "batch_norm",
    "batch_norm_backward",
    "fold_batch_norm",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "normalize",
    "normalize_backward",
    "rms_norm",
    "rms_norm_backward",
    "weight_norm",
    "weight_norm_backward",
]


@np.errstate(all="ignore")  # ∞ and NaN are answers
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
    """Standardize each channel over the batch; in evaluation by what was learned in training.

    y = (x − mean) / √(var + eps) · weight + bias

    In training, mean and var are those of a channel's values in all samples, var with the count
    n of these values as divisor, and the running statistics move towards them:

    running_mean′ = (1 − momentum) · running_mean + momentum · mean

    running_var′ = (1 − momentum) · running_var + momentum · var · n / (n − 1)

    In evaluation, mean and var are the running ones. Libraries disagree: as in torch, momentum
    here weighs the new value, and the running variance has the divisor n − 1; in ONNX momentum
    weighs the old value and the divisor is n, and the paper averages over batches once training
    is done. For the plain mean of all batches so far, which torch's module keeps if its momentum
    is None, pass 1/t with batch t, from 1 on.

    `_normalization_plain.plain_batch_norm` reads like the equation.

    Args:
        x: (N, C) or (N, C, …) with any number of further axes, float.
        running_mean: (C,), or None: with `training` alone, and both or neither.
        running_var: (C,), at least 0, or None.
        weight: (C,); 1 if None.
        bias: (C,); 0 if None.
        training: whether mean and var are those of x.
        momentum: how far the running statistics move; 0 to 1, if they are to be averages.
        eps: added to the variance; at least 0, in training above.

    Returns:
        y, running_mean′, running_var′: y shaped as x, dtype of x; new statistics, or copies in
        evaluation and of an empty batch; None for those that were not given. torch returns y
        alone, and writes the statistics into its arguments.

    Raises:
        ValueError: shapes do not fit, one value a channel in training, one running statistic
            without the other, none in evaluation, or eps is out of its range.
        TypeError: x or a parameter is no array of floats of a fitting dtype, or `training` is
            neither True nor False.

    Source: Ioffe & Szegedy (2015), Batch normalization: accelerating deep network training by
    reducing internal covariate shift.

    Example:
        >>> y, mean, var = batch_norm(
        ...     np.array([[1.0], [3.0]]), np.zeros(1), np.ones(1), training=True
        ... )
        >>> y.round(3), mean, var  # the variance is 1 for y, and 2 for the running one
        (array([[-1.],
               [ 1.]]), array([0.2]), array([1.1]))
    """
    x, sizes = _batch(x, training, eps)
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, training)
    return _channel_norm(x, sizes, *given, training, number("momentum", momentum), eps, True)


@np.errstate(all="ignore")
def batch_norm_backward(
    dy,
    x,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-05,
):
    """Send each slope back: in training through mean and variance too, which are found again.

    Returns dx, dweight, dbias; None for a parameter that is absent, and nothing for the running
    statistics, on which no slope depends.

    Example:
        >>> x = np.array([[1.0], [3.0], [8.0]])
        >>> dx, _, _ = batch_norm_backward(np.ones((3, 1)), x, None, None, training=True)
        >>> abs(dx).round(9)  # what moves all values alike, the mean takes away
        array([[0.],
               [0.],
               [0.]])
    """
    x, sizes = _batch(x, training, eps)
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, training)
    number("momentum", momentum)
    return _channel_norm_backward(dy, x, sizes, *given, training, eps, True)


@np.errstate(all="ignore")
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
    """Standardize each channel of each sample alone.

    y = (x − mean) / √(var + eps) · weight + bias

    as in `batch_norm`, but mean and var are those of one sample's channel, with the count of its
    cells as divisor. The running statistics move towards the average over the samples, of the
    means and of the variances with n − 1 as divisor, n being the cells of one sample.

    Args:
        x: (N, C, …) with one axis of cells at least, float.
        running_mean: (C,), or None: with `use_input_stats` alone, and both or neither.
        running_var: (C,), at least 0, or None.
        weight: (C,); 1 if None.
        bias: (C,); 0 if None.
        use_input_stats: whether mean and var are those of x; else the running ones.
        momentum: how far the running statistics move towards those of x.
        eps: added to the variance.

    Returns:
        y, running_mean′, running_var′, always, as `batch_norm` does.

    Raises:
        ValueError: shapes do not fit, one cell a channel with `use_input_stats`, one running
            statistic without the other, or none without `use_input_stats`.
        TypeError: x or a parameter is no array of floats of a fitting dtype, or
            `use_input_stats` is neither True nor False.

    Source: Ulyanov, Vedaldi & Lempitsky (2016), Instance normalization: the missing ingredient
    for fast stylization.

    Example:
        >>> y, _, _ = instance_norm(np.array([[[1.0, 3.0]], [[10.0, 50.0]]]))
        >>> y.round(3)  # a dark image and a bright one, now alike
        array([[[-1.,  1.]],
        <BLANKLINE>
               [[-1.,  1.]]])
    """
    x = float_array("x", x)
    sizes = shapes.instance_norm_sizes(x.shape, use_input_stats)
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, use_input_stats)
    momentum, eps = number("momentum", momentum), number("eps", eps)
    return _channel_norm(x, sizes, *given, use_input_stats, momentum, eps, False)


@np.errstate(all="ignore")
def instance_norm_backward(
    dy,
    x,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-05,
):
    """Send each slope back, through the mean and the variance of its own sample's channel.

    Returns dx, dweight, dbias, as `batch_norm_backward` does.

    Example:
        >>> x, dy = np.array([[[1.0, 3.0]]]), np.array([[[1.0, 0.0]]])
        >>> dx, dweight, dbias = instance_norm_backward(dy, x, weight=np.ones(1), bias=np.ones(1))
        >>> dweight.round(3), dbias
        (array([-1.]), array([1.]))
    """
    x = float_array("x", x)
    sizes = shapes.instance_norm_sizes(x.shape, use_input_stats)
    given = _statistics(x, sizes, running_mean, running_var, weight, bias, use_input_stats)
    number("momentum", momentum)
    return _channel_norm_backward(dy, x, sizes, *given, use_input_stats, number("eps", eps), False)


@np.errstate(all="ignore")
def group_norm(x, num_groups, weight=None, bias=None, eps=1e-05):
    """Standardize groups of neighbouring channels, in each sample alone.

    y = (x − mean) / √(var + eps) · weight + bias

    where mean and var are those of all cells of a group of C / num_groups channels of a sample,
    var with their count as divisor, and weight and bias are those of the channel. One group is
    layer norm over (C, …), but for the shape of weight and bias; C groups are instance norm.

    Args:
        x: (N, C, …), float.
        num_groups: into how many groups to share out the channels; divides C.
        weight: (C,); 1 if None.
        bias: (C,); 0 if None.
        eps: added to the variance.

    Returns:
        y: shaped as x, dtype of x.

    Raises:
        ValueError: shapes do not fit, or x is one sample with one value in each group.
        TypeError: x or a parameter is no array of floats of a fitting dtype, or num_groups is no
            whole number.

    Source: Wu & He (2018), Group normalization.

    Example:
        >>> group_norm(np.array([[1.0, 3, 10, 50]]), 2).round(3)
        array([[-1.,  1., -1.,  1.]])
    """
    x = float_array("x", x)
    sizes = shapes.group_norm_sizes(x.shape, num_groups)
    weight, bias = learned(sizes[1:2], x, weight=weight, bias=bias)
    cells, eps = x.reshape(sizes), number("eps", eps)
    found = rows.moments(cells, sizes[1] // num_groups, False)
    return rows.standardized(cells, found.mean, found.var, eps, weight, bias).reshape(x.shape)


@np.errstate(all="ignore")
def group_norm_backward(dy, x, num_groups, weight=None, bias=None, eps=1e-05):
    """Send each slope back, through the mean and the variance of its group.

    Returns dx, dweight, dbias; None for a parameter that is absent.

    Example:
        >>> x, dy = np.array([[1.0, 3, 10, 50]]), np.array([[1.0, 1, 0.5, 2]])
        >>> _, dweight, _ = group_norm_backward(dy, x, 2, weight=np.ones(4))
        >>> dweight.round(3)
        array([-1. ,  1. , -0.5,  2. ])
    """
    x = float_array("x", x)
    sizes = shapes.group_norm_sizes(x.shape, num_groups)
    weight, bias = learned(sizes[1:2], x, weight=weight, bias=bias)
    dy = upstream(dy, x.shape, x.dtype).reshape(sizes)
    slopes = rows.standardized_backward(
        dy, x.reshape(sizes), sizes[1] // num_groups, False, number("eps", eps), weight
    )
    return _fitting(slopes, x, weight, bias)


@np.errstate(all="ignore")
def layer_norm(x, normalized_shape, weight=None, bias=None, eps=1e-05):
    """Standardize the last axes together, each part that the others leave alone by itself.

    y = (x − mean) / √(var + eps) · weight + bias

    where mean and var are those of the cells of one part, var with their count as divisor.

    Args:
        x: (…, normalized_shape), float.
        normalized_shape: the last sizes of x, one at least; a tuple or a list.
        weight: shaped normalized_shape, one for each cell of a part; 1 if None.
        bias: shaped normalized_shape; 0 if None.
        eps: added to the variance.

    Returns:
        y: shaped as x, dtype of x.

    Raises:
        ValueError: normalized_shape is empty or not how the shape of x ends, or a parameter has
            another shape.
        TypeError: x or a parameter is no array of floats of a fitting dtype, or normalized_shape
            is no tuple or list of whole numbers.

    Source: Ba, Kiros & Hinton (2016), Layer normalization.

    Example:
        >>> layer_norm(np.array([[1.0, 3.0], [10.0, 50.0]]), (2,), np.array([1.0, 2.0])).round(3)
        array([[-1.,  2.],
               [-1.,  2.]])
    """
    x = float_array("x", x)
    sizes = shapes.layer_norm_sizes(x.shape, normalized_shape)
    weight, bias = learned(normalized_shape, x, weight=weight, bias=bias)
    y = _layers(x, sizes, number("eps", eps))
    return _weighed(y, weight, bias).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def layer_norm_backward(dy, x, normalized_shape, weight=None, bias=None, eps=1e-05):
    """Send each slope back, through the mean and the variance of its part.

    Returns dx, dweight, dbias; None for a parameter that is absent.

    Example:
        >>> x, dy = np.array([[1.0, 3.0], [10.0, 50.0]]), np.ones((2, 2))
        >>> _, dweight, dbias = layer_norm_backward(dy, x, (2,), np.ones(2), np.ones(2))
        >>> dweight.round(3), dbias
        (array([-2.,  2.]), array([2., 2.]))
    """
    x, eps = float_array("x", x), number("eps", eps)
    sizes = shapes.layer_norm_sizes(x.shape, normalized_shape)
    weight, bias = learned(normalized_shape, x, weight=weight, bias=bias)
    dy = upstream(dy, x.shape, x.dtype)
    slope = _weighed(dy.astype(rows.wide(x.dtype)), weight).reshape(sizes)
    cells = x.astype(slope.dtype, copy=False).reshape(sizes)
    dx, _, _ = rows.standardized_backward(slope, cells, 1, False, eps)
    dweight = None if weight is None else _over_parts(dy * _layers(x, sizes, eps), weight.shape)
    dbias = None if bias is None else _over_parts(dy, bias.shape)
    return _fitting((dx, dweight, dbias), x, weight, bias)


@np.errstate(all="ignore")
def rms_norm(x, normalized_shape, weight=None, eps=None):
    """Divide the last axes by their root mean square: layer norm that leaves the mean alone.

    y = x / √(mean of x² + eps) · weight

    Args:
        x: (…, normalized_shape), float.
        normalized_shape: the last sizes of x, one at least; a tuple or a list.
        weight: shaped normalized_shape, one for each cell of a part; 1 if None.
        eps: added to the mean of squares; if None, the distance from 1 to the next number of the
            dtype to compute in, which is that of x, or float32 for a narrower one.

    Returns:
        y: shaped as x, dtype of x.

    Raises:
        ValueError: normalized_shape is empty or not how the shape of x ends, or weight has
            another shape.
        TypeError: x or weight is no array of floats of a fitting dtype, or normalized_shape is
            no tuple or list of whole numbers.

    Source: Zhang & Sennrich (2019), Root mean square layer normalization.

    Example:
        >>> rms_norm(np.array([[3.0, 4.0]]), (2,)) * 12.5**0.5
        array([[3., 4.]])
    """
    x, cells, weight, scale = _root_mean_square(x, normalized_shape, weight, eps)
    y = (cells * scale).reshape(x.shape)
    return _weighed(y, weight).astype(x.dtype, copy=False)


@np.errstate(all="ignore")
def rms_norm_backward(dy, x, normalized_shape, weight=None, eps=None):
    """Send each slope back, through the root mean square of its part.

    Returns dx, dweight; None for a weight that is absent.

    Example:
        >>> x, dy = np.array([[3.0, 4.0]]), np.array([[4.0, -3.0]])
        >>> dx, _ = rms_norm_backward(dy, x, (2,), eps=0)
        >>> dx * 12.5**0.5  # across x, as y is as long whatever the length of x
        array([[ 4., -3.]])
    """
    x, cells, weight, scale = _root_mean_square(x, normalized_shape, weight, eps)
    dy = upstream(dy, x.shape, x.dtype)
    slope = _weighed(dy.astype(cells.dtype), weight).reshape(cells.shape)
    along = (slope * cells).sum(axis=1, keepdims=True) / max(1, cells.shape[1])
    dx = (slope - cells * (along * scale**2)) * scale
    y = (cells * scale).reshape(x.shape)
    dweight = None if weight is None else _over_parts(dy * y, weight.shape)
    return _fitting((dx, dweight), x, weight)


def _batch(x, training, eps):
    x = float_array("x", x)
    sizes = shapes.batch_norm_sizes(x.shape, training)
    if number("eps", eps) < 0 or (training and eps == 0):
        least = "above 0 in training" if training else "at least 0"
        raise ValueError(f"eps must be {least}, got {eps}")
    return x, sizes


def _statistics(x, sizes, running_mean, running_var, weight, bias, from_x):
    """Return these parameters as arrays, None for an absent one, if they fit."""
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must be given both or neither, got one")
    if running_mean is None and not from_x:
        raise ValueError("running_mean and running_var must be arrays in evaluation, got None")
    several = {"running_mean": running_mean, "running_var": running_var}
    return learned(sizes[1:2], x, **several, weight=weight, bias=bias)


def _channel_norm(
    x, sizes, running_mean, running_var, weight, bias, from_x, momentum, eps, whole_batch
):
    cells = x.reshape(sizes)
    if from_x:
        found = rows.moments(cells, 1, whole_batch)
        mean, var = found.mean, found.var
        new = mean, found.m2 / np.maximum(found.count - 1, 1)
    else:
        mean, var = rows.per_row(running_mean, 0), rows.per_row(running_var, 1)
        new = None, None
    y = rows.standardized(cells, mean, var, eps, weight, bias)
    new = new if x.size else (None, None)
    running = map(partial(_moved, momentum), (running_mean, running_var), new)
    return y.reshape(x.shape), *running


def _channel_norm_backward(
    dy, x, sizes, running_mean, running_var, weight, bias, from_x, eps, whole_batch
):
    dy, cells = upstream(dy, x.shape, x.dtype).reshape(sizes), x.reshape(sizes)
    if from_x:
        slopes = rows.standardized_backward(dy, cells, 1, whole_batch, eps, weight)
    else:
        mean, var = rows.per_row(running_mean, 0), rows.per_row(running_var, 1)
        slopes = rows.scaled_backward(dy, cells, mean, var, eps, weight)
    return _fitting(slopes, x, weight, bias)


def _moved(momentum, running, new):
    """Return a running statistic, (C,), moved towards the samples' mean of new, (…, C, 1)."""
    if running is None or new is None:
        return None if running is None else running.copy()
    wide = running.astype(np.float64)
    return ((1 - momentum) * wide + momentum * new[..., 0].mean(axis=0)).astype(running.dtype)


def _layers(x, sizes, eps):
    """Return each part of x standardized, in the dtype to compute in."""
    cells = x.astype(rows.wide(x.dtype), copy=False).reshape(sizes)
    found = rows.moments(cells, 1, False)
    return rows.standardized(cells, found.mean, found.var, eps).reshape(x.shape)


def _root_mean_square(x, normalized_shape, weight, eps):
    """Return x and weight as arrays, the parts of x as rows, and 1 / their root mean square."""
    x = float_array("x", x)
    parts, _, size = shapes.layer_norm_sizes(x.shape, normalized_shape)
    (weight,) = learned(normalized_shape, x, weight=weight)
    cells = x.astype(rows.wide(x.dtype), copy=False).reshape(parts, size)
    eps = np.finfo(cells.dtype).eps if eps is None else number("eps", eps)
    mean = np.square(cells).sum(axis=1, keepdims=True) / max(1, size)
    return x, cells, weight, (1 / np.sqrt(mean + eps)).astype(cells.dtype)


def _weighed(values, weight, bias=None):
    """Multiply and add in place."""
    if weight is not None:
        values *= weight
    if bias is not None:
        values += bias
    return values


def _over_parts(slopes, shape):
    """Add up over all parts, in float64."""
    return slopes.sum(axis=tuple(range(slopes.ndim - len(shape))), dtype=np.float64)


def _fitting(slopes, x, *parameters):
    """Return dx shaped as x, and each other slope in the dtype of its parameter, or None."""
    dx, *others = slopes
    fitting = (
        None if p is None else d.astype(p.dtype) for d, p in zip(others, parameters, strict=True)
    )
    return dx.reshape(x.shape).astype(x.dtype, copy=False), *fitting
