"""Pooling in NumPy: by hand, its slopes, what must hold for any input, and what is refused."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from lib.gradcheck import numeric_gradient
from lib.reference import pooling
from lib.reference.pooling import (
    adaptive_avg_pool2d,
    attention_pool,
    avg_pool1d,
    avg_pool2d,
    blur_pool2d,
    fractional_max_pool2d,
    gem_pool,
    global_avg_pool,
    global_max_pool,
    max_pool2d,
    max_pool2d_backward,
    max_unpool2d,
    mixed_pool2d,
    stochastic_pool2d,
    stochastic_pool2d_backward,
    stochastic_pool2d_expected,
)

FOUR = np.array([[[1.0, 3, 2, 1], [2, 9, 1, 1], [1, 4, 2, 3], [5, 6, 1, 2]]])
FIVE = np.array(
    [[[1.0, 3, 2, 1, 3], [2, 9, 1, 1, 5], [1, 3, 2, 3, 2], [8, 3, 5, 1, 0], [5, 6, 1, 2, 9]]]
)
TENTHS = np.array([[[1.0, 2], [3, 4]]])  # drawn with probability .1, .2, .3, .4


# By hand


def test_the_lectures_numbers():
    assert_array_equal(max_pool2d(FOUR, 2), [[[9, 2], [6, 3]]])
    assert_array_equal(avg_pool2d(FOUR, 2), [[[3.75, 1.25], [4, 2]]])
    assert_array_equal(max_pool2d(FIVE, 3, 1), [[[9, 9, 5], [9, 9, 5], [8, 6, 9]]])


def test_channels_are_pooled_apart():
    both = np.concatenate([FIVE, -FIVE])
    assert_array_equal(max_pool2d(both, 3, 1)[:1], max_pool2d(FIVE, 3, 1))
    assert max_pool2d(both, 3, 1).shape == (2, 3, 3)


def test_padding_is_minus_infinity_for_the_maximum_and_zero_for_the_average():
    assert_array_equal(
        max_pool2d(-FOUR, 2, padding=1), [[[-1, -2, -1], [-1, -1, -1], [-5, -1, -2]]]
    )
    assert avg_pool2d(FOUR, 2, padding=1)[0, 0, 0] == 1 / 4
    assert avg_pool2d(FOUR, 2, padding=1, count_include_pad=False)[0, 0, 0] == 1


def test_overlapping_windows_add_at_their_common_winner():
    dx = max_pool2d_backward(np.ones((1, 3, 3)), FIVE, 3, 1)
    assert dx[0, 1, 1] == 4  # the 9 wins four windows
    assert dx.sum() == 9


def test_the_first_of_equals_gets_all():
    dx = max_pool2d_backward(np.array([[[5.0]]]), np.ones((1, 2, 2)), 2)
    assert_array_equal(dx, [[[5, 0], [0, 0]]])


def test_a_slope_of_infinity_or_nan_touches_no_loser():
    for slope in (np.inf, np.nan):
        dx = max_pool2d_backward(np.array([[[slope]]]), FOUR[:, :2, :2], 2)
        assert_array_equal(dx, [[[0, 0], [0, slope]]])


def test_a_window_that_steps_over_every_cell_is_minus_infinity_and_passes_nothing():
    x = np.ones((1, 2, 1, 3))  # rows −1 and 1: both padding; torch writes out of bounds here
    options = (2, 2), 1, (1, 0), (2, 1)
    y, index = max_pool2d(x, *options, return_indices=True)
    assert (y == -np.inf).all()
    assert ((index >= 0) & (index < 3)).all()
    assert not max_pool2d_backward(np.ones_like(y), x, *options).any()


def test_global_average_is_five_for_eighty_over_sixteen():
    x = np.full((1, 3, 4, 4), 5.0)
    x[0, 1], x[0, 2] = 4, np.arange(16).reshape(4, 4) * 4 / 7.5
    assert_allclose(global_avg_pool(x).ravel(), [5, 4, 4])
    assert_array_equal(global_max_pool(x).ravel(), [5, 4, 8])


def test_many_cells_are_averaged_right():
    ones = np.ones((1, 1, 8193, 4096), np.float32)  # a plain float32 sum stops at 2**24
    assert global_avg_pool(ones).item() == 1
    assert avg_pool1d(np.ones((1, 4096), np.float16), 4096).item() == 1  # and float16's at 2**11


def test_unpooling_inverts_at_the_winners():
    y, indices = max_pool2d(FOUR, 2, return_indices=True)
    back = max_unpool2d(y, indices, 2)
    assert_array_equal(back, [[[0, 0, 2, 0], [0, 9, 0, 0], [0, 0, 0, 3], [0, 6, 0, 0]]])


@pytest.mark.parametrize(("u", "drawn"), [(0.0, 1), (0.0999, 1), (0.1001, 2), (0.5, 3), (0.7, 4)])
def test_one_uniform_draws_one_cell(u, drawn):
    y, index = stochastic_pool2d(np.array([[[u]]]), TENTHS, 2, return_indices=True)
    assert (y.item(), index.item()) == (drawn, drawn - 1)
    dx = stochastic_pool2d_backward(np.array([[[7.0]]]), np.array([[[u]]]), TENTHS, 2)
    assert dx.ravel()[drawn - 1] == 7 == dx.sum()


def test_stochastic_poolings_expectation_is_three_between_mean_and_maximum():
    assert stochastic_pool2d_expected(TENTHS, 2).item() == pytest.approx(3.0)
    assert avg_pool2d(TENTHS, 2).item() == 2.5


def test_mixed_gem_and_attention_reach_average_and_maximum():
    assert_allclose(mixed_pool2d(FOUR, 1.0, 2), max_pool2d(FOUR, 2))
    assert_allclose(mixed_pool2d(FOUR, 0.0, 2), avg_pool2d(FOUR, 2))
    assert_allclose(gem_pool(FOUR[None], p=1.0), global_avg_pool(FOUR[None]))
    assert_allclose(gem_pool(FOUR[None], p=500.0), global_max_pool(FOUR[None]), rtol=1e-2)
    instances = FOUR[0]
    sharp = attention_pool(instances, np.eye(4) * 1e-3, np.array([0, 1e9, 0, 0]))
    assert_allclose(sharp, instances[1])  # the row whose second entry is largest


def test_gem_does_not_overflow():
    x = np.array([[[3e4, 4e4]]], np.float16)
    assert_allclose(gem_pool(x, p=2.0), [[[35360]]], rtol=1e-3)


def test_blur_leaves_constants_alone_and_reflects():
    assert_allclose(blur_pool2d(np.full((1, 2, 7, 6), 3.0)), np.full((1, 2, 4, 3), 3.0))
    line = np.array([[[0.0, 4, 8, 0, 4]]])
    assert_array_equal(blur_pool2d(line, (1, 3)), [[[2, 5, 2]]])
    assert_array_equal(blur_pool2d(line, (1, 2)), [[[2, 4, 2]]])
    assert_array_equal(blur_pool2d(line, 1), line[..., ::2])


# The slope of every entry

X2 = (2, 3, 6, 5)
CASES = {
    "max_pool1d": ((2, 3, 9), [{"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}]),
    "max_pool2d": (
        X2,
        [
            {"kernel_size": 2},
            {"kernel_size": (3, 2), "stride": (1, 2), "padding": (1, 0), "dilation": (1, 2)},
        ],
    ),
    "max_pool3d": ((1, 2, 4, 5, 3), [{"kernel_size": 2, "stride": 1}]),
    "avg_pool1d": ((2, 3, 9), [{"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True}]),
    "avg_pool2d": (
        X2,
        [
            {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False},
            {"kernel_size": 2, "stride": 1, "divisor_override": 3},
        ],
    ),
    "avg_pool3d": ((1, 2, 4, 5, 3), [{"kernel_size": 3, "stride": 2, "padding": 1}]),
    "lp_pool1d": ((2, 3, 9), [{"norm_type": 3, "kernel_size": 2, "ceil_mode": True}]),
    "lp_pool2d": (
        X2,
        [
            {"norm_type": p, "kernel_size": 3, "stride": 2, "ceil_mode": True}
            for p in (1, 2, 2.5, -1, math.inf, -math.inf)
        ],
    ),
    "lp_pool3d": ((1, 2, 4, 5, 3), [{"norm_type": 2.0, "kernel_size": 2}]),
    "mixed_pool2d": (
        X2,
        [
            {"alpha": np.array(0.3), "kernel_size": 3, "stride": 2},
            {"alpha": np.array([[[0.1]], [[0.5]], [[2.0]]]), "kernel_size": 2},
        ],
    ),
    "adaptive_avg_pool1d": ((2, 3, 7), [{"output_size": 3}]),
    "adaptive_avg_pool2d": (X2, [{"output_size": (4, 7)}, {"output_size": (None, 2)}]),
    "adaptive_avg_pool3d": ((1, 2, 4, 5, 3), [{"output_size": 2}]),
    "adaptive_max_pool1d": ((2, 3, 7), [{"output_size": 3}]),
    "adaptive_max_pool2d": (X2, [{"output_size": (4, 7)}, {"output_size": 1}]),
    "adaptive_max_pool3d": ((1, 2, 4, 5, 3), [{"output_size": 2}]),
    "global_avg_pool": (X2, [{}]),
    "global_max_pool": (X2, [{}]),
    "gem_pool": (
        X2,
        [
            {"p": np.array(3.0)},
            {"p": np.array([[[1.5]], [[-2.0]], [[4.0]]]), "eps": 0.53},
        ],
    ),
    "blur_pool2d": (X2, [{}, {"kernel_size": (4, 5), "stride": (1, 2)}]),
    "max_unpool1d": ((1, 2, 2), [{"indices": np.array([[[0, 3], [1, 2]]]), "kernel_size": 2}]),
    "max_unpool2d": (
        (2, 1, 2),
        [{"indices": np.array([[[5, 2]], [[0, 3]]]), "kernel_size": (2, 2)}],
    ),
    "max_unpool3d": (
        (1, 1, 1, 2),
        [{"indices": np.array([[[[7, 2]]]]), "kernel_size": 2, "output_size": (2, 2, 4)}],
    ),
    "fractional_max_pool2d": (X2, [{"rng": "uniforms", "kernel_size": 2, "output_size": (3, 4)}]),
    "fractional_max_pool3d": (
        (1, 2, 4, 5, 6),
        [{"rng": "uniforms", "kernel_size": 2, "output_ratio": 0.6}],
    ),
    "stochastic_pool2d": (X2, [{"rng": "uniforms", "kernel_size": 3, "stride": 1}]),
    "stochastic_pool2d_expected": (X2, [{"kernel_size": 3, "stride": 2}]),
    "attention_pool": (
        (2, 5, 3),
        [
            {"v": np.linspace(-1, 1, 12).reshape(4, 3), "w": np.array([1.0, -2, 0.5, 3])},
            {
                "v": np.linspace(-1, 1, 6).reshape(2, 3),
                "w": np.array([1.0, -2]),
                "u": np.linspace(2, -1, 6).reshape(2, 3),
            },
        ],
    ),
}
PARAMETERS = [
    pytest.param(name, shape, options, id=f"{name}-{i}")
    for name, (shape, several) in CASES.items()
    for i, options in enumerate(several)
]
EVERY_CASE = pytest.mark.parametrize(("name", "shape", "options"), PARAMETERS)
EVERY_CASE_OF_ANY_SIGN = pytest.mark.parametrize(
    ("name", "shape", "options"), [p for p in PARAMETERS if "stochastic" not in p.id]
)


def uniforms_for(name, x, options, rng):
    if options.get("rng") != "uniforms":
        return options
    if name == "stochastic_pool2d":
        shape = max_pool2d(x, options["kernel_size"], options.get("stride")).shape
    else:
        n = int(name[-2])
        shape = (*x.shape[:-n], n)
    return {**options, "rng": rng.random(shape)}


def test_every_public_operation_has_a_backward_and_a_case():
    forward = {name for name in pooling.__all__ if not name.endswith("_backward")}
    assert forward == set(CASES)
    assert set(pooling.__all__) - forward == {f"{name}_backward" for name in forward}


@EVERY_CASE
def test_backward_is_the_slope_of_forward(rng, name, shape, options):
    forward, backward = getattr(pooling, name), getattr(pooling, f"{name}_backward")
    x = (1.0 + rng.permutation(math.prod(shape))).reshape(shape) / 16  # no ties: no kinks
    options = uniforms_for(name, x, options, rng)
    dy = rng.standard_normal(forward(x=x, **options).shape)
    got = backward(dy=dy, x=x, **options)
    got = got if isinstance(got, tuple) else (got,)
    signature = [p for p in inspect.signature(forward).parameters if p != "rng"]
    floats = {"x": x} | {k: options.get(k) for k in signature if k in "alpha p v w u"}
    assert len(got) == len(floats)
    for (argument, value), slope in zip(floats.items(), got, strict=True):
        if value is None:
            assert slope is None
            continue
        if name == "stochastic_pool2d":
            measured = frozen_draw_slope(dy, x, options)
        else:
            measured = numeric_gradient(
                lambda v, a=argument: (dy * forward(**{"x": x, **options, a: v})).sum(), value
            )
        assert_allclose(slope, measured, atol=2e-8)


def frozen_draw_slope(dy, x, options):
    """The slope with the choice held still: the probabilities themselves pass nothing on."""
    _, index = stochastic_pool2d(x=x, **options, return_indices=True)

    def pick(x):
        planes = x.reshape(*x.shape[:2], -1)
        chosen = np.take_along_axis(planes, index.reshape(*x.shape[:2], -1), axis=2)
        return (dy.reshape(chosen.shape) * chosen).sum()

    return numeric_gradient(pick, x)


@EVERY_CASE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left_alone(rng, name, shape, options, dtype):
    x = rng.random(shape).astype(dtype)
    options = uniforms_for(name, x, options, rng)
    options = {
        k: v.astype(dtype) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v
        for k, v in options.items()
    }
    if isinstance(options.get("rng"), np.ndarray):
        options["rng"] = np.minimum(options["rng"], np.nextafter(dtype(1), dtype(0)))
    for value in (x, *options.values()):
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    y = getattr(pooling, name)(x=x, **options)
    dy = np.ones(y.shape, dtype)
    dy.flags.writeable = False
    backward = getattr(pooling, f"{name}_backward")
    once, twice = (backward(dy=dy, x=x, **options) for _ in range(2))
    slopes = once if isinstance(once, tuple) else (once,)
    assert y.dtype == dtype
    assert {s.dtype for s in slopes if s is not None} == {np.dtype(dtype)}
    assert_array_equal(slopes[0], twice[0] if isinstance(twice, tuple) else twice)
    assert slopes[0].shape == x.shape
    assert not np.shares_memory(y, x)


@EVERY_CASE
def test_an_empty_batch_stays_empty(name, shape, options):
    if name.startswith("max_unpool"):
        options = {**options, "indices": options["indices"][None][:0]}
        shape = (1, *shape) if len(shape) < int(name[-2]) + 2 else shape
        options["indices"] = np.zeros((0, *shape[1:]), np.int64)
    x = np.zeros((0, *shape[1:]))
    options = uniforms_for(name, x, options, np.random.default_rng(0))
    y = getattr(pooling, name)(x=x, **options)
    assert y.shape[0] == 0
    slopes = getattr(pooling, f"{name}_backward")(dy=y, x=x, **options)
    assert (slopes[0] if isinstance(slopes, tuple) else slopes).shape == x.shape


@EVERY_CASE_OF_ANY_SIGN
def test_infinities_and_nan_pass_through_without_a_warning(rng, name, shape, options):
    x = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1e308, -1e308], size=shape)
    x.flat[0] = np.inf
    options = uniforms_for(name, x, options, rng)
    y = getattr(pooling, name)(x=x, **options)
    dy = rng.choice([np.nan, np.inf, -np.inf], size=y.shape)
    slopes = getattr(pooling, f"{name}_backward")(dy=dy, x=x, **options)
    assert not np.isfinite(y).all()
    assert not np.isfinite(slopes[0]).all()


# What holds for any input

images = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=7),
    elements=st.integers(-9, 9).map(float),
)
kernels, strides = st.integers(1, 4), st.integers(1, 3)


def naive(x, reduce, k, s, p, d, fill):
    """Read the definition aloud: one window at a time."""
    padded = np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)], constant_values=fill)
    reach = d * (k - 1) + 1
    rows = range(0, padded.shape[2] - reach + 1, s)
    columns = range(0, padded.shape[3] - reach + 1, s)
    cells = [[padded[:, :, i : i + reach : d, j : j + reach : d] for j in columns] for i in rows]
    return np.moveaxis([[reduce(w, axis=(2, 3)) for w in row] for row in cells], (0, 1), (2, 3))


@settings(deadline=None)
@given(images, kernels, strides, st.integers(0, 2), st.integers(1, 2))
def test_the_definition_read_aloud_gives_the_same(x, k, s, p, d):
    p = min(p, k // 2)
    if min(x.shape[2:]) + 2 * p < d * (k - 1) + 1:
        with pytest.raises(ValueError, match="no window fits"):
            max_pool2d(x, k, s, p, d)
        return
    assert_array_equal(max_pool2d(x, k, s, p, d), naive(x, np.max, k, s, p, d, -np.inf))
    if d == 1:
        assert_allclose(avg_pool2d(x, k, s, p), naive(x, np.mean, k, s, p, 1, 0.0), atol=1e-12)


@settings(deadline=None)
@given(images, st.integers(1, 3), strides, st.booleans())
def test_the_index_leads_to_the_value(x, k, s, ceil_mode):
    k = min(k, *x.shape[2:])
    y, index = max_pool2d(x, k, s, ceil_mode=ceil_mode, return_indices=True)
    planes = x.reshape(*x.shape[:2], -1)
    found = np.take_along_axis(planes, index.reshape(*y.shape[:2], -1), axis=2).reshape(y.shape)
    assert_array_equal(found, y)


@settings(deadline=None)
@given(images, st.integers(1, 3), strides)
def test_backward_conserves_what_comes_in(x, k, s):
    k = min(k, *x.shape[2:])
    dy = np.ones_like(max_pool2d(x, k, s))
    assert max_pool2d_backward(dy, x, k, s).sum() == dy.sum()
    assert_allclose(pooling.avg_pool2d_backward(dy, x, k, s).sum(), dy.sum())


@settings(deadline=None)
@given(images, st.integers(1, 3), strides)
def test_stochastic_pooling_lies_between_and_never_draws_a_zero(x, k, s):
    k, x = min(k, *x.shape[2:]), np.abs(x)
    y = stochastic_pool2d(np.random.default_rng(0), x, k, s)
    largest, expected = max_pool2d(x, k, s), stochastic_pool2d_expected(x, k, s)
    assert (y <= largest).all()
    assert_array_equal(y > 0, largest > 0)
    assert (avg_pool2d(x, k, s) <= expected + 1e-12).all()
    assert (expected <= largest + 1e-12).all()


@pytest.mark.parametrize("scale", [1.0, 1e-38, 1e-300, 1e300])
def test_the_draw_is_exact_at_any_scale(scale):
    x = np.array([[[0.0, 1], [3, 0]]]) * scale
    for u, place in ((0.0, 1), (0.2499, 1), (0.26, 2), (1 - 2**-53, 2)):
        _, index = stochastic_pool2d(np.full((1, 1, 1), u), x, 2, return_indices=True)
        assert index.item() == place


def test_rounding_never_draws_a_zero():
    x = np.array([[[0.0, 1], [3, 0]]]) * 5e-324  # so small that u·Σ is rounded up to Σ
    _, index = stochastic_pool2d(np.full((1, 1, 1), 1 - 2**-53), x, 2, return_indices=True)
    assert index.item() == 2


CHI2 = {3: 24.3, 8: 37.3}  # exceeded once in about 50,000 and 100,000 (3 and 8 degrees)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize(("k", "s"), [(2, 2), (3, 1), (3, 2), (2, 3)])
def test_cells_are_drawn_in_proportion(rng, dtype, k, s):
    one = rng.random((7, 7)).astype(dtype) + dtype(0.1)
    draws = 20_000
    x = np.broadcast_to(one, (draws, 1, 7, 7))
    _, index = stochastic_pool2d(rng, x, k, s, return_indices=True)
    for i, j in np.ndindex(index.shape[2:]):
        cells = (np.arange(i * s, i * s + k)[:, None] * 7 + np.arange(j * s, j * s + k)).ravel()
        p = one.ravel()[cells].astype(np.float64)
        expected = draws * p / p.sum()
        seen = (index[:, 0, i, j, None] == cells).sum(axis=0)
        assert seen.sum() == draws
        assert ((seen - expected) ** 2 / expected).sum() < CHI2[k * k - 1]


def test_overlapping_windows_draw_apart(rng):
    x = np.ones((20_000, 1, 1, 3))
    _, index = stochastic_pool2d(rng, x, (1, 2), (1, 1), return_indices=True)
    left, right = index[:, 0, 0, 0] == 1, index[:, 0, 0, 1] == 1  # both may draw the middle
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.03


def test_a_generator_and_the_uniforms_that_it_yields_draw_alike(rng):
    x = rng.random((2, 3, 6, 6))
    for name, shape in (("stochastic_pool2d", (2, 3, 3, 3)), ("fractional_max_pool2d", (2, 3, 2))):
        f, options = getattr(pooling, name), {} if name[0] == "s" else {"output_size": 3}
        drawn = f(np.random.default_rng(5), x, 2, **options)
        given_ = f(np.random.default_rng(5).random(shape), x, 2, **options)
        assert_array_equal(drawn, given_)


def test_a_window_of_zeros_gives_zero_and_passes_nothing(rng):
    x, u = np.zeros((1, 1, 2, 2)), np.full((1, 1, 1, 1), 0.5)
    dy = np.full((1, 1, 1, 1), np.inf)
    assert stochastic_pool2d(u, x, 2).item() == 0
    assert stochastic_pool2d_expected(x, 2).item() == 0
    assert not stochastic_pool2d_backward(dy, u, x, 2).any()
    assert not pooling.stochastic_pool2d_expected_backward(dy, x, 2).any()


def test_attention_does_not_see_the_order(rng):
    x, v, w = rng.standard_normal((5, 3)), rng.standard_normal((4, 3)), rng.standard_normal(4)
    assert_allclose(attention_pool(x, v, w), attention_pool(x[::-1], v, w))


# What is refused

U = np.full((1, 1, 2, 2), 0.5)
IMAGE = np.ones((1, 1, 4, 4))
REFUSED = {
    "list": (lambda: max_pool2d([[[1.0]]], 1), TypeError, "NumPy array, got builtins.list"),
    "complex": (lambda: max_pool2d(IMAGE * 1j, 2), TypeError, "float64, got complex128"),
    "boolean": (lambda: max_pool2d(IMAGE > 0, 2), TypeError, "float64, got bool"),
    "integer average": (lambda: avg_pool2d(IMAGE.astype(int), 2), TypeError, "got int64; convert"),
    "integer slope": (
        lambda: max_pool2d_backward(np.ones((1, 1, 2, 2), int), IMAGE.astype(int), 2),
        TypeError,
        "x must hold float16",
    ),
    "axes": (lambda: max_pool2d(IMAGE[0, 0], 2), ValueError, r"got shape \(4, 4\)"),
    "no channel": (lambda: max_pool2d(IMAGE[:, :0], 2), ValueError, "no axis but the batch"),
    "padding": (lambda: max_pool2d(IMAGE, 2, padding=2), ValueError, "at most half"),
    "kernel": (lambda: max_pool2d(IMAGE, 5), ValueError, "no window fits"),
    "kernel's type": (lambda: max_pool2d(IMAGE, 2.5), TypeError, "whole number, got 2.5"),
    "three strides": (lambda: max_pool2d(IMAGE, 2, (1, 1, 1)), ValueError, "one number or 2"),
    "dy's shape": (
        lambda: max_pool2d_backward(IMAGE, IMAGE, 2),
        ValueError,
        r"shape of y, \(1, 1, 2, 2\), got \(1, 1, 4, 4\)",
    ),
    "dy's dtype": (
        lambda: max_pool2d_backward(U.astype(np.float32), IMAGE, 2),
        TypeError,
        "dtype of y, float64, got float32",
    ),
    "divisor": (lambda: avg_pool2d(IMAGE, 2, divisor_override=0), ValueError, "must not be 0"),
    "divisor's type": (lambda: avg_pool2d(IMAGE, 2, divisor_override=1.5), TypeError, "got 1.5"),
    "count as text": (
        lambda: avg_pool2d(IMAGE, 2, count_include_pad="no"),
        TypeError,
        "count_include_pad must be True or False, got 'no'",
    ),
    "exponent": (lambda: pooling.lp_pool2d(IMAGE, 0, 2), ValueError, "norm_type must not be 0"),
    "exponent NaN": (lambda: pooling.lp_pool2d(IMAGE, np.nan, 2), ValueError, "got nan"),
    "exponent's type": (lambda: pooling.lp_pool2d(IMAGE, "2", 2), TypeError, "number, got '2'"),
    "adaptive size": (lambda: adaptive_avg_pool2d(IMAGE, None), TypeError, "got None"),
    "global axes": (lambda: global_avg_pool(IMAGE[0, 0]), ValueError, r"got shape \(4, 4\)"),
    "gem eps": (lambda: gem_pool(IMAGE, eps=0), ValueError, "eps must be above 0"),
    "gem p": (lambda: gem_pool(IMAGE, p=0), ValueError, "p must be finite and not 0"),
    "gem p's infinity": (
        lambda: gem_pool(IMAGE, p=np.inf),
        ValueError,
        "finite and not 0.*got inf",
    ),
    "gem p's shape": (lambda: gem_pool(IMAGE, p=np.ones(3)), ValueError, "broadcast against y"),
    "alpha's dtype": (
        lambda: mixed_pool2d(IMAGE, np.ones((1, 1, 1), np.float32), 2),
        TypeError,
        "dtype of x, float64, got float32",
    ),
    "blur": (lambda: blur_pool2d(IMAGE, 9), ValueError, "reflects 4 cells, but x has 4"),
    "blur's stride": (lambda: blur_pool2d(IMAGE, 3, None), TypeError, "stride must be a whole"),
    "ragged list": (lambda: max_pool2d([[1.0], 2.0], 1), TypeError, "got builtins.list"),
    "index's dtype": (
        lambda: max_unpool2d(U, U.astype(np.int32), 2),
        TypeError,
        "int64, got int32",
    ),
    "index's shape": (
        lambda: max_unpool2d(U, np.zeros((1, 1, 2), int), 2),
        ValueError,
        "shape of x",
    ),
    "index": (lambda: max_unpool2d(U, np.full(U.shape, 16), 2), ValueError, "between 0 and 15"),
    "negative": (lambda: stochastic_pool2d(U, -IMAGE, 2), ValueError, "smallest value of -1"),
    "NaN": (lambda: stochastic_pool2d(U, IMAGE * np.nan, 2), ValueError, "must not be negative"),
    "too large": (lambda: stochastic_pool2d(U, IMAGE * 1e308, 2), ValueError, "finite"),
    "infinite": (lambda: stochastic_pool2d(U, IMAGE * np.inf, 2), ValueError, "finite"),
    "seed": (lambda: stochastic_pool2d(0, IMAGE, 2), TypeError, "Generator or an array"),
    "uniforms' shape": (lambda: stochastic_pool2d(U[0], IMAGE, 2), ValueError, "must have shape"),
    "uniform 1": (lambda: stochastic_pool2d(U * 2, IMAGE, 2), ValueError, r"lie in \[0, 1\)"),
    "uniforms' dtype": (
        lambda: fractional_max_pool2d(np.zeros((1, 1, 2), np.float32), IMAGE, 2, 2),
        TypeError,
        "dtype of x, float64, got float32",
    ),
    "a draw in backward": (
        lambda: stochastic_pool2d_backward(U, np.random.default_rng(0), IMAGE, 2),
        TypeError,
        "expected the array of uniforms, got a Generator",
    ),
    "instances": (
        lambda: attention_pool(np.ones(3), np.ones((2, 3)), np.ones(2)),
        ValueError,
        "K, M",
    ),
    "v": (lambda: attention_pool(U[0, 0], np.ones((2, 3)), np.ones(2)), ValueError, "M = 2"),
    "w": (lambda: attention_pool(U[0, 0], np.ones((3, 2)), np.ones(2)), ValueError, "L = 3"),
    "u": (
        lambda: attention_pool(U[0, 0], np.ones((3, 2)), np.ones(3), np.ones((1, 2))),
        ValueError,
        "shape of v",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call()
