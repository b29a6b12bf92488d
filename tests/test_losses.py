"""Losses in NumPy: by hand, their slopes, what must hold for any input, and what is refused."""

import itertools

import numpy as np
import pytest
from losses_cases import CASES, every_reduction, learned
from operations import check_manners, check_slope

from lib.reference import losses

EVERY_CASE = pytest.mark.parametrize("case", CASES)


# The slope of every entry


def test_every_loss_has_a_backward_and_a_case():
    forward = {name for name in losses.__all__ if not name.endswith("_backward")}
    assert forward == {name for name, _ in CASES.values()}
    assert set(losses.__all__) - forward == {f"{name}_backward" for name in forward}


@EVERY_CASE
def test_backward_is_the_slope_of_forward(case):
    name, every = every_reduction(case)
    for arguments in every:
        check_slope("losses", name, arguments, learned(name))


@EVERY_CASE
def test_dtype_is_kept_and_arguments_are_left_alone(case):
    name, every = every_reduction(case)
    for arguments, dtype in itertools.product(every, (np.float16, np.float32, np.float64)):
        check_manners("losses", name, arguments, learned(name), dtype)
