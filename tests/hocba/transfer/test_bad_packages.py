"""Packages that are not what they should be: each is refused under its own code, nothing stored."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hocba.receipts import Receipt, ReceiptKey
from hocba.signed_claims import claimed_claims, sign_claims
from hocba.transfer.errors import TransferRefused
from hocba.transfer.making import Order, make_transfer
from hocba.transfer.manifest import KIND
from hocba.transfer.package import MANIFEST_FILE, pack, read_package
from hocba.transfer.taking_in import accept_package
from schemas.findings import Language
from storage.errors import StoreUnavailable
from tests.support import signed_home
from tests.support.transfers import (
    RECEIVER,
    SENT_AT,
    Provinces,
    entries,
    everything,
    office_of,
    rewritten,
    signed_anew,
)

Files = dict[str, bytes]


def first(files: Files, folder: str) -> str:
    return next(name for name in sorted(files) if name.startswith(folder))


def refused(provinces: Provinces, path: Path, at=SENT_AT, masogd: str = RECEIVER) -> str:
    """The code; whatever came, nothing is stored and no more is known than before."""
    with office_of(provinces.receiver, at) as office:
        before = everything(office.index)
        with pytest.raises(TransferRefused) as raised:
            accept_package(office, read_package(path), masogd=masogd, by="Sở B", actor="cli")
        assert everything(office.index) == before
        assert not list(office.store.keys())
    found = raised.value.finding
    assert "{" not in found.message(Language.VI) + found.message(Language.EN)
    return found.code


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def drop(folder: str) -> Callable[[Files], None]:
    return lambda files: files.pop(first(files, folder))  # type: ignore[return-value]


def alter(folder: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        name = first(files, folder)
        files[name] = flipped(files[name])

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (alter("documents/"), "HB-I091"),
        (alter("receipts/"), "HB-I091"),
        (alter("rosters/"), "HB-I091"),
        (alter("lifecycle.json"), "HB-I091"),
        (alter("README.txt"), "HB-I091"),
        (drop("documents/"), "HB-I089"),
        (drop("trust/"), "HB-I089"),
        (lambda files: files.update({"documents/extra.xml": b"<x/>"}), "HB-I090"),
        (lambda files: files.update({"__MACOSX/._x": b"x"}), "HB-I090"),
        (lambda files: files.update({"../../etc/passwd": b"x"}), "HB-I082"),
        (lambda files: files.update({"/etc/passwd": b"x"}), "HB-I082"),
        (lambda files: files.update({"a\\b": b"x"}), "HB-I082"),
        (lambda files: files.update({"zeros": bytes(100 * 1024 * 1024)}), "HB-I083"),
        (lambda files: files.pop(MANIFEST_FILE), "HB-I085"),
        (lambda files: files.update({MANIFEST_FILE: b"x.y.z"}), "HB-I086"),
        (lambda files: files.update({MANIFEST_FILE: b"\xff\xfe"}), "HB-I086"),
    ],
)
def test_a_package_that_was_tampered_with_is_refused(provinces, change, code) -> None:
    path = provinces.send()
    files = entries(path)
    change(files)
    assert refused(provinces, rewritten(path, files)) == code


def test_no_bit_of_the_manifest_can_be_changed(provinces) -> None:
    path = provinces.send()
    files = entries(path)
    token = files[MANIFEST_FILE]
    for place in range(0, len(token) - 1, max(1, len(token) // 25)):
        changed = token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :]
        code = refused(provinces, rewritten(path, files | {MANIFEST_FILE: changed}))
        assert code in {"HB-I086", "HB-I087"}


def test_what_is_no_archive_or_a_cut_one_is_refused(provinces, tmp_path: Path) -> None:
    data = provinces.send().read_bytes()
    for number, bad in enumerate((b"", b"PK\x03\x04", data[: len(data) // 2], b"<xml/>")):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(bad)
        assert refused(provinces, path) == "HB-I080"


def test_a_name_twice_is_refused(provinces) -> None:
    path = provinces.send()
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("README.txt", b"x")
    path.write_bytes(buffer.getvalue())
    assert refused(provinces, path) == "HB-I084"


def test_another_signer_is_refused(provinces) -> None:
    path = provinces.send()
    other = ReceiptKey(Ed25519PrivateKey.generate())
    data = entries(path)
    claims = claimed_claims(data.pop(MANIFEST_FILE).decode().strip())
    path.write_bytes(pack(data, sign_claims(claims, other.private_key, KIND)))
    assert refused(provinces, path) == "HB-I086"


def test_a_token_of_another_kind_is_no_manifest(provinces) -> None:
    path = provinces.send()
    files = entries(path)
    receipt = files[first(files, "receipts/")]
    assert refused(provinces, rewritten(path, files | {MANIFEST_FILE: receipt})) == "HB-I087"


def test_an_expired_one_and_one_for_others_are_refused(provinces) -> None:
    assert refused(provinces, provinces.send(days=2), SENT_AT + timedelta(days=3)) == "HB-I092"
    assert refused(provinces, provinces.send(receiver="77")) == "HB-I093"
    assert refused(provinces, provinces.send(), masogd="77") == "HB-I093"


Claims = dict[str, Any]


def in_lifecycle(change: Callable[[Any], None]) -> Callable[[Claims, Files], None]:
    def made(_: Claims, files: Files) -> None:
        body = json.loads(files["lifecycle.json"])
        change(body)
        files["lifecycle.json"] = json.dumps(body).encode()

    return made


def link(old: str, new: str) -> dict[str, object]:
    at = SENT_AT.isoformat()
    return {"old": old, "new": new, "linked": True, "reason": "x", "linked_by": "y", "at": at}


def name_other_pupil(claims: Claims, _: Files) -> None:
    claims.update(mahocsinh="2500000077", pupils=["2500000077"])


def unlisted_document(_: Claims, files: Files) -> None:
    files["documents/25/more.xml"] = b"<x/>"


def broken_list(_: Claims, files: Files) -> None:
    files["manifest.csv"] = files["manifest.csv"].replace(b"documents/", b"dokuments/")


def other_bytes(_: Claims, files: Files) -> None:
    files[first(files, "documents/")] = signed_home.version(mark="9.0")


def no_manifest_rows(_: Claims, files: Files) -> None:
    files["manifest.csv"] = files["manifest.csv"].splitlines()[0] + b"\n"
    files.pop(first(files, "documents/"))


def other_roster(_: Claims, files: Files) -> None:
    files["rosters/25.csv"] += b"2500001001,CBQL,025175000099,,X,,\n"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (name_other_pupil, "HB-I094"),
        (lambda claims, _: claims["pupils"].append("2500000077"), "HB-I094"),
        (in_lifecycle(lambda b: b["links"].append(link("2500000012", "2500000077"))), "HB-I094"),
        (in_lifecycle(lambda b: b["links"].append(link("1", "2"))), "HB-I094"),
        (in_lifecycle(lambda b: b.pop("links")), "HB-I096"),
        (in_lifecycle(lambda b: b["requests"].append({"number": "1"})), "HB-I096"),
        (lambda _, files: files.update({"lifecycle.json": b"[" * 100_000}), "HB-I096"),
        (lambda _, files: files.update({"lifecycle.json": b"[]"}), "HB-I096"),
        (unlisted_document, "HB-I096"),
        (broken_list, "HB-I096"),
        (other_bytes, "HB-I095"),
        (no_manifest_rows, "HB-I112"),
        (other_roster, "HB-I096"),
        (lambda _, files: files.pop("rosters/25.csv"), "HB-I097"),
        (lambda claims, _: claims.update(sender="10"), "HB-I088"),
        (lambda claims, _: claims.update(expires_at="2026-01-01"), "HB-I087"),
        (lambda claims, _: claims.update(id="../x"), "HB-I087"),
        (lambda claims, _: claims.update(more=1), "HB-I087"),
        (lambda claims, _: claims.pop("pupils"), "HB-I087"),
    ],
)
def test_what_a_known_sender_signs_is_not_believed_blindly(provinces, change, code) -> None:
    path = signed_anew(provinces.send(), provinces.sender, change)
    assert refused(provinces, path) == code


def test_a_document_that_is_spoiled_refuses_the_whole(provinces) -> None:
    """A sender that signs a receipt for altered bytes convinces nobody: signatures decide."""

    def spoil(_: Claims, files: Files) -> None:
        name = first(files, "documents/")
        data = files[name].replace(b"7.5", b"9.5", 1)
        assert data != files[name]
        with office_of(provinces.sender) as office, office.index.reading() as tx:
            [version] = tx.records.versions(signed_home.RECORD)
        false = replace(version, sha256=sha256(data).hexdigest(), size=len(data))
        token = provinces.sender.receipt_key().issue(Receipt.of(false))
        files[name] = data
        files[first(files, "receipts/")] = token.encode()

    path = signed_anew(provinces.send(), provinces.sender, spoil)
    assert refused(provinces, path) == "HB-I097"


def test_no_package_joins_two_pupils_who_are_known(provinces) -> None:
    other = signed_home.version(
        mahocsinh="2500000077", madinhdanhhocba="00000000-0000-4000-8000-000000000077"
    )
    assert signed_home.take_in(provinces.sender, other)[0].counts.accepted == 1
    with office_of(provinces.receiver) as office:
        sent = provinces.send(mahocsinh="2500000077")
        accept_package(office, read_package(sent), masogd=RECEIVER, by="B", actor="cli")
        before = everything(office.index)

        def join(claims: Claims, files: Files) -> None:
            claims["pupils"] = ["2500000012", "2500000077"]
            body = json.loads(files["lifecycle.json"])
            body["links"].append(link("2500000077", "2500000012"))
            files["lifecycle.json"] = json.dumps(body).encode()

        path = signed_anew(provinces.send(), provinces.sender, join)
        with pytest.raises(TransferRefused) as raised:
            accept_package(office, read_package(path), masogd=RECEIVER, by="B", actor="cli")
        assert raised.value.finding.code == "HB-I100"
        assert everything(office.index) == before


def test_a_refusal_is_an_event_without_personal_data(provinces) -> None:
    refused(provinces, provinces.send(receiver="77"))
    with office_of(provinces.receiver) as office, office.index.reading() as tx:
        [event] = tx.audit.events().rows
    assert event.action == "transfer.in.refused"
    assert {name for name, _ in event.detail} == {"code", "transfer", "sender"}


def test_a_store_that_fails_leaves_nothing_and_a_second_try_succeeds(provinces) -> None:
    class Failing:
        def __getattr__(self, name: str) -> Any:
            raise StoreUnavailable("no room")

    path = provinces.send()
    with office_of(provinces.receiver) as office:
        before = everything(office.index)
        broken = replace(office, store=Failing())
        with pytest.raises(StoreUnavailable):
            accept_package(broken, read_package(path), masogd=RECEIVER, by="B", actor="cli")
        assert everything(office.index) == before
        taken = accept_package(office, read_package(path), masogd=RECEIVER, by="B", actor="cli")
    assert taken.counts.accepted == 1


def test_what_is_sent_is_noted_with_its_bytes_in_the_store(provinces) -> None:
    with office_of(provinces.sender) as office:
        order = Order(mahocsinh=signed_home.PUPIL, sender=None, receiver=RECEIVER, reason="x")
        made = make_transfer(office, order, by="Sở A", actor="cli", language=Language.VI)
        assert office.store.get(made.storage_key, made.version_id, made.sha256)
