"""What is asked of each normalization: arguments by name, in NumPy, and which of them learn."""

import math

import numpy as np
import pytest


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def positive(*shape):
    return np.random.default_rng(9).random(shape) + 0.5


C = {"weight": normal(4, seed=1), "bias": normal(4, seed=2)}
RUNNING = {"running_mean": normal(4, seed=3), "running_var": positive(4)}
NONE = {"running_mean": None, "running_var": None}
CHANNELS = ("x", "weight", "bias")
CASES = {
    "batch_norm of points": (
        "batch_norm",
        CHANNELS,
        {"x": normal(5, 4), **NONE, **C, "training": True},
    ),
    "batch_norm of lines": (
        "batch_norm",
        CHANNELS,
        {"x": normal(3, 4, 5), **RUNNING, **C, "training": True, "momentum": 0.3},
    ),
    "batch_norm of volumes": (
        "batch_norm",
        CHANNELS,
        {"x": normal(2, 4, 2, 3, 2), **NONE, "training": True, "eps": 0.1},
    ),
    "batch_norm in evaluation": (
        "batch_norm",
        CHANNELS,
        {"x": normal(2, 4, 3, 2), **RUNNING, **C},
    ),
    "batch_norm, weight alone": (
        "batch_norm",
        CHANNELS,
        {"x": normal(3, 4), **RUNNING, "weight": C["weight"]},
    ),
    "instance_norm": ("instance_norm", CHANNELS, {"x": normal(2, 4, 3, 2), **C}),
    "instance_norm, statistics": (
        "instance_norm",
        CHANNELS,
        {"x": normal(2, 4, 5), **RUNNING, **C},
    ),
    "instance_norm in evaluation": (
        "instance_norm",
        CHANNELS,
        {"x": normal(2, 4, 5), **RUNNING, **C, "use_input_stats": False},
    ),
    "instance_norm, bias alone": (
        "instance_norm",
        CHANNELS,
        {"x": normal(2, 4, 5), "bias": C["bias"]},
    ),
    "group_norm": ("group_norm", CHANNELS, {"x": normal(3, 4, 2, 3), "num_groups": 2, **C}),
    "group_norm, one group": (
        "group_norm",
        CHANNELS,
        {"x": normal(3, 4), "num_groups": 1, "eps": 0.1},
    ),
    "layer_norm": ("layer_norm", CHANNELS, {"x": normal(5, 4), "normalized_shape": (4,), **C}),
    "layer_norm, two axes": (
        "layer_norm",
        CHANNELS,
        {
            "x": normal(5, 2, 3),
            "normalized_shape": [2, 3],
            "weight": normal(2, 3),
            "bias": normal(2, 3),
        },
    ),
    "layer_norm, no parameters": (
        "layer_norm",
        CHANNELS,
        {"x": normal(5, 4), "normalized_shape": (5, 4)},
    ),
    "rms_norm": (
        "rms_norm",
        ("x", "weight"),
        {"x": normal(5, 4), "normalized_shape": (4,), "weight": C["weight"]},
    ),
    "rms_norm, two axes": (
        "rms_norm",
        ("x", "weight"),
        {"x": normal(5, 2, 3), "normalized_shape": (2, 3), "eps": 0.1},
    ),
    "weight_norm": ("weight_norm", ("v", "g"), {"v": normal(4, 3, 2), "g": normal(4, 1, 1)}),
    "weight_norm, last axis": (
        "weight_norm",
        ("v", "g"),
        {"v": normal(4, 3), "g": normal(1, 3), "dim": 1},
    ),
    "weight_norm, whole": (
        "weight_norm",
        ("v", "g"),
        {"v": normal(4, 3), "g": np.array(2.0), "dim": None},
    ),
    "weight_norm, one axis": ("weight_norm", ("v", "g"), {"v": normal(4), "g": normal(4)}),
    "local_response_norm": (
        "local_response_norm",
        ("x",),
        {"x": normal(2, 5, 3), "size": 3, "alpha": 0.9},
    ),
    "local_response_norm, wide": (
        "local_response_norm",
        ("x",),
        {"x": normal(2, 3, 2, 2), "size": 8, "alpha": 3.0, "beta": 0.5, "k": 2.0},
    ),
    "local_response_norm, beta of 0": (
        "local_response_norm",
        ("x",),
        {"x": normal(2, 3, 2), "size": 2, "beta": 0.0},
    ),
    **{
        f"normalize, p = {p}": ("normalize", ("x",), {"x": normal(3, 4, 2), "p": p, "dim": dim})
        for p, dim in [
            (2.0, 1),
            (1, 0),
            (0, -1),
            (0.5, (0, 2)),
            (1.5, 1),
            (3, None),
            (-1, ()),
            (np.inf, 1),
            (-np.inf, 2),
        ]
    },
    "normalize, below eps": ("normalize", ("x",), {"x": normal(3, 4), "eps": 2.0}),
}
EVERY_CASE = pytest.mark.parametrize("case", CASES)


def emptied(case):
    """A case of no samples: the first axis of x, or of v, is empty."""
    name, learned, arguments = CASES[case]
    arguments = {**arguments, learned[0]: arguments[learned[0]][:0]}
    if name == "weight_norm" and len(arguments["g"].shape) and len(arguments["g"]) == 4:
        arguments["g"] = arguments["g"][:0]
    if arguments.get("normalized_shape") == (5, 4):
        arguments["normalized_shape"] = (0, 4)
    if arguments.get("p") in (-1, math.inf, -math.inf):
        arguments["dim"] = -1  # of nothing there is no largest
    return name, learned, arguments
