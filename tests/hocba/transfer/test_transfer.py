"""A pupil moves from one province to another: the package, what it proves, what comes of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from hocba.index.rows import NewAuditEvent, RequestDecision
from hocba.index.transfer_rows import TransferDirection, TransferState
from hocba.links import link_pupils
from hocba.model.lifecycle import Reason, Step
from hocba.requests import decide_request, open_request
from hocba.transfer.acknowledgement import file_acknowledgement
from hocba.transfer.errors import TransferRefused
from hocba.transfer.taking_in import Arrival, accept_package, decline_package
from schemas.findings import Language
from tests.support import signed_home, signed_records
from tests.support.transfers import (
    RECEIVER,
    SENDER,
    SENT_AT,
    Provinces,
    entries,
    everything,
    know,
    make_package,
    office_of,
    package_of,
)

RECORD, PUPIL = signed_home.RECORD, signed_home.PUPIL


def accept(provinces: Provinces, path: Path, at=SENT_AT, masogd=RECEIVER) -> Arrival:
    with office_of(provinces.receiver, at) as office:
        return accept_package(office, package_of(path), masogd=masogd, by="Sở B", actor="cli")


def refusal(act, *arguments, **named) -> str:
    with pytest.raises(TransferRefused) as raised:
        act(*arguments, **named)
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    return found.code


def trail(home) -> list[NewAuditEvent]:
    with home.open_index() as index, index.reading() as tx:
        return list(tx.audit.events(limit=1000).rows)


def versions(home) -> list[tuple[int, str]]:
    with home.open_index() as index, index.reading() as tx:
        return [(each.phienban, each.sha256) for each in tx.records.versions(RECORD)]


def test_a_package_has_everything_of_the_pupil_and_nothing_of_others(provinces) -> None:
    files = entries(provinces.send())
    names = {name.partition("/")[0] for name in files}
    assert names == {
        *("transfer.jws", "documents", "receipts", "rosters", "trust"),
        *("lifecycle.json", "manifest.csv", "receipt-key.pub.pem", "README.txt"),
    }
    [document] = [data for name, data in files.items() if name.startswith("documents/")]
    assert document == signed_home.version()
    # Of the roster only those who signed.
    signers = {*signed_records.PEOPLE.values(), signed_records.TAX_CODE}
    lines = files[f"rosters/{SENDER}.csv"].decode().splitlines()[1:]
    assert {line.split(",")[2] or line.split(",")[3] for line in lines} <= signers


def test_the_receiver_takes_the_same_bytes_in_and_says_why_it_believes_them(provinces) -> None:
    arrival = accept(provinces, provinces.send())
    assert (arrival.counts.accepted, arrival.counts.duplicate) == (1, 0)
    assert versions(provinces.receiver) == versions(provinces.sender)
    # The receiver's roster does not know the school: the sending province states who could sign.
    assert [each.code for each in arrival.decisions[0].findings] == ["HB-I099"]
    with provinces.receiver.open_index() as index, index.reading() as tx:
        [version] = tx.records.versions(RECORD)
        assert tx.batches.find(version.batch).state == "done"
    store = provinces.receiver.open_store()
    data = store.get(version.storage_key, version.version_id, version.sha256)
    assert data == signed_home.version()


def test_every_version_comes_in_order_with_its_requests(provinces) -> None:
    with provinces.sender.open_index() as index, index.transaction() as tx:
        named = {"at": signed_records.NOW, "actor": "cli"}
        reason = {"reason": Reason.ENTRY_ERROR, "text": "Nhập nhầm"}
        open_request(tx, RECORD, Step.CORRECTION, **reason, by="Trường", **named)
        decide_request(tx, RECORD, 1, RequestDecision.APPROVED, by="Sở", **named)
        open_request(tx, RECORD, Step.RECALL, **reason, by="Trường", **named)
    update = signed_home.version(2, "UPDATE", mark="8.0")
    batch, _ = signed_home.take_in(provinces.sender, update, masogd=SENDER)
    assert batch.counts.accepted == 1
    arrival = accept(provinces, provinces.send())
    assert [each.step for each in arrival.decisions] == [Step.ISSUE, Step.CORRECTION]
    assert versions(provinces.receiver) == versions(provinces.sender)
    with provinces.receiver.open_index() as index, index.reading() as tx:
        requests = tx.requests.of_record(RECORD)
    # One that is open is decided where it was asked for.
    assert [(each.state, each.phienban, each.text) for each in requests] == [
        ("fulfilled", 2, "Nhập nhầm")
    ]


def test_run_again_nothing_is_doubled(provinces) -> None:
    path = provinces.send()
    first = accept(provinces, path)
    with provinces.receiver.open_index() as index:
        before = everything(index)
    again = accept(provinces, path, at=SENT_AT + timedelta(days=400))
    assert again.transfer.acknowledgement == first.transfer.acknowledgement
    assert (again.counts.accepted, again.counts.duplicate) == (0, 1)
    with provinces.receiver.open_index() as index:
        assert everything(index) == before


def test_a_second_package_brings_only_what_is_new(provinces) -> None:
    accept(provinces, provinces.send())
    signed_home.take_in(provinces.sender, signed_home.version(2, "UPDATE", mark="8.0"))
    arrival = accept(provinces, provinces.send())
    assert (arrival.counts.accepted, arrival.counts.duplicate) == (1, 1)
    assert len(versions(provinces.receiver)) == 2


def test_other_bytes_under_a_known_number_refuse_the_whole(provinces, tmp_path) -> None:
    accept(provinces, make_other_record(provinces, tmp_path, signed_home.version(mark="9.0")))
    signed_home.take_in(provinces.sender, signed_home.version(2, "UPDATE", mark="8.0"))
    with provinces.receiver.open_index() as index:
        before = everything(index)
        assert refusal(accept, provinces, provinces.send()) == "HB-I097"
        assert everything(index) == before


def make_other_record(provinces: Provinces, folder: Path, data: bytes) -> Path:
    """A package by a second repository of the sending province, with another version 1."""
    (folder / "elsewhere").mkdir()
    home = signed_home.make_home(folder / "elsewhere", masogd=SENDER)
    for name in ("receipt-key.pem", "receipt-key.pub.pem"):
        (home.keys_folder / name).write_bytes((provinces.sender.keys_folder / name).read_bytes())
    signed_home.take_in(home, data, masogd=SENDER)
    return make_package(home, folder)


def test_certificates_that_have_ended_are_believed_as_of_the_sender_s_receipt(provinces) -> None:
    late = SENT_AT + timedelta(days=365 * 8)
    arrival = accept(provinces, provinces.send(late), at=late)
    assert arrival.counts.accepted == 1
    assert [each.code for each in arrival.decisions[0].findings] == ["HB-I098", "HB-I099"]


def test_linked_ids_come_along_and_make_one_timeline(provinces) -> None:
    with provinces.sender.open_index() as index, index.transaction() as tx:
        named = {"reason": "Mã tạm", "by": "Sở A", "at": signed_records.NOW, "actor": "cli"}
        link_pupils(tx, PUPIL, "2500000099", **named)
    arrival = accept(provinces, provinces.send(mahocsinh="2500000099"))
    assert arrival.transfer.mahocsinh == "2500000099"
    with provinces.receiver.open_index() as index, index.reading() as tx:
        assert len(tx.records.timeline("2500000099").records) == 1
        assert [each.reason for each in tx.links.history(PUPIL)] == ["Mã tạm"]


def test_both_sides_keep_the_transfer_and_the_answer_closes_it(provinces) -> None:
    path = provinces.send(matruong="1000000001", decision="12/QĐ-SGDĐT")
    token = accept(provinces, path).transfer.acknowledgement
    with office_of(provinces.sender) as office:
        with office.index.reading() as tx:
            [sent] = tx.transfers.page().rows
        assert (sent.direction, sent.state) == (TransferDirection.OUT, TransferState.MADE)
        assert (sent.decision, sent.matruong, sent.documents) == ("12/QĐ-SGDĐT", "1000000001", 1)
        for _ in range(2):
            with office.index.transaction() as tx:
                filed = file_acknowledgement(
                    tx,
                    sent.id,
                    token,
                    office.partners,
                    own=office.key.public_key,
                    at=SENT_AT,
                    actor="cli",
                )
            assert filed.state is TransferState.ACCEPTED
    assert filed.decided_by == RECEIVER
    actions = [each.action for each in trail(provinces.sender)]
    assert actions.count("transfer.made") == 1
    assert actions.count("version.transferred") == 1
    assert actions.count("transfer.out.accepted") == 1
    received = [each.action for each in trail(provinces.receiver)]
    assert received == ["version.accepted", "transfer.in.accepted"]


def test_a_declined_package_leaves_nothing_but_the_answer(provinces) -> None:
    path = provinces.send()
    with office_of(provinces.receiver) as office:
        named = {"masogd": RECEIVER, "note": "Nhầm nơi nhận", "by": "Sở B", "actor": "cli"}
        declined = decline_package(office, package_of(path), **named)
        assert declined.state is TransferState.DECLINED
        assert refusal(decline_package, office, package_of(path), **named) == "HB-I114"
    assert refusal(accept, provinces, path) == "HB-I114"
    assert versions(provinces.receiver) == []
    assert not list(provinces.receiver.open_store().keys())
    with office_of(provinces.sender) as office, office.index.transaction() as tx:
        filed = file_acknowledgement(
            tx,
            declined.id,
            declined.acknowledgement,
            office.partners,
            own=office.key.public_key,
            at=SENT_AT,
            actor="cli",
        )
    assert (filed.state, filed.note) == (TransferState.DECLINED, "Nhầm nơi nhận")


def test_nobody_else_can_answer(provinces) -> None:
    token = accept(provinces, provinces.send()).transfer.acknowledgement
    provinces.send()
    with office_of(provinces.sender) as office, office.index.reading() as tx:
        second, first = (
            tx.transfers.page().rows
            if False
            else sorted(
                tx.transfers.page().rows, key=lambda each: each.id == accepted_id(provinces)
            )
        )
    with office_of(provinces.sender) as office:
        own = office.key.public_key

        def filing(identity: str, answer: str, partners=office.partners) -> None:
            with office.index.transaction() as tx:
                file_acknowledgement(
                    tx, identity, answer, partners, own=own, at=SENT_AT, actor="cli"
                )

        assert refusal(filing, second.id, token) == "HB-I115"
        assert refusal(filing, first.id, token, {}) == "HB-I115"
        assert refusal(filing, first.id, token[:-3] + "AAA") == "HB-I115"
        assert refusal(filing, "khong-co", token) == "HB-I113"


def accepted_id(provinces: Provinces) -> str:
    with provinces.receiver.open_index() as index, index.reading() as tx:
        return tx.transfers.page().rows[0].id


def test_what_waits_too_long_has_expired(provinces) -> None:
    provinces.send(days=3)
    with office_of(provinces.sender) as office, office.index.reading() as tx:
        [sent] = tx.transfers.page().rows
    assert sent.state_at(SENT_AT + timedelta(days=2)) is TransferState.MADE
    assert sent.state_at(SENT_AT + timedelta(days=4)) is TransferState.EXPIRED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"receiver": SENDER}, "HB-I116"),
        ({"receiver": "../x"}, "HB-I116"),
        ({"sender": "77"}, "HB-I116"),
        ({"matruong": "a b"}, "HB-I116"),
        ({"days": 0}, "HB-I116"),
        ({"mahocsinh": "khong-co"}, "HB-I112"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(provinces, changes, code) -> None:
    assert refusal(provinces.send, **changes) == code


def test_a_pupil_moves_on_with_what_each_province_stated(provinces, tmp_path: Path) -> None:
    """25 → 10 → 01: the third province believes the first one's roster by the first one's key."""
    accept(provinces, provinces.send())
    third = signed_home.Home.create(
        tmp_path / "third", trust=tmp_path / "believed", roster=tmp_path / "other.csv", masogd="01"
    )
    know(third, provinces.receiver, RECEIVER)
    path = make_package(provinces.receiver, tmp_path, receiver="01")
    assert f"rosters/{SENDER}.csv" in entries(path)
    with office_of(signed_home.Home.open(third.path)) as office:
        # Without the first province's key nobody says who could sign.
        code = refusal(
            accept_package, office, package_of(path), masogd="01", by="Sở C", actor="cli"
        )
        assert code == "HB-I097"
    know(third, provinces.sender, SENDER)
    with office_of(signed_home.Home.open(third.path)) as office:
        arrival = accept_package(office, package_of(path), masogd="01", by="Sở C", actor="cli")
    assert arrival.counts.accepted == 1


def test_a_pupil_comes_back_to_what_is_known(provinces, tmp_path: Path) -> None:
    accept(provinces, provinces.send())
    path = make_package(provinces.receiver, tmp_path, receiver=SENDER)
    with office_of(provinces.sender) as office:
        arrival = accept_package(office, package_of(path), masogd=SENDER, by="Sở A", actor="cli")
    assert (arrival.counts.accepted, arrival.counts.duplicate) == (0, 1)


def test_two_provinces_of_one_repository_send_each_other_pupils(tmp_path: Path) -> None:
    home = signed_home.make_home(tmp_path)
    signed_home.take_in(home, signed_home.version())
    path = make_package(home, tmp_path, sender=SENDER)
    with office_of(home) as office:
        arrival = accept_package(office, package_of(path), masogd=RECEIVER, by="B", actor="cli")
        assert (arrival.counts.accepted, arrival.counts.duplicate) == (0, 1)
        with office.index.reading() as tx:
            assert tx.transfers.came_in(RECORD, RECEIVER)
            assert not tx.transfers.came_in(RECORD, "77")
