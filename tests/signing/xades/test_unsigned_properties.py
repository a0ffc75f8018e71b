"""Unsigned properties: what is read, what is named and not used, and that nothing raises."""

import base64
from collections.abc import Iterator

import pytest
from lxml import etree

from schemas.document import parse
from signing import names
from signing.xades.timestamp_elements import (
    MAX_TOKENS,
    ContentTimestamp,
    NothingStampedError,
    stamped_content,
    stamped_octets,
)
from signing.xades.unsigned_properties import (
    MAX_CONTENT_TIMESTAMPS,
    MAX_COUNTER_SIGNATURES,
    MAX_OCSP_BYTES,
    MAX_SIGNATURE_TIMESTAMPS,
    MAX_VALUES,
    UnsignedProperties,
    read_content_timestamps,
    read_unsigned_properties,
)
from signing.xmldsig.form import SignatureForm, Transform, read_form

DS, XADES, XADES_141 = names.DS, names.XADES, names.XADES_141
B64 = base64.b64encode(b"octets").decode()
TOKEN = f"<x:EncapsulatedTimeStamp>{B64}</x:EncapsulatedTimeStamp>"
STAMP = f"<x:SignatureTimeStamp>{TOKEN}</x:SignatureTimeStamp>"
COUNTER = "<x:CounterSignature><d:Signature/></x:CounterSignature>"


def form_with(objects: str, references: str = "") -> SignatureForm:
    """A signature whose ds:Object elements hold *objects*."""
    reference = (
        '<Reference URI="#data" Id="r-1"><DigestMethod Algorithm="a"/><DigestValue/></Reference>'
    )
    text = (
        f'<root xmlns:x="{XADES}" xmlns:y="{XADES_141}" xmlns:d="{DS}">'
        f'<Signature xmlns="{DS}" Id="S"><SignedInfo>'
        '<CanonicalizationMethod Algorithm="c"/><SignatureMethod Algorithm="m"/>'
        f"{references or reference}</SignedInfo><SignatureValue>AAAA</SignatureValue>"
        f"<Object>{objects}</Object></Signature></root>"
    )
    return read_form(parse(text.encode()).root[0])


def properties(content: str, target: str = "#S") -> str:
    return (
        f'<x:QualifyingProperties Target="{target}"><x:UnsignedProperties>'
        f"<x:UnsignedSignatureProperties>{content}</x:UnsignedSignatureProperties>"
        "</x:UnsignedProperties></x:QualifyingProperties>"
    )


def read(content: str) -> UnsignedProperties:
    return read_unsigned_properties(form_with(properties(content)))


def codes(found: UnsignedProperties) -> list[str]:
    return [each.code for each in found.problems]


def test_none_at_all_is_nothing() -> None:
    assert read_unsigned_properties(form_with("")) == UnsignedProperties()


def test_reads_time_stamps_and_their_canonicalisation() -> None:
    method = f'<d:CanonicalizationMethod Algorithm="{names.EXC_C14N}"/>'
    found = read(STAMP + f"<x:SignatureTimeStamp>{method}{TOKEN}{TOKEN}</x:SignatureTimeStamp>")
    plain, named = found.signature_timestamps
    assert plain.tokens == (b"octets",)
    assert plain.canonicalization.algorithm == "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
    assert len(named.tokens) == 2
    assert named.canonicalization.algorithm == names.EXC_C14N
    assert not found.problems


VALUES = (
    f"<x:CertificateValues><x:EncapsulatedX509Certificate>{B64}</x:EncapsulatedX509Certificate>"
    "</x:CertificateValues><x:RevocationValues>"
    f"<x:CRLValues><x:EncapsulatedCRLValue>{B64}</x:EncapsulatedCRLValue></x:CRLValues>"
    f"<x:OCSPValues><x:EncapsulatedOCSPValue>{B64}</x:EncapsulatedOCSPValue></x:OCSPValues>"
    "</x:RevocationValues>"
)


@pytest.mark.parametrize(
    "content",
    [
        VALUES,
        f"<y:TimeStampValidationData>{VALUES}</y:TimeStampValidationData>",
        f"<y:AnyValidationData>{VALUES}</y:AnyValidationData>",
        f"{VALUES}<y:TimeStampValidationData>{VALUES}</y:TimeStampValidationData>",
    ],
)
def test_reads_validation_data_wherever_it_belongs(content: str) -> None:
    found = read(content)
    assert found.material.certificates == (b"octets",)
    assert found.material.crls == (b"octets",)
    assert found.material.ocsp_responses == (b"octets",)
    assert not found.problems


def test_reads_counter_signatures_as_elements() -> None:
    (element,) = read(COUNTER).counter_signatures
    assert element.tag == names.SIGNATURE


@pytest.mark.parametrize(
    "content",
    [
        "<x:ArchiveTimeStamp/>",
        "<y:ArchiveTimeStamp/>",
        "<x:CompleteCertificateRefs/>",
        '<z:Own xmlns:z="urn:z"/>',
        "<x:CertificateValues><x:OtherCertificate/></x:CertificateValues>",
        "<x:RevocationValues><x:OtherValues/></x:RevocationValues>",
    ],
)
def test_what_is_not_evaluated_is_named(content: str) -> None:
    found = read(content + STAMP)
    assert codes(found) == ["HB-S081"]
    assert len(found.signature_timestamps) == 1
    assert "{" not in found.problems[0].message()


def test_properties_of_data_objects_are_named_too() -> None:
    found = read_unsigned_properties(
        form_with(
            '<x:QualifyingProperties Target="#S"><x:UnsignedProperties>'
            "<x:UnsignedDataObjectProperties/></x:UnsignedProperties></x:QualifyingProperties>"
        )
    )
    assert codes(found) == ["HB-S081"]


ONE_INCLUDED = (
    '<x:SignatureTimeStamp><x:Include URI="#r-1" referencedData="true"/>'
    f"{TOKEN}</x:SignatureTimeStamp>"
)
MALFORMED = {
    "no token": "<x:SignatureTimeStamp/>",
    "XML token": "<x:SignatureTimeStamp><x:XMLTimeStamp/></x:SignatureTimeStamp>",
    "include": f'<x:SignatureTimeStamp><x:Include URI="#S"/>{TOKEN}</x:SignatureTimeStamp>',
    "included data": ONE_INCLUDED,
    "comment in base64": STAMP.replace(B64, B64[:4] + "<!---->" + B64[4:]),
    "element in base64": STAMP.replace(B64, B64[:4] + "<b/>" + B64[4:]),
    "no base64": STAMP.replace(B64, "***"),
    "empty": STAMP.replace(B64, ""),
    "other encoding": STAMP.replace("TimeStamp>" + B64, f'TimeStamp Encoding="urn:BER">{B64}'),
    "text beside": f"<x:SignatureTimeStamp>x{TOKEN}</x:SignatureTimeStamp>",
    "too many tokens": f"<x:SignatureTimeStamp>{TOKEN * (MAX_TOKENS + 1)}</x:SignatureTimeStamp>",
    "counter-signature of nothing": "<x:CounterSignature/>",
    "two in one counter-signature": COUNTER.replace("<d:Signature/>", "<d:Signature/>" * 2),
    "other thing among CRLs": "<x:RevocationValues><x:CRLValues><x:a/></x:CRLValues>"
    "</x:RevocationValues>",
    "an OCSP response too large": "<x:RevocationValues><x:OCSPValues><x:EncapsulatedOCSPValue>"
    + base64.b64encode(bytes(MAX_OCSP_BYTES + 1)).decode()
    + "</x:EncapsulatedOCSPValue></x:OCSPValues></x:RevocationValues>",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_named_and_not_used(name: str) -> None:
    found = read(MALFORMED[name])
    assert codes(found) == ["HB-S080"]
    assert not (*found.signature_timestamps, *found.counter_signatures)
    assert not (*found.crl_values, *found.ocsp_values)


def test_one_malformed_property_leaves_the_others() -> None:
    assert len(read(MALFORMED["no base64"] + STAMP).signature_timestamps) == 1


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (STAMP * (MAX_SIGNATURE_TIMESTAMPS + 2), MAX_SIGNATURE_TIMESTAMPS),
        (COUNTER * (MAX_COUNTER_SIGNATURES + 1), MAX_COUNTER_SIGNATURES),
        (
            "<x:CertificateValues>"
            + "".join(
                "<x:EncapsulatedX509Certificate>"
                + base64.b64encode(b"%d" % number).decode()
                + "</x:EncapsulatedX509Certificate>"
                for number in range(MAX_VALUES + 5)
            )
            + "</x:CertificateValues>",
            MAX_VALUES,
        ),
    ],
)
def test_more_than_the_limit_is_named_and_not_used(content: str, kept: int) -> None:
    found = read(content)
    number = sum(
        map(len, (found.signature_timestamps, found.counter_signatures, found.certificate_values))
    )
    assert number == kept
    assert set(codes(found)) == {"HB-S080"}


@pytest.mark.parametrize(
    "objects",
    [
        properties(STAMP, target="#other"),
        properties(STAMP, target="S"),
        properties(STAMP) + properties(STAMP),
        f"<wrap>{properties(STAMP)}</wrap>",
        "<x:UnsignedProperties/>",
    ],
)
def test_properties_out_of_their_place_are_named_and_not_used(objects: str) -> None:
    found = read_unsigned_properties(form_with(objects))
    assert codes(found) == ["HB-S082"]
    assert not found.signature_timestamps


def test_properties_of_a_counter_signature_are_its_own() -> None:
    inner = f'<d:Signature Id="C"><d:Object>{properties(STAMP, "#C")}</d:Object></d:Signature>'
    found = read(f"<x:CounterSignature>{inner}</x:CounterSignature>")
    assert not found.signature_timestamps
    assert not found.problems
    assert len(found.counter_signatures) == 1


def test_text_between_properties_is_named() -> None:
    assert codes(read("text" + STAMP)) == ["HB-S080"]


# --------------------------------------------------------------------------- what is stamped


def test_the_canonical_signature_value_is_what_is_stamped() -> None:
    form = form_with("")
    exclusive = Transform(names.EXC_C14N, (), unknown_content=False)
    expected = f'<SignatureValue xmlns="{DS}">AAAA</SignatureValue>'.encode()
    assert stamped_octets(form, exclusive) == expected


@pytest.mark.parametrize(
    "transform",
    [
        Transform("urn:unknown", (), unknown_content=False),
        Transform(names.EXC_C14N, (), unknown_content=True),
    ],
)
def test_an_unknown_canonical_form_stamps_nothing(transform: Transform) -> None:
    with pytest.raises(NothingStampedError):
        stamped_octets(form_with(""), transform)


def test_a_value_without_a_canonical_form_stamps_nothing() -> None:
    form = form_with("")
    root = etree.fromstring(b'<r xmlns:z="relative"/>')  # C14N 1.0 has no form for it
    root.append(form.element)
    inclusive = Transform("http://www.w3.org/2006/12/xml-c14n11", (), unknown_content=False)
    with pytest.raises(NothingStampedError):
        stamped_octets(form, inclusive)


def signed(content: str, target: str = "#S") -> str:
    return (
        f'<x:QualifyingProperties Target="{target}"><x:SignedProperties Id="p">'
        f"<x:SignedDataObjectProperties>{content}</x:SignedDataObjectProperties>"
        "</x:SignedProperties></x:QualifyingProperties>"
    )


def content_timestamps(content: str, *, covered: bool = True):
    form = form_with(signed(content))
    element = next(form.element.iter(names.SIGNED_PROPERTIES))
    return read_content_timestamps(form, (element,) if covered else ())


ALL = f"<x:AllDataObjectsTimeStamp>{TOKEN}</x:AllDataObjectsTimeStamp>"
ONE = (
    '<x:IndividualDataObjectsTimeStamp><x:Include URI="#r-1" referencedData="true"/>'
    f"{TOKEN}</x:IndividualDataObjectsTimeStamp>"
)


def test_reads_time_stamps_on_the_content() -> None:
    (everything, one), problems = content_timestamps(ALL + "<x:DataObjectFormat/>" + ONE)
    assert everything.includes is None
    assert one.includes == ("#r-1",)
    assert not problems


def test_reads_no_time_stamp_on_the_content_that_is_not_signed() -> None:
    assert content_timestamps(ALL, covered=False) == ((), ())


@pytest.mark.parametrize(
    "content",
    [
        ONE.replace(' referencedData="true"', ""),
        ONE.replace('<x:Include URI="#r-1" referencedData="true"/>', ""),
        ALL.replace(TOKEN, f'<x:Include URI="#r-1" referencedData="true"/>{TOKEN}'),
        ALL.replace(TOKEN, ""),
    ],
)
def test_a_malformed_time_stamp_on_the_content_is_named(content: str) -> None:
    found, problems = content_timestamps(content)
    assert not found
    assert [each.code for each in problems] == ["HB-S080"]


def test_there_are_only_so_many_time_stamps_on_the_content() -> None:
    found, problems = content_timestamps(ALL * (MAX_CONTENT_TIMESTAMPS + 1))
    assert len(found) == MAX_CONTENT_TIMESTAMPS
    assert len(problems) == 1


def reference(uri: str, identifier: str, transforms: str = "", kind: str = "") -> str:
    steps = "".join(f'<Transform Algorithm="{each}"/>' for each in transforms.split())
    return (
        f'<Reference URI="{uri}" Id="{identifier}" Type="{kind}">'
        + (f"<Transforms>{steps}</Transforms>" if steps else "")
        + '<DigestMethod Algorithm="a"/><DigestValue/></Reference>'
    )


ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
REFERENCES = (
    reference("#a", "r-1", ENVELOPED)
    + reference("#b", "r-2", names.EXC_C14N)
    + reference("#p", "r-3", kind=names.TYPE_SIGNED_PROPERTIES)
    + reference("#c", "twice")
    + reference("#d", "twice")
)


def stamped(includes: tuple[str, ...] | None) -> list[tuple[str | None, int]]:
    """Which targets are stamped, in order, with how many transforms."""
    method = Transform("urn:c14n", (), unknown_content=False)
    seen: list[tuple[str | None, int]] = []

    def octets_of(one, transforms) -> bytes:
        seen.append((one.uri, len(transforms)))
        return (one.uri or "").encode()

    timestamp = ContentTimestamp((b"t",), method, includes)
    octets = stamped_content(form_with("", REFERENCES), timestamp, octets_of)
    assert octets == "".join(uri or "" for uri, _ in seen).encode()
    return seen


def test_all_data_objects_are_stamped_in_order_without_the_signed_properties() -> None:
    # What a chain leaves as nodes is canonicalised as the time-stamp says.
    assert stamped(None) == [("#a", 2), ("#b", 1), ("#c", 1), ("#d", 1)]


def test_included_data_objects_are_stamped_in_the_order_of_inclusion() -> None:
    assert [uri for uri, _ in stamped(("#r-2", "#r-1"))] == ["#b", "#a"]


@pytest.mark.parametrize("includes", [("#none",), ("#twice",), ("r-1",), ()])
def test_an_inclusion_that_names_no_one_reference_stamps_nothing(includes) -> None:
    with pytest.raises(NothingStampedError):
        stamped(includes)


def spoiled() -> Iterator[etree._Element]:
    """Every element of a full signature taken away or doubled, one at a time."""
    whole = etree.tostring(form_with(properties(STAMP + VALUES + COUNTER)).element)
    count = sum(1 for _ in etree.fromstring(whole).iter())
    for number in range(4, count):
        root = etree.fromstring(whole)
        element = list(root.iter())[number]
        if element.tag.startswith(f"{{{XADES}"):
            element.getparent().remove(element)
            yield root


def test_never_raises_whatever_is_missing() -> None:
    for root in spoiled():
        assert isinstance(read_unsigned_properties(read_form(root)), UnsignedProperties)
