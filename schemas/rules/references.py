"""The rule about Ids: what a signature names is there, is unique, and is the role's to sign.

Always checked: no definition has to ask for it. Which slots there are and what each covers comes
from the definition's signature policy; the signatures themselves are not validated here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.document import ParsedDocument, element_path
from schemas.findings import Finding, finding
from schemas.rules.scope import Scope, quote
from schemas.xpath import select

DS = "http://www.w3.org/2000/09/xmldsig#"

_REFERENCES = etree.XPath(
    "ds:Signature/ds:SignedInfo/ds:Reference", namespaces={"ds": DS}, smart_strings=False
)
_NAMED_IN_FULL = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where one role's signatures stand and what they may reference.

    `holders` selects, absolutely, the elements that hold them, `covers` what the role has to sign,
    `also`, relative to the content, what it may sign besides; `described` says both to people.
    """

    role: str
    holders: etree.XPath
    covers: etree.XPath
    also: etree.XPath | None
    described: str


@dataclass(frozen=True, slots=True)
class SignatureReferences:
    """The references of the signatures in all slots."""

    slots: tuple[Slot, ...]

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """Errors for each bad reference and each ambiguous Id, then one warning for the rest."""
        document, named = scope.document, set[str]()
        for slot in self.slots:
            covered = document.select(slot.covers)
            for reference in _references(slot, document):
                uri = reference.get("URI")
                if uri is None or len(uri) < 2 or uri[0] != "#" or uri.startswith("#xpointer("):
                    yield _about(slot, reference, "HB-E053", uri or "")
                    continue
                named.add(uri[1:])
                found = document.ids.get(uri[1:], ())
                if len(found) == 1 and (found[0] in covered or _own_part(found[0], reference)):
                    continue
                yield from _misplaced(scope, slot, reference, found)
        harmless: dict[str, etree._Element] = {}
        for name, found in document.ids.items():
            if len(found) == 1:
                continue
            if name in named:
                yield _ambiguous(name, found)
            else:
                harmless[name] = found[1]
        if harmless:
            yield _harmless(harmless)


def _references(slot: Slot, document: ParsedDocument) -> Iterator[etree._Element]:
    for holder in document.select(slot.holders):
        yield from select(_REFERENCES, holder)


def _own_part(target: etree._Element, reference: etree._Element) -> bool:
    """Whether *target* is the signature's own Object, SignedProperties, KeyInfo or the like."""
    signed_info = reference.getparent()
    signature = None if signed_info is None else signed_info.getparent()
    return signature is not None and signature in target.iterancestors()


def _misplaced(
    scope: Scope, slot: Slot, reference: etree._Element, found: Sequence[etree._Element]
) -> Iterator[Finding]:
    """What is wrong with a reference to something else than what the slot covers."""
    name = reference.get("URI", "")[1:]
    if not found:
        yield _about(slot, reference, "HB-E051", name)
    if len(found) != 1:
        return  # ambiguous: reported once for the Id
    (target,) = found
    if slot.also is not None and target in select(slot.also, scope.content):
        return
    where = element_path(target)
    yield _about(slot, reference, "HB-E052", name, target=where, allowed=slot.described)


def _about(
    slot: Slot, reference: etree._Element, code: str, found: str, **parameters: str
) -> Finding:
    return finding(
        code,
        path=element_path(reference),
        line=reference.sourceline,
        role=slot.role,
        found=quote(found),
        **parameters,
    )


def _ambiguous(name: str, found: Sequence[etree._Element]) -> Finding:
    lines = [str(each.sourceline) for each in found[:_NAMED_IN_FULL]]
    return finding(
        "HB-E050",
        path=element_path(found[1]),
        line=found[1].sourceline,
        found=quote(name),
        count=len(found),
        lines=", ".join(lines) + (", …" if len(found) > _NAMED_IN_FULL else ""),
    )


def _harmless(repetitions: Mapping[str, etree._Element]) -> Finding:
    names = [quote(name) for name in repetitions]
    first = next(iter(repetitions.values()))
    return finding(
        "HB-W004",
        path=element_path(first),
        line=first.sourceline,
        count=len(names),
        found=", ".join(names[:_NAMED_IN_FULL]) + (", …" if len(names) > _NAMED_IN_FULL else ""),
    )
