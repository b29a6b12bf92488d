"""The ravine in the browser: what it counts, asks and refuses, and the reader's own formula."""

import numpy as np
import pytest

from lib.reference import optimizers as reference
from lib.widgets import _optimizers_stills as stills
from lib.widgets import optimizers
from tests.browser import violations
from tests.test_book import CHOSEN, INPUTS, NEXT_FRAME, dead_controls
from tests.widget_page import size

HORIZON = 4000  # as the page's
RIGHT = 2  # the option that is right, of four


def counted(steps):
    """Return a number of steps as the page writes it."""
    return "> 4,000" if np.isinf(steps) else f"{steps:,.0f}"


def walked(name, terrain, lr):
    """Return after how many steps of the library the loss stays near the least."""
    rule, options = stills.RULES[name]
    step, x, state, above = (
        getattr(reference, f"{rule}_step"),
        [np.array(terrain.start, float)],
        [{}],
        -1,
    )
    with np.errstate(all="ignore"):  # what diverges may
        for t in range(HORIZON + 1):
            if not terrain.value(*x[0]) < terrain.floor + 1e-4:
                above = t
            x, state = step(x, [np.array(terrain.slope(*x[0]))], state, lr=lr, **options)
    return above + 1 if above < HORIZON else np.inf


def best(name, terrain):
    """Return the best rate and its steps by the library, as the page writes them."""
    steps, rate = stills.tuned(name, terrain, HORIZON)
    exact = walked(name, terrain, rate)  # RMSprop swings, and makes much of a last digit
    assert exact == steps or abs(exact - steps) <= 1
    return float(f"{rate:.2g}"), counted(exact)


def rows(page):
    """Return the cells of the table by optimizer, once every rate was tried."""
    page.evaluate(NEXT_FRAME)
    page.locator("table[data-tuning=false]").wait_for(timeout=60_000)
    page.evaluate(NEXT_FRAME)
    cells = [page.locator(f"tbody tr.dw-{name} td").all_text_contents() for name in stills.RULES]
    return dict(zip(stills.RULES, cells, strict=True))


def summary(page):
    rows(page)
    return page.inner_text(".dw-summary")


def start(page):
    """Return where the start is, by what its handle is called."""
    page.evaluate(NEXT_FRAME)
    words = page.locator(".dw-start").get_attribute("aria-label").replace("−", "-")
    return [float(part.split("=")[1]) for part in words.partition(":")[0].split(",")]


def ground(page):
    """Return the picture of the terrain, finely painted."""
    page.evaluate(NEXT_FRAME)
    page.wait_for_function("() => document.querySelector('canvas').width === 640")
    return page.locator("canvas").evaluate("e => e.toDataURL()")


def turn_by_hand(page, degrees):
    page.get_by_label("Turned by").fill(str(degrees))
    page.evaluate(NEXT_FRAME)


def test_it_weighs_little():
    assert size(optimizers.ravine()) < 45_000


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_starts_without_complaint_and_is_accessible(show, theme):
    with show(optimizers.ravine(), theme=theme) as seen:
        seen.page.locator(".dw-predict button").first.click()
        rows(seen.page)
        assert violations(seen.page) == []
        seen.page.locator("select").select_option("formula")
        seen.page.get_by_label("Loss =").fill("2x")
        rows(seen.page)
        assert violations(seen.page) == []
        assert (seen.external, seen.complaints) == ([], [])


def test_it_fits_a_phone_and_a_finger(show):
    with show(optimizers.ravine(angle=45), phone=True) as seen:
        page = seen.page
        rows(page)
        assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
        edge = page.locator(".dw-body").bounding_box()
        for cell in page.locator("td:visible").all():
            box = cell.bounding_box()
            assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 1
        for control in page.locator("input[type=range]:visible, button, select").all():
            assert control.bounding_box()["height"] >= 24


def test_every_control_changes_the_drawing(show):
    with show(optimizers.ravine(shown=["gd", "adagrad", "adam"])) as seen:
        assert dead_controls(seen.page, seen.page.locator(".descent-widget")) == []


# --- What it counts ------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [20, 1000])
@pytest.mark.parametrize("angle", [0, 45])
def test_it_counts_the_steps_that_the_library_needs(show, kappa, angle):
    flat = stills.ravine(kappa)
    straight = {name: best(name, flat) for name in stills.RULES}
    bent = {name: best(name, stills.turned(flat, angle)) for name in stills.RULES}
    with show(optimizers.ravine(kappa=kappa, angle=angle)) as seen:
        said = rows(seen.page)
        for name, (rate, before, after) in said.items():
            assert (float(rate), after) == bent[name]
            assert before == straight[name][1]
        words = summary(seen.page)
    title = f"Ravine with κ = {kappa}"
    for name, label in stills.LABELS.items():
        now = f"{straight[name][1]}, now {bent[name][1]}" if angle else straight[name][1]
        assert f"{label} {now}".lower() in words.lower()
    turned = ", turned by 45°. Steps at the best η, at 0° and turned: "
    assert words.startswith(f"{title}{turned if angle else '. Steps at the best η: '}")


def test_at_one_rate_it_counts_the_walks_of_the_library(show):
    terrain = stills.turned(stills.ravine(20), 45)
    with show(optimizers.ravine(angle=45, eta=0.1)) as seen:
        said = rows(seen.page)
    for name in stills.RULES:
        assert (said[name][0], said[name][2]) == ("0.1", counted(walked(name, terrain, 0.1)))


# --- The start -----------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [0, 45])
def test_start_is_dragged_and_the_counts_follow(show, angle):
    with show(optimizers.ravine(angle=angle, shown=["gd", "adagrad"])) as seen:
        page, land = seen.page, seen.page.locator(".dw-land").bounding_box()
        page.locator(".dw-start").hover()
        page.mouse.down()
        aim = [land["x"] + 0.75 * land["width"], land["y"] + 0.25 * land["height"]]
        page.mouse.move(*aim, steps=5)
        assert start(page) == pytest.approx([1.3, 1.3], abs=0.02)
        page.mouse.up()
        page.mouse.move(*[v + 40 for v in aim])  # let go: it stays
        at = start(page)
        assert at == pytest.approx([1.3, 1.3], abs=0.02)
        said = rows(page)
        page.locator(".dw-link").click()
        page.wait_for_url("**#ravine?*")
        query = dict(part.split("=") for part in page.url.partition("?")[2].split("&"))
    flat = stills.ravine(20)._replace(start=(float(query["x"]), float(query["y"])))
    for name in ("gd", "adagrad"):
        assert (float(said[name][0]), said[name][2]) == best(name, stills.turned(flat, angle))


TWICE = """(handle, key) => {
  for (let i = 0; i < 2; i++) {
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  }
}"""


@pytest.mark.parametrize("angle", [0, 45])
def test_both_of_two_arrow_keys_within_a_frame_count(show, angle):
    step = 0.02 * 2.6
    with show(optimizers.ravine(angle=angle, shown=["gd"])) as seen:
        handle, (x, y) = seen.page.locator(".dw-start"), start(seen.page)
        for key, dx, dy in [("ArrowRight", 1, 0), ("ArrowUp", 0, 1), ("ArrowLeft", -1, 0)]:
            handle.evaluate(TWICE, key)
            x, y = x + 2 * dx * step, y + 2 * dy * step
            assert start(seen.page) == pytest.approx([x, y], abs=0.03)  # of three digits
            x, y = start(seen.page)
        handle.press("Shift+ArrowDown")
        assert start(seen.page) == pytest.approx([x, y - 5 * step], abs=0.03)


# --- The question --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, 1),
        ({"shown": ["adagrad", "adam"]}, 1),
        ({"shown": ["gd", "adam"]}, 0),
        ({"shown": ["gd", "adagrad", "rmsprop"]}, 0),
        ({"angle": 10}, 0),
        ({"terrain": "pits"}, 0),
    ],
)
def test_it_asks_only_where_there_is_something_to_compare(show, options, asked):
    with show(optimizers.ravine(**options)) as seen:
        assert seen.page.locator(".dw-predict").count() == asked
        turn_by_hand(seen.page, 45)
        assert ([*{r[2] for r in rows(seen.page).values() if r[2]}] == ["?"]) == (asked == 1)


def test_answer_is_hidden_until_it_is_predicted(show):
    with show(optimizers.ravine(), fragment="#ravine?angle=45") as seen:
        page = seen.page
        paths = page.locator("g:not([display=none]) > .dw-path")
        assert "Say first who needs more steps" in summary(page)
        assert {(rate, after) for rate, _, after in rows(page).values()} == {("?", "?")}
        assert (paths.count(), page.locator(".dw-answer").count()) == (0, 0)
        turn_by_hand(page, 0)
        assert "?" not in rows(page)["adagrad"]
        turn_by_hand(page, 30)
        page.locator(".dw-predict button").nth(RIGHT).click()
        assert "turned by 45°" in summary(page)
        assert paths.count() == len(stills.RULES)
        assert rows(page)["adagrad"][2] != "?"


def test_each_option_has_its_own_answer_and_the_library_agrees_which_is_right(show):
    flat = stills.ravine(20)
    more = {
        name: stills.tuned(name, stills.turned(flat, 45), HORIZON)[0]
        / stills.tuned(name, flat, HORIZON)[0]
        for name in stills.RULES
    }
    assert more.pop("adagrad") > 1.5
    assert max(more.values()) < 1.2
    answers = []
    with show(optimizers.ravine()) as seen:
        for index in range(4):
            seen.page.locator(".dw-reset").click()
            seen.page.locator(".dw-predict button").nth(index).click()
            answers.append(seen.page.inner_text(".dw-answer"))
    assert [said.startswith("✓") for said in answers] == [i == RIGHT for i in range(4)]
    assert len(set(answers)) == 4
    assert all("Adagrad divides each coordinate" in said for said in answers)


# --- The reader's formula ------------------------------------------------------------------


def test_formula_draws_its_terrain_and_a_wrong_one_leaves_the_last_that_was_good(show):
    bowl = stills.Terrain(
        lambda x, y: x**2 + 9 * y**2, lambda x, y: (2 * x, 18 * y), (0, 0, 3), (-2, 1), 0
    )
    with show(optimizers.ravine(shown=["gd", "adam"])) as seen:
        page, field = seen.page, seen.page.get_by_label("Loss =")
        assert not field.is_visible()
        page.locator("select").select_option("formula")
        first = ground(page)
        field.fill("x^2 + 9*y^2")
        second, said = ground(page), rows(page)
        assert first != second
        assert "Your formula. Steps at the best η" in summary(page)
        for name in ("gd", "adam"):
            assert (float(said[name][0]), said[name][2]) == best(name, bowl)
        field.fill("x^2 + 9y^2")
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert "Column 8: expected a sign such as *" in alert.inner_text()
        assert page.locator(".dw-caret").inner_text() == "\u00a0" * 7 + "▲"
        assert field.get_attribute("aria-invalid") == "true"
        assert (ground(page), rows(page)) == (second, said)
        field.fill("x^2 + 4*y^2")
        assert ground(page) != second
        assert not alert.is_visible()
        assert field.get_attribute("aria-invalid") is None
        assert (seen.external, seen.complaints) == ([], [])


def test_link_leads_to_the_state_with_the_formula(show):
    widget, formula = optimizers.ravine(shown=["gd", "adagrad"]), "x^2 + 9*(y - 0.5)^2"
    with show(widget) as seen:
        page = seen.page
        page.locator("select").select_option("formula")
        page.get_by_label("Loss =").fill(formula)
        page.get_by_label("Steps").press("ArrowRight")
        page.get_by_label("One η for all").check()
        page.locator(".dw-start").press("ArrowRight")
        turn_by_hand(page, 30)
        page.get_by_label("RMSprop").check()
        found = rows(page), summary(page), start(page), ground(page)
        chosen = page.locator(INPUTS).evaluate_all(CHOSEN)
        page.locator(".dw-link").click()
        page.wait_for_url("**#ravine?*")
        fragment = "#" + page.url.partition("#")[2]
    with show(widget, fragment=fragment) as again:
        page = again.page
        assert page.get_by_label("Loss =").input_value() == formula
        assert page.locator(INPUTS).evaluate_all(CHOSEN) == chosen
        assert (rows(page), summary(page), start(page), ground(page)) == found


# --- Python --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"terrain": "hill"}, "expected terrain to be one of .*'pits'.*, got 'hill'"),
        ({"kappa": 4}, "expected kappa to be one of .*1000.*, got 4"),
        ({"shown": ["sgd"]}, r"expected shown to be among .*'gd'.*, got \('sgd',\)"),
        ({"eta": 0}, "expected eta to be 0.0001 to 10, got 0"),
        ({"eta": float("nan")}, "expected eta to be 0.0001 to 10, got nan"),
        ({"angle": -1}, "expected angle to be 0 to 90, got -1"),
        ({"angle": 91}, "expected angle to be 0 to 90, got 91"),
        ({"steps": 0}, "expected steps to be 1 to 4000, got 0"),
        ({"steps": 4001}, "expected steps to be 1 to 4000, got 4001"),
        ({"start": (1, float("inf"))}, r"expected start to be two finite numbers, got \(1, inf\)"),
        ({"start": (1, 2, 3)}, r"expected start to be two finite numbers, got \(1, 2, 3\)"),
    ],
)
def test_ravine_refuses_what_is_out_of_range(options, words):
    with pytest.raises(ValueError, match=words):
        optimizers.ravine(**options)


@pytest.mark.parametrize("name", ["angle", "steps"])
@pytest.mark.parametrize("value", [4.5, "4", True])
def test_ravine_refuses_what_is_no_whole_number(name, value):
    with pytest.raises(TypeError, match=f"{name} must be a whole number, got "):
        optimizers.ravine(**{name: value})
