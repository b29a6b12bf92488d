"""Two schedules side by side, of 288 recorded trainings, and whether they differ beyond noise."""

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from scipy.special import stdtrit

from lib import data
from lib.experiments.optimizers import budgets as trials
from lib.widgets._base import Sweep

A, B = "#0b5cad", "#c75300"
EVERY = 4  # updates from one drawn point of a schedule to the next


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
        seeds = loss.shape[2]
        axes = {"shape": shapes, "peak": peaks}
        given = {
            "accuracy": [[accuracy[shape, peak] for peak in peaks] for shape in shapes],
            "rates": [trials.rates(shape, 1)[::EVERY].round(4).tolist() for shape in shapes],
            "epochs": trials.EPOCHS,
            "t": float(stdtrit(seeds - 1, 0.975)),
        }

        def frame(shape, peak):
            return loss[shapes.index(shape), int(np.argmin(np.abs(np.array(peaks) - peak)))]

        super().__init__(frame, axes, given, at)

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw both learning rates over time, and the two rows of training losses."""
        at = self.start
        pairs = ((at["shape"], at["peak"], A), (at["other"], at["other_peak"], B))
        for shape, peak, colour in pairs:
            rate = trials.rates(shape, peak)
            axes[0].plot(np.arange(len(rate)) / trials.UPDATES, rate, color=colour)
            loss = 10.0 ** self.frame(shape=shape, peak=peak)
            epochs = np.arange(1, loss.shape[1] + 1)
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
    for name, value, known in (
        ("shape", shape, trials.SHAPES),
        ("other", other, trials.SHAPES),
        ("peak", peak, trials.PEAKS),
        ("other_peak", other_peak, trials.PEAKS),
    ):
        if value not in known:
            raise ValueError(f"expected {name} to be one of {list(known)}, got {value!r}")
    at = {"shape": shape, "peak": peak, "other": other, "other_peak": other_peak}
    curves = data.recorded("optimizers_schedules_curves")
    return SchedulePicker(curves, data.recorded("optimizers_schedules")["runs"], at)
