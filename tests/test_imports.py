"""Who may import whom: the table of the house, held over every source file."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FREE = sys.stdlib_module_names | {"__future__"}
ALLOWED = {  # folder or file of lib → what it may import, itself and the standard library apart
    "__init__": set(),
    "shapes": set(),
    "gradcheck": {"numpy"},
    "data": {"numpy", "pooch", "requests", "sklearn"},
    "plotting": {"numpy", "matplotlib", "lib.shapes"},
    "train": {"numpy", "torch", "lib.accelerated", "lib.data", "lib.reference", "lib.shapes"},
    "reference": {"numpy", "lib.shapes"},
    "accelerated": {"torch", "triton", "lib.shapes"},
    "widgets": {
        *("anywidget", "ipywidgets", "matplotlib", "numpy", "traitlets", "IPython"),
        *("lib.data", "lib.plotting", "lib.reference", "lib.shapes", "lib.train"),
    },
    "experiments": {
        *("numpy", "scipy", "torch", "lib.accelerated", "lib.data", "lib.reference", "lib.train"),
    },
    "grading": {
        *("numpy", "lib.__version__", "lib.gradcheck", "lib.reference", "lib.shapes"),
        *("_frames", "_inside"),  # as plain files, within the sandbox
        "jupyter_client",  # where a student hands in
    },
    "instructor": {
        *("numpy", "alembic", "click", "distributed", "jinja2", "nbconvert", "nbformat"),
        "nbgrader",
        *("psutil", "rich", "sqlalchemy", "traitlets", "lib.__version__", "lib.grading"),
    },
}


def sources():
    return sorted((ROOT / "lib").rglob("*.py"))


def imported(source, package):
    """Every module that a source imports, wherever it does so, by its full name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*parents, node.module or ""][0 if node.level else -1 :]).strip(".")
            whole = module in ("lib", package)  # `from lib import shapes` imports lib.shapes
            yield from (f"{module}.{a.name}" for a in node.names) if whole else [module]


def not_allowed(source, part, package):
    """The imports of a part of lib that the table does not allow."""
    allowed = ALLOWED[part] | {f"lib.{part}"}
    names = set(imported(source, package))
    return {
        name
        for name in names
        if name.split(".")[0] not in FREE | allowed
        and not any(f"{name}.".startswith(f"{free}.") for free in allowed)
    }


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_part_imports_only_what_the_table_allows(path):
    steps = path.relative_to(ROOT).with_suffix("").parts
    part, package = steps[1], ".".join(steps[:-1])
    assert part in ALLOWED, f"the table has no line for lib/{part}"
    assert not_allowed(path.read_text(encoding="utf-8"), part, package) == set()


@pytest.mark.parametrize(
    ("source", "part", "found"),
    [
        ("import torch", "reference", {"torch"}),
        ("def f():\n    from lib.reference import pooling", "accelerated", {"lib.reference"}),
        ("from lib import plotting, shapes", "reference", {"lib.plotting"}),
        ("from .. import data", "grading", {"lib.data"}),
        ("from . import checks", "grading", set()),
        ("import numpy.linalg, math", "gradcheck", set()),
        ("import numpy_financial", "gradcheck", {"numpy_financial"}),
    ],
)
def test_the_table_bites(source, part, found):
    named = {name if name in found else ".".join(name.split(".")[:2])
             for name in not_allowed(source, part, f"lib.{part}")}  # fmt: skip
    assert named == found


def test_nothing_in_lib_imports_instructor_or_tests():
    for path in sources():
        package = ".".join(path.relative_to(ROOT).parts[:-1])
        if package.startswith("lib.instructor"):
            continue
        for name in imported(path.read_text(encoding="utf-8"), package):
            assert not name.startswith(("lib.instructor", "tests", "chapters", "exercises")), path


def loaded_after(statement):
    """The modules that a fresh Python has loaded after a statement."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()} - sys.stdlib_module_names


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import lib", {"lib"}),
        ("import lib.shapes", {"lib"}),
        ("import lib.gradcheck", {"lib", "numpy"}),
        ("import lib.reference.pooling", {"lib", "numpy"}),
        ("import lib.train", {"lib", "numpy"}),
    ],
)
def test_an_import_costs_no_more_than_it_says(statement, loaded):
    assert loaded_after(statement) == loaded


def test_the_twin_loads_neither_the_reference_nor_triton():
    code = "import sys, lib.accelerated.pooling; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"lib.reference", "triton"} & set(run.stdout.split())
