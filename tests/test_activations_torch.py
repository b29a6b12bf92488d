"""Activations in NumPy against torch's own operations, over every option that torch tests itself.

torch's database of operations gives the inputs; its operation gives the values and, by autograd,
the slopes. What the database lacks is swept here. The node tests of the ONNX standard, whose
expected values come with it, are a second opinion.
"""

import itertools
import math

import numpy as np
import onnx.helper
import pytest
import torch
from numpy.testing import assert_allclose
from onnx.backend.test.case.node import (  # noqa: F401
    _NodeTestCases,
    celu,
    elu,
    gelu,
    hardswish,
    leakyrelu,
    mish,
    relu,
    selu,
    sigmoid,
    softplus,
    softsign,
    swish,
    tanh,
    thresholdedrelu,
)
from operations import DTYPES, by_name, check_torch, database, to_numpy
from torch.nn import functional

from lib.reference import activations

NAMES = {name for name in activations.__all__ if not name.endswith("_backward")} - {"swiglu"}
DATABASE = {name: op for (name, variant), op in database(*NAMES).items() if not variant}
EVERY_OPERATION = pytest.mark.parametrize("name", sorted(DATABASE))


# In float64, too, torch multiplies slopes by a sixth and by 1/alpha that it has rounded to
# float32; in float16 it rounds each step of glu's.
ROUNDED = {
    ("hardsigmoid", torch.float64): 1e-7,
    ("celu", torch.float64): 1e-6,
    ("glu", torch.float16): 1e-2,
}


def check(name, x, **options):
    """Compare values and slopes with torch's; torch has no SwiGLU, but what it is made of."""
    learned = ("x", "weight") if name == "prelu" else ("x",)
    tensors = {"x": x, **options}
    for key in {"x", "weight"} & tensors.keys():
        tensors[key] = tensors[key].detach().requires_grad_()

    def theirs():
        first, *rest = tensors.values()
        if name == "swiglu":
            a, b = first.chunk(2, *(rest or [-1]))
            return functional.silu(a) * b
        named = dict(zip(list(tensors)[1:], rest, strict=True))
        return getattr(functional, name)(first, **named)

    tolerance = ROUNDED.get((name, x.dtype))
    check_torch("activations", name, tensors, theirs, learned, tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_OPERATION
def test_torchs_own_samples(name, dtype):
    samples = list(DATABASE[name].sample_inputs("cpu", DTYPES[dtype]))
    assert samples
    for sample in samples:
        arguments = by_name(getattr(activations, name), sample)
        check(name, **arguments)


@EVERY_OPERATION
def test_what_torch_refuses_is_refused(name):
    operation = DATABASE[name]
    for error in operation.error_inputs("cpu") if operation.error_inputs_func else ():
        arguments = by_name(getattr(activations, name), error.sample_input)
        with pytest.raises((ValueError, TypeError)):
            getattr(activations, name)(**{k: to_numpy(v) for k, v in arguments.items()})


NUMBERS = (-1.5, -1, 0, 0.3, 2)
OPTIONS = {
    **{name: [{}] for name in NAMES},
    "hardtanh": [{"min_val": a, "max_val": b} for a, b in itertools.combinations(NUMBERS, 2)],
    "threshold": [{"threshold": a, "value": b} for a, b in itertools.product(NUMBERS, NUMBERS)],
    "leaky_relu": [{}, *({"negative_slope": a} for a in NUMBERS)],
    "prelu": [{"weight": torch.tensor(w).double()} for w in (0.3, [-1.5], [0.1, 0, -1, 2])],
    "elu": [{}, *({"alpha": a} for a in NUMBERS)],
    "celu": [{}, *({"alpha": a} for a in NUMBERS if a)],
    "softplus": [{}, *({"beta": b, "threshold": t} for b in NUMBERS if b for t in (-1, 0, 2, 20))],
    "gelu": [{}, {"approximate": "none"}, {"approximate": "tanh"}],
    "glu": [{"dim": d} for d in range(-3, 3)],
    "swiglu": [{"dim": d} for d in range(-3, 3)],
}
KINKS = [0.0, -0.0, 1, -1, 3, -3, 6, -6, 1.5, 2, -1.5, 0.3, 20, 21, -21, 1e-30, -1e-30, 90, -90]
ENDS = [math.nan, math.inf, -math.inf]


def numbers(special, dtype=torch.float64):
    """A (6, 4, 10) tensor of deviates, of which half are special."""
    x = 4 * torch.randn(240, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x[::2] = torch.tensor(special, dtype=torch.float64).repeat(120)[:120]
    return x.to(dtype).reshape(6, 4, 10)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_every_option_kinks_included(name, dtype):
    for options in OPTIONS[name]:
        options = {k: v.to(dtype) if k == "weight" else v for k, v in options.items()}
        check(name, numbers(KINKS, dtype), **options)


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"swiglu"}))
def test_infinities_and_nan_go_as_far_as_in_torch(name):
    for options in OPTIONS[name]:
        check(name, numbers(ENDS), **options)


def layouts(x):
    yield x.transpose(0, 2)
    yield x[::2, :, 1::2]
    yield x[:1].expand(4, -1, -1)
    yield x.flip(0, 1)
    yield x[:0]
    yield x[:, :0]


@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"prelu"}))
def test_any_layout_of_memory(name):
    for x in layouts(numbers(KINKS)):
        if "glu" not in name or name == "gelu" or x.shape[-1] % 2 == 0:
            check(name, x, **OPTIONS[name][-1] if "glu" not in name else {})


@pytest.mark.parametrize(
    "shape", [(), (1,), (4,), (3, 1), (3, 4), (0, 4), (3, 4, 0), (2, 4, 3, 5)]
)
def test_one_slope_for_all_or_for_each_channel(shape):
    x = torch.randn(shape, dtype=torch.float64)
    check("prelu", x, weight=torch.tensor([0.3]).double())
    check("prelu", x, weight=torch.tensor(-2.0).double())
    if len(shape) > 1:
        check("prelu", x, weight=torch.randn(shape[1]).double())


# The options of each operator of the standard; what torch, and so we, cannot do is left out.
ONNX = {
    "Celu": lambda a: ("celu", {"alpha": a["alpha"]}),
    "Elu": lambda a: ("elu", {"alpha": a.get("alpha", 1.0)}),
    "Gelu": lambda a: ("gelu", {"approximate": a.get("approximate", b"none").decode()}),
    "HardSwish": lambda a: ("hardswish", {}),
    "LeakyRelu": lambda a: ("leaky_relu", {"negative_slope": a.get("alpha", 0.01)}),
    "Mish": lambda a: ("mish", {}),
    "Relu": lambda a: ("relu", {}),
    "Selu": lambda a: ("selu", {}) if not a else None,
    "Sigmoid": lambda a: ("sigmoid", {}),
    "Softplus": lambda a: ("softplus", {}),
    "Softsign": lambda a: ("softsign", {}),
    "Swish": lambda a: ("silu", {}) if a["alpha"] == 1 else None,
    "Tanh": lambda a: ("tanh", {}),
    "ThresholdedRelu": lambda a: ("threshold", {"threshold": a.get("alpha", 1.0), "value": 0}),
}


def onnx_cases():
    for case in _NodeTestCases:  # filled by the imports above
        node = case.model.graph.node[0]
        given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        ours = ONNX[node.op_type](given) if node.op_type in ONNX else None
        if ours and "expanded" not in case.name and "bfloat16" not in case.name:
            yield pytest.param(*ours, case, id=case.name)


@pytest.mark.parametrize(("name", "options", "case"), list(onnx_cases()))
def test_onnx_expects_the_same(name, options, case):
    (x,), (expected,) = case.data_sets[0]
    y = getattr(activations, name)(np.asarray(x), **options)
    assert_allclose(y, expected, rtol=case.rtol, atol=case.atol)
