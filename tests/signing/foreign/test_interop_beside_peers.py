"""The arithmetic of every vector that we compute, beside python-xmlsec and the JDK, run now.

A vector that a peer rejects and we call right fails. A peer that refuses to answer (an algorithm
its own policy forbids, a Manifest member it cannot fetch) has not rejected. Each vector that a peer
accepts and we call wrong is in `NOTES` with its reason.
"""

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from schemas.document import parse
from signing import names
from signing.foreign.key_info import read_key_info
from signing.foreign.keys import arithmetic_key
from signing.validation.basic import identify
from signing.xades.signed_properties import SignedProperties
from signing.xmldsig.form import read_form
from tests.support import interop, peers
from tests.support.interop import VECTORS, Row
from tests.support.needs import lacking

_PLAIN = SignedProperties(None, None, ())


@pytest.fixture(scope="module")
def computed() -> dict[str, bool]:
    """What we computed, for each vector with one signature."""
    found = {each.file: each.core[0] for each in interop.rows() if len(each.core) == 1}
    return {file: core for file, core in found.items() if core is not None}


def key_of(file: str) -> bytes:
    """The public key that the document brings along, as PEM."""
    form = read_form(next(parse((VECTORS / file).read_bytes()).root.iter(names.SIGNATURE)))
    key = arithmetic_key(read_key_info(form), identify(form, _PLAIN)[0])
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def xmlsec_answer(file: str) -> bool | None:
    root = etree.fromstring((VECTORS / file).read_bytes())
    context = xmlsec.SignatureContext()
    for element in root.iter(etree.Element):
        if element.get("Id"):
            context.register_id(element, "Id")
    context.key = xmlsec.Key.from_memory(key_of(file), xmlsec.constants.KeyDataFormatPem)
    try:
        context.verify(next(root.iter(names.SIGNATURE)))
    except xmlsec.VerificationError:
        return False
    except xmlsec.Error:
        return None
    return True


def test_xmlsec_rejects_nothing_that_we_call_right(computed):
    answers = {file: xmlsec_answer(file) for file in computed}
    assert sum(each is True for each in answers.values()) > 60
    assert [file for file, right in computed.items() if right and answers[file] is False] == []
    wrong = {file for file, right in computed.items() if not right and answers[file] is True}
    assert wrong <= set(interop.NOTES)


def test_the_jdk_rejects_nothing_that_we_call_right(computed, tmp_path):
    if not peers.jdk_is_present():
        lacking("the JDK", install="apt-get install openjdk-17-jdk-headless")
    classes = peers.compiled_jdk_peer(tmp_path)
    lines = peers.jdk_verdicts(classes, [VECTORS / file for file in computed])
    answers = dict(zip(computed, lines, strict=True))
    answered = {file: line["valid"] for file, line in answers.items() if "error" not in line}
    assert sum(answered.values()) > 15
    assert [file for file, valid in answered.items() if computed[file] and not valid] == []
    wrong = {file for file, valid in answered.items() if valid and not computed[file]}
    assert wrong <= set(interop.NOTES)


def test_every_vector_with_one_signature_and_a_key_of_its_own_was_computed(computed):
    rows: dict[str, Row] = {each.file: each for each in interop.rows()}
    expected = {file for file, row in rows.items() if row.expected.jdk == "VALID"}
    missing = expected - computed.keys()
    assert missing == {
        # XPath beyond the two idioms.
        "merlin-xpath-filter2-three/sign-spec.xml",
        "merlin-xpath-filter2-three/sign-xfdl.xml",
        "phaos-xmldsig-three/signature-rsa-xpath-transform-enveloped.xml",
    } | {file for file in missing if "sha3_224" in file}
