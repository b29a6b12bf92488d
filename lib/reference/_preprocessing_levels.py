"""Levels: categories become numbers, and what was never seen is known as such."""

import numpy as np

from lib import shapes
from lib.reference._arguments import array, choice


def one_hot(x, num_classes=-1):
    """Write a class as a row of zeros with a single 1.

    y[…, c] = 1 where x[…] = c, else 0

    Args:
        x: classes, any shape, int64, not negative.
        num_classes: how many there are; one more than the largest if −1.

    Returns:
        y: (…, num_classes), int64.

    Raises:
        TypeError: x does not hold int64, or num_classes is no whole number.
        ValueError: a class is negative or not below num_classes; or x is empty and num_classes
            not given.

    Source: Suits (1957), Use of dummy variables in regression equations.

    Example:
        >>> one_hot(np.array([0, 2]))
        array([[1, 0, 0],
               [0, 0, 1]])
    """
    x, count = array("x", x), shapes.whole("num_classes", num_classes)
    if x.dtype != np.int64:
        raise TypeError(f"x must hold int64, got {x.dtype}")
    if not x.size and count <= 0:
        raise ValueError(f"num_classes must be above 0 where x is empty, got {num_classes}")
    if x.size and x.min() < 0:
        raise ValueError(f"x must hold no negative class, got {x.min()}")
    count = int(x.max()) + 1 if count == -1 else count
    if x.size and x.max() >= count:
        raise ValueError(f"x must hold classes below num_classes = {count}, got {x.max()}")
    return _rows(x, count)


def levels_fit(x):
    """Find the different values of a category.

    Args:
        x: any shape: whole numbers, floats, of which NaN is passed over, or text.

    Returns:
        levels: (L,), ascending, dtype of x.

    Raises:
        TypeError: x holds neither numbers nor text.
        ValueError: x holds no value.

    Source: Stevens (1946), On the theory of scales of measurement.

    Example:
        >>> levels_fit(np.array(["mild", "hot", "mild"]))
        array(['hot', 'mild'], dtype='<U4')
    """
    levels = np.unique(_values("x", x))
    levels = levels[levels == levels]
    if not levels.size:
        raise ValueError(f"x must hold at least one value, got shape {np.shape(x)}")
    return levels


def ordinal(x, levels, unknown_value=None):
    """Number a category: each value becomes its place among the levels.

    y = i where x = levels[i], and unknown_value where x is none of them

    Args:
        x: any shape: whole numbers, floats or text. NaN is no level.
        levels: of `levels_fit`, (L,), ascending; dtype of x, for text of any length. Text ascends
            by the alphabet, not by its meaning: cold, hot, mild.
        unknown_value: a whole number that is not the place of a level; if None, an unknown value
            is an error.

    Returns:
        y: shape of x, int64.

    Raises:
        TypeError: x holds neither numbers nor text, levels are of another dtype, or unknown_value
            is no whole number.
        ValueError: levels do not ascend, unknown_value is the place of a level, or it is None and
            x holds what is no level.

    Source: Stevens (1946), On the theory of scales of measurement.

    Example:
        >>> ordinal(np.array(["mild", "cold"]), np.array(["hot", "mild"]), unknown_value=-1)
        array([ 1, -1])
    """
    x, levels = _values("x", x), _ascending(levels, x)
    code = shapes.whole("unknown_value", -1 if unknown_value is None else unknown_value)
    if 0 <= code < len(levels):
        raise ValueError(f"unknown_value must be no place of a level, got {code}")
    place = np.minimum(np.searchsorted(levels, x), len(levels) - 1)
    known = levels[place] == x
    if unknown_value is None and not known.all():
        raise ValueError(f"x must hold levels only, got {x[~known].flat[0]!r}")
    return np.where(known, place, code)


def one_hot_levels(x, levels, handle_unknown="ignore"):
    """Write a category as a row with one place for each level.

    y[…, i] = 1 where x[…] = levels[i], else 0; so the row of an unknown value is all 0

    Args:
        x: any shape: whole numbers, floats or text. NaN is no level.
        levels: of `levels_fit`, (L,), ascending; dtype of x, for text of any length.
        handle_unknown: "ignore" for a row of zeros, or "error".

    Returns:
        y: (…, L), int64.

    Raises:
        TypeError: x holds neither numbers nor text, levels are of another dtype, or
            handle_unknown is no text.
        ValueError: levels do not ascend, handle_unknown is another word, or it is "error" and x
            holds what is no level.

    Source: Suits (1957), Use of dummy variables in regression equations.

    Example:
        >>> one_hot_levels(np.array(["mild", "cold"]), np.array(["hot", "mild"]))
        array([[0, 1],
               [0, 0]])
    """
    ignored = choice("handle_unknown", handle_unknown, ("ignore", "error")) == "ignore"
    return _rows(ordinal(x, levels, -1 if ignored else None), len(levels))


def _rows(x, count):
    return (x[..., None] == np.arange(count)).astype(np.int64)


def _values(name, value):
    value = array(name, value)
    if value.dtype.kind not in "iufU":
        raise TypeError(f"{name} must hold whole numbers, floats or text, got {value.dtype}")
    return value


def _ascending(levels, x):
    levels = _values("levels", levels)
    both_text = x.dtype.kind == levels.dtype.kind == "U"
    if levels.dtype != x.dtype and not both_text:
        raise TypeError(f"levels must have the dtype of x, {x.dtype}, got {levels.dtype}")
    if levels.ndim != 1 or not levels.size or not (levels[:-1] < levels[1:]).all():
        raise ValueError(
            f"levels must ascend along one axis, and be at least one, got {levels.tolist()!r}"
        )
    return levels
