"""Does stochastic pooling beat max pooling, and max average? Every seed, recorded.

For each method, number of training images and length of training: choose the learning rate by
validation accuracy over four seeds; train eight more at that rate, and test each once. The
networks trained by stochastic pooling are tested under five rules. About ten minutes on one core.
Writes results/pooling_stochastic.json; with `coarse` as its argument, where two seeds choose from
rates further apart, results/pooling_stochastic_coarse.json.
"""

import sys
import time

import numpy as np
import torch

from benchmarks import recording
from lib.accelerated import pooling as ours
from lib.experiments import pooling as experiment

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/pooling_stochastic.py"
COARSE = sys.argv[1:] == ["coarse"]
LEARNING_RATES = (0.004, 0.01, 0.025) if COARSE else (0.005, 0.01, 0.02)
TUNING_SEEDS = (100, 101) if COARSE else (100, 101, 102, 103)
SEEDS = tuple(range(8))
IMAGES = (100, 300, 897)
SHORT, LONG = 500, 1500  # updates


def tune(method, images, updates):
    """Validation accuracy at each learning rate, and the best of them."""
    found = {
        lr: float(
            np.mean(
                [
                    experiment.method_validation(method, images, seed, lr, updates)
                    for seed in TUNING_SEEDS
                ]
            )
        )
        for lr in LEARNING_RATES
    }
    return found, max(found, key=found.get)


def run(method, images, updates):
    """One method at one scale: how its rate was chosen, and each seed's results."""
    validation, lr = tune(method, images, updates)
    seeds = [experiment.method_run(method, images, seed, lr, updates) for seed in SEEDS]
    result = {"method": method, "images": images, "updates": updates, "lr": lr}
    result |= {"validation": validation}
    result |= {key: np.round([seed[key] for seed in seeds], 6).tolist() for key in seeds[0]}
    print(
        f"{updates:5} {images:4} {method:14} lr {lr:<6} test {np.mean(result['test']):.3f}",
        flush=True,
    )
    return result


def sampling_cost():
    """Time of drawing over time of taking the maximum, forward and backward; least of eleven."""
    x = torch.rand(64, 16, 28, 28, requires_grad=True)
    rng = torch.Generator().manual_seed(0)
    pools = (lambda: ours.stochastic_pool2d(rng, x, 2), lambda: ours.max_pool2d(x, 2))
    times = np.array([[timed(pool) for pool in pools] for _ in range(11)])
    drawn, largest = times.min(0)
    return round(drawn / largest, 2)


def timed(pool):
    """Seconds for one pass forward and backward."""
    start = time.perf_counter()
    pool().sum().backward()
    return time.perf_counter() - start


def main():
    """Run everything and write it down."""
    torch.set_num_threads(1)
    start = time.process_time()
    runs = [run(method, n, SHORT) for n in IMAGES for method in experiment.METHODS]
    runs += [run(method, n, LONG) for n in IMAGES[1:] for method in ("max", "stochastic")]
    settings = {
        "learning_rates": LEARNING_RATES,
        "tuning_seeds": TUNING_SEEDS,
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - start),
        "sampling_cost": sampling_cost(),
    }
    name, argument = ("_coarse", " coarse") if COARSE else ("", "")
    recording.write(f"pooling_stochastic{name}", COMMAND + argument, settings | {"runs": runs})


if __name__ == "__main__":
    main()
