"""Optimizers in NumPy: by hand, traps, what must hold for any of them, and what is refused."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib.reference import optimizers

NAMES = sorted(name.removesuffix("_step") for name in optimizers.__all__ if name.endswith("_step"))
OPTIONS = {  # every branch of every rule, once
    "sgd": [{}, {"momentum": 0.9, "dampening": 0.1}, {"momentum": 0.9, "nesterov": True}],
    "adagrad": [{}, {"weight_decay": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1}],
    "rmsprop": [{}, {"momentum": 0.9}, {"centered": True, "momentum": 0.5}],
    "adam": [{}, {"amsgrad": True}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "nadam": [{}, {"weight_decay": 0.1, "decoupled_weight_decay": True}],
    "radam": [{}, {"betas": (0.5, 0.9), "weight_decay": 0.1, "decoupled_weight_decay": True}],
    "lion": [{}, {"weight_decay": 0.1, "maximize": True}],
    "muon": [{}, {"nesterov": False, "adjust_lr_fn": "match_rms_adamw"}],
}
every_optimizer = pytest.mark.parametrize("name", NAMES)
every_case = pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param(name, options, id=f"{name}-{i}")
        for name in NAMES
        for i, options in enumerate(OPTIONS.get(name, [{}]))
    ],
)


def pair_of(name):
    return getattr(optimizers, f"{name}_init"), getattr(optimizers, f"{name}_step")


def run(name, x, gradients, **options):
    """Where one number goes, from step to step, and what is remembered of it at the end."""
    init, step = pair_of(name)
    params = [np.array(x, np.float64)]
    state, places = init(params, **options), []
    for g in gradients:
        params, state = step(params, [np.array(g, np.float64)], state, **options)
        places.append(params[0].item())
    return places, state[0]


# By hand


@pytest.mark.parametrize(("lr", "factor"), [(0.09, -0.8), (0.1, -1), (0.101, -1.02)])
def test_on_a_parabola_descent_multiplies_the_distance_by_one_minus_lr_times_curvature(lr, factor):
    x = [np.array([3.0])]
    y, _ = optimizers.sgd_step(x, [20 * x[0]], [{}], lr=lr)
    assert_allclose(y[0], factor * x[0])


def test_momentum_adds_to_the_buffer():
    places, memory = run("sgd", 0.0, [1, 1, -1], lr=1.0, momentum=0.5)
    assert places == [-1, -2.5, -2.25]  # the buffer: 1, 1.5, −0.25
    assert memory["momentum_buffer"] == -0.25


def test_the_first_buffer_is_the_gradient_without_dampening():
    places, _ = run("sgd", 0.0, [1, 1], lr=1.0, momentum=0.5, dampening=0.5)
    assert places == [-1, -2]  # the buffer: 1, then 0.5 · 1 + 0.5 · 1


def test_nesterov_adds_the_buffer_to_the_gradient():
    places, _ = run("sgd", 0.0, [1, 1], lr=1.0, momentum=0.5, nesterov=True)
    assert places == [-1.5, -3.25]  # 1 + 0.5 · 1, then 1 + 0.5 · 1.5


def test_a_new_learning_rate_multiplies_the_whole_buffer():
    params, state = [np.array(0.0)], optimizers.sgd_init([np.array(0.0)], momentum=0.5)
    for lr in (1.0, 0.1):
        params, state = optimizers.sgd_step(params, [np.array(1.0)], state, lr, momentum=0.5)
    assert params[0] == -1 - 0.1 * 1.5


def test_weight_decay_joins_the_gradient_and_maximize_turns_the_gradient_alone_round():
    assert run("sgd", 2.0, [1], lr=0.1, weight_decay=0.5)[0] == [1.8]
    assert run("sgd", 2.0, [1], lr=0.1, weight_decay=0.5, maximize=True)[0] == [2.0]


@pytest.mark.parametrize("g", [1e-4, 1.0, -7.0])
def test_adams_first_step_is_as_long_as_lr_whatever_the_gradient(g):
    places, _ = run("adam", 0.0, [g], lr=0.1)
    assert_allclose(places, [-math.copysign(0.1, g)], rtol=1e-3)


def test_adam_adds_eps_to_the_corrected_root():
    places, memory = run("adam", 0.0, [2.0, 0.0], lr=1.0, betas=(0.5, 0.75), eps=1.0)
    assert memory["exp_avg"] == 0.5
    assert memory["exp_avg_sq"] == 0.75
    second = (0.5 / 0.75) / (math.sqrt(0.75 / (1 - 0.75**2)) + 1)
    assert_allclose(places, [-2 / (2 + 1), -2 / 3 - second])


def test_amsgrad_takes_its_maximum_before_the_correction():
    places, memory = run("adam", 0.0, [2.0, 1.0], lr=1.0, betas=(0, 0.5), eps=0, amsgrad=True)
    assert memory["max_exp_avg_sq"] == 2
    assert memory["exp_avg_sq"] == 1.5
    assert_allclose(places[1] - places[0], -1 / math.sqrt(2 / 0.75))


def test_adamw_decays_first_and_apart_from_the_gradient():
    assert_allclose(run("adamw", 1.0, [1.0], lr=0.1, weight_decay=0.5)[0], [0.85])
    assert_allclose(run("adam", 1.0, [1.0], lr=0.1, weight_decay=0.5)[0], [0.9])


def test_rmsprop_and_adagrad_add_eps_outside_the_root_and_adadelta_inside():
    assert_allclose(run("rmsprop", 0.0, [1.0], lr=1.0, alpha=0.75, eps=1.0)[0], [-1 / 1.5])
    assert_allclose(run("adagrad", 0.0, [3.0], lr=1.0, eps=1.0)[0], [-3 / 4])
    places, memory = run("adadelta", 0.0, [2.0], rho=0.5, eps=1.0)
    assert_allclose(places, [-2 / math.sqrt(3)])
    assert_allclose(memory["acc_delta"], 0.5 * 4 / 3)


def test_rmsprop_centered_divides_by_the_deviation_and_its_buffer_takes_whole_steps():
    places, memory = run("rmsprop", 0.0, [2.0], lr=1.0, alpha=0.5, eps=0, centered=True)
    assert_allclose(places, [-2 / math.sqrt(2 - 1)])
    places, memory = run("rmsprop", 0.0, [1.0, 0.0], lr=1.0, alpha=0.75, eps=0, momentum=0.5)
    assert_allclose(places, [-2, -3])
    assert memory["momentum_buffer"] == 1


def test_adagrads_pace_falls_with_lr_decay():
    places, _ = run("adagrad", 0.0, [1.0, 0.0, 1.0], lr=1.0, lr_decay=0.5, eps=0)
    assert_allclose(places, [-1, -1, -1 - 0.5 / math.sqrt(2)])


def test_adamax_adds_eps_inside_the_maximum():
    _, memory = run("adamax", 0.0, [1.0, 0.0], betas=(0.9, 0.75), eps=1.0)
    assert memory["exp_inf"] == 1.5  # 0.75 · 2, not 0.75 · 1 + 1


def test_radam_waits_until_the_average_rests_on_five_gradients():
    places, _ = run("radam", 0.0, [4.0] * 6, lr=1.0, eps=0)
    assert_allclose(np.diff([0, *places])[:5], -4)
    assert abs(places[5] - places[4]) < 0.2


def test_rprop_grows_shrinks_and_stays_put_after_a_jump():
    places, memory = run("rprop", 0.0, [5, 5, -5, -5, -5], lr=1.0, etas=(0.5, 2.0))
    assert places == [-1, -3, -3, -2, 0]
    assert memory["step_size"] == 2


def test_lion_steps_by_the_sign_of_one_average_and_keeps_another():
    places, memory = run("lion", 1.0, [3.0, -1.0], lr=0.1, betas=(0.5, 0.75), weight_decay=0.5)
    assert_allclose(places, [1 * 0.95 - 0.1, 0.85 * 0.95 + 0.1])  # 0.5 · 0.75 − 0.5 · 1 < 0
    assert memory["exp_avg"] == 0.75 * 0.75 - 0.25


def test_muon_brings_singular_values_near_one(rng):
    g = rng.standard_normal((6, 4)) @ np.diag([30, 10, 3, 1])
    params = [np.zeros((6, 4))]
    options = {"lr": 1.0, "adjust_lr_fn": "match_rms_adamw"}
    (y,), _ = optimizers.muon_step(params, [g], optimizers.muon_init(params), **options)
    values = np.linalg.svd(y / (0.2 * math.sqrt(6)), compute_uv=False)
    assert np.linalg.cond(g) > 30
    assert values.min() > 0.6
    assert values.max() < 1.3
