"""Sizes: how large an output is, and what is wrong when there is none.

Both twins ask here, so that they agree on every size and complain in the same words.
Nothing is imported and nothing but whole numbers comes out.

Example:
    >>> output_size(224, kernel_size=7, stride=2, padding=3)
    112
"""

LARGEST = 2**31 - 1


def output_size(size, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """How many windows fit along one axis.

    out = floor((size + 2·padding − dilation·(kernel_size − 1) − 1) / stride) + 1

    With `ceil_mode` the division rounds up, so that a last window may hang over the end; it is
    dropped again if it would start in the padding beyond the end, and see no cell at all.

    Args:
        size: cells along the axis, at least 1.
        kernel_size: cells in a window, at least 1.
        stride: step between windows, at least 1; the kernel's size if None.
        padding: cells added on each side, at least 0.
        dilation: step between the cells of a window, at least 1.
        ceil_mode: whether to round up.

    Returns:
        The number of windows, at least 1.

    Raises:
        ValueError: a number is out of its range, or no window fits.
        TypeError: a number is not a whole one, or `ceil_mode` neither True nor False.

    Example:
        >>> output_size(5, kernel_size=2, stride=2), output_size(5, 2, 2, ceil_mode=True)
        (2, 3)
        >>> output_size(5, kernel_size=2, stride=3, padding=1, ceil_mode=True)  # one is dropped
        2
    """
    size = whole("size", size, minimum=1)
    kernel_size = whole("kernel_size", kernel_size, minimum=1)
    stride = kernel_size if stride is None else whole("stride", stride, minimum=1)
    padding = whole("padding", padding, minimum=0)
    dilation = whole("dilation", dilation, minimum=1)
    flag("ceil_mode", ceil_mode)
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (out - 1) * stride >= size + padding:
        out -= 1
    if out < 1:
        raise ValueError(
            f"no window fits: a kernel of {kernel_size} with dilation {dilation} spans "
            f"{dilation * (kernel_size - 1) + 1} cells, but {size} with a padding of {padding} "
            f"on each side make {size + 2 * padding}"
        )
    return out


def flag(name, value):
    """Return `value` if it is True or False.

    Raises:
        TypeError: it is anything else: the text "False", say, would count as true.

    Example:
        >>> flag("ceil_mode", True)
        True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return value


def whole(name, value, minimum=None):
    """Return `value` as an int, if it is a whole number, and at least `minimum` if given.

    Raises:
        TypeError: it is no whole number (True and False are none).
        ValueError: it is too small, or above 2³¹ − 1, as much as torch counts.

    Example:
        >>> whole("stride", 2, minimum=1)
        2
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    try:
        number = value.__index__()
    except TypeError:  # an array of several numbers has the method, but refuses
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None
    if minimum is not None and number < minimum:
        raise ValueError(f"{name} must be at least {minimum}, got {number}")
    if number > LARGEST:
        raise ValueError(f"{name} must be at most {LARGEST}, got {number}")
    return number


def per_axis(name, value, n, minimum):
    """Return one whole number for each of `n` axes; a single one stands for all.

    Raises:
        TypeError: `value` is neither a whole number nor a tuple or list of them.
        ValueError: their count is neither 1 nor `n`, or one is below `minimum`.

    Example:
        >>> per_axis("kernel_size", 3, n=2, minimum=1), per_axis("kernel_size", (2, 5), 2, 1)
        ((3, 3), (2, 5))
    """
    if not isinstance(value, (tuple, list)):
        return (whole(name, value, minimum),) * n
    if len(value) not in (1, n):
        raise ValueError(
            f"{name} must be one number or {n}, one for each axis, got {len(value)}: {value!r}"
        )
    return tuple(whole(name, v, minimum) for v in value) * (n // len(value))


def axis_of(name, value, ndim):
    """Return the number of one of `ndim` axes, counted from the front; −1 is the last.

    A scalar counts as having one axis, as in torch.

    Raises:
        TypeError: `value` is no whole number.
        ValueError: there is no such axis.

    Example:
        >>> axis_of("dim", -1, ndim=3), axis_of("dim", 0, ndim=0)
        (2, 0)
    """
    ndim, number = max(ndim, 1), whole(name, value)
    if not -ndim <= number < ndim:
        raise ValueError(f"{name} must be from {-ndim} to {ndim - 1}, got {number}")
    return number % ndim


def broadcast(**several):
    """Return the shape to which some shapes, given by the names of their arguments, broadcast.

    Raises:
        ValueError: they do not.

    Example:
        >>> broadcast(x=(5, 1, 3), target=(4, 3))
        (5, 4, 3)
    """
    longest = max(len(shape) for shape in several.values())
    padded = [(1,) * (longest - len(shape)) + tuple(shape) for shape in several.values()]
    axes = [{size for size in sizes if size != 1} for sizes in zip(*padded, strict=True)]
    if any(len(sizes) > 1 for sizes in axes):
        shapes = " and ".join(f"{name} {tuple(shape)}" for name, shape in several.items())
        raise ValueError(f"the shapes must broadcast to one, got {shapes}")
    return tuple(sizes.pop() if sizes else 1 for sizes in axes)


def axes_of(shape, least=0):
    """Return the sizes that a new array is to have as a tuple; a single one stands for one axis.

    Raises:
        TypeError: `shape` is neither a whole number nor a tuple or list of them.
        ValueError: a size is negative, or there are fewer than `least` axes.

    Example:
        >>> axes_of(3), axes_of([3, 5], least=2)
        ((3,), (3, 5))
    """
    several = shape if isinstance(shape, (tuple, list)) else (shape,)
    sizes = tuple(whole("a size in shape", size, minimum=0) for size in several)
    if len(sizes) < least:
        raise ValueError(f"shape must have at least {least} axes, got {sizes}")
    return sizes


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


def batch_norm_sizes(shape, training):
    """Return (N, C, L): samples, channels, and the cells that a sample has of each channel.

    Raises:
        ValueError: there is no axis of channels (an empty line has none, and needs none), or
            `training` on one value of each channel, which has no spread.
        TypeError: `training` is neither True nor False.

    Example:
        >>> batch_norm_sizes((8, 3, 4, 5), training=True)
        (8, 3, 20)
    """
    N, C, L = (0, 0, 1) if tuple(shape) == (0,) else _channel_sizes(shape)
    if flag("training", training):
        _refuse_one_value(N * L, "channel in training", shape)
    return N, C, L


def instance_norm_sizes(shape, use_input_stats):
    """Return (N, C, L) as `batch_norm_sizes` does; the values that count are a sample's.

    Raises:
        ValueError: there is no axis of channels, or `use_input_stats` on one cell a channel.
        TypeError: `use_input_stats` is neither True nor False.

    Example:
        >>> instance_norm_sizes((8, 3, 4, 5), use_input_stats=True)
        (8, 3, 20)
    """
    N, C, L = _channel_sizes(shape)
    if flag("use_input_stats", use_input_stats):
        _refuse_one_value(L, "channel of a sample", shape)
    return N, C, L


def group_norm_sizes(shape, num_groups):
    """Return (N, C, L) as `batch_norm_sizes` does, if the channels can be shared out in groups.

    Raises:
        ValueError: there is no axis of channels, `num_groups` does not divide them, or there is
            one sample with one value in each group.
        TypeError: `num_groups` is no whole number.

    Example:
        >>> group_norm_sizes((8, 6, 4, 5), num_groups=3)
        (8, 6, 20)
    """
    N, C, L = _channel_sizes(shape)
    if C % whole("num_groups", num_groups, minimum=1):
        raise ValueError(f"num_groups must divide the {C} channels of x, got {num_groups}")
    _refuse_one_value(N * (C // num_groups) * L, "group", shape)
    return N, C, L


def layer_norm_sizes(shape, normalized_shape):
    """Return (M, 1, L): so many parts are normalized alone, of so many cells each.

    Raises:
        ValueError: `normalized_shape` is empty, or not how `shape` ends.
        TypeError: it is no tuple or list of whole numbers.

    Example:
        >>> layer_norm_sizes((8, 6, 4, 5), (4, 5))
        (48, 1, 20)
    """
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(f"normalized_shape must be a tuple of sizes, got {normalized_shape!r}")
    sizes = tuple(whole("a size in normalized_shape", size, 0) for size in normalized_shape)
    apart = len(shape) - len(sizes)
    if not sizes or apart < 0 or tuple(shape[apart:]) != sizes:
        raise ValueError(
            "normalized_shape must be the last sizes of x, one at least, "
            f"of which the shape is {tuple(shape)}; got {sizes}"
        )
    M = L = 1
    for size in shape[:apart]:
        M *= size
    for size in sizes:
        L *= size
    return M, 1, L


def norm_axes(shape, dim, p):
    """Return the axes over which a p-norm runs: those of `dim`, or all if None or ().

    Raises:
        ValueError: there is no such axis, one is named twice, or one is empty where p is negative
            or infinite: nothing has no least or largest value.
        TypeError: `dim` is no whole number, nor a tuple or list of them, nor None.

    Example:
        >>> norm_axes((2, 3, 4), (0, -1), 2.0)
        (0, 2)
    """
    n = len(shape)
    several = dim if isinstance(dim, (tuple, list)) else (dim,)
    if dim is None or not several:
        several = range(n)
    axes = tuple(axis_of("dim", number, n) for number in several)
    if len(set(axes)) < len(axes):
        raise ValueError(f"dim must name each axis once, got {dim!r}")
    axes = axes if n else ()
    if (p < 0 or p == float("inf")) and any(shape[axis] == 0 for axis in axes):
        raise ValueError(f"x must not be empty along dim {dim!r} where p is {p}: {tuple(shape)}")
    return axes


def weight_norm_sizes(shape, dim):
    """Return the shape of the lengths of a weight's slices along `dim`, and all other axes.

    Raises:
        ValueError: there is no such axis, or none at all.
        TypeError: `dim` is neither a whole number nor None.

    Example:
        >>> weight_norm_sizes((8, 3, 5, 5), 0), weight_norm_sizes((8, 3), None)
        (((8, 1, 1, 1), (1, 2, 3)), ((), (0, 1)))
    """
    if not shape:
        raise ValueError("v must have one axis at least, got shape ()")
    if dim is None or whole("dim", dim) == -1:
        return (), tuple(range(len(shape)))
    kept = axis_of("dim", dim, len(shape))
    lengths = tuple(size if axis == kept else 1 for axis, size in enumerate(shape))
    return lengths, tuple(axis for axis in range(len(shape)) if axis != kept)


def folded_outputs(shape, transpose):
    """Return how many outputs a layer's weight has, into which a batch norm is to be folded.

    Raises:
        ValueError: the weight has fewer than two axes.
        TypeError: `transpose` is neither True nor False.

    Example:
        >>> folded_outputs((8, 3, 5, 5), transpose=False), folded_outputs((8, 3), transpose=True)
        (8, 3)
    """
    if len(shape) < 2:
        raise ValueError(f"weight must have the axes (O, I, …), got shape {tuple(shape)}")
    return shape[1 if flag("transpose", transpose) else 0]


def _channel_sizes(shape):
    if len(shape) < 2:
        raise ValueError(f"x must have the axes (N, C, …), got shape {tuple(shape)}")
    N, C, *cells = shape
    L = 1
    for size in cells:
        L *= size
    return N, C, L


def _refuse_one_value(count, where, shape):
    if count == 1:
        raise ValueError(
            f"x must have more than one value in each {where}: one has no spread; "
            f"got shape {tuple(shape)}"
        )


def spatial_size(shape, n, first_may_be_empty=False):
    """Return the last `n` sizes of an input that has the axes (N, C, *n more*) or (C, *n more*).

    Raises:
        ValueError: the number of axes is wrong, or another axis is empty than the batch (with
            `first_may_be_empty` than the first, be it the channels).

    Example:
        >>> spatial_size((16, 3, 32, 24), n=2)
        (32, 24)
    """
    shape = tuple(shape)
    if len(shape) not in (n + 1, n + 2):
        axes = ", ".join(("D", "H", "W")[-n:] if n > 1 else "L")
        raise ValueError(f"x must have the axes (N, C, {axes}) or (C, {axes}), got shape {shape}")
    if 0 in shape[1 if first_may_be_empty else -n - 1 :]:
        raise ValueError(f"no axis but the batch may be empty, got shape {shape}")
    return shape[-n:]


def pool_sizes(shape, n, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Everything that windows over the last `n` axes need, checked.

    Args:
        shape: the input's, (N, C, …) or (C, …).
        n: number of spatial axes, 1 to 3.
        kernel_size: as all up to `dilation` one number, or one for each axis; see `output_size`.
        stride: the kernel's size if None or ().
        padding: at most half the kernel.
        dilation: step between the cells of a window.
        ceil_mode: whether to round up.

    Returns:
        sizes, kernel_size, stride, padding, dilation, out: six tuples of n ints.

    Raises:
        ValueError: as `output_size` and `spatial_size`, or a padding of more than half a kernel.
        TypeError: a number is not a whole one.

    Example:
        >>> pool_sizes((1, 3, 8, 6), 2, kernel_size=2)
        ((8, 6), (2, 2), (2, 2), (0, 0), (1, 1), (4, 3))
    """
    sizes = spatial_size(shape, n)
    k = per_axis("kernel_size", kernel_size, n, minimum=1)
    no_stride = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    s = k if no_stride else per_axis("stride", stride, n, minimum=1)
    p = per_axis("padding", padding, n, minimum=0)
    d = per_axis("dilation", dilation, n, minimum=1)
    if any(2 * p_ > k_ for p_, k_ in zip(p, k, strict=True)):
        raise ValueError(f"padding must be at most half of kernel_size {k}, got {p}")
    each = zip(sizes, k, s, p, d, strict=True)
    return sizes, k, s, p, d, tuple(output_size(*numbers, ceil_mode) for numbers in each)


def adaptive_sizes(shape, n, output_size):
    """The input's and the output's sizes of an adaptive pooling over the last `n` axes.

    Args:
        shape: the input's, (N, C, …) or (C, …).
        n: number of spatial axes, 1 to 3.
        output_size: cells wanted, a number or one for each axis; None keeps an axis as it is.

    Returns:
        sizes, out: two tuples of n ints.

    Raises:
        ValueError: as `spatial_size`, or a wrong count of sizes, or a negative one.
        TypeError: a size is not a whole number.

    Example:
        >>> adaptive_sizes((3, 32, 24), 2, (None, 7))
        ((32, 24), (32, 7))
    """
    sizes = spatial_size(shape, n, first_may_be_empty=True)  # as in torch
    if output_size is None:
        raise TypeError(f"output_size must be a whole number or {n} of them, got None")
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(wanted) != n:
        raise ValueError(f"output_size must be one number or {n}, got {output_size!r}")
    kept = [size if want is None else want for size, want in zip(sizes, wanted, strict=True)]
    return sizes, tuple(whole("output_size", want, minimum=0) for want in kept)


def adaptive_window(i, size, out):
    """Start and end of window `i`, if `size` cells are shared out among `out` windows.

    start = floor(i·size / out),  end = ceil((i + 1)·size / out)

    Example:
        >>> [adaptive_window(i, 5, 3) for i in range(3)]
        [(0, 2), (1, 4), (3, 5)]
    """
    return i * size // out, -(-(i + 1) * size // out)


def unpool_sizes(shape, n, kernel_size, stride=None, padding=0, output_size=None):
    """The sizes that an unpooling over the last `n` axes gives back.

    out = (size − 1)·stride + kernel_size − 2·padding, unless `output_size` asks for another
    that lies less than a stride away (several sizes are pooled to one).

    Args:
        shape: of the pooled values, (N, C, …) or (C, …).
        n: number of spatial axes, 1 to 3.
        kernel_size: the pooling's, one number, or one for each axis, as the next two.
        stride: the pooling's; the kernel's size if None.
        padding: the pooling's.
        output_size: the sizes wanted, one for each spatial axis (or the whole (N, C, …) shape).

    Returns:
        A tuple of n ints.

    Raises:
        ValueError: as `spatial_size`, or `output_size` has a wrong length or cannot be.
        TypeError: a number is not a whole one.

    Example:
        >>> unpool_sizes((1, 3, 4, 4), 2, kernel_size=2, output_size=(9, 8))
        (9, 8)
    """
    sizes = spatial_size(shape, n)
    k = per_axis("kernel_size", kernel_size, n, minimum=1)
    s = k if stride is None else per_axis("stride", stride, n, minimum=1)
    p = per_axis("padding", padding, n, minimum=0)
    each = zip(sizes, k, s, p, strict=True)
    default = tuple((size - 1) * s_ + k_ - 2 * p_ for size, k_, s_, p_ in each)
    if output_size is not None and not isinstance(output_size, (tuple, list)):
        raise TypeError(
            f"output_size must be a tuple or list of {n} or {n + 2} numbers, got {output_size!r}"
        )
    wanted = default if output_size is None else tuple(output_size)
    wanted = wanted[2:] if len(wanted) == n + 2 else wanted
    if len(wanted) != n:
        raise ValueError(f"output_size must have {n} or {n + 2} numbers, got {output_size!r}")
    for axis, (want, usual, step) in enumerate(zip(wanted, default, s, strict=True)):
        if abs(whole("output_size", want, minimum=0) - usual) >= step:
            raise ValueError(
                f"output_size {wanted} cannot be: along axis {axis} it must lie between "
                f"{usual - step} and {usual + step}, both excluded"
            )
    return tuple(whole("output_size", want, minimum=0) for want in wanted)


def fractional_sizes(shape, n, kernel_size, output_size=None, output_ratio=None):
    """The sizes that fractional pooling over the last `n` axes needs, checked.

    Args:
        shape: the input's, (N, C, …) or (C, …).
        n: number of spatial axes, 2 or 3.
        kernel_size: side of a window, a number or one for each axis.
        output_size: cells wanted, a number or one for each axis; or else
        output_ratio: output over input, between 0 and 1, a number or one for each axis.

    Returns:
        sizes, kernel_size, out: three tuples of n ints.

    Raises:
        ValueError: as `spatial_size`; neither size nor ratio is given; or the windows, of
            which each must start at a cell of its own, do not fit.
        TypeError: a size is not a whole number, or a ratio is none at all.

    Example:
        >>> fractional_sizes((1, 3, 9, 7), 2, kernel_size=2, output_ratio=0.5)
        ((9, 7), (2, 2), (4, 3))
    """
    sizes = spatial_size(shape, n)
    k = per_axis("kernel_size", kernel_size, n, minimum=1)
    if output_size is None:
        if output_ratio is None:
            raise ValueError("expected an output_size or an output_ratio, got neither")
        several = isinstance(output_ratio, (tuple, list))
        ratios = tuple(output_ratio) if several else (output_ratio,) * n
        if not all(hasattr(ratio, "__float__") for ratio in ratios):
            raise TypeError(f"output_ratio must be a number or {n} of them, got {output_ratio!r}")
        if len(ratios) != n or not all(0 < ratio < 1 for ratio in ratios):
            raise ValueError(
                f"output_ratio must be one number or {n}, each between 0 and 1, "
                f"got {output_ratio!r}"
            )
        output_size = tuple(int(size * r) for size, r in zip(sizes, ratios, strict=True))
    out = per_axis("output_size", output_size, n, minimum=1)
    if any(o + k_ - 1 > size for size, k_, o in zip(sizes, k, out, strict=True)):
        raise ValueError(
            f"{out} windows of {k} cells do not fit into {sizes}: expected at most "
            f"{tuple(size - k_ + 1 for size, k_ in zip(sizes, k, strict=True))}"
        )
    return sizes, k, out


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
    k, d = _pair("kernel_size", kernel_size, 1), _pair("dilation", dilation, 1)
    p, s = _pair("padding", padding, 0), _pair("stride", stride, 1)
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
    image = (1, *_pair("output_size", output_size, 1))
    windows = unfold_sizes(image, kernel_size, dilation, padding, stride)
    (k, l), (rows, columns) = windows[1], windows[-1]
    if shape[-2] % (k * l) or shape[-1] != rows * columns:
        raise ValueError(
            f"x must have a multiple of {k}·{l} rows, one for each cell of the kernel, and "
            f"{rows}·{columns} columns, one for each window, got shape {shape}"
        )
    return windows


def _pair(name, value, minimum):
    """Return two numbers; unlike elsewhere in torch, a single one in a tuple is refused."""
    if isinstance(value, (tuple, list)) and len(value) != 2:
        raise ValueError(f"{name} must be one number or 2, got {len(value)}: {value!r}")
    return per_axis(name, value, 2, minimum)


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
    for size, pair in zip(shape[len(shape) - n :], pairs, strict=True):
        _check_pad(size, *pair, mode)
    return pairs


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
    for size in _tuple_of("places", places, minimum=0):
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
    for size in _tuple_of("kernel_size", kernel_size, minimum=1):
        inputs *= size
    return inputs


def _tuple_of(name, value, minimum):
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of whole numbers, got {value!r}")
    return tuple(whole(name, number, minimum) for number in value)
