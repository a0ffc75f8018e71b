"""Full validation of one record against the floor and against python-xmlsec.

The floor does the arithmetic of the same signatures and nothing else: parse, canonicalise,
digest, verify with keys in hand; no check, no path, no roster, no schema. python-xmlsec verifies
the same signatures with its keys cached: no path, no roster, no schema, no XAdES, no report.
"""

from base64 import b64decode
from functools import cache
from hashlib import sha256

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hocba.examine import Judgement, examine, judgement
from hocba.model.outcome import Outcome
from schemas.registry import DefinitionRegistry
from signing.xmldsig.algorithms import default_policy
from tests.benchmarks.measure import Figure, interleaved
from tests.support import records, signed_records, signing_kit

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
FLOOR_GOAL = 0.5
XMLSEC_GOAL = 2.0
TEACHERS = 13


def figures(*, rounds: int, documents: int) -> list[Figure]:
    """The two ratios of design §10 for a 3-signature and a 16-signature record."""
    return [
        figure
        for name, data in (
            ("3 signatures", signed_records.signed_primary()),
            ("16 signatures", record_of_16()),
        )
        for figure in _ratios(name, data, rounds, documents)
    ]


def _ratios(name: str, data: bytes, rounds: int, documents: int) -> list[Figure]:
    by = _judgement()
    examined = examine(data, "record.xml", by, signed_records.NOW)
    assert examined.outcome is Outcome.ACCEPTED, [f.message() for f in examined.all_findings]
    assert floor(data) == with_xmlsec(data) == len(examined.signatures.signatures)
    timings = interleaved(
        {
            "floor": lambda: [floor(data) for _ in range(documents)],
            "xmlsec": lambda: [with_xmlsec(data) for _ in range(documents)],
            "ours": lambda: [
                examine(data, "record.xml", by, signed_records.NOW) for _ in range(documents)
            ],
        },
        documents,
        rounds,
    )
    ours, size = timings["ours"], f"{len(data) / 1000:.0f} KB"
    lines = []
    for reference, goal in (("floor", FLOOR_GOAL), ("xmlsec", XMLSEC_GOAL)):
        ratio = timings[reference].median / ours.median
        lines.append(
            Figure(
                what=f"full validation, {name}, {size}",
                measured=f"{ours.median * 1e3:.2f} ms",
                reference=f"{reference} {timings[reference].median * 1e3:.2f} ms",
                ratio=ratio,
                goal=f">= {goal} x {reference}",
                reached=ratio >= goal,
            )
        )
    return lines


@cache
def _judgement() -> Judgement:
    return judgement(DefinitionRegistry.load(), signed_records.trust(), _roster())


def _roster():
    teachers = [signed_records.mandate("GVBM", _teacher(number)) for number in range(TEACHERS)]
    return signed_records.Roster([*signed_records.roster().entries(), *teachers])


def _teacher(number: int) -> str:
    return f"0250800001{number:02}"


@cache
def record_of_16() -> bytes:
    """A record of thirteen subjects, each signed by a teacher of its own (RSA), and the three."""
    from signing.creation.builder import sign_record

    codes = subject_codes()
    rows = [
        records.secondary_row(code, f"Môn {number + 1}", soddcngvbm=_teacher(number))
        for number, code in enumerate(codes)
    ]
    data = records.secondary_record(rows=rows)
    for number in range(TEACHERS):
        data = sign_record(
            data,
            "GVBM",
            signing_kit.signer(f"CCCD:{_teacher(number)}", rsa=True),
            policy=signed_records.policy("trung-hoc"),
            signing_time=signed_records.SIGNED_AT,
        )
    return signed_records.sign(data, "trung-hoc", ("GVCN", "CBQL", "KY_PHAT_HANH"))


def subject_codes() -> list[str]:
    """Thirteen subject codes that the definition knows."""
    definition = next(each for each in DefinitionRegistry.load() if each.name == "trung-hoc")
    return sorted(definition.lists["mamonhoc"])[:TEACHERS]


# ---------------------------------------------------------------------------------- the floor


@cache
def _public_key(certificate: str) -> object:
    return x509.load_der_x509_certificate(b64decode(certificate)).public_key()


def floor(data: bytes) -> int:
    """Parse, canonicalise, digest and verify; the number of signatures that are right."""
    root = etree.fromstring(data)
    ids = {each.get("Id"): each for each in root.iter(etree.Element) if each.get("Id")}
    right = 0
    for signature in root.iter(f"{_DS}Signature"):
        signed_info = signature.find(f"{_DS}SignedInfo")
        for reference in signed_info.iter(f"{_DS}Reference"):
            octets = etree.tostring(ids[reference.get("URI")[1:]], method="c14n", exclusive=True)
            if sha256(octets).digest() != b64decode(reference.find(f"{_DS}DigestValue").text):
                break
        else:
            octets = etree.tostring(signed_info, method="c14n", exclusive=True)
            method = signed_info.find(f"{_DS}SignatureMethod").get("Algorithm")
            value = b64decode(signature.find(f"{_DS}SignatureValue").text)
            certificate = next(signature.iter(f"{_DS}X509Certificate")).text
            algorithm = default_policy().signatures[method]
            algorithm.verify(_public_key(certificate), value, octets)
            right += 1
    return right


# ---------------------------------------------------------------------------------- python-xmlsec


@cache
def _xmlsec_key(certificate: str) -> xmlsec.Key:
    pem = x509.load_der_x509_certificate(b64decode(certificate)).public_bytes(Encoding.PEM)
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)


def with_xmlsec(data: bytes) -> int:
    """Parse and verify with python-xmlsec; the number of signatures that are right."""
    root = etree.fromstring(data)
    ids = [each for each in root.iter(etree.Element) if each.get("Id")]
    right = 0
    for signature in root.iter(f"{_DS}Signature"):
        context = xmlsec.SignatureContext()
        for each in ids:
            context.register_id(each, "Id")
        context.key = _xmlsec_key(next(signature.iter(f"{_DS}X509Certificate")).text)
        context.verify(signature)
        right += 1
    return right
