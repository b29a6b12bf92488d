"""An exercise is data: a task's inputs, its oracle, its points, and the mistakes that it knows."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.grading._compare import difference

KINDS = ("predict", "implement", "derive", "debug", "measure", "explain")
MODULES = ("numpy", "torch")  # that an answer may be allowed to import


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
        alike: tells whether an answer (a result, and the case) is one that the mistake gives,
            where there are many; it has to equal that of `wrong` if None.
    """

    name: str
    wrong: Callable
    hint: str
    alike: Callable[[Any, Case], bool] | None = None


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
        cases: makes calls from a Generator; the same categories for every seed.
        oracle: the right answer to a call.
        misconceptions: wrong answers that are known.
        verdict: how an answer (a result, and the case) is judged where there is more than one
            right one: returns what is wrong in words, or None. Compares with the oracle if None.
        rtol: largest difference, as a share.
        atol: largest difference, absolute.
        seconds: for one call.
        allowed: modules that the answer may import, out of `MODULES`.
        needs: key of the question that has to earn points for this one to earn any: a claim
            without its measurement is a guess.
        words: the words that an answer may say, where it is said in words.
    """

    key: str
    kind: str
    task: str
    points: int
    minutes: int
    name: str = ""
    value: bool = False
    cases: Callable[[np.random.Generator], Iterable[Case]] | None = None
    oracle: Callable | None = None
    misconceptions: tuple[Misconception, ...] = ()
    verdict: Callable[[Any, Case], str | None] | None = None
    rtol: float = 1e-6
    atol: float = 1e-8
    seconds: float = 5.0
    allowed: tuple[str, ...] = ("numpy",)
    needs: str = ""
    words: tuple[str, ...] = ()

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"expected kind to be one of {KINDS}, got {self.kind!r}")
        if not set(self.allowed) <= set(MODULES):
            raise ValueError(f"expected modules out of {MODULES} in allowed, got {self.allowed!r}")

    def wrong(self, answer: Any, case: Case) -> str | None:
        """Say what is wrong with an answer to a call, or return None."""
        if self.verdict:
            return self.verdict(answer, case)
        return difference(answer, case.call(self.oracle), self.rtol, self.atol)

    def misconception(self, answers: list[tuple[Case, Any]]) -> Misconception | None:
        """Return the known mistake that gives all of these answers, a wrong one among them."""
        wrong = [(case, answer) for case, answer in answers if self.wrong(answer, case)]
        for known in self.misconceptions:
            if wrong and all(self._alike(known, answer, case) for case, answer in wrong):
                return known
        return None

    def _alike(self, known: Misconception, answer: Any, case: Case) -> bool:
        """Tell whether an answer is one that a known mistake gives."""
        if known.alike:
            return known.alike(answer, case)
        return difference(answer, attempted(known.wrong, case), self.rtol, self.atol) is None

    def elsewhere(self, answer: Any, student: str, others: Iterable[str] = ("",)) -> str:
        """Say whose numbers a wrong prediction is right for, or return "".

        Args:
            answer: what was predicted.
            student: who handed it in.
            others: whom else to try; "" is who has not written a name into STUDENT.
        """
        if self.kind != "predict":
            return ""
        for other in others:
            (case,) = public_cases(self, other)
            if normal(other) != normal(student) and self.wrong(answer, case) is None:
                whose = f"for STUDENT = {other!r}" if other else 'for STUDENT = "", nobody'
                return (
                    f"These are the numbers {whose}: write your own name or number into STUDENT, "
                    "and work out those that you are given then."
                )
        return ""


def attempted(function: Callable, case: Case) -> Any:
    """Return the answer of a wrong function, or the error that it raises."""
    try:
        return case.call(function)
    except Exception as error:
        return error


def normal(student: Any) -> str:
    """Return a student's name or number without what typing it may add or change."""
    return " ".join(str(student).split()).casefold()


def public_seed(key: str, student: str = "") -> int:
    """Return the seed of the cases that everybody may see; predictions vary by student."""
    text = f"{key}\0{normal(student)}".encode(errors="replace")
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def hidden_seed(secret: bytes, key: str, student: str) -> int:
    """Return the seed of a student's hidden cases: without the course's secret, nobody's guess."""
    digest = hmac.new(secret, f"{key}\0{student}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big")


def public_cases(exercise: Exercise, student: str = "") -> list[Case]:
    """Return the calls that everybody may see."""
    return seeded(exercise, public_seed(exercise.key, student))


def hidden_cases(exercise: Exercise, secret: bytes, student: str) -> list[Case]:
    """Return the calls that decide: of the same categories, with other numbers."""
    return seeded(exercise, hidden_seed(secret, exercise.key, student))


def seeded(exercise: Exercise, seed: int) -> list[Case]:
    """Return the calls that a seed makes."""
    return list(exercise.cases(np.random.default_rng(seed)))
