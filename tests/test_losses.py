"""Losses in NumPy: by hand, their slopes, what must hold for any input, and traps."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from losses_cases import (
    CASES,
    EVERY_LOSS,
    first_case,
    learned,
    on_every_case,
)
from numpy.testing import assert_allclose, assert_array_equal
from operations import backward_of, check_manners, check_slope, reference

from lib.reference import losses
from lib.reference._losses_softmax import log_proportions
from lib.reference.losses import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    cosine_embedding_loss,
    cross_entropy,
    cross_entropy_backward,
    focal_loss,
    focal_loss_backward,
    gaussian_nll_loss,
    gaussian_nll_loss_backward,
    hinge_embedding_loss,
    huber_loss,
    info_nce,
    kl_div,
    l1_loss,
    l1_loss_backward,
    log_softmax,
    logsumexp,
    margin_ranking_loss,
    mse_loss,
    multi_margin_loss,
    nll_loss,
    nll_loss_backward,
    poisson_nll_loss,
    smooth_l1_loss,
    smooth_l1_loss_backward,
    soft_margin_loss,
    soft_margin_loss_backward,
    softmax,
    triplet_margin_loss,
    triplet_margin_loss_backward,
)

LOGITS = np.log([[2.0, 1, 1], [1, 1, 6]])  # probabilities 1/2 1/4 1/4 and 1/8 1/8 3/4
LOG2 = math.log(2)


# By hand


@pytest.mark.parametrize(
    ("loss", "arguments", "expected"),
    [
        (l1_loss, ([1, 2, 3], [1, 4, 0]), [0, 2, 3]),
        (mse_loss, ([1, 2, 3], [1, 4, 0]), [0, 4, 9]),
        (huber_loss, ([0.5, 1, 3], [0, 0, 0]), [1 / 8, 1 / 2, 5 / 2]),
        (smooth_l1_loss, ([0.5, 1, 3], [0, 0, 0]), [1 / 8, 1 / 2, 5 / 2]),
        (gaussian_nll_loss, ([0, 0], [1, 3], [1, 9]), [1 / 2, 1 / 2 + math.log(3)]),
        (poisson_nll_loss, ([0, 1], [3, 2]), [1, math.e - 2]),
        (binary_cross_entropy, ([0.5, 0.25], [1, 0]), [LOG2, math.log(4 / 3)]),
        (binary_cross_entropy_with_logits, ([0, math.log(3)], [1, 0]), [LOG2, 2 * LOG2]),
        (soft_margin_loss, ([0, math.log(3)], [1, -1]), [LOG2, 2 * LOG2]),
        (kl_div, ([math.log(0.5), 0], [1, 0]), [LOG2, 0]),
        (hinge_embedding_loss, ([0.5, 0.25, 3], [1, -1, -1]), [0.5, 0.75, 0]),
        (margin_ranking_loss, ([2, 2, 2], [1, 2, 3], [1, -1, 1]), [0, 0, 1]),
        (multi_margin_loss, ([[1, 3, 2.5]], np.array([1])), [0.5 / 3]),
        (cosine_embedding_loss, ([[3, 4], [3, 4]], [[4, 3]] * 2, [1, -1]), [0.04, 0.96]),
        (triplet_margin_loss, ([[0, 0]], [[3, 4]], [[5, 0]]), [1]),
        (focal_loss, ([0, 0], [1, 0]), [LOG2 / 16, 3 * LOG2 / 16]),
        (info_nce, ([[0], [0.1]], [[LOG2], [0]]), [LOG2, math.log(3)]),
    ],
)
def test_worked_numbers(loss, arguments, expected):
    arguments = [np.asarray(a, a.dtype if isinstance(a, np.ndarray) else float) for a in arguments]
    assert_allclose(loss(*arguments, reduction="none"), expected, atol=1e-6)
    if "embedding" not in loss.__name__:
        assert_allclose(loss(*arguments, reduction="sum"), np.sum(expected), atol=1e-6)
        assert_allclose(loss(*arguments, reduction="mean"), np.mean(expected), atol=1e-6)


def test_the_surprise_of_a_class_is_minus_its_logarithm():
    target = np.array([0, 1])
    assert_allclose(cross_entropy(LOGITS, target, reduction="none"), [LOG2, 3 * LOG2])
    assert_allclose(cross_entropy(LOGITS, target), 2 * LOG2)
    assert_allclose(softmax(LOGITS, 1), [[1 / 2, 1 / 4, 1 / 4], [1 / 8, 1 / 8, 3 / 4]])
    assert_allclose(nll_loss(log_softmax(LOGITS, 1), target), 2 * LOG2)
    dx = cross_entropy_backward(np.array(2.0), LOGITS, target)
    assert_allclose(dx, [[-1 / 2, 1 / 4, 1 / 4], [1 / 8, -7 / 8, 3 / 4]])  # p, one less at y


def test_logsumexp_lies_just_above_the_maximum():
    x = np.array([[0.0, 0, 0, 0], [1000, 0, 0, 0], [-np.inf, 2, -np.inf, -np.inf]])
    assert_allclose(logsumexp(x, 1), [math.log(4), 1000, 2])
    assert_array_equal(logsumexp(x, (0, 1)), 1000)
    assert logsumexp(x, 1, keepdim=True).shape == (3, 1)
    assert logsumexp(np.zeros((2, 0)), 1).tolist() == [-np.inf] * 2
    assert logsumexp(np.array([1, 1]), 0).dtype == np.float32  # whole numbers, as in torch


def test_a_length_of_p_0_counts_the_differences_and_has_no_slope():
    three = np.array([[0.0, 0, 0]]), np.array([[1.0, 2, 0]]), np.array([[3.0, 0, 0]])
    assert triplet_margin_loss(*three, p=0, eps=0) == 2
    slopes = triplet_margin_loss_backward(np.array(1.0), *three, p=0, eps=0)
    assert not np.any(slopes)


def test_a_swap_measures_from_whichever_is_nearer():
    three = np.array([[0.0]]), np.array([[2.0]]), np.array([[3.0]])
    assert triplet_margin_loss(*three, eps=0) == 0
    assert triplet_margin_loss(*three, eps=0, swap=True) == 2
    tied = np.array([[0.0]]), np.array([[-2.0]]), np.array([[-1.0]])
    slopes = triplet_margin_loss_backward(np.array(1.0), *tied, eps=0, swap=True)
    assert_array_equal(np.ravel(slopes), [0.5, -0.5, 0])  # half of each distance


# The slope of every entry


def test_every_loss_has_a_backward_and_a_case():
    forward = {name for name in losses.__all__ if not name.endswith("_backward")}
    assert forward == set(CASES)
    assert set(losses.__all__) - forward == {f"{name}_backward" for name in forward}


@EVERY_LOSS
def test_backward_is_the_slope_of_forward(name):
    on_every_case(lambda arguments: check_slope("losses", name, arguments, learned(name)), name)


@EVERY_LOSS
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtype_is_kept_and_arguments_are_left_alone(name, dtype):
    def check(arguments):
        check_manners("losses", name, arguments, learned(name), dtype)

    on_every_case(check, name)


def gapped(value):
    wider = np.full([2 * size for size in value.shape], 7).astype(value.dtype)
    view = wider[tuple(slice(None, None, 2) for _ in value.shape)]
    view[...] = value
    return view


LAYOUTS = {
    "by columns": np.asfortranarray,
    "gapped": gapped,
    "backwards": lambda value: np.flip(np.flip(value).copy()),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@EVERY_LOSS
def test_any_layout_of_memory(name, layout):
    arguments = first_case(name)
    laid = {
        key: LAYOUTS[layout](value) if isinstance(value, np.ndarray) else value
        for key, value in arguments.items()
    }
    y = reference("losses", name)(**laid)
    assert_allclose(y, reference("losses", name)(**arguments), rtol=1e-13, atol=1e-13)
    dy = np.ones(y.shape)
    slopes = zip(backward_of("losses", name, laid)(dy),
                 backward_of("losses", name, arguments)(dy), strict=True)  # fmt: skip
    for got, expected in slopes:
        assert_allclose(got, expected, rtol=1e-13, atol=1e-13)


# Traps


def test_a_mean_over_classes_divides_by_the_weights_of_the_targets():
    weight, target = np.array([1.0, 3, 5]), np.array([0, 1])
    every = cross_entropy(LOGITS, target, weight, reduction="none")
    assert_allclose(every, [LOG2, 9 * LOG2])
    assert_allclose(cross_entropy(LOGITS, target, weight), 10 * LOG2 / 4)
    assert_allclose(nll_loss(log_softmax(LOGITS, 1), target, weight), 10 * LOG2 / 4)
    shares = np.eye(3)[target]
    assert_allclose(cross_entropy(LOGITS, shares, weight), 10 * LOG2 / 2)  # by the samples


def test_a_mean_over_nothing_is_nan_and_has_no_slope():
    target, dy = np.array([7, 7]), np.array(1.0)
    assert np.isnan(cross_entropy(LOGITS, target, ignore_index=7))
    assert np.isnan(cross_entropy(LOGITS, target, ignore_index=7, label_smoothing=0.1))
    assert np.isnan(nll_loss(LOGITS, target, ignore_index=7))
    assert cross_entropy(LOGITS, target, ignore_index=7, reduction="sum") == 0
    assert not cross_entropy_backward(dy, LOGITS, target, ignore_index=7).any()
    assert not nll_loss_backward(dy, LOGITS, target, ignore_index=7).any()
    no_weight = np.array([0.0, 1, 1])
    assert np.isnan(cross_entropy(LOGITS[:1], np.array([0]), no_weight, label_smoothing=0.1))


def test_smoothing_leaves_ignored_places_alone():
    target = np.array([0, -100])
    every = cross_entropy(LOGITS, target, label_smoothing=0.3, reduction="none")
    smooth = 0.8 * LOG2 + 0.1 * 2 * LOG2 + 0.1 * 2 * LOG2  # q is 0.8, 0.1, 0.1
    assert_allclose(every, [smooth, 0])
    assert_allclose(cross_entropy(LOGITS, target, label_smoothing=0.3), smooth)


def test_a_target_that_is_sure_may_have_a_score_of_minus_infinity_elsewhere():
    x = np.array([[0.0, -np.inf, 0]])
    assert_allclose(cross_entropy(x, np.array([0])), LOG2)
    dx = cross_entropy_backward(np.array(1.0), x, np.array([0]))
    assert_allclose(dx, [[-0.5, 0, 0.5]])


def test_no_surprise_is_below_0_or_lost_by_rounding():
    x = np.array([[40.0, 0], [0.0, 20]], np.float32)
    every = cross_entropy(x, np.array([0, 1]), reduction="none")
    assert_allclose(every, np.exp(np.array([-40.0, -20])), rtol=1e-5)


def test_tiny_exponentials_keep_their_digits():
    x = np.array([[-95.0, -94]], np.float32)  # both exponentials are subnormal
    assert_allclose(cross_entropy(x, np.array([0])), math.log(1 + math.e), rtol=1e-6)
    dx = cross_entropy_backward(np.ones((), np.float32), x, np.array([0]))
    assert_allclose(dx, [[-math.e / (1 + math.e), math.e / (1 + math.e)]], rtol=1e-6)


def test_the_short_way_and_the_readable_way_are_one(rng):
    for scale in (1, 30, 60, 300, 1000):  # from 60 on exponentials leave the safe range
        x = (rng.standard_normal((20, 7)) * scale).astype(np.float32)
        target = rng.integers(0, 7, 20)
        every = cross_entropy(x, target, reduction="none")
        readable = -log_proportions(x, 1)[np.arange(20), target]
        assert_allclose(every, readable, rtol=2e-6, atol=1e-6 * scale)
        p = softmax(x, 1)
        p[np.arange(20), target] -= 1
        dx = cross_entropy_backward(np.ones(20, np.float32), x, target, reduction="none")
        assert_allclose(dx, p, atol=1e-6)


def test_many_classes_are_added_up_right():
    count = 300_000
    x = np.full((count, 2), np.float32(0.1))  # added one after the other in float32: 0.2 % off
    assert_allclose(softmax(x, 0) * count, np.ones_like(x), rtol=1e-6)
    assert_allclose(logsumexp(x, 0), [math.log(count) + 0.1] * 2, rtol=1e-7)
    images, target = x[None], np.zeros((1, 2), int)
    assert_allclose(cross_entropy(images, target), math.log(count), rtol=1e-7)
    dx = cross_entropy_backward(np.array(count, np.float32), images, target)
    assert_allclose(dx[0, 1:], 0.5, rtol=1e-6)


def test_many_losses_are_added_up_right():
    x, target = np.ones(100_000, np.float16), np.zeros(100_000, np.float16)
    for loss in (l1_loss, mse_loss):  # float16 itself ends at 65,504
        assert loss(x, target) == 1
        assert loss(x[:4096], target[:4096], reduction="sum") == 4096


def test_constants_do_not_widen_the_dtype():
    x, var = np.ones(3, np.float32), np.full(3, 2, np.float32)
    assert gaussian_nll_loss(x, x, var, full=True).dtype == np.float32
    assert poisson_nll_loss(x, x * 3, full=True).dtype == np.float32


def test_the_logarithm_of_a_probability_is_at_least_minus_100():
    x, target = np.array([0.0, 1, 0, 1, 1e-60]), np.array([1.0, 0, 0, 1, 1])
    every = binary_cross_entropy(x, target, reduction="none")
    assert_array_equal(every, [100, 100, 0, 0, 100])
    dx = binary_cross_entropy_backward(np.ones(5), x, target, reduction="none")
    assert_allclose(dx, [-1e12, 1e12, 0, 0, -1e12])  # the divisor is at least 1e-12


def test_large_scores_do_not_overflow():
    x, target = np.array([1000.0, -1000, 1000, -1000]), np.array([1.0, 0, 0, 1])
    every = binary_cross_entropy_with_logits(x, target, reduction="none")
    assert_array_equal(every, [0, 0, 1000, 1000])
    dx = binary_cross_entropy_with_logits_backward(np.ones(4), x, target, reduction="none")
    assert_array_equal(dx, [0, 0, 1, -1])
    assert_array_equal(soft_margin_loss(x, 2 * target - 1, reduction="none"), every)
    dx = soft_margin_loss_backward(np.ones(4), x, 2 * target - 1, reduction="none")
    assert_array_equal(dx, [0, 0, 1, -1])
    assert_array_equal(focal_loss(x, target, alpha=-1), every)
    for gamma in (0, 0.5, 2):
        dx = focal_loss_backward(np.ones(4), x, target, alpha=-1, gamma=gamma)
        assert_array_equal(dx, [0, 0, 1, -1])


def test_divergence_takes_logarithms_and_is_a_mean_over_the_batch_alone():
    x, target = np.log([[0.5, 0.5], [0.25, 0.75]]), np.array([[1.0, 0], [0.25, 0.75]])
    assert_allclose(kl_div(x, target, reduction="none"), [[LOG2, 0], [0, 0]])
    assert_allclose(kl_div(x, target, reduction="batchmean"), LOG2 / 2)
    assert_allclose(kl_div(x, target, reduction="mean"), LOG2 / 4)
    assert_allclose(kl_div(x, np.log([[0.5, 0.5]] * 2), log_target=True, reduction="sum"),
                    0.5 * (math.log(2) + math.log(2 / 3)))  # fmt: skip


def test_smooth_l1_is_huber_over_its_threshold(rng):
    x, target = rng.standard_normal((2, 50)) * 2
    x[0] = target[0]
    for beta in (0.3, 1, 5):
        both = (loss(x, target, "none", beta) for loss in (smooth_l1_loss, huber_loss))
        smooth, huber = both
        assert_allclose(smooth, huber / beta)
    assert_array_equal(smooth_l1_loss(x, target, beta=0), l1_loss(x, target))
    dy = np.array(1.0)
    assert_array_equal(
        smooth_l1_loss_backward(dy, x, target, beta=0), l1_loss_backward(dy, x, target)
    )


def test_what_weights_divide_by():
    x, target, weight = np.array([3.0, 1]), np.zeros(2), np.array([1.0, 3])
    assert l1_loss(x, target, weight=weight) == 6 / 4
    assert mse_loss(x, target, weight=weight) == 12 / 4
    assert huber_loss(x, target, weight=weight, delta=9) == 6 / 2  # as in torch
    assert_allclose(binary_cross_entropy(np.full(2, 0.5), target, weight), 4 * LOG2 / 2)


def test_shapes_that_broadcast_are_compared_with_a_warning():
    x, target = np.zeros((3, 1)), np.array([1.0, 2, 3])
    slopes = {"l1_loss": -3, "mse_loss": -12, "huber_loss": -3, "smooth_l1_loss": -3}
    for name, slope in slopes.items():
        with pytest.warns(UserWarning, match=r"\(3, 1\), but target \(3,\)") as warned:
            y = reference("losses", name)(x, target, reduction="none")
        assert warned[0].filename == __file__
        with pytest.warns(UserWarning, match="rarely meant") as warned:
            dx = reference("losses", f"{name}_backward")(np.array(1.0), x, target, "sum")
        assert warned[0].filename == __file__
        assert_array_equal(y, np.broadcast_to(y[0], (3, 3)))
        assert_array_equal(dx, np.full((3, 1), slope))
    with pytest.warns(UserWarning, match="rarely meant"):
        assert l1_loss(np.zeros(1), target, weight=np.array([2.0])) == 12 / 2


def test_a_raised_variance_keeps_its_slope():
    x, target, var = np.zeros(1), np.ones(1), np.zeros(1)
    assert_allclose(gaussian_nll_loss(x, target, var, eps=0.5), (math.log(0.5) + 2) / 2)
    dx, dvar = gaussian_nll_loss_backward(np.array(1.0), x, target, var, eps=0.5)
    assert_allclose((dx[0], dvar[0]), (-2, -1))
    dx, dvar = gaussian_nll_loss_backward(np.array(1.0), x, target, 0.5)
    assert_allclose((dx[0], dvar), (-2, -1))


# What holds for any input

numbers = st.floats(-30, 30, width=32).map(float)
sizes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)
rows = hnp.arrays(np.float64, sizes, elements=numbers)


@st.composite
def labelled(draw):
    x = draw(rows)
    classes = st.integers(0, x.shape[1] - 1)
    return x, draw(hnp.arrays(np.int64, len(x), elements=classes))


@given(rows, numbers)
def test_only_differences_of_scores_count(x, shift):
    p = softmax(x, 1)
    assert_allclose(p.sum(axis=1), 1)
    assert_allclose(softmax(x + shift, 1), p, atol=1e-12)
    assert_allclose(np.log(p), log_softmax(x, 1), atol=1e-9)
    assert_allclose(logsumexp(x + shift, 1), logsumexp(x, 1) + shift, atol=1e-12)
    assert (logsumexp(x, 1) >= x.max(axis=1)).all()


@given(labelled(), st.floats(0, 1))
def test_a_class_is_a_probability_of_one(case, smoothing):
    x, target = case
    shares, options = np.eye(x.shape[1])[target], {"label_smoothing": smoothing}
    by_class, by_share = (cross_entropy(x, t, **options) for t in (target, shares))
    assert_allclose(by_class, by_share, atol=1e-12)
    dy = np.array(1.0)
    slopes = [cross_entropy_backward(dy, x, t, **options) for t in (target, shares)]
    assert_allclose(*slopes, atol=1e-12)
    assert_allclose(slopes[0].sum(axis=1), 0, atol=1e-12)


@given(labelled())
def test_cross_entropy_is_the_likelihood_of_softmax(case):
    x, target = case
    every = cross_entropy(x, target, reduction="none")
    assert (every >= 0).all()
    assert_allclose(every, nll_loss(log_softmax(x, 1), target, reduction="none"), atol=1e-12)
    assert_allclose(cross_entropy(x, target), every.mean(), atol=1e-12)
    assert_allclose(cross_entropy(x, target, reduction="sum"), every.sum(), atol=1e-12)


@given(rows, st.floats(0.1, 10))
def test_huber_lies_below_both_of_its_ends(x, delta):
    zero = np.zeros_like(x)
    every = huber_loss(x, zero, "none", delta)
    assert (every <= mse_loss(x, zero, "none") / 2 * (1 + 1e-12)).all()
    assert (every <= l1_loss(x, zero, "none") * delta * (1 + 1e-12)).all()


@given(rows)
def test_a_score_and_its_sigmoid_say_the_same(x):
    x = x / 2  # a sigmoid nearer to 1 rounds
    for target in (np.zeros_like(x), np.ones_like(x), np.full_like(x, 0.3)):
        p = 1 / (1 + np.exp(-x))
        by_score = binary_cross_entropy_with_logits(x, target, reduction="none")
        assert_allclose(by_score, binary_cross_entropy(p, target, reduction="none"), atol=1e-8)
        assert_array_equal(focal_loss(x, target, alpha=-1, gamma=0), by_score)


@given(rows, st.floats(0.1, 10))
def test_a_cosine_knows_no_lengths(x, scale):
    x = np.where(np.abs(x).sum(axis=1, keepdims=True) < 1, 1, x)  # lengths far above √1e-12
    other, target = x[::-1], np.ones(len(x))
    assert_allclose(
        cosine_embedding_loss(x * scale, other, target, reduction="none"),
        cosine_embedding_loss(x, other, target, reduction="none"),
        atol=1e-8,
    )


@given(rows)
def test_recognition_at_chance_costs_the_logarithm_of_the_batch(x):
    keys = np.broadcast_to(x[:1], x.shape)
    assert_allclose(info_nce(x, keys, reduction="none"), math.log(len(x)), atol=1e-9)


def test_an_infinite_slope_of_a_class_without_weight_is_nan_without_a_warning():
    target, weight = np.array([0]), np.zeros(3)
    dx = nll_loss_backward(np.array([np.inf]), LOGITS[:1, :3], target, weight, reduction="none")
    assert np.isnan(dx[0, 0])
    assert not dx[0, 1:].any()
