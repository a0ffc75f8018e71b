"""`xml:base` as C14N 1.1 joins it, beside the JDK and libxml2 (through xmlsec).

Neither peer is right throughout: the JDK joins two ancestors wrongly, libxml2 relative bases. Each
is asked where it follows the clause; where nothing of a path remains, nothing is guessed.
"""

from itertools import product

import pytest
from lxml import etree

from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from signing.xmldsig.xml_base import joined_base
from tests.support import peers
from tests.support.forge import C14N_11, Forgery, Ref, forge
from tests.support.needs import lacking
from tests.support.signing_kit import signer_of

BASES = ("http://a.example/x/y", "http://a.example/x/", "/tu/goc", "con/", "con", "../tren", "..")
REFERENCES = ("sau/", "sau", "../tren", "..", "../", "a/../b", "a//b", "/tu/goc", "?hoi", "%20x")
ABSOLUTE = BASES[:2]


def canonical(*values: str) -> bytes:
    """The canonical form of an element whose own base is the last value, below the others."""
    return canonicalize(nested(*values)[-1], METHODS[C14N_11])


def nested(*values: str) -> list[etree._Element]:
    elements = [etree.Element("r")]
    for value in values[:-1]:
        elements.append(etree.SubElement(elements[-1], "e"))
        elements[-1].set("{http://www.w3.org/XML/1998/namespace}base", value)
    elements.append(etree.SubElement(elements[-1], "t", Id="t"))
    if values[-1]:
        elements[-1].set("{http://www.w3.org/XML/1998/namespace}base", values[-1])
    return elements


def signed(*values: str) -> bytes:
    elements = nested(*values)
    octets = canonicalize(elements[-1], METHODS[C14N_11])
    forge(elements[0], Forgery([Ref("#t", transforms=[C14N_11], octets=octets)], signer_of("CBQL")))
    return etree.tostring(elements[0])


@pytest.mark.parametrize(
    ("values", "joined"),
    [
        (("http://a.example/x/y", "../z"), "http://a.example/z"),
        (("http://a.example/x/y", "z", "w/v"), "http://a.example/x/w/v"),
        (("http://a.example/x/y", ""), "http://a.example/x/y"),
        (("http://a.example/x/y", "//b.example/z"), "http://b.example/z"),
        (("http://a.example/x/y?q", "?r"), "http://a.example/x/y?r"),
        (("http://a.example/x/y?q", ""), "http://a.example/x/y?q"),
        (("http://a.example/x/y", "../../../z"), "http://a.example/z"),
        (("a/b", "c"), "a/c"),
        (("..", ".."), "../../"),
        (("../", "..", "x"), "../../x"),
        (("a/", "../../b"), "../b"),
        (("/a//b/", "c//d"), "/a/b/c/d"),
        (("urn:x:y", "http://a.example/"), "http://a.example/"),
    ],
)
def test_values_are_joined_as_the_clause_says(values, joined):
    assert joined_base(values) == joined


@pytest.mark.parametrize(
    "values",
    [("a/", ".."), ("x", "./"), ("", ""), ("http://a.example", "b"), ("a", "#f"), ("a#f", "b")],
)
def test_what_engines_do_differently_is_not_guessed(values):
    assert joined_base(values) is None
    with pytest.raises(CanonicalizationError):
        canonical(*values, "x#y")


def test_only_c14n_1_1_joins_and_an_element_without_ancestors_keeps_its_own():
    assert b'xml:base="http://a.example/z"' in canonical("http://a.example/x/y", "../z")
    assert b'xml:base="con"' in canonical("con")
    alone = METHODS["http://www.w3.org/TR/2001/REC-xml-c14n-20010315"]
    assert b'xml:base="../z"' in canonicalize(nested("http://a.example/x/y", "../z")[-1], alone)


def test_the_jdk_joins_one_ancestor_the_same(tmp_path):
    if not peers.jdk_is_present():
        lacking("the JDK", install="apt-get install openjdk-17-jdk-headless")
    files = {}
    for base, reference in product(BASES, REFERENCES):
        if joined_base((base, reference)) is None:
            continue
        file = tmp_path / f"{len(files)}.xml"
        file.write_bytes(signed(base, reference))
        files[file] = (base, reference)
    classes = peers.compiled_jdk_peer(tmp_path)
    verdicts = peers.jdk_verdicts(classes, list(files))
    assert len(verdicts) > 50
    assert [
        values for values, each in zip(files.values(), verdicts, strict=True) if not each["valid"]
    ] == []


@pytest.mark.parametrize("values", list(product(ABSOLUTE, REFERENCES, ("", "cuoi"))))
def test_libxml2_joins_what_begins_at_an_absolute_base_the_same(values):
    assert peers.xmlsec_verdicts(signed(*values)) == [True]
