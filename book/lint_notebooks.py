"""What a notebook of the book must be: rules over cells. `python -m book.lint` runs them.

Each rule is a function of a `Page` that yields (cell, message); every message says what was
expected and what came.
"""

import ast
import json
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path

from nbformat.validator import iter_validate

from book.ext.claims import VERDICTS

FIRST_CELL = """\
# Installs the book's library where it is missing (Colab, Binder); does nothing elsewhere.
try:
    import lib  # noqa: F401
except ModuleNotFoundError:
    %pip install -q "descent-book @ git+https://github.com/descent-book/descent@v{version}"
if "google.colab" in str(get_ipython()):
    from google.colab import output

    output.enable_custom_widget_manager()
    print("Keep your work: File → Save a copy in Drive.")"""

MOST_CELLS, MOST_LINES = 40, 12
READABLE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
RANDOM = re.compile(r"(?=.*[0-9])[0-9a-f]{6,}(-[0-9a-f]+)*")
FIGURE = re.compile(r"\b(draw_\w+|subplots?|figure|imshow|plot|scatter|bar|hist)\(")
FITTING = re.compile(r"(ax\w*|axes\[.*\]|plt|fig)\.(set\w*|legend|\w*lim|\w*scale|plot)\(.*\)$")
FILE_NAME = re.compile(r"\S+\.(png|svg|jpe?g|gif|ipynb)")
CLAIM = re.compile(
    r"^[:`]{3,}\{claim\}[ \t]*(\S*)\n(.*?)^[:`]{3,}[ \t]*$", re.MULTILINE | re.DOTALL
)
CLAIM_ID = re.compile(r"^:id:[ \t]*(\S+)", re.MULTILINE)
QUESTION = re.compile(r"\bquestion\(\s*(\\?[\"'])(.*?)\1")


@dataclass
class Page:
    """One notebook as it is stored, with what the rules need to know of the book."""

    raw: dict
    version: str
    questions: set

    @property
    def cells(self):
        """Return the cells, a cell's source being one string."""
        return self.raw["cells"]

    @property
    def code(self):
        """Return the code cells alone."""
        return [cell for cell in self.cells if cell["cell_type"] == "code"]


def read(path, version, questions):
    """Read one notebook, or raise ValueError saying what is wrong with its form."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        fault = next(iter_validate(raw), None)
    except ValueError as error:
        fault = error
    if fault:
        raise ValueError(f"expected a valid notebook, got: {str(fault).splitlines()[0]}")
    form = raw["nbformat"], raw["nbformat_minor"]
    if form != (4, 5):
        raise ValueError(f"expected nbformat 4.5, got {form[0]}.{form[1]}")
    for cell in raw["cells"]:
        cell["source"] = "".join(cell["source"])
    return Page(raw, version, questions)


def graded(cell):
    """Return what nbgrader knows of a cell: nothing, unless it belongs to a graded task."""
    return cell["metadata"].get("nbgrader", {})


def tags(cell):
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", [])


def nothing_stored(page):
    """A source has neither outputs nor execution counts: the build executes every page."""
    for cell in page.code:
        remedy = "jupyter nbconvert --clear-output --inplace removes them"
        if cell["outputs"]:
            kinds = ", ".join(sorted({output["output_type"] for output in cell["outputs"]}))
            yield cell, f"expected no stored outputs, got {kinds}: {remedy}"
        if cell["execution_count"] is not None:
            yield cell, f"expected no execution count, got {cell['execution_count']}: {remedy}"


def readable_ids(page):
    """Links, messages and reviews name a cell by its id."""
    for cell, count in Counter(cell["id"] for cell in page.cells).items():
        if count > 1:
            yield {"id": cell}, f"expected each id once, got it {count} times"
    for cell in page.cells:
        if not READABLE.fullmatch(cell["id"]) or RANDOM.fullmatch(cell["id"]):
            yield cell, "expected a readable id such as predict-size"


def equal_first_cell(page):
    """The first code cell is the same in all notebooks, and installs this release."""
    expected = FIRST_CELL.format(version=page.version)
    if not page.code:
        yield None, "expected code cells, got none"
        return
    first = page.code[0]
    lines = zip_longest(expected.splitlines(), first["source"].splitlines(), fillvalue="no line")
    for wanted, got in (pair for pair in lines if pair[0] != pair[1]):
        yield first, f"expected the book's first code cell, with {wanted!r}, got {got!r}"
    if "remove-cell" not in tags(first):
        yield first, f"expected the tag remove-cell on the first code cell, got {tags(first)}"


def short_cells(page):
    """A page is one sitting, a cell one idea."""
    if len(page.cells) > MOST_CELLS:
        yield None, f"expected at most {MOST_CELLS} cells, got {len(page.cells)}"
    for cell in page.code:
        if graded(cell).get("solution"):
            continue  # as long as the answer takes
        if (lines := len(cell["source"].strip().splitlines())) > MOST_LINES:
            yield cell, f"expected at most {MOST_LINES} lines of code, got {lines}"


def prose_between(page):
    """Between two code cells that the reader sees, prose says why; a check follows its answer."""
    seen = [cell for cell in page.cells if "remove-cell" not in tags(cell)]
    for before, cell in pairwise(seen):
        if before["cell_type"] == cell["cell_type"] == "code" and not graded(cell).get("grade"):
            yield cell, f"expected prose between code cells, got code after {before['id']!r}"


def figures_described(page):
    """A cell that draws a figure says in its metadata what the figure shows."""
    for cell in page.code:
        if FIGURE.search(cell["source"]):
            image = cell["metadata"].get("mystnb", {}).get("image", {})
            alt = image.get("alt", "").strip()
            if " " not in alt or FILE_NAME.fullmatch(alt):
                place = "metadata mystnb.image.alt"
                yield cell, f"expected {place} to say what the figure shows, got {alt!r}"


def results_meant(page):
    """A cell's last expression is shown: what an axes returns when it is set is no result."""
    for cell in page.code:
        last = cell["source"].strip().splitlines()[-1:]
        if last and FITTING.match(last[0]):
            yield cell, f"expected a last line whose value is worth showing, got {last[0]!r}"


def asserts(cell):
    """Count the asserts that the code of a cell must have passed to run without fail."""
    if cell["cell_type"] != "code" or {"raises-exception", "skip-execution"} & {*tags(cell)}:
        return 0
    plain = re.sub(r"^\s*[%!].*$", "", cell["source"], flags=re.MULTILINE)
    try:
        return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(plain)))
    except SyntaxError:
        return 0


def claims_proved(page):
    """Claims stand directly before the cell whose asserts, one for each or more, prove them."""
    for cell, after in zip(page.cells, [*page.cells[1:], None], strict=True):
        marks = CLAIM.findall(cell["source"]) if cell["cell_type"] == "markdown" else []
        for verdict, body in marks:
            if verdict not in VERDICTS:
                yield cell, f"expected a verdict out of {', '.join(VERDICTS)}, got {verdict!r}"
            if not CLAIM_ID.search(body):
                yield cell, "expected the claim to have an :id:, got none"
        if (found := asserts(after) if after else 0) < len(marks):
            place = f"cell {after['id']!r}" if after else "the end"
            wanted = f"expected {len(marks)} asserts directly after the claims, one for each"
            yield cell, f"{wanted}, got {found} in {place}"


def questions_known(page):
    """A question that a page asks stands in lib/widgets/questions."""
    for cell in page.cells:
        for _, key in QUESTION.findall(cell["source"]):
            if key not in page.questions:
                yield cell, f"expected a key of lib/widgets/questions, got question({key!r})"


RULES = (
    nothing_stored,
    readable_ids,
    equal_first_cell,
    short_cells,
    prose_between,
    figures_described,
    results_meant,
    claims_proved,
    questions_known,
)


def problems(path, version, questions):
    """Yield a message for all that is wrong with one notebook."""
    try:
        page = read(path, version, questions)
    except ValueError as error:
        yield str(error)
        return
    for rule in RULES:
        for cell, message in rule(page):
            yield f"cell {cell['id']!r}: {message}" if cell else message
