"""Write requirements.lock: every package of the project, pinned, for each system and Python.

`make lock` runs this. pip resolves the `test` extra, which contains all others, for the system at
hand and the oldest Python that the book admits; the packages' own metadata then say what the
other systems need, and pip is asked for those few versions. Nothing is installed.
"""

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = "3.11", "3.12", "3.13"
SYSTEMS = {  # sys_platform: os_name, platform_system, platform_machine, pip's name for it
    "darwin": ("posix", "Darwin", "arm64", "macosx_14_0_arm64"),
    "linux": ("posix", "Linux", "x86_64", "manylinux_2_28_x86_64"),
    "win32": ("nt", "Windows", "AMD64", "win_amd64"),
}
TARGETS = tuple(product(SYSTEMS, PYTHONS))
MACHINE = {"triton": ' and platform_machine == "x86_64"'}  # no wheels for other machines
HEADER = """\
# Every package of the book, its tests and its tools, for Python 3.11 to 3.13 on Linux, macOS and
# Windows. Written by `make lock`; do not edit. Tried on Linux: all of it on Python 3.11, all but
# torch and triton on 3.12 and 3.13. Rows for macOS and Windows follow from the packages' metadata.
"""


def resolve(*arguments, python="3.11.0"):
    """Ask pip what it would install: a dict of canonical name → metadata."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
    command += ["--quiet", "--report", "-", "--only-binary=:all:", "--target=unused"]
    command += [f"--python-version={python}", *arguments]
    report = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT).stdout
    found = [item["metadata"] for item in json.loads(report)["install"]]
    return {canonicalize_name(metadata["name"]): metadata for metadata in found}


def environment(system, python, extra):
    """Return the marker variables of one target, for one extra of the requiring package."""
    os_name, platform_system, machine, _ = SYSTEMS[system]
    return {
        "extra": extra,
        "implementation_name": "cpython",
        "os_name": os_name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_system": platform_system,
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": system,
    }


def reachable(metadata, root, target):
    """Walk the requirements from the root: a dict of name → requirement met on one target."""
    reached, todo = {}, [(root, ""), (root, "test")]
    seen = set(todo)
    while todo:
        name, extra = todo.pop()
        for text in metadata.get(name, {}).get("requires_dist", []):
            need = Requirement(text)
            if need.marker and not need.marker.evaluate(environment(*target, extra)):
                continue
            key = canonicalize_name(need.name)
            reached[key] = need
            steps = {(key, each) for each in {"", *need.extras}} - seen
            seen |= steps
            todo += steps
    return reached


def complete(metadata, root):
    """Add what only other systems need, and return for each target the names it reaches."""
    while True:
        reached = {target: reachable(metadata, root, target) for target in TARGETS}
        missing = {
            name: (system, python, need)
            for (system, python), needs in reached.items()
            for name, need in needs.items()
            if name not in metadata
        }
        if not missing:
            return {target: set(needs) for target, needs in reached.items()}
        for system, python, need in missing.values():
            options = "--no-deps", f"--platform={SYSTEMS[system][3]}"
            metadata |= resolve(*options, f"{need.name}{need.specifier}", python=python)


def marker(name, targets):
    """Say in a PEP 508 marker on which targets a package is needed ("" for all)."""
    systems, pythons = ({target[axis] for target in targets} for axis in (0, 1))
    if set(product(systems, pythons)) != targets:
        raise ValueError(f"{name}: no short marker for {sorted(targets)}")
    parts = []
    if len(systems) == 1:
        parts.append(f'sys_platform == "{systems.pop()}"' + MACHINE.get(name, ""))
    elif len(systems) == 2:
        parts.append(f'sys_platform != "{(set(SYSTEMS) - systems).pop()}"')
    if pythons != set(PYTHONS):
        if sorted(pythons) != list(PYTHONS[: len(pythons)]):
            raise ValueError(f"{name}: expected the oldest Pythons, got {sorted(pythons)}")
        parts.append(f'python_version < "{PYTHONS[len(pythons)]}"')
    return " ; " + " and ".join(parts) if parts else ""


def main(pins):
    """Print the lock; `pins` are requirements that must hold, such as torch==2.13.0."""
    metadata = resolve(".[test]", *pins)
    reached = complete(metadata, root="descent-book")
    print(HEADER, end="")
    for name in sorted(set().union(*reached.values()) - {"descent-book"}):
        version = re.sub(r"\+.*", "", metadata[name]["version"])  # a build's label, such as +cpu
        targets = {target for target, names in reached.items() if name in names}
        print(f"{name}=={version}{marker(name, targets)}")


if __name__ == "__main__":
    main(sys.argv[1:])
