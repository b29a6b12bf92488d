"""How fast momentum goes in a valley, what is the best it can do, and two pits to roll out of."""

import numpy as np


def spectral_radius(lr, momentum, curvature, nesterov=False):
    """By what factor a step multiplies the distance along one direction, in the long run.

    With x the place and b the buffer of the steps before, a step is

        x = (1 − lr·λ) x − lr·β b                       b = λ x + β b, with the old x
        x = (1 − lr·λ (1 + β)) x − lr·β² b   if nesterov

    and the factor is the larger |eigenvalue| of that matrix.

    Args:
        lr: learning rate, of any shape.
        momentum: β, of a shape that fits.
        curvature: λ, of a shape that fits.
        nesterov: whether the momentum is Nesterov's.

    Returns:
        The factor, of the common shape; from 1 on the walk diverges.

    Example:
        >>> spectral_radius([0.5, 2.5], 0, 1)
        array([0.5, 1.5])
    """
    lr, beta, curvature = np.broadcast_arrays(*np.atleast_1d(lr, momentum, 1.0 * curvature))
    pull, turn = (lr * (1 + beta), lr * beta**2) if nesterov else (lr, lr * beta)
    step = np.stack([1 - pull * curvature, -turn, curvature, beta], axis=-1)
    return np.abs(np.linalg.eigvals(step.reshape(*lr.shape, 2, 2))).max(axis=-1)


def fastest(kappa, nesterov=False, momentum=None):
    """The settings for which the slower of the curvatures 1 and κ is fastest, by a search.

    Args:
        kappa: the larger curvature, at least 1.
        nesterov: whether the momentum is Nesterov's.
        momentum: the momentum; the best one if None.

    Returns:
        lr, momentum, factor: the best learning rate and momentum, and what a step keeps of the
        distance.

    Example:
        >>> lr, _, factor = fastest(20, momentum=0)
        >>> round(lr, 4), round(factor, 4)
        (0.0952, 0.9048)
    """
    lr, beta, reach = 2 / kappa, 0.5 if momentum is None else momentum, 0.5
    for _ in range(30):  # a grid around the best so far, ever finer
        lrs = lr * (1 + reach * np.linspace(-1, 1, 21))[:, None]
        betas = np.clip(beta + reach * np.linspace(-1, 1, 21), 0, 1)
        betas = betas if momentum is None else np.array([beta])
        factors = [spectral_radius(lrs, betas, curvature, nesterov) for curvature in (1, kappa)]
        slower = np.maximum(*factors)
        i, j = np.unravel_index(slower.argmin(), slower.shape)
        lr, beta, reach = lrs[i, 0], betas[j], 0.75 * reach
    return float(lr), float(beta), float(slower.min())


def pits(x):
    """The slope of a plain with two pits, at many places: the deeper at x = −1, the other at 1.

    The loss is 0.02 (x² + y²) − exp(−2 (x + 1)² − 2 y²) − 0.6 exp(−2 (x − 1)² − 2 y²).

    Args:
        x: places, (N, 2).

    Returns:
        The slopes, (N, 2).

    Example:
        >>> pits(np.array([[2.0, 0.0]])).round(3)
        array([[0.405, 0.   ]])
    """
    total = 0.04 * x
    for depth, centre in ((1, (-1, 0)), (0.6, (1, 0))):
        away = x - np.array(centre)
        total = total + 4 * depth * away * np.exp(-2 * (away**2).sum(axis=1, keepdims=True))
    return total
