"""What the tests of optimizers share: options that reach every branch, and bad options."""

import math

import numpy as np
import pytest

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
    "one beta": ("betas", {"betas": 0.9}, ValueError, "betas must be 2 numbers, got 0.9"),
    "three betas": ("betas", {"betas": (0.9,) * 3}, ValueError, "betas must be 2 numbers"),
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
    "coefficients": ("muon", {"ns_coefficients": (1, 2)}, ValueError, "must be 3 numbers, got"),
    "many steps": ("muon", {"ns_steps": 100}, ValueError, "ns_steps must be below 100, got 100"),
    "half a step": ("muon", {"ns_steps": 2.5}, TypeError, "ns_steps must be a whole number"),
}
