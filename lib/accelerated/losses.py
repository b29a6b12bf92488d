"""Losses in torch: the twin of `lib.reference.losses`, differentiable, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described; here `x` is a tensor of float16, bfloat16, float32 or float64 and the
result lies where x lies. Narrow floats are computed in float32. Backwards are autograd's; unlike
the reference's they reach targets and weights, too, if those ask for a gradient.

Nothing here calls torch's own losses, nor its softmax: the equations are spelled out.

Example:
    >>> import torch
    >>> x = torch.zeros(1, 3, requires_grad=True)
    >>> cross_entropy(x, torch.tensor([2])).backward()
    >>> x.grad
    tensor([[ 0.3333,  0.3333, -0.6667]])
"""

from lib.accelerated._losses_binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    focal_loss,
)
from lib.accelerated._losses_distribution import (
    gaussian_nll_loss,
    kl_div,
    poisson_nll_loss,
)
from lib.accelerated._losses_embedding import (
    cosine_embedding_loss,
    info_nce,
    triplet_margin_loss,
)
from lib.accelerated._losses_entropy import (
    cross_entropy,
    nll_loss,
)
from lib.accelerated._losses_margin import (
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    soft_margin_loss,
)
from lib.accelerated._losses_regression import (
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from lib.accelerated._losses_softmax import (
    log_softmax,
    logsumexp,
    softmax,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "focal_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "info_nce",
    "kl_div",
    "l1_loss",
    "log_softmax",
    "logsumexp",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "triplet_margin_loss",
]
