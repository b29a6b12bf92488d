"""How many faults, planted one at a time in a module, its tests let pass.

    python -m benchmarks.mutation lib/reference/pooling.py tests/test_pooling.py … [--record]

A mutant differs from the module in one place: another operator, comparison, constant, keyword,
argument order or return value. Each runs the tests in a process of its own, until the first that
fails. What survives is printed and has to be explained: it may be the same function written
otherwise, or a test that is missing. Runs on systems that can fork.

Recorded are the runs over Adam and over cross-entropy. Nothing that survived there changes a value
that a caller can see: arguments of a product or a maximum in the other order, the size of a chunk
and which of two equal forms is taken, `out` and `order`, a bound at exactly 1e20, the number of
names in a slice that ends there, a flag that the first state does not depend on, -2 for -1 in
`reshape`. A default of `cross_entropy_backward` is held by test_layout, which was not among the
tests of that run; the silence of `nll_loss_backward` about ∞·0 got its test afterwards.
"""

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
from pathlib import Path

import pytest
import torch  # noqa: F401 (loaded once, before the processes part)
from torch.testing._internal import common_methods_invocations  # noqa: F401

from benchmarks import recording

PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
SECONDS = 120  # a mutant that takes longer is caught: its tests hang
SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.USub: ast.UAdd,
}  # fmt: skip


def sites(tree):
    """Every change that can be made: the node's number, a description, and the change."""
    for number, node in enumerate(ast.walk(tree)):
        line = getattr(node, "lineno", 0)
        for change in changes(node):
            yield number, line, change


def changes(node):
    """Name the ways to spoil one node."""
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.UnaryOp(op=op) | ast.BoolOp(op=op):
            if type(op) in SWAPS:
                yield f"{type(op).__name__} → {SWAPS[type(op)].__name__}"
            elif isinstance(op, ast.Not):
                yield "drop not"
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield f"{type(op).__name__} → {SWAPS[type(op)].__name__}"
        case ast.Constant(value=bool() as value):
            yield f"{value} → {not value}"
        case ast.Constant(value=int() | float() as value):
            yield f"{value} → {value + 1}"
        case ast.IfExp() | ast.If():
            yield "the other branch"
        case ast.Call(args=[_, _, *_]):
            yield "swap the first two arguments"
        case ast.Call(keywords=[_, *_]):
            yield "drop the first keyword"
        case ast.Return(value=ast.expr()):
            yield "return None"


def spoil(node, change):
    """Make one change."""
    if "→" in change and not isinstance(node, ast.Constant):
        new = SWAPS[type(node.ops[0] if isinstance(node, ast.Compare) else node.op)]()
        if isinstance(node, ast.Compare):
            node.ops = [new]
        else:
            node.op = new
    elif change == "drop not":
        node.op = ast.UAdd()
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
    elif change == "the other branch":
        node.test = ast.UnaryOp(ast.Not(), node.test)
    elif change == "swap the first two arguments":
        node.args[:2] = node.args[1::-1]
    elif change == "drop the first keyword":
        node.keywords = node.keywords[1:]
    else:
        node.value = ast.Constant(None)


class Mutant(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Serves one module in its spoilt form."""

    def __init__(self, name, path, tree):
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, name, path=None, target=None):
        """Claim the one module."""
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None

    def create_module(self, spec):
        """Let Python create it."""

    def exec_module(self, module):
        """Run the spoilt tree."""
        exec(compile(ast.fix_missing_locations(self.tree), self.path, "exec"), vars(module))


def survives(name, path, tree, tests):
    """Run the tests on a mutant in a process of its own; tell whether all of them passed."""
    child = os.fork()
    if child == 0:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        signal.alarm(SECONDS)
        sys.meta_path.insert(0, Mutant(name, path, tree))
        os._exit(pytest.main([*PYTEST, *tests]) != 0)
    return os.waitpid(child, 0)[1] == 0


def main():
    """Plant faults, print the survivors, perhaps record them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("module", type=Path, help="the module's file")
    parser.add_argument("tests", nargs="+", help="the test files that must catch the faults")
    parser.add_argument("--sample", type=int, default=200, help="how many faults, drawn at random")
    parser.add_argument("--record", action="store_true", help="write the results to a file")
    options = parser.parse_args()
    path, name = str(options.module), ".".join(options.module.with_suffix("").parts)
    tree = ast.parse(options.module.read_text(encoding="utf-8"))
    if not survives(name, path, tree, options.tests):
        sys.exit("the tests fail before any fault is planted")
    every = list(sites(tree))
    drawn = random.Random(0).sample(every, min(options.sample, len(every)))
    found = []
    for done, (number, line, change) in enumerate(sorted(drawn), 1):
        mutant = copy.deepcopy(tree)
        spoil(next(n for i, n in enumerate(ast.walk(mutant)) if i == number), change)
        if survives(name, path, mutant, options.tests):
            found.append(f"line {line}: {change}")
            print(f"survived: {path}:{line}: {change}", flush=True)
        elif done % 50 == 0:
            print(f"{done} of {len(drawn)}", flush=True)
    print(f"{path}: {len(drawn)} faults of {len(every)} possible, {len(found)} survived")
    if options.record:
        command = " ".join(["python -m benchmarks.mutation", *sys.argv[1:]])
        results = {"planted": len(drawn), "possible": len(every), "survived": found}
        recording.write(f"mutation_{options.module.stem}", command, results)


if __name__ == "__main__":
    main()
