"""Over which axes and groups is normalized."""

from lib.shapes.arguments import axis_of, flag, whole


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
