"""What the page on momentum computes of a valley, against what others have derived."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib.experiments.optimizers import momentum as trials
from lib.reference import optimizers
from lib.widgets import _optimizers_stills as stills


@pytest.mark.parametrize("kappa", [2, 5, 20, 80])
def test_fastest_is_polyak_s_and_for_nesterov_that_of_lessard_recht_and_packard(kappa):
    root, other = np.sqrt(kappa), np.sqrt(3 * kappa + 1)
    lr, momentum, factor = trials.fastest(kappa)
    assert_allclose(factor, (root - 1) / (root + 1), atol=1e-3)
    assert_allclose([lr, momentum], [4 / (root + 1) ** 2, factor**2], rtol=0.02)
    lr, momentum, factor = trials.fastest(kappa, nesterov=True)
    assert_allclose(factor, 1 - 2 / other, atol=1e-3)
    assert_allclose([lr, momentum], [4 / other**2, (other - 2) / (other + 2)], rtol=0.02)
    lr, momentum, factor = trials.fastest(kappa, momentum=0)
    assert_allclose([lr, factor], [2 / (kappa + 1), (kappa - 1) / (kappa + 1)], rtol=1e-3)
    assert momentum == 0


@pytest.mark.parametrize("nesterov", [False, True])
def test_factor_is_what_the_library_keeps_of_the_distance(nesterov):
    lr, momentum = np.array([0.02, 0.1, 0.3]), 0.8
    x, state, sizes = np.ones(3), [{}], []
    for _ in range(600):
        slope = lr * 1.5 * x  # a rate of its own for each
        (x,), state = optimizers.sgd_step(
            [x], [slope], state, lr=1, momentum=momentum, nesterov=nesterov
        )
        sizes.append(np.abs(x))
    first, last = np.maximum.reduce(sizes[100:150]), np.maximum.reduce(sizes[500:550])
    expected = trials.spectral_radius(lr, momentum, 1.5, nesterov)
    assert_allclose((last / first) ** (1 / 400), expected, rtol=3e-3)


def test_pits_are_those_of_the_widget(rng):
    x = rng.uniform(-2, 2, (50, 2))
    assert_allclose(trials.pits(x), np.transpose(stills.pits().slope(*x.T)), rtol=1e-12)
