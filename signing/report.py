"""The words and the shape of a verdict: ETSI EN 319 102-1 V1.3.1, clause 5.1.3.

A report is collected, never cut off at the first error.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.findings import Finding, Language


class Indication(StrEnum):
    """Status indication (EN 319 102-1, table 5)."""

    TOTAL_PASSED = "TOTAL-PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL-FAILED"


class SubIndication(StrEnum):
    """Sub-indication (EN 319 102-1, table 6), as far as this engine gives it."""

    # with TOTAL-FAILED
    FORMAT_FAILURE = "FORMAT_FAILURE"
    HASH_FAILURE = "HASH_FAILURE"
    SIG_CRYPTO_FAILURE = "SIG_CRYPTO_FAILURE"
    REVOKED = "REVOKED"
    # with TOTAL-FAILED where it is proved, with INDETERMINATE where it is not
    EXPIRED = "EXPIRED"
    NOT_YET_VALID = "NOT_YET_VALID"
    # with INDETERMINATE
    SIG_CONSTRAINTS_FAILURE = "SIG_CONSTRAINTS_FAILURE"
    CHAIN_CONSTRAINTS_FAILURE = "CHAIN_CONSTRAINTS_FAILURE"
    CERTIFICATE_CHAIN_GENERAL_FAILURE = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE = "CRYPTO_CONSTRAINTS_FAILURE"
    CRYPTO_CONSTRAINTS_FAILURE_NO_POE = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
    OUT_OF_BOUNDS_NO_POE = "OUT_OF_BOUNDS_NO_POE"
    OUT_OF_BOUNDS_NOT_REVOKED = "OUT_OF_BOUNDS_NOT_REVOKED"
    REVOKED_NO_POE = "REVOKED_NO_POE"
    REVOKED_CA_NO_POE = "REVOKED_CA_NO_POE"
    TRY_LATER = "TRY_LATER"
    TIMESTAMP_ORDER_FAILURE = "TIMESTAMP_ORDER_FAILURE"
    NO_POE = "NO_POE"
    NO_SIGNING_CERTIFICATE_FOUND = "NO_SIGNING_CERTIFICATE_FOUND"
    NO_CERTIFICATE_CHAIN_FOUND = "NO_CERTIFICATE_CHAIN_FOUND"
    SIGNED_DATA_NOT_FOUND = "SIGNED_DATA_NOT_FOUND"


NEEDS_PROOF: Final = frozenset(
    {
        SubIndication.REVOKED_NO_POE,
        SubIndication.REVOKED_CA_NO_POE,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
        SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
        SubIndication.TRY_LATER,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    }
)
"""What a proof that something existed earlier may lift (5.5.4 step 2, 5.6.3.4 step 1)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One step's or one signature's conclusion with the reasons for it."""

    indication: Indication
    sub_indication: SubIndication | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """A pass carries no sub-indication: there is nothing to explain."""
        if self.indication is Indication.TOTAL_PASSED and self.sub_indication is not None:
            raise ValueError(f"passed with sub-indication {self.sub_indication}")


PASSED = Verdict(Indication.TOTAL_PASSED)


def failed(sub_indication: SubIndication, *findings: Finding) -> Verdict:
    """TOTAL-FAILED with its reason."""
    return Verdict(Indication.TOTAL_FAILED, sub_indication, findings)


def indeterminate(sub_indication: SubIndication, *findings: Finding) -> Verdict:
    """INDETERMINATE with its reason."""
    return Verdict(Indication.INDETERMINATE, sub_indication, findings)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """All verdicts as one: the gravest indication, its first sub-indication, every finding.

    No verdicts at all is INDETERMINATE: empty is never a pass.
    """
    collected = tuple(verdicts)
    if collected and collected.count(PASSED) == len(collected):
        return PASSED
    findings = tuple(finding for verdict in collected for finding in verdict.findings)
    for indication in (Indication.TOTAL_FAILED, Indication.INDETERMINATE):
        for verdict in collected:
            if verdict.indication is indication:
                return Verdict(indication, verdict.sub_indication, findings)
    if not collected:
        return Verdict(Indication.INDETERMINATE)
    return Verdict(Indication.TOTAL_PASSED, None, findings)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who the signing certificate names.

    `personal_id` is the 12-digit số định danh from `UID=CCCD:…` (or `CMND:…`), `organization_id`
    the tax code from `UID=MST:…` or organizationIdentifier; either may be None. `serial` is
    hexadecimal; what tells of the certificate itself is None where nobody read it.
    """

    subject: str
    personal_id: str | None
    organization_id: str | None
    certificate_sha256: str
    issuer: str | None = None
    serial: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class TimestampKind(StrEnum):
    """What a time-stamp token stands for (EN 319 132-1, clauses 5.2.8 and 5.3)."""

    SIGNATURE = "signature"  # SignatureTimeStamp: the signature existed by then
    CONTENT = "content"  # AllDataObjectsTimeStamp: the signature was made after it


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampValidation:
    """The validation of one time-stamp token (EN 319 102-1, clause 5.4).

    `generated_at` is its genTime as stated, believed as far as the verdict goes; `authority` names
    the TSA's certificate; `sha256` is that of the token's DER octets.
    """

    kind: TimestampKind
    verdict: Verdict
    generated_at: datetime | None
    authority: str | None
    sha256: str

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """One member of `timestamps` in the report."""
        sub_indication = self.verdict.sub_indication
        return {
            "kind": self.kind.value,
            "indication": self.verdict.indication.value,
            "sub_indication": sub_indication.value if sub_indication else None,
            "generated_at": _iso(self.generated_at),
            "authority": self.authority,
            "messages": [finding.message(language) for finding in self.verdict.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationEvidence:
    """One revocation object that a verdict rests on.

    `subject` is the certificate that it speaks of, `sha256` that of the object's DER octets,
    `issued_at` its thisUpdate (OCSP: producedAt); `source` says where it was found.
    """

    subject: str
    kind: str  # "crl" or "ocsp"
    sha256: str
    issued_at: datetime
    source: str  # "trust-store", "embedded" or "fetched"

    def as_json(self) -> dict[str, object]:
        """One member of `revocation` in the report."""
        return {
            "subject": self.subject,
            "kind": self.kind,
            "sha256": self.sha256,
            "issued_at": _iso(self.issued_at),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class SignatureValidation:
    """The validation of one `ds:Signature` (one line of the report).

    `covers` names the same-document references whose digest was right, as written (`#data`);
    `role` is the slot that the definition gives this signature, None outside any slot.
    `best_signature_time` is None while nothing but the signer's claim speaks for a time.
    `chain` holds the SHA-256 of each certificate from the signer's to the anchor, () for none.
    `certificate_stated` is whether the signer states his certificate in the signed properties,
    `revoked_at` when it (with REVOKED_CA_NO_POE: one above it) was revoked.
    """

    id: str | None
    role: str | None
    verdict: Verdict
    signer: Signer | None
    claimed_signing_time: datetime | None
    best_signature_time: datetime | None
    covers: tuple[str, ...]
    signature_algorithm: str | None
    timestamps: tuple[TimestampValidation, ...] = ()
    revocation: tuple[RevocationEvidence, ...] = ()
    chain: tuple[str, ...] = ()
    certificate_stated: bool = False
    revoked_at: datetime | None = None

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """The shape of design §8."""
        signer = self.signer
        sub_indication = self.verdict.sub_indication
        return {
            "id": self.id,
            "role": self.role,
            "indication": self.verdict.indication.value,
            "sub_indication": sub_indication.value if sub_indication else None,
            "signer": None
            if signer is None
            else {
                "subject": signer.subject,
                "personal_id": signer.personal_id,
                "organization_id": signer.organization_id,
            },
            "claimed_signing_time": _iso(self.claimed_signing_time),
            "best_signature_time": _iso(self.best_signature_time),
            "covers": list(self.covers),
            "signature_algorithm": self.signature_algorithm,
            "timestamps": [each.as_json(language) for each in self.timestamps],
            "revocation": [each.as_json() for each in self.revocation],
            "messages": [finding.message(language) for finding in self.verdict.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationBasis:
    """What a verdict rests on, named, so that nobody takes it for a verdict by something else.

    `algorithms` and `constraints` are name and version, beside them the SHA-256 of the file;
    `trust_store` and `roster` are digests of their content, None where there was none; `engine`
    is the program with its version.
    """

    algorithms: str
    algorithms_sha256: str
    constraints: str
    constraints_sha256: str
    trust_store: str | None
    roster: str | None
    engine: str

    def as_json(self) -> dict[str, object]:
        """Members of `record_validation` in the report."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """All signatures of one document, and the verdict on the record as a whole.

    `record` weighs what no single signature can: every role that the definition demands, the
    right person or school by the roster, the right element, nothing unsigned beside it. `basis`
    is None where nobody asked for it.
    """

    policy: str | None
    signatures: tuple[SignatureValidation, ...]
    record: Verdict
    basis: ValidationBasis | None = None

    @property
    def rules(self) -> str:
        """Name and version of everything that was validated by, for whoever keeps the verdict."""
        basis = self.basis
        named = (self.policy, *((basis.algorithms, basis.constraints) if basis else ()))
        return " ".join(each for each in named if each)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
