"""A course as its file `course.toml` says it: what is due when, and by which rules."""

import base64
import hashlib
import hmac
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lib.grading import TOPICS

FILE = "course.toml"
UNITS = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}  # in minutes
BOOK = "https://descent-book.github.io/descent/"


class CourseError(ValueError):
    """Something about the course's folder or file is not as it must be; says what to do."""


@dataclass(frozen=True)
class Assignment:
    """What students are asked to do, and until when.

    Attributes:
        name: as in file and gradebook.
        chapters: the topics whose graded notebooks belong to it.
        due: when it is due, with its time zone; None if never.
        points: what full marks count in the export; the sum of its questions if None.
        library: version of `lib` that it is graded with.
        extensions: how much longer a student has.
        groups: students who hand in together, by the group's name.
        timezone: of the course: two days longer is the same time of day two days later, whether
            or not the clocks change meanwhile.
    """

    name: str
    chapters: tuple[str, ...]
    due: datetime | None = None
    points: float | None = None
    library: str = ""
    extensions: dict[str, timedelta] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    timezone: tzinfo = UTC

    def due_for(self, student: str) -> datetime | None:
        """Return when it is due for a student, extension included, in UTC."""
        longer = self.extensions.get(student, timedelta())
        if self.due is None or not longer:
            return self.due
        return _latest(self.due.astimezone(self.timezone) + longer)

    def partners(self, student: str) -> tuple[str, ...]:
        """Return all who hand in with a student, the student among them."""
        return next((each for each in self.groups.values() if student in each), (student,))


@dataclass(frozen=True)
class Course:
    """A course: its folder, its rules and its assignments.

    Attributes:
        folder: where everything of the course lies.
        name: of the course.
        term: after which `purge` forgets.
        secret_file: holds what hidden cases are made from.
        gradebook: the database's URL.
        timezone: of the dates.
        book: address of the built book that feedback and reports link to.
        grace: how late is still in time.
        daily_penalty: share of the points that each day begun costs.
        cap: the largest share that lateness costs.
        attempts: which of several submissions counts, "last" or "best".
        assignments: by their names.
    """

    folder: Path
    name: str
    term: str
    secret_file: Path
    gradebook: str
    timezone: ZoneInfo
    book: str = BOOK
    grace: timedelta = timedelta()
    daily_penalty: float = 0.0
    cap: float = 1.0
    attempts: str = "last"
    assignments: dict[str, Assignment] = field(default_factory=dict)

    @property
    def secret(self) -> bytes:
        """Return the course's secret.

        Raises:
            CourseError: its file is missing or too short.
        """
        try:
            secret = self.secret_file.read_bytes().strip()
        except OSError:
            raise CourseError(
                f"expected the course's secret in {self.secret_file}, found no such file: restore "
                "it from your backup, since another secret makes other hidden cases"
            ) from None
        if len(secret) < 32:
            raise CourseError(
                f"expected at least 32 characters in {self.secret_file}, got {len(secret)}"
            )
        return secret

    def pseudonym(self, student: str) -> str:
        """Return what stands for a student where names have no business."""
        digest = hmac.new(self.secret, f"pseudonym\0{student}".encode(), hashlib.sha256).digest()
        return "s-" + base64.b32encode(digest)[:8].decode().lower()

    def assignment(self, name: str) -> Assignment:
        """Return an assignment by its name.

        Raises:
            CourseError: there is none of that name.
        """
        if name not in self.assignments:
            known = ", ".join(self.assignments) or "none yet"
            raise CourseError(f"expected one of the course's assignments ({known}), got {name!r}")
        return self.assignments[name]


def load(folder: Path) -> Course:
    """Read the course in a folder.

    Raises:
        CourseError: there is none, or its file says something that cannot be; names the entry.
    """
    file = Path(folder) / FILE
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CourseError(
            f"expected a course in {folder}, found no {FILE} there: "
            "make one with `python -m lib.instructor init FOLDER`, or name it with --course"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{file}: expected TOML, got: {error}") from None
    return _course(_Table(file, "", entries), file.parent.resolve())


class _Table:
    """A table of the file, whose entries are asked for by type and may not be left over."""

    def __init__(self, file: Path, path: str, entries: Any):
        self.file, self.path = file, path
        if not isinstance(entries, dict):
            raise CourseError(f"{file}: expected {path} to be a table, got {entries!r}")
        self.entries = dict(entries)

    def refuse(self, name: str, expected: str, got: Any) -> CourseError:
        """Return the error that names an entry, what was expected and what stands there."""
        place = f"{self.path}.{name}".strip(".")
        return CourseError(f"{self.file}: expected {place} to be {expected}, got {got!r}")

    def take(self, name: str, kinds: type | tuple, expected: str, default: Any = None) -> Any:
        """Take an entry of a type out of the table."""
        value = self.entries.pop(name, default)
        if value is not default and (not isinstance(value, kinds) or isinstance(value, bool)):
            raise self.refuse(name, expected, value)
        return value

    def share(self, name: str, default: float) -> float:
        """Take a number from 0 to 1."""
        value = self.take(name, (int, float), "a share from 0 to 1", default)
        if not 0 <= value <= 1:
            raise self.refuse(name, "a share from 0 to 1", value)
        return float(value)

    def span(self, name: str) -> timedelta:
        """Take a length of time, "2 days"."""
        text = self.take(name, str, 'a length of time such as "2 days"', "")
        if not text:
            return timedelta()
        count, _, unit = text.partition(" ")
        minutes = UNITS.get(unit.strip().rstrip("s"))
        if not count.isdecimal() or minutes is None:
            raise self.refuse(name, 'a length of time such as "15 minutes" or "2 days"', text)
        if len(count) > 7 or int(count) * minutes > 3650 * UNITS["day"]:
            raise self.refuse(name, "at most 3650 days", text)
        return timedelta(minutes=int(count) * minutes)

    def names(self, name: str) -> tuple[str, ...]:
        """Take a list of names."""
        value = self.take(name, list, "a list of names", [])
        if not value or not all(isinstance(each, str) for each in value):
            raise self.refuse(name, "a list of names", value)
        return tuple(value)

    def table(self, name: str) -> "_Table":
        """Take a table within the table; an empty one if there is none."""
        path = f"{self.path}.{name}".strip(".")
        return _Table(self.file, path, self.entries.pop(name, {}))

    def done(self) -> None:
        """See that nothing is left over: it would be a slip of the pen that nobody hears of."""
        for name in self.entries:
            raise CourseError(
                f"{self.file}: {f'{self.path}.{name}'.strip('.')} is no entry that a course has"
            )


def _course(top: _Table, folder: Path) -> Course:
    about, late = top.table("course"), top.table("late")
    name = about.take("name", str, "the course's name", "")
    if not name:
        raise about.refuse("name", "the course's name", name)
    zone = about.take("timezone", str, 'a time zone such as "Europe/London"', "UTC")
    try:
        timezone = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise about.refuse("timezone", 'a time zone such as "Europe/London"', zone) from None
    attempts = late.take("attempts", str, '"last" or "best"', "last")
    if attempts not in ("last", "best"):
        raise late.refuse("attempts", '"last" or "best"', attempts)
    course = Course(
        folder=folder,
        name=name,
        term=about.take("term", str, "the term's name", ""),
        secret_file=folder / about.take("secret", str, "a file's name", "secret.key"),
        gradebook=about.take("gradebook", str, "a database's URL", "sqlite:///gradebook.db"),
        timezone=timezone,
        book=about.take("book", str, "the book's address", BOOK),
        grace=late.span("grace"),
        daily_penalty=late.share("daily_penalty", 0.0),
        cap=late.share("cap", 1.0),
        attempts=attempts,
    )
    listed = top.take("assignments", list, "tables [[assignments]]", [])
    extensions, groups = top.table("extensions"), top.table("groups")
    for number, entries in enumerate(listed):
        one = _assignment(
            _Table(top.file, f"assignments[{number}]", entries), extensions, groups, timezone
        )
        if one.name in course.assignments:
            raise CourseError(f"{top.file}: expected one assignment {one.name!r}, got two")
        course.assignments[one.name] = one
    for table in (about, late, extensions, groups, top):
        table.done()
    return course


def _assignment(
    table: _Table, extensions: _Table, groups: _Table, timezone: ZoneInfo
) -> Assignment:
    name = table.take("name", str, "the assignment's name", "")
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise table.refuse("name", "a name of letters, digits, - and _", name)
    chapters = table.names("chapters")
    for topic in chapters:
        if topic not in TOPICS:
            raise table.refuse("chapters", f"among the topics with exercises, {TOPICS}", topic)
    due = _due(table, timezone)
    points = table.take("points", (int, float), "a number of points above 0", None)
    if points is not None and not 0 < points < float("inf"):
        raise table.refuse("points", "a number of points above 0", points)
    library = table.take("library", str, "a version", "")
    table.done()
    longer = extensions.table(name)
    together = groups.table(name)
    one = Assignment(
        name,
        chapters,
        due,
        points,
        library,
        {student: longer.span(student) for student in list(longer.entries)},
        {group: together.names(group) for group in list(together.entries)},
        timezone,
    )
    members = [student for group in one.groups.values() for student in group]
    for student in members:
        if members.count(student) > 1:
            raise together.refuse(student, "in one group", "several")
    return one


def _due(table: _Table, timezone: ZoneInfo) -> datetime | None:
    expected = "a date and time such as 2026-12-11T23:59:00"
    due = table.take("due", datetime, expected, None)
    if due is None:
        return None
    if not 2000 <= due.year <= 2999:
        raise table.refuse("due", f"{expected}, or to be left out", due.isoformat())
    return _latest(due if due.tzinfo else due.replace(tzinfo=timezone))


def _latest(at: datetime) -> datetime:
    """Return a time in UTC; where the clocks show it twice, the later one is meant."""
    return max(at.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
