"""Learning rates as functions of the step: closed forms, so that no run has to be replayed.

The first step is number 0, as in torch's schedulers, whose `last_epoch` it is. A step may be
a fraction where it counts epochs.
"""

import math
from itertools import pairwise

from lib import shapes
from lib.reference._arguments import choice
from lib.reference._optimizers_options import not_negative


def step_lr(step, lr, step_size, gamma=0.1):
    """Multiply the learning rate by gamma every so many steps.

    lr(step) = lr · gamma^⌊step / step_size⌋

    Args:
        step: which step, from 0.
        lr: learning rate to begin with, at least 0.
        step_size: how many steps until it falls, at least 1.
        gamma: factor, at least 0.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is no number.

    Example:
        >>> [step_lr(step, 8.0, step_size=2, gamma=0.5) for step in range(5)]
        [8.0, 8.0, 4.0, 4.0, 2.0]
    """
    step, lr, gamma = not_negative(step=step, lr=lr, gamma=gamma)
    return lr * gamma ** (step // shapes.whole("step_size", step_size, minimum=1))


def exponential_lr(step, lr, gamma):
    """Multiply the learning rate by gamma every step.

    lr(step) = lr · gamma^step

    Args:
        step: which step, from 0.
        lr: learning rate to begin with, at least 0.
        gamma: factor, at least 0.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is no number.

    Example:
        >>> [exponential_lr(step, 8.0, gamma=0.5) for step in range(4)]
        [8.0, 4.0, 2.0, 1.0]
    """
    step, lr, gamma = not_negative(step=step, lr=lr, gamma=gamma)
    return lr * gamma**step


def linear_lr(step, lr, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """Go in a straight line from one share of the learning rate to another: linear warm-up.

    lr(step) = lr · (start_factor + (end_factor − start_factor) · min(step / total_iters, 1))

    Args:
        step: which step, from 0.
        lr: learning rate that the factors refer to, at least 0.
        start_factor: share at step 0, above 0 and at most 1.
        end_factor: share from step total_iters on, in [0, 1].
        total_iters: how many steps the line takes, at least 1.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is no number.

    Source: Goyal et al. (2017), Accurate, large minibatch SGD: training ImageNet in 1 hour.

    Example:
        >>> [linear_lr(step, 8.0, start_factor=0.25, total_iters=3) for step in range(5)]
        [2.0, 4.0, 6.0, 8.0, 8.0]
    """
    step, lr, start, end = not_negative(
        step=step, lr=lr, start_factor=start_factor, end_factor=end_factor
    )
    if not 0 < start <= 1:
        raise ValueError(f"start_factor must be above 0 and at most 1, got {start_factor!r}")
    if end > 1:
        raise ValueError(f"end_factor must be at most 1, got {end_factor!r}")
    total_iters = shapes.whole("total_iters", total_iters, minimum=1)
    return lr * (start + (end - start) * min(step / total_iters, 1))


def cosine_annealing_lr(step, lr, T_max, eta_min=0.0):
    """Follow half a cosine from lr down to eta_min.

    lr(step) = eta_min + (lr − eta_min) · (1 + cos(π · step / T_max)) / 2

    After T_max it rises again, as torch's does; `cosine_annealing_warm_restarts` jumps instead.

    Args:
        step: which step, from 0.
        lr: learning rate to begin with, at least 0.
        T_max: the step at which eta_min is reached, at least 1.
        eta_min: the smallest learning rate, at least 0.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is no number.

    Source: Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts.

    Example:
        >>> [round(cosine_annealing_lr(step, 8.0, T_max=4), 3) for step in range(5)]
        [8.0, 6.828, 4.0, 1.172, 0.0]
    """
    step, lr, eta_min = not_negative(step=step, lr=lr, eta_min=eta_min)
    return _cosine(lr, eta_min, step / shapes.whole("T_max", T_max, minimum=1))


def cosine_annealing_warm_restarts(step, lr, T_0, T_mult=1, eta_min=0.0):
    """Follow half a cosine from lr towards eta_min, jump back to lr, and begin again.

    lr(step) = eta_min + (lr − eta_min) · (1 + cos(π · s / T)) / 2

    Here s counts from the last restart, and T is the length of the present cycle: T_0, then
    T_0 · T_mult, T_0 · T_mult² …

    Args:
        step: which step, from 0.
        lr: learning rate to begin each cycle with, at least 0.
        T_0: how many steps the first cycle takes, at least 1.
        T_mult: how many times longer each cycle is than the one before; a whole number.
        eta_min: the learning rate that each cycle approaches, at least 0.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range.
        TypeError: an argument is no number, or a length no whole number.

    Source: Loshchilov & Hutter (2017), SGDR: stochastic gradient descent with warm restarts.

    Example:
        >>> [round(cosine_annealing_warm_restarts(s, 8.0, T_0=2, T_mult=2), 3) for s in range(6)]
        [8.0, 4.0, 8.0, 6.828, 4.0, 1.172]
    """
    step, lr, eta_min = not_negative(step=step, lr=lr, eta_min=eta_min)
    length = shapes.whole("T_0", T_0, minimum=1)
    if shapes.whole("T_mult", T_mult, minimum=1) == 1:
        return _cosine(lr, eta_min, step % length / length)
    while step >= length:
        step, length = step - length, length * T_mult
    return _cosine(lr, eta_min, step / length)


def one_cycle_lr(
    step,
    max_lr,
    total_steps,
    pct_start=0.3,
    anneal_strategy="cos",
    div_factor=25.0,
    final_div_factor=1e4,
    three_phase=False,
):
    """Climb from a small learning rate to a large one, and come down to a tiny one.

    It joins these points (step, learning rate), with low = max_lr / div_factor:

        (0, low), (peak, max_lr), (total_steps − 1, low / final_div_factor)
        peak = pct_start · total_steps − 1

    With three_phase it passes (2 · peak, low) on the way down. torch's scheduler also turns
    momentum the other way, from 0.95 to 0.85 and back, which here is up to the caller.

    Args:
        step: which step, from 0 to total_steps; torch allows one more than there are, where the
            curve runs on.
        max_lr: the largest learning rate, at least 0.
        total_steps: how many steps there are, at least 1.
        pct_start: share of the steps that climb, in [0, 1].
        anneal_strategy: "cos" for half cosines, "linear" for straight lines.
        div_factor: max_lr over the first learning rate, above 0.
        final_div_factor: the first learning rate over the last, above 0.
        three_phase: whether to come down as slowly as up, before the end.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range, or the step beyond total_steps.
        TypeError: an argument is no number, total_steps no whole number, or three_phase no flag.

    Source: Smith (2018), A disciplined approach to neural network hyper-parameters: part 1.

    Example:
        >>> steps = range(5)
        >>> [round(one_cycle_lr(s, 1.0, 5, pct_start=0.6, div_factor=4.0), 3) for s in steps]
        [0.25, 0.625, 1.0, 0.5, 0.0]
    """
    step, max_lr, pct_start = not_negative(step=step, max_lr=max_lr, pct_start=pct_start)
    total_steps = shapes.whole("total_steps", total_steps, minimum=1)
    if step > total_steps:
        raise ValueError(f"step must be at most total_steps, {total_steps}, got {step}")
    if pct_start > 1:
        raise ValueError(f"pct_start must lie in [0, 1], got {pct_start!r}")
    shapes.flag("three_phase", three_phase)
    low = max_lr / _above_0("div_factor", div_factor)
    peak = pct_start * total_steps - 1
    corners = [(0, low), (peak, max_lr), *([(2 * peak, low)] if three_phase else [])]
    corners.append((total_steps - 1, low / _above_0("final_div_factor", final_div_factor)))
    curves = {"cos": _cosine, "linear": _line}
    return _through(corners, step, curves[choice("anneal_strategy", anneal_strategy, curves)])


def wsd_lr(step, lr, total_steps, warmup_steps, decay_steps, eta_min=0.0):
    """Warm up, stay, decay: a straight line up, a plateau, and a straight line down.

    It joins these points (step, learning rate), and stays at the last:

        (0, 0), (warmup_steps, lr), (total_steps − decay_steps, lr), (total_steps, eta_min)

    A run may be prolonged on the plateau, since nothing before the decay depends on its end. The
    paper leaves the shape of the decay open; here it is a straight line.

    Args:
        step: which step, from 0.
        lr: learning rate of the plateau, at least 0.
        total_steps: the step at which eta_min is reached, at least 1.
        warmup_steps: how many steps the warm-up takes, at least 0.
        decay_steps: how many steps the decay takes, at least 0.
        eta_min: the last learning rate, at least 0.

    Returns:
        The learning rate of that step, a Python float.

    Raises:
        ValueError: an argument is out of range, or warm-up and decay do not fit.
        TypeError: an argument is no number, or a length no whole number.

    Source: Hu et al. (2024), MiniCPM: unveiling the potential of small language models with
    scalable training strategies.

    Example:
        >>> [wsd_lr(s, 8.0, total_steps=8, warmup_steps=2, decay_steps=4) for s in range(9)]
        [0.0, 4.0, 8.0, 8.0, 8.0, 6.0, 4.0, 2.0, 0.0]
    """
    step, lr, eta_min = not_negative(step=step, lr=lr, eta_min=eta_min)
    total_steps = shapes.whole("total_steps", total_steps, minimum=1)
    warmup_steps = shapes.whole("warmup_steps", warmup_steps, minimum=0)
    decay_steps = shapes.whole("decay_steps", decay_steps, minimum=0)
    if warmup_steps + decay_steps > total_steps:
        raise ValueError(
            f"warmup_steps and decay_steps must fit into total_steps, {total_steps}, "
            f"got {warmup_steps} and {decay_steps}"
        )
    if step >= total_steps:
        return eta_min
    plateau = [(warmup_steps, lr), (total_steps - decay_steps, lr)]
    return _through([(0, 0.0), *plateau, (total_steps, eta_min)], step, _line)


def _through(corners, step, curve):
    """Return the value at a step of the curves that join corners (step, value)."""
    pieces = (piece for piece in pairwise(corners) if step <= piece[1][0])
    (start, first), (end, last) = next(pieces, corners[-2:])
    return last if start == end else curve(first, last, (step - start) / (end - start))


def _line(first, last, share):
    return first + (last - first) * share


def _cosine(first, last, share):
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def _above_0(name, value):
    if not_negative(**{name: value}) == 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return value
