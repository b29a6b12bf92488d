"""What optimizers, clipping and schedules in NumPy refuse, and in which words."""

import inspect
import math

import numpy as np
import pytest
from optimizers_cases import BAD_OPTIONS, NAMES, every_optimizer, pair_of

from lib.reference import optimizers
from lib.reference.optimizers import clip_grad_norm, clip_grad_value

ONE = [np.ones((2, 2))]
SGD, ADAM = {"momentum": 0.9}, {"amsgrad": True}


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
