"""Seven ways to train one small network on digits, each at its own best learning rate.

A method is a pair (init, step) as in `lib.reference.optimizers`, its options, and a schedule. All
methods start from the same weights and see the same batches, seed by seed; the network is computed
in NumPy, with the rules as they are printed in the library.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lib.experiments import share_out_digits
from lib.reference import optimizers
from lib.reference.minibatches import batches
from lib.train import evaluate, mlp

BATCH = 32
SIZES = (64, 64, 64, 64, 10)
DECAY = 0.01  # AdamW's, and Muon's


def schedule_free_init(params, lr, beta):
    """The state before the first step: the walker z and the average x both stand at params."""
    return [{"weight": 0, "z": param, "x": param} for param in params]


def schedule_free_step(params, grads, state, lr, beta):
    """Walk with z, average into x, and say where the next gradient is taken: at y, in between.

        z = z − lr · g,   x = x + (z − x) · lr² / Σ lr²,   y = (1 − beta) · z + beta · x

    The sum is over all steps so far, so that x is a mean of the z, with equal weights while lr
    stays the same.

    Args:
        params: the y at which the gradients were taken, list of arrays.
        grads: the gradients there.
        state: list of dicts as of `schedule_free_init`.
        lr: learning rate, above 0.
        beta: how near to the average the gradient is taken.

    Returns:
        (params, state): the new y; the network to use in the end is the x of the state.

    Source: Defazio et al. (2024), The road less scheduled.

    Example:
        >>> y, state = schedule_free_step([1.0], [0.5], schedule_free_init([1.0], 1, 0.9), 1, 0.9)
        >>> y, state
        ([0.5], [{'weight': 1, 'z': 0.5, 'x': 0.5}])
    """
    fresh = []
    for grad, memory in zip(grads, state, strict=True):
        weight, z = memory["weight"] + lr**2, memory["z"] - lr * grad
        x = memory["x"] + (z - memory["x"]) * lr**2 / weight
        fresh.append({"weight": weight, "z": z, "x": x})
    return [(1 - beta) * each["z"] + beta * each["x"] for each in fresh], fresh


def _hidden(params):
    """Which parameters are matrices of hidden layers: neither the first nor the last matrix."""
    return [i for i, param in enumerate(params) if param.ndim == 2][1:-1]


def muon_mixed_init(params, lr):
    """The state of `muon_mixed_step` before its first step."""
    state = optimizers.adamw_init(params, lr, weight_decay=DECAY)
    for i in _hidden(params):
        (state[i],) = optimizers.muon_init([params[i]], lr)
    return state


def muon_mixed_step(params, grads, state, lr):
    """Muon for the matrices of hidden layers, AdamW for everything else, at one learning rate."""
    hidden, moved, fresh = _hidden(params), [], []
    for i, one in enumerate(zip(params, grads, state, strict=True)):
        step, options = optimizers.adamw_step, {}
        if i in hidden:
            step, options = optimizers.muon_step, {"adjust_lr_fn": "match_rms_adamw"}
        (param,), (memory,) = step(*([each] for each in one), lr, weight_decay=DECAY, **options)
        moved.append(param)
        fresh.append(memory)
    return moved, fresh


def warm_up(step, updates):
    """A factor that grows to 1 in the first twentieth of all updates; every schedule has it."""
    return min(1.0, (step + 1) / max(1, updates // 20))


def constant(step, lr, updates):
    """The same learning rate throughout, once it is warm."""
    return lr * warm_up(step, updates)


def cosine(step, lr, updates):
    """Half a cosine, from lr down to almost 0."""
    return warm_up(step, updates) * optimizers.cosine_annealing_lr(step, lr, updates)


def wsd(step, lr, updates):
    """A plateau, and a straight line down to almost 0 in the last fifth."""
    return warm_up(step, updates) * optimizers.wsd_lr(step, lr, updates, 0, updates // 5)


class Method(NamedTuple):
    """A way to train: a rule (init, step), its options, and (step, lr, updates) → rate."""

    rule: tuple
    options: dict
    schedule: Callable = cosine


def _ours(name):
    return getattr(optimizers, f"{name}_init"), getattr(optimizers, f"{name}_step")


METHODS = {
    "momentum": Method(_ours("sgd"), {"momentum": 0.9}),
    "momentum, constant": Method(_ours("sgd"), {"momentum": 0.9}, constant),
    "momentum, WSD": Method(_ours("sgd"), {"momentum": 0.9}, wsd),
    "AdamW": Method(_ours("adamw"), {"weight_decay": DECAY}),
    "Lion": Method(_ours("lion"), {"weight_decay": 10 * DECAY}),
    "Muon": Method((muon_mixed_init, muon_mixed_step), {}),
    "schedule-free": Method((schedule_free_init, schedule_free_step), {"beta": 0.9}, constant),
}


def digits(seed):
    """Images (N, 64) and labels (N,), as training, validation and test."""
    return {name: (x.reshape(len(x), -1), y) for name, (x, y) in share_out_digits(seed).items()}


def fit(method, seed, lr, updates):
    """Train one network by a method of `METHODS`, and return it."""
    if method not in METHODS:
        raise ValueError(f"expected method to be one of {list(METHODS)}, got {method!r}")
    (init, step), options, schedule = METHODS[method]
    rng, (x, label) = np.random.default_rng(seed), digits(seed)["train"]
    model = mlp(rng, SIZES, dtype=np.float64)
    params, state = model.params, init(model.params, lr, **options)
    for update, index in zip(range(updates), endless(rng, len(x)), strict=False):
        _, grads = model.gradients(params, x[index], label[index])
        params, state = step(params, grads, state, schedule(update, lr, updates), **options)
    if step is schedule_free_step:
        params = [memory["x"] for memory in state]
    return model._replace(params=params)


def endless(rng, images):
    """Batches, epoch after epoch, each epoch in a new order."""
    while True:
        yield from batches(rng, images, BATCH, shuffle=True)


def run(method, seed, lr, updates):
    """One seed: the loss on the training images, and the accuracy on the test images."""
    model, sets = fit(method, seed, lr, updates), digits(seed)
    return {"loss": evaluate(model, sets["train"])[0], "test": evaluate(model, sets["test"])[1]}


def validation(method, seed, lr, updates):
    """Accuracy on the validation images: what the learning rate is chosen by."""
    with np.errstate(all="ignore"):  # a rate that is too large may overflow
        model = fit(method, seed, lr, updates)
        return evaluate(model, digits(seed)["validation"])[1]
