"""Every `ds:Reference` against its own node: resolve, transform in order, digest, compare.

XML-DSig 1.1 clauses 4.4.3 and 3.2.1. A typed reference must resolve inside its own signature
(the defence against wrapping by moved Objects); whatever this engine does not support is
INDETERMINATE, never skipped.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from schemas.document import ParsedDocument, element_path
from schemas.findings import finding
from signing import names
from signing.report import PASSED, SubIndication, Verdict, failed, indeterminate
from signing.xmldsig.algorithms import AlgorithmPolicy, DigestAlgorithm, digest
from signing.xmldsig.budget import Budget, TooCostlyError
from signing.xmldsig.canonicalization import CanonicalizationError
from signing.xmldsig.form import Reference, SignatureForm, Transform
from signing.xmldsig.transforms import (
    RECORD_TRANSFORMS,
    NodeSet,
    TransformStep,
    UnsupportedTransformError,
    apply_transforms,
)


class ReferenceValidation(NamedTuple):
    """One reference: what it names, and whether those octets are what was signed.

    `target` is the element in the parsed tree, None where the reference names none. `is_data` is
    true for what the signer meant to sign, false for parts of signatures. `algorithm` is the
    digest's where the digest is right: whether it may still be relied on is a question of time,
    answered in signature acceptance.
    """

    uri: str | None
    target: etree._Element | None
    is_data: bool
    verdict: Verdict
    algorithm: DigestAlgorithm | None = None


class Named(NamedTuple):
    """What a reference's URI names in the document, before any transform."""

    target: etree._Element
    whole_document: bool = False
    with_comments: bool = False


class Place(NamedTuple):
    """Where a target stands: `signature` is the one that it is a part of, None for data.

    A `ds:Signature` is a part of itself.
    """

    target: etree._Element
    signature: etree._Element | None

    @classmethod
    def of(cls, target: etree._Element) -> "Place":
        """Where *target* stands."""
        if target.tag == names.SIGNATURE:
            return cls(target, target)
        return cls(target, next(target.iterancestors(names.SIGNATURE), None))


@dataclass(frozen=True, slots=True)
class ReferenceRules:
    """What the references of one kind of document may do.

    `find` gives what a URI names, or the verdict why it names nothing; `misplaced` a verdict where
    the place is none that this reference may name; `is_data` whether what stands there is what the
    signer meant to sign, no mere part of a signature.
    """

    transforms: Mapping[str, TransformStep]
    find: Callable[[ParsedDocument, str | None], Named | Verdict]
    misplaced: Callable[[Reference, Place, SignatureForm], Verdict | None]
    is_data: Callable[[Place, SignatureForm], bool]


_LISTED = 5


class ReferenceValidator:
    """Validates references of one document; digests of shared targets are computed once."""

    def __init__(
        self,
        document: ParsedDocument,
        algorithms: AlgorithmPolicy,
        rules: ReferenceRules | None = None,
    ) -> None:
        self._document = document
        self._algorithms = algorithms
        self._rules = rules or RECORD_RULES
        self._digests: dict[tuple[object, ...], bytes] = {}
        self.budget = Budget(document)

    def charge(self, canonicalizations: int = 1) -> None:
        """Count *canonicalizations* against the document's budget; raises `TooCostlyError`."""
        self.budget.charge(canonicalizations)

    def path(self, element: etree._Element) -> str:
        """Where *element* stands; looked up once, since that takes a walk over its siblings."""
        return self._document.path(element)

    def validate(self, reference: Reference, form: SignatureForm) -> ReferenceValidation:
        """*reference* of the signature *form*."""
        try:
            self.budget.look()
        except TooCostlyError as error:
            refused = uncanonical(error, reference.uri or "")
            return ReferenceValidation(reference.uri, None, False, refused)  # noqa: FBT003
        named = self._rules.find(self._document, reference.uri)
        if isinstance(named, Verdict):
            return ReferenceValidation(reference.uri, None, False, named)  # noqa: FBT003
        target = named.target
        place = Place.of(target)
        wrong_place = self._rules.misplaced(reference, place, form)
        is_data = self._rules.is_data(place, form)
        algorithm = self._algorithms.digests.get(reference.digest_method)
        if wrong_place is not None:
            return ReferenceValidation(reference.uri, target, is_data, wrong_place)
        verdict = self._compare(reference, named, form, algorithm)
        proved = algorithm if verdict is PASSED else None
        return ReferenceValidation(reference.uri, target, is_data, verdict, proved)

    def _compare(
        self,
        reference: Reference,
        named: Named,
        form: SignatureForm,
        algorithm: DigestAlgorithm | None,
    ) -> Verdict:
        if algorithm is None:
            return indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                self._algorithms.refusal(reference.digest_method),
            )
        try:
            found = self._digest(reference, named, form, algorithm.name)
        except UnsupportedTransformError as error:
            return indeterminate(
                SubIndication.SIG_CONSTRAINTS_FAILURE,
                finding("HB-S016", uri=reference.uri or "", algorithm=error),
            )
        except CanonicalizationError as error:
            return uncanonical(error, reference.uri or "")
        if not hmac.compare_digest(found, reference.digest_value):
            return failed(
                SubIndication.HASH_FAILURE,
                finding(
                    "HB-S010",
                    path=self.path(named.target),
                    line=named.target.sourceline,
                    uri=reference.uri or "",
                ),
            )
        return PASSED

    def octets(
        self, reference: Reference, form: SignatureForm, transforms: tuple[Transform, ...]
    ) -> bytes | None:
        """What *transforms* make of what *reference* names; None where it names nothing it may.

        Raises `CanonicalizationError` or `UnsupportedTransformError`.
        """
        named = self._rules.find(self._document, reference.uri)
        if isinstance(named, Verdict):
            return None
        if self._rules.misplaced(reference, Place.of(named.target), form):
            return None
        self.charge(max(1, len(transforms)))
        return apply_transforms(_nodes(named, form), transforms, self._rules.transforms)

    def _digest(
        self, reference: Reference, named: Named, form: SignatureForm, hash_name: str
    ) -> bytes:
        nodes = _nodes(named, form)
        key = (nodes, reference.transforms, hash_name)
        known = self._digests.get(key)
        if known is None:
            self.charge(max(1, len(reference.transforms)))
            octets = apply_transforms(nodes, reference.transforms, self._rules.transforms)
            known = self._digests[key] = digest(hash_name, octets)
        return known


def _nodes(named: Named, form: SignatureForm) -> NodeSet:
    target = named.target
    enclosed = form.element if target in form.ancestors else None
    return NodeSet(target, named.whole_document, enclosed, named.with_comments)


def uncanonical(error: CanonicalizationError, uri: str) -> Verdict:
    """The verdict where *uri* has no canonical form, or asks for too much work."""
    code = "HB-S019" if isinstance(error, TooCostlyError) else "HB-S017"
    return indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, finding(code, uri=uri))


def find_by_id(document: ParsedDocument, uri: str | None) -> Named | Verdict:
    """The whole document for the empty *uri*, the element with a unique Id for `#id`."""
    if uri == "":
        return Named(document.root, whole_document=True)
    if uri is None or not uri.startswith("#") or uri.startswith("#xpointer"):
        return indeterminate(SubIndication.SIGNED_DATA_NOT_FOUND, finding("HB-S015", uri=uri or ""))
    found = unique_element(document, uri[1:], uri)
    return found if isinstance(found, Verdict) else Named(found)


def unique_element(document: ParsedDocument, name: str, uri: str) -> etree._Element | Verdict:
    """The one element with the Id *name* under any spelling; *uri* is what a finding calls it."""
    found = document.ids.get(name, ())
    if len(found) == 1:
        return found[0]
    if not found:
        return indeterminate(SubIndication.SIGNED_DATA_NOT_FOUND, finding("HB-S011", uri=uri))
    lines = ", ".join(str(each.sourceline) for each in found[:_LISTED])
    return indeterminate(
        SubIndication.SIGNED_DATA_NOT_FOUND,
        finding("HB-S012", line=found[1].sourceline, uri=uri, count=len(found), lines=lines),
    )


OWN_PARTS = {
    names.TYPE_SIGNED_PROPERTIES: names.SIGNED_PROPERTIES,
    names.TYPE_OBJECT: names.OBJECT,
    names.TYPE_SIGNATURE_PROPERTIES: names.SIGNATURE_PROPERTIES,
    names.TYPE_MANIFEST: names.MANIFEST,
}


def _misplaced(reference: Reference, place: Place, form: SignatureForm) -> Verdict | None:
    """A verdict where *place* is none that this reference may name, else None."""
    target, signature = place
    own_tag = OWN_PARTS.get(reference.type or "")
    if reference.type == names.TYPE_MANIFEST or target.tag == names.MANIFEST:
        return indeterminate(
            SubIndication.SIG_CONSTRAINTS_FAILURE, finding("HB-S018", uri=reference.uri or "")
        )
    if own_tag is not None:
        right = target.tag == own_tag and signature is form.element
    elif reference.type == names.TYPE_COUNTERSIGNED:
        right = _is_value_of_another(target, form)
    else:
        # Untyped: data, a part of this signature, or the value of another one.
        right = signature is None or signature is form.element or _is_value_of_another(target, form)
    if right and signature is form.element:
        right = not covers_itself(target, form)
    return None if right else misplaced(reference, target)


def _is_value_of_another(target: etree._Element, form: SignatureForm) -> bool:
    """Whether *target* is the SignatureValue of another signature, not just named like one."""
    parent = target.getparent()
    return (
        target.tag == names.SIGNATURE_VALUE
        and parent is not None
        and parent.tag == names.SIGNATURE
        and parent is not form.element
    )


def misplaced(reference: Reference, target: etree._Element) -> Verdict:
    """The verdict on a *reference* that names a place which it may not name."""
    return indeterminate(
        SubIndication.SIGNED_DATA_NOT_FOUND,
        finding(
            "HB-S013",
            path=element_path(target),
            line=target.sourceline,
            uri=reference.uri or "",
        ),
    )


def covers_itself(target: etree._Element, form: SignatureForm) -> bool:
    """SignedInfo and SignatureValue of this very signature cannot be what it signs."""
    return target is form.element or target in (form.signed_info, form.signed_info.getnext())


def _stands_outside(place: Place, _: SignatureForm) -> bool:
    return place.signature is None


RECORD_RULES = ReferenceRules(RECORD_TRANSFORMS, find_by_id, _misplaced, _stands_outside)
"""What a record's references may do."""
