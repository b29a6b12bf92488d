"""A digit moves by a pixel, and ten recorded networks say what they read."""

import base64
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from lib import data
from lib.widgets._base import Sweep
from lib.widgets._pooling_stills import draw_one_pixel_shift


class OnePixelShift(Sweep):
    """What ten networks believe of a digit at each of 49 shifts, as a recorded run found it."""

    name = "one_pixel_shift"
    parts = ("frame", "shell", "controls", "heatmap", "drag", "inflate", "sweep")

    def __init__(self, vectors: Mapping, runs: list, digit: int, down: int, right: int):
        """Prepare the widget from records.

        Args:
            vectors: the record "pooling_shift_vectors".
            runs: the "runs" of the record "pooling_shift"; each has a pooling, a head, and for
                each seed the accuracy at 0, 1, 2 and 3 pixels from the middle.
            digit: the digit shown first.
            down: its shift, pixels.
            right: its shift, pixels.
        """
        p = probabilities(vectors)
        accuracy = {(run["head"], run["pooling"]): np.mean(run["accuracy"], 0) for run in runs}
        given = {
            "heads": vectors["heads"],
            "poolings": vectors["poolings"],
            "seeds": len(runs[0]["accuracy"]),
            "images": np.reshape(vectors["images"], (10, 64)).tolist(),
            "accuracy": [
                [accuracy[head, pooling].round(4).tolist() for pooling in vectors["poolings"]]
                for head in vectors["heads"]
            ],
        }
        start = {"digit": digit, "down": down, "right": right}
        self.panels = len(vectors["poolings"])
        super().__init__(lambda digit: p[:, :, digit], {"digit": range(10)}, given, start)

    def draw(self, axes: Sequence[Axes]) -> None:
        """Draw, for the networks with a dense head, the right digit's probability by shift."""
        digit = self.start["digit"]
        right = self.frame(digit=digit)[0, ..., digit]
        title = f"Probability of “{digit}” for a {digit} that moves (dense head)"
        draw_one_pixel_shift(axes, right, self.given["poolings"], title)


def probabilities(vectors: Mapping) -> np.ndarray:
    """Unpack a record: (heads, poolings, digits, 7 down, 7 right, classes) in [0, 1]."""
    packed = zlib.decompress(base64.b64decode(vectors["probabilities"]))
    return np.frombuffer(packed, np.uint8).reshape(vectors["shape"]) / 255


def one_pixel_shift(digit: int = 3, down: int = 0, right: int = 0) -> OnePixelShift:
    """Move a digit in its frame and see who notices.

    Five poolings (strided convolution, maximum, average, and two with a blur) under two heads
    (dense, global average) learnt digits that stood in the middle of a 24 × 24 frame. The page
    asks what one pixel does to a network with max pooling; then it shows, for each of the ten,
    its ten probabilities and a map of the right digit's probability over all 49 shifts.

    Args:
        digit: which digit is shown first, 0 to 9.
        down: its shift, pixels, −3 to 3.
        right: its shift, pixels, −3 to 3.

    Raises:
        ValueError: the digit or a shift lies outside its range.

    Source: Zhang (2019), Making convolutional networks shift-invariant again, ICML.

    Example:
        >>> one_pixel_shift(digit=7, right=1)
        OnePixelShift(digit=7, down=0, right=1)
    """
    for name, shift in {"down": down, "right": right}.items():
        if shift not in range(-3, 4):
            raise ValueError(f"expected {name} to be a whole number in -3 ... 3, got {shift!r}")
    vectors, record = data.recorded("pooling_shift_vectors"), data.recorded("pooling_shift")
    return OnePixelShift(vectors, record["runs"], digit, down, right)
