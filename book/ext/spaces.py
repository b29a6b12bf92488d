"""Spaces that no line may end at: a number stays with its sign and with the next number."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

GAP = re.compile(r"(?<=\d) (?=[×%])|(?<=×) (?=\d)")
VERBATIM = (nodes.FixedTextElement, nodes.literal, nodes.math, nodes.raw)


class HoldTogether(SphinxPostTransform):
    """Put a no-break space into “4 × 4” and “95 %”, but not into code, which is copied."""

    default_priority = 700

    def run(self):
        """Replace the texts that hold such a gap."""
        for text in list(self.document.findall(nodes.Text)):
            held = GAP.sub("\u00a0", text)
            if held != text and not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(held))


def setup(app):
    """Register the transform."""
    app.add_post_transform(HoldTogether)
