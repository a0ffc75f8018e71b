"""Foreign documents signed by xmlsec: what passes, what is covered, what is refused and why."""

from base64 import b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from schemas.document import parse
from signing import names
from signing.foreign.report import Scope
from signing.foreign.validation import validate_foreign
from signing.report import Indication, SubIndication
from tests.support import signed_records
from tests.support.foreign import (
    certificate_info,
    codes,
    key,
    reference,
    report,
    signed,
    step,
    template,
)
from tests.support.forge import (
    C14N,
    C14N_11,
    DS,
    ECDSA_SHA256,
    ENVELOPED,
    EXC_C14N,
    RSA_SHA256,
)
from tests.support.signing_kit import signer_of

BASE64 = f"{DS}base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FILTER_2 = "http://www.w3.org/2002/06/xmldsig-filter2"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
SHA1 = f"{DS}sha1"
XADES = names.XADES
PASSED, FAILED = Indication.TOTAL_PASSED, Indication.TOTAL_FAILED
INDETERMINATE = Indication.INDETERMINATE

ENVELOPED_SIGNATURE = reference("", step(ENVELOPED), step(EXC_C14N))
P_256 = "urn:oid:1.2.840.10045.3.1.7"
EC = '<e:ECKeyValue xmlns:e="http://www.w3.org/2009/xmldsig11#">'
POINT = "<e:PublicKey>BAAA</e:PublicKey></e:ECKeyValue>"


def _key_value(content: str) -> str:
    return f"<ds:KeyValue>{content}</ds:KeyValue>"


def _rsa_value(content: str) -> str:
    return _key_value(f"<ds:RSAKeyValue>{content}</ds:RSAKeyValue>")


def only(found):
    assert len(found.signatures) == 1
    return found.signatures[0]


class TestWhatPasses:
    def test_an_enveloped_signature_over_the_whole_document(self):
        found = report(signed(f"<vb><so>5</so>{template(ENVELOPED_SIGNATURE)}</vb>"))
        assert found.document.indication is PASSED
        one = only(found)
        assert (one.core_validation, one.scope, one.covered) == (True, Scope.FULL, ("vb",))

    def test_an_enveloping_signature(self):
        holder = '<ds:Object Id="o"><vb>5</vb></ds:Object>'
        found = report(signed(template(reference("#o"), objects=holder)))
        assert found.document.indication is PASSED
        assert (only(found).scope, only(found).covered) == (Scope.FULL, ("Signature/Object",))

    def test_a_detached_signature_beside_what_it_signs(self):
        text = f'<goi><vb Id="v">5</vb><ky>{template(reference("#v", step(C14N)))}</ky></goi>'
        found = report(signed(text))
        assert found.document.indication is PASSED
        assert (only(found).scope, only(found).covered) == (Scope.FULL, ("goi/vb",))

    def test_several_signatures_in_any_place_each_by_its_own_scope(self):
        text = (
            f'<goi><a Id="a">1{template(reference("#a", step(ENVELOPED), step(C14N_11)))}</a>'
            f'<b Id="b">2</b>{template(reference("#b"))}</goi>'
        )
        found = report(signed(text, order=(0, 1)))
        assert found.document.indication is PASSED
        assert [each.scope for each in found.signatures] == [Scope.PARTIAL, Scope.PARTIAL]
        assert [each.covered for each in found.signatures] == [("goi/a",), ("goi/b",)]

    @pytest.mark.parametrize(
        "idiom",
        [
            step(XPATH, f'<ds:XPath xmlns:d="{DS}">not(ancestor-or-self::d:Signature)</ds:XPath>'),
            step(
                FILTER_2,
                f'<f:XPath xmlns:f="{FILTER_2}" xmlns:d="{DS}" Filter="subtract">'
                " //d:Signature </f:XPath>",
            ),
        ],
    )
    def test_parallel_signatures_that_leave_out_every_signature(self, idiom):
        each = template(reference("", idiom, step(EXC_C14N)))
        found = report(signed(f"<vb>5{each}<x/>{each}</vb>", order=(0, 1)))
        assert found.document.indication is PASSED
        assert [one.scope for one in found.signatures] == [Scope.FULL, Scope.FULL]

    def test_a_signature_inside_the_object_of_another(self):
        inner = f'<d Id="d">5</d>{template(reference("#d"))}'
        holder = f'<ds:Object Id="o"><w>{inner}</w></ds:Object>'
        found = report(signed(template(reference("#o"), objects=holder), order=(1, 0)))
        assert found.document.indication is PASSED
        assert [one.covered for one in found.signatures] == [
            ("Signature/Object",),
            ("Signature/Object/w/d",),
        ]

    def test_certificates_in_any_order(self):
        issuer = signed_records.trust().intermediates[0]
        chain = certificate_info().replace(
            "<ds:X509Certificate>",
            f"<ds:X509Certificate>{_b64(issuer)}</ds:X509Certificate><ds:X509Certificate>",
        )
        data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE, key_info=chain)}</vb>")
        assert report(data).document.indication is PASSED


class TestWhatIsNotSigned:
    def test_a_part_that_nobody_signed_is_named_and_no_pass(self):
        text = f'<goi><vb Id="v">5</vb><them>6</them>{template(reference("#v"))}</goi>'
        found = report(signed(text))
        assert only(found).validation.verdict.indication is PASSED
        assert only(found).scope is Scope.PARTIAL
        assert found.document.indication is INDETERMINATE
        assert [(each.code, each.path) for each in found.document.findings] == [
            ("HB-S200", "goi/them")
        ]

    def test_of_many_parts_the_first_are_named_and_the_others_counted(self):
        more = "".join(f"<them{number}/>" for number in range(25))
        found = report(signed(f'<goi><vb Id="v">5</vb>{more}{template(reference("#v"))}</goi>'))
        named = [each.code for each in found.document.findings]
        assert named == ["HB-S200"] * 20 + ["HB-S201"]
        assert dict(found.document.findings[-1].parameters)["count"] == "5"

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ('<goi a="1"><vb Id="v">5</vb>{}</goi>', "goi"),
            ('<goi>chữ<vb Id="v">5</vb>{}</goi>', "goi"),
            ('<goi><vb Id="v">5</vb>{}<duyet/></goi>', "goi/duyet"),
        ],
    )
    def test_attributes_texts_and_empty_elements_count(self, text, path):
        found = report(signed(text.format(template(reference("#v")))))
        assert only(found).scope is Scope.PARTIAL
        assert found.document.findings[0].path == path
        assert found.document.indication is INDETERMINATE

    def test_an_instruction_beside_the_root_is_named(self):
        inside = signed(f'<goi><vb Id="v">5</vb>{template(reference("#v"))}</goi>')
        found = report(b'<?xml-stylesheet href="a"?>' + inside)
        assert [each.path for each in found.document.findings] == ["<?…?>"]
        assert found.document.indication is INDETERMINATE

    def test_an_object_that_no_reference_names_is_unsigned_content(self):
        holder = "<ds:Object><them>6</them></ds:Object>"
        text = f'<goi><vb Id="v">5</vb>{template(reference("#v"), objects=holder)}</goi>'
        found = report(signed(text))
        assert found.document.indication is INDETERMINATE
        assert codes(found) == {"HB-S200"}

    def test_a_document_without_a_signature_fails(self):
        found = report(b"<vb>5</vb>")
        assert found.document.indication is FAILED
        assert codes(found) == {"HB-S111"}

    def test_too_many_signatures_are_refused_unread(self):
        found = report(f"<vb>{template(ENVELOPED_SIGNATURE) * 129}</vb>".encode())
        assert (found.document.indication, codes(found)) == (FAILED, {"HB-S115"})

    def test_base64_covers_what_the_text_encodes_and_no_element(self):
        holder = '<ds:Object Id="o">aOG7jWMgYuG6oQ==</ds:Object>'
        found = report(signed(template(reference("#o", step(BASE64)), objects=holder)))
        one = only(found)
        assert one.core_validation is True
        assert (one.scope, one.covered) == (None, ())
        assert found.document.indication is INDETERMINATE


class TestWhatIsAltered:
    def test_the_content(self):
        data = signed(f"<vb><so>5</so>{template(ENVELOPED_SIGNATURE)}</vb>")
        found = report(data.replace(b"<so>5", b"<so>9"))
        assert found.document.sub_indication is SubIndication.HASH_FAILURE
        assert (only(found).core_validation, only(found).scope) == (False, None)

    def test_the_value_under_a_bare_key(self):
        data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE, key_info=_bare_key())}</vb>")
        root = etree.fromstring(data)
        value = root.find(f".//{{{DS}}}SignatureValue")
        value.text = _b64(b"\x01" * 64)
        found = report(etree.tostring(root))
        assert only(found).validation.verdict.indication is FAILED
        assert "HB-S209" in codes(found)
        assert only(found).core_validation is False

    def test_comments_count_only_where_a_pointer_keeps_them(self):
        comments = step(f"{EXC_C14N}WithComments")
        for uri, changes in (("", False), ("#xpointer(/)", True), ("#v", False)):
            one = template(reference(uri, step(ENVELOPED), comments))
            data = signed(f'<vb Id="v"><!-- cũ -->5{one}</vb>')
            assert only(report(data)).core_validation is True
            altered = data.replace("cũ".encode(), b"khac")
            assert only(report(altered)).core_validation is not changes


class TestManifests:
    def text(self, *members, extra=""):
        manifest = f'<ds:Object><ds:Manifest Id="m">{"".join(members)}</ds:Manifest></ds:Object>'
        one = template(reference("#m", kind=names.TYPE_MANIFEST), objects=manifest)
        return f'<goi><a Id="a">1</a><b Id="b">2</b>{extra}{one}</goi>'

    def test_members_are_checked_and_listed(self):
        found = report(signed(self.text(reference("#a"), reference("#b"))))
        assert found.document.indication is PASSED
        (manifest,) = only(found).manifests
        assert [each.path for each in manifest.members] == ["goi/a", "goi/b"]
        assert only(found).scope is Scope.FULL

    def test_an_altered_member_fails_the_signature_and_not_the_core(self):
        data = signed(self.text(reference("#a"), reference("#b")))
        found = report(data.replace(b">2<", b">9<"))
        one = only(found)
        assert one.core_validation is True
        assert one.validation.verdict.indication is FAILED
        assert one.validation.verdict.sub_indication is SubIndication.HASH_FAILURE
        assert {"HB-S202", "HB-S010"} <= codes(found)
        assert [each.verdict.indication for each in one.manifests[0].members] == [PASSED, FAILED]

    @pytest.mark.parametrize(
        ("uri", "sub_indication"),
        [
            ("khac.xml", SubIndication.SIGNED_DATA_NOT_FOUND),
            ("#khongco", SubIndication.SIGNED_DATA_NOT_FOUND),
        ],
    )
    def test_a_member_that_cannot_be_had_is_indeterminate(self, uri, sub_indication):
        data = signed(self.text(reference("#a"), reference("#b")))
        broken = data.replace(b'URI="#b"', f'URI="{uri}"'.encode())
        # The Manifest itself is signed: sign the changed one.
        broken = _signed_manifest(broken)
        one = only(report(broken))
        assert one.core_validation is True
        assert one.validation.verdict.indication is INDETERMINATE
        assert one.validation.verdict.sub_indication is sub_indication

    def test_a_manifest_that_no_reference_covers_says_nothing(self):
        holder = f"<ds:Object><ds:Manifest>{reference('#a')}</ds:Manifest></ds:Object>"
        text = f'<goi><a Id="a">1</a>{template(reference("#a"), objects=holder)}</goi>'
        found = report(
            signed(text).replace(b"<ds:DigestValue/>", b"<ds:DigestValue>AA==</ds:DigestValue>")
        )
        assert only(found).manifests == ()
        assert found.document.indication is INDETERMINATE
        assert codes(found) == {"HB-S200"}

    def test_a_manifest_that_two_references_cover_is_checked_once(self):
        manifest = (
            f'<ds:Object Id="o"><ds:Manifest Id="m">{reference("#a")}</ds:Manifest></ds:Object>'
        )
        twice = template(
            reference("#m", kind=names.TYPE_MANIFEST), reference("#o"), objects=manifest
        )
        found = report(signed(f'<goi><a Id="a">1</a>{twice}</goi>'))
        assert found.document.indication is PASSED
        assert len(only(found).manifests) == 1

    def test_the_manifest_of_a_signature_inside_is_that_one_s_alone(self):
        holder = f'<ds:Object><ds:Manifest Id="m">{reference("#a")}</ds:Manifest></ds:Object>'
        inner = template(reference("#m", kind=names.TYPE_MANIFEST), objects=holder)
        outer = template(reference("#o"), objects=f'<ds:Object Id="o">{inner}</ds:Object>')
        found = report(signed(f'<goi><a Id="a">1</a>{outer}</goi>', order=(1, 0)))
        assert [len(each.manifests) for each in found.signatures] == [0, 1]

    def test_a_manifest_of_another_form_is_indeterminate(self):
        data = signed(self.text(reference("#a")))
        inside = data.index(b"<ds:Reference", data.index(b"<ds:Manifest"))
        data = data[:inside] + b"<ds:Khac/>" + data[data.index(b"</ds:Manifest>") :]
        one = only(report(_signed_manifest(data)))
        assert one.core_validation is True
        assert one.validation.verdict.indication is INDETERMINATE


class TestCounterSignatures:
    def counter_signed(self, *, over="v1", kind=names.TYPE_COUNTERSIGNED):
        counter = template(reference(f"#{over}", step(EXC_C14N), kind=kind), value="v2")
        unsigned = (
            f'<ds:Object><x:QualifyingProperties xmlns:x="{XADES}" Target="#s1">'
            "<x:UnsignedProperties><x:UnsignedSignatureProperties><x:CounterSignature>"
            f"{counter}</x:CounterSignature></x:UnsignedSignatureProperties>"
            "</x:UnsignedProperties></x:QualifyingProperties></ds:Object>"
        )
        one = template(reference("#a"), name="s1", value="v1", objects=unsigned)
        other = template(reference("#a"), value="v3")
        return signed(f'<g><a Id="a">1</a>{one}{other}</g>', order=(0, 2, 1))

    def test_one_over_the_value_of_its_master_passes(self):
        found = report(self.counter_signed())
        assert [each.validation.verdict.indication for each in found.signatures] == [PASSED] * 3
        assert found.signatures[1].covered == ("g/Signature[1]/SignatureValue",)

    @pytest.mark.parametrize("kind", [names.TYPE_COUNTERSIGNED, ""])
    def test_one_over_another_signature_is_no_counter_signature(self, kind):
        found = report(self.counter_signed(over="v3", kind=kind))
        one = found.signatures[1]
        assert one.core_validation is True
        assert one.validation.verdict.indication is INDETERMINATE
        assert "HB-S203" in codes(found)

    def test_one_that_names_data_by_that_type_is_refused(self):
        found = report(self.counter_signed(over="a"))
        assert found.signatures[1].validation.verdict.sub_indication is (
            SubIndication.SIGNED_DATA_NOT_FOUND
        )


class TestKeys:
    def with_key(self, key_info):
        return only(report(signed(f"<vb>5{template(ENVELOPED_SIGNATURE, key_info=key_info)}</vb>")))

    def test_a_bare_key_makes_arithmetic_and_no_signer(self):
        one = self.with_key(_bare_key())
        assert one.core_validation is True
        assert one.validation.verdict.indication is INDETERMINATE
        assert one.validation.verdict.sub_indication is SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        assert "HB-S204" in {each.code for each in one.validation.verdict.findings}

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            ("<ds:KeyName>ai đó</ds:KeyName>", "HB-S205"),
            ("<ds:X509Data><ds:X509SKI>AAAA</ds:X509SKI></ds:X509Data>", "HB-S205"),
            ('<ds:RetrievalMethod URI="http://a.example/k"/>', "HB-S206"),
            ("<ds:KeyValue><ds:Khac/></ds:KeyValue>", "HB-S207"),
            ("<ds:KeyValue/>", "HB-S207"),
            (_key_value(f"{EC}<e:NamedCurve URI='{P_256}'/></e:ECKeyValue>"), "HB-S207"),
            (_key_value(f"{EC}<e:NamedCurve URI='urn:oid:1.3.132.0.10'/>{POINT}"), "HB-S207"),
            (_key_value(f"{EC}<e:NamedCurve URI='{P_256}'/>{POINT}"), "HB-S207"),
            (_rsa_value("<ds:Exponent>AQAB</ds:Exponent>"), "HB-S207"),
            (_rsa_value("<ds:Exponent>AQAB</ds:Exponent>" * 2), "HB-S207"),
            (_rsa_value(f"<ds:Modulus>{'AAAA' * 2000}</ds:Modulus>"), "HB-S207"),
        ],
    )
    def test_a_key_that_is_not_enclosed_or_not_readable_is_told(self, content, code):
        one = self.with_key(f"<ds:KeyInfo>{content}</ds:KeyInfo>")
        assert one.core_validation is None
        assert one.validation.verdict.indication is INDETERMINATE
        assert code in {each.code for each in one.validation.verdict.findings}

    def test_no_key_info_at_all(self):
        one = self.with_key("")
        assert (one.core_validation, one.validation.verdict.indication) == (None, INDETERMINATE)

    def test_a_bare_key_that_contradicts_the_certificate(self):
        other = _bare_key(signer_of("GVCN")).replace("<ds:KeyInfo>", "")
        both = certificate_info().replace("</ds:KeyInfo>", other)
        one = self.with_key(both)
        assert one.validation.verdict.indication is INDETERMINATE
        assert "HB-S208" in {each.code for each in one.validation.verdict.findings}

    def test_a_bare_key_that_is_the_certificate_s_does_no_harm(self):
        both = certificate_info().replace("</ds:KeyInfo>", _bare_key().replace("<ds:KeyInfo>", ""))
        assert self.with_key(both).validation.verdict.indication is PASSED


class TestArithmetic:
    """What cannot be computed is neither right nor wrong, whatever the certificate says."""

    def altered(self, old: str, new: str, **changed):
        data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE, **changed)}</vb>")
        assert old.encode() in data
        return only(report(data.replace(old.encode(), new.encode())))

    def test_by_a_canonicalization_that_nobody_knows(self):
        method = '<ds:CanonicalizationMethod Algorithm="{}"/>'
        one = self.altered(method.format(EXC_C14N), method.format("urn:khac"))
        assert one.core_validation is None
        assert one.validation.verdict.indication is INDETERMINATE

    def test_of_a_signed_info_without_a_canonical_form(self):
        one = self.altered("<ds:SignedInfo>", '<ds:SignedInfo xmlns:t="tuong-doi">')
        assert one.core_validation is None
        assert one.validation.verdict.indication is INDETERMINATE

    def test_by_a_method_for_another_kind_of_key(self):
        method = '<ds:SignatureMethod Algorithm="{}"/>'
        one = self.altered(
            method.format(ECDSA_SHA256), method.format(RSA_SHA256), key_info=_bare_key()
        )
        assert one.core_validation is None
        assert one.validation.verdict.indication is INDETERMINATE


class TestWhatIsNotSupported:
    @pytest.mark.parametrize(
        "transform",
        [
            step(XPATH, "<ds:XPath>true()</ds:XPath>"),
            step(XPATH, f'<ds:XPath xmlns:d="{DS}">not(ancestor::d:Signature)</ds:XPath>'),
            step(
                XPATH, '<ds:XPath xmlns:d="urn:khac">not(ancestor-or-self::d:Signature)</ds:XPath>'
            ),
            step(XPATH, "<ds:XPath>not(ancestor-or-self::Signature)</ds:XPath>"),
            step(XPATH, "<ds:XPath>not(ancestor-or-self::ds:Sig nature)</ds:XPath>"),
            step(XPATH),
            step(
                FILTER_2,
                f'<f:XPath xmlns:f="{FILTER_2}" Filter="intersect">//ds:Signature</f:XPath>',
            ),
            step(
                FILTER_2,
                f'<f:XPath xmlns:f="{FILTER_2}" Filter="subtract">//ds:Signature</f:XPath>'
                f'<f:XPath xmlns:f="{FILTER_2}" Filter="union">/</f:XPath>',
            ),
            step(XSLT, "<x/>"),
            step(BASE64, "<x/>"),
            step("urn:khac"),
        ],
    )
    def test_another_transform_is_named_and_never_skipped(self, transform):
        data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE)}</vb>")
        altered = data.replace(
            step(EXC_C14N).replace("></ds:Transform>", "/>").encode(), transform.encode()
        )
        assert altered != data
        one = only(report(altered))
        assert one.core_validation is not True
        assert one.references[0].verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE
        assert "HB-S016" in {each.code for each in one.references[0].verdict.findings}

    @pytest.mark.parametrize(
        "uri", ["http://a.example/", "file:///etc/passwd", "khac.xml", "#xpointer(//vb)"]
    )
    def test_another_uri_is_never_fetched(self, uri):
        data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE)}</vb>")
        one = only(report(data.replace(b'URI=""', f'URI="{uri}"'.encode())))
        assert one.references[0].verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
        assert one.core_validation is not True

    def test_properties_of_an_older_xades_are_not_passed_over(self):
        older = (
            '<ds:Object><x:QualifyingProperties xmlns:x="http://uri.etsi.org/01903/v1.1.1#"/>'
            "</ds:Object>"
        )
        found = report(signed(f"<vb>5{template(ENVELOPED_SIGNATURE, objects=older)}</vb>"))
        assert found.document.indication is INDETERMINATE
        assert "HB-S210" in codes(found)

    def test_a_digest_that_is_not_relied_on_is_indeterminate_though_right(self):
        weak = reference("", step(ENVELOPED), step(EXC_C14N), digest=SHA1)
        found = report(signed(f"<vb>5{template(weak)}</vb>"))
        assert only(found).core_validation is True
        assert found.document.indication is INDETERMINATE
        assert found.document.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE

    def test_the_digest_of_a_member_is_judged_as_well(self):
        member = reference("#a", digest=SHA1)
        holder = f'<ds:Object><ds:Manifest Id="m">{member}</ds:Manifest></ds:Object>'
        one = template(reference("#m", kind=names.TYPE_MANIFEST), objects=holder)
        found = report(signed(f'<g><a Id="a">1</a>{one}</g>'))
        assert found.document.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE

    def test_more_transforms_than_the_limit_are_not_called_a_wrong_form(self):
        steps = step(EXC_C14N) * 6
        data = signed(f"<vb>5{template(reference('', step(ENVELOPED), steps))}</vb>")
        found = report(data)
        assert found.document.indication is INDETERMINATE
        assert "HB-S003" in codes(found)


class TestWrapping:
    def test_data_moved_into_another_signatures_object_is_not_found(self):
        text = f'<g><a Id="a">1</a>{template(reference("#a"))}{template(ENVELOPED_SIGNATURE)}</g>'
        root = etree.fromstring(signed(text, order=(0, 1)))
        holder = etree.SubElement(list(root.iter(names.SIGNATURE))[1], f"{{{DS}}}Object")
        holder.append(root[0])
        one = report(etree.tostring(root)).signatures[0]
        assert one.validation.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND

    def test_a_forged_body_beside_the_moved_one_is_shown_as_unsigned(self):
        text = f'<g><a Id="a">1</a>{template(reference("#a", step(EXC_C14N)))}</g>'
        root = etree.fromstring(signed(text))
        signature = root[1]
        holder = etree.SubElement(signature, f"{{{DS}}}Object")
        holder.append(root[0])
        root.insert(0, etree.fromstring('<a Id="khac">9</a>'))
        found = report(etree.tostring(root))
        assert only(found).covered == ("g/Signature/Object/a",)
        assert only(found).scope is Scope.PARTIAL
        assert found.document.indication is INDETERMINATE
        assert found.document.findings[0].path == "g/a"

    @pytest.mark.parametrize("attribute", ["ID", "id", "xml:id"])
    def test_an_id_is_unique_under_every_spelling(self, attribute):
        text = f'<g><a Id="a">1</a>{template(reference("#a"))}</g>'
        forged = signed(text).replace(b"</g>", f'<a {attribute}="a">9</a></g>'.encode())
        one = only(report(forged))
        assert one.validation.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
        assert "HB-S012" in {each.code for each in one.validation.verdict.findings}

    def test_a_signature_cannot_cover_its_own_signed_info(self):
        data = f"<g>{template(reference('#a'), name='a')}</g>".encode()
        data = data.replace(b"<ds:DigestValue/>", b"<ds:DigestValue>AA==</ds:DigestValue>")
        data = data.replace(b"<ds:SignatureValue/>", b"<ds:SignatureValue>AA==</ds:SignatureValue>")
        one = only(report(data))
        assert one.validation.verdict.indication is not PASSED
        assert "HB-S013" in {each.code for each in one.validation.verdict.findings}


def test_without_trust_nothing_passes():
    data = signed(f"<vb>5{template(ENVELOPED_SIGNATURE)}</vb>")
    found = validate_foreign(parse(data), paths=None, at=signed_records.NOW)
    assert found.document.indication is INDETERMINATE
    assert found.document.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


def _bare_key(of=None) -> str:
    public = (of or key()).certificate.public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return (
        '<ds:KeyInfo><ds:KeyValue><e:ECKeyValue xmlns:e="http://www.w3.org/2009/xmldsig11#">'
        '<e:NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>'
        f"<e:PublicKey>{_b64(point)}</e:PublicKey></e:ECKeyValue></ds:KeyValue></ds:KeyInfo>"
    )


def _signed_manifest(data: bytes) -> bytes:
    """*data* signed again as it stands: xmlsec digests the Manifest, not what it names."""
    root = etree.fromstring(data)
    manifest = next(root.iter(names.MANIFEST))
    canonical = etree.tostring(etree.fromstring(etree.tostring(manifest)), method="c14n")
    signed_info = next(root.iter(names.SIGNED_INFO))
    value = signed_info.find(f".//{{{DS}}}DigestValue")
    value.text = _b64(sha256(canonical).digest())
    octets = etree.tostring(signed_info, method="c14n", exclusive=True)
    root.find(f".//{names.SIGNATURE_VALUE}").text = _b64(_value(octets))
    return etree.tostring(root)


def _value(octets: bytes) -> bytes:
    der = key().private_key.sign(octets, ec.ECDSA(hashes.SHA256()))
    return b"".join(each.to_bytes(32, "big") for each in decode_dss_signature(der))
