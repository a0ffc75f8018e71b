"""The ETSI TS 119 102-2 report: valid by the official schema, whatever the document, and true."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from lxml import etree

from hocba.examine import Judgement, examine, judgement
from schemas.document import parse
from schemas.errors import Unreadable
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from signing import names
from signing.etsi_report.report import etsi_report
from signing.report import (
    Indication,
    SignatureReport,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    Verdict,
    indeterminate,
)
from signing.xmldsig.algorithms import default_policy
from tests.support import records, signed_records, stamping
from tests.support.attacks import Attempt, all_attacks
from tests.support.etsi_schema import etsi_schema

NOW = signed_records.NOW
N = {
    "vr": "http://uri.etsi.org/19102/v1.4.1#",
    "ds": names.DS,
    "xades": names.XADES,
    "tsl": "http://uri.etsi.org/02231/v2#",
}
MAIN = "urn:etsi:019102:mainindication:"
SUB = "urn:etsi:019102:subindication:"


@cache
def by() -> Judgement:
    return judgement(DefinitionRegistry.load(), signed_records.trust(), signed_records.roster())


@cache
def stamped_by() -> Judgement:
    trust = stamping.trust(stamping.LATER)
    return judgement(DefinitionRegistry.load(), trust, signed_records.roster())


def written(data: bytes, judged: Judgement | None = None, at: datetime = NOW) -> etree._Element:
    """The report on *data*, valid by the schema, parsed again."""
    judged = judged or by()
    report = examine(data, "a.xml", judged, at).signatures
    root = etree.fromstring(etsi_report(report, parse(data), judged.rules.algorithms, at))
    schema = etsi_schema()
    assert schema.validate(root), schema.error_log
    return root


def texts(node: etree._Element, path: str) -> list[str]:
    return [each.text or "" for each in node.iterfind(path, N)]


def parts(root: etree._Element) -> list[etree._Element]:
    return root.findall("vr:SignatureValidationReport", N)


def status(part: etree._Element) -> tuple[list[str], list[str]]:
    own = part.find("vr:SignatureValidationStatus", N)
    return texts(own, "vr:MainIndication"), texts(own, "vr:SubIndication")


@pytest.mark.parametrize("data", ["signed_primary", "signed_secondary"])
def test_tells_each_signature_with_what_its_verdict_rests_on(data):
    data = getattr(signed_records, data)()
    document, examined = parse(data), examine(data, "a.xml", by(), NOW).signatures
    root = written(data)
    elements = list(document.root.iter(names.SIGNATURE))
    assert len(parts(root)) == len(elements)
    for part, element, validation in zip(parts(root), elements, examined.signatures, strict=True):
        value = element.findtext("ds:SignatureValue", namespaces=N)
        told = part.findtext("vr:SignatureIdentifier/ds:SignatureValue", namespaces=N)
        assert told == "".join(value.split())
        assert status(part) == ([f"{MAIN}total-passed"], [])
        assert texts(part, "vr:SignerInformation/vr:Signer") == [validation.signer.subject]
        chain = part.find(".//vr:CertificateChain", N)
        refers = [each.get("VOReference") for each in chain]
        assert refers == [f"C-{each}" for each in validation.chain]
        assert refers[0] == f"C-{validation.signer.certificate_sha256}"
        used = [
            each.get("VOReference") for each in part.iterfind(".//vr:RelatedValidationObject", N)
        ]
        assert used == list(dict.fromkeys(f"R-{each.sha256}" for each in validation.revocation))
        assert used
        assert texts(part, ".//vr:SignatureValidationProcessID") == [
            "urn:etsi:019102:validationprocess:Basic"
        ]


def test_identifies_a_signature_by_the_digest_of_what_was_signed():
    data = signed_records.signed_primary()
    element = next(parse(data).root.iter(names.SIGNATURE))
    octets = etree.tostring(
        element.find("ds:SignedInfo", N), method="c14n", exclusive=True, with_comments=False
    )
    told = parts(written(data))[0].findtext(
        "vr:SignatureIdentifier/vr:DigestAlgAndValue/ds:DigestValue", namespaces=N
    )
    assert base64.b64decode(told) == hashlib.sha256(octets).digest()


def test_names_the_rules_and_the_verdict_on_the_record():
    root = written(signed_records.signed_primary())
    evaluated = parts(root)[0].find("vr:ValidationConstraintsEvaluationReport", N)
    basis = by().basis
    assert texts(evaluated, ".//vr:PolicyName") == [basis.constraints]
    digest = evaluated.findtext(".//xades:SigPolicyHash/ds:DigestValue", namespaces=N)
    assert base64.b64decode(digest).hex() == basis.constraints_sha256
    told = dict(
        zip(
            texts(evaluated, ".//vr:ValidationConstraintParameter/vr:Type"),
            texts(evaluated, ".//vr:ValidationConstraintParameter/vr:Value"),
            strict=True,
        )
    )
    assert told == {
        "urn:hocba:algorithms": basis.algorithms,
        "urn:hocba:algorithms-sha256": basis.algorithms_sha256,
        "urn:hocba:signature-policy": signed_records.policy("tieu-hoc").reference,
        "urn:hocba:trust-store-sha256": basis.trust_store,
        "urn:hocba:roster-sha256": basis.roster,
    }
    assert texts(evaluated, ".//vr:ValidationStatus/vr:MainIndication") == [f"{MAIN}total-passed"]
    assert texts(root, "vr:SignatureValidator/vr:DigitalId/tsl:Other") == [basis.engine]


def test_gives_the_proved_time_and_the_token_that_proves_it():
    data, at = stamping.stamped_record(), stamping.LATER
    examined = examine(data, "a.xml", stamped_by(), at).signatures
    root = written(data, stamped_by(), at)
    for part, validation in zip(parts(root), examined.signatures, strict=True):
        (stamp,) = validation.timestamps
        proved = stamping.SIGNED_AT.isoformat().replace("+00:00", "Z")
        info = part.find("vr:ValidationTimeInfo", N)
        assert texts(info, "vr:ValidationTime") == [at.isoformat().replace("+00:00", "Z")]
        assert texts(info, "vr:BestSignatureTime/vr:POETime") == [proved]
        by_token = info.find("vr:BestSignatureTime/vr:POEObject", N)
        assert by_token.get("VOReference") == f"T-{stamp.sha256}"
        assert texts(part, ".//vr:SignatureTimeStamp/vr:TimeStampValue") == [proved]
        assert part.find(".//vr:SignatureTimeStamp", N).get("Signed") == "false"
        assert texts(part, ".//vr:SignatureValidationProcessID") == [
            "urn:etsi:019102:validationprocess:LTVM"
        ]
        assert status(part) == ([f"{MAIN}total-passed"], [])
        token = root.find(f".//vr:ValidationObject[@id='T-{stamp.sha256}']", N)
        assert texts(token, "vr:POEProvisioning/vr:POETime") == [proved]
        assert status(token.find("vr:ValidationReport", N)) == ([f"{MAIN}total-passed"], [])
        pointer = token.find(".//vr:XAdESSignaturePtr", N).get("XPath")
        (element,) = parse(data).root.xpath(pointer)
        assert element.get("Id") == validation.id


def test_tells_the_reason_of_a_failure_and_binds_nothing_to_it():
    data = signed_records.signed_primary().replace(b"<hovaten>", b"<hovaten>X", 1)
    root = written(data)
    for part in parts(root):
        assert status(part) == ([f"{MAIN}total-failed"], [f"{SUB}HASH_FAILURE"])
        told = dict(
            zip(
                texts(part, "vr:SignatureValidationStatus//vr:ReportData/vr:Type"),
                texts(part, "vr:SignatureValidationStatus//vr:ReportData/vr:Value"),
                strict=True,
            )
        )
        assert "đã bị thay đổi" in told["urn:hocba:finding:HB-S010"]
        assert part.find("vr:SignersDocument", N) is None
        for attribute in part.iterfind("vr:SignatureAttributes/*[@Signed]", N):
            assert attribute.get("Signed") == "false"
    of_record = ".//vr:ValidationConstraint/vr:ValidationStatus/vr:MainIndication"
    assert texts(parts(root)[0], of_record) == [f"{MAIN}total-failed"]


def test_tells_until_when_an_algorithm_may_be_relied_on():
    ends = {}
    for at in (NOW, datetime(2029, 1, 2, tzinfo=UTC)):
        for part in parts(written(signed_records.signed_primary(), at=at)):
            told = part.find(".//vr:CryptoInformation", N)
            ends[at.year, told.findtext("vr:Algorithm", namespaces=N).rsplit("#")[-1]] = (
                told.findtext("vr:SecureAlgorithm", namespaces=N),
                told.findtext("vr:NotAfter", namespaces=N),
            )
    assert ends == {
        (2026, "ecdsa-sha256"): ("true", None),
        (2026, "rsa-sha256"): ("true", "2028-12-31T17:00:00Z"),
        (2029, "ecdsa-sha256"): ("true", None),
        (2029, "rsa-sha256"): ("false", "2028-12-31T17:00:00Z"),
    }


def test_tells_since_when_the_certificate_is_revoked():
    data = signed_records.signed_primary()
    examined = examine(data, "a.xml", by(), NOW).signatures
    revoked = datetime(2026, 6, 1, 8, tzinfo=UTC)
    for reason, expected in (
        (SubIndication.REVOKED_NO_POE, ["2026-06-01T08:00:00Z"]),
        (SubIndication.REVOKED_CA_NO_POE, []),
    ):
        lines = tuple(
            replace(each, verdict=indeterminate(reason), revoked_at=revoked)
            for each in examined.signatures
        )
        root = etree.fromstring(
            etsi_report(replace(examined, signatures=lines), parse(data), default_policy(), NOW)
        )
        assert etsi_schema().validate(root), etsi_schema().error_log
        for part in parts(root):
            assert texts(part, ".//vr:RevocationStatusInformation/vr:RevocationTime") == expected


def test_a_copied_token_is_listed_once_and_one_that_says_no_time_still_is():
    data = signed_records.signed_primary()
    examined = examine(data, "a.xml", by(), NOW).signatures
    copied, timeless = (
        TimestampValidation(
            kind=TimestampKind.SIGNATURE,
            verdict=indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE),
            generated_at=time,
            authority=None,
            sha256=digest * 64,
        )
        for time, digest in ((NOW, "a"), (None, "b"))
    )
    lines = tuple(replace(each, timestamps=(copied, timeless)) for each in examined.signatures)
    root = etree.fromstring(
        etsi_report(replace(examined, signatures=lines), parse(data), default_policy(), NOW)
    )
    assert etsi_schema().validate(root), etsi_schema().error_log
    tokens = root.findall(".//vr:ValidationObject/vr:ValidationReport/..", N)
    assert [each.get("id") for each in tokens] == [f"T-{'a' * 64}", f"T-{'b' * 64}"]
    assert [len(each.findall("vr:POEProvisioning", N)) for each in tokens] == [1, 0]
    for part in parts(root):
        assert len(part.findall(".//vr:SignatureTimeStamp", N)) == 1
        assert part.find(".//vr:POEObject", N) is None


def test_names_no_trust_store_where_there_was_none():
    judged = judgement(DefinitionRegistry.load(), None, None)
    root = written(signed_records.signed_primary(), judged)
    kinds = texts(root, ".//vr:ValidationConstraintParameter/vr:Type")
    assert "urn:hocba:trust-store-sha256" not in kinds
    assert "urn:hocba:roster-sha256" not in kinds
    assert {status(each)[0][0] for each in parts(root)} == {f"{MAIN}indeterminate"}


def test_a_document_without_signatures_has_one_part_that_says_so():
    root = written(records.primary_record())
    (part,) = parts(root)
    assert status(part) == ([f"{MAIN}total-failed"], [f"{SUB}SIG_CONSTRAINTS_FAILURE"])
    assert root.find("vr:SignatureValidationObjects", N) is None


def test_speaks_the_language_asked_for():
    data = signed_records.signed_primary().replace(b"<hovaten>", b"<hovaten>X", 1)
    report = examine(data, "a.xml", by(), NOW).signatures
    told = etsi_report(report, parse(data), default_policy(), NOW, Language.EN).decode()
    assert "was altered after signing" in told
    assert "đã bị thay đổi" not in told


def test_a_report_without_its_basis_is_not_written():
    data = signed_records.signed_primary()
    report = SignatureReport(None, (), Verdict(Indication.INDETERMINATE))
    with pytest.raises(ValueError, match="rest on"):
        etsi_report(report, parse(data), default_policy(), NOW)


def test_every_attack_has_a_valid_report_that_passes_nothing_it_must_not():
    for one in all_attacks():
        built = one.build()
        data = built.data if isinstance(built, Attempt) else built
        try:
            document = parse(data)
        except Unreadable:
            continue
        examined = examine(data, "a.xml", by(), NOW).signatures
        root = etree.fromstring(etsi_report(examined, document, default_policy(), NOW))
        assert etsi_schema().validate(root), (one.name, etsi_schema().error_log)
        said = [status(part)[0][0].removeprefix(MAIN) for part in parts(root)]
        lines = [each.verdict.indication.value.lower() for each in examined.signatures]
        assert said == (lines or [examined.record.indication.value.lower()]), one.name
