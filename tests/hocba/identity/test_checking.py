"""Records are checked after they came in: resumable, each person once, no answer never a yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from hocba.errors import LifecycleRefused
from hocba.identity import checking
from hocba.identity.checking import CheckCounts, IdentityCheck
from hocba.identity.errors import RegisterUnusable, ResolutionRefused
from hocba.identity.model import (
    Answer,
    MismatchState,
    NoAnswer,
    NotRegistered,
    Person,
    PersonKind,
    Problem,
    Registered,
)
from hocba.identity.queue import all_mismatches, resolve_mismatch
from hocba.index.identity_rows import IdentityScope, Mismatch
from hocba.index.index import Index
from hocba.index.rows import Pupil, Record, Version
from hocba.model.record import Event, RecordStatus
from schemas.document import ParserLimits
from schemas.findings import finding
from schemas.registry import DefinitionRegistry
from signing.mandate import RosterEntry
from signing.roster import Roster
from tests.support import records as made
from tests.support.rows import NOW, batch, record
from tests.support.stand_in import MemoryStore

DEFINITIONS = DefinitionRegistry.load(None)
PUPIL = Person("025217000011", "Nguyễn Văn Mẫu", "2017-03-14")
TEACHER = Person("025185000022", "Trần Thị Mẫu Lớp")
PRINCIPAL = Person("025175000033", "Lê Thị Mẫu Hiệu")
EVERYBODY = {each.id: Registered(each.name, each.birth) for each in (PUPIL, TEACHER, PRINCIPAL)}
ALL = IdentityScope()


@dataclass
class SimulatedRegister:
    """A register in memory: `away` answers nothing, `refuses` raises."""

    people: dict[str, Registered] = field(default_factory=lambda: dict(EVERYBODY))
    name: str = "simulated"
    batch: int = 10
    away: bool = False
    refuses: bool = False
    asked: list[tuple[Person, ...]] = field(default_factory=list)

    def ask(self, people: Sequence[Person]) -> Mapping[Person, Answer]:
        if self.refuses:
            raise RegisterUnusable(finding("HB-I197", host="x", status=401))
        self.asked.append(tuple(people))
        if self.away:
            return dict.fromkeys(people, NoAnswer("time-out"))
        return {each: self.people.get(each.id, NotRegistered()) for each in people}

    def close(self) -> None:
        pass


@dataclass
class Repository:
    """An index and a store with records that were taken in."""

    index: Index
    store: MemoryStore = field(default_factory=MemoryStore)
    register: SimulatedRegister = field(default_factory=SimulatedRegister)
    positions: int = 0

    def put(self, number: int = 1, phienban: int = 1, **changes: str | None) -> Record:
        """A version of record *number*, taken in."""
        masogd, matruong = changes.pop("masogd", "15"), changes.pop("matruong", "15000001")
        recalled = changes.pop("recalled", None)
        data = made.primary_record(PhienBan=str(phienban), **changes)
        row = record(
            madinhdanhhocba=f"hb-{number}",
            mahocsinh=f"hs-{number}",
            phienban=phienban,
            masogd=masogd,
            matruong=matruong,
            status=RecordStatus.RECALLED if recalled else RecordStatus.VALID,
            definition="tieu-hoc/1.0",
        )
        stored = self.store.put(f"records/{masogd}/hb-{number}.xml", data)
        self.positions += 1
        version = Version(
            madinhdanhhocba=row.madinhdanhhocba,
            phienban=phienban,
            event=Event.NEW if phienban == 1 else Event.UPDATE,
            status=row.status,
            masogd=row.masogd,
            storage_key=stored.key,
            version_id=stored.version_id,
            sha256=sha256(data).hexdigest(),
            size=len(data),
            accepted_at=NOW,
            batch="batch-1",
            position=self.positions,
            definition="tieu-hoc/1.0",
            policy="p",
        )
        with self.index.transaction() as tx:
            if tx.batches.find("batch-1") is None:
                tx.batches.create(batch())
            tx.records.put_pupils([Pupil(mahocsinh=row.mahocsinh, sodinhdanh=row.sodinhdanh)])
            if phienban == 1:
                tx.records.add([row])
            else:
                tx.records.replace([row])
            tx.records.add_versions([version])
        return row

    def check(self, scope: IdentityScope = ALL) -> CheckCounts:
        return self.run.run(scope)

    @property
    def run(self) -> IdentityCheck:
        return IdentityCheck(
            index=self.index,
            store=self.store,
            definitions=DEFINITIONS,
            register=self.register,
            limits=ParserLimits(),
            clock=lambda: NOW,
            actor="test",
        )

    def queue(self, state: MismatchState | None = None) -> list[Mismatch]:
        return list(all_mismatches(self.index, state=state))

    def actions(self) -> list[str]:
        with self.index.reading() as tx:
            return [each.action for each in tx.audit.events(limit=1000).rows]


@pytest.fixture
def repository(index: Index) -> Repository:
    return Repository(index)


def test_who_agrees_leaves_nothing_to_do(repository: Repository) -> None:
    repository.put()
    counts = repository.check()
    assert (counts.records, counts.people, counts.agree, counts.mismatches) == (1, 3, 3, 0)
    assert set(repository.register.asked[0]) == {PUPIL, TEACHER, PRINCIPAL}
    assert repository.queue() == []
    assert repository.actions() == ["identity.checked"]


def test_everybody_is_asked_about_once(repository: Repository) -> None:
    for number in range(1, 5):
        repository.put(number)
    repository.check()
    assert [each for part in repository.register.asked for each in part] == sorted(
        {PUPIL, TEACHER, PRINCIPAL}
    )
    assert repository.check().records == 0
    assert len(repository.register.asked) == 1


def test_a_mismatch_stands_once_for_a_school_and_person(repository: Repository) -> None:
    repository.register.people[TEACHER.id] = Registered("Trần Thị Khác")
    for number in range(1, 4):
        repository.put(number)
    repository.put(4, matruong="15000002")
    counts = repository.check()
    assert (counts.mismatches, counts.opened) == (4, 2)
    first, second = repository.queue()
    assert (first.matruong, second.matruong) == ("15000001", "15000002")
    assert (first.kind, first.role) == (PersonKind.TEACHER, "GVCN")
    assert (first.problem, first.state) == (Problem.NAME, MismatchState.OPEN)
    assert first.claim.person == TEACHER
    assert first.madinhdanhhocba == "hb-1"
    assert repository.check(IdentityScope(again=True)).opened == 0
    assert len(repository.queue()) == 2


def test_a_temporary_id_is_in_the_queue_and_nobody_is_asked(repository: Repository) -> None:
    repository.put(sodinhdanh="TAM-000017")
    counts = repository.check()
    assert counts.mismatches == 1
    assert [each.problem for each in repository.queue()] == [Problem.TEMPORARY]
    assert all(each.id != "TAM-000017" for each in repository.register.asked[0])


def test_no_answer_defers_and_is_never_agreement(repository: Repository) -> None:
    repository.put()
    repository.register.away = True
    counts = repository.check()
    assert (counts.agree, counts.deferred, counts.interrupted) == (0, 3, "time-out")
    assert repository.queue() == []
    with repository.index.reading() as tx:
        assert tx.identities.deferred(ALL) == 1
    repository.register.away = False
    counts = repository.check()
    assert (counts.records, counts.agree, counts.deferred) == (1, 3, 0)


def test_a_register_that_is_away_is_not_asked_on_and_on(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)
    for number in range(1, 8):
        repository.put(number, sodinhdanh=f"02521700{number:04}", thangnamsinh=None)
    repository.register = SimulatedRegister(batch=1, away=True)
    repository.check()
    assert len(repository.register.asked) == 1
    repository.register = SimulatedRegister(batch=1)
    assert repository.check().records == 7


def test_a_run_that_was_stopped_goes_on_where_it_stood(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)
    for number in range(1, 6):
        repository.put(number, sodinhdanh=f"02521700{number:04}")
    seen: list[int] = []

    def stop(counts: CheckCounts) -> None:
        seen.append(counts.records)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repository.run.run(ALL, stop)
    assert seen == [2]
    counts = repository.check()
    assert (counts.records, counts.mismatches, counts.opened) == (3, 3, 3)
    assert len(repository.queue()) == 5
    asked = [each.id for part in repository.register.asked for each in part]
    assert len(asked) == len(set(asked)) == 7


def test_what_was_answered_before_a_refusal_stays(repository: Repository) -> None:
    repository.put()
    repository.register.refuses = True
    with pytest.raises(RegisterUnusable):
        repository.check()
    repository.register.refuses = False
    assert repository.check().agree == 3


def test_a_corrected_record_closes_its_mismatch_by_itself(repository: Repository) -> None:
    repository.register.people[PUPIL.id] = Registered("Nguyễn Văn Đúng", PUPIL.birth)
    repository.put()
    repository.check()
    assert [each.state for each in repository.queue()] == [MismatchState.OPEN]
    repository.put(phienban=2, hovaten="Nguyễn Văn Đúng")
    counts = repository.check()
    assert (counts.opened, counts.closed) == (0, 1)
    (entry,) = repository.queue()
    assert (entry.state, entry.resolved_by) == (MismatchState.CORRECTED, "hocba")
    assert repository.actions() == [
        "identity.mismatch.opened",
        "identity.checked",
        "identity.mismatch.corrected",
        "identity.checked",
    ]


def test_a_mismatch_stays_while_another_record_shows_it(repository: Repository) -> None:
    repository.register.people[TEACHER.id] = Registered("Trần Thị Đúng")
    repository.put(1)
    repository.put(2)
    repository.check()
    repository.put(1, phienban=2, tengvcn="Trần Thị Đúng")
    assert repository.check().closed == 0
    repository.put(2, phienban=2, recalled="x")
    assert repository.check().closed == 1


def test_a_mismatch_that_shows_again_is_open_again(repository: Repository) -> None:
    repository.register.people[TEACHER.id] = Registered("Trần Thị Đúng")
    repository.put(1)
    repository.check()
    repository.put(1, phienban=2, tengvcn="Trần Thị Đúng")
    repository.check()
    repository.put(1, phienban=3)
    counts = repository.check()
    assert counts.opened == 1
    (entry,) = repository.queue()
    assert (entry.state, entry.resolved_by, entry.resolved_at) == (MismatchState.OPEN, None, None)
    assert "identity.mismatch.reopened" in repository.actions()


def test_a_register_that_was_mended_closes_mismatches_when_asked_again(
    repository: Repository,
) -> None:
    del repository.register.people[PUPIL.id]
    repository.put()
    repository.check()
    repository.register.people = dict(EVERYBODY)
    assert repository.check().records == 0
    counts = repository.check(IdentityScope(again=True))
    assert (counts.agree, counts.closed) == (3, 1)
    # Only who did not agree was asked about.
    assert repository.register.asked[-1] == (PUPIL,)


def test_a_silent_register_closes_nothing(repository: Repository) -> None:
    del repository.register.people[PUPIL.id]
    repository.put()
    repository.check()
    repository.register.away = True
    counts = repository.check(IdentityScope(again=True))
    assert (counts.closed, counts.deferred) == (0, 1)
    assert [each.state for each in repository.queue()] == [MismatchState.OPEN]


def test_what_was_explained_stays_explained(repository: Repository) -> None:
    repository.register.people[PUPIL.id] = Registered("Nguyễn Văn Cũ", PUPIL.birth)
    repository.put()
    repository.check()
    (entry,) = repository.queue()
    resolve(repository, entry.id, MismatchState.EXPLAINED)
    repository.put(phienban=2, tenlop="3B")
    counts = repository.check()
    assert (counts.mismatches, counts.opened) == (1, 0)
    (entry,) = repository.queue()
    assert (entry.state, entry.reason) == (MismatchState.EXPLAINED, "Đã đổi tên")
    # Another problem of the same person is another matter.
    repository.register.people[PUPIL.id] = Registered(PUPIL.name, "2001")
    assert repository.check(IdentityScope(again=True)).opened == 1


@pytest.mark.parametrize(
    "state", [MismatchState.EXPLAINED, MismatchState.CORRECTED, MismatchState.REJECTED]
)
def test_a_resolution_has_who_when_and_why(repository: Repository, state: MismatchState) -> None:
    del repository.register.people[PUPIL.id]
    repository.put()
    repository.check()
    done = resolve(repository, 1, state)
    assert (done.state, done.resolved_by, done.resolved_at) == (state, "Phòng GDPT", NOW)
    with repository.index.reading() as tx:
        (event,) = (e for e in tx.audit.events().rows if e.action == f"identity.mismatch.{state}")
    assert (event.masogd, dict(event.detail)) == ("15", {"mismatch": "1", "problem": "unknown"})


def test_what_is_resolved_is_not_resolved_again(repository: Repository) -> None:
    del repository.register.people[PUPIL.id]
    repository.put()
    repository.check()
    resolve(repository, 1, MismatchState.EXPLAINED)
    for number in (1, 2):
        with pytest.raises(ResolutionRefused):
            resolve(repository, number, MismatchState.REJECTED)
    with pytest.raises(LifecycleRefused):
        resolve(repository, 1, MismatchState.REJECTED, reason=" ")
    assert repository.queue()[0].state is MismatchState.EXPLAINED


def resolve(
    repository: Repository, number: int, state: MismatchState, reason: str = "Đã đổi tên"
) -> Mismatch:
    with repository.index.transaction() as tx:
        return resolve_mismatch(
            tx, number, state, reason=reason, by="Phòng GDPT", at=NOW, actor="test"
        )


def test_the_audit_trail_names_nobody(repository: Repository) -> None:
    del repository.register.people[PUPIL.id]
    repository.put()
    repository.check()
    with repository.index.reading() as tx:
        said = repr(tx.audit.events().rows)
    for secret in (PUPIL.id, PUPIL.name, TEACHER.id):
        assert secret not in said


def test_a_scope_leaves_other_records_alone(repository: Repository) -> None:
    repository.put(1)
    repository.put(2, masogd="79", matruong="79000001")
    repository.put(3, matruong="15000002")
    assert repository.check(IdentityScope(masogd="79")).records == 1
    assert repository.check(IdentityScope(matruong="15000002")).records == 1
    assert repository.check(IdentityScope(batch="other")).records == 0
    assert repository.check(IdentityScope(batch="batch-1")).records == 1
    assert repository.check(IdentityScope(namhoc="1999-2000", again=True)).records == 0


def test_a_record_whose_definition_is_gone_is_not_taken_to_agree(repository: Repository) -> None:
    repository.put()
    gone = replace(repository.run, definitions=DefinitionRegistry(()))
    counts = gone.run(ALL)
    assert (counts.unreadable, counts.agree) == (1, 0)
    assert repository.check().agree == 3


def test_the_people_of_the_roster_are_checked(repository: Repository) -> None:
    entries = [
        RosterEntry(
            school=school,
            role=role,
            personal_id=person.id,
            organization_id=None,
            name=person.name,
            valid_from=date(2020, 1, 1),
            valid_to=None,
        )
        for school, role, person in (
            ("15000001", "GVCN", TEACHER),
            ("15000001", "GVBM", TEACHER),
            ("15000002", "CBQL", Person("025175000034", "Ai Đó")),
        )
    ]
    counts = repository.run.run_roster(Roster(entries), "15")
    assert (counts.people, counts.agree, counts.opened) == (2, 1, 1)
    (entry,) = repository.queue()
    assert (entry.matruong, entry.madinhdanhhocba) == ("15000002", None)
    repository.run.run_roster(Roster(entries), "15")
    assert len(repository.queue()) == 1
    repository.register.people["025175000034"] = Registered("Ai Đó")
    assert repository.run.run_roster(Roster(entries), "15", again=True).closed == 1


def test_the_queue_comes_in_pages(repository: Repository) -> None:
    for number in range(1, 6):
        repository.put(number, sodinhdanh=f"TAM-{number}", masogd="15" if number % 2 else "79")
    repository.check()
    with repository.index.reading() as tx:
        first = tx.identities.page(masogd="15", limit=2)
        rest = tx.identities.page(masogd="15", after=first.next, limit=2)
        assert tx.identities.counts("15") == {MismatchState.OPEN: 3}
        assert tx.identities.counts() == {MismatchState.OPEN: 5}
    found = [each.sodinhdanh for each in (*first.rows, *rest.rows)]
    assert found == ["TAM-1", "TAM-3", "TAM-5"]
    assert rest.next is None
    assert NOW + timedelta(0) == first.rows[0].opened_at
