"""The sandbox: Python, a few modules, a little memory, no other process, nothing else.

Each slot has a room of its own (`_room.py`), and in it a process that has loaded Python and NumPy.
Each submission runs in a child of that one, alone in namespaces of its own, with no other process
in sight or to be started: so what the limits give to one process is all there is. Where root
grades, the child becomes a user of its own, one for each slot, since limits do not bind root and
the count of threads is kept per user.
"""

import atexit
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from lib.grading import _syscalls
from lib.grading._room import HERE, SECONDS_TO_DIE, NoSandbox, Room

REMEDY = (
    "On Debian or Ubuntu: sudo apt-get install bubblewrap; from 24.04 on, Ubuntu may let only "
    "root make a sandbox. On macOS or Windows: a container; "
    f"{HERE.parent / 'instructor' / 'Dockerfile'} says how."
)
MOST_SLOTS = 1000


@dataclass(frozen=True)
class Running:
    """A process that a submission runs in.

    Attributes:
        requests: what it reads.
        answers: what it writes.
        handle: on it, as `os.pidfd_open` gives one; None without a sandbox.
        process: what was started; None in a sandbox.
    """

    requests: BinaryIO
    answers: BinaryIO
    handle: int | None = None
    process: subprocess.Popen | None = None


def start(slot: int | None = 0, modules: Sequence[str] = ("numpy",)) -> Running:
    """Start a process that answers requests.

    Args:
        slot: which of the processes that run side by side, from 0; None for one without a sandbox.
        modules: which of `MODULES` can be imported in it.

    Raises:
        NoSandbox: there is none on this machine.
    """
    if slot is None:
        line = [sys.executable, "-B", str(HERE / "_inside.py")]
        about = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(line, bufsize=0, start_new_session=True, **about)
        return Running(process.stdin, process.stdout, process=process)
    (read, requests), (answers, written) = os.pipe(), os.pipe()
    with ExitStack() as ends:
        requests = ends.enter_context(open(requests, "wb", 0))
        answers = ends.enter_context(open(answers, "rb", 0))
        with open(read, "rb", 0), open(written, "wb", 0):
            handle = _bring_forth(slot, modules, [read, written])
        ends.pop_all()
    return Running(requests, answers, handle)


def stop(running: Running) -> None:
    """End a process with all that it has started; return when the last of it is gone."""
    if running.handle is not None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(running.handle, signal.SIGKILL)
        gone = select.poll()
        gone.register(running.handle, select.POLLIN)
        gone.poll(1000 * SECONDS_TO_DIE)
        os.close(running.handle)
    else:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left of its group
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
    running.requests.close()
    running.answers.close()


_rooms: dict[tuple[int | str, ...], Room] = {}  # by slot and modules
_making = threading.Lock()


def _bring_forth(slot: int, modules: Sequence[str], pipes: Sequence[int]) -> int:
    """Start a process in the room of a slot, which is made anew if it is gone."""
    if not _syscalls.known():
        raise NoSandbox(f"Expected a machine of one of the kinds {list(_syscalls.MACHINES)}.")
    for _ in range(2):
        with _making:
            room = _rooms[slot, *modules] = _rooms.get((slot, *modules)) or Room(modules)
        try:
            return room.bring_forth(slot, pipes)
        except NoSandbox:
            raise
        except BaseException as error:  # an interrupt, say
            said = _leave(slot, modules) or str(error)
            if not isinstance(error, OSError):
                raise
    raise NoSandbox(said)


def _leave(slot: int, modules: Sequence[str]) -> str:
    """Close the room of a slot, if it has one; return what was said there last."""
    with _making:
        room = _rooms.pop((slot, *modules), None)
    return room.close() or "" if room else ""


def _forget() -> None:
    """Leave the rooms to the process that this one was forked from."""
    global _making
    for room in _rooms.values():
        room.door.close()
    _rooms.clear()
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


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
            atexit.register(door.close)
            return slot, door
        door.close()
    raise NoSandbox(f"Expected a free slot among {MOST_SLOTS}, found none.")


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
    try:
        stop(start(slot))
    except NoSandbox as error:
        raise NoSandbox(f"The sandbox does not start here: {error}. {REMEDY}") from None
    _leave(slot, ("numpy",))
