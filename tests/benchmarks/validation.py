"""Full validation of one record against the floor, python-xmlsec and signxml, all in one run.

`LIMITS` says what each of them does and what it does not: none of the others gives a verdict on a
record.
"""

from base64 import b64decode
from functools import cache
from hashlib import sha256
from time import process_time

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier

from hocba.examine import Judgement, examine, judgement
from hocba.model.outcome import Outcome
from schemas.registry import DefinitionRegistry
from tests.benchmarks.measure import Figure, Timing, interleaved
from tests.support import records, signed_records, signing_kit

_DS = "{http://www.w3.org/2000/09/xmldsig#}"
GOALS = {"floor": 0.5, "python-xmlsec": 2.0, "signxml": None}

# The thirteen subjects of a THPT record, each with a teacher of its own.
MARKED = ("NVN", "TOC", "TAH", "LSU", "QPA", "VLY", "HOA", "SHC", "THC", "NN2")
ASSESSED = ("TDC", "HTN", "DPG")
TEACHERS = len(MARKED) + len(ASSESSED)

LIMITS = """\
ours           parse, XSD, rules, form, references, values, XAdES properties, path, revocation and
               roster (warm caches), verdict of the record, report
floor          parse, C14N, digests, values; no check of form or algorithm, no XAdES, no path, no
               roster, no schema, no report
python-xmlsec  parse, references, values (C); keys in hand; no XAdES, no path, no roster, no schema
               of the record; "signature is invalid" is all it says
signxml        parse, schema of XML-DSig, references, values; certificate in hand; one signature a
               call, told apart only by the element that holds it; transforms it does not know are
               skipped silently; no XAdES here, no path, no roster, no schema of the record\
"""


def figures(*, rounds: int, documents: int) -> list[Figure]:
    """The two ratios of design §10 for a 3-signature and a 16-signature record."""
    return [
        figure
        for name, data in RECORDS.items()
        for figure in _ratios(name, data(), rounds, documents)
    ]


def _ratios(name: str, data: bytes, rounds: int, documents: int) -> list[Figure]:
    by = judging()
    examined = examine(data, "record.xml", by, signed_records.NOW)
    assert examined.outcome is Outcome.ACCEPTED, [f.message() for f in examined.all_findings]
    count = len(examined.signatures.signatures)
    contenders = {"floor": floor, "python-xmlsec": with_xmlsec, "signxml": with_signxml}
    assert {name: verify(data) for name, verify in contenders.items()} == dict.fromkeys(
        contenders, count
    )
    work = {
        name: lambda verify=verify: [verify(data) for _ in range(documents)]
        for name, verify in contenders.items()
    }
    work["ours"] = lambda: [
        examine(data, "record.xml", by, signed_records.NOW) for _ in range(documents)
    ]
    timings = interleaved(work, documents, rounds, clock=process_time)
    ours = timings["ours"]
    lines = []
    for reference, goal in GOALS.items():
        ratio = timings[reference].median / ours.median
        lines.append(
            Figure(
                what=f"full validation, {name}, {len(data) / 1000:.0f} KB",
                measured=_both(ours),
                reference=f"{reference} {_both(timings[reference])}",
                ratio=ratio,
                goal="–" if goal is None else f">= {goal} x {reference}",
                reached=None if goal is None else ratio >= goal,
            )
        )
    return lines


def _both(timing: Timing) -> str:
    return f"{timing.median * 1e3:.2f} ms, lowest {timing.lowest * 1e3:.2f}"


@cache
def judging() -> Judgement:
    """What the records are judged by."""
    return judgement(DefinitionRegistry.load(), signed_records.trust(), _roster())


def _roster():
    teachers = [signed_records.mandate("GVBM", _teacher(number)) for number in range(TEACHERS)]
    return signed_records.Roster([*signed_records.roster().entries(), *teachers])


def _teacher(number: int) -> str:
    return f"0250800001{number:02}"


@cache
def record_of_16() -> bytes:
    """A THPT record of thirteen subjects, each signed by its teacher (RSA), and the three."""
    from signing.creation.builder import sign_record

    rows = [records.secondary_row(code, f"Môn {code}") for code in MARKED]
    rows += [records.secondary_row(code, f"Môn {code}", **records.PASSED) for code in ASSESSED]
    rows = [{**row, "soddcngvbm": _teacher(number)} for number, row in enumerate(rows)]
    data = records.secondary_record(
        rows=rows, macaphoc="04", makhoi="11", tenlop="11A1", sodinhdanh="025309000012",
        ngaythangnamsinh="2009-09-02", tentruong="Trường THPT Mẫu",
    )  # fmt: skip
    for number in range(TEACHERS):
        data = sign_record(
            data,
            "GVBM",
            signing_kit.signer(f"CCCD:{_teacher(number)}", rsa=True),
            policy=signed_records.policy("trung-hoc"),
            signing_time=signed_records.SIGNED_AT,
        )
    return signed_records.sign(data, "trung-hoc", ("GVCN", "CBQL", "KY_PHAT_HANH"))


RECORDS = {"3 signatures": signed_records.signed_primary, "16 signatures": record_of_16}


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
            value = b64decode(signature.find(f"{_DS}SignatureValue").text)
            certificate = next(signature.iter(f"{_DS}X509Certificate")).text
            _verify(_public_key(certificate), value, octets)
            right += 1
    return right


def _verify(key: object, value: bytes, octets: bytes) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        half = len(value) // 2
        numbers = (int.from_bytes(value[:half]), int.from_bytes(value[half:]))
        key.verify(encode_dss_signature(*numbers), octets, ec.ECDSA(SHA256()))
    else:
        key.verify(value, octets, padding.PKCS1v15(), SHA256())


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


# ---------------------------------------------------------------------------------- signxml


@cache
def _pem(certificate: str) -> str:
    loaded = x509.load_der_x509_certificate(b64decode(certificate))
    return loaded.public_bytes(Encoding.PEM).decode()


def with_signxml(data: bytes) -> int:
    """Parse and verify with signxml, one call a signature; the number that are right."""
    root = etree.fromstring(data)
    right = 0
    for signature in list(root.iter(f"{_DS}Signature")):
        holder = root.getroottree().getelementpath(signature.getparent())
        references = len(list(signature.iterfind(f"{_DS}SignedInfo/{_DS}Reference")))
        expected = SignatureConfiguration(location=f"./{holder}/", expect_references=references)
        certificate = next(signature.iter(f"{_DS}X509Certificate")).text
        XMLVerifier().verify(root, x509_cert=_pem(certificate), expect_config=expected)
        right += 1
    return right
