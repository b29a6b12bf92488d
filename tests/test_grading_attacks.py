"""Whole submissions that are worth nothing earn nothing, learn nothing, and harm nobody."""

import os
import subprocess
import sys
import time
import unicodedata
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from cheats import CHEATS

from lib.grading import _room, judge, sandbox
from lib.grading._check import exercises
from lib.grading._exercise import Exercise, Misconception, hidden_cases

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="bubblewrap, the sandbox, exists for Linux alone"
)
SECRET = b"of the course"
SLOT = 40 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])  # each counts what is its own
QUESTIONS = {
    key: each for topic in ("pooling", "optimizers") for key, each in exercises(topic).items()
}
TRIED = [QUESTIONS[key] for key in ("pooling.max_pool2d", "optimizers.descent_rate")]
BRIEF = [replace(TRIED[0], cases=lambda rng: list(TRIED[0].cases(rng))[1:3])]
ALL = [each for each in QUESTIONS.values() if each.kind != "explain"]
HONEST = """import numpy as np
def max_pool2d(x, kernel_size, stride, padding):
    edge = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    x = np.pad(x, edge, constant_values=-np.inf)
    views = np.lib.stride_tricks.sliding_window_view(x, (kernel_size,) * 2, (2, 3))
    return views[:, :, ::stride, ::stride].max((4, 5))"""


def answers(questions):
    """A cell that takes `f` for every answer."""
    return f"{' = '.join(each.name for each in questions)} = f"


def graded(cells, questions=TRIED, slot=SLOT, seconds=1.0):
    questions = [replace(each, seconds=min(each.seconds, seconds)) for each in questions]
    seeds = judge.seeds(questions, SECRET, "anna")
    limits = {"CELL_SECONDS": seconds, "ALL_SECONDS": 20.0}
    with mock.patch.multiple(judge, **limits):
        return judge.grade(cells, questions, seeds, slot)


def shown(result):
    """All that a student may be shown of a submission's grades."""
    for mark in result.marks:
        yield from (mark.key, mark.misconception, mark.hint)
        for failure in mark.failed:
            yield from (failure.category, failure.reason)
    for _, said in result.cell_errors:
        yield said


def hidden(questions):
    """Numbers that stand in a student's hidden cases."""
    for each in questions:
        for case in hidden_cases(each, SECRET, "anna"):
            for given in case.args:
                if np.asarray(given).dtype.kind == "f":
                    yield from (str(number) for number in np.ravel(given)[:3])


def running():
    """What runs as the user of this slot."""
    user = str(_room.FIRST_USER + SLOT)
    return subprocess.run(["pgrep", "-u", user], capture_output=True, text=True).stdout.split()


def assert_harmless(result, questions, worth=0):
    assert sum(mark.points for mark in result.marks) == worth
    text = "\n".join(shown(result))
    assert not [number[:12] for number in hidden(questions) if number[:12] in text]
    assert all(len(line) <= 500 for line in text.split("\n"))
    assert not {unicodedata.category(c) for c in text.replace("\n", "")} & {"Cc", "Cf", "Cs"}
    assert os.getuid() != 0 or running() == []


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_cheat_earns_nothing_and_the_next_submission_all(cheat):
    start = time.monotonic()
    assert_harmless(graded([CHEATS[cheat], answers(BRIEF)], BRIEF, seconds=0.4), BRIEF)
    assert time.monotonic() - start < 10
    assert graded([HONEST], BRIEF, seconds=5.0).marks[0].points == 2


BROAD = [
    "processes: threads that answer",
    "leaving: in the answer",
    "objects: every answer",
    "objects: a word that lies",
    "text: hidden inputs in a key",
]


@pytest.mark.parametrize("cheat", BROAD)
def test_no_question_pays_for_a_cheat(cheat):
    assert_harmless(graded([CHEATS[cheat], answers(ALL)], ALL), ALL)


PARTLY = [
    "leaving: at once",
    "leaving: in the answer",
    "resources: a loop",
    "resources: a sleep at once",
    "resources: recursion",
    "frames: garbage",
    "frames: of huge digits",
    "text: a NUL in a cell",
    "imports: torch",
]


@pytest.mark.parametrize("cheat", PARTLY)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_an_honest_answer_beside_a_cheat_keeps_its_points(cheat, first):
    hostile = [CHEATS[cheat], answers(TRIED[1:])]
    result = graded([HONEST, *hostile] if first else [*hostile, HONEST])
    assert [mark.points for mark in result.marks] == [2, 0]


def test_one_question_cannot_eat_the_time_of_the_whole():
    slow = "import time\ndef descent_rate(*a): time.sleep(0.9)"
    start = time.monotonic()
    wasted, kept = graded([HONEST, slow], TRIED[::-1]).marks
    assert (wasted.points, kept.points) == (0, 2)
    assert time.monotonic() - start < 15


def test_a_process_that_ends_again_and_again_is_started_so_often_and_no_more():
    cells = ["import os; os._exit(0)"] * 60
    with mock.patch.object(judge, "MOST_STARTS", 5):
        result = graded(cells)
    assert len(result.cell_errors) == 5
    assert {f.reason for mark in result.marks for f in mark.failed} == {
        "the process ended too often",
        "not tried, since the process ended too often",
    }


def test_an_answer_that_no_misconception_can_be_compared_with_is_just_wrong():
    def no_comparison(result, case):
        raise TypeError("never seen before")

    known = Misconception("a mistake", lambda *args: 0, "a hint", alike=no_comparison)
    question = replace(TRIED[0], misconceptions=(known,), verdict=no_comparison)
    (mark,) = graded(["max_pool2d = lambda *a: 0"], [question]).marks
    assert (mark.points, mark.misconception) == (0, "")
    assert mark.failed[0].said == "it cannot be compared: TypeError"


def test_a_sandbox_that_does_not_start_leaves_nothing_behind():
    soon = mock.patch.object(judge, "START_SECONDS", 0.0)
    with soon, pytest.raises(sandbox.NoSandbox, match="did not start: the time was up"):
        graded([HONEST])
    assert os.getuid() != 0 or running() == []


def test_a_grader_that_is_interrupted_leaves_nothing_behind():
    stopped = mock.patch.object(judge.Worker, "run", side_effect=KeyboardInterrupt)
    with stopped, pytest.raises(KeyboardInterrupt):
        graded([HONEST])
    assert os.getuid() != 0 or running() == []


def test_all_memory_of_a_submission_has_one_limit():
    hoard = """import threading, numpy as np
kept = []
def hoard():
    while True:
        try: kept.append(np.ones(1 << 20))
        except MemoryError: break
def measured(mean):
    threads = [threading.Thread(target=hoard) for _ in range(4)]
    for each in threads: each.start()
    for each in threads: each.join()
    return 8.0 * (1 << 20) * len(kept)"""
    said = []
    question = Exercise(
        *("a.b", "implement", "", 1, 1, "measured"),
        cases=lambda rng: hidden_cases(TRIED[1], SECRET, "anna")[:1],
        verdict=lambda result, case: said.append(result),
        seconds=10.0,
    )
    graded([hoard], [question], seconds=10.0)
    assert 0.3 * _room.LIMITS["AS"] < said[0] < _room.LIMITS["AS"]


def test_without_a_sandbox_the_judge_judges_as_well():
    result = graded([HONEST, "def descent_rate(k): return 7.0"], slot=None)
    assert [mark.points for mark in result.marks] == [2, 0]
    assert result.cell_errors == ()
