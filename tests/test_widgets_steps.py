"""The saddle and Adam's step in the browser: what they say, and what they keep back."""

import re

import numpy as np
import pytest

from lib.reference import optimizers as reference
from lib.widgets import optimizers
from tests.browser import violations
from tests.test_book import NEXT_FRAME, dead_controls
from tests.widget_page import size

WIDGETS = {"saddle": optimizers.saddle, "adam_step": optimizers.adam_step}
every_widget = pytest.mark.parametrize("name", WIDGETS)


def says(page, words):
    """Wait until the summary says so: a curve may take some frames."""
    page.locator(".dw-summary", has_text=words).wait_for()
    return page.locator(".dw-summary").inner_text()


def drawn(page):
    page.evaluate(NEXT_FRAME)
    return page.locator(".dw-summary").inner_text()


@every_widget
def test_it_weighs_little(name):
    assert size(WIDGETS[name]()) < 45_000


@every_widget
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_starts_without_complaint_and_is_accessible(show, name, theme):
    with show(WIDGETS[name](), theme=theme) as seen:
        assert (seen.external, seen.complaints) == ([], [])
        seen.page.locator(".dw-predict button").first.click()
        assert violations(seen.page) == []


@every_widget
def test_it_fits_a_phone_and_a_finger(show, name):
    with show(WIDGETS[name](), phone=True) as seen:
        page = seen.page
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
        edge = page.locator(".dw-body").bounding_box()
        for cell in page.locator("td:visible").all():
            box = cell.bounding_box()
            assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
        for control in page.locator("input[type=range], button, select").all():
            assert control.bounding_box()["height"] >= 24


@every_widget
def test_every_control_changes_the_drawing(show, name):
    with show(WIDGETS[name]()) as seen:
        assert dead_controls(seen.page, seen.page.locator(".descent-widget")) == []


# --- The saddle ----------------------------------------------------------------------------


def test_saddle_shows_what_it_shows_for_the_library_s_steps(show):
    with show(optimizers.saddle(rates={"gd": 0.1}, shown=["gd", "adam"])) as seen:
        x, t = [np.array([-1.0, 1e-3])], 0
        while x[0][0] ** 2 - x[0][1] ** 2 >= -1:
            x, _ = reference.sgd_step(x, [x[0] * [2, -2]], [{}], lr=0.1)
            t += 1
        says(seen.page, f"Gradient descent {t}; Adam")
        slider = seen.page.get_by_label("Start beside the ridge")
        slider.press("ArrowRight")  # nearer by half a decade
        says(seen.page, "Start 3.2·10⁻⁴ beside the ridge")


def test_saddle_keeps_back_how_much_longer_it_takes_from_nearer(show):
    with show(optimizers.saddle()) as seen:
        page = seen.page
        slider = page.get_by_label("Start beside the ridge")
        slider.press("ArrowRight")
        says(page, "Say first how much longer")
        assert set(page.locator("tbody td:last-child").all_inner_texts()) == {"?"}
        page.get_by_role("button", name="In 38,000").click()
        assert "multiplies y by 1 + 2η" in page.inner_text(".dw-answer")
        expected = int(np.ceil(np.log(1e6) / np.log(1.2)))
        said = says(page, "Start 10⁻⁶ beside the ridge, no noise")
        assert f"Gradient descent {expected};" in said


def test_none_comes_down_from_the_ridge_itself_but_all_do_with_noise(show):
    with show(optimizers.saddle(y0=0)) as seen:
        page = seen.page
        assert page.locator(".dw-predict").count() == 0
        says(page, "none comes down")
        assert set(page.locator("tbody td:last-child").all_inner_texts()) == {"> 2,000"}
        page.get_by_label("Noise of the gradient").press("ArrowRight")
        assert "> 2,000" not in says(page, "noise of 10⁻⁹. Steps to come down")


# --- Adam's step ---------------------------------------------------------------------------


def terms(page, row):
    """Return the three numbers in a row."""
    header = page.get_by_role("rowheader", name=re.compile(f"^{row}"))
    return page.locator("tbody tr", has=header).locator("td").all_inner_texts()


def test_adam_s_steps_are_kept_back_and_then_alike(show):
    with show(optimizers.adam_step()) as seen:
        page = seen.page
        assert terms(page, "Adam’s step") == ["?"] * 3
        assert "Say first" in drawn(page)
        page.get_by_role("button", name="All three are alike").click()
        drawn(page)
        assert terms(page, "Adam’s step") == ["0.001"] * 3
        assert terms(page, "Gradient descent’s") == ["10⁻⁵", "0.001", "0.1"]
        page.get_by_label("Bias correction").uncheck()
        drawn(page)
        assert terms(page, "in units of η") == ["?"] * 3
        page.get_by_role("button", name="3.16").click()
        drawn(page)
        assert terms(page, "in units of η") == ["3.16"] * 3


def test_adam_s_terms_follow_an_edited_gradient_and_the_step(show):
    with show(optimizers.adam_step(pattern="flip")) as seen:
        page = seen.page
        page.get_by_role("button", name="All three are alike").click()
        page.get_by_label("Gradient of x₁").fill("-0.5")
        page.get_by_role("button", name="Next").click()
        drawn(page)
        x, state = [np.zeros(1)], [{}]
        for g in (-0.5, 0.5):
            old, (x, state) = x, reference.adam_step(x, [np.array([g])], state)
        assert terms(page, "g ")[0] == "0.5"
        assert float(terms(page, "m ")[0]) == pytest.approx(state[0]["exp_avg"][0], rel=5e-3)
        said = terms(page, "Adam’s step")[0].replace("·10⁻⁵", "e-5").replace("−", "-")
        assert float(said) == pytest.approx((old[0] - x[0])[0], rel=5e-3)
        assert "0.9 · (−0.05) + 0.1 · 0.5" in page.inner_text(".dw-terms")
        page.get_by_label("Gradient of x₁").fill("0")
        drawn(page)
        assert terms(page, "Adam’s step")[0] == "0"  # 0 / (√0 + ε)
