"""The torch twins of pooling against the reference, forward and backward, wherever they run."""

import ast
import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from stochastic_draws import assert_draws_in_proportion

from lib.accelerated import _pooling_windows
from lib.accelerated import pooling as accelerated
from lib.reference import pooling as reference
from lib.shapes import pool_sizes

HERE = Path(__file__).parent
NO_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="this machine has no CUDA device"
)
on_each_device = pytest.mark.parametrize(
    "device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])]
)
SHAPES = {1: (2, 3, 9), 2: (2, 3, 7, 6), 3: (2, 2, 5, 6, 4)}


def images(n=2, kind="normal", shape=None):
    """Float64 images; of whole numbers with ties, with NaN, or not negative with many zeros."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal(shape or SHAPES[n])
    if kind == "tied":
        x = x.round()
    if kind == "nan":
        x[rng.random(x.shape) < 0.15] = np.nan
    if kind == "minus infinity":
        x[rng.random(x.shape) < 0.8] = -np.inf
    if kind == "rectified":
        x = np.maximum(x, 0)
        x[0, 0] = 0
    return x


def uniforms(*shape):
    return np.random.default_rng(6).random(shape)


def sliding_cases(n):
    x, last = images(n), (*(3,) * (n - 1), 2)
    for name, options in {
        "plain": {"kernel_size": 2},
        "overlapping": {"kernel_size": 3, "stride": 1},
        "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
        "hanging over": {"kernel_size": 2, "stride": 3, "padding": 1, "ceil_mode": True},
        "one number an axis": {"kernel_size": last, "stride": last[::-1], "padding": (1,) * n},
        "one window": {"kernel_size": x.shape[2:]},
    }.items():
        yield f"max_pool{n}d", name, (x,), options
        yield f"avg_pool{n}d", name, (x,), options
        yield (
            f"avg_pool{n}d",
            f"{name}, padding not counted",
            (x,),
            options | {"count_include_pad": False},
        )
        without_padding = {key: value for key, value in options.items() if key != "padding"}
        for p in (1, 2, 3.5, np.inf, -np.inf):
            yield f"lp_pool{n}d", f"{name}, p = {p}", (np.abs(x), p), without_padding
    dilated = {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": 3, "return_indices": True}
    yield f"max_pool{n}d", "dilated", (x,), dilated
    yield f"max_pool{n}d", "dilated, minus infinity", (images(n, "minus infinity"),), dilated
    yield f"lp_pool{n}d", "p in single precision", (np.abs(x), np.float32(3), 2), {}
    yield f"adaptive_avg_pool{n}d", "no channels", (x[0, :0], 2), {}
    yield f"adaptive_max_pool{n}d", "no channels", (x[0, :0], 2), {"return_indices": True}
    for p in (1, 2, 3.5):
        yield f"lp_pool{n}d", f"zeros, p = {p}", (images(n, "rectified"), p, 2), {}
    for kind in ("tied", "nan", "minus infinity"):
        for pad in (0, 1):
            options = {"kernel_size": 3, "stride": 2, "padding": pad, "return_indices": True}
            yield f"max_pool{n}d", f"{kind}, padding {pad}", (images(n, kind),), options
        yield f"adaptive_max_pool{n}d", kind, (images(n, kind), 3), {"return_indices": True}
    yield f"max_pool{n}d", "no batch", (x[0], 2), {"return_indices": True}
    yield f"avg_pool{n}d", "no batch", (x[0], 2), {}
    yield f"avg_pool{n}d", "NaN", (images(n, "nan"), 2), {}
    if n > 1:
        yield f"avg_pool{n}d", "own divisor", (x, 2), {"divisor_override": -3}
    for out in (1, 2, 3, 8, 0):
        yield f"adaptive_avg_pool{n}d", f"to {out}", (x, out), {}
        yield f"adaptive_max_pool{n}d", f"to {out}", (x, out), {}
    _, indices = reference.__dict__[f"max_pool{n}d"](x, 2, return_indices=True)
    pooled = images(n, shape=indices.shape)
    yield f"max_unpool{n}d", "plain", (pooled, indices, 2), {}
    yield f"max_unpool{n}d", "size asked for", (pooled, indices, 2), {"output_size": x.shape[2:]}


def chance_cases():
    for n in (2, 3):
        x, options = images(n, "tied"), {"return_indices": True}
        for size in (1, 2, 3):
            args = (uniforms(*x.shape[:2], n), x, 2, size)
            yield f"fractional_max_pool{n}d", f"to {size}", args, options
        ratio = {"output_ratio": 0.5, "return_indices": True}
        yield (
            f"fractional_max_pool{n}d",
            "NaN",
            (uniforms(2, x.shape[1], n), images(n, "nan"), 2),
            ratio,
        )
        yield f"fractional_max_pool{n}d", "no batch", (uniforms(1, x.shape[1], n), x[0], 2), ratio
    x = images(kind="rectified")
    for window in ((2,), (3, 1), (3, 2), (2, 3), ((2, 3), (3, 1)), (6,)):
        y = reference.max_pool2d(x, *window)
        args = (uniforms(*y.shape), x, *window)
        yield "stochastic_pool2d", str(window), args, {"return_indices": True}
        yield "stochastic_pool2d_expected", str(window), (x, *window), {}
    yield "stochastic_pool2d", "no batch", (uniforms(3, 3, 3), x[0], 2), {"return_indices": True}
    yield (
        "stochastic_pool2d",
        "tiny",
        (uniforms(2, 3, 3, 3), x * 1e-38, 2),
        {"return_indices": True},
    )


def learned_cases():
    x = images()
    alphas = {"number": 0.3, "scalar": np.array(0.3), "each channel": uniforms(3, 1, 1)}
    for name, alpha in alphas.items():
        yield "mixed_pool2d", name, (x, alpha, 3, 2), {}
        yield "gem_pool", name, (np.abs(x), alpha), {}
    yield "gem_pool", "defaults, clamped", (x,), {}
    yield "gem_pool", "too large for a plain power", (np.abs(x) * 1e150,), {}
    for k in (1, 2, 3, 4, 5, (3, 2)):
        for s in (1, 2, (2, 3)):
            yield "blur_pool2d", f"kernel {k}, stride {s}", (x, k, s), {}
    for n in (1, 2, 3):
        yield "global_avg_pool", f"{n}d", (images(n),), {}
        yield "global_max_pool", f"{n}d, tied", (images(n, "tied"),), {}
    sets, v, w, u = (images(shape=s) for s in ((2, 5, 4), (3, 4), (3,), (3, 4)))
    yield "attention_pool", "plain", (sets, v, w), {}
    yield "attention_pool", "gated", (sets, v, w, u[::-1].copy()), {}
    yield "attention_pool", "one set", (sets[0], v, w, u), {}


CASES = {
    f"{name}: {what}": (name, args, options)
    for family in (*map(sliding_cases, (1, 2, 3)), chance_cases(), learned_cases())
    for name, what, args, options in family
}


def parameters(name):
    return list(inspect.signature(getattr(accelerated, name)).parameters)


def tensors(name, args, device="cpu", dtype=torch.float64):
    """The arguments as tensors, of which those that can be learned ask for a gradient."""
    result = []
    for parameter, value in zip(parameters(name), args, strict=False):
        if isinstance(value, np.ndarray):
            learned = value.dtype.kind == "f" and parameter != "rng"
            value = torch.tensor(value, device=device)
            value = value.to(dtype).requires_grad_(learned) if value.is_floating_point() else value
        result.append(value)
    return result


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def array(tensor):
    return tensor.detach().cpu().numpy()


@on_each_device
@pytest.mark.parametrize("case", CASES)
def test_twins_agree_forward_and_backward(case, device):
    name, args, options = CASES[case]
    ours = tensors(name, args, device)
    y, *others = as_tuple(getattr(accelerated, name)(*ours, **options))
    expected = as_tuple(getattr(reference, name)(*args, **options))
    with torch.no_grad():  # where nobody learns, some twins take a shorter way
        again = as_tuple(getattr(accelerated, name)(*ours, **options))
    for value, unlearned, wanted in zip((y, *others), again, expected, strict=True):
        assert array(value).dtype == wanted.dtype
        assert_allclose(array(value), wanted, rtol=1e-12, atol=1e-12)
        assert_allclose(array(unlearned), wanted, rtol=1e-12, atol=1e-12)

    dy = np.random.default_rng(7).standard_normal(y.shape)
    accepted = inspect.signature(getattr(reference, f"{name}_backward")).parameters
    options = {key: value for key, value in options.items() if key in accepted}
    expected = as_tuple(getattr(reference, f"{name}_backward")(dy, *args, **options))
    first = parameters(name).index("x")
    pairs = list(zip(ours[first:], expected, strict=False))
    learned = [(t, dt) for t, dt in pairs if isinstance(t, torch.Tensor) and t.requires_grad]
    gradients = torch.autograd.grad(y, [t for t, _ in learned], torch.tensor(dy, device=device))
    for value, (_, wanted) in zip(gradients, learned, strict=True):
        assert_allclose(array(value), wanted, rtol=1e-10, atol=1e-10)


def test_each_function_has_a_case():
    assert {name for name, *_ in CASES.values()} == set(accelerated.__all__)


@on_each_device
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
@pytest.mark.parametrize("name", sorted(accelerated.__all__))
def test_narrow_dtypes_are_kept_and_near_the_exact_result(name, dtype, device):
    args, options = next((a, o) for n, a, o in CASES.values() if n == name)
    narrow = tensors(name, args, device, dtype)
    exact = [t.detach().double() if isinstance(t, torch.Tensor) and t.is_floating_point() else t
             for t in narrow]  # fmt: skip
    y = as_tuple(getattr(accelerated, name)(*narrow, **options))[0]
    wanted = as_tuple(getattr(accelerated, name)(*exact, **options))[0]
    assert y.dtype == dtype
    step = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), wanted, rtol=8 * step, atol=8 * step)
    y.sum().backward()
    assert all(t.grad.dtype == dtype for t in narrow if getattr(t, "requires_grad", False))


@pytest.mark.parametrize("name", sorted(accelerated.__all__))
def test_arguments_are_left_as_they_were(name):
    args, options = next((a, o) for n, a, o in CASES.values() if n == name)
    ours = tensors(name, args)
    before = [t.detach().clone() if isinstance(t, torch.Tensor) else t for t in ours]
    as_tuple(getattr(accelerated, name)(*ours, **options))[0].sum().backward()
    for now, then in zip(ours, before, strict=True):
        assert torch.equal(now, then) if isinstance(now, torch.Tensor) else now == then


def slope(y, x):
    return torch.autograd.grad(y.square().sum(), x)


LAYOUTS = {
    "channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "transposed": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "with gaps": lambda x: x.repeat_interleave(2, 3)[..., ::2],
    "one plane for all": lambda x: x[:1, :1].expand(x.shape),
}
POOLS = {
    "max_pool2d": (3, 2, 1),
    "avg_pool2d": (3, 2, 1),
    "adaptive_avg_pool2d": (4,),
    "adaptive_max_pool2d": (4,),
    "stochastic_pool2d_expected": (3, 2),
    "blur_pool2d": (),
}


@on_each_device
@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_order_of_memory_makes_no_difference(layout, name, device):
    pool = getattr(accelerated, name)
    x = LAYOUTS[layout](torch.tensor(images(kind="rectified"), device=device))
    results = []
    for image in (x.detach(), x.clone(memory_format=torch.contiguous_format)):
        image.requires_grad_()
        y = pool(image, *POOLS[name])
        results.append((pool(image.detach(), *POOLS[name]), y, *slope(y, image)))
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("learning", [False, True])
def test_channels_last_stays_so(name, learning):
    x = torch.rand(2, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    y = getattr(accelerated, name)(x.requires_grad_(learning), *POOLS[name])
    assert y.is_contiguous(memory_format=torch.channels_last)


@on_each_device
@pytest.mark.parametrize("name", sorted(accelerated.__all__))
def test_an_empty_batch_gives_an_empty_result(name, device):
    batched = ((a, o) for n, a, o in CASES.values() if n == name)
    args, options = next(batched)
    args = [a[:0] if isinstance(a, np.ndarray) and a.shape[:1] == (2,) else a for a in args]
    ours = tensors(name, args, device)
    y = as_tuple(getattr(accelerated, name)(*ours, **options))[0]
    expected = as_tuple(getattr(reference, name)(*args, **options))[0]
    assert y.shape == expected.shape
    y.sum().backward()


def test_a_window_of_nothing_but_padding_gives_minus_infinity_and_learns_nothing():
    x = torch.ones(1, 1, requires_grad=True)  # torch's own writes outside its memory here
    y = accelerated.max_pool1d(x, 2, stride=1, padding=1, dilation=2)
    assert y.tolist() == [[-np.inf]]
    y.sum().backward()
    assert x.grad.tolist() == [[0]]
    assert accelerated.max_pool1d(x.detach(), 2, 1, 1, 2).tolist() == [[-np.inf]]


@pytest.mark.parametrize("kind", ["tied", "nan", "minus infinity"])
@pytest.mark.parametrize("n", SHAPES)
def test_the_race_in_floats_has_the_winners_of_the_plain_one(n, kind):
    x = torch.tensor(images(n, kind))
    for window in ((2, 2, 0), (3, 2, 1), (3, 1, 1)):
        each = pool_sizes(x.shape, n, *window, 1, True)
        windows = [_pooling_windows.Strided(*numbers) for numbers in zip(*each, strict=True)]
        plain = _pooling_windows._winners(x, windows, _pooling_windows.race)
        assert torch.equal(_pooling_windows.winners(x, windows), plain.long())


@pytest.mark.parametrize(
    ("dtype", "cells"), [(torch.float16, 2**12), (torch.bfloat16, 2**10), (torch.float32, 2**24)]
)
def test_places_are_exact_beyond_the_whole_numbers_of_a_dtype(dtype, cells):
    x = torch.zeros(1, cells + 4, dtype=dtype)
    x[0, -1] = 1
    _, index = accelerated.max_pool1d(x, 2, return_indices=True)
    assert index[0, -3:].tolist() == [cells - 2, cells, cells + 3]


@pytest.mark.parametrize("name", POOLS)
def test_slopes_have_slopes(name):
    x = torch.tensor(np.abs(images(shape=(2, 2, 6, 5))), requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: getattr(accelerated, name)(x, *POOLS[name]), x)


@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'>")  # the tracer's
@pytest.mark.parametrize("name", POOLS)
def test_twins_can_be_traced(name):
    def pool(x):
        return getattr(accelerated, name)(x, *POOLS[name])

    x = torch.tensor(images(kind="rectified"), requires_grad=True)
    whole = not name.startswith("stochastic")  # which looks at its values before it goes on
    y, traced = pool(x), torch.compile(pool, backend="aot_eager", fullgraph=whole)(x)
    torch.testing.assert_close(traced, y)
    torch.testing.assert_close(slope(traced, x), slope(y, x))


# ---- chance


@on_each_device
@pytest.mark.parametrize(("k", "stride"), [(2, 2), (3, 1), (3, 2), (2, 3)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_draws_follow_the_odds(k, stride, dtype, device):
    assert_draws_in_proportion(accelerated.stochastic_pool2d, k, stride, dtype, device)


def test_rare_cells_stay_rare_in_float16():
    x = torch.tensor([[1.0, 0], [0, 8192]], dtype=torch.float16).repeat(1, 400, 500)
    drawn = accelerated.stochastic_pool2d(torch.Generator().manual_seed(0), x, 2)
    assert abs((drawn == 1).sum().item() - 200_000 / 8193) < 4 * (200_000 / 8193) ** 0.5


def test_overlapping_windows_draw_independently():
    x = torch.ones(20_000, 1, 2, 3)
    _, index = accelerated.stochastic_pool2d(torch.Generator().manual_seed(0), x, 2, 1, True)
    left, right = (index.flatten(1) % 3).unbind(1)  # the columns drawn by both windows
    shared = ((left == 1) & (right == 1)).double().mean().item()
    assert abs(shared - 1 / 4) < 4 * (3 / 16 / 20_000) ** 0.5


def test_the_generator_is_the_only_source_of_chance():
    x = torch.rand(4, 3, 8, 8)
    rng = torch.Generator().manual_seed(3)
    first = accelerated.stochastic_pool2d(rng, x, 2)
    second = accelerated.stochastic_pool2d(rng, x, 2)
    again = accelerated.stochastic_pool2d(torch.Generator().manual_seed(3), x, 2)
    given = torch.rand(first.shape, generator=torch.Generator().manual_seed(3))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert torch.equal(first, accelerated.stochastic_pool2d(given, x, 2))
    torch.manual_seed(0)
    state = torch.get_rng_state()
    accelerated.fractional_max_pool2d(rng, x, 2, 3)
    assert torch.equal(state, torch.get_rng_state())


def test_kernel_for_gpus_agrees_in_the_interpreter():
    pytest.importorskip("triton", reason="Triton is not installed: it exists for Linux alone")
    environment = os.environ | {"TRITON_INTERPRET": "1"}
    command = [sys.executable, "-W", "error", str(HERE / "interpreted_stochastic.py")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, "the kernel agrees\n"), run.stderr


@pytest.mark.gpu
@NO_GPU
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_kernel_on_a_gpu_agrees_with_the_plain_form(layout):
    x = torch.tensor(images(kind="rectified")).contiguous(memory_format=layout)
    u = torch.tensor(uniforms(2, 3, 3, 2))
    results = []
    for device in ("cpu", "cuda"):
        leaf = x.to(device).requires_grad_()
        y, index = accelerated.stochastic_pool2d(u.to(device), leaf, 3, 2, return_indices=True)
        results.append((y, index, *torch.autograd.grad(y.square().sum(), leaf)))
    torch.testing.assert_close(*([t.cpu() for t in r] for r in results))


# ---- refusals

REFUSALS = {
    "an array": (lambda: accelerated.max_pool2d(images(), 2), TypeError, "torch tensor.*ndarray"),
    "a tensor of truths": (
        lambda: accelerated.avg_pool1d(torch.ones(1, 4, dtype=torch.bool), 2),
        TypeError,
        "float16.*got torch.bool",
    ),
    "a dtype of eight bits": (
        lambda: accelerated.avg_pool1d(torch.ones(1, 4).to(torch.float8_e4m3fn), 2),
        TypeError,
        "float16, bfloat16, float32 or float64, got torch.float8",
    ),
    "a count that is text": (
        lambda: accelerated.avg_pool2d(torch.ones(1, 2, 2), 2, count_include_pad="no"),
        TypeError,
        "count_include_pad must be True or False, got 'no'",
    ),
    "a kernel too wide": (
        lambda: accelerated.max_pool2d(torch.ones(1, 1, 2, 2), 3),
        ValueError,
        "no window fits",
    ),
    "a divisor of 0": (
        lambda: accelerated.avg_pool2d(torch.ones(1, 2, 2), 2, divisor_override=0),
        ValueError,
        "must not be 0",
    ),
    "a norm of 0": (lambda: accelerated.lp_pool1d(torch.ones(1, 4), 0, 2), ValueError, "not be 0"),
    "two axes": (lambda: accelerated.global_avg_pool(torch.ones(2, 2)), ValueError, r"\(2, 2\)"),
    "an exponent of 0": (
        lambda: accelerated.gem_pool(torch.ones(1, 1, 2), 0.0),
        ValueError,
        "p must be finite and not 0",
    ),
    "an infinite exponent": (
        lambda: accelerated.gem_pool(torch.ones(1, 1, 2), torch.inf),
        ValueError,
        "p must be finite and not 0",
    ),
    "an eps of 0": (
        lambda: accelerated.gem_pool(torch.ones(1, 1, 2), eps=0),
        ValueError,
        "eps must be above 0",
    ),
    "an alpha that is text": (
        lambda: accelerated.mixed_pool2d(torch.ones(1, 2, 2), "half", 2),
        TypeError,
        "alpha must be a number",
    ),
    "an alpha of NaN": (
        lambda: accelerated.mixed_pool2d(torch.ones(1, 2, 2), np.nan, 2),
        ValueError,
        "alpha must be a real number",
    ),
    "an alpha in another dtype": (
        lambda: accelerated.mixed_pool2d(torch.ones(3, 2, 2), torch.ones(3, 1, 1).double(), 2),
        TypeError,
        "dtype of x",
    ),
    "an alpha that does not fit": (
        lambda: accelerated.mixed_pool2d(torch.ones(3, 2, 2), torch.ones(2), 2),
        ValueError,
        "broadcast against y",
    ),
    "an alpha that cannot fit": (
        lambda: accelerated.mixed_pool2d(torch.ones(3, 4, 4), torch.ones(3), 2),
        ValueError,
        "broadcast against y",
    ),
    "a blur wider than the image": (
        lambda: accelerated.blur_pool2d(torch.ones(1, 2, 2), 5),
        ValueError,
        "reflects 2 cells",
    ),
    "attention over nothing": (
        lambda: accelerated.attention_pool(torch.ones(0, 2), torch.ones(3, 2), torch.ones(3)),
        ValueError,
        "x must be",
    ),
    "attention of other widths": (
        lambda: accelerated.attention_pool(torch.ones(4, 2), torch.ones(3, 3), torch.ones(3)),
        ValueError,
        "M = 2",
    ),
    "attention of other lengths": (
        lambda: accelerated.attention_pool(torch.ones(4, 2), torch.ones(3, 2), torch.ones(2)),
        ValueError,
        "L = 3",
    ),
    "a gate of another shape": (
        lambda: accelerated.attention_pool(
            torch.ones(4, 2), torch.ones(3, 2), torch.ones(3), torch.ones(2, 2)
        ),
        ValueError,
        "shape of v",
    ),
    "attention in two dtypes": (
        lambda: accelerated.attention_pool(
            torch.ones(4, 2), torch.ones(3, 2).double(), torch.ones(3)
        ),
        TypeError,
        "v must have the dtype of x",
    ),
    "indices that are floats": (
        lambda: accelerated.max_unpool1d(torch.ones(1, 2), torch.ones(1, 2), 2),
        TypeError,
        "int64",
    ),
    "indices of another shape": (
        lambda: accelerated.max_unpool1d(torch.ones(1, 2), torch.ones(1, 3, dtype=int), 2),
        ValueError,
        "shape of x",
    ),
    "indices outside the plane": (
        lambda: accelerated.max_unpool1d(torch.ones(1, 2), torch.tensor([[0, 4]]), 2),
        ValueError,
        "4 cells.*from 0 to 4",
    ),
    "a negative chance": (
        lambda: accelerated.stochastic_pool2d(torch.Generator(), -torch.ones(1, 2, 2), 2),
        ValueError,
        "must not be negative.*ReLU",
    ),
    "a chance of NaN": (
        lambda: accelerated.stochastic_pool2d_expected(torch.full((1, 2, 2), torch.nan), 2),
        ValueError,
        "negative or NaN",
    ),
    "an infinite chance": (
        lambda: accelerated.stochastic_pool2d_expected(torch.full((1, 2, 2), torch.inf), 2),
        ValueError,
        "finite",
    ),
    "a seed for a generator": (
        lambda: accelerated.stochastic_pool2d(0, torch.ones(1, 2, 2), 2),
        TypeError,
        "torch.Generator",
    ),
    "uniforms of another shape": (
        lambda: accelerated.stochastic_pool2d(torch.zeros(2), torch.ones(1, 2, 2), 2),
        ValueError,
        r"shape \(1, 1, 1\), got \(2,\)",
    ),
    "uniforms elsewhere": (
        lambda: accelerated.stochastic_pool2d(
            torch.zeros(1, 1, 1, device="meta"), torch.ones(1, 2, 2), 2
        ),
        ValueError,
        "lie where x lies",
    ),
    "a uniform of 1": (
        lambda: accelerated.stochastic_pool2d(torch.ones(1, 1, 1), torch.ones(1, 2, 2), 2),
        ValueError,
        r"\[0, 1\)",
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_cannot_be_is_refused_with_reasons(refusal):
    call, error, message = REFUSALS[refusal]
    with pytest.raises(error, match=f"(?s){message}"):
        call()


# ---- the twin is a twin, not a disguise


def pooling_of_torch():
    """Every name under which torch itself offers pooling."""
    places = (torch, torch.nn, torch.nn.functional, torch._C._nn, torch.ops.aten)
    names = {name for place in places for name in dir(place)}
    return {name for name in names if "pool" in name.lower()}


def names_in(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr, ast.unparse(node.value)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            yield from ((alias.name, node.module) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, "a string"


def test_no_twin_calls_the_pooling_of_torch():
    banned = pooling_of_torch()
    assert {"max_pool2d", "max_pool2d_with_indices", "AvgPool2d"} <= banned
    exported = set(accelerated.__all__)
    for path in sorted((HERE.parent / "lib" / "accelerated").glob("*.py")):
        for name, owner in names_in(path.read_text(encoding="utf-8")):
            if owner == "a string" and name in exported:
                continue  # a name that a module exports
            assert name not in banned, f"{path.name} uses {owner}.{name}"
