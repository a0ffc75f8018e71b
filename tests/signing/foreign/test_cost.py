"""No document within the limits makes validation take longer than it should.

What stands against it is the budget of canonicalisation; each document here would cost minutes
without it. The bound is generous: a shared machine may be slow, and what is wrong is wrong by far.
"""

import time

import pytest

from signing import names
from tests.support.foreign import reference, report, step, template
from tests.support.forge import C14N, DS, ENVELOPED, EXC_C14N

XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER_2 = "http://www.w3.org/2002/06/xmldsig-filter2"
MOST_SECONDS = 5.0

IDIOM = step(XPATH, f'<ds:XPath xmlns:d="{DS}">not(ancestor-or-self::d:Signature)</ds:XPath>')
SUBTRACT = step(
    FILTER_2,
    f'<f:XPath xmlns:f="{FILTER_2}" xmlns:d="{DS}" Filter="subtract">//d:Signature</f:XPath>',
)


def filled(text: str) -> bytes:
    """The templates as signatures whose every value is wrong: all of them have to be computed."""
    data = text.encode().replace(b"<ds:DigestValue/>", b"<ds:DigestValue>AA==</ds:DigestValue>")
    return data.replace(b"<ds:SignatureValue/>", b"<ds:SignatureValue>AA==</ds:SignatureValue>")


def many_signatures(content: str, *references: str) -> str:
    return f"<g>{content}{template(*references, key_info='') * 120}</g>"


def manifest_of(members: str, content: str) -> str:
    one = template(
        reference("#m", kind=names.TYPE_MANIFEST),
        key_info="",
        objects=f'<ds:Object><ds:Manifest Id="m">{members}</ds:Manifest></ds:Object>',
    )
    return f"<g>{content}{one}</g>"


def prefixed(count: int, uri: str) -> str:
    """References whose transforms all differ, so that no digest is known from another."""
    return "".join(
        reference(
            uri,
            step(
                EXC_C14N,
                f'<e:InclusiveNamespaces xmlns:e="{EXC_C14N}" PrefixList="p{number}"/>',
            ),
        )
        for number in range(count)
    )


BIG_TEXT = "x" * 3_000_000
WIDE = "<a/>" * 20_000
DOCUMENTS = {
    "idiom-over-text": lambda: many_signatures(
        f"<t>{BIG_TEXT}</t>", reference("", IDIOM, step(C14N))
    ),
    "filter-over-elements": lambda: many_signatures(WIDE, reference("", SUBTRACT, step(C14N))),
    "enveloped-over-comments": lambda: many_signatures(
        "<!---->" * 300_000, reference("", step(ENVELOPED), step(C14N))
    ),
    "chains": lambda: many_signatures(WIDE, reference("", *[step(C14N)] * 5)),
    "base64": lambda: many_signatures(
        f'<t Id="t">{"QUFB" * 700_000}</t>',
        *(reference("#t", *[step(f"{DS}base64")], *[step(C14N)] * n) for n in range(4)),
    ),
    "manifest-members": lambda: manifest_of(prefixed(64, "#t"), f'<t Id="t">{BIG_TEXT}</t>'),
    "references": lambda: many_signatures(f'<t Id="t">{BIG_TEXT}</t>', prefixed(8, "#t")),
    "wrong-digests-among-siblings": lambda: many_signatures(
        "<a/>" * 20_000 + '<a Id="t"/>', *[reference("#t")] * 20
    ),
    "uncovered-among-siblings": lambda: many_signatures(WIDE, reference("#khong")),
    "nested": lambda: _nested(60, WIDE),
}


def _nested(depth: int, content: str) -> str:
    text = content
    for _ in range(depth):
        one = template(
            reference("", step(ENVELOPED)), key_info="", objects=f"<ds:Object>{text}</ds:Object>"
        )
        text = one
    return f"<g>{text}</g>"


@pytest.mark.parametrize("make", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_hostile_document_is_given_up_in_time(make):
    data = filled(make())
    assert len(data) < 5 * 1024 * 1024
    began = time.process_time()
    found = report(data)
    assert time.process_time() - began < MOST_SECONDS
    assert found.document.indication.value != "TOTAL-PASSED"
