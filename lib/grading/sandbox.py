"""The room in which a submission runs: Python, a few modules, a little memory, nothing else.

Made by bubblewrap: no network, no files but a read-only interpreter and a small scratch folder,
no other process in sight. As root, the room is made first and a user of its own moves in, one for
each slot, since limits do not bind root and the count of processes is kept per user.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

if sys.platform == "linux":
    import fcntl

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
MODULES = {  # what an exercise may allow: what is mounted for it
    "numpy": ("numpy", "numpy.libs"),
    "torch": ("torch", "torchgen", "functorch", "typing_extensions.py"),
}
MEMORY_WITH_TORCH = 6 << 30  # bytes; its libraries alone take up 600 MB
MOST_SLOTS = 1000


class NoSandbox(RuntimeError):  # noqa: N818 (it is a state of the machine)
    """This machine cannot shut a submission in."""


def start(slot: int = 0, modules: Sequence[str] = ("numpy",), **pipes: int) -> subprocess.Popen:
    """Start a worker in a room of its own.

    Args:
        slot: which of the rooms that stand side by side, from 0.
        modules: which of `MODULES` can be imported in it.
        pipes: as `subprocess.Popen` takes them.
    """
    if slot is None:
        line = [sys.executable, "-P", "-B", str(HERE / "_inside.py")]
        return subprocess.Popen(line, bufsize=0, start_new_session=True, **pipes)
    file = os.memfd_create("filter")
    try:
        os.write(file, program())
        os.lseek(file, 0, os.SEEK_SET)
        line = command(slot, file, modules)
        return subprocess.Popen(line, pass_fds=[file], bufsize=0, **pipes)
    finally:
        os.close(file)


def own_slot() -> int:
    """Return a slot that no other thread of this machine has, until this process ends.

    Raises:
        NoSandbox: all are taken.
    """
    return _slot_of(threading.get_ident())


@cache
def _slot_of(thread: int) -> int:
    for slot in range(MOST_SLOTS):
        file = Path(tempfile.gettempdir()) / f"descent-slot-{os.getuid()}-{slot}"
        with suppress(OSError):  # another's
            opened = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(opened)
                raise
            return slot
    raise NoSandbox(f"Expected a free slot among {MOST_SLOTS}, found none.")


def command(slot: int, file: int, modules: Sequence[str]) -> list[str]:
    """Return the command line; `file` is the open one that holds the filter of system calls."""
    base, script = Path(sys.base_prefix).resolve(), "/judge/_inside.py"
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python, binds = f"/usr/bin/{name}", []
    if base != Path("/usr"):
        python, binds = f"/python/bin/{name}", ["--ro-bind", str(base), "/python"]
    for part in ("_frames.py", "_inside.py"):
        binds += ["--ro-bind", str(HERE / part), f"/judge/{part}"]
    binds += _mounted(modules)
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
    memory = {"AS": MEMORY_WITH_TORCH} if "torch" in modules else {}
    limits = [f"{name}={most}" for name, most in (LIMITS | memory).items()]
    inside = [*user, python, "-I", "-S", "-B", script, *limits]
    sealed = [word for place in SEALED for word in ("--remount-ro", place)]
    return ["bwrap", *apart, *life, *room, *binds, *sealed, *filtered, *inside]


def _apart(slot: int) -> tuple[list[str], list[str]]:
    """Return what is kept apart, and who moves in."""
    if os.getuid() != 0:
        alone = ["--unshare-all", "--unshare-user", "--disable-userns"]
        return [*alone, "--cap-drop", "ALL"], []
    spaces = ["ipc", "pid", "net", "uts", "cgroup-try"]
    user = str(FIRST_USER + slot)
    drop = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--clear-groups"]
    return [f"--unshare-{space}" for space in spaces], [
        *("/usr/bin/setpriv", "--reuid", user, "--regid", user),
        *drop,
    ]


def _mounted(modules: Sequence[str]) -> list[str]:
    """Mount the modules that a submission may import, and no others."""
    binds = []
    for part in (part for module in modules for part in MODULES[module]):
        if found := _place(part):
            binds += ["--ro-bind", str(found), f"/site/{part}"]
    return binds


@cache
def _place(part: str) -> Path | None:
    """Return where a folder or file of a module is installed."""
    for module in MODULES:
        spec = find_spec(module)
        if spec and (found := Path(spec.origin).parent.parent / part).exists():
            return found
    return None


@cache
def check() -> None:
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
