"""The exercises on optimizers' rules: seven of them, written out and followed for 50 steps."""

from functools import partial

import numpy as np

from lib.grading import _optimizers_rules as rules
from lib.grading._exercise import Case, Exercise, Misconception

STEPS = 50


def valley(rng, flat):
    """Return starts, a row each, and a valley whose axes lie askew, or which is flat along one.

    No slope is small, where a rule that divides by slopes would leap to and fro, and the paths of
    equal rules would part for good by the rounding of their first steps.
    """
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    H = turn * rng.uniform([0.5, 1, 4], [1, 3, 8]) @ turn.T
    H = (H + H.T) / 2
    if flat:
        H[:, 0] = H[0] = 0
    x = 2 * rng.standard_normal((2, 3))
    while np.abs(x @ H)[:, flat:].min() < 1:
        x = 2 * rng.standard_normal((2, 3))
    return x, H


def cases_of(**options):
    """Return a maker of cases: for each category the arguments that follow x, H and the steps.

    A pair (low, high) is drawn from. The valley of a category may have another "slope", or be
    "flat" along the first axis.
    """

    def cases(rng):
        for category, choice in options.items():
            drawn = {key: _drawn(rng, value) for key, value in choice.items()}
            x, H = valley(rng, drawn.pop("flat", False))
            H *= drawn.pop("slope", 1.0)
            yield Case(category.replace("_", " "), (x, H, STEPS, *drawn.values()))

    return cases


def _drawn(rng, value):
    return float(rng.uniform(*value)) if isinstance(value, tuple) else value


BETAS = {"beta1": (0.8, 0.95), "beta2": (0.98, 0.999)}
TINY = {"slope": (1e-9, 3e-9)}  # gradients about as large as eps
adam_options = {"lr": (0.002, 0.02), **BETAS, "eps": 1e-8}
adaptive = partial(dict, lr=(0.001, 0.005))

EXERCISES = (
    Exercise(
        key="optimizers.sgd",
        kind="implement",
        task="Write sgd(x, H, steps, lr, momentum, nesterov): the path down a valley.",
        points=2,
        minutes=15,
        name="sgd",
        cases=cases_of(
            plain_steps={"lr": (0.05, 0.2), "momentum": 0.0, "nesterov": False},
            momentum={"lr": (0.02, 0.1), "momentum": (0.7, 0.9), "nesterov": False},
            Nesterov={"lr": (0.02, 0.1), "momentum": (0.7, 0.9), "nesterov": True},
        ),
        oracle=rules.sgd,
        rtol=1e-4,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "averaging",
                rules.sgd_averaging,
                "Your buffer takes in (1 − momentum) of each gradient: an average, as Adam has "
                "it. Momentum here adds whole gradients: b ← momentum·b + g.",
            ),
            Misconception(
                "no look-ahead",
                rules.sgd_without_lookahead,
                "With nesterov your path is that of plain momentum. Nesterov steps along "
                "g + momentum·b: the gradient, and the buffer as it will be next time.",
            ),
            Misconception(
                "no momentum",
                rules.sgd_without_momentum,
                "Your path forgets where it went. Keep a buffer from step to step.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.adagrad",
        kind="implement",
        task="Write adagrad(x, H, steps, lr, eps): the path down a valley.",
        points=1,
        minutes=8,
        name="adagrad",
        cases=cases_of(
            fifty_steps=adaptive(eps=1e-10),
            a_slope_of_zero=adaptive(eps=1e-10, flat=True),
            tiny_gradients=adaptive(eps=1e-8, **TINY),
        ),
        oracle=rules.adagrad,
        rtol=1e-4,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "sum of gradients",
                partial(rules.adagrad, divisor=rules.unrooted, size=np.abs),
                "You add up the sizes of the gradients. Adagrad adds up their squares, and takes "
                "the root of the sum.",
            ),
            Misconception(
                "no root",
                partial(rules.adagrad, divisor=rules.unrooted),
                "You divide by the sum itself. Its unit is that of g²: only its root has the unit "
                "of g.",
            ),
            Misconception(
                "eps inside",
                partial(rules.adagrad, divisor=rules.rooted_together),
                "You add eps inside the root, where √(0 + eps) is much larger than eps. Here, as "
                "in torch, it is added to the root.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.rmsprop",
        kind="implement",
        task="Write rmsprop(x, H, steps, lr, alpha, eps): the path down a valley.",
        points=1,
        minutes=6,
        name="rmsprop",
        cases=cases_of(
            fifty_steps=adaptive(alpha=(0.9, 0.98), eps=1e-8),
            a_slope_of_zero=adaptive(alpha=(0.9, 0.98), eps=1e-8, flat=True),
            tiny_gradients=adaptive(alpha=(0.9, 0.98), eps=1e-8, **TINY),
        ),
        oracle=rules.rmsprop,
        rtol=1e-4,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "whole squares",
                rules.rmsprop_taking_all,
                "You add whole squares to what is left of the old ones. An average takes in "
                "(1 − alpha) of the new square.",
            ),
            Misconception(
                "no root",
                partial(rules.rmsprop, divisor=rules.unrooted),
                "You divide by the average square itself. Take its root, which has the unit of g.",
            ),
            Misconception(
                "eps inside",
                partial(rules.rmsprop, divisor=rules.rooted_together),
                "You add eps inside the root, where √(0 + eps) is much larger than eps. Here, as "
                "in torch, it is added to the root.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.adam",
        kind="implement",
        task="Write adam(x, H, steps, lr, beta1, beta2, eps): the path down a valley.",
        points=1,
        minutes=12,
        name="adam",
        cases=cases_of(
            fifty_steps=adam_options,
            a_slope_of_zero=adam_options | {"flat": True},
            tiny_gradients=adam_options | TINY,
        ),
        oracle=rules.adam(),
        rtol=1e-4,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "no correction",
                rules.adam(corrects=False),
                "Your first step has the wrong length: at the usual settings it is 3.16 times too "
                "long. Both averages begin at 0; divide them by 1 − βᵗ, t counted from 1.",
            ),
            Misconception(
                "t stands still",
                rules.adam(stands=True),
                "You correct every step as if it were the first. Raise t in each step: 1 − βᵗ "
                "goes to 1, and the correction fades.",
            ),
            Misconception(
                "eps inside",
                rules.adam(inside=True),
                "You add eps inside the root, where √(0 + eps) is much larger than eps. Here, as "
                "in torch, it is added to the corrected root.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.adamw",
        kind="implement",
        task="Write adamw(x, H, steps, lr, beta1, beta2, eps, weight_decay).",
        points=1,
        minutes=8,
        name="adamw",
        cases=cases_of(
            fifty_steps=adam_options | {"weight_decay": (0.1, 0.5)},
            a_slope_of_zero=adam_options | {"weight_decay": (0.1, 0.5), "flat": True},
            tiny_gradients=adam_options | {"weight_decay": (0.1, 0.5), **TINY},
        ),
        oracle=rules.adamw(rules.apart),
        rtol=1e-4,
        atol=1e-5,
        misconceptions=(
            Misconception(
                "joined",
                rules.adamw(rules.joined),
                "You add the decay to the gradient, so it is averaged and divided with it: that "
                "is Adam with an L2 penalty. AdamW shrinks x apart from the gradient.",
            ),
            Misconception(
                "decay without lr",
                rules.adamw(rules.unscaled),
                "You take off weight_decay·x. The learning rate scales the decay, too: "
                "lr·weight_decay·x.",
            ),
            Misconception(
                "no decay",
                rules.adamw(rules.undecayed),
                "This is Adam: nothing decays. Shrink x by lr·weight_decay·x before its step.",
            ),
        ),
    ),
)
