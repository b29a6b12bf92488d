"""The tool by which a course is run: `python -m lib.instructor`."""

import sys

# nbgrader checks notebooks by JSON schemas, and their library compiles a grammar of web addresses
# as it is imported: four seconds for what no notebook's schema asks for. It does without, too.
sys.modules.setdefault("rfc3987_syntax", None)
