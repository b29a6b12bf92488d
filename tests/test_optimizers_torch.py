"""Optimizers in NumPy against torch.optim, its clipping and its schedulers, option by option."""

import itertools
import warnings

import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from lib.reference import optimizers
from tests.operations import DTYPES, to_numpy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's test tools warn about what they import

TOLERANCE = {torch.float64: 1e-11, torch.float32: 5e-5, torch.float16: 1e-2}
SHAPES = ((3, 2), (4,), ())
MATRICES = ((3, 2), (2, 5), (4, 4))
BFLOAT16 = 2**-7  # what one rounding to bfloat16 may change, in Muon's matrices of about 1
DECAYS = {"weight_decay": (0, 0.1), "maximize": (False, True)}
BETAS = {"betas": ((0.9, 0.999), (0.3, 0.8)), "eps": (1e-8, 0.1)}
EVERY = {  # the class in torch.optim, and values of every option to be combined
    "sgd": (
        torch.optim.SGD,
        {
            "lr": (0.1,),
            "momentum": (0, 0.9),
            "dampening": (0, 0.3),
            "nesterov": (False, True),
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
            "alpha": (0.99, 0.5),
            "eps": (1e-8, 0.1),
            "momentum": (0, 0.9),
            "centered": (False, True),
            **DECAYS,
        },
    ),
    "adadelta": (torch.optim.Adadelta, {"lr": (1.0, 0.3), "rho": (0.9, 0.5), **DECAYS}),
    "adam": (
        torch.optim.Adam,
        {"amsgrad": (False, True), "decoupled_weight_decay": (False, True), **BETAS, **DECAYS},
    ),
    "adamw": (torch.optim.AdamW, {"lr": (0.1,), "amsgrad": (False, True), **BETAS, **DECAYS}),
    "adamax": (torch.optim.Adamax, {**BETAS, **DECAYS}),
    "nadam": (
        torch.optim.NAdam,
        {
            "momentum_decay": (4e-3, 0.5),
            "decoupled_weight_decay": (False, True),
            **BETAS,
            **DECAYS,
        },
    ),
    "radam": (torch.optim.RAdam, {"decoupled_weight_decay": (False, True), **BETAS, **DECAYS}),
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
            "momentum": (0.95, 0.3),
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
        chosen = dict(zip(options, values, strict=True))
        if (
            chosen.get("nesterov")
            and name == "sgd"
            and (chosen["dampening"] or not chosen["momentum"])
        ):
            continue
        yield chosen


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

    def check(self, tolerance=None):
        tolerance = tolerance or TOLERANCE[self.dtype]
        close = {"rtol": tolerance, "atol": tolerance, "strict": True}
        for ours, theirs in zip(self.ours, to_numpy(self.theirs), strict=True):
            assert_allclose(ours, theirs, **close)
        for ours, theirs in zip(self.state, self.states_of_theirs(), strict=True):
            if theirs:
                assert list(ours) == list(theirs)
            for key, value in theirs.items():
                assert_allclose(ours[key], to_numpy(value), **close, err_msg=key)


def tolerance_of(name, options, steps):
    """Muon's matrices agree as far as bfloat16 tells: one rounding may differ in each step."""
    return steps * options.get("lr", 1e-3) * BFLOAT16 if name == "muon" else None


@pytest.mark.parametrize("dtype", DTYPES)
@every_optimizer
def test_fifty_steps_with_every_combination_of_options(name, dtype):
    every = list(combinations(name))
    for options in every if dtype == "float64" else every[:: len(every) // 8]:
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
