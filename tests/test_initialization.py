"""Initialization: by hand, its distributions, the twin draw by draw, and what is refused."""

import math
import statistics
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from operations import check_no_builtin, on_each_device, to_numpy, to_torch
from scipy import special, stats
from torch.nn import init

from lib.accelerated import initialization as accelerated
from lib.reference import initialization as reference

TWINS = {"reference": reference, "accelerated": accelerated}
in_both = pytest.mark.parametrize("role", TWINS)
CONV, LINEAR = (40, 6, 5, 5), (120, 50)
RELU = {"nonlinearity": "relu"}
FLOATS = {
    "reference": (np.float16, np.float32, np.float64),
    "accelerated": (torch.float16, torch.bfloat16, torch.float32, torch.float64),
}
FIXED = {  # name → shape and options
    "zeros": ((2, 3), {}),
    "ones": (4, {}),
    "constant": ((2, 1, 3), {"val": -0.3}),
    "eye": ((3, 5), {}),
    "dirac": ((6, 2, 3, 4), {"groups": 3}),
}
DRAWN = {  # name, what → shape and options
    ("uniform", "plain"): ((50, 40), {}),
    ("uniform", "between"): ((50, 40), {"a": -3, "b": 0.5}),
    ("normal", "plain"): ((50, 40), {}),
    ("normal", "moved"): ((50, 40), {"mean": -3, "std": 0.02}),
    ("trunc_normal", "plain"): ((50, 40), {}),
    ("trunc_normal", "narrow"): ((50, 40), {"mean": 1, "std": 0.5, "a": 0.75, "b": 1.5}),
    ("trunc_normal", "one end"): ((50, 40), {"mean": 1, "a": 0.5, "b": math.inf}),
    ("trunc_normal", "far below the mean"): ((50, 40), {"mean": 9.0, "a": -1, "b": 1}),
    ("trunc_normal", "far above the mean"): ((50, 40), {"std": 0.1, "a": 1.5, "b": 2.0}),
    ("xavier_uniform", "linear"): (LINEAR, {}),
    ("xavier_uniform", "convolution"): (CONV, {"gain": 5 / 3}),
    ("xavier_normal", "linear"): (LINEAR, {"gain": 2}),
    ("xavier_normal", "convolution"): (CONV, {}),
    ("kaiming_uniform", "linear"): (LINEAR, {"a": math.sqrt(5)}),
    ("kaiming_uniform", "convolution"): (CONV, {"mode": "fan_out", **RELU}),
    ("kaiming_uniform", "as it comes"): (CONV, {}),
    ("kaiming_normal", "as it comes"): (LINEAR, {}),
    ("kaiming_normal", "linear"): (LINEAR, {"mode": "FAN_OUT", "nonlinearity": "tanh"}),
    ("kaiming_normal", "convolution"): (CONV, {"mode": "fan_in", **RELU}),
    ("orthogonal", "wide"): ((5, 3, 4), {"gain": -2}),
    ("orthogonal", "tall"): ((9, 4), {}),
    ("orthogonal", "square"): ((4, 4), {}),
    ("sparse", "tenth"): ((30, 20), {"sparsity": 0.1, "std": 0.5}),
    ("sparse", "no zero"): ((30, 20), {"sparsity": 0}),
    ("lsuv", "linear"): ((7, 12), {"x": 5 + np.random.default_rng(8).random((40, 12))}),
    ("lsuv", "convolution"): ((2, 3, 2, 2), {"x": np.random.default_rng(9).random((5, 6, 12))}),
}
every_draw = pytest.mark.parametrize("case", DRAWN, ids=": ".join)


def generator(role, seed=0):
    seeded = {"reference": np.random.default_rng, "accelerated": torch.Generator().manual_seed}
    return seeded[role](seed)


def double(role):
    return {"reference": np.float64, "accelerated": torch.float64}[role]


def drawn(role, case, rng=None, dtype=None):
    """The weights of a case as an array, in float64 unless asked otherwise."""
    shape, options = DRAWN[case]
    if role == "accelerated":
        options = to_torch(options)
    rng = generator(role) if rng is None else rng
    function = getattr(TWINS[role], case[0])
    return to_numpy(function(rng, shape, **options, dtype=dtype or double(role)))


def uniforms(case, seed=3):
    name, shape = case[0], DRAWN[case][0]
    return np.random.default_rng(seed).random((2, *shape) if name == "sparse" else shape)


# ---- by hand


@in_both
def test_the_fixed_ones_by_hand(role):
    place = TWINS[role]
    assert to_numpy(place.zeros(2)).tolist() == [0, 0]
    assert to_numpy(place.ones((1, 2))).tolist() == [[1, 1]]
    assert to_numpy(place.constant([2], math.inf)).tolist() == [math.inf] * 2
    assert to_numpy(place.constant(1, 65504, FLOATS[role][0])).tolist() == [65504]
    assert to_numpy(place.eye((3, 2))).tolist() == [[1, 0], [0, 1], [0, 0]]
    assert to_numpy(place.dirac((2, 2, 1))).tolist() == [[[1], [0]], [[0], [1]]]
    w = to_numpy(place.dirac((4, 1, 4), groups=2))  # the second output of a group hears nobody
    assert w[:, 0].tolist() == [[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


@in_both
def test_fans_count_inputs_by_the_second_axis_and_the_kernels_cells(role):
    assert TWINS[role].fans((16, 3, 5, 5)) == (75, 400)
    assert TWINS[role].fans((10, 784)) == (784, 10)
    for shape in ((2, 3), (4, 5, 6), (7, 1, 2, 3, 4), (2, 0)):
        assert TWINS[role].fans(shape) == init._calculate_fan_in_and_fan_out(torch.empty(shape))


@in_both
def test_gains_are_torchs(role):
    gain = TWINS[role].calculate_gain
    for name in [*reference.GAINS, "leaky_relu"]:
        assert gain(name) == init.calculate_gain(name)
    for slope in (0, 1, 0.2, -3, 1e200, math.inf):
        expected = math.sqrt(2 / (1 + slope**2)) if abs(slope) < 1e100 else 0
        assert gain("leaky_relu", slope) == expected
    assert gain("relu", "not looked at") == math.sqrt(2)


@in_both
@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize(
    "shape", [(6, 3, 3), (6, 2, 4, 5), (12, 9, 1, 2, 3), (6, 0, 2), (0, 3, 2), (6, 8, 1)]
)
def test_dirac_is_torchs(role, shape, groups):
    expected = init.dirac_(torch.empty(shape), groups).numpy()
    assert_array_equal(to_numpy(TWINS[role].dirac(shape, groups)), expected, strict=True)


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (1, 1), (0, 2)])
def test_eye_is_torchs(shape):
    assert_array_equal(reference.eye(shape), init.eye_(torch.empty(shape)).numpy(), strict=True)


def test_dirac_makes_a_convolution_the_identity():
    x = torch.randn(2, 6, 5, 7, generator=torch.Generator().manual_seed(0))
    w = torch.tensor(reference.dirac((6, 2, 3, 3), groups=3))
    assert_array_equal(torch.nn.functional.conv2d(x, w, padding=1, groups=3), x)


@in_both
def test_a_given_uniform_gives_the_number_of_the_books(role):
    one = partial(to_torch, dtype=torch.float64) if role == "accelerated" else lambda a: a
    u = one({"rng": np.array([[0.0, 0.25, 0.5, 0.975]])})["rng"]
    place, kept = TWINS[role], {"dtype": double(role)}
    assert_array_equal(to_numpy(place.uniform(u, (1, 4), -1, 3, **kept)), [[-1, 0, 1, 2.9]])
    z = to_numpy(place.normal(u, (1, 4), mean=1, std=2, **kept))[0]
    assert_allclose(z[1:], [1 - 2 * 0.6744897501960817, 1, 1 + 2 * 1.959963984540054])
    assert z[0] == pytest.approx(1 + 2 * special.ndtri(2**-54)), "far out, yet finite"
    bounds = to_numpy(place.xavier_uniform(u, (1, 4), gain=2, **kept))
    assert bounds[0, 0] == pytest.approx(-2 * math.sqrt(6 / 5))
    bounds = to_numpy(place.kaiming_uniform(u, (1, 4), **RELU, **kept))
    assert bounds[0, 0] == pytest.approx(-math.sqrt(2) * math.sqrt(3 / 4))


# ---- chance


def expected_distribution(case):
    """The distribution that torch draws from, its parameters computed by torch."""
    (name, _), (shape, options) = case, DRAWN[case]
    tensor = torch.empty(shape)
    if name.startswith("kaiming"):
        fan = init._calculate_correct_fan(tensor, options.get("mode", "fan_in"))
        nonlinearity = options.get("nonlinearity", "leaky_relu")
        std = init.calculate_gain(nonlinearity, options.get("a", 0)) / math.sqrt(fan)
    elif name.startswith("xavier"):
        fans = init._calculate_fan_in_and_fan_out(tensor)
        std = options.get("gain", 1) * math.sqrt(2 / sum(fans))
    else:
        std, mean = options.get("std", 1.0), options.get("mean", 0.0)
        a, b = options.get("a", -2.0), options.get("b", 2.0)
        low, high = options.get("a", 0.0), options.get("b", 1.0)
        return {
            "uniform": stats.uniform(low, high - low),
            "normal": stats.norm(mean, std),
            "trunc_normal": stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std),
        }[name]
    bound = math.sqrt(3) * std
    return stats.uniform(-bound, 2 * bound) if name.endswith("uniform") else stats.norm(0, std)


@in_both
@pytest.mark.parametrize(
    "case", [c for c in DRAWN if c[0].endswith(("uniform", "normal"))], ids=": ".join
)
def test_draws_have_the_mean_the_variance_and_the_distribution_of_torchs(role, case):
    w, expected = drawn(role, case).ravel(), expected_distribution(case)
    mean, var, excess = (float(m) for m in expected.stats("mvk"))
    assert abs(w.mean() - mean) < 4 * math.sqrt(var / w.size)
    assert abs(w.var() / var - 1) < 4 * math.sqrt((excess + 2) / w.size)
    assert stats.kstest(w, expected.cdf).pvalue > 0.01
    low, high = expected.support()
    assert ((low <= w) & (w <= high)).all()


@pytest.mark.parametrize(
    "case", [c for c in DRAWN if c[0].endswith(("uniform", "normal"))], ids=": ".join
)
def test_torchs_own_draws_are_of_the_same_distribution(case):
    shape, options = DRAWN[case]
    rng = torch.Generator().manual_seed(1)
    theirs = getattr(init, f"{case[0]}_")
    if case[1].startswith("far"):
        with pytest.warns(UserWarning, match="more than 2 std"):
            w = theirs(torch.empty(shape), **options, generator=rng)
    else:
        w = theirs(torch.empty(shape), **options, generator=rng)
    assert stats.ks_2samp(w.numpy().ravel(), drawn("reference", case).ravel()).pvalue > 0.01


@in_both
@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (8, 2, 3), (2, 3, 5), (1, 4), (5, 1)])
def test_orthogonal_keeps_lengths(role, shape):
    w = to_numpy(TWINS[role].orthogonal(generator(role), shape, gain=3, dtype=double(role)))
    flat = w.reshape(shape[0], -1)
    flat = flat if flat.shape[0] <= flat.shape[1] else flat.T
    assert_allclose(flat @ flat.T, 9 * np.eye(len(flat)), atol=1e-12)


@in_both
def test_orthogonal_favours_no_rotation(role):
    """Any entry of a uniform 3×3 rotation or reflection is uniform in [−1, 1] (Archimedes)."""
    rng, orthogonal = generator(role), TWINS[role].orthogonal
    draws = np.stack([to_numpy(orthogonal(rng, (3, 3), dtype=double(role))) for _ in range(1000)])
    for entry in draws.reshape(1000, 9).T:
        assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    assert stats.binomtest(int((np.linalg.det(draws) > 0).sum()), 1000).pvalue > 0.01


@in_both
def test_a_matrix_without_full_rank_still_gives_orthonormal_columns(role):
    u = np.full((3, 3), 0.75)
    u = torch.tensor(u) if role == "accelerated" else u
    w = to_numpy(TWINS[role].orthogonal(u, (3, 3), dtype=double(role)))
    assert_allclose(w @ w.T, np.eye(3), atol=1e-12)


@in_both
@pytest.mark.parametrize("sparsity", [0, 0.01, 0.1, 0.25, 1 / 3, 0.9, 1])
def test_each_column_has_its_share_of_zeros_at_any_place(role, sparsity):
    rng = generator(role)
    w = to_numpy(TWINS[role].sparse(rng, (30, 2000), sparsity, std=2, dtype=double(role)))
    zeros = math.ceil(sparsity * 30)
    assert set((w == 0).sum(axis=0)) == {zeros}
    assert_array_equal((init.sparse_(torch.empty(30, 5), sparsity) == 0).sum(0), zeros)
    if 0 < zeros < 30:
        assert stats.chisquare((w == 0).sum(axis=1)).pvalue > 0.01
    if zeros < 30:
        assert stats.kstest(w[w != 0], stats.norm(0, 2).cdf).pvalue > 0.01


@in_both
def test_lsuv_starts_a_deep_network_at_variance_one(role):
    rng, x = generator(role), 7 * np.random.default_rng(0).random((200, 12))
    x = torch.tensor(x) if role == "accelerated" else x
    for outputs in (30, 20, 10, 5):
        w = TWINS[role].lsuv(rng, (outputs, x.shape[-1]), x, dtype=double(role))
        y = x @ w.T
        assert to_numpy(y).var() == pytest.approx(1, rel=1e-12)
        angles = to_numpy(w @ w.T if len(w) <= w.shape[1] else w.T @ w)
        assert_allclose(angles, angles[0, 0] * np.eye(len(angles)), atol=1e-12)
        x = y.clip(0)


def test_lsuv_of_a_convolution_hears_its_patches():
    x = np.random.default_rng(0).random((4, 3, 8, 8))
    patches = np.moveaxis(np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3)), 1, 3)
    w = reference.lsuv(np.random.default_rng(1), (5, 3, 3, 3), patches.reshape(4, 6, 6, 27))
    y = torch.nn.functional.conv2d(torch.tensor(x), torch.tensor(w).double())
    assert y.var(correction=0).item() == pytest.approx(1, rel=1e-5)


@in_both
@every_draw
def test_the_seed_alone_decides(role, case):
    assert_array_equal(drawn(role, case), drawn(role, case))
    other = drawn(role, case, generator(role, seed=1))
    assert not np.array_equal(drawn(role, case), other)
    rng = generator(role)
    assert not np.array_equal(drawn(role, case, rng), drawn(role, case, rng))
    np.random.seed(0)
    torch.manual_seed(0)
    state, theirs = np.random.get_state()[1].copy(), torch.get_rng_state()
    drawn(role, case)
    assert_array_equal(np.random.get_state()[1], state)
    assert torch.equal(torch.get_rng_state(), theirs)


@every_draw
def test_a_generator_and_its_uniforms_make_the_same_draw(case):
    u = uniforms(case, seed=0)
    assert_array_equal(drawn("reference", case), drawn("reference", case, u))
    given = torch.rand(u.shape, generator=generator("accelerated"), dtype=torch.float64)
    assert_array_equal(drawn("accelerated", case), drawn("accelerated", case, given))


# ---- the twin


@on_each_device
@every_draw
def test_twins_make_the_same_draw_of_the_same_uniforms(case, device):
    u, (shape, options) = uniforms(case), DRAWN[case]
    moved = to_torch(options, device=device)
    w = getattr(accelerated, case[0])(
        torch.tensor(u, device=device), shape, **moved, dtype=torch.float64
    )
    assert w.device.type == device
    expected = drawn("reference", case, u)
    assert_allclose(to_numpy(w), expected, rtol=1e-12, atol=1e-13, strict=True)


@on_each_device
@every_draw
def test_twins_draw_where_their_generator_lives(case, device):
    rng = torch.Generator(device).manual_seed(0)
    shape, options = DRAWN[case]
    w = getattr(accelerated, case[0])(rng, shape, **to_torch(options, device=device))
    assert (w.device.type, w.dtype, w.requires_grad) == (device, torch.float32, False)


@on_each_device
@pytest.mark.parametrize("name", FIXED)
def test_fixed_twins_are_equal_where_they_are_asked_to_be(name, device):
    shape, options = FIXED[name]
    w = getattr(accelerated, name)(shape, **options, device=device)
    expected = getattr(reference, name)(shape, **options)
    assert w.device.type == device
    assert_array_equal(to_numpy(w), expected, strict=True)
    w = getattr(accelerated, name)(shape, **options, device=torch.device(device))
    assert w.device.type == device


def test_every_public_name_has_a_case():
    numbers = {"calculate_gain", "fans"}
    assert set(reference.__all__) == {*FIXED, *(name for name, _ in DRAWN), *numbers}


def test_no_twin_calls_torchs_own_initializers():
    names = set(reference.__all__) - {"calculate_gain", "fans", "uniform", "normal"}
    spelled = {f"{name}_" for name in (*names, "uniform", "normal", "fill", "zero")}
    also = {"init", "randn", "randn_like", "ones_like", "zeros_like", "eye", "diag", "erfinv_"}
    check_no_builtin("initialization", names | spelled | also | {"fill_diagonal_"})


# ---- dtypes, shapes, layouts


@in_both
@every_draw
def test_the_dtype_asked_for_is_given_and_near_the_exact_draw(role, case):
    u = uniforms(case)
    u = torch.tensor(u) if role == "accelerated" else u
    options = to_torch(DRAWN[case][1]) if role == "accelerated" else DRAWN[case][1]
    exact = drawn(role, case, u)
    for dtype in FLOATS[role]:
        w = getattr(TWINS[role], case[0])(u, DRAWN[case][0], **options, dtype=dtype)
        assert w.dtype == dtype
        limits = torch.finfo(dtype) if role == "accelerated" else np.finfo(dtype)
        rounded = w.double().numpy() if role == "accelerated" else w.astype(np.float64)
        assert_allclose(rounded, exact, rtol=limits.eps, atol=float(limits.tiny))


@in_both
@pytest.mark.parametrize("name", FIXED)
def test_fixed_ones_keep_the_dtype_asked_for(role, name):
    shape, options = FIXED[name]
    for dtype in FLOATS[role]:
        assert getattr(TWINS[role], name)(shape, **options, dtype=dtype).dtype == dtype


@in_both
def test_float32_is_what_comes_unasked(role):
    place = TWINS[role]
    assert str(place.zeros(1).dtype).endswith("float32")
    assert str(place.normal(generator(role), 1).dtype).endswith("float32")


@in_both
def test_narrow_uniforms_serve_too(role):
    u = np.array([0.0, 0.25, 0.5, 0.999], np.float16)
    u = torch.tensor(u) if role == "accelerated" else u
    w = to_numpy(TWINS[role].normal(u, 4, dtype=double(role)))
    assert_allclose(w[1:], special.ndtri(to_numpy(u)[1:].astype(float)))
    assert np.isfinite(w).all()


@in_both
@pytest.mark.parametrize("which", [0, 1, 2])
def test_rounding_never_draws_the_upper_end(role, which):
    u = np.array([0.0, 0.5, 1 - 2**-53])
    u = torch.tensor(u) if role == "accelerated" else u
    dtype = FLOATS[role][which]
    low, _, high = TWINS[role].uniform(u, 3, 1, 2, dtype=dtype).tolist()
    limits = torch.finfo(dtype) if role == "accelerated" else np.finfo(dtype)
    assert (low, high) == (1, 2 - limits.eps)


@in_both
def test_bounds_of_one_number_give_that_number(role):
    assert (
        to_numpy(TWINS[role].uniform(generator(role), 3, 0.1, 0.1)).tolist()
        == [np.float32(0.1)] * 3
    )
    assert to_numpy(TWINS[role].trunc_normal(generator(role), 2, a=1, b=1)).tolist() == [1, 1]
    assert to_numpy(TWINS[role].normal(generator(role), 2, mean=2, std=0)).tolist() == [2, 2]


@in_both
def test_a_cut_in_the_far_tail_stays_exact(role):
    """Thirty deviations out, the excess over the cut is all but exponential, of mean σ²/a."""
    rng = generator(role)
    for side in (1, -1):
        ends = sorted((side * 30.0, side * 40.0))
        w = to_numpy(TWINS[role].trunc_normal(rng, 5000, a=ends[0], b=ends[1], dtype=double(role)))
        excess = side * w - 30
        assert (excess >= 0).all()
        assert excess.mean() == pytest.approx(1 / 30, rel=0.06)


@in_both
def test_shares_that_round_to_none_or_all_stay_finite(role):
    u = np.array([0.0, 1 - 2**-53])
    u = torch.tensor(u) if role == "accelerated" else u
    for a, b in ((0.0, 50.0), (-40.0, -38.0), (-50.0, 50.0)):
        w = to_numpy(TWINS[role].trunc_normal(u, 2, a=a, b=b, dtype=double(role)))
        assert (np.maximum(a, -39) <= w).all()
        assert (w <= min(b, 9)).all()


@in_both
def test_what_is_too_large_for_a_narrow_dtype_is_infinite(role):
    half = FLOATS[role][0]
    w = TWINS[role].normal(generator(role), 200, std=1e6, dtype=half)
    assert np.isinf(to_numpy(w)).any()


@in_both
@pytest.mark.parametrize("name", ["xavier_uniform", "kaiming_normal", "orthogonal"])
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 3, 0)])
def test_an_empty_shape_gives_an_empty_array(role, name, shape):
    assert to_numpy(getattr(TWINS[role], name)(generator(role), shape)).shape == shape


@in_both
def test_no_axis_at_all_gives_one_number(role):
    place = TWINS[role]
    for w in (
        place.ones(()),
        place.uniform(generator(role), ()),
        place.normal(generator(role), ()),
    ):
        assert to_numpy(w).shape == ()


@in_both
def test_arguments_are_left_alone_and_share_no_memory(role):
    u, x = np.random.default_rng(0).random((4, 6))[::-1, ::2], np.ones((2, 3)) * [[1], [2]]
    u.flags.writeable = x.flags.writeable = False
    if role == "accelerated":
        u, x = torch.tensor(u.copy()).requires_grad_(), torch.tensor(x).requires_grad_()
    before = to_numpy(u).copy(), to_numpy(x).copy()
    place, kept = TWINS[role], {"dtype": double(role)}
    for w in (
        place.uniform(u, (4, 3), **kept), place.normal(u, (4, 3), **kept),
        place.orthogonal(u, (4, 3), **kept), place.lsuv(u, (4, 3), x, **kept),
    ):  # fmt: skip
        assert not np.shares_memory(to_numpy(w), to_numpy(u))
        assert not getattr(w, "requires_grad", False)
    assert_array_equal(to_numpy(u), before[0])
    assert_array_equal(to_numpy(x), before[1])


# ---- what holds for any input


@in_both
@given(u=st.floats(0, 1, exclude_max=True))
def test_the_quantile_is_everybodys(role, u):
    one = np.array([u])
    one = torch.tensor(one) if role == "accelerated" else one
    z = to_numpy(TWINS[role].normal(one, 1, dtype=double(role))).item()
    if u > 2**-54:
        assert z == pytest.approx(special.ndtri(u), rel=1e-14, abs=1e-15)
        assert z == pytest.approx(statistics.NormalDist().inv_cdf(u), rel=1e-14, abs=1e-15)
    if 1e-6 < u < 1 - 1e-6:  # erfinv loses digits at both ends
        erfinv = torch.erfinv(torch.tensor(2 * u - 1, dtype=torch.float64)).item()
        assert z == pytest.approx(math.sqrt(2) * erfinv, rel=1e-9, abs=1e-15)


@given(
    mean=st.floats(-5, 5),
    std=st.floats(0.01, 10),
    a=st.floats(-6, 6),
    width=st.floats(0, 5),
    u=st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=2),
)
def test_a_truncated_draw_lies_within_grows_with_u_and_twins_agree(mean, std, a, width, u):
    b, u = a + width, np.sort(u)
    if (a - mean) / std > 36 or (b - mean) / std < -36:
        return
    low, high = reference.trunc_normal(u, 2, mean, std, a, b, np.float64)
    assert a <= low <= high <= b
    twin = accelerated.trunc_normal(torch.tensor(u), 2, mean, std, a, b, torch.float64)
    assert_allclose(twin, [low, high], rtol=1e-10, atol=1e-10)


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=5),
    st.sampled_from([np.float16, np.float32, np.float64]),
)
def test_the_shape_asked_for_comes_whole_and_finite(shape, dtype):
    rng = np.random.default_rng(0)
    for name in ("uniform", "trunc_normal", "xavier_normal", "kaiming_uniform", "orthogonal"):
        w = getattr(reference, name)(rng, shape, dtype=dtype)
        assert (w.shape, w.dtype) == (tuple(shape), dtype)
        assert np.isfinite(w).all()


# ---- refusals

U = np.full((2, 3), 0.5)
REFUSALS = {  # what → call of a twin, with its uniforms; error; message
    "a negative size": (lambda t, u: t.zeros((2, -1)), ValueError, "at least 0, got -1"),
    "a broken size": (lambda t, u: t.ones(2.5), TypeError, "whole number, got 2.5"),
    "a true size": (lambda t, u: t.ones((True, 2)), TypeError, "whole number, got True"),
    "a shape of text": (lambda t, u: t.uniform(u, "23"), TypeError, "whole number, got '23'"),
    "an eye of three axes": (lambda t, u: t.eye((2, 2, 2)), ValueError, r"2 axes, got \(2, 2, 2"),
    "a dirac of two axes": (lambda t, u: t.dirac((2, 2)), ValueError, "3 or 4 or 5 axes"),
    "a dirac of six": (lambda t, u: t.dirac((1,) * 6), ValueError, "3 or 4 or 5 axes"),
    "a kernel of nothing": (lambda t, u: t.dirac((2, 2, 0)), ValueError, "middle"),
    "groups of a third": (lambda t, u: t.dirac((4, 2, 3), 3), ValueError, "divide the 4.*got 3"),
    "no groups": (lambda t, u: t.dirac((4, 2, 3), 0), ValueError, "groups must be at least 1"),
    "half groups": (lambda t, u: t.dirac((4, 2, 3), 2.0), TypeError, "groups must be a whole"),
    "a constant of text": (lambda t, u: t.constant(2, "1"), TypeError, "val must be a number"),
    "a constant of NaN": (lambda t, u: t.constant(2, math.nan), ValueError, "val must be"),
    "a constant too large": (lambda t, u: t.constant(2, 1e39), ValueError, r"val.*range.*1e\+39"),
    "upside down": (lambda t, u: t.uniform(u, (2, 3), 2, 1), ValueError, "a must be at most b"),
    "an infinite end": (lambda t, u: t.uniform(u, (2, 3), 0, math.inf), ValueError, "b must lie"),
    "an end of text": (lambda t, u: t.uniform(u, (2, 3), "0"), TypeError, "a must be a number"),
    "ends too far apart": (
        lambda t, u: t.uniform(u, (2, 3), -3e38, 3e38), ValueError, "b − a must lie",
    ),
    "a negative deviation": (lambda t, u: t.normal(u, (2, 3), 0, -1), ValueError, "std.*got -1"),
    "an infinite mean": (lambda t, u: t.normal(u, (2, 3), math.inf), ValueError, "mean must be f"),
    "a NaN for a mean": (lambda t, u: t.normal(u, (2, 3), math.nan), ValueError, "mean must be"),
    "a mean of text": (lambda t, u: t.normal(u, (2, 3), "0"), TypeError, "mean must be a number"),
    "no deviation": (lambda t, u: t.trunc_normal(u, (2, 3), std=0), ValueError, "std > 0"),
    "cuts upside down": (lambda t, u: t.trunc_normal(u, (2, 3), a=3), ValueError, "a ≤ b.*a = 3"),
    "cuts out of reach": (
        lambda t, u: t.trunc_normal(u, (2, 3), a=50, b=60), ValueError, r"\[50.0, 60.0\] is too",
    ),
    "one axis for fans": (lambda t, u: t.fans((3,)), ValueError, "at least 2 axes, got \\(3,\\)"),
    "one axis for Xavier": (lambda t, u: t.xavier_normal(u, 6), ValueError, "at least 2 axes"),
    "one axis for Kaiming": (lambda t, u: t.kaiming_normal(u, 6), ValueError, "at least 2 axes"),
    "one axis for orthogonal": (lambda t, u: t.orthogonal(u, 6), ValueError, "at least 2 axes"),
    "one axis for LSUV": (lambda t, u: t.lsuv(u, 6, u), ValueError, "at least 2 axes"),
    "a negative gain": (lambda t, u: t.xavier_uniform(u, (2, 3), -1), ValueError, "gain.*least 0"),
    "a gain of infinity": (
        lambda t, u: t.orthogonal(u, (2, 3), math.inf), ValueError, "gain must be finite, got inf",
    ),
    "an unknown mode": (
        lambda t, u: t.kaiming_uniform(u, (2, 3), mode="fan_avg"), ValueError, "mode.*'fan_avg'",
    ),
    "no mode": (lambda t, u: t.kaiming_uniform(u, (2, 3), mode=None), TypeError, "mode.*got None"),
    "an unknown nonlinearity": (
        lambda t, u: t.kaiming_normal(u, (2, 3), nonlinearity="gelu"), ValueError, "gelu",
    ),
    "an unknown gain": (lambda t, u: t.calculate_gain("identity"), ValueError, "nonlinearity.*'i"),
    "a gain of no name": (lambda t, u: t.calculate_gain(["relu"]), TypeError, "nonlinearity"),
    "a slope of text": (
        lambda t, u: t.calculate_gain("leaky_relu", "1"), TypeError, "param must be a number",
    ),
    "a true slope": (lambda t, u: t.calculate_gain("leaky_relu", True), TypeError, "param must"),
    "a sparse cube": (lambda t, u: t.sparse(u, (2, 3, 1), 0.5), ValueError, "2 axes"),
    "a share above one": (lambda t, u: t.sparse(u, (2, 3), 1.5), ValueError, "sparsity.*got 1.5"),
    "a share below none": (lambda t, u: t.sparse(u, (2, 3), -0.5), ValueError, "sparsity.*got -0"),
    "one draw for two": (lambda t, u: t.sparse(u, (2, 3), 0.5), ValueError, r"\(2, 2, 3\), got"),
    "too few inputs": (lambda t, u: t.lsuv(u, (2, 3), u[:, :2]), ValueError, "axis of 3 inputs"),
    "inputs of no axis": (lambda t, u: t.lsuv(u, (2, 3), u[0, 0]), ValueError, "axis of 3 inputs"),
    "inputs of zero": (lambda t, u: t.lsuv(u, (2, 3), u * 0), ValueError, "must vary"),
    "infinite inputs": (lambda t, u: t.lsuv(u, (2, 3), u / 0), ValueError, "finite, got"),
    "no inputs": (lambda t, u: t.lsuv(u, (2, 3), u[:0]), ValueError, "must vary"),
    "a list of inputs": (lambda t, u: t.lsuv(u, (2, 3), [[1.0] * 3]), TypeError, "x must be a"),
    "uniforms of another shape": (
        lambda t, u: t.normal(u, (3, 2)), ValueError, r"shape \(3, 2\), got \(2, 3\)",
    ),
    "a uniform of one": (lambda t, u: t.normal(u * 2, (2, 3)), ValueError, r"\[0, 1\)"),
    "a seed for a generator": (lambda t, u: t.normal(0, (2, 3)), TypeError, "rng must be a"),
    "a dtype of whole numbers": (lambda t, u: t.zeros(2, int), TypeError, "dtype must be"),
    "a dtype of text": (lambda t, u: t.normal(u, (2, 3), dtype="double!"), TypeError, "'double!'"),
}  # fmt: skip


@in_both
@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_is_refused_with_reasons(role, refusal):
    call, error, message = REFUSALS[refusal]
    u = torch.tensor(U) if role == "accelerated" else U
    with np.errstate(divide="ignore"), pytest.raises(error, match=f"(?s){message}"):
        call(TWINS[role], u)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: reference.zeros(2, device="cpu"), ValueError, "device must be None, got 'cpu'"),
        (lambda: reference.ones(2, torch.float32), TypeError, "float64, got torch.float32"),
        (lambda: reference.normal(torch.Generator(), 2), TypeError, "numpy.random.Generator"),
        (lambda: reference.lsuv(U, (2, 3), torch.tensor(U)), TypeError, "x must be a NumPy array"),
        (lambda: accelerated.zeros(2, np.float32), TypeError, "dtype must be torch.float16"),
        (lambda: accelerated.zeros(2, device="nowhere"), ValueError, "device.*got 'nowhere'"),
        (lambda: accelerated.zeros(2, device=3.5), TypeError, "device must be a torch.device"),
        (lambda: accelerated.normal(np.random.default_rng(0), 2), TypeError, "torch.Generator"),
        (
            lambda: accelerated.lsuv(torch.tensor(U), (2, 3), torch.ones(2, 3, device="meta")),
            ValueError,
            "x must lie where rng does, cpu, got meta",
        ),
    ],
)
def test_what_belongs_to_the_other_twin_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
