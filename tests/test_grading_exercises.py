"""Every exercise: the right answer is right, each known mistake is wrong and hears its hint."""

import json
from pathlib import Path

import numpy as np
import pytest

from lib.grading import check, given
from lib.grading._check import TOPICS, exercises
from lib.grading._exercise import (
    Exercise,
    attempted,
    hidden_cases,
    hidden_seed,
    public_cases,
    public_seed,
)
from lib.grading.judge import grade, seeds

SECRET = b"of the course"
ROOT = Path(__file__).parent.parent
EXERCISES = {key: each for topic in TOPICS for key, each in exercises(topic).items()}
JUDGED = {key: each for key, each in EXERCISES.items() if each.kind != "explain"}
RESTING = {key: each.needs for key, each in JUDGED.items() if each.needs}
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
    for student in range(8):
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
    for student in "abcd":
        cases = cases_of(exercise, student)
        assert failures(exercise, known.wrong, cases), "as wrong as it is right"
        answers = [(case, attempted(known.wrong, case)) for case in cases]
        assert exercise.misconception(answers) is known


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


# ---- answers that know nothing


@pytest.mark.parametrize("key", [key for key in JUDGED if key not in RESTING])
def test_what_was_right_in_public_earns_nothing_in_secret(key):
    exercise = JUDGED[key]
    known = {case.category: case.call(exercise.oracle) for case in public_cases(exercise)}
    for student in "abcde":
        predicts = exercise.kind == "predict"
        cases = public_cases(exercise, student) if predicts else cases_of(exercise, student)
        assert all(exercise.wrong(known[case.category], case) for case in cases)


@pytest.mark.parametrize("key", [key for key in JUDGED if not JUDGED[key].value])
@pytest.mark.parametrize("which", range(3))
def test_handing_an_argument_back_earns_nothing(key, which):
    exercise = JUDGED[key]
    for case in cases_of(exercise, "a"):
        args = [each for each in case.args if isinstance(each, np.ndarray | float)]
        assert exercise.wrong(np.array(args[which % len(args)]), case)


@pytest.mark.parametrize("key", RESTING)
def test_a_word_that_could_be_guessed_rests_on_a_measurement(key):
    needed = JUDGED[RESTING[key]]
    assert needed.kind == "measure"
    assert not needed.value
    assert list(JUDGED).index(needed.key) < list(JUDGED).index(key)


def test_a_claim_is_decided_the_same_way_whatever_the_draw():
    claims = {key: set() for key in RESTING}
    for key, found in claims.items():
        for student in range(30):
            (case,) = cases_of(JUDGED[key], str(student))
            found.add(json.dumps(case.call(JUDGED[key].oracle)))
    assert claims == {
        "pooling.claim": {'"refuted"'},
        "optimizers.claim": {'{"20": "undecided", "1000": "supported"}'},
    }


@every_exercise
def test_no_case_repeats_what_another_student_gets(key):
    exercise = JUDGED[key]
    texts = [repr([c.args for c in cases_of(exercise, str(student))]) for student in range(8)]
    assert len(set(texts)) == 8


@pytest.mark.parametrize("key", [key for key in JUDGED if JUDGED[key].kind == "predict"])
def test_a_prediction_with_someone_else_s_numbers_is_told_so(key):
    exercise = JUDGED[key]
    (nobodys,) = public_cases(exercise)
    answer = nobodys.call(exercise.oracle)
    assert 'for STUDENT = "", nobody' in exercise.elsewhere(answer, "anna")
    assert exercise.elsewhere(answer, "") == ""
    (bens,) = public_cases(exercise, "ben")
    answer = bens.call(exercise.oracle)
    assert exercise.elsewhere(answer, "anna") == ""
    assert "for STUDENT = 'ben'" in exercise.elsewhere(answer, "anna", ["", "ben"])
    assert exercise.elsewhere(answer, " Ben", ["ben"]) == ""


def test_an_exercise_allows_known_modules_alone():
    with pytest.raises(ValueError, match=r"modules out of \('numpy', 'torch'\).*got \('os',\)"):
        Exercise("a.b", "implement", "Write b.", 1, 1, allowed=("os",))
    with pytest.raises(ValueError, match=r"kind to be one of .* got 'sing'"):
        Exercise("a.b", "sing", "Sing b.", 1, 1)


# ---- the notebooks


def notebook(folder, topic):
    return json.loads((ROOT / folder / f"{topic}.ipynb").read_text(encoding="utf-8"))["cells"]


@pytest.mark.parametrize("folder", ["exercises", "exercises/student"])
@pytest.mark.parametrize("topic", TOPICS)
def test_a_notebook_agrees_with_its_data(folder, topic):
    about = [
        ("".join(cell["source"]), cell["metadata"]["nbgrader"])
        for cell in notebook(folder, topic)
        if "nbgrader" in cell["metadata"]
    ]
    sources = {grader["grade_id"]: source for source, grader in about}
    graded = {grader["grade_id"]: grader for _, grader in about if grader["grade"]}
    asked = {key.partition(".")[2]: each for key, each in exercises(topic).items()}
    assert len(sources) == len(about)
    assert {grader["schema_version"] for _, grader in about} == {3}
    assert list(graded) == list(asked)
    for name, grader in graded.items():
        exercise, manual = asked[name], asked[name].kind == "explain"
        assert (grader["points"], grader["solution"]) == (exercise.points, manual)
        points = f"({exercise.points} point{'s' * (exercise.points > 1)}"
        task = sources[name if manual else f"{name}-task"]
        assert f"{points}, {exercise.minutes} minutes)" in task
        if not manual:
            assert sources[name].startswith(f'check("{exercise.key}", {exercise.name}')
            assert exercise.name in sources[f"{name}-answer"]


@pytest.mark.parametrize("topic", TOPICS)
def test_points_and_minutes_are_those_that_the_pages_promise(topic):
    asked = exercises(topic).values()
    minutes = round(sum(each.minutes for each in asked), -1)
    assert sum(each.points for each in asked) == 20
    title = "".join(notebook("exercises", topic)[0]["source"])
    assert f"Twenty points, about {minutes} minutes." in title
    index = (ROOT / "exercises/index.md").read_text(encoding="utf-8")
    assert f"(student/{topic}.ipynb), 20 points, about {minutes} minutes" in index


# ---- the judge

HONEST = [
    "import numpy as np\ndef max_pool2d(x, kernel_size, stride, padding):\n"
    "    edge = [(0, 0), (0, 0), (padding, padding), (padding, padding)]\n"
    "    x = np.pad(x, edge, constant_values=-np.inf)\n"
    "    views = np.lib.stride_tricks.sliding_window_view(x, (kernel_size,) * 2, (2, 3))\n"
    "    return views[:, :, ::stride, ::stride].max((4, 5))",
    "def expected(mean, var):\n    return mean + var",
]


def graded(cells, asked, student="anna"):
    return grade(cells, asked, seeds(asked, SECRET, student)).marks


def of_pooling(cells, *keys):
    return graded(cells, [JUDGED[f"pooling.{key}"] for key in keys])


def test_the_judge_gives_each_question_its_due():
    right, wrong, missing = of_pooling(HONEST, "max_pool2d", "moments", "avg_pool2d")
    assert (right.points, right.failed) == (2, ())
    assert (wrong.points, wrong.misconception) == (0, "units")
    assert wrong.hint.startswith("A variance has the unit of a²")
    assert (missing.points, missing.misconception) == (0, "")


def test_half_the_categories_earn_half_the_points():
    (half,) = of_pooling([HONEST[0].replace("-np.inf", "0")], "max_pool2d")
    passed = 5 - len(half.failed)
    assert 0 < passed < 5
    assert half.points == pytest.approx(2 * passed / 5, abs=0.01)
    assert half.misconception == "zero padding"


def test_a_claim_without_its_measurement_earns_nothing():
    guess = ["claim = 'refuted'", "def changes(rng, images, n): return rng.random(n)"]
    measured, claimed = of_pooling(guess, "shift", "claim")
    assert (measured.points, claimed.points) == (0, 0)


@pytest.mark.parametrize("topic", TOPICS)
def test_the_solution_earns_all_that_a_machine_can_give_and_the_student_form_nothing(topic):
    for folder, full in (("exercises", True), ("exercises/student", False)):
        code = [c for c in notebook(folder, topic) if c["cell_type"] == "code"]
        marks = graded(["".join(c["source"]) for c in code], list(exercises(topic).values()))
        assert sum(mark.most for mark in marks) == 20
        for mark in marks:
            expected = None if mark.points is None else mark.most if full else 0
            assert mark.points == expected, (mark.key, mark.failed)
