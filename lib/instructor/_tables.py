"""What stands in the gradebook beside nbgrader's own tables."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import TypeVar

from sqlalchemy import DateTime, Float, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from lib.grading.judge import Failure, Graded, Mark

BATCH = 400  # students at a time: SQLite takes so many names in one question
T = TypeVar("T")


def parts(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield things so many at a time, so that memory does not grow with their number."""
    rest = iter(things)
    while part := list(islice(rest, size)):
        yield part


class Base(DeclarativeBase):
    """The tables of this tool."""


class Attempt(Base):
    """One submission, and what the judge found.

    Attributes:
        assignment: the assignment's name.
        student: who handed it in.
        attempt: the name of its folder in `handed_in`; "nbgrader" if nbgrader ran the judge.
        at: when it was handed in (UTC).
        digest: of its files; another one is another submission.
        engine: of the judge and its exercises when it was graded.
        state: "waiting", "graded" or "failed".
        message: why it failed, in one line.
        found: JSON: for each notebook its marks and the cells that raised.
        owner: who is grading it now, "" if nobody.
        until: when that claim ends by itself (UTC).
    """

    __tablename__ = "descent_attempt"
    __table_args__ = (UniqueConstraint("assignment", "student", "attempt"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    assignment: Mapped[str] = mapped_column(String(128), index=True)
    student: Mapped[str] = mapped_column(String(128), index=True)
    attempt: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime | None] = mapped_column(DateTime)
    digest: Mapped[str] = mapped_column(String(64))
    engine: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    message: Mapped[str] = mapped_column(Text, default="")
    found: Mapped[str] = mapped_column(Text, default="{}")
    owner: Mapped[str] = mapped_column(String(128), default="")
    until: Mapped[datetime | None] = mapped_column(DateTime)

    def graded(self) -> dict[str, Graded]:
        """Return what each of its notebooks earned, by topic."""
        return {
            topic: Graded(tuple(map(_mark, each["marks"])), tuple(map(tuple, each["cell_errors"])))
            for topic, each in json.loads(self.found).items()
        }


def _mark(entries: dict) -> Mark:
    failed = tuple(Failure(**each) for each in entries["failed"])
    return Mark(**(entries | {"failed": failed}))


class Override(Base):
    """Points that a person gave in place of the judge's, and why."""

    __tablename__ = "descent_override"
    id: Mapped[int] = mapped_column(primary_key=True)
    assignment: Mapped[str] = mapped_column(String(128), index=True)
    student: Mapped[str] = mapped_column(String(128))
    key: Mapped[str] = mapped_column(String(128))
    points: Mapped[float] = mapped_column(Float)
    author: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime)


INDEX = "CREATE INDEX IF NOT EXISTS descent_{0}_{1} ON {0} ({1})"
INDICES = (  # of nbgrader's foreign keys, which have none: look-ups become a hundred times faster
    ("submitted_notebook", "assignment_id"),
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
    ("base_cell", "notebook_id"),
    ("submitted_assignment", "student_id"),
)
