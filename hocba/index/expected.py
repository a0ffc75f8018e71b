"""How many pupils are expected: of each school, grade and school year, as somebody imported it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from hocba.index.rows import values_of
from hocba.index.tables import expected_pupils


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedPupils:
    """The number of pupils that a school has in one grade and year, by whoever said so."""

    masogd: str
    namhoc: str
    matruong: str
    makhoi: str
    sohocsinh: int
    imported_at: datetime
    imported_by: str


class Expected:
    """What the index knows of expected numbers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, rows: Sequence[ExpectedPupils]) -> None:
        """Let *rows* be all that is expected of their schools in their years."""
        table = expected_pupils.c
        schools = sorted({(each.masogd, each.namhoc, each.matruong) for each in rows})
        for start in range(0, len(schools), 100):
            self._connection.execute(
                delete(expected_pupils).where(
                    or_(
                        *(
                            and_(
                                table.masogd == masogd,
                                table.namhoc == namhoc,
                                table.matruong == matruong,
                            )
                            for masogd, namhoc, matruong in schools[start : start + 100]
                        )
                    )
                )
            )
        if rows:
            self._connection.execute(expected_pupils.insert(), [values_of(each) for each in rows])

    def of_school(self, masogd: str, matruong: str) -> tuple[ExpectedPupils, ...]:
        """What is expected of one school, by year and grade."""
        table = expected_pupils.c
        statement = select(expected_pupils).where(
            table.masogd == masogd, table.matruong == matruong
        )
        rows = self._connection.execute(statement.order_by(table.namhoc, table.makhoi)).mappings()
        return tuple(ExpectedPupils(**each) for each in rows)
