"""Curvature by two gradients, against autograd; the recorded runs, once more and by their law."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from lib import data, train
from lib.experiments import mean_interval
from lib.experiments.optimizers import edge
from lib.reference.initialization import xavier_normal


@pytest.fixture(scope="module")
def record():
    return data.recorded("optimizers_edge")


def same_in_torch(theta, sizes, x, target):
    """The loss of the experiment's network, in torch from end to end, as a function of θ."""

    def loss(theta):
        y, at = torch.tensor(x), 0
        for inputs, outputs in pairwise(sizes):
            weight = theta[at : at + inputs * outputs].reshape(outputs, inputs)
            at += inputs * outputs
            y = y @ weight.T + theta[at : at + outputs]
            at += outputs
            y = torch.tanh(y) if at < len(theta) else y
        return ((y - torch.tensor(target)) ** 2).mean()

    return loss, torch.tensor(theta)


@pytest.fixture(scope="module")
def small(sizes=(64, 5, 10)):
    x, label = edge.some_digits(40)
    target = np.eye(10)[label]
    rng, options = np.random.default_rng(0), {"init": xavier_normal, "loss": "mse_loss"}
    model = train.mlp(rng, sizes, "tanh", dtype=np.float64, **options)
    theta, look = edge.flat_loss(model, x, target)
    hessian = torch.autograd.functional.hessian(*same_in_torch(theta, sizes, x, target))
    return theta, look, hessian.numpy()


def test_some_digits_are_the_first_of_the_same_shuffled_ones():
    (few, labels), (more, _) = edge.some_digits(3), edge.some_digits(5)
    assert few.shape == (3, 64)
    assert np.array_equal(few, more[:3])
    assert len(labels) == 3


def test_two_gradients_give_autograds_product_with_the_hessian(small):
    theta, look, hessian = small
    v = np.random.default_rng(1).standard_normal(theta.size)
    assert edge.hessian_product(look, theta, v) == pytest.approx(hessian @ v, abs=1e-7)


def test_power_iteration_finds_the_largest_eigenvalue(small):
    theta, look, hessian = small
    v = np.random.default_rng(1).standard_normal(theta.size)
    curvature, v = edge.sharpness(look, theta, v, products=60)
    assert curvature == pytest.approx(np.linalg.eigvalsh(hessian)[-1], rel=1e-5)
    assert hessian @ v == pytest.approx(curvature * v, abs=1e-2 * curvature)


def test_one_recorded_run_begins_as_it_did(record):
    run = record["runs"][-1]
    again = edge.run(record["seeds"][0], run["lr"], 300)
    assert again["loss"] == pytest.approx(run["loss"][0][:7], rel=1e-3)
    assert again["sharpness"] == pytest.approx(run["sharpness"][0][:7], rel=1e-2)


def test_sharpness_ends_near_two_over_the_learning_rate(record):
    for run in record["runs"]:
        late = np.array(run["sharpness"])[:, -20:].mean(axis=1)  # (seeds,)
        mean, half_width = mean_interval(late)
        assert (mean - half_width) * run["lr"] / 2 > 0.98
        assert (mean + half_width) * run["lr"] / 2 < 1.05
