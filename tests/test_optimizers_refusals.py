"""What optimizers, clipping and schedules in NumPy refuse, and in which words."""

import inspect
import math

import numpy as np
import pytest

from lib.reference import optimizers
from lib.reference.optimizers import clip_grad_norm, clip_grad_value
from tests.test_optimizers import NAMES, every_optimizer, pair_of

ONE = [np.ones((2, 2))]
SGD, ADAM = {"momentum": 0.9}, {"amsgrad": True}
BAD_OPTIONS = {
    "negative lr": ("*", {"lr": -0.1}, ValueError, "lr must be at least 0, got -0.1"),
    "NaN lr": ("*", {"lr": math.nan}, ValueError, "lr must be a real number, got nan"),
    "lr as text": ("*", {"lr": "fast"}, TypeError, "lr must be a number, got 'fast'"),
    "lr is True": ("*", {"lr": True}, TypeError, "lr must be a number, got True"),
    "two lrs": ("*", {"lr": np.ones(2)}, ValueError, r"lr must be one number, got .*shape \(2,\)"),
    "weight decay": ("weight_decay", {"weight_decay": -1}, ValueError, "at least 0, got -1"),
    "eps": ("eps", {"eps": -1e-8}, ValueError, "eps must be at least 0, got -1e-08"),
    "momentum": ("momentum", {"momentum": -0.5}, ValueError, "momentum must be at least 0"),
    "beta 1": ("betas", {"betas": (1.0, 0.9)}, ValueError, r"betas\[0\] must be.*below 1, got 1"),
    "beta 2": ("betas", {"betas": (0.9, -0.1)}, ValueError, r"betas\[1\] must be.*got -0.1"),
    "one beta": ("betas", {"betas": 0.9}, ValueError, "betas must be a pair of numbers, got 0.9"),
    "three betas": ("betas", {"betas": (0.9,) * 3}, ValueError, "pair of numbers"),
    "array beta": ("betas", {"betas": (np.array(0.9), 0.9)}, TypeError, r"betas\[0\] must be a n"),
    "maximize": ("maximize", {"maximize": 1}, TypeError, "maximize must be True or False, got 1"),
    "amsgrad": ("amsgrad", {"amsgrad": None}, TypeError, "amsgrad must be True or False"),
    "nesterov": ("nesterov", {"nesterov": "no"}, TypeError, "nesterov must be True or False"),
    "centered": ("centered", {"centered": 0.0}, TypeError, "centered must be True or False"),
    "decoupled": (
        "decoupled_weight_decay",
        {"decoupled_weight_decay": 1},
        TypeError,
        "decoupled_weight_decay must be True or False, got 1",
    ),
    "nesterov without momentum": (
        "sgd",
        {"nesterov": True},
        ValueError,
        "needs a momentum above 0 and a dampening of 0, got momentum 0.0",
    ),
    "nesterov with dampening": (
        "sgd",
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
        ValueError,
        "got momentum 0.9 and dampening 0.1",
    ),
    "dampening": ("sgd", {"dampening": None}, TypeError, "dampening must be a number, got None"),
    "lr_decay": ("adagrad", {"lr_decay": -0.5}, ValueError, "lr_decay must be at least 0"),
    "accumulator": (
        "adagrad",
        {"initial_accumulator_value": -1},
        ValueError,
        "initial_accumulator_value must be at least 0, got -1",
    ),
    "alpha": ("rmsprop", {"alpha": -0.1}, ValueError, "alpha must be at least 0"),
    "rho": ("adadelta", {"rho": 1.1}, ValueError, r"rho must lie in \[0, 1\], got 1.1"),
    "momentum decay": ("nadam", {"momentum_decay": -0.2}, ValueError, "momentum_decay must be at"),
    "etas": ("rprop", {"etas": (1.2, 0.5)}, ValueError, "etas must be .below 1, above 1."),
    "step sizes": ("rprop", {"step_sizes": (2, 1)}, ValueError, "step_sizes must be"),
    "way": ("muon", {"adjust_lr_fn": "mine"}, ValueError, "adjust_lr_fn must be one of.*'mine'"),
    "way as number": ("muon", {"adjust_lr_fn": 0}, TypeError, "adjust_lr_fn must be one of"),
    "coefficients": ("muon", {"ns_coefficients": (1, 2)}, ValueError, "must be three numbers"),
    "many steps": ("muon", {"ns_steps": 100}, ValueError, "ns_steps must be below 100, got 100"),
    "half a step": ("muon", {"ns_steps": 2.5}, TypeError, "ns_steps must be a whole number"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options_out_of_range_are_refused_at_the_start_and_at_each_step(case):
    of, options, error, message = BAD_OPTIONS[case]
    for name in NAMES:
        init, step = pair_of(name)
        if of in ("*", name) or of in inspect.signature(init).parameters:
            with pytest.raises(error, match=message):
                init(ONE, **options)
            with pytest.raises(error, match=message):
                step(ONE, ONE, [{}], **options)


BAD_LISTS = {
    "bare array": ((ONE[0], ONE, [{}]), TypeError, "params must be a list, got numpy.ndarray"),
    "no parameter": (([], [], []), ValueError, "at least one array, got an empty list"),
    "twice the same": ((ONE * 2, ONE * 2, [{}] * 2), ValueError, r"got params\[1\] twice"),
    "nested list": (
        ([[1.0]], ONE, [{}]),
        TypeError,
        r"params\[0\] must be a NumPy array, got bui",
    ),
    "whole numbers": (([np.ones((2, 2), int)], ONE, [{}]), TypeError, "float64, got int64"),
    "complex": (([1j * ONE[0]], ONE, [{}]), TypeError, "float64, got complex128"),
    "bare gradient": ((ONE, ONE[0], [{}]), TypeError, "grads must be a list, got numpy.ndarray"),
    "two gradients": ((ONE, ONE * 2, [{}]), ValueError, "as many as params, 1, got 2"),
    "gradient's shape": ((ONE, [np.ones(4)], [{}]), ValueError, r"shape, \(2, 2\), got \(4,\)"),
    "gradient's dtype": (
        (ONE, [ONE[0].astype(np.float32)], [{}]),
        TypeError,
        "dtype, float64, got float32",
    ),
    "bare state": ((ONE, ONE, {}), TypeError, "state must be a list, got builtins.dict"),
    "two states": ((ONE, ONE, [{}] * 2), ValueError, "state must be as many as params"),
    "no dict": ((ONE, ONE, [None]), TypeError, r"state\[0\] must be a dict, got NoneType"),
}


@pytest.mark.parametrize("case", BAD_LISTS)
@every_optimizer
def test_lists_that_do_not_match_are_refused(name, case):
    arguments, error, message = BAD_LISTS[case]
    with pytest.raises(error, match=message):
        pair_of(name)[1](*arguments)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "sgd"])
def test_a_state_that_does_not_fit_is_refused(name):
    init, step = pair_of(name)
    (fresh,) = init(ONE)
    for key, value in fresh.items():
        where = rf"state\[0\]\['{key}'\]"
        without = {k: v for k, v in fresh.items() if k != key} | {"momentum": ONE[0]}
        with pytest.raises(ValueError, match=rf"state\[0\] must hold .*{key}.*got"):
            step(ONE, ONE, [without])
        with pytest.raises(ValueError, match=rf"state\[0\] must hold .*{key}.*got"):
            step(ONE, ONE, [fresh | {key: None}])
        with pytest.raises(TypeError, match=f"{where} must"):
            step(ONE, ONE, [fresh | {key: "0"}])
        with pytest.raises(ValueError, match=f"{where} must"):
            step(ONE, ONE, [fresh | {key: np.ones(3)}])
        if value.ndim:
            with pytest.raises(TypeError, match=f"{where} must have its parameter's dtype"):
                step(ONE, ONE, [fresh | {key: value.astype(np.float32)}])
        else:
            with pytest.raises(ValueError, match=f"{where} must be at least 0, got -1"):
                step(ONE, ONE, [fresh | {key: -1}])


def test_muon_takes_matrices_alone():
    with pytest.raises(ValueError, match=r"params\[0\] must have 2 axes, got shape \(3,\)"):
        optimizers.muon_init([np.ones(3)])


REFUSED = {
    "no list": (lambda: clip_grad_norm(ONE[0], 1), TypeError, "grads must be a list, got numpy"),
    "integers": (
        lambda: clip_grad_value([np.ones(2, int)], 1),
        TypeError,
        r"grads\[0\] must hold",
    ),
    "max_norm": (lambda: clip_grad_norm(ONE, -1), ValueError, "max_norm must be at least 0"),
    "norm_type": (lambda: clip_grad_norm(ONE, 1, "2"), TypeError, "norm_type must be a number"),
    "NaN norm": (lambda: clip_grad_norm(ONE, 1, math.nan), ValueError, "norm_type must be a real"),
    "flag": (lambda: clip_grad_norm(ONE, 1, 2, 1), TypeError, "error_if_nonfinite must be True"),
    "clip_value": (lambda: clip_grad_value(ONE, -1), ValueError, "clip_value must be at least 0"),
    "no value": (lambda: clip_grad_value(ONE, None), TypeError, "clip_value must be a number"),
    "step": (lambda: optimizers.step_lr(-1, 1, 1), ValueError, "step must be at least 0, got -1"),
    "rate": (lambda: optimizers.step_lr(1, -1, 1), ValueError, "lr must be at least 0, got -1"),
    "gamma": (lambda: optimizers.exponential_lr(1, 1, -1), ValueError, "gamma must be at least 0"),
    "size": (lambda: optimizers.step_lr(1, 1, 0), ValueError, "step_size must be at least 1"),
    "fraction": (lambda: optimizers.step_lr(1, 1, 1.5), TypeError, "step_size must be a whole"),
    "start": (
        lambda: optimizers.linear_lr(1, 1, 0),
        ValueError,
        "start_factor must be above 0 and",
    ),
    "start above": (lambda: optimizers.linear_lr(1, 1, 1.5), ValueError, "at most 1, got 1.5"),
    "end": (
        lambda: optimizers.linear_lr(1, 1, 1, 1.5),
        ValueError,
        "end_factor must be at most 1",
    ),
    "iters": (
        lambda: optimizers.linear_lr(1, 1, 1, 1, 0),
        ValueError,
        "total_iters must be at lea",
    ),
    "T_max": (
        lambda: optimizers.cosine_annealing_lr(1, 1, 0),
        ValueError,
        "T_max must be at least",
    ),
    "eta_min": (
        lambda: optimizers.cosine_annealing_lr(1, 1, 1, -1),
        ValueError,
        "eta_min must be at least 0",
    ),
    "T_0": (
        lambda: optimizers.cosine_annealing_warm_restarts(1, 1, 0),
        ValueError,
        "T_0 must be at least 1",
    ),
    "T_mult": (
        lambda: optimizers.cosine_annealing_warm_restarts(1, 1, 1, 0.5),
        TypeError,
        "T_mult must be a whole number",
    ),
    "too late": (
        lambda: optimizers.one_cycle_lr(9, 1, 8),
        ValueError,
        "most total_steps, 8, got 9",
    ),
    "total": (
        lambda: optimizers.one_cycle_lr(0, 1, 0),
        ValueError,
        "total_steps must be at least",
    ),
    "pct": (
        lambda: optimizers.one_cycle_lr(0, 1, 8, 1.5),
        ValueError,
        r"pct_start must lie in \[0",
    ),
    "strategy": (
        lambda: optimizers.one_cycle_lr(0, 1, 8, 0.3, "sin"),
        ValueError,
        "anneal_strategy must be one of .*'sin'",
    ),
    "div": (
        lambda: optimizers.one_cycle_lr(0, 1, 8, div_factor=0),
        ValueError,
        "div_factor must be above 0",
    ),
    "final div": (
        lambda: optimizers.one_cycle_lr(0, 1, 8, final_div_factor=0),
        ValueError,
        "final_div_factor must be above 0, got 0",
    ),
    "phases": (
        lambda: optimizers.one_cycle_lr(0, 1, 8, three_phase=3),
        TypeError,
        "three_phase must be True or False",
    ),
    "wsd": (
        lambda: optimizers.wsd_lr(0, 1, 8, 5, 4),
        ValueError,
        "must fit into total_steps, 8, got 5 and 4",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call()
