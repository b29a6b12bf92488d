"""The exercises on stochastic pooling: the draw, what stands for it, and a formula for that."""

import numpy as np

from lib.grading._chance import places, uneven
from lib.grading._compare import shown
from lib.grading._exercise import Case, Exercise, Misconception
from lib.grading._pooling_windows import images, windows
from lib.reference import pooling as reference

# ---- the draw


def draw_cases(rng):
    """Give windows that differ in their cells and in their scale; zeros in some, or in all."""
    for category, kernel_size, zeros, blank in [
        ("draws follow the odds", 2, 0.0, 0.0),
        ("a zero is never drawn", 3, 0.4, 0.0),
        ("a window of zeros gives 0", 2, 0.0, 0.2),
    ]:
        shape = (2, 3, *rng.integers(20, 25, 2))
        scale = rng.uniform(0.3, 1.3, shape) * (rng.random(shape) >= blank)
        x = np.kron(scale, np.ones((kernel_size, kernel_size)))
        x = x * rng.uniform(0.1, 1, x.shape) ** 2 * (rng.random(x.shape) >= zeros)
        x = np.pad(x, [(0, 0), (0, 0), (0, 1), (0, 1)], constant_values=9.0)  # half a window
        yield Case(category, (x, kernel_size), seeds=(int(rng.integers(2**32)),))


def by_share(cells):
    """Return the odds of stochastic pooling: each cell's share, or even ones among zeros."""
    return cells + (cells.sum(-1, keepdims=True) == 0)


def cells_of(case):
    """Return the cells of each window of a case: (N, C, I, J, k²)."""
    x, kernel_size = case.args
    views = windows(x, kernel_size, kernel_size)
    return views.reshape(*views.shape[:4], -1)


def drawn(y, cells, rng):
    """Return which cell of its window each number is, by lot among equal ones; -1 if none."""
    same = np.isclose(y[..., None], cells, rtol=1e-6, atol=0)
    lots = same * (1 + rng.random(cells.shape))
    return np.where(same.any(-1), lots.argmax(-1), -1)


def unlike_draws(y, case, odds=by_share):
    """Say how an answer differs from draws of cells by their odds, or return None."""
    cells, rng = cells_of(case), np.random.default_rng([*case.seeds, 1])
    shape = cells.shape[:-1]
    if not isinstance(y, np.ndarray) or y.shape != shape or y.dtype.kind not in "iuf":
        return f"expected an array of numbers of shape {shape}, got {shown(y)}"
    which = drawn(y, cells, rng)
    if (which < 0).any():
        at = tuple(int(i) for i in np.argwhere(which < 0)[0])
        return f"at index {at}: expected a cell of this window, got {shown(y[at])}"
    odds = odds(cells)
    chosen = np.take_along_axis(odds, which[..., None], -1)[..., 0]
    if (chosen == 0).any():
        at = tuple(int(i) for i in np.argwhere(chosen == 0)[0])
        return f"at index {at}: expected a cell with odds above 0, got {shown(y[at])}"
    return uneven(places(odds, which, rng)) or uneven(_by_size(odds, cells, which, rng))


def _by_size(odds, cells, which, rng):
    """Return the places of the draws among the cells in order of size."""
    order = cells.argsort(-1, kind="stable")
    rank = (order == which[..., None]).argmax(-1)
    return places(np.take_along_axis(odds, order, -1), rank, rng)


def drawing(odds):
    """Return a wrong draw: by these odds."""

    def draw(rng, x, kernel_size):
        cells = cells_of(Case("", (x, kernel_size)))
        ends = odds(cells).cumsum(-1)
        which = (ends > rng.random(ends.shape[:-1])[..., None] * ends[..., -1:]).argmax(-1)
        return np.take_along_axis(cells, which[..., None], -1)[..., 0]

    return draw


def drawn_by(odds):
    """Return what tells whether an answer follows these odds."""
    return lambda y, case: unlike_draws(y, case, odds) is None


def draw_once(rng, x, kernel_size):
    """Take one uniform number for all windows."""
    shape = cells_of(Case("", (x, kernel_size))).shape[:-1]
    return reference.stochastic_pool2d(np.full(shape, rng.random()), x, kernel_size)


def drawn_once(y, case):
    """Tell whether one uniform number explains all draws."""
    cells = cells_of(case)
    if not isinstance(y, np.ndarray) or y.shape != cells.shape[:-1]:
        return False
    used = cells.sum(-1) > 0
    which, cells = drawn(y, cells, np.random.default_rng(0))[used][:, None], cells[used]
    ends = cells.cumsum(-1)
    end = np.take_along_axis(ends, which, -1)
    start = end - np.take_along_axis(cells, which, -1)
    return bool((which >= 0).all() and (start / ends[:, -1:]).max() <= (end / ends[:, -1:]).min())


# ---- what stands for it


def evaluation_cases(rng):
    """Give activations, small ones among them, and a window of zeros."""
    yield Case("activations", ((np.maximum(images(rng, 3), 0) + 0.5) / 8, 2))
    x = np.maximum(images(rng, 1), 0)
    x[0, 0, :3, :3] = 0
    yield Case("a window of zeros gives 0", (x, 3))


def with_nan(x, kernel_size):
    """Divide by Σa, whatever it is."""
    cells = windows(x, kernel_size, kernel_size)
    with np.errstate(invalid="ignore"):
        return (cells**2).sum((4, 5)) / cells.sum((4, 5))


# ---- a formula for that


def moment_cases(rng):
    """Give means and variances of windows."""
    yield Case("one window", (float(2 + rng.random()), float(1 + rng.random())))
    yield Case("many windows at once", (0.5 + rng.random(5), 0.1 + rng.random(5)))


EXERCISES = (
    Exercise(
        key="pooling.stochastic_train",
        kind="debug",
        task="Repair stochastic_pool(rng, x, kernel_size), the draw in training.",
        points=2,
        minutes=15,
        name="stochastic_pool",
        cases=draw_cases,
        oracle=lambda rng, x, kernel_size: reference.stochastic_pool2d(rng, x, kernel_size),
        verdict=unlike_draws,
        misconceptions=(
            Misconception(
                "even odds",
                drawing(np.ones_like),
                "Every cell is drawn as often as any other. The odds of a cell are its share of "
                "its window, a/Σa: the larger, the likelier.",
                alike=drawn_by(np.ones_like),
            ),
            Misconception(
                "softmax odds",
                drawing(np.exp),
                "You draw by the softmax, eᵃ/Σeᵃ, which gives a zero a chance. The odds of a cell "
                "are its share as it is, a/Σa.",
                alike=drawn_by(np.exp),
            ),
            Misconception(
                "one draw for all",
                draw_once,
                "One random number decides for all windows, so they win and lose together. Every "
                "window draws a number of its own.",
                alike=drawn_once,
            ),
            Misconception(
                "the largest",
                lambda rng, x, kernel_size: reference.max_pool2d(x, kernel_size),
                "You always take the largest cell: that is max pooling. A cell is drawn with odds "
                "a/Σa, so that the others have their turn.",
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
)
