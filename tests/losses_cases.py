"""Arguments for every loss and every option of it, away from kinks; shared by their tests."""

import itertools
import math

import numpy as np
import pytest

RNG = np.random.default_rng(0)
REDUCTIONS = ("none", "mean", "sum")
LEARNED = {  # the arguments that have a gradient, where that is not x alone
    "margin_ranking_loss": ("x1", "x2"),
    "cosine_embedding_loss": ("x1", "x2"),
    "triplet_margin_loss": ("anchor", "positive", "negative"),
    "gaussian_nll_loss": ("x", "var"),
    "info_nce": ("query", "positive"),
}


def normal(*shape):
    return np.asarray(RNG.standard_normal(shape))


def apart(*shape):
    """No two alike, and so no differences of 0 or of the same size, where lengths have kinks."""
    return RNG.permutation(math.prod(shape)).reshape(shape) + 0.4 * RNG.random(shape)


def probabilities(*shape, axis=1):
    p = RNG.random(shape) + 0.1
    return p / p.sum(axis=axis, keepdims=True)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


def regression():
    x, target, weight = normal(3, 4), normal(3, 4), RNG.random((3, 4)) + 0.1
    for name in ("l1_loss", "mse_loss", "huber_loss"):
        yield name, "plain", {"x": x, "target": target}
        yield name, "weighed", {"x": x, "target": target, "weight": weight}
    for width in (0.5, 2):
        yield "huber_loss", f"delta {width}", {"x": x, "target": target, "delta": width}
        yield "smooth_l1_loss", f"beta {width}", {"x": x, "target": target, "beta": width}
    yield "smooth_l1_loss", "beta 0", {"x": x, "target": target, "beta": 0}
    whole = np.arange(-6, 6).reshape(3, 4)
    for name in ("l1_loss", "mse_loss", "smooth_l1_loss"):
        yield name, "whole numbers", {"x": x, "target": whole}
        yield name, "a scalar", {"x": normal(), "target": normal()}


def distributions():
    x, target = normal(3, 4), RNG.random((3, 4)) * 5
    shapes = {"each": (3, 4), "each row": (3,), "each row, kept": (3, 1), "each column": (1, 4)}
    for (what, shape), full in itertools.product(shapes.items(), (False, True)):
        arguments = {"x": x, "target": target, "var": RNG.random(shape) + 0.2, "full": full}
        yield "gaussian_nll_loss", f"{what}, {full}", arguments
    arguments = {"x": normal(4), "target": normal(1), "var": np.array(0.7), "eps": 0.1}
    yield "gaussian_nll_loss", "one of each", arguments
    more = {"x": normal(2, 1), "target": normal(1, 3), "var": RNG.random(2)}
    yield "gaussian_nll_loss", "broadcast", more
    for log_input, full in itertools.product((False, True), (False, True)):
        arguments = {"x": RNG.random((3, 4)) + 0.1, "target": target, "full": full}
        yield "poisson_nll_loss", f"{log_input}, {full}", arguments | {"log_input": log_input}
    arguments = {"x": normal(2, 1), "target": np.arange(3), "eps": 0.01}
    yield "poisson_nll_loss", "counts, broadcast", arguments
    p, q = probabilities(3, 4), probabilities(3, 4)
    p[0, 0] = 0
    yield "kl_div", "plain", {"x": np.log(q), "target": p}
    yield "kl_div", "logarithms", {"x": np.log(q), "target": np.log(q[::-1]), "log_target": True}
    yield "kl_div", "broadcast", {"x": np.log(q[0]), "target": p}
    yield "kl_div", "broadcast logarithms", {
        "x": np.log(q), "target": np.log(q[:1]), "log_target": True
    }  # fmt: skip
    yield "kl_div", "a scalar", {"x": np.array(-1.0), "target": np.array(0.3)}


def binary():
    x, p, target = normal(3, 4), RNG.random((3, 4)) * 0.8 + 0.1, RNG.random((3, 4))
    for what, weight in {
        "plain": None,
        "each": RNG.random((3, 4)),
        "each column": RNG.random(4),
        "each row": RNG.random((3, 1)),
        "one": np.array(0.7),
        "whole numbers": np.array([1, 2, 0, 3]),
    }.items():
        weighed = {"target": target, "weight": weight}
        yield "binary_cross_entropy", what, {"x": p, **weighed}
        yield "binary_cross_entropy_with_logits", what, {"x": x, **weighed}
        more = {"x": x, **weighed, "pos_weight": weight}
        yield "binary_cross_entropy_with_logits", f"{what}, positive", more
    hard = (target > 0.5).astype(np.float64)
    for alpha, gamma in itertools.product((-1, 0.25, 1), (0, 0.5, 2)):
        options = {"alpha": alpha, "gamma": gamma}
        yield "focal_loss", f"{options}", {"x": x, "target": hard, **options}
    yield "focal_loss", "in between", {"x": x, "target": target}


def classes():
    for shape, places in {
        (5, 4): (5,),
        (3, 4, 2): (3, 2),
        (2, 4, 1, 3): (2, 1, 3),
        (2, 4, 1, 2, 1): (2, 1, 2, 1),
        (4,): (),
    }.items():
        x, target = normal(*shape), np.asarray(RNG.integers(0, 4, places))
        weight = RNG.random(4) + 0.1
        for w, ignore_index in itertools.product((None, weight), (-100, 1, -1)):
            seen = np.where(RNG.random(places) < 0.3, ignore_index, target)
            seen = target if ignore_index == -100 or not places else seen
            options = {"target": seen, "weight": w, "ignore_index": ignore_index}
            what = f"{shape}, {w is not None}, {ignore_index}"
            yield "nll_loss", what, {"x": x, **options}
            for smoothing in (0.0, 0.3):
                more = {"x": x, **options, "label_smoothing": smoothing}
                yield "cross_entropy", f"{what}, {smoothing}", more
        for w, smoothing in itertools.product((None, weight), (0.0, 0.3, 1)):
            q = probabilities(*shape, axis=min(1, len(shape) - 1))
            more = {"x": x, "target": q, "weight": w, "label_smoothing": smoothing}
            yield "cross_entropy", f"{shape}, shares, {w is not None}, {smoothing}", more
    spread = normal(3, 5) * np.array([[1.0], [300.0], [700.0]])  # exponentials overflow
    yield "cross_entropy", "wide", {"x": spread, "target": np.array([0, 1, 4])}
    yield "cross_entropy", "bytes", {"x": normal(3, 5), "target": np.array([0, 1, 4], np.uint8)}


def margins():
    x = normal(3, 4)
    yield "soft_margin_loss", "plain", {"x": x, "target": signs(3, 4)}
    yield "soft_margin_loss", "broadcast", {"x": x, "target": signs(4).astype(int)}
    for margin in (0, 0.7):
        options = {"target": signs(3, 4), "margin": margin}
        yield "margin_ranking_loss", f"{margin}", {"x1": x, "x2": normal(3, 4), **options}
        options = {"target": signs(3, 1).astype(int), "margin": margin}
        yield (
            "margin_ranking_loss",
            f"broadcast, {margin}",
            {"x1": x, "x2": normal(1, 4), **options},
        )
    for margin in (1.0, 3):
        yield (
            "hinge_embedding_loss",
            f"{margin}",
            {"x": x, "target": signs(3, 4), "margin": margin},
        )
    mixed = np.array([1, -1, 0, 2])
    yield "hinge_embedding_loss", "neither", {"x": normal(4), "target": mixed}
    yield "hinge_embedding_loss", "broadcast", {"x": normal(3, 1), "target": mixed}
    weight = RNG.random(5) + 0.1
    for p, margin, w in itertools.product((1, 2), (1.0, -0.3), (None, weight)):
        options = {"p": p, "margin": margin, "weight": w}
        what = f"{p}, {margin}, {w is not None}"
        target = RNG.integers(0, 5, 4)
        yield "multi_margin_loss", what, {"x": normal(4, 5), "target": target, **options}
        target = target[:1].reshape(())
        yield (
            "multi_margin_loss",
            f"a row, {what}",
            {"x": normal(5), "target": target, **options},
        )
    one = {"x": normal(5), "target": np.array([2])}
    yield "multi_margin_loss", "one in a row", one
    yield "multi_margin_loss", "a scalar", {"x": normal(), "target": np.array(0)}


def embeddings():
    for margin in (0, -0.4):
        target = np.array([1.0, -1, -1, 0.5])
        options = {"target": target, "margin": margin}
        pair = {"x1": normal(4, 3), "x2": normal(4, 3)}
        yield "cosine_embedding_loss", f"{margin}", {**pair, **options}
        row = {"x1": normal(3), "x2": normal(3), "target": np.array(-1), "margin": margin}
        yield "cosine_embedding_loss", f"a row, {margin}", row
        against = {"x1": normal(4, 3), "x2": normal(4, 1), **options}
        yield "cosine_embedding_loss", f"one number each, {margin}", against
        turned = against | {"x1": against["x2"], "x2": against["x1"]}
        yield "cosine_embedding_loss", f"one number each, turned, {margin}", turned
        against = {"x1": normal(4, 3), "x2": normal(1, 3), **options}
        yield "cosine_embedding_loss", f"one for all, {margin}", against
        pair = {"x1": normal(1, 3), "x2": normal(1, 3)}
        yield "cosine_embedding_loss", f"one for all targets, {margin}", {**pair, **options}
    for p, swap in itertools.product((1, 2, 3.5, 0.5, -1, math.inf, -math.inf), (False, True)):
        three = {"anchor": apart(4, 3), "positive": apart(4, 3), "negative": apart(4, 3)}
        options = {"p": p, "swap": swap, "margin": 5}
        yield "triplet_margin_loss", f"{p}, {swap}", {**three, **options}
    for shapes in (
        ((3,), (3,), (3,)),
        ((2, 2, 3), (1, 2, 3), (2, 1, 3)),
        ((4, 1), (4, 3), (4, 3)),
    ):
        values = zip(("anchor", "positive", "negative"), shapes, strict=True)
        three = {name: normal(*shape) for name, shape in values}
        yield "triplet_margin_loss", f"{shapes}", {**three, "eps": 0.1, "swap": True}
    for temperature in (0.1, 1):
        arguments = {"query": normal(4, 3), "positive": normal(4, 3), "temperature": temperature}
        yield "info_nce", f"{temperature}", arguments


def softmaxes():
    x = normal(3, 4, 2)
    for name, dim in itertools.product(("softmax", "log_softmax"), (0, 1, -1)):
        yield name, f"{dim}", {"x": x, "dim": dim}
        yield name, f"a scalar, {dim}", {"x": normal(), "dim": min(dim, 0)}
    for dim, keepdim in itertools.product((1, -1, (0, 2), [1, 0, -1]), (False, True)):
        yield "logsumexp", f"{dim}, {keepdim}", {"x": x, "dim": dim, "keepdim": keepdim}
    for keepdim in (False, True):
        yield "logsumexp", f"a scalar, {keepdim}", {"x": normal(), "dim": (0,), "keepdim": keepdim}


FAMILIES = regression, distributions, binary, classes, margins, embeddings, softmaxes
CASES = {}  # what is special about a case → its arguments, by the name of the operation
for family in FAMILIES:
    for name, what, arguments in family():
        CASES.setdefault(name, {})[what] = arguments


EVERY_LOSS = pytest.mark.parametrize("name", CASES)


def on_every_case(check, name):
    """Check the arguments of every case of an operation, with each reduction."""
    for what in CASES[name]:
        on_case(check, name, what)


def on_first_case(check, name):
    """Check the arguments of the plainest case of an operation, with each reduction."""
    on_case(check, name, next(iter(CASES[name])))


def on_case(check, name, what):
    words = REDUCTIONS if "softmax" not in name and name != "logsumexp" else ()
    words += ("batchmean",) if name == "kl_div" else ()
    for options in [{"reduction": word} for word in words] or [{}]:
        try:
            check({**CASES[name][what], **options})
        except BaseException as error:
            error.add_note(f"{name}: {what}, {options}")
            raise


def first_case(name):
    return next(iter(CASES[name].values()))


def without_samples(arguments):
    """The arguments with none of the samples, which lie along their first axis."""
    arrays = {key: value for key, value in arguments.items() if isinstance(value, np.ndarray)}
    samples = len(next(iter(arrays.values())))
    return arguments | {k: v[:0] for k, v in arrays.items() if len(v) == samples}


def learned(name):
    return LEARNED.get(name, ("x",))
