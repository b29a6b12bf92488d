"""Optimizers in torch: the twin of `lib.reference.optimizers`, on any device.

Every function has the name, the arguments and the meaning of its namesake in the reference,
where they are described. Parameters, gradients and state are dense tensors of float16, bfloat16,
float32 or float64; the results are new tensors that lie where they lie, detached from any graph.

Nothing here calls torch.optim. Each rule is a handful of operations on whole tensors, each of
which reads and writes memory; `torch.compile` makes one sweep of them.

Example:
    >>> import torch
    >>> x = torch.tensor([1.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> params, state = sgd_step([x], [x.grad], sgd_init([x], lr=0.25), lr=0.25)
    >>> params
    [tensor([0.5000])]
"""

from lib.accelerated._optimizers_adam import (
    adam_init,
    adam_step,
    adamw_init,
    adamw_step,
)
from lib.accelerated._optimizers_adam_kin import (
    adamax_init,
    adamax_step,
    nadam_init,
    nadam_step,
    radam_init,
    radam_step,
)
from lib.accelerated._optimizers_adaptive import (
    adadelta_init,
    adadelta_step,
    adagrad_init,
    adagrad_step,
    rmsprop_init,
    rmsprop_step,
)
from lib.accelerated._optimizers_clipping import (
    clip_grad_norm,
    clip_grad_value,
)
from lib.accelerated._optimizers_descent import (
    lion_init,
    lion_step,
    rprop_init,
    rprop_step,
    sgd_init,
    sgd_step,
)
from lib.accelerated._optimizers_muon import (
    muon_init,
    muon_step,
)
from lib.accelerated._optimizers_schedules import (
    cosine_annealing_lr,
    cosine_annealing_warm_restarts,
    exponential_lr,
    linear_lr,
    one_cycle_lr,
    step_lr,
    wsd_lr,
)

__all__ = [
    "adadelta_init",
    "adadelta_step",
    "adagrad_init",
    "adagrad_step",
    "adam_init",
    "adam_step",
    "adamax_init",
    "adamax_step",
    "adamw_init",
    "adamw_step",
    "clip_grad_norm",
    "clip_grad_value",
    "cosine_annealing_lr",
    "cosine_annealing_warm_restarts",
    "exponential_lr",
    "linear_lr",
    "lion_init",
    "lion_step",
    "muon_init",
    "muon_step",
    "nadam_init",
    "nadam_step",
    "one_cycle_lr",
    "radam_init",
    "radam_step",
    "rmsprop_init",
    "rmsprop_step",
    "rprop_init",
    "rprop_step",
    "sgd_init",
    "sgd_step",
    "step_lr",
    "wsd_lr",
]
