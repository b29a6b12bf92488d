"""The torch twins of the optimizers against the reference, wherever they run."""

import numpy as np
import torch
from numpy.testing import assert_allclose

from lib.accelerated import optimizers as accelerated
from lib.reference import optimizers as reference
from tests.operations import check_no_builtin, on_each_device, to_numpy
from tests.test_optimizers import every_case

SHAPES = {"muon": ((3, 2), (2, 5))}
ROUGH = {"muon": 2e-2}  # one rounding to bfloat16 may differ


def arrays(name, seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.standard_normal(shape), dtype)
        for shape in SHAPES.get(name, ((3, 2), (4,), (), (0, 2)))
    ]


def tensors(values, device="cpu"):
    return [v if v is None else torch.tensor(v, device=device) for v in values]


def both(name):
    return [
        [getattr(role, f"{name}_{what}") for what in ("init", "step")]
        for role in (reference, accelerated)
    ]


def check_alike(ours, theirs, tolerance):
    """Compare lists of arrays, or of dictionaries of them, with their torch counterparts."""
    for mine, other in zip(ours, theirs, strict=True):
        if isinstance(mine, dict):
            assert list(mine) == list(other)
            check_alike(mine.values(), other.values(), tolerance)
        elif mine is None:
            assert other is None
        else:
            close = {"rtol": tolerance, "atol": tolerance, "strict": True}
            assert_allclose(mine, to_numpy(other), **close)


@on_each_device
@every_case
def test_twins_agree_from_step_to_step(name, options, device):
    (init, step), (twin_init, twin_step) = both(name)
    params = arrays(name, 0)
    twins = tensors(params, device)
    state, twin_state = init(params, **options), twin_init(twins, **options)
    check_alike(state, twin_state, 0)
    for t in range(12):
        grads = arrays(name, t + 1)
        grads[1] = None if t == 5 else grads[1]
        params, state = step(params, grads, state, **options)
        twins, twin_state = twin_step(twins, tensors(grads, device), twin_state, **options)
        assert {x.device.type for x in twins} == {device}
        check_alike(params, twins, ROUGH.get(name, 1e-11))
        check_alike(state, twin_state, ROUGH.get(name, 1e-11))


def test_nothing_is_torchs_own_optimizer():
    check_no_builtin(
        "optimizers", {"optim", "clip_grad_norm_", "clip_grad_value_", "lr_scheduler"}
    )
