"""Normalization in NumPy: by hand, the traps, its slopes, and what must hold for any input."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from normalization_cases import CASES, EVERY_CASE, RUNNING, C, emptied, normal
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


def test_a_value_that_shares_with_none_is_its_own_mean():
    x = np.array([[5.0, 7.0], [1.0, -3.0]])
    assert_array_equal(layer_norm(x[..., None], (1,)), np.zeros((2, 2, 1)))
    assert_array_equal(group_norm(x, 2), np.zeros((2, 2)))


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
