"""What the reader can move in the chapter on pooling."""

import zlib
from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes

from lib import data, shapes
from lib.widgets._base import Twin
from lib.widgets._pooling_class_map import class_map as class_map
from lib.widgets._pooling_shift import one_pixel_shift as one_pixel_shift
from lib.widgets._pooling_stills import (
    draw_pooling_dice,
    draw_sliding_window,
    draw_who_hears_the_gradient,
)
from lib.widgets._question import ask

question = partial(ask, "pooling")

KINDS = ("stochastic", "max", "avg", "lp")
NOTE = [[1, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]


class SlidingWindow(Twin):
    """A window over a grid of numbers or a photograph, with the size formula filled in."""

    name = "sliding_window"
    parts = ("frame", "shell", "controls", "quiz", "grid", "heatmap", "inflate", "pooling_math")
    panels = 2

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the grid and what becomes of it."""
        at = self.start
        x = photograph() if at["source"] == "photo" else plane(at["cells"])
        window = at["kernel"], at["stride"], at["padding"], at["dilation"]
        draw_sliding_window(axes, x, *window, at["ceil"], at["kind"], at["norm"])


def sliding_window(
    x: Sequence[Sequence[float]] = NOTE,
    kernel_size: int = 2,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
    kind: str = "max",
    norm_type: int = 2,
    photo: bool = False,
) -> SlidingWindow:
    """Slide a window over numbers that can be edited, or over a photograph.

    The reader moves the window and every option, and sees the output, the arithmetic of one
    window and the size formula follow. Where the division in the formula leaves a remainder,
    the page asks how many windows fit before it shows them.

    Args:
        x: the numbers shown first, square, 3 to 8 cells a side.
        kernel_size: cells along a side of the window, 1 to 6.
        stride: step between windows, 1 to 6; the kernel's size if None.
        padding: cells added on each side, 0 to 3.
        dilation: step between the cells of a window, 1 to 3.
        ceil_mode: whether the division rounds up.
        kind: "max", "avg" or "lp", as in torch's max_pool2d, avg_pool2d and lp_pool2d.
        norm_type: the exponent of "lp", 1 to 8.
        photo: whether to begin with the photograph.

    Raises:
        ValueError: `x` is not square or has another size, `kind` is unknown, or a number is
            out of its range.
        TypeError: a number is not a whole one.

    Example:
        >>> window = sliding_window(kernel_size=3, stride=1)
        >>> window.start["kernel"], window.start["stride"], window.start["size"]
        (3, 1, 4)
    """
    cells = square(x, 3, 8)
    start = {
        "kind": kind,
        "source": "photo" if photo else "grid",
        "kernel": within("kernel_size", kernel_size, 1, 6),
        "stride": within("stride", kernel_size if stride is None else stride, 1, 6),
        "padding": within("padding", padding, 0, 3),
        "dilation": within("dilation", dilation, 1, 3),
        "ceil": shapes.flag("ceil_mode", ceil_mode),
        "norm": within("norm_type", norm_type, 1, 8),
        "size": len(cells),
        "cells": cells.ravel().tolist(),
        "at": [0, 0],
    }
    return SlidingWindow(
        one_of(("max", "avg", "lp"), start), data=zlib.compress(photograph().tobytes(), 9)
    )


class PoolingDice(Twin):
    """Stochastic pooling, rolled once or a thousand times, beside the other kinds."""

    name = "pooling_dice"
    parts = ("frame", "shell", "controls", "quiz", "grid", "plot", "pooling_draws")
    panels = 4

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the activations and three ways to pool them."""
        draw_pooling_dice(axes, plane(self.start["cells"]))


def pooling_dice(x: Sequence[Sequence[float]] = NOTE, kind: str = "stochastic") -> PoolingDice:
    """Roll for each window which of its cells passes; compare the mean with Σa²/Σa.

    The reader says where the mean of a thousand rolls will lie before it is shown, sees which
    cell hears the gradient, and may change every number. The rolls are a fixed sequence, the
    same for all readers.

    Args:
        x: the activations shown first, 4 × 4, none negative; pooled in windows of 2 × 2.
        kind: "stochastic", "max", "avg" or "lp".

    Raises:
        ValueError: `x` has another shape or a negative number, or `kind` is unknown.

    Example:
        >>> pooling_dice()
        PoolingDice(kind='stochastic', rolls=1, norm=2)
    """
    cells = activations(x, 4, 4)
    start = {"kind": kind, "cells": cells, "at": [0, 0], "rolls": 1, "norm": 2}
    return PoolingDice(one_of(KINDS, start))


class WhoHearsTheGradient(Twin):
    """The way back: which inputs hear how much of an output's gradient."""

    name = "who_hears_the_gradient"
    parts = ("frame", "shell", "controls", "quiz", "grid", "pooling_draws")
    panels = 2

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the inputs and what they hear of the first output's gradient."""
        at = self.start
        options = at["kernel"], at["stride"], at["kind"]
        draw_who_hears_the_gradient(axes, plane(at["cells"]), *options)


def who_hears_the_gradient(
    x: Sequence[Sequence[float]] = NOTE, kernel_size: int = 2, stride: int = 1, kind: str = "max"
) -> WhoHearsTheGradient:
    """Choose an output and see which inputs hear its gradient, and how much.

    With all outputs at once the gradients add where windows overlap; the reader says first how
    much the largest input will hear.

    Args:
        x: the numbers shown first, square, 3 to 6 cells a side, none negative.
        kernel_size: cells along a side of the window, 1 to 3.
        stride: step between windows, 1 to 3.
        kind: "max", "avg" or "stochastic".

    Raises:
        ValueError: `x` has another shape or a negative number, `kind` is unknown, or a number
            is out of its range.
        TypeError: a number is not a whole one.

    Example:
        >>> who_hears_the_gradient(kernel_size=3)
        WhoHearsTheGradient(kind='max', kernel=3, stride=1, all=False, rolls=1)
    """
    cells = activations(x, 3, 6)
    start = {"kind": kind, "cells": cells, "kernel": within("kernel_size", kernel_size, 1, 3)}
    start |= {"stride": within("stride", stride, 1, 3), "at": [0, 0], "all": False, "rolls": 1}
    return WhoHearsTheGradient(one_of(("max", "avg", "stochastic"), start))


def activations(x: Sequence[Sequence[float]], least: int, most: int) -> list[float]:
    """Return the cells of `x`, row by row.

    Raises:
        ValueError: as `square`, or a cell is negative.
    """
    cells = square(x, least, most)
    if cells.min() < 0:
        raise ValueError(f"expected activations of at least 0, got {cells.min():g}")
    return cells.ravel().tolist()


def one_of(kinds: Sequence[str], start: dict) -> dict:
    """Return `start` if its kind is among `kinds`.

    Raises:
        ValueError: it is not.
    """
    if start["kind"] not in kinds:
        raise ValueError(f"expected kind to be one of {kinds}, got {start['kind']!r}")
    return start


def within(name: str, value: int, least: int, most: int) -> int:
    """Return a whole number, if it is one of those that its slider has.

    Raises:
        ValueError: it is out of the range.
        TypeError: it is not a whole number.
    """
    number = shapes.whole(name, value)
    if not least <= number <= most:
        raise ValueError(f"expected {name} to be {least} to {most}, got {number}")
    return number


def square(x: Sequence[Sequence[float]], least: int, most: int) -> np.ndarray:
    """Return `x` as a square array of floats.

    Raises:
        ValueError: it is not square and finite, or not of `least` to `most` cells a side.
    """
    cells = np.asarray(x, float)
    side = len(cells) if cells.ndim else 0
    if cells.shape != (side, side) or not least <= side <= most or not np.isfinite(cells).all():
        raise ValueError(
            f"expected {least} to {most} rows of as many finite numbers, got shape {cells.shape}"
        )
    return cells


def plane(cells: Sequence[float]) -> np.ndarray:
    """Return as many rows as columns of the given cells."""
    side = round(len(cells) ** 0.5)
    return np.reshape(np.asarray(cells, float), (side, side))


def photograph() -> np.ndarray:
    """Return the pagoda of scikit-learn's "china", (64, 64) unsigned bytes in 32 greys."""
    grey = data.sample_images()[0, :, 20:404, :384].mean(axis=0)
    small = grey.reshape(64, 6, 64, 6).mean(axis=(1, 3))
    return np.round((small - small.min()) / np.ptp(small) * 31).astype(np.uint8) * 8
