"""A start on a saddle's ridge or beside it, and when six optimizers come down."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from lib.reference._arguments import number
from lib.widgets._base import Twin
from lib.widgets._optimizers_stills import RULES, draw_saddle

OWN = {
    "gd": 0.1,
    "momentum": 0.02,
    "nesterov": 0.02,
    "adagrad": 0.1,
    "rmsprop": 0.0079,
    "adam": 0.025,
}


class Saddle(Twin):
    """Steps to come down from a saddle, by the start's distance from the ridge."""

    name = "saddle"
    parts = (
        *("frame", "shell", "controls", "stops", "numbers", "quiz", "plot"),
        *("aim", "terrain", "optimizers_math"),
    )

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the steps against the start."""
        at = self.start
        draw_saddle(axes, {n: at[f"eta_{n}"] for n in RULES if at[n]}, at["y0"])


def saddle(
    y0: float = 1e-3,
    noise: float = 0,
    rates: Mapping[str, float] | None = None,
    shown: Sequence[str] = tuple(RULES),
) -> Saddle:
    """Balance on the saddle x² − y², and see how long each optimizer stays.

    All start at x = −1. The reader moves the start towards the ridge, down to y₀ = 1e-12 and to
    0 exactly, adds noise to the gradient, and sets each optimizer's learning rate. The page asks
    how much longer it takes from a thousand times nearer before it shows it.

    Args:
        y0: how far beside the ridge the walks start, 1e-12 to 1, or 0; the page takes the
            nearest of two values a decade. Under 1e-9 nothing is asked.
        noise: standard deviation of what is added to each entry of the gradient, 0 or 1e-9 to
            0.1; the page takes the nearest power of ten.
        rates: learning rates other than `OWN`, 0.001 to 1, by optimizer.
        shown: the optimizers drawn first, of "gd", "momentum", "nesterov", "adagrad", "rmsprop"
            and "adam".

    Raises:
        ValueError: an optimizer is unknown, or a number is out of its range.
        TypeError: a number is not one.

    Example:
        >>> saddle(y0=0).start["eta_gd"]
        0.1
    """
    rates = OWN | dict(rates or {})
    if not {*shown, *rates} <= set(RULES):
        names = sorted({*shown, *rates} - set(RULES))
        raise ValueError(f"expected optimizers among {tuple(RULES)}, got {names}")
    y0, noise = _zero_or("y0", y0, 1e-12, 1), _zero_or("noise", noise, 1e-9, 0.1)
    for name, rate in rates.items():
        if not 1e-3 <= number(f"the rate of {name}", rate) <= 1:
            raise ValueError(f"expected the rate of {name} to be 0.001 to 1, got {rate}")
    state = {"y0": y0, "noise": noise} | {f"eta_{name}": rate for name, rate in rates.items()}
    return Saddle(state | {name: name in shown for name in RULES})


def _zero_or(name: str, value: float, least: float, most: float) -> float:
    """Return a number of a logarithmic slider that may also stand at 0."""
    value = number(name, value)
    if value != 0 and not least <= value <= most:
        raise ValueError(f"expected {name} to be 0 or {least:g} to {most:g}, got {value:g}")
    return value
