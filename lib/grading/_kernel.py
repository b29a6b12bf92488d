"""A fresh kernel of this very Python, in which the cells of a notebook are run for hand-in."""

import contextlib
import os
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from lib.grading._text import plain

MOST_STARTS = 4  # of a notebook whose cells end the kernel
START_SECONDS = 60.0
GRACE_SECONDS = 5.0  # for a cell to end once it is interrupted


class NoKernelError(RuntimeError):
    """Says why no notebook can be run here, and what to do."""


class KernelEndedError(RuntimeError):
    """Says how a cell has taken the kernel with it."""


@dataclass
class Ran:
    """What a cell did.

    Attributes:
        error: the type and message of what it raised, cleaned; or why it did not end; or "".
        late: whether it had to be interrupted.
        result: its last expression, as a notebook stores it: a text for each media type.
    """

    error: str = ""
    late: bool = False
    result: dict[str, Any] = field(default_factory=dict)


def run_all(sources: Sequence[str], folder: Path, seconds: float) -> list[Ran]:
    """Run cells in order in a fresh kernel, each whatever became of those before it.

    A cell that takes the kernel with it costs itself alone: the others run again without it, and
    without those that had to be interrupted.

    Args:
        sources: of the cells; blank ones are passed over.
        folder: in which they run.
        seconds: for each of them.

    Returns:
        What each of them did.

    Raises:
        NoKernelError: there is none, or it does not start.
    """
    ran = [Ran("" if not source.strip() else "was not run") for source in sources]
    left_out: set[int] = set()
    for _ in range(MOST_STARTS):
        with Kernel(folder) as kernel:
            for number, source in enumerate(sources):
                if number in left_out or not source.strip():
                    continue
                try:
                    ran[number] = kernel.run(source, seconds)
                except KernelEndedError as error:
                    ran[number] = Ran(str(error))
                    left_out.add(number)
                    break
                if ran[number].late:
                    left_out.add(number)
            else:
                return ran
    return ran


class Kernel:
    """A kernel that starts without anybody's settings; use it in a `with` statement.

    Args:
        folder: in which its cells run.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def __enter__(self) -> "Kernel":
        for needed in ("jupyter_client", "ipykernel"):
            if find_spec(needed) is None:
                raise NoKernelError(
                    f"to run a notebook takes {needed}, which is not installed: "
                    "pip install ipykernel"
                )
        with contextlib.ExitStack() as stack:
            home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
            self._start(stack, stack.enter_context(home))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self, stack, home):
        manager = self._manager = _manager(home)
        stack.callback(manager.cleanup_resources)
        surroundings = {**os.environ, "IPYTHONDIR": home}  # no start-up files, no history
        quiet = {"stdin": DEVNULL, "stdout": DEVNULL, "stderr": DEVNULL}
        manager.start_kernel(cwd=str(self.folder), env=surroundings, **quiet)
        stack.callback(manager.shutdown_kernel, now=True)
        self._client = manager.client()
        self._client.start_channels()
        stack.callback(self._client.stop_channels)
        try:
            self._client.wait_for_ready(timeout=START_SECONDS)
        except RuntimeError as error:
            raise NoKernelError(f"the kernel does not start: {plain(str(error))}") from None

    def run(self, source: str, seconds: float) -> Ran:
        """Run one cell.

        Raises:
            KernelEndedError: nothing more can be run here.
        """
        sent = self._client.execute(source, allow_stdin=False, stop_on_error=False)
        ran = Ran()
        try:
            self._listen(sent, ran, seconds)
        except TimeoutError:
            late = f"did not end within {seconds:g} s"
            self._manager.interrupt_kernel()
            try:
                self._listen(sent, Ran(), GRACE_SECONDS)
            except TimeoutError:
                raise KernelEndedError(f"{late}, nor when it was interrupted") from None
            return Ran(late, late=True)
        return ran

    def _listen(self, sent, ran, seconds):
        """Note what a cell says until it is done."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self._client.get_iopub_msg(timeout=0.2)
            except queue.Empty:
                if not self._manager.is_alive():
                    raise KernelEndedError("ended the kernel's process") from None
                if self._replied(sent):  # much output can crowd out the message that says so
                    return
                continue
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind == "error":
                ran.error = plain(f"{content['ename']}: {content['evalue']}", 160)
            elif kind == "execute_result":
                ran.result = content["data"]
        raise TimeoutError

    def _replied(self, sent):
        with contextlib.suppress(queue.Empty):
            while True:
                message = self._client.get_shell_msg(timeout=0)
                if message["parent_header"].get("msg_id") == sent:
                    return True
        return False


def _manager(home):
    """Return what starts a kernel of this Python, whatever kernels are registered here."""
    from jupyter_client import KernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=command, display_name="Python", language="python")

    return KernelManager(
        kernel_spec_manager=ThisPython(), connection_file=os.path.join(home, "kernel.json")
    )
