"""Optimizers in NumPy: by hand, traps, manners, and what must hold for any of them."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal
from optimizers_cases import NAMES, every_case, every_optimizer, pair_of

from lib.reference import _optimizers_adam, optimizers
from lib.reference.optimizers import clip_grad_norm, clip_grad_value


def run(name, x, gradients, **options):
    """Where one number goes, from step to step, and what is remembered of it at the end."""
    init, step = pair_of(name)
    params = [np.array(x, np.float64)]
    state, places = init(params, **options), []
    for g in gradients:
        params, state = step(params, [np.array(g, np.float64)], state, **options)
        places.append(params[0].item())
    return places, state[0]


# By hand


@pytest.mark.parametrize(("lr", "factor"), [(0.09, -0.8), (0.1, -1), (0.101, -1.02)])
def test_on_a_parabola_descent_multiplies_the_distance_by_one_minus_lr_times_curvature(lr, factor):
    x = [np.array([3.0])]
    y, _ = optimizers.sgd_step(x, [20 * x[0]], [{}], lr=lr)
    assert_allclose(y[0], factor * x[0])


def test_momentum_adds_to_the_buffer():
    places, memory = run("sgd", 0.0, [1, 1, -1], lr=1.0, momentum=0.5)
    assert places == [-1, -2.5, -2.25]  # the buffer: 1, 1.5, −0.25
    assert memory["momentum_buffer"] == -0.25


def test_the_first_buffer_is_the_gradient_without_dampening():
    places, _ = run("sgd", 0.0, [1, 1], lr=1.0, momentum=0.5, dampening=0.5)
    assert places == [-1, -2]  # the buffer: 1, then 0.5 · 1 + 0.5 · 1


def test_nesterov_adds_the_buffer_to_the_gradient():
    places, _ = run("sgd", 0.0, [1, 1], lr=1.0, momentum=0.5, nesterov=True)
    assert places == [-1.5, -3.25]  # 1 + 0.5 · 1, then 1 + 0.5 · 1.5


def test_a_new_learning_rate_multiplies_the_whole_buffer():
    params, state = [np.array(0.0)], optimizers.sgd_init([np.array(0.0)], momentum=0.5)
    for lr in (1.0, 0.1):
        params, state = optimizers.sgd_step(params, [np.array(1.0)], state, lr, momentum=0.5)
    assert params[0] == -1 - 0.1 * 1.5


def test_weight_decay_joins_the_gradient_and_maximize_turns_the_gradient_alone_round():
    assert run("sgd", 2.0, [1], lr=0.1, weight_decay=0.5)[0] == [1.8]
    assert run("sgd", 2.0, [1], lr=0.1, weight_decay=0.5, maximize=True)[0] == [2.0]


@pytest.mark.parametrize("g", [1e-4, 1.0, -7.0])
def test_adams_first_step_is_as_long_as_lr_whatever_the_gradient(g):
    places, _ = run("adam", 0.0, [g], lr=0.1)
    assert_allclose(places, [-math.copysign(0.1, g)], rtol=1e-3)


def test_adam_adds_eps_to_the_corrected_root():
    places, memory = run("adam", 0.0, [2.0, 0.0], lr=1.0, betas=(0.5, 0.75), eps=1.0)
    assert memory["exp_avg"] == 0.5
    assert memory["exp_avg_sq"] == 0.75
    second = (0.5 / 0.75) / (math.sqrt(0.75 / (1 - 0.75**2)) + 1)
    assert_allclose(places, [-2 / (2 + 1), -2 / 3 - second])


def test_amsgrad_takes_its_maximum_before_the_correction():
    places, memory = run("adam", 0.0, [2.0, 1.0], lr=1.0, betas=(0, 0.5), eps=0, amsgrad=True)
    assert memory["max_exp_avg_sq"] == 2
    assert memory["exp_avg_sq"] == 1.5
    assert_allclose(places[1] - places[0], -1 / math.sqrt(2 / 0.75))


def test_adamw_decays_first_and_apart_from_the_gradient():
    assert_allclose(run("adamw", 1.0, [1.0], lr=0.1, weight_decay=0.5)[0], [0.85])
    assert_allclose(run("adam", 1.0, [1.0], lr=0.1, weight_decay=0.5)[0], [0.9])


def test_rmsprop_and_adagrad_add_eps_outside_the_root_and_adadelta_inside():
    assert_allclose(run("rmsprop", 0.0, [1.0], lr=1.0, alpha=0.75, eps=1.0)[0], [-1 / 1.5])
    assert_allclose(run("adagrad", 0.0, [3.0], lr=1.0, eps=1.0)[0], [-3 / 4])
    places, memory = run("adadelta", 0.0, [2.0], rho=0.5, eps=1.0)
    assert_allclose(places, [-2 / math.sqrt(3)])
    assert_allclose(memory["acc_delta"], 0.5 * 4 / 3)


def test_rmsprop_centered_divides_by_the_deviation_and_its_buffer_takes_whole_steps():
    places, memory = run("rmsprop", 0.0, [2.0], lr=1.0, alpha=0.5, eps=0, centered=True)
    assert_allclose(places, [-2 / math.sqrt(2 - 1)])
    places, memory = run("rmsprop", 0.0, [1.0, 0.0], lr=1.0, alpha=0.75, eps=0, momentum=0.5)
    assert_allclose(places, [-2, -3])
    assert memory["momentum_buffer"] == 1


def test_adagrads_pace_falls_with_lr_decay():
    places, _ = run("adagrad", 0.0, [1.0, 0.0, 1.0], lr=1.0, lr_decay=0.5, eps=0)
    assert_allclose(places, [-1, -1, -1 - 0.5 / math.sqrt(2)])


def test_adamax_adds_eps_inside_the_maximum():
    _, memory = run("adamax", 0.0, [1.0, 0.0], betas=(0.9, 0.75), eps=1.0)
    assert memory["exp_inf"] == 1.5  # 0.75 · 2, not 0.75 · 1 + 1


def test_radam_waits_until_the_average_rests_on_five_gradients():
    places, _ = run("radam", 0.0, [4.0] * 6, lr=1.0, eps=0)
    assert_allclose(np.diff([0, *places])[:5], -4)
    assert abs(places[5] - places[4]) < 0.2


def test_rprop_grows_shrinks_and_stays_put_after_a_jump():
    places, memory = run("rprop", 0.0, [5, 5, -5, -5, -5], lr=1.0, etas=(0.5, 2.0))
    assert places == [-1, -3, -3, -2, 0]
    assert memory["step_size"] == 2


def test_lion_steps_by_the_sign_of_one_average_and_keeps_another():
    places, memory = run("lion", 1.0, [3.0, -1.0], lr=0.1, betas=(0.5, 0.75), weight_decay=0.5)
    assert_allclose(places, [1 * 0.95 - 0.1, 0.85 * 0.95 + 0.1])  # 0.5 · 0.75 − 0.5 · 1 < 0
    assert memory["exp_avg"] == 0.75 * 0.75 - 0.25


def test_muon_brings_singular_values_near_one(rng):
    g = rng.standard_normal((6, 4)) @ np.diag([30, 10, 3, 1])
    params = [np.zeros((6, 4))]
    options = {"lr": 1.0, "adjust_lr_fn": "match_rms_adamw"}
    (y,), _ = optimizers.muon_step(params, [g], optimizers.muon_init(params), **options)
    values = np.linalg.svd(y / (0.2 * math.sqrt(6)), compute_uv=False)
    assert np.linalg.cond(g) > 30
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_muon_steps_alike_whichever_way_the_matrix_lies(rng):
    g, options = rng.standard_normal((5, 3)), {"adjust_lr_fn": "match_rms_adamw"}
    ways = []
    for x in (g, g.T):
        zeros = [np.zeros(x.shape)]
        ways.append(optimizers.muon_step(zeros, [x], optimizers.muon_init(zeros), **options)[0][0])
    assert_array_equal(ways[0], ways[1].T)


def test_muon_makes_tall_matrices_take_longer_steps():
    for shape, factor in (((4, 1), 2), ((1, 4), 1)):
        zeros, g = [np.zeros(shape)], [np.ones(shape)]
        options = {"lr": 1.0, "ns_coefficients": (1, 0, 0), "momentum": 0.5, "nesterov": False}
        (y,), _ = optimizers.muon_step(zeros, g, optimizers.muon_init(zeros), **options)
        assert_array_equal(y, np.full(shape, -0.5 * factor))


def test_the_norm_of_three_and_four_is_five():
    grads, total = clip_grad_norm([np.array([3.0]), None, np.array([[4.0]])], 1.0)
    assert total == 5
    assert_allclose(grads[0], [0.6], rtol=1e-6)
    assert grads[1] is None
    assert_allclose(grads[2], [[0.8]], rtol=1e-6)


def test_many_entries_have_the_right_norm():
    ones = np.ones(5_000_000, np.float32)  # float32 cannot add one to 2**24
    assert clip_grad_norm([ones] * 4, 1.0)[1] == np.float32(math.sqrt(2e7))
    assert clip_grad_norm([np.full(9, 200, np.float16)], 1.0)[1] == 600  # its square: infinite


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        (lambda t: optimizers.step_lr(t, 8.0, 2, 0.5), [8, 8, 4, 4, 2]),
        (lambda t: optimizers.exponential_lr(t, 8.0, 0.5), [8, 4, 2, 1, 0.5]),
        (lambda t: optimizers.linear_lr(t, 8.0, 0.25, 1.0, 3), [2, 4, 6, 8, 8]),
        (lambda t: optimizers.cosine_annealing_lr(t, 8.0, 2, 2.0), [8, 5, 2, 5, 8]),
        (
            lambda t: optimizers.cosine_annealing_warm_restarts(t, 8.0, 1, 3, 2.0),
            [8, 8, 6.5, 3.5, 8],
        ),
        (lambda t: optimizers.one_cycle_lr(t, 8.0, 5, 0.6, "linear", 4, 2), [2, 5, 8, 4.5, 1]),
        (
            lambda t: optimizers.one_cycle_lr(t, 8.0, 5, 0.4, "linear", 4, 2, True),
            [2, 8, 2, 1.5, 1],
        ),
        (lambda t: optimizers.wsd_lr(t, 8.0, 4, 1, 2, 2.0), [0, 8, 8, 5, 2]),
        (lambda t: optimizers.wsd_lr(t, 8.0, 4, 0, 0), [8, 8, 8, 8, 0]),
        (lambda t: optimizers.wsd_lr(t, 8.0, 4, 4, 0, 1.0), [0, 2, 4, 6, 1]),
    ],
)
def test_schedules_by_hand(schedule, wanted):
    assert_allclose([schedule(t) for t in range(5)], wanted)


def test_one_cycle_where_torch_divides_by_zero():
    rates = [optimizers.one_cycle_lr(t, 8.0, 4, 0.25, "linear", 4, 2) for t in range(4)]
    assert_allclose(rates, [8, 17 / 3, 10 / 3, 1])  # the climb ends where it begins


# Manners


@every_optimizer
def test_a_step_takes_the_options_of_its_start_in_the_order_of_torch(name):
    init, step = (list(inspect.signature(f).parameters.values()) for f in pair_of(name))
    assert [str(p) for p in init[1:]] == [str(p) for p in step[3:]]
    assert [p.name for p in step[:4]] == ["params", "grads", "state", "lr"]


def frozen(values):
    """The same arrays, and lists and dictionaries of them, which nobody can write to."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        elif value is not None:
            frozen(value)
    return values


def arrays_in(values):
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, np.ndarray):
            yield value
        elif value is not None:
            yield from arrays_in(value)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@every_case
def test_dtype_is_kept_and_nothing_is_written_to_or_shared(rng, name, options, dtype):
    init, step = pair_of(name)
    shapes = [(3, 2), (2, 2), (2, 5)] if name == "muon" else [(3, 2), (), (4,)]
    params = [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]
    grads = [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]
    grads[1] = None
    state = init(frozen(params), **options)
    for _ in range(2):
        before = [*arrays_in(params), *arrays_in(grads), *arrays_in(state)]
        once, twice = (step(params, frozen(grads), frozen(state), **options) for _ in range(2))
        for first, second in zip(arrays_in(once), arrays_in(twice), strict=True):
            assert_array_equal(first, second)
            assert not any(np.shares_memory(first, other) for other in (*before, second))
        assert_array_equal(once[0][1], params[1])
        params, state = once
        assert all(type(x) is np.ndarray and x.dtype == dtype for x in params)
        kept = [(key, value) for memory in state for key, value in memory.items()]
        wanted = {"step": np.float32, "mu_product": np.float32}
        assert all(v is None or v.dtype == wanted.get(k, dtype) for k, v in kept)


@every_optimizer
def test_float16_is_rounded_once_a_step(name, rng):
    init, step = pair_of(name)
    x, g = (rng.standard_normal((3, 2)).astype(np.float16) for _ in range(2))
    wide = [x.astype(np.float32)], [g.astype(np.float32)]
    lr = 2**-6  # no other is rounded, where it is remembered
    (y,), _ = step([x], [g], init([x], lr), lr)
    (wanted,), _ = step(*wide, init(wide[0], lr), lr)
    assert_array_equal(y, wanted.astype(np.float16))


@every_case
def test_a_state_of_nothing_is_a_fresh_start_and_numbers_may_be_plain(name, options, rng):
    init, step = pair_of(name)
    x, g = [rng.standard_normal((2, 3))], [rng.standard_normal((2, 3))]
    wanted, memory = step(x, g, init(x, **options), **options)
    assert_array_equal(step(x, g, [{}], **options)[0], wanted)
    plain = [
        {k: v.item() if np.ndim(v) == 0 and v is not None else v for k, v in memory[0].items()}
    ]
    again = step(tuple(x), tuple(g), tuple(memory), lr=np.array([0.01]), **options)
    assert_array_equal(step(x, g, plain, lr=0.01, **options)[0], again[0])


def test_entries_that_a_step_does_not_need_are_kept():
    x, g = [np.ones(2)], [np.ones(2)]
    given = optimizers.adam_init(x, amsgrad=True)
    _, state = optimizers.adam_step(x, g, given)
    assert_array_equal(state[0]["max_exp_avg_sq"], 0)
    assert not np.shares_memory(state[0]["max_exp_avg_sq"], given[0]["max_exp_avg_sq"])
    _, state = optimizers.sgd_step(x, g, [{"momentum_buffer": np.full(2, 7.0)}])
    assert_array_equal(state[0]["momentum_buffer"], 7)
    assert optimizers.sgd_step(x, g, [{"momentum_buffer": None}])[1] == [{"momentum_buffer": None}]


ADAMS = {
    "plain": {},
    "amsgrad": {"amsgrad": True, "eps": 0.1},
    "decayed, uphill": {"weight_decay": 0.1, "maximize": True},
    "decayed apart": {"weight_decay": 0.1, "decoupled_weight_decay": True},
    "short memory": {"betas": (0.3, 0.5)},
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("case", ADAMS)
def test_adams_fast_form_is_its_readable_form(case, dtype, rng, monkeypatch):
    x, grads = [rng.standard_normal((7, 5)).astype(dtype).T], rng.standard_normal((3, 5, 7))
    ends = []
    for chunk in (1000, 8):
        monkeypatch.setattr(_optimizers_adam, "CHUNK", chunk)
        params, state = x, optimizers.adam_init(x, **ADAMS[case])
        for g in grads.astype(dtype):
            params, state = optimizers.adam_step(params, [g], state, lr=0.1, **ADAMS[case])
        ends.append((params, state))
    close = {"rtol": 4 * np.finfo(dtype).eps, "atol": np.finfo(dtype).eps, "strict": True}
    for slow, fast in zip(*map(arrays_in, ends), strict=True):
        assert_allclose(slow, fast, **close)


# What holds for any input

numbers = st.integers(-99, 99).map(lambda n: n / 8)
vectors = hnp.arrays(np.float64, st.integers(2, 6), elements=numbers)


@given(vectors, st.data())
def test_every_entry_goes_its_own_way(g, data):
    name = data.draw(st.sampled_from([name for name in NAMES if name != "muon"]))
    init, step = pair_of(name)
    x = g[::-1].copy()
    whole, _ = step([x], [g], init([x]))
    parts, _ = step([x[:1], x[1:]], [g[:1], g[1:]], init([x[:1], x[1:]]))
    assert_array_equal(whole[0], np.concatenate(parts))


@given(vectors, st.data())
def test_to_go_up_is_to_go_down_the_other_way(g, data):
    name = data.draw(st.sampled_from([name for name in NAMES if name != "muon"]))
    init, step = pair_of(name)
    x, more = [g[::-1].copy()], {} if name == "rprop" else {"weight_decay": 0.25}
    up, _ = step(x, [g], init(x), maximize=True, **more)
    down, _ = step(x, [-g], init(x), **more)
    assert_array_equal(up[0], down[0])


@pytest.mark.parametrize(
    "name", ["adam", "adamw", "adamax", "nadam", "adagrad", "rmsprop", "lion"]
)
@given(g=vectors, power=st.integers(-20, 20))
def test_the_unit_of_the_gradient_makes_no_difference(name, g, power):
    init, step = pair_of(name)
    x, options = [np.zeros_like(g)], {} if name == "lion" else {"eps": 0}
    g = np.where(g == 0, 1, g)
    once = step(x, [g], init(x), **options)[0][0]
    assert_allclose(step(x, [g * 2.0**power], init(x), **options)[0][0], once, rtol=1e-12)


@given(vectors, st.sampled_from([1, 2, 3.5, math.inf]), st.floats(0, 20))
def test_a_clipped_gradient_is_no_longer_than_asked_and_points_the_same_way(g, p, max_norm):
    grads = [g[:1], None, g[1:]]
    clipped, total = clip_grad_norm(grads, max_norm, p)
    assert_allclose(total, np.linalg.norm(g, p))
    together = np.concatenate([clipped[0], clipped[2]])
    assert np.linalg.norm(together, p) <= max_norm * (1 + 1e-12)
    assert_allclose(together * total, g * np.linalg.norm(together, p), atol=1e-9)
    if total <= max_norm - 1e-3:
        assert_array_equal(together, g)


@given(vectors, st.floats(0, 20))
def test_clipped_values_are_the_nearest_ones_within_bounds(g, bound):
    (clipped,) = clip_grad_value([g], bound)
    assert_array_equal(clipped, np.sign(g) * np.minimum(np.abs(g), bound))
