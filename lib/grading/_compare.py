"""Whether an answer is the expected one, and if not, where it first differs, in words."""

import contextlib

import numpy as np


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
        same = type(got) is type(expected) and got == expected
        return None if same else f"expected {expected!r}, got {shown(got)}"
    return _of_array(got, np.asarray(expected), rtol, atol)


def difference_in_law(got, expected):
    """Say how two samples differ in their distribution, or return None.

    Two samples of n differ where their distribution functions lie further apart than 2.7·√(2/n):
    equal ones do so once in a million times.

    Args:
        got: the answer, from a submission.
        expected: a sample of the right distribution, any shape.

    Source: Smirnov (1948), Table for estimating the goodness of fit of empirical distributions.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> difference_in_law(rng.normal(size=900), rng.normal(size=900))
        >>> difference_in_law(rng.normal(size=900) + 0.5, rng.normal(size=900))
        'expected a mean of 0.003176153, got 0.453173: further off than chance allows'
    """
    expected = np.asarray(expected, float)
    if (
        not isinstance(got, np.ndarray)
        or got.shape != expected.shape
        or got.dtype.kind not in "iuf"
    ):
        return f"expected an array of numbers of shape {expected.shape}, got {shown(got)}"
    if not np.isfinite(got).all():
        return "expected finite numbers"
    one, other = np.sort(got.ravel()), np.sort(expected.ravel())
    places = np.concatenate([one, other])
    shares = [np.searchsorted(each, places, "right") / each.size for each in (one, other)]
    if np.abs(shares[0] - shares[1]).max() <= 2.7 * (2 / one.size) ** 0.5:
        return None
    means = f"expected a mean of {shown(other.mean())}, got {shown(one.mean())}"
    return f"{means}: further off than chance allows"


def shown(value):
    """Return a value as a short text."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    if isinstance(value, np.ndarray | np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.7g}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _of_dict(got, expected, rtol, atol):
    if not isinstance(got, dict):
        return f"expected a dict with the keys {list(expected)}, got {shown(got)}"
    if set(got) != set(expected):
        return f"expected the keys {sorted(expected)}, got {sorted(map(str, got))}"
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
        with contextlib.suppress(ValueError, TypeError):  # rows may be lists
            got = np.asarray(got, float)
    if not isinstance(got, np.ndarray | np.generic | bool | int | float):
        what = "a number" if expected.ndim == 0 else f"an array of shape {expected.shape}"
        return f"expected {what}, got {shown(got)}"
    got = np.asarray(got)
    if got.shape != expected.shape:
        return f"expected shape {expected.shape}, got {got.shape}"
    if got.dtype.kind not in "biuf" or (got.dtype.kind == "b") != (expected.dtype.kind == "b"):
        return f"expected numbers of the kind {expected.dtype}, got {got.dtype}"
    wrong = ~np.isclose(got, expected, rtol, atol, equal_nan=True)
    if not wrong.any():
        return None
    index = tuple(int(i) for i in np.argwhere(wrong)[0])
    place = f"at index {index}: " if index else ""
    return f"{place}expected {shown(expected[index])}, got {shown(got[index])}"
