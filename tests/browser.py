"""A real browser that can reach nothing but this machine, and remembers all that went wrong."""

import contextlib
import functools
import gzip
import http.server
import os
import shutil
import threading
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
TEXT = (".html", ".css", ".js", ".svg", ".json", ".txt")


class GzipHandler(http.server.SimpleHTTPRequestHandler):
    """Serve a folder as a web host does: text is compressed."""

    def do_GET(self):
        """Answer with a compressed body where the file is text."""
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            return super().do_GET()
        body = gzip.compress(path.read_bytes(), mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the page was left before it was whole
            self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing: a failed request shows in the browser."""


@contextlib.contextmanager
def serve(folder):
    """Serve ``folder`` on a free port of this machine and yield its address."""
    handler = functools.partial(GzipHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Visit:
    """One opened page: ``page`` is Playwright's, the lists say what went wrong."""

    def __init__(self, context):
        """Watch a fresh page of ``context``."""
        self.external, self.complaints, self.transferred = [], [], 0
        context.route("**/*", self._only_this_machine)
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda r: self.complaints.append(f"failed: {r.url}"))
        network = context.new_cdp_session(self.page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", self._finished)

    def _only_this_machine(self, route):
        url = route.request.url
        if url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
            route.continue_()
        else:
            self.external.append(url)
            route.abort()

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _finished(self, event):
        self.transferred += int(event["encodedDataLength"])

    def open(self, url):
        """Go to ``url`` and wait until its widgets have drawn."""
        self.page.goto(url, wait_until="load")
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('script[type$=\"widget-view+json\"]')].length"
            " <= document.querySelectorAll('.descent-widget[data-ready=true]').length"
        )
        return self


@contextlib.contextmanager
def chromium():
    """Yield a launcher ``visit(url, dark=False, phone=False) -> Visit``."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise RuntimeError("chromium is not installed: run tests/system-packages.sh")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-background-networking", "--disable-component-update"],
        )

        @contextlib.contextmanager
        def visit(url, dark=False, phone=False):
            context = browser.new_context(
                color_scheme="dark" if dark else "light",
                viewport={"width": 390, "height": 844}
                if phone
                else {"width": 1280, "height": 900},
                has_touch=phone,
            )
            try:
                yield Visit(context).open(url)
            finally:
                context.close()

        try:
            yield visit
        finally:
            browser.close()


def violations(page):
    """Return what axe finds wrong with a page, with the places."""
    found = Axe().run(page).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]]) for v in found]
