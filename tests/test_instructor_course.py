"""A course's folder and rules: what they may say, when work is due, what lateness costs."""

import json
import os
import stat
import tomllib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from traitlets.config.loader import PyFileConfigLoader

from lib.instructor._files import make_folder, replace, write_new
from lib.instructor._shell import Shell
from lib.instructor.course import CourseError, load
from lib.instructor.handed_in import (
    ABOUT,
    Attempt,
    attempts,
    lateness,
    own_attempts,
    penalty,
    student_folder,
)
from lib.instructor.init import init, init_course
from tests.course_folders import RULES, make_course


@pytest.fixture
def no_mask():
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}


def test_a_new_course_is_for_its_owners_eyes_only_whatever_the_mask(tmp_path, no_mask):
    (tmp_path / "course").mkdir(0o755)
    init_course(tmp_path / "course")
    assert set(modes(tmp_path / "course").values()) == {0o700, 0o600}
    assert modes(tmp_path / "course")["secret.key"] == 0o600


def test_private_files_are_new_whole_and_private(tmp_path, no_mask):
    folder = make_folder(tmp_path / "a" / "b")
    write_new(folder / "file", "one")
    with pytest.raises(FileExistsError):
        write_new(folder / "file", "two")
    assert (folder / "file").read_text() == "one"
    replace(folder / "file", "three")
    assert (folder / "file").read_text() == "three"
    assert modes(tmp_path / "a") == {"a": 0o700, "b": 0o700, "file": 0o600}


def test_what_a_new_course_says_is_what_it_means(tmp_path):
    name = 'Nets "and" \\ more\u202e\n[late]'
    course = init_course(tmp_path / "c", name, timezone="Europe/London", term="Autumn 2026")
    assert course.name == 'Nets "and" \\ more [late]'
    assert (course.term, course.timezone) == ("Autumn 2026", ZoneInfo("Europe/London"))
    assert (course.daily_penalty, course.cap, course.attempts) == (0, 1, "last")
    assert len(course.secret) == 64
    assert course.secret != init_course(tmp_path / "d").secret


def test_every_entry_that_is_off_can_be_switched_on(tmp_path):
    init_course(tmp_path, "Course")
    text = (tmp_path / "course.toml").read_text()
    on = [
        line.removeprefix("# ")
        for line in text.splitlines()
        if line.startswith("# ") and (" = " in line or line.startswith("# ["))
    ]
    off = [line for line in text.splitlines() if not line.startswith("#")]
    place = off.index("[late]") + 1
    about = [line for line in on if line.split(" ")[0] in ("secret", "gradebook", "book")]
    late = [line for line in on if line.split(" ")[0] in ("grace", "daily_penalty", "cap")]
    late += [line for line in on if line.startswith("attempts")]
    rest = [line for line in on if line not in about + late]
    (tmp_path / "course.toml").write_text(
        "\n".join(off[: place - 1] + about + ["[late]"] + late + rest)
    )
    course = load(tmp_path)
    assert (course.grace, course.daily_penalty, course.cap) == (timedelta(minutes=15), 0.1, 0.5)
    (one,) = course.assignments.values()
    assert one.due_for("roe") == datetime(2026, 12, 11, 23, 59, tzinfo=UTC)
    assert one.due_for("doe") == datetime(2026, 12, 13, 23, 59, tzinfo=UTC)
    assert one.partners("doe") == ("doe", "roe")
    assert (one.points, one.library) == (100, "0.1.0")


def test_nbgrader_finds_the_courses_gradebook_and_judge(tmp_path):
    course = init_course(tmp_path / "c", "Nets & more")
    config = PyFileConfigLoader("nbgrader_config.py", str(course.folder)).load_config()
    assert config.CourseDirectory.db_url == f"sqlite:///{course.folder}/gradebook.db"
    assert config.CourseDirectory.course_id == "Nets-more"
    assert config.Autograde.autograde_preprocessors == ["lib.instructor.autograde.Judge"]
    assert "sanitize_preprocessors" not in config.Autograde


@pytest.mark.parametrize("there", ["course.toml", "secret.key", "roster.csv", ".gitignore"])
def test_a_course_is_never_made_over_another(tmp_path, there):
    (tmp_path / there).write_text("precious")
    with pytest.raises(CourseError, match="expected a folder without a course, found"):
        init_course(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "precious"


def test_nothing_is_made_where_the_roster_or_the_zone_is_bad(tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("Name\nDoe\n")
    with pytest.raises(CourseError, match="expected a column with the ids"):
        init_course(tmp_path / "c", roster=bad)
    for zone in ("Mars/Olympus", "../../etc/passwd", ""):
        with pytest.raises(CourseError, match="expected a time zone"):
            init_course(tmp_path / "c", timezone=zone)
    assert not (tmp_path / "c").exists()


def test_a_course_is_not_made_where_a_file_lies(tmp_path):
    (tmp_path / "c").write_text("precious")
    with pytest.raises(CourseError, match="expected to make a folder"):
        init_course(tmp_path / "c")
    assert (tmp_path / "c").read_text() == "precious"


def test_init_tells_a_script_what_it_made(tmp_path):
    (tmp_path / "r.csv").write_text("id,name\ndoe,Jane\n")
    command = [str(tmp_path / "c"), "--roster", str(tmp_path / "r.csv")]
    result = CliRunner().invoke(init, command, obj=Shell(tmp_path, as_json=True))
    assert json.loads(result.output) == {
        "folder": str(tmp_path / "c"),
        "name": "c",
        "students": 1,
    }


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('[[assignments]]\nname = "a/b"\nchapters = ["pooling"]', "a name of letters"),
        ('[[assignments]]\nname = "a"\nchapters = ["knitting"]', "topics with exercises"),
        (RULES + 'color = "red"', "assignments.0..color is no entry"),
        (RULES.replace("2026", "9999"), "expected assignments.0..due to be a date and time"),
        (RULES.replace("T23:59:00", ""), "expected assignments.0..due to be a date and time"),
        (RULES + '[extensions.hw1]\ndoe = "99999999 days"', "at most 3650 days"),
        (RULES + '[extensions.hw1]\ndoe = "soon"', "a length of time such as"),
        (RULES + f'[extensions.hw1]\ndoe = "{"9" * 5000} days"', "at most 3650 days"),
        (RULES + '[extensions.hw2]\ndoe = "1 day"', "extensions.hw2 is no entry"),
        (RULES + '[groups.hw1]\na = ["doe"]\nb = ["doe"]', "in one group"),
        (RULES + RULES, "expected one assignment 'hw1', got two"),
    ],
)
def test_a_slip_in_the_rules_is_named(tmp_path, rules, message):
    with pytest.raises(CourseError, match=message):
        make_course(tmp_path, rules)


# ---- when it is due


@pytest.mark.parametrize(
    ("zone", "due", "longer", "expected"),
    [
        ("Europe/London", "2026-12-11T23:59:00", None, "2026-12-11T23:59:00"),
        ("Europe/Berlin", "2026-07-01T12:00:00", None, "2026-07-01T10:00:00"),
        ("America/New_York", "2026-12-11T23:59:00", None, "2026-12-12T04:59:00"),
        ("Asia/Kathmandu", "2026-12-11T00:00:00", None, "2026-12-10T18:15:00"),
        ("Europe/London", "2026-12-11T23:59:00+05:00", None, "2026-12-11T18:59:00"),
        # The night of 25 October has 01:30 twice in London: the later is meant.
        ("Europe/London", "2026-10-25T01:30:00", None, "2026-10-25T01:30:00"),
        # The night of 29 March has no 01:30 there: an hour later by the new clock is meant.
        ("Europe/London", "2026-03-29T01:30:00", None, "2026-03-29T01:30:00"),
        # Two days longer ends at the same time of day, though one day has 25 hours, or 23.
        ("Europe/London", "2026-10-24T23:59:00", "2 days", "2026-10-26T23:59:00"),
        ("Europe/London", "2026-03-28T23:59:00", "2 days", "2026-03-30T22:59:00"),
        ("America/New_York", "2026-10-31T12:00:00", "1 day", "2026-11-01T17:00:00"),
    ],
)
def test_due_times_follow_the_courses_clocks(tmp_path, zone, due, longer, expected):
    rules = RULES.replace("2026-12-11T23:59:00", due)
    rules += f'[extensions.hw1]\ndoe = "{longer}"' if longer else ""
    one = make_course(tmp_path, rules, zone=zone).assignment("hw1")
    assert one.due_for("doe") == datetime.fromisoformat(f"{expected}+00:00")


LATE = RULES + '[extensions.hw1]\nroe = "2 days"\n'


@pytest.fixture
def strict(tmp_path):
    course = make_course(tmp_path, LATE)
    text = (tmp_path / "course.toml").read_text()
    text = text.replace('# grace = "15 minutes"', 'grace = "15 minutes"')
    text = text.replace("# daily_penalty", "daily_penalty").replace("# cap", "cap")
    (tmp_path / "course.toml").write_text(text)
    return load(course.folder)


@pytest.mark.parametrize(
    ("student", "at", "late"),
    [
        ("doe", "2026-12-11T23:59:00+00:00", timedelta()),
        ("doe", "2026-12-12T00:14:00+00:00", timedelta()),  # the last moment of grace
        ("doe", "2026-12-12T00:14:01+00:00", timedelta(minutes=15, seconds=1)),
        ("doe", "2026-12-12T01:14:00+01:00", timedelta()),
        ("doe", "2026-12-12T23:59:00+00:00", timedelta(days=1)),
        ("roe", "2026-12-13T23:59:00+00:00", timedelta()),
        ("roe", "2026-12-14T00:59:00+00:00", timedelta(hours=1)),
    ],
)
def test_lateness_counts_from_the_due_time_once_grace_is_over(strict, student, at, late):
    assert lateness(strict, strict.assignment("hw1"), student, datetime.fromisoformat(at)) == late


def test_nothing_is_late_that_is_never_due(tmp_path):
    course = make_course(tmp_path, RULES.replace("due =", "# due ="))
    assert lateness(course, course.assignment("hw1"), "doe", datetime.now(UTC)) == timedelta()


def test_lateness_is_absolute_where_the_clocks_change(tmp_path):
    rules = RULES.replace("2026-12-11T23:59:00", "2026-10-24T23:59:00")
    course = make_course(tmp_path, rules, zone="Europe/London")
    at = datetime(2026, 10, 25, 23, 59, tzinfo=ZoneInfo("Europe/London"))
    assert lateness(course, course.assignment("hw1"), "doe", at) == timedelta(hours=25)


@pytest.mark.parametrize(
    ("late", "share"),
    [
        (timedelta(), 0),
        (timedelta(seconds=1), 0.1),
        (timedelta(days=1), 0.1),
        (timedelta(days=1, seconds=1), 0.2),
        (timedelta(days=3), 0.3),
        (timedelta(days=400), 0.5),
    ],
)
def test_each_day_begun_costs_its_share_up_to_the_cap(strict, late, share):
    assert penalty(strict, late, 20.0) == pytest.approx(20 * share, abs=0)


# ---- what was handed in


def put(course, student, stamp, at, by=None, **files):
    folder = make_folder(student_folder(course, course.assignment("hw1"), student) / stamp)
    for topic, text in files.items():
        write_new(folder / f"{topic}.ipynb", text)
    about = {"by": by or student, "at": at, "name": "x", "late_mark": False}
    write_new(folder / ABOUT, json.dumps(about))
    return folder


def test_attempts_come_in_order_and_partners_share_them(tmp_path):
    course = make_course(tmp_path, RULES + '[groups.hw1]\na = ["doe", "roe"]')
    one = course.assignment("hw1")
    put(course, "doe", "20261211T120000Z", "2026-12-11T12:00:00+00:00", pooling="first")
    put(course, "roe", "20261211T130000Z", "2026-12-11T13:00:00+00:00", optimizers="beside")
    put(course, "doe", "20261211T140000Z-2", "2026-12-11T14:00:00+00:00", pooling="third")
    put(course, "doe", "20261211T140000Z", "2026-12-11T14:00:00+00:00", pooling="second")
    make_folder(student_folder(course, one, "doe") / ".incoming-x")
    found = attempts(course, one, "roe")
    assert found == attempts(course, one, "doe")
    told = [
        (each.by, {key: path.read_text() for key, path in each.files.items()}) for each in found
    ]
    assert told == [
        ("doe", {"pooling": "first"}),
        ("roe", {"pooling": "first", "optimizers": "beside"}),
        ("doe", {"pooling": "second", "optimizers": "beside"}),
        ("doe", {"pooling": "third", "optimizers": "beside"}),
    ]
    assert [len(each.files) for each in own_attempts(course, one, "doe")] == [1, 1, 1]
    assert attempts(course, one, "poe") == []
    assert isinstance(found[0], Attempt)
    assert found[0].at == datetime(2026, 12, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize("about", ["", "{}", "[]", '{"at": "noon"}', '{"at": 3}'])
def test_a_damaged_attempt_is_named_and_not_skipped(tmp_path, about):
    course = make_course(tmp_path)
    stamp = "20261211T120000Z"
    folder = put(course, "doe", stamp, "2026-12-11T12:00:00+00:00", pooling="first")
    (folder / ABOUT).write_text(about)
    with pytest.raises(CourseError, match=f"{stamp}.*collect"):
        attempts(course, course.assignment("hw1"), "doe")


def test_the_file_that_teaches_is_toml(tmp_path):
    course = init_course(tmp_path)
    assert tomllib.loads((course.folder / "course.toml").read_text())["late"] == {}
