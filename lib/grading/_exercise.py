"""An exercise is data: a task's inputs, its oracle, its points, and the mistakes that it knows."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.grading._compare import difference, difference_in_law

KINDS = ("predict", "implement", "derive", "debug", "measure", "explain")


@dataclass(frozen=True)
class Case:
    """One call of what the student wrote.

    Attributes:
        category: what this call tries, in words; each category is worth the same.
        args: positional arguments: plain values and arrays.
        kwargs: arguments by name.
        seeds: of the generators that come before the arguments.
    """

    category: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    seeds: tuple[int, ...] = ()

    def call(self, function: Callable) -> Any:
        """Call a function as the judge would, here, on copies."""
        rngs = [np.random.default_rng(seed) for seed in self.seeds]
        args = [np.copy(a) if isinstance(a, np.ndarray) else a for a in self.args]
        return function(*rngs, *args, **self.kwargs)


@dataclass(frozen=True)
class Misconception:
    """A wrong answer that a thought leads to, and what to say to whoever thinks it.

    Attributes:
        name: of the thought, in a word or two.
        wrong: answers a call as who thinks so would.
        hint: what to say to them.
    """

    name: str
    wrong: Callable
    hint: str


@dataclass(frozen=True)
class Exercise:
    """What a student is asked, and how an answer is told right from wrong.

    Attributes:
        key: topic and name, "pooling.max_pool2d".
        kind: one of `KINDS`.
        task: what is asked, in a sentence.
        points: what it is worth.
        minutes: how long it takes, estimated.
        name: what the student's notebook must define.
        value: whether that is a value; it is a function otherwise.
        chance: whether answers are draws, to be compared in their distribution.
        cases: makes calls from a Generator; the same categories for every seed.
        oracle: the right answer to a call.
        misconceptions: wrong answers that are known.
        verdict: how an answer (a result, and the case) is judged where there is more than one
            right one: returns what is wrong in words, or None. Compares with the oracle if None.
        rtol: largest difference, as a share.
        atol: largest difference, absolute.
        seconds: for one call.
    """

    key: str
    kind: str
    task: str
    points: int
    minutes: int
    name: str = ""
    value: bool = False
    chance: bool = False
    cases: Callable[[np.random.Generator], Iterable[Case]] | None = None
    oracle: Callable | None = None
    misconceptions: tuple[Misconception, ...] = ()
    verdict: Callable[[Any, Case], str | None] | None = None
    rtol: float = 1e-6
    atol: float = 1e-8
    seconds: float = 5.0

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"expected kind to be one of {KINDS}, got {self.kind!r}")

    def wrong(self, answer: Any, case: Case) -> str | None:
        """Say what is wrong with an answer to a call, or return None."""
        if self.verdict:
            return self.verdict(answer, case)
        return self._difference(answer, case.call(self.oracle))

    def _difference(self, answer, expected):
        if self.chance:
            return difference_in_law(answer, expected)
        return difference(answer, expected, self.rtol, self.atol)

    def misconception(self, answers: list[tuple[Case, Any]]) -> Misconception | None:
        """Return the known mistake that gives all of these answers, the wrong one among them."""
        for known in self.misconceptions:
            same = [
                self._difference(answer, attempted(known.wrong, case)) is None
                for case, answer in answers
            ]
            if any(same) and all(
                agrees or self.wrong(answer, case) is None
                for agrees, (case, answer) in zip(same, answers, strict=True)
            ):
                return known
        return None


def attempted(function: Callable, case: Case) -> Any:
    """Return the answer of a wrong function, or the error that it raises."""
    try:
        return case.call(function)
    except Exception as error:
        return error


def public_seed(key: str, student: str = "") -> int:
    """Return the seed of the cases that everybody may see; predictions vary by student."""
    return int.from_bytes(hashlib.sha256(f"{key}\0{student}".encode()).digest()[:8], "big")


def hidden_seed(secret: bytes, key: str, student: str) -> int:
    """Return the seed of a student's hidden cases: without the course's secret, nobody's guess."""
    digest = hmac.new(secret, f"{key}\0{student}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big")


def public_cases(exercise: Exercise, student: str = "") -> list[Case]:
    """Return the calls that everybody may see."""
    return list(exercise.cases(np.random.default_rng(public_seed(exercise.key, student))))


def hidden_cases(exercise: Exercise, secret: bytes, student: str) -> list[Case]:
    """Return the calls that decide: of the same categories, with other numbers."""
    seed = hidden_seed(secret, exercise.key, student)
    return list(exercise.cases(np.random.default_rng(seed)))
