"""The Triton kernel of stochastic pooling, run on a CPU by Triton's interpreter.

Triton decides when it is imported whether its kernels are compiled or interpreted, so
test_pooling_twin.py runs this in a process of its own, with TRITON_INTERPRET=1.
"""

import itertools

import pytest
import torch
from stochastic_draws import assert_draws_in_proportion

from lib.accelerated import _pooling_stochastic, pooling


def results(use_kernel, u, x, dy, window):
    """Value, index and gradient, by the kernel or by the plain form."""
    _pooling_stochastic.has_kernel = lambda x: use_kernel
    leaf = x.clone().requires_grad_()
    y, index = pooling.stochastic_pool2d(u, leaf, *window, return_indices=True)
    y.backward(dy)
    return y.detach(), index, leaf.grad


def agrees_with_the_plain_form(window, dtype, layout, axes):
    """Same uniforms, same cells, same gradients; windows of zeros among them."""
    rng = torch.Generator().manual_seed(1)
    x = torch.rand(2, 3, 9, 8, generator=rng).to(dtype)
    x[x < 0.4] = 0
    x[0, 0, :4, :4] = 0
    x = x.contiguous(memory_format=layout) if axes == 4 else x[0]
    shape = pooling.max_pool2d(x, *window).shape
    u = torch.rand(shape, generator=rng).to(dtype).clamp(max=0.99)
    dy = torch.randn(shape, generator=rng).to(dtype)
    ours, plain = (results(use_kernel, u, x, dy, window) for use_kernel in (True, False))
    torch.testing.assert_close(ours, plain)
    assert (ours[0] == 0).any()


def turns_bad_cells_into_nan():
    """Where nobody looks beforehand, a negative cell must not pass for a probability."""
    x = torch.ones(1, 1, 2, 8)
    x[..., 0, 0], x[..., 0, 2], x[..., 0, 4] = -1, torch.nan, torch.inf
    y = pooling.stochastic_pool2d(torch.full((1, 1, 1, 4), 0.5), x, 2)
    assert y.isnan().tolist() == [[[[True, True, True, False]]]]


def main():
    """Check every case; an empty batch and a refusal of double backward, too."""
    from lib.accelerated import _pooling_stochastic_triton  # where Triton is not, pytest may look

    _pooling_stochastic_triton.BLOCK = 2**14  # the interpreter handles a block at a time
    windows = ((2,), (3, 1), (3, 2), (2, 3), ((2, 3), (1, 2)))
    narrow, usual, wide = torch.float16, torch.float32, torch.float64
    plain, last = torch.contiguous_format, torch.channels_last
    kinds = ((narrow, plain, 4), (usual, plain, 3), (usual, last, 4), (wide, plain, 4))
    for window, kind in itertools.product(windows, kinds):
        agrees_with_the_plain_form(window, *kind)
    _pooling_stochastic.has_kernel = lambda x: True
    for k, s in ((2, 2), (3, 1), (3, 2), (2, 3)):
        for dtype in (torch.float16, torch.float32):
            assert_draws_in_proportion(pooling.stochastic_pool2d, k, s, dtype)
    turns_bad_cells_into_nan()
    empty = torch.empty(0, 3, 4, 4, requires_grad=True)
    pooling.stochastic_pool2d(torch.Generator(), empty, 2).sum().backward()
    assert empty.grad.shape == empty.shape
    x = torch.rand(1, 1, 4, 4, requires_grad=True)
    y = pooling.stochastic_pool2d(torch.Generator(), x, 2)
    (dx,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiat"):
        dx.sum().backward()
    print("the kernel agrees")


if __name__ == "__main__":
    main()
