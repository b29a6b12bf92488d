"""The exercises on optimizers, in the order of their notebook."""

from lib.grading import (
    _optimizers_limit,
    _optimizers_rates,
    _optimizers_ravine,
    _optimizers_schedule,
    _optimizers_steps,
)
from lib.grading._exercise import Exercise

EXERCISES = (
    *_optimizers_limit.EXERCISES,
    *_optimizers_steps.EXERCISES,
    *_optimizers_rates.EXERCISES,
    *_optimizers_ravine.EXERCISES,
    *_optimizers_schedule.EXERCISES,
    Exercise(
        key="optimizers.explain",
        kind="explain",
        task="Why do steps of each entry's own length help in some valleys and not in others?",
        points=2,
        minutes=8,
    ),
)
