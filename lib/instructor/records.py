"""What is known of a student's work on an assignment, as reports, feedback and exports read it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lib.grading.judge import Failure as Failure

NBGRADER = "nbgrader"  # the name of an attempt that nbgrader had graded
STATES = ("graded", "failed", "missing", "waiting")


@dataclass(frozen=True)
class Student:
    """A row of the roster.

    Attributes:
        id: by which the student hands in, and on which hidden cases depend.
        name: as the learning management system shows it.
        section: of the course, or "".
        email: or "".
        lms: the number by which the learning management system names the student's files, or "".
    """

    id: str
    name: str = ""
    section: str = ""
    email: str = ""
    lms: str = ""


@dataclass(frozen=True)
class Change:
    """Points that a person gives, and why.

    Attributes:
        points: given.
        author: who gives them.
        reason: why.
    """

    points: float
    author: str
    reason: str


@dataclass(frozen=True)
class Override:
    """Points that a person gave in place of the judge's, and why.

    Attributes:
        points: given.
        author: who gave them.
        reason: why.
        at: when.
    """

    points: float
    author: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Result:
    """What one question earned one student.

    Attributes:
        key: topic and name of the question, "pooling.max_pool2d".
        most: points that it is worth.
        auto: points that the judge gave; None where a person has to give them.
        manual: points that a person gave, which count instead; None if nobody did.
        failed: what did not pass.
        misconception: name of the known mistake that gives the same answers, or "".
        hint: what to say to whoever made it, or "".
        comment: what a person wrote about the answer, or "".
        override: who changed the points by `override`, and why.
    """

    key: str
    most: float
    auto: float | None = None
    manual: float | None = None
    failed: tuple[Failure, ...] = ()
    misconception: str = ""
    hint: str = ""
    comment: str = ""
    override: Override | None = None

    @property
    def points(self) -> float | None:
        """The points that count; None while a person has still to give them."""
        return self.auto if self.manual is None else self.manual


@dataclass(frozen=True)
class Work:
    """A student's work on an assignment.

    Attributes:
        student: whose.
        pseudonym: what stands for the student in reports.
        state: "graded"; "failed" (the file could not be graded: `message` says why); "missing"
            (nothing was handed in); "waiting" (handed in, not yet graded).
        message: one clear line where the state is "failed", else "".
        handed_in: when the submission that counts was handed in.
        late: by how much, extension and grace taken off.
        by: the student whose file it is; another member of the group, perhaps.
        attempts: how many submissions there are.
        results: of the questions, in the assignment's order; empty unless graded.
        cell_errors: number (from 1) of a cell that raised, and its words, hostile until escaped.
        penalty: points that lateness costs.
    """

    student: Student
    pseudonym: str
    state: str
    message: str = ""
    handed_in: datetime | None = None
    late: timedelta = timedelta()
    by: str = ""
    attempts: int = 0
    results: tuple[Result, ...] = ()
    cell_errors: tuple[tuple[int, str], ...] = ()
    penalty: float = 0.0

    @property
    def raw(self) -> float | None:
        """The points earned, lateness aside; None unless graded. What awaits a person counts 0."""
        return sum(each.points or 0.0 for each in self.results) if self.results else None

    @property
    def adjusted(self) -> float | None:
        """The points after the penalty for lateness."""
        return None if self.raw is None else max(0.0, self.raw - self.penalty)

    @property
    def most(self) -> float:
        """The points that the questions are worth."""
        return sum(each.most for each in self.results)

    @property
    def awaits(self) -> tuple[str, ...]:
        """The questions that a person has still to grade."""
        return tuple(each.key for each in self.results if each.points is None)
