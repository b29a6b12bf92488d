"""Squared error against cross-entropy: one network of sigmoid units on 8×8 digits, seed by seed.

Both losses see the same network, the same first weights and the same order of images; the
learning rate of each is chosen on validation images. Everything is NumPy in double precision,
trained by `lib.train`.
"""

from itertools import pairwise

import numpy as np

from lib.experiments import mean_interval, share_out_digits
from lib.reference import initialization
from lib.train import Layer, chain, train

SIZES = (64, 32, 10)  # pixels, hidden units, classes: a sigmoid unit for each class
LOSSES = {"squared error": "mse_loss", "cross-entropy": "binary_cross_entropy_with_logits"}
INITS = {"1/√n": lambda inputs: inputs**-0.5, "1": lambda inputs: 1.0}  # sd of the first weights


def digits(seed):
    """Images (N, 64) and labels (N,), as training, validation and test.

    From each pixel its mean over the training images is taken, and all are divided by one standard
    deviation.
    """
    parts = {name: (x.reshape(len(x), -1), y) for name, (x, y) in share_out_digits(seed).items()}
    mean, spread = parts["train"][0].mean(axis=0), parts["train"][0].std()
    return {name: ((x - mean) / spread, y) for name, (x, y) in parts.items()}


def network(rng, loss, init):
    """A model of two layers, its first weights normal with the given deviation, its biases 0.

    Raises:
        ValueError: there is no such loss or initialization.
    """
    for name, value, known in (("loss", loss, LOSSES), ("init", init, INITS)):
        if value not in known:
            raise ValueError(f"expected {name} to be one of {list(known)}, got {value!r}")
    layers = []
    for inputs, outputs in pairwise(SIZES):
        std = INITS[init](inputs)
        weight = initialization.normal(rng, (outputs, inputs), std=std, dtype=np.float64)
        layers += [Layer("convolution.linear", (weight, np.zeros(outputs)))]
        layers += [Layer("activations.sigmoid")]
    # This cross-entropy has the last sigmoid inside it.
    return chain(layers if loss == "squared error" else layers[:-1], LOSSES[loss])


def train_network(loss, init, seed, lr, epochs):
    """Train one network by plain gradient steps on batches of 32."""
    x, y = digits(seed)["train"]
    rng = np.random.default_rng(seed)
    model = network(rng, loss, init)
    targets = np.eye(SIZES[-1])[y]  # (N, 10), one-hot
    model, _ = train(rng, model, (x, targets), epochs=epochs, lr=lr, progress=False)
    return model


def run(loss, init, seed, lr, epochs):
    """One seed: its accuracy on validation and test images."""
    model = train_network(loss, init, seed, lr, epochs)
    return {part: accuracy(model, *digits(seed)[part]) for part in ("validation", "test")}


def accuracy(model, x, y):
    """The share of images x, (N, 64), whose largest output is that of their label y, (N,)."""
    return float((model.forward(model.params, x).argmax(axis=1) == y).mean())


def comparison(record):
    """The recorded runs by loss and size of the first weights: {(loss, init): run}."""
    return {(run["loss"], run["init"]): run for run in record["runs"]}


def choices(record, init):
    """Validation accuracy at each learning rate: means and half widths, by loss, each (R,)."""
    runs = comparison(record)
    intervals = {
        loss: np.transpose([mean_interval(row) for row in runs[loss, init]["validation"]])
        for loss in LOSSES
    }
    return [{loss: row[part] for loss, row in intervals.items()} for part in (0, 1)]


def lead(record, init, rate):
    """By how many points of test accuracy the cross-entropy leads: mean and half width.

    The difference is taken seed by seed; `rate` is "tuned" or "shared".
    """
    square, entropy = (comparison(record)[loss, init][rate] for loss in LOSSES)
    return mean_interval(100 * np.subtract(entropy, square))
