"""Batches split so that what must happen in order does not happen at the same time."""

from collections.abc import Iterator, Sequence


def waves(
    items: Sequence[tuple[str, bytes]], *, longest: int
) -> Iterator[Sequence[tuple[str, bytes]]]:
    """Consecutive runs of *items*, none over *longest*, none with two versions of one key."""
    start = 0
    keys: set[str] = set()
    for position, (key, _) in enumerate(items):
        if key in keys or len(keys) == longest:
            yield items[start:position]
            start = position
            keys.clear()
        keys.add(key)
    if keys:
        yield items[start:]
