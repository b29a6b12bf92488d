"""The shapes of a piece of code or prose: what two copies share, whatever was renamed or moved."""

import ast
import builtins
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

from lib.instructor._answers import LONGEST

DEEPEST = 60  # brackets within brackets
RUN = 4  # words in a row that are one shape of prose

BUILTIN = frozenset(dir(builtins))
COMMUTING = ast.Add | ast.Mult | ast.BitAnd | ast.BitOr | ast.And | ast.Or
TURNED = {ast.Gt: ast.Lt, ast.GtE: ast.LtE}


def shapes_of_code(source: str) -> Counter[bytes]:
    """Count the shapes in a piece of Python: its statements, and expressions within them.

    Names, docstrings, comments, annotations, imports and the values of strings do not count;
    neither does the order of statements, nor that of the terms of a sum or a product.

    Raises:
        SyntaxError: it is no Python, or too long or too deeply nested to be looked at.
    """
    found: Counter[bytes] = Counter()
    if len(source) > LONGEST or _depth(source) > DEEPEST:
        raise SyntaxError("too long or too deeply nested")
    try:
        _Speller(found).body(ast.parse(source).body)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None
    return found


def shapes_of_prose(text: str) -> Counter[bytes]:
    """Count the runs of words in a text; case and punctuation do not matter."""
    words = re.findall(r"\w+", text[:LONGEST].casefold())
    runs = zip(*(words[start:] for start in range(RUN)), strict=False)
    return Counter(_digest(*run) for run in runs)


def _depth(source: str) -> int:
    """Return how deeply brackets are nested, those in strings included."""
    depth = deepest = 0
    for letter in source:
        depth += (letter in "([{") - (letter in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _digest(*parts: str | bytes) -> bytes:
    said = (part.encode("utf-8", "replace") if isinstance(part, str) else part for part in parts)
    return blake2b(b"\0".join(said), digest_size=8).digest()


class _Speller:
    """Spells trees without what may differ between two copies, and counts what it spells."""

    silent = ast.Import | ast.ImportFrom | ast.Pass | ast.Global | ast.Nonlocal
    unsaid = ("annotation", "returns", "type_comment", "simple", "kind", "ctx")
    smallest = 3  # nodes of an expression that says something

    def __init__(self, found: Counter[bytes]):
        self.found = found

    def body(self, statements: Sequence[ast.stmt]) -> None:
        """Count statements, each by itself; a bare constant says nothing."""
        for each in statements:
            bare = isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            if not bare and not isinstance(each, self.silent):
                self.found[self.spell(each)[0]] += 1

    def spell(self, node: ast.AST) -> tuple[bytes, int]:
        """Return what a tree is without its names, and how many nodes it has."""
        node, spelled = _usual(node), []
        for name, value in ast.iter_fields(node):
            children = value if isinstance(value, list) else [value]
            if children and isinstance(children[0], ast.stmt):
                self.body(children)  # counted by themselves, wherever they stand
            elif name not in self.unsaid:
                spelled += [self.part(node, name, child) for child in children]
        if isinstance(getattr(node, "op", None), COMMUTING):
            spelled.sort()
        digest = _digest(type(node).__name__, *(part for part, _ in spelled))
        size = 1 + sum(count for _, count in spelled)
        if isinstance(node, ast.expr) and size >= self.smallest:
            self.found[digest] += 1
        return digest, size

    def part(self, node: ast.AST, name: str, value: object) -> tuple[bytes, int]:
        """Return what stands in a field of a node: another, or a word or number of its own."""
        if isinstance(value, ast.AST):
            return self.spell(value)
        if isinstance(node, ast.Constant):
            return _digest("text" if isinstance(value, str | bytes) else repr(value)), 0
        kept = value is None or isinstance(node, ast.Attribute | ast.keyword) or value in BUILTIN
        return _digest(str(value) if kept else "name"), 0


def _usual(node: ast.AST) -> ast.AST:
    """Return the usual form of what can be written in two ways."""
    if isinstance(node, ast.AugAssign):
        return ast.Assign([node.target], ast.BinOp(node.target, node.op, node.value))
    if isinstance(node, ast.AnnAssign) and node.value:
        return ast.Assign([node.target], node.value)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TURNED:
        turned = TURNED[type(node.ops[0])]()
        return ast.Compare(node.comparators[0], [turned], [node.left])
    return node
