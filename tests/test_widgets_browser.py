"""The widgets in a real browser, each on a page made here: no book and no network needed."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib.reference import pooling as reference
from lib.widgets import losses, pooling
from tests.browser import violations
from tests.probes import Probe, line
from tests.test_book import NEXT_FRAME, dead_controls
from tests.widget_page import embedded, write_page

WIDGETS = {
    "probe": Probe,
    "question": lambda: pooling.question("output-size"),
    "sliding_window": pooling.sliding_window,
    "pooling_dice": pooling.pooling_dice,
    "who_hears_the_gradient": pooling.who_hears_the_gradient,
    "saturated_neuron": losses.saturated_neuron,
}
every_widget = pytest.mark.parametrize("name", WIDGETS)


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
        assert violations(seen.page) == []


@every_widget
def test_widget_fits_a_phone(show, name):
    with show(WIDGETS[name](), phone=True) as seen:
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390


@pytest.mark.parametrize("name", [name for name in WIDGETS if name != "question"])
def test_every_control_changes_the_drawing(show, name):
    with show(WIDGETS[name]()) as seen:
        assert dead_controls(seen.page, seen.page.locator(".descent-widget")) == []


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


def test_focused_control_keeps_its_arrow_keys_in_a_notebook(show):
    with show(Probe()) as seen:
        seen.page.get_by_label("Slope").focus()
        suppressed = "document.activeElement.hasAttribute('data-lm-suppress-shortcuts')"
        assert seen.page.evaluate(suppressed)  # JupyterLab looks for this on the target itself


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
        seen.page.wait_for_selector('[data-frame="5,4,3,2,2"]')
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
    with show(pooling.question("output-size")) as seen:
        seen.page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error(); } })"
        )
        seen.page.reload()
        seen.page.get_by_role("button", name="3×3").click()
        assert "⌊2.5⌋" in seen.page.inner_text(".dw-answer")
        assert seen.complaints == []


# --- Sliding window ------------------------------------------------------------------------


def cells(page, name):
    """Return the numbers of a grid, row by row, as the reader sees them."""
    said = page.get_by_role("group", name=name, exact=True).locator(".dw-cell")
    return said.evaluate_all("all => all.map((e) => e.value || e.textContent)")


def drawn(page):
    """Wait until the next frame has been drawn."""
    page.evaluate(NEXT_FRAME)


def test_sliding_window_shows_the_worked_example_before_anything_is_touched(show):
    with show(pooling.sliding_window()) as seen:
        assert cells(seen.page, "Output") == ["9", "2", "6", "3"]
        assert seen.page.locator(".dw-sum").inner_text() == "max(1, 3, 2, 9) = 9"
        assert seen.page.get_by_role("math").get_attribute("aria-label") == (
            "floor of (4 + 2·0 − 2) over 2, plus 1, is 2"
        )


def test_sliding_window_follows_an_edited_number_and_the_kind(show):
    x = np.array(pooling.NOTE, float)
    x[2, 3] = -7.5
    with show(pooling.sliding_window(kernel_size=3, stride=1)) as seen:
        seen.page.get_by_label("Input, row 3, column 4").fill("-7.5")
        seen.page.get_by_label("Average").check(force=True)
        drawn(seen.page)
        said = [float(v.replace("−", "-")) for v in cells(seen.page, "Output")]
        assert_allclose(said, reference.avg_pool2d(x[None], 3, 1).ravel(), atol=0.005)


def test_half_a_number_changes_nothing_and_is_put_right_on_leaving(show):
    with show(pooling.sliding_window()) as seen:
        cell = seen.page.get_by_label("Input, row 2, column 2")
        cell.fill("")
        drawn(seen.page)
        assert cells(seen.page, "Output") == ["9", "2", "6", "3"]
        cell.blur()
        assert cell.input_value() == "9"


def test_arrow_keys_move_the_window(show):
    with show(pooling.sliding_window()) as seen:
        seen.page.get_by_label("Output, row 1, column 1").focus()
        seen.page.keyboard.press("ArrowDown")
        seen.page.keyboard.press("ArrowRight")
        seen.page.keyboard.press("ArrowRight")  # at the edge: stays
        drawn(seen.page)
        assert seen.page.locator(".dw-sum").inner_text() == "max(2, 3, 1, 2) = 3"
        assert "row 2, column 2 is 3" in seen.page.locator(".dw-summary").inner_text()


def test_size_is_asked_before_it_is_shown_where_the_floor_matters(show):
    with show(pooling.sliding_window(kernel_size=3, stride=2)) as seen:
        page = seen.page
        assert "1" not in page.locator(".dw-summary").inner_text()
        assert page.get_by_role("math").inner_text().replace("\n", "").endswith("= ?")
        assert not page.get_by_role("group", name="Output", exact=True).is_visible()
        assert page.locator(".dw-answer").count() == 0
        options = page.locator(".dw-predict button")
        assert options.all_inner_texts() == ["1", "2"]
        options.nth(1).click()
        assert "There are 1: 0.5 is rounded down" in page.inner_text(".dw-answer")
        drawn(page)
        assert cells(page, "Output") == ["9"]
        page.get_by_label("ceil_mode").check()  # asked again, for the answer was wrong
        drawn(page)
        assert page.locator(".dw-answer").count() == 0
        options.last.click()
        drawn(page)
        assert "Yes" in page.inner_text(".dw-answer")
        page.get_by_label("Input size").press("ArrowRight")
        page.get_by_label("Input size").press("ArrowRight")
        drawn(page)
        assert page.locator(".dw-predict").count() == 0  # known by now
        page.locator(".dw-reset").click()
        drawn(page)
        assert page.locator(".dw-predict").count() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kernel_size": 6}, "No window fits: it spans 6 cells, and there are 4."),
        ({"kernel_size": 3, "dilation": 3}, "No window fits: it spans 7 cells"),
        ({"padding": 2}, "A padding of 2 is more than half of the kernel"),
    ],
)
def test_sliding_window_says_why_it_cannot(show, options, words):
    with show(pooling.sliding_window(**options)) as seen:
        assert words in seen.page.inner_text(".dw-sorry")
        assert seen.complaints == []


PIXELS = """canvas => [...canvas.getContext('2d')
  .getImageData(0, 0, canvas.width, canvas.height).data].filter((v, i) => i % 4 === 0)"""


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_photograph_is_pooled_as_the_library_pools_it(show, kind):
    pool = {"max": reference.max_pool2d, "avg": reference.avg_pool2d}[kind]
    with show(pooling.sliding_window(kernel_size=5, stride=3, kind=kind, photo=True)) as seen:
        pixels = seen.page.get_by_label("The photograph, pooled", exact=True).evaluate(PIXELS)
        y = pool(pooling.photograph()[None].astype(float), 5, 3)
        assert_allclose(np.reshape(pixels, y.shape[1:]), y[0], atol=0.5)
        seen.page.get_by_label("The photograph: arrow keys").focus()
        seen.page.keyboard.press("ArrowRight")
        drawn(seen.page)
        assert f"column 2 is {y[0, 0, 1]:.2f}".rstrip("0").rstrip(".") in seen.page.inner_text(
            ".dw-summary"
        )


def test_slide_visits_the_next_window_and_stops(show):
    with show(pooling.sliding_window()) as seen:
        seen.page.get_by_role("button", name="Slide").click()
        seen.page.get_by_text("row 1, column 2 is 2").wait_for()
        seen.page.get_by_text("row 2, column 1 is 6").wait_for()
        seen.page.get_by_role("button", name="Stop").click()
        assert seen.page.get_by_role("button", name="Slide").count() == 1


# --- Dice ----------------------------------------------------------------------------------


def test_mean_of_the_dice_is_shown_only_after_a_prediction_and_tends_to_the_expectation(show):
    with show(pooling.pooling_dice()) as seen:
        page = seen.page
        assert "6.33" not in page.inner_text(".dw-drawing") + page.inner_text(".dw-summary")
        page.get_by_role("button", name="3.75").click()
        drawn(page)
        said = page.inner_text(".dw-summary")
        assert "After 1,001 rolls" in said
        mean = float(said.split("the mean is ")[1].split(";")[0])
        window = np.array(pooling.NOTE)[:2, :2].ravel()
        expected = (window**2).sum() / window.sum()
        spread = np.sqrt((window**3).sum() / window.sum() - expected**2)
        assert abs(mean - expected) < 4 * spread / np.sqrt(1001)
        assert f"{expected:.2f}" in said


def test_dice_of_a_window_of_zeros(show):
    with show(pooling.pooling_dice(np.zeros((4, 4)))) as seen:
        assert cells(seen.page, "Output") == ["0", "0", "0", "0"]
        assert "nothing to draw" in seen.page.inner_text(".dw-sum")
        assert "No cell hears the gradient." in seen.page.inner_text(".dw-summary")
        seen.page.get_by_role("button", name="Roll 1,000").click()
        drawn(seen.page)
        assert seen.complaints == []


def test_negative_number_becomes_zero_on_the_dice(show):
    with show(pooling.pooling_dice(), fragment="#pooling_dice?kind=max") as seen:
        seen.page.get_by_label("Input, row 2, column 2").fill("-9")
        drawn(seen.page)
        assert cells(seen.page, "Output")[0] == "3"
        seen.page.get_by_label("Input, row 2, column 2").blur()
        assert seen.page.get_by_label("Input, row 2, column 2").input_value() == "0"


# --- Who hears the gradient ----------------------------------------------------------------


def heard(page):
    return [0 if v == "·" else float(v) for v in cells(page, "Gradient at the input")]


@pytest.mark.parametrize("kind", ["max", "avg"])
def test_chosen_output_is_heard_where_the_library_says(show, kind):
    x = np.array(pooling.NOTE, float)[None]
    backward = {"max": reference.max_pool2d_backward, "avg": reference.avg_pool2d_backward}[kind]
    with show(pooling.who_hears_the_gradient(kind=kind)) as seen:
        page = seen.page
        page.get_by_label("Output, row 2, column 3").click()
        dy = np.zeros((1, 3, 3))
        dy[0, 1, 2] = 1
        drawn(page)
        assert_allclose(heard(page), backward(dy, x, 2, 1).ravel())
        page.get_by_label("All outputs").check()
        drawn(page)
        assert set(cells(page, "Gradient at the input")) == {"?"}
        page.locator(".dw-predict button").first.click()
        drawn(page)
        assert_allclose(heard(page), backward(np.ones((1, 3, 3)), x, 2, 1).ravel())


def test_stochastic_gradient_goes_to_one_cell_and_another_roll_may_choose_another(show):
    with show(pooling.who_hears_the_gradient(kind="stochastic")) as seen:
        page = seen.page
        winners = set()
        for _ in range(12):
            page.get_by_role("button", name="Roll again").click()
            drawn(page)
            assert sorted(heard(page))[-2:] == [0, 1]
            winners.add(heard(page).index(1))
        assert 2 <= len(winners) <= 4
        assert winners <= {0, 1, 4, 5}
