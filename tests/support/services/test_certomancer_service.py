"""The test PKI gives the objects of a day, in this process and over HTTP."""

from datetime import UTC, datetime

import httpx
from asn1crypto import cms, crl, ocsp, tsp
from cryptography import x509

from tests.support.services.certomancer import PkiService, TestPki

DAY = datetime(2025, 7, 1, tzinfo=UTC)


def test_makes_the_revocation_objects_and_tokens_of_a_day():
    pki = TestPki()
    listed = x509.load_der_x509_crl(pki.crl("issuer", DAY))
    assert listed.last_update_utc <= DAY < listed.next_update_utc
    revoked = pki.certificate("homeroom-revoked").serial_number
    assert listed.get_revoked_certificate_by_serial_number(revoked) is not None
    answer = ocsp.OCSPResponse.load(pki.ocsp("homeroom-revoked", DAY))
    assert answer.response_data["responses"][0]["cert_status"].name == "revoked"
    token = cms.ContentInfo.load(pki.timestamp(b"octets", DAY))
    info = token["content"]["encap_content_info"]["content"].parsed
    assert info["gen_time"].native == DAY


def test_serves_the_same_over_http():
    with PkiService(DAY) as service:
        assert crl.CertificateList.load(httpx.get(service.crl_url("issuer")).content).issuer
        imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"\0" * 32}
        asked = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
        sent = httpx.post(service.tsa_url(), content=asked.dump())
        answer = tsp.TimeStampResp.load(sent.content)
        assert answer["status"]["status"].native == "granted"
        assert len(service.requests) == 2
        point = service.pki.certificate("homeroom").extensions.get_extension_for_class(
            x509.CRLDistributionPoints
        )
        assert point.value[0].full_name[0].value == service.crl_url("issuer")
