"""Fixtures of tests that grade; those name this module as their plugin."""

import shutil

import pytest
from course_folders import make_course
from graded_courses import command, found

from lib.instructor import jobs


@pytest.fixture(scope="session")
def assigned(tmp_path_factory):
    """A course with one assignment that was given out, to be copied."""
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
    monkeypatch.setattr(jobs, "runner", lambda *where: lambda each: (found(job) for job in each))
    monkeypatch.setattr("lib.grading.sandbox.check", lambda: None)
