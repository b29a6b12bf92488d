"""Run a course: `python -m lib.instructor --help`."""

from pathlib import Path

import click

from lib.grading.sandbox import NoSandbox
from lib.instructor._grading_commands import (
    grade_command,
    override_command,
    regrade_command,
    status_command,
)
from lib.instructor._roster_command import roster
from lib.instructor._shell import REFUSED, Shell
from lib.instructor.assign import assign_command
from lib.instructor.collect import collect
from lib.instructor.course import CourseError
from lib.instructor.export import export
from lib.instructor.feedback import feedback
from lib.instructor.init import init
from lib.instructor.purge import purge
from lib.instructor.report import report


class Tool(click.Group):
    """The commands in the order in which a course uses them; refusals are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what it refuses is said in one line."""
        try:
            return super().invoke(ctx)
        except (CourseError, NoSandbox) as error:
            click.echo(f"lib.instructor: {error}", err=True)
            ctx.exit(REFUSED)


@click.group(
    cls=Tool,
    context_settings={"max_content_width": 99},
    epilog="Exit codes: 0, all is well; 1, done, and something is left (the text says what); "
    "2, refused, and nothing was done. Each command says more: COMMAND --help.",
)
@click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    help="The course's folder; the current one if left out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for scripts.")
@click.pass_context
def main(ctx: click.Context, folder: Path, as_json: bool) -> None:
    """Run a course with the book's graded notebooks: hand out, collect, grade, give back.

    The commands stand in the order in which a course uses them. All but `init` work in a course's
    folder. Nothing is overwritten without being asked.
    """
    ctx.obj = Shell(folder, as_json)


for command in (
    init,
    roster,
    assign_command,
    collect,
    grade_command,
    regrade_command,
    override_command,
    feedback,
    report,
    export,
    status_command,
    purge,
):
    main.add_command(command)

if __name__ == "__main__":
    main(prog_name="python -m lib.instructor")
