"""What the losses refuse, in both roles, in the same words."""

import numpy as np
import pytest
import torch
from losses_cases import EVERY_LOSS, first_case
from operations import accelerated, reference, to_torch

from lib.reference import losses

X, ROW, HALF = np.ones((3, 4)), np.ones(4), np.full((3, 4), 0.5)
CLASSES = np.array([0, 1, 3])
PAIR = {"x": X, "target": X}
CHOICE = {"x": X, "target": CLASSES}
RANKED = {"x1": X, "x2": X, "target": X}
TURNED = {"x1": X, "x2": X, "target": np.ones(3)}
TRIPLET = {"anchor": X, "positive": X, "negative": X}
NORMAL = {"x": X, "target": X, "var": X}
NCE = {"query": X, "positive": X}
VALID = {
    **dict.fromkeys(("l1_loss", "mse_loss", "huber_loss", "smooth_l1_loss"), PAIR),
    **dict.fromkeys(("soft_margin_loss", "hinge_embedding_loss", "poisson_nll_loss"), PAIR),
    **dict.fromkeys(("kl_div", "focal_loss"), PAIR),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), PAIR),
    **dict.fromkeys(("nll_loss", "cross_entropy", "multi_margin_loss"), CHOICE),
    "margin_ranking_loss": RANKED,
    "cosine_embedding_loss": TURNED,
    "triplet_margin_loss": TRIPLET,
    "gaussian_nll_loss": NORMAL,
    "info_nce": NCE,
}
WHOLE = X.astype(np.int64)
SINGLE = X.astype(np.float32)


def refused():
    """Operation, what is wrong with its arguments, error, and words of the message."""
    for name, valid in VALID.items():
        first, second, *_ = valid
        yield name, {"reduction": "average"}, ValueError, "reduction must be one of.*'average'"
        yield name, {"reduction": None}, TypeError, "reduction must be one of.*got None"
        yield name, {first: WHOLE}, TypeError, f"{first} must hold float16.*int64"
        yield name, {first: X > 0}, TypeError, f"{first} must hold float16.*bool"
        yield name, {first: X * 1j}, TypeError, f"{first} must hold float16.*complex128"
        yield name, {second: valid[second] > 0}, TypeError, f"{second} must.*bool"
        if valid is not CHOICE:
            yield (
                name,
                {second: SINGLE},
                TypeError,
                f"{second} must have the dtype of {first}|dtype of x",
            )
            if valid is not NCE and valid is not TURNED:
                yield name, {second: X[:, :3]}, ValueError, r"broadcast|must have the shape of x"
        if name != "kl_div":
            yield name, {"reduction": "batchmean"}, ValueError, "got 'batchmean'"
    for name in ("l1_loss", "mse_loss", "huber_loss"):
        yield (
            name,
            {"weight": ROW},
            ValueError,
            r"weight must have the shape of x, \(3, 4\), got \(4,\)",
        )
        yield name, {"weight": SINGLE}, TypeError, "weight must have the dtype of x"
    for name in ("huber_loss", "kl_div", "focal_loss", "binary_cross_entropy_with_logits"):
        yield name, {"target": WHOLE}, TypeError, "target must hold float16.*int64"
    for delta in (0, -1, -np.inf):
        yield "huber_loss", {"delta": delta}, ValueError, f"delta must be above 0, got {delta}"
    yield "huber_loss", {"delta": np.nan}, ValueError, "delta must be a real number, got nan"
    yield "huber_loss", {"delta": "1"}, TypeError, "delta must be a number, got '1'"
    yield "smooth_l1_loss", {"beta": -1}, ValueError, "beta must be at least 0, got -1"
    yield "smooth_l1_loss", {"beta": True}, TypeError, "beta must be a number, got True"
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits", "focal_loss"):
        yield name, {"target": ROW}, ValueError, r"target must have the shape of x, \(3, 4\), got"
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        shape = {"weight": np.ones((2, 3, 4))}
        yield name, shape, ValueError, r"weight must broadcast to the shape of x, \(3, 4\), got"
        yield (
            name,
            {"weight": np.ones(3)},
            ValueError,
            r"broadcast to one, got x \(3, 4\) and weight",
        )
        yield name, {"weight": SINGLE}, TypeError, "weight must have the dtype of x"
    yield "binary_cross_entropy_with_logits", {"pos_weight": np.ones(3)}, ValueError, "pos_weight"
    for value in (-0.1, 1.1, np.nan):
        wrong = np.where(X > 0, value, X)
        yield "binary_cross_entropy", {"x": wrong}, ValueError, "x must hold prob.*from 0 to 1"
        yield "binary_cross_entropy", {"target": wrong}, ValueError, "target must hold prob"
    for alpha in (-0.5, 1.5):
        yield "focal_loss", {"alpha": alpha}, ValueError, f"alpha must be from 0 to 1.*got {alpha}"
    yield "focal_loss", {"gamma": -1}, ValueError, "gamma must be at least 0, got -1"
    for name in ("nll_loss", "cross_entropy"):
        yield name, {"x": np.array(1.0), "target": np.array(0)}, ValueError, r"x must be \(N, C\)"
        yield name, {"x": X[:, :0]}, ValueError, "at least one class"
        yield (
            name,
            {"target": CLASSES[:2]},
            ValueError,
            r"the shape \(3,\), one class each, got \(2,\)",
        )
        yield name, {"target": CLASSES[:, None]}, ValueError, r"got \(3, 1\)"
        yield name, {"x": np.ones((3, 4, 2))}, ValueError, r"the shape \(3, 2\), one class each"
        yield name, {"target": CLASSES.astype(np.int32)}, TypeError, "int64 or uint8, got.*int32"
        yield (
            name,
            {"target": CLASSES.astype(np.float64)},
            TypeError,
            "int64 or uint8, got.*float64",
        )
        yield name, {"ignore_index": 1.5}, TypeError, "ignore_index must be a whole number"
        yield name, {"ignore_index": True}, TypeError, "ignore_index must be a whole number"
    for name in ("nll_loss", "cross_entropy", "multi_margin_loss"):
        for wrong in (-1, 4):
            target = {"target": np.array([0, 1, wrong])}
            yield name, target, ValueError, f"classes from 0 to 3, got {wrong}"
        yield name, {"weight": np.ones(3)}, ValueError, r"one number for each class, shape \(4,\)"
        yield name, {"weight": np.ones((1, 4))}, ValueError, r"one number for each class"
        yield (
            name,
            {"weight": ROW.astype(np.float32)},
            TypeError,
            "weight must have the dtype of x",
        )
        yield name, {"weight": ROW.astype(int)}, TypeError, "weight must hold float16"
    yield "cross_entropy", {"target": X.astype(int)}, TypeError, "target must hold float16.*int64"
    yield "cross_entropy", {"target": SINGLE}, TypeError, "target must have the dtype of x"
    soft = {"target": X, "ignore_index": 0}
    yield "cross_entropy", soft, ValueError, "ignore_index is for a target of classes, got 0"
    for smoothing in (-0.1, 1.1):
        options = {"label_smoothing": smoothing}
        yield "cross_entropy", options, ValueError, f"from 0 to 1, got {smoothing}"
        yield "cross_entropy", {**options, "target": X}, ValueError, "from 0 to 1"
    yield "cross_entropy", {"label_smoothing": "no"}, TypeError, "label_smoothing must be a number"
    yield "kl_div", {"log_target": 1}, TypeError, "log_target must be True or False, got 1"
    yield "soft_margin_loss", {"x": ROW}, ValueError, r"target must broadcast to x's shape \(4,\)"
    for name in ("margin_ranking_loss", "hinge_embedding_loss", "cosine_embedding_loss"):
        yield name, {"margin": "1"}, TypeError, "margin must be a number, got '1'"
    for argument in ("x2", "target"):
        yield "margin_ranking_loss", {argument: ROW}, ValueError, "the same number of axes, got"
    for shape in ((3, 0), (0,), (3, 4, 2)):
        wrong = {"x": np.ones(shape)}
        yield "multi_margin_loss", wrong, ValueError, r"x must be \(N, C\) or \(C,\) with at least"
    for target in (CLASSES[:2], CLASSES[:, None], np.array(0)):
        yield "multi_margin_loss", {"target": target}, ValueError, r"must have the shape \(3,\)"
    yield "multi_margin_loss", {"target": CLASSES.astype(np.uint8)}, TypeError, "int64, got.*uint8"
    yield "multi_margin_loss", {"p": 3}, ValueError, "p must be 1 or 2, got 3"
    yield "multi_margin_loss", {"p": True}, TypeError, "p must be a number, got True"
    for wrong in ({"target": X}, {"target": np.array(1.0)}, {"x2": ROW}, {"x1": X[None]}):
        yield "cosine_embedding_loss", wrong, ValueError, r"must have the axes \(N, D\), \(N, D\)"
    for wrong in ({"target": np.ones(2)}, {"x2": X[:, :3]}, {"x2": X[:2]}):
        yield "cosine_embedding_loss", wrong, ValueError, "must broadcast to one, got"
    for margin in (0, -1):
        wrong = {"margin": margin}
        yield "triplet_margin_loss", wrong, ValueError, f"margin must be above 0, got {margin}"
    for argument in TRIPLET:
        yield "triplet_margin_loss", {argument: ROW}, ValueError, "the same number of axes, got"
        yield "triplet_margin_loss", {argument: X[:, :3]}, ValueError, "must broadcast to one, got"
    yield "triplet_margin_loss", {"negative": SINGLE}, TypeError, "negative must have the dtype"
    yield "triplet_margin_loss", {"p": "2"}, TypeError, "p must be a number"
    yield "triplet_margin_loss", {"eps": None}, TypeError, "eps must be a number"
    yield "triplet_margin_loss", {"swap": 1}, TypeError, "swap must be True or False"
    for var in (-X, -1.0):
        yield "gaussian_nll_loss", {"var": var}, ValueError, "var must not be negative, got -1.0"
    for shape in ((4,), (1, 1), (2, 3, 4), (3, 2), (3, 4, 1)):
        wrong = {"var": np.ones(shape)}
        yield (
            "gaussian_nll_loss",
            wrong,
            ValueError,
            r"var must be a number, or have the shape of x",
        )
    yield "gaussian_nll_loss", {"var": SINGLE}, TypeError, "var must have the dtype of x"
    yield "gaussian_nll_loss", {"var": "1"}, TypeError, "var must be a number"
    yield "gaussian_nll_loss", {"full": 1}, TypeError, "full must be True or False"
    for name in ("gaussian_nll_loss", "poisson_nll_loss"):
        yield name, {"eps": -1}, ValueError, "eps must be at least 0, got -1"
    yield "poisson_nll_loss", {"log_input": None}, TypeError, "log_input must be True or False"
    yield "poisson_nll_loss", {"full": "no"}, TypeError, "full must be True or False"
    for temperature in (0, -1, np.inf):
        wrong = {"temperature": temperature}
        yield "info_nce", wrong, ValueError, "temperature must be above 0 and finite, got"
    for wrong in (
        {"query": ROW},
        {"positive": X[:2]},
        {"query": X[:0], "positive": X[:0]},
        {"query": X[None], "positive": X[None]},
    ):
        yield "info_nce", wrong, ValueError, r"must both be \(N, D\), N at least 1, got"


def refused_softmax():
    for name in ("softmax", "log_softmax"):
        yield name, {"x": X, "dim": 2}, ValueError, "dim must be from -2 to 1, got 2"
        yield name, {"x": np.array(1.0), "dim": 1}, ValueError, "dim must be from -1 to 0, got 1"
        for dim in (None, 1.0, True, (0,)):
            yield name, {"x": X, "dim": dim}, TypeError, "dim must be a whole number"
        yield name, {"x": WHOLE, "dim": 0}, TypeError, "x must hold float16.*int64"
        yield name, {"x": X, "dim": 0, "dtype": int}, TypeError, "dtype must be"
        yield name, {"x": X, "dim": 0, "dtype": "wide"}, TypeError, "dtype must be a dtype"
    for dim in (2, -3, (0, 2)):
        yield "logsumexp", {"x": X, "dim": dim}, ValueError, "dim must be from -2 to 1"
    for dim in ((0, 0), (0, -2), ()):
        yield "logsumexp", {"x": X, "dim": dim}, ValueError, "at least one axis, and none twice"
    yield "logsumexp", {"x": X, "dim": None}, TypeError, "dim must be a whole number"
    yield "logsumexp", {"x": X, "dim": 0, "keepdim": 1}, TypeError, "keepdim must be True or False"
    yield "logsumexp", {"x": X * 1j, "dim": 0}, TypeError, "x must hold float16.*complex128"


REFUSED = [
    *((name, {**VALID[name], **wrong}, *rest) for name, wrong, *rest in refused()),
    *refused_softmax(),
]


@EVERY_LOSS
def test_what_cannot_be_is_refused_with_reasons(name):
    for arguments, error, message in (case for own, *case in REFUSED if own == name):
        check_refusal(name, arguments, error, message)


def check_refusal(name, arguments, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        reference("losses", name)(**arguments)
    with pytest.raises(error, match=f"(?s){message}"):
        accelerated("losses", name)(**to_torch(arguments))
    with pytest.raises(error):
        reference("losses", f"{name}_backward")(dy=np.ones(()), **arguments)


def test_every_loss_refuses_something():
    names = {name for name in losses.__all__ if not name.endswith("_backward")}
    assert {name for name, *_ in REFUSED} == names


@EVERY_LOSS
def test_every_array_must_be_of_the_own_kind(name):
    arguments = first_case(name)
    tensors = to_torch(arguments)
    for argument, value in arguments.items():
        if not isinstance(value, np.ndarray):
            continue
        for wrong in (value.tolist(), tensors[argument], None):
            if wrong is None and argument in ("weight", "pos_weight"):
                continue
            if isinstance(wrong, float) and argument == "var":
                continue
            with pytest.raises(TypeError, match=f"{argument} must be"):
                reference("losses", name)(**{**arguments, argument: wrong})
        for wrong in (value.tolist(), value):
            with pytest.raises(TypeError, match=f"{argument} must be"):
                accelerated("losses", name)(**{**tensors, argument: wrong})
        elsewhere = tensors[argument].to("meta")
        others = [a for a in tensors.values() if isinstance(a, torch.Tensor)]
        if len(others) > 1 and argument != next(iter(arguments)):
            with pytest.raises(ValueError, match=f"{argument} must lie where x lies"):
                accelerated("losses", name)(**{**tensors, argument: elsewhere})


@EVERY_LOSS
def test_a_slope_from_above_must_fit_the_result(name):
    arguments = first_case(name)
    dy = reference("losses", name)(**arguments)
    backward = reference("losses", f"{name}_backward")
    with pytest.raises(ValueError, match="dy must have the shape of y"):
        backward(dy[None], **arguments)
    with pytest.raises(TypeError, match="dy must have the dtype of y"):
        backward(dy.astype(np.float32), **arguments)
    with pytest.raises(TypeError, match="dy must be a NumPy array"):
        backward(1.0, **arguments)
