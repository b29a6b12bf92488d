"""Losses in NumPy against torch's own operations, over every option that torch tests itself.

torch's database of operations gives the inputs; its operation gives the values and, by autograd,
the slopes. What the database lacks is swept here. The node tests of the ONNX standard, whose
expected values come with it, are a second opinion.
"""

import itertools

import numpy as np
import pytest
import torch
from losses_cases import CASES, every_reduction, learned
from operations import DTYPES, by_name, check_torch, database, reference, to_numpy, to_torch

from lib.reference import losses

OURS = {"focal_loss", "info_nce"}  # which torch has not
NAMES = {n for n in losses.__all__ if not n.endswith("_backward")} - OURS
THEIR_NAMES = {"x": "input", "x1": "input1", "x2": "input2"}
DATABASE = database(*NAMES)
EVERY_OPERATION = pytest.mark.parametrize(("name", "variant"), DATABASE)
pytestmark = [
    pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning"),  # kl_div's
    pytest.mark.filterwarnings("ignore:Using a target size:UserWarning"),
]


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_OPERATION
def test_torchs_own_samples(name, variant, dtype):
    operation = DATABASE[name, variant]
    samples = list(operation.sample_inputs("cpu", DTYPES[dtype], requires_grad=True))
    assert samples
    for sample in samples:
        tensors = by_name(reference("losses", name), sample)
        if "dtype" in tensors:
            tensors["dtype"] = np.dtype(str(tensors["dtype"]).removeprefix("torch."))

        def theirs(sample=sample):
            return operation(sample.input, *sample.args, **sample.kwargs)

        check_torch("losses", name, tensors, theirs, learned(name))


@EVERY_OPERATION
def test_what_torch_refuses_is_refused(name, variant):
    operation = DATABASE[name, variant]
    for error in operation.error_inputs("cpu") if operation.error_inputs_func else ():
        arguments = by_name(reference("losses", name), error.sample_input)
        with pytest.raises((ValueError, TypeError)):
            reference("losses", name)(**{key: to_numpy(v) for key, v in arguments.items()})


@pytest.mark.parametrize("case", [case for case, (name, _) in CASES.items() if name in NAMES])
def test_every_option(case):
    name, every = every_reduction(case)
    for arguments, dtype in itertools.product(every, (*DTYPES.values(), torch.float16)):
        tensors = to_torch(arguments, learned(name), dtype=dtype)

        check_torch("losses", name, tensors, lambda t=tensors: torchs(name, t), learned(name))


def torchs(name, tensors):
    """torch's own answer; in float16, for which it does not have every loss, by way of float32."""
    operation = getattr(torch.nn.functional, name, None) or getattr(torch, name)
    first, *_ = tensors.values()
    wide = {
        THEIR_NAMES.get(key, key): value.float()
        if isinstance(value, torch.Tensor) and value.dtype == torch.float16
        else value
        for key, value in tensors.items()
    }
    return operation(**wide).to(first.dtype)
