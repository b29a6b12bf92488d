"""Whether draws follow their odds: exactly, by what each draw's place should be spread like.

A draw among ranked outcomes takes up its own stretch of [0, 1), as long as its odds. A point
drawn evenly from that stretch is spread evenly over [0, 1) if, and only if, the draws follow the
odds, however different these are from one draw to the next. So the draws of many windows can be
held to one law, and no sample of the right law is needed, whose own chance would blur it.
"""

import numpy as np

FURTHEST = 3.0  # √n times the distance of distribution functions: once in 30 million times
LIKEST = 5.6  # √n times the correlation of neighbours: once in 50 million times


def places(odds, drawn, rng):
    """Return a point of the stretch that each draw takes up.

    Args:
        odds: (..., K), not negative, each row with a sum above 0; in proportion to the
            probabilities.
        drawn: (...), which of the K outcomes came.
        rng: draws the points.

    Source: Dunn & Smyth (1996), Randomized quantile residuals.

    Example:
        >>> places(np.array([[1.0, 3.0]]), np.array([1]), np.random.default_rng(0)) >= 0.25
        array([ True])
    """
    ends = odds.cumsum(-1)
    width = np.take_along_axis(odds, drawn[..., None], -1)[..., 0]
    end = np.take_along_axis(ends, drawn[..., None], -1)[..., 0]
    return (end - width * rng.random(drawn.shape)) / ends[..., -1]


def uneven(points):
    """Say how points are not spread evenly and independently over [0, 1), or return None.

    Args:
        points: an array of any shape; along each axis, neighbours are held to be independent.

    Source: Kolmogorov (1933), Sulla determinazione empirica di una legge di distribuzione.

    Example:
        >>> points = np.random.default_rng(0).random((30, 30))
        >>> uneven(points)
        >>> uneven(points**2)
        'some outcomes come too often, others too seldom'
        >>> uneven(np.stack([points.ravel()] * 2))
        'draws repeat one another'
    """
    n = points.size
    steps = np.arange(n + 1) / n
    ranked = np.sort(points, axis=None)
    if max((steps[1:] - ranked).max(), (ranked - steps[:-1]).max()) > FURTHEST / n**0.5:
        return "some outcomes come too often, others too seldom"
    for axis in range(points.ndim):
        rows = np.moveaxis(points, axis, 0) - 0.5
        together = 12 * rows[1:] * rows[:-1]
        if together.size > 50 and abs(together.mean()) > LIKEST / together.size**0.5:
            return "draws repeat one another"
    return None
