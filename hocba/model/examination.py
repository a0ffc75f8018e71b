"""Both reports on one document, and the gate that only a passed one goes through."""

from dataclasses import dataclass
from datetime import datetime

from hocba.model.outcome import Outcome
from hocba.model.record import RecordReference, Transcript
from schemas.findings import Finding, Language
from schemas.report import SchemaReport
from signing.report import Indication, SignatureReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """Everything that was found out about one document; plain data, fit for other processes.

    `transcript` is there exactly when the outcome is accepted: what was not verified is not read.
    `record` is what the document claims to be, for reports to people only. `signatures` is None
    where signatures were not asked for (`hocba check`) or the document is unreadable.
    """

    file_name: str
    sha256: str
    size: int
    examined_at: datetime
    outcome: Outcome
    record: RecordReference | None
    schema: SchemaReport
    signatures: SignatureReport | None
    transcript: Transcript | None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """No invalid instances: accepted means that both reports say so."""
        if (self.outcome is Outcome.ACCEPTED) != (self.transcript is not None):
            raise ValueError("a transcript exists exactly for an accepted document")
        if self.transcript is not None:
            passed = (
                self.schema.valid
                and self.signatures is not None
                and self.signatures.record.indication is Indication.TOTAL_PASSED
            )
            if not passed:
                raise ValueError("accepted although a report does not pass")

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Findings of every stage in order: document and batch, schema, signatures, record."""
        signatures = self.signatures
        if signatures is None:
            return self.findings + self.schema.findings
        each = tuple(f for one in signatures.signatures for f in one.verdict.findings)
        return self.findings + self.schema.findings + each + signatures.record.findings

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """One object per document, the shape of design §8."""
        signatures = self.signatures
        body: dict[str, object] = {
            "file": self.file_name,
            "outcome": self.outcome.value,
            "record": self.record.as_json() if self.record else None,
            "schema": {
                "definition": self.schema.definition,
                "valid": self.schema.valid,
                "findings": [f.as_json(language) for f in self.findings + self.schema.findings],
            },
            "signatures": []
            if signatures is None
            else [each.as_json(language) for each in signatures.signatures],
        }
        if signatures is not None:
            sub_indication = signatures.record.sub_indication
            body["record_validation"] = {
                "policy": signatures.policy,
                "validated_at": self.examined_at.isoformat(),
                **(signatures.basis.as_json() if signatures.basis else {}),
                "indication": signatures.record.indication.value,
                "sub_indication": sub_indication.value if sub_indication else None,
                "findings": [f.as_json(language) for f in signatures.record.findings],
            }
        return body


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """A document that may be stored. Cannot exist for one that failed."""

    data: bytes
    examination: Examination

    def __post_init__(self) -> None:
        """The gate (design §2, step 3)."""
        if self.examination.outcome is not Outcome.ACCEPTED or self.examination.transcript is None:
            raise ValueError(f"not accepted: {self.examination.outcome.value}")

    @property
    def transcript(self) -> Transcript:
        """The fields read from the signed element."""
        transcript = self.examination.transcript
        if transcript is None:  # excluded by __post_init__; keeps the type honest
            raise ValueError("not accepted")
        return transcript
