"""Brings forth the processes that submissions run in; is the first process of their sandbox.

Python takes longer to load with NumPy than most notebooks take to run. So this process loads them
once, and forks for each submission. The child is alone in namespaces of its own: it sees neither
this process nor what came before it. It keeps no open file but its two pipes, gives up every
right and the means to regain one, and only then reads what it is to run. This process reads
nothing of a submission's, and holds nothing worth taking.

Started as a plain file beside `_frames.py` and `_inside.py`, with the modules to load as words.
It ends, and all that it has brought forth with it, when the judge hangs up.
"""

import ctypes
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys

sys.path[:0] = ["/judge", "/site"]
gc.disable()  # what is loaded now stays: to look for garbage in it takes time

import _inside  # noqa: E402

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_SPACES = 0x2000_0000 | 0x4000_0000 | 0x0800_0000  # CLONE_NEWPID, NEWNET, NEWIPC
DIE_WITH_PARENT, SECCOMP, NO_NEW_PRIVS = 1, 22, 38  # of prctl
BOUNDING_READ, BOUNDING_DROP = 23, 24  # likewise
FILTER = 2  # of seccomp's modes
CAPABILITIES = 0x2008_0522  # the version of their layout
MOST_BYTES, MOST_FILES = 1 << 16, 256  # of a request; open at a time
READY = b"ready"


class Program(ctypes.Structure):
    """The kernel's `sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def call(name, *words):
    """Call a function of the C library, or raise what it says went wrong."""
    words = [ctypes.c_ulong(word) if isinstance(word, int) else word for word in words]
    if getattr(LIBC, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def limit(name, most):
    """Set a limit for good; a lower one stays."""
    kind = getattr(resource, f"RLIMIT_{name}")
    _, before = resource.getrlimit(kind)
    most = most if before == resource.RLIM_INFINITY else min(most, before)
    resource.setrlimit(kind, (most, most))


def give_up_rights(user):
    """Keep no capability, and become a user that has none; None stays who it is."""
    power = 0
    while LIBC.prctl(BOUNDING_READ, power, 0, 0, 0) >= 0:
        call("prctl", BOUNDING_DROP, power, 0, 0, 0)
        power += 1
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    call("capset", (ctypes.c_uint * 2)(CAPABILITIES, 0), (ctypes.c_uint * 6)())
    call("prctl", NO_NEW_PRIVS, 1, 0, 0, 0)


def shut_in(request, pipes, status):
    """Leave this process nothing but what a submission may have."""
    os.setsid()
    for number, pipe in enumerate((*pipes, pipes[1])):  # 0, 1 and 2
        os.dup2(pipe, number)
    os.closerange(3, status)
    os.closerange(status + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    give_up_rights(request["user"])
    for name, most in request["limits"].items():
        limit(name, most)
    steps = bytes.fromhex(request["filter"])
    program = Program(len(steps) // 8, steps)
    call("prctl", SECCOMP, FILTER, ctypes.byref(program), 0, 0)


def be_submission(request, pipes, status):
    """Answer the judge until it hangs up; say first whether everything is shut."""
    try:
        shut_in(request, pipes, status)
        os.write(status, READY)
    except (OSError, ValueError) as error:
        os.write(status, str(error).encode())
        os._exit(1)
    os.close(status)
    _inside.main()


def bring_forth(door, request, pipes):
    """Fork a submission's process, and hand the judge a handle on it."""
    said, status = os.pipe()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # were it gone at once, the handle is still good
    call("unshare", NEW_SPACES)
    child = os.fork()
    if child == 0:
        try:
            be_submission(request, pipes, status)
        finally:
            os._exit(0)
    for end in (*pipes, status):
        os.close(end)
    with open(said, "rb") as told:
        text = told.read(MOST_BYTES)
    handle = os.pidfd_open(child)
    socket.send_fds(door, [text or b"it ended at once"], [handle])


def main():
    """Bring forth a process for each request, until the judge hangs up."""
    call("prctl", DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    limit("NOFILE", MOST_FILES)
    for module in sys.argv[1:]:
        importlib.import_module(module)
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever ends leaves nothing to be waited for
    door = socket.socket(fileno=os.dup(0))
    while True:
        text, pipes, *_ = socket.recv_fds(door, MOST_BYTES, 2)
        if not text:
            return
        if os.fork() == 0:
            try:
                bring_forth(door, json.loads(text), pipes)
            except OSError as error:
                door.send(str(error).encode())
            finally:
                os._exit(0)
        for pipe in pipes:
            os.close(pipe)


if __name__ == "__main__":
    main()
