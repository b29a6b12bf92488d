"""The exercises on pooling, in the order of their notebook."""

from lib.grading import _pooling_draws, _pooling_shift, _pooling_windows
from lib.grading._exercise import Exercise

EXERCISES = (
    *_pooling_windows.EXERCISES,
    *_pooling_draws.EXERCISES,
    *_pooling_shift.EXERCISES,
    Exercise(
        key="pooling.explain",
        kind="explain",
        task="What does global average pooling throw away, and when does that help?",
        points=2,
        minutes=10,
    ),
)
