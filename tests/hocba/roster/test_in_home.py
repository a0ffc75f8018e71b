"""Which roster a home judges by: the imported one, the file from before, or none."""

from pathlib import Path

import pytest

from hocba.errors import HomeError
from hocba.home import Home
from hocba.roster.importing import take_in
from hocba.roster.states import write_roster_in_force
from tests.support.roster_files import (
    HOMEROOM,
    ROLES,
    SUBSTITUTE,
    checked,
    request,
    staff,
    written,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that was made with a roster file."""
    (tmp_path / "roster.csv").write_bytes(written(staff()))
    return Home.create(tmp_path / "kho", trust=None, roster=tmp_path / "roster.csv")


def brought(home: Home, lines: list[dict[str, str]]) -> str:
    with home.open_index() as index:
        _, change = take_in(
            index,
            checked(lines),
            request(),
            ROLES,
            home.roster_file,
            confirmed=True,
            dry_run=False,
        )
    assert change is not None
    return change.digest


def test_before_any_import_the_file_holds(home: Home) -> None:
    roster = home.roster()
    assert roster is not None
    assert len(roster) == 4


def test_after_an_import_the_imported_one_holds(home: Home) -> None:
    digest = brought(home, staff(SUBSTITUTE))
    roster = home.roster()
    assert roster is not None
    assert (len(roster), roster.digest) == (5, digest)
    home.roster_file.unlink()
    assert home.judgement().basis.roster == digest


def test_two_rosters_are_none(home: Home) -> None:
    brought(home, staff(SUBSTITUTE))
    home.roster_file.write_bytes(written(staff(without=[HOMEROOM])))
    with pytest.raises(HomeError) as refused:
        home.roster()
    assert refused.value.finding.code == "HB-S261"


def test_an_export_carries_the_roster_that_verdicts_name(home: Home, tmp_path: Path) -> None:
    def exported(name: str) -> bytes:
        with home.open_index() as index, index.reading() as tx:
            write_roster_in_force(tx, home.roster_file, tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert exported("before.csv") == home.roster_file.read_bytes()
    brought(home, staff(SUBSTITUTE))
    assert SUBSTITUTE["nguoipheduyet"].encode() in exported("after.csv")


@pytest.mark.parametrize(
    ("setting", "demanded"),
    [
        ("", False),
        ('[roster]\ncertificates = "any"', False),
        ('[roster]\ncertificates = "bound"', True),
    ],
)
def test_the_configuration_demands_bound_certificates_or_not(
    home: Home, setting: str, demanded: bool
) -> None:
    (home.path / "hocba.toml").write_text(setting, "utf-8")
    from_file = Home.open(home.path).roster()
    brought(home, staff(SUBSTITUTE))
    imported = Home.open(home.path).roster()
    assert from_file is not None
    assert imported is not None
    assert (from_file.demands_bound, imported.demands_bound) == (demanded, demanded)


def test_another_word_for_it_is_refused(home: Home) -> None:
    (home.path / "hocba.toml").write_text('[roster]\ncertificates = "strict"', "utf-8")
    with pytest.raises(HomeError, match=r"roster\.certificates"):
        Home.open(home.path)
