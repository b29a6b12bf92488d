"""Takes in what students handed in: from folders and from learning systems' archives.

Whose a file is, its name in the source says, never the notebook (`_whose`). Each submission is
kept as it came, and those before it stay (`handed_in`).
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import click

from lib.grading._text import plain
from lib.instructor._files import make_folder, write_new
from lib.instructor._incoming import Collected, Incoming, Piece
from lib.instructor._shell import INCOMPLETE, Shell
from lib.instructor._whose import Whose
from lib.instructor.archive import size
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.handed_in import ABOUT, FOLDER, STAMP, Attempt, own_attempts, student_folder
from lib.instructor.roster import course_roster

SECTIONS = (
    ("unrecognised", "Not taken:"),
    ("wrong", "Taken, and will not earn what it could:"),
    ("mismatches", "Names that do not agree (what the file is named counts):"),
    ("doubts", "Times that do not agree (say the right one with --received):"),
    ("beside", "Not taken, since a notebook came with it:"),
)


def collect_work(
    course: Course,
    assignment: Assignment,
    sources: Sequence[Path],
    received: datetime | None = None,
    step: Callable[[], object] = lambda: None,
) -> Collected:
    """Keep every submission that stands in some folders and archives.

    Args:
        course: where it is kept.
        assignment: what is handed in.
        sources: folders, zips or notebooks.
        received: when all of it was handed in; the sources' own times if None.
        step: is called after each file.

    Raises:
        CourseError: the course has no roster, or somebody else is collecting.
    """
    students = course_roster(course)
    if not students:
        raise CourseError(
            "expected a roster, got none: `python -m lib.instructor roster FILE.csv` reads one"
        )
    found = Collected(students=len(students))
    whose = Whose(students, assignment)
    with _staging(make_folder(course.folder / FOLDER / assignment.name)) as staging:
        incoming = Incoming(course, assignment, whose, received, staging, found)
        for source in sources:
            for submission in incoming.read(source, step):
                _keep(course, assignment, submission, found)
    found.missing = missing(course, assignment, [each.id for each in students])
    return found


def missing(course: Course, assignment: Assignment, students: Sequence[str]) -> list[str]:
    """Return those students for whom neither they nor a partner handed in anything."""
    there = {each for each in students if own_attempts(course, assignment, each)}
    return [each for each in students if not there.intersection(assignment.partners(each))]


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """Make a folder for what is being read; one collection at a time, and no leavings."""
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for old in folder.glob(".incoming-*"):  # of a collection that was killed
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(prefix=".incoming-", dir=folder) as staging:
            yield Path(staging)
    except BlockingIOError:
        raise CourseError(
            f"somebody else is collecting {folder.name} just now: try again when that is done"
        ) from None
    finally:
        os.close(lock)


def _keep(
    course: Course, assignment: Assignment, submission: list[Piece], found: Collected
) -> None:
    """Keep a submission, unless it is there already."""
    student, at = submission[0].student, max(each.at for each in submission)
    late = any(each.late for each in submission)
    topics = [each.topic for each in submission]
    fact = {"student": student, "at": at.isoformat(), "topics": topics, "late_mark": late}
    known = own_attempts(course, assignment, student)
    if _is_there(submission, at, known):
        found.already.append(fact)
        return
    about = {
        "by": student,
        "at": at.isoformat(),
        "name": submission[-1].name,
        "late_mark": late,
    }
    folder = make_folder(student_folder(course, assignment, student))
    fresh = Path(tempfile.mkdtemp(prefix=".incoming-", dir=submission[0].path.parent))
    for piece in submission:
        piece.path.rename(fresh / f"{piece.topic}.ipynb")
    write_new(fresh / ABOUT, json.dumps(about, ensure_ascii=False, indent=1))
    fresh.rename(_free(folder, at.strftime(STAMP)))
    found.new.append(fact)


def _free(folder: Path, stamp: str) -> Path:
    """Return the first name for a submission of that second that none has."""
    names = (stamp if number == 1 else f"{stamp}-{number}" for number in count(1))
    return next(folder / name for name in names if not (folder / name).exists())


def _is_there(submission: list[Piece], at: datetime, known: list[Attempt]) -> bool:
    """Tell whether these bytes were collected before.

    Who goes back to what they handed in before the last time hands in anew: that is another
    submission if it came after the last one, and not the old archive read again.
    """
    wanted = {each.topic: each.digest for each in submission}
    same = [each for each in known if wanted.items() <= _digests(each).items()]
    return bool(same) and (same[-1] is known[-1] or at <= known[-1].at)


def _digests(attempt: Attempt) -> dict[str, str]:
    return {
        topic: hashlib.sha256(path.read_bytes()).hexdigest()
        for topic, path in attempt.files.items()
    }


def _instant(course: Course, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CourseError(
            f"expected --received to be a time such as 2026-12-11T23:59, got {plain(text)!r}"
        ) from None
    return at if at.tzinfo else at.replace(tzinfo=course.timezone)


def _text(name: str, found: Collected) -> str:
    """Return the report that a person reads."""
    handed = found.students - len(found.missing)
    lines = [
        f"{name}: {len(found.new)} new, {len(found.already)} already there, "
        f"{len(found.unrecognised)} not taken; {handed} of {found.students} students have "
        "handed in"
    ]
    lines += [
        f"  new: {each['student']}, {each['at'][:16].replace('T', ' ')} UTC, "
        f"{', '.join(each['topics'])}{', marked late' * each['late_mark']}"
        for each in found.new
    ]
    for key, title in SECTIONS:
        facts: list[dict[str, Any]] = getattr(found, key)
        lines += [title, *(f"  {each['file']}: {each['reason']}" for each in facts)] * bool(facts)
    if found.missing:
        lines += ["Missing:", f"  {', '.join(found.missing)}"]
    return "\n".join(lines)


@click.command()
@click.argument("assignment")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--received", metavar="TIME", help="When all of it was handed in.")
@click.pass_obj
def collect(shell: Shell, assignment: str, sources: tuple[Path, ...], received: str) -> None:
    """Take in what students handed in for ASSIGNMENT.

    Reads each of SOURCES: a folder, a zip as Canvas or Moodle exports it, or a notebook. Whose a
    file is, the learning system's name for it says, or else a folder or a file named by a
    student's id; what the notebook says is compared, never believed. Writes each submission to
    handed_in/ASSIGNMENT/STUDENT/TIME/, and never over another: to collect the same archive again
    changes nothing.

    The time is that of the file in the archive, in the course's time zone. Canvas writes there
    when the archive was made: what it does not mark as LATE counts as in time, and what it marks
    counts as handed in at that moment; --received says better.

    The exit code is 1 if something was not taken.

    \b
    Example:
        python -m lib.instructor collect pooling submissions.zip
        python -m lib.instructor collect pooling late/ --received 2026-12-12T09:30
    """
    course = shell.course
    one, at = course.assignment(assignment), _instant(course, received)
    with shell.progress("reading", sum(map(size, sources))) as step:
        found = collect_work(course, one, sources, at, step)
    shell.tell({"assignment": one.name, **asdict(found)}, _text(one.name, found))
    if found.unrecognised:
        click.get_current_context().exit(INCOMPLETE)
