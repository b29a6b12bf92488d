"""The torch twins of the optimizers against the reference, wherever they run."""

import inspect
import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from operations import check_no_builtin, on_each_device, to_numpy
from optimizers_cases import BAD_OPTIONS, NAMES, every_case, every_optimizer
from torch._dynamo.utils import counters

from lib.accelerated import optimizers as accelerated
from lib.reference import optimizers as reference

SHAPES = {"muon": ((3, 2), (2, 5))}
ROUGH = {"muon": 2e-2}  # one rounding to bfloat16 may differ


def arrays(name, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.standard_normal(shape), dtype)
        for shape in SHAPES.get(name, ((3, 2), (4,), (), (0, 2)))
    ]


def tensors(values, device="cpu"):
    return [v if v is None else torch.tensor(v, device=device) for v in values]


def both(name):
    return [
        [getattr(role, f"{name}_{what}") for what in ("init", "step")]
        for role in (reference, accelerated)
    ]


def check_alike(ours, theirs, tolerance):
    """Compare lists of arrays, or of dictionaries of them, with their torch counterparts."""
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(mine, dict):
            assert list(mine) == list(other)
            check_alike(mine.values(), other.values(), tolerance)
        elif mine is None:
            assert other is None
        else:
            close = {"rtol": tolerance, "atol": tolerance, "strict": True}
            assert_allclose(mine, to_numpy(other), **close)


@on_each_device
@every_case
def test_twins_agree_from_step_to_step(name, options, device):
    (init, step), (twin_init, twin_step) = both(name)
    params = arrays(name, 0)
    twins = tensors(params, device)
    state, twin_state = init(params, **options), twin_init(twins, **options)
    check_alike(state, twin_state, 0)
    for t in range(12):
        grads = arrays(name, t + 1)
        grads[1] = None if t == 5 else grads[1]
        params, state = step(params, grads, state, **options)
        twins, twin_state = twin_step(twins, tensors(grads, device), twin_state, **options)
        assert {x.device.type for x in twins} == {device}
        check_alike(params, twins, ROUGH.get(name, 1e-11))
        check_alike(state, twin_state, ROUGH.get(name, 1e-11))


def tensors_in(values):
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, torch.Tensor):
            yield value
        elif value is not None:
            yield from tensors_in(value)


@on_each_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@every_case
def test_dtype_is_kept_and_nothing_is_written_to_shared_or_followed(name, options, dtype, device):
    init, step = both(name)[1]
    params, grads = ([x.to(dtype) for x in tensors(arrays(name, i), device)] for i in (0, 1))
    grads[1] = None
    params = [x.requires_grad_() for x in params]
    state = init(params, **options)
    for _ in range(2):
        given = [*tensors_in(params), *tensors_in(grads), *tensors_in(state)]
        copies = [x.clone() for x in given]
        params, state = step(params, grads, state, **options)
        results = [*tensors_in(params), *tensors_in(state)]
        assert all(torch.equal(x, kept) for x, kept in zip(given, copies, strict=True))
        assert not {x.data_ptr() for x in results if x.numel()} & {x.data_ptr() for x in given}
        assert not any(x.requires_grad for x in results)
        kept = [(key, value) for memory in state for key, value in memory.items()]
        scalars = {"step": torch.float32, "mu_product": torch.float32}
        assert {x.dtype for x in params} == {dtype}
        assert all(v is None or v.dtype == scalars.get(k, dtype) for k, v in kept)


@every_optimizer
def test_narrow_floats_are_rounded_once_a_step(name):
    init, step = both(name)[1]
    x, g = (tensors(arrays(name, i)[:1])[0].bfloat16() for i in (0, 1))
    lr = 2**-6  # no other is rounded, where it is remembered
    (y,), _ = step([x], [g], init([x], lr), lr)
    (wanted,), _ = step([x.float()], [g.float()], init([x.float()], lr), lr)
    assert torch.equal(y, wanted.bfloat16())


@every_optimizer
def test_states_and_rates_may_be_plain_numbers_or_tensors(name):
    init, step = both(name)[1]
    x, g = (tensors(arrays(name, i)[:1]) for i in (0, 1))
    y, memory = step(x, g, init(x), lr=torch.tensor([0.01], dtype=torch.float64))
    plain = [{k: v.item() if v is not None and not v.dim() else v for k, v in memory[0].items()}]
    assert torch.equal(y[0], step(x, g, [{}], lr=0.01)[0][0])
    assert torch.equal(step(y, g, memory)[0][0], step(y, g, plain)[0][0])


@every_optimizer
def test_infinities_and_nan_go_the_same_way(name):
    (init, step), (twin_init, twin_step) = both(name)
    places = np.meshgrid(*[[np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0]] * 2)
    params, grads = [places[0]], [places[1]]
    ours, state = step(params, grads, init(params))
    theirs, twin_state = twin_step(tensors(params), tensors(grads), twin_init(tensors(params)))
    check_alike(ours, theirs, 1e-12)
    check_alike(state, twin_state, 1e-12)


def test_one_graph_serves_while_step_and_learning_rate_change():
    name = "nadam"  # whose rule asks most of the step
    init, step = both(name)[1]
    torch.compiler.reset()
    compiled = torch.compile(step, backend="eager", fullgraph=True)
    params = expected = tensors(arrays(name, 0), "cpu")
    state = wanted = init(params)
    counters.clear()
    for t in range(4):
        grads = tensors(arrays(name, t + 1))
        params, state = compiled(params, grads, state, lr=0.1 / (t + 1))
        expected, wanted = step(expected, grads, wanted, lr=0.1 / (t + 1))
    check_close(params, expected)
    check_close(tensors_in(state), tensors_in(wanted))
    assert counters["stats"]["unique_graphs"] <= 2  # the second for any number


@every_case
def test_what_torch_compile_follows_gives_the_same(name, options, monkeypatch):
    """The tensors of one number that take the place of numbers in a graph, without a graph."""
    init, step = both(name)[1]
    params, grads = (tensors(arrays(name, i)) for i in (0, 1))
    expected = step(params, grads, init(params, **options), **options)
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    given = step(params, grads, init(params, **options), **options)
    for ours, theirs in zip(given, expected, strict=True):
        check_close(tensors_in(ours), tensors_in(theirs))


def check_close(ours, expected):
    for x, wanted in zip(ours, expected, strict=True):
        torch.testing.assert_close(x, wanted, rtol=1e-9, atol=1e-9)


# Clipping and schedules


@on_each_device
@pytest.mark.parametrize("norm_type", [2, 1, 0.5, math.inf, -math.inf, 0])
def test_twins_clip_alike(norm_type, device):
    grads = arrays("sgd", 0)
    grads = [grads[0], None, grads[1].astype(np.float32), grads[3]]
    for max_norm in (0.5, 1e3):
        ours, total = reference.clip_grad_norm(grads, max_norm, norm_type)
        theirs, norm = accelerated.clip_grad_norm(tensors(grads, device), max_norm, norm_type)
        check_alike(ours, theirs, 1e-6)
        assert_allclose(norm.cpu(), total)
        assert (norm.device.type, norm.dtype) == (device, torch.float64)
    check_alike(
        reference.clip_grad_value(grads, 0.3),
        accelerated.clip_grad_value(tensors(grads, device), 0.3),
        0,
    )


def test_clipped_gradients_are_new_and_detached():
    g = torch.tensor([3.0, 4.0], requires_grad=True)
    for (clipped,) in (accelerated.clip_grad_norm([g], 9)[0], accelerated.clip_grad_value([g], 9)):
        assert torch.equal(clipped, g)
        assert not clipped.requires_grad
        assert clipped.data_ptr() != g.data_ptr()
    assert accelerated.clip_grad_norm([None], 1.0) == ([None], 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_narrow_norm_is_rounded_once(dtype):
    g = torch.full((9,), 200.0, dtype=dtype)  # whose square float16 cannot hold
    (clipped,), total = accelerated.clip_grad_norm([g], 60.0)
    assert (total, total.dtype, clipped.dtype) == (600, dtype, dtype)
    torch.testing.assert_close(clipped, torch.full_like(g, 20))


SCHEDULES = {
    "step_lr": [(2, 0.5)],
    "exponential_lr": [(0.5,)],
    "linear_lr": [(), (0.25, 0.5, 3)],
    "cosine_annealing_lr": [(4, 0.1)],
    "cosine_annealing_warm_restarts": [(2,), (2, 3, 0.1)],
    "one_cycle_lr": [(12,), (12, 0.25, "linear", 10.0, 100.0, True), (8, 0.125)],
    "wsd_lr": [(8, 2, 3), (8, 0, 0, 0.1)],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_twins_keep_the_same_schedule(name):
    ours, theirs = (getattr(role, name) for role in (reference, accelerated))
    for options in SCHEDULES[name]:
        for step in np.linspace(0, 8, 17).tolist():
            assert theirs(step, 0.8, *options) == ours(step, 0.8, *options)


# What is refused


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_options_out_of_range_are_refused_by_the_twin_in_the_same_words(case):
    of, options, error, message = BAD_OPTIONS[case]
    options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    if case == "array beta":
        options = {"betas": (torch.tensor(0.9), 0.9)}
    for name in NAMES:
        init, step = both(name)[1]
        if of in ("*", name) or of in inspect.signature(init).parameters:
            with pytest.raises(error, match=message):
                init(ONE, **options)
            with pytest.raises(error, match=message):
                step(ONE, ONE, [{}], **options)


ONE = [torch.ones(2, 2)]
SPARSE = torch.ones(2, 2).to_sparse()
BAD_LISTS = {
    "bare tensor": ((ONE[0], ONE, [{}]), TypeError, "params must be a list, got torch.Tensor"),
    "no parameter": (([], [], []), ValueError, "at least one tensor, got an empty list"),
    "twice the same": ((ONE * 2, ONE * 2, [{}] * 2), ValueError, r"got params\[1\] twice"),
    "an array": (([np.ones(2)], ONE, [{}]), TypeError, r"params\[0\] must be a torch tensor"),
    "whole numbers": (([ONE[0].long()], ONE, [{}]), TypeError, "float64, got torch.int64"),
    "complex": (([ONE[0] * 1j], ONE, [{}]), TypeError, "float64, got torch.complex64"),
    "sparse": (
        (ONE, [SPARSE], [{}]),
        TypeError,
        "dense, got torch.sparse_coo; convert it by .to_dense",
    ),
    "two gradients": ((ONE, ONE * 2, [{}]), ValueError, "as many as params, 1, got 2"),
    "gradient's shape": ((ONE, [torch.ones(4)], [{}]), ValueError, "parameter's shape, "),
    "gradient's device": (
        (ONE, [ONE[0].to("meta")], [{}]),
        ValueError,
        "parameter's device, cpu, got meta",
    ),
    "gradient's dtype": (
        (ONE, [ONE[0].double()], [{}]),
        TypeError,
        "dtype, torch.float32, got torch.float64",
    ),
    "bare state": ((ONE, ONE, {}), TypeError, "state must be a list, got builtins.dict"),
    "no dict": ((ONE, ONE, [None]), TypeError, r"state\[0\] must be a dict, got NoneType"),
    "buffer": (
        (ONE, ONE, [{"momentum_buffer": np.ones(2)}]),
        TypeError,
        r"state\[0\]\['momentum_buffer'\] must be a torch tensor",
    ),
}


@pytest.mark.parametrize("case", BAD_LISTS)
def test_lists_that_do_not_match_are_refused_by_the_twin(case):
    arguments, error, message = BAD_LISTS[case]
    with pytest.raises(error, match=message):
        accelerated.sgd_step(*arguments)


def test_a_state_that_does_not_fit_is_refused_by_the_twin():
    (fresh,) = accelerated.adam_init(ONE)
    for wrong, message in (
        ({"exp_avg": None}, r"must hold .*'exp_avg'.*got"),
        ({"step": torch.tensor(-1.0)}, "'step'.* must be at least 0, got -1"),
        ({"step": torch.ones(2)}, "'step'.* must be one number, got a tensor of shape"),
        ({"exp_avg_sq": torch.ones(3)}, "'exp_avg_sq'.* must have its parameter's shape"),
    ):
        with pytest.raises(ValueError, match=message):
            accelerated.adam_step(ONE, ONE, [fresh | wrong])
    with pytest.raises(ValueError, match=r"params\[0\] must have 2 axes, got shape \(3,\)"):
        accelerated.muon_init([torch.ones(3)])


REFUSED = {
    "no list": (lambda: accelerated.clip_grad_norm(ONE[0], 1), TypeError, "must be a list, got t"),
    "arrays": (lambda: accelerated.clip_grad_value([np.ones(2)], 1), TypeError, "a torch tensor"),
    "max_norm": (lambda: accelerated.clip_grad_norm(ONE, -1), ValueError, "max_norm must be at l"),
    "infinite": (
        lambda: accelerated.clip_grad_norm([ONE[0] * math.inf], 1, error_if_nonfinite=True),
        ValueError,
        "the norm of grads must be finite, got inf",
    ),
    "start": (lambda: accelerated.linear_lr(1, 1, 0), ValueError, "start_factor must be above 0"),
    "end": (lambda: accelerated.linear_lr(1, 1, 1, 1.5), ValueError, "end_factor must be at mo"),
    "late": (lambda: accelerated.one_cycle_lr(9, 1, 8), ValueError, "most total_steps, 8, got 9"),
    "pct": (lambda: accelerated.one_cycle_lr(0, 1, 8, 1.5), ValueError, "pct_start must lie in"),
    "div": (lambda: accelerated.one_cycle_lr(0, 1, 8, div_factor=0), ValueError, "be above 0"),
    "wsd": (lambda: accelerated.wsd_lr(0, 1, 8, 5, 4), ValueError, "must fit into total_steps"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_twins_message_says_what_was_expected_and_what_came(case):
    call, error, message = REFUSED[case]
    with pytest.raises(error, match=message):
        call()


def test_nothing_is_torchs_own_optimizer():
    check_no_builtin(
        "optimizers", {"optim", "clip_grad_norm_", "clip_grad_value_", "lr_scheduler"}
    )
