"""Fills a learning management system's own table with the points of an assignment."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from lib.grading._text import plain
from lib.instructor._scores import number_text, out_of, score
from lib.instructor._sheet import Sheet, harmless
from lib.instructor.course import Assignment, CourseError
from lib.instructor.records import Work

BY_LMS = ("identifier", "id")  # columns that hold the system's own number of a student
BY_ID = ("sis login id", "sis user id", "id number", "username")
NOBODY = ("Student, Test", "Test Student")  # what Canvas adds to a course


@dataclass
class Filled:
    """A file that was filled in.

    Attributes:
        data: the file.
        given: how many rows got points.
        unknown: rows that are of nobody in the roster, by what they call the student.
        absent: ids of students with points whom the file does not name.
    """

    data: bytes
    given: int = 0
    unknown: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def fill(
    sheet: Sheet,
    assignment: Assignment,
    works: Sequence[Work],
    column: str | None = None,
    **choices: bool,
) -> Filled:
    """Fill one column of a learning management system's own table.

    A row without points of ours keeps what stands there.

    Args:
        sheet: the table, which is changed.
        assignment: whose points.
        works: of all students.
        column: name of the column; Moodle's "Grade", or the one named as the assignment is,
            Canvas's number behind it, or else a new one.
        choices: as `score` takes them.

    Raises:
        CourseError: the table names no students, or its full marks are others than ours.
    """
    who = _Finder(sheet, works)
    at = _column(sheet, assignment, column)
    result = Filled(b"")
    seen = set()
    for row in range(1, len(sheet)):
        work = who.of(row)
        _same_scale(sheet, assignment, row, at, work)
        if work is None:
            result.unknown += who.unknown(row)
            continue
        seen.add(work.student.id)
        points = score(assignment, work, **choices)
        if points is not None:
            sheet.put(row, at, number_text(points))
            result.given += 1
    result.absent = [
        work.student.id
        for work in works
        if work.student.id not in seen and score(assignment, work, **choices) is not None
    ]
    result.data = sheet.encoded()
    return result


class _Finder:
    """Finds whose row it is, by every column that says so."""

    def __init__(self, sheet: Sheet, works: Sequence[Work]):
        header = [" ".join(name.split()).casefold() for name in sheet.header]
        self.sheet = sheet
        self.columns = {at: name for at, name in enumerate(header) if name in BY_LMS + BY_ID}
        if not self.columns:
            raise CourseError(
                "expected the file as the learning management system exports it, with a column "
                "ID, SIS Login ID, SIS User ID, Identifier, ID number or Username; got "
                f"{plain(', '.join(sheet.header)) or 'of an empty file'}"
            )
        self.by_lms, self.by_id = defaultdict(list), {}
        for work in works:
            self.by_id[work.student.id] = work
            if work.student.lms:
                self.by_lms[work.student.lms].append(work)

    def of(self, row: int) -> Work | None:
        """Return the one work that a row is about; None if there is none, or more than one."""
        found = {}
        for at, name in self.columns.items():
            value = self.sheet.value(row, at).strip().removeprefix("Participant ")
            works = self.by_lms[value] if name in BY_LMS else [self.by_id.get(value)]
            found |= {work.student.id: work for work in works if work}
        return next(iter(found.values())) if len(found) == 1 else None

    def unknown(self, row: int) -> list[str]:
        """Return what a row calls the student, unless it is about nobody."""
        told = [self.sheet.value(row, at).strip() for at in self.columns]
        first = self.sheet.value(row, 0).strip()
        if not any(told) or first in NOBODY or first.casefold().startswith("points possible"):
            return []
        return [plain(" ".join([first, *told[:1]]), 80)]


def _column(sheet: Sheet, assignment: Assignment, wanted: str | None) -> int:
    """Return where the points go; a new column stands where Canvas looks for assignments."""
    names = [name.casefold() for name in sheet.header]
    if wanted is not None:
        places = [at for at, name in enumerate(names) if name == wanted.strip().casefold()]
    elif "identifier" in names:
        places = [at for at, name in enumerate(names) if name == "grade"]
    else:
        own = re.compile(rf"{re.escape(assignment.name.casefold())}(?: \(\d+\))?")
        places = [at for at, name in enumerate(names) if own.fullmatch(name)]
    if len(places) == 1:
        return places[0]
    if places or wanted is not None or "section" not in names:
        what = repr(plain(wanted or ("Grade" if "identifier" in names else assignment.name)))
        raise CourseError(
            f"expected one column {what} for the points, got {len(places)} among: "
            f"{plain(', '.join(sheet.header))}; name the right one with --column"
        )
    at = names.index("section") + 1
    sheet.insert(at, harmless(assignment.name))
    for row in range(1, len(sheet)):
        if sheet.value(row, 0).strip().casefold().startswith("points possible"):
            sheet.put(row, at, number_text(out_of(assignment)))
    return at


def _same_scale(
    sheet: Sheet, assignment: Assignment, row: int, at: int, work: Work | None
) -> None:
    """Refuse a table that counts full marks otherwise: all points in it would be wrong."""
    names = [name.casefold() for name in sheet.header]
    told = ""
    if sheet.value(row, 0).strip().casefold().startswith("points possible"):
        told = sheet.value(row, at)
    elif work and "maximum grade" in names:
        told = sheet.value(row, names.index("maximum grade"))
    try:
        most = float(told.strip().replace(",", "."))
    except ValueError:
        return  # it does not say
    if abs(most - out_of(assignment)) > 1e-6:
        raise CourseError(
            f"the file counts {number_text(most)} points for full marks, the course "
            f"{number_text(out_of(assignment))}: put points = {number_text(most)} into "
            f"course.toml, at the assignment {assignment.name}, or change it there"
        )
