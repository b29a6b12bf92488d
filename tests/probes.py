"""A sweep for the tests alone: a straight line, of which every state is known."""

from pathlib import Path

import numpy as np

from lib.widgets._base import Sweep


def line(slope, sign):
    """Return five points of a line through 0.1."""
    return (0.1 + slope * np.arange(5.0)) * (1 if sign == "up" else -1)


class Probe(Sweep):
    """A sweep that uses every part of the foundation once."""

    name = str(Path(__file__).parent / "probe")
    parts = ("frame", "shell", "controls", "plot", "grid", "heatmap", "inflate", "sweep")

    def __init__(self):
        axes = {"slope": [0, 1, 2, 3, 4], "sign": ["up", "down"]}
        super().__init__(line, axes, start={"slope": 2, "sign": "up", "bars": False})

    def draw(self, axes):
        axes[0].plot(self.frame(slope=2, sign="up"))
