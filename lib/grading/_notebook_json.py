"""The bytes of a notebook, as JSON or as a refusal that says what they are instead."""

import json
import re
from typing import Any, NoReturn

from lib.grading._text import plain

MOST_BYTES = 10_000_000
MOST_PARTS = 500_000  # lists and objects: each costs memory that its two bytes do not show
LOOKS_LIKE = {  # how a file begins → what it is
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "an empty zip archive",
    b"\x1f\x8b": "a compressed archive (gzip)",
    b"7z\xbc\xaf\x27\x1c": "a compressed archive (7z)",
    b"Rar!": "a compressed archive (rar)",
    b"%PDF": "a PDF",
    b"{\\rtf": "a word processor's document (RTF)",
    b"\xd0\xcf\x11\xe0": "a document of an office program",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"\x80\x04\x95": "a pickle",
    b"version https://git-lfs": "a pointer to a file that git stores elsewhere",
}
CONFLICT = re.compile(rb"^(?:<{7}|>{7}|={7})(?:\s|$)", re.MULTILINE)
WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)
PYTHON = re.compile(rb"^(?:#!|# %%|(?:import|from|def|class) \w|\w+ = )", re.MULTILINE)
CUT_SHORT = re.compile(r"t(ru?)?|f(a(ls?)?)?|n(ul?)?|-?")  # what may be left of a value
CLEAR = "clear the outputs of all cells, save and hand in again"
OPENS = "hand in a copy that opens in Jupyter"
HAND_IN_THE_NOTEBOOK = "hand in the .ipynb file itself"


class BadNotebook(ValueError):  # noqa: N818 (beside BadFrame)
    """Says in one clear line why a file cannot be read as a notebook, and what to do."""

    def __init__(self, message: str):
        super().__init__(plain(message))


def tree_of(data: bytes) -> dict[str, Any]:
    """Return a notebook's JSON object.

    Args:
        data: the file, from a stranger.

    Raises:
        BadNotebook: it is not one JSON object, or larger than is read.
    """
    refuse_size(len(data))
    if not data.strip(b" \t\r\n\0"):
        raise BadNotebook("the file is empty: save the notebook again, then hand that file in")
    text = _text(data)
    if data.count(b"{") + data.count(b"[") > MOST_PARTS:
        raise BadNotebook(f"the file has more than {MOST_PARTS} parts: {CLEAR}")
    try:
        tree = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise BadNotebook(_not_json(data, text, error)) from None
    except RecursionError:
        raise BadNotebook(f"the file is nested too deeply to be read: {OPENS}") from None
    except BadNotebook:
        raise
    except ValueError:  # a number of thousands of digits
        raise BadNotebook(f"the file holds a number too long to read: {CLEAR}") from None
    if not isinstance(tree, dict):
        raise BadNotebook(f"expected a notebook (a JSON object), got {named(tree)}")
    return tree


def refuse_size(size: int) -> None:
    """Raise `BadNotebook` if a file of so many bytes is not to be read."""
    if size > MOST_BYTES:
        raise BadNotebook(
            f"expected a notebook of at most {MOST_BYTES // 10**6} MB, "
            f"got {size / 1e6:.1f} MB: {CLEAR}"
        )


def named(value: Any) -> str:
    """Return what kind of JSON value this is, in a word or two."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return "nothing" if value is None else kinds.get(type(value), "a number")


def _object(pairs):
    tree = {}
    for name, value in pairs:
        if name in tree:
            raise BadNotebook(
                f"the name {plain(name, 60)!r} stands twice in one place of the file, as after a "
                "merge by hand: open it in Jupyter, save it and hand that file in"
            )
        tree[name] = value
    return tree


def _constant(name) -> NoReturn:
    raise BadNotebook(f"the file holds {name}, which JSON does not know: {CLEAR}")


def _text(data):
    for mark, name in (
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"\xff\xfe", "UTF-16"),
        (b"\xfe\xff", "UTF-16"),
        (b"{\0", "UTF-16"),
        (b"\0{", "UTF-16"),
    ):
        if data.startswith(mark):
            raise BadNotebook(f"the file is stored as {name}, expected UTF-8: {OPENS}")
    for start, what in LOOKS_LIKE.items():
        if data.startswith(start):
            raise BadNotebook(f"this is {what}, not a notebook: {HAND_IN_THE_NOTEBOOK}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            raise BadNotebook(_cut_short()) from None
        raise BadNotebook(
            f"expected UTF-8 text, got the byte 0x{data[error.start]:02x} at {error.start}: "
            f"{OPENS}"
        ) from None


def _cut_short():
    return "the file ends in the middle: save, download or upload it again"


def _not_json(data, text, error):
    """Say what a text is that is not JSON."""
    conflict = CONFLICT.search(data)
    if conflict:
        line = data.count(b"\n", 0, conflict.start()) + 1
        return (
            f"git's conflict marks stand in the file (line {line}): two versions were not yet "
            "merged; decide for one, then hand that in"
        )
    if WEB_PAGE.match(data):
        return f"this is a web page (HTML), not a notebook: {HAND_IN_THE_NOTEBOOK}"
    if error.msg.startswith("Unterminated") or CUT_SHORT.fullmatch(text[error.pos :].rstrip()):
        return _cut_short()
    if error.msg.startswith("Extra data"):
        return (
            f"the notebook ends on line {error.lineno}, and more follows it, as when two files "
            "are joined: hand in one notebook"
        )
    if not text.lstrip().startswith(("{", "[")):
        what = "a Python program" if PYTHON.search(data) else "some other text"
        return f"this is {what}, not a notebook: {HAND_IN_THE_NOTEBOOK}"
    return (
        f"the file is damaged at line {error.lineno}, column {error.colno} "
        f"({error.msg.removesuffix(' at')}): {OPENS}"
    )
