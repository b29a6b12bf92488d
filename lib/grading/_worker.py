"""A submission in its sandbox, as a thing that can be asked."""

import os
import select
import time
from collections.abc import Sequence
from typing import Any

from lib.grading import sandbox
from lib.grading._frames import LENGTHS, BadFrame, decode, encode

MOST_BYTES = 8 << 20  # of one answer
MOST_TEXT = 1 << 20  # of them, JSON: parsed, it takes up many times as much


class WorkerEnded(RuntimeError):  # noqa: N818 (an event, not always an error)
    """The submission's process is gone, or did not answer in time."""


class SubmissionError(RuntimeError):
    """The submission raised; its type and message are its own words, not to be trusted."""

    def __init__(self, kind: str, message: str):
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


class Worker:
    """One submission in a sandbox of its own; use it in a `with` statement.

    Args:
        slot: which of the sandboxes that stand side by side, from 0; None for none.
        modules: what can be imported in it.

    Example:
        >>> with Worker() as worker:  # doctest: +SKIP
        ...     worker.run("def double(x): return 2 * x")
        ...     worker.call("double", 21)
        42
    """

    def __init__(self, slot: int | None = 0, modules: Sequence[str] = ("numpy",)):
        self.slot, self.modules = slot, modules

    def __enter__(self) -> "Worker":
        self._running, self.ended = sandbox.start(self.slot, self.modules), False
        for end in (self._running.requests, self._running.answers):
            os.set_blocking(end.fileno(), False)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End the process and all that it has started."""
        if not self.ended:
            self.ended = True
            sandbox.stop(self._running)

    def run(self, cell: str, seconds: float = 5.0) -> None:
        """Execute the source of one cell.

        Raises:
            SubmissionError: the cell raised.
            WorkerEnded: the process ended, or the time was up.
            BadFrame: what came back is no frame.
        """
        self._ask({"cell": cell}, seconds)

    def get(self, name: str, seconds: float = 5.0) -> Any:
        """Return what stands under a (dotted) name; raises as `call`."""
        return self._ask({"get": name}, seconds)

    def call(
        self,
        name: str,
        *args: Any,
        seconds: float = 5.0,
        keep: str = "",
        seeds: Sequence[int] = (),
        **kwargs: Any,
    ) -> Any:
        """Call what the submission has defined under a (dotted) name, and return its answer.

        Args:
            name: a function, a class, or `kept.method`.
            args: plain values and arrays.
            seconds: for all of it.
            keep: the name under which the result stays in the submission, instead of coming back.
            seeds: of the generators that it gets before its arguments.
            kwargs: plain values and arrays.

        Raises:
            SubmissionError: it raised, or its result may not cross.
            WorkerEnded: the process ended, or the time was up.
            BadFrame: what came back is no frame.
        """
        request = {"call": name, "args": list(args), "kwargs": kwargs, "seeds": list(seeds)}
        return self._ask(request | ({"keep": keep} if keep else {}), seconds)

    def _ask(self, request, seconds):
        if self.ended:
            raise WorkerEnded("the process ended")
        deadline = time.monotonic() + seconds
        try:
            self._write(encode(request), deadline)
            sizes = LENGTHS.unpack(self._read(LENGTHS.size, deadline))
            if sum(sizes) > MOST_BYTES or sizes[0] > MOST_TEXT:
                most = f"{MOST_BYTES} bytes, {MOST_TEXT} of them text"
                raise BadFrame(f"expected at most {most}, {sizes} are announced")
            reply = decode(*(self._read(size, deadline) for size in sizes))
        except (WorkerEnded, BadFrame):
            self.kill()  # what it would say next belongs to nothing
            raise
        match reply:
            case {"value": value}:
                return value
            case {"error": str() as kind, "message": str() as message}:
                raise SubmissionError(kind, message)
        self.kill()
        raise BadFrame("expected a value or an error")

    def _write(self, data, deadline):
        data, pipe = memoryview(data), self._running.requests
        while data:
            _wait(pipe, select.POLLOUT, deadline)
            try:
                data = data[pipe.write(data) or 0 :]
            except BrokenPipeError:
                raise WorkerEnded("the process ended") from None

    def _read(self, size, deadline):
        parts, pipe = [], self._running.answers
        while size:
            _wait(pipe, select.POLLIN, deadline)
            part = pipe.read(min(size, 1 << 20))
            if part == b"":
                raise WorkerEnded("the process ended")
            if part is not None:
                parts.append(part)
                size -= len(part)
        return b"".join(parts)


def _wait(pipe, event, deadline):
    """Wait for a pipe until the deadline."""
    left, ready = deadline - time.monotonic(), select.poll()
    ready.register(pipe, event)
    if left <= 0 or not ready.poll(1000 * left):
        raise WorkerEnded("the time was up")
