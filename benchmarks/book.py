"""How quick the built book is, in milliseconds, and what Lighthouse says of it.

    make book && python -m benchmarks.book [--lighthouse PATH] [--pages PAGE ...]

Opens every page in Chromium and records, for each widget, when it was ready after the navigation
began, and of 30 inputs to each slider, spread evenly over a frame of 60 Hz as a reader's are:

- `handler`: how long the input's handler takes (the median over all sliders);
- `shown`: how long it is from the input to the end of the next frame's callbacks (likewise);
- `work`: how long the widget computes for an input, that is its handler and, since widgets draw in
  animation frames, the callbacks of the next frame. Median and worst, for each slider and for 30
  places to which its handle is dragged. The goal is a median below 8 ms, half a frame.

`heaviest` is the ravine's work with six optimizers and about 500 steps. `load` is the machine's
load before a page: above its count of cores, times are too long. With the path of a `lighthouse`
command (npm install lighthouse), also its four scores on a phone, over gzip. Writes
results/book.json, if all pages are measured. These figures drift with the machine: they are
recorded, not tested.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess

from benchmarks import recording
from lib.widgets._optimizers_stills import RULES
from tests.browser import chromium, serve
from tests.test_book import NEXT_FRAME, PAGES, SITE

INPUTS = 30
MEASURE = """async (control, count) => {
  const ask = window.requestAnimationFrame, frame = () => new Promise((done) => ask(done));
  let work = 0;
  window.requestAnimationFrame = (callback) => ask((time) => {
    const start = performance.now();
    callback(time);
    work += performance.now() - start;
  });
  const slide = () => {
    const step = +control.step || 1, up = +control.value + step <= +control.max;
    control.value = +control.value + (up ? step : -step);
    control.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const { left, top, width, height } = control.parentElement.getBoundingClientRect();
  const drag = (i, type = 'pointermove') => control.dispatchEvent(new PointerEvent(type, {
    bubbles: true,
    clientX: left + width * (0.1 + 0.8 * i / count),
    clientY: top + height * (0.1 + 0.8 * (7 * i % count) / count),
  }));
  const isSlider = control.type === 'range', found = { handler: [], shown: [], work: [] };
  control.setPointerCapture = () => {};  // there is no pointer
  if (!isSlider) drag(0, 'pointerdown');
  for (let i = 0; i < count; i++) {
    await frame();
    const due = performance.now() + (i + 0.5) / count * 1000 / 60;
    while (performance.now() < due);
    work = 0;
    const start = performance.now();
    isSlider ? slide() : drag(i);
    found.handler.push(performance.now() - start);
    await frame();
    found.shown.push(performance.now() - start);
    found.work.push(found.handler.at(-1) + work);
  }
  if (!isSlider) drag(count, 'pointerup');
  delete control.setPointerCapture;
  window.requestAnimationFrame = ask;
  return found;
}"""
SLIDER, HANDLE = "input[type=range]", ".dw-start, .dw-thing"
HEAVIEST = "steps=500&angle=45&" + "&".join(f"{name}=true" for name in RULES)
NAME = "e => e.labels?.[0]?.querySelector('span')?.textContent || 'drag'"
LIGHTHOUSE_FLAGS = "--headless --no-sandbox --disable-background-networking"


def measure_page(visit, address, page):
    """Bytes of a page, and the times of its widgets, milliseconds."""
    load = round(os.getloadavg()[0], 1)
    with visit(f"{address}/{page}.html") as seen:
        ready = seen.page.evaluate("globalThis.__descentReady || []")
        widgets = seen.page.locator(".descent-widget:not([data-widget=question])").all()
        return {
            "transferred_bytes": seen.transferred,
            "last_widget_ready": round(max(ready)) if ready else None,
            "load": load,
            "widgets": {w.get_attribute("id"): measure_widget(w) for w in widgets},
        }


def measure_widget(widget):
    """Median times over all sliders of a widget, and the work of each control, milliseconds."""
    sliders = measure_controls(widget, SLIDER)
    found = {
        key: round(statistics.median(itertools.chain(*(t[key] for t in sliders.values()))), 2)
        for key in ("handler", "shown")
        if sliders
    }
    found["work"] = work(sliders | measure_controls(widget, HANDLE))
    if widget.get_attribute("data-widget") == "ravine":
        for answer in widget.locator(".dw-predict button").all()[:1]:
            answer.click()  # what is asked about would not be drawn
        widget.evaluate("(w, query) => { location.hash = `#${w.id}?${query}`; }", HEAVIEST)
        widget.page.evaluate(NEXT_FRAME)
        found["heaviest"] = work(measure_controls(widget, f"{SLIDER}, {HANDLE}"))
    return found


def measure_controls(widget, selector):
    """The times of each visible control, by its label."""
    found = {}
    for control in widget.locator(selector).all():
        if control.is_visible():
            name = control.evaluate(NAME)
            name += f" {len(found) + 1}" if name in found else ""
            found[name] = control.evaluate(MEASURE, INPUTS)
    return found


def work(controls):
    """The median and the worst of each control's work."""
    return {
        name: {"median": round(statistics.median(t["work"]), 1), "worst": round(max(t["work"]), 1)}
        for name, t in controls.items()
    }


def lighthouse(command, url):
    """Lighthouse's scores of a page, out of 100, as on a phone."""
    chrome = {"CHROME_PATH": os.environ.get("CHROMIUM", "/usr/bin/chromium")}
    done = subprocess.run(
        [command, url, "--output=json", "--quiet", f"--chrome-flags={LIGHTHOUSE_FLAGS}"],
        env=os.environ | chrome,
        capture_output=True,
        text=True,
        check=True,
    )
    categories = json.loads(done.stdout)["categories"]
    return {name: round(100 * found["score"]) for name, found in categories.items()}


def main():
    """Measure every page, print, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lighthouse", help="path of the lighthouse command")
    parser.add_argument("--pages", nargs="+", choices=PAGES, metavar="PAGE", help="these alone")
    options = parser.parse_args()
    pages = {}
    with serve(SITE) as address:
        with chromium() as visit:
            for page in options.pages or PAGES:
                pages[page] = measure_page(visit, address, page)
        for page in pages if options.lighthouse else []:
            url = f"{address}/{page}.html"
            pages[page]["lighthouse"] = lighthouse(options.lighthouse, url)
    for page, found in pages.items():
        print(page, json.dumps(found))
    if not options.pages:
        command = "python -m benchmarks.book --lighthouse lighthouse"
        recording.write("book", command, {"pages": pages})


if __name__ == "__main__":
    main()
