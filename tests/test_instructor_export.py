import csv
import io
import json
import stat
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from lib.instructor import export as module
from lib.instructor.__main__ import main
from lib.instructor._lms_table import fill
from lib.instructor._scores import score
from lib.instructor._sheet import Sheet, harmless
from lib.instructor.course import CourseError
from lib.instructor.export import plain_csv
from lib.instructor.records import Student
from tests.outgoing import HOSTILE, course_in, with_result, work, write_course

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,"
    "pooling (4711),Other (4712),Current Score\r\n"
    '    Points Possible,,,,,20.00,5.00,"(read only)"\r\n'
    '"Doe, Jane",1001,77,jd1,"A, B",,3.00,60.00\r\n'
    "=cmd|' /C calc'!A0,1002,78,kk2,A,19.5,,\r\n"
    '"Müller, ""Mü""",1003,,mm3,A,"7.00",1,\r\n'
    '"Nobody, Known",1009,99,xx9,A,,,\r\n'
    '"Student, Test",1010,,,A,,,\r\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade)\n"
    "Participant 501,Jane Doe,jd1@example.org,Submitted,,20.00,-\n"
    "Participant 502,K K,kk2@example.org,No submission,,20.00,-\n"
)


@pytest.fixture
def course(tmp_path):
    return course_in(tmp_path)


@pytest.fixture
def one(course):
    return course.assignment("pooling")


def graded(student, explain=2.0, **about):
    return with_result(work(student, **about), "pooling.explain", manual=explain)


def missing(student):
    return work(student, state="missing", results=(), handed_in=None)


def sheet(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "given.csv"
    path.write_bytes(text.encode(encoding))
    return Sheet(path)


def rows(data, encoding="utf-8-sig"):
    return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))


# ---- which points go out


def test_points_are_scaled_after_the_penalty(one):
    late = graded("a", share=0.5, penalty=1.0)  # 9 + 2 of 20, less 1
    assert score(one, late) == 10.0
    assert score(replace(one, points=100.0), late) == 50.0
    assert score(replace(one, points=7.0), late) == 3.5


def test_nothing_becomes_a_zero_in_silence(one):
    awaits, failed = work("a"), work("a", state="failed", results=())
    assert [score(one, each) for each in (awaits, failed, missing("a"))] == [None] * 3
    assert score(one, awaits, as_is=True) == 18.0
    assert score(one, failed, as_is=True, missing_as_zero=True) is None
    assert score(one, missing("a"), missing_as_zero=True) == 0.0
    assert score(one, work("a", state="waiting", results=()), as_is=True) is None


# ---- the plain table


def test_the_plain_table_reads_back(course, one):
    late = graded("a", name='Doe, "J"', late=timedelta(hours=30), penalty=2.5)
    failed = work("b", state="failed", results=(), message="got a PDF,\nno notebook")
    header, first, second, third, fourth = rows(
        plain_csv(course, one, [late, failed, missing("c"), work("d")])
    )
    table = [dict(zip(header, row, strict=True)) for row in (first, second, third, fourth)]
    assert table[0] == {
        "id": "a", "name": 'Doe, "J"', "section": "A", "state": "graded", "raw": "20",
        "penalty": "2.5", "adjusted": "17.5", "points": "17.5", "out_of": "20", "awaits": "",
        "handed_in": "2026-12-11T20:59:00+01:00", "late_hours": "30", "message": "",
    }  # fmt: skip
    assert (table[1]["state"], table[1]["points"]) == ("failed", "")
    assert table[1]["message"] == "got a PDF, no notebook"
    assert (table[2]["state"], table[2]["points"], table[2]["handed_in"]) == ("missing", "", "")
    assert (table[3]["awaits"], table[3]["raw"], table[3]["points"]) == ("pooling.explain", "", "")
    as_is = rows(plain_csv(course, one, [work("d")], as_is=True))
    assert as_is[1][header.index("points")] == "18"


DANGEROUS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "'=1",
    '"=1',
    "\u200b=1",
]


@pytest.mark.parametrize("text", DANGEROUS, ids=ascii)
def test_no_text_is_a_formula(course, one, text):
    bad = replace(graded("a"), student=Student("-a", text, text), message=text, state="failed")
    for cell in rows(plain_csv(course, one, [bad]))[1]:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "\u200b")), cell


def test_numbers_stay_numbers_and_usual_names_as_they_are(course, one):
    odd = with_result(graded("a"), "pooling.claim", manual=-1.5)
    row = rows(plain_csv(course, one, [odd]))[1]
    assert row[4] == "16.5"
    for name in ("Doe, Jane", "O'Neil", "Müller-Lüdenscheidt", "Łukasz", "D'=x"):
        assert harmless(name) == name
    assert "\n" not in harmless(HOSTILE)


# ---- the learning management system's own table


def test_canvas_gets_its_own_file_back_with_one_column_filled(tmp_path, one):
    works = [graded("jd1"), graded("kk2", explain=0.0), work("mm3")]
    filled = fill(sheet(tmp_path, CANVAS), one, works)
    expected = CANVAS.replace('"A, B",,3.00', '"A, B",20,3.00').replace("A,19.5,,", "A,18,,")
    assert filled.data == expected.encode()
    assert filled.given == 2
    assert filled.unknown == ["Nobody, Known 1009"]
    assert filled.absent == []


def test_a_row_without_points_keeps_what_stands_there(tmp_path, one):
    works = [missing("jd1"), work("kk2"), work("mm3", state="failed", results=())]
    assert fill(sheet(tmp_path, CANVAS), one, works).data == CANVAS.encode()
    zeroed = fill(sheet(tmp_path, CANVAS), one, works, missing_as_zero=True)
    assert rows(zeroed.data)[2][5] == "0"
    assert rows(zeroed.data)[3][5] == "19.5"


def test_quotes_stay_where_they_stood(tmp_path, one):
    filled = fill(sheet(tmp_path, CANVAS), one, [graded("mm3", share=0.5)])
    assert '"Müller, ""Mü""",1003,,mm3,A,"11",1,'.encode() in filled.data


def test_a_new_column_stands_before_those_that_canvas_computes(tmp_path, one):
    text = CANVAS.replace("pooling (4711)", "Another (4711)")
    data = fill(sheet(tmp_path, text), one, [graded("jd1")]).data
    assert rows(data)[0][4:8] == ["Section", "pooling", "Another (4711)", "Other (4712)"]
    assert rows(data)[1][5] == "20"
    assert rows(data)[2][5] == "20"
    assert [row[:5] + row[6:] for row in rows(data)] == rows(text.encode())


def test_rows_are_found_by_any_id_that_the_file_has(tmp_path, one):
    by_number = CANVAS.replace("jd1", "").replace(",77,", ",,")
    works = [graded("jd1", lms="1001")]
    assert fill(sheet(tmp_path, by_number), one, works).given == 1
    by_sis = "Student,SIS User ID,Section,pooling\nDoe,jd1,A,\n"
    assert fill(sheet(tmp_path, by_sis), one, works).data.endswith(b"Doe,jd1,A,20\n")


def test_a_row_that_names_two_students_gets_no_points(tmp_path, one):
    works = [graded("jd1", lms="1001"), graded("77x"), graded("kk2", lms="1003")]
    text = CANVAS.replace("1003,,mm3", "1003,,jd1")
    filled = fill(sheet(tmp_path, text), one, works)
    assert any(name.startswith("Müller") for name in filled.unknown)
    assert filled.absent == ["77x"]


def test_moodles_worksheet_is_filled_by_its_identifier(tmp_path, one):
    works = [graded("jd1", lms="501"), missing("kk2")]
    filled = fill(sheet(tmp_path, MOODLE), one, works)
    assert filled.data == MOODLE.replace("Submitted,,", "Submitted,20,").encode()
    assert filled.unknown == ["Participant 502 Participant 502"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_encoding_separator_and_line_ends_stay(tmp_path, one, encoding, separator, end):
    lines = ["Student,SIS Login ID,Section,pooling", "Müller,mm3,,", "", "Doe,jd1,x"]
    text = end.join(lines).replace(",", separator)
    text = ("\ufeff" if encoding.startswith("utf-16") else "") + text
    filled = fill(sheet(tmp_path, text, encoding), one, [graded("mm3"), graded("jd1")])
    expected = text.replace(separator * 2, f"{separator * 2}20", 1) + f"{separator}20"
    assert filled.data == expected.encode(encoding)


cells = st.text(st.sampled_from('ab,;"\r\n =ü'), max_size=6)


@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=5))
def test_taking_apart_is_what_csv_does_and_putting_together_changes_nothing(
    tmp_path_factory, table
):
    table = [["id", "name,"], *table]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    taken = sheet(tmp_path_factory.mktemp("sheet"), text.getvalue())
    assert taken.encoded() == text.getvalue().encode()
    assert [[taken.value(at, n) for n in range(len(row))] for at, row in enumerate(table)] == table


def test_another_scale_is_refused_in_one_line(tmp_path, one):
    with pytest.raises(CourseError, match=r"counts 10 points for full marks, the course 20: put"):
        fill(sheet(tmp_path, CANVAS.replace("20.00", "10.00")), one, [graded("jd1")])
    with pytest.raises(CourseError, match=r"counts 100 points"):
        fill(sheet(tmp_path, MOODLE.replace("20.00", "100.00")), one, [graded("a", lms="501")])
    assert fill(sheet(tmp_path, CANVAS), replace(one, points=20.0), [graded("jd1")]).given == 1


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("a,b\n1,2\n", None, r"with a column ID, SIS Login ID, .* got a, b"),
        ("", None, "got of an empty file"),
        (
            CANVAS,
            "no such",
            r"expected one column 'no such' .* got 0 among: Student,",
        ),
        (CANVAS.replace("Other (4712)", "Pooling"), None, "expected one column 'pooling'.* got 2"),
        (MOODLE.replace(",Grade,", ",Mark,"), None, "expected one column 'Grade' .* got 0"),
        ('Student,ID\n"never closed,1\n', None, r"line 2: expected a closing quotation mark"),
        ("PK\x03\x04", None, "expected CSV, got a workbook or a zip"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, one, text, column, said):
    with pytest.raises(CourseError, match=said) as told:
        fill(sheet(tmp_path, text), one, [graded("jd1")], column)
    assert "\n" not in str(told.value)


def test_the_column_can_be_named(tmp_path, one):
    data = fill(sheet(tmp_path, CANVAS.replace("5.00", "")), one, [graded("jd1")], "other (4712)")
    assert rows(data.data)[2][6] == "20"


# ---- the command


@pytest.fixture
def ask(tmp_path, monkeypatch):
    write_course(tmp_path)
    works = [graded("jd1", lms="501"), work("kk2", lms="502"), missing("mm3")]
    monkeypatch.setattr(module, "known_works", lambda course, assignment: works)
    (tmp_path / "canvas.csv").write_bytes(CANVAS.encode())

    def asked(*arguments, first=("--json",)):
        return CliRunner().invoke(main, ["--course", str(tmp_path), *first, "export", *arguments])

    asked.works = works
    return asked


def test_the_command_writes_another_file_and_tells_what_is_blank(ask, tmp_path):
    given_file = str(tmp_path / "canvas.csv")
    run = ask("pooling", "--format", "canvas", "--into", given_file)
    told = json.loads(run.stdout)["exports"][0]
    assert run.exit_code == 1
    assert (told["exported"], told["awaiting"], told["missing"]) == (1, ["kk2"], ["mm3"])
    assert told["unknown_rows"] == ["Nobody, Known 1009"]
    path = tmp_path / told["file"]
    assert path.name == "pooling-canvas.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tmp_path / "canvas.csv").read_bytes() == CANVAS.encode()
    words = ask("pooling", "--format", "canvas", "--into", given_file, first=()).stdout
    assert "1 await a person: left blank; grade them, or export as they are with --as-is" in words


def test_all_is_well_where_nothing_is_left_open(ask, tmp_path):
    run = ask("pooling", "--as-is")
    assert run.exit_code == 0
    assert json.loads(run.stdout)["exports"][0]["exported"] == 2
    assert len(rows((tmp_path / "exports" / "pooling-csv.csv").read_bytes())) == 4


def test_an_export_that_stands_is_replaced_only_with_leave(ask, tmp_path):
    ask("pooling")
    path = tmp_path / "exports" / "pooling-csv.csv"
    before = path.read_bytes()
    assert ask("pooling").exit_code == 1
    run = ask("pooling", "--as-is")
    assert (run.exit_code, path.read_bytes()) == (2, before)
    assert ask("pooling", "--as-is", "--yes").exit_code == 0
    assert path.read_bytes() != before


def test_the_file_and_the_format_go_together(ask, tmp_path):
    run = ask("pooling", "--format", "moodle")
    assert run.exit_code == 2
    assert "expected --into FILE.csv with the file that Moodle gives out" in run.stderr
    assert ask("pooling", "--into", str(tmp_path / "canvas.csv")).exit_code == 2
    run = ask("pooling", "--format", "canvas", "--into", str(tmp_path / "none.csv"))
    assert run.exit_code == 2
    assert not (tmp_path / "exports").exists()
