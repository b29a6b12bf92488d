"""Sizes of what is convolved, unfolded, padded or multiplied."""

from lib.shapes.arguments import pair, per_axis, spatial_size, whole
from lib.shapes.pooling import output_size

LARGEST = 2**31 - 1


def conv_sizes(shape, weight, bias, n, stride=1, padding=0, dilation=1, groups=1):
    """Everything that a convolution over the last `n` axes needs, checked.

    Args:
        shape: the input's, (N, C, …) or (C, …).
        weight: the weight's shape, (O, C / groups, …) with n sizes of the kernel.
        bias: the bias's shape, (O,); None without one.
        n: number of spatial axes, 1 to 3.
        stride: as `dilation` one number, or one for each axis, at least 1.
        padding: numbers of cells on each side; "valid" for none; "same" for as many as keep the
            size, the odd one at the end.
        dilation: step between the cells of a window.
        groups: number of parts into which the channels, in and out, are shared out.

    Returns:
        sizes, kernel_size, stride, pads, dilation, out, groups: six tuples of n entries, of
        which those of pads are pairs, the cells before and after; and a number.

    Raises:
        ValueError: the shapes do not fit each other, a number is out of its range, no window
            fits, or "same" goes with a stride.
        TypeError: a number is not a whole one.

    Example:
        >>> conv_sizes((3, 8, 6), (16, 3, 3, 2), (16,), n=2, padding="same")[3:]
        (((1, 1), (0, 1)), (1, 1), (8, 6), 1)
    """
    sizes = spatial_size(shape, n)
    channels = tuple(shape)[-n - 1]
    k = _kernel_of(weight, n, groups)
    if channels != weight[1] * groups:
        raise ValueError(
            f"weight must have the axes (O, C / groups, kernel) with C = {channels} channels of x "
            f"and groups = {groups}, got shape {tuple(weight)}"
        )
    _one_bias_each(bias, weight[0])
    s = per_axis("stride", stride, n, minimum=1)
    d = per_axis("dilation", dilation, n, minimum=1)
    if padding == "same":
        if set(s) != {1}:
            raise ValueError(f'padding="same" needs a stride of 1, got {stride}')
        total = tuple(d_ * (k_ - 1) for d_, k_ in zip(d, k, strict=True))
        return sizes, k, s, tuple((t // 2, t - t // 2) for t in total), d, sizes, groups
    p = _numbers_of_padding(padding, n)
    out = tuple(output_size(*axis) for axis in zip(sizes, k, s, p, d, strict=True))
    return sizes, k, s, tuple((p_, p_) for p_ in p), d, out, groups


def conv_transpose_sizes(
    shape, weight, bias, n, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Everything that a transposed convolution over the last `n` axes needs, checked.

    out = (size − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1

    Args:
        shape: the input's, (N, C, …) or (C, …).
        weight: the weight's shape, (C, O / groups, …) with n sizes of the kernel.
        bias: the bias's shape, (O,); None without one.
        n: number of spatial axes, 1 to 3.
        stride: as all but `groups` one number, or one for each axis.
        padding: cells cut off on each side.
        output_padding: cells more at the end; less than the stride or than the dilation.
        groups: number of parts into which the channels, in and out, are shared out.
        dilation: step between the cells of a window.

    Returns:
        As `conv_sizes`, for the convolution that this one transposes: `sizes` are those of the
        result, `out` those of the input.

    Raises:
        ValueError: the shapes do not fit each other, a number is out of its range, or nothing
            is left of the result.
        TypeError: a number is not a whole one.

    Example:
        >>> conv_transpose_sizes((3, 4, 4), (3, 16, 2, 2), None, n=2, stride=2)[0]
        (8, 8)
    """
    sizes = spatial_size(shape, n)
    channels = tuple(shape)[-n - 1]
    k = _kernel_of(weight, n, groups)
    if channels != weight[0]:
        raise ValueError(
            f"weight must have the axes (C, O / groups, kernel) with C = {channels} channels of "
            f"x, got shape {tuple(weight)}"
        )
    _one_bias_each(bias, weight[1] * groups)
    s = per_axis("stride", stride, n, minimum=1)
    p = per_axis("padding", padding, n, minimum=0)
    more = per_axis("output_padding", output_padding, n, minimum=0)
    d = per_axis("dilation", dilation, n, minimum=1)
    if any(m >= max(s_, d_) for m, s_, d_ in zip(more, s, d, strict=True)):
        raise ValueError(
            f"output_padding must be less than the stride {s} or the dilation {d}, got {more}"
        )
    each = zip(sizes, k, s, p, more, d, strict=True)
    out = tuple((z - 1) * s_ - 2 * p_ + d_ * (k_ - 1) + m + 1 for z, k_, s_, p_, m, d_ in each)
    if min(out) < 1:
        raise ValueError(f"nothing is left: the padding {p} cuts the result down to {out}")
    return out, k, s, tuple((p_, p_) for p_ in p), d, sizes, groups


def unfold_sizes(shape, kernel_size, dilation=1, padding=0, stride=1):
    """Everything that needs to be known to lay the windows of an image side by side, checked.

    Args:
        shape: the input's, (N, C, H, W) or (C, H, W).
        kernel_size: as the others a number or a pair (height, width), at least 1.
        dilation: step between the cells of a window, at least 1.
        padding: cells added on each side, at least 0.
        stride: step between windows, at least 1.

    Returns:
        As `conv_sizes`, without groups.

    Raises:
        ValueError: the input has other axes, a number is out of its range, or no window fits.
        TypeError: a number is not a whole one.

    Example:
        >>> unfold_sizes((3, 8, 6), 2, stride=2)
        ((8, 6), (2, 2), (2, 2), ((0, 0), (0, 0)), (1, 1), (4, 3))
    """
    sizes = spatial_size(shape, 2)
    k, d = pair("kernel_size", kernel_size, 1), pair("dilation", dilation, 1)
    p, s = pair("padding", padding, 0), pair("stride", stride, 1)
    out = tuple(output_size(*axis) for axis in zip(sizes, k, s, p, d, strict=True))
    return sizes, k, s, tuple((p_, p_) for p_ in p), d, out


def fold_sizes(shape, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Everything that needs to be known to add windows up to an image again, checked.

    Args:
        shape: of the columns, (N, C·k·l, L) or (C·k·l, L), for a kernel of k × l cells and L
            windows.
        output_size: of the image, a number or a pair (height, width), at least 1.
        kernel_size: as the others in `unfold_sizes`.
        dilation: step between the cells of a window.
        padding: cells cut off on each side.
        stride: step between windows.

    Returns:
        As `conv_sizes`, without groups: `sizes` are those of the image.

    Raises:
        ValueError: the columns have other axes, their sizes are not those that `unfold_sizes`
            would give, a number is out of its range, or no window fits.
        TypeError: a number is not a whole one.

    Example:
        >>> fold_sizes((12, 12), (8, 6), 2, stride=2)[-1]
        (4, 3)
    """
    shape = tuple(shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise ValueError(
            f"x must have the axes (N, C·k·l, L) or (C·k·l, L), only N empty, got shape {shape}"
        )
    image = (1, *pair("output_size", output_size, 1))
    windows = unfold_sizes(image, kernel_size, dilation, padding, stride)
    (k, l), (rows, columns) = windows[1], windows[-1]
    if shape[-2] % (k * l) or shape[-1] != rows * columns:
        raise ValueError(
            f"x must have a multiple of {k}·{l} rows, one for each cell of the kernel, and "
            f"{rows}·{columns} columns, one for each window, got shape {shape}"
        )
    return windows


def linear_sizes(shape, weight, bias):
    """The shape of what a linear layer gives, its arguments' shapes checked.

    Args:
        shape: the input's, (…, I).
        weight: the weight's shape, (O, I), or (I,) for a result without an axis of its own.
        bias: the bias's shape, (O,) or (); None without one.

    Returns:
        A tuple of sizes, (…, O) or (…).

    Raises:
        ValueError: the shapes do not fit each other.

    Example:
        >>> linear_sizes((8, 5, 3), (10, 3), (10,))
        (8, 5, 10)
    """
    shape, weight = tuple(shape), tuple(weight)
    if not shape or len(weight) not in (1, 2) or shape[-1] != weight[-1]:
        raise ValueError(
            f"x must have the axes (…, I) and weight (O, I) or (I,), got shapes {shape} and "
            f"{weight}"
        )
    if bias is not None and tuple(bias) not in ((), weight[:-1]):
        raise ValueError(f"bias must have the shape {weight[:-1]} or (), got shape {tuple(bias)}")
    return (*shape[:-1], *weight[:-1])


def pad_sizes(shape, pad, mode="constant"):
    """How many cells a padding adds before and after, along each of the last axes, checked.

    Args:
        shape: the input's, any number of axes.
        pad: numbers of cells in pairs (before, after), the last axis first; a negative one cuts
            cells off. Modes other than "constant" take one to three pairs, for an input that has
            one or two axes more.
        mode: "constant", "reflect", "replicate" or "circular".

    Returns:
        A tuple of pairs (before, after), one for each padded axis, the last axis last.

    Raises:
        ValueError: the count of numbers is odd or does not fit the shape, more cells are cut off
            than there are, or more are asked for than a mode can give: less than the size for
            "reflect", what is left of it for "circular".
        TypeError: `pad` is no tuple or list of whole numbers.

    Example:
        >>> pad_sizes((3, 8, 6), (1, 2, 0, 3))
        ((0, 3), (1, 2))
    """
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad must be a tuple or list of whole numbers, got {pad!r}")
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        raise ValueError(
            f"pad must hold a pair of numbers for each of at most {len(shape)} axes, got {pad!r}"
        )
    numbers = [whole("pad", number) for number in pad]
    pairs = tuple(zip(numbers[::2], numbers[1::2], strict=True))[::-1]
    n = len(pairs)
    if mode != "constant":
        if not 1 <= n <= 3 or len(shape) not in (n + 1, n + 2):
            raise ValueError(
                f"mode {mode!r} pads all axes but one or two, the last one to three, got pad "
                f"{pad!r} for shape {tuple(shape)}"
            )
        if mode != "circular":
            spatial_size(shape, n)
    for size, margins in zip(shape[len(shape) - n :], pairs, strict=True):
        _check_pad(size, *margins, mode)
    return pairs


def padded_cells(size, before, after, mode):
    """Which cells of an axis stand before those that are kept, which are kept, and which after.

    Args:
        size: cells along the axis.
        before: cells added before, or cut off if negative.
        after: cells added after, or cut off if negative.
        mode: "reflect" about the first and the last cell, "replicate" these two, or begin the
            "circular" round again, with what is left of it where one side is cut off.

    Returns:
        ahead, kept, behind: a list, a range and a list of numbers from 0 to size − 1.

    Example:
        >>> padded_cells(4, 2, 1, "reflect"), padded_cells(4, -1, 1, "circular")
        (([2, 1], range(0, 4), [2]), ([], range(1, 4), [1]))
    """
    first, last = max(-before, 0), size + min(after, 0)
    kept = range(first, max(first, last))
    cells = range(-before, size + after)
    if mode == "reflect":
        cells = [size - 1 - abs(size - 1 - abs(place)) for place in cells]
    elif mode == "replicate":
        cells = [min(max(place, 0), size - 1) for place in cells]
    else:
        cells = [first + (place - first) % len(kept) for place in cells]
    end = max(before, 0)
    return cells[:end], kept, cells[end + len(kept) :]


def _kernel_of(weight, n, groups):
    """Return the sizes of the kernel that end a weight's shape."""
    whole("groups", groups, minimum=1)
    if len(weight) != n + 2 or 0 in weight:
        raise ValueError(f"weight must have {n + 2} axes, none empty, got shape {tuple(weight)}")
    if weight[0] % groups:
        raise ValueError(f"groups must divide the first size of weight, {weight[0]}, got {groups}")
    return tuple(weight[2:])


def _one_bias_each(bias, channels):
    if bias is not None and tuple(bias) != (channels,):
        raise ValueError(
            f"bias must have one number for each channel of the result, shape ({channels},), "
            f"got shape {tuple(bias)}"
        )


def _numbers_of_padding(padding, n):
    if isinstance(padding, str) and padding != "valid":
        raise ValueError(f'padding must be numbers, "same" or "valid", got {padding!r}')
    return per_axis("padding", 0 if padding == "valid" else padding, n, minimum=0)


def _check_pad(size, before, after, mode):
    left = size + min(before, 0) + min(after, 0)
    if mode in ("reflect", "replicate") and size + before + after < 1:
        raise ValueError(f"pad leaves nothing of {size} cells: {before} before and {after} after")
    if mode in ("constant", "circular") and left < 0:
        raise ValueError(f"pad cuts off more than there is: {before} and {after} cells of {size}")
    most = {"reflect": size - 1, "circular": left}.get(mode, LARGEST)
    if max(before, after) > most:
        raise ValueError(
            f"mode {mode!r} can add {most} cells to these {size} at most, got {before} before and "
            f"{after} after"
        )
