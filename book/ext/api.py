"""The reference of the library's operations, made from their docstrings.

``{operations} pooling`` shows each operation of a topic: what `lib.reference.pooling` has, forward
and backward as one entry, and its twin in `lib.accelerated.pooling`. ``{operations-index}`` lists
all topics' operations. `book.ext.crossings` ties the entries to the chapters.
"""

import importlib
import inspect
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from book.ext.docstrings import blocks, items, sections
from book.ext.torch_names import torchs_own
from book.ext.uses import BACKWARD

FOLDER = "chapters/api/"
CODE = re.compile(r"``?([^`]+)``?")


class TaughtIn(nodes.General, nodes.Element):
    """Where the pages that use an operation will be named, once all pages have been read."""


class IndexPlace(nodes.General, nodes.Element):
    """Where the list of all operations will stand."""


def topic_of_page(name):
    """Return the topic whose operations a page describes, or None.

    Example:
        >>> topic_of_page("chapters/api/pooling"), topic_of_page("chapters/api/index")
        ('pooling', None)
    """
    topic = name.removeprefix(FOLDER)
    return None if topic in (name, "index") else topic


def module(role, topic):
    """Return the module of a topic in a role, `reference` or `accelerated`."""
    return importlib.import_module(f"lib.{role}.{topic}")


def offered(topic):
    """Return what the reference of a topic offers: nothing, where it has only begun."""
    return getattr(module("reference", topic), "__all__", [])


def operations(topic):
    """Return the names of the operations of a topic, without their backwards, sorted."""
    return [name for name in offered(topic) if not name.endswith(BACKWARD)]


def has(topic, name):
    """Tell whether a topic has an operation, or a backward, of this name."""
    return name in offered(topic)


class Operations(SphinxDirective):
    """The entries of a topic."""

    required_arguments = 1

    def run(self):
        """Return a section for each operation."""
        topic, entries = self.arguments[0], []
        for name in operations(topic):
            try:
                entries.append(self.entry(topic, name))
            except ValueError as error:
                raise self.error(f"{topic}.{name}: {error}") from error
        return entries

    def entry(self, topic, name):
        """Return the entry of an operation: the reference, its backward, its twin."""
        reference = module("reference", topic)
        forward, backward = getattr(reference, name), getattr(reference, name + BACKWARD, None)
        twin = getattr(module("accelerated", topic), name)
        section = nodes.section(ids=[name], names=[name], classes=["operation"])
        section["support_smartquotes"] = False  # in an option such as "mean" they would be wrong
        section += [nodes.title("", name), signature(name, forward)]
        section += [self.homes(name, forward, twin), TaughtIn("", topic=topic, name=name)]
        section += description(forward)
        if backward:
            section += the_way_back(name + BACKWARD, backward)
        if twin is not forward:
            parts = [label("Torch twin"), same_signature(topic, name, forward, backward)]
            parts += description(twin, meant=False)
            section += nodes.container("", *parts, classes=["second"])
        return section

    def homes(self, name, forward, twin):
        """Return the line that leads to the code of both twins, and to torch's own operation."""
        codes = {forward: "NumPy reference"}
        codes[twin] = "torch twin" if twin is not forward else "One function for both roles"
        line = nodes.paragraph(classes=["homes"])
        for function, words in codes.items():
            link = nodes.reference("", words, refuri=self.source(function))
            line += [link, nodes.Text(" · ")]
        if own := torchs_own(name):
            line += [nodes.Text("torch’s own: "), nodes.reference("", "", refuri=own[1])]
            line[-1] += nodes.literal("", own[0])
        else:
            line += nodes.Text("torch has no operation of this name")
        return line

    def source(self, function):
        """Return the public address of a function's code."""
        links, function = self.config.descent_links, inspect.unwrap(function)
        path = Path(inspect.getsourcefile(function)).resolve()
        path = path.relative_to(Path(self.env.srcdir).resolve()).as_posix()
        line = inspect.getsourcelines(function)[1]
        return f"{links['repository_url']}/blob/{links['repository_branch']}/{path}#L{line}"


class OperationsIndex(SphinxDirective):
    """The names of all operations, topic by topic."""

    def run(self):
        """Return the placeholder."""
        return [IndexPlace()]


def label(text):
    """Return the small heading of a part of an entry."""
    return nodes.paragraph("", text, classes=["label"])


def signature(name, function):
    """Return how a function is called."""
    text = f"{name}{inspect.signature(function)}"
    return nodes.literal_block(text, text, language="python", classes=["signature"])


def the_way_back(name, function):
    """Return the part of an entry that describes the backward; its title is for the search."""
    parts = [nodes.title("", name), signature(name, function), *description(function)]
    return nodes.admonition("", *parts, ids=[name], classes=["second"])


def inline(text):
    """Return the nodes of a text on one line, in which backticks enclose code."""
    parts = CODE.split(" ".join(text.split()))
    return [nodes.literal("", part) if n % 2 else nodes.Text(part) for n, part in enumerate(parts)]


def paragraph(text, **attributes):
    """Return a paragraph of plain text."""
    return nodes.paragraph("", "", *inline(text), **attributes)


def description(function, *, meant=True):
    """Return what the docstring of a function says, with the line that says its meaning or not."""
    found = sections(function.__doc__)
    meaning, _, rest = found.pop("").partition("\n")
    result = [paragraph(meaning, classes=["meaning"])] if meant else []
    result += prose(rest)
    for name, text in found.items():
        result += SECTIONS[name](text)
    return result


def prose(text):
    """Return paragraphs, lists and equations."""
    return [KINDS[kind](part) for kind, part in blocks(text)]


def bullets(text):
    """Return a list; its items follow hyphens."""
    parts = text.removeprefix("- ").split("\n- ")
    return nodes.bullet_list("", *[nodes.list_item("", paragraph(part)) for part in parts])


def equation(text):
    """Return an equation in its author's lines."""
    lines = [nodes.line("", row) for row in text.splitlines()]
    return nodes.line_block("", *lines, classes=["equation"])


def definitions(title):
    """Return a function that shows a section: its title, and its terms or its sentence."""

    def show(text):
        return [label(title), *(terms(found) if (found := items(text))[0][0] else prose(text))]

    return show


def terms(found):
    """Return a list of terms and what is told of them."""
    shown = nodes.definition_list(classes=["terms"])
    for term, told in found:
        name = nodes.term("", "", nodes.literal("", term, classes=["term"]))
        shown += nodes.definition_list_item("", name, nodes.definition("", paragraph(told)))
    return [shown]


def example(text):
    """Return an example, a session with Python."""
    return [label("Example"), nodes.literal_block(text, text, language="pycon")]


def same_signature(topic, name, forward, backward):
    """Return the sentences about what a twin shares with its reference, and what not."""
    text = f"The same signature in torch: `lib.accelerated.{topic}.{name}`."
    if "rng" in inspect.signature(forward).parameters:
        text += " Its `rng` is a `torch.Generator`, or a tensor of the uniforms."
    if backward:
        text += f" Autograd takes the place of `{name}{BACKWARD}`."
    return paragraph(text)


KINDS = {"text": paragraph, "list": bullets, "equation": equation}
SECTIONS = {
    "Args": definitions("Arguments"),
    "Returns": definitions("Returns"),
    "Yields": definitions("Yields"),
    "Raises": definitions("Raises"),
    "Source": lambda text: [label("Source"), paragraph(text)],
    "Note": lambda text: [label("Note"), *prose(text)],
    "Example": example,
}


def setup(app):
    """Register directives and nodes."""
    app.add_directive("operations", Operations)
    app.add_directive("operations-index", OperationsIndex)
    app.add_node(TaughtIn)
    app.add_node(IndexPlace)
