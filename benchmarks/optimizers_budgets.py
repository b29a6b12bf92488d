"""Is Adam the best optimizer, and for which budget? Every seed of the experiment, recorded.

For each of six optimizers and four budgets: choose the learning rate by validation accuracy over
four seeds, from nine rates a factor of 2 apart, as many for one optimizer as for another; then
train sixteen more seeds at that rate, and test each once. Six minutes on one core. Writes
results/optimizers_budgets.json.
"""

import time

import numpy as np

from benchmarks import recording
from lib.experiments.optimizers import budgets as trials

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/optimizers_budgets.py"
MIDDLES = {  # of nine learning rates, all on one lattice: 0.01 times a power of 2
    "raw": dict(zip(trials.OPTIMIZERS, (0.02, 0.005, 0.005, 0.005, 0.01, 0.01), strict=True)),
    "prepared": dict(zip(trials.OPTIMIZERS, (0.64, 0.08, 0.08, 0.01, 0.02, 0.02), strict=True)),
}
TUNING_SEEDS = (100, 101, 102, 103)
SEEDS = tuple(range(16))


def learning_rates(name, budget):
    """Nine rates, a factor of 2 apart."""
    middle = MIDDLES[trials.BUDGETS[budget][2]][name]
    return [round(middle * 2.0**k, 8) for k in range(-4, 5)]


def tune(name, budget):
    """Validation accuracy at each learning rate, and the best of them."""
    found = {
        lr: float(
            np.mean([trials.budget_validation(name, budget, seed, lr) for seed in TUNING_SEEDS])
        )
        for lr in learning_rates(name, budget)
    }
    return found, max(found, key=found.get)


def run(name, budget):
    """One optimizer with one budget: how its rate was chosen, and each seed's results."""
    validation, lr = tune(name, budget)
    if lr in (min(validation), max(validation)):
        raise ValueError(f"{name}, {budget}: the best rate, {lr}, is at the edge of the search")
    seeds = [trials.budget_run(name, budget, seed, lr) for seed in SEEDS]
    result = {"optimizer": name, "budget": budget, "lr": lr}
    result |= {"validation": {key: round(value, 6) for key, value in validation.items()}}
    result |= {key: np.round([seed[key] for seed in seeds], 6).tolist() for key in seeds[0]}
    print(f"{budget:14} {name:9} lr {lr:<7} test {np.mean(result['test']):.4f}", flush=True)
    return result


def main():
    """Run everything and write it down."""
    start = time.process_time()
    runs = [run(name, budget) for budget in trials.BUDGETS for name in trials.OPTIMIZERS]
    settings = {
        "tuning_seeds": TUNING_SEEDS,
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - start),
    }
    recording.write("optimizers_budgets", COMMAND, settings | {"runs": runs})


if __name__ == "__main__":
    main()
