"""Forgetting a term: all that names a student goes, all else stays, and nothing goes unasked."""

import json
import tomllib
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, inspect, text

from lib.instructor import gradebook, purge
from lib.instructor._shell import Shell
from lib.instructor.collect import collect_work
from lib.instructor.course import CourseError, load
from lib.instructor.roster import course_roster
from tests.course_folders import RULES, make_course, notebook, zipped

NAMED = """
# Behind the deadline came the flood.
[extensions.hw1]
doe = "2 days"  # was ill

[groups.hw1]
"doe's group" = ["doe", "roe"]
"""


@pytest.fixture
def course(tmp_path):
    course = make_course(tmp_path / "course", RULES + NAMED)
    for name in ("submitted", "autograded", "feedback", "reports", "exports", "source", "release"):
        (course.folder / name / "hw1").mkdir(parents=True)
        (course.folder / name / "hw1" / "file").write_text("Jane Doe")
    for name in ("gradebook.db", "gradebook.db-wal", "gradebook.db.2026-old", ".nbgrader.log"):
        (course.folder / name).write_text("Jane Doe")
    path = zipped(tmp_path / "a.zip", {"doe.ipynb": notebook("max_pool2d")})
    collect_work(course, course.assignment("hw1"), [path])
    return course


def run(course, *command, as_json=False, **options):
    command = ["--term", "Autumn", *command]
    return CliRunner().invoke(
        purge.purge, command, obj=Shell(course.folder, as_json), catch_exceptions=False, **options
    )


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_names_a_student_goes_and_all_else_stays(course):
    secret, pseudonym = course.secret, course.pseudonym("doe")
    assert run(course, "--yes").exit_code == 0
    left = everything(course.folder)
    assert {path.relative_to(course.folder).parts[0] for path in left} == {
        *("course.toml", "secret.key", "roster.csv", "nbgrader_config.py", ".gitignore"),
        *("source", "release"),
    }
    for path, data in left.items():
        if path.parts[-3] not in ("source", "release"):
            assert not [name for name in (b"Jane", b"Rick", b"poe.ed") if name in data], path
    after = load(course.folder)
    assert after.assignment("hw1").due == course.assignment("hw1").due
    assert after.assignment("hw1").extensions == after.assignment("hw1").groups == {}
    assert course_roster(after) == []
    assert len(after.secret) == len(secret)
    assert after.secret != secret
    assert after.pseudonym("doe") != pseudonym
    assert (course.folder / "secret.key").stat().st_mode & 0o777 == 0o600
    assert "# grace" in (course.folder / "course.toml").read_text()  # the file still teaches


def test_it_can_be_done_again_after_it_was_cut_short(course, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(purge, "write_roster", cut)
        with pytest.raises(KeyboardInterrupt):
            purge.forget(course, purge.plan(course))
    again = load(course.folder)
    purge.forget(again, purge.plan(again))
    assert course_roster(again) == []


def test_a_dry_run_names_all_and_touches_nothing(course):
    before = everything(course.folder)
    result = run(course, "--dry-run")
    for name in (*purge.FOLDERS, "gradebook.db", "gradebook.db.2026-old", "roster.csv: 3"):
        assert name in result.stdout
    assert "Removed" not in result.stdout
    assert everything(course.folder) == before
    facts = json.loads(run(course, "--dry-run", as_json=True).stdout)
    assert facts["done"] is False
    assert len(facts["removed"]) == len(purge.plan(course).lines)


@pytest.mark.parametrize("typed", ["Autumn\n", "autumn\n", "y\n", "\n"])
def test_a_person_types_the_terms_name(course, monkeypatch, typed):
    before = everything(course.folder)

    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(purge, "sys", SimpleNamespace(stdin=terminal))
    if typed == "Autumn\n":
        assert run(course, input=typed).exit_code == 0
        assert not (course.folder / "handed_in").exists()
    elif typed == "\n":
        assert run(course, input=typed).exit_code == 1
        assert everything(course.folder) == before
    else:
        with pytest.raises(CourseError, match="not the term's name"):
            run(course, input=typed)
        assert everything(course.folder) == before


def test_nothing_goes_where_nobody_can_be_asked(course):
    before = everything(course.folder)
    with pytest.raises(CourseError, match="repeat the command with --yes"):
        run(course)
    assert everything(course.folder) == before


@pytest.mark.parametrize("term", ["Spring", "", "autumn"])
def test_another_term_is_refused(course, term):
    before = everything(course.folder)
    with pytest.raises(CourseError, match=r"expected the term of course\.toml, 'Autumn'"):
        run(course, "--term", term, "--yes")
    assert everything(course.folder) == before


def test_names_that_no_program_can_take_out_are_left_to_a_person(course):
    file = course.folder / "course.toml"
    rules = file.read_text().replace(NAMED, "")
    file.write_text('groups = {hw1 = {a = ["doe", "roe"]}}\n' + rules)
    before = everything(course.folder)
    with pytest.raises(CourseError, match="take them out by hand"):
        run(course, "--yes")
    assert everything(course.folder) == before


def test_links_are_removed_and_what_they_lead_to_is_not(course, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("precious")
    target = course.folder / "exports"
    purge.shutil.rmtree(target)
    target.symlink_to(tmp_path / "elsewhere")
    run(course, "--yes")
    assert not target.is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_text() == "precious"


def test_rules_around_the_names_stay_as_they_were(course):
    file = course.folder / "course.toml"
    more = '[[assignments]]\nname = "hw2"\nchapters = ["pooling"]\n'
    file.write_text(file.read_text() + "\n" + more)
    before = tomllib.loads(file.read_text())
    run(course, "--yes")
    after = tomllib.loads(file.read_text())
    assert after == {key: before[key] for key in ("course", "late", "assignments")}


def test_a_database_that_stays_loses_its_rows(course, tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path}/server.db"
    file = course.folder / "course.toml"
    file.write_text(
        file.read_text().replace('# gradebook = "sqlite:///gradebook.db"', f'gradebook = "{url}"')
    )
    moved = load(course.folder)
    what = purge.plan(moved)
    assert (tmp_path / "server.db") not in what.paths
    engine = create_engine(url)
    with gradebook.Gradebook(moved) as book:
        with engine.begin() as rows:
            rows.execute(text("insert into student (id, lms_user_id) values ('doe', '1234')"))
        assert (tmp_path / "server.db") in purge.plan(moved).paths
        # As if it were a server's: the file stays, and its rows go.
        monkeypatch.setattr(gradebook.Path, "unlink", lambda path, missing_ok=False: None)
        monkeypatch.setattr(gradebook, "Gradebook", lambda course: nullcontext(book))
        purge.forget(moved, replace(what, paths=(), server=True))
    with engine.begin() as rows:
        for table in inspect(engine).get_table_names():
            if table != "alembic_version":
                assert rows.execute(text(f'select count(*) from "{table}"')).scalar() == 0, table
    engine.dispose()
