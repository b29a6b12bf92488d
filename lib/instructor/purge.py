"""Forgets a term: all that says who was in the course and what they did."""

import re
import secrets
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

from lib.grading._text import plain
from lib.instructor._files import replace
from lib.instructor._shell import Shell, yes_option
from lib.instructor.course import FILE, Course, CourseError
from lib.instructor.handed_in import FOLDER
from lib.instructor.roster import FILE as ROSTER
from lib.instructor.roster import course_roster, write_roster

FOLDERS = (FOLDER, "submitted", "autograded", "feedback", "reports", "exports")
TABLES = ("extensions", "groups")  # of course.toml, which name students
HEADER = re.compile(r"\s*\[\[?\s*\"?'?(\w+)")


@dataclass(frozen=True)
class Plan:
    """What is to be forgotten.

    Attributes:
        paths: files and folders to remove.
        rules: what course.toml will hold.
        lines: what goes, for a person to read.
        server: whether the gradebook is no file, but in a database that stays.
    """

    paths: tuple[Path, ...]
    rules: str
    lines: tuple[str, ...]
    server: bool


def plan(course: Course) -> Plan:
    """Say what `forget` would remove.

    Raises:
        CourseError: course.toml names students where no program can take them out.
    """
    from sqlalchemy.engine import make_url

    from lib.instructor.gradebook import database_url  # loads nbgrader, which takes a second

    url = make_url(database_url(course))
    file = url.database if url.get_backend_name() == "sqlite" else None
    places = [course.folder / each for each in (*FOLDERS, ".nbgrader.log")]
    if file:
        places += sorted(Path(file).parent.glob(f"{Path(file).name}*"))  # and nbgrader's copies
    paths = tuple(each for each in places if each.exists() or each.is_symlink())
    lines = [f"{each}{_inside(each)}" for each in paths]
    if not file:
        lines.append("all rows of the gradebook's database")
    lines += [
        f"{course.folder / ROSTER}: {len(course_roster(course))} students",
        f"{course.folder / FILE}: the tables [extensions] and [groups], where there are any",
        f"{course.secret_file}: another secret takes its place, so that no pseudonym can be "
        "traced and nothing of this term graded again",
    ]
    return Plan(paths, _without_students(course), tuple(lines), server=not file)


def forget(course: Course, what: Plan) -> None:
    """Remove all that `plan` found; what is gone already does not matter."""
    from lib.instructor.gradebook import Gradebook

    replace(course.folder / FILE, what.rules)
    if what.server:
        with Gradebook(course) as gradebook:
            gradebook.forget()
    for path in what.paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    write_roster(course.folder / ROSTER, [])
    replace(course.secret_file, secrets.token_hex(32))


def _inside(path: Path) -> str:
    if not path.is_dir() or path.is_symlink():
        return ""
    return f": {sum(1 for each in path.rglob('*') if each.is_file())} files"


def _without_students(course: Course) -> str:
    """Return the rules without the tables that name students; comments within them go, too."""
    file = course.folder / FILE
    text = file.read_text(encoding="utf-8")
    kept, keep = [], True
    for line in text.splitlines(keepends=True):
        if match := HEADER.match(line):
            keep = match[1] not in TABLES
        if keep:
            kept.append(line)
    expected = {key: table for key, table in tomllib.loads(text).items() if key not in TABLES}
    rules = "".join(kept)
    try:
        if tomllib.loads(rules) == expected:
            return rules
    except tomllib.TOMLDecodeError:
        pass
    raise CourseError(
        f"{file}: expected extensions and groups as tables of their own, [extensions.…] and "
        "[groups.…]: take them out by hand, then purge again"
    )


@click.command()
@click.option("--term", required=True, help="Which term: as in course.toml.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@yes_option
@click.pass_obj
def purge(shell: Shell, term: str, dry_run: bool, yes: bool) -> None:
    """Forget a term: remove all that says who was in the course, and what they did.

    Removes what was handed in, submitted, autograded; feedback, reports, exports; the students in
    roster.csv and in course.toml's extensions and groups; the gradebook; and the secret, from
    which pseudonyms are made. Keeps the rules, source and release. Copies that you made
    elsewhere, and what your learning system holds, are not reached.

    \b
    Example:
        python -m lib.instructor purge --term "Autumn 2026" --dry-run
    """
    course = shell.course
    if not course.term or term != course.term:
        raise CourseError(
            f"expected the term of {FILE}, {course.term!r}, got {plain(term)!r}: "
            "nothing was removed"
        )
    what = plan(course)
    listed = "\n".join(f"  {plain(each)}" for each in what.lines)
    facts = {"term": term, "removed": list(what.lines), "done": not dry_run}
    if dry_run:
        shell.tell(facts, f"Would be removed:\n{listed}")
        return
    if not yes:
        _ask(shell, term, listed)
    forget(course, what)
    shell.tell(facts, f"Removed:\n{listed}")


def _ask(shell: Shell, term: str, listed: str) -> None:
    """Have the term's name typed; who mistypes it has changed nothing."""
    if shell.as_json or not sys.stdin.isatty():
        raise CourseError("this removes a term for good: repeat the command with --yes")
    shell.warn(f"This removes for good:\n{listed}")
    if click.prompt("Type the term's name to go on", err=True) != term:
        raise CourseError("that is not the term's name: nothing was removed")
