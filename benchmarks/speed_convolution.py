"""The rows of the speed table for convolution: what is timed against what, and the goal.

Why the twins mostly stay behind the built-in on a CPU: they copy every window into a column, so
that memory carries each number as often as a kernel has cells, there and back. The built-in reads
the windows where they lie, and keeps a tile of the result in registers. It shows most where each
channel has kernels of its own: there is little to multiply, and the copies are all of the work.
Padding is one copy in the built-in, and one for each axis here.
"""

from functools import partial

import torch
import torch.nn.functional as built_in

from benchmarks.timing import Row
from lib.accelerated import convolution as twin
from lib.reference import convolution as reference

SHAPE = (16, 64, 56, 56)
ABOUT = {"shape": SHAPE}
LAYERS = {  # the operation, the shape of its weights, its options
    "conv2d 64 to 64, 3x3": ("conv2d", (64, 64, 3, 3), {"padding": 1}),
    "conv2d 64 to 64, 3x3 s2": ("conv2d", (64, 64, 3, 3), {"padding": 1, "stride": 2}),
    "conv2d 64 to 64, 1x1": ("conv2d", (64, 64, 1, 1), {}),
    "conv2d 64 apart, 3x3": ("conv2d", (64, 1, 3, 3), {"padding": 1, "groups": 64}),
    "conv_transpose2d 64 to 64, 3x3": ("conv_transpose2d", (64, 64, 3, 3), {"padding": 1}),
    "conv_transpose2d 64 to 64, 2x2 s2": ("conv_transpose2d", (64, 64, 2, 2), {"stride": 2}),
    "linear 56 to 64": ("linear", (64, 56), {}),
    "unfold 3x3": ("unfold", None, {"kernel_size": 3, "padding": 1}),
    "pad 1, reflect": ("pad", None, {"pad": (1, 1, 1, 1), "mode": "reflect"}),
}
GOALS = {"conv2d 64 to 64, 3x3": 2.5}
COMPILED = ["conv2d 64 to 64, 3x3", "conv_transpose2d 64 to 64, 3x3", "linear 56 to 64"]


def rows(device):
    """Yield every row that makes sense on a device; inputs are made as they are needed."""
    if device == "cpu":
        for layer in LAYERS:
            yield from numpy_rows(layer)
    for layout in ("contiguous", "channels_last"):
        for layer in LAYERS:
            what = f"twin / built-in: {layer}, {layout}"
            yield from twin_rows(what, layer, inputs(layer, device, layout))
    for layer in COMPILED:
        torch.compiler.reset()
        what = f"compiled twin / built-in: {layer}"
        yield from twin_rows(what, layer, inputs(layer, device), torch.compile)


def inputs(layer, device="cpu", layout="contiguous"):
    """Normal deviates: x in the given order of memory, weight and bias, if the layer has any."""
    generator = torch.Generator().manual_seed(0)
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    x = torch.randn(SHAPE, generator=generator).to(device, memory_format=layouts[layout])
    shape = LAYERS[layer][1]
    if shape is None:
        return [x]
    return [x, *(torch.randn(s, generator=generator).to(device) for s in (shape, (64,)))]


def operation(place, layer):
    """A module's layer as a function of its arrays alone."""
    name, _, options = LAYERS[layer]
    return lambda *arrays: getattr(place, name)(*arrays, **options)


def numpy_rows(layer):
    """NumPy over torch: forward, and backward with the slopes of all arrays."""
    name, _, options = LAYERS[layer]
    tensors = inputs(layer)
    arrays = [tensor.numpy() for tensor in tensors]
    ours, theirs = (operation(place, layer) for place in (reference, built_in))
    what = f"NumPy / torch: {layer}"
    yield Row(what, partial(ours, *arrays), partial(theirs, *tensors), GOALS.get(layer))
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    y = theirs(*leaves)
    dy = torch.ones_like(y)
    yield Row(
        f"{what}, backward",
        partial(getattr(reference, f"{name}_backward"), dy.numpy(), *arrays, **options),
        partial(torch.autograd.grad, y, leaves, dy, retain_graph=True),
    )


def twin_rows(what, layer, tensors, form=lambda call: call):
    """The twin over the built-in: a row for a look, and a row for a step of learning."""
    ours, theirs = form(operation(twin, layer)), operation(built_in, layer)
    yield Row(what, partial(ours, *tensors), partial(theirs, *tensors))
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    steps = (partial(learning, call, leaves) for call in (ours, theirs))
    yield Row(f"{what}, and backward", *steps)


def learning(call, leaves):
    """Forward and backward."""
    y = call(*leaves)
    return torch.autograd.grad(y, leaves, torch.ones_like(y))
