"""Reads the sources of a collection: of each file, whose it is, which notebook, and from when."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from lib.grading._text import plain
from lib.instructor._files import write_new
from lib.instructor._which import which
from lib.instructor._whose import Claim, Whose, letters, version
from lib.instructor.archive import ArchiveError, Entry, Refusal, entries
from lib.instructor.course import Assignment, Course
from lib.instructor.handed_in import lateness

ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # browsers add the last ones
NOISE = ("__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__")


@dataclass
class Collected:
    """What `collect` found: lists of one line's facts each.

    Attributes:
        new: attempts that were kept: student, time, topics, whether Canvas called them late.
        already: attempts that were there: the same bytes.
        unrecognised: files that were not taken, and why.
        beside: files of other kinds that came beside somebody's notebooks; not taken.
        wrong: notebooks that were taken, and will earn nothing as they are.
        mismatches: files whose name says one student, and something in them another.
        doubts: times that cannot be right, or that nobody knows.
        missing: students for whom nobody has handed in.
        students: how many there are.
    """

    new: list[dict[str, Any]] = field(default_factory=list)
    already: list[dict[str, Any]] = field(default_factory=list)
    unrecognised: list[dict[str, Any]] = field(default_factory=list)
    beside: list[dict[str, Any]] = field(default_factory=list)
    wrong: list[dict[str, Any]] = field(default_factory=list)
    mismatches: list[dict[str, Any]] = field(default_factory=list)
    doubts: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    students: int = 0


@dataclass(frozen=True)
class Piece:
    """One notebook of a source, put aside until all of its submission is read.

    Attributes:
        student: whose it is.
        topic: which notebook it is.
        at: when it was handed in.
        copy: its number among copies of one name, from 0.
        digest: of its bytes.
        path: where they are put aside.
        name: in the source.
        late: whether Canvas calls it late.
        number: by which the learning management system knows the student, or "".
    """

    student: str
    topic: str
    at: datetime
    copy: int
    digest: str
    path: Path
    name: str
    late: bool
    number: str


class Incoming:
    """Reads sources one by one.

    Args:
        course: says in which zone times are meant.
        assignment: what is handed in.
        whose: looks up the students.
        received: when all of it was handed in; the sources' own times if None.
        staging: a folder to put bytes aside in.
        found: hears what is to be reported.
    """

    def __init__(
        self,
        course: Course,
        assignment: Assignment,
        whose: Whose,
        received: datetime | None,
        staging: Path,
        found: Collected,
    ):
        self.course, self.assignment, self.whose = course, assignment, whose
        self.received, self.staging, self.found = received, staging, found
        self._count = 0

    def read(self, source: Path, step: Callable[[], object]) -> list[list[Piece]]:
        """Return the submissions in a source, each the notebooks of one student.

        Args:
            source: a folder, a zip or a notebook; what cannot be read of it is reported.
            step: is called after each file.
        """
        own: dict[str, list[Piece]] = defaultdict(list)
        others: list[tuple[Entry | Refusal, Claim]] = []
        changed = datetime.fromtimestamp(source.stat().st_mtime, UTC)
        try:
            for each in entries(source, step):
                if _is_noise(each.name):
                    continue
                claim = self._claim(source, each.outer)
                file = each.name.rpartition("/")[2] if each.name != each.outer else claim.file
                if isinstance(each, Refusal) or not file.lower().endswith(ENDINGS):
                    others.append((each, claim))
                elif piece := self._piece(each, claim, file, changed):
                    own[piece.student].append(piece)
        except ArchiveError as error:
            self._refuse(plain(source.name), str(error))
        self._sort_out(own, others)
        self._doubt(source, own)
        return [each for pieces in own.values() for each in _submissions(pieces)]

    def _claim(self, source: Path, outer: str) -> Claim:
        """Return whose a file is; the name of the source stands further out than all others."""
        name = source.resolve().name
        if source.is_dir():
            return self.whose.claim(f"{plain(name)}/{outer}")
        claim = self.whose.claim(plain(name))
        if claim.student or claim.system:  # one student's archive: its names are the student's
            return replace(claim, file=PurePosixPath(outer).name)
        return self.whose.claim(outer)

    def _piece(self, entry: Entry, claim: Claim, file: str, changed: datetime) -> Piece | None:
        """Put a notebook aside, if it is known whose and which it is."""
        if claim.student is None:
            said = which(entry.data, file, self.assignment)[2]
            hint = f"; the notebook itself says {said!r}" if said else ""
            self._refuse(entry.name, claim.reason + hint)
            return None
        stem, copy = version(file)
        topic, remark, said = which(entry.data, stem, self.assignment)
        if topic is None:
            chapters = " or ".join(self.assignment.chapters)
            self._refuse(entry.name, remark or f"nothing says whether it is {chapters}")
            return None
        if remark:
            self.found.wrong.append(_fact(entry.name, remark, student=claim.student))
        self._compare(entry.name, claim, said)
        self._count += 1
        path = write_new(self.staging / f"{self._count}.ipynb", entry.data)
        digest = hashlib.sha256(entry.data).hexdigest()
        at = self._time(entry, claim, changed)
        about = (copy, digest, path, entry.outer, bool(claim.late), claim.number)
        return Piece(claim.student, topic, at, *about)

    def _compare(self, name: str, claim: Claim, said: str) -> None:
        """Report where a name that the system gives, or the notebook, means somebody else."""
        partners = self.assignment.partners(claim.student)
        ours = self.whose.names[claim.student]
        if said and said.casefold() not in {each.casefold() for each in partners}:
            reason = f"it is {claim.student}'s by its name, and {said!r} by its own word"
            self.found.mismatches.append(_fact(name, reason, student=claim.student))
        elif self._other_name(claim.said, ours) and len(partners) == 1:
            reason = f"it is {claim.student}'s by number ({ours}), and {claim.said!r} by name"
            self.found.mismatches.append(_fact(name, reason, student=claim.student))

    @staticmethod
    def _other_name(said: str, ours: str) -> bool:
        nameless = not said or not ours or said == "Participant"  # what Moodle calls the unnamed
        return not nameless and letters(said) != letters(ours)

    def _time(self, entry: Entry, claim: Claim, changed: datetime) -> datetime:
        """Return when a file was handed in, as well as that is known.

        Canvas writes into its archives when they were made, so that its mark for lateness is all
        that says whether work came in time.
        """
        at = self.received or entry.at or changed
        at = (at if at.tzinfo else at.replace(tzinfo=self.course.timezone)).astimezone(UTC)
        at = at.replace(microsecond=0)
        due = self.assignment.due_for(claim.student)
        if claim.late is None or due is None or claim.late == (at > due):
            return at
        if claim.late:
            reason = (
                f"Canvas calls it late, and {_said(at)} is before {_said(due)}, when it was due"
            )
        elif self.received:
            reason = f"Canvas does not call it late, and {_said(at)} is after {_said(due)}"
        else:
            return due
        self.found.doubts.append(_fact(entry.name, reason, student=claim.student))
        return at

    def _sort_out(
        self, own: dict[str, list[Piece]], others: list[tuple[Entry | Refusal, Claim]]
    ) -> None:
        """Report what is no notebook, and names that two people use."""
        for student, pieces in list(own.items()):
            if len({each.number for each in pieces}) > 1:
                for each in own.pop(student):
                    reason = f"{student} by name, as other files with another number are"
                    self._refuse(each.name, reason)
        for each, claim in others:
            reason = each.reason if isinstance(each, Refusal) else "expected a notebook, .ipynb"
            if claim.student in own and isinstance(each, Entry):
                self.found.beside.append(_fact(each.name, reason, student=claim.student))
            else:
                self._refuse(each.name, reason, claim.student)

    def _doubt(self, source: Path, own: dict[str, list[Piece]]) -> None:
        """Report an archive whose times are those of its making, as newer Moodles write it."""
        times = [each.at for pieces in own.values() for each in pieces if each.number]
        late = [
            student
            for student, pieces in own.items()
            if lateness(self.course, self.assignment, student, max(each.at for each in pieces))
        ]
        if self.received or len(own) < 3 or not late or not times:
            return
        if max(times) - min(times) < timedelta(minutes=2):
            reason = f"all {len(times)} files are of one moment, {_said(times[0])}, and late"
            self.found.doubts.append(_fact(plain(source.name), reason))

    def _refuse(self, name: str, reason: str, student: str | None = None) -> None:
        self.found.unrecognised.append(_fact(name, reason, student=student))


def _fact(name: str, reason: str, student: str | None = None) -> dict[str, Any]:
    return {"file": name, "student": student, "reason": plain(reason)}


def _said(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def _is_noise(name: str) -> bool:
    """Tell what systems leave in folders, and our own receipts, from what was handed in."""
    parts = PurePosixPath(name).parts
    hidden = parts and (parts[-1].startswith(".") or parts[-1].endswith(".receipt.txt"))
    return bool(hidden or set(parts) & set(NOISE))


def _submissions(pieces: list[Piece]) -> list[list[Piece]]:
    """Return a student's notebooks as they were handed in together: of each topic one."""
    found: list[list[Piece]] = []
    digests = set()
    for piece in sorted(pieces, key=lambda each: (each.at, each.copy, each.name)):
        if (piece.topic, piece.digest) in digests:
            continue
        digests.add((piece.topic, piece.digest))
        if found and piece.topic not in {each.topic for each in found[-1]}:
            found[-1].append(piece)
        else:
            found.append([piece])
    return found
