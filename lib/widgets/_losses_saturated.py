"""One neuron that answers wrongly, and what two losses make of it."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lib.reference import activations, losses
from lib.widgets._base import Twin

INPUT, GOAL, HALF, HORIZON = 1.5, 0.05, 4, 50_000
COLOURS = {"mse": "#0b5cad", "ce": "#c75300"}
LABELS = {"mse": "squared error", "ce": "cross-entropy"}


class SaturatedNeuron(Twin):
    """A sigmoid neuron whose weight and bias can be dragged, under two losses side by side."""

    name = "saturated_neuron"
    parts = (
        *("frame", "shell", "controls", "stops", "quiz", "plot"),
        *("aim", "terrain", "saturated_neuron_math"),
    )
    panels = 3

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw both maps with the way down, and the outputs of the race."""
        at = self.start
        scale = {"mse": 1, "ce": 1 / np.log(2) if at["unit"] == "bits" else 1}
        for name, ax in zip(LABELS, axes, strict=False):
            draw_map(ax, name, at["shade"])
            w, b, o = descend(name, at["w"], at["b"], scale[name] * at["eta"]).T
            ax.plot(w, b, color=COLOURS[name], linewidth=1.5)
            ax.plot(w[0], b[0], "o", color="black", fillstyle="none")
            axes[2].semilogx(1 + np.arange(len(o)), o, color=COLOURS[name], label=LABELS[name])
        axes[2].axhline(GOAL, color="#6b7785", linestyle=":", linewidth=1)
        axes[2].set(xlabel="1 + steps", ylabel="output o", ylim=(0, 1))
        axes[2].legend(fontsize=7)


def saturated_neuron(
    w: float = 0.4,
    b: float = 0.5,
    unit: str = "nats",
    shade: str = "loss",
    eta: float = 0.5,
) -> SaturatedNeuron:
    """Drag a neuron that should answer 0, and race two losses down from there.

    The neuron is o = sigmoid(1.5·w + b). The squared error is ½o², the cross-entropy
    −log(1 − o). The page asks where the gradient of the squared error is longest before it shows
    the map of it.

    Args:
        w: the weight first shown, −4 to 4.
        b: the bias first shown, −4 to 4.
        unit: "nats" or "bits", of the cross-entropy and so of its gradient.
        shade: what the maps show first, "loss" or "gradient", its length; with the
            latter nothing is asked.
        eta: the learning rate of both, 0.05 to 1,000; the page takes the nearest it has. Where
            each has its own, the squared error begins with five times as much.

    Raises:
        ValueError: an argument is unknown or out of its range.

    Example:
        >>> saturated_neuron(w=1.9, b=3.0).start["unit"]
        'nats'
    """
    for name, value, low, high in (
        ("w", w, -HALF, HALF),
        ("b", b, -HALF, HALF),
        ("eta", eta, 0.05, 1000),
    ):
        if not low <= value <= high:
            raise ValueError(f"expected {name} to be {low:g} to {high:g}, got {value!r}")
    for name, value, known in (
        ("unit", unit, ("nats", "bits")),
        ("shade", shade, ("loss", "gradient")),
    ):
        if value not in known:
            raise ValueError(f"expected {name} to be one of {known}, got {value!r}")
    start = {"w": float(w), "b": float(b), "unit": unit, "shade": shade, "rate": "shared"}
    own = {"mse": min(5.0 * eta, 1000), "ce": float(eta)}  # at A, nearly the same first step
    return SaturatedNeuron(start | {"eta": float(eta)} | own)


def loss_and_slope(name: str, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each loss of scores z against the target 0, and its slope in z, in nats."""
    zeros, ones = np.zeros_like(z), np.ones_like(z)
    if name == "ce":
        both = losses.binary_cross_entropy_with_logits
        back = losses.binary_cross_entropy_with_logits_backward
        return both(z, zeros, reduction="none"), back(ones, z, zeros, reduction="none")
    o = activations.sigmoid(z)
    do = losses.mse_loss_backward(ones / 2, o, zeros, "none")
    return losses.mse_loss(o, zeros, "none") / 2, activations.sigmoid_backward(do, z)


def descend(name: str, w: float, b: float, lr: float, horizon: int = HORIZON) -> np.ndarray:
    """Go down until the output is below the goal: (steps + 1, 3), w, b and o of each step."""
    path = []
    while True:
        z = np.array(INPUT * w + b)
        path.append((w, b, float(activations.sigmoid(z))))
        if path[-1][2] < GOAL or len(path) > horizon:
            return np.array(path)
        slope = float(loss_and_slope(name, z)[1])
        w, b = w - lr * slope * INPUT, b - lr * slope


def draw_map(ax: Axes, name: str, shade: str) -> None:
    """Draw contours over w and b, each at half the height of the one before."""
    w, b = np.meshgrid(*[np.linspace(-HALF, HALF, 161)] * 2)
    value, slope = loss_and_slope(name, INPUT * w + b)
    heights = np.log2(np.hypot(INPUT, 1) * slope if shade == "gradient" else value)
    levels = np.arange(np.ceil(max(heights.min(), heights.max() - 14)), heights.max())
    ax.contour(w, b, heights, levels, colors="#465a6e", alpha=0.5, linewidths=0.7, linestyles="-")
    ax.set(aspect="equal", xlabel="w", ylabel="b", title=LABELS[name])
