"""Two provinces that send each other pupils: 25 keeps the school of `signed_records`."""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from hocba.home import Home
from hocba.index.index import Index
from hocba.receipts import PUBLIC_KEY_FILE
from hocba.signed_claims import sign_claims
from hocba.transfer.making import Order, make_transfer
from hocba.transfer.manifest import KIND
from hocba.transfer.office import Office
from hocba.transfer.package import MANIFEST_FILE, Package, read_package
from schemas.findings import Language
from signing.roster import RosterEntry, write_roster
from tests.support import signed_home, signed_records

SENDER, RECEIVER = "25", "10"
SENT_AT = signed_records.NOW + timedelta(days=1)


@dataclass(frozen=True)
class Provinces:
    """Both homes, each with the other's public key."""

    sender: Home
    receiver: Home
    folder: Path

    def send(self, at: datetime = SENT_AT, **changes: Any) -> Path:
        """A package for the one pupil, in a file."""
        return make_package(self.sender, self.folder, at, **changes)


def two_provinces(folder: Path) -> Provinces:
    """The homes, the sender's with one version of one record."""
    home = signed_home.make_home(folder, masogd=SENDER)
    trust = folder / "believed"
    other = RosterEntry("1000000001", "CBQL", "010080000011", None, "Khác", None, None)
    roster = folder / "other.csv"
    write_roster(roster, [other])
    receiver = Home.create(folder / "receiver", trust=trust, roster=roster, masogd=RECEIVER)
    for one, its_partner, masogd in ((home, receiver, RECEIVER), (receiver, home, SENDER)):
        know(one, its_partner, masogd)
    return Provinces(Home.open(home.path), Home.open(receiver.path), folder)


def know(home: Home, partner: Home, masogd: str) -> None:
    """Let *home* believe packages of *partner* as the province *masogd*."""
    (home.path / "partners").mkdir(exist_ok=True)
    key = partner.keys_folder / PUBLIC_KEY_FILE
    shutil.copyfile(key, home.path / "partners" / f"{masogd}.pem")
    configuration = home.path / "hocba.toml"
    text = configuration.read_text("utf-8")
    header = "[transfer.senders]\n"
    assert header in text
    line = f'{masogd} = "partners/{masogd}.pem"\n'
    configuration.write_text(text.replace(header, header + line, 1), "utf-8")


@contextmanager
def office_of(home: Home, at: datetime = SENT_AT) -> Iterator[Office]:
    """What the home sends and takes in pupils with, at the time *at*."""
    with home.open_index() as index:
        yield replace(home.transfers(index, home.open_store()), clock=lambda: at)


def make_package(home: Home, folder: Path, at: datetime = SENT_AT, **changes: Any) -> Path:
    """A package by *home*, in a file."""
    values = {
        "mahocsinh": signed_home.PUPIL,
        "sender": None,
        "receiver": RECEIVER,
        "reason": "Chuyển theo gia đình",
    }
    with office_of(home, at) as office:
        order = Order(**{**values, **changes})
        made = make_transfer(office, order, by="Sở A", actor="cli", language=Language.VI)
        data = office.store.get(made.storage_key, made.version_id, made.sha256)
    path = folder / f"{made.id}.zip"
    path.write_bytes(data)
    return path


def entries(path: Path) -> dict[str, bytes]:
    """Every entry of a package."""
    with zipfile.ZipFile(path) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def rewritten(path: Path, files: Mapping[str, bytes]) -> Path:
    """Another package with these entries."""
    changed = path.with_name(f"changed-{path.name}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    changed.write_bytes(buffer.getvalue())
    return changed


def signed_anew(
    path: Path, home: Home, change: Callable[[dict[str, Any], dict[str, bytes]], None]
) -> Path:
    """A package that *home* signed with changed claims and files, digests brought up to date."""
    from hocba.signed_claims import claimed_claims

    files = entries(path)
    claims = dict(claimed_claims(files.pop(MANIFEST_FILE).decode().strip()))
    change(claims, files)
    claims["files"] = [
        {"name": name, "sha256": sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(files.items())
    ]
    token = sign_claims(claims, home.receipt_key().private_key, KIND)
    return rewritten(path, {MANIFEST_FILE: token.encode() + b"\n", **files})


def package_of(path: Path) -> Package:
    """The package, read."""
    return read_package(path)


def everything(index: Index) -> tuple[object, ...]:
    """What an index holds that a refused package may not change."""
    with index.reading() as tx:
        return (
            tx.records.timeline(signed_home.PUPIL),
            tx.links.history(signed_home.PUPIL),
            tx.batches.page(limit=1000).rows,
            tx.transfers.page(limit=1000).rows,
        )
