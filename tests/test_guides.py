"""The guides say what happens: their commands and cells are run, and print what stands there."""

import ast
import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner

from lib.instructor.__main__ import main
from tests.toc import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the guides' commands are of a Unix shell")

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
VARYING = {  # from run to run
    r"\d{4}-\d\d-\d\dT[\d:]+\+00:00": "TIME",
    r"saved at [-\d]+ [\d:]+ [+-]\d{4}": "saved at TIME",
    r"\b[0-9a-f]{64}\b": "HASH",
}


def blocks(page):
    """The kind and the text of each block of code in a guide."""
    text = (ROOT / f"exercises/{page}.md").read_text(encoding="utf-8")
    return BLOCK.findall(text)


def settled(text):
    """A text without what differs from run to run."""
    for pattern, name in VARYING.items():
        text = re.sub(pattern, name, text)
    return text.strip()


def sessions(page):
    """The commands of a guide's terminal, each with what it is said to print."""
    for kind, text in blocks(page):
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, printed = part.partition("\n")
                yield command, printed


def cells(page):
    """The cells of a guide, each with what it is said to show."""
    found = blocks(page)
    for (kind, source), (after, shown) in zip(found, [*found[1:], ("", "")], strict=True):
        if kind == "python":
            yield source, shown if after == "text" else ""


def evaluated(source, names):
    """Run a cell; return what a notebook would show."""
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    return repr(eval(compile(ast.Expression(last.value), "cell", "eval"), names))


def test_what_students_read_is_what_their_cells_show():
    names, count = {}, 0
    for source, shown in cells("student-guide"):
        if shown or "\ncheck(" in f"\n{source}":
            assert evaluated(source, names) == shown.rstrip("\n")
            count += 1
    assert count == 4


@pytest.fixture
def notebook(tmp_path):
    """The exercise as a student saves it who has come as far as the guide's first try."""
    path = tmp_path / "pooling.ipynb"
    tree = json.loads((ROOT / "exercises/student/pooling.ipynb").read_text(encoding="utf-8"))
    answer = next(source for source, _ in cells("student-guide")).partition("\ncheck(")[0]
    for cell in tree["cells"]:
        source = "".join(cell["source"])
        cell["source"] = source.replace('STUDENT = ""', 'STUDENT = "doe"')
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "max_pool2d-answer":
            cell["source"] = answer
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def test_what_students_read_of_hand_in_is_what_it_prints(notebook):
    codes = []
    for command, printed in sessions("student-guide"):
        _, *words = shlex.split(command)
        run = subprocess.run(
            [sys.executable, *words],
            **{"cwd": notebook.parent, "env": os.environ | {"PYTHONPATH": str(ROOT)}},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True},
        )
        assert settled(run.stdout) == settled(printed)
        codes.append(run.returncode)
    assert codes == [1, 2], "incomplete, then refused: as the guide says"
    written = {path.name for path in notebook.parent.iterdir()} - {notebook.name}
    assert written == {"pooling-doe.ipynb", "pooling-doe.receipt.txt"}


def in_terminal(command, codes):
    """Run a line of an instructor's terminal; return what it prints."""
    first, *words = shlex.split(command)
    if first == "cd":
        os.chdir(*words)
        return ""
    if first == "echo":
        return str(codes[-1])
    assert (first, *words[:2]) == ("python", "-m", "lib.instructor")
    run = CliRunner().invoke(main, words[2:])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    codes.append(run.exit_code)
    return run.output


def test_a_course_goes_from_zero_to_exported_grades_as_the_guide_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sample = next(source for source, _ in cells("instructor-guide"))
    exec(compile(sample, "sample", "exec"), {})
    codes, tried = [], set()
    for command, printed in sessions("instructor-guide"):
        got = in_terminal(command, codes).replace(str(tmp_path), "/courses")
        assert settled(got) == settled(printed), command
        tried |= {word for word in command.split() if word in main.commands}
    assert codes == [0] * 8 + [1, 0], "ten commands; the export leaves something open"
    assert tried == {*main.commands} - {"roster", "regrade"}


@pytest.mark.parametrize("name", main.commands)
def test_the_help_of_every_command_ends_in_an_example_of_it(name):
    shown = CliRunner().invoke(main, [name, "--help"], prog_name="python -m lib.instructor")
    _, found, examples = shown.output.partition("\n\n  Example:\n")
    assert found, shown.output
    options = {each for option in main.commands[name].params for each in option.opts}
    for line in examples.partition("\n\nOptions:")[0].splitlines():
        words = shlex.split(line)
        assert words[:4] == ["python", "-m", "lib.instructor", name]
        assert {word for word in words[4:] if word.startswith("--")} <= options


def test_how_long_grading_takes_is_what_was_measured():
    guide = (ROOT / "exercises/instructor-guide.md").read_text(encoding="utf-8")
    found = json.loads((ROOT / "benchmarks/results/grading.json").read_text(encoding="utf-8"))
    assert found["machine"].endswith("2 cores, 2 used")
    few, *_, most = found["growth"]
    told = (
        f"Two cores grade {most['a_second']:.0f} notebooks on pooling a second: "
        f"{most['submissions']:,} take {most['grade_seconds'] / 60:.0f} minutes, "
        f"and {most['grade_peak_megabytes']} MB for the tool itself, "
        f"which takes up {few['grade_peak_megabytes']} MB for {few['submissions']}. "
        f"On the same {found['beside_nbgrader']['submissions']} it is "
        f"{found['beside_nbgrader']['ratio']:.0f} times as fast as nbgrader alone."
    )
    assert told in " ".join(guide.split())
