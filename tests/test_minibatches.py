"""Minibatches: by hand, what averages must equal, both twins, and what is refused."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from operations import check_no_builtin, on_each_device, to_numpy
from scipy import stats
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

from lib.accelerated import minibatches as accelerated
from lib.reference import minibatches as reference

TWINS = {"reference": reference, "accelerated": accelerated}
in_both = pytest.mark.parametrize("role", TWINS)
REGIMES = st.sampled_from(list(TWINS))


def generator(role, seed=0):
    seeded = {"reference": np.random.default_rng, "accelerated": torch.Generator().manual_seed}
    return seeded[role](seed)


def own(role, value):
    """Arrays of NumPy as the twin wants them, alone and in lists."""
    if role == "reference":
        return value
    if isinstance(value, list):
        return [own(role, each) for each in value]
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


# ---- batches


@in_both
def test_batches_by_hand(role):
    batches = TWINS[role].batches
    assert [b.tolist() for b in batches(None, 5, 2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in batches(None, 5, 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert [b.tolist() for b in batches(generator(role), 3)] == [[0], [1], [2]]
    assert batches(None, 0, 4) == batches(generator(role), 3, 4, True, True) == []
    u = own(role, np.array([0.5, 0.0, 0.9, 0.25]))
    assert [b.tolist() for b in batches(u, 4, 3, shuffle=True)] == [[1, 3, 0], [2]]


@given(REGIMES, st.integers(0, 40), st.integers(1, 50), st.booleans(), st.booleans())
def test_batches_have_the_sizes_of_torchs_and_every_sample_once(role, n, size, shuffle, drop_last):
    ours = TWINS[role].batches(generator(role), n, size, shuffle, drop_last)
    theirs = list(BatchSampler(SequentialSampler(range(n)), size, drop_last))
    assert [len(batch) for batch in ours] == [len(batch) for batch in theirs]
    assert len(ours) == len(DataLoader(range(n), size, drop_last=drop_last))
    seen = [i for batch in ours for i in batch.tolist()]
    assert len(set(seen)) == len(seen)
    assert set(seen) <= set(range(n))
    if not shuffle:
        assert [batch.tolist() for batch in ours] == theirs
    assert all(str(batch.dtype).endswith("int64") for batch in ours)


@in_both
def test_every_order_is_equally_likely(role):
    rng, counts = generator(role), {}
    for _ in range(2400):
        order = tuple(i for b in TWINS[role].batches(rng, 4, 3, shuffle=True) for i in b.tolist())
        counts[order] = counts.get(order, 0) + 1
    assert len(counts) == 24
    assert stats.chisquare(list(counts.values())).pvalue > 0.01


@in_both
def test_the_seed_alone_decides(role):
    def deal(rng):
        return [b.tolist() for b in TWINS[role].batches(rng, 50, 8, shuffle=True)]

    rng = generator(role)
    first, second = deal(rng), deal(rng)
    assert first != second, "each epoch has an order of its own"
    rng = generator(role)
    assert [deal(rng), deal(rng)] == [first, second]
    u = generator(role)
    u = u.random(50) if role == "reference" else torch.rand(50, generator=u, dtype=torch.float64)
    assert deal(u) == first
    torch.manual_seed(0)
    np.random.seed(0)
    states = torch.get_rng_state(), np.random.get_state()[1].copy()
    deal(rng)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert_array_equal(np.random.get_state()[1], states[1])


@on_each_device
@pytest.mark.parametrize("n", [1, 7, 64])
def test_twins_deal_alike(n, device):
    u = np.random.default_rng(1).random(n)
    u[n // 2 :] = u[: n - n // 2]  # equal uniforms, too, stand in one order
    ours = accelerated.batches(torch.tensor(u, device=device), n, 5, shuffle=True)
    for batch, expected in zip(ours, reference.batches(u, n, 5, shuffle=True), strict=True):
        assert batch.device.type == device
        assert_array_equal(to_numpy(batch), expected, strict=True)
    rng = torch.Generator(device)
    assert accelerated.batches(rng, n, 5)[0].device.type == device


# ---- gradient accumulation


def logistic_gradients(x, target, w, b):
    """Slopes of the mean logistic loss, by torch."""
    w, b = (torch.tensor(p, requires_grad=True) for p in (w, b))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(x) @ w + b, torch.tensor(target)
    )
    return [g.numpy() for g in torch.autograd.grad(loss, (w, b))]


@in_both
@pytest.mark.parametrize("size", [1, 3, 8, 10, 16, 100])
def test_small_batches_add_up_to_the_gradient_of_the_full_batch(role, size):
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((25, 4)), rng.integers(0, 2, 25).astype(float)
    params = rng.standard_normal(4), np.array(0.3)
    whole = logistic_gradients(x, target, *params)
    parts = reference.batches(rng, 25, size, shuffle=True)
    grads = [logistic_gradients(x[part], target[part], *params) for part in parts]
    ours = TWINS[role].accumulate_gradients(own(role, grads), [len(part) for part in parts])
    for got, wanted in zip(ours, whole, strict=True):
        assert_allclose(to_numpy(got), wanted, rtol=1e-13, atol=1e-16, strict=True)


@in_both
def test_the_plain_average_would_be_wrong_where_the_last_batch_is_smaller(role):
    grads = own(role, [[np.array([0.0])], [np.array([3.0])]])
    assert to_numpy(TWINS[role].accumulate_gradients(grads, [2, 1])[0]).item() == 1


@in_both
def test_class_weights_count_by_their_sum(role):
    rng = np.random.default_rng(0)
    logits, target = torch.tensor(rng.standard_normal((7, 3))), torch.tensor([0, 1, 2, 2, 1, 0, 0])
    weight, w = torch.tensor([1.0, 5.0, 0.25]).double(), torch.ones(3).double().requires_grad_()

    def slope(part):
        loss = torch.nn.functional.cross_entropy(logits[part] * w, target[part], weight)
        return list(torch.autograd.grad(loss, w))

    parts = [slice(0, 3), slice(3, 7)]
    grads = [slope(part) for part in parts]
    grads = grads if role == "accelerated" else [[to_numpy(g) for g in each] for each in grads]
    sums = [weight[target[part]].sum().item() for part in parts]
    got = TWINS[role].accumulate_gradients(grads, sums)[0]
    assert_allclose(to_numpy(got), slope(slice(0, 7))[0], rtol=1e-13)


@on_each_device
def test_twins_average_alike_and_keep_the_place(device):
    rng = np.random.default_rng(2)
    grads = [[rng.standard_normal((3, 2)), rng.standard_normal(())] for _ in range(5)]
    theirs = [[torch.tensor(g, device=device, requires_grad=True) for g in gs] for gs in grads]
    weights = [3, 0, 2.5, 1, np.float32(0.5)]
    ours = accelerated.accumulate_gradients(theirs, weights)
    expected = reference.accumulate_gradients(grads, weights)
    for got, wanted in zip(ours, expected, strict=True):
        assert (got.device.type, got.requires_grad) == (device, False)
        assert_allclose(to_numpy(got), wanted, rtol=1e-14)


@pytest.mark.parametrize(
    ("role", "dtype"),
    [(role, d) for role in TWINS for d in ("float16", "float32", "float64")]
    + [("accelerated", "bfloat16")],
)
def test_thousands_of_slopes_are_not_lost_in_a_narrow_dtype(role, dtype):
    g = torch.full((2,), 3.0, dtype=getattr(torch, dtype))
    g = g if role == "accelerated" else g.numpy()
    ours = TWINS[role].accumulate_gradients(([g] for _ in range(5000)), [1] * 5000)[0]
    assert ours.dtype == g.dtype
    assert ours.tolist() == [3, 3]


@in_both
def test_infinity_and_nan_stay_and_nothing_is_written_to(role):
    grads = [np.array([np.inf, np.inf, np.nan, 6e4]), np.array([np.inf, -np.inf, 1, 6e4])]
    grads = [[g.astype(np.float16)] for g in grads]
    for several in grads:
        several[0].flags.writeable = False
    mine = own(role, [[g.copy() for g in several] for several in grads])
    got = to_numpy(TWINS[role].accumulate_gradients(mine, [1, 1])[0])
    assert_array_equal(got, np.array([np.inf, np.nan, np.nan, 6e4], np.float16))
    if role == "reference":
        assert_array_equal(reference.accumulate_gradients(grads, [1, 1])[0], got)
    alone = TWINS[role].accumulate_gradients(mine[:1], [2])[0]
    assert not np.shares_memory(to_numpy(alone), to_numpy(mine[0][0]))
    assert_array_equal(to_numpy(mine[1][0]), grads[1][0])


# ---- early stopping


def watch(role, values, **options):
    """The first step at which to stop, None if there is none, and the last state."""
    state = TWINS[role].early_stopping_init()
    for step, value in enumerate(values, 1):
        stop, state = TWINS[role].early_stopping_step(value, state, **options)
        if stop:
            return step, state
    return None, state


@in_both
@pytest.mark.parametrize(
    ("values", "options", "stopped", "best", "best_step"),
    [
        ([3, 2, 2.5, 2.5], {"patience": 2}, 4, 2, 2),
        ([3, 2, 2.5, 1, 2, 2], {"patience": 2}, 6, 1, 4),
        ([3, 2, 1, 0, -1], {"patience": 1}, None, -1, 5),
        ([3, 2, 2], {"patience": 1}, 3, 2, 2),  # an equal value is no better
        ([3, 2.9, 2.8, 2.7], {"patience": 3, "min_delta": 0.5}, 4, 3, 1),
        ([3, 2.75, 2.5, 2.25], {"patience": 4, "min_delta": 0.5}, None, 2.25, 4),
        ([0.5, 0.7, 0.6], {"patience": 1, "mode": "max"}, 3, 0.7, 2),
        ([0.5, 0.75, 1.0], {"patience": 2, "min_delta": 0.5, "mode": "max"}, 3, 0.5, 1),
        ([math.nan, 3, math.nan, math.nan], {"patience": 2}, 4, 3, 2),
        ([math.nan] * 9, {"patience": 9}, 9, None, 0),
        ([math.inf, 1.0], {"patience": 2}, None, 1.0, 2),
        ([-math.inf, -5, -6], {"patience": 2, "mode": "max"}, None, -5, 2),
        ([1.0] * 11, {}, 11, 1, 1),
    ],
)
def test_a_run_stops_when_it_no_longer_improves(role, values, options, stopped, best, best_step):
    step, state = watch(role, values, **options)
    assert step == stopped
    assert state == {"step": stopped or len(values), "best": best, "best_step": best_step}


eighths = st.integers(-80, 80).map(lambda k: k / 8)  # whose differences are exact


@given(
    REGIMES,
    st.lists(eighths, min_size=1, max_size=30),
    st.integers(1, 5),
    eighths.map(abs),
    st.sampled_from([("min", -1), ("max", 1)]),
)
def test_stopping_read_aloud(role, values, patience, min_delta, mode):
    (mode, better), best, since, stopped = mode, None, 0, None
    for step, value in enumerate(values, 1):
        if best is None or better * (value - best) > min_delta:
            best, since = value, 0
        else:
            since += 1
        if since == patience:
            stopped = step
            break
    got, state = watch(role, values, patience=patience, min_delta=min_delta, mode=mode)
    assert (got, state["best"]) == (stopped, best)


@in_both
@pytest.mark.parametrize("kind", ["number", "scalar", "array", "whole number"])
def test_a_value_comes_in_any_form_of_a_number(role, kind):
    one = {"number": 2.0, "scalar": np.float32(2), "array": np.array(2.0), "whole number": 2}[kind]
    state = TWINS[role].early_stopping_init()
    before = copy.deepcopy(state)
    _, after = TWINS[role].early_stopping_step(own(role, one), state)
    assert after == {"step": 1, "best": 2.0, "best_step": 1}
    assert type(after["best"]) is float
    assert state == before, "the state before is still there to go back to"


# ---- the critical batch


@in_both
def test_the_noise_scale_by_hand(role):
    # |G|² = 2 and tr Σ = 24: 2 + 24/4 = 8 at four samples, 2 + 24/24 = 3 at twenty-four
    small = own(role, np.array([9.0, 7.0]))
    assert TWINS[role].critical_batch_estimate(small, 3, 4, 24) == (12, 24, 2)
    assert TWINS[role].critical_batch_estimate(8.0, 3.0, 4, 24)[0] == 12
    assert TWINS[role].critical_batch_estimate(0, 0, 4, 24) == (math.inf, 0, 0)
    no_signal = TWINS[role].critical_batch_estimate(6.0, 1.0, 4, 24)
    assert no_signal == (math.inf, 24, 0)
    no_noise = TWINS[role].critical_batch_estimate(2.0, 3.0, 4, 24)
    assert no_noise[0] == 0
    assert no_noise[1] < 0


@in_both
def test_squared_norms_add_over_parameters(role):
    grads = own(role, [np.array([[3.0]]), np.array(4.0, np.float32), np.zeros((0, 2))])
    assert TWINS[role].squared_norm(grads) == 25
    assert TWINS[role].squared_norm([]) == 0
    assert TWINS[role].squared_norm(own(role, [np.full(9, 300, np.float16)])) == 810_000
    assert TWINS[role].squared_norm(own(role, [np.array([-np.inf])])) == math.inf
    assert math.isnan(TWINS[role].squared_norm(own(role, [np.array([np.nan])])))


@in_both
def test_the_estimate_finds_the_noise_that_was_put_in(role):
    """Signal and noise have no bias: their means over many steps lie within their errors."""
    rng, K, b, B = np.random.default_rng(0), 4000, 4, 32
    true, scale = np.array([1.0, -2.0, 0.5]), np.array([2.0, 1.0, 3.0])
    samples = true + scale * rng.standard_normal((K, B, 3))
    means = [samples[:, :b].mean(1), samples.mean(1)]
    small, big = (own(role, (mean**2).sum(1)) for mean in means)
    estimate, noise, signal = TWINS[role].critical_batch_estimate(small, big, b, B)
    assert estimate == noise / signal
    each = np.array([TWINS[role].critical_batch_estimate(s, t, b, B)[1:]
                     for s, t in zip(small.tolist(), big.tolist(), strict=True)])  # fmt: skip
    assert_allclose(each.mean(0), [noise, signal], rtol=1e-10)  # linear, hence without bias
    error = each.std(0) / math.sqrt(K)
    assert (abs(each.mean(0) - [(scale**2).sum(), (true**2).sum()]) < 3 * error).all()


@on_each_device
def test_twins_estimate_alike(device):
    rng = np.random.default_rng(1)
    small, big = rng.random(5) + 1, rng.random(4).astype(np.float32)
    ours = accelerated.critical_batch_estimate(
        torch.tensor(small, device=device), torch.tensor(big, device=device), 3, 7
    )
    assert_allclose(ours, reference.critical_batch_estimate(small, big, 3, 7), rtol=1e-12)
    grads = [rng.standard_normal((4, 3)), rng.standard_normal(2)]
    ours = accelerated.squared_norm([torch.tensor(g, device=device) for g in grads])
    assert ours == pytest.approx(reference.squared_norm(grads), rel=1e-14)


def test_no_twin_calls_torchs_own_tools():
    banned = {"randperm", "DataLoader", "BatchSampler", "RandomSampler", "norm"}
    check_no_builtin("minibatches", banned | {"vector_norm", "get_total_norm"})


# ---- refusals

G = np.ones(2)
REFUSALS = {  # what → call of a twin, with a gradient of two ones; error; message
    "fewer than no samples": (lambda t, g: t.batches(None, -1), ValueError, "n must be at least"),
    "half a sample": (lambda t, g: t.batches(None, 2.5), TypeError, "n must be a whole number"),
    "samples, not their count": (lambda t, g: t.batches(None, g), TypeError, "n must be a whole"),
    "batches of none": (lambda t, g: t.batches(None, 4, 0), ValueError, "batch_size.*least 1"),
    "batches without a size": (lambda t, g: t.batches(None, 4, None), TypeError, "batch_size"),
    "shuffle as text": (lambda t, g: t.batches(None, 4, 2, "no"), TypeError, "shuffle must be T"),
    "drop_last as a number": (
        lambda t, g: t.batches(None, 4, 2, False, 1), TypeError, "drop_last must be True",
    ),
    "a shuffle without chance": (
        lambda t, g: t.batches(None, 4, 2, True), TypeError, "rng must be .*NoneType",
    ),
    "a seed for a generator": (lambda t, g: t.batches(3, 4, 2, True), TypeError, "rng must be"),
    "too many uniforms": (lambda t, g: t.batches(g, 4, 2, True), ValueError, r"\(4,\), got \(2,"),
    "uniforms of one": (lambda t, g: t.batches(g, 2, 2, True), ValueError, r"in \[0, 1\)"),
    "no gradients at all": (
        lambda t, g: t.accumulate_gradients([], []), ValueError, "sum above 0, got \\[\\]",
    ),
    "no weight": (lambda t, g: t.accumulate_gradients([[g]], [0]), ValueError, "sum above 0"),
    "a negative weight": (
        lambda t, g: t.accumulate_gradients([[g], [g]], [2, -1]), ValueError, r"weights\[1\].*-1",
    ),
    "an infinite weight": (
        lambda t, g: t.accumulate_gradients([[g]], [math.inf]), ValueError, "finite",
    ),
    "a weight of text": (lambda t, g: t.accumulate_gradients([[g]], "1"), TypeError, "number"),
    "more gradients than weights": (
        lambda t, g: t.accumulate_gradients([[g]] * 3, [1, 1]), ValueError, "of 2 weights, got mo",
    ),
    "fewer gradients than weights": (
        lambda t, g: t.accumulate_gradients([[g]], [1, 1]), ValueError, "of 2 weights, got 1",
    ),
    "gradients of no list": (
        lambda t, g: t.accumulate_gradients([g], [1]), TypeError, r"grads\[0\] must be a list",
    ),
    "a gradient of numbers": (
        lambda t, g: t.accumulate_gradients([[[1.0]]], [1]), TypeError, r"grads\[0\]\[0\] must be",
    ),
    "gradients of another shape": (
        lambda t, g: t.accumulate_gradients([[g], [g[:1]]], [1, 1]), ValueError,
        r"grads\[1\] must have shapes.*\(2,\).*got.*\(1,\)",
    ),
    "one less": (
        lambda t, g: t.accumulate_gradients([[g], []], [1, 1]), ValueError, r"grads\[1\].*got no",
    ),
    "no patience": (
        lambda t, g: t.early_stopping_step(1.0, t.early_stopping_init(), 0), ValueError, "patienc",
    ),
    "half a patience": (
        lambda t, g: t.early_stopping_step(1.0, t.early_stopping_init(), 1.5), TypeError, "patien",
    ),
    "a negative min_delta": (
        lambda t, g: t.early_stopping_step(1.0, t.early_stopping_init(), min_delta=-1),
        ValueError, "min_delta must be finite and not negative, got -1",
    ),
    "an unknown mode": (
        lambda t, g: t.early_stopping_step(1.0, t.early_stopping_init(), mode="auto"),
        ValueError, r"mode must be one of \['min', 'max'\], got 'auto'",
    ),
    "several values": (
        lambda t, g: t.early_stopping_step(g, t.early_stopping_init()), TypeError, "value must be",
    ),
    "a value of text": (
        lambda t, g: t.early_stopping_step("1", t.early_stopping_init()), TypeError, "value must",
    ),
    "a state of nothing": (lambda t, g: t.early_stopping_step(1.0, {}), ValueError, "state must"),
    "no state": (lambda t, g: t.early_stopping_step(1.0, None), ValueError, "state must.*None"),
    "equal sizes": (
        lambda t, g: t.critical_batch_estimate(g, g, 4, 4), ValueError, "big_size.*least 5, got 4",
    ),
    "no size": (lambda t, g: t.critical_batch_estimate(g, g, 0, 4), ValueError, "small_size"),
    "a negative square": (
        lambda t, g: t.critical_batch_estimate(-g, g, 2, 4), ValueError, "small must hold squared",
    ),
    "a square of infinity": (
        lambda t, g: t.critical_batch_estimate(g, math.inf, 2, 4), ValueError, "big must hold sq",
    ),
    "a square of NaN": (
        lambda t, g: t.critical_batch_estimate(math.nan, g, 2, 4), ValueError, "small must hold",
    ),
    "no squares": (
        lambda t, g: t.critical_batch_estimate(g[:0], g, 2, 4), ValueError, "small must hold",
    ),
    "squares in a table": (
        lambda t, g: t.critical_batch_estimate(g[None], g, 2, 4), ValueError, r"\(K,\)",
    ),
    "squares in a list": (
        lambda t, g: t.critical_batch_estimate([1.0], g, 2, 4), TypeError, "small must be a",
    ),
    "a square of truth": (
        lambda t, g: t.critical_batch_estimate(True, g, 2, 4), TypeError, "small must be a",
    ),
    "a norm of no list": (lambda t, g: t.squared_norm(g), TypeError, "grads must be a list"),
    "a norm of numbers": (lambda t, g: t.squared_norm([3.0]), TypeError, r"grads\[0\] must be"),
}  # fmt: skip


@in_both
@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_is_refused_with_reasons(role, refusal):
    call, error, message = REFUSALS[refusal]
    with pytest.raises(error, match=f"(?s){message}"):
        call(TWINS[role], own(role, G))


def test_gradients_of_another_dtype_are_refused():
    narrow = G.astype(np.float32)
    with pytest.raises(ValueError, match=r"float64 \(2,\), got float32 \(2,\)"):
        reference.accumulate_gradients([[G], [narrow]], [1, 1])
    with pytest.raises(ValueError, match=r"torch.float64 \(2,\) on cpu, got torch.float32"):
        accelerated.accumulate_gradients([[torch.tensor(G)], [torch.tensor(narrow)]], [1, 1])
    with pytest.raises(ValueError, match=r"on cpu, got torch.float64 \(2,\) on meta"):
        accelerated.accumulate_gradients(
            [[torch.tensor(G)], [torch.ones(2, dtype=torch.float64, device="meta")]], [1, 1]
        )


def test_whole_numbers_are_no_gradients():
    with pytest.raises(TypeError, match="float64, got int64"):
        reference.squared_norm([np.arange(3)])
    with pytest.raises(TypeError, match=r"float64, got torch\.int64"):
        accelerated.squared_norm([torch.arange(3)])
