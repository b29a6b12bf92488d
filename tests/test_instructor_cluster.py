"""Grading on a cluster of Dask: real schedulers and workers, which die at any moment."""

import contextlib
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import dask
import dying
import psutil
import pytest
from course_folders import notebook
from distributed import Client, LocalCluster, WorkerPlugin
from graded_courses import ROOT, SOLUTION, STUDENTS_FORM, command, facts, hand_in, start, works
from test_instructor_jobs import attempts, class_of, job, settled

from lib.grading.sandbox import NoSandbox
from lib.instructor import _cluster, jobs
from lib.instructor.course import CourseError, load
from lib.instructor.records import Student
from lib.instructor.roster import FILE, write_roster

QUIET = {"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1", "silence_logs": logging.CRITICAL}
SLOW = "import time\ntime.sleep(2)"
HOSTILE = {
    "good": SOLUTION,
    "empty": STUDENTS_FORM,
    "exits": notebook("avg_pool2d-answer", text="import os\nos._exit(3)"),
    "garbage": b"garbage",
    "raises": notebook("moments-answer", text="def moments(mean, var):\n    raise SystemExit"),
    "loops": notebook("moments-answer", text="def moments(mean, var):\n    while True: pass"),
    "lies": notebook("moments-answer", text="def moments(mean, var):\n    return [[1], 'x' * 10]"),
}


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=1, **QUIET) as there:
        yield there


@pytest.fixture
def client(cluster):
    with Client(cluster.scheduler_address, set_as_default=False) as here:
        yield here


def in_rooms(pid):
    """Return what runs in the rooms of a process while one of its submissions does."""
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(pid).children(recursive=True)
        rooms = [each.children(recursive=True) for each in below if each.name() == "bwrap"]
        return [each for room in rooms for each in room if len(room) > 1]  # one waits for the next
    return []


def soon(happens, seconds=60):
    """Wait until something happens, and return what it came to."""
    deadline = time.monotonic() + seconds
    while not (come := happens()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return come


def test_a_cluster_finds_what_this_machine_finds_word_for_word(course, cluster, tmp_path):
    write_roster(course / FILE, [Student(name) for name in HOSTILE])
    for name, data in HOSTILE.items():
        hand_in(course, name, data)
    other = shutil.copytree(course, tmp_path / "other")  # its secret, too
    here = start(course, "grade", "hw1", "--workers", "2")
    told = facts(here, 1)
    there = start(other, "grade", "hw1", "--scheduler", cluster.scheduler_address)
    assert facts(there, 1) == told
    assert told["done"] == len(HOSTILE)
    assert works(other) == works(course)
    assert {work.state for work in works(other).values()} == {"graded", "failed"}
    assert works(other)["good"].raw == 18


class Dying(WorkerPlugin):
    """Lets a cluster's workers grade as graders that die do, the restarted ones, too."""

    name = "dying"

    def setup(self, worker):
        jobs.run = dying.die

    def teardown(self, worker):
        from lib.instructor.jobs import run

        assert run is dying.die


def test_a_submission_that_kills_its_workers_is_failed_and_the_others_are_graded():
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),  # all that die are blamed
        LocalCluster(n_workers=2, threads_per_worker=1, **QUIET) as there,
        Client(there.scheduler_address, set_as_default=False) as client,
    ):
        client.register_plugin(Dying())
        asked = [job(row, shut_in=False) for row in range(12)]
        found = list(_cluster.run_on_cluster(asked, there.scheduler_address))
    assert sorted(each.row for each in found) == list(range(12))
    states = {each.row: (each.state, each.message) for each in found}
    assert states.pop(dying.FATAL) == ("failed", jobs.DIED)
    assert set(states.values()) == {("graded", "")}


def test_what_a_worker_was_grading_when_it_died_is_graded_by_another(course, cluster, client):
    everybody = class_of(course)
    running = start(course, "grade", "hw1", "--scheduler", cluster.scheduler_address, together=2)
    pids = client.run(os.getpid)
    under = soon(lambda: {pid: found for pid in pids.values() if (found := in_rooms(pid))})
    victim, running_there = under.popitem()
    os.kill(victim, signal.SIGKILL)
    _, left = psutil.wait_procs(running_there, timeout=20)
    assert not left, "a submission outlives its worker"
    assert facts(running)["done"] == len(everybody)
    assert len(settled(course)) == len(everybody)
    assert {work.state for work in works(course).values()} == {"graded"}
    client.wait_for_workers(2, timeout=60)


def test_an_interrupt_leaves_no_claim_and_nothing_running(course, cluster, client):
    everybody = class_of(course, 12)
    for name in everybody[2:]:
        hand_in(course, name, notebook("moments-answer", text=SLOW))
    running = start(course, "grade", "hw1", "--scheduler", cluster.scheduler_address, together=2)
    soon(lambda: settled(course))
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=30)
    assert running.returncode == 1
    assert err.strip() == "Aborted!"
    assert not any(client.processing().values())
    assert 0 < len(settled(course)) < len(everybody)
    assert not any(row.owner for row in attempts(course))
    pids = client.run(os.getpid)
    soon(lambda: not any(map(in_rooms, pids.values())), 20)


@contextlib.contextmanager
def documented():
    """Start a scheduler and a worker as the guide says; yields its process and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    about = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    tool = [sys.executable, "-m", "dask"]
    port = address.rpartition(":")[2]
    words = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    scheduler = subprocess.Popen([*tool, *words], **about)
    words = ["worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"]
    workers = subprocess.Popen([*tool, *words], **about)
    try:
        with Client(address, set_as_default=False, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
        yield scheduler, address
    finally:
        children = psutil.Process(workers.pid).children(recursive=True)
        for process in (scheduler, workers, *children):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        scheduler.wait()
        workers.wait()


def test_when_the_scheduler_dies_what_stood_stands_and_a_rerun_finishes(course):
    everybody = class_of(course, 12)
    with documented() as (scheduler, address):
        running = start(course, "grade", "hw1", "--scheduler", address, together=2)
        soon(lambda: settled(course))
        scheduler.kill()
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (2, ""), err
    assert re.fullmatch(r"lib\.instructor: the scheduler at \S+ went away: [^\n]*\n", err), err
    stood = settled(course)
    assert 0 < len(stood) < len(everybody)
    assert not any(row.owner for row in attempts(course))
    assert facts(start(course, "grade", "hw1"))["done"] == len(everybody) - len(stood)
    assert stood <= settled(course)


def test_a_scheduler_that_is_not_there_is_said_in_one_line(course, monkeypatch):
    monkeypatch.setattr(_cluster, "PATIENCE", 1)
    class_of(course, 1)
    for address, said in {
        "tcp://127.0.0.1:1": "expected Dask's scheduler at tcp://127.0.0.1:1, found none: ",
        "http://127.0.0.1:1": "expected a scheduler such as tcp://host:8786, got 'http://127.0.0",
        "grader": "expected a scheduler such as tcp://host:8786, got 'grader'",
    }.items():
        told = command(course, "grade", "hw1", "--scheduler", address, code=2)
        assert told.startswith(f"lib.instructor: {said}")
        assert told.count("\n") == 1
        assert not any(row.owner for row in attempts(course))


def test_a_cluster_without_workers_is_refused(course):
    class_of(course, 1)
    with LocalCluster(n_workers=0, **QUIET) as there:
        told = command(course, "grade", "hw1", "--scheduler", there.scheduler_address, code=2)
    assert "expected workers at tcp://127.0.0.1:" in told


def test_a_worker_that_lacks_the_judge_the_book_or_a_sandbox_grades_nothing(cluster, monkeypatch):
    address = cluster.scheduler_address
    monkeypatch.setattr(jobs, "engine", lambda: "of tomorrow")
    with pytest.raises(CourseError, match="another version of the book, or of NumPy"):
        list(_cluster.run_on_cluster([job()], address))
    monkeypatch.undo()
    monkeypatch.setattr(_cluster, "run_for", without_the_book)
    with pytest.raises(CourseError, match="the cluster cannot grade: No module named 'lib'"):
        list(_cluster.run_on_cluster([job()], address))
    monkeypatch.setattr(_cluster, "run_for", without_sandbox)
    with pytest.raises(NoSandbox, match="bubblewrap"):
        list(_cluster.run_on_cluster([job()], address))


def without_the_book(*_):
    """Fail as where the book is not installed."""
    raise ModuleNotFoundError("No module named 'lib'")


def without_sandbox(engine, asked):
    """Grade where no sandbox can be found."""
    path, os.environ["PATH"] = os.environ["PATH"], ""
    _cluster.sandbox.check.cache_clear()
    try:
        return _cluster.run_for(engine, asked)
    finally:
        os.environ["PATH"] = path


@contextlib.contextmanager
def overheard(address):
    """Stand between a client and its scheduler; yields the address and what passes, both ways."""
    port, heard, open_ones = int(address.rpartition(":")[2]), [], []

    def pass_on(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                heard.append(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def let_in(server):
        with contextlib.suppress(OSError):
            while True:
                pair = server.accept()[0], socket.create_connection(("127.0.0.1", port))
                open_ones.extend(pair)
                for ends in (pair, pair[::-1]):
                    threading.Thread(target=pass_on, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=let_in, args=(server,), daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}", heard
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in open_ones:
        each.close()


def test_no_id_no_name_and_no_secret_travels_to_a_cluster(course, cluster):
    student = Student("q7j-doe", "Doe, Jane Wilhelmina", "", "q7j@example.org", "4711081")
    write_roster(course / FILE, [student])
    hand_in(course, student.id, notebook("avg_pool2d-answer", student=student.id, text="own = 1"))
    with overheard(cluster.scheduler_address) as (address, heard):
        told = facts(start(course, "grade", "hw1", "--scheduler", address))
    assert told["done"] == 1
    passed, secret = b"".join(heard), load(course).secret
    assert b"own = 1" in passed
    assert b"graded" in passed
    words = student.id, "Wilhelmina", student.email, student.lms, str(course), "hw1"
    for private in (*map(str.encode, words), secret, secret[:16], secret.hex().encode()):
        assert private not in passed
