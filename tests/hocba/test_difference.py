"""What one version changes in another."""

import pytest

from hocba.difference import differences
from schemas.document import parse
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from tests.support import records, signed_records

REGISTRY = DefinitionRegistry.load()
ROWS = [
    records.secondary_row("TOA", "Toán", diemhocky2="7.5"),
    records.secondary_row("VAN", "Ngữ văn"),
]


def secondary(rows=ROWS, **fields):
    return signed_records.sign(records.secondary_record(rows=rows, **fields), "trung-hoc")


def changes(before, after):
    old, new = parse(before), parse(after)
    definition = REGISTRY.find(new)
    report = signed_records.validate(after, definition.name)
    return definition, differences(old, new, definition, report)


def corrected(**values):
    return [records.secondary_row("TOA", "Toán", **{"diemhocky2": "7.5", **values}), ROWS[1]]


def test_a_corrected_mark_reads_as_people_say_it():
    definition, (change,) = changes(secondary(), secondary(corrected(diemhocky2="8.0")))
    assert change.text(definition, Language.VI) == "Toán, Điểm học kỳ 2: 7,5 → 8,0"
    assert (change.field, change.before, change.after) == ("diemhocky2", "7.5", "8.0")


def test_names_whoever_signed_the_smallest_part_around_the_change():
    _, (mark,) = changes(secondary(), secondary(corrected(diemhocky2="8.0")))
    _, (name,) = changes(secondary(), secondary(hovaten="Giàng Thị Khác"))
    assert len(mark.signed_by) == len(name.signed_by) == 1
    teacher, homeroom = signed_records.PEOPLE["GVBM"], signed_records.PEOPLE["GVCN"]
    assert teacher in mark.signed_by[0]
    assert homeroom in name.signed_by[0]


def test_names_nobody_whose_signature_does_not_pass():
    after = secondary(corrected(diemhocky2="8.0")).replace(b">8.0<", b">9.0<")
    _, (change,) = changes(secondary(), after)
    assert change.signed_by == ()


def test_the_same_version_has_no_changes():
    assert changes(secondary(), secondary())[1] == ()


def test_what_says_which_version_it_is_is_no_change():
    assert changes(secondary(), secondary(PhienBan="2", SuKien="UPDATE"))[1] == ()


def test_the_order_of_rows_is_no_change():
    assert changes(secondary(), secondary(ROWS[::-1]))[1] == ()


def test_a_row_that_came_or_went_is_told_field_by_field():
    more = [*ROWS, records.secondary_row("LSU", "Lịch sử", diemhocky2="6.0")]
    definition, came = changes(secondary(), secondary(more))
    assert {(each.row, each.before) for each in came} == {("Lịch sử", None)}
    assert "Lịch sử, Điểm học kỳ 2: – → 6,0" in [e.text(definition, Language.VI) for e in came]
    _, went = changes(secondary(more), secondary())
    assert {(each.row, each.after, each.signed_by) for each in went} == {("Lịch sử", None, ())}


def test_a_code_is_said_in_words():
    before = signed_records.sign(records.primary_record(gioitinh="1"), "tieu-hoc")
    after = signed_records.sign(records.primary_record(gioitinh="2"), "tieu-hoc")
    definition, found = changes(before, after)
    assert [each.text(definition, Language.VI) for each in found] == ["Giới tính: Nam → Nữ"]


@pytest.mark.parametrize("empty", [b"<DU_LIEU_HOC_BA/>", b""])
def test_a_document_without_content_differs_in_everything(empty):
    whole = parse(secondary())
    definition = REGISTRY.find(whole)
    nothing = parse(b"<HOC_BA_SO>" + empty + b"</HOC_BA_SO>")
    report = signed_records.validate(secondary(), "trung-hoc")
    assert all(each.before is None for each in differences(nothing, whole, definition, report))
