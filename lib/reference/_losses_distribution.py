"""Losses of a predicted distribution: how unlikely the truth is under it, or how far from it."""

import math

import numpy as np

from lib import shapes
from lib.reference._arguments import choice, float_array, matching, number, sum_to
from lib.reference._losses_tools import (
    REDUCTIONS,
    at_least_0,
    compared,
    exact,
    passed_back,
    reduced,
    slope_of_each,
)


@np.errstate(all="ignore")
def gaussian_nll_loss(x, target, var, full=False, eps=1e-6, reduction="mean"):
    """Say how unlikely the target is under a normal distribution whose variance is learned, too.

    loss = (log v + (x − target)²/v)/2, where v = max(var, eps), and with `full` log(2π)/2 more

    Args:
        x: expectations, any shape, float.
        target: samples; floats in the dtype of x, or whole numbers, that broadcast against x.
        var: variances, not negative: a number, or an array in the dtype of x and in the shape of
            x, or in that shape without its last axis, or with one of its axes 1 long.
        full: whether to add the constant.
        eps: what smaller variances are raised to; they keep their slope nevertheless.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the common shape of x and target for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, a variance or eps is negative, or `reduction` is
            another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Nix & Weigend (1994), Estimating the mean and variance of the target probability
        distribution.

    Example:
        >>> x, target = np.array([0.0, 0.0]), np.array([1.0, 3.0])
        >>> gaussian_nll_loss(x, target, np.array([1.0, 9.0]), reduction="none").round(4)
        array([0.5   , 1.5986])
    """
    x, error, _, var = _gaussian_arguments(x, target, var, eps)
    constant = math.log(2 * math.pi) if shapes.flag("full", full) else 0
    return reduced((np.log(var) + error**2 / var + constant) / 2, reduction, x.dtype)


@np.errstate(all="ignore")
def gaussian_nll_loss_backward(dy, x, target, var, full=False, eps=1e-6, reduction="mean"):
    """Return (dx, dvar): dx = dy·(x − target)/v and dvar = dy·(1 − (x − target)²/v)/(2v).

    Example:
        >>> x, target, var = np.array([0.0, 0.0]), np.array([1.0, 3.0]), np.array([1.0, 2.0])
        >>> gaussian_nll_loss_backward(np.array(2.0), x, target, var)
        (array([-1. , -1.5]), array([ 0.   , -0.875]))
    """
    x, error, shape, var = _gaussian_arguments(x, target, var, eps)
    shapes.flag("full", full)
    dloss = slope_of_each(dy, error / var, reduction, x.dtype)
    dvar = sum_to(var.shape, dloss * (1 - error**2 / var) / (2 * var))
    dx = sum_to(x.shape, dloss * error / var)
    return dx.astype(x.dtype), dvar.reshape(shape).astype(x.dtype)


@np.errstate(all="ignore")
def poisson_nll_loss(x, target, log_input=True, full=False, eps=1e-8, reduction="mean"):
    """Say how unlikely a count is under a Poisson distribution with the predicted rate.

    loss = eˣ − target·x, or with a rate that is no logarithm x − target·log(x + eps)

    Args:
        x: rates, or their logarithms, any shape, float.
        target: counts; floats in the dtype of x, or whole numbers, that broadcast against x.
        log_input: whether x is the logarithm of the rate.
        full: whether to add Stirling's approximation of log(target!), which is
            target·log(target) − target + log(2π·target)/2, where the target is above 1.
        eps: what keeps the logarithm of a rate of 0 finite.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the common shape of x and target for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, eps is negative, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Nelder & Wedderburn (1972), Generalized linear models.

    Example:
        >>> poisson_nll_loss(np.array([0.0, 0.0]), np.array([0, 3]), reduction="none")
        array([1., 1.])
        >>> poisson_nll_loss(np.array([1.0, 1.0]), np.array([0, 3]), False, reduction="none")
        array([1.        , 0.99999997])
    """
    x, rate, target, eps = _poisson_arguments(x, target, log_input, eps)
    loss = np.exp(rate) - target * rate if log_input else rate - target * np.log(rate + eps)
    if shapes.flag("full", full):
        stirling = target * np.log(target) - target + np.log(2 * math.pi * target) / 2
        loss = loss + np.where(target <= 1, 0, stirling)
    return reduced(loss, reduction, x.dtype)


@np.errstate(all="ignore")
def poisson_nll_loss_backward(
    dy, x, target, log_input=True, full=False, eps=1e-8, reduction="mean"
):
    """Return dx = dy·(eˣ − target), or, for a rate, dy·(1 − target/(x + eps)).

    Example:
        >>> poisson_nll_loss_backward(np.array(2.0), np.array([0.0, 0.0]), np.array([0, 3]))
        array([ 1., -2.])
    """
    x, rate, target, eps = _poisson_arguments(x, target, log_input, eps)
    shapes.flag("full", full)
    slope = np.exp(rate) - target if log_input else 1 - target / (rate + eps)
    return passed_back(dy, slope, x, reduction)


@np.errstate(all="ignore")
def kl_div(x, target, reduction="mean", log_target=False):
    """Say how far a prediction is from the truth, both being distributions: in nats.

    loss = target·(log target − x), and 0·log 0 is 0; with `log_target` exp(target)·(target − x)

    Args:
        x: logarithms of the predicted probabilities, any shape, float.
        target: the true probabilities, or their logarithms; floats in the dtype of x that
            broadcast against it.
        reduction: "none" for every loss, "sum" for their sum, "batchmean" for their sum over the
            first size of x: the divergence of the mathematicians, for a batch; "mean" for their
            sum over the number of losses, which it is not, and of which torch warns.
        log_target: whether the target holds logarithms.

    Returns:
        y: in the common shape of x and target for "none", else (); dtype of x.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Kullback & Leibler (1951), On information and sufficiency.

    Example:
        >>> x, target = np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0], [0.25, 0.75]])
        >>> kl_div(x, target, reduction="batchmean") / np.log(2)
        np.float64(0.5)
    """
    x, log_p, target = _divergent(x, target, log_target)
    if log_target:
        loss = np.exp(target) * (target - log_p)
    else:
        loss = np.where(target == 0, 0, target * np.log(target)) - target * log_p
    reduction, count = _batch_mean(reduction, x)
    return reduced(loss, reduction, x.dtype, count)


@np.errstate(all="ignore")
def kl_div_backward(dy, x, target, reduction="mean", log_target=False):
    """Return dx = −dy·target.

    Example:
        >>> x, target = np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0], [0.25, 0.75]])
        >>> kl_div_backward(np.array(2.0), x, target, reduction="batchmean")
        array([[-1.  ,  0.  ],
               [-0.25, -0.75]])
    """
    x, log_p, target = _divergent(x, target, log_target)
    slope = np.broadcast_to(-np.exp(target) if log_target else -target, (log_p - target).shape)
    reduction, count = _batch_mean(reduction, x)
    return passed_back(dy, slope, x, reduction, count)


def _gaussian_arguments(x, target, var, eps):
    """Return x, in float64 x − target, the shape of var, and var so that it broadcasts, raised."""
    x = float_array("x", x)
    target, eps = compared("target", target, x), at_least_0("eps", eps)
    shapes.broadcast(x=x.shape, target=target.shape)
    if isinstance(var, np.ndarray):
        var = matching("var", var, x)
        shape, aligned = var.shape, _aligned_shape(var.shape, x.shape)
    else:
        var, shape, aligned = np.asarray(number("var", var)), (), ()
    if (var < 0).any():
        raise ValueError(f"var must not be negative, got {var.min()}")
    return x, exact(x) - exact(target), shape, np.maximum(exact(var), eps).reshape(aligned)


def _aligned_shape(shape, x_shape):
    """Return the shape in which variances broadcast against x."""
    if shape == x_shape[:-1]:
        return (*shape, 1) if x_shape else ()
    differ = [size for size, own in zip(shape, x_shape, strict=False) if size != own]
    if len(shape) != len(x_shape) or differ not in ([], [1]):
        raise ValueError(
            f"var must be a number, or have the shape of x, {x_shape}, or that without its last "
            f"axis, or with one axis 1 long, got shape {shape}"
        )
    return shape


def _poisson_arguments(x, target, log_input, eps):
    """Return x, then in float64 x and target, and eps."""
    x = float_array("x", x)
    target, eps = compared("target", target, x), at_least_0("eps", eps)
    shapes.broadcast(x=x.shape, target=target.shape)
    shapes.flag("log_input", log_input)
    return x, exact(x), exact(target), eps


def _divergent(x, target, log_target):
    """Return x, and in float64 x and target."""
    x = float_array("x", x)
    target = matching("target", target, x)
    shapes.broadcast(x=x.shape, target=target.shape)
    shapes.flag("log_target", log_target)
    return x, exact(x), exact(target)


def _batch_mean(reduction, x):
    """Return the reduction and what a mean divides by; "batchmean" is a mean over the batch."""
    if choice("reduction", reduction, (*REDUCTIONS, "batchmean")) != "batchmean":
        return reduction, None
    return "mean", x.shape[0] if x.ndim else 1
