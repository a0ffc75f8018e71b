"""Writes to a store from a process of its own, and tells on standard output what was promised.

    python -m tests.support.store_writer URL put KEY SEED COUNT
    python -m tests.support.store_writer URL many KEY SEED COUNT

Each promise is one line of JSON, written after the store returned and flushed at once, so that
whoever kills this process knows what it had been promised. Waits for a line on standard input
first: writers that are to compete are started one by one and let go together.
"""

import json
import sys
from collections.abc import Sequence

from storage.configuration import open_store
from storage.contract import StoredVersion

_BATCH = 20


def content(seed: str, number: int) -> bytes:
    """Bytes that no other seed or number gives, of a few kilobytes."""
    return f"{seed}:{number};".encode() * 400


def main(arguments: Sequence[str]) -> None:
    """Write COUNT versions, one after the other or in batches over several keys."""
    url, mode, key, seed, count = arguments
    store = open_store(url)
    sys.stdin.readline()
    numbers = range(int(count))
    if mode == "put":
        for number in numbers:
            _tell([store.put(key, content(seed, number))], [number])
    else:
        for start in numbers[::_BATCH]:
            batch = numbers[start : start + _BATCH]
            items = [(f"many/{n % 3}/{key[:-4]}-{n}.xml", content(seed, n)) for n in batch]
            _tell(store.put_many(items), batch)


def _tell(stored: Sequence[StoredVersion], numbers: Sequence[int]) -> None:
    for version, number in zip(stored, numbers, strict=True):
        line = [version.key, version.version_id, version.sha256, number]
        sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
