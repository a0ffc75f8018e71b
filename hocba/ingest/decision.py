"""What becomes of each document of a chunk, decided from its examination and the index alone.

Pure: the same examinations and the same state of the index give the same decisions.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hocba.index.rows import Pupil, Record
from hocba.ingest.entry import BadEntry, Document
from hocba.ingest.workers import Examined
from hocba.model.examination import AcceptedDocument, Examination
from hocba.model.lifecycle import (
    ON_REQUEST,
    Approval,
    Step,
    changes_origin,
    standing_of,
    transition,
    with_origin,
)
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordReference, RecordStatus, Transcript
from schemas.findings import Finding, Severity, finding
from signing.certificates.judgement import CURABLE

MAX_VERSION = 2**31 - 1
MAX_IDENTIFIER = 64
MAX_FINDINGS = 100

# Without a dot: keys of the store are made of them, and a dot has a meaning there.
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_IDENTITY = ("mahocsinh", "namhoc", "masogd", "matruong")


@dataclass(frozen=True, slots=True)
class Taken:
    """An accepted version as far as later documents need it; `file_name` only in its own batch."""

    sha256: str
    masogd: str
    accepted_at: str
    file_name: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the index knows of the records, versions and pupils that a chunk speaks of.

    `requests` has the number of the approved request of each kind that waits for its version, by
    the province that it is of (None where it was asked for without one),
    `linked` every two ids of one pupil that a record is to have one after the other.
    """

    records: Mapping[str, Record]
    versions: Mapping[tuple[str, int], Taken]
    pupils: Mapping[str, Pupil]
    requests: Mapping[tuple[str, Step, str | None], int] = field(default_factory=dict)
    linked: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of one document.

    `reference` is the record and version that the document says it is, where an index can know
    them; `claim` is whose a refused one says it is. `step` is what an accepted one does to its
    record, `request` the request it fulfils.
    """

    position: int
    file_name: str
    outcome: Outcome
    findings: tuple[Finding, ...]
    sha256: str | None = None
    reference: tuple[str, int] | None = None
    accepted: AcceptedDocument | None = None
    step: Step | None = None
    request: int | None = None
    claim: RecordReference | None = None

    def __post_init__(self) -> None:
        """No invalid instances."""
        if (self.outcome is Outcome.ACCEPTED) != (self.accepted is not None):
            raise ValueError("bytes to store exist exactly for an accepted document")
        refused = self.outcome in {Outcome.REJECTED, Outcome.UNREADABLE, Outcome.DEFERRED}
        if refused and not self.findings:
            raise ValueError("refused without a reason")


def decide(
    entries: Sequence[tuple[Document | BadEntry, Examined | None]],
    known: Known,
    *,
    masogd: str | None,
    approval: Approval = Approval.RECORDED,
    extracts: Approval | None = None,
    elsewhere: Callable[[str], bool] = lambda _: False,
) -> tuple[Decision, ...]:
    """Decisions in the order of the documents; each knows those before it.

    *masogd* is the only province whose records may come in, None for any; *approval* says what
    becomes of a change that nobody has approved, *extracts* the same of records made from paper
    where that differs. Of the provinces that are *elsewhere* nothing is asked. Bad entries come
    with None, documents with what the examination gave.
    """
    chunk = _Chunk(known, masogd, approval, extracts or approval, elsewhere)
    return tuple(chunk.decide(entry, examined) for entry, examined in entries)


def claimed_reference(reference: RecordReference | None) -> tuple[str, int] | None:
    """Record and version that a document names, where an index can know them."""
    if reference is None or not _IDENTIFIER.match(reference.madinhdanhhocba):
        return None
    if not 1 <= reference.phienban <= MAX_VERSION:
        return None
    return reference.madinhdanhhocba, reference.phienban


def examined_outcome(examination: Examination) -> Outcome:
    """The outcome of taking in, as far as the document itself decides it.

    Indeterminate is `deferred` where newer revocation data alone would decide it, for that comes
    by itself. A missing certificate, roster entry or definition needs a person: then it is
    rejected, with its reasons.
    """
    match examination.outcome:
        case Outcome.INDETERMINATE:
            return Outcome.DEFERRED if _waits_for_revocation(examination) else Outcome.REJECTED
        case Outcome.DUPLICATE | Outcome.DEFERRED:
            raise ValueError(f"no outcome of an examination: {examination.outcome.value}")
        case Outcome.ACCEPTED | Outcome.REJECTED | Outcome.UNREADABLE:
            return examination.outcome


def _waits_for_revocation(examination: Examination) -> bool:
    """Whether TRY_LATER is all that stands against the document."""
    reasons = {each.code for each in examination.all_findings if each.severity is Severity.ERROR}
    return bool(reasons) and reasons <= CURABLE


class _Chunk:
    """The decisions on one chunk, one after the other."""

    def __init__(
        self,
        known: Known,
        masogd: str | None,
        approval: Approval,
        extracts: Approval,
        elsewhere: Callable[[str], bool],
    ) -> None:
        self._records = dict(known.records)
        self._versions = dict(known.versions)
        self._pupils = dict(known.pupils)
        self._requests = dict(known.requests)
        self._linked = known.linked
        self._masogd = masogd
        self._approval = approval
        self._extracts = extracts
        self._elsewhere = elsewhere

    def decide(self, entry: Document | BadEntry, examined: Examined | None) -> Decision:
        """What becomes of the next entry."""
        if isinstance(entry, BadEntry):
            return _unreadable(entry, entry.finding)
        if isinstance(examined, Finding):
            return _unreadable(entry, examined)
        if examined is None:
            raise ValueError(f"position {entry.position} was not examined")
        reference = claimed_reference(examined.record)
        outcome, found = self._outcome(examined, reference)
        step = self._step(examined) if outcome is Outcome.ACCEPTED else None
        decision = Decision(
            position=entry.position,
            file_name=entry.file_name,
            outcome=outcome,
            findings=_shortened(examined.all_findings + found),
            sha256=examined.sha256,
            reference=reference,
            accepted=AcceptedDocument(entry.data, examined)
            if outcome is Outcome.ACCEPTED
            else None,
            step=step,
            request=self._request(examined.transcript, step),
            claim=examined.record if outcome is Outcome.REJECTED else None,
        )
        self._note(decision)
        return decision

    def _outcome(
        self, examination: Examination, reference: tuple[str, int] | None
    ) -> tuple[Outcome, tuple[Finding, ...]]:
        # (1): the identical bytes were accepted before: the old promise stands, whatever time or
        # a changed trust store makes of them today.
        taken = self._versions.get(reference) if reference else None
        if taken and taken.sha256 == examination.sha256:
            if self._masogd not in {None, taken.masogd}:
                found = finding("HB-I030", found=taken.masogd, expected=self._masogd)
                return Outcome.REJECTED, (found,)
            return Outcome.DUPLICATE, ()
        # (2): what the document itself decides.
        outcome = examined_outcome(examination)
        if outcome is not Outcome.ACCEPTED or examination.transcript is None:
            return outcome, _reason_if_none(examination)
        # (3): what this repository may keep, and what may follow on what is there.
        transcript = examination.transcript
        refused = _refused_identity(transcript, self._masogd)
        refused = refused or self._refused_version(transcript, taken)
        refused = refused or self._refused_step(transcript)
        if refused:
            return Outcome.REJECTED, (refused,)
        return Outcome.ACCEPTED, tuple(self._warnings(transcript))

    def _refused_version(self, transcript: Transcript, taken: Taken | None) -> Finding | None:
        phienban = transcript.reference.phienban
        current = self._records.get(transcript.reference.madinhdanhhocba)
        if current is None:
            return None
        for name in _IDENTITY:
            value = _identifiers(transcript)[name]
            if name == "mahocsinh" and (current.mahocsinh, value) in self._linked:
                continue
            if getattr(current, name) != value:
                return finding("HB-I036", field=name, found=value)
        if phienban > current.phienban:
            return None
        after = current.phienban + 1
        if taken is None:
            return finding("HB-I031", found=phienban, current=current.phienban, next=after)
        if taken.file_name is not None:
            return finding("HB-I033", found=phienban, other=taken.file_name)
        return finding(
            "HB-I032",
            path="PhienBan",
            found=phienban,
            accepted_at=taken.accepted_at,
            next=after,
        )

    def _step(self, examination: Examination) -> Step | None:
        """What an accepted version does to its record."""
        transcript = examination.transcript
        found = self._transition(transcript) if transcript else None
        return found if isinstance(found, Step) else None

    def _transition(self, transcript: Transcript) -> Step | str:
        current = self._records.get(transcript.reference.madinhdanhhocba)
        standing = standing_of(current.status if current else None)
        step = transition(standing, transcript.event, transcript.status)
        was = current.trichluc if current else None
        return with_origin(step, was=was, now=transcript.trichluc)

    def _refused_step(self, transcript: Transcript) -> Finding | None:
        """Why the record may not be changed like this, from the table of `lifecycle`."""
        found = self._transition(transcript)
        if not isinstance(found, Step):
            current = self._records.get(transcript.reference.madinhdanhhocba)
            number = current.phienban if current else 0
            return finding(found, found=transcript.event.value, current=number)
        if self._needs_approval(transcript, found) and self._unapproved(transcript, found):
            return finding("HB-I052", kind=found.value)
        return None

    def _needs_approval(self, transcript: Transcript, step: Step) -> bool:
        """Whether an unapproved step is refused, rather than taken in with a warning."""
        demanded = self._demanded(transcript, step)
        if demanded is Approval.ELSEWHERE:
            return False
        current = self._records.get(transcript.reference.madinhdanhhocba)
        if changes_origin(step, standing_of(current.status if current else None)):
            return True
        return demanded is Approval.REQUIRED

    def _demanded(self, transcript: Transcript, step: Step) -> Approval:
        if self._elsewhere(transcript.masogd):
            return Approval.ELSEWHERE
        return self._extracts if step is Step.EXTRACT else self._approval

    def _unapproved(self, transcript: Transcript, step: Step) -> bool:
        return step in ON_REQUEST and self._request(transcript, step) is None

    def _request(self, transcript: Transcript | None, step: Step | None) -> int | None:
        """The approved request for this, of the record's own province."""
        if transcript is None or step is None:
            return None
        record = transcript.reference.madinhdanhhocba
        own = self._requests.get((record, step, transcript.masogd))
        return self._requests.get((record, step, None)) if own is None else own

    def _is_asked(self, transcript: Transcript, step: Step) -> bool:
        demanded = self._demanded(transcript, step)
        return demanded is not Approval.ELSEWHERE and self._unapproved(transcript, step)

    def _warnings(self, transcript: Transcript) -> Iterator[Finding]:
        current = self._records.get(transcript.reference.madinhdanhhocba)
        if current is not None and transcript.event is Event.NEW:
            yield finding("HB-I035", current=current.phienban)
        step = self._transition(transcript)
        if isinstance(step, Step) and self._is_asked(transcript, step):
            yield finding("HB-I053", kind=step.value)
        pupil = self._pupils.get(transcript.reference.mahocsinh)
        if pupil is not None and pupil.sodinhdanh != transcript.sodinhdanh:
            yield finding("HB-I037")

    def _note(self, decision: Decision) -> None:
        """Let the documents after it know of an accepted one."""
        if decision.accepted is None:
            return
        record = record_of(decision.accepted.transcript)
        self._records[record.madinhdanhhocba] = record
        if decision.step is not None:
            for masogd in (record.masogd, None):
                wanted = (record.madinhdanhhocba, decision.step, masogd)
                if decision.request is not None and self._requests.get(wanted) == decision.request:
                    del self._requests[wanted]
        self._pupils[record.mahocsinh] = pupil_of(record)
        self._versions[record.madinhdanhhocba, record.phienban] = Taken(
            sha256=decision.accepted.examination.sha256,
            masogd=record.masogd,
            accepted_at="",
            file_name=decision.file_name,
        )


def record_of(transcript: Transcript) -> Record:
    """The record as this version has it; a CANCEL recalls it."""
    reference = transcript.reference
    recalled = transcript.event is Event.CANCEL
    return Record(
        madinhdanhhocba=reference.madinhdanhhocba,
        mahocsinh=reference.mahocsinh,
        sodinhdanh=transcript.sodinhdanh,
        hovaten=transcript.hovaten,
        namhoc=reference.namhoc,
        masogd=transcript.masogd,
        matruong=reference.matruong,
        tentruong=transcript.tentruong,
        macaphoc=transcript.macaphoc,
        makhoi=transcript.makhoi,
        tenlop=transcript.tenlop,
        ketqua=transcript.ketqua,
        definition=reference.definition,
        phienban=reference.phienban,
        status=RecordStatus.RECALLED if recalled else transcript.status,
        trichluc=transcript.trichluc,
        duoclenlop=transcript.duoclenlop,
        hoanthanhcap=transcript.hoanthanhcap,
        ngaykyphathanh=transcript.ngaykyphathanh,
        earlier=transcript.earlier,
    )


def pupil_of(record: Record) -> Pupil:
    """The pupil as this record names them."""
    return Pupil(mahocsinh=record.mahocsinh, sodinhdanh=record.sodinhdanh)


def _refused_identity(transcript: Transcript, masogd: str | None) -> Finding | None:
    """Why this record may not come in at all, whatever is there."""
    for name, value in _identifiers(transcript).items():
        if not _IDENTIFIER.match(value):
            return finding("HB-I039", field=name, limit=MAX_IDENTIFIER)
    phienban = transcript.reference.phienban
    if not 1 <= phienban <= MAX_VERSION:
        return finding("HB-I038", found=phienban, limit=MAX_VERSION)
    if masogd not in {None, transcript.masogd}:
        return finding("HB-I030", found=transcript.masogd, expected=masogd)
    return None


def _identifiers(transcript: Transcript) -> dict[str, str]:
    """The values that keys of the store and of the index are made of."""
    reference = transcript.reference
    return {
        "madinhdanhhocba": reference.madinhdanhhocba,
        "mahocsinh": reference.mahocsinh,
        "namhoc": reference.namhoc,
        "masogd": transcript.masogd,
        "matruong": reference.matruong,
    }


def _unreadable(entry: Document | BadEntry, reason: Finding) -> Decision:
    return Decision(
        position=entry.position,
        file_name=entry.file_name,
        outcome=Outcome.UNREADABLE,
        findings=(reason,),
    )


def _reason_if_none(examination: Examination) -> tuple[Finding, ...]:
    """A refusal names a reason: where no finding does, the verdict on the record is one."""
    if any(each.severity is Severity.ERROR for each in examination.all_findings):
        return ()
    signatures = examination.signatures
    verdict = signatures.record if signatures else None
    reason = verdict.sub_indication or verdict.indication if verdict else examination.outcome
    return (finding("HB-I043", reason=reason.value),)


def _shortened(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """*findings*, or the first of them, errors before warnings, where there are very many."""
    if len(findings) <= MAX_FINDINGS:
        return findings
    errors = tuple(each for each in findings if each.severity is Severity.ERROR)
    warnings = tuple(each for each in findings if each.severity is not Severity.ERROR)
    shown = (errors + warnings)[: MAX_FINDINGS - 1]
    return (*shown, finding("HB-I042", count=len(findings) - len(shown)))
