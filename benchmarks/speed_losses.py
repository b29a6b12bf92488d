"""The rows of the speed table for losses: what is timed against what, and the goal.

NumPy's cross-entropy is compared with torch's at its goal: no table of zeros and ones is made, and
nothing is subtracted from the scores where their exponentials are safe.

The twins spell out in four to ten operations what the built-in does in one pass, and autograd
keeps what each of them made: eager, they read and write the scores several times as often. When
compiled, the operations between two sums melt into one loop. Only rows of thousands of scores are
timed: on fewer, calling Python would be all that is seen.
"""

from functools import partial

import torch
import torch.nn.functional as built_in

from benchmarks.timing import Row
from lib.accelerated import losses as twin
from lib.reference import losses as reference

SAMPLES, CLASSES = 4096, 1000
ABOUT = {"shape": (SAMPLES, CLASSES)}


def rows(device):
    """Yield every row that makes sense on a device; inputs are made as they are needed."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(SAMPLES, CLASSES, generator=rng)
    other = torch.randn(SAMPLES, CLASSES, generator=rng)
    label = torch.randint(CLASSES, (SAMPLES,), generator=rng)
    if device == "cpu":
        yield numpy_row(x, label)
    x, other, label = x.to(device), other.to(device), label.to(device)
    truth = (other > 0).float()
    options = {
        "cross_entropy": {"target": label},
        "mse_loss": {"target": other},
        "huber_loss": {"target": other},
        "binary_cross_entropy_with_logits": {"target": truth},
        "kl_div": {"target": other.softmax(1), "reduction": "batchmean"},
        "softmax": {"dim": 1},
        "log_softmax": {"dim": 1},
    }
    for name, given in options.items():
        ours, theirs = (partial(getattr(place, name), **given) for place in (twin, built_in))
        yield learning(f"twin / built-in: {name}", ours, theirs, x)
        torch.compiler.reset()
        goal = 1.1 if device == "cuda" else None
        yield learning(f"compiled twin / built-in: {name}", torch.compile(ours), theirs, x, goal)


def numpy_row(x, label):
    """Forward and backward of cross_entropy, NumPy over torch."""
    scores, target, dy = x.numpy(), label.numpy(), torch.ones(()).numpy()

    def ours():
        reference.cross_entropy(scores, target)
        return reference.cross_entropy_backward(dy, scores, target)

    theirs = partial(built_in.cross_entropy, target=label)
    theirs = partial(step, theirs, x.clone().requires_grad_())
    return Row("NumPy / torch: cross_entropy, and backward", ours, theirs, 1.2)


def step(operation, x):
    """Forward and backward."""
    y = operation(x)
    return torch.autograd.grad(y, x, torch.ones_like(y))


def learning(what, ours, theirs, x, goal=None):
    """A row for a step of learning."""
    leaf = x.clone().requires_grad_()
    return Row(f"{what}, and backward", *(partial(step, f, leaf) for f in (ours, theirs)), goal)
