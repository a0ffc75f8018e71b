"""Who could sign for other provinces' schools, as accepted packages stated it, for an export.

A repository that took a pupil in has the documents, and in the package the mandates that the
sending province signed. Without those nobody can judge the documents elsewhere.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hocba.home import Home
from hocba.index.index import Index
from hocba.index.rows import Version
from hocba.index.transfer_rows import Transfer, TransferDirection
from hocba.signed_claims import claimed_key_id
from hocba.transfer.errors import TransferRefused
from hocba.transfer.package import Package, Partners, claimed_sender, unpack
from hocba.transfer.rosters import FOLDER, StatedRoster, stated_rosters
from signing.roster import RosterEntry, read_roster, write_roster
from storage.contract import Store


@dataclass(frozen=True, slots=True)
class _Statement:
    said: StatedRoster
    csv: bytes
    token: bytes


class Statements:
    """Gathers what accepted packages state of the schools of exported versions."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home = home
        self._store = store
        self._schools: dict[str, set[str]] = {}
        self._arrivals: dict[str, Transfer] = {}

    def add(self, index: Index, versions: Iterable[Version]) -> None:
        """*versions* are exported; the packages that they came in with may speak of them."""
        versions = tuple(versions)
        for each in versions:
            self._schools.setdefault(each.masogd, set()).add(_school(each))
        with index.reading() as tx:
            found = tx.transfers.of_batches({each.batch for each in versions})
        self._arrivals |= {e.id: e for e in found if e.direction is TransferDirection.IN}

    def write(self, folder: Path, roster: Path) -> None:
        """Write the statements into *folder*, and their mandates behind those in *roster*.

        Of the stated mandates only those of exported schools of the stating province count, and
        only where the own roster knows nothing of the school: as when a package is taken in.
        """
        own = read_roster(roster).entries() if roster.exists() else ()
        known = {each.school for each in own}
        others: list[RosterEntry] = []
        written: dict[bytes, None] = {}
        for each in self._statements():
            wanted = self._schools.get(each.said.masogd, set()) - known
            mandates = [e for e in each.said.roster.entries() if e.school in wanted]
            if mandates and each.csv not in written:
                written[each.csv] = None
                others += mandates
                _put(folder, each)
        if others:
            write_roster(roster, dict.fromkeys((*own, *others)))

    def _statements(self) -> Iterator[_Statement]:
        arrivals = sorted(self._arrivals.values(), key=lambda e: (e.noted_at, e.id), reverse=True)
        for each in arrivals:
            data = self._store.get(each.storage_key, each.version_id, each.sha256)
            package = unpack(data)
            yield from _stated_in(package, self._keys(package, each))

    def _keys(self, package: Package, arrival: Transfer) -> Partners:
        """The keys that the package was believed by, as they are configured now."""
        own = self._home.receipt_key()
        keys = {arrival.receiver: own.public_key, **self._home.partners()}
        if claimed_key_id(package.token) == own.key_id:
            keys[claimed_sender(package.token)] = own.public_key
        return keys


def _stated_in(package: Package, keys: Partners) -> Iterator[_Statement]:
    for masogd, key in keys.items():
        try:
            found = stated_rosters(package.files, {masogd: key})
        except TransferRefused:
            # Proved when it came in, by a key that is no longer believed: nobody vouches for it.
            continue
        for said in found.values():
            names = (f"{FOLDER}/{masogd}.csv", f"{FOLDER}/{masogd}.jws")
            yield _Statement(said, *(package.files[name] for name in names))


def _put(folder: Path, statement: _Statement) -> None:
    """The newest statement of a province has its plain name, older ones a number."""
    (folder / FOLDER).mkdir(exist_ok=True)
    name, number = statement.said.masogd, 1
    while (folder / FOLDER / f"{name}.csv").exists():
        number += 1
        name = f"{statement.said.masogd}-{number}"
    (folder / FOLDER / f"{name}.csv").write_bytes(statement.csv)
    (folder / FOLDER / f"{name}.jws").write_bytes(statement.token)


def _school(version: Version) -> str:
    # As in `model.record`: the province, the year, the school.
    return version.storage_key.split("/")[3]
