"""The book's long experiments, one seed of each: the pages and the scripts run the same code.

A topic's module trains with `torch.nn` and `torch.optim` around the book's own operations. The
scripts in `benchmarks/` run every seed and record the results; a page loads the record, and runs
one seed again to see that it comes out the same.
"""

import math

import numpy as np
from scipy.special import stdtrit


def mean_interval(values, level=0.95):
    """The mean of some measurements, and how far its t-interval reaches to each side.

    mean ± t · s / √n, where s² = Σ (v − mean)² / (n − 1), and Student's t with n − 1 degrees of
    freedom exceeds t with probability (1 − level)/2

    If the measurements are independent and roughly normal, an interval made in this way holds the
    true mean in a share `level` of all repetitions. Pass differences, seed by seed, to compare
    two methods that ran on the same seeds.

    Args:
        values: measurements, one for each seed; two at least.
        level: how often the interval should hold the true mean, between 0 and 1.

    Returns:
        (mean, half_width): the interval is mean ± half_width.

    Raises:
        ValueError: there are fewer than two values, or level is not between 0 and 1.

    Source: "Student" (1908).

    Example:
        >>> mean, half_width = mean_interval([0.90, 0.92, 0.94])
        >>> round(mean, 3), round(half_width, 3)
        (0.92, 0.05)
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"An interval needs a row of two values or more; got {values.tolist()}.")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1; got {level}.")
    t = stdtrit(values.size - 1, (1 + level) / 2)
    return float(values.mean()), float(t * values.std(ddof=1) / math.sqrt(values.size))
