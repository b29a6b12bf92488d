"""Does it matter that a ravine lies along the axes? Six optimizers, eight ravines, turned.

For each optimizer, condition number and angle: choose a learning rate out of 204, 5 % apart, by
the steps that nine in ten of 100 starts need, and measure it from 100 others. What hangs on the
criterion and on the tolerance is shown beside it, by medians. About six minutes of one core.
Writes results/optimizers_rotation.json.
"""

import time

from benchmarks import recording
from lib.experiments import median_interval
from lib.experiments.optimizers import rotation

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/optimizers_rotation.py"
KAPPAS = (5, 10, 20, 50, 100, 200, 500, 1000)
ADAPTIVE = ("adagrad", "rmsprop", "adam")
OTHER_TOLERANCES = (1e-2, 1e-6)
CRITERIA = (rotation.NINE_IN_TEN, rotation.MEDIAN)


def run(*ravine, **options):
    """One optimizer in one ravine, for each criterion."""
    found = rotation.run(*ravine, **options)
    for one in found:
        print(*ravine, one["percentile"], f"lr {one['lr']:.5g}: {summary(one)}", flush=True)
    return found


def summary(one):
    """The median of a run with its interval; None stands for a median that never arrived."""
    low_to_high = median_interval([float("inf") if n is None else n for n in one["steps"]])
    return [None if value == float("inf") else value for value in low_to_high]


def brief(one):
    """A run without its single steps."""
    return one | {"steps": summary(one), "never": one["steps"].count(None)}


def main():
    """Run everything and write it down."""
    start = time.process_time()
    cases = [(name, kappa, a) for kappa in KAPPAS for name in rotation.RULES for a in (0, 45)]
    pairs = [run(*case, percentiles=CRITERIA) for case in cases]
    near = [(name, kappa, a) for kappa in (20, 200) for name in ADAPTIVE for a in (0, 45)]
    others = [
        one for tol in OTHER_TOLERANCES for case in near for one in run(*case, tolerance=tol)
    ]
    settings = {
        "tuning": rotation.TUNING,
        "measuring": rotation.MEASURING,
        "rates": [len(rotation.RATES), rotation.RATES[0], rotation.RATES[-1]],
        "cpu_seconds": round(time.process_time() - start),
    }
    result = {
        "runs": [chosen for chosen, _ in pairs],
        "by_median": [brief(other) for _, other in pairs],
        "tolerances": [brief(one) for one in others],
    }
    recording.write("optimizers_rotation", COMMAND, settings | result)


if __name__ == "__main__":
    main()
