"""Hand-in: run the saved notebook afresh, say what is missing, write one file and a receipt.

What is found here is for the student alone. Nothing of it decides a grade, so that a notebook
which fools it fools its own author.
"""

import hashlib
import json
import os
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lib import __version__
from lib.grading._check import TOPICS, exercises
from lib.grading._exercise import normal
from lib.grading._notebook_json import tree_of
from lib.grading._signed import fit, signed
from lib.grading._standing import lost, raised, short, told, tried
from lib.grading._text import plain
from lib.grading.reader import Notebook, contents, parse

SECONDS = 60.0  # for one cell


class HandInError(ValueError):
    """Says why nothing was written, and what to do."""


@dataclass(frozen=True)
class HandIn:
    """What was handed in.

    Attributes:
        file: the notebook to hand in.
        receipt: beside it, the same as `text`.
        complete: whether nothing is missing.
        text: all that is to be said.
    """

    file: Path
    receipt: Path
    complete: bool
    text: str


def hand_in(
    path: Path,
    student: str = "",
    folder: Path | None = None,
    yes: bool = False,
    seconds: float = SECONDS,
) -> HandIn:
    """Run a saved notebook afresh, and write what is to be handed in.

    Args:
        path: the notebook; it is not changed.
        student: who hands it in; what the notebook says if left out.
        folder: where to write; the notebook's own if left out.
        yes: overwrite what was handed in before.
        seconds: for each cell.

    Raises:
        BadNotebook: the file cannot be read as a notebook.
        HandInError: nothing was written, for the reason that it says.
        NoKernelError: no notebook can be run here.
    """
    data = contents(path)
    saved = datetime.fromtimestamp(os.stat(path).st_mtime).astimezone()
    notebook = parse(data)
    topic = topic_of(notebook, path)
    student, gap = _who(notebook, student)
    folder = path.parent if folder is None else folder
    file = folder / f"{topic}-{slug(student)}.ipynb"
    receipt = file.with_suffix(".receipt.txt")
    _refuse_overwriting(path, (file, receipt), yes)
    asked = tuple(exercises(topic).values())
    ran, questions = tried(notebook, asked, student, path.parent, seconds)
    gaps = [*([gap] if gap else []), *raised(notebook, ran)]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    written = handed_in(data, notebook, student, now)
    text = told(
        {
            "Student": student or "not named",
            "Handed in": now,
            "Notebook": f"{plain(path.name)}, as it was saved at {saved:%Y-%m-%d %H:%M:%S %z}",
            "To hand in": plain(file.name),
            "SHA-256": hashlib.sha256(written).hexdigest(),
            "Library": __version__,
        },
        questions,
        gaps,
        [*lost(notebook, asked), *notebook.notes],
    )
    _write(folder, {file: written, receipt: text.encode()})
    return HandIn(file, receipt, not gaps and all(each.done for each in questions), text)


def topic_of(notebook: Notebook, path: Path) -> str:
    """Return the topic most of whose questions stand in a notebook, whatever its name.

    Raises:
        HandInError: it holds no question of any topic.
    """
    ids = {cell.grade_id for cell in notebook.cells}
    code = "\n".join(cell.source for cell in notebook.cells if cell.kind == "code")

    def rank(topic):
        keys = exercises(topic)
        held = sum(short(key) in ids or f'"{key}"' in code for key in keys)
        return held, path.name.startswith(topic)

    best = max(TOPICS, key=rank)
    if not rank(best)[0]:
        raise HandInError(
            f"expected one of the exercise notebooks {TOPICS}, but none of their questions stands "
            "in this one: choose the file in which you worked"
        )
    return best


def handed_in(data: bytes, notebook: Notebook, student: str, now: str) -> bytes:
    """Return the file to hand in: the notebook as it was saved, without outputs, and by whom."""
    tree = tree_of(data)
    for cell in tree["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
    about = tree.get("metadata")
    tree["metadata"] = about if isinstance(about, dict) else {}
    tree["metadata"].pop("widgets", None)  # their states are outputs too
    tree["metadata"]["descent"] = {
        "student": student,
        "handed_in": now,
        "library": __version__,
        "sha256": notebook.fingerprint,
    }
    return f"{json.dumps(tree, indent=1)}\n".encode()  # as ASCII, which holds any string of JSON


def slug(student: str) -> str:
    """Return a student's name or number in letters that every system's file names may have.

    Example:
        >>> slug("José / 7")
        'Jose-7'
    """
    letters = unicodedata.normalize("NFKD", student).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", letters).strip("-.")[:60] or "unnamed"


def _who(notebook, student):
    """Return who hands in, and what is missing in how the notebook says it."""
    signs, gap = signed(notebook.cells)
    if student and not fit(student):
        raise HandInError(f"expected a name or number as --student, got {plain(student)!r}")
    if student and signs and normal(student) != normal(signs):
        raise HandInError(
            f"the notebook says STUDENT = {signs!r}, but --student says {student!r}: correct one "
            "of them"
        )
    return student or signs, gap


def _refuse_overwriting(path, targets, yes):
    for target in targets:
        if os.path.lexists(target):
            if target.exists() and target.samefile(path):
                raise HandInError(
                    f"{plain(target.name)} is the file that you would hand in: name another "
                    "folder with --folder"
                )
            if not yes:
                raise HandInError(
                    f"{plain(str(target))} was written before: repeat the command with --yes to "
                    "overwrite it, or name another folder with --folder"
                )


def _write(folder, files):
    """Write files so that each is whole or not there at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, data in files.items():
            part = file.with_name(f"{file.name}.part")
            part.write_bytes(data)
            os.replace(part, file)
    except OSError as error:
        raise HandInError(f"cannot write into {plain(str(folder))}: {error.strerror}") from None
