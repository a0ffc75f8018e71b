"""Transforms of a reference: nodes or octets in, nodes or octets out (XML-DSig 1.1, clause 6.6).

Which of them a signature may use is a list that its reader hands in; whatever is not on it is
refused, never skipped.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from lxml import etree

from signing.xmldsig.canonicalization import (
    DEFAULT_METHOD_URI,
    ENVELOPED_SIGNATURE,
    METHODS,
    canonicalize,
    canonicalize_octets,
)
from signing.xmldsig.form import Transform


class NodeSet(NamedTuple):
    """What a same-document reference names, as its transforms have left it so far.

    `enclosed_signature` is the signature being validated where it stands inside the target.
    `whole_document` takes in what stands beside the root element too; `with_comments` is true only
    for the pointers that keep comments (XML-DSig 4.4.3.3). `removed` are elements below the target
    that a transform took out, each with all below it.
    """

    target: etree._Element
    whole_document: bool
    enclosed_signature: etree._Element | None
    with_comments: bool = False
    removed: tuple[etree._Element, ...] = ()

    def without(self, *elements: etree._Element) -> "NodeSet":
        """The same nodes but for *elements* and all below them."""
        return self._replace(removed=(*self.removed, *elements))

    def octets(self, transform: Transform) -> bytes:
        """The canonical octets."""
        method = METHODS[transform.algorithm]
        return canonicalize(
            self.target,
            method,
            with_comments=self.with_comments and method.with_comments,
            prefixes=transform.prefixes,
            whole_document=self.whole_document,
            without=self.removed,
        )


class UnsupportedTransformError(Exception):
    """A transform that is not on the allow-list, or stands where it has no meaning."""


TransformStep = Callable[[NodeSet | bytes, Transform], NodeSet | bytes]
"""One transform: nodes or octets in, nodes or octets out; raises `UnsupportedTransformError`."""


def canonicalization_step(data: NodeSet | bytes, transform: Transform) -> bytes:
    """Any of the canonicalisations; octets are parsed again."""
    refuse_content(transform)
    if isinstance(data, NodeSet):
        return data.octets(transform)
    return canonicalize_octets(data, METHODS[transform.algorithm], transform.prefixes)


def enveloped_signature_step(data: NodeSet | bytes, transform: Transform) -> NodeSet:
    """Take out the signature being validated (XML-DSig 6.6.4).

    Where it stands outside, this removes nothing, as Vietnamese tools write it.
    """
    refuse_content(transform)
    if not isinstance(data, NodeSet):
        raise UnsupportedTransformError(transform.algorithm)
    enclosed = data.enclosed_signature
    return data if enclosed is None else data.without(enclosed)


def refuse_content(transform: Transform) -> None:
    """Raise `UnsupportedTransformError` where a transform without parameters holds some."""
    if transform.unknown_content:
        raise UnsupportedTransformError(transform.algorithm)


RECORD_TRANSFORMS: Mapping[str, TransformStep] = {
    ENVELOPED_SIGNATURE: enveloped_signature_step,
    **dict.fromkeys(METHODS, canonicalization_step),
}
"""The short allow-list: what a record's signature may use."""


def apply_transforms(
    nodes: NodeSet,
    transforms: tuple[Transform, ...],
    steps: Mapping[str, TransformStep] = RECORD_TRANSFORMS,
) -> bytes:
    """The octets that a reference digests: the allow-listed transforms of *nodes*, in order.

    Raises `UnsupportedTransformError` for anything else, and where the order has no meaning.
    """
    data: NodeSet | bytes = nodes
    for transform in transforms:
        step = steps.get(transform.algorithm)
        if step is None:
            raise UnsupportedTransformError(transform.algorithm)
        data = step(data, transform)
    return data.octets(_DEFAULT) if isinstance(data, NodeSet) else data


# XML-DSig 4.4.3.2: a node-set at the end of the chain is canonicalised with C14N 1.0.
_DEFAULT = Transform(DEFAULT_METHOD_URI, (), unknown_content=False)
