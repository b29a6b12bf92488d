"""Grading on a cluster of Dask. A submission is a task of its own, so that it alone pays."""

import logging
import re
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError
from itertools import islice
from typing import TYPE_CHECKING

from lib.grading import sandbox
from lib.grading._text import plain
from lib.instructor import jobs
from lib.instructor.course import CourseError
from lib.instructor.jobs import Finding, Job

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 10  # seconds to wait for a scheduler


def run_on_cluster(asked: Iterable[Job], address: str) -> Iterator[Finding]:
    """Grade submissions on a cluster.

    Those that workers died of are tried again at the end, each alone, since only one of several
    that a worker held is to blame; a submission that its workers die of then is `failed`.

    Args:
        asked: submissions.
        address: of its scheduler, "tcp://host:8786"; `tls://` with the certificates in Dask's
            own configuration.

    Raises:
        CourseError: there is no such cluster, or not any more, or it cannot grade.
        NoSandbox: one of its machines has none.
    """
    with _connected(address) as client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise CourseError(f"expected workers at {address}, found none: start some there")
        lost = yield from _graded(client, asked, jobs.AHEAD * threads)
        dead = yield from _graded(client, lost, 1)
    yield from (Finding(job.row, "failed", jobs.DIED) for job in dead)


def _connected(address: str) -> "Client":
    from distributed import Client

    if not re.fullmatch(r"(tcp|tls)://\S+:\d+", address):
        raise CourseError(f"expected a scheduler such as tcp://host:8786, got {plain(address)!r}")
    for name in ("distributed", "distributed.client"):  # what is wrong is said here, in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ImportError) as error:
        why = str(error).partition("\n")[0]
        raise CourseError(f"expected Dask's scheduler at {address}, found none: {why}") from None


def _graded(
    client: "Client", asked: Iterable[Job], most: int
) -> Generator[Finding, None, list[Job]]:
    """Grade submissions, at most so many under way; return those that workers died of."""
    from distributed import KilledWorker, as_completed

    waiting, sent, lost = iter(asked), {}, []

    def send(count: int) -> "list[Future]":
        part = list(islice(waiting, count))
        futures = [client.submit(run_for, jobs.engine(), job, pure=False) for job in part]
        sent.update(zip(futures, part, strict=True))
        return futures

    under_way = as_completed(send(most), loop=client.loop)
    for future in under_way:
        job = sent.pop(future)
        try:
            yield future.result()
        except KilledWorker:
            lost.append(job)
        except (CourseError, sandbox.NoSandbox):
            raise
        except (CancelledError, OSError):
            raise CourseError(
                f"the scheduler at {client.scheduler.address} went away: what was graded until "
                "then stands, and the same command grades the rest"
            ) from None
        except Exception as error:  # the book is not installed there, say
            raise CourseError(f"the cluster cannot grade: {plain(str(error))}") from None
        under_way.update(send(1))
    return lost


def run_for(engine: str, job: Job) -> Finding:
    """Grade one submission on this machine of a cluster, if it has the judge that is asked for.

    Raises:
        CourseError: it is another.
        NoSandbox: there is none here.
    """
    if jobs.engine() != engine:
        raise CourseError("a worker of the cluster has another version of the book, or of NumPy")
    if job.shut_in:
        sandbox.check(sandbox.own_slot())
    return jobs.run(job)
