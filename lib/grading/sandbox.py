"""The room in which a submission runs: Python, a few modules, a little memory, nothing else.

Made by bubblewrap: no network, no file but a read-only interpreter, no place to write, no other
process, in sight or to be started. So what the limits give to one process is all there is. As
root, the room is made first and a user of its own moves in, one for each slot, since limits do
not bind root and the count of threads is kept per user.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lib.grading import _syscalls

HERE = Path(__file__).parent
FIRST_USER = 60_000  # above what systems give to people and services
SEALED = ("/usr/local", "/usr/share", "/dev", "/")  # else they would be memory to fill
LIMITS = {
    "AS": 1 << 30,  # bytes of memory; Python with NumPy takes up a tenth
    "NPROC": 16,  # threads
    "NOFILE": 64,
    "SIGPENDING": 64,  # timers among them
    "CPU": 60,  # seconds
    "CORE": 1,  # byte; at 0 the kernel would still call a program that keeps what crashed
}
REMEDY = (
    "On Debian or Ubuntu: sudo apt-get install bubblewrap. On macOS or Windows: a container; "
    f"{HERE.parent / 'instructor' / 'Dockerfile'} says how."
)
MODULES = {  # what an exercise may allow: what is mounted for it
    "numpy": ("numpy", "numpy.libs"),
    "torch": ("torch", "torchgen", "functorch", "typing_extensions.py", "sympy", "mpmath"),
}
MEMORY_WITH_TORCH = 3 << 30  # bytes; its libraries alone take up 600 MB
AROUND = {
    "OMP_NUM_THREADS": "1",
    "TORCHINDUCTOR_CACHE_DIR": "/",  # torch.optim wants a folder that is there, and writes nothing
}
MOST_SLOTS = 1000
SECONDS_TO_DIE = 10


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
    if not _syscalls.known():
        raise NoSandbox(f"Expected a machine of one of the kinds {list(_syscalls.MACHINES)}.")
    file = os.memfd_create("filter")
    try:
        os.write(file, _syscalls.program())
        os.lseek(file, 0, os.SEEK_SET)
        line = command(slot, file, modules)
        return subprocess.Popen(line, pass_fds=[file], bufsize=0, start_new_session=True, **pipes)
    finally:
        os.close(file)


def stop(process: subprocess.Popen) -> None:
    """End a worker with all that it has started; return when the last of it is gone."""
    if process.returncode is not None:
        return
    rooms = _rooms(process.pid)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left of its group
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for room in rooms:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(room, signal.SIGKILL)
        gone = select.poll()
        gone.register(room, select.POLLIN)
        gone.poll(1000 * SECONDS_TO_DIE)
        os.close(room)


def _rooms(process: int) -> list[int]:
    """Return handles on the processes that one has started: on the first of a bubblewrap's room.

    What is left of a room dies with its first process, before a handle tells of that one's end.
    """
    handles = []
    with suppress(OSError):  # there is no such process, or no such list
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            with suppress(ProcessLookupError):
                handles.append(os.pidfd_open(int(child)))
    return handles


def own_slot() -> int:
    """Return a slot that no other thread of this machine has, until this process ends.

    Raises:
        NoSandbox: all are taken.
    """
    return _slot_of(os.getpid(), threading.get_ident())[0]


@cache
def _slot_of(process: int, thread: int) -> tuple[int, socket.socket]:
    """Take a slot; a socket's abstract name is the machine's, and is free when its owner ends."""
    for slot in range(MOST_SLOTS):
        door = socket.socket(socket.AF_UNIX)
        with suppress(OSError):  # another's
            door.bind(f"\0descent-slot-{os.getuid()}-{slot}")
            return slot, door
        door.close()
    raise NoSandbox(f"Expected a free slot among {MOST_SLOTS}, found none.")


def command(slot: int, file: int, modules: Sequence[str]) -> list[str]:
    """Return the command line; `file` is the open one that holds the filter of system calls."""
    python, binds = _interpreter()
    for part in ("_frames.py", "_inside.py"):
        binds += ["--ro-bind", str(HERE / part), f"/judge/{part}"]
    binds += _mounted(modules)
    apart, user = _apart(slot)
    room = [
        *("--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local", "--tmpfs", "/usr/share"),
        *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--symlink", "usr/bin", "/bin", "--dev", "/dev", "--chdir", "/"),
        *("--perms", "0755", "--dir", "/judge", "--perms", "0755", "--dir", "/site"),
    ]
    life = ["--die-with-parent", "--new-session", "--clearenv"]
    life += [word for name, value in AROUND.items() for word in ("--setenv", name, value)]
    memory = {"AS": MEMORY_WITH_TORCH} if "torch" in modules else {}
    limits = [f"{name}={most}" for name, most in (LIMITS | memory).items()]
    inside = ["--seccomp", str(file), *user, python, "-I", "-S", "-B", "/judge/_inside.py"]
    sealed = [word for place in SEALED for word in ("--remount-ro", place)]
    return ["bwrap", *apart, *life, *room, *binds, *sealed, *inside, *limits]


def _installed() -> tuple[str, ...]:
    """Return where modules are installed, beside a Python's own."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return "python3/dist-packages", f"{name}/dist-packages", f"{name}/site-packages"


def _interpreter() -> tuple[str, list[str]]:
    """Return where Python is in the room, and how it comes there: without what is installed."""
    base = Path(sys.base_prefix).resolve()
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    home, binds = Path("/usr"), []
    if base != home:
        home, binds = Path("/python"), ["--perms", "0755", "--dir", "/python"]
        for part in ("bin", "lib", "lib64"):
            binds += ["--ro-bind-try", str(base / part), str(home / part)]
    for place, there in {Path("/usr"): Path("/usr"), base: home}.items():
        for part in (f"{folder}/{each}" for folder in ("lib", "lib64") for each in _installed()):
            if (place / part).is_dir() and (place / part).resolve() == place / part:
                binds += ["--tmpfs", str(there / part), "--remount-ro", str(there / part)]
    return str(home / "bin" / name), binds


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
def check(slot: int = 0) -> None:
    """Try whether a room can be made here.

    Args:
        slot: which of the rooms that stand side by side, from 0.

    Raises:
        NoSandbox: it cannot; the message says why, and how to get one.
    """
    if sys.platform != "linux" or not shutil.which("bwrap"):
        raise NoSandbox(
            f"Expected the command bwrap (bubblewrap, for Linux), found none. {REMEDY}"
        )
    with start(
        slot, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as tried:
        try:
            _, error = tried.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            tried.kill()
            raise NoSandbox(f"The sandbox did not start within 30 s. {REMEDY}") from None
    if tried.returncode:
        said = error.decode(errors="replace").strip()[-300:]
        raise NoSandbox(f"The sandbox does not start here: {said}. {REMEDY}")
