"""Finds near-identical work by the shape of its syntax trees, whatever its names and its order.

What comes out is a prompt for a conversation. Two people who think alike write alike, and the
solutions of the book are public, so nothing here takes a point.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from lib.grading._check import exercises
from lib.grading._exercise import Exercise
from lib.grading.reader import Cell
from lib.instructor._answers import answer, cells, counted
from lib.instructor._shapes import shapes_of_code, shapes_of_prose
from lib.instructor.course import Assignment, Course
from lib.instructor.records import Work

ALIKE = 0.75  # share of the shapes of two answers that both have
FEWEST = 20  # shapes; with fewer of its own, an answer resembles others by chance
REFERENCE = ""  # stands for the published solution among the students' ids
Shapes = frozenset[tuple[bytes, int]]


@dataclass(frozen=True)
class Group:
    """Answers to one question that are near-identical.

    Attributes:
        key: the question.
        students: whose answers they are, in the order of their ids.
        alike: the smallest likeness among the pairs that hold the group together, up to 1.
        reference: whether the published solution is one of them.
    """

    key: str
    students: tuple[str, ...]
    alike: float
    reference: bool


def near_identical(
    key: str,
    answers: Mapping[str, Counter[bytes]],
    stub: Counter[bytes],
    reference: Counter[bytes],
    alike: float = ALIKE,
) -> list[Group]:
    """Group the answers to a question that are near-identical.

    Args:
        key: the question.
        answers: the shapes of each student's answer, by the student's id.
        stub: the shapes of what every student was given: they do not count.
        reference: the shapes of the published solution.
        alike: the least share of their shapes that two near-identical answers have in common.

    Returns:
        The groups, the largest first; answers with too few shapes of their own are in none.
    """
    owners = defaultdict(list)
    for student, all_shapes in {REFERENCE: reference, **answers}.items():
        own = _as_set(all_shapes - stub)
        if len(own) >= FEWEST:
            owners[own].append(student)
    sets = list(owners)
    groups = [
        _group(key, [owners[sets[i]] for i in members], least)
        for members, least in _connected(len(sets), _pairs(sets, alike))
    ]
    groups = [each for each in groups if len(each.students) + each.reference > 1]
    return sorted(groups, key=lambda each: (-len(each.students), each.students))


def near_identical_works(
    course: Course, assignment: Assignment, works: Sequence[Work], step: Callable[[], object]
) -> list[Group]:
    """Group near-identical answers to all questions of an assignment.

    Partners hand in one file, which counts once, for whoever handed it in. Predictions are left
    out: their numbers are each student's own.

    Args:
        course: whose folder holds what was handed in, the stubs and the solutions.
        assignment: of the works.
        works: of all students.
        step: called after each work.
    """
    asked = [
        (topic, each)
        for topic in assignment.chapters
        for each in exercises(topic).values()
        if each.kind != "predict"
    ]
    answers: dict[str, dict[str, Counter[bytes]]] = {each.key: {} for _, each in asked}
    for work in works:
        if work.handed_in and work.by in ("", work.student.id):
            attempt = counted(course, assignment, work)
            for topic, notebook in _notebooks(attempt.files if attempt else {}).items():
                for each in (each for of, each in asked if of == topic):
                    answers[each.key][work.student.id] = shapes(each, notebook)
        step()
    given, solved = (
        _notebooks({topic: folder / f"{topic}.ipynb" for topic in assignment.chapters})
        for folder in (course.folder / name / assignment.name for name in ("release", "source"))
    )
    return [
        group
        for topic, each in asked
        for group in near_identical(
            each.key,
            answers[each.key],
            shapes(each, given[topic]),
            shapes(each, solved[topic]),
        )
    ]


def shapes(exercise: Exercise, notebook: Sequence[Cell]) -> Counter[bytes]:
    """Count the shapes of a notebook's answer to a question; none if it is no Python."""
    text = answer(notebook, exercise)
    try:
        return shapes_of_prose(text) if exercise.kind == "explain" else shapes_of_code(text)
    except SyntaxError:
        return Counter()


def _notebooks(files: Mapping[str, Path]) -> dict[str, tuple[Cell, ...]]:
    return {topic: cells(path) for topic, path in files.items()}


def _group(key: str, owners: list[list[str]], least: float) -> Group:
    students = {student for same in owners for student in same}
    return Group(key, tuple(sorted(students - {REFERENCE})), least, REFERENCE in students)


def _as_set(shapes: Counter[bytes]) -> Shapes:
    """Return the shapes as a set, the second of a kind being another element than the first."""
    return frozenset((shape, nth) for shape, count in shapes.items() for nth in range(count))


def _pairs(sets: Sequence[Shapes], alike: float) -> Iterator[tuple[int, int, float]]:
    """Yield all pairs of sets whose Jaccard index is large enough.

    Two such sets share one of their rarest elements, so only those are looked up.

    Source: Bayardo, Ma & Srikant (2007).
    """
    rarity = Counter(shape for each in sets for shape in each)
    holders = defaultdict(list)
    for i in sorted(range(len(sets)), key=lambda i: len(sets[i])):
        size = len(sets[i])
        needed = ceil(alike * size - 1e-9)
        rarest = sorted(sets[i], key=lambda shape: (rarity[shape], shape))[: size - needed + 1]
        for j in {j for shape in rarest for j in holders[shape] if len(sets[j]) >= needed}:
            common = len(sets[i] & sets[j])
            index = common / (size + len(sets[j]) - common)
            if index >= alike:
                yield i, j, index
        for shape in rarest:
            holders[shape].append(i)


def _connected(
    count: int, pairs: Iterator[tuple[int, int, float]]
) -> list[tuple[list[int], float]]:
    """Return what the pairs hold together, with the weakest pair of each; single ones too."""
    parent, least = list(range(count)), [1.0] * count

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    for i, j, index in pairs:
        i, j = root(i), root(j)
        parent[j] = i
        least[i] = min(least[i], least[j], index)
    members = defaultdict(list)
    for i in range(count):
        members[root(i)].append(i)
    return [(each, least[i]) for i, each in members.items()]
