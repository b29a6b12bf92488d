"""The widgets in a real browser, each on a page made here: no book and no network needed."""

import contextlib
import json

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from numpy.testing import assert_allclose

from lib.widgets import pooling
from tests.browser import chromium
from tests.probes import Probe, line
from tests.widget_page import embedded, write_page

WIDGETS = {"probe": Probe, "question": lambda: pooling.question("output-size")}
every_widget = pytest.mark.parametrize("name", WIDGETS)


@pytest.fixture(scope="module")
def visit():
    with chromium() as launcher:
        yield launcher


@pytest.fixture
def show(visit, tmp_path):
    """Return a function that opens a page with widgets."""

    @contextlib.contextmanager
    def opened(*widgets, theme="light", phone=False, fragment=""):
        page = write_page(tmp_path, *widgets, theme=theme)
        with visit(page.as_uri() + fragment, phone=phone) as seen:
            seen.page.set_default_timeout(5_000)
            yield seen

    return opened


def shown_frame(page):
    text = page.locator("[data-widget]").get_attribute("data-frame")
    return np.array([float(v) for v in text.split(",")])


# --- Every widget --------------------------------------------------------------------------


@every_widget
def test_widget_starts_offline_without_complaint(show, name):
    with show(WIDGETS[name]()) as seen:
        assert seen.page.locator(".descent-widget[data-ready=true]").count() == 1
        assert (seen.external, seen.complaints) == ([], [])


@every_widget
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_widget_is_accessible(show, name, theme):
    with show(WIDGETS[name](), theme=theme) as seen:
        for button in seen.page.locator(".dw-predict button").all()[:1]:
            button.click()
        found = Axe().run(seen.page).response["violations"]
        assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in found] == []


@every_widget
def test_widget_fits_a_phone(show, name):
    with show(WIDGETS[name](), phone=True) as seen:
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390


# --- The shell -----------------------------------------------------------------------------


def test_arrow_key_moves_a_slider_and_the_drawing_follows(show):
    with show(Probe()) as seen:
        before = seen.page.locator(".dw-line").get_attribute("d")
        seen.page.get_by_label("Slope").press("ArrowRight")
        seen.page.wait_for_function(
            "document.querySelector('.dw-summary').innerText.includes('3')"
        )
        assert seen.page.locator(".dw-line").get_attribute("d") != before
        assert_allclose(shown_frame(seen.page), line(3, "up"), atol=Probe().given["error"] * 1.001)


def test_page_shows_the_library_within_the_stored_error(show):
    probe = Probe()
    with show(probe) as seen:
        for sign, slope in [("down", 0), ("down", 4), ("up", 1)]:
            seen.page.evaluate(f"location.hash = 'probe?slope={slope}&sign={sign}'")
            words = f"The slope is {slope}."
            seen.page.get_by_text(words).wait_for()
            error = np.abs(shown_frame(seen.page) - line(slope, sign)).max()
            assert error <= probe.given["error"] * (1 + 1e-5)


def test_link_reproduces_the_state_and_reset_forgets_it(show):
    with show(Probe()) as seen:
        seen.page.get_by_label("Down").check(force=True)
        seen.page.get_by_label("As bars").check()
        seen.page.locator(".dw-link").click()
        seen.page.get_by_text("ink").last.wait_for()
        fragment = seen.page.evaluate("location.hash")
    assert fragment == "#probe?sign=down&bars=true"
    with show(Probe(), fragment=fragment) as seen:
        assert_allclose(shown_frame(seen.page), line(2, "down"), atol=0.06)
        assert seen.page.get_by_label("As bars").is_checked()
        seen.page.locator(".dw-reset").click()
        seen.page.wait_for_function("!document.querySelector('[type=checkbox]').checked")
        assert_allclose(shown_frame(seen.page), line(2, "up"), atol=0.06)


@pytest.mark.parametrize(
    ("fragment", "slope"),
    [
        ("#probe?slope=99", 4),
        ("#probe?slope=x", 2),
        ("#other?slope=3", 2),
        ("#probe?__proto__=1", 2),
    ],
)
def test_nonsense_in_the_address_is_put_right(show, fragment, slope):
    with show(Probe(), fragment=fragment) as seen:
        assert seen.page.locator(".dw-summary").inner_text() == f"The slope is {slope}."
        assert seen.complaints == []


def test_two_of_a_kind_have_addresses_of_their_own(show):
    with show(Probe(), Probe(), fragment="#probe-2?slope=4") as seen:
        said = seen.page.locator(".dw-summary").all_inner_texts()
        assert said == ["The slope is 2.", "The slope is 4."]


def test_reduced_motion_leaves_no_transition(show):
    with show(Probe()) as seen:
        duration = "getComputedStyle(document.querySelector('.dw-bar')).transitionDuration"
        assert seen.page.evaluate(duration) != "0s"
        seen.page.emulate_media(reduced_motion="reduce")
        assert seen.page.evaluate(duration) == "0s"


def test_text_takes_the_colour_of_the_page(show):
    with show(Probe()) as seen:
        colour = "getComputedStyle(document.querySelector('.dw-plot text')).fill"
        assert seen.page.evaluate(colour) == "rgb(31, 41, 51)"
        seen.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert seen.page.evaluate(colour) == "rgb(206, 214, 221)"


def test_host_says_so_when_a_widget_cannot_start(show, tmp_path):
    broken = Probe()
    broken._esm = "export default { render() { throw new Error('broken on purpose'); } };"
    with show(Probe()) as seen:
        page = write_page(tmp_path, broken, Probe(), name="broken.html")
        seen.page.goto(page.as_uri())
        seen.page.wait_for_selector("[data-ready=true]")
        assert "could not start" in seen.page.inner_text("main")
        assert any("broken on purpose" in c for c in seen.complaints)


# --- A kernel that answers -----------------------------------------------------------------

FRONT_END = """async ([state, source]) => {
  document.querySelector(".descent-widget").remove();
  const heard = [];
  const data = Uint8Array.from(atob(state.data), (c) => c.charCodeAt(0));
  const model = {
    state: { ...state, data: new DataView(data.buffer) },
    get(key) { return this.state[key]; }, set() {}, save_changes() {},
    on(event, f) { if (event === "msg:custom") heard.push(f); },
    send(message) {
      if (message.hello) setTimeout(() => heard.forEach((f) => f({ hello: true })));
      if (!message.ask) return;
      const frame = new DataView(Float32Array.from([5, 4, 3, 2, message.at.slope]).buffer);
      setTimeout(() => heard.forEach((f) => f({ answer: message.ask }, [frame])));
    },
  };
  const blob = new Blob([source], { type: "text/javascript" });
  const module = await import(URL.createObjectURL(blob));
  await module.default.render({ model, el: document.querySelector("main") });
}"""


def test_answer_of_a_live_kernel_replaces_the_stored_frame(show):
    with show(Probe()) as seen:
        model = embedded(Probe())
        state = model["state"] | {"data": model["buffers"][0]["data"]}
        seen.page.evaluate(FRONT_END, [state, state["_esm"]])
        seen.page.wait_for_selector(".descent-widget[data-live=true]")
        seen.page.get_by_label("Slope").press("ArrowRight")
        seen.page.wait_for_selector('[data-frame="5,4,3,2,3"]')
        assert not seen.page.locator(".dw-link").is_visible()


# --- Questions -----------------------------------------------------------------------------


def test_question_answers_each_option_and_remembers_the_last(show):
    with show(pooling.question("output-size")) as seen:
        page = seen.page
        given = pooling.question("output-size").given
        assert page.locator(".dw-answer").count() == 0
        assert given["options"][1]["feedback"] not in page.inner_text("main")
        for option in given["options"]:
            page.get_by_role("button", name=option["text"], exact=True).click()
            assert option["feedback"] in page.inner_text(".dw-answer")
            chosen = page.locator("button[aria-pressed=true]")
            assert chosen.get_attribute("data-right") == str(option["correct"]).lower()
            assert (given["explain"] in page.inner_text(".dw-answer")) == option["correct"]
        stored = page.evaluate("localStorage.getItem('descent:answer:output-size')")
        assert json.loads(stored) == {"choice": 3, "correct": False}
        page.reload()
        page.wait_for_selector(".dw-answer")
        assert given["options"][3]["feedback"] in page.inner_text(".dw-answer")
        page.locator(".dw-reset").click()
        assert page.locator(".dw-answer").count() == 0
        assert page.evaluate("localStorage.length") == 0


def test_question_works_where_nothing_can_be_remembered(show):
    with show(pooling.question("channels")) as seen:
        seen.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error(); } })"
        )
        seen.page.reload()
        seen.page.get_by_role("button", name="64 channels of 14×14").click()
        assert "on its own" in seen.page.inner_text(".dw-answer")
        assert seen.complaints == []
