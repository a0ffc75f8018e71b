"""`hocba trust`: what a trust folder makes everybody believe."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from cli.exit_code import ExitCode
from cli.parameters import At, session_of
from cli.session import Session, Tone
from schemas.vietnam import VIETNAM_TIME

if TYPE_CHECKING:
    from cli.revocation import RevocationData
    from signing.certificates.trust import TrustAnchor, TrustStore

_EXPIRES_SOON = timedelta(days=90)
# From the least to the gravest.
_GRAVITY = (ExitCode.PASSED, ExitCode.INDETERMINATE, ExitCode.FAILED)

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
    code = max((weight for _, _, weight in problems), key=_GRAVITY.index, default=ExitCode.PASSED)
    if session.json:
        session.emit(
            {
                "anchors": len(store.anchors),
                "intermediates": len(store.intermediates),
                "crls": len(store.crls),
                "ocsp_responses": len(store.ocsp_responses),
                "digest": store.digest,
                "usable": code is not ExitCode.FAILED,
                "problems": [
                    {"code": key.partition(".")[2], "message": session.text(key, **values)}
                    for key, values, _ in problems
                ],
            }
        )
    else:
        for key, values, weight in problems:
            tone = Tone.BAD if weight is ExitCode.FAILED else Tone.DOUBTFUL
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
    return code


_Problem: TypeAlias = tuple[str, dict[str, Any], ExitCode]
"""Text, values, and what it makes of the store: a warning, indeterminate verdicts, no use."""


def _problems(store: "TrustStore", at: datetime) -> Iterator[_Problem]:
    for anchor in store.anchors:
        subject = anchor.certificate.subject.rfc4514_string()
        start, end = _period(anchor)
        if at.date() < start:
            yield "trust.not_yet", {"subject": subject, "since": _written(start)}, ExitCode.PASSED
        elif at.date() > end:
            yield "trust.ended", {"subject": subject, "until": _written(end)}, ExitCode.PASSED
        elif at.date() + _EXPIRES_SOON > end:
            yield "trust.ends_soon", {"subject": subject, "until": _written(end)}, ExitCode.PASSED
    yield from _revocation_problems(store, at)
    periods = [_period(anchor) for anchor in store.anchors]
    if not any(start <= at.date() <= end for start, end in periods):
        yield "trust.nothing_now", {"at": _written(at.date())}, ExitCode.FAILED


def _revocation_problems(store: "TrustStore", at: datetime) -> Iterator[_Problem]:
    """What will keep signatures indeterminate: revocation data that is stale or not there.

    Older CRLs beside the current one are no problem: they speak for certificates that have expired.
    """
    from cli.revocation import authorities, revocation_data

    listed = revocation_data(store)
    crls = [each for each in listed if each.kind == "crl"]
    for name in authorities(store):
        own = [each for each in crls if each.issuer == name]
        if not own:
            yield "trust.no_crl", {"issuer": name}, ExitCode.INDETERMINATE
        elif not any(_is_fresh(each, at) for each in own):
            yield _not_fresh(own, at)
    for each in listed:
        if each.kind != "crl" and each.next_update is not None and each.next_update < at:
            until = _moment(each.next_update)
            yield "trust.stale", {"issuer": each.issuer, "until": until}, ExitCode.PASSED


def _is_fresh(data: "RevocationData", at: datetime) -> bool:
    return data.this_update <= at and (data.next_update is None or at <= data.next_update)


def _not_fresh(crls: list["RevocationData"], at: datetime) -> _Problem:
    """The newest of one issuer's CRLs that was issued by then has gone stale, or there is none."""
    issued = [each for each in crls if each.this_update <= at]
    if not issued:
        first = min(crls, key=lambda each: each.this_update)
        since = _moment(first.this_update)
        values = {"issuer": first.issuer, "since": since}
        return "trust.not_yet_issued", values, ExitCode.INDETERMINATE
    newest = max(issued, key=lambda each: each.next_update or each.this_update)
    until = _moment(newest.next_update or newest.this_update)
    return "trust.stale", {"issuer": newest.issuer, "until": until}, ExitCode.INDETERMINATE


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
