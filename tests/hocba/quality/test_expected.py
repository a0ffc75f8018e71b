"""Expected numbers: every wrong line is named, and then nothing is imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from hocba.index.index import Index
from hocba.index.schools import School
from hocba.quality.expected import MAX_BYTES, ExpectedRefused, import_expected, read_expected
from schemas.findings import Language

HEADER = "matruong,namhoc,makhoi,sohocsinh"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def read(*lines: str, header: str = HEADER) -> object:
    return read_expected("\r\n".join((header, *lines, "")).encode(), "so.csv")


@contextmanager
def refused(*codes: str) -> Iterator[None]:
    """The finding of the whole file first, then those of its lines."""
    with pytest.raises(ExpectedRefused) as raised:
        yield
    found = [raised.value.finding.code, *(each.code for each in raised.value.findings)]
    assert found == list(codes)
    for each in (raised.value.finding, *raised.value.findings):
        for language in Language:
            assert "{" not in each.message(language)


class TestReading:
    def test_lines_as_people_write_them(self) -> None:
        rows = (" 15000001 ,2025-2026,1,120,03001", "", ",,,,", "15000001,2025-2026,12,0,", "")
        text = "\n".join((f"\ufeff{HEADER},maxa", *rows))
        first, last = read_expected(text.encode(), "so.csv")
        assert (first.matruong, first.makhoi, first.sohocsinh, first.maxa) == (
            "15000001",
            "01",
            120,
            "03001",
        )
        assert (last.makhoi, last.sohocsinh, last.maxa, last.masogd) == ("12", 0, None, None)

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    def test_the_separators_of_any_spreadsheet(self, separator: str, mark: str) -> None:
        text = f"{mark}{HEADER}\r\n15000001,2025-2026,01,120\r\n".replace(",", separator)
        (line,) = read_expected(text.encode(), "so.csv")
        assert (line.matruong, line.sohocsinh) == ("15000001", 120)

    def test_every_wrong_line_is_named(self) -> None:
        with refused("HB-I166", "HB-I169", "HB-I170", "HB-I171", "HB-I172", "HB-I172", "HB-I170"):
            read(
                "trường một,2025-2026,01,1",
                "15000001,2025-2027,01,1",
                "15000001,2025-2026,13,1",
                "15000001,2025-2026,01,-1",
                "15000001,2025-2026,02,một",
                "15000001,2025-2026,03,1",  # right
                "15000001,,04,1",
            )

    def test_line_numbers_are_those_of_the_file(self) -> None:
        with pytest.raises(ExpectedRefused) as raised:
            read("15000001,2025-2026,01,1", "", "15000001,2025-2026,00,1")
        assert [each.line for each in raised.value.findings] == [4]

    def test_a_line_that_stands_twice(self) -> None:
        with refused("HB-I166", "HB-I174"):
            read("15000001,2025-2026,01,1", "15000001,2025-2026,1,2")

    @pytest.mark.parametrize("cells", ["1,03001", "15,3001", "15,xã"])
    def test_provinces_and_communes_that_are_none(self, cells: str) -> None:
        with refused("HB-I166", "HB-I173"):
            read(f"15000001,2025-2026,01,1,{cells}", header=f"{HEADER},masogd,maxa")

    @pytest.mark.parametrize(
        "header", ["", "matruong,namhoc,makhoi", f"{HEADER},lop", f"{HEADER},makhoi", "a;b;c"]
    )
    def test_other_columns(self, header: str) -> None:
        with refused("HB-I178"):
            read("15000001,2025-2026,01,1", header=header)

    def test_a_file_without_numbers(self) -> None:
        with refused("HB-I175"):
            read()

    @pytest.mark.parametrize("data", [b"\xff\xfe\x00", HEADER.encode() + b'\n"15,2025'])
    def test_what_is_no_csv(self, data: bytes) -> None:
        with refused("HB-I179"):
            read_expected(data, "so.csv")

    def test_a_file_that_is_too_large(self) -> None:
        with refused("HB-I177"):
            read_expected(b" " * (MAX_BYTES + 1), "so.csv")

    def test_cells_beyond_the_columns_and_missing_ones(self) -> None:
        with refused("HB-I166", "HB-I172"):
            read("15000001,2025-2026,01")
        assert read("15000001,2025-2026,01,1,,,") != ()


class TestImporting:
    def imported(
        self, index: Index, *lines: str, masogd: str | None = None, **more: str
    ) -> list[str]:
        """The provinces that the lines came to be of."""
        read_lines = read_expected("\n".join((more.get("header", HEADER), *lines)).encode(), "x")
        with index.transaction() as tx:
            return [
                each.masogd
                for each in import_expected(tx, read_lines, masogd=masogd, at=NOW, by="test")
            ]

    def test_a_school_is_of_the_province_of_its_records(self, index: Index) -> None:
        with index.transaction() as tx:
            tx.schools.note([School(masogd="64", matruong="64628509", namhoc="2024-2025")])
        assert self.imported(index, "64628509,2025-2026,01,1") == ["64"]

    def test_or_of_the_home_s_or_by_its_code(self, index: Index) -> None:
        assert self.imported(index, "H1,2025-2026,01,1", masogd="15") == ["15"]
        assert self.imported(index, "79000001,2025-2026,01,1") == ["79"]

    def test_or_of_what_the_line_says(self, index: Index) -> None:
        line, header = "H2,2025-2026,01,1,24", f"{HEADER},masogd"
        assert self.imported(index, line, header=header) == ["24"]

    def test_another_province_than_the_home_s_is_refused_and_nothing_is_changed(
        self, index: Index
    ) -> None:
        header = f"{HEADER},masogd"
        with refused("HB-I166", "HB-I176"):
            self.imported(
                index, "H1,2025-2026,01,1,15", "H1,2025-2026,02,1,24", masogd="15", header=header
            )
        with index.reading() as tx:
            assert tx.expected.of_school("15", "H1") == ()
            assert tx.schools.find() == ()

    def test_it_is_noted_who_said_so(self, index: Index) -> None:
        self.imported(index, "79000001,2025-2026,01,1")
        with index.reading() as tx:
            (event,) = tx.audit.events().rows
            (row,) = tx.expected.of_school("79", "79000001")
        assert (event.actor, event.action) == ("test", "expected.imported")
        assert (row.imported_by, row.imported_at, row.sohocsinh) == ("test", NOW, 1)
