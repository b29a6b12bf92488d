"""Makes pages that are safe to open: one file each, no scripts, nothing fetched, text escaped.

Every text that did not come from this repository passes through `plain` or `lines`, and is
escaped by the templates. What is written can be read by its owner alone.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lib.grading._text import plain
from lib.instructor._files import make_folder, replace
from lib.instructor._shell import Shell

MOST_LINES = 40  # of a person's comment


def lines(text: str) -> list[str]:
    """Return a text as clean lines, as a person wrote them; those that are empty left out."""
    cleaned = (plain(line, 1_000) for line in text.splitlines()[:MOST_LINES])
    return [line for line in cleaned if line]


def number(value: float | None) -> str:
    """Return points as they are read: two digits after the point at most; a dash if None.

    Example:
        >>> number(13.5), number(2.0), number(None)
        ('13.5', '2', '–')
    """
    if value is None:
        return "–"
    return f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")


def percent(share: float | None) -> str:
    """Return a share in per cent.

    Example:
        >>> percent(0.625), percent(None)
        ('62 %', '–')
    """
    return "–" if share is None else f"{100 * share:.0f} %"


def when(at: datetime, zone: ZoneInfo) -> str:
    """Return a time as the course's clocks show it.

    Example:
        >>> from datetime import UTC
        >>> when(datetime(2026, 12, 11, 23, 59, tzinfo=UTC), ZoneInfo("Europe/Berlin"))
        '12 December 2026, 00:59 (Europe/Berlin)'
    """
    there = at.astimezone(zone)
    return f"{there.day} {there:%B %Y, %H:%M} ({zone.key})"


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units.

    Example:
        >>> span(timedelta(days=1, hours=3, minutes=20))
        '1 day 3 hours'
    """
    minutes = max(1, int(length.total_seconds() // 60))
    counts = {"day": minutes // 1440, "hour": minutes // 60 % 24, "minute": minutes % 60}
    said = [f"{count} {unit}{'s' * (count != 1)}" for unit, count in counts.items() if count]
    return " ".join(said[:2])


def render(template: str, **facts: Any) -> str:
    """Fill a template; every text is escaped, and a fact that is missing is an error."""
    return _ENVIRONMENT.get_template(template).render(**facts)


def write(shell: Shell, files: Mapping[Path, bytes], yes: bool) -> list[Path]:
    """Write files that their owner alone can read; ask first where others stand in their place.

    Args:
        shell: where the command runs.
        files: what belongs into each file.
        yes: whether the question was answered beforehand.

    Returns:
        The files that were written; those that stood there already, just so, are left alone.

    Raises:
        CourseError: something would be overwritten, and nobody is there to be asked.
    """
    standing = {path: path.read_bytes() for path in files if path.is_file()}
    changed = [path for path, data in standing.items() if data != files[path]]
    if changed:
        others = f" and {len(changed) - 1} others" if changed[1:] else ""
        shell.sure(f"Overwrite {_within(shell, changed[0])}{others}?", yes)
    fresh = [path for path in files if standing.get(path) != files[path]]
    for path in fresh:
        make_folder(path.parent)
        replace(path, files[path])
    return fresh


def _within(shell: Shell, path: Path) -> str:
    return str(path.relative_to(shell.course.folder))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    plain=plain, lines=lines, number=number, percent=percent, when=when, span=span
)
