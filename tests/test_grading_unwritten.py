"""What nobody has written yet is called so, and is no mistake of anybody's."""

from pathlib import Path

import pytest
from graded_courses import ROOT, STUDENTS_FORM, command, hand_in, works

from lib.grading import judge
from lib.grading._check import TOPICS, check, exercises
from lib.grading.reader import read

SLOT = 60
DEBUG = {
    each.key for topic in TOPICS for each in exercises(topic).values() if each.kind == "debug"
}


def graded(topic, *cells):
    questions = list(exercises(topic).values())
    keys = judge.seeds(questions, b"a secret", "anna")
    marks = judge.grade(cells, questions, keys, SLOT).marks
    return {mark.key: mark for mark in marks}


@pytest.mark.parametrize("topic", TOPICS)
def test_the_students_form_is_not_written_wherever_nothing_is_given_to_be_mended(topic):
    form = read(Path(ROOT / "exercises/student" / f"{topic}.ipynb"))
    marks = graded(topic, *(cell.source for cell in form.cells if cell.kind == "code"))
    asked = {key for key, each in exercises(topic).items() if each.cases} - DEBUG
    assert asked
    for key in asked:
        assert (marks[key].points, marks[key].misconception) == (0, judge.NOTHING), key
        assert {each.reason for each in marks[key].failed} <= {judge.UNWRITTEN, *rests(marks[key])}
    assert all(marks[key].misconception != judge.NOTHING for key in DEBUG & set(marks))


def rests(mark):
    """Return what is said of an answer that rests on another, beside what it is itself."""
    return [each.reason for each in mark.failed if each.category == "what it rests on"]


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("...", False),
        ("raise NotImplementedError('soon')", False),
        ("return mean, ...", False),
        ("return mean", True),
        ("raise ValueError", True),
        ("return mean + var / mean if mean.ndim else None", True),  # some of it, then
    ],
)
def test_the_judge_calls_unwritten_what_the_check_calls_so(body, written):
    cell = f"def expected(mean, var):\n    {body}"
    mark = graded("pooling", cell)["pooling.moments"]
    assert (mark.misconception != judge.NOTHING) == written
    names = {}
    exec(cell, names)
    said = [line for right, line in check("pooling.moments", names["expected"]).lines if not right]
    assert len(said) == len(mark.failed)
    for line, failure in zip(said, mark.failed, strict=True):
        assert (judge.UNWRITTEN in line) == (failure.reason == judge.UNWRITTEN)


def test_feedback_and_report_say_that_nothing_is_written(course):
    hand_in(course, "doe", STUDENTS_FORM)
    command(course, "grade", "hw1", "--workers", "1")
    assert works(course)["doe"].raw == 0
    command(course, "feedback", "hw1")
    (page,) = (course / "feedback/hw1").rglob("doe*.html")
    assert "not written yet" in page.read_text()
    assert "Think about this" not in page.read_text().split("moments")[1].split("</section>")[0]
    told = command(course, "report", "hw1")
    names = {each["key"]: each["name"] for each in told["mistakes"]}
    assert names["pooling.moments"] == names["pooling.claim"] == "not written"
    assert "Not written" in (course / told["page"]).read_text()
