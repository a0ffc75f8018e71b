"""What one version of a record changes in another, as people read it.

Both versions must be proved to be what was accepted; what is compared is their content, the one
element that is believed, and in it the signatures are left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from lxml import etree

from hocba.wording import in_words
from schemas.definition import Definition
from schemas.document import ParsedDocument, local_name, text_of
from schemas.findings import Language
from schemas.xpath import select
from signing import names
from signing.report import Indication, SignatureReport

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that is not the same in both versions.

    `field` is its XML name, `row` what people call the row that it stands in (a subject, a school
    year), None outside tables. `before` or `after` is None where the field, or its row, is only in
    the other version. `signed_by` names the subjects of the certificates whose signature over the
    smallest part around the field passes in the version after.
    """

    field: str
    parent: str
    row: str | None
    before: str | None
    after: str | None
    signed_by: tuple[str, ...]

    def as_json(self, definition: Definition, language: Language) -> dict[str, object]:
        """One member of `changes`."""
        return {
            "field": self.field,
            "label": self.label(definition, language),
            "row": self.row,
            "before": self.before,
            "after": self.after,
            "signed_by": list(self.signed_by),
        }

    def label(self, definition: Definition, language: Language) -> str:
        """What people call the field."""
        return definition.label(f"{self.parent}/{self.field}", language)

    def text(self, definition: Definition, language: Language) -> str:
        """The change in one line: `Toán, Điểm học kì II: 7,5 → 8,0`."""
        label = self.label(definition, language)
        where = label if self.row is None else f"{self.row}, {label}"
        before, after = (
            in_words(definition, self.field, each or "", language) or "–"
            for each in (self.before, self.after)
        )
        return f"{where}: {before} → {after}"


@dataclass(frozen=True, slots=True)
class _Leaf:
    element: etree._Element
    parent: str
    row: str | None
    value: str


def differences(
    before: ParsedDocument,
    after: ParsedDocument,
    definition: Definition,
    signatures: SignatureReport,
) -> tuple[Change, ...]:
    """The changes from *before* to *after*, in document order; new rows stand where they are new.

    *signatures* is the report on *after*. Rows are the same where their key is the same, in
    whatever order they stand. Compared are the fields that the definition's reading lists:
    technical keys, and what says which version it is, are no change of the record.
    """
    old = _leaves(before, definition)
    new = _leaves(after, definition)
    signers = _signers(signatures)
    changes = []
    for key in _in_order(old, new):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was.value == now.value:
            continue
        leaf = now or was
        if leaf is None or not ((was and was.value) or (now and now.value)):
            continue  # an empty field and none are the same to a reader
        changes.append(
            Change(
                field=local_name(leaf.element),
                parent=leaf.parent,
                row=leaf.row,
                before=was.value if was else None,
                after=now.value if now else None,
                signed_by=_signed_by(now.element, signers) if now else (),
            )
        )
    return tuple(changes)


def _leaves(document: ParsedDocument, definition: Definition) -> dict[_Key, _Leaf]:
    """Every field of the content by a key that does not depend on the order of rows."""
    contents = definition.contents(document)
    if len(contents) != 1:
        return {}
    rows: dict[etree._Element, tuple[str, str | None]] = {}
    read = {f for each in definition.reading if not each.of_version for f in each.fields}
    for section in definition.reading:
        if section.key is not None:
            for each in select(section.rows, contents[0]):
                called = _child(each, section.called or section.key)
                rows[each] = (_child(each, section.key), called or None)
    found: dict[_Key, _Leaf] = {}
    for key, leaf in _walk(contents[0], (), None, rows):
        if local_name(leaf.element) not in read:
            continue
        free = next(k for n in count() if (k := (*key, str(n))) not in found)
        found[free] = leaf
    return found


def _walk(
    element: etree._Element,
    key: _Key,
    row: str | None,
    rows: Mapping[etree._Element, tuple[str, str | None]],
) -> Iterator[tuple[_Key, _Leaf]]:
    for child in element.iterchildren(etree.Element):
        if child.tag == names.SIGNATURE:
            continue
        step = (*key, str(child.tag))
        inner = row
        if child in rows:
            told_by, inner = rows[child]
            step = (*step, told_by)
        if len(child):
            yield from _walk(child, step, inner, rows)
        else:
            yield step, _Leaf(child, local_name(element), inner, text_of(child).strip())


def _child(element: etree._Element, name: str) -> str:
    found = next((e for e in element.iterchildren(etree.Element) if local_name(e) == name), None)
    return "" if found is None else text_of(found).strip()


def _in_order(old: Mapping[_Key, _Leaf], new: Mapping[_Key, _Leaf]) -> Iterator[_Key]:
    """Every key once: those of the new version in its order, each gone one where it stood."""
    gone_after: dict[_Key | None, list[_Key]] = {}
    last: _Key | None = None
    for key in old:
        if key in new:
            last = key
        else:
            gone_after.setdefault(last, []).append(key)
    yield from gone_after.get(None, ())
    for key in new:
        yield key
        yield from gone_after.get(key, ())


def _signers(report: SignatureReport) -> tuple[tuple[str, frozenset[str]], ...]:
    """Who signs which ids, of the signatures that pass."""
    return tuple(
        (each.signer.subject, frozenset(uri.removeprefix("#") for uri in each.covers))
        for each in report.signatures
        if each.signer is not None and each.verdict.indication is Indication.TOTAL_PASSED
    )


def _signed_by(
    element: etree._Element, signers: tuple[tuple[str, frozenset[str]], ...]
) -> tuple[str, ...]:
    for part in (element, *element.iterancestors()):
        identifier = part.get("Id")
        found = tuple(subject for subject, ids in signers if identifier and identifier in ids)
        if found:
            return tuple(dict.fromkeys(found))
    return ()
