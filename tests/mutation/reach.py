"""Which tests reach which lines of one module: no other test can notice a change of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import coverage
import pytest


class Reach:
    """Notes, test by test, the lines of the file *path* that run; a pytest plugin.

    What runs for a fixture runs for every test of the file of tests, as they may share it.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[self._path], concurrency="thread"
        )
        self._notes = False
        self._contexts: dict[int, set[str]] = defaultdict(set)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note what runs inside."""
        self._coverage.start()
        self._notes = True
        try:
            yield
        finally:
            self._notes = False
            self._coverage.stop()
        lines = self._coverage.get_data().contexts_by_lineno(self._path)
        for line, contexts in lines.items():
            self._contexts[line].update(contexts)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """What runs now may be shared by all tests of the file."""
        self._begin(str(item.path))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> None:
        """What runs now runs for this test."""
        self._begin(item.nodeid)

    def _begin(self, context: str) -> None:
        if self._notes:
            self._coverage.switch_context(context)

    def reaches(self, item: pytest.Item, lines: Iterable[int]) -> bool:
        """Whether the test reaches any of *lines*."""
        own = {item.nodeid, str(item.path)}
        return any(own & self._contexts.get(line, set()) for line in lines)
