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

PLANS = Path(__file__).parent / "plans"
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

import warnings
from pathlib import Path

from sqlalchemy.exc import SAWarning

from lib.instructor.course import load
from lib.instructor.gradebook import database_url
from lib.instructor.stubs import STUBS

c = get_config()  # noqa: F821
_course = load(Path(__file__).parent)
c.CourseDirectory.root = str(_course.folder)
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.db_url = database_url(_course)
c.Autograde.autograde_preprocessors = ["lib.instructor.autograde.Judge"]
c.ClearSolutions.update(STUBS)
warnings.filterwarnings("ignore", category=SAWarning)  # about nbgrader's own queries
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
    plan: str | None = None,
) -> Course:
    """Make a course in a folder that has none.

    Args:
        folder: where; made if it is not there, and closed to everybody but its owner.
        name: of the course; the folder's if "".
        roster: a CSV file with the students, see `roster.read_roster`; none yet if None.
        timezone: of the course's dates.
        term: the term's name.
        warn: hears what was guessed about the roster.
        plan: name of one of the files in `PLANS`, whose rules and dates it begins with; the rules
            alone, all off, if None.

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
    about = {"name": name, "term": plain(term), "timezone": timezone}
    write_new(folder / FILE, _planned(plan, about) if plan else _rules(about))
    return load(folder)


def _rules(about: dict[str, str]) -> str:
    quoted = {key: _quoted(text) for key, text in (about | {"book": BOOK}).items()}
    return COURSE.format(**quoted, topic=TOPICS[0], topics=", ".join(TOPICS))


def _planned(plan: str, about: dict[str, str]) -> str:
    """Return a plan that says what is known about the course; the rest stays the plan's."""
    rules = (PLANS / f"{plan}.toml").read_text(encoding="utf-8")
    for key, text in about.items():
        if text:
            said = f"{key} = {_quoted(text)}"
            rules = re.sub(f'(?m)^{key} = "[^"]*"', lambda _, said=said: said, rules, count=1)
    return rules


def _quoted(text: str) -> str:
    """Return a text as a string of TOML, which is one of JSON but for pairs of surrogates."""
    return json.dumps(text, ensure_ascii=False)


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
@click.option(
    "--plan",
    type=click.Choice(sorted(path.stem for path in PLANS.glob("*.toml"))),
    help="A course to begin with: its reading, dates and rules; look at them in course.toml.",
)
@click.pass_obj
def init(
    shell: Shell,
    folder: Path,
    name: str,
    roster: Path | None,
    timezone: str,
    term: str,
    plan: str | None,
) -> None:
    """Make a course in FOLDER.

    Writes course.toml, which holds and explains all rules; secret.key, from which hidden cases are
    made; roster.csv; nbgrader_config.py, with which formgrader shows the course's gradebook; and
    .gitignore. Only you can read the folder. A course that is there is never touched.

    \b
    Example:
        python -m lib.instructor init ml-2026 --roster canvas.csv --timezone Europe/London
        python -m lib.instructor init ml-2026 --plan two-weeks
    """
    course = init_course(folder, name, roster, timezone, term, shell.warn, plan)
    count = len(rosters.course_roster(course))
    facts = {"folder": str(course.folder), "name": course.name, "students": count}
    shell.tell(
        facts,
        f"{course.folder}: {course.name}, {count} students\n"
        f"Keep a copy of {SECRET} in a safe place: without it nothing can be graded again.\n"
        f"Next: look at {FILE}, then `cd {course.folder}` and "
        "`python -m lib.instructor assign --help`",
    )
