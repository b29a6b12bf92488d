"""The reference of the operations: whole, true to the docstrings, and tied to the chapters."""

import importlib
import inspect
import re
from functools import cache
from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup

from book.ext.api import BACKWARD, module, offered, operations, topic_of_page
from book.ext.docstrings import blocks, items, sections
from book.ext.torch_names import torchs_own
from book.ext.uses import uses, uses_in
from tests.browser import SITE
from tests.toc import ROOT, pages_of_the_toc

PAGES = pages_of_the_toc()
DESCRIBED = {topic: page for page in PAGES if (topic := topic_of_page(page))}
IN_LIB = {p.stem for p in (ROOT / "lib/reference").glob("*.py") if not p.stem.startswith("_")}
ENTRIES = [(topic, name) for topic in DESCRIBED for name in operations(topic)]
every_entry = pytest.mark.parametrize(("topic", "name"), ENTRIES)
built = pytest.mark.browser  # reads the built pages, which exist where browsers are tested


def functions(topic, name):
    """Return an operation, its backward (or None) and its twin."""
    reference, twin = module("reference", topic), module("accelerated", topic)
    return getattr(reference, name), getattr(reference, name + BACKWARD, None), getattr(twin, name)


def squeezed(text):
    """Return a text without what a page sets in its own way: spaces, marks of code and terms."""
    return re.sub(r"[`:\s]|<BLANKLINE>", "", text)


@cache
def built_page(page):
    """Return a page of the built book."""
    return BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")


def address(page, link):
    """Return the page to which a link on a page leads."""
    return urljoin(f"/{page}.html", link["href"]).partition("#")[0][1:].removesuffix(".html")


@cache
def used_on(page):
    """Return the operations that the end of a page lists, as pairs of topic and name."""
    links = built_page(page).select(".operations-here a")
    return [(topic_of_page(address(page, a)), a["href"].partition("#")[2]) for a in links]


@cache
def parts_of(page):
    """Return a dict: anchor → what it stands on."""
    return {node["id"]: node for node in built_page(page).find_all(id=True)}


def entry_of(topic, name):
    """Return the element that describes an operation."""
    return parts_of(DESCRIBED[topic])[name]


def test_every_topic_of_the_library_has_its_page_of_operations():
    assert set(DESCRIBED) == {topic for topic in IN_LIB if offered(topic)}
    for topic, page in DESCRIBED.items():
        text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
        assert f":::{{operations}} {topic}\n" in text


@pytest.mark.parametrize("topic", DESCRIBED)
def test_every_public_name_has_an_entry(topic):
    entries = {*operations(topic), *(name + BACKWARD for name in operations(topic))}
    assert set(offered(topic)) <= entries
    assert set(module("accelerated", topic).__all__) == set(operations(topic))


@every_entry
def test_docstring_has_every_section_or_names_an_operation_that_has(topic, name):
    forward, backward, twin = functions(topic, name)
    told = sections(forward.__doc__)
    named = [other for other in re.findall(r"`(\w+)`", told[""]) if (topic, other) in ENTRIES]
    kin = [sections(functions(topic, other)[0].__doc__) for other in named]
    for part in ("Args", "Returns", "Raises"):
        assert part in told or any(part in other for other in kin), part
    for function in filter(None, (forward, backward, twin)):
        assert ">>>" in sections(function.__doc__)["Example"]
        assert sections(function.__doc__)[""].splitlines()[0].endswith((".", ":", "?"))


@every_entry
def test_arguments_are_those_of_the_signature_in_its_order(topic, name):
    for function in filter(None, functions(topic, name)):
        if args := sections(function.__doc__).get("Args"):
            described = [n.strip(" *") for term, _ in items(args) for n in term.split(",")]
            assert described == list(inspect.signature(function).parameters)


@every_entry
def test_the_name_that_a_link_gives_to_torch_is_torchs(topic, name):
    if own := torchs_own(name):
        full, address = own
        path, _, last = full.rpartition(".")
        assert callable(getattr(importlib.import_module(path), last))
        assert address.startswith("https://docs.pytorch.org/docs/stable/")
        assert full in address


def test_torchs_own_operation_is_found_where_torch_keeps_it():
    found = {
        "max_pool2d": "torch.nn.functional.max_pool2d",
        "xavier_uniform": "torch.nn.init.xavier_uniform_",
        "calculate_gain": "torch.nn.init.calculate_gain",
        "clip_grad_norm": "torch.nn.utils.clip_grad_norm_",
        "logsumexp": "torch.logsumexp",
        "adam_step": "torch.optim.Adam",
        "rmsprop_init": "torch.optim.RMSprop",
        "step_lr": "torch.optim.lr_scheduler.StepLR",
    }
    assert {name: torchs_own(name)[0] for name in found} == found
    assert not any(map(torchs_own, ("stochastic_pool2d", "gem_pool", "lion_step")))


def test_docstrings_are_read_as_plain_text():
    told = sections(
        """Scale x*y by |x|_ and `a_`.

        y[i] = x[i] · s, which may
        go on.
        z = y. The scale is s.

            s = 1 / Σ x
            for each row

        - one,
          and more
        - two

        Args:
            x: an array,
                float.
            **options: whatever `f` takes.

        Source: Someone (1999), A title
            that goes on.

        Example:
            >>> f(1)

            2
        """
    )
    assert blocks(told[""]) == [
        ("text", "Scale x*y by |x|_ and `a_`."),
        ("equation", "y[i] = x[i] · s, which may go on.\nz = y."),
        ("text", "The scale is s."),
        ("equation", "s = 1 / Σ x\nfor each row"),
        ("list", "- one,\n  and more\n- two"),
    ]
    assert items(told["Args"]) == [("x", "an array, float."), ("**options", "whatever `f` takes.")]
    assert told["Source"] == "Someone (1999), A title\nthat goes on."
    assert told["Example"] == ">>> f(1)\n\n2"


def test_section_without_indent_is_refused_with_its_line():
    with pytest.raises(ValueError, match=r"indented line under 'Args', got 'x: an array\.'"):
        sections("Halve.\n\nArgs:\nx: an array.")


def test_uses_are_those_of_the_librarys_operations_alone():
    code = """
    from lib.reference import pooling, losses as distances
    from lib.accelerated import pooling as twins
    from lib.accelerated.activations import relu
    from lib.widgets import pooling as widgets
    import lib.reference.convolution as c

    %matplotlib inline
    if True:
        !pip list
    y = c.conv2d(x, w); widgets.sliding_window()
    distances.l1_loss_backward(dy, twins.max_pool2d(x, 2), torch.nn.functional.pad(x))
    pooling.max_pool2d(x, 2)
    """
    assert uses_in(inspect.cleandoc(code)) == [
        ("activations", "relu"),
        ("convolution", "conv2d"),
        ("losses", "l1_loss"),
        ("pooling", "max_pool2d"),
    ]


@built
@every_entry
def test_entry_shows_what_the_docstrings_say(topic, name):
    entry = entry_of(topic, name)
    shown = [pre.get_text().rstrip("\n") for pre in entry.find_all("pre")]
    expected = []
    forward, backward, twin = functions(topic, name)
    for function in filter(None, (forward, backward)):
        expected.append(f"{function.__name__}{inspect.signature(function)}")
        expected.append(sections(function.__doc__)["Example"])
    if twin is not forward:
        expected.append(sections(twin.__doc__)["Example"])
    assert shown == [text.replace("<BLANKLINE>", "") for text in expected]
    text = squeezed(entry.get_text())
    for function in filter(None, (forward, backward)):
        for heading, told in sections(function.__doc__).items():
            for part in re.split(r"\n\n|^(?=- )", told, flags=re.MULTILINE):
                assert squeezed(part.removeprefix("- ")) in text, heading


@built
@every_entry
def test_entry_leads_to_both_sources_and_to_torch(topic, name):
    links = {a.get_text(): a["href"] for a in entry_of(topic, name).select(".homes a")}
    own = torchs_own(name)
    assert links.get(own and own[0]) == (own and own[1])
    lacks = "torch has no operation of this name" in entry_of(topic, name).get_text()
    assert lacks == (own is None)
    forward, _, twin = functions(topic, name)
    codes = {"NumPy reference": forward, "torch twin": twin}
    for words, function in codes.items():
        link = links[words if twin is not forward else "One function for both roles"]
        path, _, line = link.partition("#L")
        path = ROOT / path.split("/blob/")[1].partition("/")[2]
        code = path.read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
        first = next(row for row in code if row.startswith("def "))
        assert first.startswith(f"def {inspect.unwrap(function).__name__}(")


@built
@every_entry
def test_entry_and_the_chapters_that_use_it_lead_to_each_other(topic, name):
    taught = entry_of(topic, name).select_one(".taught")
    using = [page for page in PAGES if (topic, name) in used_on(page)]
    assert [address(DESCRIBED[topic], link) for link in taught.find_all("a")] == using
    assert using or taught.get_text() == "No page of a chapter uses it yet."


def test_chapters_use_what_they_name_in_their_cells():
    folder = ROOT / "chapters" / "pooling"
    used = {path.stem: uses(path) for path in folder.iterdir()}
    assert all(("pooling", "max_pool2d") in used[path.stem] for path in folder.glob("*.ipynb"))
    only = [page for page, found in used.items() if ("pooling", "gem_pool") in found]
    assert only == ["global-and-learned"]
    assert used["index"] == []


@built
@pytest.mark.parametrize("page", PAGES)
def test_links_to_operations_lead_to_entries(page):
    for link in built_page(page).select("article a:has(> code)"):
        if "://" not in link["href"]:
            anchor = link["href"].partition("#")[2]
            assert not anchor or anchor in parts_of(address(page, link)), link["href"]


@built
def test_index_lists_every_operation():
    links = built_page("chapters/api/index").select(".all-operations dd a")
    assert [link.get_text() for link in links] == [name for _, name in ENTRIES]


@built
@pytest.mark.parametrize("name", ["gem_pool", "gem_pool_backward"])
def test_search_leads_to_an_entry_and_to_its_backward(visit, home, name):
    with visit(f"{home}/search.html?q={name}") as seen:
        seen.page.wait_for_selector("#search-results li")
        seen.page.locator(f"#search-results a[href$='api/pooling.html#{name}']").wait_for()
