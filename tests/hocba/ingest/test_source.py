"""Every kind of source gives the same documents, and every bad entry one clear finding."""

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hocba.errors import SourceUnreadable
from hocba.ingest.entry import MEBIBYTE, BadEntry, Document, Entry, IgnoredEntry, SourceLimits
from hocba.ingest.source import DEFAULT_SOURCE_LIMITS, open_source
from tests.support.archives import (
    add_to_tar,
    compressed,
    patch_central,
    tar_bytes,
    with_renamed_entry,
    write_zip,
)

_RECORDS = {
    "lớp 1A/Nguyễn Thị Ánh.xml": b"<a>" + b"1" * 3000 + b"</a>",
    "lớp 1A/" + "đ" * 90 + ".xml": b"<b/>",
    "rỗng.xml": b"",
    "z.xml": bytes(range(256)) * 40,
}
_TARS = (".tar", ".tar.gz", ".tar.zst")
_LAYOUTS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
_SMALL = SourceLimits(document_bytes=1000)


def _entries(path: Path, limits: SourceLimits = DEFAULT_SOURCE_LIMITS) -> list[Entry]:
    return list(open_source(path, limits).entries())


def _codes(entries: list[Entry]) -> dict[str, str]:
    """Outcome of reading by file name: the finding's code, or `ok`, or `ignored`."""
    found = {}
    for each in entries:
        match each:
            case Document():
                found[each.file_name] = "ok"
            case BadEntry():
                found[each.file_name] = each.finding.code
                assert each.finding.message()
            case IgnoredEntry():
                found[each.file_name] = "ignored"
    return found


def _zip(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "lô.zip"
    path.write_bytes(data)
    return path


def _tar(tmp_path: Path, data: bytes, suffix: str = ".tar") -> Path:
    path = tmp_path / f"lô{suffix}"
    path.write_bytes(compressed(data, suffix))
    return path


# ------------------------------------------------------------------------------ sound sources


def _as_folder(folder: Path) -> Path:
    for name, data in _RECORDS.items():
        file = folder / "kho" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder / "kho"


def test_a_folder_gives_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    found = _entries(_as_folder(tmp_path))
    assert found == [
        Document(n, name, _RECORDS[name])
        for n, name in enumerate(
            ["lớp 1A/Nguyễn Thị Ánh.xml", "lớp 1A/" + "đ" * 90 + ".xml", "rỗng.xml", "z.xml"], 1
        )
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_gives_its_documents(tmp_path: Path, method: int) -> None:
    source = open_source(write_zip(tmp_path / "lô.zip", _RECORDS, method))
    assert list(source.entries()) == [
        Document(n, *entry) for n, entry in enumerate(_RECORDS.items(), 1)
    ]
    assert source.expected() == 4
    assert source.name == "lô.zip"


@pytest.mark.parametrize("suffix", _TARS)
@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_gives_its_documents(tmp_path: Path, suffix: str, layout: int) -> None:
    source = open_source(_tar(tmp_path, tar_bytes(_RECORDS, layout), suffix))
    assert list(source.entries()) == [
        Document(n, *entry) for n, entry in enumerate(_RECORDS.items(), 1)
    ]
    assert source.expected() is None


def test_a_ustar_name_may_be_split_in_two(tmp_path: Path) -> None:
    name = "p" * 90 + "/" + "n" * 90 + ".xml"
    data = tar_bytes({name: b"<a/>"}, tarfile.USTAR_FORMAT)
    assert _entries(_tar(tmp_path, data)) == [Document(1, name, b"<a/>")]


def test_a_tar_from_before_ustar_is_known_by_its_suffix(tmp_path: Path) -> None:
    data = bytearray(tar_bytes({"a.xml": b"<a/>"}, tarfile.USTAR_FORMAT))
    data[156:157] = b"\0"
    data[257:265] = bytes(8)
    checksum = sum(data[:148]) + sum(data[156:512]) + 8 * 32
    data[148:156] = b"%06o\0 " % checksum
    assert _entries(_tar(tmp_path, bytes(data))) == [Document(1, "a.xml", b"<a/>")]


def test_a_single_document_is_a_source(tmp_path: Path) -> None:
    path = tmp_path / "học bạ.xml"
    path.write_bytes(b"<a/>")
    source = open_source(path)
    assert list(source.entries()) == [Document(1, "học bạ.xml", b"<a/>")]
    assert source.expected() == 1


def test_a_zip64_archive_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lô.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("a.xml", "w", force_zip64=True) as entry,
    ):
        entry.write(b"<a/>")
    data = path.read_bytes()
    end = data.index(b"PK\x05\x06")
    count, _, size, start = struct.unpack_from("<2H2L", data, end + 8)
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    small = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(data[:end] + record + locator + small)
    assert _entries(path) == [Document(1, "a.xml", b"<a/>")]
    assert open_source(path).expected() is None


def test_a_zip_entry_may_have_its_sizes_in_the_zip64_field(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>"}, zipfile.ZIP_STORED).read_bytes()
    at = data.index(b"PK\x01\x02")
    extra = struct.pack("<2H2Q", 1, 16, 4, 4)
    header = bytearray(data[at : at + 46])
    struct.pack_into("<2L", header, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", header, 30, len(extra))
    changed = data[:at] + bytes(header) + b"a.xml" + extra + data[at + 51 :]
    end = changed.index(b"PK\x05\x06")
    changed = changed[: end + 12] + struct.pack("<L", 51 + 20) + changed[end + 16 :]
    assert _entries(_zip(tmp_path, changed)) == [Document(1, "a.xml", b"<a/>")]


def test_a_comment_at_the_end_of_a_zip_does_no_harm(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK\x05\x06 made by a tool" * 20
    assert _codes(_entries(path)) == {"a.xml": "ok"}


@given(
    entries=st.dictionaries(
        st.text(st.characters(categories=("L", "N")), min_size=1, max_size=60).map(
            lambda name: f"d/{name}.xml"
        ),
        st.binary(max_size=2000).map(lambda data: b"<" + data),
        min_size=1,
        max_size=8,
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_an_archive_holds_comes_out(tmp_path: Path, entries: dict[str, bytes]) -> None:
    expected = list(entries.items())
    paths = [write_zip(tmp_path / "a.zip", entries)]
    paths += [_tar(tmp_path, tar_bytes(entries), suffix) for suffix in _TARS]
    for path in paths:
        found = [(e.file_name, e.data) for e in _entries(path) if isinstance(e, Document)]
        assert found == expected


# ------------------------------------------------------------------------------ fingerprints


def test_the_fingerprint_of_an_archive_is_its_content(tmp_path: Path) -> None:
    first = write_zip(tmp_path / "a.zip", _RECORDS)
    second = tmp_path / "copy of a.zip"
    second.write_bytes(first.read_bytes())
    assert open_source(first).fingerprint() == open_source(second).fingerprint()
    second.write_bytes(first.read_bytes() + b"x")
    assert open_source(first).fingerprint() != open_source(second).fingerprint()


def test_the_fingerprint_of_a_folder_changes_with_any_file(tmp_path: Path) -> None:
    folder = _as_folder(tmp_path)
    (folder / "link").symlink_to("z.xml")
    before = open_source(folder).fingerprint()
    assert open_source(folder).fingerprint() == before
    status = (folder / "z.xml").stat()
    os.utime(folder / "z.xml", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert open_source(folder).fingerprint() != before


# ------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("raw", "flags", "shown"),
    [
        ("học bạ.xml".encode(), 0x0800, "học bạ.xml"),
        ("học bạ.xml".encode(), 0, "học bạ.xml"),
        (b"caf\x82.xml", 0, "café.xml"),
        (b"caf\x82.xml", 0x0800, "caf�.xml"),
    ],
)
def test_zip_names_are_read_as_their_tools_wrote_them(
    tmp_path: Path, raw: bytes, flags: int, shown: str
) -> None:
    placeholder = "n" * len(raw)
    data = write_zip(tmp_path / "a.zip", {placeholder: b"<a/>"}).read_bytes()
    path = _zip(tmp_path, with_renamed_entry(data, placeholder.encode(), raw, flags))
    assert _codes(_entries(path)) == {shown: "ok"}


@pytest.mark.parametrize(
    ("crc_of", "version", "text", "shown"),
    [
        (b"ho", 1, "hồ.xml".encode(), "hồ.xml"),
        (b"other", 1, "hồ.xml".encode(), "ho"),
        (b"ho", 2, "hồ.xml".encode(), "ho"),
        (b"ho", 1, b"\xff", "ho"),
    ],
)
def test_the_unicode_path_field_counts_if_it_belongs_to_the_name(
    tmp_path: Path, crc_of: bytes, version: int, text: bytes, shown: str
) -> None:
    body = struct.pack("<BL", version, zlib.crc32(crc_of)) + text
    entry = zipfile.ZipInfo("ho")
    entry.extra = struct.pack("<2H", 0x7075, len(body)) + body
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, b"<a/>")
    assert _codes(_entries(path)) == {shown: "ok"}


def test_a_name_cannot_hide_what_it_is(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a\u202elmx.exe\x07.xml": b"<a/>"})
    assert _codes(_entries(path)) == {"a\ufffdlmx.exe\ufffd.xml": "ok"}


def test_a_very_long_name_is_shown_from_its_end(tmp_path: Path) -> None:
    [entry] = _entries(write_zip(tmp_path / "a.zip", {"x" * 3000 + "cuối.xml": b"<a/>"}))
    assert len(entry.file_name) == 400
    assert entry.file_name.endswith("cuối.xml")


_CLIMBING = ("../a.xml", "x/../../a.xml", "/etc/a.xml", "C:/a.xml", "c:a.xml", "x\\a.xml")


@pytest.mark.parametrize("name", _CLIMBING)
def test_a_path_that_climbs_out_of_a_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "a.zip", {name: b"<a/>", "b.xml": b"<b/>"})
    assert _codes(_entries(path)) == {name: "HB-I004", "b.xml": "ok"}


@pytest.mark.parametrize("suffix", _TARS)
@pytest.mark.parametrize("name", _CLIMBING)
def test_a_path_that_climbs_out_of_a_tar_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    path = _tar(tmp_path, tar_bytes({name: b"<a/>", "b.xml": b"<b/>"}), suffix)
    assert _codes(_entries(path)) == {name: "HB-I004", "b.xml": "ok"}


def test_an_empty_name_is_refused(tmp_path: Path) -> None:
    path = _tar(tmp_path, tar_bytes({"": b"<a/>", "b.xml": b"<b/>"}))
    assert _codes(_entries(path)) == {"lô.tar": "HB-I004", "b.xml": "ok"}


# ------------------------------------------------------------------------------ junk, nesting


_JUNK = ("__MACOSX/._a.xml", "x/.DS_Store", "Thumbs.db", "desktop.ini", "x/._a.xml")


def test_what_systems_leave_behind_is_ignored(tmp_path: Path) -> None:
    entries = dict.fromkeys((*_JUNK, "a.xml"), b"x")
    path = write_zip(tmp_path / "a.zip", entries)
    expected = dict.fromkeys(_JUNK, "ignored") | {"a.xml": "ok"}
    assert _codes(_entries(path)) == expected
    assert _codes(_entries(_tar(tmp_path, tar_bytes(entries)))) == expected
    [document] = [each for each in _entries(path) if isinstance(each, Document)]
    assert document.position == 1


def test_a_folder_leaves_junk_folders_out(tmp_path: Path) -> None:
    for name in ("__MACOSX/a.xml", ".DS_Store", "a.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"<a/>")
    assert _codes(_entries(tmp_path)) == {".DS_Store": "ignored", "a.xml": "ok"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("b.zip", b"whatever"),
        ("b.xml", b"PK\x03\x04 and more"),
        ("b.tgz", b""),
        ("b.xml", gzip.compress(b"<b/>", mtime=0)),
        ("b.xml", lzma.compress(b"<b/>")),
        ("b.xml", bz2.compress(b"<b/>")),
        ("b.xml", tar_bytes({"c.xml": b"<c/>"})),
        ("b.xml", compressed(b"<b/>", ".tar.zst")),
        ("b.rar", b""),
        ("b.7z", b""),
    ],
)
def test_an_archive_in_an_archive_is_not_opened(tmp_path: Path, name: str, data: bytes) -> None:
    path = write_zip(tmp_path / "a.zip", {name: data, "a.xml": b"<a/>"})
    assert _codes(_entries(path)) == {name: "HB-I012", "a.xml": "ok"}


def test_an_archive_in_a_folder_is_not_opened(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", _RECORDS)
    (tmp_path / "b.xml").write_bytes(b"<b/>")
    assert _codes(_entries(tmp_path)) == {"a.zip": "HB-I012", "b.xml": "ok"}


# ------------------------------------------------------------------------------ links, secrets


def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in (
            ("symbolic", tarfile.SYMTYPE),
            ("hard", tarfile.LNKTYPE),
            ("character", tarfile.CHRTYPE),
            ("block", tarfile.BLKTYPE),
            ("pipe", tarfile.FIFOTYPE),
        ):
            add_to_tar(archive, name, type=kind, linkname="/etc/passwd" * 30)
        add_to_tar(archive, "folder", type=tarfile.DIRTYPE)
        add_to_tar(archive, "a.xml", b"<a/>")
    refused = dict.fromkeys(("symbolic", "hard", "character", "block", "pipe"), "HB-I005")
    assert _codes(_entries(_tar(tmp_path, buffer.getvalue()))) == refused | {"a.xml": "ok"}


def test_a_sparse_file_in_a_tar_is_refused(tmp_path: Path) -> None:
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        add_to_tar(archive, "sparse.xml", b"<a/>", pax_headers=headers)
        add_to_tar(archive, "a.xml", b"<a/>")
    found = _codes(_entries(_tar(tmp_path, buffer.getvalue())))
    assert found == {"sparse.xml": "HB-I005", "a.xml": "ok"}


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("link.xml")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
        archive.writestr("a.xml", b"<a/>")
    assert _codes(_entries(path)) == {"link.xml": "HB-I005", "a.xml": "ok"}


def test_links_and_pipes_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    (tmp_path / "file").symlink_to("/etc/passwd")
    (tmp_path / "folder").symlink_to("/etc")
    os.mkfifo(tmp_path / "pipe")
    assert _codes(_entries(tmp_path)) == {
        "a.xml": "ok",
        "file": "HB-I005",
        "folder": "HB-I005",
        "pipe": "HB-I005",
    }


def test_an_encrypted_entry_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>", "b.xml": b"<b/>"}).read_bytes()
    path = _zip(tmp_path, patch_central(data, 8, struct.pack("<H", 0x0001)))
    assert _codes(_entries(path)) == {"a.xml": "HB-I006", "b.xml": "ok"}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_rare_compression_method_is_named(tmp_path: Path, method: int) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>"}, method)
    [entry] = _entries(path)
    assert isinstance(entry, BadEntry)
    assert entry.finding.code == "HB-I013"
    assert str(method) in entry.finding.message()


def test_a_file_that_may_not_be_read_is_one_bad_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.xml", "b.xml", "d/c.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"<a/>")
    really_open, really_scan = os.open, os.scandir

    def refuse(path: str, flags: int, *more: int) -> int:
        if str(path).endswith("a.xml"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags, *more)

    def refuse_folder(path: Path) -> object:
        if Path(path).name == "d":
            raise PermissionError(13, "Permission denied")
        return really_scan(path)

    monkeypatch.setattr(os, "open", refuse)  # root may read everything
    monkeypatch.setattr(os, "scandir", refuse_folder)
    found = _codes(_entries(tmp_path))
    assert found == {"a.xml": "HB-I015", "b.xml": "ok", "d": "HB-I015"}


# ------------------------------------------------------------------------------ limits


def _noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)  # noqa: S311 -- only incompressible


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_entry_beyond_the_document_limit_is_refused(tmp_path: Path, method: int) -> None:
    entries = {"big.xml": _noise(1001), "fits.xml": _noise(1000)}
    path = write_zip(tmp_path / "a.zip", entries, method)
    assert _codes(_entries(path, _SMALL)) == {"big.xml": "HB-I008", "fits.xml": "ok"}


@pytest.mark.parametrize("suffix", _TARS)
def test_a_tar_entry_beyond_the_document_limit_is_skipped(tmp_path: Path, suffix: str) -> None:
    entries = {"big.xml": _noise(1001), "fits.xml": _noise(1000)}
    path = _tar(tmp_path, tar_bytes(entries), suffix)
    assert _codes(_entries(path, _SMALL)) == {"big.xml": "HB-I008", "fits.xml": "ok"}


def test_a_file_beyond_the_document_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.xml").write_bytes(_noise(1001))
    assert _codes(_entries(tmp_path / "big.xml", _SMALL)) == {"big.xml": "HB-I008"}
    assert _codes(_entries(tmp_path, _SMALL)) == {"big.xml": "HB-I008"}


def test_a_zip_bomb_is_refused_by_what_comes_out_of_it(tmp_path: Path) -> None:
    data = write_zip(
        tmp_path / "a.zip", {"bomb.xml": bytes(40 * MEBIBYTE), "b.xml": b"<b/>"}
    ).read_bytes()
    lying = patch_central(data, 24, struct.pack("<L", 10))  # declares ten bytes
    for archive in (data, lying):
        found = _codes(_entries(_zip(tmp_path, archive)))
        assert found == {"bomb.xml": "HB-I009", "b.xml": "ok"}


def test_overlapping_entries_stop_at_the_ratio_of_the_archive(tmp_path: Path) -> None:
    limits = SourceLimits(ratio_from=10_000, archive_ratio=5, entry_ratio=10**6)
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"a" * 900}).read_bytes()
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[at:end] * 40  # forty names for the same bytes
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 40, 40, len(directory), at, 0)
    found = _entries(_zip(tmp_path, data[:at] + directory + tail), limits)
    last = found[-1]
    assert isinstance(last, BadEntry)
    assert last.finding.code == "HB-I009"
    assert 10 < len(found) < 40


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.zst"])
def test_a_tar_bomb_stops_the_archive_and_keeps_what_came_before(
    tmp_path: Path, suffix: str
) -> None:
    entries = {"a.xml": b"<a/>", "bomb.xml": bytes(80 * MEBIBYTE), "never.xml": b"<b/>"}
    path = _tar(tmp_path, tar_bytes(entries), suffix)
    assert _codes(_entries(path)) == {"a.xml": "ok", "bomb.xml": "HB-I009"}


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_an_archive_has_a_limit_in_all(tmp_path: Path, suffix: str) -> None:
    limits = SourceLimits(total_bytes=5000)
    entries = {f"{n}.xml": _noise(2000) for n in range(1, 6)}
    if suffix == ".zip":
        path = write_zip(tmp_path / "a.zip", entries)
    else:
        path = _tar(tmp_path, tar_bytes(entries, tarfile.USTAR_FORMAT))
    found = _codes(_entries(path, limits))
    assert list(found.values())[-1] == "HB-I010"
    assert list(found.values())[:-1] == ["ok"] * (len(found) - 1)
    assert len(found) < 5


def test_a_batch_has_a_limit_of_entries(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": b"<a/>" for n in range(5)})
    found = _codes(_entries(path, SourceLimits(entries=3)))
    assert found == {"0.xml": "ok", "1.xml": "ok", "2.xml": "ok", "3.xml": "HB-I011"}


@pytest.mark.parametrize("size", [65 * 1024, 2**40])
def test_a_tar_header_cannot_demand_memory(tmp_path: Path, size: int) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, size
    block = header.tobuf(tarfile.GNU_FORMAT)
    path = _tar(tmp_path, tar_bytes({"a.xml": b"<a/>"})[:1024] + block + bytes(1024))
    assert _codes(_entries(path)) == {"a.xml": "ok", "lô.tar": "HB-I014"}


def test_tar_headers_before_an_entry_come_to_an_end(tmp_path: Path) -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 5
    block = header.tobuf(tarfile.GNU_FORMAT) + b"a.xml".ljust(512, b"\0")
    with pytest.raises(SourceUnreadable):
        _entries(_tar(tmp_path, block * 100 + bytes(1024)))


# ------------------------------------------------------------------------------ damage


def test_a_damaged_entry_of_a_zip_leaves_the_others_alone(tmp_path: Path) -> None:
    entries = {"a.xml": _noise(5000), "b.xml": _noise(300)}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        data = bytearray(write_zip(tmp_path / "a.zip", entries, method).read_bytes())
        data[2000] ^= 0xFF
        assert _codes(_entries(_zip(tmp_path, bytes(data)))) == {"a.xml": "HB-I007", "b.xml": "ok"}


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (16, b"\0\0\0\0"),  # the CRC
        (20, struct.pack("<L", 3)),  # compressed size, too small
        (20, struct.pack("<L", 2**31)),  # compressed size, beyond the archive
        (24, struct.pack("<L", 3)),  # size
        (42, struct.pack("<L", 1)),  # where the local header is
        (42, struct.pack("<L", 2**31)),
        (10, struct.pack("<H", 0)),  # another method than the local header has
        (46, b"b.xml"),  # another name than the local header has
    ],
)
def test_a_directory_that_disagrees_with_the_entry_is_damage(
    tmp_path: Path, offset: int, value: bytes
) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a>" * 40, "z.xml": b"<z/>"}).read_bytes()
    found = _codes(_entries(_zip(tmp_path, patch_central(data, offset, value))))
    assert list(found.values()) == ["HB-I007", "ok"]


def test_bytes_hidden_behind_the_compressed_data_are_damage(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>"}).read_bytes()
    at = data.index(b"PK\x01\x02")
    size = struct.unpack_from("<L", data, at + 20)[0]
    changed = patch_central(data[:at] + b"hidden" + data[at:], 20, struct.pack("<L", size + 6))
    end = changed.index(b"PK\x05\x06")
    changed = changed[: end + 16] + struct.pack("<L", at + 6) + changed[end + 20 :]
    assert _codes(_entries(_zip(tmp_path, changed))) == {"a.xml": "HB-I007"}


def test_a_damaged_directory_keeps_what_came_before(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>", "b.xml": b"<b/>"}).read_bytes()
    for changed in (
        patch_central(data, 0, b"XXXX", entry=1),
        patch_central(data, 28, struct.pack("<H", 60_000), entry=1),
    ):
        assert _codes(_entries(_zip(tmp_path, changed))) == {"a.xml": "ok", "lô.zip": "HB-I014"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:-4],
        lambda data: data + b"trailing",
        lambda data: b"PK\x03\x04" + data,
        lambda data: b"PK\x05\x06",
        lambda data: data[:-18] + struct.pack("<H", 1) + data[-16:],
    ],
)
def test_a_zip_without_its_directory_cannot_be_opened(tmp_path: Path, damage: object) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>" * 50}).read_bytes()
    path = _zip(tmp_path, damage(data))  # type: ignore[operator]
    with pytest.raises(SourceUnreadable) as raised:
        _entries(path)
    assert raised.value.finding.code == "HB-I001"


def test_a_zip64_end_that_lies_cannot_be_opened(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>"}).read_bytes()
    end = data.index(b"PK\x05\x06")
    small = data[: end + 8] + b"\xff" * 4 + data[end + 12 :]
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 5, 1)
    for changed in (small, small[:end] + locator + small[end:], small[end:]):
        with pytest.raises(SourceUnreadable):
            _entries(_zip(tmp_path, changed[:end] + changed[end:] + b"x"))
    with pytest.raises(SourceUnreadable):
        _entries(_zip(tmp_path, small[:end] + locator + small[end:]))
    assert _codes(_entries(_zip(tmp_path, small))) == {"a.xml": "ok"}


@pytest.mark.parametrize("suffix", _TARS)
def test_a_truncated_tar_keeps_what_came_before(tmp_path: Path, suffix: str) -> None:
    whole = tar_bytes({"a.xml": b"<a/>", "b.xml": _noise(4000)}, tarfile.USTAR_FORMAT)
    path = tmp_path / f"lô{suffix}"
    path.write_bytes(compressed(whole[:3000], suffix))
    assert _codes(_entries(path)) == {"a.xml": "ok", "b.xml": "HB-I014"}


def test_a_tar_truncated_where_nothing_is_kept_is_said_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        add_to_tar(archive, "a.xml", b"<a/>")
        add_to_tar(archive, "big.xml", _noise(3000))
        add_to_tar(archive, "n" * 300, b"<n/>")
    whole = buffer.getvalue()
    assert _codes(_entries(_tar(tmp_path, whole[:2500]), _SMALL)) == {
        "a.xml": "ok",
        "big.xml": "HB-I014",
    }
    assert _codes(_entries(_tar(tmp_path, whole[: 1024 + 512 + 3072 + 512]), _SMALL)) == {
        "a.xml": "ok",
        "big.xml": "HB-I008",
        "lô.tar": "HB-I014",
    }


def test_headers_that_tell_of_all_entries_or_of_links_change_nothing(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "kho"}
    ) as archive:
        add_to_tar(archive, "a.xml", b"<a/>")
    with tarfile.open(fileobj=io.BytesIO(buffer.getvalue())) as archive:
        assert archive.pax_headers == {"comment": "kho"}
    assert _codes(_entries(_tar(tmp_path, buffer.getvalue()))) == {"a.xml": "ok"}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        add_to_tar(archive, "l.xml", type=tarfile.SYMTYPE, linkname="z" * 300)
        add_to_tar(archive, "a.xml", b"<a/>")
    found_codes = _codes(_entries(_tar(tmp_path, buffer.getvalue())))
    assert found_codes == {"l.xml": "HB-I005", "a.xml": "ok"}


def test_a_tar_that_ends_without_its_end_mark_is_truncated(tmp_path: Path) -> None:
    whole = tar_bytes({"a.xml": b"<a/>", "b.xml": b"<b/>"}, tarfile.USTAR_FORMAT)
    assert _codes(_entries(_tar(tmp_path, whole[:1024]))) == {"a.xml": "ok", "lô.tar": "HB-I014"}


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.zst"])
def test_a_truncated_compression_is_damage(tmp_path: Path, suffix: str) -> None:
    whole = tar_bytes({"a.xml": b"<a/>", "b.xml": _noise(400_000)}, tarfile.USTAR_FORMAT)
    path = tmp_path / f"lô{suffix}"
    path.write_bytes(compressed(whole, suffix)[:300_000])
    assert _codes(_entries(path)) == {"a.xml": "ok", "b.xml": "HB-I014"}


def test_a_wrong_digest_at_the_end_of_gzip_is_said(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(tar_bytes({"a.xml": b"<a/>"})))
    data[-6] ^= 1
    path = tmp_path / "lô.tar.gz"
    path.write_bytes(bytes(data))
    assert _codes(_entries(path)) == {"a.xml": "ok", "lô.tar.gz": "HB-I014"}


def test_a_damaged_tar_header_is_said_and_not_taken_for_the_end(tmp_path: Path) -> None:
    entries = {"a.xml": b"<a/>", "b.xml": b"<b/>", "c.xml": b"<c/>"}
    data = bytearray(tar_bytes(entries, tarfile.USTAR_FORMAT))
    data[1024 + 130] ^= 1
    assert _codes(_entries(_tar(tmp_path, bytes(data)))) == {"a.xml": "ok", "lô.tar": "HB-I014"}


def test_what_stands_behind_the_end_mark_of_a_tar_is_not_lost_silently(tmp_path: Path) -> None:
    first = tar_bytes({"a.xml": b"<a/>"})
    path = _tar(tmp_path, first + tar_bytes({"hidden.xml": b"<b/>"}))
    assert _codes(_entries(path)) == {"a.xml": "ok", "lô.tar": "HB-I014"}


@pytest.mark.parametrize(
    "record", [b"x path=a\n", b"12 path\n", b"9999 path=a", b"0 path=a\n", b"13 size=-5\n\n"]
)
def test_a_broken_pax_header_is_damage(tmp_path: Path, record: bytes) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, len(record)
    block = header.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")
    whole = tar_bytes({"a.xml": b"<a/>"}, tarfile.USTAR_FORMAT)
    path = _tar(tmp_path, whole[:1024] + block + whole)
    assert _codes(_entries(path)) == {"a.xml": "ok", "lô.tar": "HB-I014"}


def test_a_tar_size_below_zero_is_damage(tmp_path: Path) -> None:
    whole = bytearray(tar_bytes({"a.xml": b"<a/>", "b.xml": b"<b/>"}, tarfile.USTAR_FORMAT))
    block = bytearray(whole[1024:1536])
    block[124:136] = b"\xff" * 12
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 8 * 32)
    whole[1024:1536] = block
    assert _codes(_entries(_tar(tmp_path, bytes(whole)))) == {"a.xml": "ok", "lô.tar": "HB-I014"}


# ------------------------------------------------------------------------------ nothing at all


@pytest.mark.parametrize("suffix", [".zip", *_TARS])
def test_an_empty_archive_is_said_to_be_empty(tmp_path: Path, suffix: str) -> None:
    for entries in ({}, {"d/": b""}, {"__MACOSX/x": b"x"}):
        path = tmp_path / f"lô{suffix}"
        if suffix == ".zip":
            write_zip(path, entries)
        else:
            path.write_bytes(compressed(tar_bytes(entries), suffix))
        with pytest.raises(SourceUnreadable) as raised:
            _entries(path)
        assert raised.value.finding.code == "HB-I002"


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceUnreadable) as raised:
        _entries(tmp_path)
    assert raised.value.finding.code == "HB-I002"


def test_an_empty_file_is_a_document_for_the_parser_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "a.xml").touch()
    assert _entries(tmp_path / "a.xml") == [Document(1, "a.xml", b"")]


@pytest.mark.parametrize("name", ["a.tar", "a.zip", "a.tar.gz"])
def test_what_is_no_archive_cannot_be_opened(tmp_path: Path, name: str) -> None:
    content = gzip.compress(b"<a/>" * 400) if name.endswith("gz") else b"<a/>" * 400
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceUnreadable) as raised:
        _entries(tmp_path / name)
    assert raised.value.finding.code == "HB-I001"


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"Rar!\x1a\x07\x01", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"\xfd7zXZ\x00", "xz")],
)
def test_an_archive_of_another_kind_is_named(tmp_path: Path, start: bytes, kind: str) -> None:
    (tmp_path / "lô").write_bytes(start + b"...")
    source = open_source(tmp_path / "lô")
    assert source.expected() is None
    with pytest.raises(SourceUnreadable) as raised:
        list(source.entries())
    assert f"kiểu {kind}" in raised.value.finding.message()


def test_a_source_that_does_not_exist_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable) as raised:
        open_source(tmp_path / "không có.zip")
    assert raised.value.finding.code == "HB-I003"


def test_a_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceUnreadable, match="neither a plain file nor a folder"):
        open_source(tmp_path / "pipe")


@given(data=st.binary(max_size=3000), start=st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_bytes_raise_anything_else(tmp_path: Path, data: bytes, start: bytes) -> None:
    for suffix in (".zip", ".tar", ".xml"):
        path = tmp_path / f"x{suffix}"
        path.write_bytes(start + data)
        try:
            found = _entries(path)
        except SourceUnreadable as error:
            assert error.finding.message()  # noqa: PT017 -- either is right, nothing else is
        else:
            assert all(isinstance(each, Entry) for each in found)


@given(
    position=st.integers(0, 10**6),
    value=st.integers(1, 255),
    suffix=st.sampled_from([".zip", ".tar.gz"]),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_changed_byte_never_changes_a_document_silently(
    tmp_path: Path, position: int, value: int, suffix: str
) -> None:
    entries = {"a.xml": b"<a>1</a>" * 9, "b.xml": b"<b>2</b>" * 9}
    path = tmp_path / f"x{suffix}"
    sound = gzip.compress(tar_bytes(entries))
    if suffix == ".zip":
        sound = write_zip(path, entries).read_bytes()
    data = bytearray(sound)
    data[position % len(data)] ^= value
    path.write_bytes(bytes(data))
    try:
        found = _entries(path)
    except SourceUnreadable:
        return
    documents = [each.data for each in found if isinstance(each, Document)]
    bad = [each for each in found if isinstance(each, BadEntry)]
    assert bad or sorted(documents) == sorted(entries.values())


@pytest.mark.parametrize("offset", [2**64 - 1, 2**63 - 1, 2**62, 10_000])
def test_a_zip64_offset_that_no_file_has_is_a_bad_entry_and_no_more(
    tmp_path: Path, offset: int
) -> None:
    data = write_zip(tmp_path / "a.zip", {"a.xml": b"<a/>", "b.xml": b"<b/>"}).read_bytes()
    extra = struct.pack("<HHQ", 0x0001, 8, offset)
    at = data.index(b"PK\x01\x02")
    name_end = at + 46 + len("a.xml")
    changed = bytearray(data[:name_end] + extra + data[name_end:])
    struct.pack_into("<H", changed, at + 30, len(extra))
    struct.pack_into("<L", changed, at + 42, 0xFFFFFFFF)
    end = changed.index(b"PK\x05\x06")
    (size,) = struct.unpack_from("<L", changed, end + 12)
    struct.pack_into("<L", changed, end + 12, size + len(extra))
    codes = _codes(_entries(_zip(tmp_path, bytes(changed))))
    assert codes == {"a.xml": "HB-I007", "b.xml": "ok"}
