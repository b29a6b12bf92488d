"""Runs within the sandbox: executes a submission's cells, and calls what they define.

Started as a plain file beside `_frames.py`, with no more than Python and the modules that the
exercise allows. It holds nothing worth taking: no expected value, no seed, no name.
"""

import os
import re
import resource
import sys
import types

sys.path[:0] = ["/judge", "/site"]
LIMITS = {name: int(value) for name, value in (word.split("=") for word in sys.argv[1:])}
for name, most in LIMITS.items():
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))

import _frames as frames  # noqa: E402 (the limits hold for what it loads, too)
import numpy as np  # noqa: E402


def take_over():
    """Keep the pipe to the judge, and let everything printed go nowhere."""
    pipes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return pipes


def without_magics(source):
    """Let lines that only IPython understands do nothing."""
    return re.sub(r"^([ \t]*)[%!].*", r"\1pass", source, flags=re.MULTILINE)


def looked_up(names, path):
    """Find what a dotted name of the submission stands for."""
    first, *rest = path.split(".")
    if first not in names:
        raise NameError(f"name {first!r} is not defined")
    value = names[first]
    for step in rest:
        value = getattr(value, step)
    return value


def perform(request, names):
    """Execute a cell, look a value up, or call a function and send or keep its result."""
    if "cell" in request:
        exec(compile(without_magics(request["cell"]), "cell", "exec"), names)
        return None
    if "get" in request:
        return looked_up(names, request["get"])
    function = looked_up(names, request["call"])
    given = [np.random.default_rng(seed) for seed in request.get("seeds", ())]
    args = [copied(value) for value in request["args"]]
    kwargs = {key: copied(value) for key, value in request["kwargs"].items()}
    result = function(*given, *args, **kwargs)
    if "keep" in request:
        names[request["keep"]] = result
        return None
    return result


def copied(value):
    """Let a submission write into its arguments, as it might in a notebook."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(copied(each) for each in value)
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return value


def notebook_tools(numbers):
    """Offer what a notebook imports of this project: `given`, and a `check` that says nothing."""
    lib, grading = types.ModuleType("lib"), types.ModuleType("lib.grading")
    grading.given = lambda key, student="": numbers[key].copy()
    grading.check = lambda *args, **kwargs: None
    lib.grading = grading
    sys.modules.update({"lib": lib, "lib.grading": grading})


def main():
    """Answer requests until the judge hangs up."""
    asked, answers = take_over()
    names = {"__name__": "__main__", "notebook_tools": notebook_tools}
    while len(lengths := asked.read(frames.LENGTHS.size)) == frames.LENGTHS.size:
        text, body = (asked.read(size) for size in frames.LENGTHS.unpack(lengths))
        request = frames.decode(text, body)
        try:
            reply = frames.encode({"value": perform(request, names)})
        except BaseException as error:  # whatever a submission raises, exits among it
            said = {"error": type(error).__name__[:80], "message": str(error)[:300]}
            reply = frames.encode(said)
        answers.write(reply)
        answers.flush()


main()
