"""The exercises on windows: what both poolings make of a map, and the way back."""

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception
from lib.reference import pooling as reference


def images(rng, channels):
    """Return two images of both signs, of seven to nine cells a side."""
    return rng.normal(-1, 4, (2, channels, *rng.integers(7, 10, 2)))


def windows(x, kernel_size, stride):
    """Return a copy of every window: (N, C, I, J, k, k)."""
    views = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), (2, 3))
    return views[:, :, ::stride, ::stride]


def padded(x, padding, value=0.0):
    """Return x with cells of one value on each side."""
    edge = (padding, padding)
    return np.pad(x, [(0, 0), (0, 0), edge, edge], constant_values=value)


# ---- predict


def predict_cases(rng):
    """Give every student a map of their own, in which no two windows have one answer."""
    yield Case("your own map", (rng.choice(np.arange(1, 40), 16, replace=False).reshape(4, 4),))


def predicted(x):
    """Return what both poolings make of a map."""
    x = x[None].astype(float)
    return {"max": reference.max_pool2d(x, 2)[0], "avg": reference.avg_pool2d(x, 2)[0]}


def overlapping(x):
    """Move the window by one."""
    x = x[None].astype(float)
    return {"max": reference.max_pool2d(x, 2, 1)[0], "avg": reference.avg_pool2d(x, 2, 1)[0]}


def summed(x):
    """Forget to divide."""
    return predicted(x) | {"avg": 4 * predicted(x)["avg"]}


def exchanged(x):
    """Take one for the other."""
    right = predicted(x)
    return {"max": right["avg"], "avg": right["max"]}


# ---- implement

SLIDING = {  # category: kernel_size, stride, padding
    "windows side by side": (2, 2, 0),
    "windows that overlap": (3, 1, 0),
    "windows with gaps": (2, 3, 0),
    "padding": (3, 2, 1),
}


def sliding_cases(rng):
    """Give images of both signs to each kind of window, and one that is negative."""
    for category, options in SLIDING.items():
        yield Case(category, (images(rng, 3), *options))
    yield Case("negative numbers in padding", (-1 - rng.random((1, 2, 6, 6)), 2, 2, 1))


def slope_cases(rng):
    """Give an upstream slope for each window."""
    for case in sliding_cases(rng):
        y = reference.max_pool2d(*case.args)
        yield Case(case.category, (rng.standard_normal(y.shape), *case.args))


def max_with_zeros(x, kernel_size, stride, padding):
    """Pad with zeros, as convolution does."""
    return windows(padded(x, padding), kernel_size, stride).max(axis=(4, 5))


def max_without_stride(x, kernel_size, stride, padding):
    """Move the window by its own size, whatever the stride."""
    return reference.max_pool2d(x, kernel_size, kernel_size, padding)


def mean_of_image(x, kernel_size, stride, padding):
    """Divide by the cells of the image alone."""
    return reference.avg_pool2d(x, kernel_size, stride, padding, count_include_pad=False)


def sum_of_window(x, kernel_size, stride, padding):
    """Forget to divide."""
    return kernel_size**2 * reference.avg_pool2d(x, kernel_size, stride, padding)


def overwriting(dy, x, kernel_size, stride, padding):
    """Let the last window have its way, where windows share a winner."""
    _, winners = reference.max_pool2d(x, kernel_size, stride, padding, return_indices=True)
    dx = np.zeros((*x.shape[:2], x.shape[2] * x.shape[3]))
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, winners[n, c, i, j]] = dy[n, c, i, j]
    return dx.reshape(x.shape)


def shared_out(dy, x, kernel_size, stride, padding):
    """Share the slope among all cells of the window, as the average does."""
    return reference.avg_pool2d_backward(dy, x, kernel_size, stride, padding)


EXERCISES = (
    Exercise(
        key="pooling.predict",
        kind="predict",
        task="What do max and average pooling make of your map, in windows of 2 × 2, stride 2?",
        points=2,
        minutes=4,
        name="prediction",
        value=True,
        cases=predict_cases,
        oracle=predicted,
        misconceptions=(
            Misconception(
                "stride 1",
                overlapping,
                "Your window moves by one cell. With a stride of 2 it moves by two, so windows "
                "lie side by side and the result has 2 rows of 2.",
            ),
            Misconception(
                "sum",
                summed,
                "Your average is a sum: divide by the four cells of a window.",
            ),
            Misconception("exchanged", exchanged, "You have taken max for avg and avg for max."),
        ),
    ),
    Exercise(
        key="pooling.max_pool2d",
        kind="implement",
        task="Write max_pool2d(x, kernel_size, stride, padding) for x of shape (N, C, H, W).",
        points=2,
        minutes=15,
        name="max_pool2d",
        cases=sliding_cases,
        oracle=reference.max_pool2d,
        rtol=1e-5,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "zero padding",
                max_with_zeros,
                "Your padding wins: a window of negative numbers gives 0. Padding must never win "
                "a maximum, so its value is minus infinity, not zero.",
            ),
            Misconception(
                "stride ignored",
                max_without_stride,
                "Your window always moves by its own size. The stride says how far it moves.",
            ),
        ),
    ),
    Exercise(
        key="pooling.avg_pool2d",
        kind="implement",
        task="Write avg_pool2d(x, kernel_size, stride, padding), counting cells of padding.",
        points=1,
        minutes=8,
        name="avg_pool2d",
        cases=sliding_cases,
        oracle=reference.avg_pool2d,
        rtol=1e-5,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "padding not counted",
                mean_of_image,
                "At the border you divide by the cells of the image alone. Here, as in torch by "
                "default, a cell of padding counts: divide by kernel_size² everywhere.",
            ),
            Misconception(
                "sum", sum_of_window, "That is the sum of each window: divide by its cells."
            ),
        ),
    ),
    Exercise(
        key="pooling.max_pool2d_backward",
        kind="implement",
        task="Write max_pool2d_backward(dy, x, kernel_size, stride, padding).",
        points=2,
        minutes=20,
        name="max_pool2d_backward",
        cases=slope_cases,
        oracle=reference.max_pool2d_backward,
        rtol=1e-5,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "overlap overwritten",
                overwriting,
                "Where two windows have the same winner, only one of their slopes arrives. A cell "
                "that is used twice gets the sum: add, do not assign.",
            ),
            Misconception(
                "shared out",
                shared_out,
                "You share the slope among the whole window: that is average pooling's backward. "
                "The maximum hands all of it to its winner.",
            ),
        ),
    ),
)
