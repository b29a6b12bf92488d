"""Carries the points out: into the learning management system's own file, or a plain one."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from lib.instructor._answers import known_works
from lib.instructor._lms_table import fill
from lib.instructor._pages import write
from lib.instructor._scores import number_text, out_of, score
from lib.instructor._sheet import Sheet, harmless
from lib.instructor._shell import INCOMPLETE, Shell, yes_option
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.records import Work

FOLDER = "exports"
COLUMNS = (
    *("id", "name", "section", "state", "raw", "penalty", "adjusted", "points", "out_of"),
    *("awaits", "handed_in", "late_hours", "message"),
)
DOWNLOAD = {
    "canvas": "Grades → Export → Export Entire Gradebook",
    "moodle": "the assignment → Submissions → Download grading worksheet",
}


def plain_csv(
    course: Course, assignment: Assignment, works: Sequence[Work], **choices: bool
) -> bytes:
    """Return a table of all works in UTF-8; texts that could be formulas begin with an apostrophe.

    Args:
        course: whose clocks the times are told by.
        assignment: whose works.
        works: one a row.
        choices: as `score` takes them.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for work in works:
        points = score(assignment, work, **choices)
        known = points is not None and work.state == "graded"
        earned = [work.raw, work.penalty, work.adjusted] if known else [None] * 3
        about = [work.student.id, work.student.name, work.student.section, work.state]
        at = work.handed_in.astimezone(course.timezone).isoformat() if work.handed_in else ""
        writer.writerow(
            [
                *map(harmless, about),
                *map(number_text, [*earned, points, out_of(assignment)]),
                " ".join(work.awaits),
                at,
                number_text(work.late.total_seconds() / 3600) if work.handed_in else "",
                harmless(work.message),
            ]
        )
    return text.getvalue().encode()


@click.command()
@click.argument("assignments", nargs=-1, required=True, metavar="ASSIGNMENT...")
@click.option(
    "--format",
    "lms",
    type=click.Choice(["canvas", "moodle", "csv"]),
    default="csv",
    show_default=True,
    help="Whose file to fill; csv makes a plain table.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file that Canvas or Moodle gave you. It is read; the filled one is another file.",
)
@click.option("--column", help="The column to fill, if it is not named as the assignment is.")
@click.option("--missing-as-zero", is_flag=True, help="Give 0 to those who handed in nothing.")
@click.option(
    "--as-is", is_flag=True, help="Export points so far where a person has yet to grade."
)
@yes_option
@click.pass_obj
def export(
    shell: Shell,
    assignments: tuple[str, ...],
    lms: str,
    into: Path | None,
    column: str | None,
    missing_as_zero: bool,
    as_is: bool,
    yes: bool,
) -> None:
    """Write the points for Canvas, Moodle or a spreadsheet: exports/ASSIGNMENT-FORMAT.csv.

    Reads the gradebook. With Canvas and Moodle it fills one column of their own file and leaves
    all else as it came, so that they take it back. The plain table also has the points before
    lateness, the state, and when the work came.

    Work that failed, is missing or still awaits a person has no points: its cell stays as it was,
    and you are told how many there are. Nothing becomes a zero unless you say so.

    \b
    Example:
        python -m lib.instructor export pooling --format canvas --into grades.csv
    """
    if (lms == "csv") != (into is None):
        raise CourseError(
            "--into goes with --format canvas or moodle"
            if lms == "csv"
            else f"expected --into FILE.csv with the file that {lms.title()} gives out: "
            f"{DOWNLOAD[lms]}"
        )
    course, facts, files = shell.course, [], {}
    choices = {"missing_as_zero": missing_as_zero, "as_is": as_is}
    for name in assignments:
        about = course.assignment(name)
        works = known_works(course, about)
        told: dict[str, Any] = {"assignment": name, **_left_blank(about, works, **choices)}
        if into is None:
            data = plain_csv(course, about, works, **choices)
        else:
            filled = fill(Sheet(into), about, works, column, **choices)
            data = filled.data
            told |= {"unknown_rows": filled.unknown, "absent": filled.absent}
        path = course.folder / FOLDER / f"{name}-{lms}.csv"
        files[path] = data
        facts.append(told | {"file": str(path.relative_to(course.folder))})
    write(shell, files, yes)
    shell.tell({"format": lms, "exports": facts}, "\n".join(map(_told, facts)))
    if any(each[what] for each in facts for what in INCOMPLETE_IF if what in each):
        click.get_current_context().exit(INCOMPLETE)


INCOMPLETE_IF = ("awaiting", "waiting", "unknown_rows", "absent")


def _left_blank(assignment: Assignment, works: Sequence[Work], **choices: bool) -> dict[str, Any]:
    """Count the works that have points, and name those that have none, by why."""
    blank = [work for work in works if score(assignment, work, **choices) is None]
    why: dict[str, Any] = {"exported": len(works) - len(blank), "awaiting": []}
    for state in ("failed", "waiting", "missing"):
        why[state] = [work.student.id for work in blank if work.state == state]
    why["awaiting"] = [work.student.id for work in blank if work.awaits]
    return why


def _told(facts: dict[str, Any]) -> str:
    """Return what a person is told of one export."""
    said = [f"{facts['file']}: points of {facts['exported']} students."]
    reasons = {
        "awaiting": "await a person: left blank; grade them, or export as they are with --as-is",
        "waiting": "are not graded yet: left blank",
        "failed": "could not be graded: left blank",
        "missing": "handed in nothing: left blank",
        "absent": "have points, and the file does not name them",
        "unknown_rows": "rows of the file are of nobody in the roster",
    }
    for what, words in reasons.items():
        if names := facts.get(what):
            shown = ", ".join(names[:5]) + (", …" if names[5:] else "")
            said.append(f"  {len(names)} {words} ({shown})")
    return "\n".join(said)
