"""Curvature where it cannot be written down, and what gradient descent makes of it.

A loss is handled as a function `look` of one flat vector θ, (P,): it returns the loss and the
gradient, (P,). The matrix of its second derivatives, P × P, is never built: two gradients give
its product with a vector, and such products its largest eigenvalue, the *sharpness*.

The run: a network of tanh units on 200 digits, the squared error, every image in every step.
"""

import numpy as np

from lib import data
from lib.reference.initialization import xavier_normal
from lib.reference.optimizers import sgd_step
from lib.train import mlp

IMAGES = 200
SIZES = (64, 32, 32, 10)
SMALL = 0.5  # the first weights are half of Xavier's, so that the sharpness begins low
EVERY = 50  # steps from one measurement of the sharpness to the next
PRODUCTS = 8  # how many products a measurement takes; it goes on from the vector before


def some_digits(images):
    """The first `images` of the shuffled digits: x (images, 64), labels (images,)."""
    x, label = data.digits()
    order = np.random.default_rng(0).permutation(len(x))[:images]
    return x[order].reshape(images, -1), label[order]


def flat_loss(model, x, target):
    """See a model's loss on some data as a function of one vector.

    Args:
        model: a `lib.train.Model` in NumPy.
        x: inputs, (N, …).
        target: what the loss compares with.

    Returns:
        theta: all parameters in a row, (P,).
        look: theta → loss, gradient (P,).
    """
    shapes = [param.shape for param in model.params]
    cuts = np.cumsum([param.size for param in model.params])[:-1]

    def look(theta):
        parts = np.split(theta, cuts)
        params = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        loss, grads = model.gradients(params, x, target)
        return float(loss), np.concatenate([grad.ravel() for grad in grads])

    return np.concatenate([param.ravel() for param in model.params]), look


def hessian_product(look, theta, v, h=1e-5):
    """How the gradient changes along v: (g(θ + h·v) − g(θ − h·v)) / 2h, which tends to H·v."""
    return (look(theta + h * v)[1] - look(theta - h * v)[1]) / (2 * h)


def sharpness(look, theta, v, products):
    """Find the largest curvature by power iteration.

    Args:
        look: the loss, theta → loss, gradient (P,).
        theta: where, (P,).
        v: where to begin, (P,); a vector found before saves products.
        products: how many products with the Hessian to take, at least 1.

    Returns:
        (curvature, v): the largest eigenvalue, in size, and its vector, (P,), not of length 1.
    """
    for _ in range(products):
        v = v / np.linalg.norm(v)
        product = hessian_product(look, theta, v)
        curvature, v = float(v @ product), product
    return curvature, v


def start(seed):
    """The network of the experiment before training: theta, look, and the seed's generator."""
    x, label = some_digits(IMAGES)
    rng = np.random.default_rng(seed)
    options = {"activation": "tanh", "init": xavier_normal, "loss": "mse_loss"}
    model = mlp(rng, SIZES, dtype=np.float64, **options)
    theta, look = flat_loss(model, x, np.eye(10)[label])
    return SMALL * theta, look, rng


def run(seed, lr, steps):
    """Full-batch descent from one start: loss and sharpness at every `EVERY`-th step."""
    theta, look, rng = start(seed)
    v, found = rng.standard_normal(theta.size), {"loss": [], "sharpness": []}
    for step in range(steps + 1):
        loss, grad = look(theta)
        if step % EVERY == 0:
            curvature, v = sharpness(look, theta, v, PRODUCTS if step else 4 * PRODUCTS)
            found["loss"].append(loss)
            found["sharpness"].append(curvature)
        ((theta,), _) = sgd_step([theta], [grad], [{}], lr)
    return found
