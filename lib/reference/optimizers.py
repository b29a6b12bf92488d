"""Optimizers: how parameters follow their gradients, and how far at a time.

Plain descent goes against the gradient; momentum keeps going where it went; the adaptive ones
give each entry a pace of its own. An optimizer is a pair of functions without hidden state:

    state = adam_init(params, **options)
    params, state = adam_step(params, grads, state, **options)

params and grads are lists of arrays, state is a list of dictionaries with the keys of torch's
`state_dict`, so that torch's own state can be taken over. Both functions take the same options,
whose names, order, defaults and meaning are those of torch.optim. Nothing is written in place: a
step returns new arrays, in the dtypes of params; float16 is worked on in float32 and rounded once
a step, where torch rounds after every operation. A learning rate that changes is passed anew at
each step; the schedules give it as a function of the step.
"""

from lib.reference._optimizers_adam import (
    adam_init,
    adam_step,
    adamw_init,
    adamw_step,
)
from lib.reference._optimizers_adam_kin import (
    adamax_init,
    adamax_step,
    nadam_init,
    nadam_step,
    radam_init,
    radam_step,
)
from lib.reference._optimizers_adaptive import (
    adadelta_init,
    adadelta_step,
    adagrad_init,
    adagrad_step,
    rmsprop_init,
    rmsprop_step,
)
from lib.reference._optimizers_clipping import (
    clip_grad_norm,
    clip_grad_value,
)
from lib.reference._optimizers_descent import (
    lion_init,
    lion_step,
    rprop_init,
    rprop_step,
    sgd_init,
    sgd_step,
)
from lib.reference._optimizers_muon import (
    muon_init,
    muon_step,
)
from lib.reference._optimizers_schedules import (
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
