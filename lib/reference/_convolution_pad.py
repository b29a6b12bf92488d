"""Padding: cells around an array, made up in one of four ways, or cut off."""

import numpy as np

from lib.reference._arguments import choice, float_array, number, upstream
from lib.reference._convolution_windows import wide
from lib.shapes import pad_sizes, padded_cells

MODES = ("constant", "reflect", "replicate", "circular")


def pad(x, pad, mode="constant", value=None):
    """Add cells around an array, or cut some off.

    For x = 1 2 3 4, two cells before and one after:

        constant   0 0 1 2 3 4 0
        reflect    3 2 1 2 3 4 3
        replicate  1 1 1 2 3 4 4
        circular   3 4 1 2 3 4 1

    Args:
        x: any axes, float; for all modes but "constant" (N, C, …) or (C, …) with one axis more
            for each pair of `pad`, one to three.
        pad: a tuple of pairs (before, after), cells, the last axis first: (left, right, top,
            bottom). A negative number cuts cells off.
        mode: "constant"; "reflect", about the first and the last cell, which are not repeated;
            "replicate", which repeats them; or "circular". NumPy's names are constant, reflect,
            edge and wrap, and its "symmetric" repeats the edge where it reflects.
        value: of the new cells in the mode "constant", a number; 0 if None.

    Returns:
        y: x with other sizes of the axes padded, dtype of x.

    Raises:
        ValueError: the count of numbers does not fit x, more cells are cut off than there are,
            "reflect" is asked for as many cells as there are or "circular" for more, a value goes
            with another mode than "constant", or does not fit the dtype of x.
        TypeError: x is no array of floats, pad no tuple of whole numbers, or value no number.

    Example:
        >>> pad(np.array([[1.0, 2, 3, 4]]), (2, -1), "replicate")
        array([[1., 1., 1., 2., 3.]])
    """
    x, pairs, fill = _checked(x, pad, mode, value)
    if mode == "constant":
        y = np.full(_padded_shape(x, pairs), fill, x.dtype)
        kept, source = _common(x, pairs)
        y[kept] = x[source]
        return y
    y = x
    for axis, pair in enumerate(pairs, -len(pairs)):
        ahead, kept, behind = padded_cells(x.shape[axis], *pair, mode)
        before, after = (y.take(np.array(cells, np.intp), axis) for cells in (ahead, behind))
        y = np.concatenate([before, y[_along(axis, kept)], after], axis)
    return y


def pad_backward(dy, x, pad, mode="constant", value=None):
    """Give each cell of x the sum of the slopes of its copies; one that was cut off gets 0.

    Returns dx, shaped as x.

    Example:
        >>> x, dy = np.array([[1.0, 2, 3, 4]]), np.array([[1.0, 2, 3, 4, 5]])
        >>> pad_backward(dy, x, (2, -1), "replicate")
        array([[6., 4., 5., 0.]])
    """
    x, pairs, _ = _checked(x, pad, mode, value)
    dy = upstream(dy, _padded_shape(x, pairs), x.dtype)
    if mode == "constant":
        dx = np.zeros(x.shape, x.dtype)
        kept, source = _common(x, pairs)
        dx[source] = dy[kept]
        return dx
    with np.errstate(all="ignore"):  # ∞ and NaN are answers
        dx = wide(dy)
        for axis, pair in enumerate(pairs, -len(pairs)):
            dx = _added_up(dx, axis, x.shape[axis], *padded_cells(x.shape[axis], *pair, mode))
        return dx.astype(x.dtype, copy=False)


def _added_up(dy, axis, size, ahead, kept, behind):
    """Give each cell of an axis what its copies have."""
    shape = list(dy.shape)
    shape[axis] = size
    dx = np.zeros(shape, dy.dtype)
    places = range(len(ahead), len(ahead) + len(kept))
    dx[_along(axis, kept)] = dy[_along(axis, places)]
    copies = [*enumerate(ahead), *enumerate(behind, places.stop)]
    for place, cell in copies:
        dx.swapaxes(axis, 0)[cell] += dy.swapaxes(axis, 0)[place]
    return dx


def _along(axis, cells):
    """Index a range of cells of one axis, counted from the end."""
    return (..., slice(cells.start, cells.stop), *[slice(None)] * (-1 - axis))


def _checked(x, pad, mode, value):
    x = float_array("x", x)
    pairs = pad_sizes(x.shape, pad, choice("mode", mode, MODES))
    return x, pairs, _fill(x, mode, value)


def _fill(x, mode, value):
    """Return the value of new cells in the dtype of x; it may be NaN."""
    value = 0.0 if value is None else value
    if not (isinstance(value, float | np.floating) and np.isnan(value)):
        number("value", value)
    if mode != "constant" and value != 0:
        raise ValueError(f'value goes with mode "constant" alone, got {value!r} for {mode!r}')
    with np.errstate(over="ignore"):
        fill = x.dtype.type(value)
    if np.isinf(fill) and not np.isinf(value):
        raise ValueError(f"value must fit the dtype of x, {x.dtype}, got {value!r}")
    return fill


def _padded_shape(x, pairs):
    others = x.shape[: x.ndim - len(pairs)]
    sizes = x.shape[x.ndim - len(pairs) :]
    return (*others, *(size + sum(pair) for size, pair in zip(sizes, pairs, strict=True)))


def _common(x, pairs):
    """Return where the cells lie that are in y and in x: in y, and in x."""
    each = list(zip(x.shape[x.ndim - len(pairs) :], pairs, strict=True))
    in_y = (slice(max(b, 0), size + b + min(a, 0)) for size, (b, a) in each)
    in_x = (slice(max(-b, 0), size + min(a, 0)) for size, (b, a) in each)
    return (..., *in_y), (..., *in_x)
