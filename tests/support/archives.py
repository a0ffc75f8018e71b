"""Archives for tests, sound ones and damaged ones."""

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import zstandard


def write_zip(path: Path, entries: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of *entries*, at *path*."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def tar_bytes(entries: Mapping[str, bytes], layout: int = tarfile.PAX_FORMAT) -> bytes:
    """A plain tar of *entries*."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, data in entries.items():
            add_to_tar(archive, name, data)
    return buffer.getvalue()


def add_to_tar(archive: tarfile.TarFile, name: str, data: bytes = b"", **changes: Any) -> None:
    """Add one entry; *changes* are fields of its header."""
    header = tarfile.TarInfo(name)
    header.size = len(data)
    for field, value in changes.items():
        setattr(header, field, value)
    archive.addfile(header, io.BytesIO(data))


def compressed(data: bytes, suffix: str) -> bytes:
    """*data* as a file that ends in `.tar`, `.tar.gz` or `.tar.zst` holds it."""
    match suffix:
        case ".tar.gz":
            return gzip.compress(data, mtime=0)
        case ".tar.zst":
            return zstandard.ZstdCompressor().compress(data)
        case _:
            return data


def patch_central(archive: bytes, offset: int, value: bytes, entry: int = 0) -> bytes:
    """*archive* with *value* at *offset* of a central directory header (APPNOTE 4.3.12)."""
    at = -1
    for _ in range(entry + 1):
        at = archive.index(b"PK\x01\x02", at + 1)
    return archive[: at + offset] + value + archive[at + offset + len(value) :]


def with_renamed_entry(archive: bytes, old: bytes, new: bytes, flags: int = 0) -> bytes:
    """*archive* with a name as another tool writes it: other bytes of equal length, these flags."""
    changed = bytearray(archive.replace(old, new))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(signature)
        while at >= 0:
            struct.pack_into("<H", changed, at + offset, flags)
            at = changed.find(signature, at + 1)
    return bytes(changed)
