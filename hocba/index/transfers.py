"""Transfers of pupils: what was made here for others, and what came in."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, tuple_, update

from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import Page, values_of
from hocba.index.tables import transferred_versions, transfers
from hocba.index.transfer_rows import Transfer, TransferDirection, TransferState


class Transfers:
    """The transfers of a repository, of both directions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, transfer: Transfer) -> None:
        """Note a transfer; raises `IndexConflict` where it is known."""
        self._connection.execute(transfers.insert(), values_of(transfer))

    def find(
        self, identity: str, direction: TransferDirection, *, lock: bool = False
    ) -> Transfer | None:
        """The transfer; with *lock* it stays as it is until the transaction ends."""
        statement = select(transfers).where(
            transfers.c.id == identity, transfers.c.direction == direction
        )
        if lock:
            statement = statement.with_for_update()
        found = self._connection.execute(statement).mappings().one_or_none()
        return None if found is None else Transfer(**found)

    def decide(
        self,
        identity: str,
        state: TransferState,
        *,
        by: str,
        at: datetime,
        note: str | None,
        acknowledgement: str,
    ) -> None:
        """Note what the receiving side answered to one that was made here and waits."""
        self._connection.execute(
            update(transfers)
            .where(
                transfers.c.id == identity,
                transfers.c.direction == TransferDirection.OUT,
                transfers.c.state == TransferState.MADE,
            )
            .values(
                state=state,
                decided_by=by,
                decided_at=at,
                note=note,
                acknowledgement=acknowledgement,
            )
        )

    def add_versions(self, transfer: Transfer, versions: Iterable[tuple[str, int]]) -> None:
        """Note what (record, number) an accepted package held, known before or not."""
        rows = [
            {
                "province": transfer.receiver,
                "madinhdanhhocba": madinhdanhhocba,
                "phienban": phienban,
                "transfer": transfer.id,
            }
            for madinhdanhhocba, phienban in sorted(set(versions))
        ]
        if rows:
            self._connection.execute(transferred_versions.insert(), rows)

    def came_in(self, madinhdanhhocba: str, province: str) -> bool:
        """Whether a package that *province* accepted held the record.

        That of one pupil's records one came in says nothing of the others.
        """
        statement = select(transferred_versions.c.transfer).where(
            transferred_versions.c.province == province,
            transferred_versions.c.madinhdanhhocba == madinhdanhhocba,
        )
        return self._connection.execute(statement.limit(1)).first() is not None

    def of_batches(self, batches: Iterable[str]) -> tuple[Transfer, ...]:
        """The transfers that came in as *batches*, oldest first."""
        statement = select(transfers).where(transfers.c.batch.in_(sorted(set(batches))))
        rows = self._connection.execute(statement.order_by(transfers.c.noted_at)).mappings()
        return tuple(Transfer(**each) for each in rows)

    def page(
        self,
        *,
        province: str | None = None,
        direction: TransferDirection | None = None,
        mahocsinh: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[Transfer]:
        """Transfers, newest first; of one province, direction or pupil."""
        statement = select(transfers).limit(checked_limit(limit) + 1)
        wanted = {"province": province, "direction": direction, "mahocsinh": mahocsinh}
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(transfers.c[name] == value)
        if after is not None:
            noted_at, identity, way = position_after(after, datetime, str, str)
            key = (noted_at, identity, way)
            place = tuple_(transfers.c.noted_at, transfers.c.id, transfers.c.direction)
            statement = statement.where(place < key)
        statement = statement.order_by(
            transfers.c.noted_at.desc(), transfers.c.id.desc(), transfers.c.direction.desc()
        )
        rows = [Transfer(**each) for each in self._connection.execute(statement).mappings()]
        return page_of(rows, limit, lambda each: (each.noted_at, each.id, each.direction.value))
