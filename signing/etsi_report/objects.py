"""SignatureValidationObjects (TS 119 102-2, clause 4.4): what verdicts rest on, each once."""

from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from signing.etsi_report.vocabulary import (
    ObjectType,
    add,
    add_digest,
    add_proof,
    add_verdict,
    moment,
)
from signing.report import TimestampValidation
from signing.xmldsig.form import Reference

_PREFIX = {
    ObjectType.CERTIFICATE: "C",
    ObjectType.CRL: "R",
    ObjectType.OCSP_RESPONSE: "O",
    ObjectType.TIMESTAMP: "T",
    ObjectType.SIGNED_DATA: "D",
}


@dataclass(slots=True)
class ValidationObjects:
    """Collects the objects of one report; every method gives the id to refer to it by.

    Objects are named by their digest: whoever has the trust folder, or the document, has them.
    Each is proved to exist at *at*, because it was used then.
    """

    at: datetime
    _listed: dict[str, etree._Element] = field(default_factory=dict)

    def certificate(self, sha256: str) -> str:
        """A certificate."""
        return self._known(ObjectType.CERTIFICATE, sha256)

    def revocation(self, kind: str, sha256: str) -> str:
        """A CRL or an OCSP response."""
        of_kind = ObjectType.CRL if kind == "crl" else ObjectType.OCSP_RESPONSE
        return self._known(of_kind, sha256)

    def data(self, reference: Reference) -> str:
        """What one reference digests."""
        digest = reference.digest_value
        method = reference.digest_method
        return self._known(ObjectType.SIGNED_DATA, digest.hex(), method)

    def timestamp(self, timestamp: TimestampValidation, xpath: str) -> str:
        """A time-stamp token on the signature at *xpath*, with its own validation."""
        key = f"{_PREFIX[ObjectType.TIMESTAMP]}-{timestamp.sha256}"
        if key in self._listed:
            return key
        self._known(ObjectType.TIMESTAMP, timestamp.sha256)
        holder = self._listed[key]
        if timestamp.generated_at is not None:
            provided = add(holder, "POEProvisioning")
            add(provided, "POETime", moment(timestamp.generated_at))
            pointed = add(provided, "SignatureReference")
            add(pointed, "XAdESSignaturePtr", XPath=xpath)
        validation = add(add(holder, "ValidationReport"), "SignatureValidationStatus")
        add_verdict(validation, timestamp.verdict)
        return key

    def write(self, report: etree._Element) -> None:
        """Put all of them under *report*; nothing where there are none."""
        if self._listed:
            add(report, "SignatureValidationObjects").extend(self._listed.values())

    def _known(self, kind: ObjectType, digest: str, method: str | None = None) -> str:
        key = f"{_PREFIX[kind]}-{digest}"
        if key in self._listed:
            return key
        holder = etree.Element("{http://uri.etsi.org/19102/v1.4.1#}ValidationObject", id=key)
        add(holder, "ObjectType", kind.value)
        represented = add(holder, "ValidationObjectRepresentation")
        if method is None:
            add_digest(represented, bytes.fromhex(digest))
        else:
            add_digest(represented, bytes.fromhex(digest), method)
        add_proof(holder, "POE", self.at)
        self._listed[key] = holder
        return key
