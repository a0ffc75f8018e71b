"""What holds for every document: no change of what is signed passes, and no mixture of two does."""

import re
from binascii import a2b_base64
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.document import parse
from schemas.errors import Unreadable
from signing import names
from signing.creation.builder import sign_record
from signing.creation.styles import STYLES, SignatureStyle
from signing.keys.key import SoftwareKey
from signing.record import validate_record
from signing.report import Indication, SignatureReport
from signing.roster import Roster
from tests.support import records, signed_records, signing_kit
from tests.support.signed_records import mandate, octets, tree

ROLES = ("GVCN", "CBQL", "KY_PHAT_HANH")
DS = f"{{{names.DS}}}"


def examples(count: int) -> settings:
    """*count* examples, or as many as the profile "long" of `make fuzz` has."""
    if settings.get_current_profile_name() == "long":
        count = settings.get_profile("long").max_examples
    return settings(max_examples=count, deadline=None)


# ------------------------------------------------------------------------- one byte


@dataclass(frozen=True, repr=False)
class Original:
    """A genuine record, and where the bytes stand that its signatures cover."""

    data: bytes
    definition: str
    signed: tuple[tuple[int, int], ...]


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    """The content, every SignedInfo, every SignatureValue and every signed Object."""
    patterns = (
        rb"<DU_LIEU_HOC_BA.*</DU_LIEU_HOC_BA>",
        rb"<(?:ds:)?SignedInfo>.*?</(?:ds:)?SignedInfo>",
        rb"<(?:ds:)?SignatureValue[^>]*>.*?</(?:ds:)?SignatureValue>",
        rb"<xades:SignedProperties.*?</xades:SignedProperties>",
        rb"<Object .*?</Object>",
    )
    for pattern in patterns:
        for found in re.finditer(pattern, data, re.DOTALL):
            yield found.span()


@cache
def originals() -> tuple[Original, ...]:
    """Both definitions in every style."""
    return tuple(
        Original(data, definition, tuple(_spans(data)))
        for style in STYLES.values()
        for data, definition in (
            (signed_records.signed_primary(style), "tieu-hoc"),
            (signed_records.signed_secondary(style), "trung-hoc"),
        )
    )


def difference(changed: bytes, original: bytes) -> str:
    """Where two documents part, short enough to read."""
    at = next(i for i, (a, b) in enumerate(zip(changed, original, strict=False)) if a != b)
    return f"{changed[at - 40 : at + 20]!r} for {original[at - 40 : at + 20]!r}"


def canonical(data: bytes) -> bytes:
    return etree.tostring(etree.fromstring(data), method="c14n", with_comments=False)


def test_the_spans_cover_content_and_signatures_of_every_style() -> None:
    for each in originals():
        signatures = each.data.count(b"<DigestMethod") + each.data.count(b"<ds:DigestMethod")
        assert len(each.signed) > 1 + 2 * 3
        assert signatures >= 6


def same_meaning(changed: bytes, original: Original) -> bool:
    """Whether both say the same: canonically, but for how SignatureValue writes its octets."""
    try:
        return _decoded(changed) == _decoded(original.data)
    except etree.XMLSyntaxError:
        return False


def _decoded(data: bytes) -> bytes:
    """The canonical document with the octets of each SignatureValue in one spelling.

    Base64 ignores white space and the last character's unused bits. Where one SignatureValue is
    covered by another signature its spelling counts all the same: that signature fails then.
    """
    root = etree.fromstring(data)
    for value in root.iter(names.SIGNATURE_VALUE):
        value.text = a2b_base64(value.text or "").hex()
    return etree.tostring(root, method="c14n", with_comments=False)


def _changed(data: st.DataObject, original: Original) -> bytes:
    start, end = data.draw(st.sampled_from(original.signed))
    at = data.draw(st.integers(start, end - 2))
    octet = data.draw(st.integers(0, 255))
    kind = data.draw(st.sampled_from(("replace", "insert", "delete", "flip")))
    before, here, after = original.data[:at], original.data[at], original.data[at + 1 :]
    match kind:
        case "replace":
            return before + bytes([octet]) + after
        case "insert":
            return before + bytes([here, octet]) + after
        case "delete":
            return before + after
        case _:
            return before + bytes([here ^ (1 << octet % 8)]) + after


@examples(300)
@given(data=st.data())
def test_no_one_byte_change_of_what_is_signed_passes(data: st.DataObject) -> None:
    original = originals()[data.draw(st.integers(0, len(originals()) - 1))]
    changed = _changed(data, original)
    assume(changed != original.data)
    try:
        report = signed_records.validate(changed, original.definition)
    except Unreadable:
        return
    if report.record.indication is Indication.TOTAL_PASSED:
        assert same_meaning(changed, original), difference(changed, original.data)


# ------------------------------------------------------------------------- two documents

OTHER = {"GVCN": "025185000077", "CBQL": "025175000088"}
OTHER_SCHOOL, OTHER_TAX_CODE = "2500001002", "5300100299"


def _other_signers() -> Mapping[str, SoftwareKey]:
    return {
        "GVCN": signing_kit.signer(f"CCCD:{OTHER['GVCN']}"),
        "CBQL": signing_kit.signer(f"CCCD:{OTHER['CBQL']}", rsa=True),
        "KY_PHAT_HANH": signing_kit.signer(f"MST:{OTHER_TAX_CODE}", rsa=True),
    }


def _at_another_school(data: bytes) -> bytes:
    for role, person in OTHER.items():
        data = data.replace(signed_records.PEOPLE[role].encode(), person.encode())
    return data.replace(signed_records.SCHOOL.encode(), OTHER_SCHOOL.encode())


def _another_pupil(data: bytes) -> bytes:
    return data.replace(b"<hovaten>", b"<hovaten>Kh\xc3\xa1c ")


def _signed(data: bytes, keys: Mapping[str, SoftwareKey], style: SignatureStyle) -> bytes:
    for role in ROLES:
        data = sign_record(
            data,
            role,
            keys[role],
            policy=signed_records.policy("tieu-hoc"),
            signing_time=signed_records.SIGNED_AT,
            style=style,
        )
    return data


@cache
def documents(style: str) -> tuple[bytes, ...]:
    """Four genuine records: two pupils, and two schools with signers of their own."""
    own = {role: signed_records.signer(role) for role in ROLES}
    first = records.primary_record()
    return tuple(
        _signed(data, keys, STYLES[style])
        for data, keys in (
            (first, own),
            (_another_pupil(first), own),
            (_at_another_school(first), _other_signers()),
            (_another_pupil(_at_another_school(first)), _other_signers()),
        )
    )


@cache
def everybody() -> Roster:
    """Both schools' signers, each at theirs."""
    elsewhere = [mandate(role, person) for role, person in OTHER.items()]
    elsewhere.append(mandate("KY_PHAT_HANH", OTHER_TAX_CODE))
    moved = [
        type(each)(
            school=OTHER_SCHOOL,
            role=each.role,
            personal_id=each.personal_id,
            organization_id=each.organization_id,
            name=each.name,
            valid_from=None,
            valid_to=None,
        )
        for each in elsewhere
    ]
    return Roster([*signed_records.roster().entries(), *moved])


def passes(data: bytes) -> bool:
    return _report(data).record.indication is Indication.TOTAL_PASSED


def _report(data: bytes) -> SignatureReport:
    return validate_record(
        parse(data),
        signed_records.policy("tieu-hoc"),
        paths=signed_records.paths(),
        roster=everybody(),
        at=signed_records.NOW,
    )


@pytest.mark.parametrize("style", STYLES)
def test_each_of_the_four_documents_passes(style: str) -> None:
    for data in documents(style):
        assert passes(data)


PARTS = (
    "DU_LIEU_HOC_BA",
    "THONG_TIN_HOC_BA",
    "DANH_SACH_THONG_TIN_KY",
    "PHAT_HANH_HOC_BA",
    *ROLES,
    f"{DS}Signature",
    names.SIGNED_INFO,
    names.SIGNATURE_VALUE,
    names.KEY_INFO,
    names.OBJECT,
    f"{DS}Reference",
    f"{DS}DigestValue",
    f"{DS}X509Certificate",
    names.SIGNED_PROPERTIES,
    names.QUALIFYING_PROPERTIES,
)


def _one(data: st.DataObject, elements: list[etree._Element]) -> etree._Element:
    return elements[data.draw(st.integers(0, len(elements) - 1))]


def _swapped(into: etree._Element, source: etree._Element, data: st.DataObject) -> None:
    """A part of *source* in the place of one of the same name here, of the same role or another."""
    name = data.draw(st.sampled_from(PARTS))
    here, there = list(into.iter(name)), list(source.iter(name))
    if not here or not there:
        return
    target = _one(data, here)
    taken = deepcopy(_one(data, there))
    taken.tail = target.tail
    target.getparent().replace(target, taken)


def believed(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """What a document says and who signed it: all but the hints in KeyInfo, and the signers."""
    signers = tuple(each.signer.certificate_sha256 for each in _report(data).signatures)
    root = tree(data)
    for hints in list(root.iter(names.KEY_INFO)):
        hints.getparent().remove(hints)
    return canonical(octets(root)), signers


@cache
def known(style: str) -> frozenset[tuple[bytes, tuple[str, ...]]]:
    """What the four genuine documents say."""
    return frozenset(believed(each) for each in documents(style))


@examples(250)
@given(data=st.data())
def test_no_mixture_of_parts_of_valid_documents_passes(data: st.DataObject) -> None:
    style = data.draw(st.sampled_from(list(STYLES)))
    valid = documents(style)
    root = tree(valid[data.draw(st.integers(0, 3))])
    for _ in range(data.draw(st.integers(1, 4))):
        _swapped(root, tree(valid[data.draw(st.integers(0, 3))]), data)
    mixed = octets(root)
    assert not passes(mixed) or believed(mixed) in known(style)


def test_no_exchange_of_one_part_between_two_documents_passes() -> None:
    # The same, once for each: every part, every role, every pair.
    for style in STYLES:
        valid = documents(style)
        for one, other in ((0, 1), (1, 0), (0, 2), (1, 3), (3, 0)):
            for name in PARTS:
                count = len(list(tree(valid[one]).iter(name)))
                for place in range(min(count, len(list(tree(valid[other]).iter(name))))):
                    root = tree(valid[one])
                    target = list(root.iter(name))[place]
                    taken = list(tree(valid[other]).iter(name))[place]
                    taken.tail = target.tail
                    target.getparent().replace(target, taken)
                    mixed = octets(root)
                    good = passes(mixed) and believed(mixed) not in known(style)
                    assert not good, (style, one, other, name, place)
