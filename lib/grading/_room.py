"""A room made by bubblewrap, and the first process in it, which brings forth the others.

No network, no file but a read-only interpreter and a few modules, no place to write. What that
process does with a request says `_zygote.py`.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from multiprocessing.util import Finalize
from pathlib import Path

from lib.grading import _syscalls

HERE = Path(__file__).parent
PARTS = "_zygote.py", "_inside.py", "_frames.py"  # what the room holds of this project
READY, MOST_SAID = b"ready", 1 << 16  # what the first of them answers
FIRST_USER = 60_000  # above what systems give to people and services
SEALED = ("/usr/local", "/usr/share", "/dev/pts", "/dev", "/")  # else they would be memory to fill
LIMITS = {
    "AS": 1 << 30,  # bytes of memory; Python with NumPy takes up a tenth
    "NPROC": 16,  # threads
    "NOFILE": 64,
    "SIGPENDING": 64,  # timers among them
    "CPU": 60,  # seconds
    "CORE": 1,  # byte; at 0 the kernel would still call a program that keeps what crashed
}
MODULES = {  # what an exercise may allow: what is mounted for it
    "numpy": ("numpy", "numpy.libs"),
    "torch": ("torch", "torchgen", "functorch", "typing_extensions.py", "sympy", "mpmath"),
}
MEMORY_WITH_TORCH = 3 << 30  # bytes; its libraries alone take up 600 MB
AROUND = {
    "OMP_NUM_THREADS": "1",
    "TORCHINDUCTOR_CACHE_DIR": "/",  # torch.optim wants a folder that is there, and writes nothing
}
SECONDS_TO_START, SECONDS_TO_DIE = 60, 10


class NoSandbox(RuntimeError):  # noqa: N818 (it is a state of the machine)
    """This machine cannot shut a submission in."""


class Room:
    """A room, and the process in it that brings forth those of submissions.

    `door` is the socket on which that one is asked.

    Both end when `close` is called, or when this process ends in whatever way.

    Args:
        modules: which of `MODULES` can be imported in it.
    """

    def __init__(self, modules: Sequence[str]):
        self._limits = LIMITS | ({"AS": MEMORY_WITH_TORCH} if "torch" in modules else {})
        self.door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.door.settimeout(SECONDS_TO_START)
        self._said, self._one_at_a_time = os.memfd_create("said"), threading.Lock()
        with theirs:
            about = {"stdin": theirs, "stdout": subprocess.DEVNULL, "stderr": self._said}
            line = command(modules)
            self._process = subprocess.Popen(line, start_new_session=True, **about)
        self.close = Finalize(None, self._close, exitpriority=0)

    def bring_forth(self, slot: int, pipes: Sequence[int]) -> int:
        """Start a process that has these pipes to read from and to write to.

        Returns:
            a handle on it.

        Raises:
            NoSandbox: it could not be shut in; says why.
            OSError: the room is gone, or does not answer.
        """
        user = FIRST_USER + slot if os.getuid() == 0 else None
        filtered = _syscalls.program().hex()
        request = {"user": user, "limits": self._limits, "filter": filtered}
        with self._one_at_a_time:
            try:
                socket.send_fds(self.door, [json.dumps(request).encode()], pipes)
                said, handles, *_ = socket.recv_fds(self.door, MOST_SAID, 1)
            except BaseException:  # what it answers then must not be taken for the next answer
                self.door.close()
                raise
        if said == READY and handles:
            return handles[0]
        for handle in handles:
            os.close(handle)
        if said == READY:
            raise NoSandbox("too many files are open here")
        if not said:
            raise ConnectionResetError("the room is gone")
        raise NoSandbox(said.decode(errors="replace"))

    def _close(self):
        """End everything; return what was said last."""
        self.door.close()
        try:
            self._process.wait(SECONDS_TO_DIE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        said = os.pread(self._said, MOST_SAID, 0).decode(errors="replace")
        os.close(self._said)
        return said.strip()[-300:]


def command(modules: Sequence[str]) -> list[str]:
    """Return the command line that makes a room with these of `MODULES`."""
    python, binds = _interpreter()
    for part in PARTS:
        binds += ["--ro-bind", str(HERE / part), f"/judge/{part}"]
    binds += _mounted(modules)
    room = [
        *("--ro-bind", "/usr", "/usr", "--tmpfs", "/usr/local", "--tmpfs", "/usr/share"),
        *("--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"),
        *("--symlink", "usr/bin", "/bin", "--dev", "/dev", "--tmpfs", "/dev/pts", "--chdir", "/"),
        *("--perms", "0755", "--dir", "/judge", "--perms", "0755", "--dir", "/site"),
    ]
    life = ["--as-pid-1", "--new-session", "--clearenv", "--hostname", "room"]
    life += [word for name, value in AROUND.items() for word in ("--setenv", name, value)]
    sealed = [word for place in SEALED for word in ("--remount-ro", place)]
    line = [python, "-I", "-S", "-B", f"/judge/{PARTS[0]}", *modules]
    return ["bwrap", *_apart(), *life, *room, *binds, *sealed, *line]


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
        binds += ["--setenv", "LD_LIBRARY_PATH", str(home / "lib")]  # else another's libpython
    for place, there in {Path("/usr"): Path("/usr"), base: home}.items():
        for part in (f"{folder}/{each}" for folder in ("lib", "lib64") for each in _installed()):
            if (place / part).is_dir() and (place / part).resolve() == place / part:
                binds += ["--tmpfs", str(there / part), "--remount-ro", str(there / part)]
    return str(home / "bin" / name), binds


def _apart() -> list[str]:
    """Return what is kept apart, and what an ordinary user needs to keep submissions apart."""
    if os.getuid() == 0:
        return [f"--unshare-{space}" for space in ("ipc", "pid", "net", "uts", "cgroup-try")]
    alone = ["--unshare-all", "--unshare-user", "--disable-userns"]
    powers = ("CAP_SYS_ADMIN", "CAP_SETPCAP")
    return [*alone, *(word for power in powers for word in ("--cap-add", power))]


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
