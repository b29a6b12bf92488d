"""Hand-in: the saved notebook runs afresh, and what is missing is said, whatever stands in it."""

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
import pytest

import lib
from lib.grading import _kernel
from lib.grading.__main__ import main
from lib.grading._handin import HandInError, hand_in, slug
from lib.grading._kernel import Kernel, KernelEndedError, NoKernelError, run_all
from lib.grading._signed import signed
from lib.grading._standing import STUB
from lib.grading._verdict import MIME
from lib.grading.reader import Cell, read

ROOT = Path(__file__).parent.parent
SOLUTION = (ROOT / "exercises" / "pooling.ipynb").read_text(encoding="utf-8")
STUDENT_FORM = (ROOT / "exercises" / "student" / "pooling.ipynb").read_text(encoding="utf-8")
QUESTIONS = 10


def cell_with(tree, text):
    """The first code cell in which a text stands."""
    return next(
        cell
        for cell in tree["cells"]
        if cell["cell_type"] == "code" and text in "".join(cell["source"])
    )


def saved(folder, form=SOLUTION, student="s1", name="pooling.ipynb", change=lambda tree: None):
    """Store a notebook as an editor would, signed by a student and changed."""
    tree = json.loads(form)
    cell = cell_with(tree, "STUDENT =")
    cell["source"] = "".join(cell["source"]).replace('STUDENT = ""', f'STUDENT = "{student}"')
    change(tree)
    path = folder / name
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def states(text):
    """What a receipt says of each question."""
    lines = re.findall(r"^([✓✗]) (\w+) +(.*)$", text, re.MULTILINE)
    return {name: (mark, state) for mark, name, state in lines}


# ---- a whole notebook


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The solution, handed in under another name, from another folder, by a student."""
    folder = tmp_path_factory.mktemp("whole")

    def ran_before(tree):
        output = {"output_type": "stream", "name": "stdout", "text": "of another day"}
        cell_with(tree, "STUDENT =").update(outputs=[output], execution_count=7)
        tree["metadata"]["widgets"] = {"state": "of another day"}

    path = saved(folder, name="my work (2).ipynb", change=ran_before)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    before = path.read_bytes()
    done = hand_in(path, folder=folder / "a" / "b")
    assert path.read_bytes() == before
    return path, done


def test_a_solution_is_complete(whole):
    _, done = whole
    assert done.complete, done.text
    assert len(states(done.text)) == QUESTIONS
    for mark, state in states(done.text).values():
        assert mark == "✓"
        assert re.fullmatch(r"(\d+) of \1 public cases passed|answered; a person .*", state)
    assert "Nothing is missing." in done.text


def test_the_file_to_hand_in_is_the_saved_notebook_without_outputs(whole):
    path, done = whole
    assert done.file == path.parent / "a" / "b" / "pooling-s1.ipynb"
    text = done.file.read_text(encoding="utf-8")
    assert "of another day" not in text
    handed, own = nbformat.reads(text, 4), nbformat.read(path, 4)
    nbformat.validate(handed)
    for cell, before in zip(handed.cells, own.cells, strict=True):
        assert (cell.source, cell.metadata) == (before.source, before.metadata)
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert handed.metadata.kernelspec == own.metadata.kernelspec


def test_the_file_says_who_handed_it_in_and_when(whole):
    path, done = whole
    said = read(done.file).said
    assert said["student"] == "s1"
    assert said["library"] == lib.__version__
    assert said["sha256"] == read(path).fingerprint == read(done.file).fingerprint
    age = datetime.now(UTC) - datetime.fromisoformat(said["handed_in"])
    assert timedelta() <= age < timedelta(minutes=10)


def test_the_receipt_is_what_was_said_and_names_the_file_by_its_hash(whole):
    _, done = whole
    assert done.receipt == done.file.with_name("pooling-s1.receipt.txt")
    assert done.receipt.read_text(encoding="utf-8") == done.text
    assert hashlib.sha256(done.file.read_bytes()).hexdigest() in done.text
    day = datetime.fromtimestamp(1_700_000_000).strftime("%Y-%m-%d %H:%M:%S")
    assert f"my work (2).ipynb, as it was saved at {day}" in done.text
    assert sorted(os.listdir(done.file.parent)) == [done.file.name, done.receipt.name]


def test_nothing_handed_in_is_overwritten_unasked(whole, capsys):
    path, done = whole
    before = done.file.read_bytes(), done.receipt.read_bytes()
    words = ["handin", str(path), "--folder", str(done.file.parent)]
    assert main(words) == 2
    assert "repeat the command with --yes" in capsys.readouterr().err
    assert (done.file.read_bytes(), done.receipt.read_bytes()) == before
    with pytest.raises(HandInError, match="is the file that you would hand in: name another"):
        hand_in(done.file, yes=True)


# ---- the form that students get


def test_a_student_form_lists_all_that_is_missing_and_is_written_all_the_same(tmp_path):
    path = saved(tmp_path, STUDENT_FORM, student="")
    command = [sys.executable, "-m", "lib.grading", "handin", path.name]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "cp1252"}
    run = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True)
    assert run.returncode == 1, run.stderr.decode()
    receipt = (tmp_path / "pooling-unnamed.receipt.txt").read_text(encoding="utf-8")
    found = states(receipt)
    assert len(found) == QUESTIONS
    assert {mark for mark, _ in found.values()} == {"✗"}
    assert found["max_pool2d"] == ("✗", "not yet")
    assert found["explain"] == ("✗", "not yet: write in the place of *Write here.*")
    assert f"Incomplete: {QUESTIONS} of {QUESTIONS} questions are open." in receipt
    place = "line 5 of cell 3"
    assert f"STUDENT is empty: write your id between the quotes, {place}" in receipt
    assert "Student:    not named" in receipt
    assert read(tmp_path / "pooling-unnamed.ipynb").said["student"] == ""
    assert b"pooling-unnamed.ipynb" in run.stdout


def test_the_stub_of_a_text_is_what_the_student_form_holds():
    assert STUDENT_FORM.count(STUB) == 1


# ---- half done, hostile, broken

FORGED = """
from IPython.display import display
mime = "application/vnd.descent.verdict+json"
display({mime: {"key": "pooling.moments", "passed": 2, "of": 2}}, raw=True)
def expected(mean, var):
    display({mime: {"key": "pooling.moments", "passed": 2, "of": 2}}, raw=True)
    return mean
"""
HOSTILE = r"""
print("\x1b]0;title\x07" * 10_000)
raise ValueError("\x1b[2J\u202e" + "x" * 10_000)
"""
BROKEN = {  # what stands in the notebook → how the question after it fares
    "def avg_pool2d(": "while True:\n    pass",
    "def stochastic_pool(": "import os\nos._exit(0)",
    "def expected(": FORGED,
    "def stochastic_pool_eval(": HOSTILE,
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    def breaks(tree):
        for text, source in BROKEN.items():
            cell_with(tree, text)["source"] = source
        cell_with(tree, "def max_pool2d(")["source"] = "def max_pool2d(x, *_):\n    return x.max()"
        tree["cells"].remove(cell_with(tree, 'check("pooling.max_pool2d_backward"'))
        tree["cells"] = [
            cell
            for cell in tree["cells"]
            if cell["metadata"].get("nbgrader", {}).get("grade_id") != "explain"
            and "lib.widgets" not in "".join(cell["source"])  # which takes long to import
        ]
        cell = cell_with(tree, "def max_pool2d_backward(")
        tree["cells"].append({**cell, "metadata": {}, "source": "%pwd\nx = input()"})

    path = saved(tmp_path_factory.mktemp("broken"), change=breaks)
    return hand_in(path, seconds=6.0)


def test_what_is_wrong_or_gone_is_said_question_by_question(broken):
    found = states(broken.text)
    assert not broken.complete
    assert found["predict"][0] == "✓"
    assert found["max_pool2d_backward"] == ("✓", "5 of 5 public cases passed")  # check cell gone
    assert re.fullmatch(r"0 of \d public cases passed", found["max_pool2d"][1])
    assert found["avg_pool2d"] == ("✗", "NameError: name 'avg_pool2d' is not defined")
    assert found["explain"] == ("✗", "its cell (grade id 'explain') is gone")
    assert broken.file.exists()


def test_cells_that_raise_hang_or_end_the_kernel_cost_themselves_alone(broken):
    for said in (
        r"cell \d+ \(while True:\): did not end within 6 s",
        r"cell \d+ \(import os\): ended the kernel's process",
        r"cell \d+ \(%pwd\): StdinNotImplementedError: .*",
        r"cell \d+ \(print.*\): ValueError: x{140,}…",
    ):
        assert re.search(rf"^  - {said}$", broken.text, re.MULTILINE), broken.text


def test_a_forged_verdict_fools_nobody(broken):
    assert states(broken.text)["moments"][0] == "✗"


def test_hostile_output_reaches_no_terminal(broken):
    assert "\x1b" not in broken.text
    assert "\u202e" not in broken.text
    assert max(map(len, broken.text.splitlines())) < 320


def test_a_cell_that_withstands_interruption_costs_itself_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(_kernel, "GRACE_SECONDS", 0.5)
    stubborn = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    first, stuck, blank, last = run_all(["x = 20", stubborn, "  ", "x + 1"], tmp_path, 1.5)
    assert stuck.error == "did not end within 1.5 s, nor when it was interrupted"
    assert (first.error, blank.error, last.error) == ("", "", "")
    assert last.result == {"text/plain": "21"}


def test_cells_that_end_one_kernel_after_another_are_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(_kernel, "MOST_STARTS", 1)
    ran = run_all(["import os; os._exit(1)", "1"], tmp_path, 5.0)
    assert [each.error for each in ran] == ["ended the kernel's process", "was not run"]


def test_a_kernel_is_fresh_of_this_python_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "settings"))
    start = tmp_path / "settings" / "profile_default" / "startup" / "first.py"
    start.parent.mkdir(parents=True)
    start.write_text("planted = True")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "random.py").write_text("raise SystemExit")
    look = (
        "import os, sys; print('\\n' * 100_000);"
        "(sys.executable, os.getcwd(), 'planted' in globals(), os.getpid())"
    )
    with Kernel(tmp_path / "work") as kernel:
        ran = kernel.run(look, 20.0)
    python, folder, planted, process = eval(ran.result["text/plain"])
    assert (python, folder, planted) == (sys.executable, str(tmp_path / "work"), False)
    assert not Path(f"/proc/{process}").exists()
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["random.py"]


def test_a_cell_that_never_stops_printing_ends_in_time(tmp_path):
    with Kernel(tmp_path) as kernel:
        assert kernel.run("while True: print('x' * 100)", 1.0).error == "did not end within 1 s"
        assert kernel.run("7", 20.0).result == {"text/plain": "7"}
        with pytest.raises(KernelEndedError, match="ended"):
            kernel.run("import os; os._exit(3)", 20.0)


def all_pass(cells, *_):
    """Let no cell raise, and each check say that all cases passed."""
    keys = [re.search(r"check\('([\w.]+)'", cell) for cell in cells]
    return [
        _kernel.Ran(result={MIME: {"key": key[1], "passed": 1, "of": 1}} if key else {})
        for key in keys
    ]


def one_raises(cells, *_):
    return [_kernel.Ran("ValueError: x"), *all_pass(cells)[1:]]


def one_fails(cells, *_):
    ran = all_pass(cells)
    next(each for each in ran if each.result).result[MIME]["passed"] = 0
    return ran


@pytest.mark.parametrize(
    ("outcome", "student", "complete"),
    [
        (all_pass, "s1", True),
        (all_pass, "", False),
        (one_raises, "s1", False),
        (one_fails, "s1", False),
    ],
)
def test_only_what_lacks_nothing_is_complete(tmp_path, monkeypatch, outcome, student, complete):
    monkeypatch.setattr("lib.grading._standing.run_all", outcome)
    done = hand_in(saved(tmp_path, student=student), student="s1")
    assert done.complete is complete
    assert ("Nothing is missing." in done.text) is complete


# ---- refused before anything runs


@pytest.fixture
def no_kernel(monkeypatch):
    """Let nothing run."""

    def unexpected(*args):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(Kernel, "__enter__", unexpected)


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.ipynb"], "no such file"),
        (["cut.ipynb"], "the file ends in the middle"),
        (["other.ipynb"], r"one of the exercise notebooks \('pooling',.*choose the file in which"),
        (["work.ipynb", "--student", "s2"], r"STUDENT = 's1', but --student says 's2': correct"),
        (["work.ipynb", "--student", "a\x1b[2J\nb"], "a name or number as --student, got 'a b'"),
        (["work.ipynb", "--student", "x" * 101], "a name or number as --student, got"),
    ],
)
def test_what_cannot_be_handed_in_is_refused_in_a_line(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, name="work.ipynb")
    Path("cut.ipynb").write_text(SOLUTION[:999], encoding="utf-8")
    Path("other.ipynb").write_text('{"nbformat": 4, "cells": []}')
    before = set(os.listdir())
    assert main(["handin", *words]) == 2
    (_, line) = capsys.readouterr().err.splitlines()
    assert line.startswith("Nothing was written: ")
    assert re.search(said, line)
    assert set(os.listdir()) == before


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "lib.grading._standing.run_all", lambda cells, *_: [_kernel.Ran()] * len(cells)
    )
    (tmp_path / "a").write_text("a file")
    with pytest.raises(HandInError, match=r"cannot write into .*/a: File exists"):
        hand_in(saved(tmp_path), folder=tmp_path / "a")


@pytest.mark.parametrize("missing", ["jupyter_client", "ipykernel"])
def test_without_a_kernel_it_says_what_to_install(tmp_path, monkeypatch, missing):
    find = _kernel.find_spec
    monkeypatch.setattr(_kernel, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(NoKernelError, match=rf"takes {missing}, .*: pip install ipykernel"):
        hand_in(saved(tmp_path))
    assert os.listdir(tmp_path) == ["pooling.ipynb"]


def test_a_kernel_that_does_not_start_is_an_error_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(_kernel.sys, "executable", "/bin/false")
    with pytest.raises(NoKernelError, match="the kernel does not start: Kernel died"):
        run_all(["1"], tmp_path, 1.0)


# ---- who

NOWHERE = 'no cell says who you are: add STUDENT = "your id" to the first code cell'
EMPTY = "STUDENT is empty: write your id between the quotes, line 3 of cell 1"
NO_TEXT = "STUDENT is no plain text: write your id in quotes, line 1 of cell 1"
UNFIT = "STUDENT holds letters that cannot be shown, or too many: line 1 of cell 1"
SIGNS = {
    'STUDENT = "s1"': ("s1", ""),
    "%pip install x\nSTUDENT = 's1'": ("s1", ""),
    "if True:\n    !ls\nSTUDENT = 's1'": ("s1", ""),
    "STUDENT = ' José 7 '": ("José 7", ""),
    "STUDENT = 1234": ("1234", ""),
    'STUDENT = ""\nSTUDENT = "b"': ("b", ""),
    "STUDENT = ID = 'b'": ("b", ""),
    '\n\nSTUDENT = " "': ("", EMPTY),
    "STUDENT = name()": ("", NO_TEXT),
    "STUDENT = True": ("", NO_TEXT),
    "STUDENT = 'a\\u202eb'": ("", UNFIT),
    "STUDENT = '\\ud800'": ("", UNFIT),
    f"STUDENT = '{'x' * 101}'": ("", UNFIT),
    "STUDENT = ": ("", NOWHERE),
    "STUDENT = 's1'\n'\\d'": ("s1", ""),  # of which Python warns
    "(" * 5_000: ("", NOWHERE),
    "-" * 90_000 + "1": ("", NOWHERE),
}


@pytest.mark.parametrize("source", SIGNS, ids=lambda source: ascii(source[:30]))
def test_who_signs_is_read_without_running_anything(source):
    assert signed([Cell("code", source)]) == SIGNS[source]


def test_the_last_cell_that_signs_counts_and_texts_do_not():
    cells = [Cell("code", "STUDENT = 'a'"), Cell("code", "STUDENT = 'b'")]
    assert signed([*cells, Cell("markdown", "STUDENT = 'c'")]) == ("b", "")


def test_an_id_given_on_the_command_line_may_differ_in_case_and_spaces(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "lib.grading._standing.run_all", lambda cells, *_: [_kernel.Ran()] * len(cells)
    )
    done = hand_in(saved(tmp_path, student="Jane Doe"), student="jane doe")
    assert done.file.name == "pooling-jane-doe.ipynb"
    assert read(done.file).said["student"] == "jane doe"


SLUGS = {
    "s1": "s1",
    "José / 7": "Jose-7",
    "../../etc/passwd": "etc-passwd",
    "a\\b:c*?": "a-b-c",
    "学生": "unnamed",
    "": "unnamed",
    ".": "unnamed",
    "x" * 99: "x" * 60,
    "jane@uni.edu": "jane-uni.edu",
}


@pytest.mark.parametrize("student", SLUGS)
def test_a_file_s_name_holds_letters_that_all_systems_know(student):
    assert slug(student) == SLUGS[student]


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["handin", "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for word in (
        "as it was saved",
        "fresh",
        "python -m lib.grading handin pooling.ipynb",
        "2 nothing",
    ):
        assert word in said


def test_importing_the_command_loads_no_jupyter():
    code = "import sys, lib.grading.__main__; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "numpy" in loaded
    assert not {"jupyter_client", "ipykernel", "IPython", "nbformat", "torch"} & loaded
