"""The room in which a submission runs: Python, a few modules, a little memory, nothing else.

Made by bubblewrap: no network, no files but a read-only interpreter and a small scratch folder,
no other process in sight. As root, the room is made first and a user of its own moves in, one for
each slot, since limits do not bind root and the count of processes is kept per user.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lib.grading._syscalls import program

HERE = Path(__file__).parent
FIRST_USER = 60_000  # above what systems give to people and services
SEALED = ("/usr/local", "/usr/share", "/dev", "/")  # else they would be memory to fill
SCRATCH = 16 << 20  # bytes
LIMITS = {
    "AS": 2 << 30,  # bytes of memory, each process
    "NPROC": 16,
    "NOFILE": 64,
    "FSIZE": 8 << 20,  # bytes of one file
    "CPU": 60,  # seconds
    "CORE": 0,
}
REMEDY = "On Debian or Ubuntu: sudo apt-get install bubblewrap. Elsewhere: a Linux container."
MODULES = {"numpy": ("numpy", "numpy.libs")}


class NoSandbox(RuntimeError):  # noqa: N818 (it is a state of the machine)
    """This machine cannot shut a submission in."""


def start(slot=0, **pipes):
    """Start a worker in a room of its own.

    Args:
        slot: which of the rooms that stand side by side, from 0.
        pipes: as `subprocess.Popen` takes them.
    """
    file = os.memfd_create("filter")
    try:
        os.write(file, program())
        os.lseek(file, 0, os.SEEK_SET)
        return subprocess.Popen(command(slot, file), pass_fds=[file], bufsize=0, **pipes)
    finally:
        os.close(file)


def command(slot, file):
    """Return the command line; `file` is the open one that holds the filter of system calls."""
    base, script = Path(sys.base_prefix).resolve(), "/judge/_inside.py"
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python, binds = f"/usr/bin/{name}", []
    if base != Path("/usr"):
        python, binds = f"/python/bin/{name}", ["--ro-bind", str(base), "/python"]
    for part in ("_frames.py", "_inside.py"):
        binds += ["--ro-bind", str(HERE / part), f"/judge/{part}"]
    binds += _modules()
    apart, user = _apart(slot)
    room = [
        *("--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local", "--tmpfs", "/usr/share"),
        *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--symlink", "usr/bin", "/bin", "--dev", "/dev", "--proc", "/proc"),
        *("--size", str(SCRATCH), "--perms", "1777", "--tmpfs", "/box", "--chdir", "/box"),
        *("--perms", "0755", "--dir", "/judge", "--perms", "0755", "--dir", "/site"),
    ]
    life = ["--die-with-parent", "--new-session", "--clearenv", "--setenv", "OMP_NUM_THREADS", "1"]
    filtered = ["--seccomp", str(file)] if program() else []
    limits = [f"{name}={most}" for name, most in LIMITS.items()]
    inside = [*user, python, "-I", "-S", "-B", script, *limits]
    sealed = [word for place in SEALED for word in ("--remount-ro", place)]
    return ["bwrap", *apart, *life, *room, *binds, *sealed, *filtered, *inside]


def _apart(slot):
    """What is kept apart, and who moves in."""
    if os.getuid() != 0:
        return ["--unshare-all", "--cap-drop", "ALL", "--disable-userns"], []
    spaces = ["ipc", "pid", "net", "uts", "cgroup-try"]
    user = str(FIRST_USER + slot)
    drop = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--clear-groups"]
    return [f"--unshare-{space}" for space in spaces], [
        *("/usr/bin/setpriv", "--reuid", user, "--regid", user),
        *drop,
    ]


def _modules():
    """Mount the modules that a submission may import, and no others."""
    site, binds = Path(find_spec("numpy").origin).parent.parent, []
    for part in MODULES["numpy"]:
        if (site / part).exists():
            binds += ["--ro-bind", str(site / part), f"/site/{part}"]
    return binds


@cache
def check():
    """Try whether a room can be made here.

    Raises:
        NoSandbox: it cannot; the message says why, and how to get one.
    """
    if sys.platform != "linux" or not shutil.which("bwrap"):
        raise NoSandbox(
            f"Expected the command bwrap (bubblewrap, for Linux), found none. {REMEDY}"
        )
    with start(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tried:
        try:
            _, error = tried.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            tried.kill()
            raise NoSandbox(f"The sandbox did not start within 30 s. {REMEDY}") from None
    if tried.returncode:
        said = error.decode(errors="replace").strip()[-300:]
        raise NoSandbox(f"The sandbox does not start here: {said}. {REMEDY}")
