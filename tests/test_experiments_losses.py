"""The recorded comparison of losses: its parts by hand, and one seed of each once more."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from lib import data
from lib.experiments import losses as trials

every_run = pytest.mark.parametrize(
    ("loss", "init"), list(itertools.product(trials.LOSSES, trials.INITS))
)


@pytest.fixture(scope="module")
def record():
    return data.recorded("losses_mse")


def test_digits_are_shared_out_once_and_the_test_images_are_always_the_same():
    pixels, _ = data.digits()  # in sixteenths
    parts = [trials.digits(seed) for seed in (0, 1)]
    for part in parts:
        assert {name: len(y) for name, (_, y) in part.items()} == {
            "train": 897,
            "validation": 300,
            "test": 600,
        }
        np.testing.assert_allclose(part["train"][0].mean(axis=0), 0, atol=1e-12)
        assert 0.5 < part["train"][0].std() < 1  # after the centring
    assert np.array_equal(parts[0]["test"][1], parts[1]["test"][1])
    assert not np.array_equal(parts[0]["train"][1], parts[1]["train"][1])
    everything = np.concatenate([x for x, _ in parts[0].values()])
    varied = pixels.reshape(-1, 64).std(axis=0) > 0
    ranges = np.ptp(everything, axis=0)[varied] / np.ptp(pixels.reshape(-1, 64), axis=0)[varied]
    np.testing.assert_allclose(ranges, 1 / pixels_spread(parts[0]))


def pixels_spread(part):
    """The one number by which all pixels were divided: their spread over the training images."""
    return 1 / (np.diff(np.unique(part["train"][0][:, 20])).min() * 16)


@every_run
def test_network_starts_as_it_says_and_its_loss_is_torch_s(loss, init):
    model = trials.network(np.random.default_rng(0), loss, init)
    for weight, bias in zip(model.params[::2], model.params[1::2], strict=True):
        assert weight.std() == pytest.approx(trials.INITS[init](weight.shape[1]), rel=0.1)
        assert not bias.any()
    x, y = trials.digits(0)["validation"]
    w1, b1, w2, b2 = (torch.from_numpy(p) for p in model.params)
    z = torch.sigmoid(torch.from_numpy(x) @ w1.T + b1) @ w2.T + b2
    targets = torch.from_numpy(np.eye(10)[y])
    of_torch = {
        "squared error": lambda: torch.nn.functional.mse_loss(torch.sigmoid(z), targets),
        "cross-entropy": lambda: torch.nn.functional.binary_cross_entropy_with_logits(z, targets),
    }
    value = model.loss(model.forward(model.params, x), np.eye(10)[y])
    assert float(value) == pytest.approx(of_torch[loss]().item(), rel=1e-12)


def test_both_losses_start_from_the_same_weights():
    one, two = (trials.network(np.random.default_rng(3), loss, "1") for loss in trials.LOSSES)
    assert all(np.array_equal(a, b) for a, b in zip(one.params, two.params, strict=True))


@pytest.mark.parametrize(
    ("loss", "init", "message"),
    [
        ("hinge", "1", "expected loss to be one of .*, got 'hinge'"),
        ("cross-entropy", "2", "expected init to be one of .*, got '2'"),
    ],
)
def test_unknown_choices_are_refused_by_name(loss, init, message):
    with pytest.raises(ValueError, match=message):
        trials.network(np.random.default_rng(0), loss, init)


@every_run
def test_record_comes_out_again(record, loss, init):
    run = trials.comparison(record)[loss, init]
    for key, lr in (("tuned", run["lr"]), ("shared", record["shared_rate"])):
        again = trials.run(loss, init, 0, lr, record["epochs"])
        assert again["test"] == pytest.approx(run[key][0], abs=0.01)


def test_choices_and_lead_are_the_record_s_means_and_scipy_s_intervals(record):
    runs = trials.comparison(record)
    means, half_widths = trials.choices(record, "1")
    for loss in trials.LOSSES:
        for found, half, row in zip(
            means[loss], half_widths[loss], runs[loss, "1"]["validation"], strict=True
        ):
            low, high = stats.ttest_1samp(row, 0).confidence_interval()
            assert [found - half, found + half] == pytest.approx([low, high], abs=1e-9)
    pair = [runs[loss, "1/√n"]["tuned"] for loss in ("cross-entropy", "squared error")]
    low, high = stats.ttest_rel(*pair).confidence_interval()
    lead, half = trials.lead(record, "1/√n", "tuned")
    assert [lead - half, lead + half] == pytest.approx([100 * low, 100 * high])


def test_record_is_whole_and_no_best_rate_lies_at_an_end(record):
    rates = record["learning_rates"]
    assert len(trials.comparison(record)) == len(record["runs"]) == 4
    assert set(record["seeds"]).isdisjoint(record["tuning_seeds"])
    for run in record["runs"]:
        assert np.shape(run["validation"]) == (len(rates), len(record["tuning_seeds"]))
        assert len(run["tuned"]) == len(run["shared"]) == len(record["seeds"])
        best = int(np.mean(run["validation"], axis=1).argmax())
        assert rates[best] == run["lr"]
        assert 0 < best < len(rates) - 1
    assert record["command"].endswith("python benchmarks/losses_mse.py")
