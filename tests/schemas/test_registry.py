"""Which definition a document is checked against."""

import shutil
from pathlib import Path

import pytest

from schemas.document import ParsedDocument, parse
from schemas.errors import DefinitionError
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from schemas.xpath import select_text
from tests.schemas.vectors import SLIP
from tests.support.records import primary_record, secondary_record, with_change

EXTRA = Path(__file__).parent / "definitions"
SHIPPED = DefinitionRegistry.load()


def reference(registry: DefinitionRegistry, data: bytes) -> str | None:
    definition = registry.find(parse(data))
    return None if definition is None else definition.reference


def renewed(folder: Path, version: str, start: str, end: str | None = None) -> None:
    """A copy of tieu-hoc as another version that is in force from *start* to *end*."""
    shutil.copytree(Path(__file__).parents[2] / "schemas" / "definitions" / "tieu-hoc", folder)
    for name in ("definition.toml", "signature-policy.toml"):
        path = folder / name
        text = path.read_text("utf-8").replace('version = "1.0"', f'version = "{version}"')
        until = "" if end is None else f"effective_until = {end}\n"
        text = text.replace("effective_from = 2020-09-01\n", f"effective_from = {start}\n{until}")
        path.write_text(text, "utf-8")


def test_two_definitions_are_shipped() -> None:
    assert [each.reference for each in SHIPPED] == ["tieu-hoc/1.0", "trung-hoc/1.0"]
    assert len(SHIPPED) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (primary_record(), "tieu-hoc/1.0"),
        (secondary_record(macaphoc="03"), "trung-hoc/1.0"),
        (secondary_record(macaphoc="04"), "trung-hoc/1.0"),
        (secondary_record(macaphoc="05"), "trung-hoc/1.0"),
        (secondary_record(macaphoc="01"), None),
        (secondary_record(macaphoc=None), None),
        (secondary_record(namhoc="2021-2022"), "trung-hoc/1.0"),
        (secondary_record(namhoc="2020-2021"), None),
        (secondary_record(namhoc="0000-0001"), None),
        (SLIP, None),
        (b"<HOC_BA_SO/>", None),
        (b'<HOC_BA_SO xmlns="urn:x"/>', None),
    ],
)
def test_the_level_and_the_school_year_tell_the_definition(
    data: bytes, expected: str | None
) -> None:
    assert reference(SHIPPED, data) == expected


@pytest.mark.parametrize("namhoc", [None, "", "nay", "2025", "2025-2026-2027"])
def test_a_record_without_a_readable_year_gets_the_definition_that_reports_it(
    namhoc: str | None,
) -> None:
    assert reference(SHIPPED, primary_record(namhoc=namhoc)) == "tieu-hoc/1.0"


def test_versions_of_one_definition_stand_side_by_side_by_date(tmp_path: Path) -> None:
    renewed(tmp_path / "tieu-hoc-2", "2.0", "2026-09-01", "2030-08-31")
    renewed(tmp_path / "tieu-hoc-3", "3.0", "2028-09-01")
    renewed(tmp_path / "tieu-hoc-old", "0.9", "2019-09-01")
    registry = DefinitionRegistry.load(tmp_path)
    found = {
        year: reference(registry, primary_record(namhoc=f"{year}-{year + 1}"))
        for year in (2019, 2025, 2026, 2027, 2028, 2030, 2031)
    }
    assert found == {
        2019: "tieu-hoc/0.9",
        2025: "tieu-hoc/1.0",
        2026: "tieu-hoc/2.0",
        2027: "tieu-hoc/2.0",
        2028: "tieu-hoc/3.0",
        2030: "tieu-hoc/3.0",
        2031: "tieu-hoc/3.0",
    }


def test_a_definition_may_go_by_a_day_instead_of_a_school_year(tmp_path: Path) -> None:
    renewed(tmp_path / "next", "2.0", "2026-05-30", "2026-05-30")
    path = tmp_path / "next" / "definition.toml"
    day = path.read_text("utf-8").replace(
        'effective_on = "DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/namhoc"',
        'effective_on = "DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/ngaykyphathanh"',
    )
    path.write_text(day, "utf-8")
    registry = DefinitionRegistry.load(tmp_path)
    assert reference(registry, primary_record(ngaykyphathanh="2026-05-30")) == "tieu-hoc/2.0"
    assert reference(registry, primary_record(ngaykyphathanh="2026-05-31")) == "tieu-hoc/1.0"
    assert reference(registry, primary_record(ngaykyphathanh="2026-05-29")) == "tieu-hoc/1.0"


def test_two_definitions_of_one_name_and_version_are_refused(tmp_path: Path) -> None:
    renewed(tmp_path / "copy", "1.0", "2026-09-01")
    with pytest.raises(DefinitionError, match=r"tieu-hoc/1\.0 stands twice"):
        DefinitionRegistry.load(tmp_path)


def test_a_folder_of_definitions_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="none"):
        DefinitionRegistry.load(tmp_path / "none")


def test_one_broken_definition_keeps_the_whole_registry_from_loading(tmp_path: Path) -> None:
    shutil.copytree(EXTRA / "phieu-mau", tmp_path / "a")
    (tmp_path / "b").mkdir()
    with pytest.raises(DefinitionError, match=r"b: definition\.toml: is missing"):
        DefinitionRegistry.load(tmp_path)


def test_files_and_hidden_folders_beside_definitions_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_text("x", "utf-8")
    assert len(DefinitionRegistry.load(tmp_path)) == 2


def test_an_empty_registry_knows_nothing_and_says_so() -> None:
    finding = DefinitionRegistry([]).why_unknown(parse(primary_record()))
    assert finding.code == "HB-E001"
    assert "–" in finding.message()


def test_what_is_known_is_said_in_the_language_of_the_reader() -> None:
    finding = SHIPPED.why_unknown(parse(b"<HOA_DON/>"))
    assert "Học bạ số tiểu học" in finding.message()
    assert "Primary school record" in finding.message(Language.EN)


class TestDroppedIn:
    """A definition for another document: other root, namespace, element names, no code."""

    registry = DefinitionRegistry.load(EXTRA)

    def slip(self, path: str = "/*", **change: str | None) -> ParsedDocument:
        return parse(with_change(SLIP, path, **change))

    def test_it_is_found_by_its_own_root_and_namespace(self) -> None:
        assert reference(self.registry, SLIP) == "phieu-mau/0.1"
        assert reference(self.registry, SLIP.replace(b"urn:mau:phieu", b"urn:other")) is None

    def test_its_index_reads_elements_attributes_and_constants(self) -> None:
        document = parse(SLIP)
        definition = self.registry.find(document)
        assert definition is not None
        (content,) = definition.contents(document)
        read = {name: select_text(each.select, content) for name, each in definition.index.items()}
        assert read["madinhdanhhocba"] == "P-001"
        assert read["hovaten"] == "Nguyễn Văn Mẫu"
        assert read["tentruong"] == "Trường Mẫu"
        assert read["macaphoc"] == "02"
        assert read["ketqua"] == ""

    def test_it_ends_with_its_last_day(self) -> None:
        with_year = "/*/*/*[local-name()='nam']"
        assert self.registry.find(self.slip(with_year, text="2029-2030")) is not None
        assert self.registry.find(self.slip(with_year, text="2030-2031")) is None
