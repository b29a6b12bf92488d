"""How each question of a notebook stands when all of its cells have run afresh, in words.

The checks are asked for here, after all cells, as the judge does: deleted or moved check cells
change nothing, and what a cell displays is no verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.grading._exercise import Exercise
from lib.grading._kernel import Ran, run_all
from lib.grading._text import plain
from lib.grading._verdict import MIME
from lib.grading.reader import Notebook

STUB = "*Write here.*"
LAST_WORDS = """\
What was changed since the notebook was saved is not in this file. Grading tries other cases
of the same kinds: this is a check, not a grade."""
CHECK = """
import lib.grading as _descent_grading
_descent_grading.check({key!r}, {name}, {student!r})
"""


@dataclass(frozen=True)
class Question:
    """How one question stands.

    Attributes:
        name: of the question, the second half of its key.
        done: whether nothing more is to be done before it is handed in.
        state: how it stands, in words.
    """

    name: str
    done: bool
    state: str


def tried(
    notebook: Notebook,
    asked: Sequence[Exercise],
    student: str,
    folder: Path,
    seconds: float,
) -> tuple[list[Ran], list[Question]]:
    """Run the cells, and after all of them the check of each question.

    Returns:
        ran: what each cell of the notebook did.
        questions: how each question stands.
    """
    cells = [cell.source if cell.kind == "code" else "" for cell in notebook.cells]
    checks = [
        CHECK.format(key=each.key, name=each.name, student=student) if each.name else ""
        for each in asked
    ]
    ran = run_all([*cells, *checks], folder, seconds)
    questions = [
        answered(notebook, each) if each.kind == "explain" else checked(each, result)
        for each, result in zip(asked, ran[len(cells) :], strict=True)
    ]
    return ran[: len(cells)], questions


def answered(notebook: Notebook, exercise: Exercise) -> Question:
    """Tell how a question stands that a person reads."""
    name = short(exercise.key)
    if notebook.missing([name]):
        return Question(name, False, f"its cell (grade id {name!r}) is gone")
    texts = [cell.source for cell in notebook.cells if cell.grade_id == name]
    if any(text.rpartition(STUB)[2].strip() for text in texts):
        return Question(name, True, "answered; a person will read it")
    return Question(name, False, f"not yet: write in the place of {STUB}")


def checked(exercise: Exercise, ran: Ran) -> Question:
    """Tell how a question stands from what its check displayed."""
    name, counted = short(exercise.key), ran.result.get(MIME)
    if not isinstance(counted, dict) or counted.get("key") != exercise.key:
        return Question(name, False, ran.error or "its check says nothing")
    passed, of = counted.get("passed"), counted.get("of")
    if type(passed) is not int or type(of) is not int or not 0 <= passed <= of < 1_000:
        return Question(name, False, "its check says nothing")
    if str(ran.result.get("text/plain")).count("not written yet") == of:
        return Question(name, False, "not yet")
    return Question(name, passed == of, f"{passed} of {of} public cases passed")


def raised(notebook: Notebook, ran: Sequence[Ran]) -> list[str]:
    """Return a line for each cell that raised or did not end."""
    return [
        f"cell {number} ({plain(cell.source.strip().partition(chr(10))[0], 40)}): {each.error}"
        for number, (cell, each) in enumerate(zip(notebook.cells, ran, strict=True), 1)
        if each.error
    ]


def lost(notebook: Notebook, asked: Sequence[Exercise]) -> list[str]:
    """Return a line about cells of the release that are gone and cost nothing."""
    gone = notebook.missing(short(each.key) for each in asked if each.kind != "explain")
    if not gone:
        return []
    return [f"the check cells of {', '.join(gone)} are gone; that costs nothing"]


def told(
    facts: dict[str, str], questions: Sequence[Question], gaps: Sequence[str], notes: Sequence[str]
) -> str:
    """Return the receipt."""
    wide = max(len(each.name) for each in questions)
    todo = sum(not each.done for each in questions)
    verdict = "Nothing is missing."
    if todo or gaps:
        verdict = f"Incomplete: {todo} of {len(questions)} questions are open."
    parts = [
        [f"{name + ':':11} {value}" for name, value in facts.items()],
        [f"{'✓' if each.done else '✗'} {each.name:{wide}}  {each.state}" for each in questions],
        [verdict, *(f"  - {gap}" for gap in gaps)],
        ["To know:", *(f"  - {note}" for note in notes)] if notes else [],
        [LAST_WORDS],
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def short(key: str) -> str:
    """Return the second half of a question's key: its grade id in the notebook."""
    return key.partition(".")[2]
