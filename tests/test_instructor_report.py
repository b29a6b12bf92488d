import importlib
import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
import scipy.stats
from click.testing import CliRunner
from docutils.nodes import make_id
from hypothesis import given
from hypothesis import strategies as st

from book.ext.api import operations
from lib.grading._check import TOPICS, exercises
from lib.instructor import report as module
from lib.instructor.__main__ import main
from lib.instructor._lessons import Lesson, lesson, lessons
from lib.instructor._plots import histogram, ticks
from lib.instructor._statistics import fisher, mistakes, questions, states, totals, wilson
from lib.instructor.likeness import Group
from lib.instructor.records import Result, Student, Work
from lib.instructor.report import facts, page
from tests.outgoing import HOSTILE, cohort, course_in, hostile, mistaken, work, write_course

ROOT = Path(__file__).parent.parent


def scored(rows, most=2.0):
    """Make works of points in a table: one row a work; NaN awaits a person."""
    return [
        Work(
            Student(f"u{number}"),
            f"s-{number}",
            "graded",
            results=tuple(
                Result(f"pooling.q{at}", most, None if np.isnan(points) else points)
                for at, points in enumerate(row)
            ),
        )
        for number, row in enumerate(np.asarray(rows, float))
    ]


# ---- the numbers


def test_totals_by_hand():
    spread = totals(scored([[2, 0], [2, 1], [2, 2], [0, 1]]))
    assert spread.points == (1.0, 2.0, 3.0, 4.0)
    assert (spread.mean, spread.quartiles) == (2.5, (1.75, 2.5, 3.25))
    assert spread.deviation == pytest.approx((5 / 3) ** 0.5)
    assert (spread.most, totals([])) == (4.0, None)
    assert totals(scored([[1, 1]])).deviation == 0


def test_a_question_by_hand():
    works = scored([[2, 2], [2, 1], [0, 0], [np.nan, 1]])
    first, second = questions(works)
    assert (first.n, first.awaits, first.share) == (3, 1, pytest.approx(2 / 3))
    assert (first.full, first.none) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert (second.n, second.share) == (4, 0.5)
    assert first.compared == second.compared == 3
    assert first.discrimination == pytest.approx(scipy.stats.pearsonr([2, 2, 0], [2, 1, 0])[0])


def test_discrimination_leaves_the_question_itself_out(rng):
    rows = rng.integers(0, 5, (40, 6)) / 2 + rng.random((40, 1)).round(1)
    for at, each in enumerate(questions(scored(rows, most=4))):
        found = scipy.stats.pearsonr(rows[:, at], np.delete(rows, at, axis=1).sum(1))
        assert each.discrimination == pytest.approx(found.statistic)
        interval = found.confidence_interval(0.95)
        assert each.discrimination_interval == pytest.approx(interval, abs=1e-6)


def test_a_question_that_nobody_was_graded_on_does_not_hide_the_others():
    nobody, first, second = questions(scored([[np.nan, 0, 0], [np.nan, 1, 2], [np.nan, 2, 1]]))
    assert (nobody.share, nobody.interval, nobody.discrimination, nobody.awaits) == (None,) * 3 + (
        3,
    )
    assert (first.compared, first.discrimination) == (3, pytest.approx(0.5))
    assert second.discrimination == pytest.approx(0.5)


def test_no_correlation_where_all_are_alike():
    same, other = questions(scored([[1, 0], [1, 1], [1, 2]]))
    assert same.discrimination is other.discrimination is None
    assert same.interval[0] < same.share < same.interval[1]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_a_share_is_scipys(case):
    right, n = case
    low, high = scipy.stats.binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right / n, n) == pytest.approx((low, high), abs=1e-6)


def test_the_interval_covers_the_mean_of_partial_points_often_enough(rng):
    shares = rng.beta(0.5, 0.3, (2000, 25))
    mean = 0.5 / 0.8
    inside = [low <= mean <= high for low, high in (wilson(row.mean(), 25) for row in shares)]
    assert np.mean(inside) > 0.95


def test_the_interval_of_a_correlation_needs_four_pairs():
    assert fisher(0.5, 3) is None
    assert fisher(1.0, 9) == (1.0, 1.0)


def test_states_are_counted():
    works = cohort(40)
    late = sum(bool(each.late) for each in works)
    assert states(works) == {
        "graded": 40, "failed": 1, "missing": 1, "waiting": 0, "late": late, "awaiting": 14
    }  # fmt: skip


def test_mistakes_are_counted_the_commonest_first():
    key = "pooling.max_pool2d"
    works = [mistaken(work("a"), key, 1), mistaken(work("b"), key), mistaken(work("c"), key)]
    first, second = mistakes([*works, work("d")])
    known = exercises("pooling")[key].misconceptions
    assert (first.name, first.count, first.share) == (known[0].name, 2, 0.5)
    assert (second.name, second.hint, second.share) == (known[1].name, known[1].hint, 0.25)


@given(st.lists(st.floats(0, 60), min_size=1, max_size=60), st.integers(1, 60))
def test_the_histogram_is_numpys(points, most):
    bars = histogram(points, most)
    edges = [bars[0].low, *(bar.high for bar in bars)]
    counts, _ = np.histogram(points, edges)
    assert [bar.count for bar in bars] == counts.tolist()
    assert len(bars) <= 25


def test_ticks_are_few_and_round():
    assert ticks(20) == [0, 5, 10, 15, 20]
    assert ticks(100) == [0, 20, 40, 60, 80, 100]
    assert all(3 <= len(ticks(most)) <= 8 for most in range(2, 200))
    assert ticks(0) == [0]


# ---- where the next lesson begins


def headings(path):
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            yield from re.findall(r"(?m)^#+ +(.*)$", cell.source)


def test_every_lesson_is_on_a_mistake_that_exists():
    known = {key for topic in TOPICS for key in exercises(topic)}
    known |= {
        f"{each.key} / {mistake.name}"
        for topic in TOPICS
        for each in exercises(topic).values()
        for mistake in each.misconceptions
    }
    assert lessons().keys() <= known


@pytest.mark.parametrize("key", lessons())
def test_the_page_the_widget_and_the_question_of_a_lesson_exist(key):
    one = lessons()[key]
    if one.page.startswith("chapters/api/"):
        assert one.section in operations(one.page.rpartition("/")[2])
        assert (one.widget, one.check, one.path) == ("", "", f"{one.page}.html#{one.section}")
        return
    path = ROOT / f"{one.page}.ipynb"
    assert one.section in set(headings(path))
    assert one.path == f"{one.page}.html#{make_id(one.section)}"
    topic, name = one.widget.split(".")
    assert callable(getattr(importlib.import_module(f"lib.widgets.{topic}"), name))
    assert f"widgets.{name}(" in path.read_text("utf-8")
    assert one.question["prompt"]
    assert sum(option["correct"] for option in one.question["options"]) == 1


def test_every_mistake_of_a_chapter_leads_to_a_section_a_widget_and_a_question():
    for topic in (topic for topic in TOPICS if (ROOT / "chapters" / topic).exists()):
        for each in exercises(topic).values():
            for mistake in each.misconceptions:
                found = lesson(each.key, mistake.name)
                assert found.section, (each.key, mistake.name)
                assert found.widget, (each.key, mistake.name)
                assert found.check, (each.key, mistake.name)


def test_topics_without_a_lesson_lead_to_their_operations():
    assert lesson("losses.any", "any") == Lesson("chapters/api/losses")
    assert (ROOT / "chapters" / "api" / "losses.md").exists()


# ---- the page

GROUPS = [Group("pooling.shift", ("u001", "u002"), 0.875, True)]


@pytest.fixture
def course(tmp_path):
    return course_in(tmp_path)


def told_of(course, works, names=False, groups=GROUPS):
    return facts(course, course.assignment("pooling"), works, groups, names)


def made(course, works, **choices):
    return page(course, course.assignment("pooling"), told_of(course, works, **choices))


def test_names_and_ids_stay_out_unless_they_are_asked_for(course):
    works = cohort(12)
    plain_page, named = made(course, works), made(course, works, names=True)
    for secret in ("Student 1", "u001", "Bad Luck", "Gone Girl", "example.org"):
        text = plain_page.replace("s-u001", "").replace("s-u002", "")
        assert secret not in text
    assert "s-u001" in plain_page
    assert "s-bad" in plain_page
    assert "Student 1 (u001)" in named
    assert "With names" in named


def test_the_page_says_what_the_facts_say(course):
    works = cohort(60)
    told, html = told_of(course, works), made(course, works)
    text = " ".join(re.sub("<style>.*?</style>|<[^>]*>", " ", html, flags=re.S).split())
    assert f"mean {told['totals']['mean']:.2f}".rstrip("0") in text
    for each in told["questions"]:
        assert f"{100 * each['share']:.0f} %" in text
    top = told["mistakes"][0]
    assert f"{top['count']} of 60" in text
    assert top["lesson"]["link"].startswith(f"{course.book}chapters/pooling/")
    assert f'href="{top["lesson"]["link"]}"' in html
    assert "a prompt for a conversation, never a penalty" in text
    assert "the published solution ≥ 88 %" in text
    assert json.loads(json.dumps(told)) == json.loads(json.dumps(told_of(course, works)))


def test_few_works_come_with_a_warning(course):
    assert "take no correlation here at its word" in made(course, cohort(20), groups=[])
    assert "take no correlation here at its word" not in made(course, cohort(60), groups=[])


def test_a_class_without_grades_has_a_page_too(course):
    works = [replace(work(), state="waiting", results=())]
    assert "No work has been graded yet" in made(course, works, groups=[])
    assert "None were found." in made(course, [], groups=[])


def test_one_work_and_equal_works_make_a_page(course):
    assert "1 work was graded" in made(course, [work()], groups=[])
    assert "the same for all" in made(course, [work(), work("kk2")], groups=[])


def test_hostile_text_does_nothing(course, visit):
    bad = replace(hostile(), state="failed", message=HOSTILE, results=())
    path = course.folder / "report.html"
    for names in (False, True):
        groups = [Group("pooling.shift", ("jd1",), 1.0, False)]
        html = made(course, [hostile(), bad], names=names, groups=groups)
        assert "<script" not in html
        assert "\x1b" not in html
        path.write_text(html, encoding="utf-8")
        with visit(path.as_uri()) as seen:
            assert seen.page.title() == "pooling: report"
            assert seen.page.locator("script, img, iframe").count() == 0
            assert (seen.external, seen.complaints) == ([], [])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_is_accessible_and_fits_a_phone(course, visit, dark):
    from tests.browser import violations

    path = course.folder / "report.html"
    html = made(course, cohort(60))
    path.write_text(re.sub("<meta http-equiv[^>]*>", "", html), encoding="utf-8")
    with visit(path.as_uri(), dark=dark) as seen:
        assert violations(seen.page) == []
        seen.page.set_viewport_size({"width": 390, "height": 844})
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not seen.page.evaluate(wide)


# ---- the command


@pytest.fixture
def ask(tmp_path, monkeypatch):
    write_course(tmp_path)
    works = [replace(each, handed_in=None) for each in cohort(12)]
    monkeypatch.setattr(module, "known_works", lambda course, assignment: works)

    def asked(*arguments, first=("--json",)):
        return CliRunner().invoke(main, ["--course", str(tmp_path), *first, "report", *arguments])

    return asked


def test_the_command_writes_one_private_page_and_tells_the_numbers(ask, tmp_path):
    run = ask("pooling")
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    assert told["states"]["graded"] == 12
    path = tmp_path / told["page"]
    assert path.name == "pooling.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "u001" not in run.stdout
    words = ask("pooling", first=()).stdout
    assert words.startswith("12 graded, 1 failed, 1 missing, 0 waiting")


def test_names_go_into_a_file_that_says_so(ask, tmp_path):
    assert (
        json.loads(ask("pooling", "--names").stdout)["page"] == "reports/pooling-with-names.html"
    )
    assert not (tmp_path / "reports" / "pooling.html").exists()


def test_another_page_is_replaced_only_with_leave(ask, tmp_path):
    ask("pooling")
    (tmp_path / "reports" / "pooling.html").write_text("mine")
    run = ask("pooling")
    assert (run.exit_code, (tmp_path / "reports" / "pooling.html").read_text()) == (2, "mine")
    assert ask("pooling", "--yes").exit_code == 0
    assert ask("no-such").exit_code == 2
