"""A roster file tells everything that is wrong with it at once, by line and column."""

from collections.abc import Mapping

import pytest

from hocba.roster.checking import MOST_FINDINGS, CheckedRoster, check_bytes
from hocba.roster.errors import RosterUnusable
from schemas.findings import Language
from signing.roster_rows import ALL_COLUMNS
from tests.support.roster_files import (
    HOMEROOM,
    OTHER_SCHOOL,
    PRINCIPAL,
    ROLES,
    SCHOOL,
    SEAL,
    SUBSTITUTE,
    TODAY,
    VISITOR,
    checked,
    line,
    staff,
    written,
)


def told(found: CheckedRoster) -> list[tuple[int | None, str, str]]:
    return [(each.line, each.path, each.code) for each in found.findings]


def test_a_good_roster_has_nothing_to_say_of() -> None:
    found = checked(staff(SUBSTITUTE))
    assert told(found) == []
    assert (len(found.rows), found.schools) == (5, {SCHOOL})


@pytest.mark.parametrize(
    ("base", "changes", "expected"),
    [
        (HOMEROOM, {"hovaten": ""}, [("hovaten", "HB-I120")]),
        (HOMEROOM, {"sodinhdanh": ""}, [("sodinhdanh", "HB-I121"), ("sodinhdanh", "HB-I125")]),
        (HOMEROOM, {"masothue": "9900700001"}, [("sodinhdanh", "HB-I121")]),
        (HOMEROOM, {"tungay": "31/02/2020"}, [("tungay", "HB-I122")]),
        (HOMEROOM, {"tungay": "5/8/2020"}, [("tungay", "HB-I122")]),
        (HOMEROOM, {"denngay": "2026-02-30"}, [("denngay", "HB-I122")]),
        (HOMEROOM, {"tungay": "20200815"}, [("tungay", "HB-I122")]),
        (HOMEROOM, {"sodinhdanh": "15189339455"}, [("sodinhdanh", "HB-I122")]),
        (HOMEROOM, {"sodinhdanh": "٠١٥١٨٩٣٣٩٤٥٥"}, [("sodinhdanh", "HB-I122")]),
        (SEAL, {"masothue": "99007"}, [("masothue", "HB-I122")]),
        (VISITOR, {"hinhthuc": "thử việc"}, [("hinhthuc", "HB-I122")]),
        (HOMEROOM, {"trangthai": "xoa"}, [("trangthai", "HB-I122")]),
        (HOMEROOM, {"chungthu": "ab" * 31}, [("chungthu", "HB-I122")]),
        (HOMEROOM, {"hovaten": "=1+1"}, [("hovaten", "HB-I122")]),
        (HOMEROOM, {"hovaten": "x" * 1001}, [("hovaten", "HB-I122")]),
        (HOMEROOM, {"hovaten": "a\u0007b"}, [("hovaten", "HB-I122")]),
        (HOMEROOM, {"denngay": "2020-08-14"}, [("denngay", "HB-I123")]),
        (HOMEROOM, {"vaitro": "HIEU_TRUONG"}, [("vaitro", "HB-I124")]),
        (SEAL, {"vaitro": "CBQL"}, [("sodinhdanh", "HB-I125")]),
        (HOMEROOM, {"vaitro": "KY_PHAT_HANH"}, [("masothue", "HB-I125")]),
        (SUBSTITUTE, {"lydo": ""}, [("lydo", "HB-I127")]),
        (SUBSTITUTE, {"nguoipheduyet": ""}, [("nguoipheduyet", "HB-I127")]),
        (SUBSTITUTE, {"denngay": ""}, [("denngay", "HB-I127")]),
        (SUBSTITUTE, {"sodinhdanh": HOMEROOM["sodinhdanh"]}, [("thaycho", "HB-I129")]),
        (HOMEROOM, {"soquyetdinh": "12/QĐ"}, [("soquyetdinh", "HB-I128")]),
        (HOMEROOM, {"trangthai": "huybo"}, [("lydo", "HB-I127")]),
    ],
)
def test_a_line_that_cannot_be_meant_is_an_error(
    base: Mapping[str, str], changes: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    found = checked([line(base, **changes)])
    assert [(each.path, each.code) for each in found.errors] == expected
    assert {each.line for each in found.errors} == {2}


def test_all_errors_of_all_lines_are_told_at_once() -> None:
    lines = [*staff(), line(HOMEROOM, tungay="x", hovaten="", sodinhdanh="1")]
    lines.insert(0, line(PRINCIPAL, vaitro="X"))
    assert [(e.line, e.path, e.code) for e in checked(lines).errors] == [
        (2, "vaitro", "HB-I124"),
        (7, "hovaten", "HB-I120"),
        (7, "tungay", "HB-I122"),
        (7, "sodinhdanh", "HB-I122"),
    ]


def test_every_text_is_in_both_languages_and_names_what_was_found() -> None:
    (found,) = checked([line(HOMEROOM, tungay="08/15/2020"), *staff(without=[HOMEROOM])]).errors
    assert found.message() == (
        "Cột tungay ghi “08/15/2020”; cần một ngày có thật, ghi năm-tháng-ngày, ví dụ 2026-05-29."
    )
    assert "such as 2026-05-29" in found.message(Language.EN)


def test_the_same_mandate_twice_is_an_error_and_two_substitutions_are_not() -> None:
    again = line(HOMEROOM, hovaten="Tên Khác")
    assert told(checked([*staff(), again])) == [(6, "sodinhdanh", "HB-I126")]
    for_another = SUBSTITUTE | {"thaycho": PRINCIPAL["sodinhdanh"]}
    assert checked(staff(SUBSTITUTE, for_another)).errors == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (staff(HOMEROOM | {"tungay": "2025-09-01"}), [(6, "tungay", "HB-I133")]),
        (
            staff(PRINCIPAL | {"matruong": OTHER_SCHOOL}, SEAL | {"matruong": OTHER_SCHOOL}),
            [(6, "sodinhdanh", "HB-I134")],
        ),
        (staff(HOMEROOM | {"sodinhdanh": "098189339455"}), [(6, "sodinhdanh", "HB-I135")]),
        (staff(HOMEROOM | {"sodinhdanh": "015320339455"}), [(6, "sodinhdanh", "HB-I135")]),
        (
            staff(PRINCIPAL | {"denngay": "2026-03-31"}, without=[PRINCIPAL]),
            [(5, "denngay", "HB-I136")],
        ),
        (staff(without=[PRINCIPAL]), [(2, "matruong", "HB-I137")]),
        (staff(without=[SEAL]), [(2, "matruong", "HB-I137")]),
        (
            staff(SUBSTITUTE | {"thaycho": "015180000009"}),
            [(6, "thaycho", "HB-S267")],
        ),
    ],
)
def test_what_is_odd_is_a_warning_and_no_error(
    lines: list[dict[str, str]], expected: list[tuple[int, str, str]]
) -> None:
    found = checked(lines)
    assert told(found) == expected
    assert found.errors == ()


def test_a_gap_between_two_principals_is_told_with_its_days() -> None:
    lines = staff(
        PRINCIPAL | {"denngay": "2025-12-31"},
        PRINCIPAL | {"sodinhdanh": "010172722093", "tungay": "2026-02-01"},
        without=[PRINCIPAL],
    )
    (found,) = checked(lines).warnings
    assert "từ 01/01/2026 đến 31/01/2026" in found.message()


def test_unknown_columns_are_told_and_not_read() -> None:
    data = written([each | {"thay_cho": "x"} for each in staff()])
    assert told(check_bytes(data, ROLES, TODAY)) == [(1, "", "HB-I132")]


def test_a_byte_order_mark_and_spaces_hinder_nothing() -> None:
    data = b"\xef\xbb\xbf" + written(staff()).replace(b",GVCN,", b", GVCN ,")
    assert check_bytes(data, ROLES, TODAY).findings == ()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "HB-I131"),
        (b"matruong,vaitro\n", "HB-I131"),
        (written(staff()).replace(b"hovaten", b"tungay", 1), "HB-I131"),
        (written([]), "HB-I130"),
        (written(staff()).decode().encode("utf-16"), "HB-I130"),
        (b"\xff\xfe\x00", "HB-I130"),
        (written(staff()) + b'"x', "HB-I130"),
        (written(staff()) + b"x" * 200_000, "HB-I130"),
    ],
)
def test_what_is_no_roster_at_all_is_unusable(data: bytes, code: str) -> None:
    with pytest.raises(RosterUnusable) as refused:
        check_bytes(data, ROLES, TODAY)
    assert refused.value.finding.code == code


def test_ids_of_people_born_abroad_are_fine() -> None:
    lines = staff(HOMEROOM | {"sodinhdanh": "138189339455"})
    assert checked(lines).findings == ()


def test_two_principals_since_ever_are_no_crash() -> None:
    open_ends = {"tungay": "", "denngay": ""}
    other = PRINCIPAL | {"sodinhdanh": "010171722093"} | open_ends
    lines = staff(PRINCIPAL | open_ends, other, without=[PRINCIPAL])
    assert checked(lines).errors == ()


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_separators_and_days_of_any_spreadsheet_are_read(separator: str, mark: str) -> None:
    data = written([line(each, tungay="15/08/2020") for each in (PRINCIPAL, HOMEROOM, SEAL)])
    found = check_bytes((mark + data.decode().replace(",", separator)).encode(), ROLES, TODAY)
    assert told(found) == []
    assert [row["tungay"] for _, row in found.rows] == ["2020-08-15"] * 3


def test_a_file_full_of_errors_is_read_no_further_than_to_the_ten_thousandth() -> None:
    data = ",".join(ALL_COLUMNS).encode() + b"\n" + (b"=," * 16 + b"=\n") * 30_000
    found = check_bytes(data, ROLES, TODAY)
    assert MOST_FINDINGS < len(found.errors) < MOST_FINDINGS + 100
    assert len(found.rows) < 1_000
    assert found.errors[-1].code == "HB-I297"


def test_warnings_are_listed_up_to_a_number_and_the_rest_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hocba.roster.checking.MOST_FINDINGS", 3)
    lines = [line(HOMEROOM, sodinhdanh=f"00018933{n:04}") for n in range(8)]
    warnings = checked(lines).warnings
    assert len(warnings) == 4
    (rest,) = (each for each in warnings if each.code == "HB-I298")
    assert "more warnings" in rest.message(Language.EN)


@pytest.mark.parametrize(
    "record", [b"," * 1_000_000, b'"' + b"x\n" * 200_000 + b'"', b'"\n",' * 300_000]
)
@pytest.mark.parametrize("before", [b"", written(staff())])
def test_a_line_without_end_is_not_read(before: bytes, record: bytes) -> None:
    with pytest.raises(RosterUnusable) as refused:
        check_bytes(before + record, ROLES, TODAY)
    assert refused.value.finding.code == "HB-I130"
