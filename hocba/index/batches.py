"""Batches, their items, and which parts of them are done."""

import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select, tuple_, update

from hocba.errors import BatchStopped
from hocba.index.batch_states import LEADS_TO, OBEYED_FROM, UNFINISHED, WORKABLE, Order
from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import Batch, BatchState, Counts, Item, NewBatch, Pace, Page, values_of
from hocba.index.tables import batches, chunks, items
from hocba.model.outcome import Outcome
from schemas.findings import Finding, finding

_COUNTS = ("accepted", "duplicate", "rejected", "unreadable", "deferred")
_PACE_CHUNKS = 20


class Batches:
    """What the index knows of batches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, batch: NewBatch) -> None:
        """Note a batch that came in; raises `IndexConflict` for a known id or idempotency key."""
        values = values_of(batch) | {"state": BatchState.RECEIVED}
        self._connection.execute(batches.insert().values(values))

    def find(self, batch: str) -> Batch | None:
        """The batch with this id."""
        return self._one(batches.c.id == batch)

    def find_by_idempotency_key(self, sender: str, key: str) -> Batch | None:
        """The batch that *sender* has already sent with this key."""
        return self._one(batches.c.sender == sender, batches.c.idempotency_key == key)

    def find_unfinished(self, fingerprint: str, *, sender: str, masogd: str | None) -> Batch | None:
        """The newest batch of the same content from the same sender that is not finished."""
        return self._one(
            batches.c.fingerprint == fingerprint,
            batches.c.sender == sender,
            batches.c.masogd.is_(None) if masogd is None else batches.c.masogd == masogd,
            batches.c.state.in_(UNFINISHED),
        )

    def page(
        self,
        *,
        masogd: str | None = None,
        states: Sequence[BatchState] = (),
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Batch]:
        """Batches, newest first; of one province, or in certain states."""
        statement = select(batches).limit(checked_limit(limit) + 1)
        if masogd is not None:
            statement = statement.where(batches.c.masogd == masogd)
        if states:
            statement = statement.where(batches.c.state.in_(states))
        if after is not None:
            created_at, identity = position_after(after, datetime, str)
            key = (created_at, identity)
            statement = statement.where(tuple_(batches.c.created_at, batches.c.id) < key)
        statement = statement.order_by(batches.c.created_at.desc(), batches.c.id.desc())
        rows = [_batch(each) for each in self._connection.execute(statement).mappings()]
        return page_of(rows, limit, lambda each: (each.created_at, each.id))

    def by_state(self) -> dict[BatchState, int]:
        """How many batches there are in each state."""
        statement = select(batches.c.state, func.count()).group_by(batches.c.state)
        return {row[0]: row[1] for row in self._connection.execute(statement)}

    def start(self, batch: str, at: datetime) -> bool:
        """The batch is being worked; the first start counts as its beginning.

        False where it may not be: it is final, or somebody holds it. So for the next three.
        """
        if not self._move(batch, state=BatchState.RUNNING, failure=None):
            return False
        self._connection.execute(
            update(batches)
            .where(batches.c.id == batch, batches.c.started_at.is_(None))
            .values(started_at=at)
        )
        return True

    def pause(self, batch: str, failure: Finding) -> bool:
        """The batch stopped, nothing is lost, and it goes on when it is run again."""
        return self._move(batch, state=BatchState.PAUSED, failure=(failure,))

    def fail(self, batch: str, failure: Finding, at: datetime) -> bool:
        """No document can be had from the batch; final."""
        return self._move(batch, state=BatchState.FAILED, failure=(failure,), finished_at=at)

    def order(self, batch: str, order: Order) -> bool:
        """Let the batch be as *order* says; False where it is in no state to.

        Whoever works it notices with the next part: that is refused, whole.
        """
        obeyed = self._connection.execute(
            update(batches)
            .where(batches.c.id == batch, batches.c.state.in_(OBEYED_FROM[order]))
            .values(state=LEADS_TO[order], failure=None)
        )
        return obeyed.rowcount == 1

    def explain(self, batch: str, reason: Finding, *, finished_at: datetime | None = None) -> None:
        """Note why the batch stands where it stands."""
        self._set(batch, failure=(reason,), finished_at=finished_at)

    def finish(self, batch: str, at: datetime, *, ignored: int, names: Sequence[str]) -> bool:
        """Every document of the batch has its outcome; final."""
        return self._move(
            batch,
            state=BatchState.DONE,
            failure=None,
            finished_at=at,
            ignored=ignored,
            ignored_names=json.dumps(names, ensure_ascii=False) if names else None,
        )

    def done_ranges(self, batch: str) -> tuple[tuple[int, int], ...]:
        """First and last position (both included) of every part that is done, in order."""
        statement = select(chunks.c.first, chunks.c.last).where(chunks.c.batch == batch)
        rows = self._connection.execute(statement.order_by(chunks.c.first))
        return tuple((row.first, row.last) for row in rows)

    def done_before(self, batch: str, position: int) -> int:
        """How many of the positions before *position* have their outcome."""
        number = chunks.c.last - chunks.c.first + 1
        statement = select(func.coalesce(func.sum(number), 0)).where(
            chunks.c.batch == batch, chunks.c.last < position
        )
        return int(self._connection.scalar(statement) or 0)

    def reopen_deferred(self, batch: str) -> None:
        """Forget the outcome of every deferred document: the next run decides anew."""
        waiting = items.c.batch == batch, items.c.outcome == Outcome.DEFERRED
        statement = select(items.c.position).where(*waiting).order_by(items.c.position)
        positions = list(self._connection.scalars(statement))
        if not positions:
            return
        done = select(chunks).where(chunks.c.batch == batch).order_by(chunks.c.first)
        for row in self._connection.execute(done).all():
            open_here = [each for each in positions if row.first <= each <= row.last]
            if open_here:
                self._split(batch, row.first, row.last, open_here, row.done_at)
        self._connection.execute(delete(items).where(*waiting))
        self._set(batch, deferred=batches.c.deferred - len(positions))

    def _split(
        self, batch: str, first: int, last: int, without: Sequence[int], done_at: datetime
    ) -> None:
        """Leave of the part from *first* to *last* what lies between the positions *without*."""
        self._connection.execute(
            delete(chunks).where(chunks.c.batch == batch, chunks.c.first == first)
        )
        edges = [first - 1, *without, last + 1]
        rest = [
            {"batch": batch, "first": before + 1, "last": after - 1, "done_at": done_at}
            for before, after in pairwise(edges)
            if before + 1 < after
        ]
        if rest:
            self._connection.execute(chunks.insert(), rest)

    def add_chunk(self, batch: str, rows: Sequence[Item], at: datetime) -> None:
        """Note the outcome of a part of the batch, its positions in one run without a gap.

        Raises `IndexConflict` where the outcome of one of them is known already, `BatchStopped`
        where the batch is final or held: then nothing of the part may be taken in.
        """
        first, last = rows[0].position, rows[-1].position
        if last - first + 1 != len(rows):
            raise ValueError(f"{len(rows)} items from position {first} to {last}")
        self._connection.execute(items.insert(), [values_of(each) for each in rows])
        self._connection.execute(
            chunks.insert().values(batch=batch, first=first, last=last, done_at=at)
        )
        outcomes = [each.outcome.value for each in rows]
        counts = {name: batches.c[name] + outcomes.count(name) for name in _COUNTS}
        if not self._move(batch, **counts):
            raise BatchStopped(finding("HB-I213"))

    def pace(self, batch: str) -> Pace | None:
        """How fast the last parts became done; None where there are fewer than two."""
        statement = (
            select(chunks.c.first, chunks.c.last, chunks.c.done_at)
            .where(chunks.c.batch == batch)
            .order_by(chunks.c.first.desc())
            .limit(_PACE_CHUNKS)
        )
        rows = sorted(self._connection.execute(statement), key=lambda row: row.done_at)
        if len(rows) < 2:
            return None
        # What was done first in this time began before it.
        documents = sum(row.last - row.first + 1 for row in rows[1:])
        seconds = (rows[-1].done_at - rows[0].done_at).total_seconds()
        return Pace(documents=documents, seconds=seconds, until=rows[-1].done_at)

    def items(
        self,
        batch: str,
        *,
        outcome: Outcome | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Item]:
        """Items of the batch by position; all of them, or those of one outcome."""
        statement = select(items).where(items.c.batch == batch).limit(checked_limit(limit) + 1)
        if outcome is not None:
            statement = statement.where(items.c.outcome == outcome)
        if after is not None:
            statement = statement.where(items.c.position > position_after(after, int)[0])
        rows = [
            Item(**each)
            for each in self._connection.execute(statement.order_by(items.c.position)).mappings()
        ]
        return page_of(rows, limit, lambda each: (each.position,))

    def known_positions(self, batch: str, first: int, last: int) -> frozenset[int]:
        """Positions from *first* to *last* (both included) that have their outcome."""
        statement = select(items.c.position).where(
            items.c.batch == batch, items.c.position.between(first, last)
        )
        return frozenset(self._connection.scalars(statement))

    def item(self, batch: str, position: int) -> Item | None:
        """One item."""
        statement = select(items).where(items.c.batch == batch, items.c.position == position)
        found = self._connection.execute(statement).mappings().one_or_none()
        return None if found is None else Item(**found)

    def _move(self, batch: str, **values: Any) -> bool:
        """Change a batch that may be worked; what is final or held stays so, and gives False."""
        moved = self._connection.execute(
            update(batches)
            .where(batches.c.id == batch, batches.c.state.in_(WORKABLE))
            .values(**values)
        )
        return moved.rowcount == 1

    def _set(self, batch: str, **values: Any) -> None:
        self._connection.execute(update(batches).where(batches.c.id == batch).values(**values))

    def _one(self, *conditions: Any) -> Batch | None:
        statement = select(batches).where(*conditions).order_by(batches.c.created_at.desc())
        found = self._connection.execute(statement.limit(1)).mappings().one_or_none()
        return None if found is None else _batch(found)


def _batch(row: RowMapping) -> Batch:
    values = dict(row)
    counts = Counts(**{name: values.pop(name) for name in _COUNTS})
    names = values.pop("ignored_names")
    failure: tuple[Finding, ...] = values.pop("failure")
    return Batch(
        **values,
        counts=counts,
        ignored_names=tuple(json.loads(names)) if names else (),
        failure=failure[0] if failure else None,
    )
