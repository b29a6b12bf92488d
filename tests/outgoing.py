"""A course that never was: works by the dozen, for the tests of what goes out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from lib.grading._check import exercises
from lib.instructor.course import Assignment, Course
from lib.instructor.records import Failure, Override, Result, Student, Work

DUE = datetime(2026, 12, 11, 22, 59, tzinfo=UTC)
HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}\x1b[31m\u202e</title>&"


def course_in(folder: Path, **rules) -> Course:
    """Make a course with one assignment, and its secret."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret.key").write_text("5" * 64)
    one = Assignment("pooling", ("pooling",), DUE)
    zone = ZoneInfo("Europe/Berlin")
    about = {"name": "Deep learning", "term": "Winter 2026", "daily_penalty": 0.1} | rules
    return Course(
        folder=folder,
        secret_file=folder / "secret.key",
        gradebook="sqlite:///gradebook.db",
        timezone=zone,
        assignments={"pooling": one},
        **about,
    )


def write_course(folder: Path) -> Path:
    """Write the file of such a course, for commands to read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret.key").write_text("5" * 64)
    (folder / "course.toml").write_text(
        '[course]\nname = "Deep learning"\nterm = "Winter 2026"\ntimezone = "Europe/Berlin"\n'
        "[late]\ndaily_penalty = 0.1\n"
        '[[assignments]]\nname = "pooling"\nchapters = ["pooling"]\ndue = 2126-12-11T23:59:00\n'
    )
    return folder


def work(student: str = "jd1", name: str = "Jane Doe", share: float = 1.0, **about) -> Work:
    """Make a graded work that earned a share of each question's points; "explain" awaits."""
    results = tuple(
        Result(each.key, each.points, None if each.kind == "explain" else each.points * share)
        for each in exercises("pooling").values()
    )
    given = {
        "state": "graded",
        "results": results,
        "handed_in": DUE - timedelta(hours=3),
        "by": student,
        "attempts": 1,
    }
    known = Student(student, name, "A", f"{student}@example.org", about.pop("lms", ""))
    return Work(known, f"s-{student}", **given | about)


def with_result(one: Work, key: str, **changes) -> Work:
    """Return a work with one question's result changed."""
    results = tuple(replace(r, **changes) if r.key == key else r for r in one.results)
    return replace(one, results=results)


def mistaken(one: Work, key: str, number: int = 0) -> Work:
    """Return a work whose answer to a question is that of a known mistake."""
    known = exercises("pooling")[key].misconceptions[number]
    return with_result(
        one,
        key,
        auto=0.5,
        failed=(Failure("padding", "another answer than expected", "HIDDEN 3.14159"),),
        misconception=known.name,
        hint=known.hint,
    )


def varied() -> Work:
    """Make a late work with something of everything."""
    one = work(late=timedelta(days=1, hours=3), penalty=1.9, attempts=3, share=1.0)
    one = mistaken(one, "pooling.max_pool2d")
    one = with_result(
        one,
        "pooling.stochastic_train",
        auto=0.0,
        manual=1.5,
        failed=(Failure("draws follow the odds", "it raised an error", "HIDDEN"),),
        comment="Nearly: look at the last line.\nCome and see me on Tuesday.",
        override=Override(1.5, "Dr Who", "The listing was unclear.", DUE + timedelta(days=3)),
    )
    one = with_result(one, "pooling.shift", auto=0.0, failed=(Failure("other pictures", "x"),))
    return replace(one, cell_errors=((7, "NameError: name 'maxpool' is not defined"),))


def hostile() -> Work:
    """Make a work whose every text wants out of its page."""
    one = with_result(
        work(name=HOSTILE),
        "pooling.moments",
        auto=0.0,
        failed=(Failure(HOSTILE, HOSTILE, HOSTILE),),
        misconception=HOSTILE,
        hint=HOSTILE,
        comment=f"{HOSTILE}\n{HOSTILE}",
        override=Override(0.0, HOSTILE, HOSTILE, DUE),
    )
    return replace(one, cell_errors=((1, HOSTILE), (2, "javascript:alert(3)")), by="jd1")


def cohort(count: int = 120) -> list[Work]:
    """Make a class: some strong, some weak, the questions of several difficulties."""
    rng = np.random.default_rng(0)
    keys = list(exercises("pooling"))
    works = []
    for number in range(count):
        skill = rng.normal()
        one = work(
            f"u{number:03}", f"Student {number}", late=timedelta(hours=5 * (number % 9 == 0))
        )
        for at, key in enumerate(keys[:-1]):
            most = exercises("pooling")[key].points
            share = np.clip(0.75 + 0.3 * skill - 0.07 * at + 0.2 * rng.normal(), 0, 1).round(1)
            one = with_result(one, key, auto=float(most * share))
            if share < 0.6 and rng.random() < 0.7:
                number_of = int(rng.integers(len(exercises("pooling")[key].misconceptions)))
                one = replace(mistaken(one, key, number_of))
        if number % 3:
            one = with_result(one, keys[-1], manual=float(rng.integers(3)))
        works.append(one)
    nobody = {"results": (), "handed_in": None, "by": "", "late": timedelta()}
    gone, bad = Student("gone", "Gone Girl"), Student("bad", "Bad Luck")
    message = "expected a notebook, got a PDF"
    return [
        *works,
        replace(works[0], student=gone, pseudonym="s-gone", state="missing", **nobody),
        replace(
            works[0], student=bad, pseudonym="s-bad", state="failed", message=message, results=()
        ),
    ]
