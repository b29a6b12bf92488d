"""What global average pooling keeps: a class map over a picture whose parts can be dragged."""

import base64
import zlib
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from lib import data
from lib.plotting import draw_heat
from lib.reference.activations import relu
from lib.reference.convolution import conv2d
from lib.widgets._base import Twin

SCENES = {  # name: its digits, the row and column of each, the class shown first
    "3 and 7": ([3, 7], [12, 1, 3, 14], 3),
    "0 and 4": ([0, 4], [2, 3, 13, 13], 4),
    "6 alone": ([6], [8, 8], 6),
    "two 6s": ([6, 6], [2, 2, 13, 13], 6),
    "8, misread": ([8], [8, 8], 0),
}


class ClassMap(Twin):
    """A recorded network that runs in the page, and the map that its pooling averages."""

    name = "class_map"
    parts = ("frame", "shell", "controls", "grid", "heatmap", "drag", "inflate")

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw the map of the class shown first over the picture."""
        digit = self.start["digit"]
        x, heat = self.picture(), self.class_map(digit)
        logit = heat.mean() + self.given["bias"][digit]
        draw_heat(
            axes[0], x, heat, f"class map of “{digit}”: its mean plus the bias is {logit:.2f}"
        )

    def class_map(self, digit: int) -> np.ndarray:
        """Return the map whose mean plus the bias is the class's logit: (24, 24)."""
        whole = np.frombuffer(zlib.decompress(self.data), "<i2") / 1024
        x, at = self.picture()[None], 0
        for out, channels, k, dilation in self.given["layers"]:
            weight = whole[at : at + out * channels * k * k].reshape(out, channels, k, k)
            x = relu(conv2d(x, weight, padding="same", dilation=dilation))
            at += weight.size
        return np.tensordot(whole[at:].reshape(10, -1)[digit], x, 1)

    def picture(self) -> np.ndarray:
        """Return the picture shown first, its digits in their places: (24, 24), full ink 1."""
        x, places = np.zeros((24, 24)), self.start["places"]
        parts = self.given["scenes"][self.start["scene"]]["parts"]
        for part, row, column in zip(parts, places[::2], places[1::2], strict=True):
            spot = x[row : row + 8, column : column + 8]
            np.maximum(spot, np.reshape(self.given["images"][part], (8, 8)) / 16, out=spot)
        return x


def class_map(picture: str = "3 and 7", digit: int | None = None) -> ClassMap:
    """Drag a digit and see its class map follow; shuffle the map and see the logit stay.

    A small convolutional network with global average pooling runs in the page. The map of a
    class is the sum of the last feature maps, each times its weight for that class; the mean of
    the map plus the bias is the class's logit. The page asks what shuffling the map's cells does
    to it.

    Args:
        picture: the picture shown first, a key of `SCENES`.
        digit: the class shown first; one that the picture holds if None.

    Raises:
        ValueError: there is no such picture or class.

    Source: Zhou, Khosla, Lapedriza, Oliva & Torralba (2016), Learning deep features for
    discriminative localization, CVPR.

    Example:
        >>> class_map("6 alone")
        ClassMap(scene=2, digit=6, order='place', seed=1)
    """
    if picture not in SCENES:
        raise ValueError(f"expected one of {list(SCENES)}, got {picture!r}")
    if digit is not None and digit not in range(10):
        raise ValueError(f"expected a class from 0 to 9, got {digit!r}")
    record = data.recorded("pooling_class_map")
    scenes = [
        {"name": name, "parts": parts, "at": at, "digit": shown}
        for name, (parts, at, shown) in SCENES.items()
    ]
    given = {
        "layers": record["layers"],
        "bias": record["bias"],
        "images": np.reshape(record["images"], (10, 64)).tolist(),
        "scenes": scenes,
    }
    first = list(SCENES).index(picture)
    start = {
        "scene": first,
        "digit": scenes[first]["digit"] if digit is None else digit,
        "order": "place",
        "seed": 1,
        "places": scenes[first]["at"],
    }
    return ClassMap(start, given, base64.b64decode(record["weights"]))
