"""The optimizers' rules as the exercises ask for them, and as they are mistaken.

They are written once more, since the library's own steps examine all that they are given, which
takes ten times as long as steps as small as these. Tests hold them to the library and to torch.
"""

import numpy as np


def path(step, x, H, steps):
    """Return where x stands after each step: (steps, *x.shape); `step` gets x and its slope."""
    places = []
    for _ in range(steps):
        x = step(x, x @ H)
        places.append(x)
    return np.array(places)


# ---- sgd


def sgd(x, H, steps, lr, momentum, nesterov, takes=1.0):
    """Step along the buffer, into which each gradient goes whole, or in part."""
    b = 0

    def step(x, g):
        nonlocal b
        g = takes * g
        b = momentum * b + g
        return x - lr * (g + momentum * b if nesterov else b)

    return path(step, x, H, steps)


def sgd_averaging(x, H, steps, lr, momentum, nesterov):
    """Take (1 − β) of each gradient into the buffer, as Adam does."""
    return sgd(x, H, steps, lr, momentum, nesterov, takes=1 - momentum)


def sgd_without_lookahead(x, H, steps, lr, momentum, nesterov):
    """Go on as plain momentum would."""
    return sgd(x, H, steps, lr, momentum, False)


def sgd_without_momentum(x, H, steps, lr, momentum, nesterov):
    """Forget the past."""
    return sgd(x, H, steps, lr, 0.0, False)


# ---- divided by the root of a sum, or of an average


def rooted(s, eps):
    """Return the right divisor."""
    return np.sqrt(s) + eps


def rooted_together(s, eps):
    """Put eps inside the root."""
    return np.sqrt(s + eps)


def unrooted(s, eps):
    """Forget the root."""
    return s + eps


def adagrad(x, H, steps, lr, eps, divisor=rooted, size=np.square, keeps=1.0, takes=1.0):
    """Divide by the root of the sum of squares, or of what else is said."""
    s = 0

    def step(x, g):
        nonlocal s
        s = keeps * s + takes * size(g)
        with np.errstate(divide="ignore", invalid="ignore"):
            return x - lr * g / divisor(s, eps)

    return path(step, x, H, steps)


def rmsprop(x, H, steps, lr, alpha, eps, divisor=rooted):
    """Divide by the root of the average square."""
    return adagrad(x, H, steps, lr, eps, divisor, keeps=alpha, takes=1 - alpha)


def rmsprop_taking_all(x, H, steps, lr, alpha, eps):
    """Add whole squares to the old average."""
    return adagrad(x, H, steps, lr, eps, keeps=alpha)


# ---- both at once


def adam(corrects=True, inside=False, stands=False):
    """Return Adam's rule, or that rule without correction, with eps inside, or with t standing."""

    def rule(x, H, steps, lr, beta1, beta2, eps, decay=lambda x, g: (x, g)):
        m = v = t = 0

        def step(x, g):
            nonlocal m, v, t
            t = 1 if stands else t + 1
            x, g = decay(x, g)
            m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
            m_, v_ = (m / (1 - beta1**t), v / (1 - beta2**t)) if corrects else (m, v)
            return x - lr * m_ / (rooted_together(v_, eps) if inside else rooted(v_, eps))

        return path(step, x, H, steps)

    return rule


def adamw(decayed):
    """Return Adam's rule that first lets `decayed(x, g, lr, weight_decay)` give x and g anew."""

    def rule(x, H, steps, lr, beta1, beta2, eps, weight_decay):
        decay = lambda x, g: decayed(x, g, lr, weight_decay)  # noqa: E731 (bound where it is used)
        return adam()(x, H, steps, lr, beta1, beta2, eps, decay)

    return rule


def apart(x, g, lr, weight_decay):
    """Decay as AdamW does."""
    return x * (1 - lr * weight_decay), g


def joined(x, g, lr, weight_decay):
    """Let the decay join the gradient, as an L2 penalty does."""
    return x, g + weight_decay * x


def unscaled(x, g, lr, weight_decay):
    """Decay by weight_decay, whatever the learning rate."""
    return x * (1 - weight_decay), g


def undecayed(x, g, lr, weight_decay):
    """Forget the decay."""
    return x, g
