"""Grades a submission: its cells run in a sandbox, its answers are compared here.

The hidden cases of a student are made from the course's secret, so nothing has to be hidden but
that: neither the solutions nor this file. Expected values never enter the sandbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lib.grading._exercise import Case, Exercise, Misconception, hidden_cases, public_cases
from lib.grading._frames import BadFrame
from lib.grading._worker import SubmissionError, Worker, WorkerEnded

MOST_STARTS = 12  # of a submission whose process ends again and again
CELL_SECONDS = 20.0


@dataclass
class Mark:
    """What one question earned.

    Attributes:
        key: the question.
        points: earned, or None where a person has to give them.
        most: points that it is worth.
        failed: what did not pass: a category and, in the submission's own words, why.
        misconception: the known mistake that gives the same answers, if there is one.
    """

    key: str
    points: float | None
    most: int
    failed: list[tuple[str, str]] = field(default_factory=list)
    misconception: Misconception | None = None


class Submission:
    """The cells of a submission, run in a sandbox that is made anew when its process ends."""

    def __init__(self, cells: Sequence[str], numbers: dict, slot: int = 0):
        self.cells, self.numbers, self.slot = list(cells), numbers, slot
        self.errors: list[tuple[int, str]] = []
        self._starts, self._worker = 0, None

    def __enter__(self):
        self._start(0)
        return self

    def __exit__(self, *_):
        self._worker.kill()

    def _start(self, first):
        """Run the cells in a fresh worker; the errors of those before `first` are known."""
        self._starts += 1
        self._worker = Worker(self.slot).__enter__()
        self._worker.call("notebook_tools", self.numbers, seconds=CELL_SECONDS)
        for number, cell in enumerate(self.cells):
            try:
                self._worker.run(cell, CELL_SECONDS)
            except SubmissionError as error:
                self._note(number, first, str(error))
            except (WorkerEnded, BadFrame) as error:
                self._note(number, first, str(error))
                self.cells[number] = ""  # what ends the process costs this cell, not the others
                self._worker.kill()
                if self._starts < MOST_STARTS:
                    self._start(number + 1)
                return

    def _note(self, number, first, message):
        if number >= first:
            self.errors.append((number, message))

    def answer(self, exercise: Exercise, case: Case):
        """Return the answer to one call, or raise what the worker raises."""
        try:
            if exercise.value:
                return self._worker.get(exercise.name, exercise.seconds)
            about = {"seconds": exercise.seconds, "seeds": case.seeds}
            return self._worker.call(exercise.name, *case.args, **about, **case.kwargs)
        except (WorkerEnded, BadFrame):
            self._worker.kill()
            if self._starts < MOST_STARTS:
                self._start(len(self.cells))
            raise


def grade(
    cells: Sequence[str],
    exercises: Sequence[Exercise],
    secret: bytes,
    student: str,
    slot: int = 0,
) -> list[Mark]:
    """Grade the cells of one submission.

    Args:
        cells: the sources of its code cells, in order.
        exercises: the questions of the assignment.
        secret: of the course; the hidden cases are made from it.
        student: who handed it in, as the roster says.
        slot: which of the sandboxes that stand side by side, from 0.

    Returns:
        A mark for each question, in their order.
    """
    numbers = {
        each.key: public_cases(each, student)[0].args[0]
        for each in exercises
        if each.kind == "predict"
    }
    with Submission(cells, numbers, slot) as submission:
        return [mark(submission, exercise, secret, student) for exercise in exercises]


def mark(submission: Submission, exercise: Exercise, secret: bytes, student: str) -> Mark:
    """Try one question's hidden cases; each category is worth the same."""
    if exercise.kind == "explain":
        return Mark(exercise.key, None, exercise.points)
    if exercise.kind == "predict":  # its numbers were shown
        cases = public_cases(exercise, student)
    else:
        cases = hidden_cases(exercise, secret, student)
    answers, failed = [], []
    for case in cases:
        try:
            result = submission.answer(exercise, case)
        except (SubmissionError, WorkerEnded, BadFrame) as error:
            failed.append((case.category, str(error)))
            continue
        answers.append((case, result))
        if exercise.wrong(result, case):
            failed.append((case.category, "another answer than expected"))
    points = round(exercise.points * (1 - len(failed) / len(cases)), 2)
    known = exercise.misconception(answers) if failed and len(answers) == len(cases) else None
    return Mark(exercise.key, points, exercise.points, failed, known)
