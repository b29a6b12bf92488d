"""Six optimizers in a ravine that turns: for whom does it matter that it lies along the axes?

The ravine is f(x, y) = ½(x² + κy²), turned by an angle about its lowest point. A walk begins on
the unit circle, and its start turns with the ravine, so that for the valley nothing changes. Its
length is the number of steps after which the loss *stays* below a tolerance, up to a horizon.
Each optimizer has its own learning rate for each ravine: the one with which nine in ten of some
starts arrive soonest. The lengths that count are those from other starts.
"""

import numpy as np

from lib.reference import optimizers

RULES = {  # name: its name in the library, and its options; all others are the library's
    "gd": ("sgd", {}),
    "momentum": ("sgd", {"momentum": 0.9}),
    "nesterov": ("sgd", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("adagrad", {}),
    "rmsprop": ("rmsprop", {}),
    "adam": ("adam", {}),
}
RATES = 1e-4 * 1.05 ** np.arange(204)  # from 0.0001 to 2, the width of the circle of starts
TOLERANCE = 1e-4
TUNING, MEASURING = (0, 100), (1, 100)  # seed and number of the starts
MEDIAN, NINE_IN_TEN = 50, 90  # percentiles: what a learning rate may be chosen by


def circle(seed, count):
    """Starts at distance 1 from the lowest point, (count, 2), all directions alike."""
    angle = np.random.default_rng(seed).uniform(0, 2 * np.pi, count)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def horizon(kappa):
    """How many steps are walked in a ravine: the slowest needs about half of them."""
    return round(400 + 12 * kappa)


def lengths(name, kappa, degrees, starts, rates, steps, tolerance=TOLERANCE):
    """How many steps each walk needs until its loss stays below the tolerance.

    Args:
        name: a key of `RULES`.
        kappa: the ravine's condition number, at least 1.
        degrees: the angle by which ravine and starts are turned.
        starts: before they are turned, (S, 2).
        rates: learning rates, (R,).
        steps: how many steps are walked.
        tolerance: what counts as low; the least loss is 0.

    Returns:
        float (R, S); infinite where the loss is not low at the last step.

    Raises:
        ValueError: there is no such optimizer.

    Example:
        >>> lengths("gd", 1, 0, np.array([[1.0, 0.0]]), np.array([0.5, 3.0]), 20)
        array([[ 7.],
               [inf]])
    """
    if name not in RULES:
        raise ValueError(f"expected name to be one of {list(RULES)}, got {name!r}")
    rule, options = RULES[name]
    step, fresh = (getattr(optimizers, f"{rule}_{part}") for part in ("step", "init"))
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[c, -s], [s, c]])
    hessian = turn @ np.diag([1.0, kappa]) @ turn.T
    x = np.tile(turn @ starts.T, (len(rates), 1, 1))  # (R, 2, S)
    rates, origin = np.reshape(rates, (-1, 1, 1)), np.zeros_like(x)
    state, last = fresh([x], lr=1, **options), np.full((len(rates), len(starts)), -1.0)
    with np.errstate(all="ignore"):  # what diverges may
        for t in range(steps + 1):
            g = hessian @ x  # (R, 2, S)
            low = 0.5 * (x * g).sum(axis=1) < tolerance
            last[~low] = t  # the last time that the loss was not low; NaN is not low either
            (move,), state = step([origin], [g], state, lr=1, **options)  # a step at rate 1
            x = x + rates * move
    return np.where(low, last + 1, np.inf)


def run(name, kappa, degrees, tolerance=TOLERANCE, percentiles=(NINE_IN_TEN,)):
    """Choose a learning rate by some starts, and measure it on others.

    Args:
        name: a key of `RULES`.
        kappa: the ravine's condition number.
        degrees: the angle by which ravine and starts are turned.
        tolerance: what counts as low.
        percentiles: what the rates are chosen by; 50 is the median length.

    Returns:
        a list with a dict for each percentile: the arguments, and
        lr: of `RATES`, the least of those with the least such percentile over the starts `TUNING`.
        steps: the length from each of the starts `MEASURING`, None where it is infinite.
    """
    ravine, last = (name, kappa, degrees), horizon(kappa)
    tried = np.concatenate(  # part by part, so that a part stays in the processor's cache
        [lengths(*ravine, circle(*TUNING), rates, last, tolerance) for rates in np.split(RATES, 4)]
    )
    return [_measured(ravine, tolerance, q, tried) for q in percentiles]


def recorded_lengths(record, name, degrees):
    """What a record of runs holds of one optimizer: κ → the lengths from all starts, (S,).

    Args:
        record: a dict whose "runs" are dicts as of `run`.
        name: a key of `RULES`.
        degrees: the angle.
    """
    runs = [run for run in record["runs"] if (run["name"], run["degrees"]) == (name, degrees)]
    known = ((run["kappa"], [np.inf if n is None else n for n in run["steps"]]) for run in runs)
    return {kappa: np.array(lengths, dtype=float) for kappa, lengths in known}


def _measured(ravine, tolerance, percentile, tried):
    worst = np.percentile(tried, percentile, axis=1, method="higher")
    lr = RATES[worst.argmin()]
    (steps,) = lengths(*ravine, circle(*MEASURING), [lr], horizon(ravine[1]), tolerance)
    settings = dict(zip(("name", "kappa", "degrees"), ravine, strict=True))
    settings |= {"tolerance": tolerance, "percentile": percentile, "lr": float(lr)}
    return settings | {"steps": [int(n) if np.isfinite(n) else None for n in steps]}
