"""Courses whose work gets graded: by the judge itself, or quickly, by one that tests make up."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from course_folders import notebook

from lib.grading._check import exercises
from lib.grading.judge import Failure, Graded, Mark
from lib.instructor import jobs
from lib.instructor.__main__ import main
from lib.instructor.course import FILE, load
from lib.instructor.handed_in import ABOUT, STAMP

ROOT = Path(__file__).parent.parent
IN_TIME = datetime(2026, 12, 10, 12, tzinfo=UTC)
SOLUTION = ROOT / "exercises/pooling.ipynb"
STUDENTS_FORM = ROOT / "exercises/student/pooling.ipynb"
POOLING = {each.key: each.points for each in exercises("pooling").values()}
JUDGED = {key: points for key, points in POOLING.items() if exercises("pooling")[key].cases}


def command(course, *words, code=0):
    """Run a command of the tool in this process, and return what it tells a script."""
    run = CliRunner().invoke(main, ["--course", str(course), "--json", *map(str, words)])
    if run.exception and not isinstance(run.exception, SystemExit):
        raise run.exception
    assert run.exit_code == code, run.output
    return json.loads(run.stdout) if run.stdout else run.stderr


def start(course, *words, together=0):
    """Start a command of the tool as a process of its own.

    Args:
        course: its folder.
        words: of the command.
        together: how many it claims and records together; as many as it does by itself if 0.
    """
    tool = ["-m", "lib.instructor"]
    if together:
        changed = f"from lib.instructor import grade; grade.SETTLE = grade.CLAIM = {together}; "
        tool = ["-c", f"{changed}from lib.instructor.__main__ import main; main()"]
    line = list(map(str, [sys.executable, *tool, "--course", course, "--json", *words]))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(line, cwd=ROOT, preexec_fn=_heed_interrupts, **pipes)


def _heed_interrupts():
    """Heed interrupts in a new process, even where whoever runs the tests ignores them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def facts(process, *codes):
    """Return what a command that was started tells, once it has ended with 0, or a code named."""
    out, err = process.communicate(timeout=120)
    assert process.returncode in (codes or (0,)), (process.returncode, out, err)
    return json.loads(out)


def found(job):
    """Return what the made-up judge finds; all that it is asked goes through `found.asked`."""
    found.asked.append(job)
    if job.refused:
        return jobs.Finding(job.row, "failed", job.refused)
    graded = {}
    for topic in job.seeds:
        earned = {}
        for cell in job.cells.get(topic, ()):
            exec(cell, {"earns": earned.__setitem__})
        marks = [_mark(each, earned.get(each.key, 0.0)) for each in exercises(topic).values()]
        graded[topic] = Graded(tuple(marks), ((1, "NameError: x"),))
    return jobs.Finding(job.row, "graded", "", graded)


found.asked = []


def _mark(question, points):
    if not question.cases:
        return Mark(question.key, None, question.points)
    failed = () if points == question.points else (Failure("ties", "another answer", "said"),)
    return Mark(question.key, points, question.points, failed)


def earning(**points):
    """Return a notebook that the made-up judge gives these points of pooling's questions."""
    lines = [f"earns('pooling.{name}', {each})" for name, each in points.items()]
    return notebook("max_pool2d-answer", text="\n".join(lines))


def hand_in(course, student, data, at=IN_TIME, topic="pooling", name="hw1"):
    """Put a submission where `collect` puts it."""
    folder = Path(course) / "handed_in" / name / student / at.strftime(STAMP)
    folder.mkdir(parents=True, exist_ok=True)
    data = data.read_bytes() if isinstance(data, Path) else data
    (folder / f"{topic}.ipynb").write_bytes(data)
    about = {"at": at.isoformat(), "by": student, "name": f"{topic}.ipynb", "late_mark": False}
    (folder / ABOUT).write_text(json.dumps(about))
    return folder


def add_rules(course, text):
    """Write more rules into the course's file; those for lateness stand under [late] already."""
    file = Path(course) / FILE
    rules = file.read_text()
    rules = rules.replace("[late]\n", f"[late]\n{text}\n") if "[" not in text else rules + text
    file.write_text(rules)
    return load(course)


def works(course, name="hw1"):
    """Return what the gradebook knows of each student's work, by id."""
    from lib.instructor.gradebook import Gradebook
    from lib.instructor.roster import course_roster

    one = load(course)
    with Gradebook(one) as book:
        found = book.results(one.assignment(name), course_roster(one))
        return {work.student.id: work for work in found}


def rows(course):
    """Return every row of every table of the course's gradebook."""
    with sqlite3.connect(Path(course) / "gradebook.db") as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        dump = {name: set(database.execute(f'SELECT * FROM "{name}"')) for (name,) in tables}
    database.close()
    return dump


def files(course):
    """Return the bytes and the age of every file that formgrader shows."""
    return {
        path.relative_to(course): (path.read_bytes(), os.stat(path).st_mtime_ns)
        for part in ("submitted", "autograded")
        for path in (Path(course) / part).rglob("*")
        if path.is_file()
    }
