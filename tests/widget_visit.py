"""Opening a page with widgets, and what every widget must be, for one test file of each."""

import contextlib

from axe_playwright_python.sync_playwright import Axe

from tests.widget_page import write_page


def opener(visit, folder):
    """Return a function that opens a page with widgets in a visited browser."""

    @contextlib.contextmanager
    def opened(*widgets, theme="light", phone=False, fragment=""):
        page = write_page(folder, *widgets, theme=theme)
        with visit(page.as_uri() + fragment, phone=phone) as seen:
            seen.page.set_default_timeout(5_000)
            yield seen

    return opened


def violations(page):
    """Return what axe finds wrong with a page, with the place."""
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]]) for v in found]
