"""Signatures that stand inside what they sign: enveloped-signature removes exactly one."""

import pytest
from lxml import etree

from schemas.document import parse
from signing.constraints import default_constraints
from signing.report import Indication, SubIndication
from signing.validation.signature import SignatureValidator
from signing.xmldsig.algorithms import default_policy
from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from tests.support import signed_records
from tests.support.forge import C14N, C14N_11, DS, ENVELOPED, EXC_C14N, Forgery, Ref, forge
from tests.support.peers import xmlsec_verdicts
from tests.support.signed_records import octets, signer, tree

SIGNATURE = f"{{{DS}}}Signature"
TEXTS = (
    "<r Id='r'>{}</r>",
    "<r Id='r'>x{}y</r>",
    "<r Id='r'>x<a/>y{}z<b/>w</r>",
    "<r Id='r'>\n <a/>\n {}\n</r>",
)


def verdict(data, index=0):
    document = parse(data)
    validator = SignatureValidator(
        document,
        algorithms=default_policy(),
        constraints=default_constraints(),
        paths=signed_records.paths(),
        at=signed_records.NOW,
    )
    signature = list(document.root.iter(SIGNATURE))[index]
    return validator.validate(signature, None, None).validation.verdict


def enveloped(text, uri="", method=EXC_C14N, before=b"", after=b""):
    """A document that holds its own signature where *text* has braces."""
    whole = etree.fromstring(before + text.format("").encode() + after)
    signed = etree.tostring(
        whole.getroottree() if uri == "" else whole,
        method="c14n",
        exclusive=method == EXC_C14N,
        with_comments=False,
    )
    document = etree.fromstring(before + text.format("<here/>").encode() + after)
    here = next(document.iter("here"))
    ref = Ref(uri, transforms=[ENVELOPED, method], octets=signed)
    signature = forge(here, Forgery([ref], signer("CBQL")))
    signature.tail = here.tail
    here.getparent().replace(here, signature)
    return etree.tostring(document.getroottree())


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("method", [C14N, EXC_C14N])
@pytest.mark.parametrize("uri", ["", "#r"])
def test_passes_a_signature_inside_what_it_signs(text, method, uri):
    data = enveloped(text, uri, method)
    assert xmlsec_verdicts(data) == [True]
    assert verdict(data).indication is Indication.TOTAL_PASSED


def test_the_empty_uri_takes_in_what_stands_beside_the_root():
    data = enveloped(TEXTS[0], before=b"<?a b?><!-- c -->", after=b"<?d?>")
    assert xmlsec_verdicts(data) == [True]
    assert verdict(data).indication is Indication.TOTAL_PASSED
    assert verdict(data.replace(b"<?a b?>", b"")).sub_indication is SubIndication.HASH_FAILURE
    assert verdict(data.replace(b"<!-- c -->", b"")).indication is Indication.TOTAL_PASSED


def test_removes_only_the_signature_that_is_validated():
    root = tree(enveloped(TEXTS[2], "#r"))
    root.append(etree.fromstring(etree.tostring(root.find(SIGNATURE), with_tail=False)))
    for index in (0, 1):
        assert verdict(octets(root), index).sub_indication is SubIndication.HASH_FAILURE


def test_without_the_transform_a_signature_inside_never_passes():
    root = etree.fromstring("<r Id='r'>x</r>")
    forge(root, Forgery([Ref("#r", octets=b"<r Id='r'>x</r>")], signer("CBQL")))
    assert verdict(octets(root)).sub_indication is SubIndication.HASH_FAILURE


def test_a_signature_that_is_the_document_cannot_be_removed():
    holder = etree.Element("x")
    signature = forge(holder, Forgery([Ref("", transforms=[ENVELOPED])], signer("CBQL")))
    line = verdict(etree.tostring(signature))
    assert line.indication is Indication.INDETERMINATE


def test_c14n_1_1_joins_an_inherited_base_and_leaves_an_inherited_id():
    text = '<r xml:base="http://a.example/x/" xml:id="goc"><c Id="c" xml:base="../y"/></r>'
    root = etree.fromstring(text)
    canonical = b'<c Id="c" xml:base="http://a.example/y"></c>'
    forge(root, Forgery([Ref("#c", transforms=[C14N_11], octets=canonical)], signer("CBQL")))
    assert verdict(octets(root)).indication is Indication.TOTAL_PASSED


def test_what_is_left_out_is_left_out_of_the_octets_only():
    root = etree.fromstring("<r>a<s/>b<t/>c</r>")
    before = etree.tostring(root)
    method = METHODS[EXC_C14N]
    assert canonicalize(root, method, without=[root.find("s")]) == b"<r>ab<t></t>c</r>"
    assert canonicalize(root, method, without=[root.find("t")]) == b"<r>a<s></s>bc</r>"
    assert etree.tostring(root) == before
    for nowhere in (root, etree.fromstring("<khac/>")):
        with pytest.raises(CanonicalizationError):
            canonicalize(root, method, without=[nowhere])


@pytest.mark.parametrize("method", [C14N, EXC_C14N])
def test_another_prefix_for_the_same_namespace_on_an_ancestor_does_no_harm(method):
    text = f'<r Id="r" xmlns:ds="{DS}">x{{}}y</r>'
    data = enveloped(text, "#r", method)
    assert xmlsec_verdicts(data) == [True]
    assert verdict(data).indication is Indication.TOTAL_PASSED
