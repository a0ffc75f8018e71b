"""The home folder of a repository: its configuration, and everything that belongs together.

    hocba.toml                  configuration
    index.sqlite3               the index, unless the configuration names another
    store/                      the store, unless the configuration names another
    trust/, roster.csv          whom the signatures are believed from; may be missing. Once a
                                roster was imported, the index has it, and the file is done with
    keys/receipt-key.pem        what receipts are signed with; its public half beside it
    definitions/                further definitions; may be missing
    revocation/                 copies of fetched CRLs and OCSP responses, where that is on
    partners/                   keys of other repositories, named in hocba.toml; may be missing
    spool/                      uploads that wait to be taken in; the server makes it

Trust: whoever can write here is the operator. Without trust/ or roster.csv nothing is accepted.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from hocba.configuration import FILE_NAME, Configuration, read_configuration
from hocba.errors import HomeError
from hocba.examine import Judgement, examine, judgement
from hocba.index.engine import sqlite_url
from hocba.index.index import Index
from hocba.index.migrate import migrate
from hocba.ingest.chunks import ChunkLimits
from hocba.ingest.pipeline import Ingest, IngestOptions
from hocba.ingest.workers import Examiner, WorkerOptions
from hocba.model.examination import Examination
from hocba.receipts import (
    ReceiptKey,
    create_receipt_key,
    read_public_key,
    read_receipt_key,
)
from hocba.roster.states import roster_in_force
from hocba.transfer.office import Office
from hocba.transfer.package import Partners
from schemas.document import ParserLimits
from schemas.findings import finding, system_code
from schemas.registry import DefinitionRegistry
from signing.certificates.fetching import RevocationFetcher
from signing.certificates.path import RevocationSource
from signing.certificates.trust import TrustStore, read_trust_store
from signing.roster import Roster, read_roster
from signing.rules import ValidationRules
from storage.configuration import open_depot, open_store
from storage.contract import Store
from storage.depot import Depot

DEFINITIONS = "HOCBA_DEFINITIONS"
"""A folder with further definitions; comes before the home's own `definitions/`."""


@dataclass(frozen=True, slots=True)
class Home:
    """A home folder that exists. Nothing in it is opened until it is asked for."""

    path: Path
    configuration: Configuration

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        trust: Path | None,
        roster: Path | None,
        masogd: str | None = None,
        index_url: str | None = None,
        store_url: str | None = None,
    ) -> Self:
        """A new home at *path*, whole or not at all: database, store, keys, configuration.

        *trust* and *roster* are copied into it. Raises `HomeError` where *path* is not empty,
        and what the parts raise that cannot be used (`TrustStoreError`, `RosterError`,
        `StorageError`, `IndexUnavailable`).
        """
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            raise HomeError(finding("HB-I105", found=path))
        try:
            configuration = Configuration(masogd=masogd, index_url=index_url, store_url=store_url)
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        except ValueError as error:
            raise HomeError(finding("HB-I107", file=FILE_NAME, reason=error)) from error
        except OSError as error:
            raise _cannot_make(path, error) from error
        try:
            _fill(cls(draft, configuration), trust, roster)
            # Takes the place of an empty folder, and of nothing else.
            draft.rename(path)
        except OSError as error:
            raise _cannot_make(path, error) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, environment: Mapping[str, str] = os.environ) -> Self:
        """The home at *path*; raises `HomeError` where there is none or it cannot be used."""
        file = path / FILE_NAME
        if not file.is_file():
            raise HomeError(finding("HB-I106", found=path))
        return cls(path, read_configuration(file, environment))

    @property
    def index_url(self) -> str:
        """The URL of the index, for `migrate`."""
        return self.configuration.index_url or sqlite_url(self._own_index)

    @property
    def _own_index(self) -> Path:
        return self.path / "index.sqlite3"

    @property
    def store_url(self) -> str:
        """The URL of the store."""
        return self.configuration.store_url or (self.path.absolute() / "store").as_uri()

    @property
    def trust_folder(self) -> Path:
        """Where the trust store lies, if there is one."""
        return self.path / "trust"

    @property
    def roster_file(self) -> Path:
        """Where the roster lies, if there is one."""
        return self.path / "roster.csv"

    @property
    def keys_folder(self) -> Path:
        """Where the keys lie."""
        return self.path / "keys"

    def open_index(self) -> Index:
        """The index, to be closed; raises `IndexOutdated`, `IndexUnavailable`."""
        return Index.open(self.index_url)

    def open_store(self) -> Store:
        """The store; raises `StoreMisconfigured`."""
        return open_store(self.store_url)

    def open_depot(self) -> Depot:
        """Where batches wait for worker hosts; raises `HomeError` where none is configured."""
        if self.configuration.depot_url is None:
            raise HomeError(finding("HB-I280", found=self.path))
        return open_depot(self.configuration.depot_url, create=True)

    def receipt_key(self) -> ReceiptKey:
        """The key that receipts are signed with; raises `ReceiptKeyError`."""
        return read_receipt_key(self.keys_folder)

    def trust(self) -> TrustStore | None:
        """The trust store, None where the home has none; raises `TrustStoreError`."""
        return read_trust_store(self.trust_folder) if self.trust_folder.exists() else None

    def roster(self) -> Roster | None:
        """The roster as imported, else the one in the file; None where there is neither.

        Raises `RosterError`, `HomeError` for a file that was put there after an import, and what
        opening the index raises.
        """
        bound = self.configuration.bound_certificates
        if self.configuration.index_url is None and not self._own_index.is_file():
            file = self.roster_file
            return read_roster(file, demands_bound=bound) if file.exists() else None
        with self.open_index() as index, index.reading() as tx:
            return roster_in_force(tx, self.roster_file, demands_bound=bound)

    def definitions(self, environment: Mapping[str, str] = os.environ) -> DefinitionRegistry:
        """The definitions that documents are checked against; raises `DefinitionError`."""
        own = self.path / "definitions"
        named = environment.get(DEFINITIONS)
        extra = Path(named) if named else own if own.is_dir() else None
        return DefinitionRegistry.load(extra)

    @property
    def rule_files(self) -> tuple[Path | None, Path | None]:
        """Where the algorithm table and the constraints stand; None for those that ship."""
        named = (self.configuration.algorithms, self.configuration.constraints)
        algorithms, constraints = (None if each is None else self.path / each for each in named)
        return algorithms, constraints

    def rules(self) -> ValidationRules:
        """The algorithm table and the constraints; raises `PolicyError`."""
        return ValidationRules.read(*self.rule_files)

    def judgement(self) -> Judgement:
        """What documents are judged by, as it is now; raises what its parts raise."""
        return judgement(
            self.definitions(),
            self.trust(),
            self.roster(),
            limits=ParserLimits(max_bytes=self.configuration.limits.document_bytes),
            rules=self.rules(),
            source=self._revocation_source(),
        )

    def _revocation_source(self) -> RevocationSource | None:
        """Where missing revocation data comes from, None while fetching is not switched on."""
        policy = self.configuration.fetching
        return None if policy is None else RevocationFetcher(policy, self.path / "revocation")

    def partners(self) -> Partners:
        """The keys of other repositories by province; raises `ReceiptKeyError`."""
        return {
            masogd: read_public_key(self.path / file) for masogd, file in self.configuration.senders
        }

    def transfers(self, index: Index, store: Store) -> Office:
        """What pupils are sent and taken in with; raises `ReceiptKeyError`."""
        return Office(
            index=index,
            store=store,
            key=self.receipt_key(),
            judgement=self.judgement,
            partners=self.partners(),
            masogd=self.configuration.masogd,
            trust_folder=self.trust_folder,
            validity=timedelta(days=self.configuration.transfer_days),
            clock=lambda: datetime.now(UTC),
            approval=self.configuration.approval,
            extracts=self.configuration.extracts,
        )

    def examiner(self) -> "HomeExaminer":
        """What makes the examining function in every worker process."""
        return HomeExaminer(self.path.absolute())

    def ingest(self, index: Index, store: Store) -> Ingest:
        """What takes batches in here, set up as the configuration says."""
        workers, chunk = WorkerOptions(), ChunkLimits()
        if self.configuration.processes is not None:
            workers = replace(workers, processes=self.configuration.processes)
        if self.configuration.chunk is not None:
            chunk = replace(chunk, documents=self.configuration.chunk)
        return Ingest(
            index=index,
            store=store,
            examiner=self.examiner(),
            options=IngestOptions(chunk=chunk, workers=workers, source=self.configuration.limits),
            approval=self.configuration.approval,
            extracts=self.configuration.extracts,
        )


@dataclass(frozen=True, slots=True)
class HomeExaminer:
    """Makes the function that examines as the home *path* says; fit for other processes."""

    path: Path

    def __call__(self) -> Examiner:
        """The examining function, with definitions, trust store and roster loaded."""
        by = Home.open(self.path).judgement()

        def examine_one(data: bytes, file_name: str, at: datetime) -> Examination:
            return examine(data, file_name, by, at)

        return examine_one


def _fill(home: Home, trust: Path | None, roster: Path | None) -> None:
    """Make everything inside; whatever cannot be used is found before anything is promised."""
    if trust is not None:
        read_trust_store(trust)
        shutil.copytree(trust, home.trust_folder)
    if roster is not None:
        read_roster(roster)
        shutil.copyfile(roster, home.roster_file)
    home.keys_folder.mkdir(mode=0o700)
    create_receipt_key(home.keys_folder)
    open_store(home.store_url, create=True).check()
    migrate(home.index_url)
    (home.path / FILE_NAME).write_text(home.configuration.as_toml(), "utf-8")


def _cannot_make(path: Path, error: OSError) -> HomeError:
    return HomeError(finding("HB-I108", found=path, reason=system_code(error)))
