"""The training loop: the same run in NumPy and in torch, right slopes, a network that learns."""

import io
import math
import sys
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from operations import on_each_device, to_numpy

from lib import data
from lib.gradcheck import numeric_gradient
from lib.reference import initialization, losses, optimizers
from lib.train import Layer, best_device, chain, cnn, evaluate, mlp, train

EXACT = {"dtype": np.float64}
MODELS = {
    "mlp": partial(mlp, sizes=[64, 16, 10], **EXACT),
    "mlp of tanh": partial(
        mlp, sizes=[64, 16, 12, 10], activation="tanh", init=initialization.xavier_uniform, **EXACT
    ),
    "cnn": partial(cnn, image=(1, 8, 8), channels=[3, 4], classes=10, **EXACT),
}
OPTIMIZERS = {
    "sgd": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "adam": {"lr": 1e-2},
    "adamw": {"lr": lambda step: 1e-2 / (1 + step / 10)},
}
every_model = pytest.mark.parametrize("name", MODELS)


def digits(n=200, held_out=100):
    x, target = data.digits()
    end = n + held_out
    return (x[:n], target[:n]), (x[n:end], target[n:end])


def run(model, seed=0, optimizer="sgd", device=None, **options):
    """Build a model and train it on a few digits, all from one seed."""
    rng = np.random.default_rng(seed)
    training, held_out = digits()
    options = {"epochs": 3, "batch_size": 24, **options}
    return train(rng, model(rng, device=device), training, held_out, optimizer, **options)


# ---- the same run in both


@on_each_device
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@every_model
def test_numpy_and_torch_run_alike_from_one_seed(name, optimizer, device):
    ours, history = run(MODELS[name], optimizer=optimizer, **OPTIMIZERS[optimizer])
    theirs, again = run(MODELS[name], optimizer=optimizer, device=device, **OPTIMIZERS[optimizer])
    assert history.keys() == again.keys()
    for key, values in history.items():
        assert_allclose(again[key], values, rtol=1e-10, err_msg=key)
    for param, twin in zip(ours.params, theirs.params, strict=True):
        assert (twin.device.type, twin.dtype) == (device, torch.float64)
        assert_allclose(to_numpy(twin), param, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("device", [None, "cpu"])
def test_a_seed_means_one_run(device):
    first, second, other = (run(MODELS["cnn"], seed, device=device, lr=0.1) for seed in (0, 0, 1))
    assert first[1] == second[1]
    assert first[1] != other[1]
    for once, twice in zip(first[0].params, second[0].params, strict=True):
        assert_array_equal(to_numpy(once), to_numpy(twice))


# ---- what it computes


@every_model
def test_gradients_are_the_slopes_of_the_mean_loss(name):
    rng = np.random.default_rng(0)
    model, x, target = (
        MODELS[name](rng),
        rng.standard_normal((5, 1, 8, 8)),
        rng.integers(10, size=5),
    )
    value, grads = model.gradients(model.params, x, target)
    assert value == model.loss(model.forward(model.params, x), target)
    for i, grad in enumerate(grads):

        def measured(param, i=i):
            params = [*model.params[:i], param, *model.params[i + 1 :]]
            return float(model.loss(model.forward(params, x), target))

        assert_allclose(grad, numeric_gradient(measured, model.params[i]), atol=1e-8)


@every_model
def test_torch_finds_the_same_gradients(name):
    ours, theirs = (MODELS[name](np.random.default_rng(0), device=d) for d in (None, "cpu"))
    x, target = digits()[0]
    value, grads = ours.gradients(ours.params, x, target)
    again, slopes = theirs.gradients(theirs.params, torch.tensor(x), torch.tensor(target))
    assert_allclose(again, value, rtol=1e-12)
    assert not again.requires_grad
    for grad, slope in zip(grads, slopes, strict=True):
        assert_allclose(to_numpy(slope), grad, rtol=1e-9, atol=1e-12)


def test_the_recorded_losses_are_means_over_all_samples():
    """At a learning rate of 0 the batches, of which the last is smaller, all meet one network."""
    model = MODELS["mlp"](np.random.default_rng(0))
    training, held_out = digits()
    same, history = train(
        np.random.default_rng(1), model, training, held_out, epochs=2, batch_size=48, lr=0.0
    )
    assert history["step"] == [5, 10]
    loss, accuracy = evaluate(model, training)
    assert_allclose(history["train_loss"], loss, rtol=1e-12)
    assert_allclose(loss, losses.cross_entropy(model.forward(model.params, training[0]),
                                               training[1]), rtol=1e-12)  # fmt: skip
    y = model.forward(model.params, held_out[0])
    assert history["validation_accuracy"] == [np.mean(y.argmax(1) == held_out[1])] * 2
    assert 0 <= accuracy <= 1
    assert all(np.array_equal(a, b) for a, b in zip(same.params, model.params, strict=True))


def test_one_step_is_the_optimizers():
    model = MODELS["mlp"](np.random.default_rng(0))
    x, target = digits()[0]
    options = {"lr": 0.1, "momentum": 0.5, "weight_decay": 1e-3}
    _, grads = model.gradients(model.params, x, target)
    expected, _ = optimizers.sgd_step(
        model.params, grads, optimizers.sgd_init(model.params, **options), **options
    )
    order = np.random.default_rng(0)
    stepped, _ = train(order, model, (x, target), epochs=1, batch_size=len(x), **options)
    for param, wanted in zip(stepped.params, expected, strict=True):
        assert_allclose(param, wanted, rtol=1e-12, atol=1e-15)


def test_each_epoch_sees_every_sample_once_in_an_order_of_its_own():
    seen, x = [], np.arange(12.0)[:, None]
    model = mlp(np.random.default_rng(0), [1, 1], loss="mse_loss", **EXACT)

    def gradients(params, x, target):
        seen.append(x[:, 0])
        return model.gradients(params, x, target)

    train(np.random.default_rng(0), model._replace(gradients=gradients), (x, x), epochs=2,
          batch_size=5, lr=0.0)  # fmt: skip
    assert [len(batch) for batch in seen] == [5, 5, 2] * 2
    first, second = np.concatenate(seen[:3]), np.concatenate(seen[3:])
    assert sorted(first) == sorted(second) == x[:, 0].tolist()
    assert (first != second).any()


def test_a_schedule_is_asked_before_every_step():
    asked = []

    def lr(step):
        asked.append(step)
        return 0.1

    run(MODELS["mlp"], epochs=2, batch_size=100, lr=lr)
    assert asked == [0, 0, 1, 2, 3], "once for the optimizer's start, then step by step"


@pytest.mark.parametrize("device", [None, "cpu"])
def test_numbers_can_be_learned_as_well_as_classes(device):
    x = np.linspace(-1, 1, 40)[:, None]
    rng = np.random.default_rng(0)
    model = mlp(rng, [1, 8, 1], activation="tanh", loss="mse_loss", device=device, **EXACT)
    model, history = train(rng, model, (x, x**2), (x, x**2), "adam", epochs=100, lr=0.02)
    assert history["validation_loss"][-1] < 5e-3 < history["validation_loss"][0] / 10
    assert "validation_accuracy" not in history


@every_model
def test_narrow_dtypes_are_kept(name):
    for dtype in (np.float16, np.float32):
        for device in (None, "cpu"):
            model = MODELS[name](np.random.default_rng(0), dtype=dtype, device=device)
            model, history = train(np.random.default_rng(0), model, digits()[0], epochs=1, lr=0.01)
            assert {str(p.dtype).removeprefix("torch.") for p in model.params} == {dtype.__name__}
            assert math.isfinite(history["train_loss"][0])


def test_nothing_handed_over_is_written_to():
    rng = np.random.default_rng(0)
    model = MODELS["cnn"](rng)
    x, target = digits()[0]
    for array in (x, target, *model.params):
        array.flags.writeable = False
    before = [param.copy() for param in model.params]
    train(rng, model, (x, target), (x, target), "adam", epochs=1)
    for param, kept in zip(model.params, before, strict=True):
        assert_array_equal(param, kept)


@pytest.mark.parametrize(
    ("build", "reached"),
    [
        (partial(mlp, sizes=[64, 64, 10]), 0.94),
        (partial(cnn, image=(1, 8, 8), channels=[8, 16], classes=10), 0.95),
    ],
    ids=["mlp", "cnn"],
)
def test_digits_are_learned(build, reached):
    rng, (x, target) = np.random.default_rng(0), data.digits()
    order = rng.permutation(len(x))
    training, held_out = ((x[part], target[part]) for part in (order[:1200], order[1200:]))
    model = build(rng)
    assert evaluate(model, held_out)[1] < 0.3
    _, history = train(rng, model, training, held_out, epochs=8, lr=0.05, momentum=0.9)
    assert history["validation_accuracy"][-1] > reached
    assert history["train_loss"][-1] < 0.1 < history["train_loss"][0]
    assert {len(values) for values in history.values()} == {8}


# ---- the bar, the device


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_drawn_in_a_terminal_only(monkeypatch, capsys):
    run(MODELS["mlp"], epochs=2)
    assert capsys.readouterr() == ("", ""), "an executed page stays clean"
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    run(MODELS["mlp"], epochs=2)
    lines = terminal.getvalue().split("\r")
    assert lines[0] == ""
    assert lines[1].startswith("█" * 10 + "░" * 10 + " epoch 1/2: step 9, train_loss ")
    assert lines[2].startswith("█" * 20 + " epoch 2/2: step 18, train_loss ")
    assert lines[2].endswith("\n")
    run(MODELS["mlp"], epochs=1, progress=False)
    assert terminal.getvalue() == "\r".join(lines), "or not at all"


def test_the_best_device_is_there():
    assert torch.ones(1, device=best_device()).item() == 1


# ---- refusals


def linear(inputs=64):
    return chain([Layer("flatten"), Layer("convolution.linear", (np.ones((10, inputs)),))])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda rng: mlp(rng, [64]), ValueError, r"inputs and the outputs at least, got \[64\]"),
        (lambda rng: mlp(rng, [64, 2.5]), TypeError, "whole number, got 2.5"),
        (lambda rng: mlp(0, [64, 10]), TypeError, "rng must be a numpy.random.Generator"),
        (
            lambda rng: mlp(rng, [4, 2, 1], activation="rely"),
            ValueError,
            "activations, got 'rely'",
        ),
        (lambda rng: mlp(rng, [4, 2], loss="entropy"), ValueError, "losses, got 'entropy'"),
        (
            lambda rng: mlp(rng, [4, 2], loss="entropy", device="cpu"),
            ValueError,
            "lib.accelerated.losses, got 'entropy'",
        ),
        (lambda rng: cnn(rng, (8, 8), [4], 10), ValueError, r"\(C, H, W\).*got \(8, 8\)"),
        (lambda rng: cnn(rng, (1, 4, 4), [4, 4, 4], 10), ValueError, "no window fits"),
        (lambda rng: chain([Layer("flatten")]), ValueError, "needs a layer with parameters"),
        (
            lambda rng: train(rng, linear(), digits()[0], optimizer="adamant"),
            ValueError,
            r"optimizer must be one of \[.*'adam'.*\], got 'adamant'",
        ),
        (lambda rng: train(rng, linear(), digits()[0], momentun=0.9), TypeError, "momentun"),
        (lambda rng: train(rng, linear(), digits()[0], lr=-1.0), ValueError, "lr"),
        (lambda rng: train(rng, linear(), digits()[0], epochs=-1), ValueError, "epochs.*got -1"),
        (lambda rng: train(rng, linear(), digits()[0], batch_size=0), ValueError, "batch_size"),
        (lambda rng: train(0, linear(), digits()[0]), TypeError, "rng must be"),
        (
            lambda rng: train(rng, linear(), (np.ones((3, 64)), np.zeros(2, int))),
            ValueError,
            "as many, one at least, got 3, 2",
        ),
        (
            lambda rng: evaluate(linear(), (np.ones((0, 64)), np.zeros(0, int))),
            ValueError,
            "got 0, 0",
        ),
        (
            lambda rng: train(rng, linear(9), digits()[0]),
            ValueError,
            "64",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_reasons(call, error, message):
    with pytest.raises(error, match=message):
        call(np.random.default_rng(0))
