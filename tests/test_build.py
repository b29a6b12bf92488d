"""What building the book executes again, and how it fails: seen on a book of two pages."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from book.build import BuildError, build, explain, preview
from book.ext.execution import digest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the book is not built on Windows")

ROOT = Path(__file__).resolve().parent.parent
TOC = "format: jb-book\nroot: chapters/index\nchapters:\n"


def write_notebook(path, *sources):
    """Write a notebook whose first cell leaves a line in a diary each time that it runs."""
    diary = f"open('{path.parent / 'diary'}', 'a').write('{path.stem}\\n');"
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# Page {path.stem}"},
        *(
            {
                "cell_type": "code",
                "id": f"cell-{n}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for n, source in enumerate([diary, *sources])
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}}
    path.write_text(json.dumps(notebook | {"nbformat": 4, "nbformat_minor": 5}))


def list_pages(book, *names):
    """Write the table of contents."""
    (book / "_toc.yml").write_text(TOC + "".join(f"- file: chapters/{name}\n" for name in names))


@pytest.fixture
def tiny(tmp_path):
    """Return the folder of a book of three short pages, with this book's settings and frame."""
    shutil.copy(ROOT / "_config.yml", tmp_path)
    shutil.copytree(ROOT / "book", tmp_path / "book")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "__init__.py").write_text("__version__ = '0'\n")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "references.bib").write_text("")
    (tmp_path / "chapters" / "index.md").write_text("# The first page\n\nWith $x^2$.\n")
    for name in ("second", "third"):
        (tmp_path / "chapters" / f"{name}.md").write_text(f"# The {name} page\n")
    list_pages(tmp_path, "second", "third")
    return tmp_path


@pytest.fixture
def running(tiny):
    """Return the same book with two notebooks."""
    for name in ("one", "two"):
        write_notebook(tiny / "chapters" / f"{name}.ipynb", "1 + 1")
    list_pages(tiny, "one", "two")
    return tiny


def executed(book):
    """Return the pages executed since the last look."""
    diary = book / "chapters" / "diary"
    pages = sorted(diary.read_text().split()) if diary.exists() else []
    diary.unlink(missing_ok=True)
    return pages


def test_executes_again_what_could_have_changed_and_nothing_else(running):
    assert build(running) == 3
    assert executed(running) == ["one", "two"]

    build(running)
    assert executed(running) == []

    write_notebook(running / "chapters" / "two.ipynb", "2 + 2")
    build(running)
    assert executed(running) == ["two"]

    (running / "lib" / "__init__.py").write_text("__version__ = '1'\n")
    build(running)
    assert executed(running) == ["one", "two"]


def test_failing_cell_stops_the_build_every_time_and_says_where(running):
    build(running)
    write_notebook(running / "chapters" / "two.ipynb", "assert 1 + 1 == 3, 'a false sum'")
    for _ in range(2):
        with pytest.raises(BuildError) as failure:
            build(running)
        for part in ("chapters/two.ipynb", "assert 1 + 1 == 3", "AssertionError: a false sum"):
            assert part in str(failure.value)
        assert "site-packages" not in str(failure.value)

    write_notebook(running / "chapters" / "two.ipynb", "assert 1 + 1 == 2")
    assert build(running) == 3


def test_one_page_is_built_alone_and_its_links_may_lead_nowhere(running):
    (running / "chapters" / "index.md").write_text("# First\n\n[two](two.ipynb)\n")
    page = preview(running, "chapters/one")
    assert "Page one" in page.read_text()
    assert executed(running) == ["one"]
    assert preview(running, "chapters/index").exists()
    with pytest.raises(BuildError, match=r"such as chapters/one.*; got 'chapters/on'"):
        preview(running, "chapters/on")

    write_notebook(running / "chapters" / "one.ipynb", "assert 1 + 1 == 3")
    with pytest.raises(BuildError, match="AssertionError"):
        preview(running, "chapters/one")


def test_path_to_a_page_that_is_not_there_stops_the_build(tiny):
    paths = "- name: Short\n  for: You.\n  pages: [second, fourth]\n"
    (tiny / "chapters" / "paths.yml").write_text(paths)
    (tiny / "chapters" / "index.md").write_text("# First\n\n```{reading-paths} paths.yml\n```\n")
    with pytest.raises(BuildError, match="'Short': there is no page chapters/fourth"):
        build(tiny)


def test_broken_link_and_broken_formula_stop_the_build_every_time(tiny):
    page = tiny / "chapters" / "index.md"
    page.write_text("# The first page\n\n[nowhere](no-such-page.md) and $\\frac{1$.\n")
    for _ in range(2):
        with pytest.raises(BuildError) as failure:
            build(tiny)
        assert "no-such-page" in str(failure.value)
        assert "KaTeX parse error" in str(failure.value)


def test_page_of_the_toc_that_is_missing_stops_the_build(tiny):
    list_pages(tiny, "second", "three")
    with pytest.raises(BuildError, match="chapters/three"):
        build(tiny)


def test_archive_is_the_same_to_the_byte_until_a_page_leaves(tiny):
    site = tiny / "_build" / "html"
    archive = site / "descent-offline.zip"
    assert build(tiny) == 3
    first = archive.read_bytes()
    build(tiny)
    assert archive.read_bytes() == first

    list_pages(tiny, "second")
    assert build(tiny) == 2
    assert not (site / "chapters" / "third.html").exists()
    names = zipfile.ZipFile(archive).namelist()
    assert "descent/chapters/second.html" in names
    assert "descent/chapters/third.html" not in names


def test_claim_reaches_the_table_with_its_verdict(tiny):
    mark = ":::{claim} wrong\n:id: sums\nOne and one are three, $1 + 1 = 3$.\n:::\n"
    page = tiny / "chapters" / "index.md"
    page.write_text(f"# The first page\n\n{mark}\n:::{{claims}}\n:::\n")
    build(tiny)
    html = (tiny / "_build" / "html" / "chapters" / "index.html").read_text()
    table = html[html.index('<table class="claims') :]
    assert "Wrong" in table
    assert "One and one are three" in table
    assert 'href="#claim-sums"' in table
    assert 'id="claim-sums"' in html


TOPIC = """
__all__ = ["double"]

def double(x):
    '''{}

    Example:
        >>> double(2)
        4
    '''
    return 2 * x
"""


def write_operation(book, meaning):
    """Write a library of one operation, in both roles."""
    for role in ("reference", "accelerated"):
        folder = book / "lib" / role
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        (folder / "doubling.py").write_text(TOPIC.format(meaning))


def test_operations_follow_the_docstrings_and_the_cells(tiny):
    write_operation(tiny, "Double a number.")
    (tiny / "chapters" / "api").mkdir()
    page = tiny / "chapters" / "api" / "doubling.md"
    page.write_text("# Doubling\n\n:::{operations} doubling\n:::\n")
    list_pages(tiny, "second", "api/doubling")
    built = tiny / "_build" / "html" / "chapters"
    build(tiny)
    html = (built / "api" / "doubling.html").read_text()
    assert "Double a number." in html
    assert "No page of a chapter uses it yet." in html

    write_operation(tiny, "Take a number twice.")
    build(tiny)
    html = (built / "api" / "doubling.html").read_text()
    assert "Take a number twice." in html
    assert "Double a number." not in html

    use = "if False:\n    from lib.reference import doubling\n    doubling.double(1)"
    write_notebook(tiny / "chapters" / "one.ipynb", use)
    list_pages(tiny, "one", "api/doubling")
    build(tiny)
    assert 'Taught in <a class="reference internal" href="../one.html">' in (
        (built / "api" / "doubling.html").read_text()
    )
    assert 'href="api/doubling.html#double"' in (built / "one.html").read_text()

    write_operation(tiny, "Args:\n    x, but not indented.")
    with pytest.raises(BuildError, match=r"doubling\.double: expected an indented line"):
        build(tiny)


def test_digest_sees_names_and_contents_but_not_compiled_files(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.py").write_text("1")
    seen = {digest(tmp_path, ["lib"])}
    (tmp_path / "lib" / "a.pyc").write_text("compiled")
    assert digest(tmp_path, ["lib"]) in seen
    (tmp_path / "lib" / "a.py").write_text("2")
    seen.add(digest(tmp_path, ["lib"]))
    (tmp_path / "lib" / "a.py").rename(tmp_path / "lib" / "b.py")
    seen.add(digest(tmp_path, ["lib"]))
    assert len(seen) == 3


def test_explanation_survives_the_noise_of_kernels_and_drops_the_road_to_the_trouble():
    noise = "[IPKernelApp] WARNING | TCP\nTraceback (most recent call last):\nZMQError\n"
    trouble = "a.md:3: WARNING: no such page\n"
    road = "Traceback (most recent call last):\nRuntimeError: There was an error in building\n"
    explained = explain(noise + trouble + road)
    assert trouble.strip() in explained
    assert "IPKernelApp" not in explained
    assert "RuntimeError" not in explained
