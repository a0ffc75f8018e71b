"""X.509 certificate validation: ETSI EN 319 102-1 V1.3.1, clause 5.2.6, with 5.2.5 for freshness.

The engine says whether a path holds; here is said what follows, with the sub-indication that the
standard gives it and the finding that tells a reader what to do about it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InsufficientRevinfoError,
    NotYetValidError,
    PathValidationError,
    RevokedError,
)
from pyhanko_certvalidator.path import ValidationPath

from schemas.findings import finding
from signing.certificates.engine import Engine, issuer_of, name_of
from signing.certificates.revocation import Freshness
from signing.certificates.status import Status
from signing.certificates.validation import CertificateValidation
from signing.report import (
    PASSED,
    Indication,
    RevocationEvidence,
    SubIndication,
    Verdict,
    indeterminate,
)

# Findings of TRY_LATER: newer revocation data alone would lift them (clause 5.1.3, table 6).
CURABLE = frozenset({"HB-S060", "HB-S061", "HB-S064", "HB-S066", "HB-S067"})

# Of several paths that all fail, the one whose failure tells most: certain before curable.
_TELLS_MOST = (
    SubIndication.REVOKED_NO_POE,
    SubIndication.TRY_LATER,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.NOT_YET_VALID,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    SubIndication.REVOKED_CA_NO_POE,
)


def judge(
    engine: Engine, path: ValidationPath, at: datetime, sources: dict[str, str]
) -> CertificateValidation:
    """The validation of *path* as it stands at *at*; *sources* says where an object came from."""
    failure: PathValidationError | None = None
    try:
        engine.validate(path, at)
    except PathValidationError as error:
        failure = error
    within = min(at, shell_end(path))
    holds_then = within >= shell_start(path)
    statuses = engine.statuses(path, at)
    chain = chain_of(path)
    revoked = permanently_revoked(statuses, at)
    if holds_then and failure is not None:
        # The engine stops at a time, or at data that is not there: neither must hide what is
        # wrong whatever the time and the data.
        failure = _timeless_failure(engine, path, within) or failure
    if revoked is not None and not _is_worse(failure):
        verdict = _revoked(engine, revoked)
        revoked_at = revoked.revoked_from
    elif failure is None and (held := suspended(statuses, at)) is not None:
        verdict, revoked_at = _suspended(engine, held), held.revoked_at
    else:
        verdict = PASSED if failure is None else _failure(engine, path, failure, statuses, at)
        revoked_at = failure.revocation_dt if isinstance(failure, RevokedError) else None
    return CertificateValidation(
        verdict=verdict,
        chain=chain,
        revocation=evidence(_used(engine, statuses, at, revoked), sources),
        revoked_at=revoked_at,
    )


def tells_most(validations: Sequence[CertificateValidation]) -> CertificateValidation:
    """The one of several to show: a pass where there is one."""

    def rank(validation: CertificateValidation) -> int:
        reason = validation.verdict.sub_indication
        if validation.verdict.indication is Indication.TOTAL_PASSED:
            return -1
        return _TELLS_MOST.index(reason) if reason in _TELLS_MOST else len(_TELLS_MOST)

    return min(validations, key=rank)


def shell_start(path: ValidationPath) -> datetime:
    """From when on every certificate below the anchor is valid."""
    starts: list[datetime] = [each.not_valid_before for each in _below(path)]
    return max(starts)


def shell_end(path: ValidationPath) -> datetime:
    """Until when every certificate below the anchor is valid."""
    ends: list[datetime] = [each.not_valid_after for each in _below(path)]
    return min(ends)


def chain_of(path: ValidationPath) -> tuple[bytes, ...]:
    """The certificates of *path* in DER form, from the validated one to the anchor."""
    return tuple(each.dump() for each in path.iter_certs(include_root=True))[::-1]


def _below(path: ValidationPath) -> list[asn1_x509.Certificate]:
    return list(path.iter_certs(include_root=path.pkix_len == 0))


def permanently_revoked(statuses: Iterable[Status], at: datetime) -> Status | None:
    """The earliest revocation that no later data can undo, however old the data is.

    Not merely the one nearest the anchor: a proof of a time before an authority was revoked says
    nothing about a certificate that had been revoked by then already. Of several at one time it is
    the one nearest the anchor.
    """
    earliest, since = None, at
    for status in statuses:
        when = status.revoked_from
        if when is None or status.held or when > at:
            continue
        if earliest is None or when < since:
            earliest, since = status, when
    return earliest


def suspended(statuses: Iterable[Status], at: datetime) -> Status | None:
    """A certificate whose newest status of those issued up to *at* is that it is on hold then.

    Older data that is still fresh does not end a suspension: whoever is suspended could send it.
    Nor does data of the same second.
    """
    newest: dict[bytes, Status] = {}
    for each in statuses:
        if each.this_update > at or not (each.speaks_of_expired or each.revoked_at):
            continue
        known = newest.get(each.certificate.sha256)
        if known is None or (known.this_update, known.held) < (each.this_update, each.held):
            newest[each.certificate.sha256] = each
    held = (each for each in newest.values() if each.held)
    return next((each for each in held if each.revoked_at and each.revoked_at <= at), None)


def _timeless_failure(
    engine: Engine, path: ValidationPath, within: datetime
) -> PathValidationError | None:
    """What is wrong with *path* beside revocation, at a time when all of it is valid."""
    try:
        engine.validate_without_revocation(path, within)
    except PathValidationError as error:
        return error
    return None


def evidence(statuses: Iterable[Status], sources: dict[str, str]) -> tuple[RevocationEvidence, ...]:
    """The statuses as a report shows them."""
    return tuple(
        RevocationEvidence(
            subject=each.subject,
            kind=each.source.kind,
            sha256=each.source.sha256,
            issued_at=each.this_update,
            source=sources.get(each.source.sha256, "embedded"),
        )
        for each in statuses
    )


def _used(
    engine: Engine, statuses: list[Status], at: datetime, revoked: Status | None
) -> list[Status]:
    """What the verdict rests on: the revocation, or the newest data of each certificate."""
    if revoked is not None:
        return [revoked]
    freshness = Freshness(engine.constraints)
    newest: dict[bytes, Status] = {}
    for each in statuses:
        if not each.this_update <= at <= freshness.end(each.this_update, each.next_update):
            continue
        key = each.certificate.sha256
        if key not in newest or newest[key].this_update < each.this_update:
            newest[key] = each
    return list(newest.values())


def _is_worse(failure: PathValidationError | None) -> bool:
    """Whether the path itself is broken: then nothing that hangs on it is worth saying."""
    curable = (ExpiredError, RevokedError, InsufficientRevinfoError, NotYetValidError)
    return failure is not None and not isinstance(failure, curable)


def _revoked(engine: Engine, status: Status) -> Verdict:
    when = _time(status.revoked_from)
    if status.certificate.sha256 == engine.leaf.sha256:
        return indeterminate(
            SubIndication.REVOKED_NO_POE,
            finding("HB-S062", subject=status.subject, revoked=when, reason=status.reason),
        )
    return indeterminate(
        SubIndication.REVOKED_CA_NO_POE,
        finding(
            "HB-S063",
            subject=name_of(engine.leaf),
            issuer=status.subject,
            revoked=when,
            reason=status.reason,
        ),
    )


def _suspended(engine: Engine, held: Status | None, since: datetime | None = None) -> Verdict:
    subject, until = name_of(engine.leaf), None
    if held is not None:
        subject, since, until = held.subject, since or held.revoked_at, held.next_update
    found = finding("HB-S064", subject=subject, since=_time(since), until=_time(until))
    return indeterminate(SubIndication.TRY_LATER, found)


def _failure(
    engine: Engine,
    path: ValidationPath,
    failure: PathValidationError,
    statuses: list[Status],
    at: datetime,
) -> Verdict:
    subject = name_of(engine.leaf)
    match failure:
        case RevokedError():  # what is not permanent is a suspension
            held = next((each for each in statuses if each.held), None)
            return _suspended(engine, held, failure.revocation_dt)
        case InsufficientRevinfoError():
            return _status_unknown(engine, path, statuses, at)
        case ExpiredError():
            return _expired(engine, failure, statuses)
        case NotYetValidError():
            return indeterminate(
                SubIndication.NOT_YET_VALID,
                finding("HB-S043", subject=subject, since=day(failure.valid_from)),
            )
        case DisallowedAlgorithmError():
            return indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                finding("HB-S046", subject=subject),
            )
        case _:
            return indeterminate(
                SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
                finding("HB-S044", subject=subject, reason=failure),
            )


def _expired(engine: Engine, failure: ExpiredError, statuses: list[Status]) -> Verdict:
    """Clause 5.2.6: expired, and known (or not) to have never been revoked."""
    subject, until = name_of(engine.leaf), day(failure.expired_dt)
    if failure.is_ee_cert and not failure.is_side_validation:
        end = engine.leaf.not_valid_after
        if known_good_at(engine, _of(engine.leaf, statuses), end):
            return indeterminate(
                SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
                finding("HB-S065", subject=subject, until=until),
            )
    return indeterminate(
        SubIndication.OUT_OF_BOUNDS_NO_POE, finding("HB-S042", subject=subject, until=until)
    )


def known_good_at(engine: Engine, statuses: list[Status], end: datetime) -> bool:
    """Whether *statuses* say "not revoked" of a certificate that ended at *end*.

    They must reach up to *end* (5.2.5), or come later and still speak of what has expired. What
    was last known to be on hold is not known to be good, though older data would reach as far.
    """
    freshness = Freshness(engine.constraints)
    return (
        any(
            each.revoked_at is None
            and each.speaks_of_expired
            and end <= freshness.end(each.this_update, each.next_update)
            for each in statuses
        )
        and all(each.revoked_at is None or each.held for each in statuses)
        and suspended(statuses, datetime.max.replace(tzinfo=UTC)) is None
    )


def _of(certificate: asn1_x509.Certificate, statuses: Iterable[Status]) -> list[Status]:
    return [each for each in statuses if each.certificate.sha256 == certificate.sha256]


def _status_unknown(
    engine: Engine,
    path: ValidationPath,
    statuses: list[Status],
    at: datetime,
) -> Verdict:
    """TRY_LATER, naming the first certificate below the anchor whose status is not known.

    Not where the path begins later only: no revocation data would mend that.
    """
    if at < shell_start(path):
        return indeterminate(
            SubIndication.NOT_YET_VALID,
            finding("HB-S043", subject=name_of(engine.leaf), since=day(shell_start(path))),
        )
    freshness = Freshness(engine.constraints)
    for certificate in path.iter_certs(include_root=False):
        said = _of(certificate, statuses)
        subject, issuer = name_of(certificate), issuer_of(certificate)
        if not said:
            code = "HB-S066" if engine.has_data_of(certificate) else "HB-S060"
            return indeterminate(
                SubIndication.TRY_LATER, finding(code, subject=subject, issuer=issuer)
            )
        begin = min(each.this_update for each in said)
        if begin > at:
            return indeterminate(
                SubIndication.TRY_LATER,
                finding("HB-S067", subject=subject, issuer=issuer, since=_time(begin)),
            )
        end = max(
            freshness.end(each.this_update, each.next_update)
            for each in said
            if each.this_update <= at
        )
        if end < at:
            return indeterminate(
                SubIndication.TRY_LATER,
                finding("HB-S061", subject=subject, issuer=issuer, until=_time(end)),
            )
    # The engine asks no OCSP response where the certificate names no responder.
    return indeterminate(
        SubIndication.TRY_LATER,
        finding("HB-S066", subject=name_of(engine.leaf), issuer=issuer_of(engine.leaf)),
    )


def day(moment: datetime) -> str:
    """A day as findings show it."""
    return moment.strftime("%d/%m/%Y")


def _time(moment: datetime | None) -> str:
    return "?" if moment is None else moment.isoformat(timespec="seconds")
