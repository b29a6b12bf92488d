"""Docstrings in Google's style, read as plain text: nothing in them has to be escaped.

An operation's docstring says in one line what it means; then come paragraphs, equations on
indented lines, and sections such as ``Args:``, whose text is indented.
"""

import inspect
import re
from itertools import accumulate, groupby
from textwrap import dedent

HEADING = re.compile(r"(Args|Returns|Yields|Raises|Source|Note|Example)s?:(?: +(.*))?")
TERM = re.compile(r"(\(?[*\w]+(?:, [*\w]+)*\)?): *(.*)")
FORMULA = re.compile(r"\w+([\[(].*?[\])])?( [=→∈·] | \([A-Z].*→)")
WRAP = re.compile(rf"\n(?!{FORMULA.pattern})")
WRAPPED = "Source"  # follows its heading on the same line, and may go on without an indent
SENTENCE = re.compile(r"(?<=\.) (?=[A-Z])")


def sections(docstring):
    r"""Return a dict: the heading of each section, "" for what precedes them all → its text.

    Raises:
        ValueError: a section is not indented, so that nobody can tell where it ends.

    Example:
        >>> sections("Halve x.\n\ny = x / 2\n\nArgs:\n    x: any number.")
        {'': 'Halve x.\n\ny = x / 2', 'Args': 'x: any number.'}
    """
    found, name = {"": []}, ""
    for line in inspect.cleandoc(docstring).splitlines():
        if heading := HEADING.fullmatch(line):
            name = heading[1]
            found[name] = [f"    {heading[2] or ''}"]
        elif name not in ("", WRAPPED) and line and not line.startswith("    "):
            raise ValueError(f"expected an indented line under {name!r}, got {line!r}")
        else:
            found[name].append(line)
    return {name: dedent("\n".join(lines)).strip("\n") for name, lines in found.items()}


def blocks(text):
    r"""Return the parts of a text in their order, each a pair of its kind and its content.

    A ``text`` is a paragraph, a ``list`` has items after hyphens, and an ``equation`` is what
    stands on indented lines, or the first sentence of a paragraph that begins as formulas do.

    Example:
        >>> blocks("A mean:\n    y = Σ x / n\nOver all cells.")
        [('text', 'A mean:'), ('equation', 'y = Σ x / n'), ('text', 'Over all cells.')]
    """
    lines = text.splitlines()
    kinds = list(accumulate(lines, kind_of_line, initial=""))[1:]
    found = []
    for kind, pairs in groupby(zip(kinds, lines, strict=True), key=lambda pair: pair[0]):
        part = dedent("\n".join(line for _, line in pairs))
        if kind == "text" and FORMULA.match(part):
            equation, *rest = SENTENCE.split(WRAP.sub(" ", part), maxsplit=1)
            found += [("equation", equation), *(("text", text) for text in rest)]
        elif kind:
            found.append((kind, part))
    return found


def kind_of_line(before, line):
    """Return what a line belongs to, if the one before it belongs to ``before``."""
    if not line.strip():
        return ""
    if line.startswith("- "):
        return "list"
    if line.startswith(" "):
        return "list" if before == "list" else "equation"
    return "text"


def items(text):
    r"""Return the entries of a section as pairs of a term, which may be "", and its text.

    Example:
        >>> items("x: an image,\n    float.\nstride: a step.")
        [('x', 'an image, float.'), ('stride', 'a step.')]
    """
    found = []
    for line in text.splitlines():
        if term := TERM.fullmatch(line):
            found.append((term[1], term[2]))
        else:
            name, told = found.pop() if found else ("", "")
            found.append((name, f"{told} {line.strip()}".strip()))
    return found
