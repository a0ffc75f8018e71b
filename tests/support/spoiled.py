"""Signed records taken apart and put together wrongly: what the vectors of attacks share."""

from collections.abc import Callable, Mapping
from copy import deepcopy

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing import names
from signing.creation.styles import VENDOR_ENVELOPED, XADES, SignatureStyle
from signing.keys.key import SoftwareKey
from tests.support import records, signed_records
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer, tree

DS = f"{{{names.DS}}}"
DATA, ISSUE = "DU_LIEU_HOC_BA", "PHAT_HANH_HOC_BA"
TEACHER, PRINCIPAL, SEAL = "GVCN", "CBQL", "KY_PHAT_HANH"
STRANGER = "Người Khác"


def signed(style: SignatureStyle = VENDOR_ENVELOPED) -> etree._Element:
    """A primary record with its three signatures, as a tree to spoil."""
    return tree(signed_records.signed_primary(style))


def spoiled(
    change: Callable[[etree._Element], object], style: SignatureStyle = VENDOR_ENVELOPED
) -> bytes:
    """The signed record after *change* of its tree."""
    root = signed(style)
    change(root)
    return octets(root)


def spoiled_signature(
    change: Callable[[etree._Element], object],
    style: SignatureStyle = VENDOR_ENVELOPED,
    role: str = PRINCIPAL,
) -> bytes:
    """The signed record after *change* of the signature of *role*."""
    root = signed(style)
    change(signature_of(root, role))
    return octets(root)


def signature_of(root: etree._Element, role: str) -> etree._Element:
    """The one signature in the slot of *role*."""
    return next(each for each in root.iter(names.SIGNATURE) if each.getparent().tag == role)


def content_of(root: etree._Element) -> etree._Element:
    """The content that principal and seal sign."""
    return root.find(DATA)


def forged_content(root: etree._Element, identifier: str | None) -> etree._Element:
    """A copy of the content that names another pupil, its signatures gone, under *identifier*."""
    forged = deepcopy(content_of(root))
    forged.tail = None
    for each in list(forged.iter(names.SIGNATURE)):
        each.getparent().remove(each)
    forged.find(".//hovaten").text = STRANGER
    if identifier is None:
        del forged.attrib["Id"]
    else:
        forged.set("Id", identifier)
    for each in forged.iterdescendants(etree.Element):
        if "Id" in each.attrib:
            each.set("Id", f"khac-{each.get('Id')}")
    return forged


def started(
    *roles: str, data: bytes | None = None, style: SignatureStyle = XADES
) -> etree._Element:
    """A primary record that only *roles* have signed."""
    return tree(signed_records.sign(data or records.primary_record(), "tieu-hoc", roles, style))


def slot(root: etree._Element, role: str) -> etree._Element:
    """The slot of *role*, made where there is none."""
    found = next(root.iter(role), None)
    if found is None:
        issue = root.find(ISSUE)
        issue = etree.SubElement(root, ISSUE) if issue is None else issue
        found = etree.SubElement(issue, role)
    return found


def forged(forgery: Forgery, *, root: etree._Element | None = None, role: str = PRINCIPAL) -> bytes:
    """A whole record in which the signature of *role* is *forgery*, all others genuine."""
    if root is None:
        root = started(TEACHER)
    forge(slot(root, role), forgery)
    for other in (PRINCIPAL, SEAL):
        if other != role:
            forge(slot(root, other), Forgery([Ref("#data")], signer(other)))
    return octets(root)


def all_sign(root: etree._Element, keys: Mapping[str, SoftwareKey] | None = None) -> bytes:
    """The record in *root* signed by every role over what it must, by *keys* where given."""
    for role, uri in ((TEACHER, "#thongtinhocba"), (PRINCIPAL, "#data"), (SEAL, "#data")):
        forge(slot(root, role), Forgery([Ref(uri)], (keys or {}).get(role) or signer(role)))
    return octets(root)


def der(certificate: x509.Certificate) -> bytes:
    """The DER octets of *certificate*."""
    return certificate.public_bytes(Encoding.DER)
