"""Pooling in NumPy against torch's own operations, over every option that torch tests itself.

torch's database of operations gives the inputs; its operation gives the values and, by
autograd, the slopes. What the database lacks is swept here. The node tests of the ONNX
standard, whose expected values come with it, are a second opinion.
"""

import inspect
import itertools
import math
import warnings

import numpy as np
import onnx.helper
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from onnx.backend.test.case.node import _NodeTestCases, averagepool, lppool, maxpool  # noqa: F401
from torch.nn import functional

from lib.reference import pooling

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's test tools warn about what they import
    from torch.testing._internal.common_methods_invocations import op_db

DATABASE = {
    (op.name.removeprefix("nn.functional."), op.variant_test_name): op
    for op in op_db
    if op.name.startswith("nn.functional.") and "pool" in op.name
}
EVERY_OPERATION = pytest.mark.parametrize(("name", "variant"), DATABASE)
DTYPES = {"float64": torch.float64, "float32": torch.float32}
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.float16: 2e-3}


def to_numpy(value):
    return value.detach().numpy() if isinstance(value, torch.Tensor) else value


def check_against_torch(name, x, options, rng=None, slope=True):
    """Compare values, winners, slopes, dtypes; and see that x was not written to."""
    draw, torch_draw = (
        ({}, {}) if rng is None else ({"rng": rng.numpy()}, {"_random_samples": rng})
    )
    ours = {key: to_numpy(value) for key, value in options.items()}
    x = x.detach().requires_grad_(slope)
    theirs = getattr(functional, name)(x, **options, **torch_draw)
    kept, tolerance = to_numpy(x).copy(), TOLERANCE[x.dtype]
    y = getattr(pooling, name)(x=to_numpy(x), **ours, **draw)
    if options.get("return_indices"):
        assert_array_equal(y[1], to_numpy(theirs[1]), strict=True)
        y, theirs = y[0], theirs[0]
    assert_allclose(y, to_numpy(theirs), rtol=tolerance, atol=tolerance, strict=True)
    if slope:
        dy = torch.randn(y.shape, dtype=x.dtype)
        (expected,) = torch.autograd.grad(theirs, x, dy)
        ours.pop("return_indices", None)
        dx = getattr(pooling, f"{name}_backward")(dy=to_numpy(dy), x=to_numpy(x), **ours, **draw)
        assert_allclose(dx, to_numpy(expected), rtol=tolerance, atol=tolerance, strict=True)
    assert_array_equal(to_numpy(x), kept)


def by_name(name, sample):
    names = [p for p in inspect.signature(getattr(pooling, name)).parameters if p not in "rng x"]
    return dict(zip(names, sample.args, strict=False)) | sample.kwargs


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_OPERATION
def test_torchs_own_samples(name, variant, dtype):
    torch.manual_seed(0)
    samples = list(DATABASE[name, variant].sample_inputs("cpu", DTYPES[dtype]))
    assert samples
    for sample in samples:
        x, options, rng = sample.input, by_name(name, sample), None
        if name.startswith("fractional"):
            n = int(name[-2])
            options.pop("_random_samples", None)  # torch draws them from [-9, 9)
            batch = len(x) if x.ndim == n + 2 else 1
            rng = torch.rand(batch, x.shape[-n - 1], n, dtype=x.dtype)
        check_against_torch(name, x, options, rng)


@EVERY_OPERATION
def test_what_torch_refuses_is_refused(name, variant):
    operation = DATABASE[name, variant]
    for error in operation.error_inputs("cpu") if operation.error_inputs_func else ():
        sample = error.sample_input
        with pytest.raises((ValueError, TypeError)):
            getattr(pooling, name)(to_numpy(sample.input), **by_name(name, sample))


SHAPES = {1: (2, 3, 9), 2: (2, 2, 7, 8), 3: (1, 2, 5, 6, 4)}
WINDOWS = [
    {"kernel_size": k, "stride": s, "ceil_mode": c}
    for k, s, c in itertools.product((1, 2, 3), (None, 1, 2, 3), (False, True))
]


@pytest.mark.parametrize("norm_type", [1, 2, 3, 2.5, 0.5, -1, math.inf, -math.inf])
@pytest.mark.parametrize("n", SHAPES)
def test_lp_pool(n, norm_type):
    x = torch.rand(SHAPES[n], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x[0, 0] = 0  # whole windows without slope
    if norm_type in (0.5, -1):
        x += 0.1  # where torch's own slope at 0 is infinite or NaN
    for options in WINDOWS:
        check_against_torch(f"lp_pool{n}d", x, {"norm_type": norm_type, **options})
        signed = x - 0.3 if norm_type not in (0.5, -1) else x
        check_against_torch(f"lp_pool{n}d", signed, {"norm_type": norm_type, **options})


@pytest.mark.parametrize("n", SHAPES)
def test_average_over_every_option(n):
    x = torch.randn(SHAPES[n], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    overrides = (None,) if n == 1 else (None, 3, -2)
    for options, padding, include, override in itertools.product(
        WINDOWS, (0, 1), (False, True), overrides
    ):
        if 2 * padding <= options["kernel_size"]:
            more = {"padding": padding, "count_include_pad": include}
            more |= {} if n == 1 else {"divisor_override": override}
            check_against_torch(f"avg_pool{n}d", x, {**options, **more})


SPECIAL = torch.tensor(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 1.0, 2.0], dtype=torch.float64
)


@pytest.mark.parametrize("n", SHAPES)
def test_ties_nan_infinities_and_signed_zeros_choose_the_same_winner(n):
    generator = torch.Generator().manual_seed(0)
    for options, dilation, few in itertools.product(WINDOWS, (1, 2), (False, True)):
        which = torch.randint(1 if few else 0, 5 if few else 8, SHAPES[n], generator=generator)
        fits = dilation * (options["kernel_size"] - 1) < min(SHAPES[n][2:])
        for padding in range(options["kernel_size"] // 2 + 1) if fits else ():
            more = {"dilation": dilation, "padding": padding, "return_indices": True}
            check_against_torch(f"max_pool{n}d", SPECIAL[which], {**options, **more})
    for out in (1, 2, 3, 4, 11):
        options = {"output_size": out, "return_indices": True}
        check_against_torch(f"adaptive_max_pool{n}d", SPECIAL[which], options)


@pytest.mark.parametrize("n", SHAPES)
def test_infinities_and_nan_spread_as_far_as_in_torch(n):
    generator = torch.Generator().manual_seed(0)
    x = SPECIAL[torch.randint(0, 8, SHAPES[n], generator=generator)]
    for options in WINDOWS:
        check_against_torch(f"avg_pool{n}d", x, options)
        check_against_torch(f"lp_pool{n}d", x, {"norm_type": 2, **options}, slope=False)
    check_against_torch(f"adaptive_avg_pool{n}d", x, {"output_size": 3})


@pytest.mark.parametrize("n", SHAPES)
def test_no_window_reads_the_row_or_the_plane_beside_its_own(n):
    x = torch.randn(2, 3, *(6,) * n, generator=torch.Generator().manual_seed(0))
    x[:, 1] = math.nan
    x[:, 2, ..., -1] = math.inf
    for options in WINDOWS:
        more = {"padding": options["kernel_size"] // 2}
        for name in ("avg_pool", "max_pool"):
            check_against_torch(f"{name}{n}d", x, {**options, **more})


@pytest.mark.parametrize("norm_type", [math.inf, -math.inf])
def test_nan_has_no_slope_in_an_extreme_norm(norm_type):
    x = torch.tensor([[[1.0, math.nan, -3.0, 2.0, math.nan, math.nan]]])
    check_against_torch("lp_pool1d", x, {"norm_type": norm_type, "kernel_size": 2})


@pytest.mark.parametrize("n", SHAPES)
def test_adaptive_pooling_of_no_channels(n):
    x = torch.zeros(0, *SHAPES[n][2:])
    check_against_torch(f"adaptive_avg_pool{n}d", x, {"output_size": 2})
    check_against_torch(f"adaptive_max_pool{n}d", x, {"output_size": 2, "return_indices": True})


def layouts(x):
    yield "transposed", x.transpose(-1, -2)
    yield "gapped", x[..., ::2, 1::2]
    yield "channels last", x.to(memory_format=torch.channels_last)
    yield "one image", x[0]
    yield "no image", x[:0]
    yield "broadcast", x[:1].expand(3, -1, -1, -1)


OPTIONS = {
    "max_pool2d": {"kernel_size": 3, "stride": 2, "padding": 1},
    "avg_pool2d": {"kernel_size": 3, "stride": 2, "padding": 1},
    "lp_pool2d": {"norm_type": 2, "kernel_size": 3, "stride": 2},
    "adaptive_avg_pool2d": {"output_size": (3, None)},
    "adaptive_max_pool2d": {"output_size": (3, 2)},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_any_layout_of_memory(name):
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for _, view in layouts(x):
        check_against_torch(name, view, OPTIONS[name])


@pytest.mark.parametrize("name", OPTIONS)
def test_half_precision_is_kept(name):
    x = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)).half()
    check_against_torch(name, x, OPTIONS[name])


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.int8])
def test_the_maximum_of_whole_numbers(dtype):
    x = torch.arange(-40, 32).reshape(2, 1, 6, 6).to(dtype)
    for name, view in (("max_pool2d", x), ("max_pool3d", x[None])):
        options = {"kernel_size": 3, "padding": 1, "stride": 2, "return_indices": True}
        y, index = getattr(pooling, name)(view.numpy(), **options)
        theirs = getattr(functional, name)(view, **options)
        assert_array_equal(y, theirs[0].numpy(), strict=True)
        assert_array_equal(index, theirs[1].numpy())


ONNX_NAMES = {"AveragePool": "avg_pool", "MaxPool": "max_pool", "LpPool": "lp_pool"}


def onnx_cases():
    for case in _NodeTestCases:  # filled by the three imports above, and by those of other tests
        node = case.model.graph.node[0]
        if node.op_type not in ONNX_NAMES:
            continue
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        kernel = given["kernel_shape"]
        n = len(kernel)
        pads, dilations = given.get("pads", [0] * 2 * n), given.get("dilations", [1] * n)
        options = {"kernel_size": kernel, "stride": given.get("strides", [1] * n)}
        options["ceil_mode"] = bool(given.get("ceil_mode", 0))
        if "auto_pad" in given or "storage_order" in given:
            continue  # torch, and so we, have no such option
        if pads[:n] != pads[n:] or any(2 * p > k for p, k in zip(pads, kernel, strict=False)):
            continue
        if node.op_type == "LpPool":
            options["norm_type"] = given["p"]
        else:
            options["padding"] = pads[:n]
        if node.op_type == "AveragePool":
            options["count_include_pad"] = bool(given.get("count_include_pad", 0))
        if node.op_type == "MaxPool":
            options |= {"dilation": dilations, "return_indices": len(node.output) == 2}
        elif set(dilations) != {1} or (node.op_type == "LpPool" and any(pads)):
            continue
        name = f"{ONNX_NAMES[node.op_type]}{n}d"
        yield pytest.param(name, options, case, id=case.name)


@pytest.mark.parametrize(("name", "options", "case"), list(onnx_cases()))
def test_onnx_expects_the_same(name, options, case):
    (x,), expected = case.data_sets[0]
    x = np.abs(x) if name.startswith("lp") else x  # the standard takes |x|
    y = getattr(pooling, name)(x, **options)
    for got, want in zip(y if isinstance(y, tuple) else (y,), expected, strict=True):
        assert_allclose(got, want, rtol=case.rtol, atol=case.atol)
