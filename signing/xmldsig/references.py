"""Every `ds:Reference` against its own node: resolve, transform in order, digest, compare.

XML-DSig 1.1 clauses 4.4.3 and 3.2.1. A typed reference must resolve inside its own signature
(the defence against wrapping by moved Objects); whatever this engine does not support is
INDETERMINATE, never skipped.
"""

import hashlib
import hmac
from dataclasses import dataclass

from lxml import etree

from schemas.document import ParsedDocument, element_path
from schemas.findings import finding
from signing import names
from signing.report import PASSED, SubIndication, Verdict, failed, indeterminate
from signing.xmldsig.algorithms import AlgorithmPolicy, DigestAlgorithm
from signing.xmldsig.canonicalization import (
    DEFAULT_METHOD_URI,
    ENVELOPED_SIGNATURE,
    METHODS,
    CanonicalizationError,
    canonicalize,
    canonicalize_octets,
)
from signing.xmldsig.form import Reference, SignatureForm, Transform


@dataclass(frozen=True, slots=True)
class ReferenceValidation:
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


# The most that all canonicalisations of one document may cost, in elements times the namespaces
# in force: what takes libxml2 about a second. A record of sixteen signatures costs a fifth of it.
_BUDGET = 2_000_000
_LISTED = 5


class TooCostlyError(CanonicalizationError):
    """The document's references ask for more canonicalisation than any record needs."""


class ReferenceValidator:
    """Validates references of one document; digests of shared targets are computed once."""

    def __init__(self, document: ParsedDocument, algorithms: AlgorithmPolicy) -> None:
        self._document = document
        self._algorithms = algorithms
        self._digests: dict[tuple[object, ...], bytes] = {}
        self._spent = 0

    def charge(self, canonicalizations: int = 1) -> None:
        """Count *canonicalizations* against the document's budget; raises `TooCostlyError`."""
        each = self._document.size * (1 + self._document.namespace_depth)
        self._spent += canonicalizations * each
        if self._spent > _BUDGET:
            raise TooCostlyError

    def validate(self, reference: Reference, form: SignatureForm) -> ReferenceValidation:
        """*reference* of the signature *form*."""
        target = self._resolve(reference)
        if isinstance(target, Verdict):
            return ReferenceValidation(reference.uri, None, False, target)  # noqa: FBT003
        signature = _enclosing_signature(target)
        misplaced = _misplaced(reference, target, form, signature)
        is_data = signature is None
        algorithm = self._algorithms.digests.get(reference.digest_method)
        if misplaced is not None:
            return ReferenceValidation(reference.uri, target, is_data, misplaced)
        verdict = self._compare(reference, target, form, algorithm)
        proved = algorithm if verdict is PASSED else None
        return ReferenceValidation(reference.uri, target, is_data, verdict, proved)

    def _resolve(self, reference: Reference) -> etree._Element | Verdict:
        uri = reference.uri
        if uri == "":
            return self._document.root
        if uri is None or not uri.startswith("#") or uri.startswith("#xpointer"):
            return indeterminate(
                SubIndication.SIGNED_DATA_NOT_FOUND, finding("HB-S015", uri=uri or "")
            )
        found = self._document.ids.get(uri[1:], ())
        if len(found) == 1:
            return found[0]
        if not found:
            return indeterminate(SubIndication.SIGNED_DATA_NOT_FOUND, finding("HB-S011", uri=uri))
        lines = ", ".join(str(each.sourceline) for each in found[:_LISTED])
        return indeterminate(
            SubIndication.SIGNED_DATA_NOT_FOUND,
            finding("HB-S012", line=found[1].sourceline, uri=uri, count=len(found), lines=lines),
        )

    def _compare(
        self,
        reference: Reference,
        target: etree._Element,
        form: SignatureForm,
        algorithm: DigestAlgorithm | None,
    ) -> Verdict:
        if algorithm is None:
            return indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
                finding("HB-S021", algorithm=reference.digest_method),
            )
        try:
            digest = self._digest(reference, target, form, algorithm.name)
        except UnsupportedTransformError as error:
            return indeterminate(
                SubIndication.SIG_CONSTRAINTS_FAILURE,
                finding("HB-S016", uri=reference.uri or "", algorithm=error),
            )
        except CanonicalizationError as error:
            return uncanonical(error, reference.uri or "")
        if not hmac.compare_digest(digest, reference.digest_value):
            return failed(
                SubIndication.HASH_FAILURE,
                finding(
                    "HB-S010",
                    path=element_path(target),
                    line=target.sourceline,
                    uri=reference.uri or "",
                ),
            )
        return PASSED

    def _digest(
        self, reference: Reference, target: etree._Element, form: SignatureForm, hash_name: str
    ) -> bytes:
        encloses = any(each is target for each in form.element.iterancestors())
        source = NodeSource(
            target,
            whole_document=reference.uri == "",
            enclosed_signature=form.element if encloses else None,
        )
        key = (source, reference.transforms, hash_name)
        known = self._digests.get(key)
        if known is None:
            self.charge(max(1, len(reference.transforms)))
            known = hashlib.new(hash_name, apply_transforms(source, reference.transforms)).digest()
            self._digests[key] = known
        return known


def uncanonical(error: CanonicalizationError, uri: str) -> Verdict:
    """The verdict where *uri* has no canonical form, or asks for too much work."""
    code = "HB-S019" if isinstance(error, TooCostlyError) else "HB-S017"
    return indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, finding(code, uri=uri))


@dataclass(frozen=True, slots=True)
class NodeSource:
    """What a same-document reference names before any transform.

    `enclosed_signature` is the signature being validated where it stands inside the target:
    enveloped-signature removes it. Where it stands outside, that transform removes nothing, as
    Vietnamese tools write it. `whole_document` is the empty URI, which takes in what stands
    beside the root element too.
    """

    target: etree._Element
    whole_document: bool
    enclosed_signature: etree._Element | None

    def octets(self, transform: Transform, *, enveloped: bool) -> bytes:
        """The canonical octets; a same-document reference never includes comments (4.4.3.2)."""
        return canonicalize(
            self.target,
            METHODS[transform.algorithm],
            with_comments=False,
            prefixes=transform.prefixes,
            whole_document=self.whole_document,
            without=self.enclosed_signature if enveloped else None,
        )


class UnsupportedTransformError(Exception):
    """A transform that is not on the allow-list, or stands where it has no meaning."""


def apply_transforms(source: NodeSource, transforms: tuple[Transform, ...]) -> bytes:
    """The octets that a reference digests: the allow-listed transforms of *source*, in order.

    Raises `UnsupportedTransformError` for anything else, and where the order has no meaning.
    """
    enveloped = False
    octets: bytes | None = None
    for transform in transforms:
        if transform.unknown_content:
            raise UnsupportedTransformError(transform.algorithm)
        if transform.algorithm == ENVELOPED_SIGNATURE and octets is None:
            enveloped = True
        elif transform.algorithm not in METHODS:
            raise UnsupportedTransformError(transform.algorithm)
        elif octets is None:
            octets = source.octets(transform, enveloped=enveloped)
        else:
            method = METHODS[transform.algorithm]
            octets = canonicalize_octets(octets, method, transform.prefixes)
    return source.octets(_DEFAULT, enveloped=enveloped) if octets is None else octets


# XML-DSig 4.4.3.2: a node-set at the end of the chain is canonicalised with C14N 1.0.
_DEFAULT = Transform(DEFAULT_METHOD_URI, (), unknown_content=False)


def _enclosing_signature(target: etree._Element) -> etree._Element | None:
    """The signature that *target* is a part of; None for data, `ds:Signature` itself is a part."""
    if target.tag == names.SIGNATURE:
        return target
    return next(target.iterancestors(names.SIGNATURE), None)


_OWN_PARTS = {
    names.TYPE_SIGNED_PROPERTIES: names.SIGNED_PROPERTIES,
    names.TYPE_OBJECT: names.OBJECT,
    names.TYPE_SIGNATURE_PROPERTIES: names.SIGNATURE_PROPERTIES,
    names.TYPE_MANIFEST: names.MANIFEST,
}


def _misplaced(
    reference: Reference,
    target: etree._Element,
    form: SignatureForm,
    signature: etree._Element | None,
) -> Verdict | None:
    """A verdict where *target* is not a place that this reference may name, else None."""
    own_tag = _OWN_PARTS.get(reference.type or "")
    if reference.type == names.TYPE_MANIFEST or target.tag == names.MANIFEST:
        return indeterminate(
            SubIndication.SIG_CONSTRAINTS_FAILURE, finding("HB-S018", uri=reference.uri or "")
        )
    if own_tag is not None:
        right = target.tag == own_tag and signature is form.element
    elif reference.type == names.TYPE_COUNTERSIGNED:
        right = target.tag == names.SIGNATURE_VALUE and signature is not form.element
    else:
        # Untyped: data, a part of this signature, or the value of another one.
        right = (
            signature is None or signature is form.element or target.tag == names.SIGNATURE_VALUE
        )
    if right and signature is form.element:
        right = not _covers_itself(target, form)
    if right:
        return None
    return indeterminate(
        SubIndication.SIGNED_DATA_NOT_FOUND,
        finding(
            "HB-S013",
            path=element_path(target),
            line=target.sourceline,
            uri=reference.uri or "",
        ),
    )


def _covers_itself(target: etree._Element, form: SignatureForm) -> bool:
    """SignedInfo and SignatureValue of this very signature cannot be what it signs."""
    return target is form.element or target in (form.signed_info, form.signed_info.getnext())
