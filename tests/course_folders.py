"""Courses and hand-ins that tests make up."""

import json
import zipfile
from pathlib import Path

from lib.instructor.course import FILE, load
from lib.instructor.init import init_course
from lib.instructor.records import Student
from lib.instructor.roster import FILE as ROSTER
from lib.instructor.roster import write_roster

STUDENTS = (
    Student("doe", "Doe, Jane", "A", "doe@example.org", "1234"),
    Student("roe", "Roe, Rick", "A", "roe@example.org", "999"),
    Student("poe.ed@x.org", "Poe, Édith", "B", "", "77"),
)
RULES = """
[[assignments]]
name = "hw1"
chapters = ["pooling"]
due = 2026-12-11T23:59:00
"""
BOTH = RULES.replace('["pooling"]', '["pooling", "optimizers"]')


def make_course(folder: Path, rules: str = RULES, students=STUDENTS, zone: str = "UTC"):
    """Make a course with rules behind those that every course begins with."""
    init_course(folder, "Course", timezone=zone, term="Autumn")
    with (folder / FILE).open("a") as file:
        file.write(rules)
    write_roster(folder / ROSTER, students)
    return load(folder)


def notebook(*grade_ids, student=None, text="x = 1"):
    """Return the bytes of a notebook with graded cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"nbgrader": {"grade_id": each, "schema_version": 3}},
            "source": text,
            "outputs": [],
            "execution_count": None,
        }
        for number, each in enumerate(grade_ids)
    ]
    about = {"descent": {"student": student}} if student else {}
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole).encode()


def zipped(path: Path, files: dict[str, bytes], at=(2026, 12, 10, 12, 0, 0)):
    """Write a zip; all of its entries have one time."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, at), data, zipfile.ZIP_DEFLATED)
    return path
