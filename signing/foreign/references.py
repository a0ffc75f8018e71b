"""What the references of a foreign document may name: its data, its signatures' own parts.

Two pointers are fixed forms (XML-DSig 1.1, clause 4.4.3.3); nothing outside the document is ever
fetched. A reference must not reach into another signature, except that a counter-signature names
the value it signs and a signature inside another one's Object stands among that one's data.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from lxml import etree

from schemas.document import ParsedDocument
from signing import names
from signing.foreign.arithmetic import DIGESTS
from signing.foreign.transforms import FOREIGN_TRANSFORMS
from signing.report import SubIndication, Verdict, indeterminate
from signing.xmldsig.algorithms import AlgorithmPolicy
from signing.xmldsig.form import Reference, SignatureForm
from signing.xmldsig.references import (
    OWN_PARTS,
    Named,
    Place,
    ReferenceRules,
    ReferenceValidation,
    ReferenceValidator,
    covers_itself,
    find_by_id,
    misplaced,
    unique_element,
)

_WHOLE_DOCUMENT = "#xpointer(/)"
_BY_ID = re.compile(r"""#xpointer\(id\((?:'([^']*)'|"([^"]*)")\)\)""")
_PROPERTIES = (names.QUALIFYING_PROPERTIES, names.SIGNATURE_PROPERTIES)


class ForeignReferenceValidator(ReferenceValidator):
    """Validates references, and tells apart what is wrong from what is only not relied on.

    A digest that policy does not know is computed where it can be: one that is wrong is a failure,
    one that is right remains INDETERMINATE.
    """

    def __init__(self, document: ParsedDocument, algorithms: AlgorithmPolicy) -> None:
        computed = {**DIGESTS, **algorithms.digests}
        super().__init__(document, replace(algorithms, digests=computed), FOREIGN_RULES)
        self._policy = algorithms

    def validate(self, reference: Reference, form: SignatureForm) -> ReferenceValidation:
        """*reference* of the signature *form*, or of a Manifest in it."""
        found = super().validate(reference, form)
        if found.algorithm is None or reference.digest_method in self._policy.digests:
            return found
        reason = self._policy.refusal(reference.digest_method)
        verdict = indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason)
        return found._replace(verdict=verdict, algorithm=None)

    def matches(self, reference: Reference, form: SignatureForm) -> bool | None:
        """Whether the digest is right, whatever policy thinks of it; None where none is computed.

        This is reference validation of XML-DSig, clause 3.2.1, alone.
        """
        found = super().validate(reference, form)
        if found.algorithm is not None:
            return True
        return False if found.verdict.sub_indication is SubIndication.HASH_FAILURE else None


def _find(document: ParsedDocument, uri: str | None) -> Named | Verdict:
    if uri == _WHOLE_DOCUMENT:
        return Named(document.root, whole_document=True, with_comments=True)
    pointer = _BY_ID.fullmatch(uri or "")
    if pointer is None:
        return find_by_id(document, uri)
    found = unique_element(document, pointer[1] or pointer[2] or "", uri or "")
    return found if isinstance(found, Verdict) else Named(found, with_comments=True)


def _misplaced(reference: Reference, place: Place, form: SignatureForm) -> Verdict | None:
    """A verdict where *place* is none that this reference may name, else None."""
    target, signature = place
    own_tag = OWN_PARTS.get(reference.type or "")
    if own_tag is not None:
        right = target.tag == own_tag and signature is form.element
    elif reference.type == names.TYPE_COUNTERSIGNED:
        right = is_value_of_another(target, form)
    else:
        right = (
            signature is None
            or signature is form.element
            or target.tag == names.SIGNATURE
            or is_value_of_another(target, form)
            or _is_among(signature, form.ancestors)
        )
    if right and not covers_itself(target, form):
        return None
    return misplaced(reference, target)


def is_value_of_another(target: etree._Element, form: SignatureForm) -> bool:
    """Whether *target* is the SignatureValue, in its place, of a signature other than *form*."""
    signature = target.getparent()
    return (
        target.tag == names.SIGNATURE_VALUE
        and signature is not None
        and signature.tag == names.SIGNATURE
        and signature is not form.element
    )


def is_data(place: Place, form: SignatureForm) -> bool:
    """Whether what stands at *place* is what the signer meant to sign.

    Within his own signature that is what an Object holds, unless it is properties; within another
    one, the value that a counter-signature signs.
    """
    target, signature = place
    if signature is not form.element:
        return True
    holders = (target, *target.iterancestors())
    holder = next((each for each in holders if _is_among(each, form.objects)), None)
    if holder is None or any(each.tag in _PROPERTIES for each in holders):
        return False
    return target is not holder or not is_properties(holder)


def is_properties(holder: etree._Element) -> bool:
    """Whether an Object holds properties of its signature and nothing else."""
    tags = [each.tag for each in holder.iterchildren(etree.Element)]
    return bool(tags) and all(tag in _PROPERTIES for tag in tags)


def _is_among(element: etree._Element, others: Iterable[etree._Element]) -> bool:
    return any(each is element for each in others)


FOREIGN_RULES = ReferenceRules(FOREIGN_TRANSFORMS, _find, _misplaced, is_data)
"""What the references of a foreign document may do."""
