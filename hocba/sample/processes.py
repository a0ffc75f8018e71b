"""Where a sample's work is done: in this process when there is little, else in a pool."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from hocba.spawning import SpawnedPool

_P = ParamSpec("_P")
_T = TypeVar("_T")

_ALONE_BELOW: Final = 8  # records: a process takes longer to start than they take


class Alone(Executor):
    """Runs every call at once, in this process."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """See `Executor.submit`."""
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 -- handed to whoever asks the future
            future.set_exception(error)
        return future


@contextmanager
def executor(records: int, processes: int | None) -> Iterator[Executor]:
    """An executor for a sample of so many records; *processes* None is one a core."""
    count = processes or os.cpu_count() or 1
    if count < 2 or (processes is None and records < _ALONE_BELOW):
        yield Alone()
        return
    with SpawnedPool(count) as pool:
        yield pool
