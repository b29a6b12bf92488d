"""The tool by which a course is run: `python -m lib.instructor`."""
