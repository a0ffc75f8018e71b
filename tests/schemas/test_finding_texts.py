"""Texts of findings say times, and why a certificate was revoked, as people do."""

import pytest
from asn1crypto import crl

from schemas.findings import Language, finding, term


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2025-05-25T20:30:00+00:00", "26/05/2025 03:30:00 (UTC+7)"),
        ("2025-05-25T20:30:00+07:00", "25/05/2025 20:30:00 (UTC+7)"),
        ("2029-01-01", "01/01/2029"),
        ("?", "?"),
    ],
)
def test_a_time_is_said_as_in_viet_nam(written: str, said: str, language: Language) -> None:
    told = finding("HB-S061", subject="CN=a", issuer="CN=b", until=written)
    assert f" {said}" in told.message(language)
    assert told.as_json(language)["parameters"] == {
        "subject": "CN=a",
        "issuer": "CN=b",
        "until": written,
    }


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("reason", sorted(set(crl.CRLReason._map.values()) - {"remove_from_crl"}))
def test_every_reason_of_a_revocation_has_words(reason: str, language: Language) -> None:
    words = term("revocation_reason", reason, language)
    assert words != reason
    told = finding("HB-S062", subject="CN=a", revoked="2025-05-25T00:00:00+00:00", reason=reason)
    assert f"({words})" in told.message(language)


@pytest.mark.parametrize("language", list(Language))
def test_who_signed_with_sha256_is_not_told_to_sign_with_sha256(language: Language) -> None:
    uri = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    told = finding("HB-S022", algorithm=uri, until="2029-01-01").message(language)
    assert "ECDSA" in told
    assert "RSA-PSS" in told
