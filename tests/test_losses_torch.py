"""Losses in NumPy against torch's own operations, over every option that torch tests itself.

torch's database of operations gives the inputs; its operation gives the values and, by autograd,
the slopes. What the database lacks is swept here. The node tests of the ONNX standard, whose
expected values come with it, are a second opinion.
"""

import warnings
from functools import partial

import numpy as np
import onnx.helper
import pytest
import torch
from losses_cases import learned, on_every_case, on_first_case, without_samples
from numpy.testing import assert_allclose
from operations import DTYPES, by_name, check_torch, database, reference, to_numpy, to_torch

from lib.reference import losses

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # one node test takes the logarithm of 0
    from onnx.backend.test.case.node import (
        _NodeTestCases,
        logsoftmax,  # noqa: F401
        negativeloglikelihoodloss,  # noqa: F401
        reduce_log_sum_exp,  # noqa: F401
        softmax,  # noqa: F401
        softmax_cross_entropy_loss,  # noqa: F401
    )

OURS = {"focal_loss", "info_nce"}  # which torch has not
NAMES = [n for n in losses.__all__ if not n.endswith("_backward") and n not in OURS]
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


@pytest.mark.parametrize("dtype", [*DTYPES.values(), torch.float16])
@pytest.mark.parametrize("name", NAMES)
def test_every_option(name, dtype):
    def check(arguments):
        tensors = to_torch(arguments, learned(name), dtype=dtype)
        check_torch("losses", name, tensors, lambda: torchs(name, tensors), learned(name))

    on_every_case(check, name)


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


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 1e-300, 50])


@pytest.mark.parametrize("name", sorted({*NAMES} - {"binary_cross_entropy"}))  # it refuses them
def test_infinities_nan_and_signed_zeros(name):
    rng = np.random.default_rng(0)
    # torch's slope of soft_margin_loss is NaN where its exponential is infinite; ours is not
    slope = () if name == "soft_margin_loss" else learned(name)

    def check(arguments):
        for argument in learned(name):
            values = np.abs(SPECIAL) if argument == "var" else SPECIAL
            special = rng.choice(values, arguments[argument].shape)
            tensors = to_torch({**arguments, argument: special}, slope)
            theirs = partial(torchs, name, tensors)
            check_torch("losses", name, tensors, theirs, learned(name))

    on_first_case(check, name)


KINKS = [  # where a margin is just reached, a bound just met, or a target is no number
    ("l1_loss", {"x": [0, 1, -1], "target": [0, 0, 0]}),
    ("huber_loss", {"x": [0, 1, -1], "target": [0, 0, 0]}),
    ("smooth_l1_loss", {"x": [0, 1, -1], "target": [0, 0, 0]}),
    ("smooth_l1_loss", {"x": [0, 1, -1], "target": [0, 0, 0], "beta": 0}),
    ("poisson_nll_loss", {"x": [0, 1, 2, 3], "target": [0, 1, 2, np.nan], "full": True}),
    ("kl_div", {"x": [-1, -2, -3], "target": [0, -1, np.nan]}),
    ("binary_cross_entropy_with_logits", {"x": [0, 0, 0], "target": [0, 1, np.nan]}),
    ("margin_ranking_loss", {"x1": [1, 2], "x2": [0, 3], "target": [1, -1], "margin": 1}),
    ("hinge_embedding_loss", {"x": [1, 1, 2], "target": [-1, 1, -1]}),
    ("multi_margin_loss", {"x": [[1, 0, 2]], "target": np.array([0])}),
    ("cosine_embedding_loss", {"x1": [[1, 0]], "x2": [[0, 1]], "target": [-1]}),
    ("triplet_margin_loss", {"anchor": [0], "positive": [1], "negative": [2], "eps": 0}),
    ("triplet_margin_loss", {"anchor": [0, 0], "positive": [1, 1], "negative": [9, 9],
                             "p": np.inf, "margin": 20}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), KINKS)
def test_kinks_slope_as_in_torch(name, arguments):
    arguments = {k: np.array(v, float) if isinstance(v, list) else v for k, v in arguments.items()}
    tensors = to_torch(arguments | {"reduction": "sum"}, learned(name))
    check_torch("losses", name, tensors, lambda: torchs(name, tensors), learned(name))


@pytest.mark.parametrize("name", sorted({*NAMES} - {"multi_margin_loss"}))
def test_an_empty_batch(name):
    def check(arguments):
        tensors = to_torch(without_samples(arguments), learned(name))
        check_torch("losses", name, tensors, lambda: torchs(name, tensors), learned(name))

    on_first_case(check, name)


def test_an_empty_batch_of_margins():
    x, target = np.zeros((0, 3)), np.zeros(0, int)  # where torch reads what it never wrote
    assert np.isnan(losses.multi_margin_loss(x, target))
    assert losses.multi_margin_loss(x, target, reduction="sum") == 0


def focal_loss_of_torchvision(x, target, alpha=0.25, gamma=2, reduction="none"):
    p = torch.sigmoid(x)
    ce = torch.nn.functional.binary_cross_entropy_with_logits(x, target, reduction="none")
    loss = ce * (1 - (p * target + (1 - p) * (1 - target))) ** gamma
    if alpha >= 0:
        loss = loss * (alpha * target + (1 - alpha) * (1 - target))
    return {"none": loss, "mean": loss.mean(), "sum": loss.sum()}[reduction]


def cross_entropy_of_all_pairs(query, positive, temperature, reduction):
    pairs = (query[:, None] * positive[None]).sum(-1) / temperature
    own = torch.arange(len(query))
    return torch.nn.functional.cross_entropy(pairs, own, reduction=reduction)


@pytest.mark.parametrize("dtype", DTYPES.values())
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("focal_loss", focal_loss_of_torchvision), ("info_nce", cross_entropy_of_all_pairs)],
)
def test_what_torch_lacks_against_its_equation(name, theirs, dtype):
    def check(arguments):
        tensors = to_torch(arguments, learned(name), dtype=dtype)
        check_torch("losses", name, tensors, lambda: theirs(**tensors), learned(name))

    on_every_case(check, name)


ONNX_NAMES = {
    "Softmax": "softmax",
    "LogSoftmax": "log_softmax",
    "ReduceLogSumExp": "logsumexp",
    "NegativeLogLikelihoodLoss": "nll_loss",
    "SoftmaxCrossEntropyLoss": "cross_entropy",
}


def onnx_cases():
    for case in _NodeTestCases:  # filled by the imports above
        node = case.model.graph.node[0]
        if node.op_type in ONNX_NAMES and len(case.model.graph.node) == 1:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            yield pytest.param(ONNX_NAMES[node.op_type], given, case, id=case.name)


@pytest.mark.parametrize(("name", "given", "case"), list(onnx_cases()))
def test_onnx_expects_the_same(name, given, case):
    (x, *others), (expected, *more) = case.data_sets[0]
    if name == "logsumexp":
        axes = tuple(others[0].tolist()) or tuple(range(x.ndim))
        y = losses.logsumexp(x, axes, keepdim=bool(given["keepdims"]))
    elif "softmax" in name:
        y = reference("losses", name)(x, given.get("axis", -1))
    else:
        reduction = given["reduction"].decode()
        options = {"ignore_index": given.get("ignore_index", -100), "reduction": reduction}
        weight = others[1] if len(others) == 2 else None
        y = reference("losses", name)(x, others[0].astype(np.int64), weight, **options)
    assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    if more:  # the logarithms of the probabilities
        assert_allclose(losses.log_softmax(x, 1), more[0], rtol=1e-5, atol=1e-6)
