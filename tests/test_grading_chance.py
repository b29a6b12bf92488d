"""Draws are told from other draws: right ones always pass, and wrong ones never do."""

import numpy as np
import pytest
from scipy import special, stats

from lib.grading import _chance
from lib.grading._chance import places, uneven
from lib.grading._check import find
from lib.grading._exercise import hidden_cases, public_cases
from lib.grading._pooling_draws import by_share, cells_of
from lib.grading._pooling_shift import outcomes, shift_cases

DRAW, SHIFT = find("pooling.stochastic_train"), find("pooling.shift")
SEEDS = 10


def failures(exercise, answer, seeds=SEEDS):
    """In how many cases, and of how many, an answer is found wrong."""
    cases = [c for s in range(seeds) for c in hidden_cases(exercise, b"a secret", str(s))]
    return sum(exercise.wrong(case.call(answer), case) is not None for case in cases), len(cases)


# ---- the two limits


def test_a_right_answer_is_refused_about_once_in_a_million_times():
    each = special.kolmogorov(_chance.FURTHEST), 2 * stats.norm.sf(_chance.LIKEST)
    in_draws = 3 * (2 * each[0] + 2 * 4 * each[1])  # categories, orders, axes
    in_trials = 2 * each[0] + 2 * each[1]
    assert in_draws < 1e-6
    assert in_trials < 1e-6


@pytest.mark.parametrize(
    ("limit", "value", "other"), [("FURTHEST", 1.224, "LIKEST"), ("LIKEST", 1.645, "FURTHEST")]
)
def test_the_limits_let_through_what_theory_says(monkeypatch, limit, value, other):
    monkeypatch.setattr(_chance, limit, value)  # where one in ten goes too far
    monkeypatch.setattr(_chance, other, np.inf)
    rng = np.random.default_rng(0)
    found = sum(uneven(rng.random(2000)) is not None for _ in range(2000))
    assert abs(found - 200) < 4 * np.sqrt(2000 * 0.1 * 0.9)


def test_places_of_draws_by_any_odds_are_spread_evenly():
    rng = np.random.default_rng(0)
    odds = np.sort(rng.exponential(size=(4000, 5)), axis=-1)
    odds[::2, :2] = 0
    drawn = np.array([rng.choice(5, p=row / row.sum()) for row in odds])
    assert stats.kstest(places(odds, drawn, rng), "uniform").pvalue > 1e-3
    assert stats.kstest(places(odds**1.5, drawn, rng), "uniform").pvalue < 1e-6


# ---- the draw


def by(odds):
    def draw(rng, x, kernel_size):
        cells = cells_of(CaseOf(x, kernel_size))
        ends = odds(cells).cumsum(-1)
        u = rng.random(ends.shape[:-1])[..., None]
        return np.take_along_axis(cells, (ends > u * ends[..., -1:]).argmax(-1)[..., None], -1)[
            ..., 0
        ]

    return draw


class CaseOf:
    def __init__(self, *args):
        self.args = args


def with_uniforms(make):
    def draw(rng, x, kernel_size):
        cells = cells_of(CaseOf(x, kernel_size))
        ends = by_share(cells).cumsum(-1)
        u = np.broadcast_to(make(rng, ends.shape[:-1]), ends.shape[:-1])[..., None]
        return np.take_along_axis(cells, (ends > u * ends[..., -1:]).argmax(-1)[..., None], -1)[
            ..., 0
        ]

    return draw


WRONG_DRAWS = {
    "even odds": by(np.ones_like),
    "squared odds": by(lambda cells: cells**2),
    "odds by the root": by(np.sqrt),
    "softmax odds": by(np.exp),
    "softmax odds, shifted": by(lambda cells: np.exp(cells - cells.max(-1, keepdims=True))),
    "odds of the whole image": by(lambda cells: cells + cells.mean()),
    "the largest": lambda rng, x, kernel_size: cells_of(CaseOf(x, kernel_size)).max(-1),
    "the mean": lambda rng, x, kernel_size: cells_of(CaseOf(x, kernel_size)).mean(-1),
    "the first": lambda rng, x, kernel_size: cells_of(CaseOf(x, kernel_size))[..., 0],
    "nothing": lambda rng, x, kernel_size: 0 * cells_of(CaseOf(x, kernel_size))[..., 0],
    "an old trick": lambda rng, x, kernel_size: rng.choice(
        [1.0, 2.0, 3.0, 4.0],
        p=[0.1, 0.2, 0.3, 0.4],
        size=cells_of(CaseOf(x, kernel_size)).shape[:-1],
    ),
    "one number for all": with_uniforms(lambda rng, shape: rng.random()),
    "one number a row": with_uniforms(lambda rng, shape: rng.random((*shape[:3], 1))),
    "one number a column": with_uniforms(lambda rng, shape: rng.random(shape[-1])),
    "the same for each image": with_uniforms(lambda rng, shape: rng.random(shape[1:])),
    "the same for each channel": with_uniforms(
        lambda rng, shape: rng.random((shape[0], 1, *shape[2:]))
    ),
    "no randomness": with_uniforms(lambda rng, shape: 0.5),
    "half of the interval": with_uniforms(lambda rng, shape: rng.random(shape) / 2),
    "normal numbers": with_uniforms(
        lambda rng, shape: rng.normal(0.5, 0.15, shape).clip(0, 0.999)
    ),
}


@pytest.mark.parametrize("name", WRONG_DRAWS)
def test_a_wrong_draw_earns_nothing(name):
    found, tried = failures(DRAW, WRONG_DRAWS[name])
    assert found == tried


def test_a_right_draw_always_passes():
    found, tried = failures(DRAW, DRAW.oracle, seeds=60)
    assert (found, tried) == (0, 180)


def test_another_window_s_cell_is_found_out():
    def exchanged(rng, x, kernel_size):
        y = DRAW.oracle(rng, x, kernel_size)
        y[0, 0, 0, 0], y[0, 0, 0, 1] = y[0, 0, 0, 1], y[0, 0, 0, 0]
        return y

    for case in public_cases(DRAW):
        said = DRAW.wrong(case.call(exchanged), case)
        assert said.startswith("at index (0, 0, 0, 0): expected a cell of this window, got")


# ---- the shift


def trial(pick):
    def changes(rng, images, n):
        possible = outcomes(images)
        return possible[pick(rng, possible, n)]

    return changes


def either(rng, possible, n):
    return rng.integers(2, size=n)


def any_picture(rng, possible, n):
    return rng.integers(possible.shape[1], size=n)


(PUBLIC,) = public_cases(SHIFT)
COPIED = PUBLIC.call(SHIFT.oracle)
WRONG_TRIALS = {
    "a sample of the public answer": lambda rng, images, n: rng.choice(COPIED, n),
    "normal with its moments": lambda rng, images, n: rng.normal(COPIED.mean(), COPIED.std(), n),
    "a constant": lambda rng, images, n: np.full(n, COPIED.mean()),
    "normal with the right moments": lambda rng, images, n: rng.normal(
        outcomes(images).mean(), outcomes(images).std(), n
    ),
    "the other sign": lambda rng, images, n: -SHIFT.oracle(rng, images, n),
    "always down": trial(lambda rng, p, n: (0, any_picture(rng, p, n))),
    "always to the right": trial(lambda rng, p, n: (1, any_picture(rng, p, n))),
    "mostly down": trial(lambda rng, p, n: ((rng.random(n) < 0.2) * 1, any_picture(rng, p, n))),
    "one picture": trial(lambda rng, p, n: (either(rng, p, n), 0)),
    "the first half of the pictures": trial(
        lambda rng, p, n: (either(rng, p, n), any_picture(rng, p[:, : p.shape[1] // 2], n))
    ),
    "each trial twice": lambda rng, images, n: np.repeat(SHIFT.oracle(rng, images, n), 2)[:n],
    "the larger ones more often": lambda rng, images, n: np.maximum(
        SHIFT.oracle(rng, images, n), SHIFT.oracle(rng, images, n)
    ),
    "the largest": lambda rng, images, n: np.sort(outcomes(images), axis=None)[-1:].repeat(n),
    "one trial too few": lambda rng, images, n: SHIFT.oracle(rng, images, n - 1),
    "in one row": lambda rng, images, n: SHIFT.oracle(rng, images, n)[None],
}


@pytest.mark.parametrize("name", WRONG_TRIALS)
def test_wrong_trials_earn_nothing(name):
    found, tried = failures(SHIFT, WRONG_TRIALS[name], seeds=20)
    assert found == tried


def test_right_trials_always_pass():
    assert failures(SHIFT, SHIFT.oracle, seeds=200) == (0, 200)


def test_two_results_that_are_possible_are_seldom_as_near_as_the_tolerance():
    gaps = [
        np.diff(np.sort(outcomes(case.args[0]), axis=None))
        for seed in range(30)
        for case in shift_cases(np.random.default_rng(seed))
    ]
    assert np.mean(np.concatenate(gaps) < 2e-5) < 0.05
