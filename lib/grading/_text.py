"""Text from strangers, made fit to be shown: one line, no control characters, not too long."""

import re
import unicodedata

ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours and the cursor
    r"|(?:\x1b[]P^_]|[\x90\x9d])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # titles and links
)
DROPPED = {"Cc", "Cf", "Cs"}  # control characters, invisible ones (bidi among them), surrogates


def plain(text: str, most: int = 300) -> str:
    r"""Return a stranger's text as one line that no terminal, page or reader obeys.

    Args:
        text: anything.
        most: characters to keep; an ellipsis says that more came.

    Example:
        >>> plain("\x1b[31mcell\x1b[0m one\n\u202ecell two")
        'cell one cell two'
        >>> plain("abcdef", most=4)
        'abc…'
    """
    text = ESCAPES.sub("", text[: 20 * most])
    words = "".join(
        " " if letter.isspace() else letter
        for letter in text
        if letter.isspace() or unicodedata.category(letter) not in DROPPED
    ).split()
    line = " ".join(words)
    return line if len(line) <= most else f"{line[: most - 1]}…"
