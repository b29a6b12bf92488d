"""What `check` found, as it is read in a notebook or at a prompt."""

from textwrap import fill
from typing import Any

from lib.grading._exercise import Exercise

MIME = "application/vnd.descent.verdict+json"


class Verdict:
    """What `check` found: a line for each case, and a hint where the mistake is known.

    Attributes:
        exercise: the question.
        lines: whether a case passed, and what is to be said of it.
        hint: what to think about, or "".
        note: what else is to be known, or "".
        which: what the cases are called.
    """

    def __init__(
        self,
        exercise: Exercise,
        lines: list[tuple[bool, str]],
        hint: str = "",
        note: str = "",
        which: str = "public cases",
    ):
        self.exercise, self.lines, self.hint, self.note = exercise, lines, hint, note
        self.which = which

    @property
    def passed(self) -> int:
        """How many of the cases passed."""
        return sum(right for right, _ in self.lines)

    def __repr__(self) -> str:
        """Return the verdict as it is read in a notebook or at a prompt."""
        head = f"{self.exercise.key}: {self.passed} of {len(self.lines)} {self.which} passed"
        lines = [f"  {'✓' if right else '✗'} {line}" for right, line in self.lines]
        said = {"Hint": self.hint, "Note": self.note}
        more = [f"{name}: {text}" for name, text in said.items() if text]
        return "\n".join(
            [head, *lines, *(fill(text, 80, subsequent_indent="  ") for text in more)]
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Return the verdict as a notebook keeps it: to be read, and to be counted at hand-in."""
        counted = {"key": self.exercise.key, "passed": self.passed, "of": len(self.lines)}
        return {"text/plain": repr(self), MIME: counted}
