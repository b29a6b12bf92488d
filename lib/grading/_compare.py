"""Whether an answer is the expected one, and if not, where it first differs, in words."""

import contextlib
import reprlib

import numpy as np

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = SHORT.maxlong = 60


def difference(got, expected, rtol=1e-6, atol=1e-8):
    """Say how an answer differs from what was expected, or return None.

    Args:
        got: the answer: a number, truth value, word, None, array, or a list, tuple or dict of
            such; from a submission, so anything at all.
        expected: what it should be; an array's dtype must be of the same kind, not the same width.
        rtol: largest difference, as a share of the expected number.
        atol: largest difference, absolute.

    Example:
        >>> difference(np.array([1.0, 2.5]), np.array([1.0, 2.0]))
        'at index (1,): expected 2, got 2.5'
    """
    if isinstance(expected, dict):
        return _of_dict(got, expected, rtol, atol)
    if isinstance(expected, list | tuple):
        return _of_sequence(got, expected, rtol, atol)
    if expected is None or isinstance(expected, str):
        same = str.__eq__(got, expected) if isinstance(got, str) else got is expected
        return None if same is True else f"expected {expected!r}, got {shown(got)}"
    return _of_array(got, np.asarray(expected), rtol, atol)


def shown(value):
    """Return a value as a short text, whatever it is and however it shows itself."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    try:
        if isinstance(value, np.ndarray | np.generic):
            value = value.item()
        text = f"{value:.7g}" if isinstance(value, float) else SHORT.repr(value)
    except Exception:  # its own way to show itself fails
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}…"


def _of_dict(got, expected, rtol, atol):
    if not isinstance(got, dict):
        return f"expected a dict with the keys {list(expected)}, got {shown(got)}"
    if set(got) != set(expected):
        return f"expected the keys {sorted(expected)}, got {shown(list(got))}"
    parts = ((f"[{key!r}]", got[key], expected[key]) for key in expected)
    return _first(parts, rtol, atol)


def _of_sequence(got, expected, rtol, atol):
    kind = type(expected).__name__
    if not isinstance(got, list | tuple):
        return f"expected a {kind} of {len(expected)}, got {shown(got)}"
    if len(got) != len(expected):
        return f"expected a {kind} of {len(expected)}, got one of {len(got)}"
    parts = ((f"[{i}]", *pair) for i, pair in enumerate(zip(got, expected, strict=True)))
    return _first(parts, rtol, atol)


def _first(parts, rtol, atol):
    """Return the first difference among parts, with its place."""
    for place, got, expected in parts:
        found = difference(got, expected, rtol, atol)
        if found:
            return f"in {place}: {found}"
    return None


def _of_array(got, expected, rtol, atol):
    if isinstance(got, list | tuple) and expected.ndim:
        with contextlib.suppress(ValueError, TypeError, OverflowError):  # rows may be lists
            got = np.asarray(got, float)
    if not isinstance(got, np.ndarray | np.generic | bool | int | float):
        what = "a number" if expected.ndim == 0 else f"an array of shape {expected.shape}"
        return f"expected {what}, got {shown(got)}"
    got = np.asarray(got)
    if got.shape != expected.shape:
        return f"expected shape {expected.shape}, got {got.shape}"
    if got.dtype.kind not in "biuf" or (got.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return f"expected numbers of the kind {expected.dtype}, got {got.dtype}"
    with np.errstate(all="ignore"):
        wrong = ~np.isclose(got, expected, rtol, atol, equal_nan=True)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"at index {index}: " if index else ""
    return f"{place}expected {shown(expected[index])}, got {shown(got[index])}"
