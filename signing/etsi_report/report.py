"""ValidationReport: our verdicts as ETSI TS 119 102-2 V1.4.1 (XML), for other validators and tools.

Only what was verified is told. The report is not signed: it is as good as the way it came by, and
whoever doubts it validates the document.
"""

from datetime import datetime

from lxml import etree

from schemas.document import ParsedDocument
from schemas.findings import Language
from signing import names
from signing.etsi_report.objects import ValidationObjects
from signing.etsi_report.signature import Context, add_signature
from signing.etsi_report.vocabulary import TSL, VR, XS, XSI, add, add_in, add_verdict
from signing.report import SignatureReport, ValidationBasis
from signing.xmldsig.algorithms import AlgorithmPolicy

_NAMESPACES = {"vr": VR, "ds": names.DS, "xades": names.XADES, "tsl": TSL, "xsi": XSI, "xs": XS}


def etsi_report(
    report: SignatureReport,
    document: ParsedDocument,
    algorithms: AlgorithmPolicy,
    at: datetime,
    language: Language = Language.VI,
) -> bytes:
    """The validation report on *document*, which *report* says was validated at *at*, as XML.

    One part for each signature, in document order; where the document has none, or more than
    anybody looks at, one part that says so. Raises `ValueError` for a report without its basis.
    """
    if report.basis is None:
        raise ValueError("a report must say what its verdicts rest on")
    root = etree.Element(f"{{{VR}}}ValidationReport", nsmap=_NAMESPACES)
    context = Context(
        report=report,
        basis=report.basis,
        algorithms=algorithms,
        objects=ValidationObjects(at),
        at=at,
        language=language,
    )
    elements = list(document.root.iter(names.SIGNATURE))
    if report.signatures:
        for number, (validation, element) in enumerate(
            zip(report.signatures, elements, strict=True), start=1
        ):
            add_signature(root, validation, element, number, context)
    else:
        status = add(add(root, "SignatureValidationReport"), "SignatureValidationStatus")
        add_verdict(status, report.record)
    context.objects.write(root)
    _add_validator(root, report.basis)
    octets: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return octets


def _add_validator(root: etree._Element, basis: ValidationBasis) -> None:
    """SignatureValidator (4.5): the program; it has no certificate of its own."""
    validator = add(root, "SignatureValidator")
    add_in(TSL, add(validator, "DigitalId"), "Other", basis.engine)
