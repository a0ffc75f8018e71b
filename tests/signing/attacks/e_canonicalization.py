"""E. Canonicalisation: octets that two engines make differently, or make for ever."""

from copy import deepcopy

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from signing import names
from signing.creation.styles import VENDOR_ENVELOPED, XADES
from signing.report import SubIndication
from tests.support import forge as f
from tests.support import signed_records
from tests.support.attacks import FAILED, INDETERMINATE, PASSED, UNREADABLE, attack
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer
from tests.support.spoiled import (
    PRINCIPAL,
    TEACHER,
    content_of,
    forged,
    signature_of,
    slot,
    spoiled,
    started,
)

HASH = SubIndication.HASH_FAILURE
CONSTRAINTS = SubIndication.SIG_CONSTRAINTS_FAILURE
LANG, BASE, ID = (f"{{{names.XML}}}{each}" for each in ("lang", "base", "id"))
WITH_COMMENTS = f"{f.EXC_C14N}WithComments"

# ------------------------------------------------------------------------- E1: no canonical form


@attack(
    "E1",
    "relative-namespace-in-content",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S017"),
    about=PRINCIPAL,
)
def relative_in_content() -> bytes:
    """A relative namespace URI put into the content: some engines digest nothing at all then."""
    return spoiled(lambda root: etree.SubElement(content_of(root), "{tuong-doi}x"))


@attack(
    "E1",
    "relative-namespace-and-digest-of-nothing",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S017"),
    about=PRINCIPAL,
)
def digest_of_nothing() -> bytes:
    """The same, signed with the digest of the empty string that such engines compute."""
    root = started(TEACHER)
    etree.SubElement(content_of(root), "{tuong-doi}x")
    forge(slot(root, PRINCIPAL), Forgery([Ref("#data", octets=b"")], signer(PRINCIPAL)))
    return octets(root)


@attack(
    "E1",
    "relative-namespace-in-signed-info",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S017"),
    about=PRINCIPAL,
)
def relative_in_signed_info() -> bytes:
    """A relative namespace URI in scope of SignedInfo, the value over the empty string."""
    root = started(TEACHER)
    forgery = Forgery(
        [Ref("#data")],
        signer(PRINCIPAL),
        canonicalization=f.C14N,
        value=_over_nothing,
    )
    forge(slot(root, PRINCIPAL), forgery)
    return octets(root).replace(b"<SignedInfo>", b'<SignedInfo xmlns:r="tuong-doi">')


def _over_nothing(_: bytes) -> bytes:
    return signer(PRINCIPAL).private_key.sign(b"", padding.PKCS1v15(), hashes.SHA256())


# ------------------------------------------------------------------------- E2: inherited


@attack(
    "E2", "language-inherited-from-the-root", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def language_on_the_root() -> bytes:
    """xml:lang put on the root: inclusive canonicalisation takes it into the signed content."""
    return spoiled(lambda root: root.set(LANG, "en"), VENDOR_ENVELOPED)


@attack("E2", "base-inherited-from-the-root", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def base_on_the_root() -> bytes:
    """xml:base put on the root: every relative address in the content would change."""
    return spoiled(lambda root: root.set(BASE, "http://attacker.example/"), VENDOR_ENVELOPED)


@attack(
    "E2", "language-outside-exclusive-canonicalization", expects=(FAILED, CONSTRAINTS, "HB-S108")
)
def language_not_inherited() -> bytes:
    """xml:lang on the root under exclusive canonicalisation: only the record's rule sees it."""
    return spoiled(lambda root: root.set(LANG, "en"), XADES)


@attack(
    "E2", "namespace-inherited-from-the-root", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def namespace_on_the_root() -> bytes:
    """A namespace declared on the root: inclusive canonicalisation writes it at the content."""
    data = signed_records.signed_primary(VENDOR_ENVELOPED)
    return data.replace(b"<HOC_BA_SO>", b'<HOC_BA_SO xmlns:x="urn:x">')


# ------------------------------------------------------------------------- E3: PrefixList


def _with_prefixes(prefixes: str, *, rendered: str = "", root_declares: bytes = b"") -> bytes:
    """The principal signs with this PrefixList; *rendered* is what it adds to the apex."""
    root = started(TEACHER)
    data = octets(root)
    if root_declares:
        root = etree.fromstring(data.replace(b"<HOC_BA_SO>", b"<HOC_BA_SO " + root_declares + b">"))
    plain = etree.tostring(content_of(root), method="c14n", exclusive=True, with_tail=False)
    content = f'<i:InclusiveNamespaces xmlns:i="{f.EXC_C14N}" PrefixList="{prefixes}"/>'
    digested = plain.replace(b"<DU_LIEU_HOC_BA", b"<DU_LIEU_HOC_BA" + rendered.encode(), 1)
    reference = Ref("#data", transform_content=content, octets=digested)
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


DECLARED = b'xmlns:p="urn:p"'


@attack("E3", "listed-prefix-ignored", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def listed_prefix_ignored() -> bytes:
    """A digest as though the PrefixList were not there."""
    return _with_prefixes("p", root_declares=DECLARED)


@attack("E3", "unknown-prefix-rendered", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def unknown_prefix_rendered() -> bytes:
    """A digest as though an unknown prefix of the list declared something."""
    return _with_prefixes("q", rendered=' xmlns:q=""', root_declares=DECLARED)


@attack(
    "E3", "default-rendered-where-there-is-none", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def default_rendered() -> bytes:
    """A digest as though #default wrote an empty default namespace."""
    return _with_prefixes("#default", rendered=' xmlns=""')


@attack("E3", "duplicate-prefix-rendered-twice", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def duplicate_rendered_twice() -> bytes:
    """A digest as though a prefix that is listed twice were declared twice."""
    rendered = ' xmlns:p="urn:p" xmlns:p="urn:p"'
    return _with_prefixes("p p", rendered=rendered, root_declares=DECLARED)


for _name, _prefixes, _rendered in (
    ("default", "#default", ""),
    ("unknown", "q", ""),
    ("listed", "p", ' xmlns:p="urn:p"'),
    ("duplicate", "p p", ' xmlns:p="urn:p"'),
    ("all", "#default p q p", ' xmlns:p="urn:p"'),
):

    def _build(prefixes=_prefixes, rendered=_rendered) -> bytes:
        return _with_prefixes(prefixes, rendered=rendered, root_declares=DECLARED)

    _build.__doc__ = f"A digest over what PrefixList “{_prefixes}” adds, as the standard has it."
    attack(
        "E3",
        f"prefix-list-{_name}",
        expects=(PASSED, None, None),
        about=PRINCIPAL,
        harmless="as Exclusive C14N says: unknown prefixes add nothing, listed ones once",
    )(_build)


@attack(
    "E3",
    "prefix-list-under-inclusive-canonicalization",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S016"),
    about=PRINCIPAL,
)
def under_inclusive() -> bytes:
    """A PrefixList where the transform is inclusive: a parameter that has no meaning there."""
    content = f'<i:InclusiveNamespaces xmlns:i="{f.EXC_C14N}" PrefixList="p"/>'
    reference = Ref("#data", transforms=[f.C14N], transform_content=content)
    return forged(Forgery([reference], signer(PRINCIPAL)))


@attack(
    "E3",
    "prefix-list-longer-than-the-limit",
    expects=(FAILED, SubIndication.FORMAT_FAILURE, "HB-S003"),
    about=PRINCIPAL,
)
def long_list() -> bytes:
    """A PrefixList of a hundred prefixes, each to be looked up at every element."""
    content = f'<i:InclusiveNamespaces xmlns:i="{f.EXC_C14N}" PrefixList="{"p " * 100}"/>'
    return forged(Forgery([Ref("#data", transform_content=content)], signer(PRINCIPAL)))


# ------------------------------------------------------------------------- E4: comments


def _with_comment(root):
    content_of(root).insert(0, etree.Comment(" đã duyệt "))
    return root


@attack("E4", "comments-digested", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def comments_digested() -> bytes:
    """A digest over the comments: #WithComments on a same-document reference has none (4.4.3.2)."""
    root = _with_comment(started(TEACHER))
    digested = etree.tostring(
        content_of(root), method="c14n", exclusive=True, with_tail=False, with_comments=True
    )
    reference = Ref("#data", transforms=[WITH_COMMENTS], octets=digested)
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


@attack(
    "E4",
    "comments-left-out",
    expects=(PASSED, None, None),
    about=PRINCIPAL,
    harmless="a same-document reference never includes comments, whatever follows (4.4.3.2)",
)
def comments_left_out() -> bytes:
    """#WithComments over a content with a comment, digested without it."""
    root = _with_comment(started(TEACHER))
    reference = Ref("#data", transforms=[WITH_COMMENTS])
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


@attack(
    "E4",
    "comment-in-signed-info-with-comments",
    expects=(FAILED, SubIndication.FORMAT_FAILURE, "HB-S001"),
    about=PRINCIPAL,
)
def comment_in_signed_info() -> bytes:
    """A comment inside SignedInfo whose own canonicalisation keeps comments."""
    root = started(TEACHER)
    forgery = Forgery([Ref("#data")], signer(PRINCIPAL), canonicalization=WITH_COMMENTS)
    root = etree.fromstring(forged(forgery, root=root))
    signature_of(root, PRINCIPAL).find(names.SIGNED_INFO).insert(0, etree.Comment("x"))
    return octets(root)


# ------------------------------------------------------------------------- E5: 1.0 and 1.1


def _inherited(method: str, attribute: str, *, taken: bool) -> bytes:
    """The principal signs under *attribute* on the root; *taken* digests it with the content."""
    root = started(TEACHER)
    value = "vi" if attribute == ID else "http://a.example/b/"
    root.set(attribute, value)
    apex = deepcopy(content_of(root))
    apex.tail = None
    if taken:
        apex.set(attribute, value)
    digested = etree.tostring(apex, method="c14n")
    reference = Ref("#data", transforms=[method], octets=digested)
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


@attack("E5", "xml-id-inherited-under-1-1", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def id_under_1_1() -> bytes:
    """A digest that inherits xml:id where the method is C14N 1.1, which does not."""
    return _inherited(f.C14N_11, ID, taken=True)


@attack("E5", "xml-id-not-inherited-under-1-0", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL)
def id_under_1_0() -> bytes:
    """A digest that leaves xml:id out where the method is C14N 1.0, which inherits it."""
    return _inherited(f.C14N, ID, taken=False)


@attack(
    "E5", "xml-base-not-inherited-under-1-1", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def base_under_1_1() -> bytes:
    """A digest that leaves xml:base out where C14N 1.1 would fix it up."""
    return _inherited(f.C14N_11, BASE, taken=False)


@attack(
    "E5", "xml-base-not-inherited-under-1-0", expects=(FAILED, HASH, "HB-S010"), about=PRINCIPAL
)
def base_under_1_0() -> bytes:
    """A digest that leaves xml:base out where C14N 1.0 inherits it."""
    return _inherited(f.C14N, BASE, taken=False)


for _method, _attribute, _taken, _title in (
    (f.C14N, ID, True, "xml-id-inherited-under-1-0"),
    (f.C14N_11, ID, False, "xml-id-left-out-under-1-1"),
):

    def _right(method=_method, attribute=_attribute, taken=_taken) -> bytes:
        return _inherited(method, attribute, taken=taken)

    _right.__doc__ = "The digest that the method asks for; the attribute on the root is refused."
    attack("E5", _title, expects=(FAILED, CONSTRAINTS, "HB-S108"))(_right)


# ------------------------------------------------------------------------- E6: too much


@attack("E6", "namespaces-above-the-limit", expects=(UNREADABLE, None, "HB-U009"))
def many_namespaces() -> bytes:
    """A thousand namespaces in force over a thousand elements: seconds in inclusive C14N."""
    declarations = " ".join(f'xmlns:p{number}="urn:{number}"' for number in range(1_000))
    return signed_records.signed_primary().replace(
        b"</THONG_TIN_HOC_BA>",
        f"<x {declarations}>{'<y/>' * 1_000}</x></THONG_TIN_HOC_BA>".encode(),
    )


@attack("E6", "redeclared-namespaces", expects=(UNREADABLE, None, "HB-U009"))
def redeclared() -> bytes:
    """Twenty prefixes declared again at every one of twenty levels."""
    declarations = " ".join(f'xmlns:p{number}="urn:u"' for number in range(20))
    nested = f"<x {declarations}>" * 20 + "</x>" * 20
    return signed_records.signed_primary().replace(
        b"</THONG_TIN_HOC_BA>", nested.encode() + b"</THONG_TIN_HOC_BA>"
    )


@attack("E6", "attributes-above-the-limit", expects=(UNREADABLE, None, "HB-U008"))
def many_attributes() -> bytes:
    """Fifty thousand attributes on one signed element: seconds of sorting."""
    attributes = " ".join(f'a{number}=""' for number in range(50_000))
    return signed_records.signed_primary().replace(b"<hovaten>", f"<hovaten {attributes}>".encode())


@attack(
    "E6",
    "canonicalization-above-the-budget",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S019"),
    about=PRINCIPAL,
)
def above_the_budget() -> bytes:
    """Sixty namespaces over forty thousand elements, within every limit of the parser."""
    root = started(TEACHER)
    wide = {f"p{number}": f"urn:{number}" for number in range(60)}
    holder = etree.SubElement(content_of(root), "x", nsmap=wide)
    for _ in range(40_000):
        etree.SubElement(holder, "y")
    reference = Ref("#data", transforms=[f.C14N], octets=b"")
    return forged(Forgery([reference], signer(PRINCIPAL)), root=root)


@attack(
    "E6",
    "many-references-to-one-large-element",
    expects=(INDETERMINATE, CONSTRAINTS, "HB-S019"),
    about=PRINCIPAL,
)
def many_chains() -> bytes:
    """Sixty-four References to one element of thirty thousand, each with other transforms."""
    root = started(TEACHER)
    for _ in range(30_000):
        etree.SubElement(content_of(root), "y")
    methods = (f.C14N, f.C14N_11, f.EXC_C14N, f"{f.C14N}#WithComments")
    chains = [(a, b, c) for a in methods for b in methods for c in methods]
    # Without a namespace in sight all of them come to the same octets.
    plain = etree.tostring(content_of(root), method="c14n", with_tail=False)
    references = [Ref("#data", transforms=list(each), octets=plain) for each in chains]
    return forged(Forgery(references, signer(PRINCIPAL)), root=root)
