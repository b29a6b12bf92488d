import io
import json
import re
import stat
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner

from lib.grading import check
from lib.grading._check import exercises, find
from lib.grading._exercise import hidden_cases, hidden_seed
from lib.grading.judge import seeds
from lib.instructor import feedback as module
from lib.instructor.__main__ import main
from lib.instructor._answers import known_works
from lib.instructor._bundle import canvas_name, moodle_name, zipped
from lib.instructor._pages import lines, span
from lib.instructor.feedback import closed, page
from tests.outgoing import (
    DUE,
    HOSTILE,
    cohort,
    course_in,
    hostile,
    varied,
    with_result,
    work,
    write_course,
)


@pytest.fixture
def course(tmp_path):
    return course_in(tmp_path)


def made(course, one, over=False):
    return page(course, course.assignment("pooling"), one, over)


def text_of(html):
    return " ".join(re.sub("<style>.*?</style>|<[^>]*>", " ", html, flags=re.S).split())


def test_a_page_tells_points_penalty_and_what_waits(course):
    text = text_of(made(course, varied()))
    assert "12.1 of 20 points" in text
    assert "14 earned, less 1.9 because it came 1 day 3 hours late." in text
    assert "These are the points so far: 1 question waits for a person to read it." in text
    assert "2 · max_pool2d 0.5 of 2" in text
    assert "10 · explain not yet read of 2" in text
    assert "3 submissions, of which the last one counts" in text


def test_what_did_not_pass_is_told_by_category_reason_and_hint_alone(course):
    html = made(course, varied(), over=True)
    text = text_of(html)
    assert "padding : another answer than expected" in text
    assert "Padding must never win a maximum" in text
    assert "draws follow the odds : it raised an error" in text
    assert "HIDDEN" not in html


def test_a_person_is_quoted_line_by_line_with_name_and_reason(course):
    html = made(course, varied())
    assert "<p>Nearly: look at the last line.</p>\n<p>Come and see me on Tuesday.</p>" in html
    text = text_of(html)
    assert "The judge gave 0; Dr Who gave 1.5. The listing was unclear." in text
    assert "Code cell 7: NameError: name &#39;maxpool&#39; is not defined" in text


def test_full_points_say_nothing_more(course):
    text = text_of(made(course, work(), over=True))
    assert "What did not pass" not in text
    assert "See it fail" not in text
    assert "Cells that raised" not in text


def test_a_failed_file_gets_its_line_and_no_zero(course):
    one = replace(work(), state="failed", message="expected a notebook, got a PDF", results=())
    text = text_of(made(course, one))
    assert "This file could not be graded expected a notebook, got a PDF" in text
    assert "0 of" not in text
    assert "points" not in text.replace("zero points", "")


def test_the_deadline_is_over_after_extension_grace_and_partners(course):
    one = course.assignment("pooling")
    course = replace(course, grace=timedelta(hours=1))
    assert not closed(course, one, "jd1", DUE + timedelta(minutes=59))
    assert closed(course, one, "jd1", DUE + timedelta(minutes=61))
    longer = replace(one, extensions={"kk2": timedelta(days=2)})
    assert not closed(course, longer, "kk2", DUE + timedelta(days=1))
    assert closed(course, longer, "jd1", DUE + timedelta(days=1))
    together = replace(longer, groups={"g": ("jd1", "kk2")})
    assert not closed(course, together, "jd1", DUE + timedelta(days=1))
    assert not closed(course, replace(one, due=None), "jd1", DUE + timedelta(days=999))


def commands(html):
    return [text.replace("&#34;", '"') for text in re.findall("<pre><code>(.*?)</code>", html)]


def test_after_the_deadline_the_command_repeats_the_cases_that_decided(course):
    assert commands(made(course, varied())) == []
    first, *_ = commands(made(course, varied(), over=True))

    def zeros(x, kernel_size, stride, padding):
        seen.append(x)
        return find("pooling.max_pool2d").misconceptions[0].wrong(x, kernel_size, stride, padding)

    seen = []
    verdict = eval(first, {"check": check, "max_pool2d": zeros})
    decided = hidden_cases(find("pooling.max_pool2d"), course.secret, "jd1")
    assert [x.tolist() for x in seen] == [case.args[0].tolist() for case in decided]
    assert "cases that decided passed" in repr(verdict)
    assert "minus infinity" in verdict.hint


def test_the_seed_is_that_of_the_judge_for_whose_file_it_is(course):
    known = list(exercises("pooling").values())
    for by in ("jd1", "kk2"):
        line = commands(made(course, replace(varied(), by=by), over=True))[0]
        assert f"seed={seeds(known, course.secret, by)['pooling.max_pool2d']})" in line
    one = with_result(work(), "pooling.predict", auto=0.0, failed=varied().results[1].failed)
    assert commands(made(course, one, True)) == ['check("pooling.predict", prediction, "jd1")']


def test_a_seed_tells_nothing_of_the_secret_or_of_another_student(course):
    html = made(course, varied(), over=True)
    assert course.secret.decode() not in html
    for key in exercises("pooling"):
        assert str(hidden_seed(course.secret, key, "kk2")) not in html
    passed = hidden_seed(course.secret, "pooling.avg_pool2d", "jd1")
    assert str(passed) not in html


# ---- safe to open


def test_hostile_text_is_escaped_and_cleaned(course):
    html = made(course, hostile(), over=True)
    assert "<script" not in html
    assert "<img" not in html
    assert "{{7*7}}" in html
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("</title>") == 1
    assert "default-src &#39;none&#39;" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_a_hostile_page_in_a_browser_does_nothing_but_show(visit, course, dark, phone):

    path = course.folder / "page.html"
    path.write_text(made(course, hostile(), over=True), encoding="utf-8")
    with visit(path.as_uri(), dark=dark, phone=phone) as seen:
        dialogs = []
        seen.page.on("dialog", lambda dialog: (dialogs.append(dialog), dialog.dismiss()))
        seen.page.reload()
        assert seen.page.title() == "pooling: feedback"
        assert seen.page.locator("script, img, iframe, object, embed, form, base").count() == 0
        assert "onerror=alert(1)" in seen.page.inner_text("h1 + p")
        assert (dialogs, seen.external, seen.complaints) == ([], [], [])
        if not phone:
            assert violations_without_policy(visit, path, dark) == []
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not seen.page.evaluate(wide)


def violations_without_policy(visit, path, dark):
    """Return what axe finds; the page's own policy would keep axe's script from running."""
    from tests.browser import violations

    open_page = path.with_name("open.html")
    html = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", path.read_text("utf-8"))
    open_page.write_text(html, encoding="utf-8")
    with visit(open_page.as_uri(), dark=dark) as seen:
        return violations(seen.page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_usual_page_is_accessible(visit, course, dark):
    path = course.folder / "page.html"
    path.write_text(made(course, varied(), over=True), encoding="utf-8")
    assert violations_without_policy(visit, path, dark) == []


def test_the_policy_stops_a_script_that_came_in_all_the_same(visit, course):
    path = course.folder / "page.html"
    html = made(course, work()).replace("<main>", "<main><script>document.title = 'run'</script>")
    path.write_text(html, encoding="utf-8")
    with visit(path.as_uri()) as seen:
        assert seen.page.title() == "pooling: feedback"


# ---- the way back into the learning management system


@pytest.mark.parametrize(
    ("collected", "name"),
    [
        ("doejane_1234_56789_pooling-2.ipynb", "doejane_1234_56789_feedback.html"),
        ("doejane_LATE_1234_56789_my_work.ipynb", "doejane_LATE_1234_56789_feedback.html"),
        ("sub/doejane_1234_56789_pooling.ipynb", "doejane_1234_56789_feedback.html"),
        ("jd1.ipynb", ""),
        ("", ""),
    ],
)
def test_canvas_finds_the_submission_by_the_beginning_of_its_name(collected, name):
    assert canvas_name(collected) == name


def moodles_reading(path):
    """Read a path as Moodle's zip importer does: who, by which plugin, which file."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdecimal() and info[2:4] == ["assignsubmission", "file"]:
            return int(info[1]), "/".join([*info[4:], *parts]).strip("/")
    return None


@pytest.mark.parametrize(
    ("collected", "student", "number"),
    [
        ("Jane Doe_12345_assignsubmission_file_/pooling.ipynb", "Jane Doe", 12345),
        ("Jane Doe_12345_assignsubmission_file/pooling.ipynb", "Jane Doe", 12345),
        ("", "Jane_Doe/../x", 77),
        ("jd1.ipynb", "", 77),
    ],
)
def test_moodle_finds_the_student_by_the_number_in_the_folder(collected, student, number):
    name = moodle_name(collected, work(name=student, lms="77"))
    assert moodles_reading(name) == (number, "feedback.html")
    assert ".." not in name.split("/")


def test_nobody_is_guessed():
    assert moodle_name("", work(lms="")) == ""
    assert moodle_name("", work(lms="../7")) == ""


def handed_in(course, student, name):
    folder = course.folder / "handed_in" / "pooling" / student / "20261211T195900Z"
    folder.mkdir(parents=True)
    at = (DUE - timedelta(hours=3)).isoformat()
    about = {"by": student, "at": at, "name": name, "late_mark": False}
    (folder / "attempt.json").write_text(json.dumps(about))


def test_the_zip_holds_each_page_under_the_name_of_the_submission(course):
    handed_in(course, "jd1", "doejane_12_34_pooling.ipynb")
    works = [work(), work("kk2")]
    pages = {"jd1": "<p>Jane's</p>", "kk2": "other"}
    packed, left_out = zipped(course, course.assignment("pooling"), works, pages, "canvas")
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["doejane_12_34_feedback.html"]
        assert archive.read("doejane_12_34_feedback.html") == b"<p>Jane's</p>"
    assert left_out == ["kk2"]
    again, _ = zipped(course, course.assignment("pooling"), works, pages, "canvas")
    assert again == packed


# ---- the command


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Ask the tool, where the gradebook holds a small class."""
    write_course(tmp_path)
    works = cohort(4)
    monkeypatch.setattr(module, "known_works", lambda course, assignment: works)

    def asked(*arguments, json_too=True):
        first = ["--course", str(tmp_path), *(["--json"] if json_too else [])]
        return CliRunner().invoke(main, [*first, "feedback", "pooling", *arguments])

    asked.works = works
    return asked


def test_the_command_writes_a_private_page_for_all_who_handed_in(ask, tmp_path):
    run = ask()
    told = json.loads(run.stdout)
    assert run.exit_code == 0
    assert told["pages"] == ["bad", "u000", "u001", "u002", "u003"]
    assert told["missing"] == ["gone"]
    folder = tmp_path / "feedback" / "pooling"
    assert sorted(path.stem for path in folder.iterdir()) == told["pages"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_pages_that_stand_are_kept_and_others_replaced_only_with_leave(ask, tmp_path):
    ask()
    assert json.loads(ask().stdout)["written"] == []
    changed = tmp_path / "feedback" / "pooling" / "u001.html"
    changed.write_text("edited by hand")
    run = ask()
    assert run.exit_code == 2
    assert "Overwrite feedback/pooling/u001.html?" in run.stderr
    assert changed.read_text() == "edited by hand"
    assert json.loads(ask("--yes").stdout)["written"] == ["feedback/pooling/u001.html"]


def test_one_student_can_be_named_and_must_exist(ask, tmp_path):
    assert json.loads(ask("--student", "u002").stdout)["pages"] == ["u002"]
    run = ask("--student", "\x1b[31mnobody")
    assert run.exit_code == 2
    assert "expected a student of the roster, got 'nobody'" in run.stderr


def test_who_is_left_out_of_the_zip_or_waits_is_told(ask):
    run = ask("--zip", "moodle")
    assert run.exit_code == 1
    assert json.loads(run.stdout)["left_out"] == ["u000", "u001", "u002", "u003", "bad"]
    ask.works[0] = replace(ask.works[0], state="waiting", results=())
    run = ask(json_too=False)
    assert run.exit_code == 1
    assert "not graded yet: 1" in run.stdout


def test_after_deadline_shows_what_failed_though_time_is_left(ask, tmp_path):
    ask()
    page = tmp_path / "feedback" / "pooling" / "u001.html"
    assert "seed=" not in page.read_text()
    ask("--after-deadline", "--yes")
    assert "seed=" in page.read_text()


def test_works_come_from_the_gradebook_in_the_order_of_the_roster(tmp_path, monkeypatch):
    class Known:
        def __init__(self, course):
            self.course = course

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def results(self, assignment, students):
            return [assignment.name, [each.id for each in students]]

    monkeypatch.setattr("lib.instructor.gradebook.Gradebook", Known)
    course = course_in(tmp_path)
    (tmp_path / "roster.csv").write_text("id,name\nkk2,K\njd1,J\n")
    found = known_works(course, course.assignment("pooling"))
    assert found == ["pooling", ["kk2", "jd1"]]


def test_words_for_lengths_and_lines():
    assert span(timedelta(seconds=20)) == "1 minute"
    assert span(timedelta(days=2, minutes=1)) == "2 days 1 minute"
    assert lines("a\n\n\x07b\u202e\n" + "c\n" * 99)[:2] == ["a", "b"]
    assert len(lines("c\n" * 99)) == 40
    assert HOSTILE not in lines(HOSTILE)
