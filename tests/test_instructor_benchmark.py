"""The benchmark of grading does what it says: other submissions each, and all of them right."""

import hashlib

import pytest
from graded_courses import works

from benchmarks import grading


def test_two_submissions_are_graded_by_both_tools(tmp_path):
    told = grading.beside_nbgrader(tmp_path / "course", 2)
    ours, theirs = told["a_second"]
    assert ours / theirs == pytest.approx(told["ratio"], rel=0.2)  # all are rounded
    assert {work.raw for work in works(tmp_path / "course").values()} == {18}
    files = sorted((tmp_path / "course/handed_in").glob("hw1/*/*/*.ipynb"))
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in files}) == 2
