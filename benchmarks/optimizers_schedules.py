"""What does the shape of a learning rate over time do? Every seed of the experiment, recorded.

Six shapes at six peaks, eight seeds each: 288 trainings of 20 epochs, SGD with momentum 0.9, a
fifth of the training labels drawn at random. No test image is looked at. Two minutes on one core.
Writes results/optimizers_schedules.json, with the training loss and the validation accuracy of the
last epoch, and, for the widget, results/optimizers_schedules_curves.json, with the training losses
of all epochs at 8 bits.
"""

import base64
import time
import zlib

import numpy as np
from scipy.special import stdtrit

from benchmarks import recording
from lib.experiments.optimizers import budgets as trials
from lib.widgets._base import quantise

COMMAND = "OMP_NUM_THREADS=1 python benchmarks/optimizers_schedules.py"
SEEDS = tuple(range(8))
EVERY = 4  # updates from one recorded point of a schedule to the next
LOSSES = (1e-3, 10.0)  # what lies beyond is drawn at the edge


def run(shape, peak):
    """One shape at one peak: each seed's curves."""
    seeds = [trials.schedule_run(shape, peak, seed) for seed in SEEDS]
    curves = {key: np.array([seed[key] for seed in seeds]) for key in seeds[0]}
    print(f"{shape:20} peak {peak:<6} {curves['validation'][:, -1].mean():.3f}", flush=True)
    return curves


def last(shape, peak, curves):
    """What the record keeps in full: the last epoch."""
    ends = {key: np.round(values[:, -1], 6).tolist() for key, values in curves.items()}
    return {"shape": shape, "peak": peak} | ends


def packed(curves):
    """The training losses of all epochs, as logarithms, at 8 bits, as deflated text."""
    loss = np.stack([each["loss"] for each in curves])
    loss = loss.reshape(len(trials.SHAPES), len(trials.PEAKS), *loss.shape[1:])
    loss = np.log10(np.clip(np.nan_to_num(loss, nan=np.inf), *LOSSES))
    stored, low, step = quantise(loss)
    return {
        "axes": ["shape", "peak", "seed", "epoch"],
        "shapes": list(trials.SHAPES),
        "peaks": trials.PEAKS,
        "rates": [trials.rates(shape, 1)[::EVERY].round(4).tolist() for shape in trials.SHAPES],
        "t": float(stdtrit(len(SEEDS) - 1, 0.975)),
        "shape": loss.shape,
        "encoding": "log10 of a loss is low + step · uint8; zlib, base64",
        "low": low,
        "step": step,
        "loss": base64.b64encode(zlib.compress(stored.tobytes(), 9)).decode(),
    }


def main():
    """Run everything and write it down."""
    start = time.process_time()
    settings = [(shape, peak) for shape in trials.SHAPES for peak in trials.PEAKS]
    curves = [run(*setting) for setting in settings]
    runs = [last(*setting, each) for setting, each in zip(settings, curves, strict=True)]
    about = {"seeds": SEEDS, "cpu_seconds": round(time.process_time() - start)}
    recording.write("optimizers_schedules", COMMAND, about | {"runs": runs})
    recording.write("optimizers_schedules_curves", COMMAND, {"seeds": SEEDS} | packed(curves))


if __name__ == "__main__":
    main()
