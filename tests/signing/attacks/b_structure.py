"""B. Structure: a Signature that two readers could read in two ways."""

from copy import deepcopy

from lxml import etree

from signing import names
from signing.creation.styles import VENDOR_ENVELOPED, XADES
from signing.report import SubIndication
from tests.support import signed_records
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, attack
from tests.support.forge import DS as DS_NAMESPACE
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer
from tests.support.spoiled import (
    DS,
    PRINCIPAL,
    SEAL,
    STRANGER,
    TEACHER,
    forged,
    signature_of,
    signed,
    slot,
    spoiled_signature,
    started,
)

FORMAT = SubIndication.FORMAT_FAILURE
CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE
HASH = SubIndication.HASH_FAILURE
CRYPTO = SubIndication.SIG_CRYPTO_FAILURE


def _forged_info(signature):
    """A SignedInfo over an empty content, as an attacker without a key would write it."""
    info = deepcopy(signature.find(names.SIGNED_INFO))
    info.find(f".//{DS}DigestValue").text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    return info


# ------------------------------------------------------------------------- B1: SignedInfo


@attack("B1", "two-signed-info-forged-first", expects=(FAILED, FORMAT, "HB-S001"), about=PRINCIPAL)
def forged_info_first() -> bytes:
    """A forged SignedInfo before the signed one."""
    return spoiled_signature(lambda each: each.insert(0, _forged_info(each)))


@attack("B1", "two-signed-info-forged-last", expects=(FAILED, FORMAT, "HB-S001"), about=PRINCIPAL)
def forged_info_last() -> bytes:
    """A forged SignedInfo after the signed one."""
    return spoiled_signature(lambda each: each.insert(1, _forged_info(each)))


@attack("B1", "signed-info-wrapped", expects=(FAILED, FORMAT, "HB-S001"), about=PRINCIPAL)
def wrapped_info() -> bytes:
    """The signed SignedInfo wrapped in another element, a forged one in its place."""

    def change(signature):
        original = signature.find(names.SIGNED_INFO)
        signature.replace(original, _forged_info(signature))
        etree.SubElement(signature, f"{DS}Extra").append(original)

    return spoiled_signature(change)


@attack("B1", "signed-info-in-an-object", expects=(FAILED, CRYPTO, "HB-S020"), about=PRINCIPAL)
def info_in_an_object() -> bytes:
    """The signed SignedInfo moved into an Object, a forged one in its place: the value is wrong."""

    def change(signature):
        original = signature.find(names.SIGNED_INFO)
        replaced = deepcopy(original)
        replaced.append(deepcopy(replaced.find(f"{DS}Reference")))
        signature.replace(original, replaced)
        etree.SubElement(signature, f"{DS}Object").append(original)

    return spoiled_signature(change)


# ------------------------------------------------------------------------- B2: split values


def _into(name, node):
    """A node put into the text of a value, its end behind the node."""

    def change(signature):
        value = signature.find(f".//{DS}{name}")
        text = value.text
        value.text, node.tail = text[:4], text[4:]
        value.append(node)

    return change


@attack("B2", "comment-in-digest-value", expects=(FAILED, FORMAT, "HB-S002"), about=PRINCIPAL)
def comment_in_digest() -> bytes:
    """A comment splits the DigestValue, so that one reader sees another digest than the next."""
    return spoiled_signature(_into("DigestValue", etree.Comment("x")))


@attack("B2", "comment-in-signature-value", expects=(FAILED, FORMAT, "HB-S002"), about=PRINCIPAL)
def comment_in_value() -> bytes:
    """A comment splits the SignatureValue."""
    return spoiled_signature(_into("SignatureValue", etree.Comment("x")))


@attack("B2", "child-in-digest-value", expects=(FAILED, FORMAT, "HB-S002"), about=PRINCIPAL)
def child_in_digest() -> bytes:
    """An element splits the DigestValue."""
    return spoiled_signature(_into("DigestValue", etree.Element("x")))


@attack("B2", "child-in-signature-value", expects=(FAILED, FORMAT, "HB-S002"), about=PRINCIPAL)
def child_in_value() -> bytes:
    """An element splits the SignatureValue."""
    return spoiled_signature(_into("SignatureValue", etree.Element("x")))


@attack("B2", "instruction-in-certificate", expects=(FAILED, FORMAT, "HB-S002"), about=PRINCIPAL)
def instruction_in_certificate() -> bytes:
    """A processing instruction splits the certificate."""
    return spoiled_signature(_into("X509Certificate", etree.ProcessingInstruction("x")))


@attack("B2", "comment-in-signed-info", expects=(FAILED, FORMAT, "HB-S001"), about=PRINCIPAL)
def comment_in_info() -> bytes:
    """A comment inside SignedInfo, which canonicalisation would forget."""
    return spoiled_signature(
        lambda each: each.find(names.SIGNED_INFO).insert(0, etree.Comment("x"))
    )


# ------------------------------------------------------------------------- B3, B4: how many


@attack("B3", "no-reference", expects=(FAILED, FORMAT, "HB-S004"), about=PRINCIPAL)
def no_reference() -> bytes:
    """A genuine signature over a SignedInfo without any Reference."""
    return forged(Forgery([], signer(PRINCIPAL)))


@attack(
    "B4", "more-references-than-the-limit", expects=(FAILED, FORMAT, "HB-S003"), about=PRINCIPAL
)
def many_references() -> bytes:
    """A genuine signature with one Reference more than the limit."""
    return forged(Forgery([Ref("#data")] * 65, signer(PRINCIPAL)))


# ------------------------------------------------------------------------- B5: Id of a Reference


@attack(
    "B5",
    "two-references-of-one-id",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="nothing names the Id of a Reference; both are checked, each against its own node",
)
def one_id_twice() -> bytes:
    """Two References carry the same Id."""
    references = [Ref("#data", id="r"), Ref("#thongtinhocba", id="r")]
    return forged(Forgery(references, signer(PRINCIPAL)))


@attack(
    "B5", "second-reference-of-one-id-broken", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def one_id_twice_broken() -> bytes:
    """Two References of one Id, the second over other octets: a lookup by Id would miss it."""
    references = [Ref("#data", id="r"), Ref("#thongtinhocba", id="r", octets=b"khac")]
    return forged(Forgery(references, signer(PRINCIPAL)))


@attack(
    "B5",
    "reference-id-repeats-the-signed-id",
    expects=(INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND, "HB-S012"),
    about=PRINCIPAL,
)
def id_of_the_content() -> bytes:
    """A Reference carries the very Id that it names: two elements answer to #data."""
    return forged(Forgery([Ref("#data", id="data")], signer(PRINCIPAL)))


# ------------------------------------------------------------------------- B6: nested


@attack("B6", "signature-in-signature", expects=(FAILED, CONSTRAINTS, "HB-S109"))
def nested() -> bytes:
    """A second, genuine signature inside an Object of the seal's: it stands in no role's slot."""
    root = signed()
    holder = etree.SubElement(signature_of(root, SEAL), f"{DS}Object")
    forge(holder, Forgery([Ref("#data")], signer(PRINCIPAL)))
    return octets(root)


@attack("B6", "signature-as-a-child-of-signature", expects=(FAILED, FORMAT, "HB-S001"), about=SEAL)
def child_signature() -> bytes:
    """A genuine signature as a direct child of the seal's."""
    root = signed()
    forge(signature_of(root, SEAL), Forgery([Ref("#data")], signer(PRINCIPAL)))
    return octets(root)


@attack("B6", "principals-signature-inside-the-seals", expects=(FAILED, CONSTRAINTS, "HB-S102"))
def moved_into_another() -> bytes:
    """The principal's signature moved into an Object of the seal's: its own slot is empty."""
    root = signed()
    holder = etree.SubElement(signature_of(root, SEAL), f"{DS}Object")
    holder.append(signature_of(root, PRINCIPAL))
    return octets(root)


# ------------------------------------------------------------------------- B7: namespaces


def _renamed(old, new, style=VENDOR_ENVELOPED):
    return signed_records.signed_primary(style).replace(old, new)


@attack("B7", "signature-of-another-namespace", expects=(FAILED, CONSTRAINTS, "HB-S102"))
def other_namespace() -> bytes:
    """Every Signature in a namespace that only looks like that of XML-DSig."""
    return _renamed(DS_NAMESPACE.encode() + b'"', b'http://www.w3.org/2000/09/xmldsig"')


@attack("B7", "signature-without-namespace", expects=(FAILED, CONSTRAINTS, "HB-S111"))
def no_namespace() -> bytes:
    """The declaration of the namespace taken away: elements of the same local names."""
    return _renamed(b' xmlns="' + DS_NAMESPACE.encode() + b'"', b"")


@attack("B7", "prefix-not-declared", expects=("UNREADABLE", None, "HB-U006"))
def undeclared() -> bytes:
    """The prefix ds is used and nowhere declared: not well-formed with namespaces."""
    return _renamed(b' xmlns:ds="' + DS_NAMESPACE.encode() + b'"', b"", XADES)


@attack(
    "B7", "signed-info-of-another-namespace", expects=(FAILED, FORMAT, "HB-S001"), about=PRINCIPAL
)
def info_of_another_namespace() -> bytes:
    """SignedInfo keeps its local name and leaves the namespace."""

    def change(signature):
        signature.find(names.SIGNED_INFO).tag = "{urn:x}SignedInfo"

    return spoiled_signature(change)


@attack("B7", "other-prefix-for-signed-info", expects=(FAILED, HASH, "HB-S020"), about=PRINCIPAL)
def other_prefix() -> bytes:
    """The signed XML written with another prefix: equal to a reader, other octets to the digest."""
    root = signed(XADES)
    signature = signature_of(root, PRINCIPAL)
    text = etree.tostring(signature, with_tail=False)
    renamed = text.replace(b"<ds:", b"<q:").replace(b"</ds:", b"</q:")
    renamed = renamed.replace(b"xmlns:ds=", b"xmlns:q=")
    signature.getparent().replace(signature, etree.fromstring(renamed))
    return octets(root)


@attack("B7", "content-put-into-a-namespace", expects=(FAILED, CONSTRAINTS, "HB-S112"))
def content_namespace() -> bytes:
    """A default namespace on the root: the content is no longer what the definition names."""
    return _renamed(b"<HOC_BA_SO>", b'<HOC_BA_SO xmlns="urn:x">')


# ------------------------------------------------------------------------- B8: Manifest


@attack("B8", "manifest-only", expects=(INDETERMINATE, CONSTRAINTS, "HB-S018"), about=PRINCIPAL)
def manifest_only() -> bytes:
    """The one Reference is a Manifest that names the content; core validation never reads it."""
    holder = (
        '<Object><Manifest Id="m"><Reference URI="#data"><DigestMethod '
        'Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        "<DigestValue>AAAA</DigestValue></Reference></Manifest></Object>"
    )
    reference = Ref("#m", type=names.TYPE_MANIFEST)
    return forged(Forgery([reference], signer(PRINCIPAL), objects=[holder]))


@attack("B8", "manifest-untyped", expects=(INDETERMINATE, CONSTRAINTS, "HB-S018"), about=PRINCIPAL)
def manifest_untyped() -> bytes:
    """The same Manifest under a Reference without Type."""
    holder = '<Object><Manifest Id="m"><Reference URI="#data"/></Manifest></Object>'
    return forged(Forgery([Ref("#m")], signer(PRINCIPAL), objects=[holder]))


# ------------------------------------------------------------------------- B9: which node


@attack("B9", "first-reference-broken", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def first_broken() -> bytes:
    """Of two References the first has a wrong digest."""
    references = [Ref("#data", octets=b"khac"), Ref("#thongtinhocba")]
    return forged(Forgery(references, signer(PRINCIPAL)))


@attack("B9", "last-reference-broken", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def last_broken() -> bytes:
    """Of two References the last has a wrong digest."""
    references = [Ref("#data"), Ref("#thongtinhocba", octets=b"khac")]
    return forged(Forgery(references, signer(PRINCIPAL)))


@attack(
    "B9", "digests-of-two-references-swapped", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def swapped_digests() -> bytes:
    """Each of two References carries the digest of the other one's node."""
    root = started(TEACHER)
    _, inner = root.find("DU_LIEU_HOC_BA"), root.find(".//THONG_TIN_HOC_BA")
    outer = _canonical(root.find("DU_LIEU_HOC_BA"))
    references = [Ref("#data", octets=_canonical(inner)), Ref("#thongtinhocba", octets=outer)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


@attack(
    "B9",
    "one-good-reference-for-two-roles-nodes",
    expects=(FAILED, HASH, "HB-S010"),
    about=PRINCIPAL,
)
def altered_beside_the_good() -> bytes:
    """The last Reference is right; what the first names was altered after signing."""
    root = started(TEACHER)
    forge(
        slot(root, PRINCIPAL),
        Forgery([Ref("#data"), Ref("#S-GVCN-1-value")], signer(PRINCIPAL)),
    )
    root.find(".//hovaten").text = STRANGER
    return octets(root)


def _canonical(element):
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)
