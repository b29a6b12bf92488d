"""Does cross-entropy beat squared error, if each may choose its learning rate? Recorded.

For each loss and each size of the first weights: validation accuracy at 21 learning rates, each a
factor √2 above the one before, over five seeds; then test accuracy over twenty other seeds, at
the best of these rates and at one rate for all. About ten minutes on one core. Writes
results/losses_mse.json.
"""

import itertools
import time

import numpy as np

from benchmarks import recording
from lib.experiments import losses as experiment

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/losses_mse.py"
LEARNING_RATES = tuple(float(f"{2 ** (k / 2):.3g}") for k in range(-4, 17))  # 0.25 to 256
SHARED = 1.0  # the rate that both get where neither may choose
EPOCHS = 20
TUNING_SEEDS = tuple(range(100, 105))
SEEDS = tuple(range(20))


def accuracies(part, seeds, loss, init, lr):
    """Accuracy of each seed on one part of the images."""
    found = [experiment.run(loss, init, seed, lr, EPOCHS)[part] for seed in seeds]
    return np.round(found, 6).tolist()


def run(loss, init):
    """One loss from weights of one size: how its rate was chosen, and each seed's results."""
    validation = [accuracies("validation", TUNING_SEEDS, loss, init, lr) for lr in LEARNING_RATES]
    lr = LEARNING_RATES[int(np.mean(validation, axis=1).argmax())]
    result = {"loss": loss, "init": init, "lr": lr, "validation": validation}
    result |= {"tuned": accuracies("test", SEEDS, loss, init, lr)}
    result |= {"shared": accuracies("test", SEEDS, loss, init, SHARED)}
    means = [round(float(np.mean(result[key])), 3) for key in ("tuned", "shared")]
    print(f"{loss:14} {init:5} lr {lr:<6} tuned, shared {means}", flush=True)
    return result


def main():
    """Run everything and write it down."""
    start = time.process_time()
    runs = [run(*pair) for pair in itertools.product(experiment.LOSSES, experiment.INITS)]
    settings = {
        "learning_rates": LEARNING_RATES,
        "shared_rate": SHARED,
        "epochs": EPOCHS,
        "tuning_seeds": TUNING_SEEDS,
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - start),
    }
    recording.write("losses_mse", COMMAND, settings | {"runs": runs})


if __name__ == "__main__":
    main()
