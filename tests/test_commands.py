"""The commands on a poor machine: each missing thing is named in a line, with its remedy."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOT_USER = sys.platform == "linux" and os.geteuid() == 0
pytestmark = pytest.mark.skipif(os.name == "nt", reason="make and bash: not for Windows")


def run(tmp_path, script, *arguments, tools="", **fakes):
    """Run a copy of a script where only some tools are found, and some of these are made up."""
    copy = tmp_path / script
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(ROOT / script, copy)
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ["bash", "dirname", "rm", "uname", *tools.split()]:
        (folder / name).symlink_to(shutil.which(name))
    for name, text in fakes.items():
        fake = folder / name.replace("_", "-")
        fake.write_text(f"#!{folder}/bash\n{text}\n")
        fake.chmod(0o755)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    command = [shutil.which("bash"), str(copy), *arguments]
    env = {"PATH": str(folder), "HOME": str(tmp_path)}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


OLD = '[[ $1 == -V ]] || exit 1; echo "Python 3.9.18"'
BARE = "[[ $2 == *ensurepip* ]] && exit 1; [[ $2 == *print* ]] && echo 3.11.2; exit 0"
OFFLINE = """
[[ $2 == venv ]] && { /bin/mkdir -p .venv/bin; /bin/cp "$0" .venv/bin/python; }
[[ $* == *install* ]] && { echo 'ERROR: no connection' >&2; exit 1; }
exit 0
"""
TROUBLES = {
    "no-git": ({}, [], "setup: git is missing: the book dates its pages by it."),
    "no-python": ({"git": ""}, [], "setup: no Python 3.11 to 3.13 was found"),
    "old-python": ({"git": "", "python3": OLD}, [], "was found (python3 is: Python 3.9.18)."),
    "absent-choice": ({"git": ""}, ["python3.14"], "setup: PYTHON=python3.14 was not found."),
    "old-choice": (
        {"git": "", "python3": OLD},
        ["python3"],
        "setup: expected Python 3.11 to 3.13, got Python 3.9.18 from PYTHON=python3.",
    ),
    "no-venv": (
        {"git": "", "python3": BARE},
        [],
        "(3.11.2) has no module venv.\nsetup: On Debian or Ubuntu: sudo apt-get install",
    ),
    "no-network": (
        {"git": "", "python3": OFFLINE},
        [],
        "ERROR: no connection\nsetup: pip could not install the packages; its own message stands",
    ),
}


@pytest.mark.parametrize(("fakes", "arguments", "message"), TROUBLES.values(), ids=TROUBLES)
def test_set_up_names_what_is_missing(tmp_path, fakes, arguments, message):
    result = run(tmp_path, "book/setup.sh", *arguments, **fakes)
    assert result.returncode == 1
    assert message in result.stderr
    assert "line " not in result.stderr  # of bash's own complaints


PACKAGES = "tests/system-packages.sh"
THERE = {"chromium": "", "bwrap": "", "fc_list": "echo font", "ldconfig": "echo libatomic.so.1"}
linux = pytest.mark.skipif(sys.platform != "linux", reason="packages of Debian")


@linux
def test_nothing_is_installed_where_all_is_there(tmp_path):
    result = run(tmp_path, PACKAGES, apt_get="exit 9", **THERE)
    assert (result.returncode, result.stderr) == (0, "")
    assert "are there" in result.stdout


@linux
def test_without_apt_the_missing_are_named(tmp_path):
    result = run(tmp_path, PACKAGES, **(THERE | {"ldconfig": "", "fc_list": ""}))
    assert result.returncode == 1
    assert "  libatomic1: Playwright, which drives the browser" in result.stderr
    assert "  fonts-dejavu-core: the text of pages and figures" in result.stderr
    assert "There is no apt-get here" in result.stderr
    assert "bubblewrap" not in result.stderr


@linux
@pytest.mark.skipif(ROOT_USER, reason="root needs no sudo")
def test_without_a_password_the_command_is_told(tmp_path):
    result = run(tmp_path, PACKAGES, apt_get="", sudo="exit 1")
    assert result.returncode == 1
    assert "sudo apt-get install --no-install-recommends chromium bubblewrap" in result.stderr


INSTALL = """
[[ $1 == install ]] || exit 0
for name in chromium bwrap fc-list ldconfig; do
  printf '#!/bin/bash\\necho a font, libatomic.so.1\\n' > "${0%/*}/$name"
  /bin/chmod +x "${0%/*}/$name"
done
echo "asked for: $*"
"""


@linux
def test_what_is_missing_is_said_and_installed(tmp_path):
    result = run(tmp_path, PACKAGES, tools="env", apt_get=INSTALL, sudo='shift; exec "$@"')
    assert (result.returncode, result.stderr) == (0, "")
    assert "installing with apt-get: chromium bubblewrap fontconfig" in result.stdout
    assert "asked for: install -y -qq --no-install-recommends chromium bubblewrap" in result.stdout


@linux
def test_an_installation_that_changed_nothing_is_no_success(tmp_path):
    result = run(tmp_path, PACKAGES, tools="env", apt_get="", sudo='shift; exec "$@"')
    assert result.returncode == 1
    assert "apt-get reported no error, yet these are still not found." in result.stderr


@linux
def test_the_run_for_changes_names_what_it_cannot_install(tmp_path):
    result = run(tmp_path, ".ci/run", git="", python3="")
    assert result.returncode == 1
    assert "This needs root and apt-get. Install by hand: make" in result.stderr


@linux
@pytest.mark.skipif(not ROOT_USER, reason="needs root")
def test_the_run_for_changes_installs_what_a_bare_machine_lacks(tmp_path):
    make = "printf '#!/bin/bash\\necho made $*\\n' > ${0%/*}/make; /bin/chmod +x ${0%/*}/make"
    result = run(tmp_path, ".ci/run", git="", python3="exit 1", apt_get=make)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "Installing: make python3 python3-venv\nmade test\n"


def test_make_alone_lists_the_targets():
    result = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in result.stdout.splitlines()]
    assert {"book", "test", "serve", "lab", "bench", "lint", "clean"} <= {*listed}
    assert "Execute every page" in result.stdout
