"""Tells an instructor how an assignment went, on one page and in numbers."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click

from lib.grading._check import exercises
from lib.grading._text import plain
from lib.instructor._answers import known_works
from lib.instructor._lessons import lesson
from lib.instructor._pages import render, write
from lib.instructor._plots import histogram, ticks
from lib.instructor._shell import Shell, yes_option
from lib.instructor._statistics import ENOUGH, mistakes, questions, states, totals
from lib.instructor.course import Assignment, Course
from lib.instructor.likeness import Group, near_identical_works
from lib.instructor.records import Work

FOLDER = "reports"
TOP = 5  # mistakes that are shown with a lesson


def facts(
    course: Course,
    assignment: Assignment,
    works: Sequence[Work],
    groups: Sequence[Group],
    names: bool = False,
) -> dict[str, Any]:
    """Return what the report says, as JSON can hold it.

    Args:
        course: of the assignment.
        assignment: what was asked.
        works: of everybody in the roster.
        groups: near-identical work.
        names: whether students appear by name; by their pseudonyms otherwise.
    """
    label = _labels(works, names)
    spread = totals(works)
    awaiting = Counter(key for work in works for key in work.awaits)
    return {
        "assignment": assignment.name,
        "course": course.name,
        "term": course.term,
        "due": assignment.due and assignment.due.isoformat(),
        "names": names,
        "states": states(works),
        "totals": spread and asdict(spread),
        "questions": [
            asdict(each) | {"task": _task(assignment, each.key)} for each in questions(works)
        ],
        "awaiting": dict(awaiting),
        "mistakes": [
            asdict(each)
            | {"name": plain(each.name), "hint": plain(each.hint, 1_000)}
            | {"lesson": _lesson(course, each.key, each.name)}
            for each in mistakes(works)
        ],
        "failed": [
            {"student": label(work.student.id), "message": plain(work.message)}
            for work in works
            if work.state == "failed"
        ],
        "alike": [
            asdict(each) | {"students": [label(student) for student in each.students]}
            for each in groups
        ],
    }


def page(course: Course, assignment: Assignment, told: dict[str, Any]) -> str:
    """Return the report as one self-contained page."""
    spread = told["totals"]
    bars = histogram(spread["points"], spread["most"]) if spread else []
    return render(
        "report.html",
        course=course,
        assignment=assignment,
        told=told,
        bars=bars,
        tallest=max((bar.count for bar in bars), default=1),
        ticks=ticks(bars[-1].high) if bars else [],
        top=TOP,
        enough=ENOUGH,
    )


def _labels(works: Sequence[Work], names: bool) -> Callable[[str], str]:
    """Return the function that says what stands for a student in the report."""
    if not names:
        return {work.student.id: work.pseudonym for work in works}.__getitem__
    said = {work.student.id: plain(work.student.name) for work in works}
    return lambda student: f"{said[student]} ({student})" if said[student] else student


def _task(assignment: Assignment, key: str) -> str:
    known = (
        exercises(key.partition(".")[0]) if key.partition(".")[0] in assignment.chapters else {}
    )
    return known[key].task if key in known else ""


def _lesson(course: Course, key: str, mistake: str) -> dict[str, Any]:
    found = lesson(key, mistake)
    return {
        "link": f"{course.book.rstrip('/')}/{found.path}",
        "section": found.section,
        "widget": found.widget,
        "check": found.check,
        "question": found.question,
    }


@click.command()
@click.argument("assignment")
@click.option(
    "--names", is_flag=True, help="Show names and ids; pseudonyms stand for them if not."
)
@yes_option
@click.pass_obj
def report(shell: Shell, assignment: str, names: bool, yes: bool) -> None:
    """Show how an assignment went: totals, questions, mistakes, near-identical work.

    Reads the gradebook and the collected notebooks. Writes reports/ASSIGNMENT.html, one page that
    needs nothing else; with --names reports/ASSIGNMENT-with-names.html. The first mistakes come
    with a section, a widget and a question of the book to open the next lesson with. With --json
    (before the command) all numbers are printed.

    \b
    Example:
        python -m lib.instructor report pooling
    """
    course = shell.course
    about = course.assignment(assignment)
    works = known_works(course, about)
    with shell.progress("Reading", len(works)) as step:
        groups = near_identical_works(course, about, works, step)
    told = facts(course, about, works, groups, names)
    name = f"{about.name}-with-names.html" if names else f"{about.name}.html"
    path = course.folder / FOLDER / name
    write(shell, {path: page(course, about, told).encode()}, yes)
    shell.tell(told | {"page": f"{FOLDER}/{name}"}, _summary(told, f"{FOLDER}/{name}"))


def _summary(told: dict[str, Any], path: str) -> str:
    """Return what a person is told."""
    count, spread = told["states"], told["totals"]
    said = [
        f"{count['graded']} graded, {count['failed']} failed, {count['missing']} missing, "
        f"{count['waiting']} waiting; {count['late']} late, {count['awaiting']} await a person."
    ]
    if spread:
        middle = spread["quartiles"][1]
        said.append(
            f"Mean {spread['mean']:.1f}, median {middle:.1f} of {spread['most']:g} points."
        )
    for each in told["mistakes"][:TOP]:
        said.append(f"  {each['count']:>4} × {each['key']}: {each['name']}")
    if told["alike"]:
        said.append(f"{len(told['alike'])} groups of near-identical answers.")
    return "\n".join([*said, f"The page is {path}."])
