"""The reader of notebooks: what is handed in is read or refused in one line; nothing runs."""

import copy
import gzip
import io
import json
import os
import re
import socket
import unicodedata
import zipfile
from pathlib import Path

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lib.grading import reader
from lib.grading.reader import BadNotebook, Cell, parse, plain, read

ROOT = Path(__file__).parent.parent
REAL = (ROOT / "exercises" / "pooling.ipynb").read_bytes()
TREE = json.loads(REAL)
PYTHON = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}


def code(source="x = 1", grade_id=None, kind="code", **more):
    mark = {"nbgrader": {"grade_id": grade_id, "grade": False, "solution": True}}
    about = {} if grade_id is None else mark
    return {"cell_type": kind, "metadata": about, "source": source, **more}


def notebook(*cells, **more):
    tree = {"nbformat": 4, "nbformat_minor": 5, "metadata": PYTHON, "cells": list(cells), **more}
    return json.dumps(tree).encode()


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pooling.ipynb", REAL)
    return buffer.getvalue()


def kernel(language, **info):
    return {"metadata": {"kernelspec": {"language": language}, "language_info": info}}


def ours_and_theirs():
    line = b'   "id": "title",\n'
    return REAL.replace(line, b"<<<<<<< HEAD\n" + line + b"=======\n" + line + b">>>>>>> b\n")


MALFORMED = {  # what is wrong with the file → the file, what is said
    "empty": (b"", r"is empty: save the notebook again"),
    "blank": (b" \r\n\n", r"is empty"),
    "zeros": (b"\0" * 512, r"is empty"),
    "cut in a string": (REAL[:20_000], r"ends in the middle: save, download or upload it again"),
    "cut before its end": (REAL.rstrip()[:-1], r"ends in the middle"),
    "cut in a word": (REAL[: REAL.index(b"null") + 2], r"ends in the middle"),
    "cut in a letter": (REAL[: REAL.index("×".encode()) + 1], r"ends in the middle"),
    "a zip": (zipped(), r"this is a zip archive, not a notebook: hand in the \.ipynb file"),
    "compressed": (gzip.compress(REAL), r"this is a compressed archive \(gzip\)"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3", r"this is a PDF, not a notebook"),
    "a picture": (b"\x89PNG\r\n\x1a\n", r"this is a picture \(PNG\)"),
    "a pickle": (b"\x80\x04\x95\x10\0", r"this is a pickle"),
    "a web page": (b"\n<!DOCTYPE html><html>", r"this is a web page \(HTML\), not a notebook"),
    "a program": (b"import numpy as np\nx = 1\n", r"this is a Python program, not a notebook"),
    "a percent program": (b"# %%\nprint(1)\n", r"this is a Python program"),
    "prose": ("Здравствуйте".encode(), r"this is some other text, not a notebook"),
    "UTF-16": (
        REAL.decode().encode("utf-16"),
        r"stored as UTF-16, expected UTF-8: hand in a copy",
    ),
    "UTF-16 unmarked": (REAL.decode().encode("utf-16-le"), r"stored as UTF-16"),
    "UTF-32": (REAL.decode().encode("utf-32"), r"stored as UTF-32"),
    "Latin-1": (
        notebook(code("é")).replace(rb"\u00e9", b"\xe9"),
        r"text, got the byte 0xe9",
    ),
    "conflict": (ours_and_theirs(), r"git's conflict marks .*\(line 5\).*decide for one"),
    "two notebooks": (REAL + REAL, r"ends on line \d+, and more follows it.*hand in one notebook"),
    "a comma too few": (REAL.replace(b'",\n', b'"\n', 1), r"damaged at line 5, column \d+"),
    "a raw line end": (
        REAL.replace(rb"\n", b"\n", 1),
        r"line \d+, .*\(Invalid control character\)",
    ),
    "key twice": (b'{"cells": [], "cells": []}', r"the name 'cells' stands twice.*merge by hand"),
    "key twice, deep": (notebook(code()).replace(b'"metadata": {}', b'"source": ""'), r"'source'"),
    "NaN": (notebook(code(outputs=[float("nan")])), r"holds NaN, which JSON does not know: clear"),
    "infinity": (notebook(code(outputs=[-float("inf")])), r"holds -Infinity"),
    "a long number": (notebook().replace(b"5", b"5" * 9_999, 1), r"a number too long to read"),
    "deep": (b'{"a":' * 200_000, r"nested too deeply"),
    "deep lists": (b"[" * 400_000, r"nested too deeply"),
    "many parts": (b'{"a":[' + b"{}," * 600_000, r"more than 500000 parts: clear the outputs"),
    "large": (b" " * 10_000_001, r"at most 10 MB, got 10\.0 MB: clear the outputs"),
    "a list": (b"[]", r"expected a notebook \(a JSON object\), got a list"),
    "a word": (b'"notebook"', r"got a text"),
    "null": (b"null", r"got nothing"),
    "true": (b"true", r"got a truth value"),
    "other JSON": (b'{"name": "x"}', r"this is JSON, but not a notebook"),
    "no format": (b'{"cells": []}', r"nbformat 4, got nothing"),
    "format 3": (
        b'{"nbformat": 3, "worksheets": []}',
        r"old format \(3\), expected 4: open it in",
    ),
    "worksheets": (b'{"nbformat": 4, "worksheets": []}', r"old format"),
    "format 2": (b'{"nbformat": 2}', r"old format \(2\)"),
    "format 5": (notebook(nbformat=5), r"nbformat 4, got 5"),
    "format true": (notebook(nbformat=True), r"nbformat 4, got a truth value"),
    "format 4.5": (notebook(nbformat=4.5), r"nbformat 4, got a number"),
    "format 4.0": (notebook(nbformat=4.0), r"nbformat 4, got a number"),
    "format '4'": (notebook(nbformat="4"), r"nbformat 4, got a text"),
    "R": (
        notebook(**kernel("R")),
        r"notebook for Python, got one for 'R': choose a Python kernel",
    ),
    "Julia ran it": (notebook(**kernel("python", name="julia")), r"got one for 'julia'"),
    "no cells": (b'{"nbformat": 4}', r"expected a list of cells, got nothing"),
    "cells by name": (notebook(cells={}), r"expected a list of cells, got an object"),
    "a cell that is none": (notebook(code(), "x = 1"), r"cell 2 to be an object, got a text"),
    "a cell of nothing": (notebook(None), r"cell 1 to be an object, got nothing"),
    "an unknown kind": (notebook(code(kind="heading")), r"cell 1 to be one of .*, got 'heading'"),
    "no kind": (notebook({"source": ""}), r"cell 1 to be one of .*, got nothing"),
    "a kind in a list": (notebook(code(kind=["code"])), r"got a list"),
    "no source": (notebook({"cell_type": "code"}), r"a text in cell 1, got nothing"),
    "a number for source": (notebook(code(7)), r"a text in cell 1, got a number"),
    "numbers for lines": (notebook(code(["a", 7])), r"a text in cell 1, got a list"),
    "many cells": (notebook(*[code()] * 1_001), r"at most 1000 cells, got 1001"),
    "a long cell": (notebook(code("x" * 100_001)), r"at most 100000 characters in cell 1"),
    "long lines": (notebook(code(["x" * 60_000] * 2)), r"in cell 1, got 120000"),
    "hostile kind": (notebook(code(kind="\u202e\n\x1b[2J" + "x" * 999)), r"got 'x{39}…'$"),
}


def assert_clear(message):
    assert len(message) <= 300
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in message)


@pytest.mark.parametrize("what", MALFORMED)
def test_a_malformed_notebook_gets_its_clear_line(what):
    data, said = MALFORMED[what]
    with pytest.raises(BadNotebook, match=said) as refused:
        parse(data)
    assert_clear(str(refused.value))


# ---- what is read


def test_a_notebook_is_read_as_nbformat_reads_it():
    expected = nbformat.reads(REAL.decode(), 4).cells
    cells = parse(REAL).cells
    assert [cell.kind for cell in cells] == [cell.cell_type for cell in expected]
    assert [cell.source for cell in cells] == [cell.source for cell in expected]
    ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in expected]
    assert [cell.grade_id for cell in cells] == ids
    assert parse(REAL).notes == ()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + REAL,
        REAL.replace(b"\n", b"\r\n"),
        b"\n\n" + REAL,
        json.dumps(TREE).encode(),
        json.dumps({**TREE, "metadata": {}}).encode(),
        json.dumps({key: TREE[key] for key in ("cells", "nbformat")}).encode(),
        json.dumps({**TREE, "metadata": {"kernelspec": {"language": 7}, "language_info": []}})
        .encode(),
    ],
    ids=["BOM", "CRLF", "blank lines", "one line", "no kernel", "no metadata", "odd kernel"],
)  # fmt: skip
def test_the_same_notebook_stored_otherwise_is_the_same(data):
    assert parse(data) == parse(REAL)


def test_a_source_is_a_text_or_a_list_of_lines():
    assert parse(notebook(code("a\nb"))).cells == parse(notebook(code(["a\n", "b"]))).cells
    found = parse(notebook(code([]), code("", kind="raw")))
    assert found.cells == (Cell("code", ""), Cell("raw", ""))


def test_fingerprint_changes_with_sources_alone():
    first = parse(notebook(code("a"), code("b")))
    same = parse(notebook(code("a", "id", outputs=[1]), code(["b"])))
    assert first.fingerprint == same.fingerprint
    others = [[code("ab")], [code("b"), code("a")], [code("a", kind="raw"), code("b")], []]
    prints = {parse(notebook(*cells)).fingerprint for cells in others}
    assert len(prints | {first.fingerprint}) == 5


def test_what_a_hand_in_says_of_itself_is_passed_on_cleaned():
    about = {"student": "a\n\x1b[1mb", "handed_in": 7, "sha256": "x" * 999, "points": "20"}
    said = parse(notebook(metadata={"descent": about})).said
    assert dict(said) == {"student": "a b", "sha256": "x" * 299 + "…"}
    assert dict(parse(notebook(metadata={"descent": "student"})).said) == {}


# ---- what is odd, but no failure


def test_deleted_and_moved_cells_are_no_failure_and_can_be_asked_for():
    marks = [cell["metadata"].get("nbgrader", {}) for cell in TREE["cells"]]
    checks = {mark["grade_id"] for mark in marks if mark.get("grade") and not mark["solution"]}
    assert len(checks) > 4
    left = [
        cell
        for cell, mark in zip(TREE["cells"], marks, strict=True)
        if mark.get("grade_id") not in checks
    ]
    found = parse(json.dumps({**TREE, "cells": left[::-1]}).encode())
    assert found.notes == ()
    assert set(found.missing([mark["grade_id"] for mark in marks if mark])) == checks


def test_doubled_answers_all_stay_in_order_and_are_noted():
    found = parse(notebook(code("f = 1", "f"), code("g", "g"), code("f = 2", "f")))
    assert [cell.source for cell in found.cells] == ["f = 1", "g", "f = 2"]
    (note,) = found.notes
    assert note == (
        "the grade id 'f' stands on cells [1, 3]: all run, and the last definition counts"
    )


def test_doubled_texts_are_joined_in_order():
    cells = [code(text, "explain", kind="markdown") for text in ("first", "second")]
    found = parse(notebook(cells[0], code(), cells[1]))
    assert found.text_of("explain") == "first\n\nsecond"
    assert found.notes == ("the grade id 'explain' stands on cells [1, 3]: all are read",)
    assert found.text_of("absent") == ""


def test_doubled_cell_ids_are_harmless():
    assert parse(notebook(code(id="a"), code(id="a"))).notes == ()


@pytest.mark.parametrize("letter", [0, 0xD800, 0xDFFF], ids=hex)
def test_a_character_that_no_text_holds_costs_its_cell_alone(letter):
    found = parse(notebook(code(f"x = '{chr(letter)}'"), code("y = 2")))
    assert found.cells == (Cell("code", "x = '�'"), Cell("code", "y = 2"))
    assert "cell 1 holds characters that no text can" in found.notes[0]
    for cell in found.cells:
        compile(cell.source.encode(), "cell", "exec")


def test_letters_beyond_the_first_65536_are_whole():
    assert parse(notebook(code("'🙂'"))).cells[0].source == "'🙂'"
    assert parse(notebook(code("'🙂'"))).notes == ()


ODD_MARKS = [
    *(None, [], "max", 7),
    *({}, {"grade_id": None}, {"grade_id": ["max"]}, {"grade_id": ""}, {"grade_id": "../x"}),
    *({"grade_id": "a\n"}, {"grade_id": "é"}, {"grade_id": "x" * 101}, {"grade_id": {}}),
]


@pytest.mark.parametrize("mark", ODD_MARKS, ids=repr)
def test_a_damaged_mark_of_nbgrader_makes_a_plain_cell(mark):
    found = parse(notebook({**code(), "metadata": {"nbgrader": mark}}))
    assert found.cells == (Cell("code", "x = 1"),)
    assert found.notes == ("the grade id of cell 1 is damaged; the cell is read as a plain one",)


def test_odd_metadata_is_ignored_and_noted():
    odd = parse(notebook({"cell_type": "code", "source": "", "metadata": []}, metadata="x"))
    assert odd.cells == (Cell("code", ""),)
    assert odd.notes == (
        "the metadata of the notebook is damaged (a text); it is ignored",
        "the metadata of cell 1 is damaged (a list); it is ignored",
    )
    assert parse(notebook({"cell_type": "code", "source": ""})).notes == ()


def test_notes_are_few_whatever_comes():
    found = parse(notebook(*[{**code("\0"), "metadata": 3}] * 1_000))
    assert len(found.notes) == 20
    assert found.notes[-1] == "and 1981 notes more"


# ---- files


def refusal(path):
    with pytest.raises(BadNotebook) as refused:
        read(path)
    assert_clear(str(refused.value))
    return str(refused.value)


def test_a_file_is_read(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(REAL)
    assert read(tmp_path / "a.ipynb") == parse(REAL)


def test_what_is_no_regular_file_is_refused_unopened(tmp_path, monkeypatch):
    assert "no such file" in refusal(tmp_path / "none.ipynb")
    assert "no such file" in refusal(tmp_path / "none" / "none.ipynb")
    assert "got a folder" in refusal(tmp_path)
    assert "a NUL" in refusal(Path("a\0b"))
    assert "cannot be read: File name too long" in refusal(tmp_path / ("x" * 300))
    (tmp_path / "a").write_bytes(REAL)
    assert "cannot be read: Not a directory" in refusal(tmp_path / "a" / "b")
    os.mkfifo(tmp_path / "pipe")
    assert "got a pipe" in refusal(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        monkeypatch.chdir(tmp_path)  # an address may not be long
        door.bind("door")
        assert "got a device" in refusal(tmp_path / "door")
    assert "got a device" in refusal(Path("/dev/zero"))


@pytest.mark.parametrize("target", ["a", "/etc/passwd", "nowhere", "link"])
def test_a_link_is_refused_wherever_it_leads(tmp_path, target):
    (tmp_path / "a").write_bytes(REAL)
    (tmp_path / "link").symlink_to(target)
    assert "got a link" in refusal(tmp_path / "link")


def test_a_link_put_in_the_file_s_place_in_between_is_refused(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(REAL)
    (tmp_path / "link").symlink_to("a")
    monkeypatch.setattr(reader.os, "lstat", lambda path: os.stat(tmp_path / "a"))
    assert "cannot be read" in refusal(tmp_path / "link")


class Unread(io.FileIO):
    def read(self, size=-1):
        raise AssertionError("expected the file not to be read")


def test_a_large_file_is_refused_without_being_read(tmp_path, monkeypatch):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(100_000_000)
    monkeypatch.setattr(reader, "open", Unread, raising=False)
    assert "at most 10 MB, got 100.0 MB: clear the outputs" in refusal(tmp_path / "large")


def test_a_file_that_grows_while_it_is_read_is_cut_off(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b" " * 10_000_002)
    about = os.stat_result([0o100644, *[0] * 9])
    monkeypatch.setattr(reader.os, "fstat", lambda file: about)
    with pytest.raises(BadNotebook, match=r"got 10\.0 MB"):
        reader.contents(tmp_path / "a")


# ---- shown to people

HOSTILE = {
    "\x1b[31mred\x1b[0m": "red",
    "\x1b]0;title\x07a": "a",
    "\x1b]8;;http://x\x1b\\link": "link",
    "\x9b2Ja": "a",
    "a\r\nb\tc\u2028d": "a b c d",
    "\u202eabc\u2066\u200f": "abc",
    "a\0\x7f\x85b": "a b",
    "\ud800a\u200b\ufeff": "a",
    "  é 🙂  ": "é 🙂",
    "\x1b": "",
}


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_text_is_shown_as_plain_text(text):
    assert plain(text) == HOSTILE[text]


@given(st.text(st.characters(exclude_categories=()), max_size=400), st.integers(1, 50))
def test_plain_text_is_one_line_of_no_more_than_asked_for(text, most):
    line = plain(text, most)
    assert len(line) <= most
    assert line == line.strip()
    line.encode()
    assert_clear(line)


# ---- fuzz


def only_refuses(data):
    try:
        found = parse(data)
    except BadNotebook as error:
        assert_clear(str(error))
    else:
        for cell in found.cells:
            assert cell.kind in reader.KINDS
            assert re.fullmatch(r"[\w.-]{0,100}", cell.grade_id, re.ASCII)
            assert "\0" not in cell.source
            cell.source.encode()
        for line in (*found.notes, *found.said.values()):
            assert_clear(line)
        assert len(found.fingerprint) == 64


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe")
@example(b"-")
def test_garbage_is_refused(data):
    only_refuses(data)


PIECES = [b"", b"\0", b"{", b"}", b"[", b'"', b"\\", b",", b"null", b"NaN", b"\xff", b"1e9"]


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(REAL)), st.integers(0, 40), st.sampled_from(PIECES)),
                min_size=1, max_size=3))  # fmt: skip
def test_a_real_notebook_with_damaged_bytes_is_read_or_refused(damages):
    data = REAL
    for start, length, piece in damages:
        data = data[:start] + piece + data[start + length :]
    only_refuses(data)


SCALARS = st.one_of(
    *(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5)),
    st.sampled_from(["code", "markdown", "python", "max", "\ud800", "\0", 10**30]),
)
NAMES = st.sampled_from(
    ["cells", "nbformat", "metadata", "source", "cell_type", "nbgrader", "grade_id", "descent"]
)
JSONS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSONS)
def test_any_json_is_read_or_refused(tree):
    only_refuses(json.dumps(tree).encode())


@given(st.lists(JSONS, max_size=3), JSONS)
def test_any_json_in_the_place_of_cells_is_read_or_refused(cells, about):
    only_refuses(notebook(code("x", "max"), *cells, metadata=about))


def places(tree, path=()):
    """Every path into a tree of JSON."""
    yield path
    inner = enumerate(tree) if isinstance(tree, list) else ()
    for key, value in tree.items() if isinstance(tree, dict) else inner:
        yield from places(value, (*path, key))


def holds(owner, key):
    if isinstance(owner, list):
        return isinstance(key, int) and key < len(owner)
    return isinstance(owner, dict) and key in owner


PLACES = [path for path in places(TREE) if path]


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSONS), min_size=1, max_size=4))
def test_a_real_notebook_with_exchanged_values_is_read_or_refused(changes):
    tree = copy.deepcopy(TREE)
    for path, value in changes:
        owner = tree
        for key in path[:-1]:
            owner = owner[key] if holds(owner, key) else None
        if holds(owner, path[-1]):
            owner[path[-1]] = value
    only_refuses(json.dumps(tree).encode())
