"""Authorities and signers by the minute, and what they say: any path, any CRL, any OCSP response.

For what the PKI of `services/certomancer.py` does not have; keys are new in every process.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asn1crypto import core
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from signing.certificates.certificate import read_certificate
from signing.certificates.path import PathValidator
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore

MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Party:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self):
        """The certificate as DER."""
        return self.certificate.public_bytes(Encoding.DER)


def named(text):
    """A name with nothing but CN."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issued(
    subject,
    issuer=None,
    *,
    ca=True,
    since=datetime(2025, 1, 1, tzinfo=UTC),
    until=datetime(2030, 1, 1, tzinfo=UTC),
    extensions=(),
    key=None,
    as_issuer=None,
    ids=(),
    names_responder=True,
):
    """A certificate by *issuer* (None: by itself); *ids* are its SKI and AKI where odd."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    by = issuer.key if issuer else key
    issuer_name = issuer.certificate.subject if issuer else named(subject)
    own, authority = ids or (None, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(as_issuer) if as_issuer else issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(own or x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            authority or x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False
        )
    )
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = builder.add_extension(
        x509.KeyUsage(
            digital_signature=not ca,
            content_commitment=not ca,
            key_cert_sign=ca,
            crl_sign=ca,
            decipher_only=False,
            **usage,
        ),
        critical=True,
    )
    if names_responder:
        at_responder = x509.UniformResourceIdentifier("http://ocsp.example/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, at_responder)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return Party(builder.sign(by, hashes.SHA256()), key)


def crl(issuer, at, *revoked, until=None, extension=None, key=None):
    """A CRL of *issuer* with (party, date, reason and, where there is one, invalidityDate)."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(until or at + MONTH)
        .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
    )
    if extension is not None:
        critical = not isinstance(extension, x509.FreshestCRL)
        builder = builder.add_extension(extension, critical=critical)
    for party, when, reason, *lost in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(party.certificate.serial_number)
            .revocation_date(when)
            .add_extension(x509.CRLReason(reason), critical=False)
        )
        for since in lost:
            invalid = x509.InvalidityDate(since.replace(tzinfo=None))
            entry = entry.add_extension(invalid, critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def good(party, issuer, at, responder=None, *, cutoff=None):
    """An OCSP response by the authority, or its *responder*, that says good, fresh for a month."""
    by = responder or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=party.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),  # noqa: S303 -- names a certificate
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=at,
        next_update=at + MONTH,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, by.certificate)
    builder = builder.certificates([by.certificate])
    answer = builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)
    return answer if cutoff is None else _with_cutoff(answer, by.key, cutoff)


def _with_cutoff(answer, key, cutoff):
    """The same *answer*, which says since when it speaks of expired certificates."""
    response = asn1_ocsp.OCSPResponse.load(answer)
    basic = response["response_bytes"]["response"].parsed
    data = basic["tbs_response_data"]
    data["responses"][0]["single_extensions"] = [
        {"extn_id": "crl", "extn_value": asn1_ocsp.CrlId({"crl_num": 1})},
        {"extn_id": "archive_cutoff", "extn_value": core.GeneralizedTime(cutoff)},
    ]
    signature = key.sign(data.dump(force=True), ec.ECDSA(hashes.SHA256()))
    basic["signature"] = core.OctetBitString(signature)
    response["response_bytes"]["response"] = core.ParsableOctetString(basic.dump(force=True))
    return response.dump(force=True)


def anchor_of(root):
    """A trust anchor, believed for everything."""
    return TrustAnchor(
        certificate=root.certificate,
        der=root.der,
        sha256=read_certificate(root.der).sha256,
        purposes=frozenset(Purpose),
        valid_from=None,
        valid_until=None,
        source="test",
    )


def validator(root, *crls, intermediates):
    """A validator that trusts *root* for everything."""
    known = tuple(each.der for each in intermediates)
    return PathValidator(TrustStore((anchor_of(root),), known, "test", crls))
