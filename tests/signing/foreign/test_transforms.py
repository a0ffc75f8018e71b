"""Transforms in the orders that nobody writes but somebody might."""

import pytest
from lxml import etree

from signing.foreign.transforms import BASE64, FOREIGN_TRANSFORMS, XPATH
from signing.xmldsig.canonicalization import CanonicalizationError
from signing.xmldsig.form import read_transform
from signing.xmldsig.transforms import NodeSet, UnsupportedTransformError, apply_transforms
from tests.support.forge import C14N, DS, ENVELOPED, EXC_C14N

IDIOM = f'<XPath xmlns="{DS}" xmlns:d="{DS}">not(ancestor-or-self::d:Signature)</XPath>'


def applied(text, *steps, at="."):
    target = etree.fromstring(text).find(at)
    enclosed = target.find(f".//{{{DS}}}Signature")
    transforms = tuple(
        read_transform(
            etree.fromstring(f'<Transform xmlns="{DS}" Algorithm="{uri}">{inner}</Transform>')
        )
        for uri, inner in steps
    )
    return apply_transforms(NodeSet(target, False, enclosed), transforms, FOREIGN_TRANSFORMS)


def test_base64_decodes_text_around_comments_and_without_what_was_taken_out():
    text = f'<o>QU<!-- x -->\n JD<Signature xmlns="{DS}">RA==</Signature></o>'
    assert applied(text, (ENVELOPED, ""), (BASE64, "")) == b"ABC"


def test_what_base64_gives_is_parsed_where_a_canonicalization_follows():
    assert applied("<o>PGE+PGIvPjwvYT4=</o>", (BASE64, ""), (C14N, "")) == b"<a><b></b></a>"


def test_base64_of_octets_decodes_the_octets():
    assert applied("<o>UVVKRA==</o>", (BASE64, ""), (BASE64, "")) == b"ABC"


@pytest.mark.parametrize("text", ["<o>*</o>", "<o>QUJD!</o>", "<o>Q</o>"])
def test_what_is_no_base64_has_no_octets(text):
    with pytest.raises(CanonicalizationError):
        applied(text, (BASE64, ""))


def test_the_idiom_after_a_canonicalization_looks_at_the_octets_again():
    text = f'<o>a<Signature xmlns="{DS}"/>b<!-- c --></o>'
    assert applied(text, (C14N, ""), (XPATH, IDIOM), (EXC_C14N, "")) == b"<o>ab</o>"


def test_the_idiom_leaves_nothing_of_what_stands_in_a_signature():
    text = f'<o><Signature xmlns="{DS}"><Object><x/></Object></Signature></o>'
    with pytest.raises(CanonicalizationError):
        applied(text, (XPATH, IDIOM), at=f"{{{DS}}}Signature/{{{DS}}}Object")


@pytest.mark.parametrize(
    "steps",
    [
        [(C14N, ""), (ENVELOPED, "")],
        [(XPATH, IDIOM + IDIOM)],
        [(XPATH, IDIOM.replace("</XPath>", "<x/></XPath>"))],
        [(XPATH, IDIOM.replace("<XPath ", '<XPath a="1" '))],
    ],
)
def test_orders_and_parameters_without_a_meaning_are_refused(steps):
    with pytest.raises(UnsupportedTransformError):
        applied("<o/>", *steps)
