"""The widgets without a browser: what Python stores, and the round trip to a live kernel."""

import itertools
import json
import re
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib.widgets import _question, pooling
from lib.widgets._base import Sweep, bundle
from tests.probes import Probe, line
from tests.widget_page import size

QUESTIONS = [
    (topic, key)
    for topic in (p.stem for p in sorted(_question.FOLDER.glob("*.json")))
    for key in _question.load(topic)
]
every_question = pytest.mark.parametrize(("topic", "key"), QUESTIONS)


# --- The foundation ------------------------------------------------------------------------


def test_bundle_is_one_module_without_imports_or_comments():
    text = bundle("question", ("frame",))
    assert text.count("export default") == 1
    assert re.search(r"\bimport\b|\bfetch\(|^\s|^//|^\n", text, re.MULTILINE) is None


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
    assert size(_question.ask(topic, key)) <= 8_500


def test_unknown_question_is_named():
    with pytest.raises(ValueError, match=r"expected one of .*channels.*, got 'chanels'"):
        pooling.question("chanels")


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
