"""What is known of each student's work, from nbgrader's tables and the judge's findings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nbgrader import api
from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.instructor import records
from lib.instructor._cells import grades_of
from lib.instructor._counting import attempts_of, aware, by_student, counting, rows_of
from lib.instructor._tables import BATCH, Override, parts
from lib.instructor.course import Assignment, Course
from lib.instructor.handed_in import lateness, penalty
from lib.instructor.records import Result, Student, Work

ANSWER = "-answer"  # what the id of an answer's cell has beside its question's


def read_works(
    session: Session,
    course: Course,
    assignment: Assignment,
    students: Iterable[Student],
) -> Iterator[Work]:
    """Yield what is known of each student's work."""
    overrides = _overrides(session, assignment.name)
    found = select(api.Assignment.id).where(api.Assignment.name == assignment.name)
    number = session.execute(found).scalar_one_or_none()
    for part in parts(students, BATCH):
        known = by_student(rows_of(session, assignment, part))
        ids = [student.id for student in part]
        grades = defaultdict(dict)
        for each in grades_of(session, number, ids):
            grades[each.student][f"{each.topic}.{each.cell}"] = each
        comments = _comments(session, number, ids)
        for student in part:
            own = attempts_of(assignment, student.id, known)
            row = counting(course, student.id, assignment, own)
            about = student, own, row, grades[student.id], comments, overrides
            yield _work(course, assignment, *about)


def _work(course, assignment, student, own, row, grades, comments, overrides) -> Work:
    if row is None:
        return Work(student, course.pseudonym(student.id), "missing")
    graded = row.graded() if row.state == "graded" else {}
    results, raw = [], defaultdict(float)
    for topic, notebook in graded.items():
        for mark in notebook.marks:
            about, manual = (student.id, mark.key), _manual(grades.get(mark.key))
            given = overrides.get(about)
            result = Result(
                mark.key, mark.most, mark.points, manual, mark.failed, mark.misconception,
                mark.hint, comments.get(about, ""),
                given if given and given.points == manual else None,  # or formgrader's came after
            )  # fmt: skip
            results.append(result)
            raw[topic] += result.points or 0.0
    errors = [error for notebook in graded.values() for error in notebook.cell_errors]
    at = aware(row.at)
    late = lateness(course, assignment, student.id, at)
    cost = sum(penalty(course, late, each) for each in raw.values())  # as nbgrader adds them up
    return Work(
        student, course.pseudonym(student.id), row.state, row.message, at, late, row.student,
        len(own), tuple(results), tuple(errors), round(cost, 2),
    )  # fmt: skip


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
            each.points, each.author, each.reason, aware(each.at)
        )
        for each in session.scalars(asked)
    }
