"""Sizes that follow from the shape of a weight or of what is halved."""

from lib.shapes.arguments import axes_of, axis_of


def fans(shape):
    """How many inputs an output of a layer hears, and how many outputs an input speaks to.

    Args:
        shape: of the weights: (outputs, inputs), or (outputs, inputs, …) with a kernel's sizes.

    Returns:
        fan_in, fan_out: the second size and the first, each times the cells of the kernel.

    Raises:
        ValueError: there are fewer than two axes, or a size is negative.
        TypeError: a size is not a whole number.

    Example:
        >>> fans((16, 3, 5, 5))
        (75, 400)
    """
    outputs, inputs, *kernel = axes_of(shape, least=2)
    for size in kernel:
        outputs, inputs = outputs * size, inputs * size
    return inputs, outputs


def halved(shape, dim):
    """Return the number of an axis that can be halved.

    Raises:
        TypeError: `dim` is no whole number.
        ValueError: there is no such axis, or its size is odd.

    Example:
        >>> halved((3, 8), -1)
        1
    """
    dim = axis_of("dim", dim, len(shape))
    if not shape or shape[dim] % 2:
        raise ValueError(f"axis {dim} of x must have an even size, got shape {tuple(shape)}")
    return dim
