"""What all commands share: which course is meant, how results are told, when to ask first."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lib.instructor.course import Course, CourseError, load

if TYPE_CHECKING:
    from lib.instructor.gradebook import Gradebook

INCOMPLETE = 1  # the exit code where the command did its work, and not all is well
REFUSED = 2  # the exit code where it did nothing


class Shell:
    """Where a command runs: the course's folder, and whether a person or a script listens."""

    def __init__(self, folder: Path, as_json: bool = False):
        self.folder, self.as_json = folder, as_json

    @cached_property
    def course(self) -> Course:
        """The course; raises `CourseError` if there is none."""
        return load(self.folder)

    def gradebook(self) -> "Gradebook":
        """Open the course's gradebook."""
        from lib.instructor.gradebook import Gradebook  # nbgrader takes seconds to load

        return Gradebook(self.course)

    def tell(self, facts: dict[str, Any], text: str) -> None:
        """Say what was done: as JSON to a script, as text to a person."""
        click.echo(json.dumps(facts, default=str, ensure_ascii=False) if self.as_json else text)

    def warn(self, text: str) -> None:
        """Say something beside the result, on the other channel."""
        click.echo(text, err=True)

    def sure(self, question: str, yes: bool) -> None:
        """Ask before something is overwritten or lost; `yes` has answered already.

        Raises:
            CourseError: nobody is there to be asked.
            click.Abort: the answer was no.
        """
        if yes:
            return
        if self.as_json or not sys.stdin.isatty():
            raise CourseError(f"{question} Nothing was done: repeat the command with --yes.")
        click.confirm(question, abort=True, err=True)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Any]:
        """Show a bar on the terminal while long work goes on; yields what to call at each step."""
        console = Console(stderr=True)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        quiet = self.as_json or not console.is_terminal
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=quiet) as bar:
            task = bar.add_task(label, total=total)
            yield lambda steps=1: bar.advance(task, steps)


yes_option = click.option("--yes", is_flag=True, help="Do not ask before overwriting or deleting.")
