"""The exercise on rates: how fast the best settings are, as functions of the condition."""

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception


def kappa_cases(rng):
    """Give condition numbers: small ones, large ones, several at once."""
    yield Case("a mild ravine", (float(rng.uniform(2, 30)),))
    yield Case("a steep ravine", (float(rng.uniform(200, 2000)),))
    yield Case("many ravines at once", (rng.uniform(1.5, 500, 5),))


def descent_rate(kappa):
    """Return the factor at η = 2/(λmin + λmax), where both ends shrink alike."""
    return (kappa - 1) / (kappa + 1)


def momentum_rate(kappa):
    """Return the root of the best momentum."""
    return (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)


EXERCISES = (
    Exercise(
        key="optimizers.descent_rate",
        kind="derive",
        task="By what does the best learning rate shrink the distance in each step, at a given κ?",
        points=2,
        minutes=10,
        name="descent_rate",
        cases=kappa_cases,
        oracle=descent_rate,
        misconceptions=(
            Misconception(
                "one over the largest",
                lambda kappa: 1 - 1 / kappa,
                "That is the rate at η = 1/λmax, which is not the best. Raise η until the "
                "steepest direction shrinks no faster than the flattest.",
            ),
            Misconception(
                "a root too many",
                momentum_rate,
                "That is the rate with momentum. Plain descent knows no root: set "
                "1 − ηλmin = −(1 − ηλmax) and solve for η.",
            ),
            Misconception(
                "squared",
                lambda kappa: descent_rate(kappa) ** 2,
                "That is what the loss is multiplied by. The distance shrinks by its root.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.momentum_rate",
        kind="derive",
        task="By what does heavy-ball momentum at its best shrink the distance in each step?",
        points=2,
        minutes=12,
        name="momentum_rate",
        cases=kappa_cases,
        oracle=momentum_rate,
        misconceptions=(
            Misconception(
                "forgets the root",
                descent_rate,
                "That is plain descent's rate. With momentum κ counts by its square root only, "
                "which is what momentum is for.",
            ),
            Misconception(
                "the momentum itself",
                lambda kappa: momentum_rate(kappa) ** 2,
                "That is the best momentum β. Each step multiplies the distance by about √β.",
            ),
            Misconception(
                "Nesterov's bound",
                lambda kappa: 1 - 1 / np.sqrt(kappa),
                "That bound holds for Nesterov's method on any convex valley of this κ. Here the "
                "valley is a quadratic, and heavy-ball momentum is set at its best: √β.",
            ),
        ),
    ),
)
