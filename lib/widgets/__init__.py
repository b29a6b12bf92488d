"""What the reader can move: one module a topic, alive in a static page and in a kernel.

Each widget is a small Python class on `lib.widgets._base` and one small JavaScript file in
`js/`. Importing this package costs nothing; a topic's module imports anywidget.
"""
