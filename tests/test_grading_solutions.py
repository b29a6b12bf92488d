"""Every tolerance lets right answers through, however differently they are written."""

import pytest
from grading_solutions import SOLUTIONS

from lib.grading._check import TOPICS, exercises
from lib.grading._exercise import hidden_cases, public_cases

EXERCISES = {key: each for topic in TOPICS for key, each in exercises(topic).items()}
SEEDS = 25


def test_every_question_that_asks_for_a_function_has_three_solutions():
    asked = {key for key, each in EXERCISES.items() if each.cases and not each.value}
    assert asked == set(SOLUTIONS)
    assert {len(set(written)) for written in SOLUTIONS.values()} == {3}


@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("key", SOLUTIONS)
def test_a_right_answer_written_otherwise_passes_for_every_student(key, which):
    exercise, solution = EXERCISES[key], SOLUTIONS[key][which]
    for student in range(SEEDS):
        for case in hidden_cases(exercise, b"a secret", str(student)):
            assert exercise.wrong(case.call(solution), case) is None, (student, case.category)
    for case in public_cases(exercise):
        assert exercise.wrong(case.call(solution), case) is None, case.category
