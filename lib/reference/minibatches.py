"""Minibatches: which samples a step sees, how steps add up, when to stop, how large is enough.

A gradient over a batch estimates the gradient over everything. `batches` deals the samples out,
`accumulate_gradients` makes one large batch of several small ones, `early_stopping_step` ends a
run that no longer gets better, and `critical_batch_estimate` says from which size on a larger
batch mostly wastes samples.
"""

import math

import numpy as np

from lib import shapes
from lib.reference._arguments import choice, float_array, number, uniforms

__all__ = [
    "accumulate_gradients",
    "batches",
    "critical_batch_estimate",
    "early_stopping_init",
    "early_stopping_step",
    "squared_norm",
]


def batches(rng, n, batch_size=1, shuffle=False, drop_last=False):
    """Deal n samples out in batches: every sample once, so one call is one epoch.

    Shuffled, the samples come in the order of n uniforms, one each: every order is equally
    likely. There are ceil(n / batch_size) batches, of which the last may be smaller, or
    floor(n / batch_size) if it is dropped. Options and defaults are those of torch's
    DataLoader.

    Args:
        rng: a `numpy.random.Generator`, or its uniforms in [0, 1), (n,); None if not shuffled.
        n: number of samples, at least 0.
        batch_size: samples in a batch, at least 1.
        shuffle: whether to deal in a new order rather than from first to last.
        drop_last: whether to leave out a last batch that is not full.

    Returns:
        indices: a list of int64 arrays, (batch_size,) each, the last perhaps shorter; x[index]
        is the batch.

    Raises:
        ValueError: a number is out of range, or the uniforms have another shape or range.
        TypeError: an argument has a wrong type; rng is None, but a shuffle needs one.

    Example:
        >>> batches(None, 5, batch_size=2)
        [array([0, 1]), array([2, 3]), array([4])]
        >>> batches(np.array([0.9, 0.1, 0.5]), 3, batch_size=2, shuffle=True, drop_last=True)
        [array([1, 2])]
    """
    n, size = shapes.whole("n", n, minimum=0), shapes.whole("batch_size", batch_size, minimum=1)
    shapes.flag("drop_last", drop_last)
    order = np.arange(n)
    if shapes.flag("shuffle", shuffle):
        order = np.argsort(uniforms(rng, (n,)), kind="stable")
    dealt = n // size * size if drop_last else n
    return [order[start : start + size] for start in range(0, dealt, size)]


def accumulate_gradients(grads, weights):
    """Average the gradients of small batches as if they had been one large batch.

    g = Σ wᵢ·gᵢ / Σ wᵢ, for each parameter. If gᵢ is the slope of a mean over nᵢ samples, then
    wᵢ = nᵢ gives the slope of the mean over them all; the plain average would let the samples
    of a smaller last batch count more than the others. If the loss divides by a sum of class
    weights, that sum is wᵢ.

    Args:
        grads: for each small batch a list of gradients, float arrays, one for each parameter.
            It may be a generator: only the running sum is kept.
        weights: for each small batch how much it counts, such as its number of samples; not
            negative, not all 0.

    Returns:
        A list of gradients, one for each parameter, in its shape and dtype; the sum is taken in
        float64.

    Raises:
        ValueError: there is no batch, or the counts of batches, of parameters or the shapes do
            not agree, or a weight is negative or not finite, or all are 0.
        TypeError: a gradient is no float array, its dtype changes, or a weight is no number.

    Example:
        >>> first, last = [np.array([1.0, 4.0])], [np.array([4.0, -2.0])]  # means over 4 and 2
        >>> accumulate_gradients([first, last], [4, 2])
        [array([2., 2.])]
    """
    weights = [_at_least_zero(f"weights[{i}]", weight) for i, weight in enumerate(weights)]
    if not sum(weights) > 0:
        raise ValueError(f"weights must have a sum above 0, got {weights}")
    first = totals = None
    for i, (weight, several) in enumerate(_paired(weights, grads)):
        several = _arrays(f"grads[{i}]", several)
        if first is None:
            first, totals = several, [np.zeros(g.shape) for g in several]
        _check_alike(i, several, first)
        with np.errstate(invalid="ignore"):  # infinity less infinity is NaN, as it should be
            for total, g in zip(totals, several, strict=True):
                total += weight * g.astype(np.float64)
    with np.errstate(over="ignore"):
        each = zip(totals, first, strict=True)
        return [(total / sum(weights)).astype(g.dtype) for total, g in each]


def early_stopping_init():
    """Return the state of `early_stopping_step` before the first value.

    Returns:
        state: a dict: `step`, values seen so far; `best`, the best of them, None as yet;
        `best_step`, which it was, counted from 1; 0 as yet.

    Example:
        >>> early_stopping_init()
        {'step': 0, 'best': None, 'best_step': 0}
    """
    return {"step": 0, "best": None, "best_step": 0}


def early_stopping_step(value, state, patience=10, min_delta=0.0, mode="min"):
    """Take a new value of what is watched, and say whether to stop: it has not improved lately.

    A value improves on the best if it is smaller by more than min_delta ("min") or larger by
    more than min_delta ("max"); NaN never does. It is time to stop once `patience` values in a
    row have not improved. The weights to keep are those of `best_step`.

    Args:
        value: what is watched, such as the loss on validation data: a number.
        state: from `early_stopping_init` or from the step before; not written to.
        patience: how many values without improvement end the run, at least 1.
        min_delta: how much better is better, at least 0.
        mode: "min" where less is better, "max" where more is.

    Returns:
        stop: whether to stop.
        state: a new dict, as `early_stopping_init` describes it.

    Raises:
        ValueError: patience or min_delta is out of range, mode is unknown, or state is none.
        TypeError: an argument has a wrong type.

    Source: Prechelt (1998), Early stopping — but when?

    Example:
        >>> state = early_stopping_init()
        >>> for loss in (0.9, 0.5, 0.6, 0.7):
        ...     stop, state = early_stopping_step(loss, state, patience=2)
        >>> stop, state
        (True, {'step': 4, 'best': 0.5, 'best_step': 2})
    """
    patience = shapes.whole("patience", patience, minimum=1)
    min_delta = _at_least_zero("min_delta", min_delta)
    if not isinstance(state, dict) or state.keys() != early_stopping_init().keys():
        raise ValueError(f"state must come from early_stopping_init or a step, got {state!r}")
    sign = {"min": 1, "max": -1}[choice("mode", mode, ("min", "max"))]
    value, step = _scalar("value", value), state["step"] + 1
    best, best_step = state["best"], state["best_step"]
    bar = math.inf if best is None else sign * best - min_delta
    if sign * value < bar:
        best, best_step = value, step
    return step - best_step >= patience, {"step": step, "best": best, "best_step": best_step}


def critical_batch_estimate(small, big, small_size, big_size):
    """Estimate the batch size beyond which more samples a step hardly help: the noise scale.

    With G the true gradient and Σ the covariance of one sample's, the gradient over B samples
    has on average a squared norm in which two sizes, b < B, tell the two apart:

        |g_B|² = |G|² + tr(Σ)/B on average, hence
        signal = (B·|g_B|² − b·|g_b|²) / (B − b), on average |G|²
        noise = (|g_b|² − |g_B|²) / (1/b − 1/B), on average tr(Σ)
        estimate = noise / signal

    Signal and noise have no bias, but scatter widely: pass the squared norms of many steps,
    whose means are taken before the division. A ratio of means is biased all the same, though
    less and less with more steps.

    Args:
        small: squared norms of gradients over `small_size` samples, float (K,), or one number.
        big: the same over `big_size` samples; their count may differ.
        small_size: samples in a small batch, at least 1.
        big_size: samples in a big batch, above small_size.

    Returns:
        estimate: samples; 0 where the noise comes out negative, infinite where the signal is
            not positive: there were too few steps, or too few samples in the big batch.
        noise: the estimate of the trace of Σ.
        signal: the estimate of the squared norm of G.

    Raises:
        ValueError: a squared norm is negative or not finite, there is none, or the sizes are
            out of order.
        TypeError: an argument has a wrong type.

    Source: McCandlish, Kaplan, Amodei & OpenAI Dota Team (2018), An empirical model of
        large-batch training, appendix A.

    Example:
        >>> critical_batch_estimate(np.array([9.0, 7.0]), np.array([3.0]), 4, 24)
        (12.0, 24.0, 2.0)
    """
    b = shapes.whole("small_size", small_size, minimum=1)
    B = shapes.whole("big_size", big_size, minimum=b + 1)
    at_b, at_B = _mean_of_squares("small", small), _mean_of_squares("big", big)
    signal = (B * at_B - b * at_b) / (B - b)
    noise = (at_b - at_B) / (1 / b - 1 / B)
    return (max(noise, 0.0) / signal if signal > 0 else math.inf), noise, signal


def squared_norm(grads):
    """Add up the squares of all entries of a list of gradients: what the noise scale needs.

    Args:
        grads: float arrays, one for each parameter.

    Returns:
        The sum, a number; it is taken in float64.

    Raises:
        TypeError: a gradient is no float array.

    Example:
        >>> squared_norm([np.array([3.0]), np.array([[0.0, 4.0]])])
        25.0
    """
    flat = [g.astype(np.float64).ravel() for g in _arrays("grads", grads)]
    with np.errstate(over="ignore", invalid="ignore"):
        return float(sum(g @ g for g in flat))


def _arrays(name, values):
    if not isinstance(values, list | tuple):
        raise TypeError(f"{name} must be a list of arrays, got {type(values).__name__}")
    return [float_array(f"{name}[{j}]", value) for j, value in enumerate(values)]


def _paired(weights, grads):
    """Yield each weight with its gradients, and say so if there are fewer or more of these."""
    grads, expected = iter(grads), f"grads must have a list for each of {len(weights)} weights"
    for i, weight in enumerate(weights):
        several = next(grads, None)
        if several is None:
            raise ValueError(f"{expected}, got {i}")
        yield weight, several
    if next(grads, None) is not None:
        raise ValueError(f"{expected}, got more")


def _check_alike(i, several, first):
    kinds, wanted = ([(g.shape, g.dtype) for g in each] for each in (several, first))
    if kinds != wanted:
        raise ValueError(
            f"grads[{i}] must have shapes and dtypes as grads[0], {_told(wanted)}, "
            f"got {_told(kinds)}"
        )


def _told(kinds):
    return ", ".join(f"{dtype} {tuple(shape)}" for shape, dtype in kinds) or "none"


def _at_least_zero(name, value):
    value = number(name, value)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and not negative, got {value}")
    return value


def _scalar(name, value):
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, float | np.floating) and math.isnan(value):
        return math.nan
    return number(name, value)


def _mean_of_squares(name, values):
    is_number = isinstance(values, int | float) and not isinstance(values, bool)
    values = float_array(name, np.float64(values) if is_number else values)
    if values.ndim > 1 or not values.size or not ((values >= 0) & (values < math.inf)).all():
        raise ValueError(
            f"{name} must hold squared norms (K,), finite and not negative, got {values}"
        )
    return float(values.mean(dtype=np.float64))
