"""Many submissions on one machine: several at a time, by several people, killed at any moment."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time

import dying
import psutil
import pytest
from course_folders import notebook
from graded_courses import (
    ROOT,
    SOLUTION,
    command,
    facts,
    files,
    hand_in,
    start,
    works,
)

from lib.grading import judge
from lib.grading._check import exercises
from lib.grading.sandbox import NoSandbox
from lib.instructor import jobs
from lib.instructor.course import load
from lib.instructor.grade import How, Run, dead, enter, own_name
from lib.instructor.gradebook import Gradebook
from lib.instructor.records import Student
from lib.instructor.roster import FILE, write_roster

QUESTIONS = list(exercises("pooling").values())
AVERAGE = """
import numpy as np
def avg_pool2d(x, kernel_size, stride, padding):
    return np.full((1, 1, 1, {number}), 1.0)
"""


def job(row=1, *cells, **changes):
    keys = judge.seeds(QUESTIONS, b"the course's secret", "doe")
    return jobs.Job(row, {"pooling": cells}, {"pooling": keys}, **changes)


def class_of(course, count=10):
    """Let a class hand in; all are graded within a second or so."""
    students = [Student(f"s{number:02}") for number in range(count)]
    write_roster(course / FILE, students)
    for number, student in enumerate(students):
        text = AVERAGE.format(number=number)
        hand_in(course, student.id, notebook("avg_pool2d-answer", text=text))
    return [student.id for student in students]


# ---- one job


def test_a_job_that_travels_holds_no_name_no_secret_and_no_expected_value(course, monkeypatch):
    data = notebook("avg_pool2d-answer", student="doe", text="x = 1")
    hand_in(course, "doe", data)
    one = load(course)
    with Gradebook(one) as book:
        students = [Student("doe", "Jane Doe")]
        enter(book, one.assignment("hw1"), students)
        run = Run(book, one.assignment("hw1"), students)
        (sent,) = run.claim(book.attempts(one.assignment("hw1")), True)
        book.release(run.owner)
    pickled = pickle.dumps(sent)
    for private in (b"doe", b"Jane", one.secret, one.secret[:16], str(course).encode()):
        assert private not in pickled
    assert sent.cells == {"pooling": ("x = 1",)}
    assert all(type(seed) is int for seed in sent.seeds["pooling"].values())


def test_what_makes_the_judge_stumble_costs_that_submission_alone(monkeypatch):
    def stumble(*args):
        raise RecursionError("a submission's own words")

    monkeypatch.setattr(jobs, "grade", stumble)
    finding = jobs.run(job())
    assert (finding.state, finding.graded) == ("failed", None)
    assert finding.message == "the judge itself stumbled over it (RecursionError): look at it"


def test_without_a_sandbox_nothing_is_called_failed(monkeypatch):
    def none(*args):
        raise NoSandbox("none here")

    monkeypatch.setattr(jobs, "grade", none)
    with pytest.raises(NoSandbox, match="none here"):
        jobs.run(job())


@pytest.mark.parametrize("part", ["grading", "reference", "shapes"])
def test_another_judge_is_told_from_this_one_by_any_of_its_files(monkeypatch, tmp_path, part):
    (tmp_path / "instructor").mkdir()
    (tmp_path / part).mkdir()
    monkeypatch.setattr(jobs, "__file__", str(tmp_path / "instructor" / "jobs.py"))
    nothing = jobs.engine.__wrapped__()
    told = {nothing}
    for text in "12":
        (tmp_path / part / "pooling.py").write_text(text)
        told.add(jobs.engine.__wrapped__())
        assert jobs.engine.__wrapped__() in told
    (tmp_path / part / "pooling.py").rename(tmp_path / part / "losses.py")
    assert len(told | {jobs.engine.__wrapped__()}) == 4


# ---- several at a time


def test_a_pool_finds_what_this_process_finds():
    asked = [job(1, AVERAGE.format(number=1)), job(2, "def"), job(3, refused="no notebook")]
    found = sorted(jobs.run_here(asked, 2), key=lambda each: each.row)
    assert found == [jobs.run(each) for each in asked]
    assert [each.state for each in found] == ["graded", "graded", "failed"]


def test_a_submission_that_kills_its_grader_is_failed_and_the_others_are_graded(monkeypatch):
    monkeypatch.setattr(jobs, "run", dying.die)
    found = {each.row: each for each in jobs.run_here([job(row) for row in range(6)], 2)}
    assert set(found) == set(range(6))
    assert {row for row, each in found.items() if each.state == "failed"} == {dying.FATAL}
    assert "died again" in found[dying.FATAL].message


def test_claims_are_taken_a_few_at_a_time_so_that_two_share_the_work(course):
    students = [Student(name) for name in class_of(course, 30)]
    one = load(course)
    with Gradebook(one) as book:
        hw1 = one.assignment("hw1")
        enter(book, hw1, students)
        run = Run(book, hw1, students)
        asked = run.claim(book.attempts(hw1), True)
        next(asked)
        assert book.owners() == {own_name()}
        assert sum(row.owner != "" for row in book.attempts(hw1)) == 20


def test_a_claim_is_known_to_be_dead_only_where_its_process_has_ended():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    began = psutil.Process(ended.pid).create_time()
    ended.wait()
    host = own_name().split("/")[0]
    gone = f"{host}/{ended.pid}/{began:.2f}"
    another = f"{host}/{os.getpid()}/1.00"  # this number, in another life
    far = f"elsewhere/{ended.pid}/{began:.2f}"
    assert set(dead({own_name(), gone, another, far})) == {gone, another}


# ---- real processes


def grown_up(process):
    """Return the processes that a process has started, and those that they have."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def settled(course):
    """Return the rows about submissions, claims aside."""
    from sqlite3 import connect

    with connect(course / "gradebook.db", timeout=60) as database:
        asked = (
            "SELECT student, state, engine, found FROM descent_attempt WHERE state != 'waiting'"
        )
        found = set(database.execute(asked))
    database.close()
    return found


def test_killed_at_any_moment_a_rerun_finishes_and_changes_nothing_that_stood(course, monkeypatch):
    everybody = class_of(course, 30)
    chance, stood = random.Random(0), set()
    for end in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        process = start(course, "grade", "hw1", "--workers", "2", together=2)
        deadline, few = time.monotonic() + 60, len(stood) + chance.randrange(1, 3)
        while process.poll() is None and len(settled(course)) < few:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        children = grown_up(process)
        process.send_signal(end)
        process.communicate(timeout=60)
        _, left = psutil.wait_procs(children, timeout=20)
        assert not left, "something is left running"
        now = settled(course)
        assert stood <= now
        stood, kept = now, files(course)
    assert 0 < len(stood) < len(everybody), "no kill came in the middle"
    done = {row[0] for row in stood}
    told = facts(start(course, "grade", "hw1", "--workers", "2"))
    assert told["done"] == len(everybody) - len(stood)
    assert told["elsewhere"] == 0  # the claims of the dead are taken over at once
    assert told["states"]["graded"] == len(everybody)
    assert stood <= settled(course)
    for path, (data, age) in kept.items():
        if path.parts[1] in done:
            assert files(course)[path] == (data, age)
    assert {work.raw for work in works(course).values()} == {0.0}


def test_two_who_grade_at_once_share_the_work_and_none_is_graded_twice(course):
    everybody = class_of(course, 16)
    two = [start(course, "grade", "hw1", "--workers", "1", together=2) for _ in range(2)]
    told = [facts(process, 0, 1) for process in two]
    assert sum(each["done"] for each in told) == len(everybody)
    assert command(course, "status")["assignments"][0]["graded"] == len(everybody)
    assert command(course, "grade", "hw1")["done"] == 0
    assert not any(row.owner for row in attempts(course))


def attempts(course):
    one = load(course)
    with Gradebook(one) as book:
        return book.attempts(one.assignment("hw1"))


def test_what_two_enter_at_once_is_entered_once(course):
    class_of(course, 30)
    two = [start(course, "status", "hw1") for _ in range(2)]
    assert [facts(each)["assignments"][0]["waiting"] for each in two] == [30, 30]
    assert len(attempts(course)) == 30


def test_without_a_sandbox_the_tool_warns_in_words_and_grades(course, monkeypatch):
    hand_in(course, "doe", SOLUTION)
    words = "grade", "hw1", "--workers", "1", "--without-sandbox"
    process = start(course, *words)
    _out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "change every grade" in err
    assert works(course)["doe"].raw == 18


def test_a_machine_without_a_sandbox_refuses_before_it_claims(course, monkeypatch):
    def none():
        raise NoSandbox("Expected the command bwrap, found none. How to get it.")

    monkeypatch.setattr("lib.grading.sandbox.check", none)
    hand_in(course, "doe", SOLUTION)
    assert "How to get it" in command(course, "grade", "hw1", code=2)
    assert not any(row.owner for row in attempts(course))
    assert How(1, "", False).runner()


def test_the_tool_starts_without_what_takes_seconds_to_load():
    code = "import sys, lib.instructor.__main__; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    loaded = set(said.stdout.split())
    assert "lib.instructor.grade" in loaded
    slow = {"nbgrader", "nbformat", "sqlalchemy", "alembic", "matplotlib", "distributed", "torch"}
    assert not slow & loaded


def test_nobody_waits_for_a_grammar_of_web_addresses():
    code = "import sys, lib.instructor.gradebook; print(*[n for n, m in sys.modules.items() if m])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    loaded = set(said.stdout.split())
    assert "nbgrader" in loaded, said.stderr
    assert "rfc3987_syntax" not in loaded
