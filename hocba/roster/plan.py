"""What importing a roster would change, worked out before anything is.

A mandate is known by school, role, holder, first day and whom it stands in for. Who is missing in
the file has left: the mandate ends on the day before it holds, and what was signed until then
stays signed by the right person. Lines that have ended stay known though no file repeats them. Only
a line that says so (`trangthai` is `huybo`) takes a mandate back as never held.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hocba.roster.checking import CheckedRoster, Key, key_of
from signing.roster_rows import Row, certificates_of, day_of, holder_of, is_withdrawn

MOST_ENDING_PERCENT: Final = 20
"""An import that ends more of the mandates in force has to be confirmed."""

EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2199, 12, 31)
"""Between these days an import may take effect."""

COMPARED: Final = (
    "hovaten",
    "denngay",
    "hinhthuc",
    "donviquanly",
    "truongchinh",
    "lydo",
    "nguoipheduyet",
    "soquyetdinh",
    "ngayquyetdinh",
)
"""What may differ between two states of one mandate."""


@dataclass(frozen=True, slots=True)
class Known:
    """A mandate as it is known, by the id of its row."""

    identity: int
    row: Row


@dataclass(frozen=True, slots=True)
class Changed:
    """A mandate that goes on with other particulars."""

    before: Known
    after: Row

    @property
    def differences(self) -> Mapping[str, tuple[str, str]]:
        """Old and new value of every column that differs."""
        before, after = self.before.row, self.after
        return {
            name: (before[name], after[name]) for name in COMPARED if before[name] != after[name]
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an import does: nothing else, and all of it.

    `ended` are missing in the file, `withdrawn` were never held. `bindings` are new certificates
    by holder. `ending` of the `in_force` mandates hold no more on the day of the import, or on the
    day that it takes effect where that is later; every mandate that had begun and is withdrawn is
    among them. `left_before_today` are missing and have left before the day of the import.
    """

    effective: date
    added: tuple[Row, ...]
    changed: tuple[Changed, ...]
    ended: tuple[Changed, ...]
    withdrawn: tuple[Known, ...]
    bindings: tuple[tuple[str, str], ...]
    unchanged: int
    in_force: int
    ending: int
    left_before_today: int

    @property
    def gone(self) -> tuple[int, ...]:
        """The rows that are no more known afterwards."""
        replaced = (*self.changed, *self.ended)
        return tuple(each.identity for each in (*(e.before for e in replaced), *self.withdrawn))

    @property
    def brought(self) -> tuple[Row, ...]:
        """The rows that are known afterwards and were not before."""
        return (*self.added, *(each.after for each in (*self.changed, *self.ended)))

    @property
    def is_empty(self) -> bool:
        """Whether the roster already says all that."""
        return not (self.added or self.changed or self.ended or self.withdrawn or self.bindings)

    def counts_json(self) -> dict[str, int]:
        """How much there is of each; for programs."""
        return {
            "added": len(self.added),
            "changed": len(self.changed),
            "ended": len(self.ended),
            "withdrawn": len(self.withdrawn),
            "bound": len(self.bindings),
            "unchanged": self.unchanged,
            "in_force": self.in_force,
            "ending": self.ending,
        }

    @property
    def ending_percent(self) -> int:
        """How many of a hundred mandates in force end, rounded up."""
        if not self.in_force:
            return 100 if self.ending else 0
        return -(-100 * self.ending // self.in_force)

    @property
    def is_unusual(self) -> bool:
        """Whether somebody should look at it again before it is done."""
        return self.ends_unusually_many or self.left_before_today > 0

    @property
    def ends_unusually_many(self) -> bool:
        """Whether more than a usual part of the mandates in force ends."""
        return 100 * self.ending > MOST_ENDING_PERCENT * self.in_force


def plan_import(
    file: CheckedRoster,
    known: Iterable[Known],
    bound: Mapping[str, frozenset[str]],
    effective: date,
    today: date,
) -> Plan:
    """What it takes from the *known* mandates to those in the *file*.

    *known* are all that the file is complete for, *bound* the certificates bound so far,
    *effective* a day between `EARLIEST` and `LATEST`.
    """
    rows = {key_of(row): row for _, row in file.rows}
    before = {key_of(each.row): each for each in known}
    added = [r for key, r in rows.items() if key not in before and not is_withdrawn(r)]
    changed: list[Changed] = []
    ended: list[Changed] = []
    withdrawn: list[Known] = []
    for key, each in before.items():
        row = rows.get(key)
        if row is None:
            _leave(each, effective, ended, withdrawn)
        elif is_withdrawn(row):
            withdrawn.append(each)
        elif Changed(each, row).differences:
            changed.append(Changed(each, row))
    day = max(effective, today)
    never_held = [each for each in withdrawn if _has_begun(each.row, today)]
    ending = sum(_holds(each.before.row, day) > _holds(each.after, day) for each in changed)
    ending += sum(_holds(each.before.row, day) for each in ended)
    ending += len(never_held)
    left = len(ended) + sum(key_of(each.row) not in rows for each in never_held)
    return Plan(
        effective=effective,
        added=_sorted(added),
        changed=tuple(changed),
        ended=tuple(ended),
        withdrawn=tuple(withdrawn),
        bindings=tuple(sorted(_new_bindings(rows, bound))),
        unchanged=len(before) - len(changed) - len(ended) - len(withdrawn),
        in_force=sum(_holds(each.row, day) for each in before.values()),
        ending=ending,
        left_before_today=left if effective < today else 0,
    )


def _leave(known: Known, effective: date, ended: list[Changed], withdrawn: list[Known]) -> None:
    """What becomes of a mandate that the file does not have any more."""
    since, until = day_of(known.row["tungay"]), day_of(known.row["denngay"])
    if since is not None and since >= effective:
        withdrawn.append(known)  # it has not begun
    elif until is None or until >= effective:
        last = (effective - timedelta(days=1)).isoformat()
        ended.append(Changed(known, {**known.row, "denngay": last}))


def _holds(row: Row, day: date) -> bool:
    since, until = day_of(row["tungay"]), day_of(row["denngay"])
    return (since is None or since <= day) and (until is None or day <= until)


def _has_begun(row: Row, today: date) -> bool:
    since = day_of(row["tungay"])
    return since is None or since <= today


def _new_bindings(
    rows: Mapping[Key, Row], bound: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, str]]:
    seen = set()
    for row in rows.values():
        holder = holder_of(row)
        for digest in certificates_of(row):
            pair = (holder, digest)
            if digest not in bound.get(holder, frozenset()) and pair not in seen:
                seen.add(pair)
                yield pair


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=key_of))
