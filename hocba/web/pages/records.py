"""What the parents' pages show: children with their records, and who signed."""

from dataclasses import dataclass
from datetime import datetime

from hocba.examine import Judgement, examine
from hocba.index.rows import Record, RecordHistory, Version
from hocba.model.record import RecordStatus
from hocba.web.access import Caller
from hocba.web.reading import Entry, result_in_words
from hocba.web.repository import Repository
from hocba.web.viewing import visible_timeline
from hocba.wording import in_words, subject_names
from schemas.definition import Definition
from schemas.findings import Language
from signing.policy import SignaturePolicy
from signing.report import Indication, SignatureValidation


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """One record on the list, in words; `roles` in the order of signing.

    `results` is empty where the record's own word (`ketqua`) says it best.
    """

    record: Record
    versions: tuple[Version, ...]
    grade: str
    level: str
    results: tuple[Entry, ...]
    roles: tuple[str, ...]

    @property
    def recalled(self) -> bool:
        """Whether the school has taken the record back."""
        return self.record.status is RecordStatus.RECALLED


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil with the newest school year first; `name` is None while there is no record."""

    mahocsinh: str
    name: str | None
    years: tuple[SchoolYear, ...]


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature as people read it; `name` is who the certificate names.

    `role_label` is None where the definition, or the role, is not known.
    """

    role: str | None
    role_label: str | None
    name: str
    organization: str | None
    subject: str
    claimed_at: datetime | None
    proved_at: datetime | None
    indication: Indication


def children_of(repository: Repository, caller: Caller, language: Language) -> tuple[Child, ...]:
    """The pupils of a guardian with all their records, each noted as seen."""
    judgement = repository.judgement()
    with repository.index.reading() as tx:
        ids = {tx.links.ids(each): each for each in caller.token.mahocsinh}
    return tuple(
        _child(judgement, visible_timeline(repository, caller, each).records, each, language)
        for each in ids.values()  # a pupil once, whatever ids the token names
    )


def signers_of(
    data: bytes, judgement: Judgement, version: Version, language: Language
) -> tuple[SignatureLine, ...] | None:
    """Who signed a stored version, validated as of the time it was accepted.

    None where it does not pass today by what was valid then: then nothing is said of signers.
    """
    examination = examine(data, "", judgement, version.accepted_at)
    if examination.transcript is None or examination.signatures is None:
        return None
    definition = definition_of(judgement, version.definition)
    signatures = examination.signatures.signatures
    return tuple(signature_line(each, definition, language) for each in signatures)


def signature_line(
    signature: SignatureValidation, definition: Definition | None, language: Language
) -> SignatureLine:
    """A signature as people read it."""
    subject = signature.signer.subject if signature.signer else ""
    names = subject_names(subject)
    return SignatureLine(
        role=signature.role,
        role_label=(
            definition.role_label(signature.role, language)
            if definition and signature.role
            else None
        ),
        name=names.get("name") or subject,
        organization=names.get("organization"),
        subject=subject.replace(",", ", "),  # where lines may break
        claimed_at=signature.claimed_signing_time,
        proved_at=signature.best_signature_time,
        indication=signature.verdict.indication,
    )


def grade_of(judgement: Judgement, record: Record, language: Language) -> str:
    """The grade in words."""
    definition = definition_of(judgement, record.definition)
    return in_words(definition, "makhoi", record.makhoi, language)


def _child(
    judgement: Judgement,
    records: tuple[RecordHistory, ...],
    mahocsinh: str,
    language: Language,
) -> Child:
    newest_first = tuple(reversed(records))
    return Child(
        mahocsinh,
        newest_first[0].record.hovaten if newest_first else None,
        tuple(_year(judgement, each, language) for each in newest_first),
    )


def _year(judgement: Judgement, history: RecordHistory, language: Language) -> SchoolYear:
    record = history.record
    definition = definition_of(judgement, record.definition)
    policy = judgement.policies.get(record.definition)
    return SchoolYear(
        record=record,
        versions=history.versions,
        grade=grade_of(judgement, record, language),
        level=in_words(definition, "macaphoc", record.macaphoc, language),
        results=result_in_words(definition, record.ketqua or "", language),
        roles=_roles(policy, definition, language),
    )


def _roles(
    policy: SignaturePolicy | None, definition: Definition | None, language: Language
) -> tuple[str, ...]:
    if policy is None or definition is None:
        return ()
    return tuple(definition.role_label(each.role, language) or each.role for each in policy.roles)


def definition_of(judgement: Judgement, reference: str) -> Definition | None:
    """The definition `name/version`; None where it is there no more."""
    return next((each for each in judgement.definitions if each.reference == reference), None)
