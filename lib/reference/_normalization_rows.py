"""Rows of cells that share a mean and a variance: what most normalizations do, there and back.

An array is seen as (N, C, L): sample, channel, cell. The L cells of a sample's channel are a row.
Instance norm gives each row a mean and a variance of its own; group norm lets the rows of some
channels share theirs, layer norm those of all channels, and batch norm the rows of one channel in
all samples.

Each row is looked at alone, in pieces that fit into the processor's cache, twice: for its mean,
and for its squared distance from it. Where rows share, Chan's rule merges what was found. So
nothing large is squared and taken from something large, as Σx² − n·mean² would, and no sum is
longer than a piece before it goes on in float64.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

CACHE = 2**20  # bytes of input worked on at once
LONGEST = 2**12  # cells of a piece
FAR = 16  # deviations between a mean and 0, above which it is subtracted first


class Moments(NamedTuple):
    """What is known of pieces, or of all pieces that share: float64, (N, C, pieces of a row).

    `count` cells have this `mean` and this sum of squared distances from it, `m2`; upstream
    slopes add up to `dy`, and times the distance from the mean to `dy_x`, 0 where none came.
    """

    count: np.ndarray
    mean: np.ndarray
    m2: np.ndarray
    dy: np.ndarray
    dy_x: np.ndarray

    @property
    def var(self):
        """The mean square of the distance from the mean."""
        return self.m2 / self.count


def moments(x, channels, whole_batch, dy=None):
    """Return the moments of the cells that each row shares with others, for each row again.

    These broadcast against (N, C, 1). `channels` neighbours share, in all samples if
    `whole_batch`.

    Chan's rule: the mean of all is the mean of the pieces' means, weighed by their counts; the
    distances from it are those from each piece's mean, and those of these means.

    Source: Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance.
    """
    if whole_batch and x.shape[2] == 1:  # to batch norm, samples of one cell are one long row
        x, dy = (None if a is None else a.transpose(2, 1, 0) for a in (x, dy))
    found = _pieces(x, dy)
    count = np.maximum(_shared(found.count, channels, whole_batch), 1)
    mean = _shared(found.count * found.mean, channels, whole_batch) / count
    apart = found.mean - mean
    m2 = _shared(found.m2 + found.count * apart**2, channels, whole_batch)
    dy_x = (found.dy_x + found.dy * apart).sum(axis=2, keepdims=True)
    return Moments(count, mean, m2, found.dy.sum(axis=2, keepdims=True), dy_x)


def standardized(x, mean, var, eps, weight=None, bias=None):
    """Return (x − mean) / √(var + eps) · weight + bias, dtype of x.

    mean and var broadcast against (N, C, 1); weight and bias are (C,) or None.
    """
    rstd = 1 / np.sqrt(var + eps)
    scale = per_row(weight, 1) * rstd
    center, shift = _halves(x, mean, rstd, scale, per_row(bias, 0))
    scale, shift = _numbers(x, scale, shift)
    y = np.empty(x.shape, x.dtype)
    for tile in reversed(_tiles(x)):  # the last ones are still in the cache
        scaled = _scaled(x, tile, center, scale)
        np.add(scaled, shift[tile[:2]], out=y[tile], casting="same_kind")
    return y


def standardized_backward(dy, x, channels, whole_batch, eps, weight=None):
    """Send dy back through `standardized`, whose mean and var were those of x itself.

    Returns dx, dweight and dbias. A cell moves y by itself, by moving the mean that it shares,
    and by moving the variance: dx = (g − average of g − x̂ · average of g·x̂) / √(var + eps),
    where g = weight · dy, x̂ is x standardized, and the averages run over the cells that share.
    """
    found = moments(x, channels, whole_batch, dy)
    rstd = 1 / np.sqrt(found.var + eps)
    w, dweight = per_row(weight, 1), found.dy_x * rstd
    by_mean = -rstd * _shared(w * found.dy, channels, whole_batch) / found.count
    by_x = -(rstd**2) * _shared(w * dweight, channels, whole_batch) / found.count
    center, shift = _halves(x, found.mean, rstd, by_x, by_mean)
    by_dy, by_x, shift = _numbers(x, w * rstd, by_x, shift)
    dx = np.empty(x.shape, x.dtype)
    for tile in reversed(_tiles(x)):  # the last ones are still in the cache
        scaled = _scaled(x, tile, center, by_x)
        scaled += shift[tile[:2]]
        np.add(scaled, _scaled(dy, tile, None, by_dy), out=dx[tile], casting="same_kind")
    return dx, dweight.sum(axis=(0, 2)), found.dy.sum(axis=(0, 2))


def scaled_backward(dy, x, mean, var, eps, weight=None):
    """Send dy back through `standardized` where mean and var were given; as above."""
    rstd = 1 / np.sqrt(var + eps)
    scale = per_row(weight, 1) * rstd
    dx = (dy * scale.astype(wide(x.dtype))).astype(x.dtype, copy=False)
    dweight = (dy * ((x - mean) * rstd)).sum(axis=(0, 2))
    return dx, dweight, dy.sum(axis=(0, 2), dtype=np.float64)


def per_row(values, default):
    """Return one value for each channel as (1, C, 1), float64; the default if there are none."""
    values = default if values is None else values
    return np.asarray(values, np.float64).reshape(1, -1, 1)


def wide(dtype):
    """Return the dtype to compute in: float16 is too narrow for a sum or a square."""
    return np.promote_types(dtype, np.float32)


def _pieces(x, dy=None, dtype=None):
    """Return the moments of each piece of each row."""
    N, C, L = x.shape
    dtype = dtype or wide(x.dtype)
    found = np.zeros((5, N, C, -(-L // LONGEST)))
    for tile in _tiles(x):
        n, c, cut = tile
        here = n, c, cut.start // LONGEST
        slopes = None if dy is None else _cells(dy, tile, dtype)
        for kind, values in zip(found, _tile(_cells(x, tile, dtype), slopes), strict=False):
            kind[here] = values
    if dtype != np.float64 and not np.isfinite(found[2]).all():  # a square may overflow float32
        return _pieces(x, dy, np.float64)
    return Moments(*found)


def _tile(cells, slopes=None):
    """Return count, mean, m2 (and dy, dy_x) of each row of a tile."""
    ones = np.ones(cells.shape[-1], cells.dtype)  # a dot product adds faster than a sum
    near = np.vecdot(cells, ones) / cells.dtype.type(len(ones))
    distance = cells - near[..., None]
    rest = np.vecdot(distance, ones).astype(np.float64) / len(ones)  # what rounding left of it
    rest[~np.isfinite(rest)] = 0
    yield len(ones)
    yield near + rest
    yield np.maximum(np.vecdot(distance, distance) - len(ones) * rest**2, 0)
    if slopes is not None:
        dy = np.vecdot(slopes, ones).astype(np.float64)
        yield dy
        yield np.vecdot(slopes, distance) - rest * dy


def _shared(values, channels, whole_batch):
    """Add up what rows share, (N, C, pieces) → (N, C, 1); each row is given the whole sum."""
    N, C, pieces = values.shape
    shape = N, C // max(1, channels), channels, 1
    axes = (0, 2, 3) if whole_batch else (2, 3)
    total = values.reshape(*shape[:3], pieces).sum(axes, keepdims=True)
    return np.broadcast_to(total, shape).reshape(N, C, 1)


def _halves(x, mean, rstd, scale, shift):
    """Return center and shift′: (x − mean) · scale + shift = (x − center) · scale + shift′.

    The center is what a row must lose before it is scaled, lest digits be lost: the mean, rounded
    to the dtype to compute in, where it is many deviations away from 0; nothing elsewhere, and
    None where no row needs it. The shift bears the rest.
    """
    center = np.where(np.abs(mean) * rstd > FAR, mean, 0).astype(wide(x.dtype))
    rest = np.where(np.isinf(center), 0, mean - center)
    (rows,) = _numbers(x, center)
    return rows if center.any() else None, shift - rest * scale


def _numbers(x, *several):
    """Return each as one number for each row of x, (N, C, 1), in the dtype to compute in."""
    rows = *x.shape[:2], 1
    return [np.broadcast_to(values.astype(wide(x.dtype)), rows) for values in several]


def _scaled(x, tile, center, scale):
    """Return (x − center) · scale of a tile; no center is 0."""
    cells, rows = _cells(x, tile, scale.dtype), tile[:2]
    if center is None:
        return cells * scale[rows]
    cells = cells - center[rows]
    cells *= scale[rows]
    return cells


def _tiles(x):
    """Yield slices that cover (N, C, L), as many cells each as the cache holds."""
    N, C, L = x.shape
    room = CACHE // x.itemsize
    channels = max(1, min(C, room // max(1, min(L, LONGEST))))
    samples = max(1, room // max(1, channels * L))
    return list(product(_cuts(N, samples), _cuts(C, channels), _cuts(L, LONGEST)))


def _cuts(size, step):
    return [slice(i, min(i + step, size)) for i in range(0, size, step)]


def _cells(x, tile, dtype):
    """Return a tile in a dtype, the cells of each row side by side."""
    cells = x[tile]
    order = "K" if cells.strides[-1] == cells.itemsize else "C"
    return cells.astype(dtype, order=order, copy=False)
