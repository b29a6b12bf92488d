"""A terrain that turns, and six optimizers that go down it."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from lib import shapes
from lib.widgets._base import Twin
from lib.widgets._optimizers_stills import RULES, TERRAINS, draw_ravine, turned

KAPPAS = (1, 1.5, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500, 700, 1000)


class Ravine(Twin):
    """Paths, losses and steps of six optimizers on a terrain that can be turned."""

    name = "ravine"
    parts = (
        *("frame", "shell", "controls", "stops", "quiz", "plot"),
        *("aim", "terrain", "formula", "optimizers_math"),
    )
    panels = 2

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the paths over the contours, and the losses."""
        at = self.start
        terrain = TERRAINS[at["terrain"]](at["kappa"])._replace(start=(at["x"], at["y"]))
        rate = at["eta"] if at["rate"] == "shared" else None
        shown = [name for name in RULES if at[name]]
        draw_ravine(axes, turned(terrain, at["angle"]), shown, rate, at["steps"])


def ravine(
    terrain: str = "ravine",
    kappa: float = 20,
    angle: int = 0,
    shown: Sequence[str] = tuple(RULES),
    eta: float | None = None,
    steps: int = 100,
    start: tuple[float, float] | None = None,
) -> Ravine:
    """Turn the ravine, and see which optimizers suffer.

    The reader chooses the terrain (or writes one as a formula), turns it, drags the start, and
    compares the optimizers each at its own best learning rate, or all at one. The best rate is
    the one, on a grid of 284 from 1e-5 to 10, after which the loss soonest stays within 1e-4 of
    the least, up to 4,000 steps. Start and terrain turn together. The page asks who suffers when
    the valley turns by 45° before it shows it, if Adagrad and Adam are among those shown.

    Args:
        terrain: "ravine"; "note" or "ridge", the ravine and the saddle of the lecture notes;
            "saddle", "pits" or "rosenbrock".
        kappa: the ravine's condition number, 1 to 1,000, one of `KAPPAS`.
        angle: by how much the terrain is turned first, whole degrees, 0 to 90; if it is not 0,
            nothing is asked.
        shown: the optimizers drawn first, of "gd", "momentum", "nesterov", "adagrad", "rmsprop"
            and "adam".
        eta: one learning rate for all, 1e-4 to 10; each its own best one if None.
        steps: how many steps are shown first, 1 to 4,000; the page takes the nearest it has.
        start: where the walk begins, before the terrain is turned; the terrain's own if None.

    Raises:
        ValueError: an argument is unknown or out of its range.
        TypeError: `angle` or `steps` is not a whole number, or `start` not of numbers.

    Example:
        >>> ravine(kappa=1000, angle=45).start["terrain"]
        'ravine'
    """
    if terrain not in TERRAINS:
        raise ValueError(f"expected terrain to be one of {tuple(TERRAINS)}, got {terrain!r}")
    if kappa not in KAPPAS:
        raise ValueError(f"expected kappa to be one of {KAPPAS}, got {kappa!r}")
    if not set(shown) <= set(RULES):
        raise ValueError(f"expected shown to be among {tuple(RULES)}, got {tuple(shown)}")
    if eta is not None and not 1e-4 <= eta <= 10:
        raise ValueError(f"expected eta to be 0.0001 to 10, got {eta!r}")
    for name, value, least, most in (("angle", angle, 0, 90), ("steps", steps, 1, 4000)):
        if not least <= shapes.whole(name, value) <= most:
            raise ValueError(f"expected {name} to be {least} to {most}, got {value}")
    start = TERRAINS[terrain](kappa).start if start is None else start
    if len(start) != 2 or not all(map(math.isfinite, start)):
        raise ValueError(f"expected start to be two finite numbers, got {start}")
    x, y = start
    state = {"terrain": terrain, "formula": "x^2 + 4*y^2 + 2*sin(3*x)*cos(2*y)", "kappa": kappa}
    state |= {"angle": angle, "x": float(x), "y": float(y), "steps": steps}
    state |= {"rate": "own" if eta is None else "shared", "eta": 0.05 if eta is None else eta}
    return Ravine(state | {name: name in shown for name in RULES})
