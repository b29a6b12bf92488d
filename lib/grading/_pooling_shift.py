"""The exercises on a famous claim: that max pooling changes less when a picture moves."""

import numpy as np

from lib.grading._chance import uneven
from lib.grading._compare import shown
from lib.grading._exercise import Case, Exercise, Misconception
from lib.reference import pooling as reference

WORDS = "supported", "refuted", "undecided"
EDGE = 12  # cells around a picture into which its lines may run, to be cut off
NEAR = 1e-5  # a result is right this near; the next one that is possible is further off


def pictures(rng, count=40):
    """Return pictures of bright lines on black: (count, side, side).

    Their side, and how many lines there are, how thick and how long, is drawn once for all.
    """
    side, lines = 2 * int(rng.integers(7, 11)), int(rng.integers(4, 7))
    thick, length = int(rng.integers(2, 4)), int(rng.integers(5, 9))
    steps = np.array([(0, 1), (1, 0), (1, 1), (1, -1)])[rng.integers(4, size=(count, lines))]
    starts = rng.integers(1, side - thick, (count, lines, 2))
    along = np.arange(length)[:, None] * steps[:, :, None]
    brush = np.moveaxis(np.indices((thick, thick)), 0, -1)
    cells = (starts[:, :, None] + along)[..., None, None, :] + brush + EDGE
    row, column = np.moveaxis(cells, -1, 0)
    x = np.zeros((count, side + 2 * EDGE, side + 2 * EDGE))
    x[np.arange(count)[:, None, None, None, None], row, column] = 1
    x = x[:, EDGE:-EDGE, EDGE:-EDGE]
    return x * rng.uniform(0.5, 1, x.shape)


def shift_cases(rng):
    """Give pictures, and how many trials to make."""
    about = pictures(rng), int(rng.integers(300, 400))
    yield Case("other pictures", about, seeds=(int(rng.integers(2**32)),))


def claim_cases(rng):
    """Give so many pictures and trials that the claim is decided, whichever they are."""
    seeds = (int(rng.integers(2**32)),)
    yield Case("other pictures", (pictures(rng, count=250), 1000), seeds=seeds)


def moves(x):
    """Return how the pooled maps move, and how long they were: each (2 poolings, 2 ways, M)."""
    x = np.stack([x, np.roll(x, 1, axis=1), np.roll(x, 1, axis=2)])
    maps = np.stack([pool(x, 2) for pool in (reference.max_pool2d, reference.avg_pool2d)])
    return lengths(maps[:, 1:] - maps[:, :1]), lengths(maps[:, :1])


def lengths(maps):
    """Return the length of each map's values as one vector."""
    return np.sqrt((maps**2).sum((-2, -1)))


def outcomes(images):
    """Return what a trial can give: for each way, down and right, and each picture: (2, M)."""
    moved, before = moves(images)
    return np.subtract(*(moved / before))


def unscaled(images):
    """Forget that the maximum's map is the longer one."""
    return np.subtract(*moves(images)[0])


def trying(outcomes):
    """Return a function that makes trials, with these outcomes of each picture."""

    def changes(rng, images, n):
        possible = outcomes(images)
        return possible[rng.integers(len(possible), size=n), rng.integers(len(images), size=n)]

    return changes


changes = trying(outcomes)


def trials(found, possible):
    """Return which of the possible results each trial is, -1 where none; None if no results."""
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind not in "iuf":
        return None
    order = possible.argsort()
    ranked = possible[order]
    right = np.searchsorted(ranked, found).clip(1, len(ranked) - 1)
    nearest = right - (found - ranked[right - 1] < ranked[right] - found)
    return np.where(np.abs(ranked[nearest] - found) <= NEAR, order[nearest], -1)


def unlike_trials(found, case, outcomes=outcomes):
    """Say how an answer differs from trials with even odds of each way and picture, or None."""
    images, n = case.args
    possible = outcomes(images).ravel()
    which = trials(found, possible)
    if which is None or len(which) != n:
        return f"expected an array of {n} numbers, one a trial, got {shown(found)}"
    if (which < 0).any():
        at = int(np.argmax(which < 0))
        return f"trial {at}: expected a result that is possible, got {shown(found[at])}"
    rng = np.random.default_rng([*case.seeds, 1])
    by_size = possible.argsort().argsort()[which]
    points = (np.stack([which, by_size]) + rng.random(n)) / possible.size
    return uneven(points[0]) or uneven(points[1])


def as_from(outcomes):
    """Return what tells whether trials have these outcomes."""
    return lambda found, case: unlike_trials(found, case, outcomes) is None


def one_way(found, case):
    """Tell whether all trials move the picture the same way."""
    images, n = case.args
    which = trials(found, outcomes(images).ravel())
    if which is None or len(which) != n or (which < 0).any():
        return False
    return len(set(which // len(images))) == 1


def verdict_of(differences):
    """Return what a 95 % interval says of the claim that the maximum changes less."""
    half = 1.96 * differences.std(ddof=1) / differences.size**0.5
    if abs(differences.mean()) <= half:
        return "undecided"
    return "supported" if differences.mean() < 0 else "refuted"


def claim_of(rng, images, n):
    """Return what a rerun finds."""
    return verdict_of(changes(rng, images, n))


EXERCISES = (
    Exercise(
        key="pooling.shift",
        kind="measure",
        task="Write changes(rng, images, n): how much more max than average pooling changes when "
        "a picture moves by one pixel, in n trials.",
        points=2,
        minutes=15,
        name="changes",
        cases=shift_cases,
        oracle=changes,
        verdict=unlike_trials,
        misconceptions=(
            Misconception(
                "sign",
                lambda rng, images, n: -changes(rng, images, n),
                "You have taken the maximum's change from the average's. Ask: what must be "
                "negative if the maximum changes less?",
                alike=as_from(lambda images: -outcomes(images)),
            ),
            Misconception(
                "no scale",
                trying(unscaled),
                "You compare lengths of differences, but a map of maxima is longer to begin with. "
                "Divide each change by the length of its own map before the shift.",
                alike=as_from(unscaled),
            ),
            Misconception(
                "one direction",
                trying(lambda x: outcomes(x)[:1]),
                "All your pictures move the same way. Draw the direction anew in each trial: down "
                "or to the right.",
                alike=one_way,
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
        needs="pooling.shift",
        words=WORDS,
        cases=claim_cases,
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
)
