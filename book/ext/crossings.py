"""Ties between the chapters and the reference of the operations, in both directions.

None of them is made by hand: which page uses what is read from the cells. An entry names the pages
that use it, a page ends in a list of what it uses, and a name in its text leads to the entry.
"""

import re

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from book.ext.api import IndexPlace, TaughtIn, has, label, operations, topic_of_page
from book.ext.claims import reading_order
from book.ext.uses import ROLES, uses

ROLE = "|".join(map(re.escape, ROLES))
NAME = re.compile(rf"(?:(?:(?:{ROLE})\.)?(\w+)\.)?(\w+)(?:\(.*\))?")
MODULE = re.compile(rf"(?:{ROLE})\.(\w+)")
PLAIN_WORD = re.compile(r"[a-z]+")
LINKED_ALREADY = (nodes.reference, pending_xref, nodes.title)


def look_at_all_pages(app, env):
    """Note where each topic is described, and which chapter uses which of its operations."""
    pages = list(dict.fromkeys(reading_order(env, env.config.root_doc)))
    app.descent_topics = {topic: page for page in pages if (topic := topic_of_page(page))}
    chapters = [page for page in pages if page.startswith("chapters/")]
    used = {page: uses(env.doc2path(page)) for page in chapters}
    app.descent_uses = {page: [u for u in used[page] if known(app, *u)] for page in chapters}
    return []


def known(app, topic, name):
    """Tell whether an operation, or a backward, has an entry."""
    return topic in app.descent_topics and has(topic, name)


class Cross(SphinxPostTransform):
    """Put the links of a page in place."""

    default_priority = 6

    def run(self, **kwargs):
        """Fill the places that the directives left, link names, and list what a page uses."""
        for place in list(self.document.findall(TaughtIn)):
            place.replace_self(self.taught_in(place["topic"], place["name"]))
        for place in list(self.document.findall(IndexPlace)):
            place.replace_self(self.index())
        for literal in list(self.document.findall(nodes.literal)):
            self.link_name(literal)
        if used := self.app.descent_uses.get(self.env.docname):
            links = [label("Operations on this page"), self.names(used)]
            page = next(self.document.findall(nodes.section))
            page += nodes.container("", *links, classes=["operations-here"])

    def link(self, page, anchor, node):
        """Return a link to a place on a page."""
        return make_refnode(self.app.builder, self.env.docname, page, anchor, node)

    def names(self, found):
        """Return a paragraph with the names of operations, each leading to its entry."""
        links = [
            self.link(self.app.descent_topics[topic], name, nodes.literal("", name))
            for topic, name in found
        ]
        return joined(links, " · ")

    def taught_in(self, topic, name):
        """Return the sentence about the pages that use an operation."""
        pages = [page for page, used in self.app.descent_uses.items() if (topic, name) in used]
        links = [self.link(p, "", nodes.Text(self.env.titles[p].astext())) for p in pages]
        line = (
            joined(links, ", ")
            if links
            else nodes.paragraph("", "No page of a chapter uses it yet.")
        )
        if links:
            line.insert(0, nodes.Text("Taught in "))
        line["classes"].append("taught")
        return line

    def index(self):
        """Return the names of all operations, topic by topic."""
        shown = nodes.definition_list(classes=["all-operations"])
        for topic, page in self.app.descent_topics.items():
            title = self.link(page, "", nodes.Text(topic.capitalize()))
            names = self.names([(topic, name) for name in operations(topic)])
            definition = nodes.definition("", names)
            shown += nodes.definition_list_item("", nodes.term("", "", title), definition)
        return shown

    def link_name(self, literal):
        """Turn the name of an operation or of a topic's module into a link to its description."""
        around = list(ancestors(literal))
        place = self.place_of(literal.astext())
        is_heading = any(isinstance(node, LINKED_ALREADY) for node in around) or literal["classes"]
        if place and not is_heading and not any(place[1] in node["ids"] for node in around):
            copy = literal.deepcopy()
            literal.replace_self(self.link(*place, copy))

    def place_of(self, text):
        """Return the page and the anchor at which a name is described, or None.

        A plain word such as `pad` may also be a variable: it counts as an operation only on the
        pages of its topic, and on those whose cells use it.
        """
        if found := MODULE.fullmatch(text):
            page = self.app.descent_topics.get(found[1])
            return (page, "") if page and page != self.env.docname else None
        if not (found := NAME.fullmatch(text)):
            return None
        topic, name = found.groups()
        for candidate in [topic] if topic else self.topics_near(name):
            if known(self.app, candidate, name):
                return self.app.descent_topics[candidate], name
        return None

    def topics_near(self, name):
        """Return the topics to which a name on this page may belong, the nearest first."""
        here = self.env.docname
        near = [topic_of_page(here) or here.split("/")[-2:][0]]
        near += [topic for topic, used in self.app.descent_uses.get(here, ()) if used == name]
        return near if PLAIN_WORD.fullmatch(name) else [*near, *self.app.descent_topics]


def joined(links, separator):
    """Return a paragraph of links."""
    line = nodes.paragraph()
    for link in links:
        line += [nodes.Text(separator), link] if line.children else [link]
    return line


def ancestors(node):
    """Yield what a node stands in, from the inside out."""
    while node := node.parent:
        yield node


def setup(app):
    """Register the transform, and the look at all pages before it."""
    app.descent_topics, app.descent_uses = {}, {}
    app.add_post_transform(Cross)
    app.connect("env-updated", look_at_all_pages)
