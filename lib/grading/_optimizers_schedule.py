"""The exercise on a schedule that is stepped at the wrong time."""

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception
from lib.reference.optimizers import cosine_annealing_lr


def train_cases(rng):
    """Give a start, a curvature, and how long to train."""
    for category, epochs in [("several epochs", int(rng.integers(3, 7))), ("one epoch", 1)]:
        curved = float(rng.uniform(0.5, 1.5))
        batches = int(rng.integers(6, 14))
        yield Case(
            category,
            (float(rng.uniform(1, 3)), curved, float(rng.uniform(0.2, 0.9)), epochs, batches),
        )


def scheduled(at):
    """Return the training loop whose rate in a step is `at(lr, epoch, step, epochs, batches)`."""

    def train(x, curvature, lr, epochs, batches):
        rates, places = [], []
        for step in range(epochs * batches):
            rates.append(at(lr, step // batches, step, epochs, batches))
            x = x - rates[-1] * curvature * x
            places.append(x)
        return {"lr": np.array(rates), "x": np.array(places)}

    return train


train = scheduled(
    lambda lr, epoch, step, epochs, batches: cosine_annealing_lr(step, lr, epochs * batches)
)

EXERCISES = (
    Exercise(
        key="optimizers.schedule",
        kind="debug",
        task="Repair train(x, curvature, lr, epochs, batches), whose schedule hardly moves.",
        points=2,
        minutes=12,
        name="train",
        cases=train_cases,
        oracle=train,
        misconceptions=(
            Misconception(
                "stepped per epoch",
                scheduled(
                    lambda lr, epoch, step, epochs, batches: cosine_annealing_lr(
                        epoch, lr, epochs * batches
                    )
                ),
                "Your schedule counts epochs, but its cosine is as long as all steps: it hardly "
                "begins to fall. Count the steps.",
            ),
            Misconception(
                "in stairs",
                scheduled(
                    lambda lr, epoch, step, epochs, batches: cosine_annealing_lr(epoch, lr, epochs)
                ),
                "Now it falls, but in stairs, one an epoch. The rate should follow the cosine in "
                "every step.",
            ),
            Misconception(
                "one step ahead",
                scheduled(
                    lambda lr, epoch, step, epochs, batches: cosine_annealing_lr(
                        step + 1, lr, epochs * batches
                    )
                ),
                "Your schedule is one step ahead: the first step, number 0, takes the whole lr.",
            ),
            Misconception(
                "anew each epoch",
                scheduled(
                    lambda lr, epoch, step, epochs, batches: cosine_annealing_lr(
                        step % batches, lr, batches
                    )
                ),
                "Your cosine begins anew in each epoch: those are warm restarts. Here one half "
                "cosine spans the whole training.",
            ),
        ),
    ),
)
