"""Normalization in NumPy against torch's own operations, over every option.

torch's database of operations gives inputs, and its operations give values and slopes; what the
database lacks is swept here. The node tests of the ONNX standard are a second opinion.
"""

import math
import warnings
from functools import partial
from itertools import product

import numpy as np
import onnx.helper
import pytest
import torch
from numpy.testing import assert_allclose
from operations import (
    DTYPES,
    TOLERANCE,
    as_tuple,
    backward_of,
    by_name,
    check_torch,
    database,
    reference,
    to_numpy,
)
from torch.nn import functional
from torch.nn.utils import fusion

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # one of the cases divides 0 by 0
    from onnx.backend.test.case.node import (  # noqa: F401
        _NodeTestCases,
        batch_normalization,
        groupnormalization,
        instance_normalization,
        layernormalization,
        lpnormalization,
        lrn,
        rmsnormalization,
    )

FUNCTIONAL = (
    *("batch_norm", "group_norm", "instance_norm", "layer_norm"),
    *("local_response_norm", "normalize", "rms_norm"),
)
DATABASE = database(*FUNCTIONAL)
LEARNED = {
    "batch_norm": ("x", "weight", "bias"),
    "group_norm": ("x", "weight", "bias"),
    "instance_norm": ("x", "weight", "bias"),
    "layer_norm": ("x", "weight", "bias"),
    "rms_norm": ("x", "weight"),
    "weight_norm": ("v", "g"),
}
NEAR = {"float64": 1e-12, "float32": 1e-4}  # torch's float32 is 4e-5 off where 0 is exact
STATISTICS = ("running_mean", "running_var")


def torchs(name, tensors):
    """torch's own operation, ready to be called; with the statistics, which it writes into."""

    def call():
        own = {
            k: v.clone() if k in STATISTICS and v is not None else v for k, v in tensors.items()
        }
        y = getattr(functional, name)(own.pop("x"), **own)
        return y if own.get("running_mean") is None else (y, *(own[s] for s in STATISTICS))

    return call


def check(name, tolerance=None, **tensors):
    """Compare values, new statistics, slopes and dtypes with torch's."""
    learned = LEARNED.get(name, ("x",))
    for key in learned:
        if tensors.get(key) is not None:
            tensors[key] = tensors[key].detach().requires_grad_()
    check_torch("normalization", name, tensors, torchs(name, tensors), learned, tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "variant"), DATABASE)
def test_torchs_own_samples(name, variant, dtype):
    torch.manual_seed(0)
    samples = list(DATABASE[name, variant].sample_inputs("cpu", DTYPES[dtype]))
    assert samples
    for sample in samples:
        given = by_name(reference("normalization", name), sample)
        check(name, NEAR[dtype], **given)


@pytest.mark.parametrize(("name", "variant"), DATABASE)
def test_what_torch_refuses_is_refused(name, variant):
    operation = DATABASE[name, variant]
    for error in operation.error_inputs("cpu") if operation.error_inputs_func else ():
        ours = reference("normalization", name)
        arguments = by_name(ours, error.sample_input)
        with pytest.raises((ValueError, TypeError)):
            ours(**{key: to_numpy(value) for key, value in arguments.items()})


def normal(*shape, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


SHAPES = [(6, 4), (3, 4, 5), (2, 4, 3, 5), (2, 4, 2, 3, 2), (1, 4, 3, 1), (3, 4, 1, 1)]
AFFINE = [
    {},
    {"weight": normal(4, seed=1)},
    {"bias": normal(4, seed=2)},
    {"weight": normal(4, seed=1), "bias": normal(4, seed=2)},
]
RUNNING = {"running_mean": normal(4, seed=3), "running_var": normal(4, seed=4).abs()}
ABSENT = {"running_mean": None, "running_var": None}


@pytest.mark.parametrize("shape", SHAPES)
def test_batch_norm_over_every_option(shape):
    for affine, eps, momentum in product(AFFINE, (1e-5, 0.3), (0.1, 1.0, 0.0, -0.5, 2)):
        options = {**affine, "eps": eps, "momentum": momentum}
        check("batch_norm", x=normal(*shape), **RUNNING, **options)
        for statistics in (RUNNING, ABSENT):
            check("batch_norm", x=normal(*shape), **statistics, **options, training=True)
    check("batch_norm", x=normal(*shape), **RUNNING, eps=0.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_instance_norm_over_every_option(shape):
    for affine, eps, momentum in product(AFFINE, (1e-5, 0.3), (0.1, 1.0, 0.0, -0.5, 2)):
        options = {**affine, "eps": eps, "momentum": momentum}
        check("instance_norm", x=normal(*shape), **RUNNING, **options, use_input_stats=False)
        for statistics in (RUNNING, ABSENT) if math.prod(shape[2:]) > 1 else ():
            check("instance_norm", x=normal(*shape), **statistics, **options)


@pytest.mark.parametrize("shape", SHAPES)
def test_groups_and_layers_over_every_option(shape):
    for weight, bias, eps in product((False, True), (False, True), (1e-5, 0.3)):
        for last in range(1, len(shape) + 1):
            sizes = shape[-last:]
            options = {"weight": normal(*sizes, seed=1)} if weight else {}
            check("rms_norm", x=normal(*shape), normalized_shape=sizes, **options, eps=eps)
            options |= {"bias": normal(*sizes, seed=2)} if bias else {}
            check("layer_norm", x=normal(*shape), normalized_shape=sizes, **options, eps=eps)
        options = {"weight": normal(4, seed=1)} if weight or bias else {}  # torch's slope needs it
        options |= {"bias": normal(4, seed=2)} if bias else {}
        for groups in (1, 2, 4):
            check("group_norm", x=normal(*shape), num_groups=groups, **options, eps=eps)


@pytest.mark.parametrize("p", [0, 0.5, 1, 1.5, 2, 3, -1, math.inf, -math.inf])
def test_every_norm(p):
    for dim in (0, 1, -1, (0, 2), [1, 2], (), None):
        for eps in (1e-12, 0.5, 0.0, 5.0):
            check("normalize", x=normal(3, 4, 5), p=p, dim=dim, eps=eps)
        check("normalize", x=normal(3, 4, 5).round(), p=p, dim=dim)  # ties, and zeros
    check("normalize", x=normal(), p=p, dim=0)


def test_neighbours_over_every_option():
    for size, alpha, beta, k in product(
        (1, 2, 3, 4, 9), (1e-4, 1.0), (0.75, 0.0, 2.0), (1.0, 2.0)
    ):
        for shape in ((2, 5, 3), (2, 4, 3, 2), (1, 1, 2, 2, 3), (1, 3, 2, 1, 2, 2)):
            x = normal(*shape)
            check("local_response_norm", x=x, size=size, alpha=alpha, beta=beta, k=k)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (4, 3, 5), (2, 3, 2, 2)])
def test_weight_norm(shape, dtype):
    for dim in (-1, *range(len(shape)), *range(-len(shape), -1)):
        v = normal(*shape, dtype=dtype).requires_grad_()
        g = normal(*torch.norm_except_dim(v, 2, dim).shape, dtype=dtype).requires_grad_()
        tensors = {"v": v, "g": g, "dim": dim}
        theirs = partial(torch._weight_norm, *tensors.values())
        check_torch("normalization", "weight_norm", tensors, theirs, ("v", "g"))


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_as_a_module_has_it(dim):
    layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(3, 4), dim=dim)
    g, v = (to_numpy(p) for p in layer.parametrizations.weight.parameters())
    weight = reference("normalization", "weight_norm")(v, g, dim)
    assert_allclose(weight, to_numpy(layer.weight), rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_folding(dtype):
    fold = reference("normalization", "fold_batch_norm")
    own = [normal(4, dtype=dtype, seed=seed) for seed in (2, 3)]
    for shape, bias, turn, eps in product(
        [(4, 3), (4, 3, 2), (4, 3, 2, 3), (4, 2, 1, 2, 3)],
        (True, False),
        (False, True),
        (1e-5, 0.3),
    ):
        weight = normal(*shape, dtype=dtype)
        weight = weight.transpose(0, 1).contiguous() if turn else weight
        bias = normal(4, dtype=dtype, seed=1) if bias else None
        statistics = [value.to(dtype) for value in RUNNING.values()]
        for more in (own, [None, None]):
            given = weight, bias, *statistics, eps, *more, turn
            theirs = fusion.fuse_conv_bn_weights(*given)
            for got, wanted in zip(fold(*map(to_numpy, given)), theirs, strict=True):
                assert_allclose(got, to_numpy(wanted), rtol=TOLERANCE[str(got.dtype)], strict=True)
        if len(shape) == 2 and not turn:
            theirs = fusion.fuse_linear_bn_weights(weight, bias, *statistics, eps, *own)
            got = fold(*map(to_numpy, (weight, bias, *statistics, eps, *own)))
            for value, wanted in zip(got, theirs, strict=True):
                tolerance = TOLERANCE[str(value.dtype)]
                assert_allclose(value, to_numpy(wanted), rtol=tolerance, atol=tolerance)


def test_a_module_without_momentum_passes_one_over_t():
    module = torch.nn.BatchNorm1d(4, momentum=None, dtype=torch.float64)
    mean, var = np.zeros(4), np.ones(4)
    for t in range(1, 6):
        x = normal(7, 4, seed=t)
        module(x)
        ours = reference("normalization", "batch_norm")
        _, mean, var = ours(x.numpy(), mean, var, training=True, momentum=1 / t)
    assert_allclose(mean, module.running_mean, rtol=1e-12)
    assert_allclose(var, module.running_var, rtol=1e-12)


EXAMPLES = {
    "batch_norm": {**RUNNING, **AFFINE[3], "training": True},
    "instance_norm": {**RUNNING, **AFFINE[3]},
    "group_norm": {"num_groups": 2, **AFFINE[3]},
    "layer_norm": {"normalized_shape": (6,), "weight": normal(6), "bias": normal(6)},
    "rms_norm": {"normalized_shape": (6,), "weight": normal(6)},
    "local_response_norm": {"size": 3, "alpha": 1.0},
    "normalize": {},
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_layout_of_memory(name):
    x = normal(3, 4, 5, 6)
    several = {
        "transposed": x.transpose(2, 3).contiguous().transpose(2, 3),
        "channels last": x.contiguous(memory_format=torch.channels_last),
        "gapped": x.repeat_interleave(2, 3)[..., ::2],
        "broadcast": x[:1].expand(3, -1, -1, -1),
    }
    for layout, view in several.items():
        if name == "local_response_norm" and layout == "gapped":
            continue  # torch itself fails
        check(name, x=view, **EXAMPLES[name])
    turned, flipped = x.numpy()[::-1, :, ::-1], x.flip(0, 2).numpy()
    ours = reference("normalization", name)
    options = {key: to_numpy(value) for key, value in EXAMPLES[name].items()}
    for got, wanted in zip(
        as_tuple(ours(turned, **options)), as_tuple(ours(flipped, **options)), strict=True
    ):
        assert_allclose(got, wanted, rtol=1e-12)


def in_dtype(options, dtype):
    return {k: v.to(dtype) if isinstance(v, torch.Tensor) else v for k, v in options.items()}


@pytest.mark.parametrize("of_parameters", [torch.float16, torch.float32])
@pytest.mark.parametrize("name", EXAMPLES)
def test_half_precision_is_near_the_exact_result(name, of_parameters):
    x, options = normal(3, 4, 5, 6).half(), in_dtype(EXAMPLES[name], of_parameters)
    learned = LEARNED.get(name, ("x",))
    exact = in_dtype({"x": x, **options}, torch.float64)
    leaves = [exact[key].requires_grad_() for key in learned]
    expected = as_tuple(torchs(name, exact)())
    dy = normal(*x.shape, seed=9).half()
    arguments = {key: to_numpy(value) for key, value in {"x": x, **options}.items()}
    got = as_tuple(reference("normalization", name)(**arguments))
    slopes = backward_of("normalization", name, arguments)(dy.numpy())
    wanted = *expected, *torch.autograd.grad(expected[0], leaves, dy.double())
    for value, exactly in zip((*got, *slopes), wanted, strict=True):
        assert_allclose(value, to_numpy(exactly), rtol=2e-3, atol=2e-3)
    assert got[0].dtype == slopes[0].dtype == np.float16
    assert {to_numpy(options[key]).dtype for key in learned[1:]} == {d.dtype for d in slopes[1:]}


SPECIAL = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0], dtype=torch.float64)


@pytest.mark.parametrize("name", EXAMPLES)
def test_infinities_and_nan_spread_as_far_as_in_torch(name):
    for seed in range(20):
        x = normal(3, 4, 5, 6, seed=seed)
        generator = torch.Generator().manual_seed(seed)
        places = torch.rand(x.shape, generator=generator) < 0.02
        which = torch.randint(0, 6, x.shape, generator=generator)
        x = torch.where(places, SPECIAL[which], x)
        check(name, x=x, **EXAMPLES[name])
        if name in ("batch_norm", "instance_norm"):
            flag = "training" if name == "batch_norm" else "use_input_stats"
            check(name, x=x, **{**EXAMPLES[name], flag: False})


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_empty_batch(name):
    options = ABSENT if name == "instance_norm" else EXAMPLES[name]  # with more torch fails
    check(name, x=normal(0, 4, 5, 6), **options)


ONNX = {
    "BatchNormalization": "batch_norm",
    "GroupNormalization": "group_norm",
    "InstanceNormalization": "instance_norm",
    "LayerNormalization": "layer_norm",
    "LpNormalization": "normalize",
    "LRN": "local_response_norm",
    "RMSNormalization": "rms_norm",
}


def onnx_cases():
    for case in _NodeTestCases:  # filled by the imports above, and by those of other tests
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in ONNX:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in nodes[0].attribute}
            yield pytest.param(ONNX[nodes[0].op_type], given, case, id=case.name)


def onnx_arguments(name, given, x, *others):
    """The standard's arguments in our names and order."""
    eps = given.get("epsilon", 1e-5)
    if name == "batch_norm":
        weight, bias, mean, var = others
        training, momentum = bool(given.get("training_mode", 0)), 1 - given.get("momentum", 0.9)
        return x, mean, var, weight, bias, training, momentum, eps
    if name == "instance_norm":
        return x, None, None, *others, True, 0.1, eps
    if name == "group_norm":
        return x, given["num_groups"], *others, eps
    if name in ("layer_norm", "rms_norm"):
        return x, x.shape[given.get("axis", -1) :], *others, eps
    if name == "local_response_norm":
        options = {"alpha": 1e-4, "beta": 0.75, "bias": 1.0} | given
        return x, *(options[key] for key in ("size", "alpha", "beta", "bias"))
    return x, given.get("p", 2), given.get("axis", -1)


@pytest.mark.parametrize(("name", "given", "case"), list(onnx_cases()))
def test_onnx_expects_the_same(name, given, case):
    inputs, expected = case.data_sets[0]
    arguments = onnx_arguments(name, given, *inputs)
    got = as_tuple(reference("normalization", name)(*arguments))
    assert_allclose(got[0], expected[0], rtol=case.rtol, atol=1e-6)
    if given.get("training_mode"):
        x, _, var, *_, momentum, _ = arguments
        count = x.size / x.shape[1]
        unbiased = (got[2] - (1 - momentum) * var) * (count - 1) / count  # theirs is not
        assert_allclose(got[1], expected[1], rtol=1e-5)
        assert_allclose((1 - momentum) * var + unbiased, expected[2], rtol=1e-5)


def test_onnx_has_cases_of_each():
    assert {case.values[0] for case in onnx_cases()} == set(ONNX.values())
