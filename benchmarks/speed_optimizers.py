"""The rows of the speed table for optimizers: what is timed against what, and the goal.

One step over ten million float32 parameters. torch.optim writes over parameters and state; ours
are functions, and return new arrays. That sets what they can reach on a CPU:

- NumPy's Adam over torch's fused one. Two fifths of its time go to the kernel, which clears
  120 MB of new pages: more than twice the time of the fused step, which sweeps once over the
  memory that is there. The rest are twelve sweeps over pieces that stay in the cache; the square
  root alone takes a quarter of them. Without new pages the ratio would be about 3.6.
- The eager twins. Each operation sweeps over memory, as in torch's own for-loop form, and the
  results lie in new pages. `torch.compile` joins the sweeps, and gains most where they are many.
"""

from functools import partial

import torch

from benchmarks.timing import Row
from lib.accelerated import optimizers as twin
from lib.reference import optimizers as reference

SIZE = 10_000_000
ABOUT = {"parameters": SIZE}
BUILT_IN = {
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adam": (torch.optim.Adam, {}),
    "adamax": (torch.optim.Adamax, {}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "rprop": (torch.optim.Rprop, {}),
}


def rows(device):
    """Yield every row that makes sense on a device."""
    x, g = (torch.randn(SIZE, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    if device == "cpu":
        ours = step_of(reference, "adam", x.numpy(), g.numpy())
        for peer, goal in (("fused", 5), ("default", 1.3)):
            theirs = built_in("adam", x, g, fused=True if peer == "fused" else None)
            yield Row(f"NumPy / torch: adam, {peer}", ours, theirs, goal)
    x, g = x.to(device), g.to(device)
    for name in BUILT_IN:
        yield Row(f"twin / built-in: {name}", step_of(twin, name, x, g), built_in(name, x, g))
    for name in ("sgd", "adam"):
        torch.compiler.reset()
        ours = step_of(twin, name, x, g, torch.compile)
        yield Row(f"compiled twin / built-in: {name}", ours, built_in(name, x, g))


def step_of(role, name, x, g, wrap=lambda step: step):
    """A call of our step, always from the state before the first."""
    _, options = BUILT_IN[name]
    state = getattr(role, f"{name}_init")([x], **options)
    return partial(wrap(getattr(role, f"{name}_step")), [x], [g], state, **options)


def built_in(name, x, g, **more):
    """A call of the built-in's step, which goes on from where it was."""
    own, options = BUILT_IN[name]
    parameter = torch.nn.Parameter(x.clone())
    parameter.grad = g.clone()
    return own([parameter], **options, **more).step
