"""The marks that the judge's findings come to, in nbgrader's tables."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from nbgrader import api
from nbgrader.api import new_uuid
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lib.grading._text import plain
from lib.instructor._cells import Layout, grades_of
from lib.instructor._counting import attempts_of, aware, by_student, counting, points_of
from lib.instructor._tables import BATCH, Attempt, Override, parts
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.handed_in import lateness, penalty
from lib.instructor.records import Change, Student

MOST_LETTERS = 128  # of a name in nbgrader's tables


def write_marks(
    session: Session,
    course: Course,
    assignment: Assignment,
    students: Sequence[Student],
    rows: Sequence[Attempt],
) -> dict[str, Attempt]:
    """Write what the attempts that count have earned into nbgrader's tables.

    Nothing is written that stands there already.

    Args:
        session: of the gradebook.
        course: whose rules say which attempt counts, and what lateness costs.
        assignment: whose attempts.
        students: whose marks.
        rows: all attempts of these students and their partners.

    Returns:
        the attempt that counts for each student who has one that is not waiting.
    """
    known = by_student(rows)
    chosen = {}
    for student in students:
        row = counting(course, student.id, assignment, attempts_of(assignment, student.id, known))
        if row is not None and row.state != "waiting":
            chosen[student.id] = row
    layout = Layout(session, assignment.name)
    names = {student.id: student for student in students}
    for part in parts(sorted(chosen), BATCH):
        _make_rows(session, layout, [names[each] for each in part])
        _fill_rows(session, course, assignment, layout, {each: chosen[each] for each in part})
    return chosen


def _make_rows(session: Session, layout: Layout, students: Sequence[Student]) -> None:
    """Make nbgrader's rows for those students who have none yet."""
    ids = [student.id for student in students]
    there = set(session.scalars(select(api.Student.id).where(api.Student.id.in_(ids))))
    people = [
        {
            "id": each.id,
            "first_name": shown(each.name),
            "last_name": "",
            "email": shown(each.email),
        }
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
    return plain(name, MOST_LETTERS).translate(str.maketrans("<>&", "‹›+"))


def _insert(session: Session, model: Any, rows: list[dict]) -> None:
    if rows:
        session.execute(insert(model), rows)


def _without(row: dict, key: str) -> dict:
    return {name: value for name, value in row.items() if name != key}


def _fill_rows(
    session: Session,
    course: Course,
    assignment: Assignment,
    layout: Layout,
    chosen: dict[str, Attempt],
) -> None:
    """Write marks, times and penalties of the attempts that count."""
    marks = {student: points_of(row) for student, row in chosen.items()}
    raw: dict[str, float] = defaultdict(float)
    changes = []
    for each in grades_of(session, layout.assignment, list(chosen)):
        new = marks[each.student].get(f"{each.topic}.{each.cell}")
        another = each.timestamp not in (None, chosen[each.student].at)
        changed = another or each.auto_score != new or each.needs_manual_grade
        review = bool(new is None if each.manual_score is None else changed)
        if (each.auto_score, each.needs_manual_grade) != (new, review):
            marked = {"auto_score": new, "needs_manual_grade": review}
            changes.append({"id": each.grade} | marked)
        counts = new if each.manual_score is None else each.manual_score
        raw[each.notebook] += (counts or 0.0) + (each.extra_credit or 0.0)
    _update(session, api.Grade, changes)
    _fill_times(session, course, assignment, layout, chosen, raw)


def _fill_times(
    session: Session,
    course: Course,
    assignment: Assignment,
    layout: Layout,
    chosen: dict[str, Attempt],
    raw: dict[str, float],
) -> None:
    """Write when the attempts that count were handed in, and what their lateness costs."""
    work, book = api.SubmittedAssignment, api.SubmittedNotebook
    found = session.execute(
        select(work.id, work.student_id, work.timestamp, work.extension,
               book.id.label("notebook"), book.late_submission_penalty)
        .join(book, book.assignment_id == work.id)
        .where(work.assignment_id == layout.assignment, work.student_id.in_(chosen))
    ).all()  # fmt: skip
    times, penalties = {}, []
    for each in found:
        at, longer = chosen[each.student_id].at, assignment.extensions.get(each.student_id)
        if (each.timestamp, each.extension) != (at, longer):
            times[each.id] = {"id": each.id, "timestamp": at, "extension": longer}
        late = lateness(course, assignment, each.student_id, aware(at))
        cost = penalty(course, late, raw[each.notebook]) or None
        if each.late_submission_penalty != cost:
            penalties.append({"id": each.notebook, "late_submission_penalty": cost})
    _update(session, work, list(times.values()))
    _update(session, book, penalties)


def shown_times(session: Session, name: str) -> dict[str, datetime | None]:
    """Return when what nbgrader shows of each student's work on an assignment was handed in."""
    work = api.SubmittedAssignment
    asked = select(work.student_id, work.timestamp).join(api.Assignment)
    found = session.execute(asked.where(api.Assignment.name == name))
    return {student: at for student, at in found}  # noqa: C416 (a result looks like a mapping)


def _update(session: Session, model: Any, changes: list[dict]) -> None:
    if changes:
        session.execute(update(model), changes)


def change_points(
    session: Session, assignment: Assignment, student: str, key: str, given: Change
) -> None:
    """Give points by hand, and note who did and why."""
    layout = Layout(session, assignment.name)
    grades = {f"{g.topic}.{g.cell}": g for g in grades_of(session, layout.assignment, [student])}
    if key not in grades:
        known = ", ".join(sorted(grades)) or "none: nothing of this student's has been graded"
        raise CourseError(f"expected one of the questions graded ({known}), got {key!r}")
    change = {"id": grades[key].grade, "manual_score": given.points, "needs_manual_grade": False}
    session.execute(update(api.Grade), [change])
    session.add(
        Override(
            assignment=assignment.name, student=student, key=key, points=given.points,
            author=plain(given.author, MOST_LETTERS), reason=given.reason,
            at=datetime.now(UTC).replace(tzinfo=None),
        )
    )  # fmt: skip
