"""The audit trail: who did what to what. Append-only, which the database itself holds."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import AuditEvent, NewAuditEvent, Page, values_of
from hocba.index.tables import audit_events


class AuditTrail:
    """Events in the order they were written."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, *events: NewAuditEvent) -> None:
        """Add events."""
        self.extend(events)

    def extend(self, events: Iterable[NewAuditEvent]) -> None:
        """Add events."""
        values = [_values(each) for each in events]
        if values:
            self._connection.execute(audit_events.insert(), values)

    def events(
        self,
        *,
        madinhdanhhocba: str | None = None,
        actions: Sequence[str] = (),
        after: str | None = None,
        limit: int = 100,
    ) -> Page[AuditEvent]:
        """Events, oldest first; all of them, or those of one record or of some *actions*."""
        statement = select(audit_events).limit(checked_limit(limit) + 1)
        if madinhdanhhocba is not None:
            statement = statement.where(audit_events.c.madinhdanhhocba == madinhdanhhocba)
        if actions:
            statement = statement.where(audit_events.c.action.in_(actions))
        if after is not None:
            statement = statement.where(audit_events.c.id > position_after(after, int)[0])
        statement = statement.order_by(audit_events.c.id)
        rows = [_event(each) for each in self._connection.execute(statement).mappings()]
        return page_of(rows, limit, lambda each: (each.id,))


def _values(event: NewAuditEvent) -> dict[str, Any]:
    detail = json.dumps(dict(event.detail), ensure_ascii=False) if event.detail else None
    return values_of(event) | {"detail": detail}


def _event(row: RowMapping) -> AuditEvent:
    values = dict(row)
    detail = json.loads(values.pop("detail") or "{}")
    return AuditEvent(**values, detail=tuple(detail.items()))
