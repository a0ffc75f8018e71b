"""How a `DirectoryStore` lies in its folder.

<root>/hocba-store.json                                  says that this is a store
<root>/incoming/                                         being written; nothing here counts
<root>/objects/records/15/…/<id>.xml@versions/           one folder a key
    000000000001-<sha256>-<size>                         one file a version, never changed
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from storage.contract import is_key
from storage.durability import FileByFile
from storage.errors import StoreMisconfigured
from storage.folders import FOLDER_MODE, Parts, closing, open_folder
from storage.version_files import modified, version_names, write_file

OBJECTS = "objects"
INCOMING = "incoming"
_MARKER = "hocba-store.json"
_LAYOUT = {"layout": 1}
_VERSIONS = "@versions"  # no key holds an "@": a key's folder is never taken for a part of a key
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OLD = timedelta(days=1)


def folder_of(key: str) -> Parts:
    """Where the versions of *key* are, below `objects`."""
    *above, last = key.split("/")
    return (*above, last + _VERSIONS)


def open_part(root: Path, name: str) -> int:
    """Open `objects` or `incoming`; the root itself may be a link, nothing below it may."""
    with closing(os.open(root, _FOLDER)) as folder:
        return open_folder(name, folder)


def make_layout(root: Path) -> None:
    """Make a store in *root* unless it already is one; refuse a folder in other use."""
    missing = [path for path in (root, *root.absolute().parents) if not path.exists()]
    root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    for path in missing:
        with closing(os.open(path.parent, _FOLDER)) as parent:
            os.fsync(parent)
    if (root / _MARKER).exists():
        return
    if {path.name for path in root.iterdir()} - {OBJECTS, INCOMING}:
        raise StoreMisconfigured(f"folder {root} is not empty and holds no store")
    with closing(os.open(root, _FOLDER)) as folder:
        for name in (OBJECTS, INCOMING):
            os.close(open_folder(name, folder, create=True))
        # The marker comes last: what it stands beside is complete.
        temporary = f"{INCOMING}/{secrets.token_hex(16)}"
        write_file(temporary, folder, json.dumps(_LAYOUT).encode(), FileByFile())
        os.rename(temporary, _MARKER, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)


def check_layout(root: Path) -> None:
    """Raise unless *root* is a store that can be written; remove what dead writers left."""
    marker = root / _MARKER
    if not marker.exists():
        raise StoreMisconfigured(f"no store in {root}: {_MARKER} is missing (is the disk mounted?)")
    if marker.read_text("utf-8") != json.dumps(_LAYOUT):
        raise StoreMisconfigured(f"{marker} is not of the layout that this program writes")
    with closing(open_part(root, OBJECTS)) as objects, closing(open_part(root, INCOMING)) as other:
        # A write as `put` does it: both may be written, and are on one file system with links.
        probe = secrets.token_hex(16)
        now = write_file(probe, other, b"probe", FileByFile())
        try:
            os.link(probe, probe, src_dir_fd=other, dst_dir_fd=objects, follow_symlinks=False)
            os.unlink(probe, dir_fd=objects)
        finally:
            os.unlink(probe, dir_fd=other)
        _remove_leftovers(other, now - _OLD)


def walk_keys(folder: int, path: str, prefix: str) -> Iterator[str]:
    """Keys that start with *prefix* below the open *folder* of *path*, in order; closes it."""
    with closing(folder):
        for text, name in _entries(folder, path):
            if text.endswith("/"):
                if text.startswith(prefix) or prefix.startswith(text):
                    yield from walk_keys(open_folder(name, folder), text, prefix)
            elif text.startswith(prefix) and is_key(text):
                with closing(open_folder(name, folder)) as holder:
                    stored = bool(version_names(holder))
                if stored:
                    yield text


def _entries(folder: int, path: str) -> list[tuple[str, str]]:
    """Sub-folders as (key, name) or (path with a slash, name), in the order of the keys below.

    A slash sorts where it stands in the keys: "a-b" before "a/b" before "a0".
    """
    entries = []
    with os.scandir(folder) as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                last = entry.name.removesuffix(_VERSIONS)
                slash = "/" if last == entry.name else ""
                entries.append((f"{path}{last}{slash}", entry.name))
    entries.sort()
    return entries


def _remove_leftovers(incoming: int, before: datetime) -> None:
    """Remove files of writers that must have died long ago."""
    for name in os.listdir(incoming):
        with suppress(FileNotFoundError):  # another process removed it
            if modified(os.stat(name, dir_fd=incoming, follow_symlinks=False)) < before:
                os.unlink(name, dir_fd=incoming)
