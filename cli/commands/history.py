"""`hocba history`: one pupil's timeline."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from cli.commands.request import show_requests
from cli.exit_code import ExitCode
from cli.parameters import Home, session_of
from cli.session import Session, visible

if TYPE_CHECKING:
    from hocba.changes import VersionChanges
    from hocba.home import Home as OpenHome
    from hocba.index.rows import PupilLink, RecordHistory, Request, Timeline, Version
    from hocba.issues import Issue

Pupil = Annotated[str, typer.Argument(metavar="MAHOCSINH")]
Changes = Annotated[bool, typer.Option("--changes")]
Issues = Annotated[bool, typer.Option("--issues")]
ByVersion: TypeAlias = Mapping[tuple[str, int], "VersionChanges"]

_NONE: ByVersion = MappingProxyType({})


def history(
    context: typer.Context,
    mahocsinh: Pupil,
    home: Home,
    *,
    changes: Changes = False,
    issues: Issues = False,
) -> ExitCode:
    """Show all records of the pupil *mahocsinh*, with *changes* what each version changed.

    With *issues* also every time that a document was given out.
    """
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent
    from hocba.issues import all_issues

    session = session_of(context)
    opened = homes.Home.open(home)
    with opened.open_index() as index, index.transaction() as tx:
        timeline = tx.records.timeline(mahocsinh)
        links = tx.links.history(mahocsinh)
        requests = {
            each.record.madinhdanhhocba: tx.requests.of_record(each.record.madinhdanhhocba)
            for each in timeline.records
        }
        records = [each.record.madinhdanhhocba for each in timeline.records] if issues else []
        given = [(each, all_issues(tx, each)) for each in records]
        # Every access to a record is noted, the operator's as well.
        tx.audit.extend(
            NewAuditEvent(
                at=datetime.now(UTC),
                actor="cli",
                action="timeline.changes.read" if changes else "timeline.read",
                madinhdanhhocba=each.record.madinhdanhhocba,
                masogd=each.record.masogd,
            )
            for each in timeline.records
        )
    changed = _changes(timeline, opened) if changes else {}
    if session.json:
        body = _as_json(timeline, changed, session)
        if issues:
            body["issues"] = [each.as_json() for _, found in given for each in found]
        session.emit(body)
    else:
        show_timeline(timeline, session, changed)
        _show_requests(timeline, requests, session)
        _show_links(links, session)
        _show_issues(given if issues else None, session)
    return ExitCode.PASSED if timeline.records else ExitCode.FAILED


def show_timeline(timeline: "Timeline", session: Session, changed: ByVersion = _NONE) -> None:
    """Write a timeline as a table, one line for each record; then the versions of each."""
    if not timeline.records:
        session.say("history.unknown", mahocsinh=timeline.mahocsinh)
        return
    newest = timeline.records[-1].record
    session.say("history.pupil", name=visible(newest.hovaten), mahocsinh=timeline.mahocsinh)
    headings = ("year", "grade", "class", "school", "result", "version", "status")
    rows = [[session.text(f"history.heading.{each}") for each in headings]]
    rows += [_row(each, session) for each in timeline.records]
    session.table(rows, indent=2)
    for each in timeline.records:
        if len(each.versions) > 1:
            session.write()
            session.say("history.versions", namhoc=each.record.namhoc)
            for version in each.versions:
                session.say(
                    "history.version",
                    phienban=version.phienban,
                    event=session.text(f"history.event.{version.event.value}"),
                    accepted_at=session.moment(version.accepted_at),
                    sha256=version.sha256[:16],
                )
                _show_changes(changed.get((version.madinhdanhhocba, version.phienban)), session)


def _show_requests(
    timeline: "Timeline", requests: "Mapping[str, tuple[Request, ...]]", session: Session
) -> None:
    for each in timeline.records:
        if found := requests[each.record.madinhdanhhocba]:
            session.write()
            session.say("history.requests", namhoc=each.record.namhoc)
            show_requests(found, session)


def _show_issues(given: "list[tuple[str, tuple[Issue, ...]]] | None", session: Session) -> None:
    if given is None:
        return
    session.write()
    session.say("history.issues", count=sum(len(found) for _, found in given))
    for _, found in given:
        for each in found:
            session.say(
                "history.issue",
                at=session.moment(each.at),
                actor=visible(each.actor),
                action=session.text(f"history.issued.{each.action.replace('.', '_')}"),
                record=each.madinhdanhhocba,
                phienban=each.phienban or "–",
            )


def _show_links(links: "tuple[PupilLink, ...]", session: Session) -> None:
    if links:
        session.write()
    for each in links:
        session.say(
            "history.link" if each.linked else "history.unlink",
            old=each.old,
            new=each.new,
            at=session.moment(each.at),
            by=visible(each.linked_by),
            reason=visible(each.reason),
        )


def _changes(timeline: "Timeline", home: "OpenHome") -> ByVersion:
    """What every version but each record's first changes; raises `StorageError`."""
    from hocba.changes import changes_between

    pairs = [pair for each in timeline.records for pair in itertools.pairwise(each.versions)]
    if not pairs:
        return {}
    store, judgement = home.open_store(), home.judgement()
    found = (changes_between(before, after, store, judgement) for before, after in pairs)
    return {(each.after.madinhdanhhocba, each.after.phienban): each for each in found}


def _show_changes(changes: "VersionChanges | None", session: Session) -> None:
    if changes is None:
        return
    if not changes.compared:
        session.say("history.not_compared")
    elif not changes.changes:
        session.say("history.no_change")
    for change, signers in changes.lines(session.language):
        key = "history.change_signed" if signers else "history.change"
        session.say(key, change=visible(change), signers=visible(signers))


def _as_json(timeline: "Timeline", changed: ByVersion, session: Session) -> dict[str, object]:
    """The timeline; each version that was compared has `changes` besides."""
    body = timeline.as_json()
    if changed:
        body["records"] = [
            each.as_json()
            | {
                "versions": [
                    version.as_json() | _changes_as_json(changed, version, session)
                    for version in each.versions
                ]
            }
            for each in timeline.records
        ]
    return body


def _changes_as_json(changed: ByVersion, version: "Version", session: Session) -> dict[str, object]:
    found = changed.get((version.madinhdanhhocba, version.phienban))
    if found is None:
        return {}
    body = found.as_json(session.language)
    return {"compared": body["compared"], "changes": body["changes"]}


def _row(history_of: "RecordHistory", session: Session) -> list[str]:
    record = history_of.record
    return [
        record.namhoc,
        record.makhoi.lstrip("0"),
        record.tenlop,
        record.tentruong,
        record.ketqua or "–",
        str(record.phienban),
        session.text(f"history.status.{record.status.value}"),
    ]
