"""Questions with an answer for every option; the texts stand in `questions/<topic>.json`."""

import json
from pathlib import Path

from lib.widgets._base import Twin

FOLDER = Path(__file__).parent / "questions"


class Question(Twin):
    """One question: the reader predicts, the chosen option's own answer appears."""

    name, parts = "question", ("frame",)

    def __init__(self, key: str, text: dict):
        self._key = key
        super().__init__({"choice": -1}, {"key": key, **text})

    def still(self) -> dict[str, str]:
        """Return the question and its options, without an answer."""
        options = "".join(f"\n- {option['text']}" for option in self.given["options"])
        return {"text/markdown": f"{self.given['prompt']}\n{options}"}

    def __repr__(self) -> str:
        return f"Question({self._key!r})"


def load(topic: str) -> dict:
    """Return the questions of a topic: key to prompt, options and explanation."""
    return json.loads((FOLDER / f"{topic}.json").read_text("utf-8"))


def ask(topic: str, key: str) -> Question:
    """Return the widget of one question.

    Raises:
        ValueError: the topic has no question of that key.

    Example:
        >>> ask("pooling", "max-backward")
        Question('max-backward')
    """
    texts = load(topic)
    if key not in texts:
        raise ValueError(f"expected one of {sorted(texts)}, got {key!r}")
    return Question(key, texts[key])
