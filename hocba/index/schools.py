"""Schools as their newest records call them: names, and the communes that they stand in."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from hocba.index.tables import schools


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """A school of a province.

    `tentruong`, `maxa` and `namhoc` are as its newest record has them, None for a school that no
    record came from; `maxa` is also None where its records do not say it.
    """

    masogd: str
    matruong: str
    tentruong: str | None = None
    maxa: str | None = None
    namhoc: str | None = None


class Schools:
    """What the index knows of schools."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(
        self,
        *,
        masogd: str | None = None,
        matruong: str | None = None,
        maxa: str | None = None,
    ) -> tuple[School, ...]:
        """The schools of a province, with this code, or in this commune; by code."""
        statement = select(schools).order_by(schools.c.masogd, schools.c.matruong)
        wanted = {"masogd": masogd, "matruong": matruong, "maxa": maxa}
        for name, value in wanted.items():
            if value is not None:
                statement = statement.where(schools.c[name] == value)
        return tuple(_school(each) for each in self._connection.execute(statement).mappings())

    def note(self, rows: Iterable[School]) -> None:
        """Let schools be as *rows* say, each once, where that is newer than what is known.

        What is known already is not written again: many transactions name the same few schools.
        """
        new = {(each.masogd, each.matruong): each for each in rows}
        known = self._known(list(new))
        for key in sorted(new):
            each, old = new[key], known.get(key)
            if old is None:
                self._add(each)
            elif (each.namhoc or "") >= (old.namhoc or "") and _merged(each, old) != old:
                merged = _merged(each, old)
                self._connection.execute(
                    update(schools)
                    .where(schools.c.masogd == key[0], schools.c.matruong == key[1])
                    .values(tentruong=merged.tentruong, maxa=merged.maxa, namhoc=merged.namhoc)
                )

    def note_expected(self, rows: Iterable[School]) -> None:
        """Add schools that no record came from yet, and communes of those without one."""
        new = {(each.masogd, each.matruong): each for each in rows}
        known = self._known(list(new))
        for key in sorted(new):
            each, old = new[key], known.get(key)
            if old is None:
                self._add(each)
            elif each.maxa is not None and old.namhoc is None and each.maxa != old.maxa:
                self._connection.execute(
                    update(schools)
                    .where(schools.c.masogd == key[0], schools.c.matruong == key[1])
                    .values(maxa=each.maxa)
                )

    def _known(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], School]:
        found: dict[tuple[str, str], School] = {}
        for start in range(0, len(keys), 200):
            part = [
                and_(schools.c.masogd == masogd, schools.c.matruong == matruong)
                for masogd, matruong in keys[start : start + 200]
            ]
            for row in self._connection.execute(select(schools).where(or_(*part))).mappings():
                found[row["masogd"], row["matruong"]] = _school(row)
        return found

    def _add(self, school: School) -> None:
        values = {name: getattr(school, name) for name in School.__dataclass_fields__}
        insert = (sqlite if self._connection.dialect.name == "sqlite" else postgresql).insert(
            schools
        )
        self._connection.execute(insert.values(values).on_conflict_do_nothing())


def _merged(new: School, old: School) -> School:
    """*new*, with what it does not know taken from *old*."""
    return School(
        masogd=new.masogd,
        matruong=new.matruong,
        tentruong=new.tentruong or old.tentruong,
        maxa=new.maxa or old.maxa,
        namhoc=new.namhoc or old.namhoc,
    )


def _school(row: RowMapping) -> School:
    return School(**row)
