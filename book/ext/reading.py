"""What a page says of itself, how long it takes, and the paths through the book.

A page says its minutes in its first section ("about 15 minutes"); where it does not, they are
estimated from its words and cells. The paths stand in `chapters/reading-paths.yml`; the directive
``{reading-paths}`` shows them with the sum of their minutes.
"""

import math
import re
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

logger = logging.getLogger(__name__)

STATED = re.compile(r"\b(\d+)\s+minutes\b")
WORDS_A_MINUTE = 180
MINUTES_A_CELL = 0.4


def minutes(doctree):
    """Return the minutes that a page says it takes, or an estimate; 0 for a page of entries."""
    if any("operation" in section["classes"] for section in doctree.findall(nodes.section)):
        return 0
    opening = next(doctree.findall(nodes.section), doctree)
    own = [child.astext() for child in opening.children if not isinstance(child, nodes.section)]
    if stated := STATED.search(" ".join(own)):
        return int(stated[1])
    prose = sum(len(node.astext().split()) for node in doctree.findall(nodes.paragraph))
    cells = sum(node.get("nb_element") == "cell_code" for node in doctree.findall(nodes.container))
    return max(1, math.ceil(prose / WORDS_A_MINUTE + cells * MINUTES_A_CELL))


def description(doctree):
    """Return what a page is about: its objectives or its first paragraph, in 160 characters."""
    opening = next(doctree.findall(nodes.section), doctree)
    for node in opening.children:
        text = " ".join(node.astext().split())
        if isinstance(node, nodes.bullet_list):
            text = f"You will be able to {text}"
        elif not isinstance(node, nodes.paragraph) or len(text) < 60:
            continue
        return text if len(text) <= 160 else text[:158].rsplit(" ", 1)[0] + " …"
    return ""


def note(app, doctree):
    """Remember the minutes and the description of a page that has been read."""
    facts = app.env.metadata[app.env.docname]
    facts["minutes"] = minutes(doctree)
    facts.setdefault("description", description(doctree))


class PathsPlace(nodes.General, nodes.Element):
    """Where the paths will stand; filled when the minutes of all pages are known."""


class ReadingPaths(SphinxDirective):
    """The reading paths, each with its pages and minutes."""

    required_arguments = 1

    def run(self):
        """Return the placeholder; the argument is the file with the paths."""
        relative, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        return [PathsPlace("", paths=yaml.safe_load(Path(path).read_text(encoding="utf-8")))]


class FillPaths(SphinxPostTransform):
    """Put the paths in place."""

    default_priority = 5

    def run(self, **kwargs):
        """Replace each placeholder."""
        for place in list(self.document.findall(PathsPlace)):
            cards = [self.card(path) for path in place["paths"]]
            place.replace_self(nodes.container("", *cards, classes=["paths"]))

    def card(self, path):
        """Return one path: its name, for whom it is, its minutes and its pages."""
        pages = [f"chapters/{page}" for page in path["pages"]]
        for page in [page for page in pages if page not in self.env.found_docs]:
            logger.warning("reading path %r: there is no page %s", path["name"], page)
            pages.remove(page)
        total = sum(self.env.metadata[page]["minutes"] for page in pages)
        head = nodes.paragraph("", "", nodes.strong("", path["name"]), classes=["path-name"])
        unit = "minute" if total == 1 else "minutes"
        head += nodes.inline("", f"{total} {unit}", classes=["path-minutes"])
        items = [nodes.list_item("", nodes.paragraph("", "", self.link(page))) for page in pages]
        body = nodes.paragraph("", path["for"])
        steps = nodes.enumerated_list("", *items)
        return nodes.container("", head, body, steps, classes=["path"])

    def link(self, page):
        """Return a link to a page, titled with its title."""
        title = nodes.Text(self.env.titles[page].astext())
        return make_refnode(self.app.builder, self.env.docname, page, "", title)


def setup(app):
    """Register the directive and the counting."""
    app.add_directive("reading-paths", ReadingPaths)
    app.add_node(PathsPlace)
    app.add_post_transform(FillPaths)
    app.connect("doctree-read", note)
