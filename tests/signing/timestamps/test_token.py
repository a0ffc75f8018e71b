"""The form of a token: what RFC 3161, 5652 and 5816 ask of it, and that nothing else is read."""

import time
from datetime import UTC, datetime, timedelta, timezone
from functools import cache

import pytest
from asn1crypto import cms, core, tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.timestamps.token import MAX_CERTIFICATES, TokenFormatError, read_token
from tests.support.forged_tokens import Forger, attribute, forge_token
from tests.support.services.certomancer import TestPki

AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
STAMPED = b"octets"


@cache
def pki() -> TestPki:
    return TestPki()


def forged(**changes) -> bytes:
    return forge_token(STAMPED, by=Forger.of(pki(), "tsa"), at=AT, **changes)


def test_reads_what_an_authority_issued() -> None:
    read = read_token(pki().timestamp(STAMPED, AT))
    assert read.generated_at == AT
    assert read.imprint.hash_name == "sha256"
    assert [each.names(pki().der("tsa")) for each in read.certificate_identifiers] == [True]
    assert pki().der("tsa") in read.certificates
    assert pki().der("tsa-issuer") in read.certificates
    assert read.signer.serial_number == pki().certificate("tsa").serial_number


def test_a_local_gentime_is_the_same_instant_in_utc() -> None:
    def later(info: tsp.TSTInfo) -> None:
        info["gen_time"] = AT.astimezone(timezone(timedelta(hours=7)))

    read = read_token(forged(change_info=later))
    assert read.generated_at == AT
    assert read.generated_at.tzinfo is UTC


def test_reads_both_forms_of_the_certificates_identifier() -> None:
    read = read_token(forged(with_v1=True))
    assert {each.hash_name for each in read.certificate_identifiers} == {"sha1", "sha256"}
    assert all(each.names(pki().der("tsa")) for each in read.certificate_identifiers)


def without(name: str):
    return lambda attributes: [each for each in attributes if each["type"].native != name]


def twice(name: str):
    return lambda attributes: [
        *attributes,
        *(each.copy() for each in attributes if each["type"].native == name),
    ]


def two_values(attributes):
    (digest,) = [each for each in attributes if each["type"].native == "message_digest"]
    both = (digest["values"][0].native, b"other")
    return [*without("message_digest")(attributes), attribute("message_digest", *both)]


def as_data(attributes):
    return [*without("content_type")(attributes), attribute("content_type", "data")]


def weakly_identified(attributes):
    weak = {"hash_algorithm": {"algorithm": "sha1"}, "cert_hash": bytes(20)}
    named = tsp.SigningCertificateV2({"certs": [weak]})
    others = without("signing_certificate_v2")(attributes)
    return [*others, attribute("signing_certificate_v2", named)]


def two_signers(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"] = [signed_data["signer_infos"][0]] * 2


def no_signer(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"] = []


def other_content(signed_data: cms.SignedData) -> None:
    signed_data["encap_content_info"]["content_type"] = "data"


def other_version(info: tsp.TSTInfo) -> None:
    info["version"] = 2


def crowded(signed_data: cms.SignedData) -> None:
    certificate = signed_data["certificates"][0]
    signed_data["certificates"] = [certificate.copy() for _ in range(MAX_CERTIFICATES + 1)]


def mixed_digests(signed_data: cms.SignedData) -> None:
    signer = signed_data["signer_infos"][0]
    signer["signature_algorithm"] = {"algorithm": "sha512_ecdsa"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"change_attributes": without("content_type")}, "content_type"),
        ({"change_attributes": without("message_digest")}, "message_digest"),
        ({"change_attributes": without("signing_certificate_v2")}, "SigningCertificate"),
        ({"change_attributes": twice("message_digest")}, "message_digest twice"),
        ({"change_attributes": two_values}, "<= 1 value of message_digest"),
        ({"change_attributes": as_data}, "content_type id-ct-TSTInfo"),
        ({"change_attributes": weakly_identified}, "ESSCertIDv2 sha1"),
        ({"change_signed_data": two_signers}, "<= 1 SignerInfo"),
        ({"change_signed_data": no_signer}, "ValueError"),
        ({"change_signed_data": other_content}, "id-ct-TSTInfo"),
        ({"change_signed_data": crowded}, "<= 10 certificates"),
        ({"change_signed_data": mixed_digests}, "digest sha256, signature sha512"),
        ({"change_info": other_version}, "TSTInfo v1"),
        ({"change_content": lambda content: content + b"\0"}, "ValueError"),
    ],
)
def test_refuses_what_is_no_timestamp_token(changes, expected: str) -> None:
    with pytest.raises(TokenFormatError) as refused:
        read_token(forged(**changes))
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"\x30",
        b"\x30\x00",
        b"\x30\x80\x00\x00",
        b"<html>404</html>",
        cms.ContentInfo({"content_type": "data", "content": core.OctetString(b"x")}).dump(),
    ],
)
def test_refuses_what_is_nothing_like_a_token(token: bytes) -> None:
    with pytest.raises(TokenFormatError):
        read_token(token)


def test_refuses_octets_after_the_token() -> None:
    with pytest.raises(TokenFormatError):
        read_token(forged() + b"\0")


ONE_TOKEN = forge_token(STAMPED, by=Forger.of(pki(), "tsa"), at=AT)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_mutated_token_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    token = bytearray(ONE_TOKEN)
    for _ in range(data.draw(st.integers(1, 4))):
        token[data.draw(st.integers(0, len(token) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = read_token(bytes(token))
    except TokenFormatError:
        return
    assert read.generated_at.tzinfo is not None


def test_the_identifier_of_a_certificate_names_no_other() -> None:
    (identifier,) = read_token(forged()).certificate_identifiers
    assert not identifier.names(pki().der("tsa-issuer"))


def tlv(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x83]) + len(content).to_bytes(3, "big") + content


@pytest.mark.parametrize("crowded_part", ["certificates", "crls", "signer_infos", "signed_attrs"])
def test_a_hundred_kilobytes_of_nothing_cost_no_time(crowded_part: str) -> None:
    """Parsed member by member, each of these would take most of a second."""
    signed_data = cms.ContentInfo.load(ONE_TOKEN)["content"]
    signer = signed_data["signer_infos"][0]
    nothing = b"\x30\x00" * 60_000
    attributes = signer["signed_attrs"].dump()
    if crowded_part == "signed_attrs":
        attributes = tlv(0xA0, nothing)
    parts = ("version", "sid", "digest_algorithm")
    signers = tlv(
        0x30,
        b"".join(signer[each].dump() for each in parts)
        + attributes
        + signer["signature_algorithm"].dump()
        + signer["signature"].dump(),
    )
    if crowded_part == "signer_infos":
        signers = nothing
    whole = (
        b"".join(
            signed_data[each].dump()
            for each in ("version", "digest_algorithms", "encap_content_info")
        )
        + (tlv(0xA0, nothing) if crowded_part == "certificates" else b"")
        + (tlv(0xA1, nothing) if crowded_part == "crls" else b"")
        + tlv(0x31, signers)
    )
    oid = cms.ContentType("signed_data").dump()
    started = time.process_time()
    with pytest.raises(TokenFormatError) as refused:
        read_token(tlv(0x30, oid + tlv(0xA0, tlv(0x30, whole))))
    assert time.process_time() - started < 0.1
    assert str(refused.value).startswith("<= ")
