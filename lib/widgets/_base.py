"""The two kinds of widget, and how their JavaScript becomes one self-contained module.

A widget is a Python class that names its JavaScript parts. Their text is joined into one ES
module without imports, which a static page and a notebook front end run alike:

* a `Twin` computes in JavaScript; a test proves its formula equal to `lib.reference`;
* a `Sweep` is computed by Python on a grid, stored at 8 bits, and asks Python again, off the
  grid too, where a kernel answers.

To add a widget, write `js/<name>.js` with a function `render(context)` and a subclass that names
its parts: "frame" and "shell" (always), "controls" (sliders and the like), "stops" (a slider over
listed values), "quiz" (predict first), "grid" (cells that one can edit or choose), "heatmap"
(colours, pictures; needs "grid"), "plot" (axes, lines, bars), "terrain" (a map with contours and a
start to drag), "plane" (a map of two settings; both need "aim"), "formula" (read one), "numbers"
(3.2·10⁻⁷ and the like), "inflate" (bytes), "sweep" (needs "inflate"), and a topic's own
mathematics, "optimizers_math" for one. Each file's head says how it is used.

Example:
    >>> class Ramp(Sweep):
    ...     name = "question"
    >>> ramp = Ramp(lambda slope: slope * np.arange(3), {"slope": [0, 1, 2]})
    >>> ramp
    Ramp(slope=1)
    >>> ramp.frame(slope=2).round(2)
    array([0., 2., 4.], dtype=float32)
"""

import base64
import io
import itertools
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import anywidget
import matplotlib.style
import numpy as np
import traitlets
from matplotlib.axes import Axes
from matplotlib.figure import Figure

JS = Path(__file__).parent / "js"


PACKED = """const packed = Uint8Array.from(atob("{}"), (c) => c.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
const text = await new Response(stream).text();
const blob = new Blob([text], {{ type: "text/javascript" }});
export default (await import(URL.createObjectURL(blob))).default;
"""


def bundle(name: str, parts: Sequence[str]) -> str:
    """Join a widget's parts and its own file into the text of one ES module.

    Args:
        name: the widget's own file in `js/`, without suffix.
        parts: the other files of `js/` that it uses, by name (or any file, by its absolute path).

    Returns:
        The module, whole-line comments and indentation removed; the styles (`.css` beside each
        `.js`, where there are some) stand in its constant `STYLE`.
    """
    script, style = (
        "\n".join(f.read_text("utf-8") for f in files if f.exists())
        for files in (
            [(JS / part).with_suffix(suffix) for part in (*parts, name)]
            for suffix in (".js", ".css")
        )
    )
    script = re.sub(r"^\s*//[^\n]*\n|^\s+", "", script, flags=re.MULTILINE)
    style = re.sub(r"\s*([{};,>])\s*|(?<=:) ", r"\1", style)
    return f"const STYLE = {json.dumps(style)};\n{script}export default {{ render }};\n"


def pack(module: str) -> str:
    """Return a module that unfolds to the given one: a third of its size, with no request.

    It travels with every instance, in every page; the page's own decompression undoes it.
    """
    return PACKED.format(base64.b64encode(zlib.compress(module.encode(), 9)).decode())


class Widget(anywidget.AnyWidget):
    """What both kinds share: a state that the reader moves, and a greeting.

    Attributes:
        name: the widget's JavaScript file and its `data-widget`.
        parts: the other JavaScript files that it is made of, in order.
        start: the state before anything is touched; *Reset* returns to it.
        state: what the reader has changed, kept in step with a live kernel.
        given: constants that the drawing needs.
        data: bytes that the drawing needs, deflated.
        panels: how many axes, side by side, its still needs.
    """

    name = ""
    panels = 1
    parts: tuple[str, ...] = ("frame", "shell")
    start = traitlets.Dict().tag(sync=True)
    state = traitlets.Dict().tag(sync=True)
    given = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)

    def __init__(self, start: Mapping, given: Mapping | None = None, data: bytes = b""):
        self._esm = pack(bundle(self.name, self.parts))
        super().__init__(start=dict(start), given=dict(given or {}), data=data)
        self.on_msg(self._hear)

    def _hear(self, _widget, content: dict, _buffers: list) -> None:
        """Answer the page's greeting, so that it knows of the kernel."""
        if "hello" in content:
            self.send({"hello": True})

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw what the widget shows first; for paper, and where no script runs."""
        raise TypeError(f"expected {type(self).__name__} to draw its still")

    def still(self) -> dict[str, str]:
        """Return what stands for the widget where no script runs, by MIME type."""
        with matplotlib.style.context("lib.book"):
            figure = Figure(figsize=(6.4, 2.8))
            self.draw(figure.subplots(1, self.panels, squeeze=False)[0])
            image = io.BytesIO()
            figure.savefig(image, format="png")
        return {"image/png": base64.b64encode(image.getvalue()).decode()}

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        bundle, metadata = super()._repr_mimebundle_(**kwargs)
        return {**self.still(), **bundle}, metadata

    def __repr__(self) -> str:
        state = {**self.start, **self.state}.items()
        shown = ", ".join(
            f"{key}={value!r}" for key, value in state if not isinstance(value, list)
        )
        return f"{type(self).__name__}({shown})"


class Twin(Widget):
    """A widget whose closed formula runs in the page; `lib.reference` proves it in a test."""


class Sweep(Widget):
    """A widget whose every state Python has computed, quantised to 8 bits and deflated."""

    def __init__(
        self,
        function: Callable[..., np.ndarray],
        axes: Mapping[str, Sequence],
        given: Mapping | None = None,
        start: Mapping | None = None,
    ):
        """Compute the states over the grid.

        Args:
            function: takes one keyword argument for each axis; returns a float array, always
                of the same shape. It must also take numbers between those of the grid.
            axes: the values (numbers or words) of each argument, in order.
            given: further constants for the drawing.
            start: the values shown first (the middle of an axis if not given), and any state
                that is not an axis.

        Raises:
            ValueError: the frames differ in shape or are not finite, or `start` is off an axis.
        """
        axes = {name: list(values) for name, values in axes.items()}
        start = {name: values[len(values) // 2] for name, values in axes.items()} | (start or {})
        for name, values in axes.items():
            if start[name] not in values:
                raise ValueError(
                    f"expected {name} to start at one of {values}, got {start[name]!r}"
                )
        self._function = function
        frames = [
            self.frame(**dict(zip(axes, at, strict=True)))
            for at in itertools.product(*axes.values())
        ]
        if len({f.shape for f in frames}) != 1 or not all(np.isfinite(f).all() for f in frames):
            raise ValueError("expected finite frames of one shape from every state")
        frames = np.stack(frames)
        stored, low, step = quantise(frames)
        error = float(np.abs(low + step * stored.astype(np.float64) - frames).max())
        about = {"axes": axes, "shape": frames.shape[1:], "low": low, "step": step, "error": error}
        super().__init__(start, {**(given or {}), **about}, zlib.compress(stored.tobytes(), 9))

    def frame(self, **at) -> np.ndarray:
        """Return the frame at one state, on the grid or off it, as float32."""
        return np.asarray(self._function(**at), np.float32)

    def _hear(self, widget, content: dict, buffers: list) -> None:
        super()._hear(widget, content, buffers)
        if "ask" in content:
            self.send({"answer": content["ask"]}, [self.frame(**content["at"]).tobytes()])


def quantise(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Round to 256 levels between the least and the greatest value.

    Args:
        values: float, any shape.

    Returns:
        `stored, low, step`: unsigned bytes of the same shape, and the numbers that bring them
        back, `low + step * stored`, to within half a step.

    Example:
        >>> quantise(np.array([-1.0, 0.0, 254.0]))
        (array([  0,   1, 255], dtype=uint8), -1.0, 1.0)
    """
    low, high = float(values.min()), float(values.max())
    step = (high - low) / 255 or 1.0
    return np.round((values - low) / step).astype(np.uint8), low, step
