"""What students run outside a notebook: `python -m lib.grading handin exercise.ipynb`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lib.grading._handin import HandInError, hand_in
from lib.grading._kernel import NoKernelError
from lib.grading.reader import BadNotebook

COMPLETE, INCOMPLETE, REFUSED = range(3)  # exit codes
HANDIN = """\
Run a saved notebook afresh, say what is missing, and write the file to hand in.

The notebook is read as it was saved: save it first. A copy runs from top to bottom in a fresh
kernel on this machine; nothing leaves it. Written are <topic>-<student>.ipynb, which is the file
to hand in, and a receipt beside it to keep. Your own notebook stays as it is.
"""
EXAMPLE = """\
example:
  python -m lib.grading handin pooling.ipynb --folder handed-in

exit codes: 0 complete; 1 incomplete, but written all the same; 2 nothing was written
"""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    top = argparse.ArgumentParser("python -m lib.grading", description="Hand in an exercise.")
    commands = top.add_subparsers(dest="command", required=True, metavar="handin")
    handin = commands.add_parser(
        "handin",
        help="run a saved notebook afresh, and write the file to hand in",
        description=HANDIN,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    handin.add_argument("notebook", type=Path, help="the exercise in which you worked")
    handin.add_argument(
        "--student", default="", metavar="ID", help="who hands in; as STUDENT in the notebook"
    )
    handin.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where to write; beside the notebook if left out",
    )
    handin.add_argument(
        "--yes", action="store_true", help="overwrite what was handed in before, without asking"
    )
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    for stream in (sys.stdout, sys.stderr):  # a console may not know every letter
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    asked = parser().parse_args(words)
    print("Running your notebook afresh; this takes a moment.", file=sys.stderr, flush=True)
    try:
        done = hand_in(asked.notebook, asked.student, asked.folder, asked.yes)
    except (BadNotebook, HandInError, NoKernelError) as error:
        print(f"Nothing was written: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("Stopped: nothing was written.", file=sys.stderr)
        return REFUSED
    print(done.text)
    print(f"Hand in {done.file}\nKeep {done.receipt}")
    return COMPLETE if done.complete else INCOMPLETE


if __name__ == "__main__":
    sys.exit(main())
