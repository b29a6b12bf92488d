"""nbgrader's rows about an assignment: its cells, and its students' grades."""

from collections.abc import Sequence
from typing import Any

from nbgrader import api
from sqlalchemy import select
from sqlalchemy.orm import Session

from lib.instructor.course import CourseError


class Layout:
    """The cells of an assignment, as nbgrader numbers them."""

    def __init__(self, session: Session, name: str):
        found = session.execute(select(api.Assignment.id).where(api.Assignment.name == name))
        self.assignment = found.scalar_one_or_none()
        if self.assignment is None:
            raise CourseError(
                f"expected the assignment {name} in the gradebook, found none: "
                f"`python -m lib.instructor assign {name}` puts it there"
            )
        cells = session.execute(
            select(api.Notebook.name, api.Notebook.id, api.BaseCell.id, api.BaseCell.name,
                   api.BaseCell.type)
            .join(api.BaseCell, api.BaseCell.notebook_id == api.Notebook.id)
            .where(api.Notebook.assignment_id == self.assignment)
        ).all()  # fmt: skip
        self.notebooks = {topic: notebook for topic, notebook, *_ in cells}
        self.grades = {(t, n): cell for t, _, cell, n, kind in cells if kind == "GradeCell"}
        self.comments = {(t, n): cell for t, _, cell, n, kind in cells if kind == "SolutionCell"}


def grades_of(session: Session, assignment: str, students: Sequence[str]) -> list[Any]:
    """Return nbgrader's grades of some students, with what they belong to."""
    return list(
        session.execute(
            select(
                api.SubmittedAssignment.student_id.label("student"),
                api.SubmittedAssignment.id.label("work"),
                api.SubmittedAssignment.timestamp,
                api.SubmittedNotebook.id.label("notebook"),
                api.Notebook.name.label("topic"),
                api.BaseCell.name.label("cell"),
                api.Grade.id.label("grade"),
                api.Grade.auto_score,
                api.Grade.manual_score,
                api.Grade.extra_credit,
                api.Grade.needs_manual_grade,
            )
            .join(
                api.SubmittedNotebook,
                api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id,
            )
            .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
            .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
            .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
            .where(
                api.SubmittedAssignment.assignment_id == assignment,
                api.SubmittedAssignment.student_id.in_(students),
            )
        )
    )
