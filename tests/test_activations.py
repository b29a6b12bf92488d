"""Activations: by hand, their slopes, the twin, what must hold for any input, what is refused."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from operations import (
    as_tuple,
    check_manners,
    check_narrow,
    check_no_builtin,
    check_slope,
    check_twin,
    on_each_device,
)

from lib.accelerated import activations as accelerated
from lib.reference import activations
from lib.reference._activations_smooth import ALPHA, SCALE

FEW = np.array([-2.0, -0.5, 0, 1, 8])


def to_twin(name, x, *options):
    return getattr(accelerated, name)(torch.tensor(x), *options).numpy()


# By hand


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("relu", {}, [0, 0, 0, 1, 8]),
        ("relu6", {}, [0, 0, 0, 1, 6]),
        ("threshold", {"threshold": -0.5, "value": 3}, [3, 3, 0, 1, 8]),
        ("leaky_relu", {"negative_slope": 0.1}, [-0.2, -0.05, 0, 1, 8]),
        ("prelu", {"weight": np.array(0.5)}, [-1, -0.25, 0, 1, 8]),
        ("hardtanh", {}, [-1, -0.5, 0, 1, 1]),
        ("hardsigmoid", {}, [1 / 6, 2.5 / 6, 1 / 2, 4 / 6, 1]),
        ("hardswish", {}, [-1 / 3, -1.25 / 6, 0, 2 / 3, 8]),
        ("softsign", {}, [-2 / 3, -1 / 3, 0, 1 / 2, 8 / 9]),
        ("elu", {"alpha": 2}, [2 / math.e**2 - 2, 2 / math.e**0.5 - 2, 0, 1, 8]),
        ("celu", {"alpha": 0.5}, [0.5 / math.e**4 - 0.5, 0.5 / math.e - 0.5, 0, 1, 8]),
        ("sigmoid", {}, [1 / (1 + math.e**2), 1 / (1 + math.e**0.5), 1 / 2, *[
            math.e**x / (1 + math.e**x) for x in (1, 8)]]),
        ("tanh", {}, [math.tanh(x) for x in FEW]),
        ("gelu", {}, [x * (1 + math.erf(x / math.sqrt(2))) / 2 for x in FEW]),
        ("mish", {}, [x * math.tanh(math.log(1 + math.exp(x))) for x in FEW]),
        ("logsigmoid", {}, [-math.log1p(math.exp(-x)) for x in FEW]),
        ("softplus", {"beta": 3}, [math.log(1 + math.exp(3 * x)) / 3 for x in FEW[:4]] + [8]),
    ],
)  # fmt: skip
def test_worked_numbers(name, options, expected):
    assert_allclose(getattr(activations, name)(FEW, **options), expected, rtol=1e-14, atol=1e-16)


def test_gates_halve_the_axis_and_differ_in_which_half_bends():
    x = np.array([[2.0, 0], [0, 3], [1, 0], [4, 5]])
    p = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-4)), 1 / 2, 1 / (1 + math.exp(-5))
    assert_allclose(activations.glu(x, 0), [[2 * p[0], 0], [0, 3 * p[3]]])
    assert_allclose(
        activations.swiglu(x.T), [[2 / (1 + math.exp(-2)), 0], [0, 15 / (1 + math.exp(-3))]]
    )


def test_gelu_is_the_erf_form_unless_told_otherwise():
    x = np.array([2.0])
    assert_allclose(activations.gelu(x), 1 + math.erf(math.sqrt(2)), rtol=1e-15)
    apart = activations.gelu(x, approximate="tanh") - activations.gelu(x)
    assert 9e-5 < apart.item() < 5e-4
    assert_allclose(activations.gelu(x, "none"), activations.gelu(x))


def test_gelu_keeps_its_digits_far_on_the_left():
    for x in (-1.0, -6.0, -12.0, -30.0):  # 1 + erf would have none left
        expected = x * math.erfc(-x / math.sqrt(2)) / 2
        assert_allclose(activations.gelu(np.array(x)), expected, rtol=1e-12)
        assert_allclose(to_twin("gelu", np.array(x)), expected, rtol=1e-12)


def test_softplus_is_linear_above_its_threshold():
    x = np.array([20.0, math.nextafter(20.0, 21.0), 30.0], np.float64)
    y = activations.softplus(x)
    assert y[0] > 20 == x[0]  # e^−20 is still counted
    assert_array_equal(y[1:], x[1:])
    assert_array_equal(activations.softplus(x / 4, beta=4)[1:], x[1:] / 4)
    assert activations.softplus(np.array(3.0), threshold=2).item() == 3
    slope = activations.softplus_backward(np.ones(3), x)
    assert slope[0] < 1
    assert_array_equal(slope[1:], [1, 1])


def test_a_late_threshold_does_not_overflow():
    for f in (activations.softplus, lambda *a: to_twin("softplus", *a)):
        assert f(np.array(900.0), 1.0, 1e9).item() == 900
    assert activations.softplus_backward(np.ones(()), np.array(900.0), 1.0, 1e9).item() == 1


def test_logsigmoid_does_not_take_the_logarithm_of_zero():
    assert_allclose(activations.logsigmoid(np.array([-1e4, 40.0])), [-1e4, -math.exp(-40)])


def test_selus_constants_keep_mean_and_variance():
    x = np.random.default_rng(0).standard_normal(1_000_000)
    y = activations.selu(x)
    assert abs(y.mean()) < 4e-3  # four standard errors
    assert abs(y.var() - 1) < 8e-3
    tail, half = math.erfc(1 / math.sqrt(2)) / 2, math.exp(0.5)  # P(z > 1), e^½
    # E[selu(z)] = scale · (1/√2π + alpha · (e^½ · P(z > 1) − ½)) = 0 for z of mean 0, variance 1
    mean = SCALE * (1 / math.sqrt(2 * math.pi) + ALPHA * (half * tail - 0.5))
    assert abs(mean) < 1e-15


def test_prelus_weight_gathers_what_was_not_let_through():
    x = np.array([[[-1.0, 2]], [[-3, -4]]])
    dy = np.array([[[10.0, 10]], [[1, 100]]])
    dx, dweight = activations.prelu_backward(dy, x, np.array([0.5]))
    assert_array_equal(dx, [[[5, 10]], [[0.5, 50]]])
    assert_array_equal(dweight, [-10 - 3 - 400])


def test_prelus_weight_adds_up_many_small_numbers():
    x = np.full((2**19, 3), -0.1, np.float32)  # a running sum in float32 loses a thousandth
    _, dweight = activations.prelu_backward(np.ones_like(x), x, np.zeros(3, np.float32))
    assert_allclose(dweight, -0.1 * 2**19, rtol=1e-6)


# The slope of every entry, good manners, and the twin

GRID = (np.random.default_rng(0).permutation(144).reshape(2, 6, 3, 4) - 71.5) / 8  # −9 to 9
ALONE = [{}]
CASES = {
    "sigmoid": ALONE,
    "logsigmoid": ALONE,
    "hardsigmoid": ALONE,
    "tanh": ALONE,
    "hardtanh": [{}, {"min_val": -2, "max_val": 0.3}, {"min_val": 1.0, "max_val": 1.0}],
    "relu": ALONE,
    "relu6": ALONE,
    "leaky_relu": [{}, {"negative_slope": -0.5}, {"negative_slope": 0}],
    "prelu": [{"weight": w} for w in (np.linspace(-1, 2, 6), np.array([0.2]), np.array(3.0))],
    "elu": [{}, {"alpha": -1.3}, {"alpha": 0}],
    "selu": ALONE,
    "celu": [{}, {"alpha": 2.5}, {"alpha": -1.3}],
    "softplus": [{}, {"beta": 3, "threshold": 2}, {"beta": -0.7, "threshold": 1e9}],
    "softsign": ALONE,
    "gelu": [{}, {"approximate": "tanh"}],
    "silu": ALONE,
    "mish": ALONE,
    "hardswish": ALONE,
    "glu": [{"dim": d} for d in (-1, 0, 1)],
    "swiglu": [{"dim": d} for d in (-1, 0, -3)],
    "threshold": [{"threshold": 0.1, "value": -7}],
}  # fmt: skip
EVERY_CASE = pytest.mark.parametrize(
    ("name", "options"),
    [pytest.param(n, o, id=f"{n}-{i}") for n in CASES for i, o in enumerate(CASES[n])],
)


def learned(name):
    return ("x", "weight") if name == "prelu" else ("x",)


def test_every_public_operation_has_a_backward_and_a_case():
    assert set(accelerated.__all__) == set(CASES)
    assert set(activations.__all__) == set(CASES) | {f"{name}_backward" for name in CASES}


@EVERY_CASE
def test_backward_is_the_slope_of_forward(name, options):
    check_slope("activations", name, {"x": GRID, **options}, learned(name))


@EVERY_CASE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("x", [GRID, GRID[:0]], ids=["full", "empty"])
def test_dtype_is_kept_and_arguments_are_left_alone(name, options, dtype, x):
    if options.get("dim") == 0:
        x = x.swapaxes(0, 1)
    check_manners("activations", name, {"x": x, **options}, learned(name), dtype)


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.swapaxes(0, 3),
    "gapped": lambda x: x[:, :, :, ::2],
    "broadcast": lambda x: np.broadcast_to(x[:, :, :1], (2, 6, 4, 4)),
    "large": lambda x: np.tile(x, (2, 1, 30, 10)),  # more than is worked on at once
}


@on_each_device
@EVERY_CASE
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_twin_agrees(name, options, layout, device):
    x = LAYOUTS[layout](GRID)
    if name == "prelu" and options["weight"].size > 1:
        options = {"weight": np.resize(options["weight"], x.shape[1])}
    check_twin("activations", name, {"x": x, **options}, learned(name), device)


KINKS = np.array([0.0, -0.0, 1, -1, 3, -3, 6, -6, 1e-30, -1e-30, 800, -800, 1e300, -1e300, np.inf,
                  -np.inf, np.nan, 20, 1 / 3, -7e-9])  # fmt: skip


@EVERY_CASE
def test_the_twin_agrees_at_kinks_and_at_the_ends(name, options):
    if "weight" in options:
        options = {"weight": np.array(0.25)}
    x = KINKS
    if "dim" in options:  # the kinks go through the bend, the other half stays finite
        halves = [x, np.linspace(-2, 2, x.size)]
        x, options = np.concatenate(halves if name == "swiglu" else halves[::-1]), {}
    check_twin("activations", name, {"x": x, **options}, learned(name))


@on_each_device
@EVERY_CASE
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_twin_keeps_narrow_dtypes(name, options, dtype, device):
    check_narrow("activations", name, {"x": GRID, **options}, learned(name), dtype, device)


@EVERY_CASE
def test_the_twins_slopes_have_slopes(name, options):
    x = torch.tensor(GRID[:, :2, :1, :2], requires_grad=True)
    if "weight" in options:
        options = {"weight": torch.tensor(options["weight"].reshape(-1)[:2])}
    assert torch.autograd.gradgradcheck(lambda x: getattr(accelerated, name)(x, **options), x)


@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'>")  # the tracer's
@pytest.mark.parametrize("name", CASES)
def test_the_twin_can_be_traced(name):
    options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v
               for k, v in CASES[name][-1].items()}  # fmt: skip

    def f(x):
        return getattr(accelerated, name)(x, **options)

    torch._dynamo.reset()
    x = torch.tensor(GRID, requires_grad=True)
    y, traced = f(x), torch.compile(f, backend="aot_eager", fullgraph=True)(x)
    torch.testing.assert_close(traced, y)
    slopes = (torch.autograd.grad(v.square().sum(), x)[0] for v in (y, traced))
    torch.testing.assert_close(*slopes)


@EVERY_CASE
def test_memory_may_run_backwards(name, options):
    for x in (GRID[::-1, ::-1, ::-1], np.asfortranarray(GRID)):
        y, again = (getattr(activations, name)(v, **options) for v in (x, x.copy("C")))
        assert_array_equal(y, again)
        dy = np.arange(1.0, 1 + y.size)[::-1].reshape(y.shape)
        backward = getattr(activations, f"{name}_backward")
        for got, wanted in zip(
            *(as_tuple(backward(dy, v, **options)) for v in (x, x.copy("C"))), strict=True
        ):
            assert_allclose(got, wanted, rtol=1e-13)


@EVERY_CASE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_overflows_does_so_in_silence(name, options, dtype):
    if "weight" in options:
        options = {"weight": options["weight"].astype(dtype)}
    top = np.finfo(dtype).max
    x = np.resize(np.array([np.inf, -np.inf, np.nan, top, -top, 0, -1], dtype), (2, 6, 4))
    y = getattr(activations, name)(x, **options)
    dy = np.resize(np.array([top, -np.inf, np.nan, -top, np.inf], dtype), y.shape)
    slopes = as_tuple(getattr(activations, f"{name}_backward")(dy, x, **options))
    assert not any(np.isfinite(slope).all() for slope in slopes if slope.any())


def test_zero_keeps_its_sign_where_the_function_is_odd_or_nearly_so():
    zeros = np.array([0.0, -0.0])
    for name in ("tanh", "softsign", "elu", "selu", "celu", "leaky_relu", "silu", "gelu", "mish",
                 "hardswish", "hardtanh"):  # fmt: skip
        for y in (getattr(activations, name)(zeros), to_twin(name, zeros)):
            assert_array_equal(np.signbit(y), [False, True], err_msg=name)


# What holds for any input

numbers = st.floats(-700, 700)


@given(numbers)
def test_mirrored_forms(x):
    x = np.array(x)
    assert_allclose(activations.sigmoid(x) + activations.sigmoid(-x), 1, rtol=1e-15)
    assert_allclose(activations.tanh(-x), -activations.tanh(x))
    assert_allclose(activations.silu(x) - activations.silu(-x), x, rtol=1e-14)
    assert_allclose(activations.gelu(x) - activations.gelu(-x), x, rtol=1e-14)
    assert_allclose(
        activations.softplus(x, threshold=np.inf) - activations.softplus(-x), x, atol=1e-8
    )
    assert_allclose(activations.relu(x) - activations.relu(-x), x)


@given(numbers, numbers)
def test_what_never_falls(a, b):
    low, high = np.array(min(a, b)), np.array(max(a, b))
    for name in ("sigmoid", "logsigmoid", "hardsigmoid", "tanh", "hardtanh", "relu", "relu6",
                 "leaky_relu", "elu", "selu", "celu", "softplus", "softsign"):  # fmt: skip
        f = getattr(activations, name)
        assert f(low) <= f(high), name


@given(numbers)
def test_the_gate_is_the_product_of_its_halves(x):
    pair = np.array([x, 2.0])
    assert_allclose(activations.swiglu(pair), 2 * activations.silu(pair[:1]))
    assert_allclose(activations.glu(pair[::-1]), 2 * activations.sigmoid(pair[:1]))


# What is refused

X = np.ones((2, 3))
REFUSED = {
    "list": (lambda: activations.relu([1.0]), TypeError, "x must be a NumPy array, got builtins"),
    "tensor": (lambda: activations.tanh(torch.ones(2)), TypeError, "got torch.Tensor"),
    "whole numbers": (lambda: activations.relu(X.astype(int)), TypeError, "got int64; convert"),
    "booleans": (lambda: activations.sigmoid(X > 0), TypeError, "float64, got bool"),
    "complex": (lambda: activations.silu(X * 1j), TypeError, "got complex128"),
    "dy's shape": (
        lambda: activations.relu_backward(X[:1], X),
        ValueError,
        r"dy must have the shape of y, \(2, 3\), got \(1, 3\)",
    ),
    "dy's dtype": (
        lambda: activations.gelu_backward(X.astype(np.float32), X),
        TypeError,
        "dtype of y, float64, got float32",
    ),
    "dy's half": (
        lambda: activations.glu_backward(X, X, 0),
        ValueError,
        r"shape of y, \(1, 3\), got \(2, 3\)",
    ),
}
BOTH = {
    "alpha as text": ("elu", {"alpha": "1"}, TypeError, "alpha must be a number, got '1'"),
    "alpha NaN": ("elu", {"alpha": math.nan}, ValueError, "alpha must be a real number"),
    "alpha 0": ("celu", {"alpha": 0}, ValueError, "alpha must not be 0"),
    "beta 0": ("softplus", {"beta": 0.0}, ValueError, "beta must not be 0"),
    "threshold None": ("softplus", {"threshold": None}, TypeError, "threshold must be a number"),
    "value": ("threshold", {"threshold": 0, "value": [1]}, TypeError, "value must be a number"),
    "slope": ("leaky_relu", {"negative_slope": True}, TypeError, "negative_slope must be a num"),
    "range": ("hardtanh", {"min_val": 1, "max_val": 0}, ValueError, "above max_val, got 1 and 0"),
    "word": ("gelu", {"approximate": "erf"}, ValueError, r"one of \['none', 'tanh'\], got 'erf'"),
    "no word": ("gelu", {"approximate": None}, TypeError, "got None"),
    "odd": ("glu", {}, ValueError, r"axis 1 of x must have an even size, got shape \(2, 3\)"),
    "axis": ("swiglu", {"dim": 2}, ValueError, "dim must be from -2 to 1, got 2"),
    "axis's type": ("glu", {"dim": 1.0}, TypeError, "dim must be a whole number, got 1.0"),
    "weights": ("prelu", {"weight": np.ones(2)}, ValueError, r"the 3 channels.*got shape \(2,\)"),
    "weight's axes": ("prelu", {"weight": np.ones((1, 3))}, ValueError, r"got shape \(1, 3\)"),
    "no weight": ("prelu", {"weight": np.ones(0)}, ValueError, r"got shape \(0,\)"),
    "weight's dtype": ("prelu", {"weight": np.ones(3, "f")}, TypeError, "of x, .*got.*float32"),
    "weight's type": ("prelu", {"weight": 0.25}, TypeError, "weight must.*got builtins.float"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_the_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("case", BOTH)
def test_both_twins_refuse(case):
    name, options, error, message = BOTH[case]
    tensors = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    with pytest.raises(error, match=message):
        getattr(activations, name)(X, **options)
    with pytest.raises(error, match=message):
        getattr(activations, f"{name}_backward")(X, X, **options)
    with pytest.raises(error, match=message):
        getattr(accelerated, name)(torch.tensor(X), **tensors)


@pytest.mark.parametrize("name", ["glu", "swiglu"])
def test_a_scalar_has_no_halves(name):
    for place, scalar in ((activations, np.array(1.0)), (accelerated, torch.tensor(1.0))):
        with pytest.raises(ValueError, match=r"must have an even size, got shape \(\)"):
            getattr(place, name)(scalar)


@pytest.mark.parametrize("name", sorted(CASES))
def test_twins_refuse_what_is_no_tensor_of_floats(name):
    rest = {"prelu": [X], "threshold": [0, 0]}.get(name, [])
    with pytest.raises(TypeError, match=r"x must be a torch tensor, got numpy\.ndarray"):
        getattr(accelerated, name)(X, *rest)
    with pytest.raises(TypeError, match=r"x must hold float16, bfloat16, .* got torch\.int64"):
        getattr(accelerated, name)(torch.ones(2, 2, dtype=int), *rest)


# The twin is a twin, not a disguise


def activations_of_torch():
    """Every name under which torch itself offers one of these."""
    places = (torch, torch.nn, torch.nn.functional, torch.special, torch.Tensor, torch._C._nn,
              torch.ops.aten)  # fmt: skip
    names = {name for place in places for name in dir(place)}
    ours = set(CASES) - {"swiglu"}
    return {n for n in names if any(o in n.lower().replace("_", "") for o in ours)} | {"expit"}


def test_no_twin_calls_the_activations_of_torch():
    banned = activations_of_torch()
    assert {"relu_", "LogSigmoid", "log_sigmoid", "gelu", "leaky_relu", "tanh"} <= banned
    check_no_builtin("activations", banned)
