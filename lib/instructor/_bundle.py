"""Packs pages as learning management systems take them back: one zip, names that they know."""

import io
import re
import zipfile
from collections.abc import Sequence

from lib.grading._text import plain
from lib.instructor._answers import counted
from lib.instructor.course import Assignment, Course
from lib.instructor.records import Work

LMS = ("canvas", "moodle")
CANVAS = re.compile(r"([^/\\]*?_\d+_\d+)_[^/\\]+")
MOODLE = re.compile(r"([^/\\_]+_\d+_assignsubmission_file_?)(?:[/\\].*|[^/\\]*)")
EPOCH = (1980, 1, 1, 0, 0, 0)  # so that the same pages make the same zip


def zipped(
    course: Course, assignment: Assignment, works: Sequence[Work], pages: dict[str, str], lms: str
) -> tuple[bytes, list[str]]:
    """Return the pages as a learning management system takes them back, and who is left out.

    Moodle takes "Full name_Identifier_assignsubmission_file_/feedback.html", Canvas the beginning
    of the submission's own file name. Both stand in the name of the file as it was collected;
    Moodle's can also be made from the roster.
    """
    file, left_out = io.BytesIO(), []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for work in works:
            attempt = counted(course, assignment, work)
            own = attempt.name if attempt and attempt.by == work.student.id else ""
            name = canvas_name(own) if lms == "canvas" else moodle_name(own, work)
            if name:
                archive.writestr(zipfile.ZipInfo(name, EPOCH), pages[work.student.id])
            else:
                left_out.append(work.student.id)
    return file.getvalue(), left_out


def canvas_name(collected: str) -> str:
    """Return the name by which Canvas finds the submission again, or "".

    Example:
        >>> canvas_name("doejane_LATE_1234_56789_pooling-2.ipynb")
        'doejane_LATE_1234_56789_feedback.html'
    """
    found = CANVAS.fullmatch(collected.rpartition("/")[2])
    return f"{found[1]}_feedback.html" if found else ""


def moodle_name(collected: str, work: Work) -> str:
    """Return the name by which Moodle finds the student again, or "".

    Example:
        >>> from lib.instructor.records import Student
        >>> work = Work(Student("jd1", "Jane Doe", lms="12345"), "s-1", "graded")
        >>> moodle_name("", work)
        'Jane Doe_12345_assignsubmission_file_/feedback.html'
    """
    found = MOODLE.fullmatch(collected)
    if found:
        return f"{found[1]}/feedback.html"
    name = re.sub(r'[/\\_:*?"<>|]', " ", plain(work.student.name)).strip(" .") or work.student.id
    if not re.fullmatch("[0-9]+", work.student.lms):
        return ""
    return f"{name}_{work.student.lms}_assignsubmission_file_/feedback.html"
