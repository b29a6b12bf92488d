"""The torch twins of losses against the reference, forward and backward, wherever they run."""

import pytest
import torch
from losses_cases import CASES, ONE_OF_EACH, every_reduction, learned
from operations import check_narrow, check_no_builtin, check_twin, on_each_device


@on_each_device
@pytest.mark.parametrize("case", CASES)
def test_twins_agree_forward_and_backward(case, device):
    name, every = every_reduction(case)
    for arguments in every:
        check_twin("losses", name, arguments, learned(name), device, tolerance=1e-9)


@on_each_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("case", ONE_OF_EACH)
def test_narrow_floats_are_kept(case, dtype, device):
    name, arguments = CASES[case]
    check_narrow("losses", name, arguments, learned(name), dtype, device)


def test_no_twin_calls_a_loss_of_torch():
    places = (torch, torch.nn, torch.nn.functional, torch._C._nn, torch.ops.aten)
    banned = {name for place in places for name in dir(place) if is_a_loss(name)}
    assert {"cross_entropy", "CrossEntropyLoss", "kl_div", "_log_softmax", "logsumexp"} <= banned
    check_no_builtin("losses", banned)


def is_a_loss(name):
    name = name.lower()
    return any(word in name for word in ("loss", "entropy", "kl_div", "softmax", "logsumexp"))
