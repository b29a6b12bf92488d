"""The judge as a step of nbgrader's own `autograde`, which `nbgrader_config.py` puts in place.

nbgrader runs it where it would execute a submission's notebook. It grades in the sandbox, writes
the marks that nbgrader's own step would write, and hands on a notebook that is safe to look at.
"""

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from lib.grading import sandbox
from lib.grading._check import exercises
from lib.grading.judge import grade, seeds
from lib.grading.reader import Cell
from lib.instructor.course import FILE, Course, CourseError, load
from lib.instructor.gradebook import Gradebook
from lib.instructor.jobs import engine
from lib.instructor.review import released, reviewed


class Judge(NbGraderPreprocessor):
    """Grades a notebook in the sandbox instead of executing it in a kernel."""

    def preprocess(
        self, nb: NotebookNode, resources: ResourcesDict
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Grade one notebook of one student, and write its marks into the gradebook.

        Args:
            nb: what the student handed in, after nbgrader's own clean-up.
            resources: which assignment, notebook and student it is.

        Raises:
            NoSandbox: this machine has none.
            CourseError: the folder is no course, or the assignment is none of its.
        """
        about = resources["nbgrader"]
        course = _course_around(Path(resources["metadata"]["path"]))
        assignment = course.assignment(about["assignment"])
        topic, student = about["notebook"], about["student"]
        sandbox.check()
        cells = tuple(map(_read, nb.cells))
        questions = list(exercises(topic).values())
        sources = [cell.source for cell in cells if cell.kind == "code"]
        keys = seeds(questions, course.secret, student)
        graded = grade(sources, questions, keys, sandbox.own_slot())
        with Gradebook(course) as book:
            book.record_notebook(assignment, student, topic, graded, engine())
        return reviewed(released(course, assignment, topic), cells, graded), resources


def _course_around(folder: Path) -> Course:
    """Return the course in whose folder nbgrader works."""
    for each in (folder.resolve(), *folder.resolve().parents):
        if (each / FILE).exists():
            return load(each)
    raise CourseError(f"expected a course around {folder}, found no {FILE} there or above")


def _read(cell: NotebookNode) -> Cell:
    about = cell.metadata.get("nbgrader", {})
    return Cell(cell.cell_type, cell.source, about.get("grade_id", ""))
