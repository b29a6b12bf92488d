"""The judge itself: slopes that are known, and functions that cannot be measured."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from lib.gradcheck import numeric_gradient


def test_known_slopes(rng):
    x, weights = rng.standard_normal((2, 3, 4)), rng.standard_normal((3, 4))
    assert_allclose(numeric_gradient(lambda x: (x[0] * weights).sum(), x)[0], weights, atol=1e-10)
    assert_allclose(numeric_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), atol=1e-9)
    assert_allclose(numeric_gradient(lambda x: x**3, np.array(2.0)), 12, atol=1e-8)


def test_a_wrong_slope_is_seen():
    slope = numeric_gradient(lambda x: (x**2).sum(), np.array([1.0, 2.0]))
    assert abs(slope - np.array([1.0, 2.0])).max() > 0.9  # d(x²) is not x


def test_x_is_left_as_it_was(rng):
    x = rng.standard_normal((2, 3))
    kept = x.copy()
    numeric_gradient(lambda x: x.sum(), x)
    assert_array_equal(x, kept)


@pytest.mark.parametrize(
    ("f", "x", "h", "error", "message"),
    [
        (np.sum, np.ones(2, np.float32), 1e-5, TypeError, "float64 array, got float32"),
        (np.sum, [1.0], 1e-5, TypeError, "float64 array, got list"),
        (np.sum, np.ones(2), 0, ValueError, "h must be above 0 and finite, got 0"),
        (np.sum, np.ones(2), np.inf, ValueError, "h must be above 0 and finite, got inf"),
        (np.sin, np.ones(2), 1e-5, ValueError, r"one number, got shape \(2,\)"),
        (lambda x: x.sum() * 1j, np.ones(2), 1e-5, TypeError, "real number, got complex128"),
    ],
)
def test_what_cannot_be_measured_is_refused(f, x, h, error, message):
    with pytest.raises(error, match=message):
        numeric_gradient(f, x, h)
