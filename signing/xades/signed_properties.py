"""Signed properties: XAdES (ETSI EN 319 132-1) and the SignatureProperty of Vietnamese tools.

Only what a valid reference of the same signature covers is read; the rest is decoration.
"""

import binascii
import re
from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from schemas.document import text_of
from schemas.findings import Finding, finding
from schemas.vietnam import VIETNAM_TIME
from signing import names
from signing.xmldsig.algorithms import AlgorithmPolicy, digest
from signing.xmldsig.form import SignatureForm

_X = f"{{{names.XADES}}}"
_SIGNED_SIGNATURE_PROPERTIES = f"{_X}SignedSignatureProperties"
_SIGNING_TIME = f"{_X}SigningTime"
_SIGNING_CERTIFICATE_V2 = f"{_X}SigningCertificateV2"
_SIGNING_CERTIFICATE = f"{_X}SigningCertificate"
_CERT = f"{_X}Cert"
_CERT_DIGEST = f"{_X}CertDigest"
_DIGEST_METHOD = f"{{{names.DS}}}DigestMethod"
_DIGEST_VALUE = f"{{{names.DS}}}DigestValue"
_SIGNATURE_PROPERTY = f"{{{names.DS}}}SignatureProperty"
_ENDS_OF_THE_CALENDAR = (MINYEAR, MAXYEAR)
_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\Z")
_ZONED_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\Z")


class CertificateReference(NamedTuple):
    """One `Cert` of SigningCertificate(V2): hashlib's name of the digest, and its value."""

    hash_name: str
    digest: bytes

    def names(self, der: bytes) -> bool:
        """Whether this is the reference of the certificate *der*."""
        return _digest_of(self.hash_name, der) == self.digest


# A certificate's octets come as one object again and again (`form.strict_base64`).
_digest_of = lru_cache(maxsize=8_192)(digest)


class SignedProperties(NamedTuple):
    """What the signer states under his signature.

    `signing_certificates` is None where the form has no such property (plain XML-DSig), empty
    where it has one that names no certificate this engine can read.
    """

    claimed_signing_time: datetime | None
    signing_certificates: tuple[CertificateReference, ...] | None
    problems: tuple[Finding, ...]


def read_signed_properties(
    form: SignatureForm, covered: tuple[etree._Element, ...], algorithms: AlgorithmPolicy
) -> SignedProperties:
    """The properties in *form* that stand inside one of the *covered* parts of this signature."""
    problems: list[Finding] = []
    xades = _xades_properties(form, covered, problems)
    stated = None if xades is None else _child(xades, _SIGNED_SIGNATURE_PROPERTIES)
    times = [] if stated is None else list(stated.iterchildren(_SIGNING_TIME))
    times += [each for each in _vendor_times(form) if is_covered(each, covered)]
    claimed: datetime | None = None
    for each in times:
        read = _time(text_of(each))
        if read is None or (claimed is not None and read != claimed):
            problems.append(finding("HB-S051", line=each.sourceline, found=text_of(each)[:40]))
        else:
            claimed = read
    certificates = None if stated is None else _signing_certificates(stated, algorithms)
    return SignedProperties(claimed, certificates, tuple(problems))


def _xades_properties(
    form: SignatureForm, covered: tuple[etree._Element, ...], problems: list[Finding]
) -> etree._Element | None:
    """The one SignedProperties of this signature; anything odd about it becomes a problem.

    It must stand in Object/QualifyingProperties whose Target is this signature, once, and be
    covered. Elsewhere it would silently bind nobody, and an attacker could put it there.
    """
    found = list(form.element.iter(names.SIGNED_PROPERTIES))
    if not found:
        return None
    properties = found[0]
    qualifying = properties.getparent()
    in_place = (
        len(found) == 1
        and qualifying is not None
        and qualifying.tag == names.QUALIFYING_PROPERTIES
        and qualifying.getparent() in form.objects
        and form.id is not None
        and qualifying.get("Target") == f"#{form.id}"
    )
    if not in_place:
        problems.append(finding("HB-S035", line=properties.sourceline))
        return None
    if not is_covered(properties, covered):
        problems.append(finding("HB-S033", line=properties.sourceline))
        return None
    return properties


def _vendor_times(form: SignatureForm) -> Iterator[etree._Element]:
    """Object/SignatureProperties/SignatureProperty/SigningTime in whatever namespace."""
    for holder in form.objects:
        for properties in holder.iterchildren(names.SIGNATURE_PROPERTIES):
            for one in properties.iterchildren(_SIGNATURE_PROPERTY):
                yield from one.iterchildren("{*}SigningTime")


def _signing_certificates(
    stated: etree._Element, algorithms: AlgorithmPolicy
) -> tuple[CertificateReference, ...] | None:
    """The references in SigningCertificateV2 (EN 319 132-1 5.2.2), else in the older one."""
    holder = _child(stated, _SIGNING_CERTIFICATE_V2)
    if holder is None:
        holder = _child(stated, _SIGNING_CERTIFICATE)
    if holder is None:
        return None
    found = []
    for cert in holder.iterchildren(_CERT):
        for each in cert.iterchildren(_CERT_DIGEST):
            reference = _certificate_reference(each, algorithms)
            if reference is not None:
                found.append(reference)
    return tuple(found)


def _certificate_reference(
    digest_of: etree._Element, algorithms: AlgorithmPolicy
) -> CertificateReference | None:
    """The DigestAlgAndValue; None where it names no certificate that this engine can tell."""
    method, value = _child(digest_of, _DIGEST_METHOD), _child(digest_of, _DIGEST_VALUE)
    if method is None or value is None:
        return None
    algorithm = algorithms.digests.get(method.get("Algorithm") or "")
    if algorithm is None or algorithm.accepted_until is not None:
        return None  # a digest that may no longer be relied on names no certificate
    try:
        octets = binascii.a2b_base64("".join(text_of(value).split()), strict_mode=True)
    except ValueError:
        return None
    return CertificateReference(algorithm.name, octets)


def _child(element: etree._Element, tag: str) -> etree._Element | None:
    """The first child of that name."""
    for child in element:
        if child.tag == tag:
            return child
    return None


def is_covered(element: etree._Element, covered: tuple[etree._Element, ...]) -> bool:
    """Whether *element* stands inside one of the *covered* parts of its signature."""
    return element in covered or any(each in covered for each in element.iterancestors())


def _time(text: str) -> datetime | None:
    """An instant; without a zone it is Vietnamese local time (design §4)."""
    text = text.strip()
    try:
        if _ZONED_TIME.match(text):
            time = datetime.fromisoformat(text)
        elif _LOCAL_TIME.match(text):
            time = datetime.fromisoformat(text).replace(tzinfo=VIETNAM_TIME)
        else:
            return None
        if time.year in _ENDS_OF_THE_CALENDAR:
            # There an instant has no day in Viet Nam, or none in Greenwich.
            time.astimezone(VIETNAM_TIME)
            time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time
