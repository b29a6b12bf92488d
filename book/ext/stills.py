"""What stands in the place of a widget for a reader without JavaScript: its still, or its text.

A widget's output is a bundle: its view, and what `lib.widgets` offers where no script runs. On
paper the still is chosen by itself; on a page both are kept, the still within `<noscript>`, where
a browser that runs scripts does not fetch it.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

VIEW = "application/vnd.jupyter.widget-view+json"
STILLS = ("image/png", "text/markdown")
NOTE = (
    '<noscript><p class="no-widget">This can be played with or answered where the browser runs '
    "JavaScript.</p>"
)


class Stills(SphinxPostTransform):
    """Put each still beside its widget, before one rendering is chosen from the bundle."""

    default_priority = 3
    formats = ("html",)

    def run(self, **kwargs):
        """Move the stills of all bundles that hold a widget."""
        for bundle in [*self.document.findall(is_bundle)]:
            by_type = {child["mime_type"]: child for child in bundle.children}
            if VIEW not in by_type:
                continue
            still = next(by_type[kind] for kind in STILLS if kind in by_type)
            bundle.remove(still)
            for image in still.findall(nodes.image):
                image["alt"] = f"Still of {by_type['text/plain'].astext()}"
            place = bundle.parent.index(bundle) + 1
            noscript = [nodes.raw("", text, format="html") for text in (NOTE, "</noscript>")]
            bundle.parent[place:place] = [noscript[0], still, noscript[1]]


def is_bundle(node):
    """Tell whether a node holds the renderings of one output."""
    return isinstance(node, nodes.container) and node.get("nb_element") == "mime_bundle"


def setup(app):
    """Register the transform."""
    app.add_post_transform(Stills)
