"""Pooling with a weighting: learned (GeM, attention), or fixed against aliasing (blur)."""

import math

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, number, parameter, sum_to, upstream
from lib.reference._pooling_windows import sliding, wide


@np.errstate(all="ignore")  # ∞ and NaN are answers
def gem_pool(x, p=3.0, eps=1e-6):
    """Take the generalised mean of each plane; its exponent is learned.

    y[n, c] = (mean of max(x[n, c], eps)ᵖ)^(1/p): the average at p = 1, the maximum as p → ∞.

    Args:
        x: sequences, images or volumes, (N, C, L), (N, C, H, W) or (N, C, D, H, W), float.
        p: exponent, finite and not 0: a number, a scalar array, or an array in the dtype of x that
            broadcasts against y, such as (C, 1, 1).
        eps: what smaller values are raised to, above 0.

    Returns:
        y: (N, C, 1, …), as many axes as x, dtype of x.

    Raises:
        ValueError: x has the wrong number of axes, p is 0, infinite or NaN or does not
            broadcast, or eps is not above 0.
        TypeError: x, p or eps is no float.

    Source: Radenović, Tolias & Chum (2019), Fine-tuning CNN image retrieval with no human
        annotation.

    Example:
        >>> gem_pool(np.array([[[3.0, 4.0]]]), p=2.0)  # √((9 + 16) / 2)
        array([[[3.53553391]]])
    """
    x, p, scale, _, mean = _gem(x, p, eps)
    return (scale * mean ** (1 / p)).astype(x.dtype)


@np.errstate(all="ignore")
def gem_pool_backward(dy, x, p=3.0, eps=1e-6):
    """Return (dx, dp). Values below eps get no slope.

    dx = dy·(x/y)^(p−1) / cells; dp = dy·y·(Σ xᵖ log x / Σ xᵖ − log(mean of xᵖ)/p) / p

    Example:
        >>> gem_pool_backward(np.array([[[2.0]]]), np.array([[[3.0, 5.0]]]), p=1.0)[0]
        array([[[1., 1.]]])
    """
    x, p, scale, ratio, mean = _gem(x, p, eps)
    dy = upstream(dy, mean.shape, x.dtype)
    axes = tuple(range(2, x.ndim))
    power = ratio**p
    dx = dy * mean ** (1 / p - 1) * ratio ** (p - 1) / math.prod(x.shape[2:])
    dx = np.where(x >= eps, dx, 0)
    weighted_log = np.mean(power * np.log(ratio), axis=axes, keepdims=True) / mean
    dp = dy * scale * mean ** (1 / p) * (weighted_log - np.log(mean) / p) / p
    return dx.astype(x.dtype), sum_to(p.shape, dp).astype(x.dtype)


def _gem(x, p, eps):
    """Return x, and in float64 p, each plane's maximum, x over it, and the mean of (x/max)ᵖ.

    Dividing by the maximum keeps the powers from overflowing.
    """
    x = float_array("x", x)
    if x.ndim not in (3, 4, 5) or 0 in x.shape[1:]:
        raise ValueError(
            "x must have the axes (N, C, L), (N, C, H, W) or (N, C, D, H, W), and cells, "
            f"got shape {x.shape}"
        )
    if not 0 < number("eps", eps) < math.inf:
        raise ValueError(f"eps must be above 0 and finite, got {eps!r}")
    axes = tuple(range(2, x.ndim))
    p = parameter("p", p, x, (*x.shape[:2], *(1,) * len(axes)))
    if not (np.isfinite(p) & (p != 0)).all():
        raise ValueError(f"p must be finite and not 0, as the mean divides by it, got {p}")
    clamped = np.maximum(x.astype(np.float64), float(eps))
    scale = clamped.max(axis=axes, keepdims=True)
    scale[np.isinf(scale)] = 1
    p, ratio = p.astype(np.float64), clamped / scale
    return x, p, scale, ratio, np.mean(ratio**p, axis=axes, keepdims=True)


@np.errstate(all="ignore")  # ∞ and NaN are answers
def blur_pool2d(x, kernel_size=3, stride=2):
    """Blur with a binomial filter, then keep every stride-th cell: subsampling without aliasing.

    The filter's weights are a row of Pascal's triangle, (1 2 1)/4 for a side of 3, along each
    axis. At the edges the image is reflected, the edge cell itself not repeated: (k − 1)//2
    cells before and k//2 after.

    Args:
        x: images, (N, C, H, W) or (C, H, W), float.
        kernel_size: side of the filter, cells: a number, or a pair (height, width).
        stride: step between the cells that are kept; a number or a pair.

    Returns:
        y: (N, C, I, J) or (C, I, J), dtype of x, where I = ceil(H/stride) for odd sides.

    Raises:
        ValueError: x has the wrong number of axes, or is too small to be reflected.
        TypeError: x is no array of floats, or an option is no whole number.

    Source: Zhang (2019), Making convolutional networks shift-invariant again.

    Example:
        >>> blur_pool2d(np.array([[[0.0, 4.0, 0.0, 4.0]] * 2]), kernel_size=(1, 3))
        array([[[2., 2.]]])
    """
    x, axes = _blur_axes(x, kernel_size, stride)
    y = x.astype(wide(x.dtype))
    for axis, weights, mirror, windows in axes:
        y = np.moveaxis(y, axis, 0)[mirror]
        y = sum(weights[j] * y[cells] for j, _, cells in windows.steps)
        y = np.moveaxis(y, 0, axis)
    return np.ascontiguousarray(y, x.dtype)


@np.errstate(all="ignore")
def blur_pool2d_backward(dy, x, kernel_size=3, stride=2):
    """Blur the slopes back over the cells that were read; reflected ones fold back.

    Example:
        >>> blur_pool2d_backward(np.array([[[4.0, 8.0]]]), np.ones((1, 1, 4)), (1, 3))
        array([[[2., 4., 4., 2.]]])
    """
    x, axes = _blur_axes(x, kernel_size, stride)
    y_shape = (*x.shape[:-2], *(len(windows.starts) for *_, windows in axes))
    dx = upstream(dy, y_shape, x.dtype).astype(wide(x.dtype))
    for axis, weights, mirror, windows in axes:
        dy = np.moveaxis(dx, axis, 0)
        mirrored = np.zeros((len(mirror), *dy.shape[1:]), dy.dtype)
        for j, _, cells in windows.steps:
            mirrored[cells] += weights[j] * dy
        dx = np.zeros((x.shape[axis], *dy.shape[1:]), dy.dtype)
        np.add.at(dx, mirror, mirrored)
        dx = np.moveaxis(dx, 0, axis)
    return np.ascontiguousarray(dx, x.dtype)


def _blur_axes(x, kernel_size, stride):
    """Return x and, for each axis, its number, weights, the cells once reflected, and windows."""
    x = float_array("x", x)
    sizes = shapes.spatial_size(x.shape, 2)
    kernel_size = shapes.per_axis("kernel_size", kernel_size, 2, minimum=1)
    stride = shapes.per_axis("stride", stride, 2, minimum=1)
    axes = []
    for axis, size, k in zip((-2, -1), sizes, kernel_size, strict=True):
        if k // 2 >= size:
            raise ValueError(f"a filter of {k} reflects {k // 2} cells, but x has {size}")
        mirror = np.abs(np.arange(-((k - 1) // 2), size + k // 2))
        mirror = np.where(mirror < size, mirror, 2 * (size - 1) - mirror)
        weights = [math.comb(k - 1, j) / 2 ** (k - 1) for j in range(k)]
        axes.append((axis, weights, mirror))
    shape = (*x.shape[:-2], *(len(mirror) for *_, mirror in axes))
    windows = sliding(2, shape, kernel_size, stride)
    return x, [(*axis, w) for axis, w in zip(axes, windows, strict=True)]


@np.errstate(all="ignore")  # ∞ and NaN are answers
def attention_pool(x, v, w, u=None):
    """Average a set of instances with weights that depend on them.

    y[n] = Σₖ a[n, k]·x[n, k], a[n] = softmax over k of w·tanh(v x[n, k]); if u is given, gated:
    w·(tanh(v x[n, k]) ⊙ sigmoid(u x[n, k])).

    Args:
        x: sets of instances, (N, K, M) or (K, M), float, at least one instance.
        v: (L, M), in the dtype of x, as all below.
        w: (L,).
        u: (L, M), or None for no gate.

    Returns:
        y: (N, M) or (M,), dtype of x. The order of the instances makes no difference.

    Raises:
        ValueError: a shape does not fit the others.
        TypeError: an argument is no array of floats, or in another dtype than x.

    Source: Ilse, Tomczak & Welling (2018), Attention-based deep multiple instance learning.

    Example:
        >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> attention_pool(x, v=np.zeros((3, 2)), w=np.ones(3))  # all alike: the mean
        array([0.5, 0.5])
    """
    dtype, x, v, w, u = _attention_arguments(x, v, w, u)
    weights = _attention(x, v, w, u)[0]
    return np.einsum("...k,...km->...m", weights, x).astype(dtype)


@np.errstate(all="ignore")
def attention_pool_backward(dy, x, v, w, u=None):
    """Return (dx, dv, dw, du); du is None if u is.

    Example:
        >>> x = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> dx, dv, dw, du = attention_pool_backward(np.ones(2), x, np.zeros((3, 2)), np.ones(3))
        >>> dx, du
        (array([[0.5, 0.5],
               [0.5, 0.5]]), None)
    """
    dtype, x, v, w, u = _attention_arguments(x, v, w, u)
    weights, tanh, gate = _attention(x, v, w, u)
    dy = upstream(dy, (*x.shape[:-2], x.shape[-1]), dtype).astype(x.dtype)
    dweights = np.einsum("...m,...km->...k", dy, x)
    dscore = weights * (dweights - np.sum(weights * dweights, axis=-1, keepdims=True))
    dw = np.einsum("nk,nkl->l", _sets(dscore, 2), _sets(tanh * gate, 3))
    dfeature = dscore[..., None] * w
    to_tanh = dfeature * gate * (1 - tanh * tanh)
    dv = np.einsum("nkl,nkm->lm", _sets(to_tanh, 3), _sets(x, 3))
    dx = weights[..., None] * dy[..., None, :] + to_tanh @ v
    if u is None:
        return dx.astype(dtype), dv.astype(dtype), dw.astype(dtype), None
    to_gate = dfeature * tanh * gate * (1 - gate)
    du = np.einsum("nkl,nkm->lm", _sets(to_gate, 3), _sets(x, 3))
    return tuple(d.astype(dtype) for d in (dx + to_gate @ u, dv, dw, du))


def _attention(x, v, w, u):
    """Return the weights (…, K), and tanh and gate (…, K, L) that made them."""
    tanh = np.tanh(x @ v.T)
    gate = np.ones((), x.dtype) if u is None else (1 + np.tanh(x @ u.T / 2)) / 2
    score = (tanh * gate) @ w
    weights = np.exp(score - score.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True), tanh, gate


def _sets(value, ndim):
    """Return the value with an axis for the sets, one long if there was none."""
    return value if value.ndim == ndim else value[None]


def _attention_arguments(x, v, w, u):
    """Return the dtype of all, and all in the dtype to add up in."""
    x = float_array("x", x)
    if x.ndim not in (2, 3) or 0 in x.shape[-2:]:
        raise ValueError(f"x must be (N, K, M) or (K, M), none empty but N, got shape {x.shape}")
    v, w = float_array("v", v), float_array("w", w)
    if v.ndim != 2 or v.shape[1] != x.shape[-1]:
        raise ValueError(f"v must be (L, M) with M = {x.shape[-1]}, got shape {v.shape}")
    if w.shape != v.shape[:1]:
        raise ValueError(f"w must be (L,) with L = {len(v)}, got shape {w.shape}")
    if u is not None and float_array("u", u).shape != v.shape:
        raise ValueError(f"u must have the shape of v, {v.shape}, got {u.shape}")
    for name, value in (("v", v), ("w", w), ("u", u)):
        if value is not None and value.dtype != x.dtype:
            raise TypeError(f"{name} must have the dtype of x, {x.dtype}, got {value.dtype}")
    wider = wide(x.dtype)
    u = None if u is None else u.astype(wider)
    return x.dtype, x.astype(wider), v.astype(wider), w.astype(wider), u
