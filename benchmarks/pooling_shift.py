"""Is max pooling invariant to small shifts? Every seed of the experiment, recorded.

For each pooling and head: choose the learning rate by validation accuracy in the middle of the
frame, with a seed of its own; train five more at that rate, and test each once, at 49 shifts.
About ten minutes on one core. Writes results/pooling_shift.json, and the beliefs of the first
seed's networks about ten digits to results/pooling_shift_vectors.json, for the widget.
"""

import base64
import itertools
import time
import zlib

import numpy as np
import torch

from benchmarks import recording
from lib.experiments import pooling as experiment

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/pooling_shift.py"
UPDATES = 600
LEARNING_RATES = (0.005, 0.01, 0.02)
TUNING_SEED = 100
SEEDS = tuple(range(5))


def tune(pooling, head):
    """Validation accuracy at each learning rate, and the best of them."""
    found = {
        lr: experiment.shift_validation(pooling, head, TUNING_SEED, lr, UPDATES)
        for lr in LEARNING_RATES
    }
    return found, max(found, key=found.get)


def run(pooling, head):
    """One pooling under one head: how its rate was chosen, and each seed's results."""
    validation, lr = tune(pooling, head)
    seeds = [experiment.shift_run(pooling, head, seed, lr, UPDATES) for seed in SEEDS]
    result = {"pooling": pooling, "head": head, "lr": lr, "validation": validation}
    result |= {key: np.round([seed[key] for seed in seeds], 6).tolist() for key in seeds[0]}
    print(
        f"{head:15} {pooling:20} lr {lr:<6} accuracy",
        np.mean(result["accuracy"], 0).round(3),
        flush=True,
    )
    return result


def vectors(runs):
    """What the first seed's networks believe of one test digit of each class, at 8 bits."""
    x, y = experiment.digits(SEEDS[0])["test"]
    first = [int((y == digit).nonzero()[0, 0]) for digit in range(10)]
    p = []
    for of in runs:
        network = experiment.train_centred(of["pooling"], of["head"], SEEDS[0], of["lr"], UPDATES)
        p.append(experiment.shifted_probabilities(network, of["pooling"], x[first]))
    p = torch.stack(p).permute(0, 3, 1, 2, 4).numpy()  # (runs, digit, 7, 7, 10)
    p = p.reshape(len(experiment.HEADS), len(experiment.SHIFT_POOLINGS), *p.shape[1:])
    images = (x[first, 0] * 4).numpy()  # full ink is 16, as in the files of the data set
    return {
        "heads": experiment.HEADS,
        "poolings": list(experiment.SHIFT_POOLINGS),
        "axes": ["head", "pooling", "digit", "down", "right", "class"],
        "frame": experiment.FRAME,
        "shifts": list(range(-experiment.REACH, experiment.REACH + 1)),
        "shape": p.shape,
        "encoding": "uint8 (a probability times 255, rounded), zlib, base64",
        "probabilities": packed(np.round(p * 255)),
        "images": images.round().astype(int).tolist(),
    }


def packed(x):
    """Whole numbers from 0 to 255 as deflated text."""
    return base64.b64encode(zlib.compress(x.astype(np.uint8).tobytes(), 9)).decode()


def main():
    """Run everything and write it down."""
    torch.set_num_threads(1)
    start = time.process_time()
    pairs = itertools.product(experiment.HEADS, experiment.SHIFT_POOLINGS)
    runs = [run(pooling, head) for head, pooling in pairs]
    settings = {
        "updates": UPDATES,
        "learning_rates": LEARNING_RATES,
        "tuning_seed": TUNING_SEED,
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - start),
    }
    recording.write("pooling_shift", COMMAND, settings | {"runs": runs})
    recording.write("pooling_shift_vectors", COMMAND, {"seed": SEEDS[0]} | vectors(runs))


if __name__ == "__main__":
    main()
