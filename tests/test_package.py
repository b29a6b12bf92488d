"""What a student gets from `pip install`: the library with its texts, widgets and results."""

import os
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import lib
from lib.grading import TOPICS

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(folder)
        yield archive


def metadata(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_the_wheel_holds_the_whole_library_and_nothing_else(wheel):
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "lib").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    results = {f"lib/recorded/{path.name}" for path in (ROOT / "benchmarks/results").iterdir()}
    graded = {f"lib/exercises/{topic}.ipynb" for topic in TOPICS}
    carried = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert carried == sources | results | graded
    kinds = {Path(name).suffix for name in sources}
    assert kinds >= {".py", ".js", ".json", ".mplstyle", ".html", ".css", ".toml"}
    assert "lib/instructor/Dockerfile" in carried


def test_the_wheel_states_what_it_needs(wheel):
    stated = metadata(wheel)
    assert stated["Version"] == lib.__version__
    assert stated["Requires-Python"] == ">=3.11"
    needs = [Requirement(text) for text in stated.get_all("Requires-Dist")]
    plain = {need.name for need in needs if need.marker is None}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert plain == {Requirement(text).name for text in project["dependencies"]}
    assert {*stated.get_all("Provides-Extra")} == {"lab", "book", "instructor", "test"}
    assert {*stated.get_all("License-File")} == {"LICENSE", "LICENSE-TEXT"}


def test_the_installed_library_reads_its_recorded_results(wheel):
    folder = Path(wheel.filename).parent
    code = (
        "import pathlib, lib.data as d; print(pathlib.Path(d.__file__).parents[1]);"
        "names = [p.stem for p in pathlib.Path(d.__file__).parent.glob('recorded/*.json')];"
        "print(len(names), all(d.recorded(name) for name in names))"
    )
    env = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(
        command, cwd=folder, env=env, check=True, capture_output=True, text=True
    )
    count = len([*(ROOT / "benchmarks/results").glob("*.json")])
    assert result.stdout.split() == [str(folder), str(count), "True"]
    assert count


@pytest.mark.skipif(os.name == "nt", reason="a course is run on Linux, macOS or in a container")
def test_the_installed_tool_has_its_plans_and_the_graded_notebooks(wheel, tmp_path):
    folder = Path(wheel.filename).parent
    code = (
        "import pathlib; from lib.instructor.assign import graded_notebook;"
        "from lib.instructor.init import init_course;"
        "course = init_course(pathlib.Path('course'), plan='two-weeks');"
        "print(*(graded_notebook(t) for one in course.assignments.values() for t in one.chapters))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        **{"cwd": tmp_path, "env": os.environ | {"PYTHONPATH": str(folder)}},
        **{"check": True, "capture_output": True, "text": True},
    )
    found = [Path(path) for path in run.stdout.split()]
    assert found == [folder / f"lib/exercises/{topic}.ipynb" for topic in TOPICS]
    for path in found:
        assert path.read_bytes() == (ROOT / "exercises" / path.name).read_bytes()
