"""The notebooks that formgrader shows: what a student wrote, beside what the judge found.

nbgrader shows a notebook's markdown as it stands, scripts included, in the browser of whoever
grades. So a student's words are shown as they were typed, and nothing of a submission but its
sources is kept: no output, no metadata, no attachment.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from lib.grading.judge import Graded, Mark
from lib.grading.reader import BadNotebook, Cell, contents, parse
from lib.instructor._files import make_folder, replace
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.handed_in import Attempt


def write_review(
    course: Course,
    assignment: Assignment,
    student: str,
    attempt: Attempt,
    graded: Mapping[str, Graded],
    message: str = "",
) -> None:
    """Write an attempt to where nbgrader looks for it: `submitted` and `autograded`.

    Args:
        course: whose folder.
        assignment: whose attempt.
        student: under whose name; a partner of whoever handed it in, perhaps.
        attempt: what was handed in.
        graded: what the judge found about the notebook of each topic.
        message: why it was not graded, or "".
    """
    submitted = course.folder / "submitted" / student / assignment.name
    autograded = course.folder / "autograded" / student / assignment.name
    for folder in (submitted, autograded):
        if folder.exists():
            shutil.rmtree(folder)
        make_folder(folder)
    stamp = attempt.at.strftime("%Y-%m-%d %H:%M:%S UTC")
    for folder in (submitted, autograded):
        replace(folder / "timestamp.txt", stamp)
    for topic in assignment.chapters:
        cells = ()
        if topic in attempt.files:
            with suppress(BadNotebook):  # the message says so
                data = contents(attempt.files[topic])
                replace(submitted / f"{topic}.ipynb", data)
                cells = parse(data).cells
        shown = reviewed(released(course, assignment, topic), cells, graded.get(topic))
        if message:
            why = f"**Not graded.**\n\n{fenced(message)}"
            shown.cells.insert(0, v4.new_markdown_cell(why))
        replace(autograded / f"{topic}.ipynb", json.dumps(shown))


def released(course: Course, assignment: Assignment, topic: str) -> NotebookNode:
    """Read the notebook of a topic as it was given to students.

    Raises:
        CourseError: it is not there.
    """
    path = course.folder / "release" / assignment.name / f"{topic}.ipynb"
    try:
        return _parsed(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise CourseError(
            f"expected the released notebook {path}, found none: "
            f"`python -m lib.instructor assign {assignment.name}` makes it"
        ) from None


@lru_cache(maxsize=16)
def _parsed(path: Path, age: int) -> NotebookNode:
    """Read a notebook, once for all students; `age` tells when it was written."""
    return nbformat.read(path, as_version=4)


def reviewed(release: NotebookNode, cells: Sequence[Cell], graded: Graded | None) -> NotebookNode:
    """Return a student's notebook as a person reviews it.

    Args:
        release: what the student was given: its locked cells, and what nbgrader knows of each.
        cells: what the student handed in.
        graded: what the judge found; None if it could not grade.
    """
    own = {c.metadata.nbgrader.grade_id: c for c in release.cells if "nbgrader" in c.metadata}
    trusted = {cell.source for cell in release.cells}
    marks = {mark.key.partition(".")[2]: mark for mark in graded.marks} if graded else {}
    shown, seen = [], set()
    for cell in cells:
        known = own.get(cell.grade_id) if cell.grade_id not in seen else None
        if known is None or known.cell_type != cell.kind:
            shown.append(_cell(cell.kind, cell.source, trusted))
            continue
        seen.add(cell.grade_id)
        source = known.source if known.metadata.nbgrader.locked else cell.source
        shown.append(_graded_cell(known, source, trusted, marks))
    for grade_id, known in own.items():
        if grade_id not in seen and known.metadata.nbgrader.grade:
            shown.append(_graded_cell(known, "(This cell was not handed in.)", trusted, marks))
    for number, cell in enumerate(shown):
        cell["id"] = f"cell-{number}"
    about = {"nbformat": v4.nbformat, "nbformat_minor": v4.nbformat_minor}
    return NotebookNode(cells=shown, metadata=deepcopy(release.metadata), **about)


def _graded_cell(
    known: NotebookNode, source: str, trusted: set[str], marks: dict[str, Mark]
) -> NotebookNode:
    cell = _cell(known.cell_type, source, trusted)
    cell.metadata["nbgrader"] = NotebookNode(known.metadata.nbgrader)
    mark = marks.get(known.metadata.nbgrader.grade_id)
    if mark and known.metadata.nbgrader.grade and known.cell_type == "code":
        text = {"output_type": "stream", "name": "stdout", "text": verdict(mark)}
        cell.outputs = [NotebookNode(text)]
    return cell


def _cell(kind: str, source: str, trusted: set[str]) -> NotebookNode:
    """Make a cell; nbformat's own functions check the schema each time, which takes long."""
    if kind == "code":
        more = {"execution_count": None, "outputs": []}
    else:
        kind, more = "markdown", {}
        source = source if source in trusted else fenced(source)
    return NotebookNode(cell_type=kind, metadata=NotebookNode(), source=source, **more)


def fenced(text: str) -> str:
    """Return a text as markdown that shows it as it was typed."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def verdict(mark: Mark) -> str:
    """Return what the judge found about a question, as text for whoever reviews it."""
    lines = [f"{mark.key}: {mark.points:g} of {mark.most:g} points"]
    lines += [f"  ✗ {each.category}: {each.reason}" + (f" ({each.said})" if each.said else "")
              for each in mark.failed]  # fmt: skip
    if mark.hint:
        lines.append(f"Known mistake ({mark.misconception}): {mark.hint}")
    return "\n".join(lines) + "\n"
