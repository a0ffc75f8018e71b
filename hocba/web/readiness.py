"""Whether the parts of a repository can be used, asked no more often than it can change."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from hocba.errors import HocbaError
from storage.errors import StorageError

if TYPE_CHECKING:
    from hocba.web.repository import Repository

_KEPT_SECONDS = 5.0


class Readiness:
    """What is not ready; kept for some seconds, since asking writes to the store."""

    def __init__(self, repository: "Repository", clock: Callable[[], float]) -> None:
        self._repository = repository
        self._clock = clock
        self._lock = Lock()
        self._asked: float | None = None
        self._failed: tuple[str, ...] = ()

    def failed(self) -> tuple[str, ...]:
        """Names of the parts that cannot be used: `index`, `store`."""
        with self._lock:
            now = self._clock()
            if self._asked is None or now - self._asked >= _KEPT_SECONDS:
                self._failed = tuple(self._ask())
                self._asked = now
            return self._failed

    def _ask(self) -> list[str]:
        failed = []
        try:
            self._repository.index.check()
        except HocbaError:
            failed.append("index")
        try:
            self._repository.store.check()
        except StorageError:
            failed.append("store")
        return failed
