"""What a known sender may not do with a package that it signs: reach into others' pupils."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.index.rows import NewAuditEvent
from hocba.links import link_pupils, unlink_pupils
from hocba.model.lifecycle import Approval
from hocba.receipts import Receipt
from hocba.sample.pki import revocation_list
from hocba.signed_claims import claimed_claims
from hocba.transfer.errors import TransferRefused
from hocba.transfer.package import read_package
from hocba.transfer.taking_in import Arrival, accept_package
from schemas.findings import Language
from tests.support import signed_home, signed_records, signing_kit
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


def forged(
    provinces: Provinces,
    data: bytes,
    accepted_at: datetime = SENT_AT,
    phienban: int = 1,
    **more: object,
) -> Path:
    """A package for the province of the document, all of it by the partner's hand."""

    def change(claims: Claims, files: Files) -> None:
        claims.update(id="forged", sender=RECEIVER, receiver=SENDER)
        for each in [name for name in files if name.startswith("rosters/")]:
            del files[each]
        [document] = [each for each in files if each.startswith("documents/")]
        [receipt] = [each for each in files if each.startswith("receipts/")]
        said = dict(claimed_claims(files[receipt].decode().strip()))
        promise = Receipt(
            **said
            | {"sha256": sha256(data).hexdigest(), "size": len(data)}
            | {"accepted_at": accepted_at, "phienban": phienban}
        )
        files[document] = data
        files[receipt] = provinces.receiver.receipt_key().issue(promise).encode()
        body = json.loads(files["lifecycle.json"])
        files["lifecycle.json"] = json.dumps(body | more).encode()

    return signed_anew(provinces.send(), provinces.receiver, change)


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


APPROVED: dict[str, object] = {
    "madinhdanhhocba": signed_home.RECORD,
    "masogd": SENDER,
    "number": 1,
    "kind": "correction",
    "reason": "entry-error",
    "text": "x",
    "requested_by": "a",
    "requested_at": SENT_AT.isoformat(),
    "state": "approved",
    "decided_by": "b",
    "decided_at": SENT_AT.isoformat(),
    **dict.fromkeys(["withdrawn_at", "withdrawn_by", "withdrawn_text"]),
    **dict.fromkeys(["phienban", "scan_sha256", "confirmed_by"]),
}


def taken_by_the_owner(provinces: Provinces, path: Path, **changes: Any) -> Arrival:
    with office_of(provinces.sender) as office:
        changed = replace(office, **changes)
        return accept_package(changed, read_package(path), masogd=SENDER, by="Sở A", actor="cli")


def test_a_partner_does_not_change_own_records_without_their_approval(provinces) -> None:
    change = signed_home.version(2, "UPDATE", mark="9.9")
    path = forged(provinces, change, phienban=2)
    with pytest.raises(TransferRefused) as raised:
        taken_by_the_owner(provinces, path, approval=Approval.REQUIRED)
    assert raised.value.finding.code == "HB-I097"
    assert "HB-I052" in raised.value.finding.message(Language.EN)
    # Where nothing is demanded it comes in with the same warning as by any other way.
    arrival = taken_by_the_owner(provinces, path, approval=Approval.RECORDED)
    assert "HB-I053" in [each.code for each in arrival.decisions[0].findings]


def test_a_partner_brings_no_approval_for_own_records(provinces) -> None:
    path = forged(provinces, signed_home.version(), requests=[APPROVED])
    assert taken_by_the_owner(provinces, path).counts.duplicate == 1
    with provinces.sender.open_index() as index, index.reading() as tx:
        assert not tx.requests.of_record(signed_home.RECORD)


@pytest.mark.parametrize(("province", "code"), [(SENDER, None), ("77", "HB-I052")])
def test_in_a_home_of_several_provinces_a_sender_changes_its_own(provinces, province, code):
    """Only the province that a record is of may say that a change of it was approved."""
    accept(provinces, provinces.send())
    signed_home.take_in(provinces.sender, signed_home.version(2, "UPDATE", mark="8.0"))
    with office_of(provinces.receiver) as office:
        several = replace(
            office,
            masogd=None,
            approval=Approval.REQUIRED,
            partners=dict.fromkeys([SENDER, province], provinces.sender.receipt_key().public_key),
        )
        path = signed_anew(
            provinces.send(),
            provinces.sender,
            lambda claims, _: claims.update(sender=province),
        )
        named = {"masogd": RECEIVER, "by": "Sở B", "actor": "cli"}
        if code is None:
            assert accept_package(several, read_package(path), **named).counts.accepted == 1
            return
        with pytest.raises(TransferRefused) as raised:
            accept_package(several, read_package(path), **named)
        assert code in raised.value.finding.message(Language.EN)


LATE = SENT_AT + timedelta(days=365 * 8)


def test_a_partner_s_receipt_proves_nothing_about_own_records(provinces) -> None:
    """The certificates have expired: a signature made today would say that it is old."""
    path = forged(provinces, signed_home.version(2, "UPDATE", mark="9.9"), phienban=2)
    path = signed_anew(
        path,
        provinces.receiver,
        lambda claims, _: claims.update(expires_at=(LATE + timedelta(days=1)).isoformat()),
    )
    with pytest.raises(TransferRefused) as raised:
        taken_by_the_owner(provinces, path, clock=lambda: LATE, approval=Approval.RECORDED)
    assert raised.value.finding.code == "HB-I097"


@pytest.mark.parametrize("of", [SENDER, RECEIVER])
def test_no_receipt_lifts_a_revocation(provinces, of) -> None:
    """As of the receipt the signature would be fine; that it was dated back nobody can tell."""
    certificate = signed_records.signer("CBQL").certificate
    revoked = revocation_list(
        signing_kit.issuer(), SENT_AT, {certificate.serial_number: SENT_AT - timedelta(hours=2)}
    )
    path = (
        provinces.send()
        if of == SENDER
        else forged(
            provinces,
            signed_home.version(2, "UPDATE", mark="9.9"),
            SENT_AT - timedelta(days=20),
            phienban=2,
        )
    )
    receiver = provinces.receiver if of == SENDER else provinces.sender
    (receiver.trust_folder / "crls" / "newest.crl").write_bytes(revoked.public_bytes(Encoding.DER))
    masogd = RECEIVER if of == SENDER else SENDER
    with office_of(receiver) as office, pytest.raises(TransferRefused) as raised:
        accept_package(office, read_package(path), masogd=masogd, by="x", actor="cli")
    assert "HB-S062" in raised.value.finding.message(Language.EN)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2**70},
        {"number": 2**31 - 1},
        {"number": -5},
        {"phienban": 2**31},
        {"phienban": 0},
        {"requested_at": "0001-01-01T00:00:00+14:00"},
        {"decided_at": "9999-12-31T23:59:59-14:00"},
        {"text": "\ud800"},
        {"text": "a\0b"},
        {"text": "x" * 5000},
    ],
)
def test_a_request_that_no_index_can_keep_is_refused(provinces, changes) -> None:
    def change(_: Claims, files: Files) -> None:
        body = json.loads(files["lifecycle.json"]) | {"requests": [APPROVED | changes]}
        files["lifecycle.json"] = json.dumps(body).encode()

    assert refused(provinces, signed_anew(provinces.send(), provinces.sender, change)) == "HB-I096"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "HB-I087"),
        ({"issued_at": "0001-01-01T00:00:00+14:00"}, "HB-I087"),
        ({"reason": "x" * 5000}, "HB-I087"),
    ],
)
def test_a_manifest_that_no_index_can_keep_is_refused(provinces, changes, code) -> None:
    path = signed_anew(provinces.send(), provinces.sender, lambda claims, _: claims.update(changes))
    assert refused(provinces, path) == code


def test_lists_without_bound_are_refused(provinces) -> None:
    def long_cell(_: Claims, files: Files) -> None:
        files["manifest.csv"] += b'"' + b"a" * 140_000 + b'",x\n'

    def many_links(_: Claims, files: Files) -> None:
        body = {"links": [link(PUPIL, VICTIM)] * 1000, "requests": []}
        files["lifecycle.json"] = json.dumps(body).encode()

    for change in (long_cell, many_links):
        path = signed_anew(provinces.send(), provinces.sender, change)
        assert refused(provinces, path) == "HB-I096"
