"""A person grades in nbgrader's formgrader what the judge has graded before: in a real browser."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from lib.instructor.__main__ import main
from lib.instructor.course import load
from lib.instructor.init import init_course
from lib.instructor.roster import course_roster

ROOT = Path(__file__).parent.parent
HOSTILE = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"


def command(course, *words):
    run = CliRunner().invoke(main, ["--course", str(course), "--json", *words])
    assert run.exit_code == 0, run.output
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of two, one of them hostile: handed in, not graded yet."""
    folder = tmp_path_factory.mktemp("formgrader") / "course"
    roster = folder.parent / "roster.csv"
    roster.write_text(f"id,name\nanna,Anna\neve,Eve {HOSTILE}\n")
    init_course(folder, "A course", roster, term="now")
    command(folder, "assign", "pooling", "--chapters", "pooling")
    notebook = json.loads((ROOT / "exercises/pooling.ipynb").read_text(encoding="utf-8"))
    hostile = json.loads((folder / "release/pooling/pooling.ipynb").read_text(encoding="utf-8"))
    for cell in hostile["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = HOSTILE
        else:
            html = {"text/html": HOSTILE, "text/plain": HOSTILE}
            cell["outputs"] = [{"output_type": "display_data", "data": html, "metadata": {}}]
            cell["source"] = [f"# {HOSTILE}\nraise ValueError({HOSTILE!r})"]
    for student, tree in (("anna", notebook), ("eve", hostile)):
        path = folder.parent / "in" / student / "pooling.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(tree), encoding="utf-8")
    command(folder, "collect", "pooling", str(folder.parent / "in"))
    return folder


@pytest.fixture(scope="module")
def formgrader(course, tmp_path_factory):
    """The address of a Jupyter server in the course's folder, as an instructor starts it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = tmp_path_factory.mktemp("jupyter")
    places = {f"JUPYTER_{name}_DIR": str(quiet / name) for name in ("CONFIG", "RUNTIME", "DATA")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    line = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port",
            str(port), "--IdentityProvider.token=t", f"--ServerApp.root_dir={course}"]  # fmt: skip
    log = (quiet / "log").open("wb")
    server = subprocess.Popen(
        line, cwd=course, env=os.environ | places | {"PATH": path, "PYTHONPATH": str(ROOT)},
        stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/api/status?token=t", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, (quiet / "log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        server.terminate()
        server.wait()
        log.close()


def submission(page, address, score):
    """Open the submission whose overall score is shown as `score`."""
    page.goto(f"{address}/formgrader/gradebook/pooling/pooling")
    row = page.locator("tr", has_text=score)
    row.locator("a[href*=submissions]").first.click()
    page.wait_for_selector("textarea#explain-comment")
    page.wait_for_load_state("networkidle")


def test_a_person_grades_what_the_judge_cannot(course, formgrader, visit):
    command(course, "grade", "pooling", "--workers", "1")
    with visit(f"{formgrader}/formgrader/?token=t") as seen:
        page = seen.page
        page.wait_for_selector("text=pooling")
        submission(page, formgrader, "18 / 20")
        assert "pooling.max_pool2d: 2 of 2 points" in page.inner_text("body")
        page.fill("input#explain", "1.5")
        page.locator("input#explain").press("Tab")
        page.fill("textarea#explain-comment", "And when does it hurt?")
        page.locator("textarea#explain-comment").press("Tab")
        page.wait_for_load_state("networkidle")
        page.goto(f"{formgrader}/formgrader/gradebook/pooling/pooling")
        page.wait_for_selector("text=19.5 / 20")
    with_points = {work.student.id: work for work in works(course)}
    assert with_points["anna"].raw == 19.5
    assert with_points["anna"].awaits == ()
    explained = with_points["anna"].results[-1]
    assert (explained.key, explained.manual) == ("pooling.explain", 1.5)
    assert explained.comment == "And when does it hurt?"
    assert with_points["eve"].awaits == ("pooling.explain",)


def works(folder):
    from lib.instructor.gradebook import Gradebook

    course = load(folder)
    with Gradebook(course) as book:
        return list(book.results(course.assignment("pooling"), course_roster(course)))


def test_a_hostile_notebook_does_nothing_in_the_browser_of_whoever_grades(
    course, formgrader, visit
):
    command(course, "grade", "pooling", "--workers", "1")
    with visit(f"{formgrader}/formgrader/?token=t") as seen:
        page = seen.page
        for place in ("manage_students", "manage_students/eve", "gradebook/pooling/pooling"):
            page.goto(f"{formgrader}/formgrader/{place}", wait_until="networkidle")
            assert "taken" not in page.title()
        submission(page, formgrader, "0 / 20")
        assert "onerror" in page.inner_text("body"), "it is shown as it was typed"
        assert "taken" not in page.title()
        assert page.locator("img[src=x]").count() == 0


def test_nbgrader_s_own_autograde_asks_the_judge(course, monkeypatch):
    from nbgrader.apps.api import NbGraderAPI
    from traitlets.config import Config

    from lib.instructor.gradebook import database_url, quiet

    command(course, "grade", "pooling", "--workers", "1")
    before = {work.student.id: [each.auto for each in work.results] for work in works(course)}
    monkeypatch.chdir(course)
    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.db_url = database_url(load(course))
    config.Autograde.autograde_preprocessors = ["lib.instructor.autograde.Judge"]
    with quiet():
        for student in ("anna", "eve"):
            told = NbGraderAPI(config=config).autograde("pooling", student, force=True)
            assert told["success"], told
    after = {work.student.id: [each.auto for each in work.results] for work in works(course)}
    assert after == before
    assert sum(each or 0 for each in after["anna"]) == 18
    shown = (course / "autograded/eve/pooling/pooling.ipynb").read_text(encoding="utf-8")
    assert "text/html" not in shown
    assert works(course)[0].results[-1].manual in (None, 1.5)
