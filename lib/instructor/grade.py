"""Grade what has been handed in, once each, whoever else is grading; and grade it anew."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import psutil

from lib.grading import sandbox
from lib.grading._check import exercises
from lib.grading.judge import seeds
from lib.grading.reader import BadNotebook, contents
from lib.instructor import jobs
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.handed_in import Attempt, attempts
from lib.instructor.records import NBGRADER, Student

if TYPE_CHECKING:
    from lib.instructor._tables import Attempt as Row
    from lib.instructor.gradebook import Gradebook

CLAIM = 20  # attempts taken at a time: few, so that two who grade share the work
RENEW_SECONDS = 20
SETTLE = 100  # attempts whose marks are written together


@dataclass(frozen=True)
class Summary:
    """What a run of `grade` or `regrade` did.

    Attributes:
        done: submissions graded now.
        failed: of them, those whose file could not be graded: student and reason.
        elsewhere: submissions that somebody else is grading.
        changed: student, points before and after, where a regrade changed them.
    """

    done: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    elsewhere: int = 0
    changed: list[tuple[str, float | None, float | None]] = field(default_factory=list)


@dataclass(frozen=True)
class How:
    """Where submissions are graded.

    Attributes:
        workers: how many at a time on this machine.
        scheduler: address of a cluster's scheduler, or "".
        shut_in: whether in a sandbox.
    """

    workers: int = 0
    scheduler: str = ""
    shut_in: bool = True

    def runner(self) -> Any:
        """Return what grades jobs.

        Raises:
            NoSandbox: there is none on this machine, and one is needed here.
        """
        if self.shut_in and not self.scheduler:
            sandbox.check()
        return jobs.runner(self.workers or os.cpu_count() or 1, self.scheduler)


def check_version(assignment: Assignment) -> None:
    """See that the library is the one that the assignment is graded with.

    Raises:
        CourseError: it is another version; says how to get the right one.
    """
    installed = jobs.lib.__version__
    if assignment.library and assignment.library.removeprefix("v") != installed:
        raise CourseError(
            f"expected version {assignment.library} of the library for {assignment.name}, got "
            f"{installed}: install the former, or change `library` in course.toml and regrade"
        )


def own_name() -> str:
    """Return what a claim in the gradebook is signed with: this machine and this process."""
    process = psutil.Process()
    return f"{socket.gethostname()}/{process.pid}/{process.create_time():.2f}"


def dead(owners: set[str]) -> list[str]:
    """Return those owners of claims that were processes of this machine and have ended."""
    ended = []
    for owner in owners:
        host, pid, began = owner.rsplit("/", 2)
        if host != socket.gethostname():
            continue
        try:
            alive = f"{psutil.Process(int(pid)).create_time():.2f}" == began
        except psutil.Error:
            alive = False
        if not alive:
            ended.append(owner)
    return ended


def enter(book: "Gradebook", assignment: Assignment, students: Sequence[Student]) -> None:
    """Note in the gradebook what has been handed in."""
    entries = {
        (each.by, each.folder.name): (each.at, _digest(each))
        for student in students
        for each in attempts(book.course, assignment, student.id)
    }
    book.enter(assignment, [(*who, *what) for who, what in entries.items()])


def _digest(attempt: Attempt) -> str:
    digest = hashlib.sha256()
    for topic, path in sorted(attempt.files.items()):
        digest.update(f"{topic}\0".encode())
        try:
            digest.update(contents(path))
        except BadNotebook as error:
            digest.update(str(error).encode())
    return digest.hexdigest()


def needed(course: Course, assignment: Assignment, rows: "Sequence[Row]") -> "list[Row]":
    """Return the attempts that have to be graded: all that were collected, or each group's last."""
    rows = [row for row in rows if row.attempt != NBGRADER]  # nbgrader regrades those
    if course.attempts == "best":
        return list(rows)
    last: dict[tuple[str, ...], Row] = {}
    for row in rows:  # the oldest first
        last[assignment.partners(row.student)] = row
    return list(last.values())


class Run:
    """One run over an assignment's attempts: claims them, has them graded, records them."""

    def __init__(self, book: "Gradebook", assignment: Assignment, students: Sequence[Student]):
        self.book, self.assignment, self.students = book, assignment, students
        self.owner, self.claimed = own_name(), 0
        self._rows: dict[int, Row] = {}
        self._reading: dict[int, Attempt] = {}

    def claim(self, rows: "Sequence[Row]", shut_in: bool) -> Iterator[jobs.Job]:
        """Claim attempts, a few at a time, as they are asked for, and yield them as jobs."""
        ended = dead(self.book.owners())
        ids = iter([row.id for row in rows])
        while part := list(islice(ids, CLAIM)):
            for row in self.book.claim(part, self.owner, jobs.engine(), ended):
                self.claimed += 1
                self._rows[row.id] = row
                yield self._job(row, shut_in)

    def _job(self, row: "Row", shut_in: bool) -> jobs.Job:
        course, files, refused = self.book.course, {}, ""
        attempt = self._reading[row.id] = self._attempt(row)
        keys = {}
        for topic in self.assignment.chapters:
            by = row.student
            if topic in attempt.files:
                by = attempt.files[topic].parents[1].name  # a partner's, perhaps, handed in before
                try:
                    files[topic] = contents(attempt.files[topic])
                except BadNotebook as error:
                    refused = refused or f"{topic}.ipynb: {error}"
            keys[topic] = seeds(list(exercises(topic).values()), course.secret, by)
        return jobs.Job(row.id, files, keys, refused, shut_in)

    def _attempt(self, row: "Row") -> Attempt:
        for each in attempts(self.book.course, self.assignment, row.student):
            if (each.by, each.folder.name) == (row.student, row.attempt):
                return each
        raise CourseError(
            f"expected the submission {row.attempt} of {row.student} in handed_in, found none: "
            "put its folder back"
        )

    def record(self, findings: Sequence[jobs.Finding]) -> None:
        """Write what was found: the notebooks to review first, then the gradebook, at once."""
        from lib.instructor.review import write_review  # nbformat takes seconds to load

        whose = set()
        for each in findings:
            row = self._rows.pop(each.row)
            attempt = self._reading.pop(each.row)
            partners = self.assignment.partners(row.student)
            whose |= set(partners)
            for student in partners:
                write_review(self.book.course, self.assignment, student, attempt, each)
        students = [student for student in self.students if student.id in whose]
        self.book.record(self.assignment, findings, jobs.engine(), self.owner, students)


def grade_attempts(
    book: "Gradebook",
    assignment: Assignment,
    students: Sequence[Student],
    rows: "Sequence[Row]",
    how: How,
    step: Any = lambda steps=1: None,
) -> Summary:
    """Grade attempts that nobody else is grading.

    Args:
        book: the course's gradebook.
        assignment: whose attempts.
        students: of the course.
        rows: of the attempts.
        how: where, and how many at a time.
        step: is called for each that is done.
    """
    run, done, failed = Run(book, assignment, students), 0, []
    by_row = {row.id: row.student for row in rows}
    batch: list[jobs.Finding] = []
    began = time.monotonic()
    try:
        for finding in how.runner()(run.claim(rows, how.shut_in)):
            batch.append(finding)
            if finding.state == "failed":
                failed.append((by_row[finding.row], finding.message))
            done += 1
            step()
            if len(batch) >= SETTLE or time.monotonic() - began > RENEW_SECONDS:
                run.record(batch)
                book.renew(run.owner)
                batch, began = [], time.monotonic()
        run.record(batch)
    finally:
        book.release(run.owner)
    return Summary(done, failed, len(rows) - run.claimed)
