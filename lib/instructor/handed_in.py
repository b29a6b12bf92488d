"""What has been handed in: every submission as it came, how late it is, what lateness costs.

    handed_in/<assignment>/<student>/<YYYYMMDDTHHMMSSZ>/<topic>.ipynb and attempt.json

`collect` writes these folders; nothing changes them afterwards.
"""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lib.instructor.course import Assignment, Course, CourseError

FOLDER = "handed_in"
ABOUT = "attempt.json"
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"\d{8}T\d{6}Z(?:-(\d+))?")


@dataclass(frozen=True)
class Attempt:
    """One of a student's submissions.

    Attributes:
        folder: where it lies.
        by: id of the student who handed it in: the same, or a member of the same group.
        at: when, in UTC.
        files: the notebook of each topic. A topic that this submission left out is there as it
            was handed in before: who hands in one of two notebooks anew stands by the other.
        name: of the file, as the learning management system gave it; safe to show.
        late_mark: whether the learning management system called it late.
    """

    folder: Path
    by: str
    at: datetime
    files: dict[str, Path]
    name: str = ""
    late_mark: bool = False


def attempts(course: Course, assignment: Assignment, student: str) -> list[Attempt]:
    """Return all submissions of a student and of those who hand in together, the oldest first.

    Raises:
        CourseError: a folder of the collected work was changed by hand; says which.
    """
    found = [
        each
        for partner in assignment.partners(student)
        for each in own_attempts(course, assignment, partner)
    ]
    found.sort(key=lambda each: each.at)
    files: dict[str, Path] = {}
    for each in found:
        files = files | each.files
        each.files.update(files)
    return found


def own_attempts(course: Course, assignment: Assignment, student: str) -> list[Attempt]:
    """Return the submissions that a student handed in, each with its own files, oldest first.

    Raises:
        CourseError: a folder of the collected work was changed by hand; says which.
    """
    folder = student_folder(course, assignment, student)
    if not folder.is_dir():
        return []
    found = [(NAME.fullmatch(each.name), each) for each in folder.iterdir()]
    numbered = [(int(match[1] or 1), each) for match, each in found if match]
    read = [(_attempt(each), number) for number, each in numbered]
    return [each for each, _ in sorted(read, key=lambda pair: (pair[0].at, pair[1]))]


def student_folder(course: Course, assignment: Assignment, student: str) -> Path:
    """Return where a student's submissions are kept."""
    return course.folder / FOLDER / assignment.name / student


def _attempt(folder: Path) -> Attempt:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        at = datetime.fromisoformat(about["at"]).astimezone(UTC)
        by, name, late = str(about["by"]), str(about["name"]), bool(about["late_mark"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"expected {folder / ABOUT} as `collect` wrote it, got {type(error).__name__}: "
            "restore it, or move this folder away and collect its notebooks again"
        ) from None
    files = {each.stem: each for each in sorted(folder.glob("*.ipynb"))}
    return Attempt(folder, by, at, files, name, late)


def lateness(course: Course, assignment: Assignment, student: str, at: datetime) -> timedelta:
    """Return how late a submission is for a student.

    What comes within the course's grace is in time; what comes after it is late from the moment
    that it was due. An extension is one student's: partners of the group who have none are late.

    Args:
        course: whose grace counts.
        assignment: says when it was due.
        student: whose extension counts.
        at: when it was handed in, with its time zone.

    Returns:
        zero if it is in time, or never due.
    """
    due = assignment.due_for(student)
    if due is None or at.astimezone(UTC) <= due.astimezone(UTC) + course.grace:
        return timedelta()
    return at.astimezone(UTC) - due.astimezone(UTC)


def penalty(course: Course, late: timedelta, raw: float) -> float:
    """Return the points that lateness costs: a share of them for each day begun, to a limit.

    Args:
        course: says which share, and the limit.
        late: as `lateness` returns it.
        raw: points earned.

    Returns:
        points, rounded as marks are.
    """
    days = math.ceil(late / timedelta(days=1))
    return round(min(course.cap, course.daily_penalty * days) * raw, 2)
