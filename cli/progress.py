"""A progress bar on a terminal; nothing in a pipe."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.session import Session

Advance = Callable[[int, int | None], None]
"""Takes how much is done and how much there is, None where nobody knows."""


def shown(session: Session) -> bool:
    """Whether somebody watches: standard error is a terminal, and no program reads its output."""
    return sys.stderr.isatty() and not (session.json and sys.stdout.isatty())


@contextmanager
def progress(session: Session, label: str) -> Iterator[Advance]:
    """A bar on standard error with the text *label* of `texts.toml`, gone when the block ends."""
    if not shown(session):
        yield _nowhere
        return
    # Rich is loaded for a terminal only.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        task = bar.add_task(session.text(label), total=None)

        def advance(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _nowhere(_done: int, _total: int | None) -> None:
    """Nobody watches."""
