"""What a student's notebook asks: the numbers of a question, and whether an answer is right."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from lib.grading._compare import shown
from lib.grading._exercise import Case, Exercise, normal, public_cases, seeded
from lib.grading._verdict import Verdict

TOPICS = ("pooling", "optimizers")
MOST_DEEP = 8  # lists in lists of an answer


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
    known = exercises(str(key).partition(".")[0])
    if key not in known:
        raise ValueError(f"expected one of {sorted(known)}, got {key!r}")
    return known[key]


def given(key: str, student: str) -> Any:
    """Return the numbers that a question asks this student about.

    Args:
        key: a question that asks for a prediction, such as "pooling.predict".
        student: the name or number under which the work is handed in.

    Raises:
        ValueError: there is no such question, or it gives no numbers.

    Example:
        >>> given("pooling.predict", "s1").shape
        (4, 4)
    """
    exercise = find(key)
    if exercise.kind != "predict":
        raise ValueError(f"expected a question that asks for a prediction, got {key!r}")
    (case,) = public_cases(exercise, student)
    return case.args[0]


def parts(answer: Any, depth: int = 0) -> Iterator[Any]:
    """Yield what an answer is made of: what stands in its lists, tuples and dicts."""
    if depth < MOST_DEEP and isinstance(answer, dict | list | tuple):
        for each in answer.values() if isinstance(answer, dict) else answer:
            yield from parts(each, depth + 1)
    else:
        yield answer


def is_stub(answer: Any) -> bool:
    """Tell whether an answer is what stands in the notebook before anything is written."""
    return any(each is None or each is Ellipsis for each in parts(answer))


def check(key: str, answer: Any, student: str = "", seed: int | None = None) -> Verdict:
    """Try an answer on the cases that everybody may see. Nothing is handed in, nothing is kept.

    Args:
        key: the question, "pooling.max_pool2d".
        answer: the function or the value that it asks for.
        student: the name or number under which the work is handed in, where numbers vary by it.
        seed: of the cases that decided, as feedback tells it after the deadline; tries those.

    Returns:
        A verdict that shows itself: what passed, what was expected and what came, and a hint if
        the answer is one that a known mistake gives. The judge tries other cases of these kinds.

    Raises:
        ValueError: there is no such question, or it is read by a person.

    Example:
        >>> check("pooling.moments", lambda mean, var: mean + var)
        pooling.moments: 0 of 2 public cases passed
          ✗ one window: expected 3.569699, got 4.719702
          ✗ many windows at once: at index (0,): expected 1.950569, got 1.928582
        Hint: A variance has the unit of a², a mean that of a: they cannot be added.
          Divide Σa² = n(var + mean²) by Σa = n·mean, term by term.
    """
    exercise = find(key)
    if exercise.cases is None:
        raise ValueError(f"expected a question that a machine checks, got {key!r}: a person does")
    answers, lines = [], []
    for case in public_cases(exercise, student) if seed is None else seeded(exercise, seed):
        result, line = _tried(exercise, answer, case)
        wrong = line or _compared(exercise, result, case)
        lines.append((not wrong, f"{case.category}: {wrong or 'right'}"))
        answers += [] if line else [(case, result)]
    hint = _hint(exercise, answers, student) if len(answers) == len(lines) else ""
    which = "public cases" if seed is None else "cases that decided"
    return Verdict(exercise, lines, hint, _note(exercise, student), which)


def _tried(exercise: Exercise, answer: Any, case: Case) -> tuple[Any, str]:
    """Return the answer to one call, and why there is none, or ""."""
    result = answer
    try:
        if is_stub(answer):
            return None, "not written yet"
        if not exercise.value:
            if not callable(answer):
                return None, f"expected a function, got {shown(answer)}"
            result = case.call(answer)
        return result, "not written yet" if is_stub(result) else ""
    except NotImplementedError:
        return None, "not written yet"
    except Exception as error:
        return None, f"it raised {_said(error)}"


def _compared(exercise: Exercise, result: Any, case: Case) -> str:
    """Say what is wrong with a result, or return ""; a value is not given away."""
    try:
        if exercise.words:
            for word in parts(result):
                if isinstance(word, str) and word not in exercise.words:
                    return f"expected words out of {exercise.words}, got {shown(word)}"
        wrong = exercise.wrong(result, case)
        if wrong and exercise.value:
            return f"{wrong.partition('expected')[0]}not what comes out"
        return wrong or ""
    except Exception as error:
        return f"it cannot be compared: {_said(error)}"


def _hint(exercise: Exercise, answers: list[tuple[Case, Any]], student: str) -> str:
    """Return the hint of the mistake that gives these answers, or ""."""
    try:
        if known := exercise.misconception(answers):
            return known.hint
        (_, answer), *_ = answers
        if exercise.wrong(answer, answers[0][0]):
            return exercise.elsewhere(answer, student)
    except Exception:  # an answer that cannot be compared
        return ""
    return ""


def _note(exercise: Exercise, student: str) -> str:
    """Say what else decides, where something does."""
    if exercise.kind == "predict" and not normal(student):
        return "STUDENT is empty, so these are nobody's numbers. Write yours first."
    if exercise.needs:
        return f"this rests on your answer to {exercise.needs}, and counts for nothing without it."
    return ""


def _said(error: Exception) -> str:
    """Return an error's type and message, shortened, even if it cannot say it."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = type(error).__name__
    return text if len(text) <= 300 else f"{text[:297]}…"
