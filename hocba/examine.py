"""One document from bytes to verdict (design §2, steps 1 to 4): parse, check, validate, extract.

Both the schema check and the signature validation always run, so that a sender sees every finding
at once. What the index will know is read from the signed content only, and only once it passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from importlib.metadata import version

from hocba.model.examination import Examination
from hocba.model.outcome import Outcome
from hocba.model.record import (
    EarlierYear,
    Event,
    RecordReference,
    RecordStatus,
    Transcript,
)
from schemas.check import check_against
from schemas.definition import Definition
from schemas.document import ParsedDocument, ParserLimits, parse
from schemas.errors import Unreadable
from schemas.findings import Finding, finding
from schemas.record_view import RecordView
from schemas.registry import DefinitionRegistry
from schemas.report import SchemaReport
from signing.certificates.algorithm_usage import path_algorithm_policy
from signing.certificates.path import PathValidator, RevocationSource
from signing.certificates.trust import TrustStore
from signing.errors import PolicyError
from signing.policy import SignaturePolicy, read_policy
from signing.record import validate_record
from signing.report import (
    Indication,
    SignatureReport,
    SubIndication,
    ValidationBasis,
    indeterminate,
)
from signing.roster import Roster
from signing.rules import ValidationRules

MAX_EARLIER_YEARS = 40
"""Lines of a study history that are kept: twelve grades, each repeated and changed schools in."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a document is judged by: read once, shared by every document of a process.

    `paths` and `roster` may be None: then nothing can pass, only be INDETERMINATE. `basis` names
    all of it in every report.
    """

    definitions: DefinitionRegistry
    policies: Mapping[str, SignaturePolicy]
    paths: PathValidator | None
    roster: Roster | None
    limits: ParserLimits
    rules: ValidationRules
    basis: ValidationBasis


def judgement(
    definitions: DefinitionRegistry,
    trust: TrustStore | None,
    roster: Roster | None,
    limits: ParserLimits | None = None,
    rules: ValidationRules | None = None,
    source: RevocationSource | None = None,
) -> Judgement:
    """Everything that `examine` needs; raises `PolicyError` for a definition's broken policy."""
    policies = {each.reference: _policy_of(each) for each in definitions}
    rules = rules or ValidationRules.shipped()
    return Judgement(
        definitions=definitions,
        policies=policies,
        paths=None if trust is None else _paths(trust, rules, source),
        roster=roster,
        limits=limits or ParserLimits(),
        rules=rules,
        basis=ValidationBasis(
            algorithms=rules.algorithms.reference,
            algorithms_sha256=rules.algorithms.sha256,
            constraints=rules.constraints.reference,
            constraints_sha256=rules.constraints.sha256,
            trust_store=None if trust is None else trust.digest,
            roster=None if roster is None else roster.digest,
            engine=f"hocba/{version('hocba')}",
        ),
    )


def _paths(
    trust: TrustStore, rules: ValidationRules, source: RevocationSource | None
) -> PathValidator:
    """Certificates are judged by the same table and constraints as signatures."""
    return PathValidator(
        trust,
        constraints=rules.constraints.revocation,
        algorithms=path_algorithm_policy(rules.algorithms),
        source=source,
    )


def _policy_of(definition: Definition) -> SignaturePolicy:
    """The definition's policy; both must mean the same content, or what is unsigned is read."""
    policy = read_policy(definition.policy_path)
    if policy.content.path != definition.content.path:
        raise PolicyError(
            f"{definition.reference}: content is {definition.content.path}, "
            f"the signature policy says {policy.content.path}"
        )
    return policy


def examine(data: bytes, file_name: str, by: Judgement, at: datetime) -> Examination:
    """Everything there is to find out about one document at the time *at*; never raises."""
    try:
        document = parse(data, by.limits)
    except Unreadable as error:
        return unreadable(data, file_name, at, error.finding)
    definition = by.definitions.find(document)
    view = None if definition is None else definition.view(document)
    schema = _check(document, definition, view, by)
    signatures = _validate(document, definition, by, at)
    fields = _read_fields(view, definition)
    reference = _reference(fields, definition)
    outcome = _outcome(schema, signatures)
    transcript: Transcript | None = None
    findings: tuple[Finding, ...] = ()
    if outcome is Outcome.ACCEPTED and definition is not None:
        transcript = _transcript(fields, reference, definition, view)
        if transcript is None:
            outcome = Outcome.REJECTED
            findings = (finding("HB-I019", definition=definition.reference),)
    return Examination(
        file_name=file_name,
        sha256=document.sha256,
        size=len(data),
        examined_at=at,
        outcome=outcome,
        record=reference,
        schema=schema,
        signatures=signatures,
        transcript=transcript,
        findings=findings,
    )


def check_only(data: bytes, file_name: str, by: Judgement, at: datetime) -> Examination:
    """Schema and rules only, for a school before it signs or uploads: never `accepted`.

    A document without findings is INDETERMINATE in what was not looked at; `schema.valid` says
    what was asked.
    """
    try:
        document = parse(data, by.limits)
    except Unreadable as error:
        return unreadable(data, file_name, at, error.finding)
    definition = by.definitions.find(document)
    view = None if definition is None else definition.view(document)
    schema = _check(document, definition, view, by)
    return Examination(
        file_name=file_name,
        sha256=document.sha256,
        size=len(data),
        examined_at=at,
        outcome=Outcome.INDETERMINATE if schema.valid else Outcome.REJECTED,
        record=_reference(_read_fields(view, definition), definition),
        schema=schema,
        signatures=None,
        transcript=None,
    )


def claimed_record(data: bytes, definitions: DefinitionRegistry) -> RecordReference | None:
    """Which record and version a document says it is; None where that cannot be read."""
    try:
        document = parse(data)
    except Unreadable:
        return None
    definition = definitions.find(document)
    if definition is None:
        return None
    return _reference(_read_fields(definition.view(document), definition), definition)


def unreadable(data: bytes, file_name: str, at: datetime, reason: Finding) -> Examination:
    """The examination of bytes that are no document."""
    return Examination(
        file_name=file_name,
        sha256=sha256(data).hexdigest(),
        size=len(data),
        examined_at=at,
        outcome=Outcome.UNREADABLE,
        record=None,
        schema=SchemaReport(None, (reason,)),
        signatures=None,
        transcript=None,
    )


def _check(
    document: ParsedDocument,
    definition: Definition | None,
    view: RecordView | None,
    by: Judgement,
) -> SchemaReport:
    if definition is None:
        return SchemaReport(None, (by.definitions.why_unknown(document),))
    return check_against(document, definition, view)


def _validate(
    document: ParsedDocument, definition: Definition | None, by: Judgement, at: datetime
) -> SignatureReport:
    if definition is None:
        reason = indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, finding("HB-S101"))
        return SignatureReport(policy=None, signatures=(), record=reason, basis=by.basis)
    report = validate_record(
        document,
        by.policies[definition.reference],
        paths=by.paths,
        roster=by.roster,
        at=at,
        algorithms=by.rules.algorithms,
        constraints=by.rules.constraints,
    )
    return SignatureReport(report.policy, report.signatures, report.record, by.basis)


def _outcome(schema: SchemaReport, signatures: SignatureReport) -> Outcome:
    match signatures.record.indication:
        case _ if not schema.valid:
            return Outcome.REJECTED
        case Indication.TOTAL_PASSED:
            return Outcome.ACCEPTED
        case Indication.INDETERMINATE:
            return Outcome.INDETERMINATE
        case Indication.TOTAL_FAILED:
            return Outcome.REJECTED


def _read_fields(view: RecordView | None, definition: Definition | None) -> dict[str, str]:
    """The index fields of the one content element; empty where there is not exactly one."""
    if definition is None or view is None:
        return {}
    fields = {}
    for name, field in definition.index.items():
        value = view.only(field)
        if value is not None and value.strip():
            fields[name] = value.strip()
    return fields


def _reference(fields: dict[str, str], definition: Definition | None) -> RecordReference | None:
    try:
        return RecordReference(
            madinhdanhhocba=fields["madinhdanhhocba"],
            mahocsinh=fields["mahocsinh"],
            namhoc=fields["namhoc"],
            matruong=fields["matruong"],
            phienban=int(fields["phienban"]),
            definition=definition.reference if definition else "",
            masogd=fields.get("masogd", ""),
        )
    except (KeyError, ValueError):
        return None


def _transcript(
    fields: dict[str, str],
    reference: RecordReference | None,
    definition: Definition,
    view: RecordView | None,
) -> Transcript | None:
    if reference is None:
        return None
    try:
        return Transcript(
            reference=reference,
            event=Event(fields["event"]),
            status=RecordStatus(fields["status"]),
            masogd=fields["masogd"],
            tentruong=fields["tentruong"],
            macaphoc=fields["macaphoc"],
            makhoi=fields["makhoi"],
            tenlop=fields["tenlop"],
            sodinhdanh=fields["sodinhdanh"],
            hovaten=fields["hovaten"],
            ketqua=fields.get("ketqua"),
            trichluc=_flag(fields.get("trichluc")),
            maxa=fields.get("maxa"),
            duoclenlop=_flag(fields.get("duoclenlop")),
            hoanthanhcap=_flag(fields.get("hoanthanhcap")),
            ngaykyphathanh=_day(fields.get("ngaykyphathanh")),
            earlier=_earlier(definition, view),
        )
    except (KeyError, ValueError):
        return None


def _flag(text: str | None) -> bool | None:
    """A boolean of XML Schema; None where there is none."""
    return None if text is None else text in {"1", "true"}


def _day(text: str | None) -> date | None:
    """A day of ISO 8601; None where there is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def _earlier(definition: Definition, view: RecordView | None) -> tuple[EarlierYear, ...] | None:
    """What the record tells of the years before it; None where its definition does not say."""
    where = definition.earlier_years
    if where is None or view is None:
        return None
    rows = view.columns(where.rows, tuple(where.tags.values()))[:MAX_EARLIER_YEARS]
    texts = ({name: row.get(tag, "").strip() for name, tag in where.tags.items()} for row in rows)
    return tuple(
        EarlierYear(
            each["namhoc"],
            each["tenlop"],
            each["tentruong"],
            each["tentinh"],
            _day(each["ngaychuyenden"] or None),
        )
        for each in texts
    )
