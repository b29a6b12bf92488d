"""The exercises on a turned ravine: what Adam loses where a valley lies askew."""

import numpy as np

from lib.grading._exercise import Case, Exercise, Misconception

WORDS = "supported", "refuted", "undecided"
STEPS, RATE = 100, 0.1
BETAS, EPS = (0.9, 0.999), 1e-8
SIGMAS = 5  # of the mean, on each side: chance crosses that once in a million times
TRIALS = 100
MILD, STEEP = 20.0, 1000.0
TURN = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)


def circle(rng, n):
    """Return n starts on the unit circle, a row each."""
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ravine_cases(rng):
    """Give starts in a mild and in a steep ravine."""
    for category, low, high in [("a mild ravine", 10, 40), ("a steep ravine", 400, 2000)]:
        yield Case(
            category, (circle(rng, int(rng.integers(8, 13))), float(rng.uniform(low, high)))
        )


def descended(x, H):
    """Return where Adam's last step leads, (…, n, 2), in each of the valleys H, (…, 2, 2)."""
    m = v = np.zeros_like(x)
    for t in range(1, STEPS + 1):
        g = x @ H
        m, v = BETAS[0] * m + (1 - BETAS[0]) * g, BETAS[1] * v + (1 - BETAS[1]) * g * g
        root = np.sqrt(v / (1 - BETAS[1] ** t)) + EPS
        x = x - RATE / (1 - BETAS[0] ** t) * m / root
    return x


def losses(starts, kappa, with_start=True):
    """Return the last losses in the straight and in the turned valley: (2, n)."""
    straight = np.diag([kappa, 1.0])
    H = np.stack([straight, TURN @ straight @ TURN.T])
    x = descended(np.stack([starts, starts @ TURN.T if with_start else starts]), H)
    return 0.5 * (x @ H * x).sum(-1)


def slowdown(starts, kappa):
    """Return how many powers of ten the turned valley's loss lies above the straight one's."""
    straight, turned = losses(starts, kappa)
    return np.log10(turned / straight)


def start_left(starts, kappa):
    """Turn the valley but not the start."""
    straight, turned = losses(starts, kappa, with_start=False)
    return np.log10(turned / straight)


def unlogged(starts, kappa):
    """Return the plain ratio."""
    straight, turned = losses(starts, kappa)
    return turned / straight


def verdict_of(results):
    """Return what an interval of five standard errors says of the claim that turning slows."""
    half = SIGMAS * results.std(ddof=1) / results.size**0.5
    if abs(results.mean()) <= half:
        return "undecided"
    return "supported" if results.mean() > 0 else "refuted"


def claim_cases(rng):
    """Give starts for a rerun."""
    yield Case("other starts", (circle(rng, TRIALS),))


def claims_of(starts, says=verdict_of):
    """Return what a rerun finds in both ravines."""
    return {"20": says(slowdown(starts, MILD)), "1000": says(slowdown(starts, STEEP))}


def always(word):
    """Return what says the same of both ravines."""
    return lambda starts: {"20": word, "1000": word}


EXERCISES = (
    Exercise(
        key="optimizers.slowdown",
        kind="measure",
        task="Write slowdown(starts, kappa): what turning the ravine by 45° costs Adam.",
        points=2,
        minutes=15,
        name="slowdown",
        cases=ravine_cases,
        oracle=slowdown,
        rtol=0.0,
        atol=0.02,
        seconds=20.0,
        misconceptions=(
            Misconception(
                "the start stays",
                start_left,
                "You turn the valley, but not the start: it then begins at another height, and "
                "the two runs cannot be compared. Turn both.",
            ),
            Misconception(
                "sign",
                lambda starts, kappa: -slowdown(starts, kappa),
                "You divide the straight valley's loss by the turned one's. What costs Adam must "
                "come out above 0.",
            ),
            Misconception(
                "no logarithm",
                unlogged,
                "That is the ratio itself, whose mean a single start can rule. Take log₁₀ of it.",
            ),
        ),
    ),
    Exercise(
        key="optimizers.claim",
        kind="measure",
        task="Turning the ravine slows Adam: supported, refuted or undecided, at κ = 20 and 1000?",
        points=2,
        minutes=8,
        name="claims",
        value=True,
        needs="optimizers.slowdown",
        words=WORDS,
        cases=claim_cases,
        oracle=claims_of,
        misconceptions=(
            Misconception(
                "slows always",
                always("supported"),
                "You say the same of both ravines. Where does the interval at κ = 20 lie? If it "
                "holds 0, these starts do not decide the claim there.",
            ),
            Misconception(
                "slows never",
                always("undecided"),
                "You say the same of both ravines. Where does the interval at κ = 1000 lie?",
            ),
            Misconception(
                "no difference seen",
                lambda starts: {"20": "refuted", "1000": "supported"},
                "An interval that holds 0 does not refute: a cost, or a gain, may be too small "
                "for these trials to see.",
            ),
        ),
    ),
)
