"""Validation with time: ETSI EN 319 102-1 V1.3.1, clauses 5.5 (time-stamps and long-term
validation data) and 5.6.2 (past signature validation).

What expired, was revoked or went out of use after a signature was made does not harm it, once it
is proved that it existed before. Without proof it is INDETERMINATE, not failed.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from schemas.findings import Finding, Language, finding
from signing.certificates.certificate import SigningCertificate
from signing.certificates.path import CertificateValidation, PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.constraints import SignatureLevel, ValidationConstraints
from signing.report import (
    NEEDS_PROOF,
    PASSED,
    Indication,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    Verdict,
    failed,
    indeterminate,
    worst,
)
from signing.validation.acceptance import accept
from signing.validation.basic import BasicValidation

_REVOKED = frozenset({SubIndication.REVOKED_NO_POE, SubIndication.REVOKED_CA_NO_POE})
_OUT_OF_BOUNDS = frozenset(
    {SubIndication.OUT_OF_BOUNDS_NO_POE, SubIndication.OUT_OF_BOUNDS_NOT_REVOKED}
)


class Timed(NamedTuple):
    """The verdict once time is considered.

    `best_signature_time` is the earliest time at which the signature is proved to have existed,
    None where nothing proves one. `x509` is what the certificate's verdict became by that proof.
    """

    verdict: Verdict
    best_signature_time: datetime | None
    x509: CertificateValidation


def validate_with_time(
    basic: BasicValidation,
    timestamps: tuple[TimestampValidation, ...],
    material: ValidationMaterial,
    purpose: Purpose | None,
    *,
    constraints: ValidationConstraints,
    paths: PathValidator | None,
    at: datetime,
) -> Timed:
    """The verdict on a signature by its *timestamps*, as it stands at *at*.

    (1) the best signature time, (2) the certificate at that time, (3) the order of the
    time-stamps, (4) signature acceptance at that time.
    """
    if not timestamps:
        return _without_proof(basic, material, constraints, at)
    # (1) Each time-stamp that passes is a proof; one that does not proves nothing (5.5.4 step 3).
    proved = [
        each.generated_at
        for each in _passed(timestamps, TimestampKind.SIGNATURE)
        if each.generated_at is not None
    ]
    best = min((each for each in proved if each <= at), default=None)
    # (2) steps 4 a, b, d, 6 and 7, and past signature validation:
    x509 = basic.x509
    made_after = _made_after(timestamps)
    if basic.certificate is not None:
        x509 = _x509_in_time(basic, basic.certificate, best, made_after)
        if best is not None and paths is not None and _may_be_lifted(x509.verdict):
            x509 = paths.validate_past(
                basic.certificate, material, purpose, at=at, best_signature_time=best
            )
    verdicts = [basic.timeless, x509.verdict]
    # (3) step 4 e:
    if made_after is not None and not _in_order(timestamps, made_after):
        verdicts.append(indeterminate(SubIndication.TIMESTAMP_ORDER_FAILURE, finding("HB-S054")))
    # (4) steps 4 c, 5, 8 and 9:
    level = _level(basic, material, proved=best is not None)
    verdicts.append(accept(basic, constraints, at=at, best_signature_time=best, level=level))
    verdicts.extend(_useless(timestamps))
    return Timed(worst(verdicts), best, x509)


def _without_proof(
    basic: BasicValidation,
    material: ValidationMaterial,
    constraints: ValidationConstraints,
    at: datetime,
) -> Timed:
    """Nothing proves a time: the certificate stands as it does at *at*, step (4) is left."""
    level = _level(basic, material, proved=False)
    accepted = accept(basic, constraints, at=at, best_signature_time=None, level=level)
    return Timed(worst([basic.timeless, basic.x509.verdict, accepted]), None, basic.x509)


def _level(basic: BasicValidation, material: ValidationMaterial, *, proved: bool) -> SignatureLevel:
    """What the signature comes with, of what EN 319 132-1 clause 6 asks for."""
    if basic.properties.signing_certificates is None:
        return SignatureLevel.XML_DSIG
    if not proved:
        return SignatureLevel.B
    embedded = material.crls or material.ocsp_responses
    return SignatureLevel.LT if embedded else SignatureLevel.T


def _x509_in_time(
    basic: BasicValidation,
    certificate: SigningCertificate,
    best: datetime | None,
    made_after: datetime | None,
) -> CertificateValidation:
    """Step 4: the certificate's verdict, its own times compared with those that are proved."""
    x509 = basic.x509
    if made_after is not None and (too_late := _made_too_late(x509, certificate, made_after)):
        return _with(x509, too_late)
    if best is None:
        return x509
    issued = certificate.valid_from
    if best < issued:
        subject = certificate.signer.subject
        found = finding("HB-S057", subject=subject, since=_text(issued), proved=_text(best))
        return _with(x509, failed(SubIndication.NOT_YET_VALID, found))
    # What was revoked is for past certificate validation: authorities have their times, too.
    reason = x509.verdict.sub_indication
    in_time = best <= certificate.valid_until and reason is SubIndication.OUT_OF_BOUNDS_NOT_REVOKED
    return _with(x509, PASSED) if in_time else x509


def _made_too_late(
    x509: CertificateValidation, certificate: SigningCertificate, made_after: datetime
) -> Verdict | None:
    """A content time-stamp proves that the signature is younger (5.3.4, steps 4 and 5)."""
    subject, made = certificate.signer.subject, _text(made_after)
    reason, revoked = x509.verdict.sub_indication, x509.revoked_at
    if reason is SubIndication.REVOKED_NO_POE and revoked and revoked <= made_after:
        found = finding("HB-S055", subject=subject, revoked=_text(revoked), made=made)
        return failed(SubIndication.REVOKED, found)
    expires = certificate.valid_until
    if reason in _OUT_OF_BOUNDS and made_after > expires:
        found = finding("HB-S056", subject=subject, until=_text(expires), made=made)
        return failed(SubIndication.EXPIRED, found)
    return None


def _may_be_lifted(verdict: Verdict) -> bool:
    return verdict.indication is Indication.INDETERMINATE and verdict.sub_indication in NEEDS_PROOF


def _with(x509: CertificateValidation, verdict: Verdict) -> CertificateValidation:
    return replace(x509, verdict=verdict)


def _passed(
    timestamps: tuple[TimestampValidation, ...], kind: TimestampKind
) -> list[TimestampValidation]:
    return [
        each
        for each in timestamps
        if each.kind is kind and each.verdict.indication is Indication.TOTAL_PASSED
    ]


def _made_after(timestamps: tuple[TimestampValidation, ...]) -> datetime | None:
    """The latest time before which the signature cannot have been made."""
    times = [each.generated_at for each in _passed(timestamps, TimestampKind.CONTENT)]
    return max((each for each in times if each is not None), default=None)


def _in_order(timestamps: tuple[TimestampValidation, ...], made_after: datetime) -> bool:
    """Whether every time-stamp on the content comes before every one on the signature."""
    signed = _passed(timestamps, TimestampKind.SIGNATURE)
    return all(each.generated_at is not None and made_after <= each.generated_at for each in signed)


def _useless(timestamps: tuple[TimestampValidation, ...]) -> list[Verdict]:
    """A time-stamp that does not pass is told, and takes nothing from the signature."""
    return [
        Verdict(Indication.TOTAL_PASSED, None, (_untimely(each),))
        for each in timestamps
        if each.verdict.indication is not Indication.TOTAL_PASSED
    ]


def _untimely(timestamp: TimestampValidation) -> Finding:
    """Says in words, too, what is wrong with the time-stamp: a code alone helps no reader."""
    reason = timestamp.verdict.sub_indication
    code = reason.value if reason else "?"
    return finding(
        "HB-S058",
        reason=code,
        why=_words(timestamp.verdict, Language.VI),
        why_en=_words(timestamp.verdict, Language.EN),
    )


def _words(verdict: Verdict, language: Language) -> str:
    return " ".join(each.message(language) for each in verdict.findings) or "?"


def _text(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
