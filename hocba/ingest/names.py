"""Names of entries: as people see them, and those that no archive may carry."""

import re
import unicodedata
import zlib
from pathlib import PurePosixPath

from hocba.ingest.entry import EntryRefused
from schemas.findings import finding

MAX_SHOWN = 400

_DRIVE = re.compile(r"[A-Za-z]:")
_JUNK_NAMES = frozenset({".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", ".directory"})
_JUNK_FOLDERS = frozenset({"__macosx", ".git", ".svn", "@eadir", ".spotlight-v100", ".trashes"})
_ARCHIVE_SUFFIXES = frozenset(
    {".zip", ".tar", ".gz", ".tgz", ".zst", ".tzst", ".7z", ".rar", ".bz2", ".xz", ".jar"}
)
_ARCHIVE_STARTS = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"BZh",
    b"\xfd7zXZ\x00",
)


def shown_name(name: str) -> str:
    """*name* fit to be shown and stored.

    Control characters, marks that turn the direction of writing and lone surrogates become
    U+FFFD; of a very long name the end is kept, where the file's own name stands.
    """
    clean = name
    if not name.isprintable():  # which nearly every name is; then none of its letters is hidden
        clean = "".join("\ufffd" if _is_hidden(letter) else letter for letter in name)
    return clean if len(clean) <= MAX_SHOWN else "…" + clean[-MAX_SHOWN + 1 :]


def decoded_name(raw: bytes, *, utf8: bool = False) -> str:
    """The text of a name in an archive.

    UTF-8 where the archive says so (*utf8*) or where the bytes are UTF-8 anyway, as many tools
    write without saying; the historical code page 437 otherwise.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8" if utf8 else "cp437", "replace")


def unicode_path(extra: bytes | None, raw: bytes) -> str | None:
    """The UTF-8 name in a zip entry's Info-ZIP field 0x7075, if it belongs to the name *raw*."""
    if extra is None or len(extra) < 5 or extra[0] != 1:
        return None
    if int.from_bytes(extra[1:5], "little") != zlib.crc32(raw):
        return None
    try:
        return extra[5:].decode("utf-8")
    except UnicodeDecodeError:
        return None


def is_junk(name: str) -> bool:
    """Whether an operating system left this entry behind."""
    parts = [part.lower() for part in name.split("/")]
    last = parts[-1]
    return last in _JUNK_NAMES or last.startswith("._") or not _JUNK_FOLDERS.isdisjoint(parts)


def refuse_climbing(name: str) -> None:
    """Refuse a name that leads out of the archive or that systems read differently."""
    climbs = (
        not name
        or name.startswith("/")
        or "\\" in name
        or "\x00" in name
        or _DRIVE.match(name) is not None
        or ".." in name.split("/")
    )
    if climbs:
        raise EntryRefused(finding("HB-I004"))


def refuse_nested_archive(name: str, start: bytes) -> None:
    """Refuse an entry that is an archive itself: what is in it would be lost unseen."""
    suffix = PurePosixPath(name.lower()).suffix
    if suffix in _ARCHIVE_SUFFIXES or start.startswith(_ARCHIVE_STARTS) or is_tar(start):
        raise EntryRefused(finding("HB-I012"))


def is_tar(start: bytes) -> bool:
    """Whether the first 512 bytes are a tar header of a kind in use since 1988."""
    return start[257:262] == b"ustar"


def _is_hidden(letter: str) -> bool:
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
