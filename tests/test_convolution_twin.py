"""The torch twins of convolution against the reference, forward and backward, on each device."""

import numpy as np
import pytest
import torch
from operations import (
    accelerated,
    check_narrow,
    check_no_builtin,
    check_twin,
    on_each_device,
    to_torch,
)
from test_convolution import CASES, COUNTS, PARAMETERS, learned

from lib.accelerated import convolution

every_case = pytest.mark.parametrize(("name", "arguments"), PARAMETERS)


@on_each_device
@every_case
def test_twins_agree_forward_and_backward(name, arguments, device):
    check_twin("convolution", name, arguments, learned(name), device)


def test_each_function_has_a_case():
    assert set(convolution.__all__) - COUNTS == set(CASES)


@on_each_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", CASES)
def test_narrow_dtypes_are_kept_and_near_the_exact_result(name, dtype, device):
    check_narrow("convolution", name, CASES[name][0], learned(name), dtype, device)


def test_many_ones_add_up_in_half_precision():
    ones = torch.ones(1, 4096, dtype=torch.float16, requires_grad=True)  # 2048 + 1 is 2048
    assert convolution.conv1d(ones, ones[None]).item() == 4096
    assert convolution.linear(ones, ones).item() == 4096
    columns = torch.ones(64 * 64, 64 * 64, dtype=torch.float16)
    assert convolution.fold(columns, 127, 64)[0, 63, 63].item() == 4096
    one = torch.ones(1, 1, dtype=torch.float16, requires_grad=True)
    convolution.pad(one, (0, 4095), "replicate").sum().backward()
    assert one.grad.item() == 4096


@pytest.mark.parametrize("name", CASES)
def test_arguments_are_left_as_they_were_and_share_nothing(name):
    ours = to_torch(CASES[name][0], learned(name))
    before = {k: v.detach().clone() if isinstance(v, torch.Tensor) else v for k, v in ours.items()}
    y = accelerated("convolution", name)(**ours)
    y.sum().backward()
    with torch.no_grad():
        y.zero_()
    for key, then in before.items():
        same = torch.equal if isinstance(then, torch.Tensor) else lambda a, b: a == b
        assert same(ours[key], then)


@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "unfold", "fold", "pad", "linear"])
def test_the_slope_has_a_slope(name):
    tensors = to_torch(CASES[name][-1], learned(name))
    leaves = {k: v for k, v in tensors.items() if isinstance(v, torch.Tensor)}
    others = {k: v for k, v in tensors.items() if k not in leaves}

    def twin(*values):
        return accelerated("convolution", name)(**dict(zip(leaves, values, strict=True)), **others)

    assert torch.autograd.gradgradcheck(twin, tuple(leaves.values()), fast_mode=True)


LAYOUTS = {
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.mT.contiguous().mT,
    "gapped": lambda x: x.repeat_interleave(2, -1)[..., ::2],
    "shifted": lambda x: torch.cat([x[:1], x])[1:],
    "broadcast": lambda x: x[:1].expand(x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["conv2d", "conv_transpose2d", "unfold", "pad"])
def test_any_layout_of_memory(name, layout):
    arguments = next(a for a in CASES[name] if a["x"].ndim == 4)
    arguments = to_torch(arguments)
    view = LAYOUTS[layout](arguments["x"])
    ours = accelerated("convolution", name)
    got, wanted = (ours(**{**arguments, "x": x}) for x in (view, view.clone().contiguous()))
    torch.testing.assert_close(got, wanted)


@pytest.mark.parametrize("name", CASES)
def test_an_empty_batch_stays_empty(name):
    arguments = next(a for a in CASES[name] if len(a["x"]) == 2)
    ours = to_torch({**arguments, "x": arguments["x"][:0]}, learned(name))
    y = accelerated("convolution", name)(**ours)
    assert len(y) == 0
    y.sum().backward()
    assert all(not v.grad.any() for v in ours.values() if getattr(v, "requires_grad", False))


@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'>")  # the tracer's
@pytest.mark.parametrize("name", ["conv1d", "conv_transpose1d", "unfold", "fold", "pad", "linear"])
def test_compiled_twins_agree(name):
    twin, arguments = accelerated("convolution", name), CASES[name][-1]
    results = []
    for call in (twin, torch.compile(twin, backend="aot_eager", fullgraph=True)):
        ours = to_torch(arguments, learned(name))
        y = call(**ours)
        results.append((y, *torch.autograd.grad(y.square().sum(), ours["x"])))
    for eager, compiled in zip(*results, strict=True):
        torch.testing.assert_close(compiled, eager)


def test_the_form_for_a_compiler_adds_windows_up_alike(monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    for arguments in CASES["conv_transpose2d"]:
        check_twin("convolution", "conv_transpose2d", arguments, learned("conv_transpose2d"))


X = torch.ones(1, 2, 4)
W = torch.ones(2, 2, 3)
REFUSED = {
    "an array": (lambda: convolution.conv1d(np.ones((1, 2, 4)), W), TypeError, "torch tensor.*nd"),
    "an array of weights": (lambda: convolution.conv1d(X, W.numpy()), TypeError, "weight must be"),
    "integers": (lambda: convolution.conv1d(X.int(), W.int()), TypeError, "x must hold.*int32"),
    "two dtypes": (
        lambda: convolution.conv1d(X, W.double()),
        TypeError,
        "weight must have the dtype of x, torch.float32, got torch.float64",
    ),
    "two devices": (
        lambda: convolution.linear(X, torch.ones(3, 4, device="meta")),
        ValueError,
        "weight must lie where x lies, cpu, got meta",
    ),
    "channels": (lambda: convolution.conv1d(X, W[:, :1]), ValueError, "C = 2 channels"),
    "unfold's axes": (lambda: convolution.unfold(X[0], 2), ValueError, r"got shape \(2, 4\)"),
    "fold's rows": (lambda: convolution.fold(X, 4, 2), ValueError, "multiple of 2·2 rows"),
    "linear's sizes": (lambda: convolution.linear(X, W), ValueError, "x must have the axes"),
    "mode": (lambda: convolution.pad(X, (1, 1), "edge"), ValueError, "mode must be one of"),
    "value": (lambda: convolution.pad(X, (1, 1), "reflect", 1), ValueError, "alone, got 1 for"),
    "value's size": (
        lambda: convolution.pad(X.half(), (1, 1), value=1e6),
        ValueError,
        "value must fit the dtype of x, torch.float16, got 1000000.0",
    ),
    "value's type": (lambda: convolution.pad(X, (1, 1), value="0"), TypeError, "number, got '0'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_with_its_reason(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("value", [None, np.nan, np.inf, -2])
def test_the_value_of_new_cells(value):
    y = convolution.pad(X, (1, 0), value=value)
    torch.testing.assert_close(y[..., 0], torch.full((1, 2), float(value or 0)), equal_nan=True)


def test_no_twin_calls_the_convolution_of_torch():
    places = (torch, torch.nn, torch.nn.functional, torch._C._nn, torch.ops.aten)
    words = ("conv", "fold", "pad", "im2col", "col2im", "linear", "addmm")
    names = {name for place in places for name in dir(place)}
    banned = {name for name in names if any(word in name.lower() for word in words)}
    assert {"conv2d", "ConvTranspose2d", "Unfold", "linear", "pad", "ReflectionPad1d"} <= banned
    check_no_builtin("convolution", banned)
