"""The torch twins of losses against the reference, forward and backward, wherever they run."""

import numpy as np
import pytest
import torch
from losses_cases import (
    CASES,
    EVERY_LOSS,
    first_case,
    learned,
    on_every_case,
    on_first_case,
    without_samples,
)
from operations import accelerated, check_narrow, check_no_builtin, check_twin, on_each_device

from lib.accelerated import losses

SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-300, 50])


@on_each_device
@EVERY_LOSS
def test_twins_agree_forward_and_backward(name, device):
    def check(arguments):
        check_twin("losses", name, arguments, learned(name), device, tolerance=1e-9)

    on_every_case(check, name)


@on_each_device
@pytest.mark.parametrize("name", sorted(set(CASES) - {"binary_cross_entropy"}))
def test_twins_agree_on_infinities_nan_and_signed_zeros(name, device):
    rng = np.random.default_rng(0)

    def check(arguments):
        for argument in learned(name):
            values = np.abs(SPECIAL) if argument == "var" else SPECIAL
            special = {argument: rng.choice(values, arguments[argument].shape)}
            check_twin("losses", name, arguments | special, learned(name), device, 1e-9)

    on_first_case(check, name)


@on_each_device
def test_twins_agree_at_the_ends_of_probability(device):
    x = np.array([0.0, 0, 1, 1, 0.5, 1e-60])
    arguments = {"x": x, "target": np.array([0.0, 1, 0, 1, 0.5, 1]), "reduction": "none"}
    check_twin("losses", "binary_cross_entropy", arguments, device=device)


@on_each_device
@pytest.mark.parametrize("name", sorted(set(CASES) - {"info_nce"}))
def test_twins_agree_on_an_empty_batch(name, device):
    def check(arguments):
        check_twin("losses", name, without_samples(arguments), learned(name), device)

    on_first_case(check, name)


@on_each_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@EVERY_LOSS
def test_narrow_floats_are_kept(name, dtype, device):
    check_narrow("losses", name, first_case(name), learned(name), dtype, device)


def test_a_raised_variance_keeps_its_slope():
    x, target, var = torch.zeros(1), torch.ones(1), torch.zeros(1, requires_grad=True)
    losses.gaussian_nll_loss(x, target, var, eps=0.5).backward()
    assert var.grad == -1
    assert var.item() == 0
    assert losses.gaussian_nll_loss(x, target, 0.0, eps=0.5) == (np.log(0.5) + 2) / 2


def test_shapes_that_broadcast_are_compared_with_a_warning():
    x, target = torch.zeros(3, 1, requires_grad=True), torch.tensor([1.0, 2, 3])
    slopes = {"l1_loss": -3, "mse_loss": -12, "huber_loss": -3, "smooth_l1_loss": -3}
    for name, slope in slopes.items():
        with pytest.warns(UserWarning, match=r"\(3, 1\), but target \(3,\)") as warned:
            y = accelerated("losses", name)(x, target, reduction="sum")
        assert warned[0].filename == __file__
        assert torch.autograd.grad(y, x)[0].tolist() == [[slope]] * 3


def test_binary_cross_entropy_has_slopes_of_both_and_slopes_of_those():
    both = torch.tensor([[0.2, 0.7], [0.4, 0.9]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(losses.binary_cross_entropy, tuple(both))
    assert torch.autograd.gradgradcheck(losses.binary_cross_entropy, tuple(both))


def test_no_twin_calls_a_loss_of_torch():
    places = (torch, torch.nn, torch.nn.functional, torch._C._nn, torch.ops.aten)
    banned = {name for place in places for name in dir(place) if is_a_loss(name)}
    assert {"cross_entropy", "CrossEntropyLoss", "kl_div", "_log_softmax", "logsumexp"} <= banned
    check_no_builtin("losses", banned)


def is_a_loss(name):
    name = name.lower()
    return any(word in name for word in ("loss", "entropy", "kl_div", "softmax", "logsumexp"))
