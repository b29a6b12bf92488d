"""Optimizers in NumPy against torch.optim, its clipping and its schedulers, option by option."""

import inspect
import itertools
import math
import warnings

import numpy as np
import onnx.helper
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from onnx.backend.test.case.node import _NodeTestCases, adagrad, adam, momentum  # noqa: F401
from operations import DTYPES, to_numpy
from torch.optim import lr_scheduler

from lib.reference import optimizers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's test tools warn about what they import
    from torch.testing._internal.common_optimizers import optim_db

TOLERANCE = {torch.float64: 1e-11, torch.float32: 5e-5, torch.float16: 1e-2}
SHAPES = ((3, 2), (4,), ())
MATRICES = ((3, 2), (2, 5), (4, 4))
BFLOAT16 = 2**-7  # what one rounding to bfloat16 may change, in Muon's matrices of about 1
DECAYS = {("weight_decay", "maximize"): ((0, False), (0.1, False), (0.1, True))}
BETAS = {("betas", "eps"): (((0.9, 0.999), 1e-8), ((0.3, 0.8), 0.1))}
APART = {"decoupled_weight_decay": (False, True)}
EVERY = {  # the class in torch.optim, and values of every option or group of them, to be combined
    "sgd": (
        torch.optim.SGD,
        {
            "momentum": (0, 0.9),
            ("dampening", "nesterov"): ((0, False), (0.3, False), (0, True)),
            "lr": (0.1,),
            **DECAYS,
        },
    ),
    "adagrad": (
        torch.optim.Adagrad,
        {
            "lr_decay": (0, 0.1),
            "initial_accumulator_value": (0, 0.5),
            "eps": (1e-10, 0.1),
            **DECAYS,
        },
    ),
    "rmsprop": (
        torch.optim.RMSprop,
        {
            ("alpha", "eps"): ((0.99, 1e-8), (0.5, 0.1)),
            "momentum": (0, 0.9),
            "centered": (False, True),
            **DECAYS,
        },
    ),
    "adadelta": (torch.optim.Adadelta, {"lr": (1.0, 0.3), "rho": (0.9, 0.5), **DECAYS}),
    "adam": (torch.optim.Adam, {"amsgrad": (False, True), **APART, **BETAS, **DECAYS}),
    "adamw": (torch.optim.AdamW, {"lr": (0.1,), "amsgrad": (False, True), **BETAS, **DECAYS}),
    "adamax": (torch.optim.Adamax, {**BETAS, **DECAYS}),
    "nadam": (torch.optim.NAdam, {"momentum_decay": (4e-3, 0.5), **APART, **BETAS, **DECAYS}),
    "radam": (torch.optim.RAdam, {**APART, **BETAS, **DECAYS}),
    "rprop": (
        torch.optim.Rprop,
        {
            "lr": (0.01, 0.5),
            "etas": ((0.5, 1.2), (0.3, 2.0)),
            "step_sizes": ((1e-6, 50), (1e-3, 0.1)),
            "maximize": (False, True),
        },
    ),
    "muon": (
        torch.optim.Muon,
        {
            ("momentum", "weight_decay"): ((0.95, 0.1), (0.3, 0)),
            "nesterov": (True, False),
            "adjust_lr_fn": (None, "original", "match_rms_adamw"),
        },
    ),
}
every_optimizer = pytest.mark.parametrize("name", EVERY)


def combinations(name):
    """Every combination of the options that torch accepts."""
    _, options = EVERY[name]
    for values in itertools.product(*options.values()):
        chosen = {}
        for key, value in zip(options, values, strict=True):
            chosen |= {key: value} if isinstance(key, str) else dict(zip(key, value, strict=True))
        if name != "sgd" or chosen["momentum"] or not chosen["nesterov"]:
            yield chosen


def takes(name):
    """The names of the options of an optimizer."""
    return inspect.signature(getattr(optimizers, f"{name}_init")).parameters


class Race:
    """torch's optimizer and ours, side by side from the same start, on the same gradients."""

    def __init__(self, name, options, dtype=torch.float64, shapes=None, state=None):
        self.name, self.options, self.dtype = name, options, dtype
        self.rng = torch.Generator().manual_seed(0)
        shapes = shapes or (MATRICES if name == "muon" else SHAPES)
        self.theirs = [torch.nn.Parameter(self.normal(shape)) for shape in shapes]
        self.optimizer = EVERY[name][0](self.theirs, **options)
        self.ours = [x.copy() for x in to_numpy(self.theirs)]
        ours = {key: to_numpy(value) for key, value in options.items()}
        self.step_of_ours = getattr(optimizers, f"{name}_step")
        self.state = getattr(optimizers, f"{name}_init")(self.ours, **ours)
        self.given = ours

    def normal(self, shape):
        return torch.randn(shape, generator=self.rng, dtype=torch.float64).to(self.dtype)

    def gradients(self, t):
        """Normal deviates; one entry is always 0, and one parameter gets none now and then."""
        grads = [self.normal(x.shape) for x in self.theirs]
        grads[0][0, 0] = 0
        return [g if i != 1 or t % 5 != 3 else None for i, g in enumerate(grads)]

    def run(self, steps, gradients=None):
        for t in range(steps):
            grads = (gradients or self.gradients)(t)
            for x, g in zip(self.theirs, grads, strict=True):
                x.grad = None if g is None else g.clone()
            self.optimizer.step()
            given = [g if g is None else g.numpy() for g in grads]
            self.ours, self.state = self.step_of_ours(self.ours, given, self.state, **self.given)
        return self

    def states_of_theirs(self):
        """torch's state of each parameter, as its state_dict has it."""
        states = self.optimizer.state_dict()["state"]
        return [states.get(i, {}) for i in range(len(self.theirs))]

    def check(self, tolerance=0):
        """Compare the parameters, within a larger tolerance if need be, and all that is kept."""
        usual = TOLERANCE[self.dtype]
        wide = max(tolerance, usual)
        for ours, theirs in zip(self.ours, to_numpy(self.theirs), strict=True):
            assert_allclose(ours, theirs, rtol=wide, atol=wide, strict=True)
        for ours, theirs in zip(self.state, self.states_of_theirs(), strict=True):
            if theirs:
                assert list(ours) == list(theirs)
            for key, value in theirs.items():
                close = {"rtol": usual, "atol": usual, "strict": True, "err_msg": key}
                assert_allclose(ours[key], to_numpy(value), **close)


def tolerance_of(name, options, steps):
    """Muon's matrices agree as far as bfloat16 tells: one rounding may differ in each step."""
    return steps * options.get("lr", 1e-3) * BFLOAT16 if name == "muon" else 0


@pytest.mark.parametrize("dtype", DTYPES)
@every_optimizer
def test_fifty_steps_with_every_combination_of_options(name, dtype):
    every = list(combinations(name))
    for options in every if dtype == "float64" else every[:: 1 + len(every) // 8]:
        Race(name, options, DTYPES[dtype]).run(50).check(tolerance_of(name, options, 50))


@pytest.mark.parametrize("dtype", DTYPES)
@every_optimizer
def test_state_is_torchs_own_there_and_back(name, dtype):
    """Give our state to a new optimizer of torch's, take over what it made of it, go on."""
    options = list(combinations(name))[-1]
    race = Race(name, options, DTYPES[dtype]).run(3)
    race.optimizer = EVERY[name][0](race.theirs, **options)
    loaded = race.optimizer.state_dict()
    loaded["state"] = {
        i: {key: torch.tensor(value) for key, value in memory.items()}
        for i, memory in enumerate(race.state)
    }
    race.optimizer.load_state_dict(loaded)
    race.state = [
        {key: to_numpy(value.clone()) for key, value in memory.items()}
        for memory in race.states_of_theirs()
    ]
    race.run(7).check(tolerance_of(name, options, 10))


@every_optimizer
def test_a_parameter_without_gradients_and_a_state_that_torch_has_not_begun(name):
    race = Race(name, {})
    race.state = [{} for _ in race.state]  # what torch has before the first step
    without = [None, *([None] * (len(race.ours) - 1))]
    before = [x.copy() for x in race.ours]
    race.run(2, lambda t: without)
    for x, y in zip(before, race.ours, strict=True):
        assert_array_equal(x, y)
    race.run(5).check(tolerance_of(name, {}, 5))


# torch's own database of optimizers

INFOS = {info.optim_cls.__name__.lower(): info for info in optim_db}
OF_IMPLEMENTATIONS = {"foreach", "fused", "capturable", "differentiable"}
every_listed_optimizer = pytest.mark.parametrize("name", sorted(set(INFOS) & set(EVERY)))


def test_the_database_has_every_optimizer_of_torchs_that_we_have():
    assert set(EVERY) <= set(INFOS)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@every_listed_optimizer
def test_the_options_that_torch_tests(name, dtype):
    for listed in INFOS[name].optim_inputs_func("cpu", dtype):
        options = {k: v for k, v in listed.kwargs.items() if k not in OF_IMPLEMENTATIONS}
        if dtype == torch.float16 and "eps" in takes(name):
            options["eps"] = 0.1  # less is 0 in float16
        Race(name, options, dtype).run(10).check(tolerance_of(name, to_numpy(options), 10))


@every_listed_optimizer
def test_what_torch_refuses(name):
    init, step = (getattr(optimizers, f"{name}_{what}") for what in ("init", "step"))
    for error in INFOS[name].optim_error_inputs_func("cpu", torch.float32):
        listed = error.optimizer_error_input
        if OF_IMPLEMENTATIONS & set(listed.kwargs):
            continue
        params = [torch.ones(2, 2)] if listed.params is None else listed.params
        arrays = in_numpy(params, {})
        options = {key: to_numpy(value) for key, value in listed.kwargs.items()}
        with pytest.raises((ValueError, TypeError)):
            init(arrays, **options)
        with pytest.raises((ValueError, TypeError)):
            step(arrays, arrays, [{}] * len(params), **options)


def in_numpy(value, known):
    """The same nest of arrays; a tensor that is there twice becomes one array twice."""
    if isinstance(value, torch.Tensor):
        return known.setdefault(id(value), to_numpy(value))
    if isinstance(value, dict):
        return {key: in_numpy(each, known) for key, each in value.items()}
    return [in_numpy(each, known) for each in value] if isinstance(value, list | tuple) else value


# The training operators of the ONNX standard, a second opinion

IN_ONNX = {  # operator → ours, and the keys of what it remembers, in its order
    "Adagrad": ("adagrad", ["sum"]),
    "Adam": ("adam", ["exp_avg", "exp_avg_sq"]),
    "Momentum": ("sgd", ["momentum_buffer"]),
}


def options_from_onnx(kind, given):
    """Our options; the standard has none but Momentum's alpha under the name of the momentum."""
    options = {"weight_decay": given["norm_coefficient"]}
    if kind == "Adagrad":
        return options | {"lr_decay": given["decay_factor"], "eps": given["epsilon"]}
    if kind == "Adam":
        return options | {"betas": (given["alpha"], given["beta"]), "eps": given["epsilon"]}
    return options | {"momentum": given["alpha"], "nesterov": given["mode"] == b"nesterov"}


def onnx_cases():
    for case in _NodeTestCases:  # filled by the imports above, and by those of other tests
        node = case.model.graph.node[0]
        if node.op_type in IN_ONNX:
            given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            options = options_from_onnx(node.op_type, given)
            yield pytest.param(*IN_ONNX[node.op_type], options, case, id=case.name)


@pytest.mark.parametrize(("name", "keys", "options", "case"), list(onnx_cases()))
def test_onnx_expects_the_same(name, keys, options, case):
    (lr, count, *inputs), expected = case.data_sets[0]
    assert count == 0  # where the standard's Adam corrects nothing, as ours does after long
    step = 10**6 if name == "adam" else 0
    size = len(inputs) // (2 + len(keys))
    params, grads, *kept = (inputs[i : i + size] for i in range(0, len(inputs), size))
    state = [{"step": step, **dict(zip(keys, of, strict=True))} for of in zip(*kept, strict=True)]
    y, state = getattr(optimizers, f"{name}_step")(params, grads, state, lr=lr, **options)
    ours = [*y, *(memory[key] for key in keys for memory in state)]
    for got, wanted in zip(ours, expected, strict=True):
        assert_allclose(got, wanted, rtol=1e-5)


# Edges

EDGES = (math.nan, math.inf, -math.inf, 0.0, -0.0, 1e30, 1e-30, 1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(set(EVERY) - {"muon"}))
def test_infinities_nan_and_extremes_go_the_same_way(name, dtype):
    """Each special gradient in its turn, and each at a special place."""
    places, first, second = np.meshgrid(EDGES, EDGES, EDGES[::-1])
    options = {"amsgrad": True} if name.startswith("adam") and name != "adamax" else {}
    others = {"weight_decay": 0.1, "betas": (0.3, 0.8)}
    for more in ({}, *({key: value} for key, value in others.items() if key in takes(name))):
        race = Race(name, options | more, DTYPES[dtype], shapes=(places.shape,))
        with torch.no_grad():
            race.theirs[0].copy_(torch.tensor(places))
        race.ours = [x.copy() for x in to_numpy(race.theirs)]
        race.run(2, lambda t: [torch.tensor((first, second)[t]).to(DTYPES[dtype])])
        race.check(1e-4)


@pytest.mark.parametrize("special", EDGES)
def test_special_matrices_go_the_same_way(special):
    for places in ((0, 1), ...):
        g = torch.ones(3, 2)
        g[places] = special
        Race("muon", {}, torch.float32, shapes=((3, 2),)).run(1, lambda t, g=g: [g]).check(1e-5)


@pytest.mark.parametrize("ns_steps", [0, 1, 2])
def test_muon_rounds_where_torch_rounds(ns_steps):
    options = {"lr": 1.0, "weight_decay": 0, "ns_steps": ns_steps}
    race = Race("muon", options, shapes=((3, 2), (9, 14), (8, 8))).run(1)
    for ours, theirs in zip(race.ours, to_numpy(race.theirs), strict=True):
        assert np.isclose(ours, theirs, rtol=0, atol=1e-9).mean() > 0.9  # sums may differ in order


LAYOUTS = {
    "transposed": lambda x: x.T,
    "with gaps": lambda x: x[::2, 1::2],
    "reversed": lambda x: x[::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "empty": lambda x: x[:0],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@every_optimizer
def test_any_layout_of_memory(name, layout, rng):
    x, g = (LAYOUTS[layout](rng.standard_normal((4, 6))) for _ in range(2))
    init, step = (getattr(optimizers, f"{name}_{what}") for what in ("init", "step"))
    (y,), (state,) = step([x], [g], init([x]))
    (wanted,), (memory,) = step([x.copy()], [g.copy()], init([x.copy()]))
    assert_allclose(y, wanted, rtol=1e-15)
    for key, value in memory.items():
        if value is not None:
            assert_allclose(state[key], value, rtol=1e-15)


# Clipping


def gradients_to_clip(dtype=torch.float64):
    rng = torch.Generator().manual_seed(0)
    shapes = ((3, 4), (5,), (), (2, 0))
    grads = [torch.randn(shape, generator=rng, dtype=torch.float64).to(dtype) for shape in shapes]
    return [grads[0], None, *grads[1:]]


def leaves(grads):
    """torch's parameters with these gradients, which it clips in place."""
    kept = [
        torch.nn.Parameter(torch.zeros(()) if g is None else torch.zeros_like(g)) for g in grads
    ]
    for x, g in zip(kept, grads, strict=True):
        x.grad = None if g is None else g.clone()
    return kept


def check_clipped(ours, theirs, tolerance):
    for g, x in zip(ours, theirs, strict=True):
        if x.grad is None:
            assert g is None
        else:
            close = {"rtol": tolerance, "atol": tolerance, "strict": True}
            assert_allclose(g, x.grad.numpy(), **close)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("norm_type", [2, 1, 3, 0.5, math.inf, -math.inf, -1, 0])
def test_the_norm_is_clipped_as_in_torch(norm_type, dtype):
    tolerance = {torch.float16: 2e-3}.get(dtype, TOLERANCE[dtype])
    grads = [g if g is None or g.numel() else None for g in gradients_to_clip(dtype)]
    for max_norm in (0.5, 1e3, 0):
        theirs = leaves(grads)
        total = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
        ours, norm = optimizers.clip_grad_norm(to_numpy(grads), max_norm, norm_type)
        assert_allclose(norm, total.numpy(), rtol=tolerance)
        assert norm.dtype == total.numpy().dtype
        check_clipped(ours, theirs, tolerance)


@pytest.mark.parametrize("special", [math.inf, math.nan])
def test_a_norm_that_is_not_finite(special):
    grads = [torch.tensor([1.0, special]), torch.tensor([2.0])]
    theirs = leaves(grads)
    torch.nn.utils.clip_grad_norm_(theirs, 1.0)
    ours, total = optimizers.clip_grad_norm(to_numpy(grads), 1.0)
    check_clipped(ours, theirs, 0)
    assert_array_equal(total, special)
    with pytest.raises(ValueError, match=f"norm of grads must be finite, got {special}"):
        optimizers.clip_grad_norm(to_numpy(grads), 1.0, error_if_nonfinite=True)


def test_the_norm_of_several_dtypes_and_of_nothing():
    grads = [torch.tensor([3.0]), torch.tensor([4.0], dtype=torch.float64)]
    theirs = leaves(grads)
    total = torch.nn.utils.clip_grad_norm_(theirs, 1.0)
    ours, norm = optimizers.clip_grad_norm(to_numpy(grads), 1.0)
    assert norm.dtype == total.numpy().dtype == np.float64
    check_clipped(ours, theirs, 1e-6)
    assert optimizers.clip_grad_norm([None], 1.0) == ([None], 0)
    assert torch.nn.utils.clip_grad_norm_(leaves([None]), 1.0) == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("clip_value", [0.5, 0, math.inf])
def test_values_are_clipped_as_in_torch(clip_value, dtype):
    grads = gradients_to_clip(dtype)
    grads[0][0] = torch.tensor([math.nan, math.inf, -math.inf, -0.0])
    theirs = leaves(grads)
    torch.nn.utils.clip_grad_value_(theirs, clip_value)
    check_clipped(optimizers.clip_grad_value(to_numpy(grads), clip_value), theirs, 0)


# Schedules

SCHEDULES = {
    "step_lr": (lr_scheduler.StepLR, [{"step_size": 3}, {"step_size": 1, "gamma": 0.9}]),
    "exponential_lr": (lr_scheduler.ExponentialLR, [{"gamma": 0.9}, {"gamma": 1.1}]),
    "linear_lr": (
        lr_scheduler.LinearLR,
        [{}, {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 7}],
    ),
    "cosine_annealing_lr": (
        lr_scheduler.CosineAnnealingLR,
        [{"T_max": 30}, {"T_max": 7, "eta_min": 0.1}, {"T_max": 1}],
    ),
    "cosine_annealing_warm_restarts": (
        lr_scheduler.CosineAnnealingWarmRestarts,
        [{"T_0": 4}, {"T_0": 1, "T_mult": 2}, {"T_0": 3, "T_mult": 3, "eta_min": 0.1}],
    ),
}
ONE_CYCLE = {
    "total_steps": (30, 7),
    "pct_start": (0.3, 0.0, 1.0, 0.6),
    "anneal_strategy": ("cos", "linear"),
    "div_factor": (25.0, 2.0),
    "final_div_factor": (1e4, 3.0),
    "three_phase": (False, True),
}


def rates_of_torch(scheduler, lr, steps, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedule = scheduler(optimizer, **options)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(1, steps):
        optimizer.step()
        schedule.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_torchs(name):
    scheduler, several = SCHEDULES[name]
    for options in several:
        ours = [getattr(optimizers, name)(step, 0.8, **options) for step in range(30)]
        assert_allclose(ours, rates_of_torch(scheduler, 0.8, 30, **options), rtol=1e-9, atol=1e-14)


def test_restarts_within_an_epoch():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.8)
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    for epoch in np.linspace(0, 14, 57)[:-1]:
        schedule.step(epoch)
        ours = optimizers.cosine_annealing_warm_restarts(epoch, 0.8, T_0=2, T_mult=2)
        assert_allclose(ours, optimizer.param_groups[0]["lr"], atol=1e-12)


def test_one_cycle_is_torchs_over_every_option():
    for values in itertools.product(*ONE_CYCLE.values()):
        options = dict(zip(ONE_CYCLE, values, strict=True))
        steps = options["total_steps"]
        theirs = rates_of_torch(
            lr_scheduler.OneCycleLR, 1.0, steps, max_lr=0.8, cycle_momentum=False, **options
        )
        ours = [optimizers.one_cycle_lr(step, 0.8, **options) for step in range(steps)]
        assert_allclose(ours, theirs, rtol=1e-12, atol=1e-15, err_msg=str(options))
