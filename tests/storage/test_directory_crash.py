"""A store in a folder after a kill: what was promised is there, what was not is whole or absent."""

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import storage.durability
from storage.directory import DirectoryStore
from storage.errors import StoreUnavailable
from tests.support.store_writer import content
from tests.support.writers import Writer

KEY = "records/15/2025-2026/15000001/a.xml"
# Every call by which a put changes the disk, and by which it makes the change durable.
CALLS = ("mkdir", "open", "write", "fsync", "link", "rename", "unlink", "close")


def assert_every_version_is_whole(store: DirectoryStore) -> int:
    """Read everything that can be seen; the number of versions."""
    count = 0
    for key in store.keys(""):
        for version in store.versions(key):
            assert len(store.get(key, version.version_id, version.sha256)) == version.size
            count += 1
    return count


@pytest.mark.parametrize("mode", ["put", "many"])
@pytest.mark.parametrize("lines", [1, 21, 130])
def test_a_killed_writer_loses_nothing_that_was_promised(
    directory: DirectoryStore, mode: str, lines: int
) -> None:
    writer = Writer(directory.root.as_uri(), {}, mode, KEY.replace("/", "_"), "s", 100_000)
    writer.let_go()
    promises = writer.kill_after(lines)
    assert len(promises) >= lines
    assert all(promise.kept_by(directory, "s") for promise in promises)
    assert assert_every_version_is_whole(directory) >= len(promises)
    directory.check()


def test_a_writer_that_goes_on_after_a_kill_doubles_nothing(directory: DirectoryStore) -> None:
    def writer() -> Writer:
        return Writer(directory.root.as_uri(), {}, "many", KEY.replace("/", "_"), "s", 300)

    first, second = writer(), writer()
    first.let_go()
    promises = first.kill_after(40)
    second.let_go()
    again = second.finish()
    assert set(promises) <= set(again)
    assert assert_every_version_is_whole(directory) == 300


def die_at(step: int) -> None:
    """Make this process die by SIGKILL in place of its *step*-th call that touches the disk."""
    left = step

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: object, **named: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **named)

        return counted

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))
    storage.durability._LIBC = _CountedLibrary(dying(storage.durability._LIBC.syncfs))  # type: ignore[assignment]


class _CountedLibrary:
    def __init__(self, syncfs: Callable[..., Any]) -> None:
        self.syncfs = syncfs


def dies(step: int, action: Callable[[], object]) -> bool:
    """Run *action* in a child that dies at *step*; whether it got that far."""
    child = os.fork()
    if child == 0:
        try:
            die_at(step)
            action()
        except BaseException:  # noqa: BLE001 -- a child must never return into pytest
            traceback.print_exc(file=sys.__stderr__)
            os._exit(3)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


@pytest.mark.parametrize("size", [1, 9], ids=["one object", "a batch"])
def test_a_kill_at_any_step_leaves_whole_versions_and_a_usable_store(
    tmp_path: Path, size: int
) -> None:
    items = [(f"r/{number % 2}/{number}.xml", content("new", number)) for number in range(size)]
    step = 0
    while True:
        step += 1
        store = DirectoryStore.create(tmp_path / f"killed-at-{step}")
        old = store.put(items[0][0], b"old")
        if not dies(step, lambda store=store: store.put_many(items)):  # type: ignore[misc]
            break
        assert store.get(old.key, old.version_id, old.sha256) == b"old"
        assert assert_every_version_is_whole(store) <= size + 1
        again = store.put_many(items)
        for version, (key, data) in zip(again, items, strict=True):
            assert store.get(key, version.version_id, version.sha256) == data
        assert assert_every_version_is_whole(store) == size + 1
        store.check()
    assert step > 10 * min(size, 2)


def test_a_kill_at_any_step_of_making_a_store_lets_it_be_made_again(tmp_path: Path) -> None:
    step = 0
    while True:
        step += 1
        root = tmp_path / f"killed-at-{step}" / "store"
        finished = not dies(step, lambda root=root: DirectoryStore.create(root))  # type: ignore[misc]
        store = DirectoryStore.create(root)
        assert store.versions(KEY) == ()
        store.put(KEY, b"one")
        if finished:
            break
    assert step > 10


class Disk:
    """Notes what happens on the disk, by inode, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[str, int]] = []
        fsync, link, mkdir = os.fsync, os.link, os.mkdir

        def noted_fsync(file: int) -> None:
            fsync(file)
            self.events.append(("durable", os.fstat(file).st_ino))

        def noted_link(
            old: str, new: str, *, src_dir_fd: int, dst_dir_fd: int, **named: bool
        ) -> None:
            self.events.append(("named", os.stat(old, dir_fd=src_dir_fd).st_ino))
            link(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, **named)
            self.events.append(("changed", os.fstat(dst_dir_fd).st_ino))

        def noted_mkdir(name: str, mode: int, *, dir_fd: int) -> None:
            mkdir(name, mode, dir_fd=dir_fd)
            self.events.append(("changed", os.fstat(dir_fd).st_ino))

        syncfs = storage.durability._LIBC.syncfs

        def noted_syncfs(folder: int) -> int:
            self.events.append(("all durable", 0))
            return int(syncfs(folder))

        monkeypatch.setattr(os, "fsync", noted_fsync)
        monkeypatch.setattr(os, "link", noted_link)
        monkeypatch.setattr(os, "mkdir", noted_mkdir)
        monkeypatch.setattr(storage.durability, "_LIBC", _CountedLibrary(noted_syncfs))

    def durable_between(self, inode: int, events: Sequence[tuple[str, int]]) -> bool:
        return ("durable", inode) in events or ("all durable", 0) in events


@pytest.mark.parametrize("size", [1, 5, 30])
@pytest.mark.parametrize("syncfs", [True, False])
def test_flushes_bytes_before_they_get_their_name_and_names_before_it_promises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, syncfs: bool
) -> None:
    store = DirectoryStore.create(tmp_path / "store")
    items = [(f"r/{number % 3}/{number}.xml", b"%d" % number) for number in range(size)]
    monkeypatch.setattr(storage.durability, "SYNCFS_REPORTS_ERRORS", syncfs)
    disk = Disk(monkeypatch)
    store.put_many(items)
    named = [(at, inode) for at, (what, inode) in enumerate(disk.events) if what == "named"]
    changed = [(at, inode) for at, (what, inode) in enumerate(disk.events) if what == "changed"]
    assert len(named) == size
    assert len(changed) > size
    assert all(disk.durable_between(inode, disk.events[:at]) for at, inode in named)
    assert all(disk.durable_between(inode, disk.events[at:]) for at, inode in changed)


def test_flushes_folders_that_another_process_made_before_it_promises(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = directory.root / "objects/r/15/a.xml@versions"
    folder.mkdir(parents=True)  # by a process that has not flushed them
    disk = Disk(monkeypatch)
    directory.put("r/15/a.xml", b"one")
    above = [folder, *list(folder.parents)[:3]]
    assert {("durable", path.stat().st_ino) for path in above} <= set(disk.events)


def test_promises_the_same_bytes_again_only_when_they_are_durable(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = directory.put("r/a.xml", b"one")
    file = directory.root / "objects/r/a.xml@versions" / version.version_id
    another = DirectoryStore(directory.root)
    disk = Disk(monkeypatch)
    assert another.put("r/a.xml", b"one") == version
    expected = [file, file.parent, file.parent.parent, directory.root / "objects"]
    assert {("durable", path.stat().st_ino) for path in expected} <= set(disk.events)


def test_a_file_system_that_fails_to_flush_promises_nothing(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [(f"r/{number}.xml", b"%d" % number) for number in range(20)]
    monkeypatch.setattr(storage.durability, "_LIBC", _CountedLibrary(lambda _: -1))
    monkeypatch.setattr(ctypes, "get_errno", lambda: 5)
    with pytest.raises(StoreUnavailable, match="input/output error"):
        directory.put_many(items)
    assert list(directory.keys()) == []
    assert list((directory.root / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("system", "release", "expected"),
    [
        ("Linux", "6.18.44-generic", True),
        ("Linux", "5.8", True),
        ("Linux", "5.7.19", False),
        ("Linux", "4.19.0", False),
        ("Linux", "unknown", False),
        ("Darwin", "24.0.0", False),
    ],
)
def test_trusts_a_flush_of_the_file_system_only_where_it_reports_errors(
    system: str, release: str, expected: bool
) -> None:
    assert storage.durability.syncfs_reports_errors(system, release) is expected
