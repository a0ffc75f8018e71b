"""Whose identity was checked, and the queue of what does not agree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from hocba.identity.model import MismatchState, Person, Verdict
from hocba.index.identity_rows import (
    CheckedPerson,
    Claim,
    IdentityScope,
    Mismatch,
    NewMismatch,
    RecordToCheck,
)
from hocba.index.identity_tables import (
    identity_checks,
    identity_mismatches,
    identity_records,
    identity_sources,
)
from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import Page, Version
from hocba.index.tables import records, versions

IN_LIMIT = 300
"""Values in one IN list: three bound parameters each, under SQLite's limit."""

_ORDER = (records.c.masogd, records.c.namhoc, records.c.matruong, records.c.madinhdanhhocba)
_ENTRY = identity_mismatches.c
_T = TypeVar("_T")


class Identities:
    """Checks, and mismatches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def to_check(
        self, scope: IdentityScope, *, after: str | None = None, limit: int = 200
    ) -> Page[RecordToCheck]:
        """Records of *scope* whose current version was not checked, or not to the end."""
        known = identity_records.c
        statement = (
            select(
                versions,
                records.c.status.label("standing"),
                records.c.mahocsinh,
                records.c.namhoc,
                records.c.matruong,
            )
            .select_from(records)
            .join(
                versions,
                and_(
                    versions.c.madinhdanhhocba == records.c.madinhdanhhocba,
                    versions.c.phienban == records.c.phienban,
                ),
            )
            .limit(checked_limit(limit) + 1)
        )
        if not scope.again:
            statement = statement.outerjoin(
                identity_records, known.madinhdanhhocba == records.c.madinhdanhhocba
            ).where(
                or_(
                    known.phienban.is_(None),
                    known.phienban != records.c.phienban,
                    known.deferred.is_(True),
                )
            )
        for name in ("masogd", "namhoc", "matruong"):
            value = getattr(scope, name)
            if value is not None:
                statement = statement.where(records.c[name] == value)
        if scope.batch is not None:
            statement = statement.where(versions.c.batch == scope.batch)
        if after is not None:
            key = position_after(after, str, str, str, str)
            statement = statement.where(tuple_(*_ORDER) > key)
        rows = self._connection.execute(statement.order_by(*_ORDER)).mappings().all()
        return page_of(rows, limit, _order_key).map(_to_check)

    def known(self, people: Iterable[Person]) -> Mapping[Person, CheckedPerson]:
        """What is known of *people* already."""
        wanted = set(people)
        found: dict[Person, CheckedPerson] = {}
        for part in _parts(sorted({each.id for each in wanted})):
            statement = select(identity_checks).where(identity_checks.c.sodinhdanh.in_(part))
            for row in self._connection.execute(statement).mappings():
                checked = _checked(row)
                if checked.person in wanted:
                    found[checked.person] = checked
        return found

    def put_checks(self, rows: Iterable[CheckedPerson]) -> None:
        """Keep what a register said; of one person, what it said last."""
        values = [
            {
                "sodinhdanh": each.person.id,
                "hovaten": each.person.name,
                "ngaysinh": each.person.birth,
                "problem": each.verdict.problem,
                "findings": each.verdict.findings,
                "register": each.register,
                "checked_at": each.checked_at,
            }
            for each in sorted(rows, key=lambda each: each.person)
        ]
        self._upsert(identity_checks, values, ("sodinhdanh", "hovaten", "ngaysinh"))

    def put_record(self, rows: Iterable[tuple[RecordToCheck, bool]], at: datetime) -> None:
        """Note which version of each record was checked, and whether answers are still due."""
        values = [
            {
                "madinhdanhhocba": each.version.madinhdanhhocba,
                "phienban": each.version.phienban,
                "deferred": deferred,
                "checked_at": at,
            }
            for each, deferred in sorted(rows, key=lambda row: row[0].version.madinhdanhhocba)
        ]
        self._upsert(identity_records, values, ("madinhdanhhocba",))

    def deferred(self, scope: IdentityScope) -> int:
        """Records of *scope* about which answers are due."""
        statement = select(func.count()).select_from(identity_records)
        statement = statement.where(identity_records.c.deferred.is_(True))
        if scope.masogd is not None or scope.matruong is not None:
            statement = statement.join(records)
        if scope.masogd is not None:
            statement = statement.where(records.c.masogd == scope.masogd)
        if scope.matruong is not None:
            statement = statement.where(records.c.matruong == scope.matruong)
        return self._connection.scalar(statement) or 0

    # ------------------------------------------------------------ the queue

    def mismatches_of(self, claims: Iterable[Claim]) -> Mapping[Claim, Mismatch]:
        """The entries about these claims, in whatever state."""
        wanted = set(claims)
        found: dict[Claim, Mismatch] = {}
        for part in _parts(sorted({each.person.id for each in wanted})):
            # Narrowed by the province and school first, which the unique index begins with.
            places = sorted({(each.masogd, each.matruong) for each in wanted})
            for masogd, matruong in places:
                statement = select(identity_mismatches).where(
                    _ENTRY.masogd == masogd,
                    _ENTRY.matruong == matruong,
                    _ENTRY.kind.in_({each.kind for each in wanted}),
                    _ENTRY.sodinhdanh.in_(part),
                )
                for entry in self._all(statement):
                    if entry.claim in wanted:
                        found[entry.claim] = entry
        return found

    def shown_in(self, sources: Iterable[str]) -> Mapping[str, tuple[Mismatch, ...]]:
        """The entries that show in each of *sources* as it was checked last."""
        found: dict[str, list[Mismatch]] = {}
        for part in _parts(sorted(set(sources))):
            statement = (
                select(identity_sources.c.source, identity_mismatches)
                .join(identity_mismatches)
                .where(identity_sources.c.source.in_(part))
            )
            for row in self._connection.execute(statement).mappings():
                values = dict(row)
                found.setdefault(values.pop("source"), []).append(Mismatch(**values))
        return {source: tuple(entries) for source, entries in found.items()}

    def open(self, new: NewMismatch, at: datetime) -> Mismatch:
        """A new entry; raises `IndexConflict` where there is one."""
        person = new.claim.person
        values: dict[str, Any] = {
            "masogd": new.claim.masogd,
            "matruong": new.claim.matruong,
            "kind": new.claim.kind,
            "role": new.role,
            "sodinhdanh": person.id,
            "hovaten": person.name,
            "ngaysinh": person.birth,
            "problem": new.problem,
            "findings": new.findings,
            "madinhdanhhocba": new.madinhdanhhocba,
            "namhoc": new.namhoc,
            "state": MismatchState.OPEN,
            "opened_at": at,
        }
        number = self._connection.execute(
            identity_mismatches.insert().values(**values).returning(_ENTRY.id)
        ).scalar_one()
        return Mismatch(id=number, **values, resolved_at=None, resolved_by=None, reason=None)

    def reopen(self, number: int, new: NewMismatch, at: datetime) -> None:
        """Let an entry be open again, as it shows now."""
        self._set(
            number,
            state=MismatchState.OPEN,
            problem=new.problem,
            findings=new.findings,
            madinhdanhhocba=new.madinhdanhhocba,
            namhoc=new.namhoc,
            opened_at=at,
            resolved_at=None,
            resolved_by=None,
            reason=None,
        )

    def resolve(
        self, number: int, state: MismatchState, *, by: str, at: datetime, reason: str | None
    ) -> bool:
        """Close an open entry; whether it was open."""
        done = self._connection.execute(
            update(identity_mismatches)
            .where(_ENTRY.id == number, _ENTRY.state == MismatchState.OPEN)
            .values(state=state, resolved_by=by, resolved_at=at, reason=reason)
        )
        return done.rowcount == 1

    def show_in(self, pairs: Iterable[tuple[int, str]]) -> None:
        """Note in which sources entries show."""
        values = [{"mismatch": number, "source": source} for number, source in sorted(set(pairs))]
        self._upsert(identity_sources, values, ("source", "mismatch"))

    def hide_from(self, pairs: Iterable[tuple[int, str]]) -> tuple[Mismatch, ...]:
        """Take entries out of sources; those open ones that now show nowhere."""
        gone = sorted(set(pairs))
        for part in _parts(gone):
            key = tuple_(identity_sources.c.mismatch, identity_sources.c.source)
            self._connection.execute(delete(identity_sources).where(key.in_(part)))
        left: list[Mismatch] = []
        for numbers in _parts(sorted({number for number, _ in gone})):
            statement = select(identity_mismatches).where(
                _ENTRY.id.in_(numbers),
                _ENTRY.state == MismatchState.OPEN,
                ~exists().where(identity_sources.c.mismatch == _ENTRY.id),
            )
            left.extend(self._all(statement.order_by(_ENTRY.id)))
        return tuple(left)

    def find(self, number: int) -> Mismatch | None:
        """One entry."""
        found = self._all(select(identity_mismatches).where(_ENTRY.id == number))
        return next(iter(found), None)

    def page(
        self,
        *,
        masogd: str | None = None,
        matruong: str | None = None,
        state: MismatchState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Mismatch]:
        """Entries, oldest first."""
        statement = select(identity_mismatches).limit(checked_limit(limit) + 1)
        for column, value in (
            (_ENTRY.masogd, masogd),
            (_ENTRY.matruong, matruong),
            (_ENTRY.state, state),
        ):
            if value is not None:
                statement = statement.where(column == value)
        if after is not None:
            statement = statement.where(_ENTRY.id > position_after(after, int)[0])
        rows = tuple(self._all(statement.order_by(_ENTRY.id)))
        return page_of(rows, limit, lambda each: (each.id,))

    def counts(self, masogd: str | None = None) -> Mapping[MismatchState, int]:
        """How many entries there are in each state."""
        statement = select(_ENTRY.state, func.count()).group_by(_ENTRY.state)
        if masogd is not None:
            statement = statement.where(_ENTRY.masogd == masogd)
        return {row[0]: row[1] for row in self._connection.execute(statement)}

    def _all(self, statement: Select[Any]) -> Iterator[Mismatch]:
        for row in self._connection.execute(statement).mappings().all():
            yield Mismatch(**row)

    def _set(self, number: int, **values: Any) -> None:
        self._connection.execute(
            update(identity_mismatches).where(_ENTRY.id == number).values(**values)
        )

    def _upsert(self, table: Any, values: list[dict[str, Any]], key: tuple[str, ...]) -> None:
        if not values:
            return
        is_sqlite = self._connection.dialect.name == "sqlite"
        insert = (sqlite.insert if is_sqlite else postgresql.insert)(table)
        rest = {name: insert.excluded[name] for name in values[0] if name not in key}
        if rest:
            statement = insert.on_conflict_do_update(index_elements=list(key), set_=rest)
        else:
            statement = insert.on_conflict_do_nothing(index_elements=list(key))
        self._connection.execute(statement, values)


def _to_check(row: RowMapping) -> RecordToCheck:
    names = Version.__dataclass_fields__
    return RecordToCheck(
        version=Version(**{name: row[name] for name in names}),
        status=row["standing"],
        mahocsinh=row["mahocsinh"],
        namhoc=row["namhoc"],
        matruong=row["matruong"],
    )


def _order_key(row: RowMapping) -> tuple[str, ...]:
    return tuple(row[name] for name in ("masogd", "namhoc", "matruong", "madinhdanhhocba"))


def _checked(row: RowMapping) -> CheckedPerson:
    person = Person(row["sodinhdanh"], row["hovaten"], row["ngaysinh"])
    verdict = Verdict(row["problem"], row["findings"])
    return CheckedPerson(person, verdict, row["register"], row["checked_at"])


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), IN_LIMIT):
        yield values[start : start + IN_LIMIT]
