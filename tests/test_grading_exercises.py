"""Every exercise: the right answer is right, each known mistake is wrong and hears its hint."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lib.grading import check, given
from lib.grading._check import TOPICS, exercises
from lib.grading._compare import difference
from lib.grading._exercise import (
    attempted,
    hidden_cases,
    hidden_seed,
    public_cases,
    public_seed,
)
from lib.grading.judge import grade

SECRET = b"of the course"
ROOT = Path(__file__).parent.parent
EXERCISES = {key: each for topic in TOPICS for key, each in exercises(topic).items()}
JUDGED = {key: each for key, each in EXERCISES.items() if each.kind != "explain"}
MISTAKES = [(key, known.name) for key, each in JUDGED.items() for known in each.misconceptions]
every_exercise = pytest.mark.parametrize("key", JUDGED)
every_mistake = pytest.mark.parametrize(("key", "name"), MISTAKES)


def cases_of(exercise, student):
    return hidden_cases(exercise, SECRET, student)


def failures(exercise, function, cases):
    return [case.category for case in cases if exercise.wrong(attempted(function, case), case)]


@every_exercise
def test_hidden_cases_are_of_the_kinds_that_everybody_sees(key):
    exercise = JUDGED[key]
    shown = [case.category for case in public_cases(exercise)]
    assert len(set(shown)) == len(shown) >= 1
    for student in "abc":
        assert [case.category for case in cases_of(exercise, student)] == shown


@every_exercise
def test_the_right_answer_passes_every_draw_of_cases(key):
    exercise = JUDGED[key]
    for student in range(25):
        assert failures(exercise, exercise.oracle, cases_of(exercise, str(student))) == []


@every_exercise
@pytest.mark.parametrize("stub", [None, ..., 0, np.zeros(3), "", {}, np.nan], ids=repr)
def test_a_stub_earns_nothing(key, stub):
    exercise = JUDGED[key]
    cases = cases_of(exercise, "a")
    assert len(failures(exercise, lambda *args, **kwargs: stub, cases)) == len(cases)


@every_mistake
def test_a_known_mistake_costs_points_and_hears_its_own_hint(key, name):
    exercise = JUDGED[key]
    known = next(each for each in exercise.misconceptions if each.name == name)
    for student in "abcdefgh":
        cases = cases_of(exercise, student)
        assert failures(exercise, known.wrong, cases), "as wrong as it is right"
        answers = [(case, attempted(known.wrong, case)) for case in cases]
        assert exercise.misconception(answers) is known


def answer_to(key, function):
    exercise = JUDGED[key]
    return function(given(key, "anna")) if exercise.kind == "predict" else function


@every_mistake
def test_check_says_the_hint_and_never_a_score(key, name):
    known = next(each for each in JUDGED[key].misconceptions if each.name == name)
    said = repr(check(key, answer_to(key, known.wrong), "anna"))
    assert " ".join(known.hint.split()) in " ".join(said.split())
    assert "point" not in said
    assert "✗" in said


@every_exercise
def test_check_agrees_with_the_right_answer(key):
    verdict = check(key, answer_to(key, JUDGED[key].oracle), "anna")
    assert verdict.passed == len(verdict.lines)
    assert verdict.hint == ""


def test_check_reports_a_stub_and_raises_nothing():
    def stub(*args):
        raise NotImplementedError

    for answer in (stub, lambda *args: None, ..., None, {"max": [[..., 1]]}):
        assert "not written yet" in repr(check("pooling.max_pool2d", answer))
    said = repr(check("pooling.max_pool2d", lambda: 0))
    assert "it raised TypeError" in said


def test_a_prediction_is_not_given_away():
    said = repr(check("pooling.predict", {"max": np.zeros((2, 2)), "avg": np.zeros((2, 2))}))
    assert "not what comes out" in said
    assert "expected" not in said


def test_numbers_of_a_prediction_vary_by_student_and_stay():
    assert (given("pooling.predict", "a") == given("pooling.predict", "a")).all()
    assert (given("pooling.predict", "a") != given("pooling.predict", "b")).any()


def test_unknown_questions_are_named():
    with pytest.raises(
        ValueError, match=r"expected one of \['pooling\.avg_pool2d'.*got 'pooling.x'"
    ):
        check("pooling.x", 1)
    for topic in ("surfing", "judge", "_check", "../setup"):
        with pytest.raises(ValueError, match="the topics with exercises"):
            check(f"{topic}.x", 1)


def test_hidden_seeds_need_the_secret_the_question_and_the_student():
    seeds = {
        hidden_seed(secret, key, student)
        for secret in (b"a", b"b")
        for key in ("x", "y")
        for student in ("1", "2")
    }
    assert len(seeds | {public_seed("x", "1")}) == 9


# ---- comparing

EXPECTED = [
    (np.ones((2, 3)), np.ones((2, 3), np.float32), None),
    (np.ones((2, 3)), np.ones(6), r"expected shape \(6,\), got \(2, 3\)"),
    (np.array([1, 2.5]), np.array([1.0, 2]), r"at index \(1,\): expected 2, got 2.5"),
    (np.array([np.nan]), np.array([1.0]), "expected 1, got nan"),
    (np.array([np.nan]), np.array([np.nan]), None),
    (np.array([True]), np.array([1.0]), "numbers of the kind float64, got bool"),
    (np.array([object()]), np.array([1.0]), "numbers of the kind float64, got object"),
    (3, 3.0, None),
    ("3", 3.0, "expected a number, got '3'"),
    (None, np.ones(2), r"an array of shape \(2,\), got None"),
    ((1, 2), [1, 2.0], None),
    ([[1, 2]], np.array([[1.0, 2.0]]), None),
    ([[1], [2, 3]], np.ones(2), r"an array of shape \(2,\), got \[\[1\]"),
    ((1,), (1, 2), "a tuple of 2, got one of 1"),
    ({"a": 1}, {"a": 2}, r"in \['a'\]: expected 2, got 1"),
    ({"b": 1}, {"a": 1}, r"the keys \['a'\], got \['b'\]"),
    ("left", "right", "expected 'right', got 'left'"),
    (None, None, None),
]


@pytest.mark.parametrize(("got", "expected", "said"), EXPECTED)
def test_a_difference_is_said_in_words(got, expected, said):
    found = difference(got, expected)
    assert found is None if said is None else re.search(said, found)


# ---- the judge

HONEST = [
    "import numpy as np\ndef max_pool2d(x, kernel_size, stride, padding):\n"
    "    edge = [(0, 0), (0, 0), (padding, padding), (padding, padding)]\n"
    "    x = np.pad(x, edge, constant_values=-np.inf)\n"
    "    views = np.lib.stride_tricks.sliding_window_view(x, (kernel_size,) * 2, (2, 3))\n"
    "    return views[:, :, ::stride, ::stride].max((4, 5))",
    "def expected(mean, var):\n    return mean + var",
]


def graded(cells, *keys, student="anna"):
    return grade(cells, [JUDGED[f"pooling.{key}"] for key in keys], SECRET, student)


def test_the_judge_gives_each_question_its_due():
    right, wrong, missing = graded(HONEST, "max_pool2d", "moments", "avg_pool2d")
    assert (right.points, right.failed) == (2, [])
    assert (wrong.points, wrong.misconception.name) == (0, "units")
    assert (missing.points, missing.misconception) == (0, None)
    assert missing.failed[0][1] == "NameError: name 'avg_pool2d' is not defined"


def test_a_cell_that_hangs_or_ends_costs_that_cell_alone(monkeypatch):
    monkeypatch.setattr("lib.grading.judge.CELL_SECONDS", 1.0)
    cells = ["while True: pass", HONEST[0], "import os; os._exit(1)", "1 / 0", HONEST[1]]
    right, wrong = graded(cells, "max_pool2d", "moments")
    assert right.points == 2
    assert wrong.misconception.name == "units"


def test_an_answer_that_ends_the_process_costs_that_answer_alone():
    cells = [HONEST[0], "def avg_pool2d(*args):\n    import os; os._exit(0)"]
    ended, right = graded(cells, "avg_pool2d", "max_pool2d")
    assert ended.points == 0
    assert {why for _, why in ended.failed} == {"the process ended"}
    assert right.points == 2


def test_half_the_categories_earn_half_the_points():
    cells = [HONEST[0].replace("-np.inf", "0")]
    (half,) = graded(cells, "max_pool2d")
    passed = 5 - len(half.failed)
    assert 0 < passed < 5
    assert half.points == pytest.approx(2 * passed / 5)
    assert half.misconception.name == "zero padding"


@pytest.mark.parametrize("topic", TOPICS)
def test_the_solution_earns_all_that_a_machine_can_give_and_the_student_form_nothing(topic):
    for folder, full in (("exercises", True), ("exercises/student", False)):
        notebook = json.loads((ROOT / folder / f"{topic}.ipynb").read_text(encoding="utf-8"))
        cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
        marks = grade(cells, list(exercises(topic).values()), SECRET, "anna")
        assert sum(mark.most for mark in marks) == 20
        for mark in marks:
            expected = None if mark.points is None else mark.most if full else 0
            assert mark.points == expected, (mark.key, mark.failed)
