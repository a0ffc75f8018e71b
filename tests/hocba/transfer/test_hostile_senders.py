"""What a known sender may not do with a package that it signs: reach into others' pupils."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hocba.index.rows import NewAuditEvent
from hocba.links import link_pupils, unlink_pupils
from hocba.transfer.errors import TransferRefused
from hocba.transfer.package import read_package
from hocba.transfer.taking_in import Arrival, accept_package
from tests.support import signed_home
from tests.support.transfers import (
    RECEIVER,
    SENDER,
    SENT_AT,
    Provinces,
    make_package,
    office_of,
    signed_anew,
)

Claims, Files = dict[str, Any], dict[str, bytes]
PUPIL, VICTIM = signed_home.PUPIL, "2500000099"
VICTIMS_RECORD = "00000000-0000-4000-8000-0000000000aa"


def link(old: str, new: str, linked: bool = True) -> dict[str, object]:
    at = SENT_AT.isoformat()
    return {"old": old, "new": new, "linked": linked, "reason": "x", "linked_by": "y", "at": at}


def saying(
    identity: str, links: Sequence[object], pupils: Sequence[str] = (PUPIL,), in_use: str = PUPIL
) -> Callable[[Claims, Files], None]:
    def change(claims: Claims, files: Files) -> None:
        claims.update(id=identity, pupils=list(pupils), mahocsinh=in_use)
        body = json.loads(files["lifecycle.json"])
        files["lifecycle.json"] = json.dumps(body | {"links": links}).encode()

    return change


def accept(provinces: Provinces, path: Path) -> Arrival:
    with office_of(provinces.receiver) as office:
        return accept_package(
            office, read_package(path), masogd=RECEIVER, by="Sở B", actor="token:b"
        )


def refused(provinces: Provinces, path: Path) -> str:
    with pytest.raises(TransferRefused) as raised:
        accept(provinces, path)
    return raised.value.finding.code


def ids(provinces: Provinces, pupil: str) -> tuple[str, ...]:
    with provinces.receiver.open_index() as index, index.reading() as tx:
        return tx.links.ids(pupil)


def linking_events(provinces: Provinces) -> list[NewAuditEvent]:
    with provinces.receiver.open_index() as index, index.reading() as tx:
        found = tx.audit.events(limit=1000).rows
    return [each for each in found if each.action in {"pupil.linked", "pupil.unlinked"}]


@pytest.fixture
def package(provinces: Provinces) -> Path:
    """A package of the one pupil; the victim, another pupil, is known to the receiver."""
    path = provinces.send()
    victim = signed_home.version(madinhdanhhocba=VICTIMS_RECORD, mahocsinh=VICTIM)
    signed_home.take_in(provinces.sender, victim, masogd=SENDER)
    accept(provinces, make_package(provinces.sender, provinces.folder, mahocsinh=VICTIM))
    return path


def test_no_package_joins_pupils_by_naming_the_victim_as_the_one_in_use(provinces, package) -> None:
    for in_use in (VICTIM, PUPIL):
        for pair in ((PUPIL, VICTIM), (VICTIM, PUPIL)):
            change = saying("x", [link(*pair)], sorted([PUPIL, VICTIM]), in_use)
            path = signed_anew(package, provinces.sender, change)
            assert refused(provinces, path) == "HB-I100"
    assert ids(provinces, VICTIM) == (VICTIM,)
    assert not linking_events(provinces)


def test_an_id_without_records_is_not_hung_on_a_victim(provinces, package) -> None:
    """Its records would come with the next package."""
    own = [link(PUPIL, "2500000055"), link("2500000055", VICTIM)]
    change = saying("x", own, sorted([PUPIL, "2500000055", VICTIM]))
    assert refused(provinces, signed_anew(package, provinces.sender, change)) == "HB-I100"
    assert ids(provinces, VICTIM) == (VICTIM,)


def test_no_package_joins_pupils_in_several_steps(provinces, package) -> None:
    undone, joined = link(PUPIL, VICTIM, False), link(PUPIL, VICTIM)
    first = signed_anew(package, provinces.sender, saying("x", [undone]))
    assert refused(provinces, first) == "HB-I094"
    both = sorted([PUPIL, VICTIM])
    second = signed_anew(package, provinces.sender, saying("y", [joined, undone, joined], both))
    assert refused(provinces, second) == "HB-I100"
    assert ids(provinces, VICTIM) == (VICTIM,)


@pytest.mark.parametrize("pair", [(VICTIM, "2500000098"), (PUPIL, VICTIM), ("a b", PUPIL)])
def test_no_package_undoes_links_of_others(provinces, package, pair) -> None:
    with provinces.receiver.open_index() as index, index.transaction() as tx:
        link_pupils(tx, VICTIM, "2500000098", reason="Mã tạm", by="Sở B", at=SENT_AT, actor="cli")
    path = signed_anew(package, provinces.sender, saying("x", [link(*pair, False)]))
    assert refused(provinces, path) == "HB-I094"
    assert ids(provinces, VICTIM) == ("2500000098", VICTIM)
    assert len(linking_events(provinces)) == 1


def test_links_that_come_with_a_package_are_events(provinces, package) -> None:
    both = sorted([PUPIL, "2500000055"])
    change = saying("x", [link(PUPIL, "2500000055")], both, "2500000055")
    accept(provinces, signed_anew(package, provinces.sender, change))
    [event] = linking_events(provinces)
    assert (event.action, event.actor) == ("pupil.linked", "token:b")
    assert dict(event.detail) == {"old": PUPIL, "new": "2500000055"}


def test_a_link_that_was_undone_stays_where_it_was_made(provinces) -> None:
    named = {"reason": "x", "by": "Sở A", "at": SENT_AT, "actor": "cli"}
    with provinces.sender.open_index() as index, index.transaction() as tx:
        link_pupils(tx, PUPIL, "2500000055", **named)
        unlink_pupils(tx, PUPIL, "2500000055", **named)
    assert accept(provinces, provinces.send()).counts.accepted == 1
    assert not linking_events(provinces)
