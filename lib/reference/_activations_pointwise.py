"""What every activation does: the same small function, entry by entry.

An array of millions of numbers is worked on a few thousand at a time: what lies between input
and output then stays in the processor's cache, and float16 is computed in float32 on the way.
"""

import numpy as np

from lib.reference._arguments import float_array, upstream

FEW = 2**14  # entries worked on at once


def forward(f, x, *others):
    """Return f(x, *others) entry by entry, in the shape and dtype of x.

    The others are arrays that broadcast against x. f gets arrays of float32 or float64, and
    where it chooses between two forms it may compute both: nobody hears of what overflowed.
    """
    x = float_array("x", x)
    return _swept(f, np.empty_like(x), x, *others)


def backward(f, dy, x, *others):
    """Return f(dy, x, *others) entry by entry: the upstream gradient times the slope."""
    x = float_array("x", x)
    return _swept(f, np.empty_like(x), upstream(dy, x.shape, x.dtype), x, *others)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def _swept(f, y, *arrays):
    """Write f of the arrays into y, and return it."""
    sweep = np.nditer(
        [*arrays, y],
        flags=["external_loop", "buffered", "zerosize_ok"],
        op_flags=[["readonly"]] * len(arrays) + [["writeonly"]],
        op_dtypes=[np.promote_types(y.dtype, np.float32)] * (len(arrays) + 1),
        casting="same_kind",
        buffersize=FEW,
    )
    with sweep:
        for *few, out in sweep:
            out[...] = f(*few)
    return y


def sigmoid(x):
    """1 / (1 + e^−x): where e^−x overflows to infinity, 0 is right."""
    return 1 / (1 + np.exp(-x))


def softplus(x):
    """log(1 + e^x), without overflow on one side and without cancellation on the other."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
