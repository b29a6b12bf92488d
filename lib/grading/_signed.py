"""Who a notebook says that its student is: the last `STUDENT = "…"`, read without running it."""

import ast
import re
import warnings
from collections.abc import Sequence

from lib.grading._text import plain
from lib.grading.reader import Cell

MAGIC = re.compile(r"^([ \t]*)[%!].*$", re.MULTILINE)
MOST_LETTERS = 100


def signed(cells: Sequence[Cell]) -> tuple[str, str]:
    """Return the student's name or number, and what is to be done about it.

    Returns:
        student: as the notebook has it, or "".
        gap: what is missing, in a clear line that says where; or "".
    """
    found = [
        (number, *each)
        for number, cell in enumerate(cells, 1)
        if cell.kind == "code"
        for each in _assigned(cell.source)
    ]
    if not found:
        return "", 'no cell says who you are: add STUDENT = "your id" to the first code cell'
    number, line, value = found[-1]
    place = f"line {line} of cell {number}"
    if type(value) not in (str, int):
        return "", f"STUDENT is no plain text: write your id in quotes, {place}"
    student = str(value).strip()
    if not student:
        return "", f"STUDENT is empty: write your id between the quotes, {place}"
    if not fit(student):
        return "", f"STUDENT holds letters that cannot be shown, or too many: {place}"
    return student, ""


def fit(student: str) -> bool:
    """Tell whether a name or number can be shown as it is."""
    return 0 < len(student) <= MOST_LETTERS and plain(student) == student


def _assigned(source):
    """Return line and value of each plain assignment to STUDENT in a cell."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        (each.lineno, each.value.value if isinstance(each.value, ast.Constant) else None)
        for each in tree.body
        if isinstance(each, ast.Assign)
        and any(isinstance(name, ast.Name) and name.id == "STUDENT" for name in each.targets)
    ]
