"""The torch twins of normalization against the reference, forward and backward."""

import pytest
import torch
from normalization_cases import CASES, EVERY_CASE, RUNNING, emptied, normal
from operations import (
    as_tuple,
    check_narrow,
    check_no_builtin,
    check_twin,
    on_each_device,
)

from lib.accelerated import normalization
from lib.accelerated.normalization import (
    batch_norm,
    fold_batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
    weight_norm,
)


@on_each_device
@EVERY_CASE
def test_twin_agrees_with_the_reference(case, device):
    name, learned, arguments = CASES[case]
    check_twin("normalization", name, arguments, learned, device)


@on_each_device
@EVERY_CASE
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_narrow_dtypes_are_kept_and_near_the_exact_result(case, dtype, device):
    name, learned, arguments = CASES[case]
    check_narrow("normalization", name, arguments, learned, dtype, device)


LAYOUTS = {
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "with gaps": lambda x: x.repeat_interleave(2, 3)[..., ::2],
    "one image for all": lambda x: x[:1].expand(x.shape),
}
OPTIONS = {
    "batch_norm": {"running_mean": None, "running_var": None, "training": True},
    "instance_norm": {},
    "group_norm": {"num_groups": 2},
    "layer_norm": {"normalized_shape": (6,)},
    "rms_norm": {"normalized_shape": (6,)},
    "local_response_norm": {"size": 3, "alpha": 1.0},
    "normalize": {},
}
EVERY_OPERATION = pytest.mark.parametrize("name", OPTIONS)


def image(*shape):
    return torch.tensor(normal(*(shape or (3, 4, 5, 6))))


def twin(name, x):
    return as_tuple(getattr(normalization, name)(x, **OPTIONS[name]))[0]


@on_each_device
@EVERY_OPERATION
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_order_of_memory_makes_no_difference(layout, name, device):
    x = LAYOUTS[layout](image().to(device))
    results = []
    for leaf in (x.detach(), x.clone(memory_format=torch.contiguous_format)):
        y = twin(name, leaf.requires_grad_())
        results.append((y, *torch.autograd.grad(y.square().sum(), leaf)))
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)


@EVERY_OPERATION
def test_channels_last_stays_so(name):
    x = image().contiguous(memory_format=torch.channels_last)
    assert twin(name, x).is_contiguous(memory_format=torch.channels_last)


@EVERY_OPERATION
def test_slopes_have_slopes(name):
    x = image(2, 4, 6).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda x: twin(name, x), x, fast_mode=True)


@EVERY_OPERATION
def test_twins_can_be_traced_whole(name):
    x = image().requires_grad_()
    y = twin(name, x)
    traced = torch.compile(lambda x: twin(name, x), backend="aot_eager", fullgraph=True)(x)
    torch.testing.assert_close(traced, y)
    slopes = [torch.autograd.grad(each.square().sum(), x)[0] for each in (traced, y)]
    torch.testing.assert_close(*slopes)


@EVERY_CASE
def test_an_empty_batch(case):
    name, learned, arguments = emptied(case)
    check_twin("normalization", name, arguments, learned)


def test_statistics_are_new_and_have_no_slope():
    mean, var = torch.zeros(4), torch.ones(4)
    weight = torch.ones(4, requires_grad=True)
    for training in (True, False):
        y, *new = batch_norm(
            image().float().requires_grad_(), mean, var, weight, training=training
        )
        assert y.requires_grad
        for own, value in zip((mean, var), new, strict=True):
            assert not value.requires_grad
            assert value.data_ptr() != own.data_ptr()
    assert (mean.tolist(), var.tolist()) == ([0] * 4, [1] * 4)


@pytest.mark.parametrize("turn", [False, True])
@pytest.mark.parametrize(
    "absent", [(), ("bias",), ("bn_weight", "bn_bias"), ("bn_weight", "bias")]
)
def test_folding_agrees(turn, absent):
    arguments = {
        "weight": normal(4, 4, 3, 2),
        "bias": normal(4, seed=1),
        **RUNNING,
        "bn_weight": normal(4, seed=2),
        "bn_bias": normal(4, seed=3),
        "transpose": turn,
    }
    arguments |= dict.fromkeys(absent)
    check_twin("normalization", "fold_batch_norm", arguments, learned=())
    for dtype in (torch.float16, torch.bfloat16, torch.float32):
        check_narrow("normalization", "fold_batch_norm", arguments, (), dtype)


def test_each_function_has_a_case():
    named = {name for name, _, _ in CASES.values()} | {"fold_batch_norm"}
    assert named == set(normalization.__all__)


X, ONE, V = torch.ones(2, 4, 3), torch.ones(4), torch.ones(4, 3)
REFUSED = {
    "an array": (lambda: batch_norm(X.numpy(), None, None), TypeError, "x must be a torch tensor"),
    "whole numbers": (lambda: layer_norm(X.int(), (3,)), TypeError, "x must hold float16"),
    "no channels": (lambda: batch_norm(ONE, ONE, ONE), ValueError, "axes"),
    "one value": (lambda: batch_norm(X[:1, :, :1], ONE, ONE, training=True), ValueError, "spread"),
    "one statistic": (lambda: batch_norm(X, ONE, None), ValueError, "both or neither, got one"),
    "no statistics": (lambda: batch_norm(X, None, None), ValueError, "in evaluation, got None"),
    "an array of weights": (
        lambda: group_norm(X, 2, ONE.numpy()),
        TypeError,
        "weight must be a torch tensor",
    ),
    "a weight's shape": (lambda: group_norm(X, 2, ONE[:3]), ValueError, r"\(4,\), got \(3,\)"),
    "a weight's dtype": (lambda: group_norm(X, 2, ONE.double()), TypeError, "float32 beside x"),
    "two dtypes": (
        lambda: group_norm(X.half(), 2, ONE.half(), ONE),
        TypeError,
        "bias must have the dtype of weight, torch.float16, got torch.float32",
    ),
    "a weight elsewhere": (
        lambda: group_norm(X, 2, ONE.to("meta")),
        ValueError,
        "weight must lie where x lies, cpu, got meta",
    ),
    "no eps in training": (
        lambda: batch_norm(X, None, None, training=True, eps=0),
        ValueError,
        "eps must be above 0 in training, got 0",
    ),
    "eps below 0": (lambda: batch_norm(X, ONE, ONE, eps=-1), ValueError, "at least 0, got -1"),
    "momentum": (lambda: instance_norm(X, momentum=None), TypeError, "momentum must be a number"),
    "groups": (lambda: group_norm(X, 3), ValueError, "must divide the 4 channels"),
    "sizes": (lambda: rms_norm(X, 3), TypeError, "normalized_shape must be a tuple"),
    "a length's shape": (lambda: weight_norm(V, ONE), ValueError, r"\(4, 1\).*got \(4,\)"),
    "a length's dtype": (lambda: weight_norm(V, V.double()), TypeError, "g must have the dtype"),
    "neighbours": (lambda: local_response_norm(V, 2), ValueError, r"three at least, got \(4, 3\)"),
    "their count": (lambda: local_response_norm(X, 0), ValueError, "size must be at least 1"),
    "an axis": (lambda: normalize(X, dim=3), ValueError, "dim must be from -3 to 2, got 3"),
    "folding a vector": (lambda: fold_batch_norm(ONE, None, ONE, ONE), ValueError, r"\(O, I, …\)"),
    "folding nothing": (lambda: fold_batch_norm(V, None, None, ONE), TypeError, "running_mean"),
    "folding by eps": (lambda: fold_batch_norm(V, None, ONE, ONE, -1), ValueError, "at least 0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_reasons(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=f"(?s){message}"):
        call()


def test_no_twin_calls_a_normalization_of_torch():
    places = (torch, torch.nn, torch.nn.functional, torch._C._nn, torch.ops.aten)
    names = {name for place in places for name in dir(place)}
    banned = {name for name in names if "norm" in name.lower()} - {"vector_norm"}
    assert {"native_batch_norm", "_weight_norm", "normalize", "GroupNorm", "renorm"} <= banned
    check_no_builtin("normalization", banned)
