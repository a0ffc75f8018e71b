"""Checks the people of accepted records against a register, after the records were taken in.

A run goes over the records page by page; what a page found is written in one transaction, so that
a run that was stopped goes on where it stood and doubles nothing. A person whom the register gave
no answer about leaves the record deferred: it is looked at again by the next run, and never taken
to agree.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hocba.identity.comparison import verdict, verdict_without_register
from hocba.identity.model import MismatchState, NoAnswer, Person, Verdict
from hocba.identity.people import Named, people_of_record, people_of_roster
from hocba.identity.register import IdentityRegister
from hocba.index.identity_rows import (
    CheckedPerson,
    Claim,
    IdentityScope,
    Mismatch,
    NewMismatch,
    RecordToCheck,
)
from hocba.index.index import Index, Transaction
from hocba.index.rows import NewAuditEvent, Version
from hocba.model.record import RecordStatus
from schemas.document import ParserLimits, parse
from schemas.errors import Unreadable
from schemas.registry import DefinitionRegistry
from signing.roster import Roster
from storage.contract import Store

PAGE = 100
"""Records that are read and written together."""

BY_ITSELF = "hocba"
"""Who closes a mismatch that shows nowhere any more."""


@dataclass(slots=True)
class CheckCounts:
    """What a run did; `interrupted` where the register ceased to answer."""

    records: int = 0
    people: int = 0
    agree: int = 0
    mismatches: int = 0
    opened: int = 0
    closed: int = 0
    deferred: int = 0
    unreadable: int = 0
    interrupted: str | None = None

    def as_json(self) -> dict[str, object]:
        """The counts as programs read them."""
        return {name: getattr(self, name) for name in CheckCounts.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCheck:
    """Everything that a run needs. `actor` is who runs it, in the audit trail."""

    index: Index
    store: Store
    definitions: DefinitionRegistry
    register: IdentityRegister
    limits: ParserLimits
    clock: Callable[[], datetime]
    actor: str

    def run(
        self,
        scope: IdentityScope,
        progress: Callable[[CheckCounts], None] = lambda _: None,
    ) -> CheckCounts:
        """Check the records of *scope*, those first that come first by province and year.

        Raises `RegisterUnusable` where asking on would not help, `StorageError`, and what the
        index raises; everything up to there is kept.
        """
        counts = CheckCounts()
        after: str | None = None
        while True:
            with self.index.reading() as tx:
                page = tx.identities.to_check(scope, after=after, limit=PAGE)
            if page.rows:
                self._check_page(page.rows, counts, again=scope.again)
                progress(counts)
            if page.next is None or counts.interrupted is not None:
                return counts
            after = page.next

    def run_roster(self, roster: Roster, masogd: str, *, again: bool = False) -> CheckCounts:
        """Check everybody whom the roster of the province *masogd* names."""
        counts = CheckCounts()
        by_school: dict[str, dict[tuple[Person, str], Named]] = {}
        for school, named in people_of_roster(roster.entries()):
            by_school.setdefault(school, {}).setdefault((named.person, named.kind.value), named)
        for school in sorted(by_school):
            source = _Source(
                name=f"roster:{school}",
                masogd=masogd,
                matruong=school,
                people=tuple(by_school[school].values()),
            )
            answers = self._answers([source], counts, again=again)
            with self.index.transaction() as tx:
                self._write(tx, [source], answers, counts)
            if counts.interrupted is not None:
                break
        return counts

    def _check_page(
        self, rows: Sequence[RecordToCheck], counts: CheckCounts, *, again: bool
    ) -> None:
        sources = [self._source(each, counts) for each in rows]
        answers = self._answers(sources, counts, again=again)
        with self.index.transaction() as tx:
            self._write(tx, sources, answers, counts)
            noted = [
                (each, source.is_deferred(answers))
                for each, source in zip(rows, sources, strict=True)
            ]
            now = self.clock()
            tx.identities.put_record(noted, now)
            tx.audit.extend(_event("identity.checked", self.actor, now, each) for each, _ in noted)
        counts.records += len(rows)

    def _source(self, row: RecordToCheck, counts: CheckCounts) -> "_Source":
        """The people whom a record names; nobody, where it is recalled."""
        people: tuple[Named, ...] | None = ()
        if row.status is RecordStatus.VALID:
            people = self._people(row.version)
        if people is None:
            counts.unreadable += 1
        return _Source(
            name=row.version.madinhdanhhocba,
            masogd=row.version.masogd,
            matruong=row.matruong,
            people=people or (),
            readable=people is not None,
            madinhdanhhocba=row.version.madinhdanhhocba,
            namhoc=row.namhoc,
        )

    def _people(self, version: Version) -> tuple[Named, ...] | None:
        """Everybody in a stored version; None where its definition is gone."""
        definition = next(
            (each for each in self.definitions if each.reference == version.definition), None
        )
        if definition is None:
            return None
        data = self.store.get(version.storage_key, version.version_id, version.sha256)
        try:
            document = parse(data, self.limits)
        except Unreadable:  # under limits that were lowered since
            return None
        view = definition.view(document)
        return None if view is None else people_of_record(definition, view)

    def _answers(
        self, sources: Iterable["_Source"], counts: CheckCounts, *, again: bool
    ) -> Mapping[Person, Verdict | None]:
        """A verdict on everybody; None where the register gave no answer."""
        people = sorted({each.person for source in sources for each in source.people})
        found: dict[Person, Verdict | None] = {}
        for each in people:
            alone = verdict_without_register(each)
            if alone is not None:
                found[each] = alone
        asked = [each for each in people if each not in found]
        with self.index.reading() as tx:
            known = tx.identities.known(asked)
        # What agreed once is not asked about again: a register forgets nobody.
        settled = {p: c.verdict for p, c in known.items() if c.verdict.agrees or not again}
        found.update(settled)
        self._ask([each for each in asked if each not in settled], found, counts)
        return found

    def _ask(
        self,
        people: Sequence[Person],
        found: dict[Person, Verdict | None],
        counts: CheckCounts,
    ) -> None:
        """Ask in parts as large as the register takes; each part's answers are kept at once."""
        for start in range(0, len(people), self.register.batch):
            part = people[start : start + self.register.batch]
            if counts.interrupted is not None:
                found.update(dict.fromkeys(part))
                continue
            answers = self.register.ask(part)
            now = self.clock()
            given = {each: verdict(each, answers.get(each, NoAnswer("broken"))) for each in part}
            found.update(given)
            checked = [
                CheckedPerson(each, said, self.register.name, now)
                for each, said in given.items()
                if said is not None
            ]
            with self.index.transaction() as tx:
                tx.identities.put_checks(checked)
            if not checked:
                answer = answers.get(part[0])
                counts.interrupted = answer.reason if isinstance(answer, NoAnswer) else "broken"

    def _write(
        self,
        tx: Transaction,
        sources: Sequence["_Source"],
        answers: Mapping[Person, Verdict | None],
        counts: CheckCounts,
    ) -> None:
        now = self.clock()
        known = tx.identities.mismatches_of(
            new.claim for source in sources for new in source.mismatches(answers)
        )
        shown = tx.identities.shown_in(each.name for each in sources)
        entries = dict(known)
        show: list[tuple[int, str]] = []
        hide: list[tuple[int, str]] = []
        for source in sources:
            _count(source, answers, counts)
            if not source.readable:
                continue
            numbers = set()
            for new in source.mismatches(answers):
                entry = self._entry(tx, new, entries, now, counts)
                numbers.add(entry.id)
                show.append((entry.id, source.name))
            unanswered = source.unanswered(answers)
            hide.extend(
                (each.id, source.name)
                for each in shown.get(source.name, ())
                if each.id not in numbers and each.claim not in unanswered
            )
        tx.identities.show_in(show)
        for gone in tx.identities.hide_from(hide):
            state = MismatchState.CORRECTED
            if tx.identities.resolve(gone.id, state, by=BY_ITSELF, at=now, reason=None):
                counts.closed += 1
                tx.audit.append(
                    mismatch_event("identity.mismatch.corrected", self.actor, now, gone)
                )

    def _entry(
        self,
        tx: Transaction,
        new: NewMismatch,
        entries: dict[Claim, Mismatch],
        now: datetime,
        counts: CheckCounts,
    ) -> Mismatch:
        """The entry about a claim: there already, open again, or new."""
        known = entries.get(new.claim)
        if known is None:
            known = entries[new.claim] = tx.identities.open(new, now)
            action = "identity.mismatch.opened"
        elif known.state is MismatchState.CORRECTED or known.problem is not new.problem:
            tx.identities.reopen(known.id, new, now)
            found = tx.identities.find(known.id)
            known = entries[new.claim] = found or known
            action = "identity.mismatch.reopened"
        else:
            return known
        counts.opened += 1
        tx.audit.append(mismatch_event(action, self.actor, now, known))
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where people are named: a record, or a school's part of the roster."""

    name: str
    masogd: str
    matruong: str
    people: tuple[Named, ...]
    readable: bool = True
    madinhdanhhocba: str | None = None
    namhoc: str | None = None

    def claim(self, named: Named) -> Claim:
        return Claim(
            masogd=self.masogd, matruong=self.matruong, kind=named.kind, person=named.person
        )

    def mismatches(self, answers: Mapping[Person, Verdict | None]) -> list[NewMismatch]:
        found = []
        for each in self.people:
            said = answers[each.person]
            if said is not None and said.problem is not None:
                found.append(
                    NewMismatch(
                        claim=self.claim(each),
                        role=each.role,
                        problem=said.problem,
                        findings=said.findings,
                        madinhdanhhocba=self.madinhdanhhocba,
                        namhoc=self.namhoc,
                    )
                )
        return found

    def unanswered(self, answers: Mapping[Person, Verdict | None]) -> set[Claim]:
        return {self.claim(each) for each in self.people if answers[each.person] is None}

    def is_deferred(self, answers: Mapping[Person, Verdict | None]) -> bool:
        return not self.readable or any(answers[each.person] is None for each in self.people)


def mismatch_event(action: str, actor: str, at: datetime, entry: Mismatch) -> NewAuditEvent:
    """What happened to a mismatch, without anybody's name or id."""
    return NewAuditEvent(
        at=at,
        actor=actor,
        action=action,
        madinhdanhhocba=entry.madinhdanhhocba,
        masogd=entry.masogd,
        detail=(("mismatch", str(entry.id)), ("problem", entry.problem.value)),
    )


def _count(source: _Source, answers: Mapping[Person, Verdict | None], counts: CheckCounts) -> None:
    for each in source.people:
        counts.people += 1
        said = answers[each.person]
        if said is None:
            counts.deferred += 1
        elif said.agrees:
            counts.agree += 1
        else:
            counts.mismatches += 1


def _event(action: str, actor: str, at: datetime, row: RecordToCheck) -> NewAuditEvent:
    return NewAuditEvent(
        at=at,
        actor=actor,
        action=action,
        madinhdanhhocba=row.version.madinhdanhhocba,
        phienban=row.version.phienban,
        masogd=row.version.masogd,
    )
