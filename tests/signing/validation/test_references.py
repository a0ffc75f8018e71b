"""What references may not name, and what a reader is told of one that does not hold."""

import pytest
from lxml import etree

from signing.creation.styles import VENDOR_ENVELOPED
from signing.report import Indication, SubIndication
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
