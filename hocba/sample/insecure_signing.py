"""Signatures as nobody should make them any more. INSECURE, for samples of what is refused."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from signing import names
from signing.xmldsig.canonicalization import METHODS, canonicalize

RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


def insecure_sign_again_with_sha1(signature: etree._Element, key: rsa.RSAPrivateKey) -> None:
    """Replace the value of *signature* by one with RSA and SHA-1, as tools did before 2016."""
    signed_info = _child(signature, names.SIGNED_INFO)
    method = _child(signed_info, f"{{{names.DS}}}SignatureMethod")
    method.set("Algorithm", RSA_SHA1)
    canonicalization = _child(signed_info, f"{{{names.DS}}}CanonicalizationMethod")
    octets = canonicalize(signed_info, METHODS[str(canonicalization.get("Algorithm"))])
    value = key.sign(octets, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 -- what this is about
    _child(signature, names.SIGNATURE_VALUE).text = base64.b64encode(value).decode("ascii")


def _child(parent: etree._Element, name: str) -> etree._Element:
    child = parent.find(name)
    if child is None:
        raise ValueError(f"no {name} in the signature")
    return child
