"""Which tests reach which lines of some modules: no other test can notice a change of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import coverage
import pytest


class Reach:
    """Notes, test by test, the lines of the files *paths* that run; a pytest plugin.

    What runs for a fixture runs for every test of the file of tests, as they may share it.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = [str(each) for each in paths]
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=self._paths, concurrency="thread"
        )
        self._notes = False
        self._contexts: dict[tuple[str, int], set[str]] = defaultdict(set)

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
        for path in self._paths:
            lines = self._coverage.get_data().contexts_by_lineno(path)
            for line, contexts in lines.items():
                self._contexts[path, line].update(contexts)

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

    def reaches(self, item: pytest.Item, path: Path, lines: Iterable[int]) -> bool:
        """Whether the test reaches any of *lines* of *path*."""
        own = {item.nodeid, str(item.path)}
        return any(own & self._contexts.get((str(path), line), set()) for line in lines)
