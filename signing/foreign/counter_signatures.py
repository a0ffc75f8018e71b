"""Counter-signatures: whose value a signature inside another one signs (EN 319 132-1, 5.2.7).

A CounterSignature property holds a signature over the SignatureValue of the signature that the
property belongs to. One over anything else was moved there, or says nothing about its master.
"""

from collections.abc import Iterable

from lxml import etree

from schemas.findings import finding
from signing import names
from signing.foreign.manifests import CheckedReference
from signing.report import PASSED, SubIndication, Verdict, indeterminate
from signing.xmldsig.form import SignatureForm

_COUNTER_SIGNATURE = f"{{{names.XADES}}}CounterSignature"


def counter_signature_verdict(
    form: SignatureForm, references: Iterable[CheckedReference]
) -> Verdict:
    """A pass where *form* is no CounterSignature, or proves its master's value."""
    holder = form.element.getparent()
    if holder is None or holder.tag != _COUNTER_SIGNATURE:
        return PASSED
    value = _value_of_master(holder)
    for each in references:
        if each.validation.verdict is PASSED and each.validation.target is value:
            return PASSED
    reason = finding("HB-S203", line=form.element.sourceline)
    return indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)


def _value_of_master(holder: etree._Element) -> etree._Element | None:
    master = next(holder.iterancestors(names.SIGNATURE), None)
    return None if master is None else master.find(names.SIGNATURE_VALUE)
