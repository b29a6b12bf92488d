"""Gives each student one page: what was earned, what did not pass, what to think about."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from lib.grading._check import exercises
from lib.grading._exercise import Exercise
from lib.grading._text import plain
from lib.grading.judge import seeds
from lib.instructor._answers import known_works
from lib.instructor._bundle import LMS, zipped
from lib.instructor._pages import lines, render, span, when, write
from lib.instructor._shell import INCOMPLETE, Shell, yes_option
from lib.instructor.course import Assignment, Course, CourseError
from lib.instructor.records import Result, Work

FOLDER = "feedback"
NO_PAGE = ("missing", "waiting")


def closed(course: Course, assignment: Assignment, student: str, now: datetime) -> bool:
    """Tell whether the deadline is over, grace included, for a student and all partners."""
    dues = [assignment.due_for(each) for each in assignment.partners(student)]
    return None not in dues and now > max(dues) + course.grace


def page(course: Course, assignment: Assignment, work: Work, over: bool) -> str:
    """Return a student's page.

    Nothing on it repeats a hidden case or what the submission said of one. When the deadline is
    over it tells the seed of the cases that decided, so that the student can see them fail.

    Args:
        course: of the assignment.
        assignment: what was asked.
        work: a graded or a failed one.
        over: whether the deadline is over.
    """
    known = {key: each for topic in assignment.chapters for key, each in exercises(topic).items()}
    tokens = seeds(list(known.values()), course.secret, work.by or work.student.id) if over else {}
    return render(
        "feedback.html",
        course=course,
        assignment=assignment.name,
        student=plain(work.student.name) or work.student.id,
        facts=_facts(course, assignment, work),
        message=plain(work.message),
        points=work.adjusted or 0.0,
        raw=work.raw,
        penalty=work.penalty,
        most=work.most,
        late=span(work.late),
        awaits=len(work.awaits),
        questions=[_question(each, work, known.get(each.key), tokens) for each in work.results],
        errors=[(number, plain(said)) for number, said in work.cell_errors],
        closed=over,
    )


def _facts(course: Course, assignment: Assignment, work: Work) -> list[str]:
    facts = []
    if work.handed_in:
        facts.append(f"Handed in {when(work.handed_in, course.timezone)}")
        facts.append(f"{span(work.late)} late" if work.late else "in time")
    if due := assignment.due_for(work.student.id):
        facts.append(f"Due {when(due, course.timezone)}")
    if work.by and work.by != work.student.id:
        facts.append(f"Handed in by {work.by}, for the group")
    if work.attempts > 1:
        counts = "the best one" if course.attempts == "best" else "the last one"
        facts.append(f"{work.attempts} submissions, of which {counts} counts")
    return facts


def _question(
    result: Result, work: Work, exercise: Exercise | None, tokens: dict[str, int]
) -> dict[str, Any]:
    given = result.override
    return {
        "title": result.key.partition(".")[2],
        "task": exercise.task if exercise else "",
        "tone": _tone(result),
        "points": result.points,
        "most": result.most,
        "auto": result.auto,
        "failed": dict.fromkeys((plain(f.category), plain(f.reason)) for f in result.failed),
        "hint": plain(result.hint, 1_000),
        "comment": lines(result.comment),
        "changed": given
        and {
            "author": plain(given.author),
            "points": given.points,
            "reason": lines(given.reason),
        },
        "replay": _replay(result, work, exercise, tokens),
    }


def _tone(result: Result) -> str:
    if result.points is None:
        return "open"
    if result.points >= result.most:
        return "full"
    return "part" if result.points > 0 else "none"


def _replay(result: Result, work: Work, exercise: Exercise | None, tokens: dict[str, int]) -> str:
    """Return the line that tries the cases which decided, or ""."""
    if not result.failed or exercise is None or result.key not in tokens:
        return ""
    if exercise.kind == "predict":  # its numbers were shown: the id is all it takes
        last = json.dumps(work.by or work.student.id)
    else:
        last = f"seed={tokens[result.key]}"
    return f"check({json.dumps(result.key)}, {exercise.name}, {last})"


@click.command()
@click.argument("assignment")
@click.option("--student", help="The id of the one student to write a page for; all if left out.")
@click.option("--after-deadline", is_flag=True, help="Treat the deadline as over for everybody.")
@click.option("--zip", "lms", type=click.Choice(LMS), help="Also make the zip that it takes back.")
@yes_option
@click.pass_obj
def feedback(
    shell: Shell,
    assignment: str,
    student: str | None,
    after_deadline: bool,
    lms: str | None,
    yes: bool,
) -> None:
    """Write one page a student: points, what did not pass and why, hints, comments.

    Reads the gradebook. Writes feedback/ASSIGNMENT/STUDENT.html for everybody whose work has been
    graded, or could not be; with --zip also feedback/ASSIGNMENT.zip, to be uploaded where the
    submissions were downloaded. The pages run no scripts and fetch nothing.

    Once the deadline of a student is over, extension and grace included, the page also says how to
    repeat the cases that failed. Whoever knows them could write an answer for just those: if late
    work still earns points, wait with the pages, or collect no more.

    \b
    Example:
        python -m lib.instructor feedback pooling --zip canvas
    """
    course = shell.course
    about = course.assignment(assignment)
    chosen = [each for each in known_works(course, about) if student in (None, each.student.id)]
    if student and not chosen:
        raise CourseError(f"expected a student of the roster, got {plain(student)!r}")
    ready = [each for each in chosen if each.state in ("graded", "failed")]
    pages = _pages(shell, about, ready, after_deadline)
    folder = course.folder / FOLDER
    files = {folder / about.name / f"{id}.html": text.encode() for id, text in pages.items()}
    left_out: list[str] = []
    if lms:
        files[folder / f"{about.name}.zip"], left_out = zipped(course, about, ready, pages, lms)
    written = write(shell, files, yes)
    skipped = {state: [w.student.id for w in chosen if w.state == state] for state in NO_PAGE}
    shell.tell(
        {
            "assignment": about.name,
            "pages": sorted(pages),
            "written": [str(path.relative_to(course.folder)) for path in written],
            **skipped,
            "left_out": left_out,
        },
        _told(about, len(pages), len(written), skipped, lms, left_out),
    )
    if skipped["waiting"] or left_out:
        click.get_current_context().exit(INCOMPLETE)


def _pages(
    shell: Shell, assignment: Assignment, works: Sequence[Work], after_deadline: bool
) -> dict[str, str]:
    """Return everybody's page, by the student's id."""
    pages, now = {}, datetime.now(UTC)
    with shell.progress("Pages", len(works)) as step:
        for work in works:
            over = after_deadline or closed(shell.course, assignment, work.student.id, now)
            pages[work.student.id] = page(shell.course, assignment, work, over)
            step()
    return pages


def _told(
    assignment: Assignment,
    pages: int,
    written: int,
    skipped: dict[str, list[str]],
    lms: str | None,
    left_out: list[str],
) -> str:
    """Return what a person is told."""
    said = [
        f"Pages in {FOLDER}/{assignment.name}: {pages}. Files that are new or changed: {written}."
    ]
    if skipped["missing"]:
        said.append(f"Without a page, since nothing was handed in: {len(skipped['missing'])}.")
    if skipped["waiting"]:
        said.append(
            f"Without a page, since not graded yet: {len(skipped['waiting'])}. Use "
            f"`python -m lib.instructor grade {assignment.name}`, then this command again."
        )
    if lms:
        said.append(f"{FOLDER}/{assignment.name}.zip is what {lms.title()} takes back.")
    if left_out:
        said.append(
            "Not in the zip, since neither the name of the collected file nor the roster says "
            f"what {str(lms).title()} calls them: {', '.join(left_out)}"
        )
    return "\n".join(said)
