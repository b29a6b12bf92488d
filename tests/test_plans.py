"""The plans of whole courses: each is run from its first day to its exported points."""

import csv
import json
import os
import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

import lib
from lib.grading import TOPICS
from lib.instructor.__main__ import main
from lib.instructor.course import load
from lib.instructor.init import PLANS
from tests.toc import ROOT, pages_of_the_toc

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the sandbox is for Linux")

NAMES = sorted(path.stem for path in PLANS.glob("*.toml"))
POINTS = 20  # of each notebook, of which a person gives two
RULES = {  # grace, share a day, cap; full marks of both
    "two-weeks": (timedelta(minutes=30), 0.2, 0.6, {"pooling": 50, "optimizers": 50}),
    "twelve-weeks": (timedelta(minutes=15), 0.05, 0.5, {"pooling": 40, "optimizers": 60}),
}


def run(folder, *words):
    done = CliRunner().invoke(main, ["--course", str(folder), "--json", *map(str, words)])
    assert done.exit_code == 0, (words, done.output)
    return json.loads(done.stdout)


def solved(topic):
    return json.loads((ROOT / f"exercises/{topic}.ipynb").read_text(encoding="utf-8"))


def student_form(topic):
    return json.loads((ROOT / f"exercises/student/{topic}.ipynb").read_text(encoding="utf-8"))


def half(topic):
    """The first half of the cells solved, the rest as it was given out."""
    done, given = solved(topic), student_form(topic)
    at = len(given["cells"]) // 2
    return given | {"cells": done["cells"][:at] + given["cells"][at:]}


def archive(path, topic, works):
    """A zip of what some students handed in: a folder each, with its own time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for student, (notebook, at) in works.items():
            info = zipfile.ZipInfo(f"{student}/{topic}.ipynb", at.timetuple()[:6])
            out.writestr(info, json.dumps(notebook))
    return path


def course_of(plan, folder):
    """Run a course of a plan, the examples in it turned on, to its reports and its points."""
    roster = folder.parent / "roster.csv"
    roster.write_text("id,name\ndoe,Jane Doe\nroe,Rick Roe\npoe,Ann Poe\n")
    run(folder, "init", folder, "--plan", plan, "--roster", roster, "--term", "Spring")
    rules = folder / "course.toml"
    shown = re.sub(r'(?m)^# (\[extensions|\[groups|doe = |"group)', r"\1", rules.read_text())
    rules.write_text(shown)
    one = load(folder)
    for topic in TOPICS:
        run(folder, "assign", topic)
    due = {topic: one.assignments[topic].due.replace(tzinfo=None) for topic in TOPICS}
    works = {
        "pooling": {
            "doe": (solved("pooling"), due["pooling"] + timedelta(days=2)),  # her extension
            "roe": (student_form("pooling"), due["pooling"] + one.grace),
            "poe": (half("pooling"), due["pooling"] + timedelta(days=1, minutes=1)),
        },
        "optimizers": {
            "doe": (solved("optimizers"), due["optimizers"]),  # for roe, too
            "poe": (solved("optimizers"), due["optimizers"] + timedelta(days=90)),
        },
    }
    for topic, handed_in in works.items():
        run(folder, "collect", topic, archive(folder.parent / f"{topic}.zip", topic, handed_in))
        run(folder, "grade", topic, "--workers", 1)
        run(folder, "feedback", topic)
        run(folder, "report", topic)
        run(folder, "export", topic, "--as-is")
    return load(folder)


def exported(course, topic):
    with (course.folder / f"exports/{topic}-csv.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    numbers = ("raw", "penalty", "adjusted", "points", "out_of", "late_hours")
    return {id: row | {n: float(row[n]) for n in numbers} for id, row in rows.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_reads_only_pages_that_are_there_and_names_this_version(name):
    text = (PLANS / f"{name}.toml").read_text(encoding="utf-8")
    pages = {*pages_of_the_toc()}
    named = re.findall(r"\b((?:chapters|exercises)(?:/[a-z-]+)+)", text)
    assert len(named) > 5
    assert {*named} <= pages
    ours = "chapters/(pooling|optimizers)|exercises/student"
    assert {page for page in pages if re.match(ours, page)} <= {*named}
    assert re.findall('(?m)^library = "(.*?)"', text) == [lib.__version__] * len(TOPICS)


def rules_are_what_the_plan_says(name, one):
    grace, daily, cap, points = RULES[name]
    assert (one.grace, one.daily_penalty, one.cap) == (grace, daily, cap)
    assert {each.name: each.points for each in one.assignments.values()} == points
    assert one.term == "Spring"
    first = datetime.fromisoformat("2026-10-05T00:00+00:00")
    weeks = {n: (each.due - first) / timedelta(days=7) for n, each in one.assignments.items()}
    last = {"two-weeks": (1, 2), "twelve-weeks": (5, 11)}[name]
    assert (int(weeks["pooling"]) + 1, int(weeks["optimizers"]) + 1) == last
    assert all(each.due.weekday() == 4 for each in one.assignments.values()), "Fridays"


def students_get_what_stands_in_the_book(one):
    for topic in TOPICS:
        path = one.folder / f"release/{topic}/{topic}.ipynb"
        released = json.loads(path.read_text(encoding="utf-8"))["cells"]
        ours = student_form(topic)["cells"]
        for got, expected in zip(released, ours, strict=True):
            if "](" not in "".join(expected["source"]):  # links lead to the course's book
                assert "".join(got["source"]) == "".join(expected["source"])


def lateness_costs_what_the_plan_says_but_for_an_extension(name, one):
    _, daily, _, points = RULES[name]
    rows = exported(one, "pooling")
    assert [rows["doe"][each] for each in ("raw", "penalty")] == [POINTS - 2, 0]
    assert rows["doe"]["points"] == points["pooling"] * (POINTS - 2) / POINTS
    assert [rows["roe"][each] for each in ("raw", "penalty", "late_hours")] == [0, 0, 0]
    assert 2 < rows["poe"]["raw"] < POINTS - 4
    assert rows["poe"]["penalty"] == pytest.approx(2 * daily * rows["poe"]["raw"], abs=0.006)
    assert {row["awaits"] for row in rows.values()} == {"pooling.explain"}


def a_group_hands_in_once_and_lateness_has_its_limit(name, one):
    _, _, cap, points = RULES[name]
    rows = exported(one, "optimizers")
    for member in "doe", "roe":
        assert rows[member]["adjusted"] == POINTS - 2
        assert rows[member]["points"] == points["optimizers"] * (POINTS - 2) / POINTS
    assert rows["poe"]["penalty"] == pytest.approx(cap * (POINTS - 2))


def everybody_gets_a_page_and_the_course_a_report(one):
    for topic in TOPICS:
        pages = {path.stem for path in (one.folder / "feedback" / topic).glob("*.html")}
        assert pages == {"doe", "roe", "poe"}
        assert (one.folder / f"reports/{topic}.html").stat().st_size > 10_000
    late = Path(one.folder / "feedback/pooling/poe.html").read_text(encoding="utf-8")
    assert "late" in late


@pytest.mark.parametrize("name", NAMES)
def test_a_plan_runs_from_its_first_day_to_its_exported_points(name, tmp_path):
    one = course_of(name, tmp_path / "course")
    rules_are_what_the_plan_says(name, one)
    students_get_what_stands_in_the_book(one)
    lateness_costs_what_the_plan_says_but_for_an_extension(name, one)
    a_group_hands_in_once_and_lateness_has_its_limit(name, one)
    everybody_gets_a_page_and_the_course_a_report(one)
