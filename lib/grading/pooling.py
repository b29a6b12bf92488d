"""The exercises on pooling: what they try, the right answers, and the mistakes that they know."""

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception
from lib.reference import pooling as reference


def images(rng, *shape):
    """Return numbers of both signs without ties."""
    return (rng.permutation(np.prod(shape)).reshape(shape) - 0.6 * np.prod(shape)) / 8


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
    """Give two images of both signs to each kind of window, and one that is negative."""
    for category, options in SLIDING.items():
        yield Case(category, (images(rng, 2, 3, 7, 8), *options))
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


# ---- debug


def draw_cases(rng):
    """Give many equal windows, so that the draws can be counted; and windows of zeros."""
    for category, cells, blank in [
        ("draws follow the odds", rng.permutation(4) + 1.0, 0),
        ("a zero is never drawn", rng.permutation([0.0, 0.0, 1.0, 3.0]), 0),
        ("a window of zeros gives 0", rng.permutation(4) + 1.0, 20),
    ]:
        x = np.tile(cells.reshape(2, 2), (1, 1, 60, 60))
        x[:, :, :blank] = 0
        yield Case(category, (x, 2), seeds=(int(rng.integers(2**32)),))


def even_draw(rng, x, kernel_size):
    """Draw each cell as often as any other."""
    cells = windows(x, kernel_size, kernel_size).reshape(*reference.max_pool2d(x, 2).shape, -1)
    which = rng.integers(cells.shape[-1], size=cells.shape[:-1])
    return np.take_along_axis(cells, which[..., None], -1)[..., 0]


def evaluation_cases(rng):
    """Give activations, some of them zero, and a window of zeros."""
    yield Case("activations", (np.maximum(images(rng, 2, 2, 6, 6), 0) + 0.5, 2))
    x = np.maximum(images(rng, 1, 1, 6, 6), 0)
    x[0, 0, :3, :3] = 0
    yield Case("a window of zeros gives 0", (x, 3))


def with_nan(x, kernel_size):
    """Divide by Σa, whatever it is."""
    cells = windows(x, kernel_size, kernel_size)
    with np.errstate(invalid="ignore"):
        return (cells**2).sum((4, 5)) / cells.sum((4, 5))


# ---- measure


def strokes(rng, count, side=18):
    """Return pictures of three bright lines each on black: (count, side, side)."""
    x = np.zeros((count, side, side))
    for picture in x:
        for _ in range(3):
            at, step = (
                rng.integers(2, side - 2, 2),
                [(0, 1), (1, 0), (1, 1), (1, -1)][rng.integers(4)],
            )
            cells = at + np.arange(rng.integers(4, 9))[:, None] * step
            cells = cells[((cells >= 0) & (cells < side)).all(1)]
            picture[tuple(cells.T)] = rng.uniform(0.6, 1, len(cells))
    return x


def shift_cases(rng):
    """Give pictures, and how many of them to try."""
    yield Case("other pictures", (strokes(rng, 200), 800), seeds=(int(rng.integers(2**32)),))


def shifted(rng, images, n):
    """Draw n pictures, (n, 1, H, W), and what they are a pixel further down or right."""
    x = images[rng.integers(len(images), size=n)]
    down = rng.random((n, 1, 1)) < 0.5
    return x[:, None], np.where(down, np.roll(x, 1, axis=1), np.roll(x, 1, axis=2))[:, None]


def lengths(x):
    """Return the length of each picture's values as one vector."""
    return np.sqrt((x**2).sum((1, 2, 3)))


def changes(rng, images, n):
    """Return what the maximum's change exceeds the average's by, in n trials."""
    x, moved = shifted(rng, images, n)
    pools = (lambda x: reference.max_pool2d(x, 2)), (lambda x: reference.avg_pool2d(x, 2))
    return np.subtract(*(lengths(pool(moved) - pool(x)) / lengths(pool(x)) for pool in pools))


def unscaled(rng, images, n):
    """Forget that the maximum's map is the longer one."""
    x, moved = shifted(rng, images, n)
    pools = (lambda x: reference.max_pool2d(x, 2)), (lambda x: reference.avg_pool2d(x, 2))
    return np.subtract(*(lengths(pool(moved) - pool(x)) for pool in pools))


def verdict_of(differences):
    """Return what a 95 % interval says of the claim that the maximum changes less."""
    half = 1.96 * differences.std(ddof=1) / differences.size**0.5
    if abs(differences.mean()) <= half:
        return "undecided"
    return "supported" if differences.mean() < 0 else "refuted"


def claim_of(rng, images, n):
    """Return what a rerun finds."""
    return verdict_of(changes(rng, images, n))


# ---- derive


def moment_cases(rng):
    """Give means and variances of windows."""
    yield Case("one window", (float(2 + rng.random()), float(1 + rng.random())))
    yield Case("many windows at once", (0.5 + rng.random(5), rng.random(5)))


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
    Exercise(
        key="pooling.stochastic_train",
        kind="debug",
        task="Repair stochastic_pool(rng, x, kernel_size), the draw in training.",
        points=2,
        minutes=15,
        name="stochastic_pool",
        cases=draw_cases,
        oracle=lambda rng, x, kernel_size: reference.stochastic_pool2d(rng, x, kernel_size),
        chance=True,
        misconceptions=(
            Misconception(
                "even odds",
                even_draw,
                "Every cell is drawn as often as any other. The odds of a cell are its share of "
                "its window, a/Σa: the larger, the likelier.",
            ),
        ),
    ),
    Exercise(
        key="pooling.stochastic_eval",
        kind="debug",
        task="Repair stochastic_pool_eval(x, kernel_size), what stands for the draw when testing.",
        points=2,
        minutes=8,
        name="stochastic_pool_eval",
        cases=evaluation_cases,
        oracle=reference.stochastic_pool2d_expected,
        misconceptions=(
            Misconception(
                "plain mean",
                reference.avg_pool2d,
                "That is the plain mean. The draw favours large cells, so its mean is larger: "
                "weigh each cell by its odds, Σ a·(a/Σa).",
            ),
            Misconception(
                "zero by zero",
                with_nan,
                "A window of zeros has no odds, and 0/0 is NaN. It should give 0.",
            ),
        ),
    ),
    Exercise(
        key="pooling.moments",
        kind="derive",
        task="Express Σa²/Σa by the mean and the variance of a window: expected(mean, var).",
        points=3,
        minutes=12,
        name="expected",
        cases=moment_cases,
        oracle=lambda mean, var: mean + var / mean,
        misconceptions=(
            Misconception(
                "units",
                lambda mean, var: mean + var,
                "A variance has the unit of a², a mean that of a: they cannot be added. Divide "
                "Σa² = n(var + mean²) by Σa = n·mean, term by term.",
            ),
            Misconception(
                "root mean square",
                lambda mean, var: np.sqrt(mean**2 + var),
                "That is the root of the mean square. Here Σa² is divided by Σa, without a root.",
            ),
            Misconception(
                "standard deviation",
                lambda mean, var: mean + np.sqrt(var) / mean,
                "You divide the standard deviation. Begin with Σa² = n(var + mean²).",
            ),
        ),
    ),
    Exercise(
        key="pooling.shift",
        kind="measure",
        task="Write changes(rng, images, n): how much more max than average pooling changes when "
        "a picture moves by one pixel, in n trials.",
        points=2,
        minutes=15,
        name="changes",
        chance=True,
        cases=shift_cases,
        oracle=changes,
        misconceptions=(
            Misconception(
                "sign",
                lambda rng, images, n: -changes(rng, images, n),
                "You have taken the maximum's change from the average's. Ask: what must be "
                "negative if the maximum changes less?",
            ),
            Misconception(
                "no scale",
                unscaled,
                "You compare lengths of differences, but a map of maxima is longer to begin with. "
                "Divide each change by the length of its own map before the shift.",
            ),
        ),
        seconds=20.0,
    ),
    Exercise(
        key="pooling.claim",
        kind="measure",
        task="Is the claim that max pooling changes less supported, refuted or undecided?",
        points=2,
        minutes=5,
        name="claim",
        value=True,
        cases=shift_cases,
        oracle=claim_of,
        misconceptions=(
            Misconception(
                "the famous claim",
                lambda *_: "supported",
                "That is what is often said. What does the interval of your own trials say, and "
                "on which side of 0 does it lie?",
            ),
        ),
    ),
    Exercise(
        key="pooling.explain",
        kind="explain",
        task="What does global average pooling throw away, and when does that help?",
        points=2,
        minutes=10,
    ),
)
