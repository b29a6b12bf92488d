"""Convolution in NumPy: by hand, its slopes, what must hold for any input, and what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from operations import backward_of, check_manners, check_slope, reference
from scipy import signal

from lib.reference import _convolution_windows, convolution
from lib.reference.convolution import (
    conv1d,
    conv1d_backward,
    conv2d,
    conv2d_backward,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    fold,
    linear,
    linear_backward,
    operation_count,
    pad,
    pad_backward,
    parameter_count,
    receptive_field,
    unfold,
)

NINE = np.arange(1.0, 10).reshape(1, 3, 3)
EDGE = np.array([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])  # Sobel's, for vertical edges
COUNTS = {"operation_count", "parameter_count", "receptive_field"}
LEARNED = ("x", "weight", "bias")


# By hand


def test_a_kernel_of_ones_adds_up_and_one_of_differences_subtracts():
    assert_array_equal(conv2d(NINE, np.ones((1, 1, 2, 2))), [[[12, 16], [24, 28]]])
    assert_array_equal(conv2d(NINE, np.array([[[[-1.0, 1]]]])), np.ones((1, 3, 2)))


def test_an_edge_is_found_where_it_is():
    step = np.zeros((1, 4, 6))
    step[..., 3:] = 1
    assert_array_equal(conv2d(step, EDGE), [[[0, -4, -4, 0], [0, -4, -4, 0]]])


def test_the_kernel_is_not_turned_around():
    one = np.array([[0.0, 0, 1, 0, 0]])
    kernel = np.array([[[1.0, 2, 3]]])
    assert_array_equal(conv1d(one, kernel), [[3, 2, 1]])
    assert_array_equal(conv_transpose1d(one, kernel), [[0, 0, 1, 2, 3, 0, 0]])


@pytest.mark.parametrize("mode", ["valid", "same", "full"])
def test_scipy_correlates_alike(rng, mode):
    x, kernel = rng.standard_normal((7, 8)), rng.standard_normal((3, 5))
    padding = mode if mode != "full" else (2, 4)
    y = conv2d(x[None], kernel[None, None], padding=padding)
    assert_allclose(y[0], signal.correlate(x, kernel, mode), atol=1e-12)
    volume, cube = rng.standard_normal((4, 5, 6)), rng.standard_normal((3, 1, 3))
    padding = mode if mode != "full" else (2, 0, 2)
    y = conv3d(volume[None], cube[None, None], padding=padding)
    assert_allclose(y[0], signal.correlate(volume, cube, mode), atol=1e-12)


def test_a_transposed_convolution_is_scipys_full_convolution(rng):
    x, kernel = rng.standard_normal((4, 5)), rng.standard_normal((2, 3))
    y = conv_transpose2d(x[None], kernel[None, None])
    assert_allclose(y[0], signal.convolve(x, kernel), atol=1e-12)


def test_channels_add_up_within_a_group_and_the_bias_comes_once():
    x = np.array([[1.0, 2], [10, 20], [100, 200], [1000, 2000]])
    whole = np.ones((2, 4, 1))
    halves = np.ones((2, 2, 1))
    bias = np.array([0.5, 0.25])
    assert_array_equal(conv1d(x, whole, bias), [[1111.5, 2222.5], [1111.25, 2222.25]])
    assert_array_equal(conv1d(x, halves, bias, groups=2), [[11.5, 22.5], [1100.25, 2200.25]])
    each = np.array([[[1.0]], [[2]], [[3]], [[4]]])
    assert_array_equal(conv1d(x, each, groups=4)[:, 0], [1, 20, 300, 4000])


def test_groups_share_the_channels_out_in_a_transposed_convolution():
    x = np.array([[1.0], [10], [100], [1000]])
    weight = np.array([[[1.0], [2]]] * 4)  # four channels in, twice two out
    assert_array_equal(conv_transpose1d(x, weight, groups=2)[:, 0], [11, 22, 1100, 2200])


def test_stride_and_dilation_leave_cells_out():
    x, pair = np.arange(8.0)[None], np.array([[[1.0, 10]]])
    assert_array_equal(conv1d(x, pair, stride=3), [[10, 43, 76]])
    assert_array_equal(conv1d(x, pair, dilation=3), [[30, 41, 52, 63, 74]])
    assert_array_equal(conv1d(x, pair, stride=2, dilation=3, padding=1), [[20, 41, 63, 5]])


def test_same_pads_more_at_the_end_where_a_kernel_is_even():
    assert_array_equal(conv1d(np.ones((1, 4)), np.ones((1, 1, 2)), padding="same"), [[2, 2, 2, 1]])
    y = conv1d(np.ones((1, 5)), np.ones((1, 1, 4)), padding="same")
    assert_array_equal(y, [[3, 4, 4, 3, 2]])
    y = conv1d(np.ones((1, 5)), np.ones((1, 1, 2)), padding="same", dilation=3)
    assert_array_equal(y, [[1, 2, 2, 1, 1]])


def test_output_padding_adds_cells_at_the_end():
    x, ones, bias = np.array([[1.0, 2]]), np.ones((1, 1, 2)), np.array([0.5])
    assert_array_equal(conv_transpose1d(x, ones, bias, 3), [[1.5, 1.5, 0.5, 2.5, 2.5]])
    y = conv_transpose1d(x, ones, bias, 3, output_padding=2)
    assert_array_equal(y, [[1.5, 1.5, 0.5, 2.5, 2.5, 0.5, 0.5]])
    y = conv_transpose1d(x, ones, bias, 3, padding=1, output_padding=2)
    assert_array_equal(y, [[1.5, 0.5, 2.5, 2.5, 0.5]])


def test_columns_hold_windows_channel_by_channel_and_row_by_row():
    two = np.concatenate([NINE, 10 * NINE])
    columns = unfold(two, 2)
    assert_array_equal(columns[:, 0], [1, 2, 4, 5, 10, 20, 40, 50])
    assert_array_equal(columns[:4, 1], [2, 3, 5, 6])
    assert_array_equal(unfold(two, 2, padding=1)[:4, 0], [0, 0, 0, 1])


def test_folding_adds_overlapping_windows_up():
    assert_array_equal(
        fold(unfold(np.ones((1, 3, 3)), 2), 3, 2), [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]
    )


def test_a_convolution_is_weights_times_columns(rng):
    x, weight = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    columns = unfold(x, (3, 2), dilation=(1, 2), padding=(1, 0), stride=2)
    y = conv2d(x, weight, None, 2, (1, 0), (1, 2))
    assert_allclose((weight.reshape(4, -1) @ columns).reshape(y.shape), y, atol=1e-12)


def test_a_kernel_of_one_cell_is_a_linear_layer_at_each_place(rng):
    x, weight, bias = (rng.standard_normal(s) for s in ((2, 3, 4, 5), (6, 3), (6,)))
    y = linear(np.moveaxis(x, 1, -1), weight, bias)
    assert_allclose(conv2d(x, weight[..., None, None], bias), np.moveaxis(y, -1, 1), atol=1e-12)


def test_a_transposed_convolution_is_the_transposed_matrix(rng):
    options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    weight = rng.standard_normal((4, 3, 2, 2))
    cells = np.eye(6 * 5 * 6).reshape(-1, 6, 5, 6)
    matrix = conv2d(cells, weight, **options).reshape(len(cells), -1)  # (input, output)
    numbers = np.eye(matrix.shape[1]).reshape(-1, 4, 3, 3)
    back = conv_transpose2d(numbers, weight, output_padding=(0, 1), **options)
    assert_allclose(back.reshape(len(numbers), -1), matrix.T, atol=1e-12)


def test_each_way_of_padding():
    x = np.array([[1.0, 2, 3, 4]])
    assert_array_equal(pad(x, (2, 1)), [[0, 0, 1, 2, 3, 4, 0]])
    assert_array_equal(pad(x, (2, 1), value=9), [[9, 9, 1, 2, 3, 4, 9]])
    assert_array_equal(pad(x, (2, 1), "reflect"), [[3, 2, 1, 2, 3, 4, 3]])
    assert_array_equal(pad(x, (2, 1), "replicate"), [[1, 1, 1, 2, 3, 4, 4]])
    assert_array_equal(pad(x, (2, 1), "circular"), [[3, 4, 1, 2, 3, 4, 1]])
    assert_array_equal(pad(x, (-1, 2)), [[2, 3, 4, 0, 0]])
    assert_array_equal(pad(x, (-1, 2), "reflect"), [[2, 3, 4, 3, 2]])
    assert_array_equal(pad(x, (-1, 2), "circular"), [[2, 3, 4, 2, 3]])  # 1 is gone
    assert_array_equal(pad(x, (1, 0, 0, 1)), [[0, 1, 2, 3, 4], [0, 0, 0, 0, 0]])
    assert np.isnan(pad(x, (1, 0), value=np.nan)[0, 0])


def test_the_slope_of_padding_adds_copies_up_and_forgets_what_was_cut_off():
    x, dy = np.zeros((1, 4)), np.arange(1.0, 6)[None]
    assert_array_equal(pad_backward(dy, x, (-1, 2)), [[0, 1, 2, 3]])
    assert_array_equal(pad_backward(dy, x, (2, -1), "replicate"), [[6, 4, 5, 0]])
    assert_array_equal(pad_backward(dy, x, (2, -1), "reflect"), [[3, 6, 6, 0]])


def test_layers_are_counted_by_hand():
    assert parameter_count(3, 64, (3, 3)) == 64 * 27 + 64
    assert parameter_count(64, 64, (3, 3), groups=64, bias=False) == 64 * 9
    assert parameter_count(512, 10) == 5130
    assert operation_count(64, 64, (3, 3), (16, 56, 56)) == 2 * 16 * 56 * 56 * 64 * 64 * 9
    assert operation_count(512, 10) == 2 * 5120
    assert operation_count(8, 8, (3,), (0, 5)) == 0
    assert receptive_field([]) == 1
    assert receptive_field([3, 3, 3]) == receptive_field([7]) == 7
    assert receptive_field([(3, 1, 1), (3, 1, 2), (3, 1, 4)]) == 15
    assert receptive_field([(7, 2), (3, 2), 3]) == 19


def test_a_receptive_field_is_as_wide_as_the_slope_of_one_output():
    layers = [(3, 2, 1), (2, 1, 3), (4, 3, 2), (1, 2, 1)]
    xs = [np.ones((1, 60))]
    for k, s, d in layers:
        xs.append(conv1d(xs[-1], np.ones((1, 1, k)), None, s, 0, d))
    slope = np.zeros_like(xs.pop())
    slope[0, 0] = 1
    for (k, s, d), x in zip(layers[::-1], xs[::-1], strict=True):
        slope, _, _ = conv1d_backward(slope, x, np.ones((1, 1, k)), None, s, 0, d)
    reached = np.flatnonzero(slope)
    assert reached[-1] - reached[0] + 1 == receptive_field(layers)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d"])
def test_a_batch_worked_on_sample_by_sample_gives_the_same(monkeypatch, name):
    arguments = CASES[name][2]
    arguments = {**arguments, "x": normal(5, *arguments["x"].shape[1:])}
    forward, backward = (getattr(convolution, f"{name}{end}") for end in ("", "_backward"))
    results = []
    for numbers in (2**30, 4000, 1):  # all samples at once, a few, each
        monkeypatch.setattr(_convolution_windows, "CACHE", numbers)
        y = forward(**arguments)
        results.append((y, *backward(dy=y, **arguments)))
    for other in results[1:]:
        for got, wanted in zip(other, results[0], strict=True):
            assert_allclose(got, wanted, atol=1e-10)


# Traps: sums of many numbers, in few digits


def test_many_ones_add_up_in_half_precision():
    ones = np.ones((1, 4096), np.float16)  # 2048 + 1 is 2048 in float16
    assert conv1d(ones, ones[None]).item() == 4096
    assert linear(ones, ones).item() == 4096
    _, dweight, dbias = conv1d_backward(ones, ones, ones[None, :, :1], ones[0, :1])
    assert (dweight.item(), dbias.item()) == (4096, 4096)
    _, dweight, dbias = linear_backward(ones.T, ones.T, ones[:, :1], ones[0, :1])
    assert (dweight.item(), dbias.item()) == (4096, 4096)
    twice = conv_transpose1d(np.ones((4096, 1), np.float16), np.ones((4096, 1, 1), np.float16))
    assert twice.item() == 4096
    assert (
        pad_backward(np.ones((1, 4096), np.float16), ones[:, :1], (0, 4095), "replicate") == 4096
    )
    columns = np.ones((64 * 64, 64 * 64), np.float16)  # all windows have one cell in common
    assert fold(columns, 127, 64)[0, 63, 63] == 4096


def test_small_slopes_count_beside_a_large_one_in_single_precision():
    slopes = np.ones((65, 2, 1), np.float32)
    slopes[0] = 2**24  # and 2**24 + 1 is 2**24 in float32
    ones = np.ones((65, 1, 1), np.float32)
    _, dweight, dbias = conv1d_backward(slopes, ones, ones[:2], ones[:2, 0, 0])
    assert_array_equal(dweight.ravel(), 2**24 + 64)
    assert_array_equal(dbias, 2**24 + 64)
    dy, x = slopes[..., 0], ones[..., 0]
    assert_array_equal(linear_backward(dy, x, x[:2], x[:2, 0])[2], 2**24 + 64)
    assert linear_backward(dy, x, x[:2], x[0, 0])[2] == 2**25 + 128


# The slope of every entry


def normal(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape)


def conv_cases(n):
    x, last = normal(2, 4, *(6, 5, 4)[:n]), (3, 2, 2)[:n]
    yield {"x": x, "weight": normal(3, 4, *last)}
    yield {"x": x[0], "weight": normal(3, 4, *last), "bias": normal(3)}
    yield {
        **{"x": x, "weight": normal(6, 2, *last), "bias": normal(6), "groups": 2},
        **{"stride": (2, 1, 3)[:n], "padding": (1, 2, 0)[:n], "dilation": (2, 1, 2)[:n]},
    }
    yield {"x": x, "weight": normal(4, 1, *last), "groups": 4, "padding": "same", "dilation": 3}
    yield {"x": x, "weight": normal(2, 4, *last), "padding": "valid", "stride": 2}


def conv_transpose_cases(n):
    x, last = normal(2, 4, *(4, 3, 2)[:n]), (3, 2, 2)[:n]
    yield {"x": x, "weight": normal(4, 3, *last)}
    yield {"x": x[0], "weight": normal(4, 3, *last), "bias": normal(3), "stride": 2}
    yield {
        **{"x": x, "weight": normal(4, 3, *last), "bias": normal(6), "groups": 2},
        **{"stride": (2, 1, 3)[:n], "padding": (1, 0, 1)[:n], "dilation": (1, 2, 2)[:n]},
        "output_padding": (1, 1, 2)[:n],
    }
    yield {"x": x, "weight": normal(4, 1, *last), "groups": 4, "padding": 1, "dilation": 3}


IMAGE = normal(2, 3, 6, 5)
CASES = {
    **{f"conv{n}d": list(conv_cases(n)) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": list(conv_transpose_cases(n)) for n in (1, 2, 3)},
    "unfold": [
        {"x": IMAGE, "kernel_size": 2},
        {"x": IMAGE, "kernel_size": 1},
        {"x": IMAGE[0], "kernel_size": (3, 1)},
        {"x": IMAGE, "kernel_size": (2, 3), "dilation": (3, 2), "padding": 2, "stride": (1, 2)},
    ],
    "fold": [
        {"x": normal(2, 12, 20), "output_size": (6, 5), "kernel_size": 2},
        {"x": normal(3, 20), "output_size": (6, 5), "kernel_size": (3, 1)},
        {
            **{"x": normal(2, 12, 21), "output_size": (6, 5), "kernel_size": (2, 3)},
            **{"dilation": (3, 2), "padding": 2, "stride": (1, 2)},
        },
    ],
    "linear": [
        {"x": normal(2, 5, 3), "weight": normal(4, 3), "bias": normal(4)},
        {"x": normal(5, 3), "weight": normal(4, 3)},
        {"x": normal(3), "weight": normal(4, 3), "bias": np.array(0.5)},
        {"x": normal(5, 3), "weight": normal(3)},
        {"x": normal(2, 5, 3), "weight": normal(3), "bias": np.array(0.5)},
    ],
    "pad": [
        {"x": IMAGE, "pad": (1, 2, 3, 0)},
        {"x": IMAGE, "pad": (-1, 2, 0, -2), "value": 3.0},
        {"x": IMAGE, "pad": (0, 0, 0, 0, 1, -1, -1, 1), "mode": "constant"},
        {"x": IMAGE, "pad": ()},
        {"x": IMAGE, "pad": (4, 2, 3, -1), "mode": "reflect"},
        {"x": IMAGE[0], "pad": (9, -2, -3, 7), "mode": "replicate"},
        {"x": IMAGE, "pad": (3, -1, 6, 6), "mode": "circular"},
        {"x": IMAGE[0], "pad": (1, 2), "mode": "circular"},
        {"x": IMAGE, "pad": (1, 1, 2, 2, 0, 1), "mode": "reflect"},
    ],
}
PARAMETERS = [
    pytest.param(name, arguments, id=f"{name}-{i}")
    for name, several in CASES.items()
    for i, arguments in enumerate(several)
]
every_case = pytest.mark.parametrize(("name", "arguments"), PARAMETERS)


def learned(name):
    return LEARNED if name.startswith(("conv", "linear")) else ("x",)


def test_every_operation_has_a_backward_and_a_case():
    forward = {name for name in convolution.__all__ if not name.endswith("_backward")} - COUNTS
    assert forward == set(CASES)
    assert set(convolution.__all__) - forward - COUNTS == {f"{name}_backward" for name in forward}


@every_case
def test_backward_is_the_slope_of_forward(name, arguments):
    check_slope("convolution", name, arguments, learned(name))


@every_case
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left_alone(name, arguments, dtype):
    check_manners("convolution", name, arguments, learned(name), dtype)


def first_batched(several):
    return next(arguments for arguments in several if len(arguments["x"]) == 2)


@pytest.mark.parametrize("name", CASES)
def test_an_empty_batch_stays_empty(name):
    arguments = first_batched(CASES[name])
    arguments = {**arguments, "x": arguments["x"][:0]}
    y = reference("convolution", name)(**arguments)
    assert len(y) == 0
    for argument, slope in zip(
        learned(name), backward_of("convolution", name, arguments)(y), strict=True
    ):
        if slope is not None:
            assert slope.shape == arguments[argument].shape
            assert not slope.any()


@every_case
def test_infinities_and_nan_pass_through_without_a_warning(rng, name, arguments):
    odd = [np.nan, np.inf, -np.inf, 0.0, 1e308, -1e308]
    arguments = {
        key: rng.choice(odd, size=value.shape) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }
    arguments["x"].flat[0] = np.inf
    y = reference("convolution", name)(**arguments)
    dy = rng.choice([np.nan, np.inf, -np.inf], size=y.shape)
    slopes = backward_of("convolution", name, arguments)(dy)
    assert not np.isfinite(y).all()
    assert not np.isfinite(slopes[0]).all()


def test_half_precision_overflows_without_a_warning():
    large = np.full((1, 1, 4), 6e4, np.float16)
    assert np.isinf(conv1d(large, large)).all()
    assert np.isinf(conv_transpose1d(large, large)).all()
    assert np.isinf(linear(large, large[0])).all()
    assert np.isinf(fold(large.repeat(4, 1)[:, :, :2], (2, 3), 2)).any()
    assert np.isinf(pad_backward(large, large[..., :1], (0, 3), "replicate")).all()
    for slopes in (
        conv1d_backward(large[..., :1], large, large, large[0, 0, :1]),
        linear_backward(large[..., 0], large[0], large[0], large[0, 0, :1]),
    ):
        assert any(np.isinf(slope).any() for slope in slopes)


LAYOUTS = {
    "transposed": lambda x: x.swapaxes(-1, -2),
    "channels last": lambda x: np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1),
    "gapped": lambda x: x.repeat(2, -1)[..., ::2],
    "reversed": lambda x: x[..., ::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", CASES)
def test_any_layout_of_memory(name, layout):
    arguments = first_batched(CASES[name])
    shape = arguments["x"].shape
    x = arguments["x"].swapaxes(-1, -2).copy() if layout == "transposed" else arguments["x"]
    if x.ndim < 3:
        pytest.skip("too few axes to lay out")
    view = LAYOUTS[layout](x)
    assert view.shape == shape
    assert not view.flags.c_contiguous
    y = reference("convolution", name)(**{**arguments, "x": view})
    plain = {**arguments, "x": view.copy()}
    assert_allclose(y, reference("convolution", name)(**plain), atol=1e-12)
    dy = np.broadcast_to(normal(*y.shape[1:]), y.shape)
    slopes = backward_of("convolution", name, {**arguments, "x": view})(dy)
    for slope, wanted in zip(
        slopes, backward_of("convolution", name, plain)(dy.copy()), strict=True
    ):
        assert slope is wanted is None or np.allclose(slope, wanted, atol=1e-12)


# What holds for any input

counts = st.integers(1, 3)
sizes = st.integers(1, 6)


def naive(x, weight, stride, padding, dilation, groups):
    """Read the definition aloud: one number of the output at a time."""
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    O, channels, k, l = weight.shape
    rows = range(0, x.shape[2] - dilation * (k - 1), stride)
    columns = range(0, x.shape[3] - dilation * (l - 1), stride)
    y = np.empty((len(x), O, len(rows), len(columns)))
    for o, i, j in np.ndindex(y.shape[1:]):
        first = o // (O // groups) * channels  # of the group of o
        part = x[:, first : first + channels, rows[i] :: dilation, columns[j] :: dilation]
        y[:, o, i, j] = (part[:, :, :k, :l] * weight[o]).sum(axis=(1, 2, 3))
    return y


@given(counts, counts, counts, sizes, sizes, counts, counts, counts, st.integers(0, 2), counts)
def test_the_definition_read_aloud_gives_the_same(N, G, per, H, W, k, l, s, p, d):
    x, weight = normal(N, G * per, H, W), normal(2 * G, per, k, l)
    if H + 2 * p <= d * (k - 1) or W + 2 * p <= d * (l - 1):
        with pytest.raises(ValueError, match="no window fits"):
            conv2d(x, weight, None, s, p, d, G)
        return
    assert_allclose(conv2d(x, weight, None, s, p, d, G), naive(x, weight, s, p, d, G), atol=1e-12)


@given(counts, counts, counts, sizes, counts, counts, st.integers(0, 2), counts)
def test_a_convolution_and_its_transposed_form_one_inner_product(N, O, C, L, k, s, p, d):
    if L + 2 * p <= d * (k - 1):
        return
    x, weight = normal(N, C, L), normal(O, C, k)
    y = conv1d(x, weight, None, s, p, d)
    dy = normal(*y.shape, seed=4)
    more = (L + 2 * p - d * (k - 1) - 1) % s
    back = conv_transpose1d(dy, weight, None, s, p, more, 1, d)
    dx, dweight, dbias = conv1d_backward(dy, x, weight, None, s, p, d)
    assert_allclose((y * dy).sum(), (x * back).sum(), atol=1e-10)
    assert_allclose(dx, back, atol=1e-12)
    assert_allclose((y * dy).sum(), (weight * dweight).sum(), atol=1e-10)
    assert dbias is None


@given(sizes, sizes, counts, counts, st.integers(0, 2))
def test_folding_gives_each_cell_as_often_as_windows_have_it(H, W, k, s, p):
    if min(H, W) + 2 * p < k:
        return
    x = normal(2, H, W)
    often = fold(unfold(np.ones_like(x), k, 1, p, s), (H, W), k, 1, p, s)
    assert_allclose(fold(unfold(x, k, 1, p, s), (H, W), k, 1, p, s), x * often, atol=1e-12)


@given(sizes, st.integers(0, 5), st.integers(0, 5))
def test_numpy_pads_alike(L, before, after):
    x = normal(2, L)
    for mode, name in (("constant", "constant"), ("replicate", "edge"), ("circular", "wrap")):
        if mode != "circular" or max(before, after) <= L:
            wanted = np.pad(x, [(0, 0), (before, after)], name)
            assert_array_equal(pad(x, (before, after), mode), wanted)
    if max(before, after) < L:
        assert_array_equal(
            pad(x, (before, after), "reflect"), np.pad(x, [(0, 0), (before, after)], "reflect")
        )


@given(sizes, st.integers(0, 5), st.integers(0, 5))
def test_a_negative_padding_takes_back_a_positive_one(L, before, after):
    x = normal(2, L)
    assert_array_equal(pad(pad(x, (before, after)), (-before, -after)), x)


@given(st.integers(0, 4))
def test_what_is_shifted_in_comes_out_shifted(shift):
    x, weight = normal(1, 2, 9), normal(3, 2, 3)
    round_ = conv1d(pad(x, (1, 1), "circular"), weight)
    shifted = conv1d(pad(np.roll(x, shift, -1), (1, 1), "circular"), weight)
    assert_allclose(shifted, np.roll(round_, shift, -1), atol=1e-12)


# What is refused

X1, X2 = np.ones((1, 2, 4)), np.ones((1, 2, 4, 4))
W1, W2 = np.ones((2, 2, 3)), np.ones((2, 2, 3, 3))
B = np.ones(2)
REFUSED = {
    "list": (lambda: conv1d([[[1.0]]], W1), TypeError, "x must be a NumPy array, got builtins.l"),
    "list of weights": (lambda: conv1d(X1, [1.0]), TypeError, "weight must be a NumPy array"),
    "integers": (lambda: conv1d(X1.astype(int), W1), TypeError, "x must hold float16.*got int64"),
    "complex": (lambda: conv1d(X1 * 1j, W1), TypeError, "x must hold float16.*got complex128"),
    "two dtypes": (
        lambda: conv1d(X1, W1.astype(np.float32)),
        TypeError,
        "weight must have the dtype of x, float64, got float32",
    ),
    "two dtypes, bias": (
        lambda: conv1d(X1, W1, B.astype(np.float16)),
        TypeError,
        "bias must have the dtype of x, float64, got float16",
    ),
    "axes": (lambda: conv2d(X1[0], W2), ValueError, r"\(N, C, H, W\) or \(C, H, W\), got.*\(2, 4"),
    "axes of weight": (lambda: conv2d(X2, W1), ValueError, r"weight must have 4 axes.*\(2, 2, 3"),
    "no channel": (lambda: conv1d(X1[:, :0], W1), ValueError, "no axis but the batch"),
    "no cell": (lambda: conv1d(X1[..., :0], W1), ValueError, "no axis but the batch"),
    "no kernel": (lambda: conv1d(X1, W1[..., :0]), ValueError, "none empty.*2, 2, 0"),
    "no output": (lambda: conv1d(X1, W1[:0]), ValueError, "none empty.*0, 2, 3"),
    "channels": (lambda: conv1d(X1, W1[:, :1]), ValueError, "C = 2 channels.*groups = 1.*2, 1, 3"),
    "channels of a group": (
        lambda: conv1d(X1, W1, groups=2),
        ValueError,
        "C = 2 channels.*groups = 2",
    ),
    "groups": (
        lambda: conv1d(np.ones((6, 4)), np.ones((4, 2, 3)), groups=3),
        ValueError,
        "groups must divide the first size of weight, 4, got 3",
    ),
    "no groups": (
        lambda: conv1d(X1, W1, groups=0),
        ValueError,
        "groups must be at least 1, got 0",
    ),
    "bias": (lambda: conv1d(X1, W1, np.ones(3)), ValueError, r"bias must.*\(2,\).*got.*\(3,\)"),
    "bias's axes": (lambda: conv1d(X1, W1, np.ones((2, 1))), ValueError, r"got shape \(2, 1\)"),
    "kernel": (
        lambda: conv1d(X1, np.ones((2, 2, 5))),
        ValueError,
        "no window fits: a kernel of 5",
    ),
    "stride": (lambda: conv1d(X1, W1, stride=0), ValueError, "stride must be at least 1, got 0"),
    "strides": (lambda: conv2d(X2, W2, None, (1, 1, 1)), ValueError, "one number or 2"),
    "stride's type": (lambda: conv1d(X1, W1, None, 1.5), TypeError, "whole number, got 1.5"),
    "stride true": (lambda: conv1d(X1, W1, None, True), TypeError, "whole number, got True"),
    "dilation": (lambda: conv1d(X1, W1, dilation=0), ValueError, "dilation must be at least 1"),
    "padding": (lambda: conv1d(X1, W1, padding=-1), ValueError, "padding must be at least 0"),
    "padding's word": (
        lambda: conv1d(X1, W1, padding="full"),
        ValueError,
        'padding must be numbers, "same" or "valid", got \'full\'',
    ),
    "paddings": (lambda: conv2d(X2, W2, padding=()), ValueError, "one number or 2"),
    "same with a stride": (
        lambda: conv1d(X1, W1, None, 2, "same"),
        ValueError,
        'padding="same" needs a stride of 1, got 2',
    ),
    "dy's shape": (
        lambda: conv1d_backward(X1, X1, W1),
        ValueError,
        r"shape of y, \(1, 2, 2\), got \(1, 2, 4\)",
    ),
    "dy's dtype": (
        lambda: conv2d_backward(np.ones((1, 2, 2, 2), np.float32), X2, W2),
        TypeError,
        "dtype of y, float64, got float32",
    ),
    "channels, transposed": (
        lambda: conv_transpose1d(X1, np.ones((3, 2, 3))),
        ValueError,
        r"\(C, O / groups, kernel\) with C = 2.*\(3, 2, 3\)",
    ),
    "bias, transposed": (
        lambda: conv_transpose1d(X1, W1, np.ones(2), groups=2),
        ValueError,
        r"bias must.*\(4,\).*got.*\(2,\)",
    ),
    "padding by word, transposed": (
        lambda: conv_transpose1d(X1, W1, padding="same"),
        TypeError,
        "padding must be a whole number, got 'same'",
    ),
    "output_padding": (
        lambda: conv_transpose1d(X1, W1, stride=2, output_padding=2),
        ValueError,
        r"less than the stride \(2,\) or the dilation \(1,\), got \(2,\)",
    ),
    "negative output_padding": (
        lambda: conv_transpose1d(X1, W1, output_padding=-1),
        ValueError,
        "output_padding must be at least 0, got -1",
    ),
    "all cut off": (
        lambda: conv_transpose1d(X1, W1, padding=3),
        ValueError,
        r"nothing is left: the padding \(3,\) cuts the result down to \(0,\)",
    ),
    "unfold's axes": (lambda: unfold(X1[0], 2), ValueError, r"got shape \(2, 4\)"),
    "unfold's kernel": (lambda: unfold(X2, 5), ValueError, "no window fits"),
    "unfold's kernels": (lambda: unfold(X2, (2,)), ValueError, "one number or 2, got 1"),
    "unfold's padding": (lambda: unfold(X2, 2, padding=-1), ValueError, "padding must be at leas"),
    "unfold's dy": (
        lambda: convolution.unfold_backward(X1, X2, 2),
        ValueError,
        r"\(1, 8, 9\), got",
    ),
    "fold's axes": (lambda: fold(X2, 4, 2), ValueError, r"\(C·k·l, L\).*got shape \(1, 2, 4, 4\)"),
    "fold's rows": (lambda: fold(np.ones((1, 5, 9)), 4, 2), ValueError, "multiple of 2·2 rows"),
    "fold's columns": (lambda: fold(np.ones((4, 8)), 4, 2), ValueError, r"3·3 columns.*\(4, 8\)"),
    "fold's size": (
        lambda: fold(np.ones((4, 9)), (4, 4, 4), 2),
        ValueError,
        "output_size must be",
    ),
    "fold's window": (lambda: fold(np.ones((4, 9)), 1, 2), ValueError, "no window fits"),
    "fold's dy": (
        lambda: convolution.fold_backward(X2, np.ones((4, 9)), 4, 2),
        ValueError,
        r"\(1, 4, 4\), got \(1, 2, 4, 4\)",
    ),
    "linear's sizes": (
        lambda: linear(np.ones((2, 3)), np.ones((4, 2))),
        ValueError,
        r"got shapes \(2, 3\) and \(4, 2\)",
    ),
    "linear's scalar": (lambda: linear(np.float64(1), np.ones((4, 2))), ValueError, "x must have"),
    "linear's weight": (lambda: linear(B, np.ones((1, 4, 2))), ValueError, r"\(1, 4, 2\)"),
    "linear's bias": (
        lambda: linear(B, np.ones((4, 2)), np.ones(3)),
        ValueError,
        r"bias must have the shape \(4,\) or \(\), got shape \(3,\)",
    ),
    "linear's dy": (
        lambda: linear_backward(B, B, np.ones((4, 2))),
        ValueError,
        r"shape of y, \(4,\), got \(2,\)",
    ),
    "odd pad": (lambda: pad(X1, (1, 1, 1)), ValueError, "pair of numbers.*at most 3 axes"),
    "long pad": (lambda: pad(B, (1, 1, 1, 1)), ValueError, "pair of numbers.*at most 1 axes"),
    "one pad": (lambda: pad(B, 1), TypeError, "pad must be a tuple or list.*got 1"),
    "half a cell": (lambda: pad(B, (0.5, 1)), TypeError, "pad must be a whole number, got 0.5"),
    "cut off": (lambda: pad(B, (-1, -2)), ValueError, "cuts off more than there is: -1 and -2"),
    "mode": (lambda: pad(B, (1, 1), "edge"), ValueError, "mode must be one of.*got 'edge'"),
    "mode's type": (lambda: pad(B, (1, 1), None), TypeError, "mode must be one of.*got None"),
    "mode's axes": (lambda: pad(B, (1, 1), "reflect"), ValueError, r"all axes but.*\(2,\)"),
    "mode's pairs": (lambda: pad(X2, (), "reflect"), ValueError, "all axes but one or two"),
    "reflect": (lambda: pad(X1, (4, 0), "reflect"), ValueError, "add 3 cells to these 4 at most"),
    "reflect to nothing": (lambda: pad(X1, (-4, 0), "reflect"), ValueError, "pad leaves nothing"),
    "replicate nothing": (lambda: pad(X1[:, :0], (1, 0), "replicate"), ValueError, "no axis but"),
    "circular": (lambda: pad(X1, (5, 0), "circular"), ValueError, "add 4 cells to these 4 at mos"),
    "circular, cut": (lambda: pad(X1, (4, -1), "circular"), ValueError, "add 3 cells"),
    "value": (lambda: pad(X1, (1, 0), "reflect", 1.0), ValueError, 'mode "constant" alone.*1.0'),
    "value NaN": (lambda: pad(X1, (1, 0), "reflect", math.nan), ValueError, "alone, got nan"),
    "value's type": (lambda: pad(X1, (1, 0), "constant", "0"), TypeError, "number, got '0'"),
    "value's size": (
        lambda: pad(B.astype(np.float16), (1, 0), value=1e6),
        ValueError,
        "value must fit the dtype of x, float16, got 1000000.0",
    ),
    "pad's dy": (lambda: pad_backward(B, B, (1, 0)), ValueError, r"\(3,\), got \(2,\)"),
    "a layer of four": (
        lambda: receptive_field([(3, 1, 1, 1)]),
        ValueError,
        "kernel_size, stride",
    ),
    "a layer of none": (lambda: receptive_field([()]), ValueError, "a layer must be"),
    "a kernel of 0": (lambda: receptive_field([0]), ValueError, "at least 1, got 0"),
    "parameters": (lambda: parameter_count(3, 0), ValueError, "out_channels must be at least 1"),
    "parameters' groups": (lambda: parameter_count(3, 4, (3,), 2), ValueError, "divide the chann"),
    "parameters' kernel": (
        lambda: parameter_count(3, 4, 3),
        TypeError,
        "kernel_size must be a tu",
    ),
    "parameters' bias": (lambda: parameter_count(3, 4, bias=1), TypeError, "bias must be True or"),
    "operations": (lambda: operation_count(3, 4, (3,), 5), TypeError, "places must be a tuple"),
    "places": (
        lambda: operation_count(3, 4, (3,), (-1,)),
        ValueError,
        "places must be at least 0",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_its_reason(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=f"(?s){message}"):
        call()
