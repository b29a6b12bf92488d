"""How quick the built book is, in milliseconds, and what Lighthouse says of it.

    make book && python -m benchmarks.book [--lighthouse PATH]

Opens every page in Chromium and records, for each widget, when it was ready after the navigation
began, how long a control's handler takes, and how long it is from a press to the next frame
(medians of 30 presses, spread evenly over a frame of 60 Hz, as a reader's are). With the path of a
`lighthouse` command (npm install lighthouse), also its four scores on a phone, over gzip. Writes
results/book.json. These figures drift with the machine: they are recorded, not tested.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess

from benchmarks import recording
from tests.browser import chromium, serve
from tests.test_book import PAGES, SITE

PRESS = """async control => {
  const frame = () => new Promise(requestAnimationFrame);
  const press = () => {
    if (control.type === 'range') {
      const step = +control.step || 1, up = +control.value + step <= +control.max;
      control.value = +control.value + (up ? step : -step);
      control.dispatchEvent(new Event('input', { bubbles: true }));
    } else control.click();
  };
  const handler = [], shown = [];
  for (let i = 0; i < 30; i++) {
    await frame();
    const due = performance.now() + (i + 0.5) / 30 * 1000 / 60;
    while (performance.now() < due);
    const start = performance.now();
    press();
    handler.push(performance.now() - start);
    await frame();
    shown.push(performance.now() - start);
  }
  return { handler, shown };
}"""
LIGHTHOUSE_FLAGS = "--headless --no-sandbox --disable-background-networking"


def measure_page(visit, address, page):
    """Bytes of a page, and the times of its widgets, milliseconds."""
    with visit(f"{address}/{page}.html") as seen:
        ready = seen.page.evaluate("globalThis.__descentReady || []")
        widgets = seen.page.locator(".descent-widget:not([data-widget=question])").all()
        return {
            "transferred_bytes": seen.transferred,
            "last_widget_ready": round(max(ready)) if ready else None,
            "widgets": {w.get_attribute("data-widget"): measure_widget(w) for w in widgets},
        }


def measure_widget(widget):
    """Median times over all sliders of a widget, milliseconds."""
    times = [slider.evaluate(PRESS) for slider in widget.locator("input[type=range]").all()]
    return {
        key: round(statistics.median(itertools.chain(*(t[key] for t in times))), 2)
        for key in ("handler", "shown")
        if times
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
    options = parser.parse_args()
    pages = {}
    with serve(SITE) as address:
        with chromium() as visit:
            for page in PAGES:
                pages[page] = measure_page(visit, address, page)
        for page in PAGES if options.lighthouse else []:
            url = f"{address}/{page}.html"
            pages[page]["lighthouse"] = lighthouse(options.lighthouse, url)
    for page, found in pages.items():
        print(page, json.dumps(found))
    recording.write("book", "python -m benchmarks.book --lighthouse lighthouse", {"pages": pages})


if __name__ == "__main__":
    main()
