"""Signed properties: XAdES (ETSI EN 319 132-1) and the SignatureProperty of Vietnamese tools.

Only what a valid reference of the same signature covers is read; the rest is decoration.
"""

import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

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
_LOCAL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\Z")
_ZONED_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\Z")


@dataclass(frozen=True, slots=True)
class CertificateReference:
    """One `Cert` of SigningCertificate(V2): hashlib's name of the digest, and its value."""

    hash_name: str
    digest: bytes

    def names(self, der: bytes) -> bool:
        """Whether this is the reference of the certificate *der*."""
        return _digest_of(self.hash_name, der) == self.digest


# A certificate's octets come as one object again and again (`form.strict_base64`).
_digest_of = lru_cache(maxsize=8_192)(digest)


@dataclass(frozen=True, slots=True)
class SignedProperties:
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
    stated = None if xades is None else next(xades.iterchildren(_SIGNED_SIGNATURE_PROPERTIES), None)
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


def _vendor_times(form: SignatureForm) -> list[etree._Element]:
    """Object/SignatureProperties/SignatureProperty/SigningTime in whatever namespace."""
    return [
        child
        for holder in form.objects
        for properties in holder.iterchildren(names.SIGNATURE_PROPERTIES)
        for one in properties.iterchildren(_SIGNATURE_PROPERTY)
        for child in one.iterchildren("{*}SigningTime")
    ]


def _signing_certificates(
    stated: etree._Element, algorithms: AlgorithmPolicy
) -> tuple[CertificateReference, ...] | None:
    """The references in SigningCertificateV2 (EN 319 132-1 5.2.2), else in the older one."""
    holder = next(stated.iterchildren(_SIGNING_CERTIFICATE_V2), None)
    if holder is None:
        holder = next(stated.iterchildren(_SIGNING_CERTIFICATE), None)
    if holder is None:
        return None
    found = []
    digests = (
        each for cert in holder.iterchildren(_CERT) for each in cert.iterchildren(_CERT_DIGEST)
    )
    for each in digests:
        method = next(each.iterchildren(_DIGEST_METHOD), None)
        value = next(each.iterchildren(_DIGEST_VALUE), None)
        if method is None or value is None:
            continue
        algorithm = algorithms.digests.get(method.get("Algorithm") or "")
        if algorithm is None or algorithm.accepted_until is not None:
            continue  # a digest that may no longer be relied on names no certificate
        try:
            octets = binascii.a2b_base64("".join(text_of(value).split()), strict_mode=True)
        except ValueError:
            continue
        found.append(CertificateReference(algorithm.name, octets))
    return tuple(found)


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
        # An instant at the very ends of the calendar has no day in Viet Nam.
        time.astimezone(VIETNAM_TIME)
        time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time
