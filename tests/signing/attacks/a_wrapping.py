"""A. Wrapping: what is signed still verifies, but something else is to be believed."""

from copy import deepcopy

from lxml import etree

from signing import names
from signing.creation.styles import XADES
from signing.report import SubIndication
from tests.support import forge as f
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, attack
from tests.support.forge import Forgery, Ref
from tests.support.signed_records import octets, signer
from tests.support.spoiled import (
    DATA,
    DS,
    ISSUE,
    PRINCIPAL,
    SEAL,
    TEACHER,
    content_of,
    forged,
    forged_content,
    signature_of,
    signed,
    spoiled,
    started,
)

CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE
NOT_FOUND = SubIndication.SIGNED_DATA_NOT_FOUND

# ------------------------------------------------------------------------- A1: XSW 1 to 8
#
# The eight shapes of Somorovsky et al. (2012), the signed assertion being our content and the
# response the document. In our form the signature is detached; the shapes differ in where the
# signed original goes: into the signature, beside it, below the forged content, into an extension.


def _replaced(root, identifier="khac"):
    """The forged content in the place of the signed one; returns both."""
    original = content_of(root)
    forged_one = forged_content(root, identifier)
    root.replace(original, forged_one)
    return forged_one, original


@attack("A1", "xsw1-original-in-the-signature", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def xsw1() -> bytes:
    """Forged content in place, the signed original moved into the principal's Signature."""
    root = signed()
    _, original = _replaced(root)
    signature_of(root, PRINCIPAL).append(original)
    return octets(root)


@attack("A1", "xsw2-original-beside-the-signature", expects=(FAILED, CONSTRAINTS, "HB-S108"))
def xsw2() -> bytes:
    """Forged content in place, the signed original before the signature in its slot."""
    root = signed()
    _, original = _replaced(root)
    root.find(f"{ISSUE}/{PRINCIPAL}").insert(0, original)
    return octets(root)


@attack("A1", "xsw3-forged-before-the-original", expects=(FAILED, CONSTRAINTS, "HB-S112"))
def xsw3() -> bytes:
    """The forged content as a sibling before the signed original."""
    root = signed()
    content_of(root).addprevious(forged_content(root, "khac"))
    return octets(root)


@attack("A1", "xsw4-original-below-the-forged", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def xsw4() -> bytes:
    """The signed original as a child of the forged content."""
    root = signed()
    forged_one, original = _replaced(root)
    forged_one.append(original)
    return octets(root)


@attack("A1", "xsw5-signature-in-the-forged", expects=(FAILED, CONSTRAINTS, "HB-S112"))
def xsw5() -> bytes:
    """The forged content holds the signature, the signed original stands at the document's end."""
    root = signed()
    forged_one, original = _replaced(root)
    forged_one.append(signature_of(root, PRINCIPAL))
    root.append(original)
    return octets(root)


@attack(
    "A1", "xsw6-original-in-the-signature-in-the-forged", expects=(FAILED, CONSTRAINTS, "HB-S113")
)
def xsw6() -> bytes:
    """The forged content holds the signature, which holds the signed original."""
    root = signed()
    forged_one, original = _replaced(root)
    signature = signature_of(root, PRINCIPAL)
    signature.append(original)
    forged_one.append(signature)
    return octets(root)


@attack("A1", "xsw7-original-in-an-extension", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def xsw7() -> bytes:
    """The signed original inside an extension element of the document."""
    root = signed()
    _, original = _replaced(root)
    etree.SubElement(root, "Extensions").append(original)
    return octets(root)


@attack("A1", "xsw8-original-in-an-object", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def xsw8() -> bytes:
    """The signed original inside a ds:Object of the principal's Signature."""
    root = signed()
    _, original = _replaced(root)
    etree.SubElement(signature_of(root, PRINCIPAL), f"{DS}Object").append(original)
    return octets(root)


# ------------------------------------------------------------------------- A2: the forged body's Id


@attack("A2", "forged-content-with-another-id", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def another_id() -> bytes:
    """The signed content wrapped, a forged one with another Id in its place."""
    root = signed()
    _, original = _replaced(root)
    etree.SubElement(root, "BAO_BOC").append(original)
    return octets(root)


@attack("A2", "forged-content-without-an-id", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def no_id() -> bytes:
    """The signed content wrapped, a forged one without any Id in its place."""
    root = signed()
    _, original = _replaced(root, None)
    etree.SubElement(root, "BAO_BOC").append(original)
    return octets(root)


@attack(
    "A2",
    "forged-content-with-the-same-id",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S012"),
    about=PRINCIPAL,
)
def same_id() -> bytes:
    """The signed content wrapped, a forged one with the very same Id in its place."""
    root = signed()
    _, original = _replaced(root, "data")
    etree.SubElement(root, "BAO_BOC").append(original)
    return octets(root)


@attack(
    "A2",
    "forged-content-with-the-same-id-fails-the-record",
    expects=(FAILED, CONSTRAINTS, "HB-S113"),
)
def same_id_in_the_record() -> bytes:
    """The same document, judged as a record: nobody signed what stands in the content's place."""
    return same_id()


# ------------------------------------------------------------------------- A3: spellings of Id


def _polluted(attribute):
    def change(root):
        forged_one, original = _replaced(root, None)
        forged_one.set(attribute, "data")
        etree.SubElement(root, "BAO_BOC").append(original)

    return spoiled(change)


for _name, _attribute in (
    ("upper", "ID"),
    ("lower", "id"),
    ("mixed", "iD"),
    ("xml", f"{{{names.XML}}}id"),
    ("namespaced", "{urn:x}Id"),
):

    def _build(attribute=_attribute) -> bytes:
        return _polluted(attribute)

    _build.__doc__ = (
        f"The forged content repeats the signed Id under the spelling "
        f"{_attribute.replace('{' + names.XML + '}', 'xml:').replace('{urn:x}', 'x:')}."
    )
    attack(
        "A3",
        f"id-repeated-as-{_name}",
        expects=(INDETERMINATE, NOT_FOUND, "HB-S012"),
        about=PRINCIPAL,
    )(_build)


@attack(
    "A3",
    "two-id-attributes-on-one-element",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S012"),
    about=PRINCIPAL,
)
def two_attributes() -> bytes:
    """The signed element carries the Id a second time as x:Id: which one counts is not clear."""

    def change(root):
        root.find(f"{DATA}//hovaten").set("{urn:x}Id", "data")

    return spoiled(change)


# ------------------------------------------------------------------------- A4: into an Object


@attack("A4", "signed-part-moved-into-an-object", expects=(FAILED, CONSTRAINTS, "HB-S112"))
def into_an_object() -> bytes:
    """The signed content moved into a ds:Object of the signature, nothing in its place."""
    root = signed()
    original = content_of(root)
    etree.SubElement(signature_of(root, PRINCIPAL), f"{DS}Object").append(original)
    return octets(root)


@attack(
    "A4",
    "part-moved-into-own-object-is-no-data",
    expects=(FAILED, CONSTRAINTS, "HB-S014"),
    about=None,
)
def own_object_is_no_data() -> bytes:
    """What the signature covers stands in its own Object: it signs no content of the record."""
    root = signed()
    _, original = _replaced(root)
    etree.SubElement(signature_of(root, PRINCIPAL), f"{DS}Object").append(original)
    return octets(root)


@attack(
    "A4",
    "signed-part-moved-into-another-signatures-object",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def into_another_signature() -> bytes:
    """The signed content moved into a ds:Object of the seal's Signature, a forged one in place."""
    root = signed()
    _, original = _replaced(root)
    etree.SubElement(signature_of(root, SEAL), f"{DS}Object").append(original)
    return octets(root)


# ------------------------------------------------------------------------- A5: outside


@attack(
    "A5",
    "signed-properties-outside-the-signature",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def properties_outside() -> bytes:
    """The QualifyingProperties moved out of the signature into the slot."""
    root = signed(XADES)
    signature = signature_of(root, PRINCIPAL)
    signature.addnext(next(signature.iter(names.QUALIFYING_PROPERTIES)))
    return octets(root)


@attack(
    "A5",
    "manifest-outside-the-signature",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S018"),
    about=PRINCIPAL,
)
def manifest_outside() -> bytes:
    """A Manifest in the record's content, referenced with the type of a Manifest."""
    root = started(TEACHER)
    manifest = etree.SubElement(root, f"{DS}Manifest", Id="m")
    etree.SubElement(manifest, f"{DS}Reference", URI="#data")
    references = [Ref("#data"), Ref("#m", type=names.TYPE_MANIFEST)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


@attack(
    "A5",
    "object-outside-the-signature",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def object_outside() -> bytes:
    """A ds:Object outside any signature, referenced with the type of an Object."""
    root = started(TEACHER)
    etree.SubElement(root, f"{DS}Object", Id="o").text = "x"
    references = [Ref("#data"), Ref("#o", type=names.TYPE_OBJECT)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


@attack(
    "A5",
    "signature-properties-outside-the-signature",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def signature_properties_outside() -> bytes:
    """SignatureProperties outside any signature, referenced with their type."""
    root = started(TEACHER)
    etree.SubElement(root, names.SIGNATURE_PROPERTIES, Id="o").text = "x"
    references = [Ref("#data"), Ref("#o", type=names.TYPE_SIGNATURE_PROPERTIES)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


# ------------------------------------------------------------------------- A6: somebody else's


@attack(
    "A6",
    "reference-to-another-signers-properties",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def anothers_properties() -> bytes:
    """The principal's signature references the teacher's SignedProperties as its own."""
    root = started(TEACHER, style=XADES)
    uri = f"#{next(root.iter(names.SIGNED_PROPERTIES)).get('Id')}"
    references = [Ref("#data"), Ref(uri, type=names.TYPE_SIGNED_PROPERTIES)]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)


@attack(
    "A6",
    "untyped-reference-to-another-signers-properties",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S013"),
    about=PRINCIPAL,
)
def anothers_properties_untyped() -> bytes:
    """The same reference without its Type: a part of another signature is no data either."""
    root = started(TEACHER, style=XADES)
    uri = f"#{next(root.iter(names.SIGNED_PROPERTIES)).get('Id')}"
    return forged(Forgery([Ref("#data"), Ref(uri)], signer(PRINCIPAL)), root=root)


# ------------------------------------------------------------------------- A7: Target


def _target(value):
    def change(root):
        qualifying = next(signature_of(root, SEAL).iter(names.QUALIFYING_PROPERTIES))
        if value is None:
            del qualifying.attrib["Target"]
        else:
            qualifying.set("Target", value)

    return spoiled(change, XADES)


@attack("A7", "target-names-nobody", expects=(INDETERMINATE, CONSTRAINTS, "HB-S035"), about=SEAL)
def target_of_nobody() -> bytes:
    """QualifyingProperties whose Target is no signature of the document."""
    return _target("#nobody")


@attack(
    "A7",
    "target-names-another-signature",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S035"),
    about=SEAL,
)
def target_of_another() -> bytes:
    """QualifyingProperties whose Target is the principal's signature."""
    return _target("#S-CBQL-1")


@attack("A7", "target-missing", expects=(INDETERMINATE, CONSTRAINTS, "HB-S035"), about=SEAL)
def target_missing() -> bytes:
    """QualifyingProperties without a Target."""
    return _target(None)


# ------------------------------------------------------------------------- A8: enveloped


@attack(
    "A8",
    "enveloped-removes-another-signature",
    expects=(FAILED, SubIndication.HASH_FAILURE, "HB-S010"),
    about=PRINCIPAL,
)
def enveloped_of_another() -> bytes:
    """A digest over the content as though the transform had removed the teacher's signature."""
    root = started(TEACHER)
    without = deepcopy(content_of(root))
    for each in list(without.iter(names.SIGNATURE)):
        each.getparent().remove(each)
    reference = Ref(
        "#data",
        transforms=[f.ENVELOPED, f.EXC_C14N],
        octets=etree.tostring(without, method="c14n", exclusive=True, with_tail=False),
    )
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


@attack(
    "A8",
    "enveloped-outside-removes-nothing",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="Vietnamese tools write it so; every octet of the content is digested",
)
def enveloped_outside() -> bytes:
    """The transform on a reference that does not contain the signature: it removes nothing."""
    reference = Ref("#data", transforms=[f.ENVELOPED, f.EXC_C14N])
    return forged(Forgery([reference], signer(PRINCIPAL)))


# ------------------------------------------------------------------------- A9, A10: URI


@attack(
    "A9", "reference-without-uri", expects=(INDETERMINATE, NOT_FOUND, "HB-S015"), about=PRINCIPAL
)
def without_uri() -> bytes:
    """A second Reference without URI, whose octets only the application could know."""
    references = [Ref("#data"), Ref(None, octets=b"")]
    return forged(Forgery(references, signer(PRINCIPAL)))


@attack(
    "A9",
    "only-reference-without-uri",
    expects=(INDETERMINATE, NOT_FOUND, "HB-S015"),
    about=PRINCIPAL,
)
def only_without_uri() -> bytes:
    """The one Reference has no URI: nothing says that it is the content."""
    return forged(Forgery([Ref(None, octets=b"")], signer(PRINCIPAL)))


@attack("A10", "id-with-quotes", expects=(INDETERMINATE, NOT_FOUND, "HB-S011"), about=PRINCIPAL)
def quotes() -> bytes:
    """A URI that would select everything were it put into an XPath between apostrophes."""
    reference = Ref("#data' or '1'='1", octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)))


@attack(
    "A10", "id-with-double-quotes", expects=(INDETERMINATE, NOT_FOUND, "HB-S011"), about=PRINCIPAL
)
def double_quotes() -> bytes:
    """The same between quotation marks."""
    reference = Ref("#data&quot; or &quot;1&quot;=&quot;1", octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)))


@attack("A10", "element-whose-id-is-an-expression", expects=(FAILED, CONSTRAINTS, "HB-S113"))
def expression() -> bytes:
    """A forged content whose Id holds the whole expression: it is compared as text."""
    root = signed()
    _, original = _replaced(root, "x' or @Id='data")
    etree.SubElement(root, "BAO_BOC").append(original)
    return octets(root)
