"""Makes a course: its folder, the file that says its rules, its secret, and who is in it."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from lib.grading import TOPICS
from lib.grading._text import plain
from lib.instructor import roster as rosters
from lib.instructor._files import make_folder, write_new
from lib.instructor._shell import Shell
from lib.instructor.course import BOOK, FILE, Course, CourseError, load

SECRET = "secret.key"
NBGRADER = "nbgrader_config.py"
IGNORED = ".gitignore"

COURSE = """\
# The rules of the course. Lines that begin with # are off, and show what could be said there.

[course]
name = {name}
term = {term}  # what `purge --term` forgets when it is over
timezone = {timezone}  # of all dates here: "Europe/London", "America/New_York" …
# secret = "secret.key"  # hidden cases are made from it: keep a copy where no student comes
# gradebook = "sqlite:///gradebook.db"  # or "postgresql+psycopg://user:password@host/database"
# book = {book}  # that feedback and reports link to

[late]
# grace = "15 minutes"  # what is no later than this is in time
# daily_penalty = 0.1  # share of the points that each day begun costs; 0 if left out
# cap = 0.5  # the largest share that lateness costs; 1 if left out
# attempts = "best"  # which submission counts: the "last", unless this is said

# `assign` writes one such table for each assignment.
# [[assignments]]
# name = "{topic}"  # letters, digits, - and _
# chapters = ["{topic}"]  # of {topics}
# due = 2026-12-11T23:59:00  # in the course's time zone; never if left out
# points = 100  # full marks in exports; the sum of the questions if left out
# library = "0.1.0"  # version of the book that it is graded with

# How much longer somebody has, by the id in roster.csv.
# [extensions.{topic}]
# doe = "2 days"

# Who hands in together. What one member hands in counts for all.
# [groups.{topic}]
# "group 1" = ["doe", "roe"]
"""

CONFIG = '''\
"""What nbgrader does in this folder: its database is the course's, and the book's judge grades."""

from pathlib import Path

from lib.instructor.course import load
from lib.instructor.gradebook import database_url

c = get_config()  # noqa: F821
_course = load(Path(__file__).parent)
c.CourseDirectory.root = str(_course.folder)
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.db_url = database_url(_course)
c.Autograde.autograde_preprocessors = ["lib.instructor.autograde.Judge"]
'''

IGNORE = """\
# What names students, or would let them guess, stays out of version control.
# course.toml stays in: leave its extensions and groups out before you share it.
secret.key
roster.csv
gradebook.db*
handed_in/
submitted/
autograded/
feedback/
reports/
exports/
.nbgrader.log
"""


def init_course(
    folder: Path,
    name: str = "",
    roster: Path | None = None,
    timezone: str = "UTC",
    term: str = "",
    warn: Callable[[str], None] = lambda text: None,
) -> Course:
    """Make a course in a folder that has none.

    Args:
        folder: where; made if it is not there, and closed to everybody but its owner.
        name: of the course; the folder's if "".
        roster: a CSV file with the students, see `roster.read_roster`; none yet if None.
        timezone: of the course's dates.
        term: the term's name.
        warn: hears what was guessed about the roster.

    Raises:
        CourseError: there is a course already, or one of the others cannot be; nothing is made.
    """
    for file in (FILE, SECRET, rosters.FILE, NBGRADER, IGNORED):
        if (folder / file).exists():
            raise CourseError(f"expected a folder without a course, found {folder / file} in it")
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f'expected a time zone such as "Europe/London", got {plain(timezone)!r}'
        ) from None
    students = rosters.read_roster(roster, warn) if roster else []
    name = plain(name or folder.resolve().name)
    try:
        make_folder(folder).chmod(0o700)
    except OSError as error:
        raise CourseError(f"expected to make a folder {folder}, got: {error.strerror}") from None
    write_new(folder / SECRET, secrets.token_hex(32))
    rosters.write_roster(folder / rosters.FILE, students)
    course_id = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "course"
    write_new(folder / NBGRADER, CONFIG.format(course_id=course_id))
    write_new(folder / IGNORED, IGNORE)
    write_new(folder / FILE, _rules(name, plain(term), timezone))
    return load(folder)


def _rules(name: str, term: str, timezone: str) -> str:
    said = {"name": name, "term": term, "timezone": timezone, "book": BOOK}
    quoted = {key: json.dumps(text) for key, text in said.items()}  # TOML's strings, too
    return COURSE.format(**quoted, topic=TOPICS[0], topics=", ".join(TOPICS))


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Of the course; the folder's name if left out.")
@click.option(
    "--roster",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Students: Canvas's or Moodle's CSV, or a plain one.",
)
@click.option("--timezone", default="UTC", show_default=True, help='Such as "Europe/London".')
@click.option("--term", default="", help='Such as "Autumn 2026".')
@click.pass_obj
def init(
    shell: Shell, folder: Path, name: str, roster: Path | None, timezone: str, term: str
) -> None:
    """Make a course in FOLDER.

    Writes course.toml, which holds and explains all rules; secret.key, from which hidden cases are
    made; roster.csv; nbgrader_config.py, with which formgrader shows the course's gradebook; and
    .gitignore. Only you can read the folder. A course that is there is never touched.

    \b
    Example:
        python -m lib.instructor init ml-2026 --roster canvas.csv --timezone Europe/London
    """
    course = init_course(folder, name, roster, timezone, term, shell.warn)
    count = len(rosters.course_roster(course))
    facts = {"folder": str(course.folder), "name": course.name, "students": count}
    shell.tell(
        facts,
        f"{course.folder}: {course.name}, {count} students\n"
        f"Keep a copy of {SECRET} in a safe place: without it nothing can be graded again.\n"
        f"Next: look at {FILE}, then `cd {course.folder}` and "
        "`python -m lib.instructor assign --help`",
    )
