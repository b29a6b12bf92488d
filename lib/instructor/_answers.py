"""Finds what students did: their works, the submission that counts, an answer in a notebook."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lib.grading._exercise import Exercise
from lib.grading.reader import BadNotebook, Cell, read
from lib.instructor.course import Assignment, Course
from lib.instructor.handed_in import Attempt, attempts
from lib.instructor.records import Work
from lib.instructor.roster import course_roster

LONGEST = 20_000  # letters of an answer that are looked at
MOST_OTHERS = 10  # cells beside the one that was meant for an answer
MAGIC = re.compile(r"(?m)^[ \t]*[%!].*$")  # IPython's own lines


def known_works(course: Course, assignment: Assignment) -> list[Work]:
    """Return the work of everybody in the roster, as the gradebook knows it."""
    from lib.instructor.gradebook import Gradebook  # nbgrader takes a second to load

    with Gradebook(course) as gradebook:
        return list(gradebook.results(assignment, course_roster(course)))


def counted(course: Course, assignment: Assignment, work: Work) -> Attempt | None:
    """Return the submission that counts; None if nothing was handed in."""
    found = attempts(course, assignment, work.student.id)
    return next((each for each in found if each.at == work.handed_in), None)


def cells(path: Path) -> tuple[Cell, ...]:
    """Return a notebook's cells; none if there is no such notebook or it cannot be read."""
    try:
        return read(path).cells
    except BadNotebook:
        return ()


def answer(notebook: Sequence[Cell], exercise: Exercise) -> str:
    """Return what a notebook holds in answer to a question.

    It is the cell that was meant for it and, wherever they stand, the definitions of the name
    that the question asks for: an answer that moved is the same answer.
    """
    name = exercise.key.partition(".")[2]
    if exercise.kind == "explain":
        return "\n\n".join(cell.source for cell in notebook if cell.grade_id == name)
    return "\n".join(_parts(notebook, f"{name}-answer", exercise.name))


def _parts(notebook: Sequence[Cell], grade_id: str, name: str) -> Iterator[str]:
    code = [cell for cell in notebook if cell.kind == "code"]
    for cell in code:
        if cell.grade_id == grade_id:
            yield MAGIC.sub("", cell.source)
    others = [cell.source for cell in code if cell.grade_id != grade_id and name in cell.source]
    for source in others[-MOST_OTHERS:]:
        if len(source) <= LONGEST:
            yield from _definitions(MAGIC.sub("", source), name)


def _definitions(source: str, name: str) -> Iterator[str]:
    """Yield the statements of a cell that define a name."""
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for each in statements:
        targets = getattr(each, "targets", [getattr(each, "target", None)])
        names = [getattr(each, "name", None), *(getattr(target, "id", None) for target in targets)]
        if name in names:
            yield ast.get_source_segment(source, each) or ""
