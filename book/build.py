"""Build the book: ``python -m book.build``.

Every warning is an error. A build that failed leaves no trees of pages behind: a second run with
them would find nothing new to read, and say that all is well.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml

ROOT = Path(__file__).resolve().parent.parent
EXTRA_PAGES = {"index", "search"}
OFFLINE = "descent-offline.zip"
NOT_FOR_READERS = {".buildinfo", "objects.inv"}
MARK = re.compile(rb"<!-- offline -->.*?<!-- /offline -->", re.DOTALL)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
QUIET = re.compile(r"$^")
TROUBLE = re.compile(r"WARNING:|ERROR:|CRITICAL:|Extension error|Exception occurred")
PROGRESS = re.compile(r"(reading|writing|copying|pickling|building|checking|dumping)\b|\s*$")


class BuildError(Exception):
    """The book could not be built; the message says what to look at."""


def run_sphinx(root):
    """Run jupyter-book on ``root``; return its exit status and all that it printed.

    One thread for each cell: two notebooks must not fight for two cores, and results that depend
    on the number of threads would differ from machine to machine.
    """
    start = "from jupyter_book.cli.main import main; main()"
    arguments = ["build", str(root), "-W", "-n", "--keep-going"]
    with subprocess.Popen(
        [sys.executable, "-c", start, *arguments],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        printed = []
        for line in process.stdout:
            printed.append(ANSI.sub("", line))
            if not QUIET.match(printed[-1]):
                print(printed[-1], end="", flush=True)
    return process.returncode, "".join(printed)


def check_pages(root, site):
    """Hold the written pages against those of `_toc.yml`; remove what an earlier build left.

    Returns:
        The number of pages.

    Raises:
        BuildError: a page was not written.
    """
    written = {p.relative_to(site).with_suffix("").as_posix() for p in site.rglob("*.html")}
    expected = set(parse_toc_yaml(root / "_toc.yml"))
    if missing := expected - written:
        raise BuildError(f"_toc.yml lists pages that were not written: {sorted(missing)}")
    for name in written - expected - EXTRA_PAGES:
        (site / f"{name}.html").unlink()
    return len(expected)


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
    return target


def build(root):
    """Build the book in ``root``.

    Raises:
        BuildError: a page, a cell or a reference failed.
    """
    output = root / "_build"
    site = output / "html"
    try:
        status, printed = run_sphinx(root)
        if status:
            raise BuildError(explain(printed))
        count = check_pages(root, site)
        write_zip(site)
    except BaseException:
        shutil.rmtree(output / ".doctrees", ignore_errors=True)
        raise
    return count


def explain(printed):
    r"""Return what went wrong, out of all that was printed: page, cell and traceback.

    Example:
        >>> explain("reading\na.md:3: WARNING: no such page\nwriting\n")
        'a.md:3: WARNING: no such page'
    """
    kept, keep = [], False
    for line in printed.splitlines():
        if TROUBLE.search(line):
            keep = True
        elif PROGRESS.match(line):
            keep = False
        if keep:
            kept.append(line)
    return "\n".join(kept) or printed[-2000:]


def main():
    """Build and say where to open the book, or what went wrong."""
    start = time.monotonic()
    try:
        count = build(ROOT)
    except BuildError as error:
        sys.exit(f"\nThe book was not built.\n\n{error}")
    site = ROOT / "_build" / "html"
    print(f"\nThe book is built: {count} pages in {time.monotonic() - start:.0f} s.")
    print(f"Open {(site / 'index.html').as_uri()}, or run: make serve")


if __name__ == "__main__":
    main()
