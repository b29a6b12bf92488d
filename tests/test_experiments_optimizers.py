"""The recorded trainings of six optimizers and six schedules: by hand, and once more."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from lib import data
from lib.experiments import pooling
from lib.experiments.optimizers import budgets as trials

CLOSE = 0.01  # six test images of 600, as in the experiments on pooling


@pytest.fixture(scope="module")
def budgets():
    return data.recorded("optimizers_budgets")


@pytest.fixture(scope="module")
def schedules():
    return data.recorded("optimizers_schedules")


def pick(record, **wanted):
    (run,) = [run for run in record["runs"] if wanted.items() <= run.items()]
    return run


def test_digits_are_those_of_the_other_experiments_centred_where_they_were_trained_on():
    own, there = trials.digits(3), pooling.digits(3)
    middle = there["train"][0].mean(0)
    for name, (x, y) in own.items():
        assert_allclose(2 * x, (there[name][0] - middle).numpy(), atol=1e-12)
        assert (y == there[name][1].numpy()).all()
    assert 0.2 < own["train"][0].var() < 1


def test_a_share_of_the_labels_is_drawn_anew():
    y = np.arange(10_000) % 10
    assert (trials.mislabelled(y, 0.0, 0) == y).all()
    drawn = trials.mislabelled(y, 0.2, 0)
    assert (drawn != y).mean() == pytest.approx(0.2 * 0.9, abs=0.02)  # one in ten is drawn right
    assert set(drawn) == set(range(10))


def test_an_epoch_is_as_many_updates_as_it_says():
    x, _ = trials.digits(0)["train"]
    assert -(-len(x) // 32) == trials.UPDATES


@pytest.mark.parametrize("shape", trials.SHAPES)
def test_rates_peak_at_the_peak(shape):
    rates = trials.rates(shape, 0.3, epochs=10)
    assert rates.shape == (10 * trials.UPDATES,)
    assert 0 <= rates.min() <= rates.max() <= 0.3 * (1 + 1e-12)
    assert rates.max() == pytest.approx(0.3, rel=1e-3)
    assert_allclose(rates, 3 * trials.rates(shape, 0.1, epochs=10))


def test_warm_cosine_is_two_of_torchs_schedulers_in_a_row():
    total, warm = 20 * trials.UPDATES, 2 * trials.UPDATES
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    ways = torch.optim.lr_scheduler
    up = ways.LinearLR(optimizer, start_factor=1 / warm, total_iters=warm)
    down = ways.CosineAnnealingLR(optimizer, total - warm)
    scheduler, rates = ways.SequentialLR(optimizer, [up, down], [warm]), []
    for _ in range(total):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert_allclose(trials.rates("warm-up + cosine", 0.1), rates, rtol=1e-9)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: trials.rates("sine", 1), "shape to be one of .*'cosine'.*, got 'sine'"),
        (lambda: trials.budget_run("adam", "3 epochs", 0, 0.1), "optimizer.*got 'adam'"),
        (lambda: trials.budget_run("Adam", "long", 0, 0.1), "budget.*got 'long'"),
        (lambda: trials.budget_validation("Adam", "long", 0, 0.1), "budget.*got 'long'"),
    ],
)
def test_unknown_choices_are_refused_by_name(run, message):
    with pytest.raises(ValueError, match=message):
        run()


@pytest.mark.parametrize("name", ["SGD", "Nesterov", "AdamW"])
def test_budget_record_comes_out_again(budgets, name):
    run = pick(budgets, optimizer=name, budget="3 epochs")
    again = trials.budget_run(name, "3 epochs", 5, run["lr"])
    assert again["test"] == pytest.approx(run["test"][5], abs=CLOSE)
    assert again["loss"] == pytest.approx(run["loss"][5], abs=1e-4)


def test_budget_record_is_whole_and_tuned_alike(budgets):
    for budget in trials.BUDGETS:
        for name in trials.OPTIMIZERS:
            run = pick(budgets, optimizer=name, budget=budget)
            tried = [float(lr) for lr in run["validation"]]
            assert len(tried) == 9
            assert_allclose(np.diff(np.log2(tried)), 1, atol=1e-3)
            assert min(tried) < run["lr"] < max(tried)
            assert run["validation"][str(run["lr"])] == max(run["validation"].values())
            assert len(run["test"]) == len(run["loss"]) == len(budgets["seeds"]) >= 10
    assert not set(budgets["seeds"]) & set(budgets["tuning_seeds"])


def test_schedule_record_comes_out_again(schedules):
    run = pick(schedules, shape="one cycle", peak=0.08)
    again = trials.schedule_run("one cycle", 0.08, 3)
    assert again["validation"][-1] == pytest.approx(run["validation"][3], abs=CLOSE)
    assert again["loss"][-1] == pytest.approx(run["loss"][3], abs=1e-3)


def test_schedule_record_is_whole(schedules):
    for shape in trials.SHAPES:
        for peak in trials.PEAKS:
            run = pick(schedules, shape=shape, peak=peak)
            assert len(run["loss"]) == len(run["validation"]) == len(schedules["seeds"]) == 8


@pytest.mark.parametrize("record", ["optimizers_budgets", "optimizers_schedules"])
def test_record_says_how_to_get_it_again(record):
    about = data.recorded(record)
    assert about["command"].endswith(f"python benchmarks/{record}.py")
    assert {"python", "numpy", "torch"} <= about["versions"].keys()
    assert about["machine"]
    assert about["date"]
