"""The one-pixel shift: what the page shows is what the recorded networks believed."""

import base64
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose

from lib import data
from lib.widgets._pooling_shift import OnePixelShift, one_pixel_shift, probabilities
from tests.browser import violations
from tests.widget_page import size

HEADS = ["dense", "global average"]
POOLINGS = ["strided convolution", "max", "average", "max + blur", "convolution + blur"]
MIDDLE, MOVED = 0.93, 0.56  # the made accuracy of max pooling with a dense head


def made_vectors():
    """Return a record like the real one, of random beliefs."""
    p = np.random.default_rng(0).dirichlet(np.full(10, 0.3), (2, 5, 10, 7, 7))
    packed = zlib.compress(np.round(p * 255).astype(np.uint8).tobytes())
    return {
        "heads": HEADS,
        "poolings": POOLINGS,
        "shape": p.shape,
        "probabilities": base64.b64encode(packed).decode(),
        "images": (np.arange(640) % 17).reshape(10, 8, 8).tolist(),
    }


def made_runs():
    """Return accuracies of two seeds, as recorded: worse by distance, and by pooling's place."""
    falls = np.array([0, 0.3, 0.5, 0.6])
    return [
        {"head": head, "pooling": pooling, "accuracy": [a - falls - 0.01, a - falls + 0.01]}
        for k, head in enumerate(HEADS)
        for i, pooling in enumerate(POOLINGS)
        for a in [0.9 - 0.1 * k - 0.02 * i]
    ]


def made(digit=3, down=0, right=0):
    runs = made_runs()
    runs[1]["accuracy"] = [[MIDDLE, MOVED, 0.3, 0.2]] * 2
    return OnePixelShift(made_vectors(), runs, digit, down, right)


def guess(page, index=0):
    """Answer the question, so that the comparison appears."""
    page.locator(".dw-predict button").nth(index).click()
    page.wait_for_selector(".dw-nets", state="visible")


def settle(page):
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 30)))")


def shown(page):
    """Return the ten networks' probabilities as drawn: (2, 5, 10)."""
    settle(page)
    found = page.locator(".dw-net").evaluate_all(
        "all => all.map((e) => [e.dataset.head, e.dataset.pooling, Array.from(e.shown)])"
    )
    p = np.empty((2, 5, 10))
    for head, pooling, values in found:
        p[HEADS.index(head), POOLINGS.index(pooling)] = values
    return p


# --- Python --------------------------------------------------------------------------------


def test_record_holds_probabilities_of_the_ten_networks():
    p = probabilities(data.recorded("pooling_shift_vectors"))
    assert p.shape == (2, 5, 10, 7, 7, 10)
    assert_allclose(p.sum(-1), 1, atol=10 * 0.5 / 255)  # each was rounded to 8 bits


def test_stored_frames_are_the_recorded_probabilities():
    widget = one_pixel_shift()
    stored = np.frombuffer(zlib.decompress(widget.data), np.uint8)
    frames = widget.given["low"] + widget.given["step"] * stored.astype(float)
    p = probabilities(data.recorded("pooling_shift_vectors"))
    exact = p.transpose(2, 0, 1, 3, 4, 5)
    assert_allclose(frames.reshape(exact.shape), exact, atol=widget.given["error"] + 1e-7)
    assert widget.given["error"] < 1e-6  # 8 bits again lose nothing


def test_moving_costs_max_pooling_more_than_blur():
    """Hold the widget's words to the record: the page would be wrong if this changed."""
    given = one_pixel_shift().given
    at = {(h, p): a for h, row in zip(given["heads"], given["accuracy"], strict=True)
          for p, a in zip(given["poolings"], row, strict=True)}  # fmt: skip
    middle, moved = at["dense", "max"][:2]
    assert middle - moved > 0.1
    blur, plain = at["global average", "max + blur"], at["global average", "max"]
    assert blur[0] - blur[1] < plain[0] - plain[1]


def test_accuracy_is_the_mean_over_seeds():
    given = OnePixelShift(made_vectors(), made_runs(), 3, 0, 0).given
    assert given["seeds"] == 2
    assert_allclose(given["accuracy"][1][4], [0.72, 0.42, 0.22, 0.12], atol=1e-9)


def test_refusals_and_repr():
    assert repr(one_pixel_shift(down=-2)) == "OnePixelShift(digit=3, down=-2, right=0)"
    with pytest.raises(ValueError, match=r"expected right to be .* in -3 ... 3, got 4"):
        one_pixel_shift(right=4)
    with pytest.raises(ValueError, match="expected digit to start at one of"):
        one_pixel_shift(digit=10)


def test_widget_is_small():
    assert size(one_pixel_shift()) <= 75_000
    assert size(made()) <= 120_000  # noise cannot be deflated: no record is larger


# --- In the browser ------------------------------------------------------------------------


def test_page_shows_the_recorded_probabilities_at_every_shift(show):
    widget = made()
    p = probabilities(made_vectors())
    with show(widget) as seen:
        guess(seen.page)
        for digit in (0, 9):
            for down, right in [(i, j) for i in range(-3, 4) for j in (-3, 0, 1, 3)]:
                query = f"digit={digit}&down={down}&right={right}"
                seen.page.evaluate(f"location.hash = 'one_pixel_shift?{query}'")
                exact = p[:, :, digit, down + 3, right + 3]
                assert_allclose(shown(seen.page), exact, atol=widget.given["error"] + 1e-6)
        assert (seen.external, seen.complaints) == ([], [])


def test_words_and_map_tell_the_same_as_the_numbers(show):
    p = probabilities(made_vectors())
    widget = made(digit=4, right=2)
    error = widget.given["error"]
    with show(widget) as seen:
        guess(seen.page)
        settle(seen.page)
        here = p[:, :, 4, 3, 5]
        hits = (p[:, :, 4].argmax(-1) == 4).sum((2, 3))
        for h, head in enumerate(HEADS):
            for k, pooling in enumerate(POOLINGS):
                net = seen.page.locator(f'[data-head="{head}"][data-pooling="{pooling}"]')
                answer = here[h, k].argmax()
                sign = "✓" if answer == 4 else "✗"
                start, percent = net.locator("output").inner_text().removesuffix(" %").split(": ")
                assert start == f"{sign} {answer}"
                assert abs(int(percent) / 100 - here[h, k, answer]) < 0.00501 + error
                assert f"right at {hits[h, k]} of 49" in net.inner_text()
                alpha = net.locator("canvas").evaluate(
                    "c => Array.from(c.getContext('2d').getImageData(0, 0, 7, 7).data)"
                    ".filter((_, i) => i % 4 === 3)"
                )
                assert_allclose(np.reshape(alpha, (7, 7)) / 255, p[h, k, 4, :, :, 4], atol=0.004)
        net = seen.page.locator('[data-head="dense"][data-pooling="max"]')
        assert "600 digits: 30 %" in net.inner_text()  # two pixels from the middle


def test_nothing_is_compared_before_the_guess(show):
    with show(made(), fragment="#one_pixel_shift?right=2") as seen:
        assert not seen.page.locator(".dw-after").is_visible()
        assert seen.page.locator(".dw-answer").count() == 0
        assert "moved by 2 right" in seen.page.inner_text(".dw-summary")
        guess(seen.page)
        assert seen.page.locator(".dw-net:visible").count() == 10
        seen.page.locator(".dw-reset").click()
        settle(seen.page)
        assert not seen.page.locator(".dw-after").is_visible()
        assert seen.page.locator(".dw-answer").count() == 0


def test_every_guess_has_its_own_answer_and_is_drawn(show):
    with show(made()) as seen:
        buttons = seen.page.locator(".dw-predict button").all()
        offered = [int(b.inner_text().split()[-1]) for b in buttons]
        assert offered == [93, 75, 56, 31]
        texts, tallies = [], []
        for index, button in enumerate(buttons):
            guess(seen.page, index)
            settle(seen.page)
            texts.append(seen.page.inner_text(".dw-answer"))
            tallies.append(seen.page.inner_text(".dw-tally").split()[-1])
            assert button.get_attribute("data-right") == str(index == 2).lower()
        assert len(set(texts)) == 4
        assert [int(n) for n in tallies] == offered


def test_keys_pointer_and_map_move_the_digit(show):
    with show(made()) as seen:
        page = seen.page
        guess(page)  # which moves it one to the right
        thing = page.get_by_label("Digit 3: arrow keys move it by a pixel")
        for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"):
            thing.press(key)
        summary = page.locator(".dw-summary")
        page.wait_for_function("document.querySelector('.dw-summary').innerText.includes('1 up')")
        assert "moved by 2 right and 1 up" in summary.inner_text()
        box = thing.bounding_box()
        cell = box["width"] / 8
        page.mouse.move(box["x"] + 4 * cell, box["y"] + 4 * cell)
        page.mouse.down()
        page.mouse.move(box["x"] - 40 * cell, box["y"] + 6 * cell)
        page.mouse.up()
        settle(page)
        assert "moved by 3 left and 1 down" in summary.inner_text()
        page.locator(".dw-map").first.click(position={"x": 45, "y": 45})
        settle(page)
        assert "in the middle" in summary.inner_text()
        page.get_by_label("Pixels down").press("ArrowRight")
        settle(page)
        assert "moved by 1 down" in summary.inner_text()


def test_picture_shows_the_digit_where_it_was_moved(show):
    with show(made(digit=2, down=1, right=-3)) as seen:
        alpha = seen.page.locator(".dw-ink").evaluate(
            "c => Array.from(c.getContext('2d').getImageData(0, 0, 16, 16).data)"
            ".filter((_, i) => i % 4 === 3)"
        )
        expected = np.zeros((16, 16))
        expected[5:13, 1:9] = np.array(made_vectors()["images"][2]) / 16
        assert_allclose(np.reshape(alpha, (16, 16)) / 255, expected, atol=0.003)


def test_nonsense_in_the_address_is_put_right(show):
    with show(made(), fragment="#one_pixel_shift?digit=44&down=-99&right=0.4") as seen:
        assert "A 9, moved by 3 up." in seen.page.inner_text(".dw-summary")
        assert seen.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_widget_is_accessible_before_and_after_the_guess(show, theme):
    with show(made(), theme=theme) as seen:
        assert violations(seen.page) == []
        guess(seen.page)
        assert violations(seen.page) == []


def test_widget_fits_a_phone(show):
    with show(made(), phone=True) as seen:
        guess(seen.page)
        assert seen.page.evaluate("document.scrollingElement.scrollWidth") <= 390
