"""Grading as jobs: what a worker needs to grade one submission, on this machine or a cluster's.

A job holds the sources of a submission's cells and the seeds of its cases: no name, no secret, no
expected value.
"""

import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from pathlib import Path

import numpy as np

from lib import __version__
from lib.grading._check import exercises
from lib.grading._exercise import Exercise
from lib.grading.judge import Failure, Graded, Mark, grade
from lib.grading.sandbox import NoSandbox, own_slot

ENGINE = ("grading", "reference", "shapes")  # the parts of lib that decide about points
AHEAD = 4  # jobs to each worker, so that none waits for the next
DIED = "the process that graded it died again when it was tried alone: look at it"


@dataclass(frozen=True)
class Job:
    """A submission to be graded.

    Attributes:
        row: its number in the gradebook.
        cells: the sources of each topic's code cells; a topic that was not handed in is left out.
        seeds: of each topic's cases, by the question's key.
        refused: why its files cannot be read, or "".
        shut_in: whether it runs in a sandbox.
    """

    row: int
    cells: dict[str, tuple[str, ...]]
    seeds: dict[str, dict[str, int]]
    refused: str = ""
    shut_in: bool = True


@dataclass(frozen=True)
class Finding:
    """What a job came to.

    Attributes:
        row: the number of the submission.
        state: "graded" or "failed".
        message: why it failed, in one line.
        graded: what each of its notebooks earned.
    """

    row: int
    state: str
    message: str = ""
    graded: dict[str, Graded] | None = None


@cache
def engine() -> str:
    """Return a hash of all that decides about points: the judge, the exercises, NumPy."""
    digest = hashlib.sha256(f"{__version__} numpy {np.__version__}".encode())
    root = Path(__file__).parents[1]
    for part in ENGINE:
        for path in sorted((root / part).rglob("*.py")):
            digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def run(job: Job) -> Finding:
    """Grade one submission in this process's own sandbox.

    Raises:
        NoSandbox: there is none on this machine.
    """
    if job.refused:
        return Finding(job.row, "failed", job.refused)
    try:
        return Finding(job.row, "graded", "", {topic: _graded(job, topic) for topic in job.seeds})
    except NoSandbox:
        raise
    except Exception as error:  # what one submission does to the judge must not stop the others
        why = f"the judge itself stumbled over it ({type(error).__name__}): look at it"
        return Finding(job.row, "failed", why)


def _graded(job: Job, topic: str) -> Graded:
    questions = list(exercises(topic).values())
    if topic not in job.cells:
        return Graded(tuple(map(_not_there, questions)))
    return grade(
        job.cells[topic], questions, job.seeds[topic], own_slot() if job.shut_in else None
    )


def _not_there(question: Exercise) -> Mark:
    """Mark a question whose notebook is not among those handed in."""
    why = Failure("the notebook", "it was not handed in")
    return Mark(question.key, 0.0, question.points, (why,))


def run_here(jobs: Iterable[Job], workers: int) -> Iterator[Finding]:
    """Grade submissions on this machine, as many at a time as there are workers.

    A submission whose worker dies twice is `failed`; the others are graded all the same.
    """
    jobs = iter(jobs)
    for first in jobs:
        lost = yield from _until_broken(chain([first], jobs), workers)
        for job in lost:
            yield _alone(job)


def _until_broken(jobs: Iterator[Job], workers: int) -> Generator[Finding, None, list[Job]]:
    """Grade until all is done or a process dies; return the jobs that were then under way."""
    others = set(multiprocessing.active_children())
    with _pool(workers) as pool:
        under_way = {pool.submit(run, job): job for job in islice(jobs, AHEAD * workers)}
        try:
            while under_way:
                done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                if any(isinstance(each.exception(), BrokenProcessPool) for each in done):
                    return list(under_way.values())
                for future in done:
                    del under_way[future]
                    yield future.result()
                under_way |= {pool.submit(run, job): job for job in islice(jobs, len(done))}
        except BaseException:  # an interrupt, say: what is under way may take minutes
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            raise
    return []


def _alone(job: Job) -> Finding:
    """Grade a submission in a pool of its own, since it may have been what broke the other."""
    with _pool(1) as pool:
        try:
            return pool.submit(run, job).result()
        except BrokenProcessPool:
            return Finding(job.row, "failed", DIED)


def _pool(workers: int) -> ProcessPoolExecutor:
    fresh = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=fresh, initializer=_settle_in)


def _settle_in() -> None:
    """Leave interrupts to the process that began this one, and end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def runner(workers: int, scheduler: str) -> Callable[[Iterable[Job]], Iterator[Finding]]:
    """Return what grades jobs: this machine's processes, or a cluster's if one is named."""
    if scheduler:
        from lib.instructor._cluster import run_on_cluster  # which needs what stands above

        return lambda jobs: run_on_cluster(jobs, scheduler)
    return lambda jobs: run_here(jobs, workers)
