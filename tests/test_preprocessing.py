"""Preprocessing: by hand, its slopes, the twin, torch's one_hot, properties, what is refused."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from operations import (
    as_tuple,
    check_manners,
    check_narrow,
    check_no_builtin,
    check_slope,
    check_twin,
    database,
    on_each_device,
    to_numpy,
)

from lib.accelerated import preprocessing as accelerated
from lib.reference import preprocessing
from lib.reference.preprocessing import (
    center,
    center_fit,
    k_fold,
    levels_fit,
    min_max_scale,
    min_max_scale_fit,
    one_hot,
    one_hot_levels,
    ordinal,
    robust_scale,
    robust_scale_fit,
    standardize,
    standardize_fit,
    train_test_split,
    whiten,
    whiten_fit,
)

TABLE = np.array([[1.0, 5, 7, np.nan], [2, 5, np.nan, np.nan], [6, 5, 1, np.nan]])


# By hand


def test_worked_statistics():
    nan = np.nan
    assert_allclose(center_fit(TABLE), [3, 5, 4, nan])
    assert_allclose(standardize_fit(TABLE), [[3, 5, 4, nan], [(14 / 3) ** 0.5, 0, 3, nan]])
    assert_allclose(min_max_scale_fit(TABLE), [[1, 5, 1, nan], [6, 5, 7, nan]])
    assert_allclose(robust_scale_fit(TABLE), [[2, 5, 4, nan], [4 - 1.5, 0, 3, nan]])
    assert_allclose(robust_scale_fit(TABLE, (0, 100))[1], [5, 0, 6, nan])


def test_worked_scales():
    x = np.array([[1.0, 5], [2, 5], [6, 6]])
    assert_allclose(min_max_scale(x, *min_max_scale_fit(x[:2])), [[0, 0], [1, 0], [5, 1]])
    assert_allclose(min_max_scale(x, np.array(1.0), np.array(6.0), (-1, 1))[:, 0], [-1, -0.6, 1])
    assert_allclose(robust_scale(x, np.array([2.0, 5]), np.array([2.0, 0]))[:, 0], [-0.5, 0, 2])
    assert_allclose(center(x, center_fit(x)).sum(axis=0), 0, atol=1e-15)


def test_one_far_sample_moves_the_mean_but_not_the_median():
    x = np.array([1.0, 2, 3, 4, 1000])
    assert robust_scale(x, *robust_scale_fit(x))[0] == -1
    assert standardize(x, *standardize_fit(x))[:4].std() < 0.01


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_column_of_equal_values_is_not_blown_up(dtype):
    x = np.full((7, 3), [0.1, -3.3, 1000.7], dtype)  # whose mean is rounded
    mean, std = standardize_fit(x)
    assert_array_equal(std, 0)
    assert_array_equal(standardize(x, mean, std), 0)
    assert_array_equal(min_max_scale(x, *min_max_scale_fit(x)), 0)
    assert_array_equal(robust_scale(x, *robust_scale_fit(x)), 0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_widest_range_overflows_nothing_that_need_not(dtype):
    top = np.finfo(dtype).max
    x = np.array([-top, 0, top], dtype)
    for place, convert in ((preprocessing, np.asarray), (accelerated, torch.tensor)):
        y = to_numpy(place.min_max_scale(*map(convert, (x, x[0], x[2]))))
        assert_array_equal(y, [0, 0.5, 1] if dtype == np.float16 else [0, 0, np.nan])
        mean, std = map(to_numpy, place.standardize_fit(convert(x)))
        assert mean == 0
        median, spread = map(to_numpy, place.robust_scale_fit(convert(x[[0, 2]]), (0, 100)))
        assert (median, spread) == (np.inf if dtype == np.float64 else 0, np.inf)
        assert_allclose(std, np.inf if dtype == np.float64 else np.sqrt(2 / 3) * top, rtol=1e-3)


def test_small_deviations_of_large_values_are_seen():
    x = np.tile(np.array([1e4, 1e4 + 1], np.float32), 1000)  # Σx²/N − mean² leaves nothing
    assert_array_equal(standardize_fit(x), [10000.5, 0.5])


def test_many_samples_are_added_up_right():
    x = np.full((2**18, 2), 0.1, np.float32)  # a running sum in float32 loses a thousandth
    x[0] = 0.2  # nor are they all equal
    assert_allclose(center_fit(x), 0.1, rtol=1e-5)
    assert_allclose(center_fit(np.ones(4096, np.float16)), 1)  # float16's sum stops at 2**11
    assert_allclose(standardize_fit(x)[1], 0.1 / 2**9, rtol=1e-5)


def test_whitening_by_hand():
    x = np.array([[3.0, 3], [-3, -3], [1, -1], [-1, 1]]) + 5  # variances 9 and 1 at 45 degrees
    mean, matrix = whiten_fit(x, eps=0.0)
    assert_allclose(mean, [5, 5])
    half = 1 / np.sqrt(2)
    assert_allclose(matrix, [[half / 3, half], [half / 3, -half]])
    _, zca = whiten_fit(x, "zca", eps=0.0)
    assert_allclose(zca, [[2 / 3, -1 / 3], [-1 / 3, 2 / 3]])
    _, damped = whiten_fit(x, eps=7.0)
    assert_allclose(damped, [[half / 4, half / 8**0.5], [half / 4, -half / 8**0.5]])


def test_levels_by_hand():
    levels = levels_fit(np.array(["mild", "hot", "mild"]))
    assert levels.tolist() == ["hot", "mild"]
    x = np.array([["mild"], ["scorching"]])
    assert_array_equal(ordinal(x, levels, unknown_value=-1), [[1], [-1]])
    assert_array_equal(one_hot_levels(x, levels), [[[0, 1]], [[0, 0]]])
    assert_array_equal(one_hot(np.array([[2], [0]])), [[[0, 0, 1]], [[1, 0, 0]]])


def test_a_missing_value_is_no_level():
    x = np.array([2.0, np.nan, 1, np.nan])
    assert_array_equal(levels_fit(x), [1, 2])
    assert_array_equal(ordinal(x, levels_fit(x), unknown_value=9), [1, 9, 0, 9])
    assert_array_equal(one_hot_levels(x, levels_fit(x)).sum(axis=1), [1, 0, 1, 0])


def test_splits_by_hand():
    u = np.array([0.5, 0.2, 0.9, 0.1, 0.7, 0.3])
    train, test = train_test_split(u, 6, 2)
    assert (train.tolist(), test.tolist()) == ([0, 2, 4, 5], [1, 3])
    stratify = np.array(list("aabbbb"))
    assert train_test_split(u, 6, 1 / 3, stratify)[1].tolist() == [1, 3]
    assert train_test_split(u, 6, 3, stratify)[1].tolist() == [1, 3, 5]
    folds = [test.tolist() for _, test in k_fold(u, 6, 2, stratify)]
    assert folds == [[1, 3, 4], [0, 2, 5]]
    groups = np.array([3, 3, 1, 1, 2, 2])
    assert train_test_split(u[:3], 6, 0.3, groups=groups)[1].tolist() == [4, 5]  # u = 0.2
    assert [t.tolist() for _, t in k_fold(u[:3], 6, 3, groups=groups)] == [[4, 5], [2, 3], [0, 1]]


# Slopes, manners, and the twin

X = np.random.default_rng(0).standard_normal((6, 4)) * [1, 10, 0.1, 3] + [0, 5, -1, 2]
IMAGES = np.random.default_rng(1).standard_normal((5, 2, 3, 2))
MATRIX = np.random.default_rng(2).standard_normal((4, 4))
ONE, ROW = np.array(0.7), np.array([0.5, 2, 0, 1.5])
PER_CHANNEL = np.array([[[0.5]], [[3.0]]])
APPLIED = {
    "center": [(X, {"mean": ROW}), (X[:, 0], {"mean": ONE}), (IMAGES, {"mean": PER_CHANNEL})],
    "standardize": [
        (X, {"mean": -ROW, "std": ROW}),
        (X[:, 0], {"mean": ONE, "std": ONE}),
        (IMAGES, {"mean": ONE, "std": PER_CHANNEL}),
    ],
    "min_max_scale": [
        (X, {"minimum": -ROW, "maximum": ROW}),
        (X, {"minimum": ROW, "maximum": ROW + 2, "feature_range": (-1, 3)}),
        (IMAGES, {"minimum": -PER_CHANNEL, "maximum": ONE}),
    ],
    "robust_scale": [(X, {"median": ROW, "spread": ROW}), (X, {"median": ONE, "spread": ONE})],
    "whiten": [
        (X, {"mean": ROW, "matrix": MATRIX}),
        (X, {"mean": ROW, "matrix": MATRIX[:, :2]}),
    ],
}
FITTED = {
    "center_fit": [{}],
    "standardize_fit": [{}],
    "min_max_scale_fit": [{}],
    "robust_scale_fit": [{}, {"quantile_range": (10, 80.0)}, {"quantile_range": [0, 100]}],
    "whiten_fit": [{}, {"method": "zca"}, {"eps": 0.1}, {"method": "zca", "eps": 0}],
}
EVERY_SCALE = pytest.mark.parametrize(
    ("name", "x", "options"),
    [pytest.param(n, *a, id=f"{n}-{i}") for n in APPLIED for i, a in enumerate(APPLIED[n])],
)
EVERY_FIT = pytest.mark.parametrize(
    ("name", "options"),
    [pytest.param(n, o, id=f"{n}-{i}") for n in FITTED for i, o in enumerate(FITTED[n])],
)
OTHERS = {"k_fold", "levels_fit", "one_hot", "one_hot_levels", "ordinal", "train_test_split"}


def test_every_public_operation_has_a_case():
    assert set(accelerated.__all__) == {*APPLIED, *FITTED, *OTHERS}
    assert set(preprocessing.__all__) == {
        *accelerated.__all__,
        *(f"{name}_backward" for name in APPLIED),
    }


@EVERY_SCALE
def test_backward_is_the_slope_of_forward(name, x, options):
    check_slope("preprocessing", name, {"x": x, **options})


@EVERY_SCALE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left_alone(name, x, options, dtype):
    check_manners("preprocessing", name, {"x": x, **options}, dtype=dtype)
    check_manners("preprocessing", name, {"x": x[:0], **options}, dtype=dtype)


@EVERY_FIT
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_statistics_have_the_dtype_of_the_samples(name, options, dtype):
    check_manners("preprocessing", name, {"x": X, **options}, (), dtype)
    for value in as_tuple(getattr(preprocessing, name)(X.astype(dtype), **options)):
        assert isinstance(value, np.ndarray)
        assert value.dtype == dtype
        assert value.shape[-1] == 4


@on_each_device
@EVERY_SCALE
def test_the_twin_scales_alike(name, x, options, device):
    special = x.copy()
    special.flat[[0, 3, 4, 5]] = np.nan, np.inf, -np.inf, -0.0
    if name == "whiten":
        special = x
    for each in (x, special, x[:0], x[::2]):
        check_twin("preprocessing", name, {"x": each, **options}, device=device)


@on_each_device
@EVERY_FIT
def test_the_twin_fits_alike(name, options, device):
    missing = X.copy()
    missing[[0, 3, 5, 5], [0, 3, 2, 0]], missing[:, 1] = np.nan, np.nan
    few = [X[:1], X[:2], X * 0 + 0.1]  # whose axes, but for ZCA's, are not all determined
    for x in (X, X[:, ::2], X.T.copy().T):
        check_twin("preprocessing", name, {"x": x, **options}, (), device, 1e-8)
    for x in few if name != "whiten_fit" or "method" in options else ():
        check_twin("preprocessing", name, {"x": x, **options}, (), device, 1e-8)
    for x in (missing, IMAGES, X[:, 0]) if name != "whiten_fit" else ():
        check_twin("preprocessing", name, {"x": x, **options}, (), device, 1e-8)


@on_each_device
@EVERY_SCALE
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_twin_keeps_narrow_dtypes(name, x, options, dtype, device):
    if name == "whiten":
        options = {k: v / 8 for k, v in options.items()}  # sums that cancel lose digits
    check_narrow("preprocessing", name, {"x": x, **options}, ("x",), dtype, device)


@EVERY_FIT
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_twins_statistics_keep_narrow_dtypes_and_have_no_history(name, options, dtype):
    x = torch.tensor(X, dtype=dtype, requires_grad=True)
    exact = as_tuple(getattr(accelerated, name)(x.double(), **options))
    for value, wanted in zip(
        as_tuple(getattr(accelerated, name)(x, **options)), exact, strict=True
    ):
        assert value.dtype == dtype
        assert not value.requires_grad
        assert_allclose(
            to_numpy(value.double()), to_numpy(wanted), rtol=2 * torch.finfo(dtype).eps
        )


VALUES = {
    "int64": np.array([[5, 2], [9, 5], [-7, 2]]),
    "uint8": np.array([5, 2, 9, 5], np.uint8),
    "float32": np.array([0.5, np.nan, -np.inf, 0.5, 1e30], np.float32),
    "float64": np.array([0.1, 0.3, -0.0, 0.0, np.inf]),
}


@on_each_device
@pytest.mark.parametrize("kind", VALUES)
def test_the_twin_knows_the_same_levels(kind, device):
    x = VALUES[kind]
    check_twin("preprocessing", "levels_fit", {"x": x}, (), device)
    levels = levels_fit(x)
    for fewer in (levels, levels[:1], levels[1:]):
        arguments = {"x": x, "levels": fewer}
        check_twin("preprocessing", "ordinal", {**arguments, "unknown_value": -5}, (), device)
        check_twin("preprocessing", "one_hot_levels", arguments, (), device)


@on_each_device
def test_the_twin_draws_alike(rng, device):
    n, labels = 30, np.arange(30) % 4
    groups = np.arange(30) // 3
    for stratify, together in ((None, None), (labels, None), (None, groups), (labels > 0, None)):
        u = rng.random(10 if together is groups else n)
        options = {"rng": u, "n": n, "stratify": stratify, "groups": together}
        for size in (0.25, 0.5, 4):
            arguments = {**options, "test_size": size}
            check_twin("preprocessing", "train_test_split", arguments, (), device)
        tensors = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v
                   for k, v in options.items()}  # fmt: skip
        pairs = accelerated.k_fold(**{**tensors, "rng": tensors["rng"].to(device)}, n_splits=3)
        for ours, theirs in zip(k_fold(**options, n_splits=3), pairs, strict=True):
            for mine, other in zip(ours, theirs, strict=True):
                assert_array_equal(mine, to_numpy(other), strict=True)


def test_a_generator_yields_the_uniforms_that_it_would():
    for split in (train_test_split, lambda rng, n: k_fold(rng, n)[2]):
        drawn = split(np.random.default_rng(5), 20)
        given_ = split(np.random.default_rng(5).random(20), 20)
        assert_array_equal(drawn[1], given_[1])
    train, test = accelerated.train_test_split(torch.Generator().manual_seed(1), 20)
    again = accelerated.train_test_split(torch.Generator().manual_seed(1), 20)
    assert torch.equal(test, again[1])
    assert (len(train), len(test)) == (15, 5)


def test_no_twin_calls_torchs_own():
    banned = {"one_hot", "_one_hot", "quantile", "nanquantile", "nanmedian", "nanmean", "cov"}
    check_no_builtin("preprocessing", banned - {"quantile"})  # ours has that name


# torch's own one_hot


def test_torchs_own_samples_of_one_hot():
    samples = list(database("one_hot")["one_hot", ""].sample_inputs("cpu", torch.int64))
    assert samples
    for sample in samples:
        wanted = torch.nn.functional.one_hot(sample.input, **sample.kwargs)
        got = one_hot(to_numpy(sample.input), **sample.kwargs)
        assert_array_equal(got, to_numpy(wanted), strict=True)
        assert torch.equal(accelerated.one_hot(sample.input, **sample.kwargs), wanted)


@pytest.mark.parametrize(
    ("x", "num_classes"),
    [
        (np.array([0, 2]), 2),
        (np.array([0, 2]), 0),
        (np.array([0, 2]), -2),
        (np.array([0, -1]), 5),
        (np.array([], np.int64), -1),
        (np.array([], np.int64), 0),
        (np.array([0, 2], np.int32), 5),
        (np.array([0.0, 2]), 5),
        (np.array([True]), 5),
        (np.array([0]), 3.0),
        (np.array([0]), True),
        (np.array([0]), None),
    ],
)
def test_one_hot_refuses_what_torch_refuses(x, num_classes):
    with pytest.raises((RuntimeError, TypeError)):
        torch.nn.functional.one_hot(torch.tensor(x), num_classes)
    for place, value in ((preprocessing, x), (accelerated, torch.tensor(x))):
        with pytest.raises((ValueError, TypeError)):
            place.one_hot(value, num_classes)


def test_one_hot_of_nothing_has_columns_if_told_how_many():
    assert one_hot(np.zeros((0, 2), np.int64), 3).shape == (0, 2, 3)
    assert accelerated.one_hot(torch.zeros(0, 2, dtype=int), 3).shape == (0, 2, 3)


# What holds for any input

tables = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=8),
    elements=st.integers(-99, 99).map(float),
)


@given(tables)
def test_scaled_columns_have_the_statistics_they_were_given(x):
    constant = (x == x[0]).all(axis=0)
    mean, std = standardize_fit(standardize(x, *standardize_fit(x)))
    assert_allclose(mean, 0, atol=1e-12)
    assert_allclose(std, np.where(constant, 0, 1), atol=1e-12)
    low, high = min_max_scale_fit(min_max_scale(x, *min_max_scale_fit(x), (-2, 5)))
    assert_allclose(low, -2)
    assert_allclose(high, np.where(constant, -2, 5))
    median, spread = robust_scale_fit(x)
    assert_allclose(median, np.median(x, axis=0), atol=1e-12)
    assert_allclose(spread, np.subtract(*np.percentile(x, [75, 25], axis=0)), atol=1e-12)


@given(tables, st.sampled_from(["pca", "zca"]))
def test_whitened_columns_are_uncorrelated_as_far_as_there_are_any(x, method):
    mean, matrix = whiten_fit(x, method, eps=0.0)
    y = whiten(x, mean, matrix)
    rank = np.linalg.matrix_rank(x - mean, tol=1e-6)
    variances = np.linalg.eigvalsh(y.T @ y / len(x))[::-1]
    assert_allclose(variances[:rank], 1, rtol=1e-6)
    assert_allclose(variances[rank:], 0, atol=1e-6)
    if method == "zca":
        assert_allclose(matrix, matrix.T, atol=1e-9)


def test_the_signs_of_principal_axes_are_no_accident(rng):
    x = rng.standard_normal((50, 4)) @ rng.standard_normal((4, 4))
    _, matrix = whiten_fit(x)
    assert_allclose(whiten_fit(-x)[1], matrix, rtol=1e-9)
    assert_allclose(whiten_fit(x[::-1])[1], matrix, rtol=1e-9)
    largest = matrix[np.abs(matrix).argmax(axis=0), range(4)]
    assert (largest > 0).all()


@given(st.lists(st.integers(-3, 3), min_size=1))
def test_levels_lead_back_to_the_values(values):
    x = np.array(values)
    levels = levels_fit(x)
    assert_array_equal(levels[ordinal(x, levels)], x)
    assert_array_equal(one_hot_levels(x, levels) @ levels, x)
    assert_array_equal(one_hot_levels(x, levels), one_hot(ordinal(x, levels), len(levels)))


@given(st.integers(2, 40), st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_train_and_test_share_nothing_and_leave_nothing_out(n, share, seed):
    size = int(np.ceil(share * n))
    if size == n:
        return
    train, test = train_test_split(np.random.default_rng(seed), n, share)
    assert len(test) == size
    assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(n))


@given(st.integers(2, 40), st.integers(2, 6), st.integers(0, 2**32), st.integers(1, 3))
def test_every_sample_is_tested_once(n, k, seed, classes):
    stratify = np.arange(n) % classes
    if n // classes < k:
        return
    folds = k_fold(np.random.default_rng(seed), n, k, stratify)
    assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(n))
    for train, test in folds:
        assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
        counts = np.bincount(stratify[test], minlength=classes)
        assert (np.abs(counts - np.bincount(stratify) / k) < 1).all()


@given(st.lists(st.integers(0, 5), min_size=8, max_size=40), st.integers(0, 2**32))
def test_groups_stay_together(groups, seed):
    groups, rng = np.array(groups), np.random.default_rng(seed)
    count = len(np.unique(groups))
    if count < 2:
        return
    splits = [train_test_split(rng, len(groups), groups=groups)]
    for train, test in splits + k_fold(rng, len(groups), 2, groups=groups):
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == len(groups)
        assert min(len(train), len(test)) > 0


def test_every_sample_is_as_likely_to_be_tested(rng):
    seen = sum(np.bincount(train_test_split(rng, 8, 3)[1], minlength=8) for _ in range(8000))
    assert seen.sum() == 3 * 8000
    variance = 8000 * 3 / 8 * 5 / 8
    assert (np.abs(seen - 3000) < 4.5 * variance**0.5).all()


# What is refused

T = torch.tensor
BOTH = {
    "list": ("center_fit", ([1.0],), TypeError, "x must be a (NumPy array|torch tensor), got bui"),
    "whole numbers": ("center_fit", (np.ones(3, int),), TypeError, "x must hold float16, .*int64"),
    "scalar": ("center_fit", (ONE,), ValueError, r"samples along a first axis, got shape \(\)"),
    "scalar to scale": ("center", (ONE, ONE), ValueError, r"first axis, got shape \(\)"),
    "no samples": ("standardize_fit", (X[:0],), ValueError, r"one sample.*got shape \(0, 4\)"),
    "infinity": ("min_max_scale_fit", (X * 0 + np.inf,), ValueError, "no infinity, got 24"),
    "mean's shape": ("center", (X, ROW[:3]), ValueError, r"must broadcast.*mean \(3,\)"),
    "mean of more": ("center", (X, X), ValueError, r"mean must broadcast to a sample.*\(6, 4\)"),
    "mean's dtype": ("center", (X, ROW.astype("f")), TypeError, "mean must have the dtype of x"),
    "mean's type": ("center", (X, 0.5), TypeError, "mean must be a .*got builtins.float"),
    "negative std": ("standardize", (X, ROW, -ROW), ValueError, "std must not be negative"),
    "negative spread": ("robust_scale", (X, ROW, -ROW), ValueError, "spread must not be negative"),
    "descending": ("min_max_scale", (X, ROW, -ROW), ValueError, "maximum must not be below min"),
    "range": ("min_max_scale", (X, ROW, ROW, (1, 1)), ValueError, r"must ascend, got \(1, 1\)"),
    "range's type": ("min_max_scale", (X, ROW, ROW, 1), TypeError, "must be a pair of numbers"),
    "range's length": ("min_max_scale", (X, ROW, ROW, (0, 1, 2)), TypeError, "pair of numbers"),
    "range of text": ("min_max_scale", (X, ROW, ROW, ("0", 1)), TypeError, "number of feature_ra"),
    "quantiles": ("robust_scale_fit", (X, (0, 101)), ValueError, "lie from 0 to 100, got"),
    "quantiles below": ("robust_scale_fit", (X, (-1, 50)), ValueError, "lie from 0 to 100, got"),
    "no quantiles": ("robust_scale_fit", (X, None), TypeError, "pair of numbers, got None"),
    "missing": ("whiten_fit", (TABLE,), ValueError, r"no NaN, got shape \(3, 4\) with 4 NaN"),
    "axes": ("whiten_fit", (IMAGES,), ValueError, r"axes \(N, D\).*got shape \(5, 2, 3, 2\)"),
    "no columns": ("whiten_fit", (X[:, :0],), ValueError, r"D at least 1.*got shape \(6, 0\)"),
    "method": ("whiten_fit", (X, "cholesky"), ValueError, r"one of \['pca', 'zca'\], got 'chol"),
    "eps": ("whiten_fit", (X, "pca", -1), ValueError, "eps must be at least 0 and finite, got -1"),
    "eps without end": ("whiten_fit", (X, "pca", np.inf), ValueError, "finite, got inf"),
    "matrix": ("whiten", (X, ROW, MATRIX[:3]), ValueError, r"shapes \(N, D\).*\(3, 4\)"),
    "matrix's axes": ("whiten", (X, ROW, ROW), ValueError, r"\(D, K\), got"),
    "whiten's axes": ("whiten", (X[0], ROW, MATRIX), ValueError, r"\(N, D\)"),
    "whiten's mean": ("whiten", (X, ROW[:1], MATRIX), ValueError, r"\(D,\)"),
    "nothing": ("levels_fit", (X[:0],), ValueError, r"at least one value, got shape \(0, 4\)"),
    "nothing but NaN": ("levels_fit", (TABLE[:, 3],), ValueError, "at least one value"),
    "complex": ("levels_fit", (X * 1j,), TypeError, "must hold whole numbers.*comp"),
    "truth values": ("levels_fit", (X > 0,), TypeError, "got .*bool"),
    "unseen": ("ordinal", (X[0], ROW[:1]), ValueError, "x must hold levels only, got"),
    "unseen column": ("one_hot_levels", (X[0], ROW[:1], "error"), ValueError, "levels only, got"),
    "unseen's word": ("one_hot_levels", (X, ROW[:1], "drop"), ValueError, "one of .*got 'drop'"),
    "place": ("ordinal", (X, ROW[:2], 1), ValueError, "no place of a level, got 1"),
    "no place": ("ordinal", (X, ROW[:2], 1.5), TypeError, "unknown_value must be a whole number"),
    "levels descend": ("ordinal", (X, ROW[[1, 0]]), ValueError, r"must ascend.*got \[2.0, 0.5\]"),
    "levels twice": ("ordinal", (X, ROW[[0, 0]]), ValueError, "must ascend"),
    "no levels": ("ordinal", (X, ROW[:0]), ValueError, r"at least one, got \[\]"),
    "levels' axes": ("ordinal", (X, X), ValueError, "ascend along one axis"),
    "levels' dtype": ("ordinal", (X, ROW.astype("f")), TypeError, "levels must have the dtype of"),
}  # fmt: skip
U = np.linspace(0.1, 0.9, 6)
SPLITS = {
    "seed": ({"rng": 0}, TypeError, "rng must be a"),
    "uniforms": ({"rng": U[:5]}, ValueError, r"uniforms must have shape \(6,\), got \(5,\)"),
    "uniforms beyond": ({"rng": U + 1}, ValueError, r"lie in \[0, 1\)"),
    "n": ({"n": 1}, ValueError, "n must be at least 2, got 1"),
    "n's type": ({"n": 6.0}, TypeError, "n must be a whole number"),
    "both": ({"stratify": U, "groups": U}, ValueError, "cannot both be given"),
    "classes": ({"stratify": U[:5]}, ValueError, r"stratify must have one entry.*got \(5,\)"),
    "groups' type": ({"groups": [1] * 6}, TypeError, "groups must be a .*got builtins.list"),
    "groups' dtype": ({"groups": U * 1j}, TypeError, "groups must hold numbers.*complex128"),
    "groups missing": ({"groups": U * np.nan}, ValueError, "groups must hold no NaN"),
    "one group": (
        {"rng": U[:1], "groups": U > 0},
        ValueError,
        "on, got 1 of 1|= 5 samples, or gr",
    ),
}
SIZES = {
    "share": ({"test_size": 1.0}, ValueError, "between 0 and 1, got 1.0"),
    "share of nothing": ({"test_size": 0.0}, ValueError, "between 0 and 1, got 0.0"),
    "share NaN": ({"test_size": np.nan}, ValueError, "test_size must be a real number, got nan"),
    "size 0": ({"test_size": 0}, ValueError, "test_size must be at least 1, got 0"),
    "size": ({"test_size": 6}, ValueError, "leave something to train on, got 6 of 6"),
    "rounded up": ({"test_size": 0.9}, ValueError, "leave something to train on, got 6 of 6"),
    "size's type": ({"test_size": "half"}, TypeError, "test_size must be a whole number"),
}
FOLDS = {
    "folds": ({"n_splits": 7}, ValueError, "at least n_splits = 7 samples, or groups, got 6"),
    "few": ({"stratify": U > 0.5, "n_splits": 4}, ValueError, "4 samples of each class, got 3"),
    "one fold": ({"n_splits": 1}, ValueError, "n_splits must be at least 2, got 1"),
}
CLASSES = {
    "rare": ({"stratify": U > 0.8}, ValueError, "2 samples of each class.*got 1 of the rarest"),
    "few": ({"stratify": U > 0.5, "test_size": 1}, ValueError, "and 1 on the smaller side"),
    "few left": ({"stratify": U > 0.5, "test_size": 5}, ValueError, "and 1 on the smaller side"),
}
FOLDED = {
    "few": ({"stratify": U > 0.5, "n_splits": 4}, ValueError, "4 samples of each class, got 3")
}


def as_tensor(value):
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("case", BOTH)
def test_the_message_says_what_was_expected_and_what_came(case):
    name, arguments, error, message = BOTH[case]
    with pytest.raises(error, match=f"(?s){message}"):
        getattr(preprocessing, name)(*arguments)
    with pytest.raises(error, match=f"(?s){message}"):
        getattr(accelerated, name)(*map(as_tensor, arguments))
    if name in APPLIED:
        with pytest.raises(error, match=f"(?s){message}"):
            getattr(preprocessing, f"{name}_backward")(X, *arguments)


@pytest.mark.parametrize("name", APPLIED)
def test_dy_must_fit(name):
    x, options = APPLIED[name][0]
    backward = getattr(preprocessing, f"{name}_backward")
    with pytest.raises(ValueError, match=r"dy must have the shape of y, \(6, 4\), got \(5, 4\)"):
        backward(X[:5], x, **options)
    with pytest.raises(TypeError, match="dy must have the dtype of y"):
        backward(X.astype(np.float32), x, **options)


@pytest.mark.parametrize(
    ("split", "case"),
    [
        *itertools.product(["train_test_split"], {**SPLITS, **CLASSES, **SIZES}.items()),
        *itertools.product(["k_fold"], {**SPLITS, **FOLDS}.items()),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_splits_say_why_not(split, case):
    given_, error, message = case[1]
    arguments = {"rng": U, "n": 6, **given_}
    with pytest.raises(error, match=f"(?s){message}"):
        getattr(preprocessing, split)(**arguments)
    with pytest.raises(error, match=f"(?s){message}"):
        getattr(accelerated, split)(**{k: as_tensor(v) for k, v in arguments.items()})


def test_text_is_for_numpy_alone():
    with pytest.raises(TypeError, match="got object"):
        levels_fit(np.array(["a", None]))
    with pytest.raises(TypeError, match=r"levels must have the dtype of x, <U1, got int64"):
        ordinal(np.array(["a"]), np.array([1]))
