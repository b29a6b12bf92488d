"""The exercise on the largest learning rate: which ones arrive, and which do not."""

from functools import partial

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception

STEPS = 50
FATES = "arrives", "crawls", "bounces", "flees"
STEEP = 5.0, 8.0, 10.0, 12.5, 16.0, 20.0, 25.0, 40.0, 50.0  # 2 over each has few digits


def predict_cases(rng):
    """Give every student a steepness of their own, and four learning rates around its limit."""
    steep = float(rng.choice(STEEP))
    shares = np.array(
        [rng.uniform(0.75, 0.94), rng.uniform(0.985, 0.995), 1, rng.uniform(1.01, 1.1)]
    )
    rates = [float(f"{share * 2 / steep:.4g}") for share in rng.permutation(shares)]
    yield Case("your own numbers", ({"steepest": steep, "lr": rates},))


def fate(factor):
    """Return what becomes of a start that is multiplied by a factor in each step."""
    size = abs(factor)
    if abs(size - 1) < 1e-9:
        return "bounces"
    if size > 1:
        return "flees"
    return "arrives" if size**STEPS < 0.01 else "crawls"


def foretold(numbers, steps_out=lambda lr, steep: 1 - lr * steep, named=fate):
    """Return each rate's factor and fate."""
    factors = [steps_out(lr, numbers["steepest"]) for lr in numbers["lr"]]
    return {"factor": factors, "fate": [named(factor) for factor in factors]}


def limit_arrives(factor):
    """Think that the limit itself still arrives, if slowly."""
    return "crawls" if fate(factor) == "bounces" else fate(factor)


def sign_matters(factor):
    """Think that who changes sides cannot arrive."""
    return "bounces" if factor < 0 and abs(factor) < 1 else fate(factor)


EXERCISES = (
    Exercise(
        key="optimizers.predict",
        kind="predict",
        task="By what is the distance multiplied in each step, and what becomes of it?",
        points=2,
        minutes=6,
        name="prediction",
        value=True,
        words=FATES,
        cases=predict_cases,
        oracle=foretold,
        rtol=1e-3,
        atol=5e-4,
        misconceptions=(
            Misconception(
                "the limit arrives",
                partial(foretold, named=limit_arrives),
                "You let the limit itself, 2/λ, arrive. There the factor is −1: it is never any "
                "nearer than at the start.",
            ),
            Misconception(
                "changing sides",
                partial(foretold, named=sign_matters),
                "Changing sides is no harm: with a factor of −0.9 the distance still shrinks by a "
                "tenth in each step. Look at its size, not at its sign.",
            ),
            Misconception(
                "no sign",
                partial(foretold, steps_out=lambda lr, steep: abs(1 - lr * steep)),
                "These are the sizes of the factors. Beyond 1/λ every step goes past the bottom "
                "to the other side, so the factor is below 0.",
            ),
        ),
    ),
)
