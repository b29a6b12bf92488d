"""Grades a submission: its cells run in a sandbox, its answers are compared here.

The hidden cases of a student are made from the course's secret, so nothing has to be hidden but
that: neither the solutions nor this file. Expected values never enter the sandbox, and neither the
secret nor a name enters this file: a submission is graded by the seeds of its cases.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.grading import sandbox
from lib.grading._check import is_stub
from lib.grading._exercise import Case, Exercise, Misconception, hidden_seed, public_seed
from lib.grading._frames import BadFrame
from lib.grading._text import plain
from lib.grading._worker import SubmissionError, Worker, WorkerEnded

MOST_STARTS = 20  # of a submission whose process ends again and again
START_SECONDS = 60.0  # on a machine that is busy
CELL_SECONDS = 20.0
ALL_SECONDS = 240.0  # for all that a submission does
UNWRITTEN = "not written yet"  # of a case; the notebook's own check says so, too
NOTHING = "not written"  # of a question: stands among the mistakes, and is the first to know of
REFUSALS = SubmissionError, WorkerEnded, BadFrame


@dataclass(frozen=True)
class Failure:
    """A category of cases that did not pass.

    Attributes:
        category: of the cases.
        reason: in our words: safe to show to anybody.
        said: in the submission's own words, which may repeat hidden inputs: for instructors alone.
    """

    category: str
    reason: str
    said: str = ""


@dataclass(frozen=True)
class Mark:
    """What one question earned.

    Attributes:
        key: the question.
        points: earned, or None where a person has to give them.
        most: points that it is worth.
        failed: what did not pass.
        misconception: name of the known mistake that gives the same answers, `NOTHING` where
            nothing is written, or "".
        hint: what to say to whoever made it, or "".
    """

    key: str
    points: float | None
    most: float
    failed: tuple[Failure, ...] = ()
    misconception: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Graded:
    """What a submission earned.

    Attributes:
        marks: one a question, in their order.
        cell_errors: number of a cell that raised (from 1), and what it said, in its own words.
    """

    marks: tuple[Mark, ...]
    cell_errors: tuple[tuple[int, str], ...] = ()


def seeds(exercises: Sequence[Exercise], secret: bytes, student: str) -> dict[str, int]:
    """Return the seeds of the cases that decide for a student.

    The numbers of a prediction were shown, so their seed is the public one; all others come from
    the course's secret.
    """
    return {
        each.key: public_seed(each.key, student)
        if each.kind == "predict"
        else hidden_seed(secret, each.key, student)
        for each in exercises
    }


def grade(
    cells: Sequence[str],
    exercises: Sequence[Exercise],
    seeds: dict[str, int],
    slot: int | None = 0,
) -> Graded:
    """Grade the cells of one submission.

    Args:
        cells: the sources of its code cells, in order.
        exercises: the questions of its notebook.
        seeds: of their cases, by key.
        slot: which of the sandboxes that stand side by side, from 0; None for none.
    """
    numbers = {
        each.key: _cases(each, seeds)[0].args[0] for each in exercises if each.kind == "predict"
    }
    modules = sorted({module for each in exercises for module in each.allowed})
    with Submission(cells, numbers, modules, slot) as submission:
        marks: dict[str, Mark] = {}
        for each in exercises:
            mark = _mark(submission, each, _cases(each, seeds))
            marks[each.key] = _resting(mark, each, marks)
        return Graded(tuple(marks.values()), tuple(submission.errors))


def _cases(exercise: Exercise, seeds: dict[str, int]) -> list[Case]:
    """Return the calls that decide."""
    if exercise.cases is None:
        return []
    return list(exercise.cases(np.random.default_rng(seeds[exercise.key])))


def _mark(submission: "Submission", exercise: Exercise, cases: Sequence[Case]) -> Mark:
    """Try one question's cases; each category is worth the same."""
    if not cases:
        return Mark(exercise.key, None, exercise.points)
    answers, failed = [], []
    for number, case in enumerate(cases, start=1):
        try:
            result = submission.answer(exercise, case)
        except REFUSALS as error:
            failed.append(Failure(case.category, _reason(error), plain(str(error))))
            if isinstance(error, WorkerEnded):
                why = f"not tried, since {error}"
                failed += [Failure(each.category, why) for each in cases[number:]]
                break
            continue
        answers.append((case, result))
        if wrong := _wrong(exercise, result, case):
            why = UNWRITTEN if is_stub(result) else "another answer than expected"
            failed.append(Failure(case.category, why, plain(wrong)))
    share = 1 - len({each.category for each in failed}) / len({case.category for case in cases})
    said = ()
    if len(failed) == len(cases) and {each.reason for each in failed} == {UNWRITTEN}:
        said = (NOTHING, "")
    elif failed and len(answers) == len(cases) and (known := _known(exercise, answers)):
        said = (known.name, known.hint)
    points = round(exercise.points * share, 2)
    return Mark(exercise.key, points, exercise.points, tuple(failed), *said)


def _wrong(exercise: Exercise, result: Any, case: Case) -> str | None:
    """Say what is wrong with an answer, whatever came."""
    try:
        return exercise.wrong(result, case)
    except Exception as error:
        return f"it cannot be compared: {type(error).__name__}"


def _known(exercise: Exercise, answers: list[tuple[Case, Any]]) -> Misconception | None:
    """Return the known mistake that gives these answers, whatever came."""
    try:
        return exercise.misconception(answers)
    except Exception:  # one cannot be compared, so it is nobody's known mistake
        return None


def _reason(error: Exception) -> str:
    """Say why there is no answer, in words that hold nothing of the submission's."""
    if isinstance(error, SubmissionError):
        if error.kind == NotImplementedError.__name__:
            return UNWRITTEN
        return "it raised an error"
    if isinstance(error, BadFrame):
        return "what came back is no answer"
    return str(error)


def _resting(mark: Mark, exercise: Exercise, marks: dict[str, Mark]) -> Mark:
    """Take the points from an answer that rests on another which earned none."""
    if not exercise.needs or marks[exercise.needs].points:
        return mark
    why = Failure("what it rests on", f"{exercise.needs} earned nothing, and this rests on it")
    return Mark(mark.key, 0.0, mark.most, (*mark.failed, why), mark.misconception, mark.hint)


class Submission:
    """The cells of a submission, run in a sandbox that is made anew when its process ends.

    Attributes:
        errors: number of a cell that raised (from 1), and what it said.
    """

    def __init__(
        self,
        cells: Sequence[str],
        numbers: dict[str, Any],
        modules: Sequence[str],
        slot: int | None,
    ):
        self.cells, self.errors = list(cells), []
        self._numbers, self._modules, self._slot = numbers, modules, slot
        self._starts, self._deadline = 0, time.monotonic() + ALL_SECONDS
        self._worker: Worker | None = None

    def __enter__(self) -> "Submission":
        try:
            self._start(0)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker:
            self._worker.kill()

    def answer(self, exercise: Exercise, case: Case) -> Any:
        """Return the answer to one call, or raise one of `REFUSALS`."""
        seconds = self._left(exercise.seconds)
        if self._worker.ended:
            self._start(len(self.cells))
            seconds = self._left(exercise.seconds)
        try:
            if exercise.value:
                return self._worker.get(exercise.name, seconds)
            about = {"seconds": seconds, "seeds": case.seeds}
            return self._worker.call(exercise.name, *case.args, **about, **case.kwargs)
        except (WorkerEnded, BadFrame):
            self._worker.kill()  # the next answer, if there is one, comes from a fresh process
            raise

    def _left(self, seconds: float) -> float:
        """Return how long something may take; raise if it may not even begin."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise WorkerEnded("the time for the whole submission was up")
        if self._starts > MOST_STARTS:
            raise WorkerEnded("the process ended too often")
        return min(seconds, left)

    def _start(self, first: int) -> None:
        """Run the cells in a fresh worker; the errors of those before `first` are known."""
        self._starts += 1
        self._worker = Worker(self._slot, self._modules).__enter__()
        try:
            self._worker.call("notebook_tools", self._numbers, seconds=START_SECONDS)
        except REFUSALS as error:
            raise sandbox.NoSandbox(f"A sandbox was made and did not start: {error}") from None
        for number, cell in enumerate(self.cells):
            try:
                self._worker.run(cell, self._left(CELL_SECONDS))
            except SubmissionError as error:
                self._note(number, first, error)
            except (WorkerEnded, BadFrame) as error:
                self._note(number, first, error)
                self.cells[number] = ""  # what ends the process costs this cell, not the others
                self._worker.kill()
                if self._starts <= MOST_STARTS and time.monotonic() < self._deadline:
                    self._start(number + 1)
                return

    def _note(self, number: int, first: int, error: Exception) -> None:
        if number >= first:
            self.errors.append((number + 1, plain(str(error))))
