"""Whether stochastic pooling draws in proportion: for the plain form and for the kernel."""

import numpy as np
import torch
from scipy.stats import chisquare


def assert_draws_in_proportion(pool, kernel_size, stride, dtype, device="cpu"):
    """Hold a tally of the drawn cells, by their number in the window, against their odds.

    Windows of weights 0 … k² − 1, tiled so that every overlapping window holds each weight once:
    x[i, j] = weight[i mod k, j mod k]. The cell of weight 0 must never come.
    """
    k = kernel_size
    weights = torch.arange(k * k, device=device).view(k, k)
    x = weights.repeat(5, 4, 60 // k, 60 // k).to(dtype)
    rng = torch.Generator(device).manual_seed(7)
    drawn = torch.cat([pool(rng, x, k, stride).flatten() for _ in range(3)])
    seen = np.bincount(drawn.cpu().long().numpy(), minlength=k * k)
    odds = np.arange(k * k) / np.arange(k * k).sum()
    assert seen[0] == 0
    assert chisquare(seen[1:], odds[1:] * seen.sum()).pvalue > 1e-3, (k, stride, dtype)
