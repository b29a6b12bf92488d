"""Which page uses which operation of the library: read from the cells of the notebooks."""

import ast
import json
import re
from pathlib import Path

ROLES = ("lib.reference", "lib.accelerated")
BACKWARD = "_backward"
MAGIC = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


def uses(path):
    """Return the operations that the cells of a notebook name, as a page is read.

    Args:
        path: the notebook; a page of another kind has no cells.

    Returns:
        A list of pairs (topic, name), each once, in the order of their first use; a backward
        counts as its operation.
    """
    if Path(path).suffix != ".ipynb":
        return []
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return uses_in("\n".join(code))


def uses_in(code):
    r"""Return the operations that Python code names; lines of IPython's own are passed over.

    Example:
        >>> uses_in("from lib.reference import pooling as p\np.max_pool2d_backward(dy, x, 2)")
        [('pooling', 'max_pool2d')]
    """
    tree = ast.parse(MAGIC.sub(r"\1pass", code))
    modules, found = {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ROLES:
            modules |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and is_topic(node.module):
            found += [(node.lineno, topic_of(node.module), alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            paths = [alias for alias in node.names if is_topic(alias.name)]
            modules |= {alias.asname or alias.name: topic_of(alias.name) for alias in paths}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (module := ast.unparse(node.value)) in modules:
            found.append((node.lineno, modules[module], node.attr))
    ordered = [(topic, name.removesuffix(BACKWARD)) for _, topic, name in sorted(found)]
    return list(dict.fromkeys(ordered))


def is_topic(module):
    """Tell whether a module is that of a topic, in either role."""
    return (module or "").rpartition(".")[0] in ROLES


def topic_of(module):
    """Return the last part of a module's path."""
    return module.rpartition(".")[2]
