"""Whose file it is: read off the names that learning management systems give to files.

Canvas: `doejane_LATE_1234_56789_pooling-2.ipynb` (name, mark, number of the student, number of the
file, and the student's own name for it). Moodle: `Jane Doe_123_assignsubmission_file_/` and the
student's own name for the file, or all of it in one name. Without either: a folder or a file that
is named by a student's id, or what `python -m lib.grading handin` wrote, `pooling-<id>.ipynb`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from lib.grading import TOPICS
from lib.instructor.course import Assignment
from lib.instructor.records import Student

CANVAS = re.compile(r"(?P<name>.*?)(?P<late>_LATE)?(?P<numbers>(?:_\d+){2,})_(?P<file>.+)")
ANONYMOUS = re.compile(r"(?:LATE_)?anon_\w+")
MOODLE = re.compile(r"(?P<name>[^_]*)_(?P<number>\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
AGAIN = re.compile(r"[-_ ]?\((\d+)\)$|[-_](\d+)$")  # what is put behind the name of a second copy


@dataclass(frozen=True)
class Claim:
    """What a file's name says.

    Attributes:
        file: the student's own name for it.
        student: whose it is; None if that cannot be said.
        reason: why it cannot be said.
        said: the name that the learning management system gives, or "".
        late: whether Canvas calls it late; None where the file is not from Canvas.
        system: "Canvas", "Moodle" or "".
        number: by which the system knows the student, or "".
    """

    file: str
    student: str | None = None
    reason: str = ""
    said: str = ""
    late: bool | None = None
    system: str = ""
    number: str = ""


def letters(name: str) -> str:
    """Return what is left of a name in whatever order a system writes its parts."""
    whole = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sorted(letter for letter in whole if letter.isalnum()))


def slug(student: str) -> str:
    """Return a student's id as it may stand in the name of a file."""
    return re.sub(r"[^a-z0-9]+", "-", student.casefold()).strip("-")


def version(file: str) -> tuple[str, int]:
    """Return a file's name without its ending, and which copy of it this is, from 0."""
    stem = file.split(".ipynb")[0]
    match = AGAIN.search(stem)
    return (stem[: match.start()], int((match[1] or match[2])[:9])) if match else (stem, 0)


class Whose:
    """Looks students up by what stands in names of files.

    Args:
        students: of the course.
        assignment: whose groups may stand in a name, too.
    """

    def __init__(self, students: Sequence[Student], assignment: Assignment):
        self.names = {each.id: each.name for each in students}
        self._ids = _unique((each.id.casefold(), each.id) for each in students)
        self._slugs = _unique((slug(each.id), each.id) for each in students if slug(each.id))
        self._numbers = _unique((each.lms, each.id) for each in students if each.lms)
        plain = _unique((each.id, each.id) for each in students if not each.lms)
        self._numbers = plain | self._numbers
        self._named = _unique((letters(each.name), each.id) for each in students if each.name)
        self._groups = {letters(name): members[0] for name, members in assignment.groups.items()}

    def claim(self, outer: str) -> Claim:
        """Return whose file it is.

        What stands further out decides: a learning management system names the folder or the
        file, and what lies behind that is the student's own choice.

        Args:
            outer: name of the file in its source.
        """
        *folders, file = PurePosixPath(outer).parts or ("",)
        for folder in folders:
            if match := MOODLE.fullmatch(folder):
                return self._moodle(match, file)
            if student := self._ids.get(folder.casefold()):
                return Claim(file, student)
        if match := MOODLE.fullmatch(file):
            return self._moodle(match, match["file"] or "")
        if match := CANVAS.fullmatch(file):
            return self._canvas(match)
        if ANONYMOUS.match(file):
            reason = "it is anonymous: let Canvas show names before you download"
            return Claim(file, reason=reason, system="Canvas")
        return self._plain(file)

    def _moodle(self, match: re.Match, file: str) -> Claim:
        said, number = match["name"], match["number"]
        key = letters(said)
        student = self._numbers.get(number) or self._named.get(key) or self._groups.get(key)
        if student:
            return Claim(file, student, said=said, system="Moodle", number=number)
        several = " or several have" if key in self._named else ""
        reason = f"nobody in the roster has the number {number}; nobody{several} the name {said!r}"
        return Claim(file, reason=reason, system="Moodle")

    def _canvas(self, match: re.Match) -> Claim:
        numbers = match["numbers"].split("_")[1:]
        # A name may end in a number, and a file may begin with one: only the roster can tell.
        candidates = numbers[:1] if match["late"] else numbers[:-1]
        found = {self._numbers[each] for each in candidates if self._numbers.get(each)}
        about = {"said": match["name"], "late": bool(match["late"]), "system": "Canvas"}
        if len(found) == 1:
            return Claim(match["file"], found.pop(), **about)
        listed = " or ".join(candidates)
        reason = f"nobody in the roster has the number {listed} ({match['name']})"
        if found:
            reason = f"the numbers in it fit several students: {', '.join(sorted(found))}"
        return Claim(match["file"], reason=reason, **about)

    def _plain(self, file: str) -> Claim:
        whole = re.sub(r"\.(zip|ipynb(\.txt|\.json)?)$", "", file, flags=re.IGNORECASE)
        for stem in (whole, version(whole)[0]):
            topic = next((each for each in TOPICS if re.match(f"{each}[-_]", stem)), "")
            name = stem[len(topic) + 1 :] if topic else stem
            if student := self._ids.get(name.casefold()) or self._slugs.get(slug(name)):
                return Claim(file, student)
        return Claim(file, reason="its name is that of nobody in the roster")


def _unique(pairs) -> dict[str, str | None]:
    """Return what each key leads to; None where that is more than one."""
    found: dict[str, str | None] = {}
    for key, value in pairs:
        found[key] = value if found.get(key, value) == value else None
    return found
