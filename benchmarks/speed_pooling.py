"""The rows of the speed table for pooling: what is timed against what, and the goal.

What the forms of this book cannot reach, and why, in eager mode on a CPU:

- The twin's adaptive maximum with its backward. Each of the eight cells of a row's stretch is
  gathered from places eight apart and goes through five operations (is it larger, is it NaN,
  which comes from where), each a pass over memory; the built-in looks once at every cell.
- The twins over channels_last images. The built-in runs over the channels of a window in
  vector registers and keeps value and index there; slices read and write whole tensors for each
  cell of a window: its value, its comparison, its place. Contiguous images are where the
  built-in works on single numbers. The average has no place to keep, but the same traffic.
- Stochastic pooling over channels_last images against the maximum there. A draw adds up each
  window twice, in float64 so that both twins draw alike, and needs a uniform for each window.
"""

from functools import partial
from itertools import product

import torch
import torch.nn.functional as built_in

from benchmarks.timing import Row
from lib.accelerated import pooling as twin
from lib.reference import pooling as reference

SHAPE = (64, 64, 56, 56)
ABOUT = {"shape": SHAPE}
WINDOWS = {"k2 s2": (2, 2), "k3 s2 p1": (3, 2, 1), "k3 s1 p1": (3, 1, 1)}
TWINS = {
    **{f"max_pool2d {name}": ("max_pool2d", *window) for name, window in WINDOWS.items()},
    **{f"avg_pool2d {name}": ("avg_pool2d", *window) for name, window in WINDOWS.items()},
    "lp_pool2d p2 k2": ("lp_pool2d", 2, 2),
    "adaptive_avg_pool2d to 7": ("adaptive_avg_pool2d", 7),
    "adaptive_max_pool2d to 7": ("adaptive_max_pool2d", 7),
}


def rows(device):
    """Yield every row that makes sense on a device; inputs are made as they are needed."""
    if device == "cpu":
        for kind, name in product(("max", "avg"), WINDOWS):
            yield from numpy_rows(f"{kind}_pool2d", name)
    for layout in ("contiguous", "channels_last"):
        x = images(layout).to(device)
        fast = (device, layout) == ("cpu", "contiguous")
        for name in TWINS:
            ours, theirs = (pool(place, *TWINS[name]) for place in (twin, built_in))
            what = f"twin / built-in: {name}, {layout}"
            yield from both_ways(what, ours, theirs, x, 1.0 if fast else None)
        yield from stochastic_rows(x.relu(), layout)
        for name in ("max_pool2d k2 s2", "max_pool2d k3 s2 p1", "avg_pool2d k2 s2"):
            torch.compiler.reset()
            ours, theirs = (pool(place, *TWINS[name]) for place in (twin, built_in))
            what = f"compiled twin / built-in: {name}, {layout}"
            goal = 1.1 if device == "cuda" else None
            yield from both_ways(what, torch.compile(ours), theirs, x, goal)


def images(layout="contiguous"):
    """Normal deviates in the given order of memory."""
    x = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    return x.contiguous(memory_format=layouts[layout])


def pool(place, name, *options):
    """A module's operation as a function of x alone."""
    operation = getattr(place, name)
    return lambda x: operation(x, *options)


def learning(pool, x):
    """Forward and backward."""
    y = pool(x)
    return torch.autograd.grad(y, x, torch.ones_like(y))


def both_ways(what, ours, theirs, x, goal=None):
    """A row for a look, and a row for a step of learning."""
    yield Row(what, partial(ours, x), partial(theirs, x), goal)
    leaf = x.detach().clone().requires_grad_()
    steps = (partial(learning, pool, leaf) for pool in (ours, theirs))
    yield Row(f"{what}, and backward", *steps, goal)


def numpy_rows(name, window):
    """NumPy over torch: forward, with indices where there are any, backward."""
    x, options = images(), WINDOWS[window]
    ours, theirs = getattr(reference, name), getattr(built_in, name)
    what = f"NumPy / torch: {name} {window}"
    yield Row(what, partial(ours, x.numpy(), *options), partial(theirs, x, *options), 0.4)
    if name == "max_pool2d":
        with_indices = {"return_indices": True}
        ours = partial(ours, x.numpy(), *options, **with_indices)
        yield Row(f"{what} with indices", ours, partial(theirs, x, *options, **with_indices), 0.5)
    leaf = x.requires_grad_()
    y = theirs(leaf, *options)
    dy = torch.ones_like(y)
    back = getattr(reference, f"{name}_backward")
    yield Row(
        f"{what} backward",
        partial(back, dy.numpy(), x.detach().numpy(), *options),
        partial(torch.autograd.grad, y, leaf, dy, retain_graph=True),
        3.5 if window == "k2 s2" else 8,
    )


def stochastic_rows(x, layout):
    """Stochastic pooling over the unfolded form, and over max pooling."""
    rng = torch.Generator(x.device).manual_seed(0)
    ours = partial(twin.stochastic_pool2d, rng, kernel_size=2)
    peers = {
        "unfold and multinomial": partial(unfold_and_multinomial, rng, kernel_size=2),
        "max_pool2d": partial(built_in.max_pool2d, kernel_size=2),
    }
    for name, peer in peers.items():
        goal = 1.0 if x.is_cuda and name == "max_pool2d" else None
        yield from both_ways(f"stochastic_pool2d / {name}: k2 s2, {layout}", ours, peer, x, goal)


def unfold_and_multinomial(rng, x, kernel_size):
    """The obvious form of stochastic pooling: a copy of every window, a multinomial draw each.

    It is repaired in two places where lecture notes get it wrong: the copies need the stride, and
    a window of zeros has no odds to draw by.
    """
    N, C, H, W = x.shape
    k = kernel_size
    columns = built_in.unfold(x, k, stride=k).view(N, C, k * k, -1).transpose(2, 3)
    weights = torch.where(columns.sum(-1, keepdim=True) > 0, columns, 1).detach()
    drawn = torch.multinomial(weights.reshape(-1, k * k), 1, generator=rng)
    return columns.gather(3, drawn.view(N, C, -1, 1)).view(N, C, H // k, W // k)
