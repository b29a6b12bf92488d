"""Seven methods side by side: what is new in them, by hand, and a recorded seed once more."""

import numpy as np
import pytest
import torch

from lib import data
from lib.experiments.optimizers import frontier
from lib.reference import optimizers


@pytest.fixture(scope="module")
def record():
    return data.recorded("optimizers_frontier")


def test_schedule_free_average_is_the_mean_of_where_the_walker_was(rng):
    y, state, walked = [np.ones(3)], frontier.schedule_free_init([np.ones(3)], 0.1, 0.9), []
    for _ in range(20):
        y, state = frontier.schedule_free_step(y, [rng.standard_normal(3)], state, 0.1, 0.9)
        walked.append(state[0]["z"])
        assert state[0]["x"] == pytest.approx(np.mean(walked, axis=0))
        assert y[0] == pytest.approx(0.1 * state[0]["z"] + 0.9 * state[0]["x"])


def test_schedule_free_average_weighs_by_the_squared_learning_rate():
    y, state = [np.zeros(1)], frontier.schedule_free_init([np.zeros(1)], 1, 0)
    for lr in (1.0, 2.0):
        y, state = frontier.schedule_free_step(y, [np.ones(1)], state, lr, 0)
    assert state[0]["z"] == -3
    assert state[0]["x"] == pytest.approx((1 * -1 + 4 * -3) / 5)


def test_schedule_free_without_interpolation_is_torchs_averaged_sgd(rng):
    start, grads = np.ones(4), rng.standard_normal((30, 4))
    y, state = [start], frontier.schedule_free_init([start], 0.1, 0)
    tensor = torch.tensor(start)
    averaged = torch.optim.ASGD([tensor], lr=0.1, lambd=0, alpha=0, t0=-1)
    for grad in grads:
        y, state = frontier.schedule_free_step(y, [grad], state, 0.1, 0)
        tensor.grad = torch.tensor(grad)
        averaged.step()
    assert y[0] == pytest.approx(tensor.numpy())
    assert state[0]["x"] == pytest.approx(averaged.state[tensor]["ax"].numpy())


def test_muon_is_for_hidden_matrices_and_adamw_for_the_rest(rng):
    shapes = [(8, 4), (8,), (8, 8), (8,), (3, 8), (3,)]
    params = [rng.standard_normal(shape) for shape in shapes]
    grads = [rng.standard_normal(shape) for shape in shapes]
    moved, _ = frontier.muon_mixed_step(params, grads, frontier.muon_mixed_init(params, 0.1), 0.1)
    for i in range(6):
        rule, more = "adamw", {}
        if i == 2:
            rule, more = "muon", {"adjust_lr_fn": "match_rms_adamw"}
        init, step = (getattr(optimizers, f"{rule}_{part}") for part in ("init", "step"))
        one = [params[i]], [grads[i]], init([params[i]], 0.1)
        (expected,), _ = step(*one, 0.1, weight_decay=0.01, **more)
        assert moved[i] == pytest.approx(expected)


@pytest.mark.parametrize("schedule", [frontier.constant, frontier.cosine, frontier.wsd])
def test_every_schedule_warms_up_over_the_first_twentieth(schedule):
    rates = np.array([schedule(step, 1.0, 100) for step in range(100)])
    assert rates[0] == pytest.approx(0.2)
    assert rates[:5] == pytest.approx(np.arange(1, 6) / 5, abs=0.01)
    assert rates[-1] == {"constant": 1, "cosine": pytest.approx(0, abs=0.01)}.get(
        schedule.__name__, pytest.approx(0.05)
    )


def test_parts_are_apart_and_the_test_images_are_everybodys():
    one, other = frontier.digits(0), frontier.digits(1)
    assert {name: len(x) for name, (x, _) in one.items()} == {
        "train": 897,
        "validation": 300,
        "test": 600,
    }
    assert np.array_equal(one["test"][0], other["test"][0])
    assert not np.array_equal(one["train"][0], other["train"][0])


@pytest.mark.parametrize("method", ["momentum", "Muon", "schedule-free"])
def test_one_recorded_seed_comes_out_again(record, method):
    (run,) = [run for run in record["runs"] if run["method"] == method]
    again = frontier.run(method, 0, run["lr"], record["updates"])
    assert again["test"] == pytest.approx(run["test"][0], abs=0.01)
    assert again["loss"] == pytest.approx(run["loss"][0], rel=0.05)


def test_the_rate_of_each_method_is_the_best_that_was_tried(record):
    for run in record["runs"]:
        assert run["validation"][str(run["lr"])] == max(run["validation"].values())
        assert len(run["test"]) == len(record["seeds"])


def test_a_rate_that_is_too_large_is_only_a_bad_score():
    assert frontier.validation("momentum", 0, 1e6, 5) < 0.3


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match="expected method to be one of"):
        frontier.run("Adam", 0, 0.1, 1)
