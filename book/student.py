"""Make what students get from the graded notebooks: the same, without solutions.

    python -m book.student      write exercises/student/<topic>.ipynb   (`make student`)

nbgrader takes the solutions out and locks the cells of the tasks. Links are moved one folder up,
and the notebook is stored in the form of all of the book's notebooks.
"""

import json
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearSolutions, LockCells
from traitlets.config import Config

from lib.instructor.stubs import STUBS

ROOT = Path(__file__).parent.parent


def without_solutions(path):
    """Return the text of the student's form of one graded notebook."""
    return stored(nbformat.read(path, as_version=4))


def stored(notebook):
    """Return the student's form of a graded notebook as the text of a file."""
    config, resources = Config(ClearSolutions=STUBS), {}
    for step in (ClearSolutions(config=config), LockCells()):
        notebook, resources = step.preprocess(notebook, resources)
    for cell in notebook.cells:
        cell.source = cell.source.replace("](../", "](../../").splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def sources(root=ROOT):
    """Return the graded notebooks."""
    return sorted((root / "exercises").glob("*.ipynb"))


def release(path):
    """Return where the student's form of a graded notebook stands."""
    return path.parent / "student" / path.name


def main():
    """Write them all."""
    for path in sources():
        release(path).parent.mkdir(exist_ok=True)
        release(path).write_text(without_solutions(path), encoding="utf-8")
        print(release(path).relative_to(ROOT))


if __name__ == "__main__":
    main()
