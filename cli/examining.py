"""Documents from files, folders and archives, examined in the order in which they stand there."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from cli.definitions import load_definitions
from cli.etsi_reports import EtsiReports
from cli.journal import Journal
from cli.result import Result
from hocba.errors import SourceUnreadable
from hocba.examine import check_only, examine, judgement, unreadable
from hocba.ingest.chunks import ChunkLimits, Ignored, chunks
from hocba.ingest.entry import BadEntry, Document, Entry, IgnoredEntry
from hocba.ingest.names import shown_name
from hocba.ingest.source import Source, open_source
from hocba.ingest.workers import Examined, Examiner, WorkerOptions, Workers
from hocba.model.examination import Examination
from schemas.findings import Finding, finding
from signing.certificates.trust import read_trust_store
from signing.roster import read_roster
from signing.rules import ValidationRules

_CHUNK = ChunkLimits(documents=50)
"""Smaller than a batch's: results are shown as they come, and nothing is committed."""


@dataclass(frozen=True, slots=True)
class RuleFiles:
    """Where the algorithm table and the constraints stand; None for those that ship."""

    algorithms: Path | None = None
    constraints: Path | None = None

    def read(self) -> ValidationRules:
        """The rules; raises `PolicyError` for a broken file."""
        return ValidationRules.read(self.algorithms, self.constraints)


@dataclass(frozen=True, slots=True)
class Validation:
    """Makes the function that examines documents whole, in whichever process it is called.

    All documents are validated at the one time *at*, whenever each one's turn comes.
    """

    trust: Path | None
    roster: Path | None
    at: datetime
    rules: RuleFiles = RuleFiles()
    bound_certificates: bool = False

    def __call__(self) -> Examiner:
        """The examining function; raises what a broken folder or file raises."""
        by = judgement(
            load_definitions(),
            None if self.trust is None else read_trust_store(self.trust),
            None
            if self.roster is None
            else read_roster(self.roster, demands_bound=self.bound_certificates),
            rules=self.rules.read(),
        )
        return lambda data, name, _: examine(data, name, by, self.at)


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """Makes the function that checks schema and rules only."""

    at: datetime

    def __call__(self) -> Examiner:
        """The checking function."""
        by = judgement(load_definitions(), None, None)
        return lambda data, name, _: check_only(data, name, by, self.at)


@dataclass(frozen=True, slots=True)
class Examining:
    """One pass over documents: how each is examined, and what is known already."""

    factory: Callable[[], Examiner]
    result_of: Callable[[Examination], Result]
    jobs: int
    at: datetime
    journal: Journal | None = None
    reports: EtsiReports | None = None

    def results(self, sources: Sequence[Source]) -> Iterator[Result]:
        """What came of every document, in order, as a stream."""
        entries: Iterator[Entry] = entries_of(sources)
        if self.journal is not None:
            entries = _with_known(entries, self.journal)
        with Workers(self.factory, WorkerOptions(self.jobs), lambda: self.at) as workers:
            for chunk, examined in workers.examined(chunks(entries, _CHUNK, Ignored())):
                found = iter(examined)
                for entry in chunk.entries:
                    yield self._result(entry, found)

    def _result(self, entry: Document | BadEntry, examined: Iterator[Examined]) -> Result:
        match entry:
            case _KnownEntry():
                return entry.known()
            case BadEntry():
                refused = unreadable(b"", entry.file_name, self.at, entry.finding)
                return self.result_of(refused)
            case Document():
                found = next(examined)
                if isinstance(found, Finding):
                    found = unreadable(entry.data, entry.file_name, self.at, found)
                result = self.result_of(found)
                if self.reports is not None:
                    self.reports.write(entry.data, found)
                if self.journal is not None:
                    self.journal.add(result)
                return result


@dataclass(frozen=True, slots=True)
class _KnownEntry(BadEntry):
    """A document whose result the journal has: for the workers there is nothing to do."""

    known: Callable[[], Result]


def open_all(paths: Iterable[Path]) -> tuple[Source, ...]:
    """Every path as a source; raises `OSError`, `SourceUnreadable` before any work is done."""
    return tuple(open_source(existing(path)) for path in paths)


def existing(path: Path) -> Path:
    """*path* itself; raises `OSError`, which says it better than a source can, for none."""
    path.stat()
    return path


def expected(sources: Sequence[Source]) -> int | None:
    """About how many documents there will be; None where only reading would tell."""
    total = 0
    for source in sources:
        count = source.expected()
        if count is None and source.path.is_dir():
            count = sum(len(files) for _, _, files in os.walk(source.path))
        if count is None:
            return None
        total += count
    return total


def entries_of(sources: Sequence[Source]) -> Iterator[Entry]:
    """The entries of all sources, numbered through, each under a name that leads to it."""
    position = 0
    for source in sources:
        shown = shown_name(os.fspath(source.path))
        is_folder = source.path.is_dir()
        try:
            for entry in source.entries():
                if isinstance(entry, IgnoredEntry):
                    continue
                position += 1
                alone = not is_folder and entry.file_name == source.name
                name = shown if alone else f"{shown}/{entry.file_name}"
                yield replace(entry, position=position, file_name=name)
        except SourceUnreadable as error:
            position += 1
            yield BadEntry(position, shown, error.finding)


def _with_known(entries: Iterable[Entry], journal: Journal) -> Iterator[Entry]:
    for entry in entries:
        digest = sha256(entry.data).hexdigest() if isinstance(entry, Document) else ""
        if digest in journal:
            yield _known(entry, digest, journal)
        else:
            yield entry


def _known(entry: Entry, digest: str, journal: Journal) -> Entry:
    """*entry* as one that the workers leave alone; its finding is never shown."""
    if not isinstance(entry, Document):
        return entry

    def known() -> Result:
        return journal.find(digest).named(entry.file_name)

    return _KnownEntry(entry.position, entry.file_name, finding("HB-I002"), known)
