"""An export of a pupil who came from elsewhere proves itself as one of an own pupil does."""

from pathlib import Path

import pytest

from hocba.export import ROSTER
from hocba.home import Home
from hocba.transfer.taking_in import accept_package
from signing.roster import RosterEntry, read_roster, write_roster
from tests.support import signed_home, signed_records
from tests.support.command import Ran, call
from tests.support.transfers import RECEIVER, SENDER, Provinces, office_of, package_of

OTHER = RosterEntry("1000000001", "CBQL", "010080000011", None, "Khác", None, None)


def received(provinces: Provinces) -> Home:
    """The receiver's home, with the pupil taken in."""
    path = provinces.send()
    with office_of(provinces.receiver) as office:
        accept_package(office, package_of(path), masogd=RECEIVER, by="Sở B", actor="cli")
    return provinces.receiver


def exported(home: Home, out: Path, *options: str) -> Ran:
    ran = call("export", "--home", home.path, "--out", out, *options)
    assert ran.code == 0, ran.said
    return ran


def verified(out: Path) -> Ran:
    return call("verify", out / "documents", "--trust", out / "trust", "--roster", out / ROSTER)


def test_an_export_of_a_received_pupil_is_valid_offline(provinces, tmp_path: Path) -> None:
    ran = exported(received(provinces), tmp_path / "ra", "--pupil", signed_home.PUPIL)
    assert f"--roster {tmp_path / 'ra' / ROSTER}" in ran.out
    judged = verified(tmp_path / "ra")
    assert judged.code == 0, judged.said
    entries = read_roster(tmp_path / "ra" / ROSTER).entries()
    assert entries[0] == OTHER
    assert set(entries[1:]) <= set(signed_records.roster().entries())
    assert {each.name for each in (tmp_path / "ra" / "rosters").iterdir()} == {
        f"{SENDER}.csv",
        f"{SENDER}.jws",
    }
    assert f"rosters/{SENDER}.jws" in (tmp_path / "ra" / "SHA256SUMS").read_text("utf-8")


def test_so_is_one_by_a_home_without_a_roster(provinces, tmp_path: Path) -> None:
    received(provinces).roster_file.unlink()
    exported(provinces.receiver, tmp_path / "ra")
    judged = verified(tmp_path / "ra")
    assert judged.code == 0, judged.said


def test_what_the_own_roster_says_of_a_school_goes_first(provinces, tmp_path: Path) -> None:
    home = received(provinces)
    school = signed_records.roster().entries()[0].school
    own = RosterEntry(school, "CBQL", "010080000011", None, "Khác", None, None)
    write_roster(home.roster_file, [own])
    exported(home, tmp_path / "ra")
    assert read_roster(tmp_path / "ra" / ROSTER).entries() == (own,)
    assert not (tmp_path / "ra" / "rosters").exists()


def test_a_statement_by_a_key_that_is_no_longer_believed_is_left_out(
    provinces, tmp_path: Path
) -> None:
    home = received(provinces)
    (home.path / "partners" / f"{SENDER}.pem").write_bytes(
        (home.keys_folder / "receipt-key.pub.pem").read_bytes()
    )
    exported(home, tmp_path / "ra")
    assert read_roster(tmp_path / "ra" / ROSTER).entries() == (OTHER,)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_roster_is_named_where_none_was_written(
    provinces, tmp_path: Path, language: str
) -> None:
    provinces.sender.roster_file.unlink()
    ran = exported(provinces.sender, tmp_path / "ra", f"--lang={language}")
    assert not (tmp_path / "ra" / ROSTER).exists()
    assert "--roster" not in ran.out
    assert "--roster" not in (tmp_path / "ra" / "README.txt").read_text("utf-8")
