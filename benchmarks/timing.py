"""Ratios of times from interleaved runs: what a machine's mood changes least."""

import gc
import time
from collections.abc import Callable
from typing import NamedTuple

RUNS = 9


class Row(NamedTuple):
    """`ours` over `theirs`; the goal is the ratio not to be exceeded, None where none is set."""

    what: str
    ours: Callable
    theirs: Callable
    goal: float | None = None


def best_times(calls, synchronize=lambda: None, runs=RUNS):
    """Run several calls in turn, so that a slow moment hits all alike; the minimum of each."""
    for call in calls:
        call()
    best = [float("inf")] * len(calls)
    gc.collect()
    for _ in range(runs):
        for i, call in enumerate(calls):
            synchronize()
            start = time.perf_counter()
            call()
            synchronize()
            best[i] = min(best[i], time.perf_counter() - start)
    return best
