"""What every test may ask for."""

import contextlib
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code.
settings.register_profile("book", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def visit():
    """Open a page in a browser that reaches nothing but this machine."""
    from tests.browser import chromium

    with chromium() as launcher:
        yield launcher


@pytest.fixture(scope="module")
def home():
    """The address of the built book."""
    from tests.browser import SITE, serve

    assert (SITE / "index.html").exists(), "there is no built book: run make book first"
    with serve(SITE) as address:
        yield address


@pytest.fixture
def show(visit, tmp_path):
    """Open a page made of widgets alone."""
    from tests.widget_page import write_page

    @contextlib.contextmanager
    def opened(*widgets, theme="light", phone=False, fragment=""):
        page = write_page(tmp_path, *widgets, theme=theme)
        with visit(page.as_uri() + fragment, phone=phone) as seen:
            seen.page.set_default_timeout(5_000)
            yield seen

    return opened


@pytest.fixture(scope="session")
def assigned(tmp_path_factory):
    """A course with one assignment that was given out, to be copied."""
    from course_folders import make_course
    from graded_courses import command

    folder = tmp_path_factory.mktemp("assigned") / "course"
    make_course(folder)
    command(folder, "assign", "hw1")
    return folder


@pytest.fixture
def course(assigned, tmp_path):
    """A course of one's own, whose assignment was given out."""
    return shutil.copytree(assigned, tmp_path / "course")


@pytest.fixture
def quick(monkeypatch):
    """Let cells that say `earns("pooling.moments", 2)` be graded so, in this process."""
    from graded_courses import found

    from lib.instructor import jobs

    monkeypatch.setattr(jobs, "runner", lambda *where: lambda each: (found(job) for job in each))
    monkeypatch.setattr("lib.grading.sandbox.check", lambda: None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what opens a browser: `-m "not browser"` is for where there is none."""
    for item in items:
        if "visit" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
