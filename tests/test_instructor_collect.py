"""What is collected: from whom, which notebook, when; what is kept, and what is said."""

import contextlib
import json
import os
import stat
import subprocess
import sys
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.grading._handin import slug
from lib.instructor._shell import Shell
from lib.instructor._whose import Whose
from lib.instructor.collect import collect, collect_work
from lib.instructor.course import CourseError
from lib.instructor.handed_in import attempts
from lib.instructor.records import Student
from lib.instructor.roster import write_roster
from tests.course_folders import BOTH, RULES, STUDENTS, make_course, notebook, zipped

POOLING, OPTIMIZERS = notebook("max_pool2d"), notebook("adam")
DUE = datetime(2026, 12, 11, 23, 59, tzinfo=UTC)
GROUP = '[groups.hw1]\n"Group A" = ["doe", "roe"]\n'


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


def gather(course, *sources, **options):
    return collect_work(course, course.assignment("hw1"), sources, **options)


def from_zip(course, files, tmp_path, **options):
    return gather(course, zipped(tmp_path / "hw1.zip", files), **options)


def kept(course):
    """What lies in the course: student, and the topics of each attempt in order."""
    one = course.assignment("hw1")
    found = {}
    for student in (each.id for each in STUDENTS):
        own = [sorted(each.files) for each in attempts(course, one, student)]
        found |= {student: own} if own else {}
    return found


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("doejane_1234_56789_pooling.ipynb", "doe"),
        ("doejane_LATE_1234_56789_pooling-2.ipynb", "doe"),
        ("poeédith_77_5_Untitled.ipynb", "poe.ed@x.org"),
        ("deep/folder/doejane_1234_56789_pooling (1).ipynb", "doe"),
        ("doejane_1234_56789_2_pooling.ipynb", "doe"),
        ("doejane_1234_999_pooling.ipynb", "doe"),  # the file's number is roe's by chance
        ("doejane_1234_56789_smithjohn_999_1_pooling.ipynb", "doe"),
        ("Jane Doe_5_assignsubmission_file_/pooling.ipynb", "doe"),
        ("Jane Doe_5_assignsubmission_file/pooling.ipynb", "doe"),
        ("Jane Doe_5_assignsubmission_file_pooling.ipynb", "doe"),
        ("Participant_999_assignsubmission_file_/pooling.ipynb", "roe"),
        ("hw1/Jane Doe_5_assignsubmission_file_/roe/pooling.ipynb", "doe"),
        ("Jane Doe_5_assignsubmission_file_/Rick Roe_9_assignsubmission_file_/p.ipynb", "doe"),
        ("Jane Doe_5_assignsubmission_file_/roerick_999_1_pooling.ipynb", "doe"),
        ("doe/pooling.ipynb", "doe"),
        ("DOE/roe.ipynb", "doe"),
        ("submitted/roe/hw1/pooling.ipynb", "roe"),
        ("doe.ipynb", "doe"),
        ("poe.ed@x.org.ipynb", "poe.ed@x.org"),
        ("pooling-doe.ipynb", "doe"),
        ("pooling-doe-2.ipynb", "doe"),
        ("pooling-doe (3).ipynb", "doe"),
        (f"pooling-{slug('poe.ed@x.org')}.ipynb", "poe.ed@x.org"),
        ("doe.ipynb.txt", "doe"),
    ],
)
def test_the_name_in_the_source_says_whose_it_is(course, tmp_path, name, student):
    found = from_zip(course, {name: POOLING}, tmp_path)
    assert kept(course) == {student: [["pooling"]]}
    assert found.unrecognised == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("smithjohn_4321_56789_pooling.ipynb", "nobody in the roster has the number 4321"),
        ("smith_4321_1_hw.zip/doe/pooling.ipynb", "nobody in the roster has the number 4321"),
        ("x_999_1234_56789_pooling.ipynb", "fit several students: doe, roe"),
        ("anon_x7Yz_56789_pooling.ipynb", "let Canvas show names"),
        ("John Smith_5_assignsubmission_file_/doe.ipynb", "nobody the name 'John Smith'"),
        ("pooling-smith.ipynb", "its name is that of nobody in the roster"),
        ("pooling.ipynb", "its name is that of nobody in the roster"),
        ("doe.pdf", "expected a notebook"),
        ("../doe.ipynb", "leads out"),
    ],
)
def test_what_nobody_is_known_to_have_sent_is_listed_and_not_taken(course, tmp_path, name, reason):
    from tests.test_instructor_archive import bytes_of

    outer, _, inner = name.partition(".zip/")
    files = {f"{outer}.zip": bytes_of({inner: POOLING})} if inner else {name: POOLING}
    found = from_zip(course, files, tmp_path)
    assert kept(course) == {}
    (one,) = found.unrecognised
    assert reason in one["reason"]


def test_a_students_own_archive_speaks_for_nobody_else(course, tmp_path):
    from tests.test_instructor_archive import bytes_of

    forged = {
        "roe/pooling.ipynb": POOLING,
        "roerick_999_1_pooling-1.ipynb": notebook("max_pool2d", text="x = 2"),
    }
    from_zip(course, {"doejane_1234_5_hw.zip": bytes_of(forged)}, tmp_path)
    assert kept(course) == {"doe": [["pooling"], ["pooling"]]}
    path = zipped(tmp_path / "roe.zip", {"doe.ipynb": notebook("max_pool2d", text="x = 3")})
    gather(course, path)  # one of several such archives, named one by one
    assert kept(course) == {"doe": [["pooling"], ["pooling"]], "roe": [["pooling"]]}


def test_folders_named_one_by_one_tell_whose_they_are(course, tmp_path):
    for student in ("doe", "roe"):
        (tmp_path / "in" / student).mkdir(parents=True)
        (tmp_path / "in" / student / "pooling.ipynb").write_bytes(POOLING)
    gather(course, *(tmp_path / "in").iterdir())
    assert set(kept(course)) == {"doe", "roe"}


def test_two_students_of_one_name_are_never_mixed_up(tmp_path):
    twins = [Student("a", "Jane Doe"), Student("b", "Doe, Jane"), Student("c", "Rick Roe")]
    course = make_course(tmp_path / "course", students=twins)
    found = from_zip(
        course, {"Jane Doe_5_assignsubmission_file_/pooling.ipynb": POOLING}, tmp_path
    )
    assert "or several have the name" in found.unrecognised[0]["reason"]
    files = {
        "Rick Roe_6_assignsubmission_file_/pooling.ipynb": POOLING,
        "Roe Rick_7_assignsubmission_file_/pooling.ipynb": OPTIMIZERS,
    }
    found = from_zip(course, files, tmp_path)
    assert len(found.unrecognised) == 2
    assert found.new == []


def test_what_the_notebook_says_is_compared_and_never_believed(course, tmp_path):
    files = {
        "doejane_1234_1_pooling.ipynb": notebook("max_pool2d", student="roe"),
        "smithjohn_999_2_pooling.ipynb": notebook("max_pool2d", student="ROE"),
        "pooling.ipynb": notebook("max_pool2d", student="poe.ed@x.org"),
    }
    found = from_zip(course, files, tmp_path)
    assert kept(course) == {"doe": [["pooling"]], "roe": [["pooling"]]}
    assert [each["reason"] for each in found.mismatches] == [
        "it is doe's by its name, and 'roe' by its own word",
        "it is roe's by number (Roe, Rick), and 'smithjohn' by name",
    ]
    assert "the notebook itself says 'poe.ed@x.org'" in found.unrecognised[0]["reason"]


# ---- which notebook


@pytest.mark.parametrize(
    ("files", "topics"),
    [
        ({"doe/pooling.ipynb": POOLING, "doe/optimizers.ipynb": OPTIMIZERS}, 2),
        ({"doe/Untitled1.ipynb": POOLING, "doe/Untitled2.ipynb": OPTIMIZERS}, 2),
        ({"doe/optimizers.ipynb": POOLING, "doe/pooling.ipynb": OPTIMIZERS}, 2),
        ({"doe/My Pooling v2.ipynb": b"broken"}, 1),
        ({"pooling-doe.ipynb": POOLING, "optimizers-doe.ipynb": OPTIMIZERS}, 2),
    ],
    ids=["named", "renamed", "misnamed", "broken", "handed in"],
)
def test_a_notebook_is_known_by_its_cells_or_by_its_name(tmp_path, files, topics):
    course = make_course(tmp_path / "course", BOTH)
    from_zip(course, files, tmp_path)
    assert kept(course) == {"doe": [["optimizers", "pooling"][-topics:]]}
    for attempt in attempts(course, course.assignment("hw1"), "doe"):
        for topic, path in attempt.files.items():
            expected = {"pooling": POOLING, "optimizers": OPTIMIZERS}[topic]
            assert path.read_bytes() in (expected, b"broken")


def test_a_notebook_that_nothing_tells_apart_is_not_taken(tmp_path):
    course = make_course(tmp_path / "course", BOTH)
    found = from_zip(course, {"doe/hw.ipynb": b"broken", "roe/hw.ipynb": notebook()}, tmp_path)
    assert kept(course) == {}
    assert len(found.unrecognised) == 2


def test_a_bad_notebook_is_taken_as_it_came_and_said_to_be_bad(course, tmp_path):
    files = {"doe/hw.ipynb": b"\xff broken", "roe/hw.ipynb": OPTIMIZERS}
    files["poe.ed@x.org.ipynb"] = notebook()
    found = from_zip(course, files, tmp_path)
    assert found.unrecognised == []
    reasons = {each["student"]: each["reason"] for each in found.wrong}
    assert reasons["roe"] == "holds the questions of optimizers, not those of pooling"
    assert reasons["poe.ed@x.org"] == "holds no graded cell of pooling"
    assert reasons["doe"]
    (attempt,) = attempts(course, course.assignment("hw1"), "doe")
    assert attempt.files["pooling"].read_bytes() == b"\xff broken"


def test_what_lies_beside_a_notebook_is_told_and_noise_is_not(course, tmp_path):
    files = {
        "doe/pooling.ipynb": POOLING,
        "doe/plan.pdf": b"",
        "doe/pooling-doe.receipt.txt": b"",
        "doe/.DS_Store": b"",
        "__MACOSX/doe/._pooling.ipynb": b"",
        "doe/.ipynb_checkpoints/pooling-checkpoint.ipynb": OPTIMIZERS,
        "roe/plan.pdf": b"",
    }
    found = from_zip(course, files, tmp_path)
    assert kept(course) == {"doe": [["pooling"]]}
    assert [each["file"] for each in found.beside] == ["doe/plan.pdf"]
    assert [each["file"] for each in found.unrecognised] == ["roe/plan.pdf"]


# ---- what is kept


def test_the_same_archive_again_changes_nothing(course, tmp_path):
    files = {"doe/pooling.ipynb": POOLING, "roe/pooling.ipynb": notebook("avg_pool2d")}
    assert len(from_zip(course, files, tmp_path).new) == 2
    before = snapshot(course.folder)
    for at in (None, datetime(2026, 12, 20, tzinfo=UTC)):
        found = from_zip(course, files, tmp_path, received=at)
        assert (len(found.new), len(found.already)) == (0, 2)
    assert snapshot(course.folder) == before


def snapshot(folder):
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_resubmission_is_kept_and_none_is_overwritten(course, tmp_path):
    texts = [notebook("max_pool2d", text=f"x = {number}") for number in range(4)]
    names = ["pooling.ipynb", "pooling-1.ipynb", "pooling-2.ipynb"]
    files = {f"doejane_1234_{9 - n}_{name}": texts[n] for n, name in enumerate(names)}
    files = dict(reversed(files.items()))  # neither the numbers nor their order say which is last
    from_zip(course, files, tmp_path)
    from_zip(course, {"doe.ipynb": texts[3]}, tmp_path)
    found = attempts(course, course.assignment("hw1"), "doe")
    assert [each.files["pooling"].read_bytes() for each in found] == texts
    assert [each.folder.name for each in found] == [
        f"20261210T120000Z{end}" for end in ("", "-2", "-3", "-4")
    ]


def test_who_goes_back_to_an_earlier_version_hands_in_anew(course, tmp_path):
    first, second = POOLING, notebook("avg_pool2d")

    def at(day):
        return datetime(2026, 12, day, 12, tzinfo=UTC)

    for day, data in ((1, first), (2, second), (3, first)):
        from_zip(course, {"doe.ipynb": data}, tmp_path, received=at(day))
    assert len(attempts(course, course.assignment("hw1"), "doe")) == 3
    for day, data in ((1, first), (2, second)):  # the old archives once more
        assert from_zip(course, {"doe.ipynb": data}, tmp_path, received=at(day)).new == []


def test_one_of_two_notebooks_handed_in_anew_stands_beside_the_other(tmp_path):
    course = make_course(tmp_path / "course", BOTH)
    from_zip(course, {"doe/pooling.ipynb": POOLING, "doe/optimizers.ipynb": OPTIMIZERS}, tmp_path)
    better = notebook("max_pool2d", text="better")
    from_zip(course, {"pooling-doe.ipynb": better}, tmp_path, received=DUE)
    last = attempts(course, course.assignment("hw1"), "doe")[-1]
    assert last.files["pooling"].read_bytes() == better
    assert last.files["optimizers"].read_bytes() == OPTIMIZERS


def test_what_was_handed_in_is_for_its_owners_eyes_only(course, tmp_path):
    before = os.umask(0)
    try:
        from_zip(course, {"doe.ipynb": POOLING}, tmp_path)
    finally:
        os.umask(before)
    for path in (course.folder / "handed_in").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_attempt_says_what_it_was_called_in_safe_letters(course, tmp_path):
    from_zip(course, {"doejane_LATE_1234_5_pool\u200bing\u00ad.ipynb": POOLING}, tmp_path)
    (attempt,) = attempts(course, course.assignment("hw1"), "doe")
    assert (attempt.name, attempt.late_mark) == ("doejane_LATE_1234_5_pooling.ipynb", True)
    assert set(json.loads((attempt.folder / "attempt.json").read_text())) == {
        *("by", "at", "name", "late_mark"),
    }


def test_two_people_do_not_collect_at_once(course, tmp_path):
    code = (
        "import fcntl, sys\n"
        "lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "print('locked', flush=True); input()"
    )
    folder = course.folder / "handed_in" / "hw1"
    folder.mkdir(parents=True)
    (folder / ".incoming-killed").mkdir()
    command = [sys.executable, "-c", code, str(folder / ".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(CourseError, match="somebody else is collecting hw1"):
            from_zip(course, {"doe.ipynb": POOLING}, tmp_path)
        other.communicate(b"\n")
    assert len(from_zip(course, {"doe.ipynb": POOLING}, tmp_path).new) == 1
    assert not list(folder.glob(".incoming-*"))  # the leavings of the one that was killed


# ---- when


@pytest.mark.parametrize(
    ("zone", "stamp", "received", "at"),
    [
        ("UTC", (2026, 12, 10, 12, 0, 0), None, "20261210T120000Z"),
        ("America/New_York", (2026, 12, 10, 12, 0, 0), None, "20261210T170000Z"),
        ("America/New_York", (2026, 7, 10, 12, 0, 0), None, "20260710T160000Z"),
        ("Europe/London", (2026, 10, 25, 1, 30, 0), None, "20261025T003000Z"),  # the earlier
        ("Asia/Tokyo", (2026, 7, 10, 12, 0, 0), "2026-12-11T23:59", "20261211T145900Z"),
        ("Asia/Tokyo", (2026, 7, 10, 12, 0, 0), "2026-12-11T23:59+01:00", "20261211T225900Z"),
    ],
)
def test_times_are_meant_in_the_courses_zone(tmp_path, zone, stamp, received, at):
    course = make_course(tmp_path / "course", RULES.replace("due", "# due"), zone=zone)
    path = zipped(tmp_path / "a.zip", {"doe.ipynb": POOLING}, stamp)
    command = ["hw1", str(path), *(["--received", received] if received else [])]
    result = CliRunner().invoke(collect, command, obj=Shell(course.folder))
    assert result.exit_code == 0, result.output
    (attempt,) = attempts(course, course.assignment("hw1"), "doe")
    assert attempt.folder.name == at


def test_a_file_in_a_folder_has_the_files_own_time(course, tmp_path):
    (tmp_path / "doe.ipynb").write_bytes(POOLING)
    os.utime(tmp_path / "doe.ipynb", (10**9, 10**9))
    gather(course, tmp_path / "doe.ipynb")
    (attempt,) = attempts(course, course.assignment("hw1"), "doe")
    assert attempt.at == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mark", "day", "received", "at", "doubts"),
    [
        ("", 10, None, datetime(2026, 12, 10, 12, tzinfo=UTC), 0),
        ("", 20, None, DUE, 0),  # the archive was made later; Canvas says that it came in time
        ("_LATE", 20, None, datetime(2026, 12, 20, 12, tzinfo=UTC), 0),
        ("_LATE", 10, None, datetime(2026, 12, 10, 12, tzinfo=UTC), 1),
        ("", 10, datetime(2026, 12, 13, tzinfo=UTC), datetime(2026, 12, 13, tzinfo=UTC), 1),
        ("_LATE", 10, datetime(2026, 12, 13, tzinfo=UTC), datetime(2026, 12, 13, tzinfo=UTC), 0),
    ],
)
def test_canvass_mark_says_what_its_archives_times_do_not(
    course, tmp_path, mark, day, received, at, doubts
):
    files = {f"doejane{mark}_1234_5_pooling.ipynb": POOLING}
    path = zipped(tmp_path / "a.zip", files, (2026, 12, day, 12, 0, 0))
    found = gather(course, path, received=received)
    (attempt,) = attempts(course, course.assignment("hw1"), "doe")
    assert attempt.at == at
    assert len(found.doubts) == doubts


def test_an_archive_whose_files_are_all_of_one_late_moment_is_doubted(course, tmp_path):
    files = {f"X_{n}_assignsubmission_file_/p.ipynb": POOLING for n in (1234, 999, 77)}
    path = zipped(tmp_path / "a.zip", files, (2026, 12, 20, 12, 0, 0))
    assert "all 3 files are of one moment" in gather(course, path).doubts[0]["reason"]
    assert gather(course, path, received=DUE).doubts == []


# ---- what is said


def test_a_partner_hands_in_for_the_group(tmp_path):
    course = make_course(tmp_path / "course", RULES + GROUP)
    name = "Group A_31_assignsubmission_file_/pooling.ipynb"
    found = from_zip(course, {name: notebook("max_pool2d", student="roe")}, tmp_path)
    assert found.missing == ["poe.ed@x.org"]
    assert found.mismatches == []
    assert kept(course) == {"doe": [["pooling"]], "roe": [["pooling"]]}


def run(course, *command, as_json=False):
    return CliRunner().invoke(collect, command, obj=Shell(course.folder, as_json))


def test_the_report_names_all_and_obeys_no_file_name(course, tmp_path):
    files = {"doe.ipynb": POOLING, "evil\x1b]0;owned\x07\u202e.ipynb": POOLING, "x.ipynb": b""}
    path = str(zipped(tmp_path / "a.zip", files))
    result = run(course, "hw1", path)
    assert result.exit_code == 1
    first, *rest = result.stdout.splitlines()
    assert first == "hw1: 1 new, 0 already there, 2 not taken; 1 of 3 students have handed in"
    assert "  new: doe, 2026-12-10 12:00 UTC, pooling" in rest
    assert rest[-2:] == ["Missing:", "  roe, poe.ed@x.org"]
    assert all(line.isprintable() for line in rest)
    facts = json.loads(run(course, "hw1", path, as_json=True).stdout)
    assert [each["student"] for each in facts["already"]] == ["doe"]
    assert facts["missing"] == ["roe", "poe.ed@x.org"]
    assert len(facts["unrecognised"]) == 2


def test_an_archive_that_cannot_be_read_does_not_stop_the_others(course, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"?")
    good = zipped(tmp_path / "good.zip", {"doe.ipynb": POOLING})
    found = gather(course, tmp_path / "bad.zip", good)
    assert [each["file"] for each in found.unrecognised] == ["bad.zip"]
    assert kept(course) == {"doe": [["pooling"]]}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("hw9", "."), "expected one of the course's assignments"),
        (("hw1", ".", "--received", "noon"), "expected --received to be a time"),
    ],
)
def test_what_cannot_be_asked_is_refused(course, command, message):
    with pytest.raises(CourseError, match=message):
        CliRunner().invoke(collect, command, obj=Shell(course.folder), catch_exceptions=False)


parts = ["doe", "_1234_5_", "_LATE", "/", "..", "_5_assignsubmission_file_", "pooling", "-2"]
parts += [" (1)", ".ipynb", ".zip", "\x1b[0m", "\u202e", "C:", "\\", ""]
piece = st.sampled_from(parts)
names = st.lists(piece | st.text(max_size=5), max_size=8).map("".join)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@settings(max_examples=50)
@given(st.lists(names, max_size=4), st.binary(max_size=50))
def test_no_name_and_no_bytes_stop_a_collection(tmp_path_factory, names, data):
    folder = tmp_path_factory.mktemp("fuzz")
    course = make_course(folder / "course")
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name in names:
            with contextlib.suppress(UnicodeEncodeError):  # surrogates
                made.writestr(name or "\x1b", data)
    result = run(course, "hw1", str(path))
    assert result.exit_code in (0, 1), result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    kinds = {unicodedata.category(each) for line in result.output.split("\n") for each in line}
    assert not kinds & {"Cc", "Cf", "Cs"}
    assert {each.name for each in folder.iterdir()} == {"course", "a.zip"}
    assert {each.name for each in (course.folder / "handed_in" / "hw1").iterdir()} <= {
        *(each.id for each in STUDENTS),
        ".lock",
    }


def test_a_course_without_students_collects_nothing(course, tmp_path):
    write_roster(course.folder / "roster.csv", [])
    with pytest.raises(CourseError, match="expected a roster"):
        from_zip(course, {"doe.ipynb": POOLING}, tmp_path)


def test_looking_up_names_takes_no_time_in_a_large_course(course):
    students = [Student(f"s{n}", f"Name {n}", lms=str(10**6 + n)) for n in range(5_000)]
    whose = Whose(students, course.assignment("hw1"))
    for number in range(5_000):
        name = f"name_{10**6 + number}_5_pooling.ipynb"
        assert whose.claim(name).student == f"s{number}"


def test_the_books_own_notebooks_are_known_for_what_they_are(tmp_path):
    course = make_course(tmp_path / "course", BOTH)
    root = Path(__file__).parent.parent / "exercises" / "student"
    files = {f"doe/{n}.ipynb": path.read_bytes() for n, path in enumerate(root.glob("*.ipynb"))}
    found = from_zip(course, files, tmp_path)
    assert [each["topics"] for each in found.new] == [[path.stem for path in root.glob("*.ipynb")]]
    assert found.wrong == []
