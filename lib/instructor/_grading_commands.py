"""The commands that grade, and those that look at and change what was graded."""

import getpass
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import click

from lib.grading._check import exercises
from lib.instructor import jobs
from lib.instructor._shell import INCOMPLETE, Shell
from lib.instructor.course import Assignment, CourseError
from lib.instructor.grade import (
    How,
    Run,
    Summary,
    check_version,
    enter,
    grade_attempts,
    needed,
)
from lib.instructor.records import STATES, Change, Work
from lib.instructor.roster import course_roster

WITHOUT = (
    "--without-sandbox: the code of submissions runs as you, with your files, your network and no "
    "limits. Whoever wrote one can read the course's secret, change every grade, and take what "
    "this account can reach. Only for submissions that you would run by hand."
)


def with_options(command: Any) -> Any:
    """Give a command the options that say where submissions are graded."""
    for option in (
        click.option("--without-sandbox", is_flag=True, help=WITHOUT.partition(": ")[2]),
        click.option("--scheduler", default="", metavar="ADDRESS",
                     help="A Dask cluster's scheduler, tcp://host:8786, instead of this machine."),
        click.option("--workers", type=click.IntRange(1), default=None,
                     help="Submissions at a time on this machine; its processors if left out."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("grade")
@click.argument("assignment")
@with_options
@click.pass_obj
def grade_command(
    shell: Shell, assignment: str, workers: int | None, scheduler: str, without_sandbox: bool
) -> None:
    """Grade what was collected for ASSIGNMENT and has not been graded yet.

    Reads handed_in, writes the gradebook and the notebooks that formgrader shows (submitted,
    autograded). What is graded stays as it is. May be interrupted at any moment and run again;
    several people may run it at once, and no submission is graded twice.

    \b
    Example:
        python -m lib.instructor grade pooling --workers 4
    """
    how = _how(shell, workers, scheduler, without_sandbox)
    one = shell.course.assignment(assignment)
    check_version(one)
    with shell.gradebook() as book:
        students = course_roster(shell.course)
        enter(book, one, students)
        run = Run(book, one, students)
        rows = [r for r in needed(shell.course, one, book.attempts(one)) if r.state == "waiting"]
        with shell.progress(f"grading {one.name}", len(rows)) as step:
            summary = grade_attempts(run, rows, how, step)
        standing = Standing(book.results(one, students))
    _tell(shell, one, summary, standing)


@click.command("regrade")
@click.argument("assignment")
@click.option("--student", "only", multiple=True, help="Only this student's; may be repeated.")
@with_options
@click.pass_obj
def regrade_command(
    shell: Shell, assignment: str, only: Sequence[str], workers: int | None, scheduler: str,
    without_sandbox: bool,
) -> None:  # fmt: skip
    """Grade ASSIGNMENT anew where the judge or its exercises have changed since.

    Says whose points changed, and by how much. Points that a person gave stay as they are, and
    are marked for another look where the judge's have changed beneath them. With --student, also
    what nothing has changed for.

    \b
    Example:
        python -m lib.instructor regrade pooling
        python -m lib.instructor regrade pooling --student anna
    """
    how = _how(shell, workers, scheduler, without_sandbox)
    one = shell.course.assignment(assignment)
    check_version(one)
    with shell.gradebook() as book:
        students = course_roster(shell.course)
        enter(book, one, students)
        run = Run(book, one, students)
        before = {work.student.id: work.adjusted for work in book.results(one, students)}
        rows = [r for r in needed(shell.course, one, book.attempts(one)) if r.state != "waiting"]
        if only:
            unknown = set(only) - {each for row in rows for each in one.partners(row.student)}
            if unknown:
                raise CourseError(f"expected students with graded work, got {sorted(unknown)}")
            rows = [row for row in rows if set(only) & set(one.partners(row.student))]
            book.mark_for_regrade([row.id for row in rows])
        else:
            rows = [row for row in rows if row.engine != jobs.engine()]
        with shell.progress(f"regrading {one.name}", len(rows)) as step:
            summary = grade_attempts(run, rows, how, step)
        works = _compared(book.results(one, students), before, summary.changed)
        standing = Standing(works)
    _tell(shell, one, summary, standing)


def _how(shell: Shell, workers: int | None, scheduler: str, without_sandbox: bool) -> How:
    if without_sandbox:
        shell.warn(WITHOUT)
    return How(workers or 0, scheduler, not without_sandbox)


class Standing:
    """How far an assignment has come.

    Args:
        works: of its students.

    Attributes:
        states: how many works are in each.
        awaits: how many have answers that a person has to grade.
    """

    def __init__(self, works: Iterable[Work]):
        self.states, self.awaits = dict.fromkeys(STATES, 0), 0
        for work in works:
            self.states[work.state] += 1
            self.awaits += bool(work.awaits)


def _compared(
    works: Iterable[Work],
    before: dict[str, float | None],
    changed: list[tuple[str, float | None, float | None]],
) -> Iterator[Work]:
    """Pass works on, and note those whose points are not what they were before."""
    for work in works:
        if work.adjusted != before[work.student.id]:
            changed.append((work.student.id, before[work.student.id], work.adjusted))
        yield work


def _tell(shell: Shell, assignment: Assignment, summary: Summary, standing: Standing) -> None:
    """Say what was done, and what is left; exit with 1 if not all is well."""
    states, awaits = standing.states, standing.awaits
    facts = {"assignment": assignment.name, "done": summary.done, "failed": summary.failed,
             "elsewhere": summary.elsewhere, "changed": summary.changed, "states": states,
             "awaiting_a_person": awaits}  # fmt: skip
    lines = [f"{assignment.name}: {summary.done} graded now. In all: "
             + ", ".join(f"{count} {state}" for state, count in states.items())
             + f"; {awaits} with answers that a person has to grade."]  # fmt: skip
    lines += [f"  failed: {student}: {message}" for student, message in summary.failed]
    lines += [f"  changed: {student}: {_points(old)} → {_points(new)}"
              for student, old, new in summary.changed]  # fmt: skip
    if summary.elsewhere:
        lines.append(f"  {summary.elsewhere} are being graded by somebody else.")
    shell.tell(facts, "\n".join(lines))
    if states["failed"] or states["waiting"]:
        raise click.exceptions.Exit(INCOMPLETE)


def _points(points: float | None) -> str:
    return "none" if points is None else f"{points:g}"


@click.command("override")
@click.argument("assignment")
@click.argument("student")
@click.argument("question")
@click.argument("points", type=float)
@click.option("--reason", required=True, help="Why; the student reads it.")
@click.option("--author", default="", help="Who decides; your login name if left out.")
@click.pass_obj
def override_command(
    shell: Shell, assignment: str, student: str, question: str, points: float, reason: str,
    author: str,
) -> None:  # fmt: skip
    """Let POINTS count for STUDENT's answer to QUESTION, whatever the judge says.

    They survive every regrade, with the reason and its author. Formgrader can change points too,
    but notes neither.

    \b
    Example:
        python -m lib.instructor override pooling anna pooling.moments 3 --reason "right"
    """
    one = shell.course.assignment(assignment)
    topic = question.partition(".")[0]
    known = exercises(topic) if topic in one.chapters else {}
    if question not in known:
        keys = ", ".join(key for each in one.chapters for key in exercises(each))
        raise CourseError(f"expected a question of {one.name} ({keys}), got {question!r}")
    most = known[question].points
    if not 0 <= points <= most:
        raise CourseError(f"expected from 0 to {most:g} points for {question}, got {points:g}")
    if not reason.strip():
        raise CourseError("expected a reason, got an empty one")
    change = Change(points, author or getpass.getuser(), reason.strip())
    with shell.gradebook() as book:
        book.override(one, student, question, change)
    shell.tell(
        {"student": student, "question": question, "points": points, "author": change.author},
        f"{question} of {student}: {points:g} of {most:g} points, says {change.author}.",
    )


@click.command("status")
@click.argument("assignment", required=False)
@click.pass_obj
def status_command(shell: Shell, assignment: str | None) -> None:
    """Say how far the course, or ASSIGNMENT, has come. Reads only.

    For each assignment: how many are graded, failed, missing, waiting; how many answers a person
    has to grade; who is grading at this moment.

    \b
    Example:
        python -m lib.instructor status
    """
    course = shell.course
    ones = [course.assignment(assignment)] if assignment else list(course.assignments.values())
    students, facts = course_roster(course), []
    with shell.gradebook() as book:
        owners = sorted(book.owners())
        for one in ones:
            enter(book, one, students)
            standing = Standing(book.results(one, students))
            facts.append({
                "assignment": one.name,
                "due": one.due and one.due.astimezone(course.timezone).isoformat(),
                **standing.states,
                "awaiting_a_person": standing.awaits,
            })  # fmt: skip
    lines = [f"{course.name}: {len(students)} students, {len(ones)} assignments"]
    for each in facts:
        counts = ", ".join(f"{each[state]} {state}" for state in STATES)
        head = f"  {each['assignment']} (due {each['due'] or 'never'}): {counts}; "
        lines.append(f"{head}{each['awaiting_a_person']} with answers that a person has to grade")
    lines += [f"  being graded by {owner}" for owner in owners]
    shell.tell({"course": course.name, "students": len(students), "assignments": facts,
                "grading": owners}, "\n".join(lines))  # fmt: skip
