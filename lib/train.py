"""Training: a plain loop over the pieces, in NumPy or, with a device, in torch.

A model is a list of parameters and three functions of them. `mlp` and `cnn` build one from the
operations of `lib.reference`, whose backwards it calls one after the other, or of
`lib.accelerated`, where autograd does. Everything that is drawn, the parameters and the order of
the samples, comes from one `numpy.random.Generator`: a seed means the same run in both.

    rng = np.random.default_rng(0)
    model = mlp(rng, [64, 32, 10])                      # or mlp(…, device=best_device())
    model, history = train(rng, model, (x, target), optimizer="adam", lr=1e-3)

`lib.plotting.draw_history` draws what comes back.
"""

import math
import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from itertools import islice, pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from lib import shapes
from lib.reference.initialization import kaiming_normal, zeros
from lib.reference.minibatches import batches

EVALUATED = 512  # samples at a time where nothing is learned: quick, yet not all of memory


class Model(NamedTuple):
    """A network: what it has learned, and three functions.

    Attributes:
        params: list of parameters, arrays or tensors.
        forward: (params, x) → y, what the network says of a batch.
        loss: (y, target) → a number, the mean over the batch.
        gradients: (params, x, target) → loss, gradients, a list like params.
    """

    params: list
    forward: Callable
    loss: Callable
    gradients: Callable


class Layer(NamedTuple):
    """One operation of a chain.

    Attributes:
        name: topic and operation, such as "convolution.conv2d", or "flatten".
        params: its learned arguments, those after x.
        options: its other arguments, by name.
    """

    name: str
    params: tuple = ()
    options: Mapping = MappingProxyType({})


def mlp(
    rng,
    sizes,
    activation="relu",
    init=kaiming_normal,
    loss="cross_entropy",
    dtype=None,
    device=None,
):
    """Build a multilayer perceptron: linear layers with an activation between them.

    Args:
        rng: a `numpy.random.Generator`, from which the weights are drawn; biases start at 0.
        sizes: numbers of units, from the inputs to the outputs; images are flattened.
        activation: name of an operation in `lib.reference.activations`.
        init: what draws the weights of a layer: (rng, shape, dtype=…) → array. The default's
            own default suits a ReLU.
        loss: name of a loss in `lib.reference.losses`, of the outputs and the target.
        dtype: float16, float32 or float64; float32 if None.
        device: None for NumPy, or a device of torch, such as "cpu" or `best_device()`.

    Returns:
        A `Model`.

    Raises:
        ValueError: there are fewer than two sizes, or no operation of a given name.
        TypeError: a size is no whole number, or rng no generator.

    Example:
        >>> model = mlp(np.random.default_rng(0), [64, 32, 10])
        >>> [param.shape for param in model.params]
        [(32, 64), (32,), (10, 32), (10,)]
        >>> model.forward(model.params, np.zeros((5, 1, 8, 8), np.float32)).shape
        (5, 10)
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must have the inputs and the outputs at least, got {sizes!r}")
    layers = [Layer("flatten")]
    for inputs, outputs in pairwise(sizes):
        weights = _weights(rng, init, (outputs, inputs), dtype, device)
        layers += [Layer("convolution.linear", weights), Layer(f"activations.{activation}")]
    return chain(layers[:-1], loss)


def cnn(
    rng,
    image,
    channels,
    classes,
    activation="relu",
    init=kaiming_normal,
    loss="cross_entropy",
    dtype=None,
    device=None,
):
    """Build a small convolutional network: convolution, activation, pooling, … and a linear layer.

    Each stage has 3×3 kernels, padded so that sizes stay, and halves them by max pooling.

    Args:
        rng: a `numpy.random.Generator`, from which the weights are drawn; biases start at 0.
        image: shape of one image, (C, H, W); each pooling halves H and W, rounding down.
        channels: number of channels of each stage.
        classes: number of outputs.
        activation: name of an operation in `lib.reference.activations`.
        init: what draws the weights of a layer: (rng, shape, dtype=…) → array. The default's
            own default suits a ReLU.
        loss: name of a loss in `lib.reference.losses`, of the outputs and the target.
        dtype: float16, float32 or float64; float32 if None.
        device: None for NumPy, or a device of torch, such as "cpu" or `best_device()`.

    Returns:
        A `Model`.

    Raises:
        ValueError: the image has not three sizes or is too small to be halved so often, or
            there is no operation of a given name.
        TypeError: a size is no whole number, or rng no generator.

    Example:
        >>> model = cnn(np.random.default_rng(0), (1, 8, 8), [4, 8], 10)
        >>> [param.shape for param in model.params]
        [(4, 1, 3, 3), (4,), (8, 4, 3, 3), (8,), (10, 32), (10,)]
    """
    if len(image) != 3:
        raise ValueError(f"image must be the shape (C, H, W) of one image, got {image!r}")
    layers, (first, *sides) = [], image
    for inputs, outputs in pairwise([first, *channels]):
        weights = _weights(rng, init, (outputs, inputs, 3, 3), dtype, device)
        layers += [
            Layer("convolution.conv2d", weights, {"padding": 1}),
            Layer(f"activations.{activation}"),
            Layer("pooling.max_pool2d", options={"kernel_size": 2}),
        ]
        sides = [shapes.output_size(side, kernel_size=2) for side in sides]
    features = [first, *channels][-1] * math.prod(sides)
    weights = _weights(rng, init, (classes, features), dtype, device)
    return chain([*layers, Layer("flatten"), Layer("convolution.linear", weights)], loss)


def chain(layers, loss="cross_entropy"):
    """Build a model of layers, each of which hears what the one before says.

    Args:
        layers: `Layer`s, whose parameters are all arrays (NumPy) or all tensors (torch).
        loss: name of a loss in `lib.reference.losses`.

    Returns:
        A `Model`, whose params are those of all layers in order.

    Raises:
        ValueError: there is no operation of a given name, or nothing can be learned.

    Example:
        >>> layer = Layer("convolution.linear", (np.array([[2.0]]), np.array([1.0])))
        >>> model = chain([layer], loss="mse_loss")
        >>> model.gradients(model.params, np.array([[3.0]]), np.array([[6.0]]))
        (array(1.), [array([[6.]]), array([2.])])
    """
    params = [param for layer in layers for param in layer.params]
    if not params:
        raise ValueError("a chain needs a layer with parameters, got none")
    if isinstance(params[0], np.ndarray):
        return _in_numpy(layers, params, f"losses.{loss}")
    return _in_torch(layers, params, f"losses.{loss}")


def train(
    rng,
    model,
    data,
    held_out=None,
    optimizer="sgd",
    epochs=10,
    batch_size=32,
    progress=None,
    **options,
):
    """Train a model: in each epoch one step for each batch, in a new order.

    Args:
        rng: a `numpy.random.Generator`, from which the orders are drawn.
        model: a `Model`; it is not written to.
        data: (x, target), NumPy arrays of N samples each; they are moved to where the model is.
        held_out: (x, target) to evaluate on after each epoch, if any.
        optimizer: name of an optimizer, such as "sgd" for `sgd_init` and `sgd_step` of
            `lib.reference.optimizers`.
        epochs: how often every sample is seen.
        batch_size: samples a step.
        progress: whether to show a bar on the standard error; only in a terminal if None.
        options: the optimizer's; `lr` may be a function of the steps taken so far, such as a
            schedule.

    Returns:
        model: the same with other params.
        history: a dict of lists, with one entry for each epoch: `step`, steps taken by its end;
        `train_loss`, the mean over the epoch's batches, as they were before their steps; and,
        of what was held out, `validation_loss` and, where targets are classes,
        `validation_accuracy`, the share that is right.

    Raises:
        ValueError: there is no such optimizer, x and target differ in length, or a number is
            out of range.
        TypeError: a number has a wrong type, rng is no generator, or the optimizer has no such
            option.

    Example:
        >>> rng, x = np.random.default_rng(0), np.linspace(-1, 1, 20)[:, None]
        >>> model = mlp(rng, [1, 1], loss="mse_loss", dtype=np.float64)
        >>> model, history = train(rng, model, (x, 3 * x + 1), epochs=40, batch_size=5, lr=0.1)
        >>> [param.round(3).item() for param in model.params], history["step"][-1]
        ([3.0, 1.0], 160)
    """
    init, step = _optimizer(model.params, optimizer)
    x, target = _placed(model.params, data)
    params, state = model.params, init(model.params, **_at(0, options))
    history = {"step": [], "train_loss": []}
    steps = 0
    for epoch in range(shapes.whole("epochs", epochs, minimum=0)):
        losses = []
        for index in batches(rng, len(x), batch_size, shuffle=True):
            loss, grads = model.gradients(params, x[index], target[index])
            params, state = step(params, grads, state, **_at(steps, options))
            losses.append(len(index) * float(loss))
            steps += 1
        model = model._replace(params=params)
        _record(history, step=steps, train_loss=sum(losses) / len(x))
        if held_out is not None:
            _record(history, **_validation(*evaluate(model, held_out)))
        _show(progress, epoch + 1, epochs, history)
    return model, history


def evaluate(model, data):
    """Measure how good a model is.

    Args:
        model: a `Model`.
        data: (x, target), NumPy arrays of N samples each.

    Returns:
        loss: the mean over all samples.
        accuracy: the share of samples whose largest output is that of their class; None where
        the targets are no classes.

    Raises:
        ValueError: x and target differ in length, or are empty.

    Example:
        >>> layer = Layer("convolution.linear", (np.eye(2), np.zeros(2)))
        >>> loss, accuracy = evaluate(chain([layer]), (np.eye(2), np.array([0, 0])))
        >>> round(float(loss), 3), accuracy
        (0.813, 0.5)
    """
    x, target = _placed(model.params, data)
    classes, losses, right = np.asarray(data[1]).dtype.kind in "iu", [], 0
    for index in batches(None, len(x), EVALUATED):
        y = model.forward(model.params, x[index])
        losses.append(len(index) * float(model.loss(y, target[index])))
        if classes:
            right += int((y.argmax(1) == target[index]).sum())
    return sum(losses) / len(x), right / len(x) if classes else None


def best_device():
    """Return "cuda" if torch finds a GPU of that kind, or else "cpu".

    Example:
        >>> best_device() in ("cpu", "cuda")
        True
    """
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _in_numpy(layers, params, loss):
    counts = [len(layer.params) for layer in layers]
    operations = [_operation("reference", layer.name, layer.options) for layer in layers]
    backwards = [
        _operation("reference", f"{layer.name}_backward", layer.options) for layer in layers
    ]
    measure, measure_backward = (
        _operation("reference", loss + part) for part in ("", "_backward")
    )

    def forward(params, x):
        return _walk(operations, _parts(params, counts), x)[-1]

    def gradients(params, x, target):
        parts, grads = _parts(params, counts), []
        *inputs, y = _walk(operations, parts, x)
        value = measure(y, target)
        dy = measure_backward(np.ones_like(value), y, target)
        for backward, x, part in zip(backwards[::-1], inputs[::-1], parts[::-1], strict=True):
            slopes = backward(dy, x, *part)
            dy, *own = slopes if isinstance(slopes, tuple) else (slopes,)
            grads = own + grads
        return value, grads

    return Model(params, forward, measure, gradients)


def _in_torch(layers, params, loss):
    import torch

    counts = [len(layer.params) for layer in layers]
    operations = [_operation("accelerated", layer.name, layer.options) for layer in layers]
    measure = _operation("accelerated", loss)

    def forward(params, x):
        return _walk(operations, _parts(params, counts), x)[-1]

    def gradients(params, x, target):
        leaves = [param.detach().requires_grad_() for param in params]
        value = measure(forward(leaves, x), target)
        return value.detach(), list(torch.autograd.grad(value, leaves))

    return Model(params, forward, measure, gradients)


def _walk(operations, parts, x):
    """Return x and what each layer makes of it, the output last."""
    values = [x]
    for operation, part in zip(operations, parts, strict=True):
        values.append(operation(values[-1], *part))
    return values


def _parts(params, counts):
    """Share the parameters out among the layers."""
    params = iter(params)
    return [list(islice(params, count)) for count in counts]


def _operation(role, name, options=None):
    """Find an operation of a role by its name, and give it its options."""
    if name in LOCAL:
        return LOCAL[name]
    topic, _, wanted = name.partition(".")
    module = import_module(f"lib.{role}.{topic}")
    if wanted not in module.__all__:
        raise ValueError(f"expected an operation of lib.{role}.{topic}, got {wanted!r}")
    return partial(getattr(module, wanted), **(options or {}))


def _flatten(x):
    return x.reshape(len(x), -1)  # (N, …) → (N, D)


def _flatten_backward(dy, x):
    return dy.reshape(x.shape)


LOCAL = {"flatten": _flatten, "flatten_backward": _flatten_backward}


def _weights(rng, init, shape, dtype, device):
    """Draw the weights of a layer, and put them and biases of zero where they belong."""
    both = init(rng, shape, dtype=dtype), zeros(shape[0], dtype)
    if device is None:
        return both
    import torch

    return tuple(torch.tensor(param, device=device) for param in both)


def _placed(params, data):
    """Return x and target where the parameters are, and in their dtype, but whole numbers."""
    x, target = (np.asarray(each) for each in data)
    if not 0 < len(x) == len(target):
        raise ValueError(
            f"x and target must be as many, one at least, got {len(x)}, {len(target)}"
        )
    like, whole = params[0], target.dtype.kind in "iu"
    if isinstance(like, np.ndarray):
        return x.astype(like.dtype), target.astype(np.int64 if whole else like.dtype)
    import torch

    target = torch.tensor(target, device=like.device)
    return like.new_tensor(x), target.to(torch.int64 if whole else like.dtype)


def _optimizer(params, name):
    role = "reference" if isinstance(params[0], np.ndarray) else "accelerated"
    module = import_module(f"lib.{role}.optimizers")
    known = [each.removesuffix("_step") for each in module.__all__ if each.endswith("_step")]
    if name not in known:
        raise ValueError(f"optimizer must be one of {known}, got {name!r}")
    return getattr(module, f"{name}_init"), getattr(module, f"{name}_step")


def _at(step, options):
    """Return the options of a step: a learning rate that is a schedule is asked for its value."""
    return {key: value(step) if callable(value) else value for key, value in options.items()}


def _validation(loss, accuracy):
    both = {"validation_loss": loss, "validation_accuracy": accuracy}
    return {key: value for key, value in both.items() if value is not None}


def _record(history, **values):
    for key, value in values.items():
        history.setdefault(key, []).append(value)


def _show(progress, epoch, epochs, history):
    """Draw the bar anew over itself; a page that is executed has no terminal and stays clean."""
    if sys.stderr.isatty() if progress is None else progress:
        bar = f"{'█' * (20 * epoch // epochs):░<20}"
        numbers = ", ".join(f"{key} {values[-1]:.4g}" for key, values in history.items())
        end = "\n" if epoch == epochs else ""
        print(f"\r{bar} epoch {epoch}/{epochs}: {numbers}", end=end, file=sys.stderr, flush=True)
