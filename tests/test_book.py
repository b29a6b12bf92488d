"""The built book, in a real browser: offline, alive, true, accessible, within its budgets."""

import functools
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.browser import SITE, violations
from tests.toc import ROOT, pages_of_the_toc

pytestmark = pytest.mark.browser
PAGES = pages_of_the_toc()
every_page = pytest.mark.parametrize("page", PAGES)


@every_page
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_page_asks_nothing_of_the_network_and_has_no_complaint(visit, home, page, scheme):
    start = home if scheme == "http" else SITE.as_uri()
    with visit(f"{start}/{page}.html") as seen:
        seen.page.wait_for_load_state("networkidle")
        assert seen.external == []
        assert seen.complaints == []


@every_page
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_page_is_accessible(visit, home, page, dark):
    with visit(f"{home}/{page}.html", dark=dark) as seen:
        assert violations(seen.page) == []


@every_page
def test_phone_page_does_not_scroll_sideways(visit, home, page):
    with visit(f"{home}/{page}.html", phone=True) as seen:
        width = seen.page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390


LOAD_ALL_FIGURES = """() => Promise.all([...document.images].map(image => {
  image.loading = 'eager';
  return image.decode();
}))"""


@every_page
def test_page_keeps_its_budget(visit, home, page):
    html = (SITE / f"{page}.html").read_text()
    states = re.findall(r'<script type="[^"]*widget-state\+json">(.*?)</script>', html, re.S)
    assert sum(len(s.encode()) for s in states) <= 150_000
    with visit(f"{home}/{page}.html") as seen:
        seen.page.evaluate(LOAD_ALL_FIGURES)
        seen.page.wait_for_load_state("networkidle")
        assert 1_000 < seen.transferred <= 350_000, "bytes, compressed, with every figure"


VIEW = r'<script type="[^"]*widget-view\+json">.*?</script>'
STILL = re.compile(VIEW + r"\s*(?:</div>\s*)?<noscript>(.*?)</noscript>", re.S)


def calls_of_widgets(page):
    """Return how many cells of a notebook show a widget; 0 for a page of plain text."""
    source = (ROOT / page).with_suffix(".ipynb")
    cells = json.loads(source.read_text())["cells"] if source.exists() else []
    code = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return sum(text.startswith("widgets.") for text in code)


@every_page
def test_each_widget_has_a_still_for_a_reader_without_scripts(page):
    html = (SITE / f"{page}.html").read_text()
    stills = STILL.findall(html)
    assert len(stills) == len(re.findall(VIEW, html, re.S)) >= calls_of_widgets(page)
    for still in stills:
        picture = re.search(r'<img [^>]*src="([^"]+)"', still)
        assert picture or still.count("<li>") >= 2, "expected a picture, or a question's options"
        assert not picture or (SITE / page).parent.joinpath(picture[1]).is_file()
        assert not picture or "Still of " in still


DRAWN = """root => [...root.querySelectorAll('.dw-drawing')].map(
  d => d.innerHTML + [...d.querySelectorAll('canvas')].map(c => c.toDataURL()).join()).join()"""
CONTROLS = "input:not([type=hidden]), select, button:not(.dw-reset, .dw-link), [role=gridcell]"
NEXT_FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"
CHOSEN_ALREADY = "e => e.ariaPressed === 'true'"


def nudge(control):
    """Move one control as a reader would; return whether there was anything to move."""
    if not control.is_visible() or not control.is_enabled():
        return False
    kind = control.evaluate("e => e.type || e.tagName.toLowerCase()")
    if kind == "range":
        before = control.input_value()
        control.press("ArrowRight")
        if control.input_value() == before:
            control.press("ArrowLeft")
    elif kind == "number":
        control.press("ArrowUp")
    elif kind == "select-one":
        control.evaluate(
            "e => { e.selectedIndex = (e.selectedIndex + 1) % e.options.length;"
            " e.dispatchEvent(new Event('input', {bubbles: true}));"
            " e.dispatchEvent(new Event('change', {bubbles: true})); }"
        )
    elif kind == "text":  # a formula
        control.fill(f"{control.input_value()} + x")
    elif kind == "radio":
        control.evaluate("e => e.click()")
    else:
        control.click()
    return True


def settings(widget):
    """Return functions that bring the widget into each state of its selects and radios."""
    found = [lambda: None]
    for select in widget.locator("select").all():
        count = select.locator("option").count()
        found += [functools.partial(select.select_option, index=i) for i in range(count)]
    for radio in widget.locator("input[type=radio]").all():
        found.append(functools.partial(radio.evaluate, "e => e.click()"))
    return found


def dead_controls(page, widget):
    """Return the labels of the controls that change no drawing in any setting."""
    waiting = list(range(widget.locator(CONTROLS).count()))
    reset = widget.locator(".dw-reset")
    for choose in settings(widget):
        for index in list(waiting):
            reset.evaluate("e => e.click()")
            page.evaluate(NEXT_FRAME)
            choose()
            page.evaluate(NEXT_FRAME)
            before = widget.evaluate(DRAWN)
            if nudge(widget.locator(CONTROLS).nth(index)):
                page.mouse.move(0, 0)
                page.evaluate(NEXT_FRAME)
                if widget.evaluate(DRAWN) != before:
                    waiting.remove(index)
        if not waiting:
            break
    reset.evaluate("e => e.click()")
    page.evaluate(NEXT_FRAME)
    name = "e => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.value"
    dead = [widget.locator(CONTROLS).nth(index) for index in waiting]
    return [c.evaluate(name) for c in dead if not c.evaluate(CHOSEN_ALREADY)]


@every_page
def test_every_control_changes_a_drawing(visit, home, page):
    with visit(f"{home}/{page}.html") as seen:
        for widget in seen.page.locator(".descent-widget:not([data-widget=question])").all():
            assert dead_controls(seen.page, widget) == [], widget.get_attribute("data-widget")


INPUTS = "input:is([type=range], [type=radio], [type=checkbox])"
CHOSEN = "inputs => inputs.map(e => e.type === 'range' ? e.value : e.checked)"


@every_page
def test_the_link_of_a_widget_leads_to_its_state(visit, home, page):
    with visit(f"{home}/{page}.html") as seen:
        for widget in seen.page.locator(".descent-widget:not([data-widget=question])").all():
            inputs = widget.locator(INPUTS)
            for index in range(inputs.count()):
                nudge(inputs.nth(index))
                seen.page.evaluate(NEXT_FRAME)
            chosen, name = inputs.evaluate_all(CHOSEN), widget.get_attribute("id")
            widget.locator(".dw-link").click()
            seen.page.wait_for_url(f"**#{name}?*", timeout=2_000)
            with visit(seen.page.url) as linked:
                again = linked.page.locator(f"#{name}").locator(INPUTS)
                assert again.evaluate_all(CHOSEN) == chosen
        assert seen.complaints == []


@every_page
def test_answers_are_absent_until_predicted_and_every_option_has_its_own(visit, home, page):
    with visit(f"{home}/{page}.html") as seen:
        for question in seen.page.locator("[data-widget=question]").all():
            answers, feedback = question.locator(".dw-answer"), set()
            options = question.locator(".dw-predict button")
            for index in range(options.count()):
                question.locator(".dw-reset").evaluate("e => e.click()")
                assert answers.count() == 0
                options.nth(index).click()
                feedback.add(answers.inner_text())
            assert len(feedback) == options.count() >= 2


def test_index_leads_to_the_landing_page(visit, home):
    with visit(f"{home}/index.html") as seen:
        seen.page.wait_for_url("**/chapters/index.html")
        assert "Descent" in seen.page.title()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_a_word_of_the_chapter(visit, home, scheme):
    start = home if scheme == "http" else SITE.as_uri()
    with visit(f"{start}/search.html?q=stochastic") as seen:
        seen.page.wait_for_selector("#search-results ul.search li")
        assert "ochastic" in seen.page.locator("#search-results").inner_text()
        assert seen.external == []


def test_offline_zip_holds_the_site():
    (archive,) = SITE.glob("*.zip")
    names = {Path(*Path(n).parts[1:]).as_posix() for n in zipfile.ZipFile(archive).namelist()}
    assert {f"{page}.html" for page in PAGES} <= names
