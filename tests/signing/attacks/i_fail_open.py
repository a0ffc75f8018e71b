"""I. Open when something fails: nothing missing may ever be taken for a pass."""

from lxml import etree

from signing.report import SubIndication
from tests.support import records, signed_records
from tests.support.attacks import FAILED, INDETERMINATE, Attempt, attack, covered
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer
from tests.support.spoiled import (
    DS,
    PRINCIPAL,
    SEAL,
    TEACHER,
    all_sign,
    content_of,
    forged,
    signed,
    slot,
    started,
)

CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE

# ------------------------------------------------------------------------- I1: missing


@attack(
    "I1",
    "no-trust-store",
    expects=(INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "HB-S040"),
)
def no_trust_store() -> Attempt:
    """A genuine record judged without a trust store."""
    return Attempt(data=signed_records.signed_primary(), with_trust=False)


@attack("I1", "no-roster", expects=(INDETERMINATE, CONSTRAINTS, "HB-S107"))
def no_roster() -> Attempt:
    """A genuine record judged without a roster."""
    return Attempt(data=signed_records.signed_primary(), with_roster=False)


@attack(
    "I1",
    "neither-trust-store-nor-roster",
    expects=(INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "HB-S107"),
)
def neither() -> Attempt:
    """A genuine record judged with nothing to judge it by."""
    return Attempt(data=signed_records.signed_primary(), with_trust=False, with_roster=False)


@attack("I1", "broken-and-no-trust-store", expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"))
def broken_without_trust() -> Attempt:
    """An altered record without a trust store: what is certainly wrong is said all the same."""
    data = signed_records.signed_primary().replace(b"<hovaten>", b"<hovaten>X")
    return Attempt(data=data, with_trust=False)


covered(
    "I1",
    "tests/signing/certificates/test_trust.py::test_refuses_a_store_without_anchors",
    "A trust folder that lists no anchor is refused when it is read.",
)
covered(
    "I1",
    "tests/signing/test_policy.py::test_refuses_a_policy_that_demands_no_role",
    "A signature policy that demands no role is refused when it is read.",
)

# ------------------------------------------------------------------------- I2: unsigned


@attack("I2", "unsigned-record", expects=(FAILED, CONSTRAINTS, "HB-S111"))
def unsigned() -> bytes:
    """A record without any signature."""
    return records.primary_record()


@attack("I2", "empty-slots", expects=(FAILED, CONSTRAINTS, "HB-S111"))
def empty_slots() -> bytes:
    """Every slot is there and empty."""
    root = signed()
    for each in list(root.iter(f"{DS}Signature")):
        each.getparent().remove(each)
    return octets(root)


@attack("I2", "empty-signatures", expects=(FAILED, CONSTRAINTS, "HB-S103"))
def empty_signatures() -> bytes:
    """Every slot holds a Signature element with nothing in it."""
    root = signed()
    for each in list(root.iter(f"{DS}Signature")):
        each.getparent().replace(each, etree.Element(f"{DS}Signature"))
    return octets(root)


# ------------------------------------------------------------------------- I3: not over content


@attack(
    "I3",
    "signature-over-its-own-object",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S014"),
    about=PRINCIPAL,
)
def own_object() -> bytes:
    """A genuine signature that covers nothing but an Object of its own."""
    forgery = Forgery([Ref("#o")], signer(PRINCIPAL), objects=['<Object Id="o">x</Object>'])
    return forged(forgery)


@attack("I3", "principal-signs-only-the-teachers-part", expects=(FAILED, CONSTRAINTS, "HB-S103"))
def too_little() -> bytes:
    """The principal's signature covers a part of what it must."""
    return forged(Forgery([Ref("#thongtinhocba")], signer(PRINCIPAL)))


@attack("I3", "everybody-signs-something-else", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def something_else() -> bytes:
    """Three genuine signatures over an empty element inside the content."""
    root = started()
    etree.SubElement(content_of(root).find("THONG_TIN_HOC_BA"), "x", Id="x")
    for role in (TEACHER, PRINCIPAL, SEAL):
        forge(slot(root, role), Forgery([Ref("#x")], signer(role)))
    return octets(root)


@attack("I3", "signature-over-a-sibling-of-the-content", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def sibling() -> bytes:
    """A record signed by everybody, whose Ids stand on copies beside the content."""
    root = etree.fromstring(all_sign(started()))
    content = content_of(root)
    for each in (content, content.find("THONG_TIN_HOC_BA")):
        identifier = each.attrib.pop("Id")
        etree.SubElement(root, each.tag + "_KHAC", Id=identifier)
    return octets(root)


@attack(
    "I3",
    "second-signature-passes-the-first-does-not",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
)
def one_of_two() -> bytes:
    """Two signatures in the principal's slot, of which only the second covers this content."""
    root = started(TEACHER)
    forge(slot(root, PRINCIPAL), Forgery([Ref("#data", octets=b"khac")], signer(PRINCIPAL)))
    return forged(Forgery([Ref("#data")], signer(PRINCIPAL)), root=root)


# ------------------------------------------------------------------------- I4: old policy

covered(
    "I4",
    "tests/signing/attacks/test_old_policy.py::test_a_verdict_names_the_policy_that_it_was_reached_by",
    "Every report names policy and version, also where the document is refused at once.",
)
covered(
    "I4",
    "tests/signing/attacks/test_old_policy.py::test_no_verdict_under_one_trust_store_is_shown_under_another",
    "A pass under one trust store, then the same document under another one.",
)
covered(
    "I4",
    "tests/signing/attacks/test_old_policy.py::test_no_verdict_by_one_algorithm_table_is_shown_under_another",
    "A pass by one algorithm table, then the same document by one that refuses its algorithm.",
)
