"""What a student's notebook asks: the numbers of a question, and whether an answer is right."""

from functools import cache
from importlib import import_module
from textwrap import fill
from typing import Any

from lib.grading._exercise import Exercise, public_cases

TOPICS = ("pooling",)


@cache
def exercises(topic: str) -> dict[str, Exercise]:
    """Return the exercises of a topic by their keys, in the order of the notebook.

    Raises:
        ValueError: there are none.
    """
    if topic not in TOPICS:
        raise ValueError(f"expected one of the topics with exercises, {TOPICS}, got {topic!r}")
    return {each.key: each for each in import_module(f"lib.grading.{topic}").EXERCISES}


def find(key: str) -> Exercise:
    """Return one exercise.

    Raises:
        ValueError: there is no such exercise.
    """
    known = exercises(key.partition(".")[0])
    if key not in known:
        raise ValueError(f"expected one of {sorted(known)}, got {key!r}")
    return known[key]


def given(key: str, student: str) -> Any:
    """Return the numbers that a question asks this student about.

    Args:
        key: a question that asks for a prediction, such as "pooling.predict".
        student: the name or number under which the work is handed in.

    Example:
        >>> given("pooling.predict", "s1").shape
        (4, 4)
    """
    (case,) = public_cases(find(key), student)
    return case.args[0]


def is_stub(answer: Any) -> bool:
    """Tell whether an answer is what stands in the notebook before anything is written."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list | tuple):
        return any(is_stub(each) for each in answer)
    return answer is None or answer is Ellipsis


class Verdict:
    """What `check` found: a line for each case, and a hint where the mistake is known."""

    def __init__(self, exercise: Exercise, lines: list[tuple[bool, str]], hint: str = ""):
        self.exercise, self.lines, self.hint = exercise, lines, hint

    @property
    def passed(self) -> int:
        """How many of the public cases passed."""
        return sum(right for right, _ in self.lines)

    def __repr__(self) -> str:
        """Return the verdict as it is read in a notebook or at a prompt."""
        head = f"{self.exercise.key}: {self.passed} of {len(self.lines)} public cases passed"
        lines = [f"  {'✓' if right else '✗'} {line}" for right, line in self.lines]
        hint = fill(f"Hint: {self.hint}", 80, subsequent_indent="  ") if self.hint else ""
        return "\n".join(part for part in (head, *lines, hint) if part)


def check(key: str, answer: Any, student: str = "") -> Verdict:
    """Try an answer on the cases that everybody may see. Nothing is handed in, nothing is kept.

    Args:
        key: the question, "pooling.max_pool2d".
        answer: the function or the value that it asks for.
        student: the name or number under which the work is handed in, where numbers vary by it.

    Returns:
        A verdict that shows itself: what passed, what was expected and what came, and a hint if
        the answer is one that a known mistake gives. The judge tries other cases of these kinds.

    Raises:
        ValueError: there is no such question.

    Example:
        >>> check("pooling.moments", lambda mean, var: mean + var)
        pooling.moments: 0 of 2 public cases passed
          ✗ one window: expected 3.569699, got 4.719702
          ✗ many windows at once: at index (0,): expected 1.848258, got 1.828582
        Hint: A variance has the unit of a², a mean that of a: they cannot be added.
          Divide Σa² = n(var + mean²) by Σa = n·mean, term by term.
    """
    exercise = find(key)
    answers, lines = [], []
    for case in public_cases(exercise, student):
        try:
            result = case.call(answer) if callable(answer) else answer
        except NotImplementedError:
            lines.append((False, f"{case.category}: not written yet"))
            continue
        except Exception as error:
            lines.append((False, f"{case.category}: it raised {type(error).__name__}: {error}"))
            continue
        wrong = exercise.wrong(result, case)
        if is_stub(result):
            wrong = "not written yet"
        elif wrong and exercise.value:
            wrong = f"{wrong.partition('expected')[0]}not what comes out"  # which would tell it
        answers.append((case, result))
        lines.append((not wrong, f"{case.category}: {wrong or 'right'}"))
    whole = len(answers) == len(lines) and not all(right for right, _ in lines)
    known = exercise.misconception(answers) if whole else None
    return Verdict(exercise, lines, known.hint if known else "")
