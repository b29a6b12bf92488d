"""What a stack of layers sees, holds and computes."""

from lib.shapes.arguments import flag, tuple_of, whole


def receptive_field(layers):
    """How many cells of the input one cell of the output depends on, along one axis.

    r = 1 + Σ_l (kernel_size_l − 1) · dilation_l · (product of the strides before layer l)

    Args:
        layers: from the input to the output, of convolutions or poolings: kernel sizes, or
            tuples (kernel_size, stride, dilation), of which the latter two may be left out and
            are then 1.

    Returns:
        A number of cells, at least 1.

    Raises:
        ValueError: a number is below 1, or a layer has none or more than three.
        TypeError: a number is not a whole one.

    Source: Araujo, Norris & Sim (2019), Computing receptive fields of convolutional neural
    networks.

    Example:
        >>> receptive_field([3, 3]), receptive_field([(7, 2), (3, 2), 3])
        (5, 19)
    """
    seen, step = 1, 1
    for layer in layers:
        numbers = tuple(layer) if isinstance(layer, (tuple, list)) else (layer,)
        if not 1 <= len(numbers) <= 3:
            raise ValueError(
                f"a layer must be (kernel_size, stride, dilation) or less, got {layer!r}"
            )
        k, s, d = (whole("a layer's number", number, minimum=1) for number in (*numbers, 1, 1)[:3])
        seen += (k - 1) * d * step
        step *= s
    return seen


def parameter_count(in_channels, out_channels, kernel_size=(), groups=1, bias=True):
    """How many numbers a convolution, transposed or not, or a linear layer learns.

    out_channels · (in_channels / groups) · (cells of the kernel) + out_channels for the bias

    Args:
        in_channels: channels of the input, at least 1.
        out_channels: channels of the output, at least 1.
        kernel_size: a tuple with a number for each axis; () for a linear layer.
        groups: number of parts into which the channels are shared out.
        bias: whether there is one.

    Returns:
        A number.

    Raises:
        ValueError: a number is below 1, or groups does not divide the channels.
        TypeError: a number is not a whole one, kernel_size no tuple, or bias neither True nor
            False.

    Example:
        >>> parameter_count(3, 64, (3, 3)), parameter_count(512, 10)
        (1792, 5130)
    """
    weights = out_channels * _inputs_of_each(in_channels, out_channels, kernel_size, groups)
    return weights + (out_channels if flag("bias", bias) else 0)


def operation_count(in_channels, out_channels, kernel_size=(), places=(1,), groups=1):
    """How many multiplications and additions a convolution or a linear layer takes, forward.

    2 · places · out_channels · (in_channels / groups) · (cells of the kernel)

    A multiplication and its addition count as two operations; some count them as one. The bias
    is not counted. Forward and backward together take three times as many.

    Args:
        in_channels: channels of the input, at least 1.
        out_channels: channels of the output, at least 1.
        kernel_size: a tuple with a number for each axis; () for a linear layer.
        places: a tuple of sizes whose product tells how often the kernel is laid down: of the
            output, or of the input for a transposed convolution, the batch included.
        groups: number of parts into which the channels are shared out.

    Returns:
        A number.

    Raises:
        ValueError: a number is below 1 (below 0 for places), or groups does not divide the
            channels.
        TypeError: a number is not a whole one, or kernel_size or places no tuple.

    Example:
        >>> operation_count(64, 64, (3, 3), (56, 56)), operation_count(512, 10)
        (231211008, 10240)
    """
    count = 2 * out_channels * _inputs_of_each(in_channels, out_channels, kernel_size, groups)
    for size in tuple_of("places", places, minimum=0):
        count *= size
    return count


def _inputs_of_each(in_channels, out_channels, kernel_size, groups):
    """Return how many numbers of the input one number of the output is made of."""
    whole("in_channels", in_channels, minimum=1)
    whole("out_channels", out_channels, minimum=1)
    if in_channels % whole("groups", groups, minimum=1) or out_channels % groups:
        raise ValueError(
            f"groups must divide the channels in and out, {in_channels} and {out_channels}, "
            f"got {groups}"
        )
    inputs = in_channels // groups
    for size in tuple_of("kernel_size", kernel_size, minimum=1):
        inputs *= size
    return inputs
