"""What references may not name, and what a reader is told of one that does not hold."""

import pytest
from lxml import etree

from schemas.document import parse
from signing import names
from signing.creation.styles import VENDOR_ENVELOPED
from signing.report import Indication, SubIndication
from signing.xmldsig.algorithms import default_policy
from signing.xmldsig.budget import TooCostlyError
from signing.xmldsig.form import read_form
from signing.xmldsig.references import Named, ReferenceValidator, find_by_id
from tests.support import records, signed_records
from tests.support.forge import DS, Forgery, Ref, forge
from tests.support.signed_records import octets, signer, tree, validate


def line_of(root, role="CBQL"):
    report = validate(octets(root), "tieu-hoc")
    (line,) = [each for each in report.signatures if each.role == role]
    return line


@pytest.mark.parametrize("part", ["Signature", "SignedInfo", "SignatureValue"])
def test_a_signature_cannot_name_what_it_is_made_of(part):
    root = tree(signed_records.sign(records.primary_record(), "tieu-hoc", ["GVCN"]))
    issue = root.find("PHAT_HANH_HOC_BA")
    references = [Ref("#data"), Ref("#own")]
    made = forge(etree.SubElement(issue, "CBQL"), Forgery(references, signer("CBQL")))
    element = made if part == "Signature" else made.find(f"{{{DS}}}{part}")
    element.set("Id", "own")
    verdict = line_of(root).verdict
    assert verdict.indication is not Indication.TOTAL_PASSED
    assert [each.code for each in verdict.findings if each.code in ("HB-S010", "HB-S013")] == [
        "HB-S013"
    ]


def test_a_reference_that_does_not_hold_is_told_with_the_place_that_was_changed():
    root = tree(signed_records.signed_primary(VENDOR_ENVELOPED))
    data = root.xpath("//*[@Id = 'data' or @id = 'data' or @ID = 'data']")[0]
    data[0].tail = "khác"
    found = line_of(root).verdict
    assert found.sub_indication is SubIndication.HASH_FAILURE
    (changed,) = [each for each in found.findings if each.code == "HB-S010"]
    assert changed.path == f"{root.tag}/{data.tag}"
    assert changed.line == data.sourceline
    assert dict(changed.parameters)["uri"] == "#data"


def test_another_signature_as_a_whole_is_no_data():
    root = tree(signed_records.sign(records.primary_record(), "tieu-hoc", ["GVCN"]))
    other = next(root.iter(f"{{{DS}}}Signature"))
    other.set("Id", "other")
    issue = root.find("PHAT_HANH_HOC_BA")
    references = [Ref("#data"), Ref("#other")]
    forge(etree.SubElement(issue, "CBQL"), Forgery(references, signer("CBQL")))
    line = line_of(root)
    assert line.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND
    assert {each.code for each in line.verdict.findings} == {"HB-S013"}
    assert line.covers == ("#data",)


def test_the_empty_uri_names_the_whole_document():
    document = parse(b"<r><c Id='c'/></r>")
    found = find_by_id(document, "")
    assert isinstance(found, Named)
    assert (found.target, found.whole_document) == (document.root, True)


def test_what_a_time_stamp_on_the_content_looks_at_is_charged_to_the_budget():
    document = parse(octets(tree(signed_records.signed_primary(VENDOR_ENVELOPED))))
    form = read_form(next(document.root.iter(f"{{{DS}}}Signature")))
    references = ReferenceValidator(document, default_policy())
    (first, *_) = form.references
    assert references.octets(first, form, first.transforms)
    looks = (references.octets(first, form, first.transforms) for _ in range(100_000))
    with pytest.raises(TooCostlyError):
        all(looks)


def test_a_typed_reference_to_another_own_part_is_misplaced():
    root = tree(signed_records.sign(records.primary_record(), "tieu-hoc", ["GVCN"]))
    part = f'<Object xmlns="{DS}" Id="part">chữ</Object>'
    references = [Ref("#data"), Ref("#part", type=names.TYPE_SIGNED_PROPERTIES)]
    made = Forgery(references, signer("CBQL"), objects=[part])
    forge(etree.SubElement(root.find("PHAT_HANH_HOC_BA"), "CBQL"), made)
    assert {each.code for each in line_of(root).verdict.findings} == {"HB-S013"}
