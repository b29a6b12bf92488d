"""Build the book: ``python -m book.build``, or one page of it: ``python -m book.build PAGE``.

Every warning is an error. A build that failed leaves no trees of pages behind: a second run with
them would find nothing new to read, and say that all is well.
"""

import difflib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from PIL import Image
from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
EXTRA_PAGES = {"index", "search"}
OFFLINE = "descent-offline.zip"
NOT_FOR_READERS = {".buildinfo", "objects.inv"}
MARK = re.compile(rb"<!-- offline -->.*?<!-- /offline -->", re.DOTALL)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PROGRESS = re.compile(r"reading sources|.*Executed notebook in")
KERNEL_CHATTER = re.compile(r"^\[IPKernelApp\].*\n", re.MULTILINE)
ROAD_TO_CELL = re.compile(r"Traceback \(most recent.*?CellExecutionError: ", re.DOTALL)
ROAD_TO_SPHINX = re.compile(
    r"(?<=\n)(?:The full traceback|Traceback \(most recent)(?:(?!: (?:WARNING|ERROR): ).)*"
    r"There was an error in building.*",
    re.DOTALL,
)
SAID_ALREADY = re.compile(r"Exception occurred:\n.*\n.*\n.*\.ExecutionError: .*\n")


class BuildError(Exception):
    """The book could not be built; the message says what to look at."""


def run_sphinx(root, *options):
    """Run jupyter-book on ``root`` with some options and show which page it is at.

    Returns:
        The exit status, and what was complained about.
    """
    start = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", start, "build", str(root), *options]
    streams = {"stdout": subprocess.PIPE, "encoding": "utf-8"}
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as complaints,
        subprocess.Popen(command, cwd=root, stderr=complaints, **streams) as process,
    ):
        for line in process.stdout:
            if PROGRESS.match(plain := ANSI.sub("", line)):
                print(plain, end="", flush=True)
        status = process.wait()
        complaints.seek(0)
        return status, ANSI.sub("", complaints.read())


def check_pages(pages, site):
    """Raise BuildError if one of ``pages`` was not written."""
    if missing := {name for name in pages if not (site / f"{name}.html").exists()}:
        raise BuildError(f"_toc.yml lists pages that were not written: {sorted(missing)}")


def remove_leftovers(site, pages):
    """Remove pages, sources and figures of earlier builds that no page needs any more."""
    kept = pages | EXTRA_PAGES
    for path in [*site.rglob("*.html"), *(site / "_sources").rglob("*")]:
        base = site / "_sources" if "_sources" in path.parts else site
        if path.is_file() and path.relative_to(base).with_suffix("").as_posix() not in kept:
            path.unlink()
    shown = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    for path in (site / "_images").glob("*"):
        if path.name not in shown:
            path.unlink()


def slim_figures(site):
    """Store figures in 256 colours: less than half the bytes, and no difference to be seen."""
    for path in (site / "_images").glob("*.png"):
        with Image.open(path) as figure:
            if figure.mode != "P":
                figure.convert("RGB").quantize(256).save(path, optimize=True)


def write_zip(site):
    """Write the whole site as one archive: the same bytes for the same site, on any day.

    The copy inside does not offer itself for download again.
    """
    target = site / OFFLINE
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(site.rglob("*")):
            name = path.relative_to(site).as_posix()
            if path.is_dir() or path == target or name in NOT_FOR_READERS:
                continue
            content = path.read_bytes()
            if path.suffix == ".html":
                content = MARK.sub(b"", content)
            archive.writestr(zipfile.ZipInfo(f"descent/{name}"), content, zipfile.ZIP_DEFLATED)


def build(root):
    """Build the book in ``root``.

    One thread for each notebook: two must not fight for two cores, and results that depend on the
    number of threads would differ from machine to machine.

    Returns:
        The number of pages.

    Raises:
        BuildError: a page, a cell or a reference failed.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    output = root / "_build"
    site = output / "html"
    pages = set(parse_toc_yaml(root / "_toc.yml"))
    try:
        ahead = [sys.executable, "-m", "book.execute"]
        subprocess.run(ahead, cwd=root, stderr=subprocess.DEVNULL, check=False)
        status, complaints = run_sphinx(root, "-W", "-n", "--keep-going")
        if status:
            raise BuildError(explain(complaints))
        check_pages(pages, site)
        remove_leftovers(site, pages)
        slim_figures(site)
        write_zip(site)
    except BaseException:
        shutil.rmtree(output / ".doctrees", ignore_errors=True)
        raise
    return len(pages)


def preview(root, page):
    """Build one page in a few seconds, to be looked at; what it links to is not there.

    Args:
        root: the folder of the book.
        page: its path without suffix, as in ``_toc.yml``.

    Returns:
        The page's file.

    Raises:
        BuildError: there is no such page, or one of its cells failed.
    """
    if page not in (known := set(parse_toc_yaml(root / "_toc.yml"))):
        near = ", ".join(difflib.get_close_matches(page, known)) or "those in _toc.yml"
        raise BuildError(f"expected a page such as {near}; got {page!r}")
    output = root / "_build" / "page"
    output.mkdir(parents=True, exist_ok=True)
    (output / "_toc.yml").write_text(f"format: jb-book\nroot: {page}\n", encoding="utf-8")
    options = ["--toc", str(output / "_toc.yml"), "--path-output", str(output)]
    status, complaints = run_sphinx(root, *options)
    if status:
        raise BuildError(explain(complaints))
    return output / "_build" / "html" / f"{page}.html"


def explain(complaints):
    r"""Return what went wrong: page, cell and traceback, without the way to them.

    Example:
        >>> road = "Traceback (most recent call last):\n…\nThere was an error in building …"
        >>> explain("a.md:3: WARNING: no such page\n" + road)
        'a.md:3: WARNING: no such page'
    """
    text = KERNEL_CHATTER.sub("", complaints)
    text = ROAD_TO_CELL.sub("", text, count=1)
    return SAID_ALREADY.sub("", ROAD_TO_SPHINX.sub("", text)).strip()


def main():
    """Build and say where to open the book, or one page of it, or what went wrong."""
    start = time.monotonic()
    importlib.import_module("matplotlib.font_manager")  # lists the fonts once, and not in a page
    try:
        if len(sys.argv) == 2:
            print(f"\nOpen {preview(ROOT, sys.argv[1].removesuffix('.ipynb')).as_uri()}")
            return
        count = build(ROOT)
    except BuildError as error:
        sys.exit(f"\nThe book was not built.\n\n{error}")
    site = ROOT / "_build" / "html"
    print(f"\nThe book is built: {count} pages in {time.monotonic() - start:.0f} s.")
    print(f"Open {(site / 'index.html').as_uri()}, or run: make serve")


if __name__ == "__main__":
    main()
