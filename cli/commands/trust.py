"""`hocba trust`: what a trust folder makes everybody believe."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.exit_code import ExitCode
from cli.parameters import At, session_of
from cli.session import Session, Tone
from schemas.vietnam import VIETNAM_TIME

if TYPE_CHECKING:
    from cli.revocation import RevocationData
    from signing.certificates.trust import TrustAnchor, TrustStore

_EXPIRES_SOON = timedelta(days=90)

Folder = Annotated[Path, typer.Argument(metavar="DIR")]


def show_all(context: typer.Context, folder: Folder) -> ExitCode:
    """List the anchors in *folder* with their purposes and periods, and its revocation data."""
    from cli.revocation import revocation_data
    from signing.certificates.trust import read_trust_store

    session = session_of(context)
    store = read_trust_store(folder)
    for anchor in store.anchors:
        if session.json:
            session.emit(_as_json(anchor))
        else:
            _show(anchor, session)
    for each in revocation_data(store):
        if session.json:
            session.emit(each.as_json())
        else:
            _show_revocation(each, session)
    if not session.json:
        session.say("trust.intermediates", count=len(store.intermediates))
    return ExitCode.PASSED


def check(context: typer.Context, folder: Folder, at: At = None) -> ExitCode:
    """Say whether *folder* can be used, and what will soon end."""
    from signing.certificates.trust import read_trust_store

    session = session_of(context)
    store = read_trust_store(folder)
    problems = tuple(_problems(store, at or datetime.now(UTC)))
    failed = any(not only_warns for _, _, only_warns in problems)
    if session.json:
        session.emit(
            {
                "anchors": len(store.anchors),
                "intermediates": len(store.intermediates),
                "crls": len(store.crls),
                "ocsp_responses": len(store.ocsp_responses),
                "digest": store.digest,
                "usable": not failed,
                "problems": [
                    {"code": key.partition(".")[2], "message": session.text(key, **values)}
                    for key, values, _ in problems
                ],
            }
        )
    else:
        for key, values, only_warns in problems:
            tone = Tone.DOUBTFUL if only_warns else Tone.BAD
            session.write(session.paint(session.text(key, **values), tone))
        session.say(
            "trust.checked",
            anchors=len(store.anchors),
            intermediates=len(store.intermediates),
            crls=len(store.crls),
            ocsp_responses=len(store.ocsp_responses),
            problems=len(problems),
        )
        session.say("trust.digest", digest=store.digest)
    return ExitCode.FAILED if failed else ExitCode.PASSED


def _problems(store: "TrustStore", at: datetime) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Text, values, and whether it only warns."""
    for anchor in store.anchors:
        subject = anchor.certificate.subject.rfc4514_string()
        start, end = _period(anchor)
        if at.date() < start:
            yield "trust.not_yet", {"subject": subject, "since": _written(start)}, True
        elif at.date() > end:
            yield "trust.ended", {"subject": subject, "until": _written(end)}, True
        elif at.date() + _EXPIRES_SOON > end:
            yield "trust.ends_soon", {"subject": subject, "until": _written(end)}, True
    yield from _revocation_problems(store, at)
    periods = [_period(anchor) for anchor in store.anchors]
    if not any(start <= at.date() <= end for start, end in periods):
        yield "trust.nothing_now", {"at": _written(at.date())}, False


def _revocation_problems(
    store: "TrustStore", at: datetime
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """What will keep signatures indeterminate: revocation data that is stale or not there."""
    from cli.revocation import authorities, revocation_data

    listed = revocation_data(store)
    for each in listed:
        if each.next_update is not None and each.next_update < at:
            until = _moment(each.next_update)
            yield "trust.stale", {"issuer": each.issuer, "until": until}, True
        elif each.this_update > at:
            since = _moment(each.this_update)
            yield "trust.not_yet_issued", {"issuer": each.issuer, "since": since}, True
    known = {each.issuer for each in listed}
    for name in authorities(store):
        if name not in known:
            yield "trust.no_crl", {"issuer": name}, True


def _period(anchor: "TrustAnchor") -> tuple[date, date]:
    """When the anchor is believed: its certificate's period and the store's own, both."""
    certificate = anchor.certificate
    start = certificate.not_valid_before_utc.date()
    end = certificate.not_valid_after_utc.date()
    return max(start, anchor.valid_from or start), min(end, anchor.valid_until or end)


def _as_json(anchor: "TrustAnchor") -> dict[str, object]:
    start, end = _period(anchor)
    return {
        "subject": anchor.certificate.subject.rfc4514_string(),
        "sha256": anchor.sha256,
        "purpose": sorted(each.value for each in anchor.purposes),
        "valid_from": start.isoformat(),
        "valid_until": end.isoformat(),
        "source": anchor.source,
    }


def _show(anchor: "TrustAnchor", session: Session) -> None:
    start, end = _period(anchor)
    purposes = ", ".join(
        session.text(f"trust.purpose.{each.value}") for each in sorted(anchor.purposes)
    )
    session.write(
        session.paint(anchor.certificate.subject.rfc4514_string(), Tone.STRONG, strong=True)
    )
    session.say(
        "trust.anchor",
        purposes=purposes,
        since=_written(start),
        until=_written(end),
        sha256=anchor.sha256,
        source=anchor.source,
    )
    session.write()


def _show_revocation(data: "RevocationData", session: Session) -> None:
    session.write(session.paint(data.issuer, Tone.STRONG, strong=True))
    session.say(
        f"trust.{data.kind}",
        since=_moment(data.this_update),
        until="?" if data.next_update is None else _moment(data.next_update),
        count=data.count,
        sha256=data.sha256,
    )
    session.write()


def _moment(moment: datetime) -> str:
    return moment.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y %H:%M:%S (UTC+7)")


def _written(day: date) -> str:
    return day.strftime("%d/%m/%Y")
