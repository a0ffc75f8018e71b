"""C. Several signers: what each of many signatures says, and what all of them say together."""

from copy import deepcopy
from dataclasses import replace

from lxml import etree

from signing import names
from signing.creation.styles import VENDOR_CANONICAL_TWICE, VENDOR_ENVELOPED, XADES
from signing.report import SubIndication
from signing.roster import Roster
from tests.support import records, signed_records
from tests.support.attacks import FAILED, INDETERMINATE, Attempt, attack
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import mandate, octets, signer, tree
from tests.support.spoiled import (
    DS,
    PRINCIPAL,
    SEAL,
    TEACHER,
    all_sign,
    forged,
    signature_of,
    signed,
    slot,
    started,
)
from tests.support.stamped import Stamp, judged, signed_by, token_of

CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE
CRYPTO = SubIndication.SIG_CRYPTO_FAILURE
NOT_FOUND = SubIndication.SIGNED_DATA_NOT_FOUND


def _spoil_value(signature):
    value = signature.find(names.SIGNATURE_VALUE)
    text = "".join(value.text.split())
    value.text = ("A" if text[0] != "A" else "B") + text[1:]


# ------------------------------------------------------------------------- C1: one of many


def _broken(place):
    root = tree(signed_records.signed_secondary(VENDOR_CANONICAL_TWICE))
    _spoil_value(list(root.iter(names.SIGNATURE))[place])
    return Attempt(data=octets(root), definition="trung-hoc")


@attack("C1", "first-signature-broken", expects=(FAILED, CRYPTO, "HB-S020"))
def first_broken() -> Attempt:
    """The first of many signatures has another value."""
    return _broken(0)


@attack("C1", "second-signature-broken", expects=(FAILED, CRYPTO, "HB-S020"))
def second_broken() -> Attempt:
    """The second of many, in one slot with others that are right."""
    return _broken(1)


@attack("C1", "last-signature-broken", expects=(FAILED, CRYPTO, "HB-S020"))
def last_broken() -> Attempt:
    """The last of many signatures has another value."""
    return _broken(-1)


# ------------------------------------------------------------------------- C2: stripped


def _stripped(role, style=VENDOR_ENVELOPED):
    root = signed(style)
    each = signature_of(root, role)
    each.getparent().remove(each)
    return octets(root)


@attack(
    "C2", "teachers-signature-stripped", expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S102")
)
def teacher_stripped() -> bytes:
    """The teacher's signature taken away, which stands inside what the principal signed."""
    return _stripped(TEACHER)


@attack("C2", "principals-signature-stripped", expects=(FAILED, CONSTRAINTS, "HB-S102"))
def principal_stripped() -> bytes:
    """The principal's signature taken away."""
    return _stripped(PRINCIPAL)


@attack("C2", "seal-stripped", expects=(FAILED, CONSTRAINTS, "HB-S102"))
def seal_stripped() -> bytes:
    """The school's seal taken away."""
    return _stripped(SEAL)


@attack("C2", "stripped-under-the-seal", expects=(INDETERMINATE, NOT_FOUND, "HB-S011"), about=SEAL)
def stripped_under_the_seal() -> bytes:
    """The principal's signature taken away, whose value the seal references."""
    return _stripped(PRINCIPAL, XADES)


@attack(
    "C2",
    "replaced-under-the-seal",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
    about=SEAL,
)
def replaced_under_the_seal() -> bytes:
    """The principal's signature exchanged for another good one after the seal closed it."""
    root = signed(XADES)
    old = signature_of(root, PRINCIPAL)
    holder = old.getparent()
    holder.remove(old)
    new = forge(holder, Forgery([Ref("#data")], signer(PRINCIPAL)))
    new.find(names.SIGNATURE_VALUE).set("Id", "S-CBQL-1-value")
    return octets(root)


# ------------------------------------------------------------------------- C3: one for two


@attack("C3", "principal-signs-as-teacher-too", expects=(FAILED, CONSTRAINTS, "HB-S106"))
def principal_as_teacher() -> bytes:
    """The principal signs in the teacher's slot too, where the record names somebody else."""
    root = tree(records.primary_record())
    return all_sign(root, {TEACHER: signer(PRINCIPAL)})


@attack("C3", "principal-seals-too", expects=(FAILED, CONSTRAINTS, "HB-S110"))
def principal_as_seal() -> bytes:
    """The principal signs in the seal's slot too, with a person's certificate."""
    return all_sign(tree(records.primary_record()), {SEAL: signer(PRINCIPAL)})


@attack("C3", "one-signature-copied-into-two-slots", expects=(FAILED, CONSTRAINTS, "HB-S110"))
def copied_into_two_slots() -> bytes:
    """The principal's signature copied into the seal's slot, to the last octet."""
    root = started(TEACHER)
    signature = forge(slot(root, PRINCIPAL), Forgery([Ref("#data")], signer(PRINCIPAL)))
    slot(root, SEAL).append(deepcopy(signature))
    return octets(root)


@attack("C3", "same-person-in-the-roster-for-two-roles", expects=(FAILED, CONSTRAINTS, "HB-S106"))
def two_mandates() -> Attempt:
    """The roster lets one person do both; the record names another one as teacher."""
    data = all_sign(tree(records.primary_record()), {TEACHER: signer(PRINCIPAL)})
    twice = replace(mandate(TEACHER, signed_records.PEOPLE[PRINCIPAL]), role=TEACHER)
    return Attempt(data=data, roster=Roster([*signed_records.roster().entries(), twice]))


# ------------------------------------------------------------------------- C4: copied time-stamps


@attack(
    "C4",
    "time-stamp-copied-from-another-signature",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S058"),
    about=TEACHER,
)
def copied_time_stamp() -> Attempt:
    """A genuine time-stamp of another signature, from before this signer was revoked."""
    other = signed_by("homeroom-new", "2026-02-01", [Stamp("2026-02-01")])
    return judged(signed_by("homeroom-new-revoked", "2026-02-01", token=token_of(other)))


@attack(
    "C4",
    "time-stamp-copied-from-an-older-signature-of-the-signer",
    expects=(INDETERMINATE, SubIndication.REVOKED_NO_POE, "HB-S058"),
    about=TEACHER,
)
def copied_older_time_stamp() -> Attempt:
    """The time-stamp of an earlier signature by the very same signer."""
    other = signed_by("homeroom-new-revoked", "2026-01-15", [Stamp("2026-01-15")])
    return judged(signed_by("homeroom-new-revoked", "2026-02-01", token=token_of(other)))


# ------------------------------------------------------------------------- C5: counter-signatures

COUNTERSIGNED = names.TYPE_COUNTERSIGNED


@attack("C5", "counter-signature-injected", expects=(FAILED, CONSTRAINTS, "HB-S109"))
def injected_counter_signature() -> bytes:
    """A CounterSignature by somebody else, put into the principal's unsigned properties."""
    root = signed(XADES)
    signature = signature_of(root, PRINCIPAL)
    qualifying = next(signature.iter(names.QUALIFYING_PROPERTIES))
    unsigned = etree.SubElement(qualifying, f"{{{names.XADES}}}UnsignedProperties")
    properties = etree.SubElement(unsigned, f"{{{names.XADES}}}UnsignedSignatureProperties")
    holder = etree.SubElement(properties, f"{{{names.XADES}}}CounterSignature")
    value = Ref("#S-CBQL-1-value", type=COUNTERSIGNED)
    forge(holder, Forgery([value], signer(TEACHER)))
    return octets(root)


@attack(
    "C5",
    "counter-signature-as-the-principals",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S014"),
    about=PRINCIPAL,
)
def only_counter_signature() -> bytes:
    """In the principal's slot a signature over the teacher's SignatureValue and nothing else."""
    root = started(TEACHER, style=XADES)
    value = Ref("#S-GVCN-1-value", type=COUNTERSIGNED)
    return forged(Forgery([value], signer(PRINCIPAL)), root=root)


@attack(
    "C5",
    "counter-signature-over-data",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def counter_signature_over_data() -> bytes:
    """The Type of a counter-signature on a Reference that names the content."""
    return forged(Forgery([Ref("#data", type=COUNTERSIGNED)], signer(PRINCIPAL)))


@attack(
    "C5",
    "counter-signature-over-itself",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def counter_signature_over_itself() -> bytes:
    """A Reference of that Type that names the SignatureValue of its own signature."""
    root = started(TEACHER)
    references = [Ref("#data"), Ref("#own", type=COUNTERSIGNED, octets=b"")]
    signature = forge(slot(root, PRINCIPAL), Forgery(references, signer(PRINCIPAL)))
    signature.find(names.SIGNATURE_VALUE).set("Id", "own")
    return octets(root)


@attack(
    "C5",
    "counter-signature-over-a-fake-value",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def counter_signature_over_a_fake() -> bytes:
    """It names an element SignatureValue that stands in no signature."""
    root = started(TEACHER)
    etree.SubElement(root, f"{DS}SignatureValue", Id="fake").text = "AAAA"
    references = [Ref("#data"), Ref("#fake", type=names.TYPE_SIGNED_PROPERTIES)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


@attack(
    "C5",
    "counter-signature-over-a-value-outside-any-signature",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def counter_signature_over_a_stray_value() -> bytes:
    """The right Type on a SignatureValue that belongs to no signature: nothing was signed there."""
    root = started(TEACHER)
    etree.SubElement(root, f"{DS}SignatureValue", Id="fake").text = "AAAA"
    references = [Ref("#data"), Ref("#fake", type=COUNTERSIGNED)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


# ------------------------------------------------------------------------- C6: order


@attack(
    "C6",
    "seal-before-the-teacher",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
    about=SEAL,
)
def seal_before_teacher() -> bytes:
    """Principal and seal sign first; the teacher's signature then changes what they signed."""
    root = tree(records.primary_record())
    for role in (PRINCIPAL, SEAL):
        forge(slot(root, role), Forgery([Ref("#data")], signer(role)))
    forge(slot(root, TEACHER), Forgery([Ref("#thongtinhocba")], signer(TEACHER)))
    return octets(root)


@attack("C6", "seal-of-the-content-without-the-teacher", expects=(FAILED, CONSTRAINTS, "HB-S102"))
def seal_without_teacher() -> bytes:
    """Principal and seal over a content that the teacher never signed."""
    root = tree(records.primary_record())
    for role in (PRINCIPAL, SEAL):
        forge(slot(root, role), Forgery([Ref("#data")], signer(role)))
    return octets(root)


# ------------------------------------------------------------------------- C7: old content


@attack(
    "C7",
    "signature-of-an-older-version",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
    about=PRINCIPAL,
)
def older_version() -> bytes:
    """The principal's signature of version 1 put under a corrected content that others signed."""
    old = signed(VENDOR_ENVELOPED)
    corrected = records.primary_record().replace("Em chăm chỉ".encode(), "Em rất chăm chỉ".encode())
    root = started(TEACHER, data=corrected, style=VENDOR_ENVELOPED)
    holder = slot(root, PRINCIPAL)
    holder.append(signature_of(old, PRINCIPAL))
    forge(slot(root, SEAL), Forgery([Ref("#data")], signer(SEAL)))
    return octets(root)


@attack(
    "C7",
    "teachers-signature-of-an-older-version",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
    about=TEACHER,
)
def older_teacher() -> bytes:
    """The teacher's old signature in a corrected content that the others signed anew."""
    root = started(TEACHER, style=VENDOR_ENVELOPED)
    root.find(".//hovaten").text = "Người Khác"
    for role in (PRINCIPAL, SEAL):
        forge(slot(root, role), Forgery([Ref("#data")], signer(role)))
    return octets(root)
