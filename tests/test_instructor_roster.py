"""Rosters: as Canvas, Moodle and spreadsheets write them, and what is refused of them."""

import contextlib
import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lib.instructor._roster_command import roster
from lib.instructor._shell import Shell
from lib.instructor.course import CourseError
from lib.instructor.records import Student
from lib.instructor.roster import FIELDS, course_roster, read_roster, write_roster
from tests.course_folders import STUDENTS, make_course

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (42),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,20,(read only)
"Doe, Jane",1234,u-1,doe,Section A,18,90
"Poe, Édith",77,u-3,poe.ed@x.org,Section B,,
"Student, Test",5,,0f3c7e,Section A,,
"""
MOODLE = """\
Identifier,"Full name","Email address","ID number",Status,Grade
Participant 1234,"Jane Doe",doe@example.org,doe,"No submission",
Participant 77,"Édith Poe",poe@example.org,poe.ed@x.org,"Submitted",
"""
PARTICIPANTS = """\
"First name","Last name","ID number","Email address",Groups
Jane,Doe,doe,doe@example.org,"A"
"""
PLAIN = "id,name,section,email,lms\ndoe,Jane Doe,A,doe@example.org,1234\n"


def read(tmp_path, text, encoding="utf-8", warn=lambda text: None):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_roster(path, warn)


@pytest.mark.parametrize(
    ("text", "students"),
    [
        (
            CANVAS,
            [
                Student("doe", "Doe, Jane", "Section A", "", "1234"),
                Student("poe.ed@x.org", "Poe, Édith", "Section B", "", "77"),
            ],
        ),
        (
            MOODLE,
            [
                Student("doe", "Jane Doe", "", "doe@example.org", "1234"),
                Student("poe.ed@x.org", "Édith Poe", "", "poe@example.org", "77"),
            ],
        ),
        (PARTICIPANTS, [Student("doe", "Jane Doe", "A", "doe@example.org")]),
        (PLAIN, [Student("doe", "Jane Doe", "A", "doe@example.org", "1234")]),
        (CANVAS.replace("SIS Login ID", "Login"), None),
        ("id\ndoe\n\n  \nroe\n", [Student("doe"), Student("roe")]),
    ],
    ids=["Canvas", "Moodle's worksheet", "Moodle's participants", "plain", "SIS", "ids alone"],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_systems_list_is_read(tmp_path, text, students, separator, encoding):
    if separator != ",":  # but for the commas within quotes
        text = re.sub(r',(?=(?:[^"\n]*"[^"\n]*")*[^"\n]*$)', separator, text, flags=re.MULTILINE)
    found = read(tmp_path, text.replace("\n", "\r\n"), encoding)
    if students is None:  # without logins, the SIS ids stand for them
        assert [each.id for each in found] == ["u-1", "u-3"]
    else:
        assert found == students


def test_a_list_in_the_encoding_of_windows_is_read_and_said_to_be(tmp_path):
    heard = []
    found = read(tmp_path, "id;name\npoe;Édith Poe\n", "cp1252", heard.append)
    assert found == [Student("poe", "Édith Poe")]
    assert "cp1252" in heard[0]
    assert read(tmp_path, PLAIN, warn=heard.append)
    assert len(heard) == 1


def test_names_lose_what_nobody_can_see(tmp_path):
    (one,) = read(tmp_path, 'id,name\ndoe,"Jane\u202e\x1b[31m\nDoe"\n')
    assert one.name == "Jane Doe"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got an empty file"),
        ("Name,E-mail\nDoe,x\n", "got the columns Name, E-mail: name the right one id"),
        ("Student,ID,Section\nDoe,12,A\n", "SIS Login ID.*got the columns Student, ID, Section"),
        ("id,name\ndoe,Jane\n,Rick\n", "line 3: expected an id for 'Rick', got none"),
        ("id,name\ndoe,a\nroe,b\ndoe,c\n", "line 4: expected each student once.*line 2"),
        ("id,name\ndoe,a\nDOE,b\n", "line 3: expected each student once"),
        ("id,name\n../etc,a\n", "line 2: expected an id of at most 64 letters"),
        ("id,name\n.ssh,a\n", "line 2: expected an id of at most 64 letters"),
        ("id,name\ndoe.,a\n", "line 2: expected an id of at most 64 letters"),
        ("id,name\nd oe,a\n", "line 2: expected an id of at most 64 letters"),
        ("id,name\nd\u202eoe,a\n", r"line 2: .*got 'd\\u202eoe'"),
        ("id,name\nd\x1boe,a\n", r"line 2: .*got 'd\\x1boe'"),
        ("id,name\ndoé,a\n", "line 2: expected an id of at most 64 letters"),
        (f"id,name\n{'d' * 65},a\n", "line 2: expected an id of at most 64 letters"),
        ("id,name\ndoe,Doe, Jane\n", "line 2: expected 2 columns, got 3: put quotes"),
        ('id,name\ndoe,"Jane\n', "expected CSV"),
        (b"PK\x03\x04rest", "a workbook or a zip: save it as CSV UTF-8"),
    ],
)
def test_a_bad_list_is_refused_in_a_line_that_says_where(tmp_path, text, message):
    with pytest.raises(CourseError, match=message) as refused:
        read(tmp_path, text)
    assert len(str(refused.value).splitlines()) == 1


def test_a_folder_is_no_roster(tmp_path):
    with pytest.raises(CourseError, match="expected a roster"):
        read_roster(tmp_path)


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=20
)
ids = st.text("abcdefgh0123456789-_@+", min_size=1, max_size=64)


@given(st.lists(st.builds(Student, ids, texts, texts, texts, texts), unique_by=lambda s: s.id))
def test_what_is_written_reads_back(tmp_path_factory, students):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    write_roster(path, students)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each for each in read_roster(path) if each.name != "Student, Test"] == [
        each for each in students if each.name != "Student, Test"
    ]


@given(st.binary(max_size=300))
def test_whatever_comes_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("roster") / "roster.csv"
    for text in (data, b"id,name\n" + data):
        path.write_bytes(text)
        with contextlib.suppress(CourseError):
            read_roster(path)


def test_a_course_without_roster_has_no_students(tmp_path):
    course = make_course(tmp_path)
    assert course_roster(course) == list(STUDENTS)
    (tmp_path / "roster.csv").unlink()
    assert course_roster(course) == []


def test_late_joiners_come_in_and_nobody_goes_unless_that_is_said(tmp_path):
    course = make_course(tmp_path / "c")
    text = "id,name,section,lms\nDOE,Jane Doe-Smith,B,\nnew,Nora New,B,8\n"
    (tmp_path / "new.csv").write_text(text)

    def run(*options):
        command = [str(tmp_path / "new.csv"), *options]
        return CliRunner().invoke(roster, command, obj=Shell(course.folder, as_json=True))

    facts = json.loads(run().stdout)
    assert facts["new"] == ["new"]
    assert facts["changed"] == ["doe"]
    assert facts["gone"] == ["poe.ed@x.org", "roe"]
    assert facts["removed"] == []
    students = {each.id: each for each in course_roster(course)}
    assert set(students) == {"doe", "new", "roe", "poe.ed@x.org"}
    assert students["doe"] == Student("doe", "Jane Doe-Smith", "B", "doe@example.org", "1234")
    assert json.loads(run("--yes").stdout)["removed"] == ["poe.ed@x.org", "roe"]
    assert [each.id for each in course_roster(course)] == ["doe", "new"]


def test_the_form_of_a_roster_has_every_field():
    assert set(FIELDS) == set(Student.__dataclass_fields__)
