"""Normalization in NumPy: by hand, its slopes, what must hold for any input, what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from operations import backward_of, check_manners, check_slope

from lib.reference import _normalization_rows as rows
from lib.reference import normalization
from lib.reference._normalization_plain import plain_batch_norm, plain_batch_norm_backward
from lib.reference.normalization import (
    batch_norm,
    batch_norm_backward,
    fold_batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    layer_norm_backward,
    local_response_norm,
    normalize,
    rms_norm,
    weight_norm,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def positive(*shape):
    return np.random.default_rng(9).random(shape) + 0.5


# By hand

FOUR = np.array([[1.0], [3.0], [5.0], [7.0]])  # mean 4, squared distances 9 1 1 9


def test_the_output_has_the_biased_variance_and_the_running_one_the_unbiased():
    y, mean, var = batch_norm(FOUR, np.zeros(1), np.ones(1), training=True, momentum=0.5)
    assert_allclose(y[:, 0], np.array([-3, -1, 1, 3]) / math.sqrt(5), atol=1e-5)  # 20 / 4
    assert_allclose(var, 0.5 * 1 + 0.5 * 20 / 3)
    assert_allclose(mean, 0.5 * 0 + 0.5 * 4)


def test_momentum_weighs_the_new_value():
    _, mean, var = batch_norm(FOUR, np.array([10.0]), np.array([2.0]), training=True, momentum=0.1)
    assert_allclose(mean, 0.9 * 10 + 0.1 * 4)
    assert_allclose(var, 0.9 * 2 + 0.1 * 20 / 3)


def test_a_momentum_of_one_over_t_keeps_the_mean_of_all_batches(rng):
    mean, var, batches = np.zeros(3), np.ones(3), rng.standard_normal((7, 5, 3))
    for t, batch in enumerate(batches, 1):
        _, mean, var = batch_norm(batch, mean, var, training=True, momentum=1 / t)
    assert_allclose(mean, batches.mean(axis=(0, 1)))
    assert_allclose(var, batches.var(axis=1, ddof=1).mean(axis=0))


def test_evaluation_uses_the_running_statistics_and_copies_them():
    mean, var = np.array([2.0]), np.array([4.0])
    y, new_mean, new_var = batch_norm(FOUR, mean, var, eps=0.0)
    assert_allclose(y[:, 0], [-0.5, 0.5, 1.5, 2.5])
    assert_array_equal((new_mean, new_var), (mean, var))
    assert not np.shares_memory(new_mean, mean)
    assert not np.shares_memory(new_var, var)


def test_weight_and_bias_come_after():
    y, _, _ = batch_norm(FOUR, None, None, np.array([2.0]), np.array([1.0]), training=True)
    assert_allclose(y[:, 0], 1 + 2 * np.array([-3, -1, 1, 3]) / math.sqrt(5), atol=1e-5)


def test_absent_statistics_stay_absent():
    assert batch_norm(FOUR, None, None, training=True)[1:] == (None, None)
    assert instance_norm(FOUR.T[None])[1:] == (None, None)


def test_instance_norms_statistics_average_over_the_samples():
    x = np.stack([FOUR.T, 3 * FOUR.T])  # means 4, 12; unbiased variances 20/3, 60
    _, mean, var = instance_norm(x, np.zeros(1), np.zeros(1), momentum=1.0)
    assert_allclose(mean, [(4 + 12) / 2])
    assert_allclose(var, [(20 / 3 + 60) / 2])


def test_which_cells_share_makes_the_difference(rng):
    x = rng.standard_normal((3, 4, 5))
    one_by_one = instance_norm(x)[0]
    assert_allclose(group_norm(x, 4), one_by_one)
    assert_allclose(group_norm(x, 1), layer_norm(x, (4, 5)))
    assert_allclose(layer_norm(x, (5,)), one_by_one)
    whole = x.transpose(1, 0, 2).reshape(1, 4, 15)  # the batch as one sample
    over_batch = batch_norm(x, None, None, training=True)[0]
    assert_allclose(over_batch.transpose(1, 0, 2).reshape(1, 4, 15), instance_norm(whole)[0])


def test_rms_norm_leaves_the_mean():
    assert_allclose(rms_norm(np.array([3.0, 4.0]), (2,), eps=0.0), [3 / 12.5**0.5, 4 / 12.5**0.5])
    assert_allclose(rms_norm(np.full(5, 1e-12), (5,)), np.full(5, 1e-12 / 2**-26))  # eps is 2**-52


def test_weight_norm_has_the_length_that_it_is_given(rng):
    v, g = rng.standard_normal((4, 3, 2)), rng.standard_normal((4, 1, 1))
    assert_allclose(np.sqrt((weight_norm(v, g) ** 2).sum((1, 2))), abs(g.ravel()))
    for dim in (None, -1):
        assert_allclose(np.linalg.norm(weight_norm(v, np.array(3.0), dim)), 3)
    assert_allclose(weight_norm(v, g[None, :3, 0], -2), weight_norm(v, g[None, :3, 0], 1))


def test_neighbouring_channels_are_those_from_half_the_size_before():
    x = np.zeros((1, 7, 1))
    x[0, 3] = 1.0
    for size, hears in ((1, [3]), (2, [3, 4]), (3, [2, 3, 4]), (4, [2, 3, 4, 5])):
        y = local_response_norm(x + 1e-9, size, alpha=float(size), beta=1.0, k=1.0)[0, :, 0]
        assert_array_equal(np.flatnonzero(y < 0.75 * (x[0, :, 0] + 1e-9)), hears)


def test_normalize_divides_by_eps_at_least():
    assert_array_equal(normalize(np.zeros((2, 3))), np.zeros((2, 3)))
    assert_allclose(normalize(np.full((1, 4), 1e-13)), np.full((1, 4), 0.1))
    assert_allclose(normalize(np.array([[3.0, -4.0]]), p=math.inf), [[0.75, -1.0]])
    assert_allclose(normalize(np.array([[3.0, -4.0, 0.0]]), p=0), [[1.5, -2.0, 0.0]])


def test_a_folded_layer_does_what_the_two_did(rng):
    x, weight, bias = rng.standard_normal((6, 3)), rng.standard_normal((4, 3)), normal(4)
    two, _, _ = batch_norm(x @ weight.T + bias, **RUNNING, **C)
    own = {"bn_weight": C["weight"], "bn_bias": C["bias"]}
    folded, shift = fold_batch_norm(weight, bias, **RUNNING, **own)
    assert_allclose(x @ folded.T + shift, two)
    folded, shift = fold_batch_norm(weight.T, None, **RUNNING, transpose=True)
    assert_allclose(x @ folded + shift, batch_norm(x @ weight.T, **RUNNING)[0])


# The traps


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_large_mean_hides_no_variance(dtype):
    x = (1e4 + normal(8, 3, 50)).astype(dtype)  # Σx² − n·mean² keeps no digit of it in float32
    exact, _, _ = batch_norm(x.astype(np.float64), None, None, training=True)
    assert_allclose(batch_norm(x, None, None, training=True)[0], exact, atol=2e-6)
    _, mean, var = batch_norm(x, *np.zeros((2, 3), dtype), training=True, momentum=1.0)
    assert_allclose(var, x.astype(np.float64).var(axis=(0, 2), ddof=1), rtol=1e-5)
    assert_allclose(mean, x.astype(np.float64).mean(axis=(0, 2)), rtol=1e-7)
    flat = x.reshape(8, 150)
    assert_allclose(
        layer_norm(flat, (150,)), layer_norm(flat.astype(np.float64), (150,)), atol=2e-6
    )
    dx, _, _ = layer_norm_backward(exact.reshape(8, 150).astype(dtype), flat, (150,))
    wide, _, _ = layer_norm_backward(exact.reshape(8, 150), flat.astype(np.float64), (150,))
    assert_allclose(dx, wide, atol=2e-6)


def test_many_values_are_added_right():
    x = np.ones((20_971_520, 1), np.float32)  # one after the other in float32 stop at 2**24
    _, mean, var = batch_norm(x, *np.zeros((2, 1), np.float32), training=True, momentum=1.0)
    assert (mean, var) == (1, 0)


@pytest.mark.parametrize("name", ["batch_norm", "layer_norm", "rms_norm"])
def test_many_slopes_are_added_right(name):
    x = np.array([[1.0, 3.0], [3.0, 1.0]], np.float32)[np.arange(400_001) % 2]
    ones = np.ones(2, np.float32)
    options = {"normalized_shape": (2,), "weight": ones, "eps": 1.0}
    options = options if name == "rms_norm" else {**options, "bias": ones}
    if name == "batch_norm":
        options = {"weight": ones, "bias": ones, "training": True, "running_mean": None}
        options |= {"running_var": None}
    tenths = np.full(x.shape, 0.1, np.float32)
    narrow = backward_of("normalization", name, {"x": x, **options})(tenths)[1:]
    options |= {k: v.astype(float) for k, v in options.items() if isinstance(v, np.ndarray)}
    wide = tenths.astype(float)
    exact = backward_of("normalization", name, {"x": x.astype(float), **options})(wide)
    for slope, wanted in zip(narrow, exact[1:], strict=True):
        assert_allclose(slope, wanted, rtol=1e-6, atol=1e-2)


def test_half_precision_neither_overflows_nor_stalls():
    x = np.array([[6e4, -6e4, 6e4, -6e4]], np.float16)
    assert_allclose(layer_norm(x, (4,)), [[1, -1, 1, -1]])
    assert_allclose(rms_norm(x, (4,)), [[1, -1, 1, -1]])
    assert_allclose(normalize(x), [[0.5, -0.5, 0.5, -0.5]], rtol=1e-3)
    ones = np.ones((4096, 2), np.float16)
    assert_array_equal(
        batch_norm(ones, *np.zeros((2, 2), np.float16), training=True, momentum=1.0)[1], 1
    )


def test_squares_beyond_float32_are_taken_in_float64():
    x = (1e30 * normal(2, 3, 50)).astype(np.float32)
    assert_allclose(instance_norm(x)[0], instance_norm(x.astype(np.float64))[0], atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1), (1, 3, 1, 1)])
def test_one_value_a_channel_has_no_spread(shape):
    with pytest.raises(ValueError, match="more than one value in each channel in training"):
        batch_norm(np.ones(shape), None, None, training=True)
    batch_norm(np.ones(shape), np.ones(3), np.ones(3))  # evaluation needs none


# The slope of every entry

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


@EVERY_CASE
def test_backward_is_the_slope_of_forward(case):
    name, learned, arguments = CASES[case]
    check_slope("normalization", name, arguments, learned)


@EVERY_CASE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left_alone(case, dtype):
    name, learned, arguments = CASES[case]
    check_manners("normalization", name, arguments, learned, dtype)


def test_every_public_operation_has_a_case():
    forward = {name for name in normalization.__all__ if not name.endswith("_backward")}
    assert forward == {name for name, _, _ in CASES.values()} | {"fold_batch_norm"}


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


@EVERY_CASE
def test_slopes_of_an_empty_batch(case):
    name, learned, arguments = emptied(case)
    first = learned[0]
    y = getattr(normalization, name)(**arguments)
    y = y[0] if isinstance(y, tuple) else y
    assert y.shape == arguments[first].shape
    slopes = backward_of("normalization", name, arguments)(y)
    for argument, slope in zip(learned, slopes, strict=True):
        if arguments.get(argument) is not None:
            assert_array_equal(slope, np.zeros(arguments[argument].shape))


def test_statistics_of_nothing_do_not_move():
    for shape in ((0, 4), (0, 4, 3), (2, 4, 0)):
        _, mean, var = batch_norm(np.ones(shape), **RUNNING, training=True)
        assert_array_equal((mean, var), tuple(RUNNING.values()))
    assert_array_equal(instance_norm(np.ones((0, 4, 3)), **RUNNING)[1], RUNNING["running_mean"])
    assert batch_norm(np.ones(0), np.ones(0), np.ones(0), training=True)[0].shape == (0,)


@EVERY_CASE
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_infinities_and_nan_pass_through_without_a_warning(case, bad):
    name, learned, arguments = CASES[case]
    x = arguments[learned[0]].copy()
    x.flat[::3] = bad
    arguments = {**arguments, learned[0]: x}
    y = getattr(normalization, name)(**arguments)
    y = y[0] if isinstance(y, tuple) else y
    backward_of("normalization", name, arguments)(np.full_like(y, bad))


# What holds for any input

few = st.integers(1, 6)
cells = st.floats(-100, 100, width=16)


@st.composite
def batches(draw):
    shape = draw(st.tuples(few, few, st.integers(2, 9)))
    return draw(hnp.arrays(np.float64, shape, elements=cells))


@given(batches())
def test_what_is_standardized_has_mean_0_and_variance_below_1(x):
    y, _, _ = batch_norm(x, None, None, training=True, eps=1e-3)
    assert_allclose(y.mean(axis=(0, 2)), 0, atol=1e-9)
    var = x.var(axis=(0, 2))
    assert_allclose(y.var(axis=(0, 2)), var / (var + 1e-3), atol=1e-9)


@given(batches(), st.floats(0.5, 4), st.floats(-50, 50))
def test_what_is_scaled_and_moved_standardizes_alike(x, scale, shift):
    x += np.arange(x.shape[-1])  # no row is constant
    for norm in (lambda x: layer_norm(x, x.shape[-1:], eps=0), lambda x: group_norm(x, 1, eps=0)):
        assert_allclose(norm(scale * x + shift), norm(x), atol=1e-6)


@given(batches(), st.integers(1, 5), st.integers(1, 2000))
def test_pieces_merge_to_the_moments_of_the_whole(x, longest, cache):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "LONGEST", longest)
        patch.setattr(rows, "CACHE", cache)
        found = rows.moments(x, 1, whole_batch=True)
    assert_allclose(found.mean[0, :, 0], x.mean(axis=(0, 2)), atol=1e-12)
    assert_allclose(found.var[0, :, 0], x.var(axis=(0, 2)), atol=1e-9)


@EVERY_CASE
def test_pieces_make_no_difference(case, monkeypatch):
    name, _, arguments = CASES[case]
    y = getattr(normalization, name)(**arguments)
    y = y[0] if isinstance(y, tuple) else y
    whole = y, *backward_of("normalization", name, arguments)(y)
    monkeypatch.setattr(rows, "LONGEST", 2)
    monkeypatch.setattr(rows, "CACHE", 48)
    monkeypatch.setattr(rows, "FAR", 0.01)
    again = getattr(normalization, name)(**arguments)
    again = again[0] if isinstance(again, tuple) else again
    pieces = again, *backward_of("normalization", name, arguments)(y)
    for one, other in zip(whole, pieces, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 5), (2, 4, 3, 5), (1, 4, 2, 3, 2)])
def test_the_plain_form_is_the_same(shape):
    x, dy = normal(*shape), normal(*shape, seed=5)
    plain = plain_batch_norm(x, C["weight"], C["bias"])
    assert_allclose(batch_norm(x, None, None, **C, training=True)[0], plain)
    slopes = batch_norm_backward(dy, x, None, None, **C, training=True)
    for one, other in zip(slopes, plain_batch_norm_backward(dy, x, C["weight"]), strict=True):
        assert_allclose(one, other, atol=1e-12)


@given(batches(), st.sampled_from([0.5, 1.0, 2.0, 3.0, math.inf]))
def test_a_normalized_vector_has_norm_1_or_was_short(x, p):
    norm = np.linalg.norm(normalize(x, p, dim=2, eps=0.5), p, axis=2)
    assert_allclose(norm, np.minimum(np.linalg.norm(x, p, axis=2) / 0.5, 1), atol=1e-9)


# What is refused

X, ONE, V = np.ones((2, 4, 3)), np.ones(4), np.ones((4, 3))
NAN = math.nan


def layer(x=X, shape=(3,), **options):
    return layer_norm(x, shape, **options)


REFUSED = {
    "a list": (lambda: normalize([1.0]), TypeError, "x must be a NumPy array, got builtins.list"),
    "whole numbers": (lambda: layer(np.ones((2, 3), int)), TypeError, "x must hold float16"),
    "no channels": (
        lambda: batch_norm(ONE, ONE, ONE),
        ValueError,
        r"axes \(N, C, …\), got.*\(4,\)",
    ),
    "a scalar": (lambda: instance_norm(np.array(1.0)), ValueError, r"\(N, C, …\)"),
    "one cell": (lambda: instance_norm(V), ValueError, r"each channel of a sample.*\(4, 3\)"),
    "one value a group": (lambda: group_norm(np.ones((1, 2)), 2), ValueError, "each group"),
    "one statistic": (lambda: batch_norm(X, ONE, None), ValueError, "both or neither, got one"),
    "the other": (lambda: instance_norm(X, None, ONE), ValueError, "both or neither, got one"),
    "no statistics": (lambda: batch_norm(X, None, None), ValueError, "in evaluation, got None"),
    "none without x": (lambda: instance_norm(X, use_input_stats=False), ValueError, "got None"),
    "their shape": (
        lambda: batch_norm(X, np.ones(3), ONE),
        ValueError,
        r"mean must have shape \(4,\), got \(3,\)",
    ),
    "their dtype": (
        lambda: batch_norm(X, ONE, np.ones(4, np.float32)),
        TypeError,
        "running_var must hold float64 beside x, got float32",
    ),
    "a weight's axes": (
        lambda: group_norm(X, 2, np.ones((1, 4))),
        ValueError,
        r"weight.*\(4,\), got \(1, 4\)",
    ),
    "a bias's dtype": (
        lambda: batch_norm(X, None, None, None, ONE > 0, True),
        TypeError,
        "bias must hold.*got bool",
    ),
    "two dtypes": (
        lambda: layer(
            X.astype(np.float16), weight=np.ones(3, np.float16), bias=np.ones(3, np.float32)
        ),
        TypeError,
        "bias must have the dtype of weight, float16, got float32",
    ),
    "a wide weight": (
        lambda: layer(X.astype(np.float16), weight=np.ones(3)),
        TypeError,
        "float16 or float32 beside x, got float64",
    ),
    "training as a number": (
        lambda: batch_norm(X, ONE, ONE, training=1),
        TypeError,
        "training must be True or False, got 1",
    ),
    "a word for a flag": (
        lambda: instance_norm(X, use_input_stats="no"),
        TypeError,
        "use_input_stats must be True or False, got 'no'",
    ),
    "no eps in training": (
        lambda: batch_norm(X, None, None, training=True, eps=0),
        ValueError,
        "eps must be above 0 in training, got 0",
    ),
    "eps below 0": (
        lambda: batch_norm(X, ONE, ONE, eps=-1),
        ValueError,
        "eps must be at least 0, got -1",
    ),
    "eps as text": (lambda: layer(eps="1"), TypeError, "eps must be a number, got '1'"),
    "eps of NaN": (lambda: rms_norm(X, (3,), eps=NAN), ValueError, "eps must be a real number"),
    "no momentum": (
        lambda: batch_norm(X, ONE, ONE, momentum=None),
        TypeError,
        "momentum must be a number, got None",
    ),
    "momentum of NaN": (
        lambda: instance_norm(X, momentum=NAN),
        ValueError,
        "momentum must be a real",
    ),
    "groups": (
        lambda: group_norm(X, 3),
        ValueError,
        "num_groups must divide the 4 channels of x, got 3",
    ),
    "no groups": (lambda: group_norm(X, 0), ValueError, "num_groups must be at least 1, got 0"),
    "part of a group": (
        lambda: group_norm(X, 2.0),
        TypeError,
        "num_groups must be a whole number",
    ),
    "groups of a line": (lambda: group_norm(np.ones(0), 1), ValueError, r"\(N, C, …\)"),
    "a size for a shape": (
        lambda: layer(shape=3),
        TypeError,
        "normalized_shape must be a tuple of sizes, got 3",
    ),
    "no sizes": (lambda: layer(shape=()), ValueError, "one at least"),
    "other sizes": (
        lambda: layer(shape=(4,)),
        ValueError,
        r"last sizes of x.*\(2, 4, 3\); got \(4,\)",
    ),
    "more sizes": (lambda: rms_norm(X, (1, 2, 4, 3)), ValueError, "last sizes of x"),
    "a size of 3.0": (
        lambda: rms_norm(X, (3.0,)),
        TypeError,
        "a size in normalized_shape must be a whole",
    ),
    "a weight for the last axis": (
        lambda: layer(shape=(4, 3), weight=np.ones(3)),
        ValueError,
        r"\(4, 3\), got \(3,\)",
    ),
    "dy's shape": (
        lambda: batch_norm_backward(ONE, X, ONE, ONE),
        ValueError,
        "dy must have the shape of y",
    ),
    "dy's dtype": (
        lambda: layer_norm_backward(X.astype(np.float32), X, (3,)),
        TypeError,
        "dy must have the dtype of y",
    ),
    "a length's shape": (
        lambda: weight_norm(V, ONE),
        ValueError,
        r"g must have shape \(4, 1\).*got \(4,\)",
    ),
    "a length for all": (
        lambda: weight_norm(V, np.ones((1, 1)), None),
        ValueError,
        r"g must have shape \(\)",
    ),
    "a length's dtype": (
        lambda: weight_norm(V, np.ones((4, 1), np.float32)),
        TypeError,
        "g must have the dtype of",
    ),
    "no such axis": (
        lambda: weight_norm(V, ONE, 2),
        ValueError,
        "dim must be from -2 to 1, got 2",
    ),
    "an axis of 1.0": (lambda: weight_norm(V, ONE, 1.0), TypeError, "dim must be a whole number"),
    "a direction of no axis": (
        lambda: weight_norm(np.array(1.0), np.array(1.0)),
        ValueError,
        "one axis at least",
    ),
    "no room for neighbours": (
        lambda: local_response_norm(V, 2),
        ValueError,
        r"three at least, got shape \(4, 3\)",
    ),
    "no neighbourhood": (
        lambda: local_response_norm(X, 0),
        ValueError,
        "size must be at least 1, got 0",
    ),
    "half a neighbour": (
        lambda: local_response_norm(X, 2.5),
        TypeError,
        "size must be a whole number",
    ),
    "alpha of NaN": (lambda: local_response_norm(X, 2, NAN), ValueError, "alpha must be a real"),
    "beta as text": (
        lambda: local_response_norm(X, 2, beta="1"),
        TypeError,
        "beta must be a number",
    ),
    "no k": (lambda: local_response_norm(X, 2, k=None), TypeError, "k must be a number"),
    "a norm by name": (lambda: normalize(X, "fro"), TypeError, "p must be a number, got 'fro'"),
    "a norm of NaN": (lambda: normalize(X, NAN), ValueError, "p must be a real number"),
    "an axis twice": (lambda: normalize(X, dim=(0, -3)), ValueError, "each axis once"),
    "no second axis": (lambda: normalize(ONE), ValueError, "dim must be from -1 to 0, got 1"),
    "the largest of none": (
        lambda: normalize(X[:, :0], math.inf),
        ValueError,
        "not be empty along",
    ),
    "the norm's eps": (
        lambda: normalize(X, eps=None),
        TypeError,
        "eps must be a number, got None",
    ),
    "a vector of weights": (
        lambda: fold_batch_norm(ONE, None, ONE, ONE),
        ValueError,
        r"\(O, I, …\), got shape",
    ),
    "other outputs": (
        lambda: fold_batch_norm(V.T, None, ONE, ONE),
        ValueError,
        r"must have shape \(3,\), got \(4,\)",
    ),
    "no mean to fold": (
        lambda: fold_batch_norm(V, ONE, None, ONE),
        TypeError,
        "running_mean must be a NumPy",
    ),
    "an eps to fold": (
        lambda: fold_batch_norm(V, ONE, ONE, ONE, -1),
        ValueError,
        "eps must be at least 0",
    ),
    "a turn to fold": (
        lambda: fold_batch_norm(V, ONE, ONE, ONE, transpose=0),
        TypeError,
        "transpose must be",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=f"(?s){message}"):
        call()
