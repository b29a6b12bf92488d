"""What the tests of every topic ask of an operation; a topic brings the cases.

A case is the name of an operation and its arguments by name, in NumPy; `rng` is the array of
uniforms. `learned` names the arguments that have a gradient, in the order of the signature.
"""

import ast
import inspect
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from lib.gradcheck import numeric_gradient

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # torch's test tools warn about what they import
    from torch.testing._internal.common_methods_invocations import op_db

NO_GPU = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="this machine has no CUDA device"
)
on_each_device = pytest.mark.parametrize(
    "device", ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, NO_GPU])]
)
DTYPES = {"float64": torch.float64, "float32": torch.float32}
TOLERANCE = {"float64": 1e-12, "float32": 2e-5, "float16": 2e-3}


def reference(topic, name):
    return getattr(import_module(f"lib.reference.{topic}"), name)


def accelerated(topic, name):
    return getattr(import_module(f"lib.accelerated.{topic}"), name)


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def to_numpy(value):
    """Tensors, alone or in lists and tuples, as arrays; anything else as it is."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, list | tuple):
        return type(value)(to_numpy(each) for each in value)
    return value


def to_torch(arguments, learned=(), device="cpu", dtype=None):
    """Arrays as new tensors, floats in `dtype` if given; the learned ones ask for slopes."""
    tensors = {}
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            value = torch.tensor(value, device=device)
            if value.is_floating_point():
                value = value.to(dtype or value.dtype).requires_grad_(name in learned)
        tensors[name] = value
    return tensors


def backward_of(topic, name, arguments):
    """The reference's backward, ready for `dy`; it takes no `return_indices`."""
    backward = reference(topic, f"{name}_backward")
    accepted = inspect.signature(backward).parameters
    kept = {key: value for key, value in arguments.items() if key in accepted}
    return lambda dy: as_tuple(backward(dy=dy, **kept))


def check_slope(topic, name, arguments, learned=("x",), atol=2e-8):
    """Compare every entry of every gradient with a central difference of forward."""
    forward = reference(topic, name)
    y = as_tuple(forward(**arguments))[0]
    dy = np.random.default_rng(1).standard_normal(y.shape)
    slopes = backward_of(topic, name, arguments)(dy)
    assert len(slopes) == len(learned)
    for argument, slope in zip(learned, slopes, strict=True):
        if arguments.get(argument) is None:
            assert slope is None
            continue

        def weighed(value, argument=argument):
            return (dy * as_tuple(forward(**{**arguments, argument: value}))[0]).sum()

        assert_allclose(slope, numeric_gradient(weighed, arguments[argument]), atol=atol)


def check_twin(topic, name, arguments, learned=("x",), device="cpu", tolerance=1e-10):
    """Compare the twin with the reference: every result, then every gradient."""
    tensors = to_torch(arguments, learned, device)
    results = as_tuple(accelerated(topic, name)(**tensors))
    expected = as_tuple(reference(topic, name)(**arguments))
    for value, wanted in zip(results, expected, strict=True):
        if wanted is None:
            assert value is None
            continue
        assert_allclose(to_numpy(value), wanted, rtol=tolerance, atol=tolerance, strict=True)
    present = [argument for argument in learned if arguments.get(argument) is not None]
    if not present:
        return
    dy = np.random.default_rng(2).standard_normal(results[0].shape).astype(expected[0].dtype)
    slopes = torch.autograd.grad(
        results[0], [tensors[a] for a in present], torch.tensor(dy, device=device)
    )
    wanted = dict(zip(learned, backward_of(topic, name, arguments)(dy), strict=True))
    for argument, slope in zip(present, slopes, strict=True):
        close = {"rtol": tolerance, "atol": tolerance, "strict": True}
        assert_allclose(to_numpy(slope), wanted[argument], **close, err_msg=argument)


def check_torch(topic, name, tensors, theirs, learned=("x",), tolerance=None):
    """Compare the reference with `theirs`, torch's own operation called without arguments.

    `theirs` must compute on `tensors`, of which the learned ones ask for a gradient; where none
    does, the values alone are compared.
    """
    arguments = {key: to_numpy(value) for key, value in tensors.items()}
    kept = {k: v.copy() for k, v in arguments.items() if isinstance(v, np.ndarray)}
    expected, got = as_tuple(theirs()), as_tuple(reference(topic, name)(**arguments))
    tolerance = tolerance or TOLERANCE[str(to_numpy(expected[0]).dtype)]
    close = {"rtol": tolerance, "atol": tolerance, "strict": True}
    for value, wanted in zip(got, expected, strict=False):
        assert_allclose(value, to_numpy(wanted), **close)
    leaves = {a: tensors[a] for a in learned if getattr(tensors.get(a), "requires_grad", False)}
    if leaves:
        dy = torch.randn(expected[0].shape, generator=torch.Generator().manual_seed(0))
        dy = dy.to(expected[0].dtype)
        slopes = torch.autograd.grad(expected[0], list(leaves.values()), dy, allow_unused=True)
        ours = dict(zip(learned, backward_of(topic, name, arguments)(dy.numpy()), strict=True))
        for argument, slope in zip(leaves, slopes, strict=True):
            wanted = torch.zeros_like(leaves[argument]) if slope is None else slope
            assert_allclose(ours[argument], to_numpy(wanted), **close, err_msg=argument)
    for key, before in kept.items():
        assert_array_equal(arguments[key], before, err_msg=f"{key} was written to")


def check_manners(topic, name, arguments, learned=("x",), dtype=np.float64):
    """Dtype kept, arguments left alone, no memory shared, the same answer the second time."""
    arguments = {
        key: value.astype(dtype if value.dtype.kind == "f" else value.dtype)
        if isinstance(value, np.ndarray)
        else value
        for key, value in arguments.items()
    }
    for value in arguments.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    y = as_tuple(reference(topic, name)(**arguments))[0]
    assert y.dtype == dtype
    for value in arguments.values():
        assert not (isinstance(value, np.ndarray) and np.shares_memory(y, value))
    if not learned:
        return
    dy = np.ones(y.shape, dtype)
    dy.flags.writeable = False
    once, twice = (backward_of(topic, name, arguments)(dy) for _ in range(2))
    for argument, first, second in zip(learned, once, twice, strict=True):
        if first is not None:
            assert first.dtype == dtype
            assert first.shape == np.shape(arguments[argument])
            assert_array_equal(first, second)


def check_narrow(topic, name, arguments, learned=("x",), dtype=torch.float16, device="cpu"):
    """The twin keeps a narrow dtype, forward and backward, near the exact result."""
    narrow = to_torch(arguments, learned, device, dtype)
    exact = {k: v.detach().double() if isinstance(v, torch.Tensor) and v.is_floating_point() else v
             for k, v in narrow.items()}  # fmt: skip
    y = as_tuple(accelerated(topic, name)(**narrow))[0]
    wanted = as_tuple(accelerated(topic, name)(**exact))[0]
    assert y.dtype == dtype
    step = torch.finfo(dtype).eps
    torch.testing.assert_close(y.double(), wanted, rtol=8 * step, atol=8 * step)
    if learned:
        y.sum().backward()
        leaves = [narrow[a] for a in learned if narrow.get(a) is not None]
        assert all(leaf.grad.dtype == dtype for leaf in leaves)


def names_of_others(source):
    """Every name that a source takes from another object or from torch, or spells in text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield node.attr, ast.unparse(node.value)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("torch"):
            yield from ((alias.name, node.module) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, "a string"


def check_no_builtin(topic, banned):
    """The twin's files use none of torch's names in `banned`, whatever object has them."""
    exported = set(import_module(f"lib.accelerated.{topic}").__all__)
    folder = Path(import_module("lib.accelerated").__file__).parent
    for path in [folder / f"{topic}.py", *sorted(folder.glob(f"_{topic}_*.py"))]:
        for name, owner in names_of_others(path.read_text(encoding="utf-8")):
            if owner != "a string" or name not in exported:
                assert name not in banned, f"{path.name} uses {owner}.{name}"


def database(*names):
    """torch's own database of operations, under the names without `nn.functional.`.

    Where a tensor's method has the same name, as `unfold`, the function is meant.
    """
    found = {
        (op.name.removeprefix("nn.functional."), op.variant_test_name): op
        for op in sorted(op_db, key=lambda op: op.name.startswith("nn.functional."))
        if op.name.removeprefix("nn.functional.") in names
    }
    missing = set(names) - {name for name, _ in found}
    assert not missing, f"torch's database has no {sorted(missing)}"
    return found


def by_name(function, sample):
    """A sample's arguments by the names of our signature; torch's `input` is the first, `x`."""
    first, *names = [p for p in inspect.signature(function).parameters if p != "rng"]
    return {first: sample.input, **dict(zip(names, sample.args, strict=False)), **sample.kwargs}
