"""Two schedules side by side, of 288 recorded trainings, and whether they differ beyond noise."""

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from lib import data
from lib.widgets._base import Sweep

A, B = "#0b5cad", "#c75300"


class SchedulePicker(Sweep):
    """The training losses and the validation accuracy of two recorded settings."""

    name = "schedule_picker"
    parts = ("frame", "shell", "controls", "stops", "plot", "inflate", "sweep")
    panels = 2

    def __init__(self, curves: Mapping, runs: list, at: Mapping):
        """Prepare the widget from records.

        Args:
            curves: the record "optimizers_schedules_curves".
            runs: the "runs" of the record "optimizers_schedules"; each has a shape, a peak, and
                for each seed the validation accuracy.
            at: the two settings shown first: `shape`, `peak`, `other`, `other_peak`.
        """
        shapes, peaks = curves["shapes"], curves["peaks"]
        loss = losses(curves)
        accuracy = {(run["shape"], run["peak"]): run["validation"] for run in runs}
        axes = {"shape": shapes, "peak": peaks}
        given = {
            "accuracy": [[accuracy[shape, peak] for peak in peaks] for shape in shapes],
            "rates": curves["rates"],
            "epochs": loss.shape[3],
            "t": curves["t"],
        }

        def frame(shape, peak):
            return loss[shapes.index(shape), int(np.argmin(np.abs(np.array(peaks) - peak)))]

        super().__init__(frame, axes, given, at)

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw both learning rates over time, and the two rows of training losses."""
        at = self.start
        pairs = ((at["shape"], at["peak"], A), (at["other"], at["other_peak"], B))
        for shape, peak, colour in pairs:
            rate = peak * np.array(self.given["rates"][self.given["axes"]["shape"].index(shape)])
            loss = 10.0 ** self.frame(shape=shape, peak=peak)
            epochs = np.arange(1, loss.shape[1] + 1)
            axes[0].plot(len(epochs) * np.arange(len(rate)) / len(rate), rate, color=colour)
            axes[1].semilogy(epochs, loss.T, color=colour, linewidth=0.7, alpha=0.35)
            middle = 10.0 ** np.log10(loss).mean(axis=0)
            axes[1].semilogy(epochs, middle, color=colour, label=f"{shape}, {peak:g}")
        axes[0].set(xlabel="epochs", ylabel="learning rate")
        axes[1].set(xlabel="epochs", ylabel="training loss")
        axes[1].legend(fontsize=7)


def losses(curves: Mapping) -> np.ndarray:
    """Unpack a record: log10 of the training loss, (shapes, peaks, seeds, epochs)."""
    stored = np.frombuffer(zlib.decompress(base64.b64decode(curves["loss"])), np.uint8)
    return curves["low"] + curves["step"] * stored.reshape(curves["shape"]).astype(np.float64)


def schedule_picker(
    shape: str = "cosine",
    peak: float = 0.16,
    other: str = "constant",
    other_peak: float = 0.16,
) -> SchedulePicker:
    """Pick two schedules, and see whether they differ by more than chance.

    Six shapes at six peaks, eight trainings of each: a small network on digits, momentum 0.9, 20
    epochs. The page asks what a cosine gains over a constant rate at a large peak; then it shows
    the losses of all trainings, the accuracy on validation images with its 95 % interval, the
    difference seed by seed, and a table of all 36 settings.

    Args:
        shape: setting A, one of `lib.experiments.optimizers.budgets.SHAPES`.
        peak: its largest learning rate, one of `PEAKS` there.
        other: setting B's shape.
        other_peak: its largest learning rate.

    Raises:
        ValueError: a shape or a peak is not among the recorded ones.

    Example:
        >>> schedule_picker(other="steps")
        SchedulePicker(shape='cosine', peak=0.16, other='steps', other_peak=0.16)
    """
    curves = data.recorded("optimizers_schedules_curves")
    for name, value, known in (
        ("shape", shape, curves["shapes"]),
        ("other", other, curves["shapes"]),
        ("peak", peak, curves["peaks"]),
        ("other_peak", other_peak, curves["peaks"]),
    ):
        if value not in known:
            raise ValueError(f"expected {name} to be one of {known}, got {value!r}")
    at = {"shape": shape, "peak": peak, "other": other, "other_peak": other_peak}
    return SchedulePicker(curves, data.recorded("optimizers_schedules")["runs"], at)
