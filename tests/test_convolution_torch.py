"""Convolution in NumPy against torch's own operations, over every option that torch tests itself.

torch's database of operations gives the inputs; its operation gives the values and, by autograd,
the slopes. What the database lacks is swept here. The node tests of the ONNX standard, whose
expected values come with it, are a second opinion; torch's counter of operations is one on the
counts.
"""

import itertools
import math
from functools import partial

import numpy as np
import onnx.helper
import pytest
import torch
from numpy.testing import assert_allclose
from onnx.backend.test.case.node import _NodeTestCases, col2im, conv, convtranspose, pad  # noqa: F401
from operations import DTYPES, by_name, check_torch, database, reference, to_numpy
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from lib.reference.convolution import operation_count, parameter_count

CONVOLUTIONS = [f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)]
DATABASE = database(*CONVOLUTIONS, "linear", "pad", "unfold")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
every_operation = pytest.mark.parametrize(("name", "variant"), DATABASE)


def learned(name):
    return ("x", "weight", "bias") if name.startswith(("conv", "linear")) else ("x",)


def check(name, x, tolerance=None, slope=True, **options):
    """Compare with torch.nn.functional's operation of that name."""
    tensors = {"x": x, **options}
    tensors = {
        key: value.detach().requires_grad_(slope) if isinstance(value, torch.Tensor) else value
        for key, value in tensors.items()
    }
    x, *others = tensors.values()
    theirs = partial(getattr(functional, name), x, **dict(zip(options, others, strict=True)))
    check_torch("convolution", name, tensors, theirs, learned(name), tolerance)


def normal(*shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@every_operation
@pytest.mark.parametrize("dtype", DTYPES)
def test_torchs_own_samples(name, variant, dtype):
    torch.manual_seed(0)
    samples = list(DATABASE[name, variant].sample_inputs("cpu", DTYPES[dtype]))
    assert samples
    for sample in samples:
        check(name, **by_name(reference("convolution", name), sample))


@every_operation
def test_what_torch_refuses_is_refused(name, variant):
    operation = DATABASE[name, variant]
    for error in operation.error_inputs("cpu") if operation.error_inputs_func else ():
        ours = reference("convolution", name)
        arguments = by_name(ours, error.sample_input)
        with pytest.raises((ValueError, TypeError)):
            ours(**{key: to_numpy(value) for key, value in arguments.items()})


SIZES = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}


@pytest.mark.parametrize("n", SIZES)
def test_convolutions_over_every_option(n):
    for k, s, p, d, groups, with_bias in itertools.product(
        (1, 2, 3), (1, 2, 3), (0, 1, 3, "same", "valid"), (1, 2), (1, 2, 4), (False, True)
    ):
        fits = (SIZES[n][-1] if p in ("same", "valid") else min(SIZES[n]) + 2 * p) > d * (k - 1)
        if (p == "same" and s > 1) or not fits or (n == 3 and (s == 3 or p == 3)):
            continue
        weight = normal(4, 4 // groups, *(k, 2, 1)[:n])
        bias = normal(4) if with_bias else None
        x = normal(2, 4, *SIZES[n])[0 if with_bias and s == 2 else slice(None)]
        more = {"stride": s, "padding": p, "dilation": d, "groups": groups}
        check(f"conv{n}d", x=x, weight=weight, bias=bias, **more)


@pytest.mark.parametrize("n", SIZES)
def test_transposed_convolutions_over_every_option(n):
    for k, s, p, more, d, groups in itertools.product(
        (1, 2, 3), (1, 2, 3), (0, 1), (0, 1, 2), (1, 2), (1, 2, 4)
    ):
        if more >= max(s, d) or (n == 3 and groups == 4):
            continue
        weight = normal(4, 3, *(k, 2, 3)[:n])
        bias = normal(3 * groups) if s > 1 else None
        x = normal(2, 4, *(4, 3, 2)[:n])[0 if s == 2 else slice(None)]
        options = {"stride": s, "padding": p, "output_padding": more, "groups": groups}
        check(f"conv_transpose{n}d", x=x, weight=weight, bias=bias, dilation=d, **options)


def test_fold_over_every_option():
    for k, d, p, s in itertools.product((1, 2, (3, 2)), (1, (2, 1)), (0, (1, 2)), (1, 2, (1, 3))):
        options = {"kernel_size": k, "dilation": d, "padding": p, "stride": s}
        image = normal(2, 3, 6, 7)
        columns = functional.unfold(image, **options)
        check("unfold", x=image, **options)
        check("fold", x=columns, output_size=(6, 7), **options)
        check("fold", x=columns[0], output_size=(6, 7), **options)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_padding_by_any_number_that_torch_takes(mode):
    sides = range(-6, 6)
    x = normal(1, 2, 4)
    for pads in itertools.product(sides, sides):
        left = 4 + sum(min(cells, 0) for cells in pads)
        try:
            functional.pad(x, pads, mode)
            refused = mode == "circular" and max(pads) > left  # torch reads what it never wrote
        except RuntimeError:
            refused = True
        if refused:
            with pytest.raises(ValueError, match=r"pad|mode|nothing"):
                reference("convolution", "pad")(x.numpy(), pads, mode)
        else:
            check("pad", x=x, pad=pads, mode=mode)
    check("pad", x=normal(2, 3, 4, 5), pad=(1, 2, 2, -1), mode=mode)
    check("pad", x=normal(3, 4, 4, 5), pad=[1, 0, -1, 2, 3, 1], mode=mode)


@pytest.mark.parametrize("value", [None, 0, 0.0, 2, -1.5, math.inf, -math.inf, math.nan])
def test_the_value_of_new_cells(value):
    for dtype in (torch.float16, torch.float32, torch.float64):
        check("pad", x=normal(2, 3, dtype=dtype), pad=(1, -1, 0, 2), value=value)
    if value == 0:
        check("pad", x=normal(2, 3), pad=(1, 1), mode="reflect", value=value)


def test_linear_layers_without_an_axis():
    for x in (normal(3), normal(5, 3), normal(2, 0, 3), normal(2, 5, 3)):
        check("linear", x=x, weight=normal(3))
        check("linear", x=x, weight=normal(4, 3), bias=normal())
        check("linear", x=x, weight=normal(0, 3), bias=normal(0))
        check("linear", x=x[..., :0], weight=normal(4, 0), bias=normal(4))
    check("linear", x=normal(3), weight=normal(3), bias=normal())
    check("linear", x=normal(2, 5, 3), weight=normal(3), bias=normal())


HALF = {
    "conv2d": {"x": (2, 4, 6, 6), "weight": (4, 2, 3, 3), "bias": (4,), "groups": 2, "stride": 2},
    "conv_transpose2d": {"x": (2, 4, 4, 4), "weight": (4, 2, 3, 3), "bias": (2,), "stride": 2},
    "linear": {"x": (8, 6), "weight": (5, 6), "bias": (5,)},
    "unfold": {"x": (2, 4, 6, 6), "kernel_size": 3},
    "fold": {"x": (2, 12, 9), "output_size": 4, "kernel_size": 2},
    "pad": {"x": (2, 4, 6), "pad": (5, 2), "mode": "reflect"},
}


@pytest.mark.parametrize("name", HALF)
def test_half_precision_is_kept(name):
    learned_ones = ("x", "weight", "bias")
    options = {
        key: normal(*value, dtype=torch.float16) / 2 if key in learned_ones else value
        for key, value in HALF[name].items()
    }
    check(name, tolerance=4e-3, **options)


@pytest.mark.parametrize("name", HALF)
def test_an_empty_batch_has_slopes_of_zero(name):
    options = {
        key: normal(*value) if key in ("x", "weight", "bias") else value
        for key, value in HALF[name].items()
    }
    options["x"] = options["x"][:0]
    check(name, **options)


SPECIAL = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 2.0], dtype=torch.float64)


@pytest.mark.parametrize("name", HALF)
def test_infinities_and_nan_spread_as_far_as_in_torch(name):
    rng = torch.Generator().manual_seed(0)
    options = {
        key: normal(*value) if key in ("x", "weight", "bias") else value
        for key, value in HALF[name].items()
    }
    x = SPECIAL[torch.randint(3, 7, options["x"].shape, generator=rng)]
    x.view(-1)[::5] = SPECIAL[torch.randint(0, 3, x.view(-1)[::5].shape, generator=rng)]
    check(name, **{**options, "x": x}, slope=not name.startswith(("conv", "linear")))


# A second opinion

ONNX_PAD = {"constant": "constant", "edge": "replicate", "reflect": "reflect", "wrap": "circular"}


def both(pads, n):
    """The padding of each axis, if it is the same on both sides; None if it is not."""
    return tuple(pads[:n]) if pads[:n] == pads[n:] else None


def onnx_convolution(kind, given, arrays):
    x, weight = arrays
    n = x.ndim - 2
    padding = both(given.get("pads", [0] * 2 * n), n)
    if "auto_pad" in given or "output_shape" in given or padding is None:
        return None  # torch, and so we, have no such option
    options = {"x": x, "weight": weight, "padding": padding, "groups": given.get("group", 1)}
    options["stride"] = tuple(given.get("strides", [1] * n))
    options["dilation"] = tuple(given.get("dilations", [1] * n))
    if kind == "conv_transpose":
        options["output_padding"] = tuple(given.get("output_padding", [0] * n))
    return f"{kind}{n}d", options


def onnx_fold(given, arrays):
    columns, sizes, kernel = arrays
    if len(kernel) != 2:
        return None  # torch folds images alone
    options = {"x": columns, "output_size": tuple(sizes), "kernel_size": tuple(kernel)}
    options["dilation"] = tuple(given.get("dilations", [1, 1]))
    options["stride"] = tuple(given.get("strides", [1, 1]))
    return "fold", {**options, "padding": both(given.get("pads", [0] * 4), 2)}


def onnx_pad(given, arrays):
    x, pads, *others = arrays
    axes = others[1] if len(others) > 1 else np.arange(x.ndim)
    before, after = np.zeros((2, x.ndim), int)
    before[axes], after[axes] = np.split(pads, 2)
    pairs = [int(cells) for pair in zip(before, after, strict=True) for cells in pair[::-1]][::-1]
    mode = ONNX_PAD[given["mode"].decode()]
    if mode != "constant":  # of an image's channels none are made up, as the tests have it
        assert not any(pairs[4:])
        pairs = pairs[:4]
    value = others[0].item() if others else None
    return "pad", {"x": x.astype(np.float32), "pad": pairs, "mode": mode, "value": value}


def onnx_cases():
    readers = {
        "Conv": partial(onnx_convolution, "conv"),
        "ConvTranspose": partial(onnx_convolution, "conv_transpose"),
        "Col2Im": onnx_fold,
        "Pad": onnx_pad,
    }
    for case in _NodeTestCases:  # filled by the imports above
        node = case.model.graph.node[0]
        if node.op_type in readers:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            arrays, (expected,) = case.data_sets[0]
            read = readers[node.op_type](given, arrays)
            if read is not None:
                yield pytest.param(*read, expected, id=case.name)


@pytest.mark.parametrize(("name", "options", "expected"), list(onnx_cases()))
def test_onnx_expects_the_same(name, options, expected):
    assert_allclose(reference("convolution", name)(**options), expected, rtol=1e-5, atol=1e-6)


# Counts


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("n", SIZES)
def test_parameters_and_operations_are_counted_as_torch_counts_them(n, transposed):
    kind = getattr(torch.nn, f"Conv{'Transpose' if transposed else ''}{n}d")
    kernel = (3, 2, 1)[:n]
    for groups, bias, stride in itertools.product((1, 2, 4), (False, True), (1, 2)):
        layer = kind(4, 8, kernel, stride, 1, groups=groups, bias=bias)
        numbers = sum(parameter.numel() for parameter in layer.parameters())
        assert parameter_count(4, 8, kernel, groups, bias) == numbers
        x = torch.zeros(2, 4, *SIZES[n])
        with FlopCounterMode(display=False) as counter:
            y = layer(x)
        places = (2, *(x if transposed else y).shape[2:])
        assert operation_count(4, 8, kernel, places, groups) == counter.get_total_flops()


def test_linear_layers_are_counted_as_torch_counts_them():
    layer = torch.nn.Linear(7, 5)
    assert parameter_count(7, 5) == sum(parameter.numel() for parameter in layer.parameters())
    with FlopCounterMode(display=False) as counter:
        layer(torch.zeros(3, 7))
    assert operation_count(7, 5, places=(3,)) == counter.get_total_flops()
