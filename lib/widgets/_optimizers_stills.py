"""What each widget on terrains shows before it is touched, drawn by axes that stand still."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from lib.reference import optimizers

COLOURS = {
    "gd": "#59636e",
    "momentum": "#0b5cad",
    "nesterov": "#1597c4",
    "adagrad": "#c75300",
    "rmsprop": "#00796b",
    "adam": "#a8287a",
}
LABELS = {
    "gd": "gradient descent",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adagrad": "Adagrad",
    "rmsprop": "RMSprop",
    "adam": "Adam",
}
RULES = {  # name: its name in the library, and its options
    "gd": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("adagrad", {}),
    "rmsprop": ("rmsprop", {}),
    "adam": ("adam", {}),
}
RATES = 1e-5 * 1.05 ** np.arange(284)  # the learning rates that tuning tries, as in the page


class Terrain(NamedTuple):
    """A loss over the plane: `value(x, y)` and `slope(x, y)`, both of arrays of one shape."""

    value: Callable
    slope: Callable
    view: tuple[float, float, float]  # middle x, middle y, half a side
    start: tuple[float, float]
    floor: float  # the least loss in view


def ravine(kappa: float, along: float = 1, half: float = 2.6, start=(-2.0, 1.0)) -> Terrain:
    """Return ½(x² + κy²), times the curvature along the valley."""
    steep = kappa * along
    return Terrain(
        lambda x, y: 0.5 * (along * x**2 + steep * y**2),
        lambda x, y: (along * x, steep * y),
        (0, 0, half),
        start,
        0,
    )


def saddle(start: tuple[float, float], bounded: bool = True) -> Terrain:
    """Return x² − y², with ½y⁴ more if it is bounded."""
    quartic = 0.5 * bounded
    return Terrain(
        lambda x, y: x**2 - y**2 + quartic * y**4,
        lambda x, y: (2 * x, -2 * y + 4 * quartic * y**3),
        (0, 0, 1.5),
        start,
        -0.5 if bounded else -math.inf,
    )


def pits() -> Terrain:
    """Return a plain with two pits, the left one deeper."""

    def depths(x, y):
        return np.exp(-2 * ((x + 1) ** 2 + y**2)), 0.6 * np.exp(-2 * ((x - 1) ** 2 + y**2))

    def slope(x, y):
        deep, shallow = depths(x, y)
        across = 4 * (x + 1) * deep + 4 * (x - 1) * shallow
        return across + 0.04 * x, 4 * y * (deep + shallow) + 0.04 * y

    def value(x, y):
        return 0.02 * (x**2 + y**2) - sum(depths(x, y))

    return Terrain(value, slope, (0, 0, 2.4), (2, 1), -0.980397829)


def rosenbrock() -> Terrain:
    """Return (1 − x)² + 100(y − x²)²."""

    def slope(x, y):
        bend = y - x**2
        return -2 * (1 - x) - 400 * x * bend, 200 * bend

    return Terrain(
        lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, slope, (0, 0.7, 1.8), (-1.2, 1), 0
    )


TERRAINS = {  # name: the terrain for a condition number, which only the first depends on
    "ravine": ravine,
    "note": lambda kappa: ravine(20, 0.1, 8, (-7, 2)),
    "saddle": lambda kappa: saddle((-1, 0.5)),
    "ridge": lambda kappa: saddle((-1, 0.001)),
    "pits": lambda kappa: pits(),
    "rosenbrock": lambda kappa: rosenbrock(),
}


def turned(terrain: Terrain, degrees: float) -> Terrain:
    """Return the terrain turned counter-clockwise about its view's middle, start and all."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    a, b, _ = terrain.view

    def back(x, y):
        return a + c * (x - a) + s * (y - b), b - s * (x - a) + c * (y - b)

    def slope(x, y):
        u, v = terrain.slope(*back(x, y))
        return c * u - s * v, s * u + c * v

    x, y = terrain.start[0] - a, terrain.start[1] - b
    start = (a + c * x - s * y, b + s * x + c * y)
    return terrain._replace(
        value=lambda x, y: terrain.value(*back(x, y)), slope=slope, start=start
    )


def walks(name: str, terrain: Terrain, rates: np.ndarray, steps: int) -> np.ndarray:
    """Walk with every rate at once.

    A step is the rate times what the library's optimizer asks for at a rate of 1.

    Args:
        name: a key of `RULES`.
        terrain: what to walk on.
        rates: learning rates, (R,).
        steps: how many steps.

    Returns:
        Places, (steps + 1, R, 2).
    """
    rule, options = RULES[name]
    step = getattr(optimizers, f"{rule}_step")
    x = np.tile(np.array(terrain.start, float), (len(rates), 1))
    state = getattr(optimizers, f"{rule}_init")([x], lr=1, **options)
    places = [x]
    with np.errstate(all="ignore"):  # what diverges may
        for _ in range(steps):
            g = np.stack(terrain.slope(*x.T), axis=1)
            (asked,), state = step([x], [g], state, lr=1, **options)
            x = x + rates[:, None] * (asked - x)
            places.append(x)
    return np.array(places)


def tuned(name: str, terrain: Terrain, horizon: int, tolerance: float = 1e-4) -> tuple:
    """Find the rate with which the loss soonest stays near the least.

    Returns:
        `steps, rate`: after how many steps it stays within the tolerance up to the horizon
        (infinite if no rate does, and then the rate is the one that ends lowest).
    """
    places = walks(name, terrain, RATES, horizon)
    with np.errstate(all="ignore"):
        loss = terrain.value(*places.transpose(2, 0, 1))
    above = ~(loss < terrain.floor + tolerance)
    last = horizon - above[::-1].argmax(axis=0)  # where it is above for the last time
    steps = np.where(above.any(axis=0), last + 1.0, 0)
    steps[steps > horizon] = math.inf
    best = (
        np.nan_to_num(loss[-1], nan=math.inf).argmin() if np.isinf(steps).all() else steps.argmin()
    )
    return steps[best], RATES[best]


def draw_ravine(
    axes: Sequence[Axes], terrain: Terrain, shown: Sequence[str], rate: float | None, steps: int
) -> None:
    """Draw the paths over the terrain's contours, and beside them the loss of each step.

    Args:
        axes: two.
        terrain: what to walk on.
        shown: the optimizers, keys of `RULES`.
        rate: the learning rate of all; each its own best one if None.
        steps: how many steps.
    """
    draw_contours(axes[0], terrain)
    for name in shown:
        lr = tuned(name, terrain, 500)[1] if rate is None else rate
        places = walks(name, terrain, np.array([lr]), steps)[:, 0].T
        axes[0].plot(*places, ".-", color=COLOURS[name], markersize=3, linewidth=1)
        with np.errstate(all="ignore"):
            above = np.maximum(terrain.value(*places) - terrain.floor, 1e-6)
        axes[1].semilogy(above, color=COLOURS[name], label=LABELS[name], linewidth=1.4)
    axes[0].plot(*terrain.start, "o", color="black", fillstyle="none")
    axes[1].axhline(1e-4, color="#6b7785", linestyle=":", linewidth=1)
    axes[1].set(xlabel="steps", ylabel="loss above the least", ylim=(1e-6, None))
    axes[1].legend(fontsize=7)


def draw_contours(ax: Axes, terrain: Terrain) -> None:
    """Draw contours at halves of the height above the floor, or evenly by its root."""
    a, b, half = terrain.view
    x, y = np.meshgrid(*(middle + np.linspace(-half, half, 201) for middle in (a, b)))
    z = terrain.value(x, y)
    low = terrain.floor
    heights = 5 * np.sign(z) * np.sqrt(np.abs(z)) if np.isinf(low) else np.log2(z - low + 1e-12)
    levels = np.arange(max(heights.min(), heights.max() - 14), heights.max())
    ax.contour(x, y, heights, levels, colors="#465a6e", alpha=0.35, linewidths=0.7, linestyles="-")
    ax.set(xlim=(a - half, a + half), ylim=(b - half, b + half), aspect="equal")
    ax.set(xlabel="x", ylabel="y")


def draw_saddle(
    axes: Sequence[Axes], rates: dict[str, float], y0: float, horizon: int = 400
) -> None:
    """Draw how many steps each optimizer needs to come down, by where beside the ridge it starts.

    Args:
        axes: one.
        rates: the optimizers, keys of `RULES`, and the learning rate of each.
        y0: the start that is marked.
        horizon: how many steps are tried.
    """
    starts = 10 ** np.arange(0, -12.5, -0.5)
    for name, lr in rates.items():
        axes[0].semilogx(starts, escapes(name, starts, lr, horizon), color=COLOURS[name])
        axes[0].lines[-1].set_label(LABELS[name])
    if y0:
        axes[0].axvline(y0, color="#6b7785", linestyle=":", linewidth=1)
    axes[0].set(xlabel="start beside the ridge, y₀", ylabel="steps to come down", xlim=(1, 1e-12))
    axes[0].legend(fontsize=7)


def escapes(name: str, starts: np.ndarray, lr: float, horizon: int) -> np.ndarray:
    """Return after how many steps each walk from (−1, y₀) first has x² − y² below −1, or NaN."""
    rule, options = RULES[name]
    step = getattr(optimizers, f"{rule}_step")
    x = np.stack([np.full(len(starts), -1.0), starts], axis=1)
    state = getattr(optimizers, f"{rule}_init")([x], lr=lr, **options)
    steps = np.full(len(starts), np.nan)
    with np.errstate(all="ignore"):  # after its escape a walk goes on, and may overflow
        for t in range(horizon + 1):
            down = x[:, 0] ** 2 - x[:, 1] ** 2 < -1
            steps[down & np.isnan(steps)] = t
            (x,), state = step([x], [x * [2, -2]], state, lr=lr, **options)
    return steps
