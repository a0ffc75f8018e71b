"""What documents are judged by while the server runs: loaded once, loaded again when it changes."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from hocba.errors import HocbaError
from hocba.examine import Judgement
from hocba.home import DEFINITIONS, Home
from hocba.index.index import Index
from schemas.errors import SchemasError
from signing.errors import SigningError

logger = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 5.0

Fingerprint = frozenset[tuple[str, int, int]]


class CurrentJudgement:
    """The judgement of a home; safe for use from several threads.

    Trust store, roster, rules and definitions may be changed under a running server, and a roster
    may be imported into *index*. A change that
    cannot be loaded is logged, and the last good state stays in force until the files change again.
    """

    def __init__(
        self, home: Home, seconds: Callable[[], float], index: Index | None = None
    ) -> None:
        self._home = home
        self._index = index
        self._seconds = seconds
        self._lock = threading.Lock()
        self._fingerprint = fingerprint_of(home, index)
        self._looked = seconds()
        self._judgement = home.judgement()

    def __call__(self) -> Judgement:
        """The judgement as it is now, or was some seconds ago."""
        with self._lock:
            if self._seconds() - self._looked >= _LOOK_EVERY_SECONDS:
                self._look()
            return self._judgement

    def _look(self) -> None:
        self._looked = self._seconds()
        fingerprint = fingerprint_of(self._home, self._index)
        if fingerprint is None or fingerprint == self._fingerprint:
            return
        self._fingerprint = fingerprint
        try:
            self._judgement = self._home.judgement()
        except (HocbaError, SchemasError, SigningError) as error:
            # Without its text, which may show what stands in the roster.
            logger.error(  # noqa: TRY400
                "trust, roster, rules or definitions cannot be loaded: %s", type(error).__name__
            )


def fingerprint_of(home: Home, index: Index | None) -> Fingerprint | None:
    """What tells one state of files and roster from another; None where that cannot be told."""
    try:
        change = ("roster", _imported(index), 0)
        statuses = ((str(each), each.stat()) for each in _files(home))
        files = {(name, each.st_mtime_ns, each.st_size) for name, each in statuses}
    except (OSError, HocbaError):
        return None
    return frozenset({change, *files})


def _imported(index: Index | None) -> int:
    if index is None:
        return 0
    with index.reading() as tx:
        return tx.rosters.number()


def _files(home: Home) -> Iterator[Path]:
    if home.roster_file.is_file():
        yield home.roster_file
    yield from (each for each in home.rule_files if each is not None)
    definitions = Path(os.environ.get(DEFINITIONS) or home.path / "definitions")
    for folder in (home.trust_folder, definitions):
        yield from (each for each in folder.rglob("*") if each.is_file())
