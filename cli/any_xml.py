"""`hocba verify --any-xml`: the signatures of documents that are no records.

No definition, no roster: what is shown is who signed, what each signature covers and whether it
holds. What is missing is INDETERMINATE, and a document without a signature never passes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from cli.examining import RuleFiles, entries_of
from cli.names import signer_words
from cli.result import Result
from cli.session import Session, Tone, visible
from cli.summary import finding_line, outcome_words
from hocba.ingest.entry import BadEntry, Document, IgnoredEntry
from hocba.ingest.source import Source
from hocba.model.outcome import Outcome
from schemas.document import parse
from schemas.errors import Unreadable
from schemas.findings import Finding, Language
from signing.certificates.algorithm_usage import path_algorithm_policy
from signing.certificates.path import PathValidator
from signing.certificates.trust import TrustStore, read_trust_store
from signing.foreign.report import ForeignReport, ForeignSignatureReport, Scope
from signing.foreign.validation import validate_foreign
from signing.report import Indication, ValidationBasis
from signing.rules import ValidationRules

_MOST_PATHS = 10
_OUTCOMES = {
    Indication.TOTAL_PASSED: Outcome.ACCEPTED,
    Indication.INDETERMINATE: Outcome.INDETERMINATE,
    Indication.TOTAL_FAILED: Outcome.REJECTED,
}
_TONES = {
    Indication.TOTAL_PASSED: Tone.GOOD,
    Indication.INDETERMINATE: Tone.DOUBTFUL,
    Indication.TOTAL_FAILED: Tone.BAD,
}


@dataclass(frozen=True, slots=True)
class AnyXml:
    """Validates documents one after the other, all at the one time *at*."""

    paths: PathValidator | None
    rules: ValidationRules
    basis: ValidationBasis
    at: datetime

    @classmethod
    def prepare(cls, trust: Path | None, files: RuleFiles, at: datetime) -> "AnyXml":
        """Everything that is read once; raises what a broken folder or file raises."""
        rules = files.read()
        store = None if trust is None else read_trust_store(trust)
        constraints = rules.constraints
        return cls(
            None if store is None else _paths(store, rules),
            rules,
            ValidationBasis(
                algorithms=rules.algorithms.reference,
                algorithms_sha256=rules.algorithms.sha256,
                constraints=constraints.reference,
                constraints_sha256=constraints.sha256,
                trust_store=None if store is None else store.digest,
                roster=None,
                engine=f"hocba/{version('hocba')}",
            ),
            at,
        )

    def examine(self, data: bytes) -> ForeignReport | Finding:
        """The report on the document that *data* is, or why it is none."""
        try:
            document = parse(data)
        except Unreadable as error:
            return error.finding
        return validate_foreign(
            document,
            paths=self.paths,
            at=self.at,
            algorithms=self.rules.algorithms,
            constraints=self.rules.constraints,
        )


def _paths(store: TrustStore, rules: ValidationRules) -> PathValidator:
    return PathValidator(
        store,
        constraints=rules.constraints.revocation,
        algorithms=path_algorithm_policy(rules.algorithms),
    )


def verify_any_xml(
    any_xml: AnyXml, sources: Sequence[Source], session: Session
) -> Mapping[Outcome, int]:
    """Write what came of every document, as it comes; gives the counts."""
    counts: Counter[Outcome] = Counter()
    for name, data, found in _examined(any_xml, sources):
        result = _result(name, data, found, any_xml, session.language)
        counts[result.outcome] += 1
        if session.json:
            session.emit(result.body)
        else:
            _show(result, found, session)
    return counts


def _examined(
    any_xml: AnyXml, sources: Sequence[Source]
) -> Iterator[tuple[str, bytes, ForeignReport | Finding]]:
    for entry in entries_of(sources):
        match entry:
            case Document():
                yield entry.file_name, entry.data, any_xml.examine(entry.data)
            case BadEntry():
                yield entry.file_name, b"", entry.finding
            case IgnoredEntry():
                continue


def _result(
    name: str,
    data: bytes,
    found: ForeignReport | Finding,
    any_xml: AnyXml,
    language: Language,
) -> Result:
    """The JSON of one document: the members that a record has, as far as they have a meaning."""
    digest = sha256(data).hexdigest()
    body: dict[str, object]
    if isinstance(found, Finding):
        body = {
            "file": name,
            "outcome": Outcome.UNREADABLE.value,
            "signatures": [],
            "document_validation": None,
            "findings": [found.as_json(language)],
        }
        return Result(digest, Outcome.UNREADABLE, body, (found,))
    document = found.document
    outcome = _OUTCOMES[document.indication]
    sub_indication = document.sub_indication
    body = {
        "file": name,
        "outcome": outcome.value,
        "signatures": [each.as_json(language) for each in found.signatures],
        "document_validation": {
            "indication": document.indication.value,
            "sub_indication": sub_indication.value if sub_indication else None,
            "findings": [each.as_json(language) for each in document.findings],
            "validated_at": any_xml.at.isoformat(),
            **any_xml.basis.as_json(),
        },
        "findings": [],
    }
    return Result(digest, outcome, body, document.findings)


def _show(result: Result, found: ForeignReport | Finding, session: Session) -> None:
    """One document for people: who signed what, and whether it holds."""
    session.write(f"{outcome_words(result.outcome, session)}  {visible(result.file_name)}")
    if isinstance(found, ForeignReport):
        for number, signature in enumerate(found.signatures, start=1):
            _show_signature(number, signature, session)
    for each in result.findings:
        session.write(f"    {finding_line(each, session)}")
    session.write()


def _show_signature(number: int, signature: ForeignSignatureReport, session: Session) -> None:
    validation = signature.validation
    verdict = validation.verdict
    words = [verdict.indication.value]
    if verdict.sub_indication:
        words.append(verdict.sub_indication.value)
    signer = signer_words(asdict(validation.signer)) if validation.signer else None
    heading = session.text(
        "any_xml.signature",
        number=number,
        path=visible(signature.path),
        verdict=session.paint(" / ".join(words), _TONES[verdict.indication]),
    )
    details = [session.text("any_xml.signer", signer=signer)] if signer else []
    if validation.claimed_signing_time:
        at = session.moment(validation.claimed_signing_time)
        details.append(session.text("any_xml.claimed", at=at))
    if validation.best_signature_time:
        at = session.moment(validation.best_signature_time)
        details.append(session.text("any_xml.proved", at=at))
    details.append(_scope_words(signature, session))
    details.extend(signature.covered[:_MOST_PATHS])
    if len(signature.covered) > _MOST_PATHS:
        more = len(signature.covered) - _MOST_PATHS
        details.append(session.text("any_xml.more_paths", count=more))
    if verdict.indication is not Indication.TOTAL_PASSED:
        details.append(session.text(f"any_xml.core.{_core_key(signature.core_validation)}"))
    session.write(f"    {heading}")
    for detail in details:
        session.write(f"        {visible(detail)}")
    for each in dict.fromkeys(verdict.findings):
        session.write(f"        {finding_line(each, session)}")


def _scope_words(signature: ForeignSignatureReport, session: Session) -> str:
    match signature.scope:
        case Scope.FULL:
            return session.text("any_xml.scope.full")
        case Scope.PARTIAL:
            return session.text("any_xml.scope.partial")
        case None:
            return session.text("any_xml.scope.none")


def _core_key(core: bool | None) -> str:
    return {True: "right", False: "wrong", None: "unknown"}[core]
