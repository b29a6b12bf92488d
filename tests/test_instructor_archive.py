"""Archives that mean harm: each is refused in a line, and what is sound beside it is read."""

import contextlib
import io
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.instructor import archive
from lib.instructor.archive import ArchiveError, Entry, Purse, Refusal, entries, size
from tests.course_folders import zipped


def read(path, **options):
    found = list(entries(path, **options))
    good = {each.name: each.data for each in found if isinstance(each, Entry)}
    bad = {each.name: each.reason for each in found if isinstance(each, Refusal)}
    assert len(good) + len(bad) == len(found)
    for each in found:
        assert each.name.isprintable()
    return good, bad


def bytes_of(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as inner:
        for name, content in files.items():
            inner.writestr(zipfile.ZipInfo(name, **options), content, zipfile.ZIP_DEFLATED)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.ipynb", "leads out"),
        ("a/../../evil.ipynb", "leads out"),
        ("a\\..\\..\\evil.ipynb", "leads out"),
        ("/etc/passwd", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("C:\\evil.ipynb", "absolute"),
        ("c:evil.ipynb", "absolute"),
        ("aux.ipynb", "Windows"),
        ("a/CON", "Windows"),
        ("com1.tar.ipynb", "Windows"),
        ("evil\x1b[2J.ipynb", "control"),
        ("evil\n.ipynb", "control"),
        ("evil\u202ebnypi.exe", "control"),
        ("evil\u2066.ipynb", "control"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_a_name_that_means_harm_is_refused_and_the_others_are_read(tmp_path, name, reason):
    good, bad = read(zipped(tmp_path / "a.zip", {"good.ipynb": b"1", name: b"2"}))
    assert good == {"good.ipynb": b"1"}
    assert len(bad) == 1
    assert reason in next(iter(bad.values()))


def test_a_nul_in_a_name_hides_nothing(tmp_path):
    data = bytes_of({"good.ipynb": b"1", "evil.ipynb#.txt": b"2"})
    (tmp_path / "a.zip").write_bytes(data.replace(b"ipynb#.txt", b"ipynb\0.txt"))
    good, bad = read(tmp_path / "a.zip")
    assert list(good) == ["good.ipynb"]
    assert "control" in bad["evil.ipynb.txt"]


def test_names_are_read_as_utf8_where_they_are_whether_that_is_said_or_not(tmp_path):
    data = bytes_of({"p##.ipynb": b"1", "q#.ipynb": b"2"})
    data = data.replace(b"p##", "pé".encode()).replace(b"q#", "é".encode("cp437") * 2)
    (tmp_path / "a.zip").write_bytes(data)
    assert read(tmp_path / "a.zip") == ({"pé.ipynb": b"1", "éé.ipynb": b"2"}, {})


def test_a_name_that_is_not_what_it_says_to_be_costs_its_archive(tmp_path):
    data = bytes_of({"pé.ipynb": b"1"}).replace("pé".encode(), b"p\xff\xff")
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match="expected a whole zip"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path, kind):
    link = zipfile.ZipInfo("link.ipynb")
    link.create_system, link.external_attr = 3, (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(link, "/etc/passwd")
        made.writestr("good.ipynb", "1")
    good, bad = read(tmp_path / "a.zip")
    assert good == {"good.ipynb": b"1"}
    assert "got a link" in bad["link.ipynb"]


@pytest.mark.parametrize(
    "names",
    [
        ("a.ipynb", "a.ipynb"),
        ("a.ipynb", "A.IPYNB"),
        ("b/a.ipynb", "b\\a.ipynb"),
        ("\u00e9.ipynb", "e\u0301.ipynb"),
        ("straße.ipynb", "STRASSE.ipynb"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_that_some_system_takes_for_one_are_both_refused(tmp_path, names):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        for number, name in enumerate(names):
            made.writestr(name, str(number))
    found = list(entries(tmp_path / "a.zip"))
    assert [type(each) for each in found] == [Refusal, Refusal]
    assert "capitals aside" in found[0].reason


def test_an_encrypted_entry_is_refused(tmp_path):
    data = bytearray(bytes_of({"a.ipynb": b"1" * 50, "good.ipynb": b"1"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    good, bad = read(tmp_path / "a.zip")
    assert list(good) == ["good.ipynb"]
    assert "encrypted" in bad["a.ipynb"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_no_learning_system_writes_is_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as made:
        made.writestr("a.ipynb", "1" * 1000)
    assert "compression" in read(tmp_path / "a.zip")[1]["a.ipynb"]


def test_a_wrong_checksum_costs_its_entry(tmp_path):
    files = {"a.ipynb": os.urandom(500), "good.ipynb": b"1"}
    data = bytearray(bytes_of(files))
    data[200] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    good, bad = read(tmp_path / "a.zip")
    assert list(good) == ["good.ipynb"]
    assert "expected a whole file" in bad["a.ipynb"]


def test_an_entry_that_says_less_than_it_holds_gives_no_more_than_it_says(tmp_path):
    data = bytes_of({"a.ipynb": b"1" * 5_000_000})
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(mark) + at
        data = data[:place] + struct.pack("<I", 10) + data[place + 4 :]
    (tmp_path / "a.zip").write_bytes(data)
    good, bad = read(tmp_path / "a.zip")
    assert good == {}
    assert "expected a whole file" in bad["a.ipynb"]


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    files = {"bomb.ipynb": b"\0" * 20_000_000, "good.ipynb": b"1", "dull.ipynb": b" " * 900_000}
    good, bad = read(zipped(tmp_path / "a.zip", files))
    assert list(good) == ["good.ipynb", "dull.ipynb"]
    assert "become 20,000,000" in bad["bomb.ipynb"]


def test_an_entry_may_be_only_so_large(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_EACH", 1000)
    files = {"a.ipynb": os.urandom(1001), "b.ipynb": os.urandom(1000)}
    assert list(read(zipped(tmp_path / "a.zip", files))[1]) == ["a.ipynb"]
    (tmp_path / "folder").mkdir()
    for name, data in files.items():
        (tmp_path / "folder" / name).write_bytes(data)
    assert list(read(tmp_path / "folder")[1]) == ["a.ipynb"]


@pytest.mark.parametrize("purse", [Purse(entries=2), Purse(total=2500)])
def test_an_archive_may_hold_only_so_much(tmp_path, purse):
    files = {f"{number}.ipynb": os.urandom(1000) for number in range(3)}
    with pytest.raises(ArchiveError, match="expected fewer"):
        read(zipped(tmp_path / "a.zip", files), purse=purse)


def test_a_list_of_entries_that_would_fill_the_memory_is_not_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", {f"{'x' * 400}{number}": b"" for number in range(20)})
    monkeypatch.setattr(zipfile, "ZipFile", None)  # nobody may get as far as that
    with pytest.raises(ArchiveError, match="nothing was read"):
        list(entries(path, purse=Purse(entries=10)))


def test_entries_that_share_bytes_are_refused(tmp_path):
    """The trick of the small bomb: each entry's data are the entries behind it."""
    data = bytes_of({"a.ipynb": b"1" * 100, "b.ipynb": b"1" * 100})
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    place = second + 42
    shared = data[:place] + struct.pack("<I", 0) + data[place + 4 :]
    (tmp_path / "a.zip").write_bytes(shared)
    with pytest.raises(ArchiveError, match="overlap"):
        read(tmp_path / "a.zip")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"hello", bytes_of({"a": b"1"})[:-30]])
def test_what_is_no_whole_zip_is_refused(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(ArchiveError, match="no end of one"):
        read(tmp_path / "a.zip")


def test_an_empty_zip_holds_nothing(tmp_path):
    assert read(zipped(tmp_path / "a.zip", {})) == ({}, {})


# ---- archives within


def test_archives_within_are_read_under_the_name_and_time_of_the_outermost(tmp_path):
    deep = bytes_of({"c.ipynb": b"3"})
    inner = bytes_of({"smith/b.ipynb": b"2", "deep.zip": deep}, date_time=(1999, 1, 1, 0, 0, 0))
    path = zipped(tmp_path / "a.zip", {"doe.zip": inner, "a.ipynb": b"1"})
    found = list(entries(path))
    assert [(each.name, each.outer) for each in found] == [
        ("doe.zip/smith/b.ipynb", "doe.zip"),
        ("doe.zip/deep.zip/c.ipynb", "doe.zip"),
        ("a.ipynb", "a.ipynb"),
    ]
    assert {each.at for each in found} == {datetime(2026, 12, 10, 12)}


def test_archives_are_opened_only_so_deep(tmp_path):
    data = bytes_of({"good.ipynb": b"1"})
    for _ in range(3):
        data = bytes_of({"x.zip": data})
    (tmp_path / "a.zip").write_bytes(data)
    good, bad = read(tmp_path / "a.zip")
    assert good == {}
    assert bad == {"x.zip/x.zip/x.zip": "expected at most 2 zips within each other"}


def test_a_students_archive_spends_its_own_purse_and_harms_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "purse_within", lambda: Purse(5, 10_000))
    many = bytes_of({f"{number}.ipynb": b"1" for number in range(6)})
    nested = bytes_of({f"{n}.zip": bytes_of({"1": b"1", "2": b"2"}) for n in range(3)})
    large = bytes_of({f"{number}.ipynb": os.urandom(4000) for number in range(3)})
    files = {"many.zip": many, "nested.zip": nested, "large.zip": large}
    good, bad = read(zipped(tmp_path / "a.zip", files | {"bad.zip": b"?", "good.ipynb": b"1"}))
    assert good["good.ipynb"] == b"1"
    assert {"many.zip", "large.zip", "bad.zip"} <= set(bad)
    assert len([name for name in bad if name.startswith("nested.zip/")]) == 2
    assert sum(name.startswith("large.zip/") for name in good) == 2


# ---- folders


def test_folders_are_read_without_following_or_waiting(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "good.ipynb").write_bytes(b"1")
    (folder / "link.ipynb").symlink_to(outside / "secret")
    (folder / "linked").symlink_to(outside)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "evil\x1b.ipynb").write_bytes(b"1")
    (folder / os.fsdecode(b"\xff.ipynb")).write_bytes(b"1")
    zipped(folder / "doe.zip", {"in.ipynb": b"2"})
    (folder / "bad.zip").write_bytes(b"?")
    good, bad = read(folder)
    assert good == {"sub/good.ipynb": b"1", "doe.zip/in.ipynb": b"2"}
    assert set(bad) == {"link.ipynb", "linked", "pipe.ipynb", "evil.ipynb", ".ipynb", "bad.zip"}


def test_a_source_may_be_one_file_and_no_link(tmp_path):
    (tmp_path / "a.ipynb").write_bytes(b"1")
    os.utime(tmp_path / "a.ipynb", (10**9, 10**9))
    (tmp_path / "b.ipynb").symlink_to(tmp_path / "a.ipynb")
    (one,) = entries(tmp_path / "a.ipynb")
    assert one == Entry("a.ipynb", "a.ipynb", datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC), b"1")
    assert isinstance(next(entries(tmp_path / "b.ipynb")), Refusal)


# ---- times and steps


def test_times_are_exact_where_the_zip_says_so_and_unknown_where_it_does_not(tmp_path):
    exact = zipfile.ZipInfo("exact", (2026, 1, 1, 0, 0, 0))
    exact.extra = struct.pack("<HHBI", 0x5455, 5, 1, 10**9)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(exact, "1")
        made.writestr(zipfile.ZipInfo("plain", (2026, 1, 2, 3, 4, 6)), "1")
        made.writestr(zipfile.ZipInfo("unsaid"), "1")
    exact, plain, unsaid = entries(tmp_path / "a.zip")
    assert exact.at == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    assert plain.at == datetime(2026, 1, 2, 3, 4, 6)
    assert unsaid.at is None


def test_a_bar_hears_of_every_file(tmp_path):
    steps = []
    path = zipped(tmp_path / "a.zip", {"a/": b"", "a/b.ipynb": b"1", "../c": b"2"})
    list(entries(path, lambda: steps.append(1)))
    assert len(steps) == size(path) == 3
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "x").write_bytes(b"")
    list(entries(tmp_path / "f", lambda: steps.append(1)))
    assert len(steps) == 4
    assert size(tmp_path / "f") == size(tmp_path / "f" / "x") == 1


SOUND = bytes_of({"a.ipynb": b"1" * 300, "b/c.ipynb": b"2", "d.zip": bytes_of({"e": b"3"})})


@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=8),
       st.integers(0, len(SOUND)))  # fmt: skip
def test_a_damaged_zip_is_read_or_refused(tmp_path_factory, changes, cut):
    data = bytearray(SOUND)
    for place, value in changes:
        data[place] = value
    path = tmp_path_factory.mktemp("zip") / "a.zip"
    for damaged in (data, data[:cut], data[cut:]):
        path.write_bytes(damaged)
        with contextlib.suppress(ArchiveError):
            read(path)
