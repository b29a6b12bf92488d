"""Sizes of pooled images, and where each window lies."""

from lib.shapes.arguments import flag, per_axis, spatial_size, whole


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
