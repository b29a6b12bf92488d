"""How long a draw takes, next to torch's own; no goal is set, since a network starts once.

Both twins draw one float64 uniform for each weight and take its quantile, so that a draw can be
handed over and made again by the other twin, in whatever dtype is asked for; torch's own sampler
makes normal deviates in pairs and in float32. Nothing is compiled: torch.compile leaves a
generator's draws to the eager mode.
"""

from functools import partial

import numpy as np
import torch
from torch.nn import init

from benchmarks.timing import Row
from lib.accelerated import initialization as twin
from lib.reference import initialization as reference

SHAPE = (1024, 1024)
ABOUT = {"shape": SHAPE}
NAMES = ("uniform", "normal", "trunc_normal", "kaiming_normal", "orthogonal")


def rows(device):
    """Yield a row for each initializer, in NumPy where torch runs on the CPU, and as a twin."""
    for name in NAMES:
        generator = torch.Generator(device).manual_seed(0)
        w = torch.empty(SHAPE, device=device)
        theirs = partial(getattr(init, f"{name}_"), w, generator=generator)
        if device == "cpu":
            ours = partial(getattr(reference, name), np.random.default_rng(0), SHAPE)
            yield Row(f"NumPy / torch: {name}", ours, theirs)
        ours = partial(getattr(twin, name), generator, SHAPE)
        yield Row(f"twin / built-in: {name}", ours, theirs)
