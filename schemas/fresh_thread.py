"""Work in a thread that ends with it, where documents of strangers are parsed one after the other.

libxml2 keeps every distinct name that a thread has read for as long as the thread lives (measured
with lxml 6.1: 4 MB for each document of 4 MB that is made of names). No limit within one document
can bound that; the end of the thread gives it all back.
"""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


def in_fresh_thread(work: Callable[[], _T]) -> _T:
    """What *work* returns, or raises, done in a thread of its own."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 -- raised again where it is waited for
            errors.append(error)

    thread = Thread(target=run, name="documents", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
