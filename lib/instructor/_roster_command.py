"""The command by which late joiners come into a course, and those who left it go."""

from pathlib import Path

import click

from lib.instructor._shell import Shell, yes_option
from lib.instructor.records import Student
from lib.instructor.roster import FIELDS, FILE, course_roster, read_roster, write_roster


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@yes_option
@click.pass_obj
def roster(shell: Shell, file: Path, yes: bool) -> None:
    """Read the students in FILE into the course.

    FILE is a CSV file: Canvas's gradebook, Moodle's participants or grading worksheet, or a plain
    one with columns id, name, section, email, lms. Updates roster.csv: who is new is added, and
    names, sections and numbers are brought up to date. Who is in the course and not in FILE
    stays, unless --yes says that they left; what they handed in is kept in any case.

    \b
    Example:
        python -m lib.instructor roster canvas.csv
    """
    course = shell.course
    known = {each.id: each for each in course_roster(course)}
    ids = {each.casefold(): each for each in known}
    given = [_updated(known, ids, each) for each in read_roster(file, shell.warn)]
    read = {each.id: each for each in given}
    new, gone = [each for each in read if each not in known], sorted(known.keys() - read.keys())
    changed = [each for each in read if each in known and read[each] != known[each]]
    stay = {} if yes else {each: known[each] for each in gone}
    write_roster(course.folder / FILE, list((read | stay).values()))
    lines = [f"{len(read | stay)} students: {len(new)} new, {len(changed)} changed"]
    lines += [f"  new: {', '.join(new)}"] * bool(new)
    lines += [f"  changed: {', '.join(changed)}"] * bool(changed)
    hint = "removed" if yes else "kept; --yes removes them"
    lines += [f"  not in {file.name}: {', '.join(gone)} ({hint})"] * bool(gone)
    facts = {"new": new, "changed": changed, "gone": gone, "removed": gone if yes else []}
    shell.tell(facts, "\n".join(lines))


def _updated(known: dict[str, Student], ids: dict[str, str], student: Student) -> Student:
    """Return a student as a list says now; what it does not say stays, and so does the id."""
    before = known.get(ids.get(student.id.casefold(), ""))
    if before is None:
        return student
    said = {field: getattr(student, field) or getattr(before, field) for field in FIELDS}
    return Student(**said | {"id": before.id})
