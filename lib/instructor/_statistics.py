"""What the works on an assignment say together: totals, questions, mistakes."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import atanh, sqrt, tanh

import numpy as np

from lib.instructor.records import STATES, Result, Work

QUANTILE = 1.959964  # of the normal distribution, for intervals of 95 %
ENOUGH = 30  # works from which on a correlation says something of its question

Interval = tuple[float, float]


@dataclass(frozen=True)
class Totals:
    """How the points of the graded works are spread, lateness aside.

    Attributes:
        most: points that the questions are worth.
        points: of each work, in ascending order.
        mean: of them.
        quartiles: the lower, the median and the upper.
        deviation: of them, divided by n - 1; 0 for a single work.
    """

    most: float
    points: tuple[float, ...]
    mean: float
    quartiles: tuple[float, float, float]
    deviation: float


@dataclass(frozen=True)
class Question:
    """How one question went.

    Attributes:
        key: the question.
        most: points that it is worth.
        n: works that have points on it.
        awaits: works on which a person has still to give them.
        share: mean of the points as a share of `most`; None without works.
        interval: of `share`, 95 %.
        full: share of the works with full points.
        none: share of the works with no points.
        discrimination: correlation of its points with the sum of all other questions', over
            `compared` works; None if either is the same for all.
        discrimination_interval: 95 %; None with fewer than four works.
        compared: works whose questions all have points.
    """

    key: str
    most: float
    n: int
    awaits: int
    share: float | None
    interval: Interval | None
    full: float | None
    none: float | None
    discrimination: float | None
    discrimination_interval: Interval | None
    compared: int


@dataclass(frozen=True)
class Mistake:
    """A known mistake, and how many made it.

    Attributes:
        key: the question.
        name: of the mistake.
        hint: what those who made it are told.
        count: of the works.
        share: of the graded works.
    """

    key: str
    name: str
    hint: str
    count: int
    share: float


def states(works: Sequence[Work]) -> dict[str, int]:
    """Count the works in each state; those late, and those that await a person, beside them."""
    counts = Counter(work.state for work in works)
    late = sum(bool(work.late) for work in works)
    awaiting = sum(bool(work.awaits) for work in works)
    return {state: counts[state] for state in STATES} | {"late": late, "awaiting": awaiting}


def totals(works: Sequence[Work]) -> Totals | None:
    """Describe the points of the graded works; None if there are none."""
    points = np.sort([work.raw for work in works if work.raw is not None])
    if not points.size:
        return None
    quartiles = np.quantile(points, [0.25, 0.5, 0.75])
    return Totals(
        most=max(work.most for work in works),
        points=tuple(points.tolist()),
        mean=float(points.mean()),
        quartiles=tuple(quartiles.tolist()),
        deviation=float(points.std(ddof=1)) if points.size > 1 else 0.0,
    )


def questions(works: Sequence[Work]) -> list[Question]:
    """Describe how each question went, in the assignment's order."""
    by_key: dict[str, list[Result]] = defaultdict(list)
    for work in works:
        for result in work.results:
            by_key[result.key].append(result)
    given = {key: any(each.points is not None for each in by_key[key]) for key in by_key}
    rows = _complete(works, [key for key in by_key if given[key]])
    columns = dict(zip([key for key in by_key if given[key]], rows.T, strict=True))
    return [
        _question(key, results, columns.get(key), rows.sum(1)) for key, results in by_key.items()
    ]


def mistakes(works: Sequence[Work]) -> list[Mistake]:
    """Count the known mistakes, the commonest first."""
    graded = sum(bool(work.results) for work in works)
    found = [each for work in works for each in work.results if each.misconception]
    hints = {(each.key, each.misconception): each.hint for each in found}
    counts = Counter((each.key, each.misconception) for each in found)
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        Mistake(key, name, hints[key, name], count, count / graded)
        for (key, name), count in listed
    ]


def wilson(share: float, n: int) -> Interval:
    """Return the 95 % interval of a mean of shares.

    It is Wilson's, which supposes that each is 0 or 1. No other shares vary more, so that it errs
    on the wide side, and it holds where all are alike, as the interval of Student does not.

    Args:
        share: the mean, from 0 to 1.
        n: how many there are, at least 1.

    Source: Wilson (1927).
    """
    z = QUANTILE**2 / n
    middle = (share + z / 2) / (1 + z)
    half = sqrt(z * (share * (1 - share) + z / 4)) / (1 + z)
    return max(0.0, middle - half), min(1.0, middle + half)


def fisher(correlation: float, n: int) -> Interval | None:
    """Return the 95 % interval of a correlation over n pairs; None with fewer than four.

    Source: Fisher (1921).
    """
    if n < 4:
        return None
    if abs(correlation) >= 1:
        return correlation, correlation
    middle, half = atanh(correlation), QUANTILE / sqrt(n - 3)
    return tanh(middle - half), tanh(middle + half)


def _complete(works: Sequence[Work], keys: list[str]) -> np.ndarray:
    """Return the points of the works that have some on all of these questions: (N, Q)."""
    rows = []
    for work in works:
        points = {each.key: each.points for each in work.results}
        row = [points.get(key) for key in keys]
        if row and None not in row:
            rows.append(row)
    return np.array(rows, float).reshape(len(rows), len(keys))


def _question(
    key: str, results: list[Result], column: np.ndarray | None, sums: np.ndarray
) -> Question:
    most = results[0].most
    shares = np.array([each.points / each.most for each in results if each.points is not None])
    n = shares.size
    share = float(shares.mean()) if n else None
    correlation = None if column is None else _correlation(column, sums - column)
    return Question(
        key=key,
        most=most,
        n=n,
        awaits=len(results) - n,
        share=share,
        interval=wilson(min(max(share, 0.0), 1.0), n) if n else None,
        full=float((shares >= 1).mean()) if n else None,
        none=float((shares <= 0).mean()) if n else None,
        discrimination=correlation,
        discrimination_interval=None if correlation is None else fisher(correlation, len(sums)),
        compared=len(sums),
    )


def _correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """Return the correlation of two columns; None if one of them is the same for all."""
    if len(a) < 2 or np.ptp(a) < 1e-9 or np.ptp(b) < 1e-9:
        return None
    return float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
