"""The plane of learning rate and momentum: how fast, and how low in noise."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lib.widgets._base import Twin

KAPPAS = (1, 2, 5, 10, 20, 50, 100, 200)
NOISES = (0, 0.03, 0.1, 0.3, 1, 3)
STEPS = (10, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
ETAS, BETAS = np.geomspace(5e-4, 5, 121), 1 - np.geomspace(1, 1e-3, 121)


class MomentumPlane(Twin):
    """Speed and noise floor over the plane of η and β, and the walk of one of its points."""

    name = "momentum_plane"
    parts = (
        *("frame", "shell", "controls", "stops", "quiz", "plot"),
        *("aim", "terrain", "plane", "momentum_math"),
    )
    panels = 2

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the map with its point, and beside it the distance after each step."""
        at = self.start
        nesterov, mean = at["method"] == "nesterov", at["buffer"] == "mean"
        curvatures = np.array([1, at["kappa"]])
        eta, beta = np.meshgrid(ETAS, BETAS)
        q = (eta * (1 - beta) if mean else eta)[..., None] * curvatures
        rate = spectral_radius(q, beta[..., None], nesterov).max(axis=-1)
        steps = np.full(rate.shape, np.nan)  # until a tenth of the distance is left
        np.divide(-np.log(10), np.log(rate), out=steps, where=rate < 1)
        draw_speed(axes[0], steps)
        axes[0].plot(
            at["eta"], 1 - at["beta"], "o", ms=9, color="#1f2933", fillstyle="none", mew=2
        )
        own = at["eta"] * (1 - at["beta"] if mean else 1)
        path = walk(own * curvatures, at["beta"], nesterov, at["steps"])
        distance = np.sqrt((path**2).mean(axis=1))
        axes[1].semilogy(np.maximum(distance, 1e-5), color="#0b5cad", label="without noise")
        axes[1].set(xlabel="steps", ylabel="distance from the minimum")
        axes[1].legend()


def spectral_radius(q: np.ndarray, beta: np.ndarray, nesterov: bool) -> np.ndarray:
    """Return the factor by which an error shrinks in a step, in the long run.

    The larger root |z| of z² − (1 + β − q) z + β, or with Nesterov of
    z² − (1 + β)(1 − q) z + β (1 − q), where q is the learning rate times the curvature.

    Args:
        q: learning rate times curvature, any shape.
        beta: momentum, of a shape that fits.
        nesterov: whether the momentum is Nesterov's.

    Example:
        >>> spectral_radius(np.array([0.5, 2.5]), np.array(0.0), False)
        array([0.5, 1.5])
    """
    total, product = ((1 + beta) * (1 - q), beta * (1 - q)) if nesterov else (1 + beta - q, beta)
    root = np.sqrt(total**2 - 4 * product + 0j)
    return np.maximum(abs(total + root), abs(total - root)) / 2


def walk(q: np.ndarray, beta: float, nesterov: bool, steps: int) -> np.ndarray:
    """Return where a walk without noise stands after each step, from 1 on: (steps + 1, K).

    Args:
        q: learning rate times curvature, (K,).
        beta: momentum.
        nesterov: whether the momentum is Nesterov's.
        steps: how many steps.

    Example:
        >>> walk(np.array([0.5]), 0.0, False, 2).ravel()
        array([1.  , 0.5 , 0.25])
    """
    x, b = np.ones(len(q)), 0.0
    path = [x]
    for _ in range(steps):
        b = beta * b + q * x
        x = x - (q * x + beta * b if nesterov else b)
        path.append(x)
    return np.array(path)


def draw_speed(ax: Axes, steps: np.ndarray) -> None:
    """Draw over η and β after how many steps a tenth of the distance is left, (121, 121)."""
    levels = [1, 3, 10, 30, 100, 300, 1000, 3000, 1e5]
    ax.contourf(ETAS, 1 - BETAS, np.log10(steps), np.log10(levels), cmap="Blues_r")
    lines = ax.contour(ETAS, 1 - BETAS, steps, levels[1:-1], colors="#1f2933", linewidths=0.6)
    ax.clabel(lines, fontsize=6)
    ax.set(xscale="log", yscale="log", ylim=(1, 1e-3), facecolor="#f3d9c4")
    ax.set(xlabel="learning rate η", ylabel="momentum β", title="steps to a tenth")
    ax.set_yticks([1, 0.5, 0.1, 0.01, 0.001], ["0", "0.5", "0.9", "0.99", "0.999"])
    ax.minorticks_off()


def momentum_plane(
    kappa: float = 20,
    eta: float = 0.05,
    beta: float = 0.9,
    sigma: float = 0.3,
    steps: int = 150,
    nesterov: bool = False,
    average: bool = False,
) -> MomentumPlane:
    """See how fast momentum goes, and how low noise lets it come.

    Each point of a plane is a learning rate and a momentum. Its colour is the rate at which the
    distance shrinks in a valley of curvatures 1 and κ, in the slower of the two directions; lines
    give the noise floor, the root mean square distance at which noisy gradients hold the walk. The
    walk of the chosen point, with and without noise, is drawn beside it. The walk begins at
    distance 1, half along the valley and half across. The page first asks what a higher momentum
    does to the floor.

    Args:
        kappa: the larger curvature, one of `KAPPAS`; the smaller is 1.
        eta: the learning rate, 5e-4 to 5.
        beta: the momentum, 0 to 0.999.
        sigma: standard deviation of the noise in each entry of the gradient, one of `NOISES`.
        steps: how many steps are shown, one of `STEPS`.
        nesterov: whether the momentum is Nesterov's.
        average: whether the buffer takes in the share 1 − β of the gradient, not all of it.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> momentum_plane(kappa=100).start["beta"]
        0.9
    """
    for name, value, known in (
        ("kappa", kappa, KAPPAS),
        ("sigma", sigma, NOISES),
        ("steps", steps, STEPS),
    ):
        if value not in known:
            raise ValueError(f"expected {name} to be one of {known}, got {value!r}")
    for name, value, low, high in (("eta", eta, 5e-4, 5), ("beta", beta, 0, 0.999)):
        if not low <= value <= high:
            raise ValueError(f"expected {name} to be {low} to {high}, got {value!r}")
    state = {"kappa": kappa, "sigma": sigma, "steps": steps, "eta": eta, "beta": beta}
    state |= {"method": "nesterov" if nesterov else "heavy"}
    state |= {"buffer": "mean" if average else "sum", "map": "speed"}
    return MomentumPlane(state)
