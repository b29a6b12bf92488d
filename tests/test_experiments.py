"""The recorded experiments: their arithmetic by hand, and one seed of each once more."""

import base64
import itertools
import zlib

import numpy as np
import pytest
import torch
from scipy import stats

from lib import data
from lib.experiments import mean_interval, median_interval
from lib.experiments import pooling as trials

# Six test images of 600. On the machine of the record nothing moves; elsewhere a sum may be taken
# in another order, and an image on the fence may fall to the other side.
CLOSE = 0.01


@pytest.fixture(scope="module")
def shift():
    return data.recorded("pooling_shift")


@pytest.fixture(scope="module")
def stochastic():
    return data.recorded("pooling_stochastic")


@pytest.fixture(scope="module")
def vectors():
    record = data.recorded("pooling_shift_vectors")
    stored = zlib.decompress(base64.b64decode(record["probabilities"]))
    return record, np.frombuffer(stored, np.uint8).reshape(record["shape"]) / 255


def pick(record, **wanted):
    (run,) = [run for run in record["runs"] if wanted.items() <= run.items()]
    return run


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("n", [2, 5, 30])
def test_interval_is_scipys(n, level):
    values = np.random.default_rng(n).normal(3, 2, n)
    mean, half_width = mean_interval(values, level)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(level)
    assert [mean - half_width, mean + half_width] == pytest.approx([low, high], rel=1e-10)


def test_interval_holds_the_truth_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(1, 3, (4000, 5))
    held = [abs(mean - 1) <= half for mean, half in map(mean_interval, samples)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("values", "level", "message"),
    [
        ([0.9], 0.95, "two values or more; got \\[0.9\\]"),
        ([[0.9, 0.8]], 0.95, "a row of two values"),
        ([0.9, 0.8], 95, "between 0 and 1; got 95"),
    ],
)
def test_interval_refuses(values, level, message):
    with pytest.raises(ValueError, match=message):
        mean_interval(values, level)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("n", [8, 25, 50, 101])
def test_median_interval_is_scipys(n, level):
    values = np.random.default_rng(n).standard_exponential(n)
    interval = stats.quantile_test(values, p=0.5).confidence_interval(level)
    assert median_interval(values, level) == (np.median(values), *interval)


def test_median_interval_holds_the_truth_as_often_as_it_says():
    samples = np.random.default_rng(0).standard_exponential((4000, 50))
    held = [low <= np.log(2) <= high for _, low, high in map(median_interval, samples)]
    assert 0.95 < np.mean(held) < 0.98  # of the levels that order statistics have, the next above


def test_a_run_that_never_arrives_is_a_value_for_the_median():
    assert median_interval([*range(7), np.inf, np.inf]) == (4, 1, np.inf)


@pytest.mark.parametrize(
    ("values", "level", "message"),
    [
        (range(5), 0.95, "5 values are too few for an interval at 0.95"),
        ([*range(9), np.nan], 0.95, "expected numbers"),
        (range(9), 95, "a level between 0 and 1; got .*, 95"),
    ],
)
def test_median_interval_refuses(values, level, message):
    with pytest.raises(ValueError, match=message):
        median_interval([*values], level)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: trials.Network(8, "mean"), "head to be one of .*'global average'.*, got 'mean'"),
        (lambda: trials.train_centred("mean", "dense", 0, 0.1, 1), "pooling.*got 'mean'"),
        (lambda: trials.train_method("max + blur", 10, 0, 0.1, 1), "method.*got 'max \\+ blur'"),
    ],
)
def test_unknown_choices_are_refused_by_name(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_digits_are_shared_out_once_and_the_test_images_are_always_the_same():
    x, _ = data.digits()
    parts = [trials.digits(seed) for seed in (0, 1)]
    sizes = {"train": 897, "validation": 300, "test": 600}
    for part in parts:
        assert {name: len(labels) for name, (_, labels) in part.items()} == sizes
        everything = torch.cat([images for images, _ in part.values()]).flatten(1).numpy()
        assert sorted(map(tuple, everything)) == sorted(map(tuple, 4 * x.reshape(-1, 64)))
    assert torch.equal(parts[0]["test"][0], parts[1]["test"][0])
    assert not torch.equal(parts[0]["train"][0], parts[1]["train"][0])


def test_framed_digits_move_down_and_right():
    x = trials.digits(0)["test"][0][:2]
    middle = trials.framed(x)
    assert middle.shape == (2, 1, 24, 24)
    assert torch.equal(middle[:, :, 8:16, 8:16], x)
    assert torch.equal(trials.framed(x, 2, -3), middle.roll((2, -3), (2, 3)))


def answers(table):
    """Beliefs (7, 7, 1, 10) of one image that are certain of the classes in the table."""
    return torch.nn.functional.one_hot(torch.tensor(table), 10)[:, :, None].double()


def test_accuracy_and_consistency_by_hand():
    table = np.full((7, 7), 4)
    assert trials.consistency(answers(table)) == 1
    assert trials.accuracy_by_distance(answers(table), torch.tensor([4])) == [1, 1, 1, 1]
    assert trials.accuracy_by_distance(answers(table), torch.tensor([5])) == [0, 0, 0, 0]
    table[3, 3] = 5  # four of the 84 pairs of neighbours differ
    assert trials.consistency(answers(table)) == pytest.approx(80 / 84)
    assert trials.accuracy_by_distance(answers(table), torch.tensor([5])) == [1, 0, 0, 0]
    table[3, 6] = table[0, 2] = 5  # two of the 24 places at a distance of three
    found = trials.accuracy_by_distance(answers(table), torch.tensor([5]))
    assert found == pytest.approx([1, 0, 0, 2 / 24])


def test_one_seed_gives_one_network_and_leaves_other_dice_alone():
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, two = (trials.train_method("max + dropout", 50, 3, 0.01, 5) for _ in range(2))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), before)
    other = trials.train_method("max + dropout", 50, 4, 0.01, 5)
    assert not torch.equal(one.last.weight, other.last.weight)
    assert not one.training


def test_rules_differ_only_where_they_should():
    network = trials.train_method("stochastic", 50, 0, 0.01, 20)
    x = trials.digits(0)["test"][0][:8]
    found = trials.rules(network, 0, x)
    assert list(found) == ["one draw", "ten draws", "average", "maximum"]
    for p in found.values():
        assert torch.allclose(p.sum(1), torch.ones(8, dtype=p.dtype))
    for a, b in itertools.combinations(found.values(), 2):
        assert not torch.allclose(a, b)
    again = trials.rules(network, 0, x)
    assert all(torch.equal(found[rule], again[rule]) for rule in found)


@pytest.mark.parametrize("head", trials.HEADS)
def test_shift_record_comes_out_again(shift, head):
    pooling = "strided convolution"  # the quickest
    run = pick(shift, pooling=pooling, head=head)
    again = trials.shift_run(pooling, head, 0, run["lr"], shift["updates"])
    assert again["accuracy"] == pytest.approx(run["accuracy"][0], abs=CLOSE)
    assert again["consistency"] == pytest.approx(run["consistency"][0], abs=CLOSE)


@pytest.mark.parametrize("method", ["average", "stochastic"])
def test_stochastic_record_comes_out_again(stochastic, method):
    run = pick(stochastic, method=method, images=100)
    again = trials.method_run(method, 100, 0, run["lr"], run["updates"])
    for key, value in again.items():
        assert value == pytest.approx(run[key][0], abs=CLOSE)


def test_shift_record_is_whole(shift):
    assert len(shift["runs"]) == len(trials.HEADS) * len(trials.SHIFT_POOLINGS)
    for head, pooling in itertools.product(trials.HEADS, trials.SHIFT_POOLINGS):
        run = pick(shift, head=head, pooling=pooling)
        assert np.shape(run["accuracy"]) == (len(shift["seeds"]), 1 + trials.REACH)
        assert len(run["consistency"]) == len(shift["seeds"]) >= 5
        assert run["validation"][str(run["lr"])] == max(run["validation"].values())


@pytest.mark.parametrize("name", ["pooling_stochastic", "pooling_stochastic_coarse"])
def test_stochastic_record_is_whole(name):
    record = data.recorded(name)
    for run in record["runs"]:
        assert len(run["test"]) == len(run["train"]) == len(record["seeds"]) >= 5
        assert run["validation"][str(run["lr"])] == max(run["validation"].values())
        assert ("ten draws" in run) == (run["method"] == "stochastic")
    short = {(r["images"], r["method"]) for r in record["runs"] if r["updates"] == 500}
    assert short == set(itertools.product((100, 300, 897), trials.METHODS))


@pytest.mark.parametrize(
    ("record", "command"),
    [
        ("pooling_shift", "pooling_shift.py"),
        ("pooling_shift_vectors", "pooling_shift.py"),
        ("pooling_stochastic", "pooling_stochastic.py"),
        ("pooling_stochastic_coarse", "pooling_stochastic.py coarse"),
    ],
)
def test_record_says_how_to_get_it_again(record, command):
    about = data.recorded(record)
    assert about["command"].endswith(f"python benchmarks/{command}")
    assert {"python", "numpy", "torch"} <= about["versions"].keys()
    assert about["machine"]
    assert about["date"]


def test_vectors_are_what_the_network_believes(shift, vectors):
    record, p = vectors
    assert record["axes"] == ["head", "pooling", "digit", "down", "right", "class"]
    assert p.shape == (2, 5, 10, 7, 7, 10)
    assert abs(p.sum(axis=-1) - 1).max() <= 10 * 0.5 / 255
    head, pooling = "global average", "strided convolution"
    lr = pick(shift, head=head, pooling=pooling)["lr"]
    network = trials.train_centred(pooling, head, record["seed"], lr, shift["updates"])
    images = torch.tensor(record["images"])[:, None].double() / 4  # full ink is 16 in the record
    again = trials.shifted_probabilities(network, pooling, images).permute(2, 0, 1, 3)
    at = record["heads"].index(head), record["poolings"].index(pooling)
    assert abs(p[at] - again.numpy()).mean() < 0.01


def test_vectors_show_each_digit_once(vectors):
    record, _ = vectors
    x, y = trials.digits(0)["test"]
    for digit, image in enumerate(record["images"]):
        same = (4 * x[:, 0] == torch.tensor(image)).all(dim=(1, 2))
        assert y[same].tolist() == [digit]
