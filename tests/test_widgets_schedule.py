"""The schedule picker: what the page shows is what the recorded trainings did."""

import base64
import zlib

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from lib import data
from lib.experiments import mean_interval
from lib.experiments.optimizers import budgets as trials
from lib.widgets._base import quantise
from lib.widgets._optimizers_schedule import SchedulePicker, losses, schedule_picker
from tests.browser import violations
from tests.widget_page import size

SHAPES, PEAKS, SEEDS, EPOCHS = list(trials.SHAPES), list(trials.PEAKS), 8, trials.EPOCHS
AT = {"shape": "cosine", "peak": 0.16, "other": "constant", "other_peak": 0.16}


def made_curves():
    """Return a record like the real one, of random losses."""
    loss = np.random.default_rng(0).uniform(-3, 1, (len(SHAPES), len(PEAKS), SEEDS, EPOCHS))
    stored, low, step = quantise(loss)
    packed = base64.b64encode(zlib.compress(stored.tobytes())).decode()
    about = {"shapes": SHAPES, "peaks": PEAKS, "shape": loss.shape, "low": low, "step": step}
    rates = [trials.rates(shape, 1)[::4].tolist() for shape in SHAPES]
    return about | {"loss": packed, "rates": rates, "t": stats.t.ppf(0.975, SEEDS - 1)}


def made_runs():
    """Return accuracies of eight seeds: 270 to 299 images of 300."""
    rng = np.random.default_rng(1)
    return [
        {"shape": shape, "peak": peak, "validation": (rng.integers(270, 300, 8) / 300).tolist()}
        for shape in SHAPES
        for peak in PEAKS
    ]


def made(**at):
    return SchedulePicker(made_curves(), made_runs(), AT | at)


def accuracy(shape, peak):
    (run,) = [run for run in made_runs() if (run["shape"], run["peak"]) == (shape, peak)]
    return 100 * np.array(run["validation"])


def guess(page, index=0):
    """Answer the question, so that the outcome appears."""
    page.locator(".dw-predict button").nth(index).click()
    page.wait_for_selector(".dw-strips", state="visible")


def settle(page):
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 30)))")


def numbers(text):
    """Read "97.1 ± 0.4"."""
    return [float(part.replace("−", "-")) for part in text.split(" ± ")]


# --- Python --------------------------------------------------------------------------------


def test_stored_losses_are_the_recorded_ones():
    widget = schedule_picker()
    stored = np.frombuffer(zlib.decompress(widget.data), np.uint8)
    frames = widget.given["low"] + widget.given["step"] * stored.astype(float)
    exact = losses(data.recorded("optimizers_schedules_curves"))
    assert exact.shape == (len(SHAPES), len(PEAKS), SEEDS, EPOCHS)
    assert_allclose(frames.reshape(exact.shape), exact, atol=widget.given["error"] + 1e-6)
    assert widget.given["error"] < 1e-5  # 8 bits again lose nothing


def test_curves_end_where_the_record_says():
    """Hold the coarse record of all epochs to the full one of the last."""
    curves = data.recorded("optimizers_schedules_curves")
    ends = losses(curves)[..., -1]
    for run in data.recorded("optimizers_schedules")["runs"]:
        at = SHAPES.index(run["shape"]), PEAKS.index(run["peak"])
        exact = np.log10(np.clip(run["loss"], 1e-3, 10))
        assert_allclose(ends[at], exact, atol=curves["step"] / 2 + 1e-3)


def test_words_about_the_cosine_hold():
    """The page says that the constant rate loses at 0.16: it would be wrong if this changed."""
    given = schedule_picker().given
    at = PEAKS.index(0.16)
    cosine, constant = (given["accuracy"][SHAPES.index(s)][at] for s in ("cosine", "constant"))
    gain, half = mean_interval(np.subtract(cosine, constant))
    assert gain - half > 0
    spread = np.std([0, 1] * 4, ddof=1) / 8**0.5
    assert given["t"] * spread == pytest.approx(mean_interval([0, 1] * 4)[1])


def test_drawn_rates_are_the_schedules():
    rates = schedule_picker().given["rates"]
    assert_allclose(rates, [trials.rates(shape, 1)[::4] for shape in SHAPES], atol=5e-5)


def test_refusals_and_repr():
    shown = "SchedulePicker(shape='cosine', peak=0.16, other='constant', other_peak=0.08)"
    assert repr(schedule_picker(other_peak=0.08)) == shown
    with pytest.raises(ValueError, match=r"expected peak to be one of \[0.01, .*\], got 3"):
        schedule_picker(peak=3)
    with pytest.raises(ValueError, match=r"expected other to be one of .*'cosine'.*, got 'sine'"):
        schedule_picker(other="sine")


def test_widget_is_small():
    assert size(schedule_picker()) <= 45_000


# --- In the browser ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    [
        {"shape": "steps", "peak": 0.01, "other": "one cycle", "other_peak": 0.32},
        {"shape": "warm-up, stay, decay", "peak": 0.04, "other": "cosine", "other_peak": 0.04},
    ],
    ids=["far apart", "one peak"],
)
def test_page_tells_means_and_intervals_as_the_library_does(show, at):
    with show(made(**at)) as seen:
        seen.page.locator(".dw-predict button").first.click()
        query = "&".join(f"{key}={value}" for key, value in at.items())
        seen.page.evaluate("(q) => { location.hash = q; }", f"schedule_picker?{query}")
        settle(seen.page)
        a, b = accuracy(at["shape"], at["peak"]), accuracy(at["other"], at["other_peak"])
        said = [numbers(text) for text in seen.page.locator(".dw-strips output").all_inner_texts()]
        exact = [mean_interval(values) for values in (a, b, a - b)]
        assert_allclose(said, exact, atol=0.05 + 1e-9)
        mean, half = exact[2]
        verdict = seen.page.locator(".dw-sum").inner_text()
        assert ("more than chance would make" in verdict) == (abs(mean) > half)
        assert (seen.external, seen.complaints) == ([], [])


def test_table_shows_every_mean_and_marks_the_two(show):
    with show(made()) as seen:
        guess(seen.page)
        cells = seen.page.locator(".dw-all td").all_inner_texts()
        exact = [accuracy(shape, peak).mean() for shape in SHAPES for peak in PEAKS]
        assert_allclose([float(cell) for cell in cells], exact, atol=0.05 + 1e-9)
        marked = seen.page.locator(".dw-all td[data-is]")
        marked = marked.evaluate_all("all => all.map((e) => e.dataset.is)")
        assert marked == ["B", "A"]


def test_outcome_is_hidden_until_the_reader_predicts_and_after_a_reset(show):
    with show(schedule_picker()) as seen:
        outcome = seen.page.locator(".dw-after")
        assert not outcome.is_visible()
        assert not seen.page.locator(".dw-thin").count()
        for index, right in enumerate(("true", "false", "false")):
            guess(seen.page, index)
            assert seen.page.locator(".dw-answer").get_attribute("data-right") == right
        seen.page.locator(".dw-reset").click()
        settle(seen.page)
        assert not outcome.is_visible()
        assert not seen.page.locator(".dw-answer").count()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_outcome_is_accessible(show, theme):
    with show(schedule_picker(), theme=theme) as seen:
        guess(seen.page)
        assert violations(seen.page) == []


def test_outcome_fits_a_phone(show):
    with show(schedule_picker(), phone=True) as seen:
        guess(seen.page)
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
