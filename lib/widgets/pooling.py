"""What the reader can move in the chapter on pooling."""

from lib.widgets._question import Question, ask


def question(key: str) -> Question:
    """Return a question of this chapter; its text stands in `questions/pooling.json`.

    Raises:
        ValueError: there is no question of that key.

    Example:
        >>> question("channels")
        Question('channels')
    """
    return ask("pooling", key)
