"""Small faults in the notebooks' solutions are found: mutants of them lose points.

Each operator below changes one place of a solution. A mutant is caught if it does not run, does
not end in time, or is wrong on a hidden case. Those that answer as the solution does, for every
input that the task allows, are listed with the reason.
"""

import ast
import copy
import json
import signal
import warnings
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from lib.grading import given
from lib.grading._check import TOPICS, exercises
from lib.grading._exercise import hidden_cases, public_cases

ROOT = Path(__file__).parent.parent
SECONDS = 1.0  # of a mutant on one case; the solutions take a tenth at most

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.Mod: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.UAdd: ast.USub, ast.USub: ast.UAdd,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
EDGES = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
NAMES = {"max": "min", "mean": "sum", "sum": "mean", "argmax": "argmin", "sqrt": "square",
         "cumsum": "cumprod", "zeros_like": "ones_like", "log10": "log", "cos": "sin"}  # fmt: skip

SUPERSEDED = (  # the lines of the listings and stubs that a solution does without
    'prediction = {"max": [[..., ...], [..., ...]]', 'prediction = {"factor": [..., ...',
    "drawn = rng.integers(", "y = cells.mean(", "rate = lr * (1 + np.cos(np.pi * epoch / T)) / 2",
)  # fmt: skip
EQUIVALENT = {  # question and change → why the answers are the same
    ("stochastic_train", "reached > mark → reached >= mark"): "no draw meets an edge",
    ("stochastic_train", "np.take_along_axis(cells, drawn[..., None])"): "that is its default",
    ("stochastic_train", "reshape(C, N, H // k, k, W // k, k)"): "it is undone two lines below",
    ("stochastic_train", "line 10: 0 → -1"): "there is one entry along that axis",
    ("stochastic_eval", "1 → 2"): "it divides a zero",
    ("shift", "rng.random((n, 1, 1, 1)) >= 0.5"): "both ways are as likely",
    ("shift", "rng.random((n, 1, 1, 1)) <= 0.5"): "no draw is a half",
    ("shift", "(y ** 2).sum → (y ** 2).mean"): "a share does not know how many cells there are",
    ("predict", "np.isclose(1, size)"): "the order does not matter",
    ("predict", "size > 1 → size >= 1"): "1 has been dealt with before",
    ("predict", "size ** 50 <= 0.01"): "no number of the question meets an edge",
    ("predict", "50 → 51"): "no number of the question hangs on one step",
    ("predict", "50 → 49"): "no number of the question hangs on one step",
    (
        "slowdown",
        "sum(axis=1) → (x @ H * x).sum(axis=1)",
    ): "one factor of both losses falls out of their ratio",
    ("slowdown", "0.5 → 1.5"): "one factor of both losses falls out of their ratio",
    ("slowdown", "0.5 → -0.5"): "one factor of both losses falls out of their ratio",
    ("slowdown", "(x @ H * x).mean"): "one factor of both losses falls out of their ratio",
}


# ---- operators


def other_operator(node):
    for field in "op", "ops":
        value = getattr(node, field, None)
        for i, each in enumerate(value if isinstance(value, list) else [value]):
            for table in SWAPS, EDGES:
                if type(each) in table:
                    new, swapped = copy.deepcopy(node), table[type(each)]()
                    setattr(
                        new,
                        field,
                        [*value[:i], swapped, *value[i + 1 :]] if field == "ops" else swapped,
                    )
                    yield new


def other_constant(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))


def other_name(node):
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)


def arguments_exchanged(node):
    if isinstance(node, ast.Call) and len(node.args) > 1:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def argument_dropped(node):
    if isinstance(node, ast.Call):
        for i in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])


def one_side_alone(node):
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)


def the_other_case(node):
    if isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    if isinstance(node, ast.If):
        new = copy.deepcopy(node)
        new.test = ast.UnaryOp(ast.Not(), new.test)
        yield new


def statement_dropped(node):
    if isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return):
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not text:
            yield ast.Pass()


def assigned_not_added(node):
    if isinstance(node, ast.AugAssign):
        target = copy.deepcopy(node.target)
        yield ast.Assign([target], node.value)


def step_dropped(node):
    if isinstance(node, ast.Slice) and (node.step or node.upper or node.lower):
        for field in "lower", "upper", "step":
            if getattr(node, field):
                new = copy.deepcopy(node)
                setattr(new, field, None)
                yield new


OPERATORS = (
    other_operator, other_constant, other_name, arguments_exchanged, argument_dropped,
    one_side_alone, the_other_case, statement_dropped, assigned_not_added, step_dropped,
)  # fmt: skip


def places(tree):
    """Yield each node with what puts another in its place."""
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for i, node in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(node, ast.AST):
                    yield parent, field, i if isinstance(value, list) else None, node


def mutants(source):
    """Yield what was changed and the changed source, once for each source."""
    seen = {ast.unparse(ast.parse(source))}
    tree = ast.parse(source)
    for parent, field, i, node in list(places(tree)):
        for operator in OPERATORS:
            for new in operator(node):
                put(parent, field, i, new)
                text = ast.unparse(ast.fix_missing_locations(tree))
                put(parent, field, i, node)
                if text not in seen:
                    seen.add(text)
                    change = f"{ast.unparse(node)} → {ast.unparse(new)}"
                    yield f"{operator.__name__} in line {node.lineno}: {change}", text


def put(parent, field, i, node):
    if i is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[i] = node


# ---- trying them


class Late(Exception):  # noqa: N818
    """The time of a mutant is up."""


@contextmanager
def limited():
    def late(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def solutions(topic):
    """The sources of the cells that answer, by the name of the question, in order."""
    file = ROOT / "exercises" / f"{topic}.ipynb"
    for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.endswith("-answer") and cell["cell_type"] == "code":
            source = "".join(cell["source"])
            lines = [
                line
                for line in source.splitlines()
                if "### " not in line and not line.lstrip().startswith(SUPERSEDED)
            ]
            yield name.removesuffix("-answer"), "\n".join(lines)


def caught(exercise, source, names):
    """Tell whether a source loses points."""
    predicts = exercise.kind == "predict"
    cases = (
        public_cases(exercise, "anna") if predicts else hidden_cases(exercise, b"a secret", "anna")
    )
    try:
        with limited(), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            exec(source, names := dict(names))
            answer = names[exercise.name]
            for case in cases:
                result = answer if exercise.value else case.call(answer)
                if exercise.wrong(result, case):
                    return True
    except Exception:
        return True
    return False


@cache
def tried():
    """What was caught, and what was not: (question, what was changed) each."""
    found, missed = [], []
    for topic in TOPICS:
        asked = {key.partition(".")[2]: each for key, each in exercises(topic).items()}
        names = {"np": np, "given": given, "STUDENT": "anna"}
        for name, source in solutions(topic):
            if asked[name].needs:
                continue  # a word out of three: it rests on a measurement, which is tried here
            assert not caught(asked[name], source, names), name
            for change, mutant in mutants(source):
                (found if caught(asked[name], mutant, names) else missed).append((name, change))
            if not asked[name].value:
                exec(source, names)  # for those that call it
    return found, missed


def equivalent(name, change):
    return any(name == question and change.endswith(part) for question, part in EQUIVALENT)


def test_mutants_are_caught():
    found, missed = tried()
    assert len(found) >= 150
    assert [each for each in missed if not equivalent(*each)] == []


def test_what_is_called_equivalent_is_not_caught():
    found, missed = tried()
    assert len([each for each in missed if equivalent(*each)]) == len(EQUIVALENT)
    assert not [each for each in found if equivalent(*each)]
