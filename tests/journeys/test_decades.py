"""A school's records signed in 2023, with certificates that expired as 2026 began, in the hands of
an auditor in November 2026: with a proof of time, and without.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache

import pytest

from schemas.document import parse
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.creation.builder import serialize, sign
from signing.creation.long_term import LongTermSource, add_long_term_values
from signing.creation.timestamping import add_signature_timestamp
from signing.roster import write_roster
from signing.timestamps.authority import HttpTimestampAuthority
from tests.support import records, signed_records
from tests.support.command import call
from tests.support.services.certomancer import PkiService, TestPki
from tests.support.trust_folder import write_trust_folder

SIGNED = datetime(2023, 5, 29, 3, tzinfo=UTC)
EXPIRED = datetime(2026, 1, 1, tzinfo=UTC)
LAST_CRL = EXPIRED - timedelta(days=2)
AUDIT = datetime(2026, 11, 22, 2, tzinfo=UTC)
PUPILS = 3
SIGNERS = {
    "GVBM": "subject-teacher",
    "GVCN": "homeroom",
    "CBQL": "principal",
    "KY_PHAT_HANH": "school",
}


@pytest.fixture(scope="module")
def service():
    with PkiService(at=SIGNED) as running:
        yield running


class Form(StrEnum):
    """What the school's software adds to a signature."""

    BARE = "XAdES-B"
    STAMPED = "XAdES-T"
    COMPLETE = "XAdES-LT"


def long_term(pki: TestPki) -> LongTermSource:
    """The OCSP responses of the minute after signing, and the CRLs of that day for the rest."""
    answers = tuple(pki.ocsp(each, SIGNED + timedelta(minutes=1)) for each in SIGNERS.values())
    material = ValidationMaterial(
        certificates=(pki.der("issuer"), pki.der("tsa-issuer")),
        crls=tuple(pki.crl(each, SIGNED) for each in ("root", "tsa-issuer")),
        ocsp_responses=answers,
    )
    paths = PathValidator(pki.trust(*material.crls, ocsp_responses=answers))
    at = SIGNED + timedelta(minutes=2)
    return LongTermSource(paths=paths, material=material, purpose=None, at=at)


def signed(service: PkiService, data: bytes, definition: str, form: Form) -> bytes:
    """*data* signed by every role at SIGNED; stamped by the authority of that day over HTTP."""
    source = long_term(service.pki)
    root = parse(data).root
    for role in signed_records.roles(definition):
        added = sign(
            root,
            role,
            service.pki.signer(SIGNERS[role]),
            policy=signed_records.policy(definition),
            signing_time=SIGNED,
        )
        for signature in added if form is not Form.BARE else ():
            add_signature_timestamp(signature, HttpTimestampAuthority(url=service.tsa_url()))
            if form is Form.COMPLETE:
                add_long_term_values(signature, source)
    return serialize(root)


@cache
def school(service: PkiService, form: Form) -> tuple[bytes, ...]:
    """Records of some pupils, the last one of a THCS class with its subject teachers."""
    primary = [
        records.primary_record(mahocsinh=f"250000000{n}", madinhdanhhocba=f"mau-{n}")
        for n in range(1, PUPILS)
    ]
    return (
        *(signed(service, each, "tieu-hoc", form) for each in primary),
        signed(service, records.secondary_record(), "trung-hoc", form),
    )


@pytest.fixture
def audit(service, tmp_path):
    """Verifies the school's records on a day, with what the trust folder has."""
    roster = tmp_path / "roster.csv"
    write_roster(roster, signed_records.roster().entries())

    def verify(documents: Iterable[bytes], *crls: bytes, at: datetime = AUDIT):
        folder = tmp_path / "records"
        folder.mkdir(exist_ok=True)
        for number, data in enumerate(documents):
            (folder / f"{number}.xml").write_bytes(data)
        pki = service.pki
        trust = tmp_path / f"trust-{len(list(tmp_path.iterdir()))}"
        write_trust_folder(trust, pki.der("root"), map(pki.der, ("issuer", "tsa-issuer")), crls)
        options = ("--trust", trust, "--roster", roster, "--at", at.isoformat())
        return (
            call("verify", folder, *options, "--format=json"),
            call("verify", folder, *options),
        )

    return verify


def crls(pki: TestPki, at: datetime) -> tuple[bytes, ...]:
    return tuple(pki.crl(each, at) for each in ("root", "issuer", "tsa-issuer"))


def indications(ran) -> set[tuple[str, str | None]]:
    return {
        (each["indication"], each["sub_indication"])
        for line in ran.lines
        for each in line["signatures"]
    }


@pytest.mark.parametrize("form", Form)
def test_passes_on_the_day_after_it_is_signed(audit, service, form):
    next_day = SIGNED + timedelta(days=1)
    ran, _ = audit(school(service, form), *crls(service.pki, next_day), at=next_day)
    assert indications(ran) == {("TOTAL-PASSED", None)}
    assert {line["outcome"] for line in ran.lines} == {"accepted"}
    assert ran.code == 0


def test_passes_after_the_certificates_expired_with_time_stamps_and_the_last_crl(audit, service):
    last = service.pki.crl("issuer", LAST_CRL)
    ran, said = audit(school(service, Form.STAMPED), *crls(service.pki, AUDIT), last)
    assert indications(ran) == {("TOTAL-PASSED", None)}
    assert {line["outcome"] for line in ran.lines} == {"accepted"}
    for line in ran.lines:
        for each in line["signatures"]:
            assert each["best_signature_time"] is not None
            proved = datetime.fromisoformat(each["best_signature_time"])
            assert timedelta(0) <= proved - SIGNED < timedelta(minutes=1)
    assert (ran.code, said.code) == (0, 0)


def test_passes_with_what_the_signatures_carry_when_nobody_serves_it_any_more(audit, service):
    pki = service.pki
    still_there = (pki.crl("root", AUDIT), pki.crl("tsa-issuer", AUDIT))
    ran, _ = audit(school(service, Form.COMPLETE), *still_there)
    assert indications(ran) == {("TOTAL-PASSED", None)}
    sources = {
        (each["kind"], each["source"])
        for line in ran.lines
        for signature in line["signatures"]
        for each in signature["revocation"]
    }
    assert ("ocsp", "embedded") in sources
    without, _ = audit(school(service, Form.STAMPED), *still_there)
    assert {indication for indication, _ in indications(without)} == {"INDETERMINATE"}


def test_is_indeterminate_without_time_stamps_and_says_why(audit, service):
    last = service.pki.crl("issuer", LAST_CRL)
    ran, said = audit(school(service, Form.BARE), *crls(service.pki, AUDIT), last)
    found = indications(ran)
    assert {indication for indication, _ in found} == {"INDETERMINATE"}
    assert {reason for _, reason in found} == {"OUT_OF_BOUNDS_NOT_REVOKED"}
    assert {line["outcome"] for line in ran.lines} == {"indeterminate"}
    assert "hết hạn" in said.out
    assert "bằng chứng" in said.out
    assert (ran.code, said.code) == (3, 3)


def test_is_indeterminate_when_nothing_tells_of_revocation_before_the_expiry(audit, service):
    ran, said = audit(school(service, Form.STAMPED), *crls(service.pki, AUDIT))
    assert indications(ran) == {("INDETERMINATE", "NO_POE")}
    assert "CRL" in said.out
    assert ran.code == 3


def test_a_changed_mark_fails_whatever_the_time_stamps_say(audit, service):
    forged = [each.replace(b">8.5<", b">9.5<") for each in school(service, Form.STAMPED)]
    assert forged != list(school(service, Form.STAMPED))
    ran, _ = audit(forged, *crls(service.pki, AUDIT), service.pki.crl("issuer", LAST_CRL))
    assert "HASH_FAILURE" in {reason for _, reason in indications(ran)}
    assert ran.code == 1
