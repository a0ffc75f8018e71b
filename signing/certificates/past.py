"""Past certificate validation: ETSI EN 319 102-1 V1.3.1, clauses 5.6.2.1 and 5.6.2.2.

Whether a certificate was valid and not revoked at a time up to which a signature is proved to
exist. The control time, up to which all that the verdict rests on can be believed, comes from
validation time sliding in pyhanko-certvalidator, over revocation objects that were found authentic.
"""

from collections.abc import Iterable
from datetime import datetime

from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    InsufficientPOEError,
    InsufficientRevinfoError,
    PathValidationError,
)
from pyhanko_certvalidator.path import ValidationPath

from schemas.findings import finding
from signing.certificates.engine import Engine, issuer_of, name_of
from signing.certificates.judgement import (
    chain_of,
    evidence,
    permanently_revoked,
    shell_end,
    shell_start,
    suspended,
)
from signing.certificates.revocation import OcspAnswer, RevocationList
from signing.certificates.status import Status
from signing.certificates.validation import CertificateValidation
from signing.report import PASSED, SubIndication, Verdict, indeterminate


def judge_past(
    engine: Engine,
    path: ValidationPath,
    at: datetime,
    best_signature_time: datetime,
    sources: dict[str, str],
) -> CertificateValidation:
    """Whether *path* held at *best_signature_time*, by what is known at *at*."""
    start, end = shell_start(path), shell_end(path)
    statuses: list[Status] = []
    revoked: Status | None = None
    # (1) the proved time lies in the validity of every certificate (shell model, 5.6.2.1 step 3):
    verdict = _within(engine, best_signature_time, start, end)
    if verdict is None:
        # (2) the path holds at such a time, apart from revocation (5.6.2.1 steps 1 and 2):
        verdict = _path(engine, path, best_signature_time)
    if verdict is None:
        # (3) the control time, from revocation data that is authentic and in scope (5.6.2.2):
        said = engine.statuses(path, at)
        statuses = [each for each in said if each.speaks_of_expired or each.revoked_at]
        revoked = permanently_revoked(statuses, at)
        verdict = _slid(engine, path, at, best_signature_time, statuses, revoked)
    return CertificateValidation(
        verdict=verdict or PASSED,
        chain=chain_of(path),
        revocation=evidence(_newest(statuses), sources),
        revoked_at=revoked.revoked_from if revoked else None,
    )


def _within(engine: Engine, proved: datetime, start: datetime, end: datetime) -> Verdict | None:
    subject = name_of(engine.leaf)
    if proved < start:
        found = finding("HB-S068", subject=subject, since=_time(start), proved=_time(proved))
        return indeterminate(SubIndication.NOT_YET_VALID, found)
    if proved > end:
        found = finding("HB-S069", subject=subject, until=_time(end), proved=_time(proved))
        return indeterminate(SubIndication.OUT_OF_BOUNDS_NO_POE, found)
    return None


def _path(engine: Engine, path: ValidationPath, proved: datetime) -> Verdict | None:
    subject = name_of(engine.leaf)
    try:
        engine.validate_without_revocation(path, proved)
    except DisallowedAlgorithmError:
        return indeterminate(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, finding("HB-S046", subject=subject)
        )
    except PathValidationError as error:
        return indeterminate(
            SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
            finding("HB-S044", subject=subject, reason=error),
        )
    return None


def _slid(
    engine: Engine,
    path: ValidationPath,
    at: datetime,
    proved: datetime,
    statuses: list[Status],
    revoked: Status | None,
) -> Verdict | None:
    """None where the control time is not before the proved one (5.6.2.4)."""
    verdict = _not_good(engine, at, proved, statuses, revoked)
    if verdict is not None:
        return verdict
    for certificate in path.iter_certs(include_root=False):
        if not any(each.certificate.sha256 == certificate.sha256 for each in statuses):
            subject, issuer = name_of(certificate), issuer_of(certificate)
            found = finding("HB-S070", subject=subject, issuer=issuer)
            return indeterminate(SubIndication.NO_POE, found)
    subject = name_of(engine.leaf)
    try:
        control = engine.slide(path, at, *_authentic(statuses))
    except (InsufficientPOEError, InsufficientRevinfoError):
        return indeterminate(SubIndication.NO_POE, finding("HB-S071", subject=subject))
    except DisallowedAlgorithmError:
        return indeterminate(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, finding("HB-S046", subject=subject)
        )
    if proved <= control:
        return None
    found = finding("HB-S073", subject=subject, until=_time(control), proved=_time(proved))
    return indeterminate(SubIndication.NO_POE, found)


def _not_good(
    engine: Engine,
    at: datetime,
    proved: datetime,
    statuses: list[Status],
    revoked: Status | None,
) -> Verdict | None:
    """What was revoked by the proved time, or on hold and never known to be let go."""
    if revoked is not None and _not_after(revoked.revoked_from, proved):
        own = revoked.certificate.sha256 == engine.leaf.sha256
        found = finding(
            "HB-S072",
            subject=revoked.subject,
            revoked=_time(revoked.revoked_from),
            proved=_time(proved),
        )
        reason = SubIndication.REVOKED_NO_POE if own else SubIndication.REVOKED_CA_NO_POE
        return indeterminate(reason, found)
    held = suspended(statuses, at)
    if held is not None and _not_after(held.revoked_at, proved):
        since, until = _time(held.revoked_at), _time(held.next_update)
        found = finding("HB-S064", subject=held.subject, since=since, until=until)
        return indeterminate(SubIndication.TRY_LATER, found)
    return None


def _authentic(
    statuses: Iterable[Status],
) -> tuple[list[RevocationList], list[tuple[OcspAnswer, int]]]:
    """What the statuses were read from, and nothing else: sliding looks at no signature.

    Delta CRLs are not among it; what one revokes is in the statuses.
    """
    crls: dict[str, RevocationList] = {}
    answers: dict[tuple[str, int], tuple[OcspAnswer, int]] = {}
    for status in statuses:
        for source in status.sources:
            if isinstance(source, RevocationList):
                crls[source.sha256] = source
            else:
                answers[source.sha256, status.index] = (source, status.index)
    return list(crls.values()), list(answers.values())


def _not_after(moment: datetime | None, proved: datetime) -> bool:
    """A signature of the very second of the revocation is not older than it."""
    return moment is not None and moment <= proved


def _newest(statuses: Iterable[Status]) -> list[Status]:
    newest: dict[bytes, Status] = {}
    for each in statuses:
        key = each.certificate.sha256
        if key not in newest or newest[key].this_update < each.this_update:
            newest[key] = each
    return list(newest.values())


def _time(moment: datetime | None) -> str:
    return "?" if moment is None else moment.isoformat(timespec="seconds")
