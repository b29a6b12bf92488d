"""The ravine that turns: its lengths by closed form and by torch, its record once more."""

import math

import numpy as np
import pytest
import torch

from lib import data
from lib.experiments.optimizers import rotation
from lib.widgets import _optimizers_stills as stills

TORCH = {
    "gd": lambda x, lr: torch.optim.SGD([x], lr),
    "momentum": lambda x, lr: torch.optim.SGD([x], lr, momentum=0.9),
    "nesterov": lambda x, lr: torch.optim.SGD([x], lr, momentum=0.9, nesterov=True),
    "adagrad": lambda x, lr: torch.optim.Adagrad([x], lr),
    "rmsprop": lambda x, lr: torch.optim.RMSprop([x], lr),
    "adam": lambda x, lr: torch.optim.Adam([x], lr),
}


@pytest.fixture(scope="module")
def record():
    return data.recorded("optimizers_rotation")


def walked_by_torch(name, kappa, degrees, start, lr, steps, tolerance):
    """The same length, with torch's optimizer and a loss in the valley's own coordinates."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x = torch.tensor([c * start[0] - s * start[1], s * start[0] + c * start[1]])  # float64
    x.requires_grad_()
    optimizer, losses = TORCH[name](x, lr), []
    for _ in range(steps + 1):
        along, across = c * x[0] + s * x[1], c * x[1] - s * x[0]
        loss = 0.5 * (along**2 + kappa * across**2)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    high = [t for t, loss in enumerate(losses) if not loss < tolerance]
    return math.inf if high[-1:] == [steps] else 1 + max(high, default=-1)


@pytest.mark.parametrize("lr", [0.01, 0.09, 0.11])  # slow, fast, and beyond 2/κ
def test_descent_takes_as_many_steps_as_its_closed_form(lr):
    starts, t = rotation.circle(5, 20), np.arange(301)[:, None]
    x, y = starts[:, 0] * (1 - lr) ** t, starts[:, 1] * (1 - 20 * lr) ** t
    high = 0.5 * (x**2 + 20 * y**2) >= 1e-4
    expected = [math.inf if h[-1] else 1 + np.flatnonzero(h).max() for h in high.T]
    assert rotation.lengths("gd", 20, 0, starts, [lr], 300).tolist() == [expected]


@pytest.mark.parametrize("degrees", [0, 30])
@pytest.mark.parametrize("name", rotation.RULES)
def test_lengths_are_those_of_torchs_optimizers(name, degrees):
    start = rotation.circle(3, 1)
    rates = [0.003, 0.04, 3.0]
    with torch.autograd.set_grad_enabled(True):
        torch.set_default_dtype(torch.float64)
        try:
            expected = [walked_by_torch(name, 7, degrees, start[0], lr, 200, 1e-3) for lr in rates]
        finally:
            torch.set_default_dtype(torch.float32)
    found = rotation.lengths(name, 7, degrees, start, rates, 200, tolerance=1e-3)[:, 0]
    assert found.tolist() == expected
    assert np.isfinite(expected).any()


@pytest.mark.parametrize("name", ["gd", "momentum", "nesterov"])
def test_turning_is_nothing_to_descent_and_momentum(name):
    ravine = (rotation.circle(4, 9), rotation.RATES[::8], 300)
    straight, turned = (rotation.lengths(name, 20, degrees, *ravine) for degrees in (0, 37))
    assert (straight == turned).all()


def test_a_loss_that_rises_again_has_not_stayed():
    def length(steps):
        start = np.array([[1.0, 0.0]])
        return rotation.lengths("momentum", 1, 0, start, [0.1], steps, tolerance=0.02).item()

    low = [math.isfinite(length(steps)) for steps in range(101)]
    assert low.index(True) < 10  # it swings through the lowest point, and out again
    assert length(100) == 101 - low[::-1].index(False) > 20


def test_starts_lie_on_the_unit_circle_and_in_all_directions():
    starts = rotation.circle(0, 4000)
    np.testing.assert_allclose((starts**2).sum(1), 1)
    assert np.abs(starts.mean(0)).max() < 0.05


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match=r"name to be one of .*'adam'\], got 'adamw'"):
        rotation.lengths("adamw", 1, 0, rotation.circle(0, 1), [0.1], 1)


def test_the_widget_walks_by_the_same_rules():
    assert rotation.RULES == stills.RULES


@pytest.mark.parametrize(("name", "degrees"), [("adagrad", 0), ("adam", 45), ("rmsprop", 45)])
def test_one_ravine_comes_out_as_recorded(record, name, degrees):
    one, other = rotation.run(name, 20, degrees, percentiles=(90, 50))
    recorded = rotation.recorded_lengths(record, name, degrees)[20]
    steps = np.array([np.inf if n is None else n for n in one["steps"]])
    # On another machine a sum may be rounded otherwise, and a walk at the edge go another way.
    arrived = np.isfinite(recorded)
    assert (np.isfinite(steps) == arrived).mean() > 0.95
    assert (np.abs(steps[arrived] - recorded[arrived]) <= 1).mean() > 0.9
    assert np.median(steps) == pytest.approx(np.median(recorded), rel=0.02)
    wanted = {"name": name, "kappa": 20, "degrees": degrees, "percentile": 50}
    (by_median,) = [run for run in record["by_median"] if wanted.items() <= run.items()]
    assert other["lr"] == pytest.approx(by_median["lr"])


def test_no_learning_rate_of_the_record_lies_at_the_edge_of_the_grid(record):
    for run in record["runs"]:
        assert rotation.RATES[0] * 1.04 < run["lr"] < rotation.RATES[-1] / 1.04, run


def test_each_start_is_measured_and_none_chooses(record):
    assert record["tuning"] == list(rotation.TUNING)
    assert record["measuring"] == list(rotation.MEASURING)
    assert rotation.TUNING[0] != rotation.MEASURING[0]
    assert {len(run["steps"]) for run in record["runs"]} == {rotation.MEASURING[1]}
