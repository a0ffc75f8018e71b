"""What every store promises, asked of each of them in the same words."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from storage.contract import MAX_OBJECT_SIZE, Store
from storage.errors import ObjectDamaged, ObjectNotFound
from tests.storage.conftest import Place
from tests.support.writers import Writer

KEY = "records/15/2025-2026/15000001/0b3c6a52-4d1e-4a35-9a0a-6d2a9f1f3b77.xml"


def test_gives_back_the_bytes_exactly(store: Store) -> None:
    data = bytes(range(256)) * 80 + b"\r\n\x00\xff"
    version = store.put(KEY, data)
    assert store.get(KEY, version.version_id, version.sha256) == data


def test_tells_what_was_stored(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    version = store.put(KEY, b"one")
    assert version.key == KEY
    assert version.sha256 == hashlib.sha256(b"one").hexdigest()
    assert version.size == 3
    assert before < version.stored_at < datetime.now(UTC) + timedelta(seconds=5)


def test_keeps_an_object_without_bytes(store: Store) -> None:
    version = store.put(KEY, b"")
    assert version.size == 0
    assert store.get(KEY, version.version_id, version.sha256) == b""


def test_keeps_every_version_oldest_first(store: Store) -> None:
    stored = tuple(store.put(KEY, b"version %d" % number) for number in range(12))
    assert store.versions(KEY) == stored
    assert len({version.version_id for version in stored}) == 12
    for number, version in enumerate(stored):
        assert store.get(KEY, version.version_id, version.sha256) == b"version %d" % number


def test_has_no_versions_of_an_unknown_key(store: Store) -> None:
    store.put("records/15/a.xmlx", b"a neighbour")
    assert store.versions("records/15/a.xml") == ()


def test_tells_versions_of_the_asked_key_only(store: Store) -> None:
    for key in ("r/a.xml", "r/a.xmlx", "r/a.xml-b", "r/a.x"):
        store.put(key, key.encode())
    assert [version.key for version in store.versions("r/a.xml")] == ["r/a.xml"]


def test_identical_bytes_are_the_newest_version_again(store: Store) -> None:
    first = store.put(KEY, b"one")
    assert store.put(KEY, b"one") == first
    assert store.versions(KEY) == (first,)


def test_bytes_of_an_older_version_are_a_new_version(store: Store) -> None:
    first, second = store.put(KEY, b"one"), store.put(KEY, b"two")
    third = store.put(KEY, b"one")
    assert store.versions(KEY) == (first, second, third)
    assert third.version_id != first.version_id


def test_stores_many_in_the_order_given(store: Store) -> None:
    items = [(f"many/{number % 7}/{number}.xml", b"%d" % number) for number in range(230)]
    stored = store.put_many(items)
    assert [version.key for version in stored] == [key for key, _ in items]
    for version, (key, data) in zip(stored, items, strict=True):
        assert store.get(key, version.version_id, version.sha256) == data


def test_stores_several_versions_of_one_key_in_one_batch(store: Store) -> None:
    stored = store.put_many([(KEY, b"1"), ("o/x.xml", b"x"), (KEY, b"2"), (KEY, b"2"), (KEY, b"3")])
    assert store.versions(KEY) == (stored[0], stored[2], stored[4])
    assert stored[2] == stored[3]


def test_stores_nothing_many_times_over(store: Store) -> None:
    assert store.put_many([]) == ()


def test_a_batch_stored_again_is_the_same_versions(store: Store) -> None:
    items = [(f"again/{number}.xml", b"%d" % number) for number in range(20)]
    assert store.put_many(items) == store.put_many(items)


def test_refuses_a_batch_with_a_bad_key_before_it_writes(store: Store) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        store.put_many([("good/a.xml", b"a"), ("../climbs.xml", b"b")])
    assert list(store.keys()) == []


def test_refuses_an_object_that_it_would_not_read_back(store: Store) -> None:
    with pytest.raises(ValueError, match="limit is 67108864"):
        store.put(KEY, bytes(MAX_OBJECT_SIZE + 1))
    assert store.versions(KEY) == ()


def test_finds_no_object_under_an_unknown_key(store: Store) -> None:
    version = store.put(KEY, b"one")
    with pytest.raises(ObjectNotFound):
        store.get("records/unknown.xml", version.version_id, version.sha256)


@pytest.mark.parametrize(
    "version_id",
    [
        "",
        "nonsense",
        "null",
        "../../hocba-store.json",
        "000000000001-" + "0" * 64 + "-3",
        "6715c698feedfeedfeedfeedfeedfeed",
    ],
)
def test_finds_no_object_under_an_unknown_version(store: Store, version_id: str) -> None:
    stored = store.put(KEY, b"one")
    with pytest.raises(ObjectNotFound):
        store.get(KEY, version_id, stored.sha256)


def test_bytes_of_another_digest_than_asked_are_damaged(store: Store) -> None:
    version = store.put(KEY, b"one")
    with pytest.raises(ObjectDamaged, match="asked was"):
        store.get(KEY, version.version_id, hashlib.sha256(b"two").hexdigest())


def test_streams_keys_in_order(store: Store) -> None:
    keys = ["A.b", "a-1/x.y", "a-c.d", "a.b", "a/x-.y", "a/x.y", "a/x.yy", "a/x/x.y", "a0/x.y"]
    store.put_many([(key, key.encode()) for key in reversed(keys)])
    store.put("a/x.y", b"a second version is no second key")
    assert keys == sorted(keys)
    assert list(store.keys()) == keys


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("r/15/", ["r/15/a.xml", "r/15/b/c.xml"]),
        ("r/15", ["r/15/a.xml", "r/15/b/c.xml", "r/150/d.xml"]),
        ("r/15/b/c.xml", ["r/15/b/c.xml"]),
        ("r/15/b/c.xml/", []),
        ("r/2", []),
        ("../r", []),
        ("r//15", []),
    ],
)
def test_streams_keys_of_a_prefix(store: Store, prefix: str, expected: list[str]) -> None:
    keys = ["q/x.xml", "r/15/a.xml", "r/15/b/c.xml", "r/150/d.xml", "s/y.xml"]
    store.put_many([(key, b"") for key in keys])
    assert list(store.keys(prefix)) == expected


def test_streams_more_keys_than_a_server_lists_at_once(store: Store) -> None:
    keys = [f"p/{number % 5}/{number:05}.xml" for number in range(1100)]
    store.put_many([(key, key.encode()) for key in keys])
    store.put_many([(key, b"again") for key in keys[::50]])
    assert list(store.keys()) == sorted(keys)


def test_has_no_keys_when_empty(store: Store) -> None:
    assert list(store.keys()) == []


def test_may_be_used(store: Store) -> None:
    store.check()
    store.check()
    assert list(store.keys()) == []


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/a.xml",
        "a/",
        "a//b.xml",
        "../x.xml",
        "a/../x.xml",
        "./x.xml",
        "a/./x.xml",
        "a\\b.xml",
        "học-bạ.xml",
        "a b.xml",
        "a.xml\n",
        "a\x00.xml",
        "C:/a.xml",
        "folder.with.dot/a.xml",
        "without-ending",
        ".hidden.xml",
        "a..xml",
        "a.xml@versions",
        "a/x.xml.versions",
        "a/" + "x" * 200 + ".xml",
        "/".join(["x" * 50] * 11) + "/a.xml",
    ],
)
def test_refuses_what_is_no_key(store: Store, key: str) -> None:
    for use in (
        lambda: store.put(key, b"x"),
        lambda: store.put_many([(key, b"x")]),
        lambda: store.get(key, "1", "0" * 64),
        lambda: store.versions(key),
    ):
        with pytest.raises(ValueError, match="not a storage key"):
            use()


def test_keeps_the_longest_key(store: Store) -> None:
    key = "/".join(["x" * 61] * 5) + "/" + "y" * 196 + ".xml"
    assert len(key.split("/")[-1]) == 200
    version = store.put(key, b"long")
    assert list(store.keys()) == [key]
    assert store.get(key, version.version_id, version.sha256) == b"long"


def test_threads_that_write_one_key_each_get_their_version(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        stored = list(threads.map(lambda number: store.put(KEY, b"%d" % number), range(8)))
    assert len(set(stored)) == 8
    assert sorted(version.version_id for version in store.versions(KEY)) == sorted(
        version.version_id for version in stored
    )
    for number, version in enumerate(stored):
        assert store.get(KEY, version.version_id, version.sha256) == b"%d" % number


def test_threads_that_write_the_same_bytes_get_one_version(store: Store) -> None:
    store.put(KEY, b"before")
    with ThreadPoolExecutor(8) as threads:
        stored = set(threads.map(lambda _: store.put(KEY, b"the same"), range(8)))
    assert len(stored) == 1
    assert store.versions(KEY)[1:] == tuple(stored)


def test_processes_that_write_one_key_lose_nothing(store: Store, place: Place) -> None:
    writers = [
        Writer(place.url, place.environment, "put", KEY, seed, 15) for seed in ("a", "b", "c")
    ]
    for writer in writers:
        writer.let_go()
    promises = {writer.seed: writer.finish() for writer in writers}
    ids = [promise.version_id for found in promises.values() for promise in found]
    assert len(set(ids)) == 45
    assert {version.version_id for version in store.versions(KEY)} == set(ids)
    for seed, found in promises.items():
        assert all(promise.kept_by(store, seed) for promise in found)
        order = [version.version_id for version in store.versions(KEY)]
        places = [order.index(promise.version_id) for promise in found]
        assert places == sorted(places), "versions of one writer are in the order of its writing"


def test_processes_that_write_the_same_bytes_get_the_same_versions(
    store: Store, place: Place
) -> None:
    writers = [Writer(place.url, place.environment, "many", KEY, "x", 60) for _ in range(3)]
    for writer in writers:
        writer.let_go()
    first, *others = [writer.finish() for writer in writers]
    assert len(first) == 60
    assert all(other == first for other in others)
    assert all(promise.kept_by(store, "x") for promise in first)
