"""The roster file: read whole or refused with its line."""

from datetime import date

import pytest

from signing.errors import RosterError
from signing.mandate import Substitution
from signing.roster import Roster, RosterEntry, read_roster, write_roster

HEADER = "matruong,vaitro,sodinhdanh,masothue,hovaten,tungay,denngay\n"


def entry(**changes):
    values = {
        "school": "15000001",
        "role": "GVCN",
        "personal_id": "015180000001",
        "organization_id": None,
        "name": "Giàng Thị Mẫu",
        "valid_from": date(2025, 9, 1),
        "valid_to": None,
    } | changes
    return RosterEntry(**values)


def test_what_is_written_is_read_again(tmp_path):
    entries = (entry(), entry(role="KY_PHAT_HANH", personal_id=None, organization_id="5300100200"))
    write_roster(tmp_path / "roster.csv", entries)
    roster = read_roster(tmp_path / "roster.csv")
    assert roster.entries() == entries
    assert len(roster) == 2


def test_a_substitution_that_is_written_is_read_again(tmp_path):
    substitution = Substitution(
        person="015180000002",
        reason="Nghỉ thai sản",
        approver="Hiệu trưởng",
        decision="12/QĐ",
        decided_on=date(2025, 8, 20),
    )
    period = {"valid_from": date(2025, 9, 1), "valid_to": date(2026, 5, 31)}
    entries = (entry(substitution=substitution, **period), entry(certificates=("ab" * 32,)))
    write_roster(tmp_path / "roster.csv", entries)
    assert read_roster(tmp_path / "roster.csv").entries() == entries


def test_looks_a_holder_up_by_school_role_and_id():
    roster = Roster([entry(), entry(valid_from=date(2020, 1, 1), valid_to=date(2021, 1, 1))])
    assert len(roster.mandates("15000001", "GVCN", "015180000001")) == 2
    assert roster.mandates("15000001", "CBQL", "015180000001") == ()


@pytest.mark.parametrize(
    ("day", "covered"),
    [
        (date(2025, 8, 31), False),
        (date(2025, 9, 1), True),
        (date(2026, 5, 31), True),
        (date(2026, 6, 1), False),
    ],
)
def test_both_days_of_a_period_belong_to_it(day, covered):
    assert entry(valid_to=date(2026, 5, 31)).covers(day) is covered


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("15000001,GVCN,,,A,,", "line 2: exactly one"),
        ("15000001,GVCN,1,2,A,,", "line 2: exactly one"),
        (",GVCN,1,,A,,", "line 2: matruong"),
        ("15000001,,1,,A,,", "line 2: matruong and vaitro"),
        ("15000001,GVCN,1,,A,09/31/2025,", "line 2"),
        ("15000001,GVCN,1,,A,2026-01-01,2025-01-01", "line 2: tungay"),
    ],
)
def test_refuses_a_line_with_its_number(tmp_path, line, reason):
    (tmp_path / "roster.csv").write_text(HEADER + line + "\n", "utf-8")
    with pytest.raises(RosterError, match=reason):
        read_roster(tmp_path / "roster.csv")


def test_refuses_a_file_without_a_column(tmp_path):
    (tmp_path / "roster.csv").write_text("matruong,vaitro\n", "utf-8")
    with pytest.raises(RosterError, match="missing column sodinhdanh"):
        read_roster(tmp_path / "roster.csv")


def test_refuses_an_empty_roster(tmp_path):
    (tmp_path / "roster.csv").write_text(HEADER, "utf-8")
    with pytest.raises(RosterError, match="no mandates"):
        read_roster(tmp_path / "roster.csv")


def test_refuses_what_is_no_text(tmp_path):
    (tmp_path / "roster.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RosterError, match="cannot be read"):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(RosterError, match="cannot be read"):
        read_roster(tmp_path / "khong-co.csv")


def test_reads_what_a_spreadsheet_saves(tmp_path):
    text = "\ufeff" + HEADER + "15000001, GVCN ,015180000001,,A,2025-09-01,\r\n"
    (tmp_path / "roster.csv").write_text(text, "utf-8")
    assert len(read_roster(tmp_path / "roster.csv").mandates("15000001", "GVCN", "015180000001"))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_reads_the_separators_and_days_of_any_spreadsheet(tmp_path, separator, mark):
    lines = (HEADER + "15000001,GVCN,015180000001,,A,01/09/2025,2026-05-31").replace(",", separator)
    (tmp_path / "roster.csv").write_text(mark + lines + "\r\n", "utf-8")
    (entry,) = read_roster(tmp_path / "roster.csv").entries()
    assert (entry.valid_from, entry.valid_to) == (date(2025, 9, 1), date(2026, 5, 31))
