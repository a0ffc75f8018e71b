"""The manifest: every document with its digest, and which of them the server has already."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice

from hocba.errors import SubmissionRefused
from hocba.examine import claimed_record
from hocba.ingest.decision import claimed_reference
from hocba.ingest.entry import BadEntry, Document, Entry, IgnoredEntry
from hocba.ingest.source import Source
from hocba.submit.connection import Connection
from hocba.submit.state import Line, State
from hocba.submit.watching import Stage, Watcher
from schemas.findings import Finding, Severity, catalogue, finding
from schemas.registry import DefinitionRegistry

PATH = "/v1/manifests"
AT_ONCE = 1000
"""Documents in one question; the server takes no more."""

_READ_AT_ONCE = 100
_READ = "manifest"
_KNOWN = "duplicate"


def read_manifest(
    source: Source, state: State, definitions: DefinitionRegistry, watcher: Watcher
) -> None:
    """Bring the manifest of *source* into *state*, unless it is there already."""
    if state.fact(_READ) is not None:
        return
    state.begin_manifest()
    expected, done = source.expected(), 0
    entries = source.entries()
    while block := list(islice(entries, _READ_AT_ONCE)):
        state.add(list(_lines(block, definitions)))
        done += len(block)
        watcher(Stage.READING, done, expected)
    state.note(**{_READ: "read"})


def forget_manifest(state: State) -> None:
    """Let the next run read the source anew."""
    state.begin_manifest()
    state.forget(_READ)


def compare(connection: Connection, state: State, watcher: Watcher) -> None:
    """Ask the server which documents it has; those need not be sent."""
    question = "outcome IS NULL AND part IS NULL AND record IS NOT NULL"
    total, done = state.count(question), 0
    for page in state.pages(question, AT_ONCE):
        known = held(connection, page)
        state.settle([(each.position, _KNOWN, None, None) for each in page if each.sha256 in known])
        done += len(page)
        watcher(Stage.COMPARING, done, total)


def held(
    connection: Connection, lines: Sequence[Line], *, receipts: bool = False
) -> dict[str, str | None]:
    """The digests among *lines* that the server has, with their receipts where asked for."""
    documents = [
        {"madinhdanhhocba": each.record, "phienban": each.phienban, "sha256": each.sha256}
        for each in lines
    ]
    body = {"documents": documents, "receipts": receipts}
    answer = connection.ask("POST", PATH, json=body)
    try:
        return {str(each["sha256"]): each["receipt"] for each in answer.json()["known"]}
    except (ValueError, KeyError, TypeError):
        raise unintelligible(connection) from None


def unintelligible(connection: Connection) -> SubmissionRefused:
    """The server answers in a way that this program does not know."""
    return SubmissionRefused(finding("HB-I244", server=connection.server))


def trouble_of(line: Line) -> Finding:
    """Why a document cannot be sent."""
    code, parameters = json.loads(line.trouble or '["HB-I015", {"reason": "?"}]')
    return finding(code, **parameters)


def told(raw: dict[str, object]) -> Finding:
    """A finding as a server tells it; one that only the server knows keeps the server's words."""
    code, parameters = str(raw["code"]), raw["parameters"]
    if code not in catalogue() or not isinstance(parameters, dict):
        return finding("HB-I265", own=code, message=raw["message"])
    line = raw["line"]
    return Finding(
        code=code,
        severity=Severity(str(raw["severity"])),
        path=str(raw["path"]),
        line=line if isinstance(line, int) else None,
        parameters=tuple((str(name), str(value)) for name, value in parameters.items()),
    )


def _lines(entries: Sequence[Entry], definitions: DefinitionRegistry) -> Iterator[Line]:
    for entry in entries:
        match entry:
            case Document():
                yield _line(entry, definitions)
            case BadEntry(position, file, reason):
                trouble = json.dumps([reason.code, dict(reason.parameters)])
                yield Line(position, _text(file), "", 0, outcome="unreadable", trouble=trouble)
            case IgnoredEntry():
                pass


def _line(entry: Document, definitions: DefinitionRegistry) -> Line:
    data = entry.data
    digest = sha256(data).hexdigest()
    reference = claimed_reference(claimed_record(data, definitions))
    record, phienban = reference or (None, None)
    return Line(entry.position, _text(entry.file_name), digest, len(data), record, phienban)


def _text(name: str) -> str:
    """*name* as a database can hold it."""
    return name.encode("utf-8", "replace").decode()
