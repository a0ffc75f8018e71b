"""A store in a folder of this machine: every version is a file of its own (see `layout`).

A write goes: file in `incoming`, flushed; linked into its key's folder; folders flushed; only then
is anything promised. What a kill or a power cut leaves behind, by the step it hits:

1. before the link: a file in `incoming`, which nobody reads and `check` removes after a day;
   perhaps an empty folder of the key, which is no key until it holds a version.
2. after the link, before the last flush: a whole version that nobody was told of. Its bytes were
   flushed before it got its name, so it is never half a version. After a power cut it is there or
   it is not; the caller, who got no answer, puts again and gets the same version or the next.
3. after the last flush: the version, as promised; perhaps its other name in `incoming`.

Two writers of one key need no lock: a version's name carries its digest, so a link can only ever
meet a file of the same bytes, and it replaces none. Different bytes written at the same time are
two versions, in the order of their digests. A disk that fails a flush is not asked again for the
same file: the next try writes a new one.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from storage.contract import StoredVersion, checked_data, checked_key
from storage.durability import Durability, durability_for
from storage.errors import ObjectDamaged, ObjectNotFound
from storage.folders import Folders, Parts, closing
from storage.layout import (
    INCOMING,
    OBJECTS,
    check_layout,
    folder_of,
    make_layout,
    open_part,
    walk_keys,
)
from storage.oserrors import told_as_storage_errors
from storage.version_files import (
    BEFORE_FIRST,
    VersionName,
    confirm_version,
    parse_version_name,
    read_version,
    version_names,
    version_time,
    write_file,
)
from storage.waves import waves

# Bounds the folders that are open at once: one a key, and those above them.
_WAVE = 100
_REMEMBERED = 10_000


@dataclass(slots=True)
class _Draft:
    """One object on its way: where it belongs, and what it is called until it gets there."""

    folder: Parts
    name: VersionName
    stored_at: datetime
    temporary: str | None  # None: nothing written, the newest version already has the bytes


class DirectoryStore:
    """A `Store` in the folder *root*, which `create` has made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        # Folders that this process knows to survive a power cut; only saves flushes.
        self._durable: set[Parts] = set()

    @classmethod
    def create(cls, root: Path) -> Self:
        """The store in *root*, made there unless it already is; refuses a folder in other use."""
        with told_as_storage_errors(root):
            make_layout(root)
        store = cls(root)
        store.check()
        return store

    def put(self, key: str, data: bytes) -> StoredVersion:
        """Store *data* as a new version of *key*; durable once this returns."""
        return self.put_many([(key, data)])[0]

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> tuple[StoredVersion, ...]:
        """Store every (key, data), in order; all are durable once this returns."""
        for key, data in items:
            checked_key(key)
            checked_data(data)
        stored: list[StoredVersion] = []
        with told_as_storage_errors(self.root):
            for wave in waves(items, longest=_WAVE):
                stored += self._put_wave(wave)
        return tuple(stored)

    def get(self, key: str, version_id: str, sha256: str) -> bytes:
        """The bytes of one version, proved to have the digest *sha256*."""
        folder = folder_of(checked_key(key))
        name = parse_version_name(version_id)
        if name is None:
            raise ObjectNotFound(f"no such version: {key} {version_id}")
        with told_as_storage_errors(self.root), self._folders() as folders:
            try:
                data = read_version(name, folders.open(folder))
            except FileNotFoundError:
                raise ObjectNotFound(f"no such version: {key} {version_id}") from None
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise ObjectDamaged(f"{key} {version_id} has the digest {found}, asked was {sha256}")
        return data

    def versions(self, key: str) -> tuple[StoredVersion, ...]:
        """All versions of *key*, oldest first; empty where there is none."""
        folder = folder_of(checked_key(key))
        with told_as_storage_errors(self.root), self._folders() as folders:
            try:
                holder = folders.open(folder)
            except FileNotFoundError:
                return ()
            return tuple(
                _stored(key, name, version_time(name, holder)) for name in version_names(holder)
            )

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with *prefix*, in order; one folder a level is in memory."""
        with told_as_storage_errors(self.root):
            yield from walk_keys(open_part(self.root, OBJECTS), "", prefix)

    def check(self) -> None:
        """Raise unless this is a store that can be written; removes what dead writers left."""
        with told_as_storage_errors(self.root):
            check_layout(self.root)

    def _folders(self) -> Folders:
        return Folders(open_part(self.root, OBJECTS))

    def _put_wave(self, wave: Sequence[tuple[str, bytes]]) -> list[StoredVersion]:
        """Store objects of different keys together."""
        drafts: list[_Draft] = []
        with self._folders() as folders, closing(open_part(self.root, INCOMING)) as incoming:
            durability = durability_for(len(wave), folders.open(()))
            try:
                # (1): the bytes, under names that nobody reads
                for key, data in wave:
                    drafts.append(_draft(key, data, folders, incoming, durability))
                durability.settle()
                # (2): their names
                for (_, data), draft in zip(wave, drafts, strict=True):
                    _give_name(draft, data, folders, incoming, durability)
                # (3): the folders that hold the names
                self._flush_folders({draft.folder for draft in drafts}, folders, durability)
            finally:
                for draft in drafts:
                    _discard(draft, incoming)
        return [
            _stored(key, draft.name, draft.stored_at)
            for (key, _), draft in zip(wave, drafts, strict=True)
        ]

    def _flush_folders(self, changed: set[Parts], folders: Folders, durability: Durability) -> None:
        """Make the names in the *changed* folders durable, and every name on the way to them.

        Also where those were there before: the process that made them may not have got round to
        flushing them.
        """
        parents = {folder[:-1] for folder in changed}
        unsure = parents - self._durable
        ancestors = {parent[:depth] for parent in unsure for depth in range(len(parent))}
        for folder in changed | parents | ancestors:
            durability.named(folders.open(folder))
        durability.settle()
        if len(self._durable) > _REMEMBERED:
            self._durable.clear()
        self._durable |= unsure


def _stored(key: str, name: VersionName, stored_at: datetime) -> StoredVersion:
    return StoredVersion(key, str(name), name.sha256, name.size, stored_at)


def _draft(
    key: str, data: bytes, folders: Folders, incoming: int, durability: Durability
) -> _Draft:
    """*data* written to `incoming`, unless the newest version of *key* already has these bytes."""
    folder = folder_of(key)
    holder = folders.open(folder, create=True)
    newest = max(version_names(holder), default=BEFORE_FIRST)
    digest = hashlib.sha256(data).hexdigest()
    if newest.sha256 == digest:
        # Where it can no longer be read, these bytes become the next version.
        with suppress(ObjectDamaged):
            return _Draft(folder, newest, confirm_version(newest, holder, data, durability), None)
    name = newest.next(digest, len(data))
    temporary = secrets.token_hex(16)
    return _Draft(folder, name, write_file(temporary, incoming, data, durability), temporary)


def _give_name(
    draft: _Draft, data: bytes, folders: Folders, incoming: int, durability: Durability
) -> None:
    """Make a written draft a version of its key."""
    if draft.temporary is None:
        return
    holder = folders.open(draft.folder)
    try:
        os.link(
            draft.temporary,
            str(draft.name),
            src_dir_fd=incoming,
            dst_dir_fd=holder,
            follow_symlinks=False,
        )
    except FileExistsError:  # another writer of the same bytes was faster
        draft.stored_at = confirm_version(draft.name, holder, data, durability)


def _discard(draft: _Draft, incoming: int) -> None:
    """Remove the file in `incoming`, which has its other name by now or will never have one."""
    if draft.temporary is not None:
        with suppress(OSError):
            os.unlink(draft.temporary, dir_fd=incoming)
