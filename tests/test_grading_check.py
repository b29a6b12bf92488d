"""What `check` says: where an answer first differs, the hint, and never the answer or a score."""

import re

import numpy as np
import pytest

from lib.grading import check, given
from lib.grading._check import TOPICS, exercises
from lib.grading._compare import difference, shown
from lib.grading._exercise import public_cases
from lib.grading._verdict import MIME

JUDGED = {k: each for topic in TOPICS for k, each in exercises(topic).items() if each.cases}
MISTAKES = [(key, known.name) for key, each in JUDGED.items() for known in each.misconceptions]
every_exercise = pytest.mark.parametrize("key", JUDGED)
every_mistake = pytest.mark.parametrize(("key", "name"), MISTAKES)


def answer_to(key, function):
    exercise = JUDGED[key]
    return public_cases(exercise, "anna")[0].call(function) if exercise.value else function


@every_mistake
def test_check_says_the_hint_and_never_a_score(key, name):
    known = next(each for each in JUDGED[key].misconceptions if each.name == name)
    said = repr(check(key, answer_to(key, known.wrong), "anna"))
    assert " ".join(known.hint.split()) in " ".join(said.split())
    assert "point" not in said
    assert "✗" in said


@every_exercise
def test_check_agrees_with_the_right_answer(key):
    verdict = check(key, answer_to(key, JUDGED[key].oracle), "anna")
    assert verdict.passed == len(verdict.lines)
    assert verdict.hint == ""


def test_check_reports_a_stub_and_raises_nothing():
    def stub(*args):
        raise NotImplementedError

    for answer in (stub, lambda *args: None, ..., None, {"max": [[..., 1]]}):
        assert "not written yet" in repr(check("pooling.max_pool2d", answer))
    said = repr(check("pooling.max_pool2d", lambda: 0))
    assert "it raised TypeError" in said


def test_a_prediction_is_not_given_away():
    said = repr(check("pooling.predict", {"max": np.zeros((2, 2)), "avg": np.zeros((2, 2))}))
    assert "not what comes out" in said
    assert "expected" not in said


# ---- comparing

EXPECTED = [
    (np.ones((2, 3)), np.ones((2, 3), np.float32), None),
    (np.ones((2, 3)), np.ones(6), r"expected shape \(6,\), got \(2, 3\)"),
    (np.array([1, 2.5]), np.array([1.0, 2]), r"at index \(1,\): expected 2, got 2.5"),
    (np.array([np.nan]), np.array([1.0]), "expected 1, got nan"),
    (np.array([np.nan]), np.array([np.nan]), None),
    (np.array([True]), np.array([1.0]), "numbers of the kind float64, got bool"),
    (np.array([object()]), np.array([1.0]), "numbers of the kind float64, got object"),
    (3, 3.0, None),
    ("3", 3.0, "expected a number, got '3'"),
    (None, np.ones(2), r"an array of shape \(2,\), got None"),
    ((1, 2), [1, 2.0], None),
    ([[1, 2]], np.array([[1.0, 2.0]]), None),
    ([[1], [2, 3]], np.ones(2), r"an array of shape \(2,\), got \[\[1\]"),
    ((1,), (1, 2), "a tuple of 2, got one of 1"),
    ([10**400], np.ones(1), r"an array of shape \(1,\), got \[1000"),
    (np.str_("left"), "left", None),
    (np.float64("inf"), 1.0, "expected 1, got inf"),
    ({"a": 1}, {"a": 2}, r"in \['a'\]: expected 2, got 1"),
    ({"b": 1}, {"a": 1}, r"the keys \['a'\], got \['b'\]"),
    ("left", "right", "expected 'right', got 'left'"),
    (None, None, None),
]


@pytest.mark.parametrize(("got", "expected", "said"), EXPECTED)
def test_a_difference_is_said_in_words(got, expected, said):
    found = difference(got, expected)
    assert found is None if said is None else re.search(said, found)


# ---- whatever the answer is


class Rude:
    """Fails in every way in which an object can be asked."""

    def __repr__(self, *args):
        raise ValueError("no")

    __str__ = __len__ = __iter__ = __array__ = __eq__ = __float__ = __repr__
    __hash__ = None


class RudeError(Exception):
    def __str__(self):
        raise ValueError("no")


class RudeDict(dict):
    def values(self):
        raise ValueError("no")


class Liar(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


def raising(*args):
    raise RudeError


def endless(*args):
    return endless(*args)


def circular():
    answer = []
    answer.append(answer)
    return answer


def deep():
    answer = 1.0
    for _ in range(5000):
        answer = [answer]
    return answer


ODD = {
    "rude": Rude(),
    "rude in a list": [Rude()],
    "rude in a dict": {"max": Rude(), "avg": Rude(), "lr": Rude(), "x": Rude()},
    "a dict that raises": RudeDict(max=1),
    "a string that lies": Liar("x"),
    "circular": circular(),
    "deep": deep(),
    "a generator": (n for n in range(3)),
    "huge": np.broadcast_to(0.0, (10**6, 10**6)),
    "a huge number": 10**5000,
    "objects": np.frompyfunc(lambda _: Rude(), 1, 1)(np.arange(2)),
    "text": np.array(["a", "b"]),
    "complex": np.ones((2, 2), complex),
    "dates": np.array(["2020-01-01"], "datetime64[D]"),
    "records": np.zeros(2, [("a", float)]),
    "masked": np.ma.masked_all((2, 2)),
    "empty": np.zeros((0, 3)),
    "not a number": np.nan,
    "infinite": np.array([[np.inf, -np.inf]]),
    "bytes": b"abc",
    "a type": int,
    "a long text": "x" * 10**6,
    "surrogates": "\udcff",
}


KINDS_OF_ANSWER = (
    *("pooling.predict", "pooling.max_pool2d", "pooling.stochastic_train", "pooling.shift"),
    *("pooling.claim", "optimizers.predict", "optimizers.claim", "optimizers.schedule"),
)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", KINDS_OF_ANSWER)
def test_no_answer_is_right_by_being_odd_or_makes_check_raise(key, odd):
    for answer in (ODD[odd], lambda *args: ODD[odd]):
        verdict = check(key, answer, "anna")
        assert verdict.passed == 0
        assert len(repr(verdict)) < 3000


@pytest.mark.parametrize("function", [raising, endless, lambda: 0, lambda *args: 1 / 0, print])
def test_a_function_that_fails_is_told_why(function):
    said = repr(check("pooling.moments", function))
    assert "it raised" in said or "not written yet" in said


@pytest.mark.parametrize("stop", [SystemExit, KeyboardInterrupt])
def test_who_wants_to_stop_is_let(stop):
    def function(*args):
        raise stop

    with pytest.raises(stop):
        check("pooling.moments", function)


def test_arguments_that_a_function_writes_into_are_whole_for_the_next():
    def avg_pool2d(x, kernel_size, stride, padding):
        x[:] = 0
        return x

    before = repr(check("pooling.avg_pool2d", avg_pool2d))
    assert repr(check("pooling.avg_pool2d", avg_pool2d)) == before


def test_something_that_is_no_function_is_told_so():
    assert "expected a function, got 3" in repr(check("pooling.moments", 3))


def test_a_word_that_is_none_of_the_words_is_told_so():
    said = repr(check("pooling.claim", "refused"))
    assert "expected words out of ('supported', 'refuted', 'undecided'), got 'refused'" in said
    wrong = repr(check("pooling.claim", "supported"))
    assert "not what comes out" in wrong
    assert "refuted" not in wrong


def test_a_claim_is_told_what_it_rests_on():
    assert "rests on your answer to pooling.shift" in repr(check("pooling.claim", "refuted"))


@pytest.mark.parametrize("key", ["pooling.predict", "optimizers.predict"])
def test_numbers_of_nobody_are_told_so(key):
    (case,) = public_cases(JUDGED[key])
    answer = case.call(JUDGED[key].oracle)
    assert "STUDENT is empty" in repr(check(key, answer))
    said = " ".join(repr(check(key, answer, "anna")).split())
    assert 'Hint: These are the numbers for STUDENT = "", nobody: write your own' in said
    assert "STUDENT" not in repr(check(key, answer_to(key, JUDGED[key].oracle), "anna"))


def test_a_student_is_the_same_however_the_name_is_typed():
    for typed in ("Anna B", " anna  b ", "ANNA B"):
        assert (given("pooling.predict", typed) == given("pooling.predict", "anna b")).all()
    assert (given("pooling.predict", 12) == given("pooling.predict", "12")).all()


def test_questions_for_people_and_questions_without_numbers_are_refused():
    with pytest.raises(ValueError, match=r"that a machine checks, got 'pooling\.explain'"):
        check("pooling.explain", "It throws away where.")
    with pytest.raises(ValueError, match=r"that asks for a prediction, got 'pooling\.moments'"):
        given("pooling.moments", "anna")


def test_a_notebook_keeps_a_verdict_as_text_and_as_numbers():
    verdict = check("pooling.moments", lambda mean, var: mean + var / mean)
    kept = verdict._repr_mimebundle_()
    assert kept["text/plain"] == repr(verdict)
    assert kept[MIME] == {"key": "pooling.moments", "passed": 2, "of": 2}
    assert check("pooling.moments", None)._repr_mimebundle_()[MIME]["passed"] == 0


def test_what_is_long_is_not_written_out_before_it_is_cut():
    asked = []

    class Counted:
        def __repr__(self):
            asked.append(self)
            return "x"

    assert shown([Counted() for _ in range(1000)]).endswith("]")
    assert len(asked) < 20


def test_whatever_is_shown_is_short():
    for value in (*ODD.values(), object, 1e300, -0.0, {"a": [1] * 10**5}):
        assert len(shown(value)) <= 60
