"""Reads zips and folders that strangers filled: nothing is unpacked, nothing is believed.

What is read is yielded as bytes, under limits; no file is ever written to a path that an archive
names. One bad entry is refused in one line, and the others are read.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lib.grading._text import plain
from lib.instructor._names import MOST_NAME, decoded, folded, refusal

MOST_DEPTH = 2  # zips within the zip
MOST_EACH = 64 << 20  # bytes of one entry: far more than a notebook that can be graded
MOST_RATIO = 200  # of the bytes that come out to those that went in
FREE_OF_RATIO = 1 << 20  # bytes: no ratio makes less than this dangerous
ROW = 400  # bytes of an archive's directory for one entry, its name included: ample
CHUNK = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError)
BROKEN = (*BROKEN, ValueError, OverflowError)  # among them NotImplementedError, UnicodeError


class ArchiveError(ValueError):
    """An archive that cannot be read as a whole; says why."""


@dataclass(frozen=True)
class Entry:
    """A file of a source.

    Attributes:
        name: where it lies in the source, with "/"; in an archive within, the archive's name
            comes first. Safe to show, and never to be used as a path.
        outer: the part of the name that the source itself gives: all of it, but for what lies in
            an archive within, whose names are its maker's word alone.
        at: when it was changed, as the source says: without a zone in most zips; None if unsaid.
        data: its bytes.
    """

    name: str
    outer: str
    at: datetime | None
    data: bytes


@dataclass(frozen=True)
class Refusal:
    """An entry that was not read.

    Attributes:
        name: as of an `Entry`.
        outer: as of an `Entry`.
        reason: what was expected, and what came.
    """

    name: str
    outer: str
    reason: str


@dataclass
class Purse:
    """How much an archive may still hold.

    Attributes:
        entries: in number.
        total: bytes, in all.
    """

    entries: int = 200_000
    total: int = 64 << 30

    def spend(self, entries: int, total: int) -> None:
        """Take what an archive holds; raises `ArchiveError` where that is too much."""
        self.entries -= entries
        self.total -= total
        if self.entries < 0:
            raise ArchiveError("expected fewer entries: reading stopped")
        if self.total < 0:
            raise ArchiveError("expected fewer bytes in all: reading stopped")


def purse_within() -> Purse:
    """Return how much an archive may hold that a student put together."""
    return Purse(1_000, 256 << 20)


def size(source: Path) -> int:
    """Return how many steps `entries` will take at least: for a bar that shows progress."""
    if source.is_dir():
        return sum(len(files) for _, _, files in os.walk(source))
    try:
        with zipfile.ZipFile(source) as archive:
            return len(archive.infolist())
    except BROKEN:
        return 1


def entries(
    source: Path, step: Callable[[], object] = lambda: None, purse: Purse | None = None
) -> Iterator[Entry | Refusal]:
    """Yield the files of a zip, of a folder, or the one file that the source is.

    Args:
        source: a folder (links in it are not followed), a zip, or any other file.
        step: is called after each of the source's own files.
        purse: how much a zip may hold; archives within it have each their own.

    Raises:
        ArchiveError: the source is a zip that cannot be read, or holds more than a zip may.
    """
    if source.is_dir():
        yield from _folder(source, step)
    elif source.suffix.lower() == ".zip":
        try:
            with source.open("rb") as file:
                yield from _zip(file, purse or Purse(), 0, step)
        except OSError as error:
            raise ArchiveError(f"the archive cannot be read: {error.strerror}") from None
    else:
        yield from _file(source, source.name)
        step()


# ---- folders


def _folder(source: Path, step: Callable[[], object]) -> Iterator[Entry | Refusal]:
    folders = [source]
    while folders:
        folder = folders.pop()
        try:
            found = sorted(folder.iterdir())
        except OSError as error:
            yield _refuse(str(folder.relative_to(source)), f"cannot be read: {error.strerror}")
            continue
        for path in found:
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
            else:
                yield from _file(path, str(path.relative_to(source)))
                step()


def _file(path: Path, name: str) -> Iterator[Entry | Refusal]:
    """Yield one file of the disk; regular ones alone are opened."""
    reason = refusal(name)
    shown = plain(name, MOST_NAME)
    try:
        if not reason and not stat.S_ISREG(path.lstat().st_mode):
            reason = "expected a file, got a link, a pipe or a device"
        if reason:
            yield _refuse(name, reason)
            return
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            at = _changed(os.fstat(file.fileno()).st_mtime)
            if path.suffix.lower() == ".zip":
                yield from _within(shown, at, file, purse_within(), 1)
                return
            data = file.read(MOST_EACH + 1)
    except OSError as error:
        yield _refuse(name, f"cannot be read: {error.strerror}")
        return
    if len(data) > MOST_EACH:
        yield _refuse(name, f"expected at most {MOST_EACH:,} bytes, got more")
    else:
        yield Entry(shown, shown, at, data)


def _refuse(name: str, reason: str) -> Refusal:
    shown = plain(name, MOST_NAME)
    return Refusal(shown, shown, reason)


def _changed(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


# ---- zips


def _zip(
    file: BinaryIO, purse: Purse, depth: int, step: Callable[[], object] = lambda: None
) -> Iterator[Entry | Refusal]:
    """Yield the entries of a zip, with names and times as this zip gives them."""
    try:
        _refuse_long_directory(file, purse)
        archive = zipfile.ZipFile(file)
    except BROKEN as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"expected a whole zip, got: {plain(str(error), 100)}") from None
    infos = archive.infolist()
    purse.spend(len(infos), 0)
    if _overlap(infos, archive.start_dir):
        raise ArchiveError("expected each entry in its own place, got entries that overlap")
    names = [decoded(each) for each in infos]
    times = Counter(map(folded, names))
    for info, name in zip(infos, names, strict=True):
        if not info.is_dir():
            reason = refusal(name) or _refusal_of(info)
            if times[folded(name)] > 1:
                reason = reason or "expected a name once, got it again, capitals aside"
            if reason:
                yield _refuse(name, reason)
            else:
                yield from _member(archive, info, plain(name, MOST_NAME), purse, depth)
        step()


def _refuse_long_directory(file: BinaryIO, purse: Purse) -> None:
    """Refuse an archive whose mere list of entries would fill the memory."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - (1 << 17)))
    tail = file.read()
    at, at64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    if at < 0:
        raise ArchiveError("expected a zip, got no end of one: cut short, or something else")
    said = [int.from_bytes(tail[at + 12 : at + 16], "little")]
    said = [each for each in said if each != 0xFFFFFFFF or at64 < 0]
    if at64 >= 0:
        said.append(int.from_bytes(tail[at64 + 40 : at64 + 48], "little"))
    if max(said) > purse.entries * ROW:
        raise ArchiveError("expected fewer entries: nothing was read")


def _overlap(infos: list[zipfile.ZipInfo], end: int) -> bool:
    placed = sorted(infos, key=lambda info: info.header_offset)
    starts = [*(info.header_offset for info in placed), end][1:]
    ends = [
        info.header_offset + 30 + len(info.orig_filename) + info.compress_size for info in placed
    ]
    return any(last > start for last, start in zip(ends, starts, strict=True))


def _refusal_of(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "expected a file, got a link, a pipe or a device"
    if info.flag_bits & 0x41:
        return "expected a file that can be read, got an encrypted one"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"expected it stored or deflated, got compression {info.compress_type}"
    if info.file_size > MOST_EACH:
        return f"expected at most {MOST_EACH:,} bytes, got {info.file_size:,}"
    if info.file_size > max(FREE_OF_RATIO, MOST_RATIO * info.compress_size):
        return f"expected a file, got {info.compress_size:,} bytes that become {info.file_size:,}"
    return ""


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, purse: Purse, depth: int
) -> Iterator[Entry | Refusal]:
    purse.spend(0, info.file_size)  # no more comes out than is said here
    try:
        with archive.open(info) as stream:
            data = b"".join(iter(lambda: stream.read(CHUNK), b""))
    except BROKEN as error:
        yield Refusal(name, name, f"expected a whole file, got: {plain(str(error), 100)}")
        return
    at = _time(info)
    if not name.lower().endswith(".zip"):
        yield Entry(name, name, at, data)
    elif depth == MOST_DEPTH:
        yield Refusal(name, name, f"expected at most {MOST_DEPTH} zips within each other")
    else:
        inner = purse if depth else purse_within()
        yield from _within(name, at, io.BytesIO(data), inner, depth + 1)


def _within(
    name: str, at: datetime | None, file: BinaryIO, purse: Purse, depth: int
) -> Iterator[Entry | Refusal]:
    """Yield what an archive within holds, under the name and the time that it has itself."""
    try:
        for each in _zip(file, purse, depth):
            each = replace(each, name=f"{name}/{each.name}", outer=name)
            yield replace(each, at=at) if isinstance(each, Entry) else each
    except ArchiveError as error:
        yield Refusal(name, name, str(error))


def _time(info: zipfile.ZipInfo) -> datetime | None:
    """Return the exact time that newer zips hold, or the old one, which has no zone."""
    extra = info.extra
    while len(extra) >= 9:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 0x5455 and length >= 5 and extra[4] & 1:
            return _changed(struct.unpack_from("<I", extra, 5)[0])
        extra = extra[4 + length :]
    if info.date_time[:3] == (1980, 1, 1):  # what stands there when nothing was said
        return None
    try:
        return datetime(*info.date_time)
    except ValueError:
        return None
