"""Ratios of times from interleaved runs: what a machine's mood changes least."""

import gc
import time
from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

import torch

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


def least_traffic(call):
    """Bytes of what a call is given and gives back, each read or written once."""
    given = [call.args, call.keywords] if isinstance(call, partial) else []
    return nbytes([*given, call()])


def nbytes(value):
    """Bytes of all arrays and tensors in a nest of lists, tuples and dicts."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return sum(nbytes(each) for each in value)
    return getattr(value, "nbytes", 0)


@cache
def copy_bandwidth(device, synchronize):
    """Bytes a second that a plain copy moves, read and written."""
    x = torch.ones(2**26, device=device)
    (seconds,) = best_times([x.clone], synchronize)
    return 2 * x.nbytes / seconds
