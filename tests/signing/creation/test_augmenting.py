"""Signatures augmented with time-stamps and validation data; nothing is left when that fails."""

from datetime import timedelta

import pytest
from lxml import etree

from schemas.findings import finding
from signing import names
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.creation.builder import sign_record
from signing.creation.long_term import LongTermSource, add_long_term_values
from signing.creation.styles import VENDOR_STYLES
from signing.creation.timestamping import add_signature_timestamp
from signing.errors import SigningRefused, TimestampError
from signing.xades.timestamp_elements import stamped_octets
from signing.xades.unsigned_properties import read_unsigned_properties
from signing.xmldsig.form import read_form
from tests.support import peers, records, signed_records, stamping
from tests.support.forged_tokens import Forger, forge_token
from tests.support.stamping import LATER, SIGNED_AT, Forging, InProcess, pki, sign

_X = f"{{{names.XADES}}}"


def signatures(data: bytes) -> list[etree._Element]:
    return list(signed_records.tree(data).iter(names.SIGNATURE))


def test_the_time_stamp_is_over_the_canonical_signature_value() -> None:
    for signature in signatures(stamping.stamped_record()):
        form = read_form(signature)
        (timestamp,) = read_unsigned_properties(form).signature_timestamps
        assert timestamp.canonicalization.algorithm == names.EXC_C14N
        octets = stamped_octets(form, timestamp.canonicalization)
        assert octets.startswith(b"<ds:SignatureValue")


def test_every_time_stamp_has_an_id_of_its_own() -> None:
    data = sign(stamping.stamping(InProcess(), InProcess()))
    ids = signed_records.tree(data).xpath("//@Id")
    assert len(ids) == len(set(ids))
    assert "S-GVCN-1-timestamp-2" in ids


def test_finds_the_signatures_own_properties_among_others() -> None:
    (signature, *_) = signatures(sign())
    foreign = etree.Element(names.OBJECT)
    etree.SubElement(foreign, names.QUALIFYING_PROPERTIES, {"Target": "#other"})
    signature.insert(3, foreign)
    add_signature_timestamp(signature, InProcess())
    assert not len(foreign[0])
    assert len(read_unsigned_properties(read_form(signature)).signature_timestamps) == 1


def test_other_engines_accept_the_augmented_signatures() -> None:
    for data in (stamping.stamped_record(), stamping.long_term_record()):
        assert peers.xmlsec_verdicts(data) == [True] * 3


@pytest.mark.parametrize("style", VENDOR_STYLES, ids=lambda each: each.name)
def test_a_signature_without_qualifying_properties_takes_no_time_stamp(style) -> None:
    with pytest.raises(SigningRefused) as refused:
        sign_record(
            records.primary_record(),
            "GVCN",
            stamping.signer("GVCN"),
            policy=signed_records.policy("tieu-hoc"),
            signing_time=SIGNED_AT,
            style=style,
            augment=stamping.stamping(InProcess()),
        )
    assert refused.value.finding.code == "HB-K020"


def test_nothing_is_signed_when_no_time_stamp_is_to_be_had() -> None:
    error = TimestampError(finding("HB-K022", url="http://tsa", reason="30 s"))

    def fails(_: bytes) -> bytes:
        raise error

    with pytest.raises(TimestampError):
        sign(stamping.stamping(Forging(fails)))
    (signature, *_) = signatures(sign())
    before = etree.tostring(signature)
    with pytest.raises(TimestampError):
        add_signature_timestamp(signature, Forging(fails))
    assert etree.tostring(signature) == before


# --------------------------------------------------------------------------- long-term values


def source(**changes) -> LongTermSource:
    store = pki().trust(at=SIGNED_AT)
    given = {
        "paths": PathValidator(store),
        "material": ValidationMaterial(certificates=store.intermediates, crls=store.crls),
        "purpose": None,
        "at": SIGNED_AT,
    }
    return LongTermSource(**(given | changes))


def test_holds_the_whole_chain_and_its_revocation_data_and_nothing_twice() -> None:
    for signature in signatures(stamping.long_term_record()):
        found = read_unsigned_properties(read_form(signature))
        assert not found.problems
        assert pki().der("root") in found.certificate_values
        lists = {pki().crl(each, SIGNED_AT) for each in ("root", "issuer", "tsa-issuer")}
        assert len(found.crl_values) == len(lists)
        everything = [
            each.text for each in signature.iter() if "Encapsulated" in etree.QName(each).localname
        ]
        assert len(everything) == len(set(everything))


def test_ocsp_responses_are_embedded_where_the_verdict_rests_on_them() -> None:
    response = pki().ocsp("homeroom", SIGNED_AT)
    store = pki().trust(
        *(pki().crl(each, SIGNED_AT) for each in ("root", "tsa-issuer")),
        ocsp_responses=(response,),
    )
    (teacher,) = signatures(sign(stamping.stamping(InProcess()), only=("GVCN",)))
    add_long_term_values(
        teacher,
        source(
            paths=PathValidator(store),
            material=ValidationMaterial(
                certificates=store.intermediates,
                crls=store.crls,
                ocsp_responses=store.ocsp_responses,
            ),
        ),
    )
    assert read_unsigned_properties(read_form(teacher)).ocsp_values == (response,)


def test_a_signature_without_a_time_stamp_gets_its_signers_data_alone() -> None:
    (teacher,) = signatures(sign(only=("GVCN",)))
    add_long_term_values(teacher, source())
    assert teacher.find(f".//{_X}CertificateValues") is not None
    assert teacher.find(f".//{{{names.XADES_141}}}TimeStampValidationData") is None


def refused(signature: etree._Element, given: LongTermSource) -> str:
    before = etree.tostring(signature)
    with pytest.raises(SigningRefused) as error:
        add_long_term_values(signature, given)
    assert etree.tostring(signature) == before
    assert error.value.finding.code == "HB-K028"
    return error.value.finding.message()


def test_a_signer_whose_path_is_not_settled_is_refused() -> None:
    (teacher,) = signatures(sign(only=("GVCN",)))
    lone = pki().trust()  # no revocation data at all
    nothing = source(paths=PathValidator(lone), material=ValidationMaterial())
    assert "Chủ nhiệm mẫu" in refused(teacher, nothing)
    refused(teacher, source(at=LATER + timedelta(days=4000)))


def test_an_authority_whose_path_is_not_settled_is_refused() -> None:
    untrusted = stamping.stamping(InProcess(tsa="tsa-untrusted"))
    (teacher,) = signatures(sign(untrusted, only=("GVCN",)))
    assert "PKI lạ TSA" in refused(teacher, source())


def test_an_authority_whose_certificate_is_nowhere_is_refused() -> None:
    by = Forger.of(pki(), "tsa")
    bare = Forging(lambda stamped: forge_token(stamped, by=by, at=SIGNED_AT, certificates=()))
    (teacher,) = signatures(sign(stamping.stamping(bare), only=("GVCN",)))
    assert "TSA" in refused(teacher, source())


def test_a_token_that_cannot_be_read_is_refused() -> None:
    (teacher,) = signatures(sign(stamping.stamping(Forging(lambda _: b"junk")), only=("GVCN",)))
    assert "RFC 3161" in refused(teacher, source())
