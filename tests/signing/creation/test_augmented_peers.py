"""EU DSS on what we write: XAdES-B, -T and -LT, on the day of signing and when all has expired."""

from collections.abc import Mapping
from functools import cache

import pytest

from schemas.document import parse
from signing.certificates.path import PathValidator
from signing.certificates.trust import TrustStore
from signing.record import validate_record
from signing.report import SignatureReport
from tests.support import dss, signed_records, stamping
from tests.support.dss import DssVerdict, Job
from tests.support.stamping import LATER, SIGNED_AT, SOON, InProcess, pki


def untrusted() -> bytes:
    return stamping.sign(stamping.stamping(InProcess(tsa="tsa-untrusted")))


def offline() -> TrustStore:
    """In decades: the root, and the time-stamping authority's newest CRLs; nothing of signers."""
    return pki().trust(
        *(pki().crl(each, LATER) for each in ("root", "tsa-issuer")), intermediates=()
    )


@cache
def jobs() -> Mapping[str, Job]:
    """Documents with the time and the trust store that both engines get."""
    made = {
        "B, soon": (stamping.sign(), SOON, stamping.trust(SOON)),
        "B, later": (stamping.sign(), LATER, stamping.trust(LATER)),
        "T, soon": (stamping.stamped_record(), SOON, stamping.trust(SOON)),
        "T, later": (stamping.stamped_record(), LATER, stamping.trust(LATER)),
        "T by an untrusted authority, later": (untrusted(), LATER, stamping.trust(LATER)),
        "LT, soon": (stamping.long_term_record(), SOON, stamping.trust(SOON)),
        "LT, later, offline": (stamping.long_term_record(), LATER, offline()),
        "T, later, offline": (stamping.stamped_record(), LATER, offline()),
    }
    return {name: Job(name, data, at, trust) for name, (data, at, trust) in made.items()}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> Mapping[str, list[DssVerdict]]:
    """Every verdict by job, from one run of the JVM."""
    found = dss.dss_verdicts(list(jobs().values()), tmp_path_factory.mktemp("dss"))
    return {name: [each for each in found if each.job == name] for name in jobs()}


def ours(job: Job) -> SignatureReport:
    return validate_record(
        parse(job.document),
        signed_records.policy("tieu-hoc"),
        paths=PathValidator(job.trust),
        roster=signed_records.roster(),
        at=job.at,
    )


# What both engines say of every signature of a job: indication, and each engine's reason. Where an
# expired certificate was not revoked while it was listed, DSS says that; we say what is missing.
EXPECTED = {
    "B, soon": ("TOTAL_PASSED", None, None),
    "B, later": ("INDETERMINATE", "OUT_OF_BOUNDS_NOT_REVOKED", "OUT_OF_BOUNDS_NO_POE"),
    "T, soon": ("TOTAL_PASSED", None, None),
    "T, later": ("TOTAL_PASSED", None, None),
    "T by an untrusted authority, later": (
        "INDETERMINATE",
        "OUT_OF_BOUNDS_NOT_REVOKED",
        "OUT_OF_BOUNDS_NO_POE",
    ),
    "T, later, offline": ("INDETERMINATE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", "NO_POE"),
    "LT, soon": ("TOTAL_PASSED", None, None),
    "LT, later, offline": ("TOTAL_PASSED", None, None),
}


@pytest.mark.dss
@pytest.mark.parametrize("name", EXPECTED)
def test_dss_and_we_come_to_the_same_indication(
    verdicts: Mapping[str, list[DssVerdict]], name: str
) -> None:
    indication, theirs, our_reason = EXPECTED[name]
    report = ours(jobs()[name])
    assert [(each.indication, each.sub_indication) for each in verdicts[name]] == [
        (indication, theirs)
    ] * 3
    assert [
        (each.verdict.indication.name, each.verdict.sub_indication) for each in report.signatures
    ] == [(indication, our_reason)] * 3
    assert {each.id for each in verdicts[name]} == {each.id for each in report.signatures}


@pytest.mark.dss
@pytest.mark.parametrize("name", EXPECTED)
def test_dss_finds_the_level_that_was_written(
    verdicts: Mapping[str, list[DssVerdict]], name: str
) -> None:
    level = name.partition(",")[0].split()[0]
    assert {each.format for each in verdicts[name]} == {f"XAdES-BASELINE-{level}"}


@pytest.mark.dss
@pytest.mark.parametrize("name", [each for each in EXPECTED if not each.startswith("B")])
def test_dss_and_we_come_to_the_same_verdict_on_every_time_stamp(
    verdicts: Mapping[str, list[DssVerdict]], name: str
) -> None:
    for theirs, our in zip(verdicts[name], ours(jobs()[name]).signatures, strict=True):
        assert [reason for _, reason in theirs.timestamps] == [
            each.verdict.sub_indication for each in our.timestamps
        ]
        if theirs.indication == "TOTAL_PASSED":
            assert theirs.best_signature_time == our.best_signature_time == SIGNED_AT
