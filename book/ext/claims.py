"""Claims and their verdicts: marks in the pages, and the table made from all of them.

A mark stands directly before the cell whose ``assert`` proves the verdict::

    :::{claim} does-not-hold
    :id: max-pooling-invariant
    :source: {cite}`zeiler2013`
    :condition: What is right instead, or under which condition the claim holds.
    Max pooling makes a network invariant to small shifts.
    :::

``{claims}`` makes the table.
"""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.domains import Domain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

VERDICTS = {
    "holds": "Holds",
    "holds-if": "Holds, if …",
    "does-not-hold": "Does not hold here",
    "wrong": "Wrong",
}


def verdict(argument):
    """Return the argument of the directive if it is one of the four verdicts."""
    return directives.choice(argument, tuple(VERDICTS))


def badge(key):
    """Return the mark that shows a verdict, in words and in colour."""
    return nodes.inline("", VERDICTS[key], classes=["verdict", f"verdict-{key}"])


class Claim(SphinxDirective):
    """A claim of the literature or of a lecture note, with what this book found."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012
        "id": directives.unchanged_required,
        "source": directives.unchanged,
        "condition": directives.unchanged,
    }

    def run(self):
        """Return the card and remember the claim for the table."""
        self.assert_has_content()
        key = verdict(self.arguments[0])
        if "id" not in self.options:
            raise self.error("a claim needs an :id:")
        name = f"claim-{self.options['id']}"
        text = nodes.container("", *self.parse_content_to_nodes(), classes=["claim-text"])
        source = self.parse_inline(self.options.get("source", ""))[0]
        condition = self.parse_inline(self.options.get("condition", ""))[0]
        if condition and key == "holds-if":
            condition.insert(0, nodes.Text("… if "))
        claims = self.env.get_domain("claims").claims
        if claims.get(name, {"doc": self.env.docname})["doc"] != self.env.docname:
            raise self.error(f"two claims have the id {self.options['id']!r}")
        claims[name] = {
            "doc": self.env.docname,
            "verdict": key,
            "text": [node.deepcopy() for node in text.children],
            "source": [node.deepcopy() for node in source],
            "condition": [node.deepcopy() for node in condition],
        }
        return [self.card(name, key, text, source, condition)]

    def card(self, name, key, text, source, condition):
        """Return the card that the page shows."""
        head = nodes.paragraph("", "", badge(key), classes=["claim-head"])
        if source:
            head += nodes.inline("", "", *source, classes=["claim-source"])
        card = nodes.container("", head, text, classes=["claim", f"claim-{key}"], ids=[name])
        if condition:
            card += nodes.paragraph("", "", *condition, classes=["claim-condition"])
        self.set_source_info(card)
        return card


class ClaimsTable(nodes.General, nodes.Element):
    """Where the table will stand; filled when all pages have been read."""


class Claims(SphinxDirective):
    """The table of all claims in the order of the chapters."""

    def run(self):
        """Return the placeholder."""
        return [ClaimsTable()]


class ClaimsDomain(Domain):
    """Remembers the claims of each page between builds, and resolves links to them."""

    name = "claims"
    label = "Claims"
    initial_data = {"claims": {}}  # noqa: RUF012

    @property
    def claims(self):
        """Return a dict: anchor of a claim → its page, verdict and texts."""
        return self.data["claims"]

    def clear_doc(self, docname):
        """Forget the claims of a page that is read anew or gone."""
        for name in [name for name, claim in self.claims.items() if claim["doc"] == docname]:
            del self.claims[name]

    def resolve_any_xref(self, env, fromdocname, builder, target, node, contnode):
        """Let `[text](#claim-…)` reach a claim on another page."""
        if target not in self.claims:
            return []
        doc = self.claims[target]["doc"]
        return [("claims:claim", make_refnode(builder, fromdocname, doc, target, contnode))]


def reading_order(env, docname):
    """Yield the names of all pages in the order of the table of contents."""
    yield docname
    for child in env.toctree_includes.get(docname, ()):
        yield from reading_order(env, child)


class FillTable(SphinxPostTransform):
    """Put the table in place, before references are resolved, so that its citations are too."""

    default_priority = 5

    def run(self, **kwargs):
        """Replace each placeholder."""
        for place in list(self.document.findall(ClaimsTable)):
            place.replace_self(self.table())

    def table(self):
        """Return the table, or a sentence where there is no claim yet."""
        claims = self.env.get_domain("claims").claims
        order = list(reading_order(self.env, self.env.config.root_doc))
        rows = sorted(claims.items(), key=lambda item: order.index(item[1]["doc"]))
        if not rows:
            return nodes.paragraph("", "No page marks a claim yet.")
        head = ["The claim", "What we find", "Where it is shown"]
        group = nodes.tgroup("", *[nodes.colspec(colwidth=w) for w in (5, 4, 3)], cols=3)
        group += nodes.thead("", self.row([[nodes.paragraph("", text)] for text in head]))
        group += nodes.tbody("", *[self.row(self.cells(*row)) for row in rows])
        return nodes.table("", group, classes=["claims"])

    def row(self, cells):
        """Return a row of the table."""
        return nodes.row("", *[nodes.entry("", *cell) for cell in cells])

    def cells(self, name, claim):
        """Return the three cells of a claim."""
        copies = {
            part: [self.here(node) for node in claim[part]]
            for part in ("text", "source", "condition")
        }
        found = [nodes.paragraph("", "", badge(claim["verdict"]))]
        if copies["condition"]:
            found.append(nodes.paragraph("", "", *copies["condition"]))
        stated = copies["text"]
        if copies["source"]:
            stated.append(nodes.paragraph("", "", *copies["source"], classes=["claim-source"]))
        title = nodes.Text(self.env.titles[claim["doc"]].astext())
        builder, here = self.app.builder, self.env.docname
        link = make_refnode(builder, here, claim["doc"], name, title)
        return stated, found, [nodes.paragraph("", "", link)]

    def here(self, node):
        """Return a copy of ``node`` whose references start from this page."""
        copy = node.deepcopy()
        for reference in copy.findall(pending_xref):
            reference["refdoc"] = self.env.docname
        return copy


def setup(app):
    """Register directives, nodes and the domain."""
    app.add_domain(ClaimsDomain)
    app.add_directive("claim", Claim)
    app.add_directive("claims", Claims)
    app.add_node(ClaimsTable)
    app.add_post_transform(FillTable)
