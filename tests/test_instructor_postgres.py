"""A course whose gradebook is in PostgreSQL: a real server, from Debian's package."""

import json
import re

import postgres
import pytest
from course_folders import RULES, STUDENTS, make_course, notebook
from graded_courses import IN_TIME, command, earning, facts, hand_in, start, works
from sqlalchemy import create_engine, inspect, text

from lib.instructor import jobs
from lib.instructor.course import FILE, CourseError, load
from lib.instructor.gradebook import Gradebook
from lib.instructor.records import Student
from lib.instructor.roster import FILE as ROSTER
from lib.instructor.roster import write_roster

pytestmark = pytest.mark.skipif(
    not postgres.PROGRAMS, reason="there is no PostgreSQL here: apt-get install postgresql"
)
INDICES = {
    ("submitted_notebook", "assignment_id"),
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
    ("base_cell", "notebook_id"),
    ("submitted_assignment", "student_id"),
}


@pytest.fixture(scope="module")
def server():
    with postgres.server() as url:
        yield url


def kept_in(url, folder):
    """Make a course whose gradebook is in a database."""
    make_course(folder, RULES, STUDENTS)
    file = folder / FILE
    rules = file.read_text()
    file.write_text(rules.replace("[course]\n", f"[course]\ngradebook = {json.dumps(url)}\n"))
    return folder


@pytest.fixture(scope="module")
def course(server, tmp_path_factory):
    """A course, assigned and collected, whose gradebook is in the server."""
    folder = kept_in(server, tmp_path_factory.mktemp("postgres") / "course")
    command(folder, "assign", "hw1")
    hostile = "Jane <b>" + "very " * 100 + "long"
    write_roster(folder / ROSTER, [Student("doe", hostile), *STUDENTS[1:]])
    box = folder.parent / "in"
    box.mkdir()
    (box / "doe.ipynb").write_bytes(earning(moments=3))
    (box / "roe.ipynb").write_bytes(b"garbage")
    command(folder, "collect", "hw1", box, "--received", IN_TIME.isoformat())
    return folder


def test_a_course_is_graded_regraded_and_looked_at(course, quick, monkeypatch):
    assert command(course, "status")["assignments"][0]["waiting"] == 2
    told = command(course, "grade", "hw1", code=1)
    assert told["states"] == {"graded": 1, "failed": 1, "missing": 1, "waiting": 0}
    command(course, "override", "hw1", "doe", "pooling.moments", 2, "--reason", "no")
    monkeypatch.setattr(jobs, "engine", lambda: "another")
    assert command(course, "regrade", "hw1", code=1)["done"] == 2
    work = works(course)["doe"]
    assert (work.raw, work.results[6].override.reason) == (2, "no")
    assert command(course, "grade", "hw1", code=1)["done"] == 0
    with Gradebook(load(course)) as book:
        assert book._nbgrader.find_submission("hw1", "doe").score == 2
        assert sorted(each["score"] for each in book._nbgrader.submission_dicts("hw1")) == [0, 2]


def test_the_indices_that_nbgrader_lacks_are_there(server, course):
    engine = create_engine(server)
    there = {
        (table, index["column_names"][0])
        for table in {table for table, _ in INDICES}
        for index in inspect(engine).get_indexes(table)
    }
    engine.dispose()
    assert there >= INDICES


def test_the_course_needs_no_file_of_its_own(course):
    assert not (course / "gradebook.db").exists()


def test_two_who_grade_at_once_share_the_work(course):
    students = [Student(f"s{number:02}") for number in range(12)]
    write_roster(course / ROSTER, students)
    for student in students:
        hand_in(course, student.id, notebook("avg_pool2d-answer", text="x = 1"))
    two = [start(course, "grade", "hw1", "--workers", "1", together=2) for _ in range(2)]
    told = [facts(process, 0, 1) for process in two]
    assert sum(each["done"] for each in told) == len(students)
    assert {work.state for work in works(course).values()} == {"graded"}
    with Gradebook(load(course)) as book:
        assert not book.owners()


def test_what_is_claimed_in_one_transaction_is_not_claimed_in_another(course):
    one = load(course)
    with Gradebook(one) as book, Gradebook(one) as other:
        ids = [row.id for row in book.attempts(one.assignment("hw1"))]
        book.mark_for_regrade(ids)
        mine = book.claim(ids[:5], "me/1/1.00", "e")
        theirs = other.claim(ids, "they/2/2.00", "e")
        assert {row.id for row in mine} == set(ids[:5])
        assert {row.id for row in theirs} == set(ids[5:])
        book.release("me/1/1.00")
        other.release("they/2/2.00")


def refused(url, tmp_path):
    """Return what is said of a gradebook that cannot be used."""
    folder = kept_in(url, tmp_path / "course")
    with pytest.raises(CourseError) as refusal:
        Gradebook(load(folder))
    line = str(refusal.value)
    assert "\n" not in line
    assert command(folder, "status", code=2).strip() == f"lib.instructor: {line}"
    return line


def test_a_wrong_password_is_refused_in_a_line_that_shows_none(server, tmp_path):
    right = re.search(":([0-9a-f]{16})@", server)[1]
    line = refused(server.replace(right, "letmein"), tmp_path)
    assert "password authentication failed" in line
    assert "letmein" not in line
    assert right not in line


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path):
    line = refused("postgresql+psycopg://teacher:letmein@127.0.0.1:1/book", tmp_path)
    assert "127.0.0.1:1/book cannot be used" in line
    assert "refused" in line
    assert "letmein" not in line


def test_the_password_may_stay_out_of_the_courses_file(server, tmp_path, monkeypatch, course):
    right = re.search(":([0-9a-f]{16})@", server)[1]
    folder = kept_in(server.replace(f":{right}@", "@"), tmp_path / "course")
    monkeypatch.setenv("PGPASSWORD", right)
    assert command(folder, "status")["assignments"]


def test_a_connection_that_breaks_is_one_line(course, server):
    with Gradebook(load(course)) as book:
        with book.session() as session:
            session.execute(text("SELECT 1"))
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            connection.execute(text(f"{others} WHERE pid != pg_backend_pid()"))
        engine.dispose()
        with pytest.raises(CourseError, match="cannot be used: ") as refusal:
            book.owners()
    assert "\n" not in str(refusal.value)
