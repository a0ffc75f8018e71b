"""Progress of a submission on a terminal: counts, bytes, rate and time left; none in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.progress import shown
from cli.session import Session

if TYPE_CHECKING:
    from hocba.submit.watching import Watcher


@contextmanager
def watched(session: Session) -> Iterator["Watcher"]:
    """One bar on standard error for each stage, gone when the block ends."""
    from hocba.submit.watching import Stage, nobody

    if not shown(session):
        yield nobody
        return
    # Rich is loaded for a terminal only.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    ) as bar:
        tasks: dict[Stage, TaskID] = {}

        def watch(stage: Stage, done: int, total: int | None) -> None:
            if stage not in tasks:
                label = session.text(f"submit.stage.{stage.value}")
                tasks[stage] = bar.add_task(label, total=total, words="")
            task = tasks[stage]
            bar.update(task, completed=done, total=total)
            speed = next(each.speed for each in bar.tasks if each.id == task)
            bar.update(task, words=_words(session, stage is Stage.SENDING, (done, total), speed))

        yield watch


def _words(
    session: Session, sending: bool, counted: tuple[int, int | None], speed: float | None
) -> str:
    done, total = counted
    if sending:
        megabytes = (f"{each / 1e6:.1f}" for each in (done, total or 0, speed or 0.0))
        done_text, total_text, rate = megabytes
        return session.text("submit.bytes", done=done_text, total=total_text, rate=rate)
    if total is None:
        return session.text("submit.documents", done=done, rate=round(speed or 0))
    return session.text("submit.documents_of", done=done, total=total, rate=round(speed or 0))
