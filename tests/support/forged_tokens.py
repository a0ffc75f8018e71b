"""Time-stamp tokens that no authority would issue: every part can be told to be wrong.

forge_token(b"octets", by=Forger.of(pki, "tsa"), at=SOME_DAY, imprint_hash="sha1")
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new, sha1, sha256
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from hocba.sample.insecure_keys import PrivateKey
from tests.support.services.certomancer import TestPki

_POLICY = "1.3.6.1.4.1.55555.1"


@dataclass(frozen=True)
class Forger:
    """A key and the certificate (DER) that it signs tokens with."""

    key: PrivateKey
    certificate: bytes

    @classmethod
    def of(cls, pki: TestPki, label: str) -> "Forger":
        """The authority *label* of the test PKI."""
        return cls(pki.private_key(label), pki.der(label))


Change = Callable[[Any], None]


def _leave(_: Any) -> None:
    """Change nothing."""


def forge_token(
    stamped: bytes,
    *,
    by: Forger,
    at: datetime,
    imprint_hash: str = "sha256",
    digest: str = "sha256",
    padding_name: str = "rsassa_pkcs1v15",
    identified: bytes | None = None,
    certificates: Sequence[bytes] | None = None,
    with_v1: bool = False,
    nonce: int | None = None,
    change_info: Change = _leave,
    change_attributes: Callable[[list[Any]], list[Any]] = list,
    change_signed_data: Change = _leave,
    change_content: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """A token over *stamped*, DER.

    *identified* is the certificate that the signed attributes name (the forger's own);
    *certificates* are those inside the token. Changes to TSTInfo and attributes are signed; those
    to the content and to SignedData are not.
    """
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": {
                "hash_algorithm": {"algorithm": imprint_hash},
                "hashed_message": new(imprint_hash, stamped).digest(),
            },
            "serial_number": 7,
            "gen_time": at,
            **({} if nonce is None else {"nonce": nonce}),
        }
    )
    change_info(info)
    content = info.dump()
    attributes = change_attributes(
        _attributes(content, digest, identified or by.certificate, with_v1=with_v1)
    )
    signed = cms.CMSAttributes(attributes)
    algorithm, value = _sign(by.key, signed.dump(), digest, padding_name)
    certificate = asn1_x509.Certificate.load(by.certificate)
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {
                            "issuer": certificate.issuer,
                            "serial_number": certificate.serial_number,
                        }
                    )
                }
            ),
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": signed,
            "signature_algorithm": algorithm,
            "signature": value,
        }
    )
    carried = [by.certificate] if certificates is None else certificates
    signed_data = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(change_content(content)),
            },
            "certificates": [asn1_x509.Certificate.load(each) for each in carried],
            "signer_infos": [signer],
        }
    )
    change_signed_data(signed_data)
    return cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump()


def attribute(name: str, *values: Any) -> cms.CMSAttribute:
    """One signed attribute."""
    return cms.CMSAttribute({"type": name, "values": values})


def _attributes(content: bytes, digest: str, identified: bytes, *, with_v1: bool) -> list[Any]:
    named = {"cert_hash": sha256(identified).digest()}
    found = [
        attribute("content_type", "tst_info"),
        attribute("message_digest", new(digest, content).digest()),
        attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [named]})),
    ]
    if with_v1:
        old = {"cert_hash": sha1(identified).digest()}  # noqa: S324 -- as RFC 3161 has it
        found.append(attribute("signing_certificate", tsp.SigningCertificate({"certs": [old]})))
    return found


def _sign(
    key: PrivateKey, octets: bytes, digest: str, padding_name: str
) -> tuple[dict[str, Any], bytes]:
    function = getattr(hashes, digest.upper())()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {"algorithm": f"{digest}_ecdsa"}, key.sign(octets, ec.ECDSA(function))
    assert isinstance(key, rsa.RSAPrivateKey)
    if padding_name == "rsassa_pss":
        parameters = algos.RSASSAPSSParams(
            {
                "hash_algorithm": {"algorithm": digest},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": digest}},
                "salt_length": function.digest_size,
            }
        )
        pss = padding.PSS(padding.MGF1(function), function.digest_size)
        value = key.sign(octets, pss, function)
        return {"algorithm": "rsassa_pss", "parameters": parameters}, value
    return {"algorithm": padding_name}, key.sign(octets, padding.PKCS1v15(), function)
