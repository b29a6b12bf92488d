"""Reads the notebooks that are handed in: as JSON alone, running nothing, trusting nothing.

What Jupyter opens is read, and what is odd about it is noted; what Jupyter would not open is
refused in one clear line. Deleted, moved or doubled cells are no failure. Where one grade id
stands on several cells, all of them count: code runs in the notebook's order, so that the last
definition holds; texts are joined in that order.
"""

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lib.grading._notebook_json import MOST_BYTES, named, refuse_size, tree_of
from lib.grading._notebook_json import BadNotebook as BadNotebook
from lib.grading._text import plain as plain

KINDS = ("code", "markdown", "raw")
MOST_CELLS = 1_000
MOST_LETTERS = 100_000  # of one cell's source
MOST_NOTES = 20
GRADE_ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what Python's compiler and UTF-8 choke on
SAID = ("student", "handed_in", "library", "sha256")


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook.

    Attributes:
        kind: one of `KINDS`.
        source: what stands in it, hostile.
        grade_id: by which the release knows it: letters, digits and `_.-`; "" if it has none.
    """

    kind: str
    source: str
    grade_id: str = ""


@dataclass(frozen=True)
class Notebook:
    """What is read of a notebook.

    Attributes:
        cells: in their order.
        notes: what is odd about it, a clear line each; nothing that stops it from being graded.
        said: what its hand-in says of itself ("student", "handed_in", "library", "sha256"), or
            nothing; the student's own word, never an identity.
    """

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def missing(self, expected: Iterable[str]) -> tuple[str, ...]:
        """Return those of the release's grade ids that no cell has any more."""
        there = {cell.grade_id for cell in self.cells}
        return tuple(grade_id for grade_id in expected if grade_id not in there)

    def text_of(self, grade_id: str) -> str:
        """Return what stands in all cells of a grade id, joined in their order."""
        return "\n\n".join(cell.source for cell in self.cells if cell.grade_id == grade_id)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the cells' kinds and sources, in hexadecimal; outputs change nothing."""
        listed = json.dumps([[cell.kind, cell.source] for cell in self.cells])
        return hashlib.sha256(listed.encode()).hexdigest()


def read(path: Path) -> Notebook:
    """Read the notebook in a file.

    Raises:
        BadNotebook: there is no such file, or nothing in it can be read as a notebook.
    """
    return parse(contents(path))


def contents(path: Path) -> bytes:
    """Return the bytes of a regular file that is no larger than a notebook may be.

    Raises:
        BadNotebook: there is no such file, it is a link, a folder, a pipe…, or too large.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):  # not on every system
        flags |= getattr(os, name, 0)
    try:
        _refuse_kind(os.lstat(path))  # before it is opened: to open a device may do something
        with open(os.open(path, flags), "rb") as file:
            about = os.fstat(file.fileno())
            _refuse_kind(about)
            refuse_size(about.st_size)
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise BadNotebook("expected a notebook, but there is no such file") from None
    except OSError as error:
        raise BadNotebook(f"the file cannot be read: {error.strerror}") from None
    except ValueError as error:
        if isinstance(error, BadNotebook):
            raise
        raise BadNotebook("expected the name of a file, got one with a NUL in it") from None
    refuse_size(len(data))
    return data


def parse(data: bytes) -> Notebook:
    """Read a notebook from the bytes of its file.

    Raises:
        BadNotebook: they are not a Python notebook of format 4; the message says what they are.
    """
    tree, notes = tree_of(data), []
    _refuse_format(tree)
    about = _metadata(tree, "the notebook", notes)
    _refuse_language(about)
    cells = tree.get("cells")
    if not isinstance(cells, list):
        raise BadNotebook(f"expected a list of cells, got {named(cells)}")
    if len(cells) > MOST_CELLS:
        raise BadNotebook(f"expected at most {MOST_CELLS} cells, got {len(cells)}")
    found = tuple(_cell(cell, number, notes) for number, cell in enumerate(cells, 1))
    notes.extend(_doubled(found))
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES - 1 :] = [f"and {len(notes) - MOST_NOTES + 1} notes more"]
    return Notebook(found, tuple(plain(note) for note in notes), _said(about))


def _refuse_kind(about):
    if stat.S_ISREG(about.st_mode):
        return
    kinds = {stat.S_ISLNK: "a link", stat.S_ISDIR: "a folder", stat.S_ISFIFO: "a pipe"}
    what = next((name for test, name in kinds.items() if test(about.st_mode)), "a device")
    raise BadNotebook(f"expected a notebook file, got {what}: hand in the .ipynb file itself")


def _refuse_format(tree):
    version = tree.get("nbformat")
    if "worksheets" in tree or (type(version) is int and version in (1, 2, 3)):
        raise BadNotebook(
            f"the notebook is in an old format ({_version(version)}), expected 4: "
            "open it in Jupyter, save it and hand that file in"
        )
    if version is None and not isinstance(tree.get("cells"), list):
        raise BadNotebook("this is JSON, but not a notebook: hand in the .ipynb file itself")
    if type(version) is not int or version != 4:
        raise BadNotebook(
            f"expected a notebook of nbformat 4, got {_version(version)}: "
            "save it in format 4 and hand that file in"
        )


def _version(version):
    return str(version) if type(version) is int and 0 <= version < 100 else named(version)


def _refuse_language(about):
    for place, name in (("kernelspec", "language"), ("language_info", "name")):
        table = about.get(place)
        language = table.get(name) if isinstance(table, dict) else None
        if isinstance(language, str) and not language.lower().startswith(("python", "ipython")):
            raise BadNotebook(
                f"expected a notebook for Python, got one for {plain(language, 40)!r}: "
                "choose a Python kernel (Kernel → Change Kernel), run it and save"
            )


def _metadata(owner, name, notes):
    about = owner.get("metadata", {})
    if isinstance(about, dict):
        return about
    notes.append(f"the metadata of {name} is damaged ({named(about)}); it is ignored")
    return {}


def _cell(cell: Any, number: int, notes: list[str]) -> Cell:
    if not isinstance(cell, dict):
        raise BadNotebook(f"expected cell {number} to be an object, got {named(cell)}")
    kind = cell.get("cell_type")
    if kind not in KINDS:
        shown = repr(plain(kind, 40)) if isinstance(kind, str) else named(kind)
        raise BadNotebook(f"expected cell {number} to be one of {KINDS}, got {shown}")
    source = _source(cell.get("source"), number)
    if NO_TEXT.search(source):
        notes.append(f"cell {number} holds characters that no text can; each is read as �")
        source = NO_TEXT.sub("�", source)
    return Cell(kind, source, _grade_id(_metadata(cell, f"cell {number}", notes), number, notes))


def _source(source, number):
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise BadNotebook(f"expected a text in cell {number}, got {named(source)}")
    if len(source) > MOST_LETTERS:
        raise BadNotebook(
            f"expected at most {MOST_LETTERS} characters in cell {number}, got {len(source)}: "
            "what was pasted there belongs into a file of its own"
        )
    return source


def _grade_id(about, number, notes):
    if "nbgrader" not in about:
        return ""
    mark = about["nbgrader"]
    grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
    if isinstance(grade_id, str) and GRADE_ID.fullmatch(grade_id):
        return grade_id
    notes.append(f"the grade id of cell {number} is damaged; the cell is read as a plain one")
    return ""


def _doubled(cells):
    """Note each grade id that stands on several cells."""
    counts = Counter(cell.grade_id for cell in cells if cell.grade_id)
    for grade_id in (each for each, times in counts.items() if times > 1):
        numbers = [n for n, cell in enumerate(cells, 1) if cell.grade_id == grade_id]
        kinds = {cell.kind for cell in cells if cell.grade_id == grade_id}
        rule = "all run, and the last definition counts" if "code" in kinds else "all are read"
        yield f"the grade id {plain(grade_id, 60)!r} stands on cells {numbers}: {rule}"


def _said(about):
    table = about.get("descent")
    table = table if isinstance(table, dict) else {}
    said = {key: plain(table[key]) for key in SAID if isinstance(table.get(key), str)}
    return MappingProxyType(said)
