"""The students' form of an assignment's notebooks, made by nbgrader."""

import logging
import re
from pathlib import Path

import nbformat
from nbgrader import api
from nbgrader.apps.api import NbGraderAPI
from sqlalchemy import update
from traitlets.config import Config

from lib.instructor._files import make_folder, replace
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.gradebook import Gradebook, database_url, quiet
from lib.instructor.stubs import STUBS

LINK = re.compile(r"\]\(\.\./(\S+?)\.(?:ipynb|md)(#\S*)?\)")  # to a page beside the exercises


def make_release(course: Course, assignment: Assignment, notebooks: dict[str, Path]) -> None:
    """Write `source` and `release`, and let the gradebook know the cells and the due date.

    Args:
        course: whose folder and gradebook.
        assignment: whose notebooks.
        notebooks: the graded notebook of each topic, with its solutions.

    Raises:
        CourseError: nbgrader refused; says why.
    """
    source = make_folder(course.folder / "source" / assignment.name)
    for topic, path in notebooks.items():
        replace(source / f"{topic}.ipynb", _for_this_course(path, course))
    with Gradebook(course) as book:  # first, so that the database is its owner's alone
        _generate(course, assignment.name)
        _set_due(book, assignment)


def _for_this_course(path: Path, course: Course) -> str:
    """Return a graded notebook whose links lead to the built book, wherever it is opened."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(rf"]({course.book.rstrip('/')}/\1.html\2)", cell.source)
    return nbformat.writes(notebook)


def _generate(course: Course, name: str) -> None:
    """Let nbgrader make the students' form, and note the cells in the gradebook."""
    config = Config(ClearSolutions=STUBS)
    config.CourseDirectory.root = str(course.folder)
    config.CourseDirectory.db_url = database_url(course)
    config.CourseDirectory.course_id = "default_course"  # which the gradebook has; "" it has not
    with quiet():
        tool = NbGraderAPI(config=config)
        tool.log.setLevel(logging.CRITICAL)
        outcome = tool.generate_assignment(name, force=True, create=True)
    if not outcome["success"]:
        said = (outcome.get("error") or outcome.get("log") or "").strip().splitlines()
        raise CourseError(f"nbgrader did not make {name}: {said[-1] if said else 'no reason'}")


def _set_due(book: Gradebook, assignment: Assignment) -> None:
    due = assignment.due.replace(tzinfo=None) if assignment.due else None
    with book.session() as session:
        row = update(api.Assignment).where(api.Assignment.name == assignment.name)
        session.execute(row.values(duedate=due))
