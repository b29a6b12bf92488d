"""Give an assignment out: choose chapters, and make the notebooks that students get."""

import hashlib
import json
from datetime import datetime
from pathlib import Path

import click

from lib import __version__
from lib.grading import TOPICS
from lib.grading._check import exercises
from lib.instructor._files import replace
from lib.instructor._shell import Shell, yes_option
from lib.instructor.course import FILE, Assignment, Course, CourseError, load

MANIFEST = "manifest.json"


def assign(course: Course, assignment: Assignment) -> dict:
    """Make the notebooks of an assignment: with solutions in `source`, for students in `release`.

    The gradebook learns their cells, and when they are due.

    Args:
        course: whose folder and gradebook.
        assignment: which chapters.

    Returns:
        what the manifest in `release` says: version, due date, questions, hashes.

    Raises:
        CourseError: nbgrader refused; says why.
    """
    from lib.instructor.release import make_release  # nbgrader takes seconds to load

    make_release(course, assignment, {t: graded_notebook(t) for t in assignment.chapters})
    release = course.folder / "release" / assignment.name
    manifest = {
        "course": course.name,
        "assignment": assignment.name,
        "due": assignment.due.astimezone(course.timezone).isoformat() if assignment.due else None,
        "library": __version__,
        "notebooks": {
            f"{topic}.ipynb": {
                "sha256": hashlib.sha256((release / f"{topic}.ipynb").read_bytes()).hexdigest(),
                "questions": [
                    {"key": each.key, "kind": each.kind, "points": each.points,
                     "minutes": each.minutes}
                    for each in exercises(topic).values()
                ],
            }
            for topic in assignment.chapters
        },
    }  # fmt: skip
    replace(release / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    return manifest


def graded_notebook(topic: str) -> Path:
    """Return the graded notebook of a topic, with its solutions."""
    here = Path(__file__).parents[1]
    folder = here.parent / "exercises"
    if not folder.is_dir():  # not a checkout but an installed package
        folder = here / "exercises"
    return folder / f"{topic}.ipynb"


def _add_to_file(
    shell: Shell, name: str, chapters: str, due: datetime | None, points: float
) -> Course:
    """Add an assignment to the course's file; what stands there is left as it is."""
    topics = [each.strip() for each in chapters.split(",") if each.strip()]
    if not topics:
        raise CourseError(
            f"expected an assignment of course.toml, got {name!r}: to make a new one, choose its "
            f"chapters, --chapters {','.join(TOPICS)}"
        )
    lines = ["", "[[assignments]]", f"name = {json.dumps(name)}", f"chapters = {topics}"]
    lines += [f"due = {due.isoformat()}"] if due else []
    lines += [f"points = {points:g}"] if points else []
    lines += [f'library = "{__version__}"', ""]
    file = shell.folder / FILE
    before = file.read_text(encoding="utf-8")
    replace(file, before + "\n".join(lines).replace("'", '"'))
    try:
        return load(shell.folder)
    except CourseError:
        replace(file, before)
        raise


@click.command("assign")
@click.argument("name")
@click.option(
    "--chapters",
    default="",
    metavar="TOPICS",
    help=f"Whose notebooks, with commas between them: {', '.join(TOPICS)}.",
)
@click.option(
    "--due",
    type=click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    default=None,
    help="When it is due, in the course's time zone.",
)
@click.option(
    "--points",
    type=click.FloatRange(0, min_open=True),
    default=None,
    help="What full marks count in the export; the sum of the questions if left out.",
)
@yes_option
@click.pass_obj
def assign_command(
    shell: Shell, name: str, chapters: str, due: datetime | None, points: float | None, yes: bool
) -> None:  # fmt: skip
    """Make the assignment NAME and the notebooks that students get.

    Reads course.toml, and adds NAME to it if it is new. Writes release/NAME (give that folder to
    students), source/NAME (with solutions) and the gradebook.

    \b
    Example:
        python -m lib.instructor assign pooling --chapters pooling --due 2026-12-11T23:59
    """
    course = shell.course
    if name not in course.assignments:
        course = _add_to_file(shell, name, chapters, due, points or 0)
    elif chapters or due or points:
        raise CourseError(f"{name} stands in course.toml already: change it there, then repeat "
                          f"`assign {name}` without options")  # fmt: skip
    release = course.folder / "release" / name
    if (release / MANIFEST).exists():
        shell.sure(f"{release} is there and will be made anew.", yes)
    facts = assign(course, course.assignment(name))
    count = sum(len(each["questions"]) for each in facts["notebooks"].values())
    shell.tell(facts | {"release": str(release)},
               f"{name}: {', '.join(facts['notebooks'])}, {count} questions, due "
               f"{facts['due'] or 'never'}. Give students the folder {release}.")  # fmt: skip
