"""The rows of the speed table for normalization: what is timed against what, and the goal.

Why an eager twin on a CPU is slower than the built-in: the built-in goes over its input twice,
for the moments and for the result, and keeps two numbers for each set of cells that share. The
twin goes over it once for each operation: for the mean, the distance, its square, the mean of
that, and the result; it keeps the distance, and its backward goes over that and the slopes again
for each of these. torch.compile merges the sweeps between two sums; where cells that are added up
lie apart in memory, as those of a channel do in channels_last images, it does not add them up in
the order of memory, as the built-in does.
"""

from functools import partial

import torch
import torch.nn.functional as built_in

from benchmarks.timing import Row
from lib.accelerated import normalization as twin
from lib.reference import normalization as reference

IMAGES = (64, 64, 56, 56)
TOKENS = (64, 196, 768)
ABOUT = {"images": IMAGES, "tokens": TOKENS}
IMAGE_KINDS = ("images", "channels_last images")
OPTIONS = {
    "batch_norm": {"running_mean": None, "running_var": None, "training": True},
    "group_norm": {"num_groups": 32},
    "layer_norm": {"normalized_shape": TOKENS[-1:]},
    "rms_norm": {"normalized_shape": TOKENS[-1:]},
}


def rows(device):
    """Yield every row that makes sense on a device; inputs are made as they are needed."""
    if device == "cpu":
        yield from numpy_rows()
    for name in OPTIONS:
        kinds = ("tokens",) if "normalized_shape" in OPTIONS[name] else IMAGE_KINDS
        for kind in kinds:
            leaves = inputs(name, kind, device)
            ours, theirs = (norm(place, name) for place in (twin, built_in))
            yield from both_ways(f"twin / built-in: {name}, {kind}", ours, theirs, leaves)
            torch.compiler.reset()
            what = f"compiled twin / built-in: {name}, {kind}"
            goal = 1.1 if device == "cuda" else None
            yield from both_ways(what, torch.compile(ours), theirs, leaves, goal)


def inputs(name, kind="images", device="cpu"):
    """Normal deviates in an order of memory; weights, and biases where there are any."""
    tokens = kind == "tokens"
    x = torch.randn(TOKENS if tokens else IMAGES, generator=torch.Generator().manual_seed(0))
    if kind.startswith("channels_last"):
        x = x.contiguous(memory_format=torch.channels_last)
    size = x.shape[2 if tokens else 1]
    leaves = {"x": x, "weight": torch.ones(size), "bias": torch.zeros(size)}
    if name == "rms_norm":
        del leaves["bias"]
    return {key: value.to(device).requires_grad_() for key, value in leaves.items()}


def norm(place, name):
    """A module's operation as a function of tensors by name; y alone."""

    def call(x, **learned):
        y = getattr(place, name)(x, **OPTIONS[name], **learned)
        return y[0] if isinstance(y, tuple) else y

    return call


def looking(norm, leaves):
    """Forward alone."""
    with torch.no_grad():
        return norm(**leaves)


def learning(norm, leaves):
    """Forward and backward."""
    y = norm(**leaves)
    return torch.autograd.grad(y, list(leaves.values()), torch.ones_like(y))


def both_ways(what, ours, theirs, leaves, goal=None):
    """A row for a look, and a row for a step of learning."""
    for step, suffix in ((looking, ""), (learning, ", and backward")):
        yield Row(what + suffix, *(partial(step, norm, leaves) for norm in (ours, theirs)), goal)


def numpy_rows():
    """NumPy over torch: batch norm in training, forward and backward."""
    leaves, options = inputs("batch_norm"), OPTIONS["batch_norm"]
    arrays = {key: value.detach().numpy() for key, value in leaves.items()}
    theirs = norm(built_in, "batch_norm")
    what = "NumPy / torch: batch_norm"
    ours = partial(reference.batch_norm, **arrays, **options)
    yield Row(what, ours, partial(looking, theirs, leaves), 1.0)
    y = theirs(**leaves)
    dy = torch.ones_like(y)
    ours = partial(reference.batch_norm_backward, dy.numpy(), **arrays, **options)
    again = partial(torch.autograd.grad, y, list(leaves.values()), dy, retain_graph=True)
    yield Row(f"{what} backward", ours, again, 2.0)
