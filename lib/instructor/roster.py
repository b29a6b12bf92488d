"""Who is in the course: `roster.csv`, and the lists that learning management systems give out."""

import csv
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from lib.grading._text import plain
from lib.instructor._files import replace
from lib.instructor.course import Course, CourseError
from lib.instructor.records import Student

FILE = "roster.csv"
FIELDS = ("id", "name", "section", "email", "lms")
IDS = ("id", "sis login id", "sis user id", "id number", "username")  # the first that is there
NAMES = ("name", "student", "full name")
FIRST, LAST = ("first name",), ("last name", "surname")
SECTIONS, EMAILS = ("section", "groups"), ("email", "email address")
LMS = ("lms", "identifier", "id")  # Canvas's own "ID", where the login stands beside it
ID = re.compile(r"(?!\.)[A-Za-z0-9.\-_@+]{1,64}(?<!\.)")
MOST_BYTES = 50_000_000


def course_roster(course: Course) -> list[Student]:
    """Return the students of a course; none if nobody has been entered.

    Raises:
        CourseError: `roster.csv` is not as it must be; says where and why.
    """
    path = course.folder / FILE
    return read_roster(path) if path.exists() else []


def read_roster(path: Path, warn: Callable[[str], None] = lambda text: None) -> list[Student]:
    """Read a roster: our own, Canvas's gradebook, or Moodle's participants or grading worksheet.

    Args:
        path: a CSV file, with commas, semicolons or tabs, in UTF-8 or the encoding of Windows.
        warn: hears what was guessed.

    Returns:
        the students in the order of the file; names are cleaned of what nobody can see.

    Raises:
        CourseError: it is no such file; an id is missing, doubled or unfit to name a folder.
    """
    rows = _rows(path, _text(path, warn))
    if not rows:
        raise CourseError(f"{path}: expected a row of column names, got an empty file")
    header = [" ".join(each.split()).lower() for each in rows[0][1]]
    pick = _columns(path, header, rows[0][1])
    students, seen = [], {}
    for line, row in rows[1:]:
        if any(row[len(header) :]):
            raise CourseError(
                f"{path}, line {line}: expected {len(header)} columns, got {len(row)}: "
                "put quotes around names that hold the separator"
            )
        student = pick(row)
        if not _is_a_person(student, row[0]):
            continue
        _check_id(path, line, student, seen)
        students.append(student)
    return students


def write_roster(path: Path, students: Sequence[Student]) -> None:
    """Write a roster in our own form, readable by its owner only."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(FIELDS)
    writer.writerows([getattr(each, field) for field in FIELDS] for each in students)
    replace(path, text.getvalue())


def _text(path, warn):
    """Return the file's text, whichever program wrote it."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CourseError(f"expected a roster in {path}, got: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise CourseError(f"{path}: expected a roster, got more than {MOST_BYTES:,} bytes")
    if data[:4] == b"PK\x03\x04":
        raise CourseError(f"{path}: expected CSV, got a workbook or a zip: save it as CSV UTF-8")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        warn(f"{path} is not UTF-8: read as cp1252, the encoding of Windows; look at the names")
        return data.decode("cp1252", "replace")


def _rows(path, text):
    """Return the rows with the numbers of their lines, split by the likeliest separator."""
    first = next((each for each in text.splitlines() if each.strip()), "")
    separator = max(",;\t", key=lambda each: len(next(csv.reader([first], delimiter=each), [])))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise CourseError(f"{path}, line {reader.line_num}: expected CSV, got: {error}") from None
    return [(line, row) for line, row in rows if any(row)]


def _columns(path, header, shown):
    """Return the function that makes a student of a row."""

    def place(names):
        return next((header.index(each) for each in names if each in header), None)

    id_at = place(IDS[1:]) if "student" in header else place(IDS)
    if id_at is None:
        raise CourseError(
            f"{path}: expected a column with the ids by which students hand in: id, SIS Login ID, "
            f"SIS User ID, ID number or Username; got the columns {plain(', '.join(shown))}: "
            "name the right one id"
        )
    lms_at = next(
        (header.index(each) for each in LMS if each in header and header.index(each) != id_at),
        None,
    )
    name_at, first_at, last_at = place(NAMES), place(FIRST), place(LAST)
    section_at, email_at = place(SECTIONS), place(EMAILS)

    def pick(row):
        def cell(at):
            return plain(row[at]) if at is not None and at < len(row) else ""

        name = cell(name_at) or f"{cell(first_at)} {cell(last_at)}".strip()
        lms = cell(lms_at).removeprefix("Participant ")
        return Student(
            row[id_at] if id_at < len(row) else "", name, cell(section_at), cell(email_at), lms
        )

    return pick


def _is_a_person(student, first):
    """Tell a student from the rows that Canvas adds: the points, and its test student."""
    added = first.lstrip().lower().startswith("points possible") or student.name == "Student, Test"
    return not (added or (not student.id and student.name in ("", "Test Student")))


def _check_id(path, line, student, seen):
    place = f"{path}, line {line}"
    if not student.id:
        raise CourseError(f"{place}: expected an id for {student.name!r}, got none")
    if not ID.fullmatch(student.id):
        raise CourseError(
            f"{place}: expected an id of at most 64 letters, digits and .-_@+, neither beginning "
            f"nor ending with a dot, got {student.id!r}"
        )
    folded = student.id.casefold()
    if folded in seen:
        raise CourseError(
            f"{place}: expected each student once, got {student.id!r} as in line {seen[folded]}"
        )
    seen[folded] = line
