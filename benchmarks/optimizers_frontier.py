"""Do the newer optimizers beat momentum with a cosine, on digits? Every seed, recorded.

For each method: choose the learning rate by validation accuracy over six seeds; train ten more at
that rate, and test each once. About five minutes on one core. Writes
results/optimizers_frontier.json.
"""

import time

import numpy as np

from benchmarks import recording
from lib.experiments.optimizers import frontier

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/optimizers_frontier.py"
TUNING_SEEDS = tuple(range(100, 106))
SEEDS = tuple(range(10))
UPDATES = 300
LARGEST = {  # each method tries six rates, each half of the one before
    "momentum": 0.32,
    "momentum, constant": 0.32,
    "momentum, WSD": 0.32,
    "AdamW": 0.064,
    "Lion": 0.008,
    "Muon": 0.064,
    "schedule-free": 3.2,
}


def run(method):
    """One method: how its rate was chosen, and each seed's results."""
    rates = [LARGEST[method] / 2**i for i in range(6)]
    found = {lr: mean_validation(method, lr) for lr in rates}
    lr = max(found, key=found.get)
    results = [frontier.run(method, seed, lr, UPDATES) for seed in SEEDS]
    columns = {
        key: np.round([result[key] for result in results], 6).tolist() for key in results[0]
    }
    print(f"{method:20} lr {lr:<8} test {np.mean(columns['test']):.4f}", found, flush=True)
    return {"method": method, "lr": lr, "validation": found} | columns


def mean_validation(method, lr):
    """Validation accuracy at a learning rate, over the tuning seeds."""
    each = [frontier.validation(method, seed, lr, UPDATES) for seed in TUNING_SEEDS]
    return round(float(np.mean(each)), 6)


def main():
    """Run everything and write it down."""
    start = time.process_time()
    runs = [run(method) for method in frontier.METHODS]
    settings = {"updates": UPDATES, "tuning_seeds": TUNING_SEEDS, "seeds": SEEDS}
    settings |= {"cpu_seconds": round(time.process_time() - start)}
    recording.write("optimizers_frontier", COMMAND, settings | {"runs": runs})


if __name__ == "__main__":
    main()
