"""Attacks that a review tried, each named by what it does; none may pass, raise or take long."""

from base64 import b64encode
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from lxml import etree

from hocba.sample.insecure_keys import insecure_ec_key
from schemas.document import parse
from schemas.errors import Unreadable
from signing import names
from signing.certificates.certificate import read_certificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.constraints import default_constraints
from signing.creation.styles import VENDOR_ENVELOPED, XADES
from signing.keys.key import SoftwareKey
from signing.policy import SignerKind
from signing.record import MAX_SIGNATURES, validate_record
from signing.report import Indication, SubIndication
from signing.roster import Roster
from signing.validation.signature import SignatureValidator
from signing.xmldsig.algorithms import default_policy
from tests.support import forge as f
from tests.support import records, signed_records, signing_kit
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import codes, mandate, octets, signer, tree, validate

TIEU_HOC = "tieu-hoc"
DS = f"{{{names.DS}}}"
UID = NameOID.USER_ID


def certificate(*uids, since=signing_kit.START, days=1095, extensions=(), key=None):
    """A certificate by the kit's issuing authority with these UIDs in its subject."""
    key = key or insecure_ec_key(f"attacks/{uids}", ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, "Người Mẫu")]
    attributes += [x509.NameAttribute(UID, each) for each in uids]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(attributes))
        .issuer_name(signing_kit.issuer().certificate.subject)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return SoftwareKey(key, builder.sign(signing_kit.issuer().key, hashes.SHA256()))


def with_seal_by(key):
    """A primary record whose seal *key* made."""
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN", "CBQL"]))
    issue = root.find("PHAT_HANH_HOC_BA")
    seal = issue.find("KY_PHAT_HANH")
    seal = etree.SubElement(issue, "KY_PHAT_HANH") if seal is None else seal
    forge(seal, Forgery([Ref("#data")], key))
    return octets(root)


def with_principal_signature(forgery, data=None):
    root = tree(data or signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    issue = root.find("PHAT_HANH_HOC_BA")
    slot = issue.find("CBQL")
    slot = etree.SubElement(issue, "CBQL") if slot is None else slot
    forge(slot, forgery)
    report = validate(octets(root), TIEU_HOC)
    (line,) = [each for each in report.signatures if each.role == "CBQL"]
    return line


def seal_line(data):
    report = validate(data, TIEU_HOC)
    (line,) = [each for each in report.signatures if each.role == "KY_PHAT_HANH"]
    return report, line


def line_codes(line):
    return {each.code for each in line.verdict.findings}


# ------------------------------------------------------------------- bindings that are dropped


def _retarget(qualifying):
    qualifying.set("Target", "#nobody")


def _untarget(qualifying):
    del qualifying.attrib["Target"]


def _wrap(qualifying):
    holder = qualifying.getparent()
    wrapper = etree.SubElement(holder, "w")
    wrapper.append(qualifying)


def _double(qualifying):
    qualifying.addnext(etree.fromstring(etree.tostring(qualifying)))


@pytest.mark.parametrize("change", [_retarget, _untarget, _wrap, _double])
def test_signed_properties_out_of_their_place_are_not_forgotten(change):
    root = tree(signed_records.signed_primary(XADES))
    seal = root.find("PHAT_HANH_HOC_BA/KY_PHAT_HANH")
    change(next(seal.iter(names.QUALIFYING_PROPERTIES)))
    report, line = seal_line(octets(root))
    assert report.record.indication is not Indication.TOTAL_PASSED
    assert line.verdict.indication is not Indication.TOTAL_PASSED
    assert "HB-S035" in line_codes(line)


def test_another_certificate_on_the_same_key_is_not_taken_for_the_signed_one():
    root = tree(signed_records.signed_primary(XADES))
    seal = root.find("PHAT_HANH_HOC_BA/KY_PHAT_HANH")
    other = certificate(
        f"MST:{signed_records.TAX_CODE}", key=signer("KY_PHAT_HANH").private_key
    ).certificate.public_bytes(Encoding.DER)
    data = next(seal.iter(f"{DS}X509Data"))
    for each in list(data):
        data.remove(each)
    etree.SubElement(data, f"{DS}X509Certificate").text = b64encode(other).decode()
    _, line = seal_line(octets(root))
    assert line.verdict.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND
    assert line_codes(line) == {"HB-S031"}


def test_a_time_that_an_enveloped_transform_removed_is_no_claim():
    holder = (
        f'<Object xmlns="{names.DS}"><SignatureProperties><SignatureProperty Target="#x">'
        "<SigningTime>2015-05-01T10:00:00</SigningTime></SignatureProperty>"
        "</SignatureProperties></Object>"
    )
    whole = etree.fromstring("<r Id='r'><s/></r>")
    signed = etree.tostring(etree.fromstring("<r Id='r'></r>"), method="c14n", exclusive=True)
    reference = Ref("#r", transforms=[f.ENVELOPED, f.EXC_C14N], octets=signed)
    signature = forge(whole.find("s"), Forgery([reference], signer("CBQL")))
    whole.replace(whole.find("s"), signature)
    signature.append(etree.fromstring(holder))
    document = parse(octets(whole))
    validator = SignatureValidator(
        document,
        algorithms=default_policy(),
        constraints=default_constraints(),
        paths=signed_records.paths(),
        at=signed_records.NOW,
    )
    (element,) = document.root.iter(names.SIGNATURE)
    validation = validator.validate(element, None, None).validation
    assert validation.verdict.indication is Indication.TOTAL_PASSED
    assert validation.claimed_signing_time is None


# ------------------------------------------------------------------- who may seal, and when


def test_a_person_with_the_schools_tax_code_beside_their_id_is_no_seal():
    person = certificate("CCCD:025175000033", f"MST:{signed_records.TAX_CODE}")
    report = validate(with_seal_by(person), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S110" in codes(report)


@pytest.mark.parametrize("uid", ["CCCD:1", "CMND:khong-doc-duoc", "cccd: 025175000033"])
def test_an_unreadable_personal_id_makes_no_seal_either(uid):
    person = certificate(uid, f"MST:{signed_records.TAX_CODE}")
    report = validate(with_seal_by(person), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S110" in codes(report)


@pytest.mark.parametrize(
    ("on_certificate", "in_roster"),
    [("5300100200-001", "5300100200001"), ("5300100200001", "5300100200-001")],
)
def test_a_tax_code_is_the_same_with_and_without_its_hyphen(on_certificate, in_roster):
    data = with_seal_by(certificate(f"MST:{on_certificate}"))
    entries = [*signed_records.roster().entries(), mandate("KY_PHAT_HANH", in_roster)]
    report = validate(data, TIEU_HOC, by=Roster(entries))
    assert report.record.indication is Indication.TOTAL_PASSED


def test_the_twelve_digit_id_speaks_where_an_old_one_stands_beside():
    der = certificate("CMND:012345678", "CCCD:025175000033").certificate
    assert read_certificate(der.public_bytes(Encoding.DER)).signer.personal_id == "025175000033"


def test_digits_of_another_script_are_no_id():
    der = certificate("CCCD:０２５１７５００００３３").certificate
    assert read_certificate(der.public_bytes(Encoding.DER)).signer.personal_id is None


def test_a_claim_from_before_the_certificate_existed_is_refused():
    holder = (
        '<Object Id="o"><SignatureProperties><SignatureProperty Target="#S">'
        "<SigningTime>2015-05-01T10:00:00</SigningTime></SignatureProperty>"
        "</SignatureProperties></Object>"
    )
    signed = f'<Object xmlns="{names.DS}" {holder.removeprefix("<Object ")}'
    reference = Ref("#o", transforms=[], octets=_c14n(signed))
    line = with_principal_signature(
        Forgery([Ref("#data"), reference], signer("CBQL"), id="S", objects=[holder])
    )
    assert line.claimed_signing_time.year == 2015
    assert line.verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
    assert line_codes(line) == {"HB-S052"}


def _c14n(text):
    return etree.tostring(etree.fromstring(text), method="c14n")


def test_a_critical_extended_key_usage_without_signing_forbids_signing():
    tls_only = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    documents = x509.ExtendedKeyUsage([x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")])
    for usage, critical, may_sign in (
        (tls_only, True, False),
        (tls_only, False, True),
        (documents, True, True),
    ):
        der = certificate("CCCD:025175000033", extensions=[(usage, critical)]).certificate
        assert read_certificate(der.public_bytes(Encoding.DER)).may_sign is may_sign


# ------------------------------------------------------------------- hostile certificates


def test_hints_that_nobody_trusted_issued_are_not_searched():
    # Self-named certificates that issue each other: the search for a path would be factorial.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "X")])
    ring = []
    for serial in range(1, 10):
        key = insecure_ec_key(f"ring/{serial}", ec.SECP256R1())
        ring.append(
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(signing_kit.START)
            .not_valid_after(signing_kit.START + timedelta(days=1000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )
    leaf = read_certificate(ring[0])
    verdict = (
        PathValidator(signed_records.trust())
        .validate(
            leaf,
            ValidationMaterial(certificates=tuple(ring[1:])),
            Purpose.PERSON,
            signed_records.NOW,
        )
        .verdict
    )
    assert verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def test_a_certificate_with_an_odd_signature_algorithm_is_indeterminate():
    der = signer("GVCN").certificate.public_bytes(Encoding.DER)
    ecdsa = bytes.fromhex("06082a8648ce3d0403")
    assert der.count(ecdsa) == 2
    at = der.index(ecdsa) + len(ecdsa)
    odd = der.replace(der[at - len(ecdsa) : at + 1], ecdsa + b"\x7f")
    verdict = (
        PathValidator(signed_records.trust())
        .validate(read_certificate(odd), ValidationMaterial(), None, signed_records.NOW)
        .verdict
    )
    assert verdict.indication is Indication.INDETERMINATE


def test_whatever_the_path_engine_raises_is_no_pass(monkeypatch):
    def explode(*_):
        raise AttributeError("hostile DER")

    monkeypatch.setattr("signing.certificates.engine.Engine.paths", explode)
    leaf = read_certificate(signer("GVCN").certificate.public_bytes(Encoding.DER))
    verdict = (
        PathValidator(signed_records.trust())
        .validate(leaf, ValidationMaterial(), None, signed_records.NOW)
        .verdict
    )
    assert verdict.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE


def test_a_key_too_small_for_its_padding_does_not_raise():
    small = SoftwareKey(
        rsa.generate_private_key(65537, 1024),  # noqa: S505 -- to be refused
        signer("CBQL").certificate,
    )
    tiny = certificate("CCCD:025175000033", key=small.private_key)
    pss_512 = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"
    line = with_principal_signature(
        Forgery([Ref("#data")], tiny, method=pss_512, value=b"\1" * 128)
    )
    assert line.verdict.indication is Indication.INDETERMINATE
    assert "HB-S023" in line_codes(line)


def test_a_bloated_certificate_is_a_format_failure():
    line = with_principal_signature(
        Forgery([Ref("#data")], signer("CBQL"), certificates=[b"x" * 20_000])
    )
    assert line_codes(line) == {"HB-S005"}


def test_junk_beside_the_signing_certificate_does_no_harm():
    der = signer("CBQL").certificate.public_bytes(Encoding.DER)
    line = with_principal_signature(
        Forgery([Ref("#data")], signer("CBQL"), certificates=[b"junk", der])
    )
    assert line.verdict.indication is Indication.TOTAL_PASSED


# ------------------------------------------------------------------- hostile documents


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_an_instant_at_the_end_of_the_calendar_is_no_time(time):
    holder = (
        f'<Object xmlns="{names.DS}" Id="o"><SignatureProperties><SignatureProperty Target="#S">'
        f"<SigningTime>{time}</SigningTime></SignatureProperty></SignatureProperties></Object>"
    )
    reference = Ref("#o", transforms=[], octets=_c14n(holder))
    line = with_principal_signature(
        Forgery([Ref("#data"), reference], signer("CBQL"), id="S", objects=[holder])
    )
    assert line_codes(line) == {"HB-S051"}


def test_a_signed_info_that_grows_when_it_is_copied_does_not_raise():
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    slot = root.find(".//GVCN")
    forge(
        slot,
        Forgery(
            [Ref("#thongtinhocba", transforms=[f.C14N])],
            signer("GVCN"),
            canonicalization=f.C14N,
        ),
    )
    slot[-1].find(f"{DS}SignedInfo").set("Id", "here")
    report = validate(octets(root).replace(b'"here"', b'"' + b">" * 1_500_000 + b'"'), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED


def test_a_prefix_list_has_a_limit():
    content = f'<i:InclusiveNamespaces xmlns:i="{f.EXC_C14N}" PrefixList="{"a " * 100}"/>'
    line = with_principal_signature(
        Forgery([Ref("#data", transform_content=content)], signer("CBQL"))
    )
    assert line_codes(line) == {"HB-S003"}


def test_canonicalization_has_a_budget_for_the_whole_document():
    root = tree(records.primary_record())
    wide = {f"p{number}": f"urn:{number}" for number in range(60)}
    content = root.find(".//THONG_TIN_HOC_BA")
    holder = etree.SubElement(content, "x", nsmap=wide)
    for _ in range(40_000):
        etree.SubElement(holder, "y")
    forge(
        root.find(".//GVCN"),
        Forgery([Ref("#thongtinhocba", transforms=[f.C14N], octets=b"")], signer("GVCN")),
    )
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is not Indication.TOTAL_PASSED
    assert "HB-S019" in codes(report)


def test_a_document_has_no_more_signatures_than_any_record_needs():
    root = tree(records.primary_record())
    for _ in range(MAX_SIGNATURES + 1):
        etree.SubElement(root.find(".//GVCN"), names.SIGNATURE)
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S115"}


def test_redeclared_namespaces_count_as_often_as_they_are_declared():
    declarations = " ".join(f'xmlns:p{number}="urn:u"' for number in range(20))
    text = f"<a {declarations}>" * 5 + "</a>" * 5
    with pytest.raises(Unreadable) as raised:
        parse(text.encode())
    assert raised.value.finding.code == "HB-U009"


def test_unsigned_elements_are_listed_up_to_a_limit():
    root = tree(signed_records.signed_primary())
    for _ in range(500):
        etree.SubElement(root, "x")
    report = validate(octets(root), TIEU_HOC)
    assert 1 < len([each for each in report.record.findings if each.code == "HB-S108"]) <= 20


def test_a_stylesheet_beside_the_root_is_unsigned_content():
    data = signed_records.signed_primary()
    start = data.index(b"<HOC_BA_SO")
    changed = data[:start] + b'<?xml-stylesheet href="x.xsl" type="text/xsl"?>' + data[start:]
    report = validate(changed, TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S108"}
    comment = data[:start] + b"<!-- x -->" + data[start:]
    assert validate(comment, TIEU_HOC).record.indication is Indication.TOTAL_PASSED


def test_a_schema_location_on_the_root_is_no_content():
    data = signed_records.signed_primary(VENDOR_ENVELOPED)
    root = tree(data)
    hint = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
    root.set(hint, "hoc-ba.xsd")
    assert "HB-S108" not in codes(validate(octets(root), TIEU_HOC))


def test_an_encoding_hidden_behind_blanks_is_found():
    text = '<?xml version="1.0"' + " " * 300 + 'encoding="windows-1258"?><a/>'
    with pytest.raises(Unreadable) as raised:
        parse(text.encode())
    assert raised.value.finding.code == "HB-U003"


def test_xml_1_1_is_refused():
    with pytest.raises(Unreadable) as raised:
        parse(b'<?xml version="1.1"?><a/>')
    assert raised.value.finding.code == "HB-U014"


def test_one_signature_never_speaks_for_two_roles():
    policy = signed_records.policy(TIEU_HOC)
    principal = next(each for each in policy.roles if each.role == "CBQL")
    seal = next(each for each in policy.roles if each.role == "KY_PHAT_HANH")
    greedy = replace(
        policy,
        roles=(
            *(each for each in policy.roles if each.role == "GVCN"),
            principal,
            replace(seal, slot=principal.slot, kind=SignerKind.PERSON),
        ),
    )
    root = tree(signed_records.signed_primary(VENDOR_ENVELOPED))
    holder = root.find("PHAT_HANH_HOC_BA/KY_PHAT_HANH")
    holder.remove(holder[0])
    entries = [
        *signed_records.roster().entries(),
        replace(mandate("CBQL", signed_records.PEOPLE["CBQL"]), role="KY_PHAT_HANH"),
    ]
    report = validate_record(
        parse(octets(root)),
        greedy,
        paths=signed_records.paths(),
        roster=Roster(entries),
        at=signed_records.NOW,
    )
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S102" in codes(report)


def test_the_roster_is_asked_for_the_day_that_was_signed():
    # Target edited before the principal signs, so that the claim would be forgotten.
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    qualifying = next(root.iter(names.QUALIFYING_PROPERTIES))
    qualifying.set("Target", "#nobody")
    entries = [each for each in signed_records.roster().entries() if each.role != "GVCN"]
    ended = mandate("GVCN", signed_records.PEOPLE["GVCN"], until=date(2020, 1, 1))
    report = validate(octets(root), TIEU_HOC, by=Roster([*entries, ended]))
    assert report.record.indication is Indication.TOTAL_FAILED
