"""Our verdicts beside python-xmlsec and the JDK's javax.xml.crypto, signature by signature.

A document that a peer rejects and we accept is a wrong accept and fails the build. The other way
round we may be stricter: XAdES and the record's rules are above the core that the peers know.
"""

import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from schemas.document import parse
from schemas.errors import Unreadable
from signing.constraints import default_constraints
from signing.creation.styles import STYLES
from signing.report import Indication, SignatureReport
from signing.validation.signature import SignatureValidator
from signing.xmldsig.algorithms import default_policy
from tests.support import peers, signed_records
from tests.support.forge import C14N, C14N_11, DS, ENVELOPED, EXC_C14N
from tests.support.needs import lacking
from tests.support.signed_records import octets, signer, tree, validate

MUTANTS_PER_RECORD = 12


@cache
def originals() -> Mapping[str, tuple[bytes, str]]:
    """Every style of both definitions, with the definition's name."""
    return {
        f"{style.name}-{definition}": (make(style), definition)
        for style in STYLES.values()
        for make, definition in (
            (signed_records.signed_primary, "tieu-hoc"),
            (signed_records.signed_secondary, "trung-hoc"),
        )
    }


@cache
def mutants() -> Mapping[str, tuple[bytes, str]]:
    """Records with one character of text, an attribute or a signature changed, by a fixed seed."""
    found = {}
    for name, (data, definition) in originals().items():
        source = random.Random(name)  # noqa: S311 -- which character to change, not a secret
        for number in range(MUTANTS_PER_RECORD):
            root = tree(data)
            elements = [each for each in root.iter(etree.Element) if (each.text or "").strip()]
            element = source.choice(elements)
            position = source.randrange(len(element.text))
            letter = source.choice("abcXYZ019+/")
            text = element.text
            element.text = text[:position] + letter + text[position + 1 :]
            found[f"{name}-{number}"] = (octets(root), definition)
    return found


def our_verdicts(report: SignatureReport) -> list[bool]:
    return [each.verdict.indication is Indication.TOTAL_PASSED for each in report.signatures]


@cache
def jdk(folder: Path) -> Path:
    if not peers.jdk_is_present():
        lacking("a JDK (java, javac)", install="install openjdk-17-jdk-headless")
    return peers.compiled_jdk_peer(folder)


@pytest.fixture(scope="module")
def jdk_peer(tmp_path_factory) -> Path:
    return jdk(tmp_path_factory.mktemp("jdk"))


def jdk_answers(classes: Path, documents: Mapping[str, bytes], folder: Path):
    """Valid or not per signature, by name; None where the JDK's parser refuses the document."""
    files = {}
    for name, data in documents.items():
        files[str(folder / f"{name}.xml")] = name
        (folder / f"{name}.xml").write_bytes(data)
    answers: dict[str, list[bool] | None] = {name: [] for name in documents}
    for line in peers.jdk_verdicts(classes, list(map(Path, files))):
        name = files[line["file"]]
        known = answers[name]
        if "valid" not in line or known is None:
            answers[name] = None if "index" not in line else [*(known or []), False]
        else:
            known.append(line["valid"])
    return answers


def test_python_xmlsec_gives_the_same_verdict_on_every_signature_of_every_style():
    for name, (data, definition) in originals().items():
        ours = our_verdicts(validate(data, definition))
        assert ours == peers.xmlsec_verdicts(data) == [True] * len(ours), name


@pytest.mark.jdk
def test_the_jdk_gives_the_same_verdict_on_every_signature_of_every_style(jdk_peer, tmp_path):
    answers = jdk_answers(
        jdk_peer, {name: data for name, (data, _) in originals().items()}, tmp_path
    )
    for name, (data, definition) in originals().items():
        assert our_verdicts(validate(data, definition)) == answers[name], name


def test_python_xmlsec_rejects_nothing_that_we_accept():
    refused = 0
    for name, (data, definition) in mutants().items():
        ours = our_verdicts(validate(data, definition))
        theirs = peers.xmlsec_verdicts(data)
        assert len(ours) == len(theirs)
        wrong = [
            i for i, (we, they) in enumerate(zip(ours, theirs, strict=True)) if we and not they
        ]
        assert not wrong, name
        refused += ours.count(False)
    assert refused > len(mutants()) / 2  # the mutants do break signatures


@pytest.mark.jdk
def test_the_jdk_rejects_nothing_that_we_accept(jdk_peer, tmp_path):
    answers = jdk_answers(jdk_peer, {name: data for name, (data, _) in mutants().items()}, tmp_path)
    for name, (data, definition) in mutants().items():
        ours = our_verdicts(validate(data, definition))
        theirs = answers[name]
        if theirs is None:
            assert not any(ours), name
            continue
        wrong = [
            i for i, (we, they) in enumerate(zip(ours, theirs, strict=True)) if we and not they
        ]
        assert not wrong, name


# ------------------------------- signatures that python-xmlsec makes, in odd places

WRAPPERS = {
    "bare": "<r>{}</r>",
    "unused prefix": '<r xmlns:p="urn:p" xmlns:q="urn:q">{}</r>',
    "default namespace": '<r xmlns="urn:r">{}</r>',
    "default undone": '<r xmlns="urn:r"><m xmlns="">{}</m></r>',
    "xml:lang": '<r xml:lang="vi" xml:space="preserve">{}</r>',
    "nested xml:lang": '<r xml:lang="en"><m xml:lang="vi" xmlns:p="urn:1">{}</m></r>',
    "prefix redeclared": '<r xmlns:p="urn:1"><m xmlns:p="urn:2">{}</m></r>',
    "deep": '<r xmlns:a="urn:a"><m><n xmlns:b="urn:b"><o>{}</o></n></m></r>',
}
BODIES = {
    "plain": '<c Id="noi-dung">chữ</c>',
    "children": '<c Id="noi-dung"><d><e><g x="1"/></e></d>đuôi</c>',
    "own namespace": '<c xmlns="urn:c" Id="noi-dung"><d><e/></d></c>',
    "own prefix": '<k:c xmlns:k="urn:k" Id="noi-dung"><k:d k:a="1" b="2"/></k:c>',
    "own lang": '<c Id="noi-dung" xml:lang="tày"><d xml:lang="vi"/></c>',
    "odd characters": '<c Id="noi-dung" a="&#9;&#10;&quot;&lt;&amp;">&#13;&gt;&lt;]]&gt;\t\n</c>',
}
CHAINS = {
    "C14N 1.0": [C14N],
    "C14N 1.1": [C14N_11],
    "exclusive": [EXC_C14N],
    "none": [],
    "enveloped": [ENVELOPED],
    "twice": [C14N, EXC_C14N],
    "enveloped twice": [ENVELOPED, EXC_C14N, C14N],
}


def signed_by_xmlsec(wrapper: str, body: str, chain: list[str], canonicalization: str) -> bytes:
    """A document whose element `noi-dung` python-xmlsec signed, the signature beside it."""
    steps = "".join(f'<Transform Algorithm="{each}"/>' for each in chain)
    signature = (
        f'<Signature xmlns="{DS}"><SignedInfo>'
        f'<CanonicalizationMethod Algorithm="{canonicalization}"/>'
        '<SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>'
        '<Reference URI="#noi-dung">'
        + (f"<Transforms>{steps}</Transforms>" if steps else "")
        + '<DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><DigestValue/>'
        "</Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>"
    )
    root = etree.fromstring(wrapper.format(body + signature))
    key = signer("CBQL")
    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)
    certificate = key.certificate.public_bytes(Encoding.PEM)
    context.key.load_cert_from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem)
    (content,) = root.xpath("//*[@Id = 'noi-dung']")
    context.register_id(content, "Id")
    context.sign(next(root.iter(f"{{{DS}}}Signature")))
    return etree.tostring(root)


@cache
def foreign_documents() -> Mapping[str, bytes]:
    return {
        f"{wrapper}+{body}+{chain}+{method[-12:].strip('#/')}".replace(" ", "_"): signed_by_xmlsec(
            WRAPPERS[wrapper], BODIES[body], CHAINS[chain], method
        )
        for wrapper in WRAPPERS
        for body in BODIES
        for chain in CHAINS
        for method in (C14N, EXC_C14N)
    }


def our_verdict_on_any(data: bytes):
    document = parse(data)
    validator = SignatureValidator(
        document,
        algorithms=default_policy(),
        constraints=default_constraints(),
        paths=signed_records.paths(),
        at=signed_records.NOW,
    )
    (signature,) = document.root.iter(f"{{{DS}}}Signature")
    return validator.validate(signature, None, None).validation.verdict


def test_passes_what_python_xmlsec_signs_in_any_namespace_context():
    failing = {
        name: verdict.sub_indication
        for name, data in foreign_documents().items()
        if (verdict := our_verdict_on_any(data)).indication is not Indication.TOTAL_PASSED
    }
    assert failing == {}


def test_passes_nothing_of_what_python_xmlsec_signed_after_a_change():
    for name, data in foreign_documents().items():
        for old, new in ((b'Id="noi-dung"', b'x="1" Id="noi-dung"'), (b"</", b"<!----><x/></")):
            changed = data.replace(old, new, 1)
            if changed == data:
                continue
            try:
                verdict = our_verdict_on_any(changed)
            except Unreadable:
                continue
            assert verdict.indication is not Indication.TOTAL_PASSED, name
