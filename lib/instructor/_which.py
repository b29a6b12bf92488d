"""Which notebook it is: by the graded cells that stand in it, or else by the name of its file."""

import re
from collections import Counter
from functools import cache

from lib.grading import TOPICS
from lib.grading._check import exercises
from lib.grading.reader import BadNotebook, parse
from lib.instructor.course import Assignment


def which(data: bytes, stem: str, assignment: Assignment) -> tuple[str | None, str, str]:
    """Say which of an assignment's notebooks a file is.

    Args:
        data: the file's bytes, hostile.
        stem: its name, whoever chose it.
        assignment: whose chapters it may be of.

    Returns:
        the topic, None if that cannot be said; what is wrong with the file, "" if nothing; and the
        student by whom it says it is, "" if it does not.
    """
    words = re.findall(r"[a-z]+", stem.casefold())
    named = [each for each in assignment.chapters if each in words]
    likely = named if len(named) == 1 else assignment.chapters
    fallback = likely[0] if len(likely) == 1 else None
    try:
        notebook = parse(data)
    except BadNotebook as error:
        return fallback, str(error), ""
    said = notebook.said.get("student", "")
    found = _topics(frozenset(cell.grade_id for cell in notebook.cells))
    if fallback in found:
        return fallback, "", said
    if own := [each for each in found if each in assignment.chapters]:
        return own[0], "", said
    other = f"holds the questions of {found[0]}, not those" if found else "holds no graded cell"
    return fallback, f"{other} of {' or '.join(assignment.chapters)}", said


def _topics(grade_ids: frozenset[str]) -> list[str]:
    """Return the topics of which some graded cells are there, the likeliest first."""
    counts = Counter({topic: len(grade_ids & own_ids()[topic]) for topic in TOPICS})
    return [topic for topic, count in counts.most_common() if count]


@cache
def own_ids() -> dict[str, frozenset[str]]:
    """Return the grade ids of each topic that no other topic has."""
    ids = {each: {key.partition(".")[2] for key in exercises(each)} for each in TOPICS}
    times = Counter(each for group in ids.values() for each in group)
    return {
        topic: frozenset(each for each in group if times[each] == 1)
        for topic, group in ids.items()
    }
