"""The torch twins of normalization against the reference, forward and backward."""

import pytest
import torch
from operations import check_narrow, check_twin, on_each_device
from test_normalization import CASES, EVERY_CASE


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
