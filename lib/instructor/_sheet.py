"""A table in somebody else's CSV file, of which one column is filled and nothing else changes."""

import codecs
import re
from pathlib import Path

from lib.grading._text import plain
from lib.instructor.course import CourseError

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
FORMULA = re.compile(r"[\s'\"]*[=+\-@＝＋－＠]|[\t\r]")


class Sheet:
    """A CSV file taken apart: each cell as its letters stand there, quotes included.

    Args:
        path: the file; with commas, semicolons or tabs, in any encoding that spreadsheets write.

    Raises:
        CourseError: it cannot be read, or a quotation mark in it is never closed.
    """

    def __init__(self, path: Path):
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CourseError(f"expected a CSV file in {path}, got: {error.strerror}") from None
        if data[:4] == b"PK\x03\x04":
            raise CourseError(f"{path}: expected CSV, got a workbook or a zip: save it as CSV")
        self._mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
        data = data[len(self._mark) :]
        self._encoding = MARKS.get(self._mark) or _encoding(data)
        text = _decoded(path, data, self._encoding)
        head = re.sub('"[^"]*"', "", text.lstrip("\r\n").partition("\n")[0])
        self._separator = max(",;\t", key=head.count)
        self._cells, self._ends = _apart(path, text, self._separator)
        self.header = [_value(cell).strip() for cell in self._cells[0]] if self._cells else []

    def __len__(self) -> int:
        return len(self._cells)

    def value(self, row: int, column: int) -> str:
        """Return what a cell says; "" if the row is shorter."""
        cells = self._cells[row]
        return _value(cells[column]) if column < len(cells) else ""

    def put(self, row: int, column: int, text: str) -> None:
        """Write into a cell, within quotes if it stood in quotes or has to."""
        cells = self._cells[row]
        cells += [""] * (column + 1 - len(cells))
        special = any(letter in text for letter in (self._separator, '"', "\r", "\n"))
        quoted = special or cells[column].startswith('"')
        cells[column] = '"{}"'.format(text.replace('"', '""')) if quoted else text

    def insert(self, column: int, name: str) -> None:
        """Make room for a column before another one; it is empty but for its name."""
        for cells in self._cells:
            if len(cells) >= column and cells != [""]:
                cells.insert(column, "")
        self.put(0, column, name)
        self.header.insert(column, name)

    def encoded(self) -> bytes:
        """Return the file as it is to be written."""
        rows = zip(self._cells, self._ends, strict=True)
        text = "".join(self._separator.join(cells) + end for cells, end in rows)
        return self._mark + text.encode(self._encoding)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, on one line.

    Example:
        >>> harmless("=1+1"), harmless("Doe, Jane")
        ("'=1+1", 'Doe, Jane')
    """
    cleaned = plain(text)
    return f"'{cleaned}" if FORMULA.match(text) or FORMULA.match(cleaned) else cleaned


def _decoded(path: Path, data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise CourseError(f"{path}: expected {encoding}, as its first bytes say") from None


def _encoding(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1"  # every byte comes back as it was, whatever it meant
    return "utf-8"


def _apart(path: Path, text: str, separator: str) -> tuple[list[list[str]], list[str]]:
    """Take a text apart into rows of raw cells, and the line ends after them."""
    quoted = r'(?:"(?:[^"]|"")*+")?'
    cell = re.compile(rf"({quoted}[^{separator}\r\n]*)({separator}|\r\n|\n|\r|\Z)")
    rows, ends, row, at = [], [], [], 0
    while at < len(text) or row:
        found = cell.match(text, at)
        if _open(found[1]):
            line = text.count("\n", 0, at) + 1
            raise CourseError(f"{path}, line {line}: expected a closing quotation mark")
        row.append(found[1])
        at = found.end()
        if found[2] != separator:
            rows.append(row)
            ends.append(found[2])
            row = []
    return rows, ends


def _open(raw: str) -> bool:
    return raw.startswith('"') and not re.match(r'"(?:[^"]|"")*+"', raw)


def _value(raw: str) -> str:
    """Return what a raw cell says, as Python's csv reads it."""
    found = re.match(r'"((?:[^"]|"")*+)"(.*)\Z', raw, re.DOTALL)
    return found[1].replace('""', '"') + found[2] if found else raw
