"""The points as they leave the course: lateness counted, on the assignment's scale."""

from lib.grading._check import exercises
from lib.instructor.course import Assignment
from lib.instructor.records import Work


def out_of(assignment: Assignment) -> float:
    """Return what full marks count in the export."""
    if assignment.points is not None:
        return assignment.points
    return sum(each.points for topic in assignment.chapters for each in exercises(topic).values())


def score(
    assignment: Assignment, work: Work, as_is: bool = False, missing_as_zero: bool = False
) -> float | None:
    """Return the points to export, lateness counted, on the scale of the assignment.

    Args:
        assignment: whose full marks count `out_of` it.
        work: of a student.
        as_is: whether the points so far go out where a person has still to give some.
        missing_as_zero: whether nothing handed in is zero points.

    Returns:
        None where there are no points to speak of: failed, waiting, missing, or awaiting a person.
    """
    if work.state == "missing":
        return 0.0 if missing_as_zero else None
    if work.adjusted is None or (work.awaits and not as_is):
        return None
    return round(work.adjusted * out_of(assignment) / work.most, 2)


def number_text(value: float | None) -> str:
    """Return points as a file holds them; "" for none."""
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
