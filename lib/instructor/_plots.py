"""Where the marks of the report's figures lie: numbers alone, which the templates draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

MOST_BARS = 25


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: from where to where, and how many."""

    low: float
    high: float
    count: int


def histogram(points: Sequence[float], most: float) -> list[Bar]:
    """Count points in steps of equal width, whole points where there are not too many.

    The first bar begins at 0 and the last one ends where the points do; a bar holds its lower
    end, the last one both.

    Example:
        >>> [(bar.low, bar.high, bar.count) for bar in histogram([0, 1.5, 2], 2)]
        [(0, 1, 1), (1, 2, 2)]
    """
    top = max(most, *points)
    width = max(1, ceil(top / MOST_BARS))
    count = max(1, ceil(top / width))
    held = [0] * count
    for each in points:
        held[min(max(int(each // width), 0), count - 1)] += 1
    return [Bar(i * width, (i + 1) * width, held[i]) for i in range(count)]


def ticks(most: float, count: int = 5) -> list[float]:
    """Return about so many round numbers from 0 to `most`.

    Example:
        >>> ticks(20)
        [0, 5, 10, 15, 20]
    """
    if most <= 0:
        return [0]
    rough = most / count
    step = next(
        step
        for power in range(-2, 7)
        for step in (10**power, 2 * 10**power, 5 * 10**power)
        if step >= rough * 0.8
    )
    return [step * i for i in range(int(most / step + 1e-9) + 1)]
