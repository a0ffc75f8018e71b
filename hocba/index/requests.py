"""Requests for corrections, recalls and reversals: who asked, why, and who decided."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from hocba.index.records import IN_LIMIT
from hocba.index.rows import Request, RequestDecision, values_of
from hocba.index.tables import requests
from hocba.model.lifecycle import Step

Asked = tuple[str, Step, str | None]
"""Record, kind, and the province that a request is of."""


class Requests:
    """The requests of all records, numbered from 1 in each."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_record(self, madinhdanhhocba: str) -> tuple[Request, ...]:
        """All requests of a record, oldest first."""
        statement = select(requests).where(requests.c.madinhdanhhocba == madinhdanhhocba)
        rows = self._connection.execute(statement.order_by(requests.c.number)).mappings()
        return tuple(Request(**each) for each in rows)

    def next_number(self, madinhdanhhocba: str) -> int:
        """The number of the next request of a record."""
        newest = self._connection.scalar(
            select(func.max(requests.c.number)).where(requests.c.madinhdanhhocba == madinhdanhhocba)
        )
        return (newest or 0) + 1

    def add(self, request: Request) -> None:
        """Add a request; raises `IndexConflict` for a number that is taken."""
        self._connection.execute(requests.insert(), values_of(request))

    def decide(
        self,
        madinhdanhhocba: str,
        number: int,
        decision: RequestDecision,
        *,
        by: str,
        at: datetime,
    ) -> None:
        """Note who decided what; does nothing to a request that is decided."""
        self._connection.execute(
            update(requests)
            .where(
                requests.c.madinhdanhhocba == madinhdanhhocba,
                requests.c.number == number,
                requests.c.decision.is_(None),
                requests.c.withdrawn_at.is_(None),
            )
            .values(decision=decision, decided_by=by, decided_at=at)
        )

    def withdraw(
        self, madinhdanhhocba: str, number: int, *, by: str, at: datetime, text: str
    ) -> None:
        """Note who withdrew a request; does nothing to one that is declined or fulfilled."""
        self._connection.execute(
            update(requests)
            .where(
                requests.c.madinhdanhhocba == madinhdanhhocba,
                requests.c.number == number,
                requests.c.decision.is_distinct_from(RequestDecision.DECLINED),
                requests.c.phienban.is_(None),
                requests.c.withdrawn_at.is_(None),
            )
            .values(withdrawn_by=by, withdrawn_at=at, withdrawn_text=text)
        )

    def fulfil(self, madinhdanhhocba: str, number: int, phienban: int) -> None:
        """Note the version that did what an approved request asked for."""
        self._connection.execute(
            update(requests)
            .where(
                requests.c.madinhdanhhocba == madinhdanhhocba,
                requests.c.number == number,
                requests.c.decision == RequestDecision.APPROVED,
                requests.c.phienban.is_(None),
                requests.c.withdrawn_at.is_(None),
            )
            .values(phienban=phienban)
        )

    def approved(self, ids: Iterable[str], *, lock: bool = False) -> Mapping[Asked, int]:
        """The approved requests of these records that no version has fulfilled: their numbers.

        With *lock* they stay so until the transaction ends.
        """
        wanted = sorted(set(ids))
        found: dict[Asked, int] = {}
        for start in range(0, len(wanted), IN_LIMIT):
            statement = select(
                requests.c.madinhdanhhocba,
                requests.c.kind,
                requests.c.masogd,
                requests.c.number,
            ).where(
                requests.c.madinhdanhhocba.in_(wanted[start : start + IN_LIMIT]),
                requests.c.decision == RequestDecision.APPROVED,
                requests.c.phienban.is_(None),
                requests.c.withdrawn_at.is_(None),
            )
            if lock:
                statement = statement.with_for_update()
            for identity, kind, masogd, number in self._connection.execute(statement):
                found[identity, kind, masogd] = number
        return found
