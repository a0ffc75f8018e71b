"""Transforms beside python-xmlsec: random documents, namespaces and `xml:*`, the same digest.

xmlsec digests what a reference names while it signs; ours must be the same octets.
"""

from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.document import parse
from signing import names
from signing.foreign.references import FOREIGN_RULES
from signing.foreign.transforms import FOREIGN_TRANSFORMS, XPATH, XPATH_FILTER_2
from signing.report import Verdict
from signing.xmldsig.form import read_form
from signing.xmldsig.transforms import NodeSet, apply_transforms
from tests.support.forge import C14N, C14N_11, DS, ECDSA_SHA256, ENVELOPED, EXC_C14N, SHA256
from tests.support.peers import xmlsec_digest

_TARGETS = "@target@"
# Forty properties share what one has elsewhere.
FEW = settings(max_examples=max(20, settings.default.max_examples // 5), deadline=None)
_TEXT = st.sampled_from(["", "một", "&lt;a&gt; &amp; b", "&#13;x", "\n  ", '"quoted"', "]]&gt;"])
_ASIDE = st.sampled_from(["", "<!-- lời -->", "<?pi x?>", "<![CDATA[a<b&]]>"])
_NAMESPACES = {None: ["", "urn:a", "urn:b"], "p": ["urn:p", "urn:a"], "q": ["urn:q", "urn:p"]}


@st.composite
def elements(draw, scope: dict[str | None, str], depth: int) -> str:
    """One element as text: declarations, attributes, content; names only what is in *scope*."""
    declared = {
        prefix: draw(st.sampled_from(uris))
        for prefix, uris in _NAMESPACES.items()
        if draw(st.booleans())
    }
    inner = {**scope, **declared}
    prefixes = [prefix for prefix in inner if prefix is not None]
    tag = draw(st.sampled_from(["e", *(f"{each}:e" for each in prefixes)]))
    attributes = [
        f'xmlns{":" + prefix if prefix else ""}="{uri}"' for prefix, uri in declared.items()
    ]
    if draw(st.booleans()):
        attributes.append(f'xml:lang="{draw(st.sampled_from(["vi", "en", ""]))}"')
    if draw(st.booleans()):
        attributes.append('xml:space="preserve"')
    if prefixes and draw(st.booleans()):
        attributes.append(f'{prefixes[0]}:a="1 &#9; 2"')
    if draw(st.booleans()):
        attributes.append('b="x"')
    children = ""
    if depth:
        children = "".join(
            draw(_TEXT) + draw(_ASIDE) + draw(elements(inner, depth - 1))
            for _ in range(draw(st.integers(0, 2)))
        )
    marker = f' Id="{_TARGETS}"' if draw(st.booleans()) else ""
    return f"<{tag} {' '.join(attributes)}{marker}>{draw(_TEXT)}{children}{draw(_ASIDE)}</{tag}>"


@st.composite
def documents(draw) -> str:
    """A document in which every target has an Id of its own, and `#t0` is one of them."""
    text = draw(elements({}, 3))
    if _TARGETS not in text:
        text = text.replace(">", f' Id="{_TARGETS}">', 1)
    for number in range(text.count(_TARGETS)):
        text = text.replace(_TARGETS, f"t{number}", 1)
    return text


def with_template(text: str, uri: str, transforms: str, *, beside: str = "") -> bytes:
    """*text* with an unsigned signature as its root's last child, and *beside* before the root."""
    signature = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{ECDSA_SHA256}"/>'
        f'<ds:Reference URI="{uri}">'
        f"{'<ds:Transforms>' + transforms + '</ds:Transforms>' if transforms else ''}"
        f'<ds:DigestMethod Algorithm="{SHA256}"/><ds:DigestValue/></ds:Reference>'
        "</ds:SignedInfo><ds:SignatureValue/></ds:Signature>"
    )
    head, closing, tail = text.rpartition("</")
    return f"{beside}{head}{signature}{closing}{tail}".encode()


def our_digest(data: bytes) -> str:
    document = parse(data)
    form = read_form(next(document.root.iter(names.SIGNATURE)))
    reference = form.references[0]
    named = FOREIGN_RULES.find(document, reference.uri)
    assert not isinstance(named, Verdict)
    encloses = named.target in form.element.iterancestors()
    nodes = NodeSet(
        named.target,
        whole_document=named.whole_document,
        enclosed_signature=form.element if encloses else None,
        with_comments=named.with_comments,
    )
    octets = apply_transforms(nodes, reference.transforms, FOREIGN_TRANSFORMS)
    return b64encode(sha256(octets).digest()).decode()


def step(algorithm: str, content: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{content}</ds:Transform>'


def prefix_list(text: str) -> str:
    return f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{text}"/>'


_XPATH = f'<ds:XPath xmlns:x="{DS}"> not( ancestor-or-self::x:Signature ) </ds:XPath>'
_FILTER = (
    f'<f:XPath xmlns:f="{XPATH_FILTER_2}" xmlns:x="{DS}" Filter="subtract">'
    "/descendant::x:Signature</f:XPath>"
)

CANONICALIZATIONS = {
    "c14n-1.0": step(C14N),
    "c14n-1.0-comments": step(f"{C14N}#WithComments"),
    "c14n-1.1": step(C14N_11),
    "exclusive": step(EXC_C14N),
    "exclusive-comments": step(f"{EXC_C14N}WithComments"),
    "prefix-list": step(EXC_C14N, prefix_list("p q")),
    "prefix-list-default": step(EXC_C14N, prefix_list("#default p")),
    "prefix-list-unknown": step(EXC_C14N, prefix_list("nowhere q q #default")),
    "none": "",
}


@pytest.mark.parametrize("transform", CANONICALIZATIONS.values(), ids=CANONICALIZATIONS)
@FEW
@given(text=documents())
def test_an_element_by_id_has_the_same_digest(transform, text):
    data = with_template(text, "#t0", step(ENVELOPED) + transform)
    assert our_digest(data) == xmlsec_digest(data)


@pytest.mark.parametrize("transform", CANONICALIZATIONS.values(), ids=CANONICALIZATIONS)
@pytest.mark.parametrize("uri", ["", "#xpointer(/)"])
@FEW
@given(text=documents())
def test_the_whole_document_has_the_same_digest(uri, transform, text):
    data = with_template(text, uri, step(ENVELOPED) + transform, beside="<?a b?><!-- c -->\n")
    assert our_digest(data) == xmlsec_digest(data)


@pytest.mark.parametrize("transform", CANONICALIZATIONS.values(), ids=CANONICALIZATIONS)
@FEW
@given(text=documents())
def test_a_pointer_to_an_element_keeps_comments_where_the_method_does(transform, text):
    data = with_template(text, "#xpointer(id('t0'))", step(ENVELOPED) + transform)
    assert our_digest(data) == xmlsec_digest(data)


@pytest.mark.parametrize("idiom", [step(XPATH, _XPATH), step(XPATH_FILTER_2, _FILTER)])
@pytest.mark.parametrize("transform", [step(C14N), step(EXC_C14N, prefix_list("#default q"))])
@FEW
@given(text=documents())
def test_the_idioms_leave_out_every_signature(idiom, transform, text):
    start, rest = text.split(">", 1)
    other = f'<Signature xmlns="{DS}"><Object>khác</Object></Signature>đuôi'
    # The template first: that is the one both engines look at.
    data = with_template(f"{start}></e>", "", idiom + transform)
    head, _, _ = data.decode().rpartition("</")
    data = f"{head}{other}{rest}".encode()
    assert our_digest(data) == xmlsec_digest(data)


@FEW
@given(text=documents())
def test_two_canonicalizations_in_a_row_have_the_same_digest(text):
    for first in (C14N, EXC_C14N):
        for second in (C14N, EXC_C14N):
            data = with_template(text, "#t0", step(ENVELOPED) + step(first) + step(second))
            assert our_digest(data) == xmlsec_digest(data)
