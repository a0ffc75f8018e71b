"""`ds:KeyInfo` of a foreign signature: every way to name a key, told apart (XML-DSig 1.1, 4.5).

Only what stands in the document itself is looked at: RetrievalMethod and KeyInfoReference are
never followed. A bare key names nobody; it is good for arithmetic only.
"""

import binascii
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from lxml import etree

from schemas.document import local_name
from signing import names
from signing.xmldsig.form import FormatError, SignatureForm, child_elements, strict_base64

_DS = f"{{{names.DS}}}"
_DS11 = "{http://www.w3.org/2009/xmldsig11#}"
_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "urn:oid:1.2.840.10045.3.1.7": ec.SECP256R1,
    "urn:oid:1.3.132.0.34": ec.SECP384R1,
    "urn:oid:1.3.132.0.35": ec.SECP521R1,
}
_POINTERS = frozenset({f"{_DS}RetrievalMethod", f"{_DS11}KeyInfoReference"})
_MOST_OCTETS = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """What a KeyInfo holds beside certificates.

    `keys` are the bare public keys that can be read; `unread` names the elements that hold a key
    which cannot be; `names` what stands for a certificate that is not enclosed (issuer and serial,
    subject, key identifier, digest, KeyName); `pointers` what would have to be fetched or followed.
    """

    keys: tuple[object, ...] = ()
    unread: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    pointers: tuple[str, ...] = ()


def read_key_info(form: SignatureForm) -> KeyInfo:
    """The keys and pointers of *form*'s KeyInfo, in document order; never raises."""
    if form.key_info is None:
        return KeyInfo()
    keys: list[object] = []
    unread: list[str] = []
    named: list[str] = []
    pointers: list[str] = []
    for element in form.key_info.iterchildren(etree.Element):
        if element.tag in (f"{_DS}KeyValue", f"{_DS11}DEREncodedKeyValue"):
            try:
                keys.append(_key(element))
            except (FormatError, ValueError, UnsupportedAlgorithm):
                unread.append(_described(element))
        elif element.tag == f"{_DS}X509Data":
            named.extend(
                local_name(each)
                for each in element.iterchildren(etree.Element)
                if each.tag not in (f"{_DS}X509Certificate", f"{_DS}X509CRL")
            )
        elif element.tag in _POINTERS:
            pointers.append(local_name(element))
        else:
            named.append(local_name(element))
    return KeyInfo(
        keys=tuple(keys),
        unread=tuple(unread),
        names=tuple(dict.fromkeys(named)),
        pointers=tuple(dict.fromkeys(pointers)),
    )


def _key(element: etree._Element) -> object:
    if element.tag == f"{_DS11}DEREncodedKeyValue":
        return load_der_public_key(_octets(element))
    children = child_elements(element)
    if len(children) != 1:
        raise ValueError("one key value expected")
    match children[0].tag:
        case tag if tag == f"{_DS}RSAKeyValue":
            return _rsa_key(children[0])
        case tag if tag == f"{_DS}DSAKeyValue":
            return _dsa_key(children[0])
        case tag if tag == f"{_DS11}ECKeyValue":
            return _ec_key(children[0])
        case tag:
            raise ValueError(str(tag))


def _rsa_key(element: etree._Element) -> rsa.RSAPublicKey:
    numbers = _numbers(element)
    return rsa.RSAPublicNumbers(numbers["Exponent"], numbers["Modulus"]).public_key()


def _dsa_key(element: etree._Element) -> dsa.DSAPublicKey:
    numbers = _numbers(element)
    parameters = dsa.DSAParameterNumbers(numbers["P"], numbers["Q"], numbers["G"])
    return dsa.DSAPublicNumbers(numbers["Y"], parameters).public_key()


def _ec_key(element: etree._Element) -> ec.EllipticCurvePublicKey:
    """A named curve and an uncompressed point; explicit parameters are refused (RFC 9231, 3.2)."""
    children = child_elements(element)
    if [each.tag for each in children] != [f"{_DS11}NamedCurve", f"{_DS11}PublicKey"]:
        raise ValueError("NamedCurve, PublicKey expected")
    curve = _CURVES.get(children[0].get("URI") or "")
    if curve is None:
        raise ValueError("curve")
    return ec.EllipticCurvePublicKey.from_encoded_point(curve(), _octets(children[1]))


def _numbers(element: etree._Element) -> dict[str, int]:
    """The CryptoBinary children by name; a missing one is a ValueError."""
    found: dict[str, int] = {}
    for child in child_elements(element):
        name = local_name(child)
        if name in found:
            raise ValueError(f"{name} stands twice")
        found[name] = int.from_bytes(_octets(child), "big")
    missing = {"Modulus", "Exponent"} if element.tag == f"{_DS}RSAKeyValue" else set("PQGY")
    if missing - found.keys():
        raise ValueError(f"missing {sorted(missing - found.keys())}")
    return found


def _octets(element: etree._Element) -> bytes:
    octets = strict_base64(element)
    if len(octets) > _MOST_OCTETS:
        raise binascii.Error(f"{len(octets)} octets")
    return octets


def _described(element: etree._Element) -> str:
    """`KeyValue/ECKeyValue`: which kind of key could not be read."""
    inner = next(element.iterchildren(etree.Element), None)
    name = local_name(element)
    return name if inner is None else f"{name}/{local_name(inner)}"
