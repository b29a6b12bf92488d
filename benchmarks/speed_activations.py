"""The rows of the speed table for activations: what is timed against what.

None has a goal: each is recorded, with its reason.

- In eager mode a twin sweeps over the tensor once for each of its steps, where the built-in keeps
  a number in a register. torch.where handles entries one by one and takes several times as long as
  arithmetic on a CPU; it stays where 0 times infinity must not become NaN, mostly in backwards.
- A compiled twin is one sweep, too. Where it learns and has a kink, the compiler keeps the truth
  values of the comparison for backward, and on a CPU writes and reads those one by one.
- NumPy's form takes a few thousand entries at a time, so that its sweeps stay in the cache; gelu
  calls math.erfc once for each entry.
"""

from functools import partial

import torch
import torch.nn.functional as built_in

from benchmarks.timing import Row
from lib.accelerated import activations as twin
from lib.reference import activations as reference

SHAPE = (16, 64, 56, 56)
ABOUT = {"shape": SHAPE}
OPERATIONS = {
    "sigmoid": {},
    "tanh": {},
    "relu": {},
    "leaky_relu": {},
    "prelu": {"weight": torch.full((SHAPE[1],), 0.25)},
    "hardtanh": {},
    "hardswish": {},
    "elu": {},
    "softplus": {},
    "gelu": {},
    "gelu tanh": {"approximate": "tanh"},
    "silu": {},
    "mish": {},
    "glu": {"dim": 1},
}


def rows(device):
    """Yield every row: NumPy on a CPU, then the twins, eager and compiled."""
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).to(device)
    for what, options in OPERATIONS.items():
        name = what.split()[0]
        if device == "cpu":
            yield from numpy_rows(what, name, x, options)
        options = {k: v.to(device) if k == "weight" else v for k, v in options.items()}
        ours, theirs = (partial(getattr(place, name), **options) for place in (twin, built_in))
        yield from both_ways(f"twin / built-in: {what}", ours, theirs, x)
        torch.compiler.reset()
        yield from both_ways(f"compiled twin / built-in: {what}", torch.compile(ours), theirs, x)


def numpy_rows(what, name, x, options):
    """NumPy over torch, forward and backward."""
    arrays = {k: v.numpy() if k == "weight" else v for k, v in options.items()}
    ours, theirs = getattr(reference, name), partial(getattr(built_in, name), **options)
    yield Row(f"NumPy / torch: {what}", partial(ours, x.numpy(), **arrays), partial(theirs, x))
    leaf = x.detach().clone().requires_grad_()
    y = theirs(leaf)
    dy = torch.ones_like(y)
    back = getattr(reference, f"{name}_backward")
    yield Row(
        f"NumPy / torch: {what}, backward",
        partial(back, dy.numpy(), x.numpy(), **arrays),
        partial(torch.autograd.grad, y, leaf, dy, retain_graph=True),
    )


def both_ways(what, ours, theirs, x):
    """A row for a look, and a row for a step of learning."""
    yield Row(what, partial(ours, x), partial(theirs, x))
    leaf = x.detach().clone().requires_grad_()
    yield Row(f"{what}, and backward", *(partial(learning, f, leaf) for f in (ours, theirs)))


def learning(f, x):
    """Forward and backward."""
    y = f(x)
    return torch.autograd.grad(y, x, torch.ones_like(y))
