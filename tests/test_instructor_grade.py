"""What a course's submissions come to: graded once, never lost, never a silent nought."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import nbformat
import pytest
from course_folders import BOTH, STUDENTS, make_course, notebook
from graded_courses import (
    IN_TIME,
    JUDGED,
    POOLING,
    ROOT,
    SOLUTION,
    STUDENTS_FORM,
    add_rules,
    command,
    earning,
    files,
    found,
    hand_in,
    rows,
    works,
)

from lib.grading import judge
from lib.grading._check import exercises
from lib.grading._exercise import public_seed
from lib.instructor import jobs
from lib.instructor.course import CourseError, load
from lib.instructor.gradebook import Gradebook
from lib.instructor.records import NBGRADER, Student
from lib.instructor.roster import FILE, write_roster

ALL = sum(JUDGED.values())
DUE = IN_TIME.replace(day=11, hour=23, minute=59)


def grade(course, code=0):
    found.asked.clear()
    return command(course, "grade", "hw1", code=code)


def give(course, student, name, points=None, comment=None):
    """Do what formgrader does when a person types points or a comment."""
    with Gradebook(load(course)) as book:
        own = book._nbgrader
        work = own.find_submission_notebook("pooling", "hw1", student)
        if points is not None:
            mark = own.find_grade(name, "pooling", "hw1", student)
            mark.manual_score, mark.needs_manual_grade = points, False
        if comment is not None:
            own.find_comment(name, "pooling", "hw1", student).manual_comment = comment
        own.db.commit()
        return work.id


def looks(course, student):
    """The questions of a student that formgrader asks a person to look at."""
    with Gradebook(load(course)) as book:
        (work,) = book._nbgrader.find_submission("hw1", student).notebooks
        return {each.name for each in work.grades if each.needs_manual_grade}


def test_the_judge_grades_the_solution_the_students_form_and_what_is_no_notebook(course):
    hand_in(course, "doe", SOLUTION)
    hand_in(course, "roe", STUDENTS_FORM)
    hand_in(course, "poe.ed@x.org", b"garbage")
    told = command(course, "grade", "hw1", "--workers", "1", code=1)
    assert told["states"] == {"graded": 2, "failed": 1, "missing": 0, "waiting": 0}
    assert (told["done"], told["elsewhere"]) == (3, 0)
    ((student, message),) = told["failed"]
    assert student == "poe.ed@x.org"
    assert "not a notebook" in message
    work = works(course)
    assert work["doe"].raw == ALL
    assert work["doe"].awaits == ("pooling.explain",)
    assert work["roe"].raw == 0
    assert all(each.failed for each in work["roe"].results[:-1])
    assert work["poe.ed@x.org"].adjusted is None
    assert work["poe.ed@x.org"].message == message
    assert looks(course, "doe") == {"explain"}
    assert len(looks(course, "poe.ed@x.org")) == len(POOLING)  # no silent nought in formgrader


def test_a_second_run_changes_no_row_and_no_file(course, quick):
    hand_in(course, "doe", earning(moments=3))
    hand_in(course, "roe", b"garbage")
    assert grade(course, code=1)["done"] == 2
    before = rows(course), files(course)
    assert before[0]["descent_attempt"]
    assert before[0]["grade"]
    assert before[1]
    assert grade(course, code=1)["done"] == 0
    assert (rows(course), files(course)) == before


def test_who_has_handed_in_nothing_is_missing_and_not_in_formgrader(course, quick):
    hand_in(course, "doe", earning(moments=3))
    assert grade(course)["states"] == {"graded": 1, "failed": 0, "missing": 2, "waiting": 0}
    assert works(course)["roe"].adjusted is None
    with Gradebook(load(course)) as book:
        there = book._nbgrader.assignment_submissions("hw1")
        assert [each.student.id for each in there] == ["doe"]


def test_what_was_collected_since_waits(course, quick):
    hand_in(course, "doe", earning(moments=3))
    (told,) = command(course, "status")["assignments"]
    assert (told["waiting"], told["missing"]) == (1, 2)
    assert works(course)["doe"].adjusted is None


def test_formgraders_own_sums_are_ours(course, quick):
    add_rules(course, "daily_penalty = 0.25")
    hand_in(course, "doe", earning(moments=3, shift=1.33))
    hand_in(course, "roe", earning(moments=1), DUE + timedelta(hours=30))
    grade(course)
    with Gradebook(load(course)) as book:
        sums = {each["id"]: each for each in book._nbgrader.student_dicts()}
        late = book._nbgrader.find_submission("hw1", "roe")
        score, taken = late.score, late.late_submission_penalty
        every = {e["student"]: e for e in book._nbgrader.submission_dicts("hw1")}
    assert sums["doe"]["score"] == works(course)["doe"].adjusted == 4.33
    assert (score, taken) == (1, 0.5)
    assert works(course)["roe"].adjusted == 0.5
    assert every["roe"]["score"] == 1
    assert every["doe"]["max_score"] == sum(POOLING.values())


def test_the_last_attempt_counts_and_replaces_the_one_before(course, quick):
    hand_in(course, "doe", earning(moments=3))
    grade(course)
    hand_in(course, "doe", earning(moments=1), IN_TIME + timedelta(hours=1))
    assert grade(course)["done"] == 1
    work = works(course)["doe"]
    assert (work.raw, work.attempts) == (1, 2)
    shown = (course / "submitted/doe/hw1/pooling.ipynb").read_bytes()
    assert shown == earning(moments=1)
    assert "2026-12-10 13:00:00" in (course / "submitted/doe/hw1/timestamp.txt").read_text()


def test_of_two_handed_in_before_the_first_run_only_the_last_is_graded(course, quick):
    hand_in(course, "doe", earning(moments=3))
    hand_in(course, "doe", earning(moments=1), IN_TIME + timedelta(hours=1))
    assert grade(course)["done"] == 1
    assert works(course)["doe"].raw == 1
    assert grade(course)["done"] == 0


def test_the_best_attempt_counts_lateness_taken_off_and_formgrader_shows_it(course, quick):
    add_rules(course, 'daily_penalty = 0.5\nattempts = "best"')
    hand_in(course, "doe", earning(moments=2))
    hand_in(course, "doe", earning(moments=3), DUE + timedelta(hours=1))
    hand_in(course, "roe", earning(moments=1))
    hand_in(course, "roe", earning(moments=3), DUE + timedelta(hours=1))
    assert grade(course)["done"] == 4
    work = works(course)
    assert (work["doe"].raw, work["doe"].penalty) == (2, 0)
    assert (work["roe"].raw, work["roe"].penalty) == (3, 1.5)
    assert (course / "submitted/doe/hw1/pooling.ipynb").read_bytes() == earning(moments=2)
    assert (course / "submitted/roe/hw1/pooling.ipynb").read_bytes() == earning(moments=3)


def test_other_rules_in_the_courses_file_hold_from_the_next_run_on(course, quick):
    hand_in(course, "doe", earning(moments=3))
    hand_in(course, "doe", earning(moments=1), DUE + timedelta(hours=1))
    grade(course)
    add_rules(course, 'daily_penalty = 0.5\nattempts = "best"')
    grade(course)
    with Gradebook(load(course)) as book:
        work = book._nbgrader.find_submission("hw1", "doe")
        assert (work.score, work.late_submission_penalty) == (3, 0)
    assert (course / "submitted/doe/hw1/pooling.ipynb").read_bytes() == earning(moments=3)
    assert works(course)["doe"].raw == 3


def test_points_that_a_person_gives_to_late_work_are_late_too(course, quick):
    add_rules(course, "daily_penalty = 0.5")
    hand_in(course, "doe", earning(moments=2), DUE + timedelta(hours=1))
    grade(course)
    give(course, "doe", "explain", 2)
    assert works(course)["doe"].penalty == 2
    grade(course)
    with Gradebook(load(course)) as book:
        work = book._nbgrader.find_submission("hw1", "doe")
        assert (work.score, work.late_submission_penalty) == (4, 2)


def test_an_extension_is_one_students(course, quick):
    add_rules(course, '\n[extensions.hw1]\ndoe = "2 days"\n')
    add_rules(course, "daily_penalty = 0.5")
    for student in ("doe", "roe"):
        hand_in(course, student, earning(moments=2), DUE + timedelta(hours=30))
    grade(course)
    work = works(course)
    assert (work["doe"].adjusted, work["roe"].adjusted) == (2, 0)
    with Gradebook(load(course)) as book:
        assert book._nbgrader.find_submission("hw1", "doe").extension == timedelta(days=2)
        assert book._nbgrader.find_submission("hw1", "doe").total_seconds_late == 0


def test_a_group_shares_the_marks_and_the_numbers_of_whoever_handed_in(course, quick):
    add_rules(course, '\n[groups.hw1]\n"one" = ["doe", "roe"]\n')
    hand_in(course, "doe", earning(moments=1))
    hand_in(course, "roe", earning(moments=2), IN_TIME + timedelta(hours=1))
    assert grade(course)["done"] == 1
    (job,) = found.asked
    assert job.seeds["pooling"]["pooling.predict"] == public_seed("pooling.predict", "roe")
    work = works(course)
    assert (work["doe"].raw, work["roe"].raw, work["doe"].by) == (2, 2, "roe")
    for student in ("doe", "roe"):
        assert (course / f"submitted/{student}/hw1/pooling.ipynb").read_bytes() == earning(
            moments=2
        )


def test_a_notebook_that_is_missing_costs_its_own_points_alone(tmp_path, quick):
    course = make_course(tmp_path / "two", BOTH).folder
    command(course, "assign", "hw1")
    hand_in(course, "doe", earning(moments=3))
    add_rules(course, '\n[groups.hw1]\n"one" = ["roe", "poe.ed@x.org"]\n')
    hand_in(course, "roe", notebook("sgd", text="earns('optimizers.sgd', 2)"), topic="optimizers")
    hand_in(course, "poe.ed@x.org", earning(moments=1), IN_TIME + timedelta(hours=1))
    grade(course)
    asked = {frozenset(job.cells): job for job in found.asked}
    assert set(asked) == {frozenset({"pooling"}), frozenset({"pooling", "optimizers"})}
    both = asked[frozenset({"pooling", "optimizers"})].seeds  # each notebook by its own author
    assert both["optimizers"]["optimizers.predict"] == public_seed("optimizers.predict", "roe")
    assert both["pooling"]["pooling.predict"] == public_seed("pooling.predict", "poe.ed@x.org")
    work = works(course)
    assert (work["doe"].raw, work["roe"].raw, work["poe.ed@x.org"].raw) == (3, 3, 3)


def test_the_judge_says_of_a_missing_notebook_that_it_was_not_handed_in():
    questions = exercises("pooling").values()
    keys = judge.seeds(list(questions), b"secret", "doe")
    finding = jobs.run(jobs.Job(7, {}, {"pooling": keys}))
    assert (finding.row, finding.state) == (7, "graded")
    marks = finding.graded["pooling"].marks
    assert [mark.points for mark in marks] == [0.0] * len(questions)
    assert {mark.failed[0].reason for mark in marks} == {"it was not handed in"}


def test_what_a_person_gave_in_formgrader_survives(course, quick):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    give(course, "doe", "explain", 1.5)
    give(course, "doe", "moments", 2.5)
    give(course, "doe", "moments-answer", comment="nearly")
    before = rows(course)
    grade(course)
    command(course, "regrade", "hw1", "--student", "doe")
    assert rows(course)["grade"] == before["grade"]
    assert rows(course)["comment"] == before["comment"]
    assert looks(course, "doe") == set()
    results = {each.key: each for each in works(course)["doe"].results}
    assert (results["pooling.moments"].auto, results["pooling.moments"].points) == (1, 2.5)
    assert results["pooling.moments"].comment == "nearly"
    assert results["pooling.explain"].points == 1.5


def test_another_attempt_asks_for_another_look_at_what_a_person_gave(course, quick):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    give(course, "doe", "explain", 1.5)
    hand_in(course, "doe", earning(moments=1), IN_TIME + timedelta(hours=1))
    grade(course)
    assert looks(course, "doe") == {"explain"}
    assert works(course)["doe"].raw == 2.5  # until then the points stand
    grade(course)
    assert looks(course, "doe") == {"explain"}
    give(course, "doe", "explain", 2)
    grade(course)
    assert looks(course, "doe") == set()


def another_judge(monkeypatch, engine="another"):
    monkeypatch.setattr(jobs, "engine", lambda: engine)


def test_a_regrade_tells_whose_points_changed_and_by_how_much(course, quick, monkeypatch):
    hand_in(course, "doe", earning(moments=1))
    hand_in(course, "roe", earning(moments=3))
    grade(course)
    give(course, "doe", "moments", 2)
    give(course, "roe", "avg_pool2d", 1)
    assert command(course, "regrade", "hw1")["done"] == 0  # nothing has changed for anybody
    kinder = lambda job: replace(found(job), graded=more(found(job).graded))  # noqa: E731
    monkeypatch.setattr(jobs, "runner", lambda *where: lambda each: (kinder(job) for job in each))
    another_judge(monkeypatch)
    told = command(course, "regrade", "hw1")
    assert told["done"] == 2
    assert told["changed"] == [["doe", 2, 3], ["roe", 4, 5]]
    assert command(course, "regrade", "hw1")["done"] == 0


def more(graded):
    """One point more for `shift`."""
    marks = graded["pooling"].marks
    marks = [replace(m, points=1.0) if m.key == "pooling.shift" else m for m in marks]
    return {"pooling": replace(graded["pooling"], marks=tuple(marks))}


def test_a_regrade_flags_what_a_person_gave_where_the_judge_thinks_otherwise(
    course, quick, monkeypatch
):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    give(course, "doe", "shift", 2)
    give(course, "doe", "moments", 2)
    give(course, "doe", "explain", 2)
    kinder = lambda job: replace(found(job), graded=more(found(job).graded))  # noqa: E731
    monkeypatch.setattr(jobs, "runner", lambda *where: lambda each: (kinder(job) for job in each))
    another_judge(monkeypatch)
    assert command(course, "regrade", "hw1")["changed"] == []
    assert looks(course, "doe") == {"shift"}


def test_a_regrade_of_one_student_leaves_the_others(course, quick):
    hand_in(course, "doe", earning(moments=1))
    hand_in(course, "roe", earning(moments=3))
    grade(course)
    assert command(course, "regrade", "hw1", "--student", "roe")["done"] == 1
    told = command(course, "regrade", "hw1", "--student", "nobody", code=2)
    assert "expected students with graded work, got ['nobody']" in told


def test_grading_says_which_version_of_the_library_is_expected(course, quick):
    add_rules(course, "")
    file = course / "course.toml"
    file.write_text(file.read_text().replace('name = "hw1"', 'name = "hw1"\nlibrary = "9.9.9"'))
    for name in ("grade", "regrade"):
        told = command(course, name, "hw1", code=2)
        assert "expected version 9.9.9 of the library for hw1, got" in told


def test_an_override_counts_keeps_its_reason_and_survives(course, quick, monkeypatch):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    words = "override", "hw1", "doe", "pooling.moments", 2.5, "--reason", "also right"
    command(course, *words, "--author", "Ada")
    another_judge(monkeypatch)
    assert command(course, "regrade", "hw1")["done"] == 1
    result = next(r for r in works(course)["doe"].results if r.key == "pooling.moments")
    assert (result.auto, result.points) == (1, 2.5)
    assert (result.override.author, result.override.reason) == ("Ada", "also right")
    assert works(course)["doe"].raw == 2.5


def test_points_given_in_formgrader_after_an_override_are_not_said_to_be_its(course, quick):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    command(course, "override", "hw1", "doe", "pooling.moments", 2, "--reason", "right")
    give(course, "doe", "moments", 3)
    result = next(r for r in works(course)["doe"].results if r.key == "pooling.moments")
    assert (result.points, result.override) == (3, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("doe", "pooling.moments", 3.5), "from 0 to 3 points for pooling.moments, got 3.5"),
        (("doe", "pooling.moments", "nan"), "from 0 to 3 points for pooling.moments, got nan"),
        (("doe", "pooling.nothing", 1), "expected a question of hw1"),
        (("roe", "pooling.moments", 1), "nothing of this student's has been graded"),
    ],
)
def test_an_override_of_what_is_not_there_is_refused(course, quick, words, said):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    before = rows(course)
    assert said in command(course, "override", "hw1", *words, "--reason", "so", code=2)
    assert said in command(course, "override", "hw1", *words, "--reason", "so", code=2)
    assert rows(course) == before


def test_an_override_needs_a_reason(course, quick):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    told = command(course, "override", "hw1", "doe", "pooling.moments", 1, "--reason", " ", code=2)
    assert "expected a reason" in told


def test_what_was_found_before_grading_broke_off_stands(course, monkeypatch, quick):
    def break_off(asked):
        yield found(next(iter(asked)))
        raise CourseError("the scheduler went away")

    hand_in(course, "doe", earning(moments=1))
    hand_in(course, "roe", earning(moments=1))
    monkeypatch.setattr(jobs, "runner", lambda *where: break_off)
    assert command(course, "grade", "hw1", code=2) == "lib.instructor: the scheduler went away\n"
    states = {who: work.state for who, work in works(course).items()}
    assert sorted(states.values()) == ["graded", "missing", "waiting"]


def test_a_folder_that_was_taken_away_is_named(course, quick):
    folder = hand_in(course, "doe", earning(moments=1))
    command(course, "status")
    shutil.rmtree(folder)
    assert "put its folder back" in command(course, "grade", "hw1", code=2)


def test_hostile_names_reach_formgrader_as_text(tmp_path, assigned, quick):
    course = shutil.copytree(assigned, tmp_path / "course")
    name = "<script>alert(1)</script>\x1b[31m" + "long " * 100
    write_roster(course / FILE, [Student("doe", name), *STUDENTS[1:]])
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    with Gradebook(load(course)) as book:
        shown = book._nbgrader.find_student("doe").first_name
    assert not set("<>&\x1b") & set(shown)
    assert len(shown) <= 128


def cells_of(course, student="doe"):
    shown = nbformat.read(course / f"autograded/{student}/hw1/pooling.ipynb", 4)
    nbformat.validate(shown)
    return shown.cells


HTML = "<img src=x onerror=alert(1)>"


def test_what_formgrader_shows_holds_nothing_of_a_submissions_but_its_sources(course, quick):
    tree = json.loads((course / "release/hw1/pooling.ipynb").read_text())
    secret = {"descent": {"note": HTML}}
    for cell in tree["cells"]:
        cell["metadata"] = cell["metadata"] | {"evil": HTML}
        if cell["cell_type"] == "code":
            display = {"output_type": "display_data", "metadata": {}, "data": {"text/html": HTML}}
            cell["outputs"], cell["source"] = [display], f"# {HTML}"
        else:
            cell["attachments"] = {"a.svg": {"image/svg+xml": HTML}}
            cell["source"] = f"{HTML}\n```\n{HTML}"
    tree["metadata"] |= secret
    hand_in(course, "doe", json.dumps(tree).encode())
    grade(course)
    cells = cells_of(course)
    shown = nbformat.read(course / "autograded/doe/hw1/pooling.ipynb", 4)
    assert HTML not in json.dumps(shown.metadata)
    assert all("evil" not in cell.metadata and "attachments" not in cell for cell in cells)
    outputs = [out for cell in cells if cell.cell_type == "code" for out in cell.outputs]
    assert {out.output_type for out in outputs} == {"stream"}
    markdown = [c.source for c in cells if c.cell_type == "markdown" and HTML in c.source]
    assert markdown
    assert all(source.startswith("````text\n") for source in markdown)


def test_locked_cells_are_shown_as_they_were_given_out_and_missing_ones_are_named(course, quick):
    release = {
        cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
        for cell in json.loads((course / "release/hw1/pooling.ipynb").read_text())["cells"]
        if "nbgrader" in cell["metadata"]
    }
    hand_in(course, "doe", notebook("max_pool2d", "max_pool2d", "shift-answer", text="own = 1"))
    grade(course)
    shown = [(c.metadata.get("nbgrader", {}).get("grade_id"), c.source) for c in cells_of(course)]
    assert shown[0] == ("max_pool2d", release["max_pool2d"])
    assert shown[1] == (None, "own = 1")
    assert shown[2] == ("shift-answer", "own = 1")
    missing = {who for who, source in shown if "was not handed in" in source}
    assert missing == {key.partition(".")[2] for key in POOLING} - {"max_pool2d"}


def test_marks_of_nbgraders_own_run_are_left_to_it(course, quick):
    hand_in(course, "doe", earning(moments=1))
    grade(course)
    one = load(course)
    with Gradebook(one) as book:
        attempts = book.attempts(one.assignment("hw1"))
        keys = judge.seeds(list(exercises("pooling").values()), b"s", "roe")
        graded = found(jobs.Job(0, {}, {"pooling": keys})).graded["pooling"]
        book.record_notebook(one.assignment("hw1"), "roe", "pooling", graded, "e")
        assert NBGRADER in {each.attempt for each in book.attempts(one.assignment("hw1"))}
    assert len(attempts) == 1
    assert grade(course)["done"] == 0
    assert works(course)["roe"].state == "graded"


def test_nbgraders_own_command_asks_the_judge_and_prints_no_warnings(course):
    folder = course / "submitted/doe/hw1"
    folder.mkdir(parents=True)
    shutil.copy(SOLUTION, folder / "pooling.ipynb")
    tools = Path(sys.executable).parent
    about = {"capture_output": True, "text": True, "cwd": course}
    about["env"] = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([tools / "nbgrader", "autograde", "hw1"], **about)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert works(course)["doe"].raw == ALL
