"""One signature at a time: form, references, properties, certificate, value, algorithms."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.errors import Unreadable
from signing import names
from signing.creation.styles import STYLES, VENDOR_ENVELOPED, XADES
from signing.report import Indication, SubIndication
from tests.support import forge as f
from tests.support import records, signed_records, signing_kit
from tests.support.forge import Forgery, Ref, forge
from tests.support.signed_records import octets, signer, tree, validate

TIEU_HOC = "tieu-hoc"
DS = f"{{{names.DS}}}"


def principal_signs(forgery=None, root=None, **changes):
    """The report's line on the principal's signature made as *forgery* says."""
    if root is None:
        root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    issue = root.find("PHAT_HANH_HOC_BA")
    holder = issue.find("CBQL")
    holder = etree.SubElement(issue, "CBQL") if holder is None else holder
    made = forgery or Forgery([Ref("#data")], signer("CBQL"), **changes)
    forge(holder, made)
    report = validate(octets(root), TIEU_HOC)
    (line,) = [each for each in report.signatures if each.role == "CBQL"]
    assert report.record.indication is not Indication.TOTAL_PASSED  # the seal is missing
    return line


def spoil(change):
    """The report's line on the principal's signature after *change* of its element."""
    root = tree(signed_records.signed_primary(VENDOR_ENVELOPED))
    element = root.find(f"PHAT_HANH_HOC_BA/CBQL/{DS}Signature")
    change(element)
    report = validate(octets(root), TIEU_HOC)
    (line,) = [each for each in report.signatures if each.role == "CBQL"]
    return line


def line_codes(line):
    return {each.code for each in line.verdict.findings}


def assert_verdict(line, indication, sub_indication, *expected_codes):
    assert line.verdict.indication is indication
    assert line.verdict.sub_indication is sub_indication
    assert line_codes(line) == set(expected_codes)


FAILED, INDETERMINATE = Indication.TOTAL_FAILED, Indication.INDETERMINATE


def test_passes_a_plain_signature():
    assert principal_signs().verdict.indication is Indication.TOTAL_PASSED


@pytest.mark.parametrize("method", [f.C14N, f.C14N_11, f.EXC_C14N])
def test_passes_every_canonicalization(method):
    forgery = Forgery([Ref("#data", transforms=[method])], signer("CBQL"), canonicalization=method)
    assert principal_signs(forgery).verdict.indication is Indication.TOTAL_PASSED


def test_passes_rsa_pss():
    line = principal_signs(method=f.RSA_PSS_SHA256)
    assert line.verdict.indication is Indication.TOTAL_PASSED
    assert line.signature_algorithm == f.RSA_PSS_SHA256


def test_canonicalizes_with_c14n_1_0_where_no_transform_says_otherwise():
    forgery = Forgery([Ref("#data", transforms=[])], signer("CBQL"))
    assert principal_signs(forgery).verdict.indication is Indication.TOTAL_PASSED


# ------------------------------------------------------------------------------- algorithms


def test_refuses_sha1_by_policy_and_says_since_when():
    forgery = Forgery([Ref("#data", digest_method=f.SHA1)], signer("CBQL"), method=f.RSA_SHA1)
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "HB-S022")
    assert "01/08/2012" in line.verdict.findings[0].message()


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("http://www.w3.org/2000/09/xmldsig#hmac-sha1", "HB-S241"),
        ("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "HB-S241"),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-md5", "HB-S240"),
        ("http://www.w3.org/2000/09/xmldsig#dsa-sha1", "HB-S242"),
        ("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519", "HB-S243"),
        ("urn:unheard-of", "HB-S021"),
    ],
)
def test_never_passes_a_method_that_is_not_in_the_table(method, code):
    line = principal_signs(method=method)
    assert_verdict(line, INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE, code)


def test_never_passes_a_method_with_parameters():
    length = "<HMACOutputLength>1</HMACOutputLength>"
    line = principal_signs(method_content=length)
    assert_verdict(line, INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "HB-S021")


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("urn:md5", "HB-S021"),
        ("http://www.w3.org/2001/04/xmldsig-more#md5", "HB-S240"),
        ("http://www.w3.org/2001/04/xmlenc#ripemd160", "HB-S240"),
    ],
)
def test_never_passes_a_digest_that_is_not_in_the_table(method, code):
    forgery = Forgery([Ref("#data", digest_method=method)], signer("CBQL"))
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE, code)


def test_refuses_pkcs1_from_2029_on():
    at = datetime(2029, 1, 2, tzinfo=UTC)
    report = validate(signed_records.signed_primary(), TIEU_HOC, at=at)
    findings = {
        each.role: {one.code for one in each.verdict.findings} for each in report.signatures
    }
    assert "HB-S022" in findings["CBQL"]  # RSA
    assert "HB-S022" not in findings["GVCN"]  # ECDSA P-256


def test_refuses_a_method_that_does_not_fit_the_key():
    line = principal_signs(method=f.ECDSA_SHA256)
    assert_verdict(line, INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE, "HB-S023")


@pytest.mark.parametrize("value", [b"", b"\0" * 64, b"\1" * 63, b"\xff" * 256])
def test_fails_a_value_of_the_wrong_length_or_range(value):
    root = tree(records.primary_record())
    forge(
        root.find(".//GVCN"), Forgery([Ref("#thongtinhocba")], signer("GVCN"), value=value or b"\0")
    )
    report = validate(octets(root), TIEU_HOC)
    assert_verdict(report.signatures[0], FAILED, SubIndication.SIG_CRYPTO_FAILURE, "HB-S020")


# ------------------------------------------------------------------------------- references


@pytest.mark.parametrize(
    "uri", ["http://a.example/x", "file:///etc/passwd", "#xpointer(/)", "data"]
)
def test_never_follows_a_reference_out_of_the_document(uri):
    line = principal_signs(Forgery([Ref("#data"), Ref(uri, octets=b"")], signer("CBQL")))
    assert_verdict(line, INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND, "HB-S015")


def test_never_guesses_a_reference_without_uri():
    line = principal_signs(Forgery([Ref("#data"), Ref(None, octets=b"")], signer("CBQL")))
    assert_verdict(line, INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND, "HB-S015")


@pytest.mark.parametrize("uri", ["#khong-co", "#", "#data' or '1'='1"])
def test_finds_no_element_for_an_unknown_id(uri):
    line = principal_signs(Forgery([Ref("#data"), Ref(uri, octets=b"")], signer("CBQL")))
    assert_verdict(line, INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND, "HB-S011")


@pytest.mark.parametrize("attribute", ["id", "ID", "iD", f"{{{names.XML}}}id", "{urn:x}Id"])
def test_refuses_an_id_that_another_spelling_repeats(attribute):
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    root.find(".//hovaten").set(attribute, "data")
    line = principal_signs(root=root)
    assert line.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    assert "HB-S012" in line_codes(line)


@pytest.mark.parametrize(
    "transform",
    [
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "urn:unheard-of",
    ],
)
def test_never_skips_a_transform_it_does_not_know(transform):
    forgery = Forgery([Ref("#data", transforms=[transform, f.EXC_C14N])], signer("CBQL"))
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S016")


def test_never_skips_content_of_a_transform():
    ref = Ref("#data", transforms=[f.C14N], transform_content="<XPath>false()</XPath>")
    line = principal_signs(Forgery([ref], signer("CBQL")))
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S016")


def test_refuses_enveloped_signature_after_a_canonicalization():
    forgery = Forgery([Ref("#data", transforms=[f.C14N, f.ENVELOPED])], signer("CBQL"))
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S016")


def test_a_relative_namespace_has_no_canonical_form_and_never_passes():
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    etree.SubElement(root.find(".//DU_LIEU_HOC_BA"), "{tuong-doi}x")
    line = principal_signs(Forgery([Ref("#data", octets=b"")], signer("CBQL")), root=root)
    assert line.verdict.indication is INDETERMINATE
    assert "HB-S017" in line_codes(line)


def test_refuses_a_signature_that_signs_only_itself():
    holder = '<Object Id="cua-toi">x</Object>'
    forgery = Forgery([Ref("#cua-toi")], signer("CBQL"), objects=[holder])
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S014")


def test_refuses_a_manifest():
    holder = '<Object><Manifest Id="m"><Reference URI="#data"/></Manifest></Object>'
    ref = Ref("#m", type=names.TYPE_MANIFEST)
    line = principal_signs(Forgery([Ref("#data"), ref], signer("CBQL"), objects=[holder]))
    assert line.verdict.indication is INDETERMINATE
    assert "HB-S018" in line_codes(line)


def test_refuses_signed_properties_of_another_signature():
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"], style=XADES))
    foreign = next(root.iter(names.SIGNED_PROPERTIES))
    uri = f"#{foreign.get('Id')}"
    ref = Ref(uri, type=names.TYPE_SIGNED_PROPERTIES)
    line = principal_signs(Forgery([Ref("#data"), ref], signer("CBQL")), root=root)
    assert_verdict(line, INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND, "HB-S013")


def test_refuses_an_object_of_another_signature():
    root = tree(
        signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"], style=VENDOR_ENVELOPED)
    )
    foreign = next(root.iter(names.OBJECT))
    foreign.set("Id", foreign.get("Id") or "cua-nguoi-khac")
    line = principal_signs(
        Forgery([Ref("#data"), Ref(f"#{foreign.get('Id')}")], signer("CBQL")), root=root
    )
    assert line.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    assert "HB-S013" in line_codes(line)


def test_refuses_a_typed_reference_to_data():
    ref = Ref("#data", type=names.TYPE_OBJECT)
    line = principal_signs(Forgery([ref], signer("CBQL")))
    assert line.verdict.indication is INDETERMINATE
    assert "HB-S013" in line_codes(line)


# ------------------------------------------------------------------------------- form


def _remove(name):
    def change(signature):
        found = signature.find(f".//{DS}{name}")
        found.getparent().remove(found)

    return change


def _twice(name):
    def change(signature):
        found = signature.find(f".//{DS}{name}")
        found.addnext(etree.fromstring(etree.tostring(found)))

    return change


def _into(name, node):
    def change(signature):
        signature.find(f".//{DS}{name}").append(node)

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_remove("SignedInfo"), "HB-S001"),
        (_remove("SignatureValue"), "HB-S001"),
        (_remove("DigestMethod"), "HB-S001"),
        (_remove("DigestValue"), "HB-S001"),
        (_remove("CanonicalizationMethod"), "HB-S001"),
        (_remove("Transform"), "HB-S001"),
        (_twice("SignedInfo"), "HB-S001"),
        (_twice("SignatureValue"), "HB-S001"),
        (_twice("KeyInfo"), "HB-S001"),
        (_twice("DigestValue"), "HB-S001"),
        (_twice("Transforms"), "HB-S001"),
        (lambda e: [e.find(f"{DS}SignedInfo").remove(r) for r in e.findall(f".//{DS}Reference")],
         "HB-S004"),
        (_into("DigestValue", etree.Comment("x")), "HB-S002"),
        (_into("SignatureValue", etree.Element("x")), "HB-S002"),
        (_into("SignedInfo", etree.Comment("x")), "HB-S001"),
        (_into("SignedInfo", etree.ProcessingInstruction("x")), "HB-S001"),
        (_into("Transforms", etree.Element(f"{DS}Khac")), "HB-S001"),
        (lambda e: setattr(e.find(f".//{DS}DigestValue"), "text", "§§"), "HB-S002"),
        (lambda e: setattr(e.find(f".//{DS}Reference"), "tail", "x"), "HB-S001"),
        (lambda e: e.find(f".//{DS}DigestMethod").attrib.clear(), "HB-S001"),
        (lambda e: e.append(etree.Element("khac")), "HB-S001"),
    ],
)  # fmt: skip
def test_fails_the_format_of(change, code):
    line = spoil(change)
    assert_verdict(line, FAILED, SubIndication.FORMAT_FAILURE, code)
    assert line.signer is None


def test_fails_more_references_than_the_limit():
    def change(signature):
        reference = signature.find(f".//{DS}Reference")
        for _ in range(70):
            reference.addnext(etree.fromstring(etree.tostring(reference)))

    assert_verdict(spoil(change), FAILED, SubIndication.FORMAT_FAILURE, "HB-S003")


def test_fails_more_transforms_than_the_limit():
    def change(signature):
        transform = signature.find(f".//{DS}Transform")
        for _ in range(6):
            transform.addnext(etree.fromstring(etree.tostring(transform)))

    assert_verdict(spoil(change), FAILED, SubIndication.FORMAT_FAILURE, "HB-S003")


def test_fails_more_certificates_than_the_limit():
    der = signer("CBQL").certificate.public_bytes(Encoding.DER)
    line = principal_signs(certificates=[der] * 11)
    assert_verdict(line, FAILED, SubIndication.FORMAT_FAILURE, "HB-S003")


# ------------------------------------------------------------------------------- certificates


def test_is_indeterminate_without_a_certificate():
    line = principal_signs(certificates=[])
    assert_verdict(line, INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "HB-S030")


def test_is_indeterminate_with_an_unreadable_certificate():
    line = principal_signs(certificates=[b"no certificate"])
    assert_verdict(line, INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "HB-S032")


def test_finds_the_signing_certificate_in_any_order_of_the_chain():
    chain = [
        signing_kit.root().certificate.public_bytes(Encoding.DER),
        signing_kit.issuer().certificate.public_bytes(Encoding.DER),
        signer("CBQL").certificate.public_bytes(Encoding.DER),
    ]
    line = principal_signs(certificates=chain)
    assert line.verdict.indication is Indication.TOTAL_PASSED


def test_fails_a_value_under_another_certificate():
    der = signer("GVCN").certificate.public_bytes(Encoding.DER)
    line = principal_signs(certificates=[der])
    assert line.verdict.indication is not Indication.TOTAL_PASSED
    assert "HB-S023" in line_codes(line)  # an EC key under an RSA method


def test_is_indeterminate_when_signing_certificate_names_another():
    root = tree(signed_records.signed_primary(XADES))
    element = root.find(f"PHAT_HANH_HOC_BA/CBQL/{DS}Signature")
    digest = next(element.iter(f"{{{names.XADES}}}CertDigest")).find(f"{DS}DigestValue")
    digest.text = b64encode(b"\0" * 32).decode()
    report = validate(octets(root), TIEU_HOC)
    (line,) = [each for each in report.signatures if each.role == "CBQL"]
    # The property is signed: changing it breaks the reference first of all.
    assert line.verdict.sub_indication is SubIndication.HASH_FAILURE


def xades_object(digest, *, target="#S-1", signing_time="2026-05-29T03:00:00Z"):
    return (
        f'<Object><q:QualifyingProperties xmlns:q="{names.XADES}" Target="{target}">'
        f'<q:SignedProperties Id="SP-1"><q:SignedSignatureProperties>'
        f"<q:SigningTime>{signing_time}</q:SigningTime><q:SigningCertificateV2><q:Cert>"
        f'<q:CertDigest><DigestMethod Algorithm="{f.SHA256}"/>'
        f"<DigestValue>{b64encode(digest).decode()}</DigestValue></q:CertDigest></q:Cert>"
        "</q:SigningCertificateV2></q:SignedSignatureProperties></q:SignedProperties>"
        "</q:QualifyingProperties></Object>"
    )


def with_properties(holder, **changes):
    ref = Ref("#SP-1", type=names.TYPE_SIGNED_PROPERTIES)
    forgery = Forgery([Ref("#data"), ref], signer("CBQL"), id="S-1", objects=[holder], **changes)
    return principal_signs(forgery)


def certificate_digest():
    return sha256(signer("CBQL").certificate.public_bytes(Encoding.DER)).digest()


def test_passes_when_signing_certificate_names_the_one_that_signed():
    line = with_properties(xades_object(certificate_digest()))
    assert line.verdict.indication is Indication.TOTAL_PASSED
    assert line.claimed_signing_time == datetime(2026, 5, 29, 3, tzinfo=UTC)


def test_is_indeterminate_when_a_signed_property_names_another_certificate():
    line = with_properties(xades_object(b"\0" * 32))
    assert_verdict(line, INDETERMINATE, SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "HB-S031")


def test_reads_no_properties_that_target_another_signature():
    line = with_properties(xades_object(certificate_digest(), target="#khac"))
    assert line.claimed_signing_time is None


def test_is_indeterminate_when_properties_are_not_covered():
    holder = xades_object(certificate_digest())
    forgery = Forgery([Ref("#data")], signer("CBQL"), id="S-1", objects=[holder])
    line = principal_signs(forgery)
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S033")
    assert line.claimed_signing_time is None


@pytest.mark.parametrize("text", ["hôm qua", "2026-13-01T00:00:00", "", "29/05/2026"])
def test_is_indeterminate_when_the_signing_time_cannot_be_read(text):
    line = with_properties(xades_object(certificate_digest(), signing_time=text))
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S051")


def test_is_indeterminate_when_signed_in_the_future():
    later = (signed_records.NOW + timedelta(hours=1)).isoformat()
    line = with_properties(xades_object(certificate_digest(), signing_time=later))
    assert_verdict(line, INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S050")


def test_a_vendor_time_that_no_reference_covers_is_no_claim():
    holder = (
        '<Object><SignatureProperties><SignatureProperty Target="#S-1">'
        "<SigningTime>2026-05-29T10:00:00</SigningTime></SignatureProperty>"
        "</SignatureProperties></Object>"
    )
    line = principal_signs(objects=[holder])
    assert line.verdict.indication is Indication.TOTAL_PASSED
    assert line.claimed_signing_time is None


# ------------------------------------------------------------------------------- properties


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_one_byte_change_of_a_signed_element_ever_passes(data):
    style = data.draw(st.sampled_from(list(STYLES.values())))
    original = signed_records.signed_primary(style)
    start, end = original.index(b"<DU_LIEU_HOC_BA"), original.index(b"</DU_LIEU_HOC_BA>")
    position = data.draw(st.integers(start, end))
    octet = data.draw(st.integers(0, 255).filter(lambda each: each != original[position]))
    changed = original[:position] + bytes([octet]) + original[position + 1 :]
    try:
        same = canonical(changed) == canonical(original)
    except etree.XMLSyntaxError:
        same = False
    try:
        report = validate(changed, TIEU_HOC)
    except Unreadable:
        return
    if not same:
        assert report.record.indication is not Indication.TOTAL_PASSED


def canonical(data):
    return etree.tostring(etree.fromstring(data), method="c14n")
