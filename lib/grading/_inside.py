"""Runs within the sandbox: executes a submission's cells, and calls what they define.

Called by `_zygote.py` beside it, or without a sandbox started as a plain file. It holds nothing
worth taking: no expected value, no seed, no name.
"""

import importlib.machinery
import opcode
import os
import re
import sys
import types

import _frames as frames
import numpy as np
import numpy.random  # else it is loaded when it is first used, by each submission anew

MAGIC = re.compile(r"([ \t]*)([%!?].*|.*\?[ \t]*)")
NUMBER_OF_PARTS = opcode.opmap["UNPACK_SEQUENCE"]


def take_over():
    """Keep the pipe to the judge, and let everything printed go nowhere."""
    pipes = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)
    return pipes


def compiled(source):
    """Compile a cell; lines that only IPython understands do nothing."""
    lines = re.split(r"\r\n|\r|\n", source)
    while True:
        try:
            return compile("\n".join(lines), "cell", "exec")
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            if not 0 <= at < len(lines) or not (found := MAGIC.fullmatch(lines[at])):
                raise
            while lines[at].endswith("\\") and at + 1 < len(lines):
                lines[at] = ""
                at += 1
            lines[at] = f"{found[1]}pass"


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
        exec(compiled(request["cell"]), names)
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


class Silent(types.ModuleType):
    """Stands for a module that draws or displays: all that is asked of it happens, and is nothing.

    A notebook that plots its results loses nothing by it when it is graded. Where one is taken
    apart, as in `fig, axes = plt.subplots(2, 3)` or `line, = axes.plot(x)`, the parts are as many
    as are named.
    """

    def __init__(self, name, count=2):
        super().__init__(name)
        self.__dict__.update(__path__=[], count=count)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "subplots":
            return lambda rows=1, columns=1, *args, **kwargs: (
                self,
                Silent(name, rows * columns if min(rows, columns) == 1 else rows),
            )
        return Silent(name, self.count)

    def __call__(self, *args, **kwargs):
        return Silent(self.__name__, self.count)

    def __iter__(self):
        asking = sys._getframe(1)
        step = asking.f_code.co_code[asking.f_lasti : asking.f_lasti + 2]
        count = step[1] if step[0] == NUMBER_OF_PARTS else self.count
        return iter([Silent(self.__name__, self.count) for _ in range(count)])

    def __getitem__(self, index):
        return Silent(self.__name__, self.count)

    def __setitem__(self, index, value):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False


for _name in ("add", "sub", "mul", "truediv", "radd", "rsub", "rmul", "rtruediv"):
    setattr(Silent, f"__{_name}__", lambda self, other: Silent(self.__name__))


class SilentModules:
    """Finds silent modules where a notebook imports what draws or displays."""

    NAMES = re.compile(
        r"(matplotlib|mpl_toolkits|ipywidgets|IPython|anywidget|lib\.(widgets|plotting))(\.\w+)*"
    )

    def find_spec(self, name, path, target=None):
        """Take charge of the modules that draw or display."""
        if self.NAMES.fullmatch(name):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        """Make a silent one."""
        return Silent(spec.name)

    def exec_module(self, module):
        """Run nothing."""


def notebook_tools(numbers):
    """Offer what a notebook has around it: `given`, and a `check` that says nothing."""
    lib, grading = types.ModuleType("lib"), types.ModuleType("lib.grading")
    grading.given = lambda key, student="": copied(numbers[key])
    grading.check = lambda *args, **kwargs: None
    lib.grading, lib.__path__ = grading, []
    sys.modules.update({"lib": lib, "lib.grading": grading})
    sys.meta_path.append(SilentModules())


def main():
    """Answer requests until the judge hangs up."""
    np.random.seed()  # else it would go on from where it was loaded, each time alike
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    asked, answers = take_over()
    names = {"__name__": "__main__", "notebook_tools": notebook_tools}
    names["display"], names["get_ipython"] = Silent("display"), Silent("get_ipython")
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


if __name__ == "__main__":
    main()
