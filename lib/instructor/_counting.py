"""Which of several submissions counts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.instructor._tables import BATCH, Attempt, parts
from lib.instructor.course import Assignment, Course
from lib.instructor.handed_in import lateness, penalty
from lib.instructor.records import Student


def rows_of(
    session: Session, assignment: Assignment, students: Sequence[Student]
) -> list[Attempt]:
    """Return all attempts of students and of those who hand in with them."""
    whose = {each: None for student in students for each in assignment.partners(student.id)}
    rows = []
    for part in parts(whose, BATCH):
        here = Attempt.assignment == assignment.name, Attempt.student.in_(part)
        rows += session.scalars(select(Attempt).where(*here))
    return rows


def counting(
    course: Course, student: str, assignment: Assignment, rows: Sequence[Attempt]
) -> Attempt | None:
    """Return the attempt that counts for a student, or None.

    The last one does, or the one that earned most, lateness taken off, if the course says so; of
    two that earned the same, the later.
    """
    if course.attempts == "last" or len(rows) < 2:
        return rows[-1] if rows else None
    graded = [row for row in rows if row.state == "graded"]

    def earned(row: Attempt) -> float:
        raw = sum(points or 0 for points in points_of(row).values())
        return raw - penalty(course, lateness(course, assignment, student, aware(row.at)), raw)

    return max(reversed(graded), key=earned) if graded else rows[-1]


def attempts_of(
    assignment: Assignment, student: str, rows: dict[str, list[Attempt]]
) -> list[Attempt]:
    """Return the attempts of a student and of those who hand in together, the oldest first."""
    found = [row for partner in assignment.partners(student) for row in rows.get(partner, [])]
    return sorted(found, key=lambda row: (row.at or datetime.min, row.id))


def by_student(rows: Sequence[Attempt]) -> dict[str, list[Attempt]]:
    """Sort attempts by who handed them in."""
    sorted_rows: dict[str, list[Attempt]] = defaultdict(list)
    for row in rows:
        sorted_rows[row.student].append(row)
    return sorted_rows


def points_of(row: Attempt) -> dict[str, float | None]:
    """Return what each question earned; nothing unless the attempt is graded."""
    if row.state != "graded":
        return {}
    return {mark.key: mark.points for each in row.graded().values() for mark in each.marks}


def aware(at: datetime) -> datetime:
    """Return a time of the database with its zone, which is UTC."""
    return at.replace(tzinfo=UTC)
