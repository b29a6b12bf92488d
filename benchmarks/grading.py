"""How fast the instructor's tool grades, beside plain nbgrader, and how it grows with a course.

    python -m benchmarks --topics grading                what `make bench` prints: 15 minutes
    python -m benchmarks --topics grading --sizes 100    the smallest course alone: 3 minutes

Every submission is another: other names and constants in the solution of the pooling notebook.
Each goes through `collect` and `grade` as in a real course, the command's start included. Plain
nbgrader executes the same notebooks with its stock settings, in as many processes as we have
workers. The notebook's widget is left out: a kernel would load it, and our judge does not.

Goals: at least 8 times as fast as nbgrader, and at least 10 submissions a second, on two cores.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import psutil

from lib.instructor.assign import graded_notebook
from lib.instructor.init import init_course

ROOT = Path(__file__).parent.parent
NAME, TOPIC, WORKERS = "hw1", "pooling", 2
PARTS = "ab"  # what the students' names begin with, so that each process of nbgrader has its own
GOALS = {"ratio": 8, "submissions_a_second": 10}
SIZES = [100, 1000, 10_000]
STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = "sqlite:///{root}/gradebook.db"
"""
OWN = "\n# {student} began with attempt {number}.\nattempt = {number}"


def measure(sizes=SIZES, beside=None):
    """Grade courses of several sizes, and the first with plain nbgrader, too; tell each result.

    Args:
        sizes: submissions of each course, in ascending order.
        beside: submissions that both tools grade for the ratio; the first size if None.

    Returns:
        what a record keeps.
    """
    with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
        folder, count = Path(folder), beside or sizes[0]
        beside_it = beside_nbgrader(folder / "beside", count)
        tell_beside(beside_it)
        growth = []
        for size in sizes:
            growth.append(grown(folder / str(size), size))
            tell_grown(growth[-1])
        memory = memory_of(folder / "memory", min(count, 20))
        told = ", ".join(f"{kind} {most} MB" for kind, most in memory.items())
        print(f"  memory at most: {told}", flush=True)
    return {
        "goals": GOALS,
        "workers": WORKERS,
        "nbgrader": version("nbgrader"),
        "beside_nbgrader": beside_it,
        "growth": growth,
        "peak_megabytes": memory,
    }


def tell_beside(both):
    """Print how fast both tools are."""
    ours, theirs = both["a_second"]
    print(f"grading, {WORKERS} workers, {both['submissions']} submissions: {ours} a second, "
          f"nbgrader {theirs}: {both['ratio']} times as fast (goal {GOALS['ratio']})",
          flush=True)  # fmt: skip


def tell_grown(row):
    """Print what a course took."""
    print(f"  {row['submissions']:>6} collected in {row['collect_seconds']} s, graded in "
          f"{row['grade_seconds']} s, {row['a_second']} a second "
          f"(goal {GOALS['submissions_a_second']}); at most {row['collect_peak_megabytes']} "
          f"and {row['grade_peak_megabytes']} MB", flush=True)  # fmt: skip


def make_course(folder, count):
    """Make a course of so many, who have all handed in; return where that lies."""
    students = [f"{PARTS[number % WORKERS]}{number:06}" for number in range(count)]
    roster = folder.with_suffix(".csv")
    folder.parent.mkdir(exist_ok=True)
    roster.write_text("id,name\n" + "".join(f"{each},Student {each}\n" for each in students))
    init_course(folder, roster=roster)
    run(folder, "assign", NAME, "--chapters", TOPIC)
    notebook = json.loads(graded_notebook(TOPIC).read_text(encoding="utf-8"))
    widget = "hide-input"
    notebook["cells"] = [
        c for c in notebook["cells"] if widget not in c["metadata"].get("tags", ())
    ]
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    box = folder.with_suffix(".in")
    for number, student in enumerate(students):
        for cell, source in zip(notebook["cells"], sources, strict=True):
            source = source.replace('STUDENT = ""', f'STUDENT = "{student}"')
            own = OWN.format(student=student, number=number) if cell["cell_type"] == "code" else ""
            cell["source"] = source + own
        path = box / student / f"{TOPIC}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return box


def line(folder, *words):
    """Return the command line of the instructor's tool."""
    tool = [sys.executable, "-m", "lib.instructor", "--course", folder, "--json"]
    return [str(word) for word in (*tool, *words)]


def run(folder, *words):
    """Run a command of the tool, and return what it tells."""
    about = {"capture_output": True, "text": True, "cwd": ROOT}
    done = subprocess.run(line(folder, *words), **about)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def timed(folder, *words, watch=lambda process: None):
    """Run a command of the tool; return seconds, its peak of memory in bytes, and its facts."""
    start, peak = time.perf_counter(), 0
    with tempfile.TemporaryFile("w+") as said:
        about = {"stdout": said, "stderr": subprocess.DEVNULL, "cwd": ROOT}
        process = subprocess.Popen(line(folder, *words), **about)
        known = psutil.Process(process.pid)
        while process.poll() is None:
            with suppress(psutil.Error):
                peak = max(peak, known.memory_info().rss)
                watch(known)
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        said.seek(0)
        return seconds, peak, json.load(said)


def graded(folder, count, **options):
    """Grade what was collected; see that all of it is; return seconds and the peak of memory."""
    seconds, peak, facts = timed(folder, "grade", NAME, "--workers", WORKERS, **options)
    if facts["done"] != count or facts["failed"]:
        raise RuntimeError(f"expected {count} graded submissions, got {facts}")
    return seconds, peak


def grown(folder, count):
    """Collect and grade a course; return the times, and the memory of the tool's own process."""
    box = make_course(folder, count)
    collecting, first, _ = timed(folder, "collect", NAME, box)
    grading, second = graded(folder, count)
    return {
        "submissions": count,
        "collect_seconds": round(collecting, 1),
        "grade_seconds": round(grading, 1),
        "a_second": round(count / grading, 2),
        "collect_peak_megabytes": round(first / 1e6),
        "grade_peak_megabytes": round(second / 1e6),
    }


def memory_of(folder, count):
    """Return the peak of memory of each kind of process, megabytes: shared pages count in each."""
    run(folder, "collect", NAME, make_course(folder, count))
    peaks = dict.fromkeys(("parent", "worker", "sandboxed"), 0)

    def watch(parent):
        for each in parent.children(recursive=True):
            with suppress(psutil.Error):
                words = each.cmdline()
                kind = "worker" if any("spawn_main" in word for word in words) else ""
                if words and words[0] != "bwrap" and "/judge/_zygote.py" in words:
                    kind = "sandboxed"
                if kind:
                    peaks[kind] = max(peaks[kind], each.memory_info().rss)

    _, peaks["parent"] = graded(folder, count, watch=watch)
    return {kind: round(peak / 1e6) for kind, peak in peaks.items()}


def beside_nbgrader(folder, count):
    """Grade the same submissions with both tools; return how much faster ours is."""
    run(folder, "collect", NAME, make_course(folder, count))
    ours, _ = graded(folder, count)
    theirs = with_nbgrader(folder.with_name("nbgrader"), count)
    return {
        "submissions": count,
        "a_second": [round(count / ours, 2), round(count / theirs, 3)],
        "ratio": round(theirs / ours, 1),
    }


def with_nbgrader(folder, count):
    """Return the seconds that plain nbgrader takes, each process with its part of the students."""
    box = make_course(folder, count)
    (folder / "nbgrader_config.py").write_text(STOCK.format(root=str(folder)))
    for path in box.iterdir():
        submitted = folder / "submitted" / path.name / NAME
        submitted.parent.mkdir(parents=True)
        path.rename(submitted)
    tool = [Path(sys.executable).parent / "nbgrader", "autograde", NAME]
    about = {"cwd": folder, "env": os.environ | {"PYTHONPATH": str(ROOT)}, "text": True}
    about |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    start = time.perf_counter()
    parts = [subprocess.Popen([*tool, "--student", f"{each}*"], **about) for each in PARTS]
    said = [part.communicate()[1] for part in parts]
    seconds = time.perf_counter() - start
    done = len(list(folder.glob(f"autograded/*/{NAME}/{TOPIC}.ipynb")))
    if done != count or any(part.returncode for part in parts):
        raise RuntimeError(f"nbgrader graded {done} of {count}: {said}")
    return seconds
