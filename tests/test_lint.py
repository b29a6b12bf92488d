"""Every rule about the book's sources, seen red on a made book that is otherwise right."""

import copy
import hashlib
import json

import nbformat
import pytest

from book.lint import lint
from book.lint_notebooks import FIRST_CELL
from book.student import stored

HOME = "/" + "home/ada/book"  # in two parts: this file, too, must not name such a folder
INDEX = "--" + "index-url https://packages.example/"
HOST = "py" + "pi.org"


def markdown(name, source):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source}


def code(name, source, **metadata):
    cell = markdown(name, source) | {"cell_type": "code", "outputs": [], "execution_count": None}
    return cell | {"metadata": metadata}


CLAIM = ":::{claim} wrong\n:id: sums-to-two\n:source: a lecture note\nOne is two.\n:::\n"
NOTEBOOK = {
    "cells": [
        markdown("title", "# Windows\n\nAbout 10 minutes. See [the index](index.md#windows)."),
        code("install", FIRST_CELL.format(version="0.1.0"), tags=["remove-cell"]),
        code("imports", "import numpy as np"),
        markdown("predict", "What will you see?"),
        code("figure", "draw_cells(ax, x)", mystnb={"image": {"alt": "Four grey cells"}}),
        markdown("claims", CLAIM),
        code("proof", "assert 1 != 2"),
        markdown("ask", "One question:"),
        code("question", 'widgets.question("sizes")'),
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
OPTIONS = [
    {"text": "4", "correct": True, "feedback": "Yes."},
    {"text": "5", "correct": False, "feedback": "The floor is missing."},
]
VENDORED = b"/* made */"
MANIFEST = [
    {
        "name": "made",
        "version": "1.0",
        "licence": "MIT",
        "source": "https://example.org",
        "files": {"made/made.css": hashlib.sha256(VENDORED).hexdigest()},
    }
]
QUESTIONS = "lib/widgets/questions/pooling.json"
PAGE = "chapters/pooling/windows.ipynb"
ANSWER = "def f():\n    ### BEGIN SOLUTION\n    return 2\n    ### END SOLUTION"
TASK = {"schema_version": 3, "grade_id": "f", "grade": False, "solution": True, "locked": False}
EXERCISE = json.dumps(
    NOTEBOOK
    | {
        "cells": [
            markdown("task", "# Two\n\nReturn two. See [the page](../chapters/index.md)."),
            NOTEBOOK["cells"][1],
            code("answer", ANSWER, nbgrader=TASK),
            code("check", "check(f)", nbgrader=TASK | {"grade": True, "points": 1}),
        ]
    }
)
FILES = {
    "lib/__init__.py": '__version__ = "0.1.0"\n',
    QUESTIONS: json.dumps({"sizes": {"prompt": "?", "options": OPTIONS, "explain": "So."}}),
    "chapters/index.md": "# Book\n\n![A window](logo.svg), [a page](pooling/windows), "
    "[all of it](../descent-offline.zip).\n",
    "chapters/logo.svg": "<svg/>",
    "chapters/pooling/index.md": "# Pooling\n\nIn code, `[x](nowhere)`; in formulas, $w[i](j)$.\n",
    PAGE: json.dumps(NOTEBOOK),
    "exercises/index.md": "# Exercises\n",
    "exercises/pooling.ipynb": EXERCISE,
    "exercises/student/pooling.ipynb": stored(nbformat.reads(EXERCISE, 4)),
    "_toc.yml": "format: jb-book\nroot: chapters/index\nchapters:\n"
    "  - file: chapters/pooling/index\n  - file: chapters/pooling/windows\n"
    "  - file: exercises/index\n  - file: exercises/student/pooling\n",
    "book/assets/vendor/made/made.css": VENDORED.decode(),
    "book/assets/vendor/manifest.json": json.dumps(MANIFEST),
    "requirements.lock": '# pins\nnumpy==2.4.6\ncolorama==0.4.6 ; sys_platform == "win32"\n',
    "pyproject.toml": '[project]\nname = "made"\ndependencies = ["numpy>=2"]\n',
    "CITATION.cff": "version: 0.1.0\n",
    "CHANGELOG.md": "# Changelog\n\n## 0.1.0 (2026-11-21)\n",
}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_bytes(text.encode())
    return root


@pytest.fixture
def book(tmp_path):
    return write(tmp_path, FILES)


def page(change):
    """Return the page's file after a change to its cells, by id, or to the notebook."""
    notebook = copy.deepcopy(NOTEBOOK)
    change({cell["id"]: cell for cell in notebook["cells"]}, notebook)
    return {PAGE: json.dumps(notebook)}


def cell(name, **values):
    """Return the page's file with other values in one cell."""
    return page(lambda cells, notebook: cells[name].update(values))


def without(name):
    return page(lambda cells, notebook: notebook["cells"].remove(cells[name]))


def question(**values):
    made = json.loads(FILES[QUESTIONS])
    made["sizes"] |= values
    return {QUESTIONS: json.dumps(made)}


def manifest(**values):
    return {"book/assets/vendor/manifest.json": json.dumps([MANIFEST[0] | values])}


def text(name, old, new):
    assert old in FILES[name]
    return {name: FILES[name].replace(old, new)}


OUTPUT = {"output_type": "stream", "name": "stdout", "text": "1"}
ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
LONG = [markdown(f"more-{i}", "More.") for i in range(32)]
ALT = "cell 'figure': expected metadata mystnb.image.alt to say what the figure shows, got "
ROW = "requirements.lock: expected name==version, with a marker or none, got "
WINDOWS = f"{PAGE}: "

RED = {
    "output": (
        cell("proof", outputs=[OUTPUT]),
        WINDOWS + "cell 'proof': expected no stored outputs, got stream",
    ),
    "error": (cell("proof", outputs=[ERROR]), "expected no stored outputs, got error"),
    "execution-count": (cell("proof", execution_count=3), "expected no execution count, got 3"),
    "not-json": ({PAGE: "{"}, WINDOWS + "expected a valid notebook, got: Expecting property"),
    "not-valid": (cell("proof", cell_type="raw"), WINDOWS + "expected a valid notebook, got:"),
    "old-format": (
        page(lambda cells, notebook: notebook.update(nbformat_minor=6)),
        WINDOWS + "expected nbformat 4.5, got 4.6",
    ),
    "same-id": (
        cell("proof", id="figure"),
        "cell 'figure': expected each id once, got it 2 times",
    ),
    "random-id": (cell("proof", id="3f2a91bc"), "cell '3f2a91bc': expected a readable id"),
    "random-id-letter-first": (cell("proof", id="af2a91bc"), "expected a readable id such as"),
    "shouted-id": (cell("proof", id="Proof_1"), "cell 'Proof_1': expected a readable id such as"),
    "other-first-cell": (
        cell("install", source="import lib"),
        "cell 'install': expected the book's first code cell, with \"# Installs",
    ),
    "other-release": (
        cell("install", source=FIRST_CELL.format(version="0.0.9")),
        "descent@v0.1.0\"', got '    %pip install -q \"descent-book @ git+https",
    ),
    "longer-first-cell": (
        cell("install", source=NOTEBOOK["cells"][1]["source"] + "\nimport os"),
        "with 'no line', got 'import os'",
    ),
    "first-cell-shown": (
        cell("install", metadata={}),
        "expected the tag remove-cell on the first",
    ),
    "no-code": (
        page(lambda cells, notebook: notebook.update(cells=[cells["title"]])),
        WINDOWS + "expected code cells, got none",
    ),
    "long-cell": (
        cell("proof", source="assert 1 != 2\n" * 13),
        "cell 'proof': expected at most 12 lines of code, got 13",
    ),
    "long-page": (
        page(lambda cells, notebook: notebook["cells"].extend(LONG)),
        WINDOWS + "expected at most 40 cells, got 41",
    ),
    "no-prose": (without("predict"), "cell 'figure': expected prose between code cells, got code"),
    "no-alt": (cell("figure", metadata={}), ALT + "''"),
    "alt-a-word": (cell("figure", metadata={"mystnb": {"image": {"alt": "figure"}}}), ALT),
    "alt-a-file": (cell("figure", metadata={"mystnb": {"image": {"alt": "window.png"}}}), ALT),
    "claim-unproved": (
        cell("proof", source="1 != 2"),
        "cell 'claims': expected 1 asserts directly after the claims, one for each, got 0 in cell",
    ),
    "claim-assert-commented": (cell("proof", source="# assert 1"), "one for each, got 0 in cell"),
    "claim-proof-may-fail": (
        cell("proof", metadata={"tags": ["raises-exception"]}),
        "one for each, got 0 in cell 'proof'",
    ),
    "claim-proof-elsewhere": (without("proof"), "one for each, got 0 in cell 'ask'"),
    "two-claims-one-assert": (
        cell("claims", source=CLAIM + "\n" + CLAIM.replace("two", "four")),
        "cell 'claims': expected 2 asserts directly after the claims, one for each, got 1",
    ),
    "claim-at-the-end": (
        page(lambda cells, notebook: notebook["cells"].append(markdown("last", CLAIM))),
        "cell 'last': expected 1 asserts directly after the claims, one for each, got 0 in",
    ),
    "verdict": (
        cell("claims", source=CLAIM.replace("wrong", "false")),
        "expected a verdict out of holds, holds-if, does-not-hold, wrong, got 'false'",
    ),
    "claim-without-id": (
        cell("claims", source=CLAIM.replace(":id: sums-to-two\n", "")),
        "cell 'claims': expected the claim to have an :id:, got none",
    ),
    "claim-twice": (
        {"chapters/pooling/second.ipynb": json.dumps(NOTEBOOK)},
        "windows.ipynb: expected claim 'sums-to-two' once, got it in second.ipynb too",
    ),
    "claim-in-markdown": (
        {"chapters/pooling/index.md": CLAIM.replace("two", "five")},
        "chapters/pooling/index.md: expected claims in notebooks only",
    ),
    "unknown-question": (
        cell("question", source='widgets.question("size")'),
        "cell 'question': expected a key of lib/widgets/questions, got question('size')",
    ),
    "question-nobody-asks": (
        cell("question", source="1"),
        f"{QUESTIONS}: expected question('sizes') on a page or in a lesson, got none",
    ),
    "setting-as-result": (
        cell("figure", source="draw_cells(ax, x)\nax.set(xlim=(0, 1))"),
        "cell 'figure': expected a last line whose value is worth showing, got 'ax.set(",
    ),
    "questions-not-json": ({QUESTIONS: "{"}, f"{QUESTIONS}: expected questions in JSON, got none"),
    "no-prompt": (question(prompt=""), f"{QUESTIONS}: 'sizes': expected prompt and explain, got"),
    "no-explanation": (question(explain=""), "'sizes': expected prompt and explain, got"),
    "one-option": (question(options=OPTIONS[:1]), "expected two options or more, one of them"),
    "none-correct": (question(options=[OPTIONS[1]] * 2), "expected two options or more, one of"),
    "no-feedback": (
        question(options=[OPTIONS[0], OPTIONS[1] | {"feedback": " "}]),
        "'sizes': expected feedback of its own for every option",
    ),
    "same-feedback": (
        question(options=[OPTIONS[0], OPTIONS[1] | {"feedback": "Yes."}]),
        "'sizes': expected feedback of its own for every option",
    ),
    "page-not-in-toc": (
        {"chapters/notation.md": "# Notation\n"},
        "chapters/notation.md: expected this page in _toc.yml, got no entry",
    ),
    "toc-without-page": (
        {"chapters/pooling/index.md": None},
        "_toc.yml: expected a page for every entry, got none for chapters/pooling/index",
    ),
    "toc-with-solutions": (
        {"_toc.yml": FILES["_toc.yml"] + "  - file: exercises/pooling\n"},
        "_toc.yml: expected no exercise with solutions, got exercises/pooling",
    ),
    "no-student-form": (
        {"exercises/student/pooling.ipynb": None},
        "exercises/student/pooling.ipynb: expected the student's form of this exercise",
    ),
    "solutions-handed-out": (
        {"exercises/student/pooling.ipynb": EXERCISE},
        "exercises/student/pooling.ipynb: expected the student's form of this exercise",
    ),
    "solution-without-end": (
        {"exercises/pooling.ipynb": EXERCISE.replace("### END SOLUTION", "")},
        "exercises/pooling.ipynb: expected a graded notebook, got RuntimeError",
    ),
    "toc-malformed": ({"_toc.yml": "root: 3\n"}, "_toc.yml: expected a table of contents, got:"),
    "two-files-one-page": (
        {"chapters/pooling/windows.md": "# Windows\n"},
        "chapters/pooling/windows.md: expected one file of this name, got windows.ipynb too",
    ),
    "page-name": (
        {"chapters/My_page.md": "# Mine\n"},
        "expected a name of small letters, digits and hyphens, got 'chapters/My_page'",
    ),
    "missing-image": (
        {"chapters/logo.svg": None},
        "chapters/index.md: expected a file at logo.svg, got none",
    ),
    "missing-link": (
        cell("title", source="# Windows\n\n[gone](gone.md)"),
        WINDOWS + "expected a file at gone.md, got none",
    ),
    "missing-figure": (
        {"chapters/index.md": "# Book\n\n```{figure} gone.svg\n```\n"},
        "chapters/index.md: expected a file at gone.svg, got none",
    ),
    "missing-html-image": (
        {"chapters/index.md": '# Book\n\n<img alt="x" src="gone.png">\n'},
        "chapters/index.md: expected a file at gone.png, got none",
    ),
    "image-from-afar": (
        {"chapters/index.md": "# Book\n\n![x](https://example.org/x.png)\n"},
        "expected an image of the book's own, got https://example.org/x.png",
    ),
    "filler": (
        {"chapters/index.md": "# Book\n\nSimply run it.\n"},
        "chapters/index.md: expected plain prose, got 'Simply'",
    ),
    "unlisted-file": (
        {"book/assets/vendor/made/more.js": "1"},
        "book/assets/vendor/made/more.js: expected this vendored file in manifest.json, got no",
    ),
    "altered-file": (
        {"book/assets/vendor/made/made.css": "/* other */"},
        f"made.css: expected SHA-256 {hashlib.sha256(VENDORED).hexdigest()}, got ",
    ),
    "absent-file": (
        {"book/assets/vendor/made/made.css": None},
        "manifest.json: expected the file made/made.css, got none",
    ),
    "no-licence": (manifest(licence=""), "expected licence of each package, got made: none"),
    "no-version": (manifest(version=None), "expected version of each package, got made: none"),
    "local-build": (
        text("requirements.lock", "2.4.6", "2.4.6+cpu"),
        ROW + "'numpy==2.4.6+cpu'",
    ),
    "host-in-lock": (
        text("requirements.lock", "==2.4.6", " @ https://example.org/numpy.whl"),
        ROW + "'numpy @ https://example.org/numpy.whl'",
    ),
    "option-in-lock": (text("requirements.lock", "# pins", INDEX), ROW),
    "range-in-lock": (text("requirements.lock", "numpy==", "numpy>="), ROW + "'numpy>=2.4.6'"),
    "not-locked": (
        text("pyproject.toml", '"numpy>=2"', '"numpy>=2", "Torch>=2"'),
        "requirements.lock: expected a row for torch, which pyproject.toml requires, got none",
    ),
    "home-folder": (
        {"lib/a.py": f"path = '{HOME}'"},
        f"lib/a.py: expected no file to name a home folder, got '{HOME[:9]}",
    ),
    "index": ({"Makefile": INDEX}, "Makefile: expected no file to name a package index, got '--"),
    "index-host": ({".ci/run": HOST}, f"expected no file to name a package index, got '{HOST}'"),
    "citation": (
        {"CITATION.cff": "version: 0.0.9\n"},
        "CITATION.cff: expected version 0.1.0, as in lib/__init__.py, got 0.0.9",
    ),
    "no-citation": ({"CITATION.cff": None}, "CITATION.cff: expected version 0.1.0, as in lib/__i"),
    "changelog": ({"CHANGELOG.md": "# Changelog\n"}, "CHANGELOG.md: expected version 0.1.0, as"),
}


def test_the_made_book_is_right(book):
    assert lint(book) == []


@pytest.mark.parametrize(("files", "message"), RED.values(), ids=RED)
def test_a_fault_is_named(book, files, message):
    found = lint(write(book, files))
    assert any(message in line for line in found), found


def test_folders_of_tools_are_not_read(book):
    write(book, {".venv/lib/a.py": HOME, "_build/html/b.html": HOME, "chapters/.git/c": HOME})
    assert lint(book) == []
