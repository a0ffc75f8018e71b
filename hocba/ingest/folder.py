"""Files below a folder, in the order of their names."""

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from hocba.ingest.entry import EntryRefused, RawEntry, SourceLimits
from hocba.ingest.names import is_junk
from schemas.findings import finding, system_code


def read_folder(root: Path, limits: SourceLimits) -> Iterator[RawEntry]:
    """Every file below *root*, depth first; links are not followed, folders are left out."""
    for name, entry in _walk(root, ""):
        yield RawEntry(name, entry if isinstance(entry, EntryRefused) else _read(entry, limits))


def folder_fingerprint(root: Path) -> str:
    """Identifies what lies below *root* by names, sizes and times, without reading the files."""
    digest = sha256()
    for name, entry in _walk(root, ""):
        if isinstance(entry, EntryRefused):
            line = f"{name!r} {entry.finding.code}\n"
        else:
            status = entry.stat(follow_symlinks=False)
            line = f"{name!r} {status.st_size} {status.st_mtime_ns}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return f"folder:{digest.hexdigest()}"


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, "os.DirEntry[str] | EntryRefused"]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield prefix.rstrip("/"), _unreadable(error)
        return
    for entry in entries:
        name = prefix + entry.name
        if entry.is_symlink():
            yield name, EntryRefused(finding("HB-I005"))
        elif entry.is_dir(follow_symlinks=False):
            if not is_junk(name):
                yield from _walk(Path(entry.path), f"{name}/")
        elif entry.is_file(follow_symlinks=False):
            yield name, entry
        else:
            yield name, EntryRefused(finding("HB-I005"))


def _read(entry: "os.DirEntry[str]", limits: SourceLimits) -> bytes | EntryRefused:
    try:
        # A link put in the file's place meanwhile is not followed either.
        descriptor = os.open(entry.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limits.document_bytes + 1)
    except OSError as error:
        return _unreadable(error)
    if len(data) > limits.document_bytes:
        return EntryRefused(finding("HB-I008", limit=limits.document_bytes))
    return data


def _unreadable(error: OSError) -> EntryRefused:
    return EntryRefused(finding("HB-I015", reason=system_code(error)))
