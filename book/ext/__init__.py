"""The book's own Sphinx extension: directives, mathematics, execution, the frame of a page."""

from book.ext import api, claims, crossings, execution, maths, page, reading, spaces, stills


def setup(app):
    """Register every part with Sphinx."""
    for part in (execution, maths, claims, reading, spaces, api, crossings, stills, page):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
