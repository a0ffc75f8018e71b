"""An unsafe signature builder for tests: it signs whatever it is told to, however wrong.

The product refuses to write any of this; validation has to survive it.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.keys.key import SoftwareKey

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
RSA_PSS_SHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"

MD5 = "http://www.w3.org/2001/04/xmldsig-more#md5"
RSA_MD5 = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"

_HASHES = {SHA1: "sha1", SHA256: "sha256", MD5: "md5"}
_RSA_HASHES = {RSA_SHA1: hashes.SHA1(), RSA_MD5: hashes.MD5()}  # noqa: S303 -- to be refused


@dataclass(frozen=True)
class Ref:
    """One reference: the octets that are digested may be given, else exc-c14n of the target."""

    uri: str | None
    type: str | None = None
    transforms: Sequence[str] = (EXC_C14N,)
    digest_method: str = SHA256
    octets: bytes | None = None
    transform_content: str = ""
    id: str | None = None


@dataclass(frozen=True)
class Forgery:
    """One signature as it is to be written. `objects` are XML texts of `ds:Object` elements.

    `key_info` is the XML text of a whole KeyInfo, and `value` either the octets of the value or
    what makes them of SignedInfo's canonical octets.
    """

    references: Sequence[Ref]
    key: SoftwareKey
    method: str | None = None
    canonicalization: str = EXC_C14N
    certificates: Sequence[bytes] | None = None
    objects: Sequence[str] = ()
    id: str | None = None
    method_content: str = ""
    value: bytes | Callable[[bytes], bytes] | None = None
    key_info: str | None = None
    canonicalization_content: str = ""


def forge(slot: etree._Element, forgery: Forgery) -> etree._Element:
    """Append the signature to *slot* and sign it."""
    method = forgery.method or _usual_method(forgery.key)
    identifier = f' Id="{forgery.id}"' if forgery.id else ""
    text = (
        f'<Signature xmlns="{DS}"{identifier}><SignedInfo>'
        f'<CanonicalizationMethod Algorithm="{forgery.canonicalization}">'
        f"{forgery.canonicalization_content}</CanonicalizationMethod>"
        f'<SignatureMethod Algorithm="{method}">{forgery.method_content}</SignatureMethod>'
        + "".join(_reference(each) for each in forgery.references)
        + "</SignedInfo><SignatureValue/>"
        + _key_info(forgery)
        + "".join(forgery.objects)
        + "</Signature>"
    )
    signature = etree.fromstring(text)
    slot.append(signature)
    root = slot.getroottree().getroot()
    for reference, element in zip(
        forgery.references, signature[0].iter(f"{{{DS}}}Reference"), strict=True
    ):
        value = element.find(f"{{{DS}}}DigestValue")
        value.text = _b64(_digest(root, reference))
    signed_info = signature.find(f"{{{DS}}}SignedInfo")
    octets = _c14n(signed_info, forgery.canonicalization)
    value = forgery.value(octets) if callable(forgery.value) else forgery.value
    signature.find(f"{{{DS}}}SignatureValue").text = _b64(
        value or _value(forgery.key, method, octets)
    )
    return signature


def _usual_method(key: SoftwareKey) -> str:
    """Not the key's own opinion: it refuses what is to be refused by validation."""
    return RSA_SHA256 if isinstance(key.private_key, rsa.RSAPrivateKey) else ECDSA_SHA256


def _key_info(forgery: Forgery) -> str:
    if forgery.key_info is not None:
        return forgery.key_info
    certificates = forgery.certificates
    if certificates is None:
        certificates = (forgery.key.certificate.public_bytes(Encoding.DER),)
    texts = "".join(f"<X509Certificate>{_b64(each)}</X509Certificate>" for each in certificates)
    return f"<KeyInfo><X509Data>{texts}</X509Data></KeyInfo>" if texts else ""


def _reference(reference: Ref) -> str:
    uri = "" if reference.uri is None else f' URI="{reference.uri}"'
    kind = f' Type="{reference.type}"' if reference.type else ""
    kind += f' Id="{reference.id}"' if reference.id else ""
    steps = "".join(
        f'<Transform Algorithm="{each}">{reference.transform_content}</Transform>'
        for each in reference.transforms
    )
    transforms = f"<Transforms>{steps}</Transforms>" if steps else ""
    return (
        f"<Reference{uri}{kind}>{transforms}"
        f'<DigestMethod Algorithm="{reference.digest_method}"/><DigestValue/></Reference>'
    )


def _digest(root: etree._Element, reference: Ref) -> bytes:
    octets = reference.octets
    if octets is None:
        found = root.xpath("//*[@Id = $id]", id=(reference.uri or "#")[1:])
        methods = [each for each in reference.transforms if each in (C14N, C14N_11, EXC_C14N)]
        octets = _c14n(found[0], methods[0] if methods else C14N) if found else b""
    return hashlib.new(_HASHES.get(reference.digest_method, "sha256"), octets).digest()


def _c14n(element: etree._Element, method: str) -> bytes:
    # Over a copy of its own: lxml undeclares an inherited default namespace below an apex.
    apex = etree.fromstring(etree.tostring(element, with_tail=False))
    return etree.tostring(
        apex, method="c14n", exclusive=method.startswith(EXC_C14N), with_comments=False
    )


def _value(key: SoftwareKey, method: str, octets: bytes) -> bytes:
    private = key.private_key
    if isinstance(private, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(private.sign(octets, ec.ECDSA(hashes.SHA256())))
        size = (private.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    assert isinstance(private, rsa.RSAPrivateKey)
    if method == RSA_PSS_SHA256:
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return private.sign(octets, pss, hashes.SHA256())
    return private.sign(octets, padding.PKCS1v15(), _RSA_HASHES.get(method, hashes.SHA256()))


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
