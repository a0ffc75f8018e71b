"""A store in a folder: damage, links, errors of the disk, and what check finds."""

import errno
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from storage.contract import MAX_OBJECT_SIZE, StoredVersion
from storage.directory import DirectoryStore
from storage.errors import (
    ObjectDamaged,
    ObjectNotFound,
    StorageError,
    StoreMisconfigured,
    StoreUnavailable,
)

KEY = "records/15/2025-2026/15000001/a.xml"


def file_of(store: DirectoryStore, version: StoredVersion) -> Path:
    return store.root / "objects" / f"{version.key}@versions" / version.version_id


def replace(path: Path, data: bytes) -> None:
    path.unlink()
    path.write_bytes(data)


def read(store: DirectoryStore, version: StoredVersion) -> bytes:
    return store.get(version.key, version.version_id, version.sha256)


def test_version_id_says_order_digest_and_size(directory: DirectoryStore) -> None:
    first, second = directory.put(KEY, b"one"), directory.put(KEY, b"three")
    assert first.version_id == f"000000000001-{first.sha256}-3"
    assert second.version_id == f"000000000002-{second.sha256}-5"
    assert file_of(directory, first).read_bytes() == b"one"


def test_nobody_may_write_a_stored_file_and_strangers_may_not_read_it(
    directory: DirectoryStore,
) -> None:
    file = file_of(directory, directory.put(KEY, b"one"))
    assert stat.S_IMODE(file.stat().st_mode) & 0o227 == 0
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o027 == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: bytes([data[0] ^ 1]) + data[1:], id="one bit"),
        pytest.param(lambda data: data[:-1], id="truncated"),
        pytest.param(lambda data: data + b"\n", id="extended"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
    ],
)
def test_damaged_bytes_are_not_read(
    directory: DirectoryStore, damage: Callable[[bytes], bytes]
) -> None:
    data = b"<HOC_BA_SO/>" * 100
    version = directory.put(KEY, data)
    replace(file_of(directory, version), damage(data))
    with pytest.raises(ObjectDamaged):
        read(directory, version)


def test_damaged_newest_version_does_not_stand_for_the_same_bytes(
    directory: DirectoryStore,
) -> None:
    damaged = directory.put(KEY, b"one")
    replace(file_of(directory, damaged), b"onf")
    healed = directory.put(KEY, b"one")
    assert healed.version_id != damaged.version_id
    assert read(directory, healed) == b"one"


def test_truncated_newest_version_does_not_stand_for_the_same_bytes(
    directory: DirectoryStore,
) -> None:
    damaged = directory.put(KEY, b"one")
    replace(file_of(directory, damaged), b"on")
    assert read(directory, directory.put(KEY, b"one")) == b"one"


def test_a_damaged_version_leaves_its_neighbours_readable(directory: DirectoryStore) -> None:
    first, second = directory.put(KEY, b"one"), directory.put(KEY, b"two")
    replace(file_of(directory, first), b"xxx")
    assert read(directory, second) == b"two"
    assert [version.version_id for version in directory.versions(KEY)] == [
        first.version_id,
        second.version_id,
    ]


def test_a_name_that_lies_about_its_digest_changes_nothing_that_is_read(
    directory: DirectoryStore,
) -> None:
    version = directory.put(KEY, b"one")
    forged = file_of(directory, version).with_name(f"000000000002-{version.sha256}-3")
    forged.write_bytes(b"two")
    with pytest.raises(ObjectDamaged):
        directory.get(KEY, forged.name, version.sha256)


def test_a_link_to_a_file_outside_is_not_read(directory: DirectoryStore, tmp_path: Path) -> None:
    version = directory.put(KEY, b"one")
    outside = tmp_path / "outside"
    outside.write_bytes(b"one")
    file_of(directory, version).unlink()
    file_of(directory, version).symlink_to(outside)
    with pytest.raises(ObjectDamaged, match="link"):
        read(directory, version)


def test_a_linked_folder_is_neither_read_nor_written_nor_listed(
    directory: DirectoryStore, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    version = directory.put("records/15/a.xml", b"one")
    (directory.root / "objects/records/15").rename(outside / "15")
    (directory.root / "objects/records/15").symlink_to(outside / "15")
    before = sorted(outside.rglob("*"))
    for use in (
        lambda: read(directory, version),
        lambda: directory.put("records/15/a.xml", b"two"),
        lambda: directory.versions("records/15/a.xml"),
    ):
        with pytest.raises(StoreMisconfigured, match="a link or file stands in the store"):
            use()
    assert list(directory.keys()) == []
    assert sorted(outside.rglob("*")) == before


def test_a_linked_incoming_folder_is_not_written(directory: DirectoryStore, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (directory.root / "incoming").rmdir()
    (directory.root / "incoming").symlink_to(outside)
    with pytest.raises(StoreMisconfigured, match="a link or file stands in the store"):
        directory.put(KEY, b"one")
    assert list(outside.iterdir()) == []


def test_the_root_itself_may_be_a_link(directory: DirectoryStore, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(directory.root)
    linked = DirectoryStore(tmp_path / "link")
    version = linked.put(KEY, b"one")
    linked.check()
    assert read(directory, version) == b"one"


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to a device", "socket"])
def test_what_is_no_file_is_not_read(directory: DirectoryStore, kind: str, tmp_path: Path) -> None:
    version = directory.put(KEY, b"one")
    file = file_of(directory, version)
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "link to a device":
        file.symlink_to("/dev/zero")
    else:
        make_socket(file)
    with pytest.raises(ObjectDamaged, match=r"is not a file|is a link or socket"):
        read(directory, version)


def make_socket(path: Path) -> None:
    import socket

    short = Path("/tmp") / f"s-{os.getpid()}"  # noqa: S108 -- a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(short))
    short.rename(path)


def test_reads_no_more_than_an_object_may_have(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    name = f"000000000002-{version.sha256}-{MAX_OBJECT_SIZE + 1}"
    with file_of(directory, version).with_name(name).open("wb") as huge:
        huge.truncate(MAX_OBJECT_SIZE + 1)
    with pytest.raises(ObjectDamaged, match="has 67108865 bytes"):
        directory.get(KEY, name, version.sha256)


def test_strange_files_in_the_store_are_not_counted(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    holder = file_of(directory, version).parent
    (holder / "000000000009-tooshort-3").write_bytes(b"")
    (holder / ".nfs0001").write_bytes(b"")
    (directory.root / "objects/records/note.txt").write_text("a note")
    (directory.root / "objects/records/@versions").mkdir()
    (directory.root / "objects/records/no key@versions").mkdir()
    (directory.root / "objects/records/empty.xml@versions").mkdir()
    assert directory.versions(KEY) == (version,)
    assert list(directory.keys()) == [KEY]
    assert directory.versions("records/empty.xml") == ()


def test_there_is_no_version_after_the_last_number(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    last = file_of(directory, version).with_name(f"999999999999-{'0' * 64}-3")
    last.write_bytes(b"xxx")
    with pytest.raises(StoreMisconfigured, match="the last there can be"):
        directory.put(KEY, b"two")


def leftovers(store: DirectoryStore) -> list[str]:
    return [path.name for path in (store.root / "incoming").iterdir()]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StoreUnavailable),
        (errno.EDQUOT, StoreUnavailable),
        (errno.EIO, StoreUnavailable),
        (errno.EROFS, StoreMisconfigured),
        (errno.EACCES, StoreMisconfigured),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync", "link", "mkdir"])
def test_a_failing_disk_promises_nothing_and_leaves_nothing(
    directory: DirectoryStore,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    expected: type[StorageError],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        with pytest.raises(expected, match=os.strerror(number).lower()):
            directory.put(KEY, b"one")
    assert directory.versions(KEY) == ()
    assert leftovers(directory) == []
    assert read(directory, directory.put(KEY, b"one")) == b"one"


def test_a_write_that_the_kernel_cuts_short_is_no_version(directory: DirectoryStore) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(StoreMisconfigured, match="file too large"):
            directory.put(KEY, bytes(20_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert directory.versions(KEY) == ()
    assert leftovers(directory) == []


def test_one_failure_in_a_batch_fails_the_batch_and_keeps_what_was_there(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = directory.put(KEY, b"one")
    names = [f"b/{number}.xml" for number in range(30)]
    link, count = os.link, iter(range(100))

    def fail_late(*arguments: object, **named: object) -> None:
        if next(count) == 12:
            raise OSError(errno.EIO, "input/output error")
        link(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", fail_late)
        with pytest.raises(StoreUnavailable):
            directory.put_many([(name, name.encode()) for name in names])
    assert leftovers(directory) == []
    assert read(directory, kept) == b"one"
    for key in directory.keys("b/"):
        (version,) = directory.versions(key)
        assert read(directory, version) == key.encode()


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may do anything; nobody may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_of_somebody_else_is_misconfigured(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    (directory.root / "objects").chmod(0)
    try:
        with without_privileges():
            for use in (
                lambda: directory.put(KEY, b"two"),
                lambda: read(directory, version),
                lambda: directory.versions(KEY),
                lambda: list(directory.keys()),
                directory.check,
            ):
                with pytest.raises(StoreMisconfigured, match="permission denied"):
                    use()
    finally:
        (directory.root / "objects").chmod(0o750)


def test_a_missing_store_is_not_an_empty_store(tmp_path: Path) -> None:
    absent = DirectoryStore(tmp_path / "not-mounted")
    for use in (
        lambda: absent.put(KEY, b"one"),
        lambda: absent.get(KEY, f"000000000001-{'0' * 64}-3", "0" * 64),
        lambda: absent.versions(KEY),
        lambda: list(absent.keys()),
        absent.check,
    ):
        with pytest.raises(StoreMisconfigured, match="is the disk mounted"):
            use()
    assert not (tmp_path / "not-mounted").exists()


def test_an_object_that_is_gone_is_not_found(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    file_of(directory, version).unlink()
    with pytest.raises(ObjectNotFound):
        read(directory, version)


def test_making_a_store_twice_keeps_it(directory: DirectoryStore) -> None:
    version = directory.put(KEY, b"one")
    assert read(DirectoryStore.create(directory.root), version) == b"one"


def test_makes_the_folders_above_the_store(tmp_path: Path) -> None:
    DirectoryStore.create(tmp_path / "a" / "b" / "store").put(KEY, b"one")


def test_finishes_a_store_that_was_half_made(tmp_path: Path) -> None:
    (tmp_path / "store" / "objects").mkdir(parents=True)
    DirectoryStore.create(tmp_path / "store").put(KEY, b"one")


def test_makes_no_store_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("not a store")
    with pytest.raises(StoreMisconfigured, match="is not empty and holds no store"):
        DirectoryStore.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_check_refuses_another_layout(directory: DirectoryStore) -> None:
    (directory.root / "hocba-store.json").chmod(0o600)
    (directory.root / "hocba-store.json").write_text('{"layout": 2}')
    with pytest.raises(StoreMisconfigured, match="is not of the layout"):
        directory.check()


def test_check_finds_that_a_version_cannot_be_put_in_place(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(StoreMisconfigured, match="cross-device"):
        directory.check()
    assert leftovers(directory) == []


def test_check_removes_what_dead_writers_left_and_spares_the_living(
    directory: DirectoryStore,
) -> None:
    incoming = directory.root / "incoming"
    for name, age in (("dead", timedelta(days=2)), ("alive", timedelta(hours=1))):
        (incoming / name).write_bytes(b"half an obj")
        then = (incoming / name).stat().st_mtime - age.total_seconds()
        os.utime(incoming / name, (then, then))
    directory.check()
    assert leftovers(directory) == ["alive"]


def test_check_leaves_no_trace(directory: DirectoryStore) -> None:
    before = sorted(directory.root.rglob("*"))
    directory.check()
    assert sorted(directory.root.rglob("*")) == before


def test_a_writer_that_was_overtaken_by_the_same_bytes_gets_their_version(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, overtaker = os.link, DirectoryStore(directory.root)
    stored: list[StoredVersion] = []

    def overtake(*arguments: object, **named: object) -> None:
        monkeypatch.setattr(os, "link", link)
        stored.append(overtaker.put(KEY, b"one"))
        link(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", overtake)
    assert directory.put(KEY, b"one") == stored[0]
    assert directory.versions(KEY) == tuple(stored)
    assert leftovers(directory) == []


def test_writers_of_different_bytes_at_the_same_time_get_two_versions(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, overtaker = os.link, DirectoryStore(directory.root)
    stored: list[StoredVersion] = []

    def overtake(*arguments: object, **named: object) -> None:
        monkeypatch.setattr(os, "link", link)
        stored.append(overtaker.put(KEY, b"two"))
        link(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "link", overtake)
    stored.append(directory.put(KEY, b"one"))
    assert set(directory.versions(KEY)) == set(stored)
    third = directory.put(KEY, b"three")
    assert directory.versions(KEY)[2] == third
    assert [read(directory, version) for version in stored] == [b"two", b"one"]


def test_remembers_a_bounded_number_of_folders(
    directory: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.directory._REMEMBERED", 3)
    for number in range(20):
        directory.put(f"folder-{number}/a.xml", b"one")
    assert len(directory._durable) <= 5
