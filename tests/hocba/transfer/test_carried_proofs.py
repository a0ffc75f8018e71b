"""What a province passes on of others: only what is proved, so that nobody spoils its packages."""

from datetime import timedelta
from pathlib import Path

import pytest

from hocba.home import Home
from hocba.transfer import making
from hocba.transfer.errors import TransferRefused
from hocba.transfer.rosters import stated, stated_rosters
from hocba.transfer.taking_in import accept_package
from schemas.findings import Language
from tests.support.transfers import (
    RECEIVER,
    SENDER,
    SENT_AT,
    entries,
    know,
    make_package,
    office_of,
    package_of,
    signed_anew,
)

THIRD = "79"


def third_province(provinces, folder: Path) -> Home:
    """A home whose key the receiver does not know."""
    third = Home.create(
        folder / "third", trust=folder / "believed", roster=folder / "other.csv", masogd=THIRD
    )
    know(third, provinces.receiver, RECEIVER)
    know(third, provinces.sender, SENDER)
    return Home.open(third.path)


def take_in(home: Home, path: Path, masogd: str):
    with office_of(home) as office:
        return accept_package(office, package_of(path), masogd=masogd, by="B", actor="cli")


def poisoned(claims, files) -> None:
    receipt = next(name for name in files if name.startswith("receipts/"))
    files["rosters/79.csv"], files["rosters/79.jws"] = b"junk", b"a.b.c"
    files["rosters/10.csv"], files["rosters/10.jws"] = b"junk", b"a.b.c"
    files[f"earlier/79/{receipt}"] = b"a.b.c"


def test_nobody_spoils_the_package_of_the_next(provinces, tmp_path: Path) -> None:
    path = signed_anew(provinces.send(), provinces.sender, poisoned)
    assert take_in(provinces.receiver, path, RECEIVER).counts.accepted == 1
    on = make_package(provinces.receiver, tmp_path, receiver=THIRD)
    carried = {name for name in entries(on) if name.startswith(("rosters/", "earlier/"))}
    assert {name.split("/")[1].partition(".")[0] for name in carried} == {SENDER}
    assert len(carried) == 3
    assert take_in(third_province(provinces, tmp_path), on, THIRD).counts.accepted == 1


def test_what_others_did_not_sign_is_not_there_for_their_own_repository(
    provinces, tmp_path: Path
) -> None:
    """A roster said to be the receiver's own refuses nothing and is believed in nothing."""
    with office_of(provinces.receiver) as office:
        files = {"rosters/10.csv": b"junk", "rosters/10.jws": b"a.b.c"}
        assert stated_rosters(files, {RECEIVER: office.key.public_key}, SENDER) == {}


def test_of_two_statements_the_newer_is_carried_on(provinces) -> None:
    """A later package with an earlier statement does not take the place of the newer one."""
    first = provinces.send()
    old_at = SENT_AT - timedelta(days=30)
    with office_of(provinces.sender) as office:
        old = stated(SENDER, office.judgement().roster.entries(), office.key, old_at)
    assert take_in(provinces.receiver, first, RECEIVER).counts.accepted == 1
    again = signed_anew(provinces.send(), provinces.sender, lambda _, files: files.update(old))
    assert take_in(provinces.receiver, again, RECEIVER).counts.duplicate == 1
    with office_of(provinces.receiver) as office:
        with office.index.reading() as tx:
            arrivals = tx.transfers.page().rows
        assert len(arrivals) == 2
        for order in (arrivals, arrivals[::-1]):
            carried = dict(making._carried(office, order, ()))
            assert carried[f"rosters/{SENDER}.jws"] == entries(first)[f"rosters/{SENDER}.jws"]


@pytest.mark.parametrize(
    ("letter", "code"),
    # A control character is in no text of a manifest; the others are told by the name.
    [("\u202e", "HB-I096"), ("\x07", "HB-I087"), ("\u200b", "HB-I096")],
)
def test_a_name_that_hides_something_is_refused(provinces, letter, code) -> None:
    name = f"documents/25/{letter}lmx.xml"

    def rename(_, files) -> None:
        document = next(each for each in files if each.startswith("documents/"))
        files[name] = files.pop(document)
        listed = files["manifest.csv"].decode()
        files["manifest.csv"] = listed.replace(document, name).encode()

    path = signed_anew(provinces.send(), provinces.sender, rename)
    with pytest.raises(TransferRefused) as raised:
        take_in(provinces.receiver, path, RECEIVER)
    found = raised.value.finding
    assert found.code == code
    assert letter not in found.message(Language.VI) + found.message(Language.EN)


def test_a_file_that_no_package_has_is_refused(provinces) -> None:
    for name in ("rosters/more/79.csv", "rosters/79.txt", "earlier/79/x", "extra.txt"):
        change = {name: b"x"}
        path = signed_anew(
            provinces.send(), provinces.sender, lambda _, files, c=change: files.update(c)
        )
        with pytest.raises(TransferRefused) as raised:
            take_in(provinces.receiver, path, RECEIVER)
        assert raised.value.finding.code == "HB-I096"
