"""Namespaces and URIs of ETSI TS 119 102-2 V1.4.1, and the small elements that recur in it."""

from base64 import b64encode
from datetime import UTC, datetime
from enum import StrEnum

from lxml import etree

from signing import names
from signing.report import SubIndication, Verdict

VR = "http://uri.etsi.org/19102/v1.4.1#"
TSL = "http://uri.etsi.org/02231/v2#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"

# What is named here and has no URI of the standard's: prefix for rules and findings.
OWN = "urn:hocba"

_MAIN = "urn:etsi:019102:mainindication:"
_SUB = "urn:etsi:019102:subindication:"


class ObjectType(StrEnum):
    """Kinds of validation objects (clause 4.4.3)."""

    CERTIFICATE = "urn:etsi:019102:validationObject:certificate"
    CRL = "urn:etsi:019102:validationObject:CRL"
    OCSP_RESPONSE = "urn:etsi:019102:validationObject:OCSPResponse"
    TIMESTAMP = "urn:etsi:019102:validationObject:timestamp"
    SIGNED_DATA = "urn:etsi:019102:validationObject:signedData"


class Process(StrEnum):
    """Which of the three validation processes of EN 319 102-1 was carried out (clause 4.3.10)."""

    BASIC = "urn:etsi:019102:validationprocess:Basic"
    LONG_TERM = "urn:etsi:019102:validationprocess:LTVM"


PROOF_BY_VALIDATION = "urn:etsi:019102:poetype:validation"
CONSTRAINT_APPLIED = "urn:etsi:019102:constraintStatus:applied"


def add(
    parent: etree._Element, tag: str, text: str | None = None, **attributes: str
) -> etree._Element:
    """A new child *tag* of the report's namespace under *parent*."""
    return add_in(VR, parent, tag, text, **attributes)


def add_in(
    namespace: str, parent: etree._Element, tag: str, text: str | None = None, **attributes: str
) -> etree._Element:
    """A new child *tag* of *namespace* under *parent*."""
    child = etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)
    child.text = None if text is None else clean(text)
    return child


def clean(text: str) -> str:
    """*text* without what XML cannot hold: names in certificates may be anything."""
    return "".join(each if each.isprintable() else " " for each in text)


def add_digest(parent: etree._Element, digest: bytes, method: str = SHA256_URI) -> etree._Element:
    """A DigestAlgAndValue (EN 319 132-1) under *parent*."""
    holder = add(parent, "DigestAlgAndValue")
    add_method_and_value(holder, digest, method)
    return holder


def add_method_and_value(parent: etree._Element, digest: bytes, method: str = SHA256_URI) -> None:
    """DigestMethod and DigestValue under *parent*."""
    add_in(names.DS, parent, "DigestMethod", Algorithm=method)
    add_in(names.DS, parent, "DigestValue", b64encode(digest).decode())


def add_reference(parent: etree._Element, tag: str, *ids: str) -> etree._Element:
    """A reference to validation objects, or to a signature, by their ids."""
    return add(parent, tag, VOReference=" ".join(ids))


def add_typed(parent: etree._Element, tag: str, kind: str, value: str) -> None:
    """A TypedDataType: the URI of its kind and a text."""
    holder = add(parent, tag)
    add(holder, "Type", kind)
    add(holder, "Value", value).set(f"{{{XSI}}}type", "xs:string")


def add_proof(parent: etree._Element, tag: str, time: datetime, by: str | None = None) -> None:
    """A POEType: existence at *time*, proved by the validation object *by*, else by validating."""
    holder = add(parent, tag)
    add(holder, "POETime", moment(time))
    add(holder, "TypeOfProof", PROOF_BY_VALIDATION)
    if by is not None:
        add_reference(holder, "POEObject", by)


def add_verdict(parent: etree._Element, verdict: Verdict) -> None:
    """MainIndication and SubIndication (clauses 4.3.4.2 and 4.3.4.3)."""
    add(parent, "MainIndication", _MAIN + verdict.indication.value.lower())
    if isinstance(verdict.sub_indication, SubIndication):
        add(parent, "SubIndication", _SUB + verdict.sub_indication.value)


def moment(time: datetime) -> str:
    """A dateTime in UTC, as the standard asks for."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
