"""The gradebook of a course: nbgrader's, so that formgrader works, with the judge's findings.

One database holds nbgrader's tables and our own (`_tables.py`). Points that a person gave, in
formgrader or by `override`, stand in nbgrader's `manual_score`, and nothing here changes them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nbgrader import api
from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from lib.grading.judge import Graded
from lib.instructor._counting import rows_of
from lib.instructor._database import database_url as database_url
from lib.instructor._database import make_tables, url_of
from lib.instructor._database import quiet as quiet
from lib.instructor._marks import change_points, shown_times, write_marks
from lib.instructor._tables import BATCH, Attempt, Base, parts
from lib.instructor._works import read_works
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.jobs import Finding
from lib.instructor.records import NBGRADER, Change, Student, Work

LEASE = timedelta(minutes=15)  # how long a claim stands that nobody renews
PATIENCE = 60  # seconds to wait for whoever is writing to SQLite's file


class Gradebook:
    """The gradebook of a course; use it in a `with` statement.

    Args:
        course: whose.

    Raises:
        CourseError: the database cannot be opened; says which, without its password.
    """

    def __init__(self, course: Course):
        self.course = course
        url = url_of(course)
        if url.get_backend_name() == "sqlite":
            url = url.update_query_dict({"timeout": str(PATIENCE)})
        try:
            make_tables(url)
            self._nbgrader = api.Gradebook(url.render_as_string(hide_password=False))
        except (SQLAlchemyError, ImportError) as error:
            raise self._unusable(error) from None

    def __enter__(self) -> "Gradebook":
        return self

    def __exit__(self, *_: object) -> None:
        self._nbgrader.close()

    @property
    def engine(self) -> Engine:
        """The database's engine."""
        return self._nbgrader.engine

    def _unusable(self, error: Exception) -> CourseError:
        shown = url_of(self.course).render_as_string(hide_password=True)
        cause = str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__]
        return CourseError(f"the gradebook {shown} cannot be used: {cause[0]}")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction, which is committed at the end.

        Raises:
            CourseError: the database does not answer, or is not free for too long.
        """
        try:
            with Session(self.engine) as session, session.begin():
                yield session
        except OperationalError as error:
            raise self._unusable(error) from None

    @contextmanager
    def _alone(self, assignment: Assignment) -> Iterator[Session]:
        """Open a transaction that nobody else's about this assignment runs beside."""
        with self.session() as session:
            own = api.Assignment.name == assignment.name
            session.execute(update(api.Assignment).where(own).values(name=assignment.name))
            yield session

    # ---- what is to be graded

    def enter(
        self, assignment: Assignment, attempts: Iterable[tuple[str, str, datetime, str]]
    ) -> None:
        """Note what has been handed in; what is known with the same files stays as it is.

        Args:
            assignment: whose.
            attempts: student, folder's name, time and digest of the files, each.
        """
        for part in parts(attempts, BATCH):
            with self._alone(assignment) as session:
                _enter(session, assignment.name, part)

    def claim(
        self, rows: Sequence[int], owner: str, engine: str, dead: Sequence[str] = ()
    ) -> list[Attempt]:
        """Take attempts for grading, so that nobody else grades them.

        Args:
            rows: numbers of attempts.
            owner: who takes them.
            engine: the judge by which they are to be graded.
            dead: owners whose claims no longer stand.

        Returns:
            those of them that were free and that this judge has not graded meanwhile.
        """
        now = _now()
        undone = (Attempt.state == "waiting") | (Attempt.engine != engine)
        free = (Attempt.owner == "") | (Attempt.until < now) | Attempt.owner.in_(dead)
        with self.session() as session:
            session.execute(
                update(Attempt)
                .where(Attempt.id.in_(rows), undone, free)
                .values(owner=owner, until=now + LEASE)
            )
            mine = select(Attempt).where(Attempt.id.in_(rows), Attempt.owner == owner)
            taken = list(session.scalars(mine.order_by(Attempt.id)))
            session.expunge_all()
            return taken

    def renew(self, owner: str) -> None:
        """Let an owner's claims stand for another while."""
        with self.session() as session:
            mine = update(Attempt).where(Attempt.owner == owner)
            session.execute(mine.values(until=_now() + LEASE))

    def release(self, owner: str) -> None:
        """Let go of an owner's claims."""
        with self.session() as session:
            session.execute(update(Attempt).where(Attempt.owner == owner).values(owner=""))

    def owners(self) -> set[str]:
        """Return who holds a claim."""
        with self.session() as session:
            return set(session.scalars(select(Attempt.owner).where(Attempt.owner != "")))

    # ---- what was found

    def mark_for_regrade(self, rows: Sequence[int]) -> None:
        """Let attempts count as graded by another judge; their marks stand until then."""
        with self.session() as session:
            session.execute(update(Attempt).where(Attempt.id.in_(rows)).values(engine=""))

    def record(
        self,
        assignment: Assignment,
        findings: Sequence[Finding],
        engine: str,
        owner: str,
        students: Sequence[Student],
        show: Callable[[str, Attempt], None],
    ) -> None:
        """Write what was found, where the owner's claim still stands, and the marks: all or none.

        Args:
            assignment: whose attempts.
            findings: of the attempts.
            engine: the judge that graded them.
            owner: who has claimed them.
            students: those whose marks depend on them.
            show: is called with each student and the attempt that counts, before the marks stand.
        """
        with self._alone(assignment) as session:
            for each in findings:
                found = {topic: asdict(graded) for topic, graded in (each.graded or {}).items()}
                values = {"state": each.state, "message": each.message, "engine": engine}
                session.execute(
                    update(Attempt)
                    .where(Attempt.id == each.row, Attempt.owner == owner)
                    .values(found=json.dumps(found), owner="", **values)
                )
            rows = rows_of(session, assignment, students)
            chosen = write_marks(session, self.course, assignment, students, rows)
            for student, row in chosen.items():
                show(student, row)

    def settle(
        self,
        assignment: Assignment,
        students: Sequence[Student],
        show: Callable[[str, Attempt], None],
    ) -> None:
        """Write the marks anew by the rules as they are now, and with people's points as they are.

        The rules in course.toml may have changed, and what lateness costs depends on the points
        that formgrader gave since.

        Args:
            assignment: whose marks.
            students: of the course.
            show: is called with each student for whom another attempt counts now, and with it.
        """
        with self._alone(assignment) as session:
            shown = shown_times(session, assignment.name)
            for part in parts(students, BATCH):
                rows = rows_of(session, assignment, part)
                chosen = write_marks(session, self.course, assignment, part, rows)
                for student, row in chosen.items():
                    if shown.get(student) != row.at:
                        show(student, row)

    def record_notebook(
        self, assignment: Assignment, student: str, topic: str, graded: Graded, engine: str
    ) -> None:
        """Write what nbgrader's own `autograde` let the judge find about one notebook.

        Args:
            assignment: whose.
            student: id of the student, whom nbgrader knows.
            topic: of the notebook.
            graded: what it earned.
            engine: the judge that graded it.
        """
        here = (
            Attempt.assignment == assignment.name,
            Attempt.student == student,
            Attempt.attempt == NBGRADER,
        )
        with self._alone(assignment) as session:
            at = session.scalar(
                select(api.SubmittedAssignment.timestamp)
                .join(api.Assignment)
                .where(
                    api.Assignment.name == assignment.name,
                    api.SubmittedAssignment.student_id == student,
                )
            )
            row = session.scalar(select(Attempt).where(*here))
            if row is None:
                row = Attempt(assignment=assignment.name, student=student, attempt=NBGRADER)
                row.digest, row.found, row.message, row.owner = "", "{}", "", ""
                session.add(row)
            found = json.loads(row.found) | {topic: asdict(graded)}
            row.at, row.state, row.engine = at or _now(), "graded", engine
            row.found = json.dumps(found)
            write_marks(session, self.course, assignment, [Student(student)], [row])

    def attempts(self, assignment: Assignment) -> list[Any]:
        """Return id, student, attempt, state, engine and owner of all attempts, oldest first."""
        columns = Attempt.id, Attempt.student, Attempt.attempt, Attempt.state, Attempt.engine
        asked = select(*columns, Attempt.owner).where(Attempt.assignment == assignment.name)
        with self.session() as session:
            return list(session.execute(asked.order_by(Attempt.at, Attempt.id)))

    def results(self, assignment: Assignment, students: Iterable[Student]) -> Iterator[Work]:
        """Yield what is known of each student's work on an assignment, in the given order."""
        with self.session() as session:
            yield from read_works(session, self.course, assignment, students)

    def override(self, assignment: Assignment, student: str, key: str, given: Change) -> None:
        """Let points that a person gives count in place of the judge's.

        Raises:
            CourseError: the student's work on this question is not in the gradebook.
        """
        with self._alone(assignment) as session:
            change_points(session, assignment, student, key, given)

    def forget(self) -> None:
        """Delete every row about a student, and SQLite's file with them."""
        with self.session() as session:
            for tables in (Base.metadata.sorted_tables, api.Base.metadata.sorted_tables):
                for table in reversed(tables):
                    session.execute(delete(table))
        self._nbgrader.close()
        url = make_url(database_url(self.course))
        if url.get_backend_name() == "sqlite" and url.database:
            for end in ("", "-wal", "-shm", "-journal"):
                Path(f"{url.database}{end}").unlink(missing_ok=True)


def _enter(
    session: Session, assignment: str, attempts: Sequence[tuple[str, str, datetime, str]]
) -> None:
    """Note attempts that are new, and those whose files are others now."""
    whose = {student for student, *_ in attempts}
    asked = select(Attempt.student, Attempt.attempt, Attempt.id, Attempt.digest)
    found = session.execute(
        asked.where(Attempt.assignment == assignment, Attempt.student.in_(whose))
    )
    known = {(each.student, each.attempt): each for each in found}
    new, other = [], []
    for student, attempt, at, digest in attempts:
        entered = {"at": _naive(at), "digest": digest, "state": "waiting"}
        before = known.get((student, attempt))
        if before is None:
            which = {"assignment": assignment, "student": student, "attempt": attempt}
            new.append(which | entered)
        elif before.digest != digest:
            other.append({"id": before.id} | entered)
    if new:
        session.execute(insert(Attempt), new)
    if other:
        session.execute(update(Attempt), other)


def _now() -> datetime:
    return _naive(datetime.now(UTC))


def _naive(at: datetime) -> datetime:
    """Return a time as the database keeps it, in UTC without saying so."""
    return at.astimezone(UTC).replace(tzinfo=None)
