"""Normalization in NumPy against torch's own operations, over every option.

torch's database of operations gives inputs, and its operations give values and slopes; what the
database lacks is swept here. The node tests of the ONNX standard are a second opinion.
"""

import pytest
import torch
from operations import DTYPES, by_name, check_torch, database, reference
from torch.nn import functional

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
