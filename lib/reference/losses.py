"""Losses: how wrong a prediction is, in one number that a training step can make smaller.

Each has its file beside this one, `_losses_<kind>.py`, by what is predicted: a number
(regression), a distribution, yes or no (binary), a class (entropy), a score that should keep its
distance (margin), or a place among others (embedding). Softmax stands with them, since scores
become probabilities there.

Names, order of arguments, defaults and meaning are those of torch.nn.functional, whose `input`
is our `x`. Every function keeps float16, float32 or float64 and never writes into its arguments.
A `_backward` takes the upstream gradient `dy`, in the shape and dtype of y, and then forward's
own arguments; targets and weights get no gradient.
"""

from lib.reference._losses_binary import (
    binary_cross_entropy,
    binary_cross_entropy_backward,
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
    focal_loss,
    focal_loss_backward,
)
from lib.reference._losses_distribution import (
    gaussian_nll_loss,
    gaussian_nll_loss_backward,
    kl_div,
    kl_div_backward,
    poisson_nll_loss,
    poisson_nll_loss_backward,
)
from lib.reference._losses_embedding import (
    cosine_embedding_loss,
    cosine_embedding_loss_backward,
    info_nce,
    info_nce_backward,
    triplet_margin_loss,
    triplet_margin_loss_backward,
)
from lib.reference._losses_entropy import (
    cross_entropy,
    cross_entropy_backward,
    nll_loss,
    nll_loss_backward,
)
from lib.reference._losses_margin import (
    hinge_embedding_loss,
    hinge_embedding_loss_backward,
    margin_ranking_loss,
    margin_ranking_loss_backward,
    multi_margin_loss,
    multi_margin_loss_backward,
    soft_margin_loss,
    soft_margin_loss_backward,
)
from lib.reference._losses_regression import (
    huber_loss,
    huber_loss_backward,
    l1_loss,
    l1_loss_backward,
    mse_loss,
    mse_loss_backward,
    smooth_l1_loss,
    smooth_l1_loss_backward,
)
from lib.reference._losses_softmax import (
    log_softmax,
    log_softmax_backward,
    logsumexp,
    logsumexp_backward,
    softmax,
    softmax_backward,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "cosine_embedding_loss",
    "cosine_embedding_loss_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "focal_loss",
    "focal_loss_backward",
    "gaussian_nll_loss",
    "gaussian_nll_loss_backward",
    "hinge_embedding_loss",
    "hinge_embedding_loss_backward",
    "huber_loss",
    "huber_loss_backward",
    "info_nce",
    "info_nce_backward",
    "kl_div",
    "kl_div_backward",
    "l1_loss",
    "l1_loss_backward",
    "log_softmax",
    "log_softmax_backward",
    "logsumexp",
    "logsumexp_backward",
    "margin_ranking_loss",
    "margin_ranking_loss_backward",
    "mse_loss",
    "mse_loss_backward",
    "multi_margin_loss",
    "multi_margin_loss_backward",
    "nll_loss",
    "nll_loss_backward",
    "poisson_nll_loss",
    "poisson_nll_loss_backward",
    "smooth_l1_loss",
    "smooth_l1_loss_backward",
    "soft_margin_loss",
    "soft_margin_loss_backward",
    "softmax",
    "softmax_backward",
    "triplet_margin_loss",
    "triplet_margin_loss_backward",
]
