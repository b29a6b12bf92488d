"""What is asked of numbers, pairs and axes."""

LARGEST = 2**31 - 1


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


def pair(name, value, minimum):
    """Return two numbers; unlike elsewhere in torch, a single one in a tuple is refused."""
    if isinstance(value, (tuple, list)) and len(value) != 2:
        raise ValueError(f"{name} must be one number or 2, got {len(value)}: {value!r}")
    return per_axis(name, value, 2, minimum)


def tuple_of(name, value, minimum):
    """Return a tuple of whole numbers, none below the minimum, or say what else it is."""
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{name} must be a tuple of whole numbers, got {value!r}")
    return tuple(whole(name, number, minimum) for number in value)
