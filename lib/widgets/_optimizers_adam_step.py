"""One step of Adam, every term of it, on three coordinates of very different slope."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lib import shapes
from lib.reference import optimizers
from lib.reference._arguments import number
from lib.widgets._base import Twin

LAST = 50  # steps that the page can show
PATTERNS = ("steady", "flip", "noisy", "rare")


class AdamStep(Twin):
    """The terms of Adam's step, filled in with numbers, beside gradient descent's."""

    name = "adam_step"
    parts = (
        *("frame", "shell", "controls", "stops", "numbers", "quiz", "plot"),
        *("optimizers_math", "adam_math"),
    )
    panels = 2

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the first step of gradient descent, and Adam's, on each coordinate."""
        at = self.start
        gradients = np.array(at["gradients"])
        x, options = np.zeros(3), {"lr": at["eta"]}
        adam = {"betas": (at["beta1"], at["beta2"]), "eps": at["eps"]}
        for ax, rule, more, title in (
            (axes[0], "sgd", {}, "gradient descent"),
            (axes[1], "adam", adam, "Adam, bias corrected"),
        ):
            step = getattr(optimizers, f"{rule}_step")
            (moved,), _ = step([x], [gradients], [{}], **options, **more)
            ax.bar(range(3), np.abs(moved) / at["eta"], color=["#0b5cad", "#c75300", "#00796b"])
            ax.set(title=title, ylabel="first step, in units of η", xlabel="gradient")
            ax.set_xticks(range(3), [f"{g:g}" for g in gradients])


def adam_step(
    gradients: Sequence[float] = (0.01, 1, 100),
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    lr: float = 1e-3,
    step: int = 1,
    pattern: str = "steady",
    bias_correction: bool = True,
    eps_inside: bool = False,
) -> AdamStep:
    """Look into a step of Adam, and see each term with its numbers.

    The reader changes the first gradients and what follows them, goes from step to step, and
    turns bias correction off, or moves eps into the root, as some programs have it. The page
    asks how the first steps compare before it shows them, and how long the first step is
    without the correction.

    Args:
        gradients: three, the gradient of each coordinate in step 1, at most 1e6 in size.
        betas: (β₁, β₂), each in [0, 1); this and the next two the page takes to the nearest
            value that it has.
        eps: what keeps the divisor from 0, at least 0.
        lr: learning rate, above 0.
        step: which step is shown first, 1 to 50.
        pattern: what follows the first gradient: "steady", the same; "flip", its sign turns at
            every step; "noisy", it and normal noise of three times its size; "rare", it at every
            tenth step and 0 between.
        bias_correction: whether the averages are divided by 1 − βᵗ.
        eps_inside: whether to divide by √(v̂ + eps) in place of √v̂ + eps.

    Raises:
        ValueError: an argument is unknown or out of its range.
        TypeError: a number is not one.

    Example:
        >>> adam_step(step=3).start["t"]
        3
    """
    given = [number(f"gradients[{i}]", g) for i, g in enumerate(gradients)]
    if len(given) != 3 or max(map(abs, given)) > 1e6:
        raise ValueError(f"expected three gradients of at most 1e6 in size, got {gradients}")
    if pattern not in PATTERNS:
        raise ValueError(f"expected pattern to be one of {PATTERNS}, got {pattern!r}")
    if not 1 <= shapes.whole("step", step) <= LAST:
        raise ValueError(f"expected step to be 1 to {LAST}, got {step}")
    optimizers.adam_init([np.zeros(3)], lr=lr, betas=betas, eps=eps)  # refuses what it refuses
    state = {"gradients": given, "beta1": betas[0], "beta2": betas[1], "eps": eps, "eta": lr}
    state |= {"t": step, "pattern": pattern, "correct": bias_correction, "inside": eps_inside}
    return AdamStep(state | {"chosen": "0"})
