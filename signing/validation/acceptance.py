"""Signature acceptance: ETSI EN 319 102-1 V1.3.1, clause 5.2.8, at one time."""

from datetime import datetime, timedelta

from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME
from signing.report import PASSED, SubIndication, Verdict, indeterminate, worst
from signing.validation.basic import AlgorithmUse, BasicValidation

# A signer's clock may be ahead of ours by this much.
_CLOCK_TOLERANCE = timedelta(minutes=10)


def accept(basic: BasicValidation, time: datetime, *, proved: bool) -> Verdict:
    """Whether the signature meets the policy at *time*: the *proved* time, else the present.

    (1) the algorithms are still relied on, (2) the claimed signing time does not lie after it, and
    (3) lies within the validity of the signing certificate.
    """
    # (1):
    verdicts = [PASSED, *_ended(basic.algorithms, time)]
    claimed = basic.properties.claimed_signing_time
    if claimed is not None:
        # (2):
        if claimed > time + _CLOCK_TOLERANCE:
            code = "HB-S053" if proved else "HB-S050"
            reason = finding(code, claimed=claimed.isoformat(), at=time.isoformat())
            verdicts.append(indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason))
        # (3):
        verdicts.append(_within_validity(basic, claimed))
    return worst(verdicts)


def _ended(uses: tuple[AlgorithmUse, ...], time: datetime) -> list[Verdict]:
    day = time.astimezone(VIETNAM_TIME).date()
    return [
        indeterminate(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
            finding("HB-S022", algorithm=each.uri, until=each.end),
        )
        for each in uses
        if each.end is not None and day >= each.end
    ]


def _within_validity(basic: BasicValidation, claimed: datetime) -> Verdict:
    certificate = basic.certificate
    if certificate is None:
        return PASSED  # identification has said so
    issued = certificate.certificate.not_valid_before_utc
    expires = certificate.certificate.not_valid_after_utc
    if issued <= claimed <= expires:
        return PASSED
    return indeterminate(
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        finding("HB-S052", claimed=claimed.isoformat(), since=issued.date(), until=expires.date()),
    )
