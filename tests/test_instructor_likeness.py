import ast
import contextlib
import inspect
import itertools
import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.grading._check import exercises
from lib.instructor import likeness
from lib.instructor._answers import answer, cells, counted
from lib.instructor._shapes import shapes_of_code, shapes_of_prose
from lib.instructor.likeness import ALIKE, FEWEST, near_identical, near_identical_works
from tests import grading_solutions
from tests.outgoing import DUE, course_in, work

ROOT = Path(__file__).parent.parent
KEY = "pooling.max_pool2d_backward"
NOTHING = Counter()


def solution(topic="pooling"):
    return cells(ROOT / "exercises" / f"{topic}.ipynb")


def stub(topic="pooling"):
    return cells(ROOT / "exercises" / "student" / f"{topic}.ipynb")


COPIED = answer(solution(), exercises("pooling")[KEY])
RENAMED = re.sub(r"\bwide\b", "grid", re.sub(r"\bdwide\b", "slopes", COPIED))
REORDERED = COPIED.replace(
    "    edge = (padding, padding)\n", "    H, W = x.shape[2:]\n    edge = (padding, padding)\n"
).replace("    H, W = x.shape[2:]\n    return", "    return")
SWAPPED = COPIED.replace("i * stride, j * stride", "stride * i, stride * j").replace(
    "top + row, left + column", "row + top, column + left"
)
COMMENTED = COPIED.replace('"""Return', '"""My own work. Return').replace(
    "dwide = np", "# mine\n    dwide: np.ndarray = np"
)
SPELLED = COPIED.replace(
    "dwide[n, c, top + row, left + column] += dy[n, c, i, j]",
    "dwide[n, c, top + row, left + column] = "
    "dwide[n, c, top + row, left + column] + dy[n, c, i, j]",
)


@pytest.mark.parametrize(
    "copy", [RENAMED, REORDERED, SWAPPED, COMMENTED, SPELLED],
    ids=["renamed", "reordered", "swapped", "commented", "spelled out"],
)  # fmt: skip
def test_a_disguise_does_not_hide_a_copy(copy):
    assert copy != COPIED
    ast.parse(copy)
    assert shapes_of_code(copy) == shapes_of_code(COPIED)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("y = 2 * x[0]", "y = x[0] * 2", True),
        ("y = 2 - x[0]", "y = x[0] - 2", False),
        ("y = a.b and 3 < f(c)", "y = f(c) > 3 and a.b", True),
        ("y = 3 < f(c)", "y = 3 > f(c)", False),
        ("y: int = f(3)", "z = f(3)", True),
        ("y = f(3)", "y = len(3)", False),
        ("y = f('a')", "y = f('b')", True),
        ("y = f(axis=1)", "y = f(keepdims=1)", False),
    ],
)
def test_what_can_be_written_in_two_ways_is_one_shape(one, other, same):
    assert (shapes_of_code(one) == shapes_of_code(other)) == same


def test_a_copy_with_a_line_added_and_a_line_changed_is_still_near():
    changed = COPIED.replace("H, W = x.shape[2:]", "H, W = x.shape[2], x.shape[3]\n    seen = []")
    answers = {"a": shapes_of_code(COPIED), "b": shapes_of_code(changed)}
    (group,) = near_identical(KEY, answers, NOTHING, NOTHING)
    assert group.students == ("a", "b")
    assert ALIKE <= group.alike < 1


def test_what_differs_in_substance_differs():
    for old, new in [("+=", "-="), ("argmax", "argmin"), ("[2:]", "[1:]"), ("zeros", "ones")]:
        assert shapes_of_code(COPIED.replace(old, new)) != shapes_of_code(COPIED)


def test_right_answers_written_independently_are_not_near():
    source = inspect.getsource(grading_solutions)
    written = {
        node.name: shapes_of_code(ast.get_source_segment(source, node))
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }
    assert sum(sum(shapes.values()) >= FEWEST for shapes in written.values()) >= 15
    assert near_identical("any", written, NOTHING, NOTHING, alike=0.5) == []


def test_short_answers_and_the_stub_say_nothing():
    key, one = "pooling.moments", exercises("pooling")["pooling.moments"]
    given_out, solved = likeness.shapes(one, stub()), likeness.shapes(one, solution())
    answers = {"a": solved, "b": solved, "c": given_out, "d": given_out}
    assert near_identical(key, answers, given_out, solved) == []
    train = exercises("pooling")["pooling.stochastic_train"]
    untouched = likeness.shapes(train, stub())
    assert sum(untouched.values()) >= FEWEST
    assert near_identical(train.key, {"a": untouched, "b": untouched}, untouched, NOTHING) == []


def test_a_copy_of_the_published_solution_is_named_as_one():
    reference = shapes_of_code(COPIED)
    (group,) = near_identical(KEY, {"z": shapes_of_code(RENAMED)}, NOTHING, reference)
    assert (group.students, group.reference, group.alike) == (("z",), True, 1.0)


sets_of_shapes = st.lists(st.frozensets(st.integers(0, 25), min_size=1), max_size=25, unique=True)


@given(sets_of_shapes, st.sampled_from([0.3, 0.5, 0.75, 0.8, 1.0]))
def test_the_look_up_finds_what_comparing_all_pairs_finds(drawn, alike):
    sets = [frozenset((bytes([shape]), 0) for shape in each) for each in drawn]
    expected = {
        frozenset((i, j)): len(a & b) / len(a | b)
        for (i, a), (j, b) in itertools.combinations(enumerate(sets), 2)
        if len(a & b) / len(a | b) >= alike
    }
    found = {frozenset((i, j)): index for i, j, index in likeness._pairs(sets, alike)}
    assert found == pytest.approx(expected)


def test_among_a_thousand_answers_the_copy_is_found(rng):
    source = inspect.getsource(grading_solutions)
    lines = {line.strip() for line in source.splitlines() if " = " in line}
    shapes = [
        shapes_of_code(line) for line in sorted(lines) if line.count("(") == line.count(")")
        and not line.endswith(("[", "{", ",", ":"))
    ]  # fmt: skip
    answers = {
        f"u{number:04}": sum((shapes[at] for at in rng.choice(len(shapes), 12, False)), NOTHING)
        for number in range(1000)
    }
    answers["u1000"] = answers["u0007"]
    groups = near_identical(KEY, answers, NOTHING, NOTHING)
    assert [group.students for group in groups] == [("u0007", "u1000")]


@pytest.mark.parametrize(
    "hostile",
    [
        *("(" * 5000, "-" * 15_000 + "1", "x = " + "[" * 70, "def f(:", "a" * 30_000, "\0"),
        *("not " * 4000, "lambda: " * 2000 + "1", "x" + ".a" * 9000, "+".join(["1"] * 9000)),
        "f'" + "{" * 150,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_code_is_refused_or_read_and_nothing_else(hostile):
    with contextlib.suppress(SyntaxError):
        assert isinstance(shapes_of_code(hostile), Counter)


def test_prose_is_compared_by_its_runs_of_words():
    said = answer(solution(), exercises("pooling")["pooling.explain"])
    assert shapes_of_prose(said.upper().replace(",", " –")) == shapes_of_prose(said)
    assert shapes_of_prose("one two three four") == shapes_of_prose("One, two. Three; four!")
    assert not shapes_of_prose("three words only")


def notebook(*sources, grade_id="max_pool2d_backward-answer"):
    listed = [
        {
            "cell_type": "code", "source": source, "outputs": [], "execution_count": None,
            "id": str(n), "metadata": {"nbgrader": {"grade_id": grade_id}} if n == 0 else {},
        }
        for n, source in enumerate(sources)
    ]  # fmt: skip
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": listed})


def hand_in(course, student, text, at=DUE):
    folder = course.folder / "handed_in" / "pooling" / student / f"{at:%Y%m%dT%H%M%SZ}"
    folder.mkdir(parents=True)
    (folder / "pooling.ipynb").write_text(text)
    about = {"by": student, "at": at.isoformat(), "name": f"{student}.ipynb", "late_mark": False}
    (folder / "attempt.json").write_text(json.dumps(about))
    return work(student, handed_in=at)


def test_works_are_compared_as_they_were_handed_in(tmp_path):
    course = course_in(tmp_path)
    other = inspect.getsource(grading_solutions.backward_by_loops)
    works = [
        hand_in(course, "a", notebook(COPIED)),
        hand_in(course, "b", notebook("%matplotlib inline\n" + RENAMED)),
        hand_in(course, "moved", notebook("pass", "x = 1\n" + SWAPPED)),
        hand_in(course, "c", notebook(other.replace("backward_by_loops", "max_pool2d_backward"))),
        hand_in(course, "broken", "no notebook"),
        hand_in(course, "no-python", notebook("def (")),
        work("nobody", handed_in=None, state="missing", results=()),
    ]
    one, steps = course.assignment("pooling"), []
    found = near_identical_works(course, one, works, lambda: steps.append(1))
    assert [(group.key, group.students) for group in found] == [(KEY, ("a", "b", "moved"))]
    assert len(steps) == len(works)


def test_the_solution_of_the_course_is_known_and_a_file_of_partners_counts_once(tmp_path):
    course = course_in(tmp_path)
    for folder, text in [("release", notebook("pass")), ("source", notebook(COPIED))]:
        (tmp_path / folder / "pooling").mkdir(parents=True)
        (tmp_path / folder / "pooling" / "pooling.ipynb").write_text(text)
    one = hand_in(course, "a", notebook(RENAMED))
    partner = work("b", by="a", handed_in=one.handed_in)
    found = near_identical_works(
        course, course.assignment("pooling"), [one, partner], lambda: None
    )
    assert [(group.students, group.reference) for group in found] == [(("a",), True)]


def test_the_submission_that_counts_is_the_one_of_its_time(tmp_path):
    course = course_in(tmp_path)
    one = course.assignment("pooling")
    hand_in(course, "a", notebook("1"), DUE - timedelta(days=1))
    last = hand_in(course, "a", notebook("2"))
    assert counted(course, one, last).at == last.handed_in
    assert counted(course, one, work("a", handed_in=DUE - timedelta(days=9))) is None


def test_larger_groups_come_first_and_the_weakest_pair_is_told():
    far = shapes_of_code(inspect.getsource(grading_solutions.max_by_loops))
    near = shapes_of_code(COPIED)
    nearer = near + shapes_of_code("seen = [1, 2]")
    answers = {"a": far, "b": far, "c": near, "d": nearer, "e": near}
    groups = near_identical(KEY, answers, NOTHING, NOTHING)
    assert [group.students for group in groups] == [("c", "d", "e"), ("a", "b")]
    common, every = sum(near.values()), sum(nearer.values())
    assert [group.alike for group in groups] == [common / every, 1.0]
