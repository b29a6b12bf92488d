"""How sharp does full-batch gradient descent let a network become? Every seed, recorded.

Five seeds at three learning rates, 4,000 steps each; about a minute on one core. Writes
results/optimizers_edge.json.
"""

import time

import numpy as np

from benchmarks import recording
from lib.experiments.optimizers import edge

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/optimizers_edge.py"
SEEDS = tuple(range(5))
LEARNING_RATES = (0.4, 0.5, 1.0)
STEPS = 4000


def run(lr):
    """One learning rate: loss and sharpness of each seed, (seeds, measurements)."""
    results = [edge.run(seed, lr, STEPS) for seed in SEEDS]
    sharpness = np.round([result["sharpness"] for result in results], 3)
    print(
        f"lr {lr}: 2/lr {2 / lr}, sharpness in the end {sharpness[:, -20:].mean():.3f}", flush=True
    )
    loss = np.round([result["loss"] for result in results], 6)
    return {"lr": lr, "loss": loss.tolist(), "sharpness": sharpness.tolist()}


def main():
    """Run everything and write it down."""
    start = time.process_time()
    runs = [run(lr) for lr in LEARNING_RATES]
    settings = {"steps": STEPS, "every": edge.EVERY, "seeds": SEEDS}
    settings |= {"cpu_seconds": round(time.process_time() - start)}
    recording.write("optimizers_edge", COMMAND, settings | {"runs": runs})


if __name__ == "__main__":
    main()
