"""A page with widgets as the book shows them: their state as JSON, and the static host."""

import base64
import json
from pathlib import Path

import ipywidgets

HOST = Path(__file__).parent.parent / "book" / "assets" / "afm-host.js"
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="{theme}" style="color-scheme: {theme}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Widgets</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff; margin: 1rem }}
  [data-theme=dark] body {{ color: #ced6dd; background: #14181e }}
</style>
<main><h1>Widgets</h1>{views}</main>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script src="{host}"></script>
</html>"""


def embedded(widget):
    """Return what a notebook stores of a widget: its state, the bytes apart in base64."""
    state = widget.get_state()
    buffers = [
        {"path": [key], "encoding": "base64", "data": base64.b64encode(state.pop(key)).decode()}
        for key in [key for key, value in state.items() if isinstance(value, bytes)]
    ]
    model = {"model_name": "AnyModel", "model_module": "anywidget", "state": state}
    return {**model, "buffers": buffers}


def write_page(folder, *widgets, theme="light", name="index.html"):
    """Write a page that shows the widgets in order, and return its path."""
    states = {w.model_id: embedded(w) for w in widgets}
    view = '<script type="application/vnd.jupyter.widget-view+json">{}</script>'
    views = "".join(view.format(json.dumps({"model_id": w.model_id})) for w in widgets)
    state = json.dumps({"state": states, "version_major": 2}).replace("</", "<\\/")
    path = folder / name
    text = PAGE.format(theme=theme, views=views, state=state, host=HOST.as_uri())
    path.write_text(text, encoding="utf-8")
    return path


def size(widget):
    """Return the bytes that a widget, its layout included, adds to a page."""
    layout = widget.layout.get_state()
    ipywidgets.Widget.close(widget)
    return len(json.dumps(embedded(widget)).encode()) + len(json.dumps(layout).encode())
