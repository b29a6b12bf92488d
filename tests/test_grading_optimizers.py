"""The right answers about optimizers, held to torch, to the library, and to numerical search."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import optimize

from lib.grading import _optimizers_ravine as ravine
from lib.grading._check import find
from lib.grading._exercise import hidden_cases
from lib.reference import optimizers as reference

kappas = st.floats(1.5, 3000)


def followed_by_torch(make, x, H, steps):
    """Where torch's own optimizer leads, step by step."""
    x, H = torch.tensor(x, requires_grad=True), torch.tensor(H)
    optimizer, places = make([x]), []
    for _ in range(steps):
        optimizer.zero_grad()
        ((x @ H) * x).sum().div(2).backward()
        optimizer.step()
        places.append(x.detach().numpy().copy())
    return np.array(places)


def followed_by_the_library(name, options, x, H, steps):
    init, step = (getattr(reference, f"{name}_{part}") for part in ("init", "step"))
    params, state, places = [x], init([x], **options), []
    for _ in range(steps):
        params, state = step(params, [params[0] @ H], state, **options)
        places.append(params[0])
    return np.array(places)


def adam_options(lr, beta1, beta2, eps, weight_decay=0.0):
    return {"lr": lr, "betas": (beta1, beta2), "eps": eps, "weight_decay": weight_decay}


RULES = {
    "sgd": (torch.optim.SGD, lambda *o: dict(zip(("lr", "momentum", "nesterov"), o, strict=True))),
    "adagrad": (torch.optim.Adagrad, lambda *o: dict(zip(("lr", "eps"), o, strict=True))),
    "rmsprop": (torch.optim.RMSprop, lambda *o: dict(zip(("lr", "alpha", "eps"), o, strict=True))),
    "adam": (torch.optim.Adam, adam_options),
    "adamw": (torch.optim.AdamW, adam_options),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_torch_s_and_the_library_s(name):
    exercise, (torchs, named) = find(f"optimizers.{name}"), RULES[name]
    for student in range(3):
        for case in hidden_cases(exercise, b"a secret", str(student)):
            x, H, steps, *values = case.args
            options = named(*values)
            expected = followed_by_torch(lambda p, o=options: torchs(p, **o), x, H, steps)
            assert_allclose(case.call(exercise.oracle), expected, rtol=1e-9, atol=1e-12)
            same = followed_by_the_library(name, options, x, H, steps)
            assert_allclose(case.call(exercise.oracle), same, rtol=1e-9, atol=1e-12)


def test_adam_without_correction_begins_with_a_step_3_16_times_too_long():
    exercise = find("optimizers.adam")
    known = next(each for each in exercise.misconceptions if each.name == "no correction")
    args = np.ones((1, 2)), np.eye(2), 1, 0.1, 0.9, 0.999, 1e-8
    lengths = [1 - rule(*args)[0, 0, 0] for rule in (exercise.oracle, known.wrong)]
    assert lengths[1] / lengths[0] == pytest.approx(math.sqrt(10), rel=1e-3)
    assert "3.16" in known.hint


# ---- rates


def slowest(kappa, lr, momentum=0.0):
    """The largest root among all curvatures from 1 to kappa."""
    companion = np.zeros((60, 2, 2))
    companion[:, 0, 0] = 1 + momentum - lr * np.geomspace(1, kappa, 60)
    companion[:, 0, 1], companion[:, 1, 0] = -momentum, 1
    return np.abs(np.linalg.eigvals(companion)).max()


@given(kappas)
def test_no_learning_rate_beats_the_rate_of_descent(kappa):
    found = optimize.minimize_scalar(
        lambda lr: max(abs(1 - lr), abs(1 - lr * kappa)), bounds=(0, 2 / kappa), method="bounded",
        options={"xatol": 1e-12},
    )  # fmt: skip
    assert find("optimizers.descent_rate").oracle(kappa) == pytest.approx(found.fun, rel=1e-4)


@pytest.mark.parametrize("kappa", [3.0, 20.0, 300.0])
def test_no_setting_beats_the_rate_of_momentum(kappa):
    rate = find("optimizers.momentum_rate").oracle(kappa)
    best = (2 / (1 + math.sqrt(kappa))) ** 2
    assert slowest(kappa, best, rate**2) == pytest.approx(rate, rel=1e-4)
    found = min(
        slowest(kappa, best * lr, momentum)
        for lr in np.linspace(0.5, 1.5, 21)
        for momentum in np.linspace(max(rate**2 - 0.2, 0), min(rate**2 + 0.2, 1), 21)
    )
    assert found >= rate - 1e-6


def test_the_rates_at_20_are_those_that_the_chapter_names():
    assert find("optimizers.descent_rate").oracle(20) == pytest.approx(0.905, abs=5e-4)
    assert find("optimizers.momentum_rate").oracle(20) == pytest.approx(0.634, abs=6e-4)


# ---- the limit


@pytest.mark.parametrize("student", range(20))
def test_a_fate_is_what_fifty_steps_of_the_library_lead_to(student):
    exercise = find("optimizers.predict")
    (case,) = hidden_cases(exercise, b"a secret", str(student))
    numbers, expected = case.args[0], case.call(exercise.oracle)
    for lr, factor, fate in zip(numbers["lr"], expected["factor"], expected["fate"], strict=True):
        places = followed_by_the_library(
            "sgd", {"lr": lr}, np.ones(1), np.array([[numbers["steepest"]]]), 50
        )[:, 0]
        assert_allclose(places[:3], factor ** np.arange(1, 4), rtol=1e-9)
        left = abs(places[-1])
        if abs(left - 1) < 1e-6:
            found = "bounces"
        else:
            found = "flees" if left > 1 else "arrives" if left < 0.01 else "crawls"
        assert fate == found
    assert sorted(expected["fate"]) == ["arrives", "bounces", "crawls", "flees"]
    near = [abs(abs(factor) - 0.01 ** (1 / 50)) for factor in expected["factor"]]
    assert min(near) > 0.02  # no fate hangs on the third decimal


# ---- the ravine


def test_adam_in_the_ravine_is_the_library_s():
    starts, H = ravine.circle(np.random.default_rng(0), 5), np.diag([300.0, 1.0])
    options = {"lr": ravine.RATE, "betas": ravine.BETAS, "eps": ravine.EPS}
    path = followed_by_the_library("adam", options, starts, H, ravine.STEPS)
    assert_allclose(ravine.descended(starts, H), path[-1], rtol=1e-7)


def test_turning_costs_plain_descent_nothing_so_that_the_comparison_is_fair():
    starts = ravine.circle(np.random.default_rng(0), 5)
    straight = np.diag([20.0, 1.0])
    turned = ravine.TURN @ straight @ ravine.TURN.T
    one = followed_by_the_library("sgd", {"lr": 0.05}, starts, straight, 30)[-1]
    other = followed_by_the_library("sgd", {"lr": 0.05}, starts @ ravine.TURN.T, turned, 30)[-1]
    assert_allclose(other, one @ ravine.TURN.T, atol=1e-12)


def test_the_claims_hold_far_within_their_intervals_and_not_at_another_learning_rate(monkeypatch):
    starts = ravine.circle(np.random.default_rng(1), 20_000)

    def errors(kappa):
        found = ravine.slowdown(starts, kappa)
        return found.mean() / found.std() * math.sqrt(ravine.TRIALS)

    assert abs(errors(ravine.MILD)) < 0.3  # of the five that decide
    assert errors(ravine.STEEP) > 12
    monkeypatch.setattr(ravine, "RATE", 0.03)
    assert errors(ravine.MILD) > 12
