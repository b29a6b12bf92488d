"""The class map: the page's network is the library's, and its numbers add up."""

import itertools
from decimal import Decimal

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own habit)
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from lib import data
from lib.experiments import _pooling_class_map as experiment
from lib.widgets._pooling_class_map import SCENES, class_map
from tests.browser import violations
from tests.widget_page import size

PLACES = {  # scene, places: as they stand, moved, at the edges, one digit over the other
    "in place": (0, [12, 1, 3, 14]),
    "moved": (0, [9, 4, 4, 11]),
    "corners": (1, [0, 0, 16, 16]),
    "overlap": (3, [6, 6, 9, 8]),
    "misread": (4, [8, 8]),
}


@pytest.fixture(scope="module")
def network():
    return experiment.unpacked(data.recorded("pooling_class_map"))


def picture(scene, places):
    """Compose a picture as the page should, from the same digits: (1, 1, 24, 24)."""
    images = torch.tensor(data.recorded("pooling_class_map")["images"], dtype=torch.float64) / 16
    parts = list(SCENES.values())[scene][0]
    x = torch.zeros(1, 1, 24, 24, dtype=torch.float64)
    for part, row, column in zip(parts, places[::2], places[1::2], strict=True):
        spot = x[0, 0, row : row + 8, column : column + 8]
        spot.copy_(torch.maximum(spot, images[part]))
    return x


def go(page, scene, places, digit, order="place"):
    """Bring the widget to a state by its address; return what it then shows."""
    query = f"scene={scene}&digit={digit}&order={order}&places={','.join(map(str, places))}"
    page.evaluate(f"location.hash = 'class_map?{query}'")
    return shown(page)


def shown(page):
    """Return logits and map of the next drawing."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 40)))")
    found = page.evaluate(
        "() => { const { logits, map } = document.querySelector('.descent-widget').shown;"
        " return [logits, Array.from(map)]; }"
    )
    return np.array(found[0]), np.array(found[1]).reshape(24, 24)


def terms(page):
    """Return mean, bias and logit as the page writes them."""
    texts = (page.inner_text(f"[data-name={name}]") for name in ("mean", "bias", "logit"))
    return [Decimal(text.replace("−", "-")) for text in texts]


def test_still_is_the_map_of_the_library_s_network(network):
    widget = class_map("0 and 4", digit=4)
    x = picture(1, SCENES["0 and 4"][1])
    expected = network.class_maps(x)[0, 4]
    assert_allclose(widget.class_map(4), expected, atol=1e-9)
    ax = Figure().subplots()
    widget.draw([ax])
    logit = expected.mean().item() + widget.given["bias"][4]
    assert ax.get_title().endswith(f"{logit:.2f}")


# --- The network ---------------------------------------------------------------------------


def test_record_is_the_network_that_was_measured(network):
    record = data.recorded("pooling_class_map")
    measured = experiment.score(network)
    assert_allclose(
        [measured["all_right"], measured["pointing"]],
        [record["all_right"], record["pointing"]],
        atol=0.005,  # a logit next to 0 may fall to the other side on another machine
    )
    assert record["pointing"] > 0.9
    assert record["layers"] == [list(layer) for layer in experiment.LAYERS]


def test_packing_loses_half_a_grain_at_most():
    torch.manual_seed(0)
    network = experiment.Network()
    again = experiment.unpacked(experiment.packed(network))
    for before, after in zip(network.parameters(), again.parameters(), strict=True):
        grain = 0.01 if before.dim() == 1 else experiment.GRAIN
        assert_allclose(after, before.detach().double(), atol=grain / 2 * 1.001)


def test_packing_refuses_what_two_bytes_cannot_hold():
    network = experiment.Network()
    network.last.weight.data[0, 0] = 40
    with pytest.raises(ValueError, match="must be below 31; the largest is 40"):
        experiment.packed(network)


def test_training_teaches_more_than_how_frequent_digits_are():
    x, y = experiment.experiment.digits(0)["test"]
    x, target, _ = experiment.frames(x / 4, y, 50, np.random.default_rng(1))
    logits = experiment.train(0, 300, 0.02, made=600)(x.double())
    loss = F.binary_cross_entropy_with_logits(logits, target.double())
    share = target.mean()
    ignorant = -share * share.log() - (1 - share) * (1 - share).log()
    assert loss < 0.9 * ignorant


def test_frames_hold_what_their_places_say():
    x, y = experiment.experiment.digits(0)["test"]
    _, target, places = experiment.frames(x, y, 40, np.random.default_rng(2))
    for truth, where in zip(target, places, strict=True):
        labels = {int(label) for _, _, label in where if label >= 0}
        assert labels == set(truth.nonzero().flatten().tolist())
    first, second = places[:, 0, :2], places[:, 1, :2]
    both = places[:, 1, 2] >= 0
    assert 0 < both.sum() < 40
    assert (np.abs(first - second).max(1)[both] >= 8).all()  # no digit covers another


def test_mean_of_the_class_map_plus_bias_is_the_logit(network):
    x = torch.cat([picture(*at) for at in PLACES.values()])
    means = network.class_maps(x).mean((2, 3))
    assert_allclose(means + network.last.bias, network(x), rtol=1e-12)


# --- Python --------------------------------------------------------------------------------


def test_every_picture_shows_what_it_says(network):
    for scene, (name, (digits, places, shown_first)) in enumerate(SCENES.items()):
        seen = (network(picture(scene, places))[0] > 0).nonzero().flatten().tolist()
        assert set(digits) == {int(c) for c in name if c.isdigit()}
        assert (seen == sorted(set(digits))) == ("misread" not in name)
        assert shown_first in seen
        assert class_map(name).start["digit"] == shown_first


def test_evidence_adds_up_but_for_what_the_border_cuts_off(network):
    (_, one, _), (_, two, _) = SCENES["6 alone"], SCENES["two 6s"]
    bias = network.last.bias[6]
    single, double = network(picture(2, one))[0, 6], network(picture(3, two))[0, 6]
    assert_allclose(double - bias, 2 * (single - bias), rtol=0.1)


def test_refusals_and_repr():
    assert repr(class_map("two 6s", digit=3)).startswith("ClassMap(scene=3, digit=3, order=")
    with pytest.raises(ValueError, match=r"expected one of \['3 and 7'.*got '3 and 8'"):
        class_map("3 and 8")
    with pytest.raises(ValueError, match="expected a class from 0 to 9, got 10"):
        class_map(digit=10)


def test_widget_is_small():
    assert size(class_map()) <= 40_000


# --- In the browser ------------------------------------------------------------------------


def test_page_computes_what_the_library_computes(show, network):
    with show(class_map()) as seen:
        for (scene, places), digit in itertools.product(PLACES.values(), (3, 8)):
            logits, cells = go(seen.page, scene, places, digit)
            x = picture(scene, places)
            assert_allclose(logits, network(x)[0], atol=1e-9)
            assert_allclose(cells, network.class_maps(x)[0, digit], atol=1e-9)
        assert (seen.external, seen.complaints) == ([], [])


def test_numbers_shown_add_up_to_the_logit(show, network):
    with show(class_map()) as seen:
        for (scene, places), digit in itertools.product(PLACES.values(), range(10)):
            go(seen.page, scene, places, digit)
            mean, bias, logit = terms(seen.page)
            assert mean + bias == logit
            exact = network(picture(scene, places))[0, digit].item()
            assert abs(float(logit) - exact) <= 0.005 + 1e-9


def test_map_follows_the_digit_and_the_logit_stays(show):
    with show(class_map("6 alone")) as seen:
        logits, cells = shown(seen.page)
        thing = seen.page.get_by_label("The 6: arrow keys move it")
        for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
            thing.press(key)
        moved_logits, moved = shown(seen.page)
        assert np.abs(cells).max() > 1
        assert_allclose(moved, np.roll(cells, (-1, 2), (0, 1)), atol=1e-9)
        assert_allclose(moved_logits, logits, atol=1e-9)


def test_shuffling_the_map_changes_no_logit_but_shuffling_the_picture_does(show):
    with show(class_map()) as seen:
        page = seen.page
        assert page.locator(".dw-answer").count() == 0
        assert not page.get_by_label("Map shuffled").is_visible()
        logits, cells = shown(page)
        page.get_by_role("button", name="It stays exactly the same").click()
        shuffled_logits, shuffled = shown(page)
        assert_allclose(shuffled_logits, logits, atol=1e-9)
        assert_allclose(np.sort(shuffled, None), np.sort(cells, None), atol=0)
        assert (shuffled != cells).sum() > 200
        assert page.locator(".dw-answer").get_attribute("data-right") == "true"
        page.get_by_label("Picture shuffled").check(force=True)
        other_logits, _ = shown(page)
        assert np.abs(other_logits - logits)[3] > 1
        page.locator(".dw-reset").click()
        assert_allclose(shown(page)[1], cells, atol=0)
        assert page.locator(".dw-answer").count() == 0


def test_every_guess_has_its_own_answer(show):
    with show(class_map()) as seen:
        texts = []
        for button in seen.page.locator(".dw-predict button").all():
            button.click()
            texts.append(seen.page.inner_text(".dw-answer"))
        assert len(set(texts)) == 3
        assert [text.startswith("✓") for text in texts] == [False, True, False]


def test_pointer_drags_a_part_and_a_press_beside_it_fetches_it(show):
    with show(class_map("6 alone")) as seen:
        page = seen.page
        box = page.locator(".dw-ink[role=img]").bounding_box()
        cell = box["width"] / 24
        start = (box["x"] + 12 * cell, box["y"] + 12 * cell)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(start[0] + 3 * cell, start[1] - 2 * cell)
        page.mouse.up()
        page.locator(".dw-link").click()
        assert "places=6,11" in page.evaluate("location.hash")
        box = page.locator(".dw-ink[role=img]").bounding_box()
        page.mouse.click(box["x"] + 4 * cell, box["y"] + 20 * cell)
        page.locator(".dw-link").click()
        assert "places=16,0" in page.evaluate("location.hash")


def test_nonsense_in_the_address_is_put_right(show):
    fragment = "#class_map?scene=77&digit=12&places=-5,99,3&order=upside-down&seed=x"
    with show(class_map(), fragment=fragment) as seen:
        assert "8, misread" in seen.page.inner_text(".dw-summary")
        assert seen.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_widget_is_accessible_before_and_after_the_guess(show, theme):
    with show(class_map(), theme=theme) as seen:
        assert violations(seen.page) == []
        seen.page.locator(".dw-predict button").first.click()
        assert violations(seen.page) == []


def test_widget_fits_a_phone(show):
    with show(class_map(), phone=True) as seen:
        seen.page.locator(".dw-predict button").first.click()
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390
