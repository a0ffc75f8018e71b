"""What a signature's KeyInfo lacks or contradicts, as verdicts: a key alone names nobody."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.findings import finding
from signing.certificates.certificate import SigningCertificate
from signing.foreign.key_info import KeyInfo
from signing.report import SubIndication, Verdict, indeterminate
from signing.xmldsig.form import SignatureForm


def key_verdicts(
    form: SignatureForm, key_info: KeyInfo, certificate: SigningCertificate | None
) -> Iterator[Verdict]:
    """Why KeyInfo names no signer, and what in it is not supported or contradicts itself."""
    line = form.element.sourceline
    if key_info.unread:
        found = finding("HB-S207", line=line, kind=", ".join(key_info.unread))
        yield indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, found)
    if certificate is not None:
        if any(_spki(each) != _spki(certificate.public_key) for each in key_info.keys):
            found = finding("HB-S208", line=line, subject=certificate.signer.subject)
            yield indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, found)
        return
    for code, kinds in (
        ("HB-S204", ("KeyValue",) if key_info.keys else ()),
        ("HB-S205", key_info.names),
        ("HB-S206", key_info.pointers),
    ):
        if kinds:
            found = finding(code, line=line, kind=", ".join(kinds))
            yield indeterminate(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, found)


def arithmetic_key(key_info: KeyInfo, certificate: SigningCertificate | None) -> object | None:
    """The one key to compute with: the certificate's, else the only bare one."""
    if certificate is not None:
        return certificate.public_key
    distinct = {_spki(each): each for each in key_info.keys}
    return next(iter(distinct.values())) if len(distinct) == 1 else None


def _spki(key: object) -> bytes:
    """SubjectPublicKeyInfo of *key*; empty for a kind that nothing is computed with."""
    match key:
        case rsa.RSAPublicKey() | ec.EllipticCurvePublicKey() | dsa.DSAPublicKey():
            return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        case _:
            return b""
