"""Preprocessing in NumPy against scikit-learn, whose scalers, encoders and splits are another's.

Where the two differ on purpose, the test says how: scikit-learn counts a range below ten units of
rounding as constant, whitens by N − 1, and numbers classes by their first appearance.
"""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import decomposition, model_selection
from sklearn import preprocessing as sk

from lib.reference import preprocessing as ours

pytestmark = [  # scikit-learn's own, at columns where everything is missing
    pytest.mark.filterwarnings("ignore:All-NaN slice:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning"),
]


def tables(rng):
    """Ordinary columns, some of them constant, with values missing, and columns of nothing."""
    x = rng.standard_normal((40, 6)) * 10.0 ** np.arange(-3, 3) + [0, 99, -5, 0.1, 3, -1e3]
    yield "plain", x
    constant = x.copy()
    constant[:, [1, 3]] = 0.1, -7
    yield "constant", constant
    missing = constant.copy()
    missing[rng.random(x.shape) < 0.3] = np.nan
    yield "missing", missing
    missing[:, 2] = np.nan
    yield "nothing", missing
    yield "one sample", x[:1]
    yield "whole", rng.integers(-3, 4, (21, 5)).astype(float)


SCALERS = {
    "standardize": (sk.StandardScaler, [({}, {}, {})]),
    "min_max_scale": (
        sk.MinMaxScaler,
        [({}, {}, {}), ({}, {"feature_range": (-1, 3)}, {"feature_range": (-1, 3)})],
    ),
    "robust_scale": (
        sk.RobustScaler,
        [
            ({}, {}, {}),
            ({"quantile_range": (10, 60)}, {}, {"quantile_range": (10, 60)}),
            ({"quantile_range": (0, 100)}, {}, {"quantile_range": (0, 100)}),
        ],
    ),
}


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scalers(rng, name, dtype):
    scaler, several = SCALERS[name]
    for kind, x in tables(rng):
        x = x.astype(dtype)
        other = rng.standard_normal((7, x.shape[1])).astype(dtype) * 100
        for fit, apply, theirs in several:
            statistics = getattr(ours, f"{name}_fit")(x, **fit)
            judge = scaler(**theirs).fit(x.astype(np.float64))  # whose float32 form cancels
            for each in (x, other):
                y = getattr(ours, name)(each, *statistics, **apply)
                wanted = judge.transform(each.astype(np.float64)).astype(dtype)
                close = 1e-9 if dtype == np.float64 else 2e-3
                assert_allclose(y, wanted, rtol=close, atol=close, strict=True, err_msg=kind)


def test_statistics(rng):
    for kind, x in tables(rng):
        judge = sk.StandardScaler().fit(x)
        mean, std = ours.standardize_fit(x)
        assert_allclose(mean, judge.mean_, rtol=1e-12, err_msg=kind)
        assert_allclose(std, np.sqrt(judge.var_), rtol=1e-9, atol=1e-15, err_msg=kind)
        assert_allclose(ours.center_fit(x), judge.mean_, rtol=1e-12, err_msg=kind)
        judge = sk.MinMaxScaler().fit(x)
        assert_array_equal(ours.min_max_scale_fit(x), [judge.data_min_, judge.data_max_])
        median, spread = ours.robust_scale_fit(x)
        judge = sk.RobustScaler().fit(x)
        assert_allclose(median, judge.center_, rtol=1e-12, err_msg=kind)
        assert_allclose(np.where(spread == 0, 1, spread), judge.scale_, rtol=1e-12, err_msg=kind)


@pytest.mark.parametrize("shape", [(60, 5), (6, 6), (200, 2), (3, 1)])
def test_whitening_by_principal_components(rng, shape):
    n, d = shape
    x = rng.standard_normal(shape) @ rng.standard_normal((d, d)) + 7
    mean, matrix = ours.whiten_fit(x, eps=0.0)
    rank = min(n - 1, d)
    judge = decomposition.PCA(n_components=rank, whiten=True, svd_solver="full").fit(x)
    wanted = judge.transform(x) * np.sqrt(n / (n - 1))  # scikit-learn's variance is over N − 1
    assert_allclose(ours.whiten(x, mean, matrix)[:, :rank], wanted, atol=1e-6)
    assert_allclose(ours.whiten(x, mean, matrix[:, :rank]), wanted, atol=1e-6)


COLUMNS = {
    "text": (np.array(["b", "a", "c", "a"]), np.array(["a", "d", "b"])),
    "whole": (np.array([3, -1, 7, 3]), np.array([7, 8, -9])),
    "float": (np.array([0.5, 2.5, -1.0]), np.array([2.5, 2.4, 9.0])),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_encoders(kind):
    x, other = COLUMNS[kind]
    levels = ours.levels_fit(x)
    one_hot = sk.OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(x[:, None])
    assert_array_equal(levels, one_hot.categories_[0])
    options = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    ordinal = sk.OrdinalEncoder(**options).fit(x[:, None])
    for each in (x, other):
        assert_array_equal(ours.one_hot_levels(each, levels), one_hot.transform(each[:, None]))
        got = ours.ordinal(each, levels, unknown_value=-1)
        assert_array_equal(got, ordinal.transform(each[:, None])[:, 0])


@pytest.mark.parametrize("n", [2, 3, 7, 10, 53, 100])
@pytest.mark.parametrize("test_size", [0.01, 0.07, 0.25, 0.29, 0.5, 0.99, 1, 3])
def test_sizes_of_train_and_test(n, test_size):
    try:
        train, test = ours.train_test_split(np.random.default_rng(0), n, test_size)
    except ValueError:
        with pytest.raises(ValueError, match=r"train|test"):
            model_selection.train_test_split(np.arange(n), test_size=test_size)
        return
    wanted = model_selection.train_test_split(np.arange(n), test_size=test_size)
    assert [len(train), len(test)] == [len(each) for each in wanted]


@pytest.mark.parametrize("test_size", [0.2, 0.25, 0.5, 11])
def test_shares_of_classes(rng, test_size):
    for _ in range(20):
        classes = np.sort(rng.integers(0, 4, 60))
        _, test = ours.train_test_split(rng, 60, test_size, stratify=classes)
        split = model_selection.train_test_split(classes, test_size=test_size, stratify=classes)
        got, wanted = (np.bincount(each, minlength=4) for each in (classes[test], split[1]))
        assert got.sum() == wanted.sum()
        assert (np.abs(got - wanted) <= 1).all()  # of equal remainders it rounds any up


@pytest.mark.parametrize(("n", "k"), [(10, 2), (11, 3), (23, 5), (5, 5)])
def test_sizes_of_folds(rng, n, k):
    x = np.zeros((n, 1))
    wanted = [len(test) for _, test in model_selection.KFold(k).split(x)]
    assert [len(test) for _, test in ours.k_fold(rng, n, k)] == wanted
    groups = np.repeat(np.arange(n), 2)
    assert [len(test) // 2 for _, test in ours.k_fold(rng, 2 * n, k, groups=groups)] == wanted


def test_classes_of_folds(rng):
    for k in (2, 3, 5):
        classes = np.sort(rng.integers(0, 3, 50))
        judge = model_selection.StratifiedKFold(k).split(classes, classes)
        for (_, test), (_, wanted) in zip(ours.k_fold(rng, 50, k, classes), judge, strict=True):
            assert_array_equal(np.bincount(classes[test]), np.bincount(classes[wanted]))


def test_a_tiny_range_is_a_range():
    x = np.array([[1e-17], [2e-17]])  # scikit-learn: constant, so all but 0
    assert_array_equal(ours.min_max_scale(x, *ours.min_max_scale_fit(x)), [[0], [1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sk.MinMaxScaler().fit_transform(x).max() < 1e-15
