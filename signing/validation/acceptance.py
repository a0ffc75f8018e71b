"""Signature acceptance: ETSI EN 319 102-1 V1.3.1, clauses 5.2.8 and 5.5.4 (steps 5 and 8)."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from schemas.findings import Finding, finding
from schemas.vietnam import VIETNAM_TIME
from signing.constraints import SignatureLevel, TimeConstraints, ValidationConstraints
from signing.report import PASSED, SubIndication, Verdict, indeterminate, worst
from signing.validation.basic import AlgorithmUse, BasicValidation


def accept(
    basic: BasicValidation,
    constraints: ValidationConstraints,
    *,
    at: datetime,
    best_signature_time: datetime | None,
    level: SignatureLevel,
) -> Verdict:
    """Whether the signature meets the policy at its proved time, else at the validation time *at*.

    (1) the algorithms are relied on then, (2) the claimed signing time agrees with it and with the
    certificate, (3) the first time-stamp came soon enough, (4) the level is enough.
    """
    time = best_signature_time or at
    # (1):
    ending = [each for each in basic.algorithms if each.end is not None]
    verdicts = [PASSED, *_ended(ending, time)] if ending else [PASSED]
    # (2):
    problems = [*_claim_problems(basic, constraints.time, time, best_signature_time)]
    # (3):
    problems.extend(_delay_problems(basic, constraints.time, best_signature_time))
    # (4):
    if not level.reaches(constraints.minimum_level):
        problems.append(
            finding("HB-S036", found=level.value, expected=constraints.minimum_level.value)
        )
    verdicts.extend(indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, each) for each in problems)
    return worst(verdicts)


def _ended(uses: Iterable[AlgorithmUse], time: datetime) -> Iterator[Verdict]:
    day = time.astimezone(VIETNAM_TIME).date()
    for each in uses:
        if each.end is not None and day >= each.end:
            yield indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                finding("HB-S022", algorithm=each.uri, until=each.end),
            )


def _claim_problems(
    basic: BasicValidation,
    constraints: TimeConstraints,
    time: datetime,
    proved: datetime | None,
) -> Iterator[Finding]:
    claimed, certificate = basic.properties.claimed_signing_time, basic.certificate
    if claimed is None:
        if constraints.signing_time_required:
            yield finding("HB-S037")
        return
    if claimed > time + constraints.clock_tolerance:
        code = "HB-S050" if proved is None else "HB-S053"
        yield finding(code, claimed=claimed.isoformat(), at=time.isoformat())
    if certificate is None or not constraints.signing_time_within_certificate:
        return
    issued = certificate.valid_from
    expires = certificate.valid_until
    if not issued <= claimed <= expires:
        yield finding(
            "HB-S052", claimed=claimed.isoformat(), since=issued.date(), until=expires.date()
        )


def _delay_problems(
    basic: BasicValidation, constraints: TimeConstraints, proved: datetime | None
) -> Iterator[Finding]:
    delay, claimed = constraints.timestamp_delay, basic.properties.claimed_signing_time
    if delay is None or proved is None or (claimed is not None and proved <= claimed + delay):
        return
    yield finding(
        "HB-S059",
        claimed=claimed.isoformat() if claimed else "-",
        proved=proved.isoformat(),
        hours=int(delay.total_seconds() // 3600),
    )
