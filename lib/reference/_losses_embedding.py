"""Losses of what lies near what: vectors are compared, and no target is a number."""

import math
from functools import reduce

import numpy as np

from lib import shapes
from lib.reference._arguments import float_array, matching, number, sum_to, upstream
from lib.reference._losses_entropy import cross_entropy, cross_entropy_backward
from lib.reference._losses_tools import EPSILON, compared, exact, reduced, sign, slope_of_each

PAIRS = (0, 1), (0, 2), (1, 2)  # of anchor, positive and negative: near, far, and their swap


@np.errstate(all="ignore")  # ∞ and NaN are answers
def cosine_embedding_loss(x1, x2, target, margin=0, reduction="mean"):
    """Turn two vectors towards each other, or apart up to a margin, as the target says.

    loss = 1 − cos where the target is 1, max(0, cos − margin) where it is −1, 0 elsewhere; with
    cos = Σ x1·x2 / √((Σ x1² + 1e-12)·(Σ x2² + 1e-12))

    Args:
        x1: vectors, (N, D) or (D,), float.
        x2: vectors, as x1 or so that they broadcast against it; dtype of x1.
        target: 1 or −1, (N,) or () respectively; floats in the dtype of x1, or whole numbers.
        margin: the cosine below which nothing is turned any further; from −1 to 1 makes sense.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: (N,) or () for "none", else (); dtype of x1.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Bromley et al. (1993), Signature verification using a Siamese time delay neural
        network.

    Example:
        >>> x1, x2 = np.array([[3.0, 4.0], [3.0, 4.0]]), np.array([[4.0, 3.0], [4.0, 3.0]])
        >>> cosine_embedding_loss(x1, x2, np.array([1, -1]), margin=0.5, reduction="none")
        array([0.04, 0.46])
    """
    dtype, x1, x2, target, margin = _cosine_arguments(x1, x2, target, margin)
    cos, _, _ = _cosine(x1, x2)
    loss = np.where(target == 1, 1 - cos, 0)
    loss = loss + np.where(target == -1, np.maximum(cos - margin, 0), 0)
    return reduced(loss, reduction, dtype)


@np.errstate(all="ignore")
def cosine_embedding_loss_backward(dy, x1, x2, target, margin=0, reduction="mean"):
    """Return (dx1, dx2), where ∂cos/∂x1 = x2/√(…) − cos·x1/(Σ x1² + 1e-12), and likewise for x2.

    Example:
        >>> x1, x2 = np.array([[3.0, 4.0]]), np.array([[4.0, 3.0]])
        >>> cosine_embedding_loss_backward(np.array(1.0), x1, x2, np.array([-1]))
        (array([[ 0.0448, -0.0336]]), array([[-0.0336,  0.0448]]))
    """
    dtype, x1, x2, target, margin = _cosine_arguments(x1, x2, target, margin)
    cos, squared1, squared2 = _cosine(x1, x2)
    slope = ((target == -1) & (cos - margin >= 0)).astype(np.float64) - (target == 1)
    dcos = slope * slope_of_each(dy, slope, reduction, dtype)
    dcos, cos = sum_to(cos.shape, dcos)[..., None], cos[..., None]
    shape = np.broadcast_shapes(x1.shape, x2.shape)
    to_product = np.broadcast_to(dcos / np.sqrt(squared1 * squared2), shape)
    dx1 = sum_to(x1.shape, to_product * x2) - sum_to(x1.shape, dcos * cos * x1 / squared1)
    dx2 = sum_to(x2.shape, to_product * x1) - sum_to(x2.shape, dcos * cos * x2 / squared2)
    return dx1.astype(dtype), dx2.astype(dtype)


@np.errstate(all="ignore")
def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"
):
    """Ask that an anchor lie nearer to its like than to another, by a margin.

    loss = max(0, margin + d(anchor, positive) − d(anchor, negative)), where
    d(a, b) = (Σ |a − b + eps|ᵖ)^(1/p)

    Args:
        anchor: vectors, (…, D), float.
        positive: what is like the anchor; dtype of anchor, as many axes, and broadcast against
            it.
        negative: what is not, as `positive`.
        margin: how much nearer, above 0.
        p: exponent of the distance, any number; infinity for the largest difference, 0 for the
            number of differences.
        eps: added to each difference, and so keeps the slope finite where two vectors are equal.
        swap: whether to take d(positive, negative) where that is less than
            d(anchor, negative).
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: in the common shape without the last axis for "none", else (); dtype of anchor.

    Raises:
        ValueError: the shapes do not fit, margin is not above 0, or `reduction` is another word.
        TypeError: an argument is no array, or in another dtype.

    Source: Schroff, Kalenichenko & Philbin (2015), FaceNet: a unified embedding for face
        recognition and clustering; the swap: Balntas, Riba, Ponsa & Mikolajczyk (2016),
        Learning local feature descriptors with triplets and shallow convolutional neural
        networks.

    Example:
        >>> anchor, positive, negative = np.array([[0.0, 0], [3, 4], [6, 0]])[:, None]
        >>> triplet_margin_loss(anchor, positive, negative, margin=2.0, eps=0)  # 2 + 5 − 6
        array(1.)
    """
    _, lengths = _triplet(anchor, positive, negative, p, eps, swap)
    return reduced(np.maximum(_missed(lengths, margin), 0), reduction, anchor.dtype)


@np.errstate(all="ignore")
def triplet_margin_loss_backward(
    dy, anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"
):
    """Return (danchor, dpositive, dnegative): along the differences, where the margin is missed.

    Where `swap` finds both distances equal, each gets half of the slope, as in torch.

    Example:
        >>> anchor, positive, negative = np.array([[0.0, 0], [3, 4], [6, 0]])[:, None]
        >>> triplet_margin_loss_backward(np.array(1.0), anchor, positive, negative, 2.0, eps=0)
        (array([[ 0.4, -0.8]]), array([[0.6, 0.8]]), array([[-1.,  0.]]))
    """
    differences, lengths = _triplet(anchor, positive, negative, p, eps, swap)
    missed = _missed(lengths, margin)
    dloss = slope_of_each(dy, missed, reduction, anchor.dtype) * (missed >= 0)
    _, far, *other = lengths
    share = np.where(far == other[0], 0.5, far < other[0]) if swap else 1
    dlengths = dloss, -dloss * share, -dloss * (1 - share)
    slopes = [np.zeros(a.shape) for a in (anchor, positive, negative)]
    for (first, second), *of_pair in zip(PAIRS, dlengths, differences, lengths, strict=False):
        dlength, difference, length = of_pair
        to_pair = dlength[..., None] * _slope_of_length(difference, length, p)
        slopes[first] += sum_to(slopes[first].shape, to_pair)
        slopes[second] -= sum_to(slopes[second].shape, to_pair)
    return tuple(slope.astype(anchor.dtype) for slope in slopes)


@np.errstate(all="ignore")
def info_nce(query, positive, temperature=0.1, reduction="mean"):
    """Ask that each query recognise its own key among the keys of the whole batch.

    loss[n] = −log(exp(s[n, n]) / Σ over m of exp(s[n, m])), where s = query·positiveᵀ/temperature

    It is `cross_entropy`, the class of a query being its own number. The keys of the others are
    its negatives, so that a larger batch is a harder question. Lengths are not made equal here:
    divide each row by its length before for the cosine that most of today's methods take.

    Args:
        query: vectors, (N, D), float, at least one.
        positive: the key of each query, in the shape and dtype of `query`.
        temperature: what the products are divided by, above 0; the smaller, the more only the
            nearest negatives count.
        reduction: "none" for every loss, "sum" for their sum, "mean" for their mean.

    Returns:
        y: (N,) for "none", else (); dtype of query. At chance it is log N.

    Raises:
        ValueError: the shapes do not fit, temperature is not above 0, or `reduction` is another
            word.
        TypeError: an argument is no array, or in another dtype.

    Source: van den Oord, Li & Vinyals (2018), Representation learning with contrastive
        predictive coding.

    Example:
        >>> query, positive = np.array([[0.0], [1.0]]), np.log([[2.0], [3.0]])
        >>> np.exp(info_nce(query, positive, temperature=1.0, reduction="none")).round(4)
        array([2.    , 1.6667])
    """
    _, _, scores, labels = _recognised(query, positive, temperature)
    return cross_entropy(scores, labels, reduction=reduction).astype(query.dtype)


@np.errstate(all="ignore")
def info_nce_backward(dy, query, positive, temperature=0.1, reduction="mean"):
    """Return (dquery, dpositive): the slopes of the scores times what each score multiplies.

    Example:
        >>> query, positive = np.array([[1.0], [1.0]]), np.zeros((2, 1))
        >>> info_nce_backward(np.ones(2), query, positive, temperature=0.5, reduction="none")
        (array([[0.],
               [0.]]), array([[0.],
               [0.]]))
    """
    wide_query, wide_positive, scores, labels = _recognised(query, positive, temperature)
    dy = exact(upstream(dy, labels.shape if reduction == "none" else (), query.dtype))
    dscores = cross_entropy_backward(dy, scores, labels, reduction=reduction) / temperature
    dquery, dpositive = dscores @ wide_positive, dscores.T @ wide_query
    return dquery.astype(query.dtype), dpositive.astype(query.dtype)


def _cosine_arguments(x1, x2, target, margin):
    """Return the dtype; then in float64 x1 and x2; the target and the margin."""
    x1 = float_array("x1", x1)
    x2, target = matching("x2", x2, x1), compared("target", target, x1)
    if not x1.ndim == x2.ndim == target.ndim + 1 <= 2:
        raise ValueError(
            "x1, x2 and target must have the axes (N, D), (N, D) and (N,), or (D,), (D,) and (), "
            f"got shapes {x1.shape}, {x2.shape} and {target.shape}"
        )
    cos = shapes.broadcast(x1=x1.shape, x2=x2.shape)[:-1]
    shapes.broadcast(cosine=cos, target=target.shape)
    return x1.dtype, exact(x1), exact(x2), target, number("margin", margin)


def _cosine(x1, x2):
    """Return the cosine of each pair, and the squared lengths, of which the axis D is kept."""
    squared1 = np.sum(x1 * x1, axis=-1, keepdims=True) + EPSILON
    squared2 = np.sum(x2 * x2, axis=-1, keepdims=True) + EPSILON
    return np.sum(x1 * x2, axis=-1) / np.sqrt(squared1 * squared2)[..., 0], squared1, squared2


def _triplet(anchor, positive, negative, p, eps, swap):
    """Return the differences and their lengths: to positive, to negative; with `swap` between."""
    arguments = {"anchor": float_array("anchor", anchor)}
    arguments["positive"] = matching("positive", positive, anchor)
    arguments["negative"] = matching("negative", negative, anchor)
    if len({value.ndim for value in arguments.values()}) > 1:
        got = ", ".join(f"{name} {value.shape}" for name, value in arguments.items())
        raise ValueError(f"all must have the same number of axes, got the shapes {got}")
    shapes.broadcast(**{name: value.shape for name, value in arguments.items()})
    three = [exact(np.atleast_1d(value)) for value in arguments.values()]
    eps, p = number("eps", eps), number("p", p)
    pairs = PAIRS if shapes.flag("swap", swap) else PAIRS[:2]
    differences = [three[first] - three[second] + eps for first, second in pairs]
    return differences, [_length(difference, p) for difference in differences]


def _missed(lengths, margin):
    """Return by how much each margin is missed; negative where it is kept."""
    if number("margin", margin) <= 0:
        raise ValueError(f"margin must be above 0, got {margin!r}")
    near, *far = lengths
    return margin + near - reduce(np.minimum, far)


def _length(difference, p):
    z = np.abs(difference)
    if p == 0:
        return np.sum(difference != 0, axis=-1, dtype=np.float64)
    if math.isinf(p):
        return z.max(axis=-1) if p > 0 else z.min(axis=-1)
    return np.sum(z**p, axis=-1) ** (1 / p)


def _slope_of_length(difference, length, p):
    """Return the slope of a length along each difference; those that tie for the largest share."""
    z, length = np.abs(difference), length[..., None]
    if p == 0:
        return np.zeros_like(difference)
    if math.isinf(p):
        extreme = z == length
        each = sign(difference) / extreme.sum(axis=-1, keepdims=True)
        return np.where(extreme, each, 0)
    return np.where(difference == 0, 0, sign(difference) * (z / length) ** (p - 1))


def _recognised(query, positive, temperature):
    """Return query and positive in float64, the score of every pair, and each query's own key."""
    query = float_array("query", query)
    positive = matching("positive", positive, query)
    if query.ndim != 2 or not len(query) or positive.shape != query.shape:
        raise ValueError(
            "query and positive must both be (N, D), N at least 1, got shapes "
            f"{query.shape} and {positive.shape}"
        )
    if not 0 < number("temperature", temperature) < math.inf:
        raise ValueError(f"temperature must be above 0 and finite, got {temperature!r}")
    query, positive = exact(query), exact(positive)
    return query, positive, query @ positive.T / temperature, np.arange(len(query))
