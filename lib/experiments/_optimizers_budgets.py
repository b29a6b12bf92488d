"""Six optimizers and six schedules on 8×8 digits, one seed at a time.

Two questions. *Budgets*: which optimizer is best, when there is time for 3, 10 or 40 epochs,
and when the images come as they are?
*Schedules*: what does the shape of the learning rate over time do, at six peaks, when a fifth of
the training labels is wrong, so that the noise of the batches never dies out?

All train the same small network, in double precision and in NumPy, on the images that
`lib.experiments.pooling` shares out. A seed gives every optimizer and every schedule the same
images, the same first weights and the same batches, so that they may be compared seed by seed.
"""

import math

import numpy as np

from lib import train
from lib.experiments import share_out_digits
from lib.reference import optimizers

SIZES = (64, 32, 10)  # units, from the pixels to the classes
BATCH = 32  # images; so an epoch of 897 images takes 29 updates
UPDATES = 29
PEAKS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)
EPOCHS = 20  # how long a schedule lasts
MISLABEL = 0.2  # share of the training labels that are drawn at random for the schedules

OPTIMIZERS = {  # name: its name in the library, and its options; all others are torch's defaults
    "SGD": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9}),
    "Nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "RMSprop": ("rmsprop", {}),
    "Adam": ("adam", {}),
    "AdamW": ("adamw", {}),
}
INPUTS = ("raw", "prepared")
BUDGETS = {  # name: epochs, the schedule's shape, and how the images come
    "raw, 10 epochs": (10, "constant", "raw"),
    "3 epochs": (3, "constant", "prepared"),
    "10 epochs": (10, "constant", "prepared"),
    "40 epochs": (40, "cosine", "prepared"),
}


def _warm_cosine(step, peak, total):
    warm = total // 10
    if step < warm:
        return optimizers.linear_lr(step, peak, start_factor=1 / warm, total_iters=warm)
    return optimizers.cosine_annealing_lr(step - warm, peak, total - warm)


SHAPES = {  # (step, peak, number of all steps) → learning rate
    "constant": lambda step, peak, total: peak,
    "steps": lambda step, peak, total: optimizers.step_lr(step, peak, math.ceil(total / 3)),
    "cosine": optimizers.cosine_annealing_lr,
    "warm-up + cosine": _warm_cosine,
    "one cycle": optimizers.one_cycle_lr,
    "warm-up, stay, decay": lambda step, peak, total: optimizers.wsd_lr(
        step, peak, total, warmup_steps=total // 10, decay_steps=total // 5
    ),
}


def rates(shape, peak, epochs=EPOCHS):
    """The learning rate of every update, (epochs · 29,), with the largest being about `peak`."""
    _check("shape", shape, SHAPES)
    total = epochs * UPDATES
    return np.array([SHAPES[shape](step, peak, total) for step in range(total)])


def digits(seed, inputs="prepared"):
    """Images (N, 1, 8, 8) and labels (N,), as training, validation and test, in NumPy.

    "raw" images are as in the file, 0 to 16. In "prepared" ones full ink is 2, and the mean of the
    training images is taken off, pixel by pixel.
    """
    _check("inputs", inputs, INPUTS)
    parts = {name: (16 * x, y) for name, (x, y) in share_out_digits(seed).items()}
    if inputs == "raw":
        return parts
    middle = parts["train"][0].mean(axis=0)
    return {name: ((x - middle) / 8, y) for name, (x, y) in parts.items()}


def mislabelled(y, share, seed):
    """Labels (N,), of which about a share is drawn anew among the ten digits."""
    rng = np.random.default_rng((seed, 1))  # so that the network and its batches stay the same
    return np.where(rng.random(len(y)) < share, rng.integers(0, 10, len(y)), y)


def fit(name, x, y, seed, lr, shape, epochs, held_out=None):
    """Train one network with an optimizer, its learning rate following a shape.

    Returns:
        model: a `lib.train.Model`.
        history: as `lib.train.train` gives it.
    """
    _check("optimizer", name, OPTIMIZERS)
    rule, options = OPTIMIZERS[name]
    at = rates(shape, lr, epochs)
    rng = np.random.default_rng(seed)
    model = train.mlp(rng, SIZES, dtype=np.float64)
    options = options | {"lr": lambda step: at[step]}
    with np.errstate(all="ignore"):  # what diverges may
        return train.train(rng, model, (x, y), held_out, rule, epochs, BATCH, **options)


def budget_validation(name, budget, seed, lr):
    """Accuracy on the validation images: what the learning rate is chosen by."""
    return _budget(name, budget, seed, lr, "validation")["validation"]


def budget_run(name, budget, seed, lr):
    """One seed of the experiment on budgets: the last epoch's loss, and the test accuracy."""
    return _budget(name, budget, seed, lr, "test")


def _budget(name, budget, seed, lr, part):
    _check("budget", budget, BUDGETS)
    epochs, shape, inputs = BUDGETS[budget]
    images = digits(seed, inputs)
    model, history = fit(name, *images["train"], seed, lr, shape, epochs)
    with np.errstate(all="ignore"):
        return {
            "loss": history["train_loss"][-1],
            part: train.evaluate(model, images[part])[1],
        }


def schedule_run(shape, peak, seed, mislabel=MISLABEL):
    """One seed of the experiment on schedules, momentum 0.9: training loss and validation.

    Returns:
        loss: the mean over the batches of each epoch, (epochs,).
        validation: the share of validation images read right after each epoch, (epochs,).
    """
    images = digits(seed)
    x, y = images["train"]
    y = mislabelled(y, mislabel, seed)
    _, history = fit("momentum", x, y, seed, peak, shape, EPOCHS, images["validation"])
    return {"loss": history["train_loss"], "validation": history["validation_accuracy"]}


def _check(name, value, known):
    if value not in known:
        raise ValueError(f"expected {name} to be one of {list(known)}, got {value!r}")
