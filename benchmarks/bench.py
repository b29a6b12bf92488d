"""The library's speed as ratios to torch's own operations, on one thread.

    python -m benchmarks.bench                     print them all
    python -m benchmarks.bench --topics pooling    those of one topic, or of several
    python -m benchmarks.bench --device cuda       the twins on a GPU
    python -m benchmarks.bench --topics grading    the instructor's tool (`grading.py` says how)
    python -m benchmarks.bench --record            write benchmarks/results/speed_<topic>.json, too

The rows of a topic stand in `speed_<topic>.py`: `rows(device)` yields them, `ABOUT` says what a
record must tell of them.

Each ratio is that of two minima over interleaved runs; below 1 is faster than what it is compared
with. Beside it stands how near our form comes to a plain copy: the bytes that it is given and
gives back, a second, as a share of those that a copy moves. Torch gets huge pages, or page faults
would flatter NumPy.
"""

import os

os.environ["THP_MEM_ALLOC_ENABLE"] = os.environ["OMP_NUM_THREADS"] = "1"  # before torch starts

import argparse
import sys
from importlib import import_module
from pathlib import Path

import torch

from benchmarks import grading, recording
from benchmarks.timing import RUNS, best_times, copy_bandwidth, least_traffic
from lib.grading import sandbox

PREFIX = "speed_"
TOPICS = sorted(p.stem.removeprefix(PREFIX) for p in Path(__file__).parent.glob(f"{PREFIX}*.py"))
GRADING = "grading"


def main():
    """Measure, print and perhaps record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda")
    topics = [*TOPICS, GRADING]
    parser.add_argument("--topics", nargs="+", choices=topics, default=topics, metavar="TOPIC")
    parser.add_argument("--sizes", nargs="+", type=int, default=grading.SIZES, metavar="COUNT",
                        help="submissions of the courses that are graded")  # fmt: skip
    parser.add_argument("--record", action="store_true", help="write the results to files")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("--device cuda: torch finds no CUDA device here")
    torch.set_num_threads(1)
    for topic in options.topics:
        if topic != GRADING:
            measure_topic(topic, options)
        elif options.device == "cpu":
            measure_grading(options)


def measure_topic(topic, options):
    """Measure every row of a topic, and record them if asked to."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    module = import_module(f"benchmarks.{PREFIX}{topic}")
    results = [measured(row, options.device) for row in module.rows(options.device)]
    if options.record:
        suffix = "" if options.device == "cpu" else f"_{options.device}"
        device = {} if options.device == "cpu" else {"device": torch.cuda.get_device_name()}
        about = {"runs": RUNS, "load_before": load, **module.ABOUT}
        command = " ".join(["python -m benchmarks.bench", *sys.argv[1:]])
        recording.write(f"{PREFIX}{topic}{suffix}", command, about | device | {"ratios": results})


def measure_grading(options):
    """Measure the instructor's tool, and record it if asked to."""
    try:
        sandbox.check()
    except sandbox.NoSandbox as error:
        print(f"grading: not here: {error}")
        return
    load = os.getloadavg()[0]
    result = grading.measure(options.sizes)
    if options.record:
        command = " ".join(["python -m benchmarks.bench", *sys.argv[1:]])
        recording.write(
            GRADING, command, {"load_before": load} | result, f"{grading.WORKERS} used"
        )


def measured(row, device):
    """Time a row, print it, and return what a record keeps of it."""
    synchronize = torch.cuda.synchronize if device == "cuda" else no_wait
    try:
        ours, theirs = best_times([row.ours, row.theirs], synchronize)
    except torch._dynamo.exc.BackendCompilerFailed as error:
        print(f"{row.what:<72} not here: {str(error).splitlines()[0]}", flush=True)
        return {"what": row.what, "goal": row.goal, "ratio": None}
    ratio = ours / theirs
    share = least_traffic(row.ours) / ours / copy_bandwidth(device, synchronize)
    missed = row.goal is not None and ratio > row.goal
    goal = "" if row.goal is None else f"goal {row.goal}{' missed' if missed else ''}"
    print(f"{row.what:<72} {ratio:6.2f} {share:7.0%} of a copy  {goal}".rstrip(), flush=True)
    return {
        "what": row.what,
        "goal": row.goal,
        "ratio": round(ratio, 3),
        "share_of_copy_bandwidth": round(share, 3),
        "milliseconds": [round(1e3 * ours, 2), round(1e3 * theirs, 2)],
    }


def no_wait():
    """Nothing runs on after a call on a CPU."""


if __name__ == "__main__":
    main()
