"""Where the next lesson begins when a mistake was common: a section, a widget, a self-check."""

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
QUESTIONS = HERE.parent / "widgets" / "questions"


@dataclass(frozen=True)
class Lesson:
    """What to open a lesson with.

    Attributes:
        page: of the book, its path without suffix.
        section: heading on the page, or name of an operation; "" for the whole page.
        widget: topic and name of a function in `lib.widgets`, or "".
        check: topic and name of a question that has an answer for every option, or "".
    """

    page: str
    section: str = ""
    widget: str = ""
    check: str = ""

    @property
    def path(self) -> str:
        """The section's address within the book; an operation's is its name as it stands."""
        anchor = self.section
        if not self.page.startswith("chapters/api/"):
            anchor = re.sub("[^a-z0-9]+", "-", anchor.lower()).strip("-")
        return f"{self.page}.html" + (f"#{anchor}" if anchor else "")

    @property
    def question(self) -> dict[str, Any]:
        """The self-check: its "prompt" and its "options", each with its feedback; {} if none."""
        topic, _, name = self.check.partition(".")
        return questions(topic)[name] if self.check else {}


@cache
def lessons() -> dict[str, Lesson]:
    """Return the lessons by "question / mistake", or by the question alone."""
    table = tomllib.loads((HERE / "lessons.toml").read_text("utf-8"))
    return {key: Lesson(**entry) for key, entry in table.items()}


@cache
def questions(topic: str) -> dict[str, Any]:
    """Return the self-checks of a topic by name."""
    return json.loads((QUESTIONS / f"{topic}.json").read_text("utf-8"))


def lesson(key: str, mistake: str) -> Lesson:
    """Return what to open a lesson with on a mistake in a question.

    Example:
        >>> lesson("pooling.max_pool2d", "zero padding").path
        'chapters/pooling/windows.html#padding'
    """
    known = lessons()
    fallback = Lesson(f"chapters/api/{key.partition('.')[0]}")
    return known.get(f"{key} / {mistake}") or known.get(key) or fallback
