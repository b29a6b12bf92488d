"""Losses of what lies near what, in torch: vectors are compared."""

import math

import torch

from lib import shapes
from lib.accelerated._arguments import float_tensor, matching, number
from lib.accelerated._losses_entropy import cross_entropy
from lib.accelerated._losses_tools import EPSILON, compared, reduced, wide


def cosine_embedding_loss(x1, x2, target, margin=0, reduction="mean"):
    """Turn two vectors towards each other, or apart up to a margin, as the target says.

    Example:
        >>> import torch
        >>> x1, x2 = torch.tensor([[3.0, 4], [3, 4]]), torch.tensor([[4.0, 3], [4, 3]])
        >>> cosine_embedding_loss(x1, x2, torch.tensor([1, -1]), margin=0.5, reduction="none")
        tensor([0.0400, 0.4600])
    """
    x2, target = matching("x2", x2, float_tensor("x1", x1)), compared("target", target, x1)
    if not x1.dim() == x2.dim() == target.dim() + 1 <= 2:
        raise ValueError(
            "x1, x2 and target must have the axes (N, D), (N, D) and (N,), or (D,), (D,) and (), "
            f"got shapes {tuple(x1.shape)}, {tuple(x2.shape)} and {tuple(target.shape)}"
        )
    cosine = shapes.broadcast(x1=x1.shape, x2=x2.shape)[:-1]
    shapes.broadcast(cosine=cosine, target=target.shape)
    a, b = wide(x1), wide(x2)
    cos = (a * b).sum(-1) / torch.sqrt(((a * a).sum(-1) + EPSILON) * ((b * b).sum(-1) + EPSILON))
    apart = (cos - number("margin", margin)).clamp(min=0)
    loss = torch.where(target == 1, 1 - cos, 0) + torch.where(target == -1, apart, 0)
    return reduced(loss, reduction, x1.dtype)


def triplet_margin_loss(
    anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, reduction="mean"
):
    """Ask that an anchor lie nearer to its like than to another, by a margin.

    Example:
        >>> import torch
        >>> anchor, positive, negative = torch.tensor([[0.0, 0], [3, 4], [6, 0]])[:, None]
        >>> triplet_margin_loss(anchor, positive, negative, margin=2.0, eps=0)  # 2 + 5 − 6
        tensor(1.)
    """
    several = {"anchor": float_tensor("anchor", anchor)}
    several["positive"] = matching("positive", positive, anchor)
    several["negative"] = matching("negative", negative, anchor)
    if len({value.dim() for value in several.values()}) > 1:
        got = ", ".join(f"{name} {tuple(value.shape)}" for name, value in several.items())
        raise ValueError(f"all must have the same number of axes, got the shapes {got}")
    shapes.broadcast(**{name: value.shape for name, value in several.items()})
    if number("margin", margin) <= 0:
        raise ValueError(f"margin must be above 0, got {margin!r}")
    eps, p = number("eps", eps), number("p", p)
    a, b, c = (wide(value) for value in several.values())
    far = torch.linalg.vector_norm(a - c + eps, p, dim=-1)
    if shapes.flag("swap", swap):
        far = torch.minimum(far, torch.linalg.vector_norm(b - c + eps, p, dim=-1))
    missed = margin + torch.linalg.vector_norm(a - b + eps, p, dim=-1) - far
    return reduced(missed.clamp(min=0), reduction, anchor.dtype)


def info_nce(query, positive, temperature=0.1, reduction="mean"):
    """Ask that each query recognise its own key among the keys of the whole batch.

    Example:
        >>> import torch
        >>> query, positive = torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [3.0]]).log()
        >>> info_nce(query, positive, temperature=1.0, reduction="none").exp()
        tensor([2.0000, 1.6667])
    """
    positive = matching("positive", positive, float_tensor("query", query))
    if query.dim() != 2 or not len(query) or positive.shape != query.shape:
        raise ValueError(
            "query and positive must both be (N, D), N at least 1, got shapes "
            f"{tuple(query.shape)} and {tuple(positive.shape)}"
        )
    if not 0 < number("temperature", temperature) < math.inf:
        raise ValueError(f"temperature must be above 0 and finite, got {temperature!r}")
    scores = wide(query) @ wide(positive).T / temperature
    own = torch.arange(len(query), device=query.device)
    return cross_entropy(scores, own, reduction=reduction).to(query.dtype)
