"""Marks between the judge's findings and nbgrader's tables."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from nbgrader import api
from nbgrader.api import new_uuid
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lib.grading._text import plain
from lib.grading.judge import Failure
from lib.instructor import records
from lib.instructor._tables import Attempt, Override
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.handed_in import lateness, penalty
from lib.instructor.records import Change, Result, Student, Work

ANSWER = "-answer"  # what the id of an answer's cell has beside its question's
BATCH = 400  # students at a time: SQLite takes so many names in one question


def counting(course: Course, student: str, assignment: Assignment, rows: Sequence[Attempt]):
    """Return the attempt that counts for a student, or None.

    The last one does, or the one that earned most, lateness taken off, if the course says so; of
    two that earned the same, the later.
    """
    if course.attempts == "last" or len(rows) < 2:
        return rows[-1] if rows else None
    graded = [row for row in rows if row.state == "graded"]

    def earned(row):
        raw = sum(mark["points"] or 0 for mark in _marks(row))
        return raw - penalty(course, lateness(course, assignment, student, _aware(row.at)), raw)

    return max(reversed(graded), key=earned) if graded else rows[-1]


def attempts_of(assignment: Assignment, student: str, rows: dict[str, list[Attempt]]):
    """Return the attempts of a student and of those who hand in together, the oldest first."""
    found = [row for partner in assignment.partners(student) for row in rows.get(partner, [])]
    return sorted(found, key=lambda row: (row.at or datetime.min, row.id))


def by_student(rows: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    """Sort attempts by who handed them in."""
    sorted_rows = defaultdict(list)
    for row in rows:
        sorted_rows[row.student].append(row)
    return sorted_rows


def write_marks(
    session: Session,
    course: Course,
    assignment: Assignment,
    students: Sequence[Student],
    rows: Sequence[Attempt],
) -> None:
    """Write what the attempts that count have earned into nbgrader's tables."""
    known = by_student(rows)
    chosen = {}
    for student in students:
        row = counting(course, student.id, assignment, attempts_of(assignment, student.id, known))
        if row is not None and row.state != "waiting":
            chosen[student.id] = row
    layout = _Layout(session, assignment.name)
    names = {student.id: student for student in students}
    ids = sorted(chosen)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        _make_rows(session, layout, [names[each] for each in part])
        _fill_rows(session, course, assignment, layout, {each: chosen[each] for each in part})


class _Layout:
    """The cells of an assignment, as nbgrader numbers them."""

    def __init__(self, session: Session, name: str):
        found = session.execute(select(api.Assignment.id).where(api.Assignment.name == name))
        self.assignment = found.scalar_one_or_none()
        if self.assignment is None:
            raise CourseError(
                f"expected the assignment {name} in the gradebook, found none: "
                f"`python -m lib.instructor assign {name}` puts it there"
            )
        cells = session.execute(
            select(api.Notebook.name, api.Notebook.id, api.BaseCell.id, api.BaseCell.name,
                   api.BaseCell.type)
            .join(api.BaseCell, api.BaseCell.notebook_id == api.Notebook.id)
            .where(api.Notebook.assignment_id == self.assignment)
        ).all()  # fmt: skip
        self.notebooks = {topic: notebook for topic, notebook, *_ in cells}
        self.grades = {(t, n): cell for t, _, cell, n, kind in cells if kind == "GradeCell"}
        self.comments = {(t, n): cell for t, _, cell, n, kind in cells if kind == "SolutionCell"}


def _make_rows(session: Session, layout: _Layout, students: Sequence[Student]) -> None:
    """Make nbgrader's rows for those students who have none yet."""
    ids = [student.id for student in students]
    there = set(session.scalars(select(api.Student.id).where(api.Student.id.in_(ids))))
    people = [
        {"id": each.id, "first_name": shown(each.name), "last_name": "", "email": each.email}
        for each in students
        if each.id not in there
    ]
    _insert(session, api.Student, people)
    submitted = select(api.SubmittedAssignment.student_id).where(
        api.SubmittedAssignment.assignment_id == layout.assignment,
        api.SubmittedAssignment.student_id.in_(ids),
    )
    new = sorted(set(ids) - set(session.scalars(submitted)))
    works = [{"id": new_uuid(), "assignment_id": layout.assignment, "student_id": s} for s in new]
    books = [
        {"id": new_uuid(), "assignment_id": work["id"], "notebook_id": notebook, "topic": topic}
        for work in works
        for topic, notebook in layout.notebooks.items()
    ]
    _insert(session, api.SubmittedAssignment, works)
    _insert(session, api.SubmittedNotebook, [_without(book, "topic") for book in books])
    for model, cells in ((api.Grade, layout.grades), (api.Comment, layout.comments)):
        _insert(
            session,
            model,
            [
                {"id": new_uuid(), "notebook_id": book["id"], "cell_id": cell}
                for book in books
                for (topic, _), cell in cells.items()
                if topic == book["topic"]
            ],
        )


def shown(name: str) -> str:
    """Return a name that nbgrader's pages, which do not escape it, can show."""
    return plain(name).translate(str.maketrans("<>&", "‹›+"))


def _insert(session: Session, model: Any, rows: list[dict]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


def _fill_rows(
    session: Session,
    course: Course,
    assignment: Assignment,
    layout: _Layout,
    chosen: dict[str, Attempt],
) -> None:
    """Write marks, times and penalties of the attempts that count."""
    marks = {student: _points(row) for student, row in chosen.items()}
    grades, works, raw = [], {}, defaultdict(float)
    for each in _grades(session, layout.assignment, list(chosen)):
        key = f"{each.topic}.{each.cell}"
        new = marks[each.student].get(key)
        another = each.timestamp not in (None, chosen[each.student].at)
        changed = another or each.auto_score != new or each.needs_manual_grade
        review = new is None if each.manual_score is None else changed
        grades.append({"id": each.grade, "auto_score": new, "needs_manual_grade": review})
        counts = each.manual_score if each.manual_score is not None else new
        raw[each.notebook] += counts or 0.0
        works[each.work] = each.student
    times = [
        {
            "id": work,
            "timestamp": chosen[student].at,
            "extension": assignment.extensions.get(student),
        }
        for work, student in works.items()
    ]
    books = session.execute(
        select(api.SubmittedNotebook.id, api.SubmittedNotebook.assignment_id).where(
            api.SubmittedNotebook.assignment_id.in_(works)
        )
    ).all()
    penalties = []
    for notebook, work in books:
        student = works[work]
        late = lateness(course, assignment, student, _aware(chosen[student].at))
        cost = penalty(course, late, raw[notebook])
        penalties.append({"id": notebook, "late_submission_penalty": cost or None})
    for model, changes in (
        (api.Grade, grades),
        (api.SubmittedAssignment, times),
        (api.SubmittedNotebook, penalties),
    ):
        if changes:
            session.execute(update(model), changes)


def _grades(session: Session, assignment: str, students: Sequence[str]) -> list[Any]:
    """Return nbgrader's grades of some students, with what they belong to."""
    return list(
        session.execute(
            select(
                api.SubmittedAssignment.student_id.label("student"),
                api.SubmittedAssignment.id.label("work"),
                api.SubmittedAssignment.timestamp,
                api.SubmittedNotebook.id.label("notebook"),
                api.Notebook.name.label("topic"),
                api.BaseCell.name.label("cell"),
                api.Grade.id.label("grade"),
                api.Grade.auto_score,
                api.Grade.manual_score,
                api.Grade.extra_credit,
                api.Grade.needs_manual_grade,
            )
            .join(
                api.SubmittedNotebook,
                api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id,
            )
            .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
            .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
            .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
            .where(
                api.SubmittedAssignment.assignment_id == assignment,
                api.SubmittedAssignment.student_id.in_(students),
            )
        )
    )


def _comments(session: Session, assignment: str, students: Sequence[str]) -> dict:
    """Return what people wrote about answers, by student and question."""
    found = session.execute(
        select(
            api.SubmittedAssignment.student_id,
            api.Notebook.name,
            api.BaseCell.name,
            api.Comment.manual_comment,
        )
        .join(
            api.SubmittedNotebook,
            api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id,
        )
        .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
        .join(api.Comment, api.Comment.notebook_id == api.SubmittedNotebook.id)
        .join(api.BaseCell, api.BaseCell.id == api.Comment.cell_id)
        .where(
            api.SubmittedAssignment.assignment_id == assignment,
            api.SubmittedAssignment.student_id.in_(students),
            api.Comment.manual_comment.is_not(None),
        )
    )
    return {(who, f"{t}.{cell.removesuffix(ANSWER)}"): said for who, t, cell, said in found}


def read_works(
    session: Session,
    course: Course,
    assignment: Assignment,
    students: Sequence[Student],
    rows: Sequence[Attempt],
) -> list[Work]:
    """Return what is known of each student's work."""
    known = by_student(rows)
    overrides = _overrides(session, assignment.name)
    found = select(api.Assignment.id).where(api.Assignment.name == assignment.name)
    number = session.execute(found).scalar_one_or_none()
    works = []
    for start in range(0, len(students), BATCH):
        part = students[start : start + BATCH]
        ids = [student.id for student in part]
        grades = defaultdict(dict)
        for each in _grades(session, number, ids):
            grades[each.student][f"{each.topic}.{each.cell}"] = each
        comments = _comments(session, number, ids)
        for student in part:
            own = attempts_of(assignment, student.id, known)
            row = counting(course, student.id, assignment, own)
            about = student, own, row, grades[student.id], comments, overrides
            works.append(_work(course, assignment, *about))
    return works


def _work(course, assignment, student, own, row, grades, comments, overrides) -> Work:
    if row is None:
        return Work(student, course.pseudonym(student.id), "missing")
    results, errors = [], []
    for found in json.loads(row.found).values():
        errors += [(number, said) for number, said in found["cell_errors"]]
        for mark in found["marks"]:
            key, grade = mark["key"], grades.get(mark["key"])
            results.append(
                Result(
                    key, mark["most"], mark["points"],
                    _manual(grade), tuple(Failure(**each) for each in mark["failed"]),
                    mark["misconception"], mark["hint"],
                    comments.get((student.id, key), ""), overrides.get((student.id, key)),
                )
            )  # fmt: skip
    at = _aware(row.at)
    late = lateness(course, assignment, student.id, at)
    work = Work(
        student, course.pseudonym(student.id), row.state, row.message, at, late, row.student,
        len(own), tuple(results) if row.state == "graded" else (), tuple(errors),
    )  # fmt: skip
    return replace(work, penalty=penalty(course, late, work.raw or 0.0))


def _manual(grade: Any) -> float | None:
    """Return the points that a person gave, what was added to the judge's included."""
    if grade is None or (grade.manual_score is None and not grade.extra_credit):
        return None
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    return (given or 0.0) + (grade.extra_credit or 0.0)


def _overrides(session: Session, assignment: str) -> dict:
    """Return the latest override of each question of each student."""
    asked = select(Override).where(Override.assignment == assignment).order_by(Override.id)
    return {
        (each.student, each.key): records.Override(
            each.points, each.author, each.reason, _aware(each.at)
        )
        for each in session.scalars(asked)
    }


def change_points(
    session: Session, assignment: Assignment, student: str, key: str, given: Change
) -> None:
    """Give points by hand, and note who did and why."""
    layout = _Layout(session, assignment.name)
    grades = {f"{g.topic}.{g.cell}": g for g in _grades(session, layout.assignment, [student])}
    if key not in grades:
        known = ", ".join(sorted(grades)) or "none: nothing of this student's has been graded"
        raise CourseError(f"expected one of the questions graded ({known}), got {key!r}")
    change = {"id": grades[key].grade, "manual_score": given.points, "needs_manual_grade": False}
    session.execute(update(api.Grade), [change])
    session.add(
        Override(
            assignment=assignment.name, student=student, key=key, points=given.points,
            author=given.author, reason=given.reason,
            at=datetime.now(UTC).replace(tzinfo=None),
        )
    )  # fmt: skip


def _marks(row: Attempt) -> list[dict]:
    return [mark for found in json.loads(row.found).values() for mark in found["marks"]]


def _points(row: Attempt) -> dict[str, float | None]:
    return {mark["key"]: mark["points"] for mark in _marks(row)} if row.state == "graded" else {}


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
