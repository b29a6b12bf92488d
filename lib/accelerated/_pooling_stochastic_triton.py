"""Stochastic pooling as one kernel each way, for GPUs; imported only where Triton is.

Forward reads x once and writes the drawn value and, in one byte, the number of its cell in the
window. Backward gathers: each input cell asks the few windows that cover it, so that nothing is
added up by several threads at once.
"""

import torch
import triton
import triton.language as tl

from lib.accelerated._arguments import uniforms

BLOCK = 512
ZEROS = 255  # where a drawn cell's number would stand: a window of zeros, which learns nothing


def stochastic_pool2d(rng, x, k, s, out):
    """Return y and the number of the drawn cell of each window, uint8."""
    batch = x if x.dim() == 4 else x[None]
    if isinstance(rng, torch.Generator):
        u = torch.randint(2**62, (1,), generator=rng, device=rng.device).to(x.device)
    else:
        u = uniforms(rng, (*x.shape[:-2], *out), x, x.dtype).view(*batch.shape[:2], *out)
    y, code = _Draw.apply(batch, u, k, s, out)
    code = code.where(code != ZEROS, 0)
    return (y, code) if x.dim() == 4 else (y[0], code[0])


class _Draw(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, u, k, s, out):
        ctx.last = x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
        ctx.layout = torch.channels_last if ctx.last else torch.contiguous_format
        ctx.sizes, ctx.shape = (*x.shape[1:], *out, *k, *s), x.shape
        x, u = x.contiguous(memory_format=ctx.layout), u.contiguous(**_layout(u, ctx.layout))
        options = {"device": x.device, "memory_format": ctx.layout}
        y = torch.empty(*x.shape[:2], *out, dtype=x.dtype, **options)
        code = torch.empty(y.shape, dtype=torch.uint8, **options)
        if y.numel():
            grid = (triton.cdiv(y.numel(), BLOCK),)
            _forward[grid](x, u, y, code, y.numel(), *ctx.sizes, u.dim() == 1, ctx.last, BLOCK)
        ctx.save_for_backward(code)
        ctx.mark_non_differentiable(code)
        return y, code

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dy, _):
        (code,) = ctx.saved_tensors
        dy = dy.contiguous(memory_format=ctx.layout)
        dx = torch.empty(ctx.shape, dtype=dy.dtype, device=dy.device, memory_format=ctx.layout)
        if dx.numel():
            grid = (triton.cdiv(dx.numel(), BLOCK),)
            _backward[grid](dy, code, dx, dx.numel(), *ctx.sizes, ctx.last, BLOCK)
        return dx, None, None, None, None


def _layout(u, layout):
    return {"memory_format": layout} if u.dim() == 4 else {}


@triton.jit
def _place(i, C, A, B, LAST: tl.constexpr):
    """Split a flat place in memory, of (N, C, A, B) or of (N, A, B, C), into its coordinates."""
    if LAST:
        return i // (A * B * C), i % C, i // (B * C) % A, i // C % B
    else:
        return i // (C * A * B), i // (A * B) % C, i // B % A, i % B


@triton.jit
def _offset(n, c, a, b, C, A, B, LAST: tl.constexpr):
    if LAST:
        return ((n * A + a) * B + b) * C + c
    else:
        return ((n * C + c) * A + a) * B + b


@triton.jit
def _forward(
    x, u, y, code, total, C, H, W, I, J,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr,
    SEEDED: tl.constexpr, LAST: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One lane for each window: its sum, then the first cell whose running sum exceeds u·Σx."""
    o = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    live = o < total
    n, c, i, j = _place(o, C, I, J, LAST)
    mass = tl.zeros([BLOCK], tl.float64)
    for t in tl.static_range(KH * KW):
        at = _offset(n, c, i * SH + t // KW, j * SW + t % KW, C, H, W, LAST)
        mass += tl.load(x + at, live, 0.0).to(tl.float64)
    if SEEDED:  # the counter has 32 bits; what is beyond them goes into the key
        unit = tl.rand(tl.load(u) + (o >> 32), (o & 0xFFFFFFFF).to(tl.uint32))
    else:
        unit = tl.load(u + o, live, 0.0)
    goal = unit.to(tl.float64) * mass
    running = tl.zeros([BLOCK], tl.float64)
    drawn = tl.full([BLOCK], 255, tl.int32)
    fine = mass < float("inf")
    value = tl.zeros([BLOCK], y.dtype.element_ty)
    for t in tl.static_range(KH * KW):  # the second sweep finds its cells in the cache
        at = _offset(n, c, i * SH + t // KW, j * SW + t % KW, C, H, W, LAST)
        cell = tl.load(x + at, live, 0.0)
        reached = (running <= goal) & (cell > 0)
        fine &= cell >= 0
        drawn = tl.where(reached, t, drawn)
        value = tl.where(reached, cell, value)
        running += cell.to(tl.float64)
    tl.store(y + o, tl.where(fine, value, float("nan")), live)
    tl.store(code + o, drawn.to(tl.uint8), live)


@triton.jit
def _backward(
    dy, code, dx, total, C, H, W, I, J,
    KH: tl.constexpr, KW: tl.constexpr, SH: tl.constexpr, SW: tl.constexpr,
    LAST: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One lane for each input cell: the gradients of the windows that drew it."""
    o = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    live = o < total
    n, c, h, w = _place(o, C, H, W, LAST)
    gradient = tl.zeros([BLOCK], tl.float64)
    for a in tl.static_range((KH + SH - 1) // SH):  # as many windows may cover a cell
        for b in tl.static_range((KW + SW - 1) // SW):
            i, j = h // SH - a, w // SW - b
            row, column = h - i * SH, w - j * SW
            covers = live & (i >= 0) & (i < I) & (j >= 0) & (j < J) & (row < KH) & (column < KW)
            at = _offset(n, c, i, j, C, I, J, LAST)
            won = covers & (tl.load(code + at, covers, 255).to(tl.int64) == row * KW + column)
            gradient += tl.where(won, tl.load(dy + at, won, 0.0).to(tl.float64), 0.0)
    tl.store(dx + o, gradient.to(dx.dtype.element_ty), live)
