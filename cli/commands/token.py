"""`hocba token`: who may call over HTTP."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, moment, one_of, session_of
from cli.session import Session

if TYPE_CHECKING:
    from hocba.index.index import Index
    from hocba.index.rows import AccessToken, IssuedToken


class Kind(StrEnum):
    """Kinds of token; the names are those of `hocba.index.rows.TokenKind`."""

    PROVINCE = "province"
    GUARDIAN = "guardian"
    OPERATOR = "operator"


_KINDS = {each.value: each for each in Kind}
_GUARDIAN_DAYS = timedelta(days=30)
_OTHER_DAYS = timedelta(days=365)

KindName = Annotated[Kind, typer.Argument(metavar="KIND", parser=one_of("KIND", _KINDS))]
Label = Annotated[str, typer.Option("--label", metavar="TEXT")]
Province = Annotated[str | None, typer.Option("--masogd", metavar="MASOGD")]
Pupils = Annotated[list[str] | None, typer.Option("--pupil", metavar="MAHOCSINH")]
Expires = Annotated[
    datetime | None, typer.Option("--expires", metavar="TIME", parser=moment("--expires"))
]
Identity = Annotated[str, typer.Argument(metavar="ID")]


def create(
    context: typer.Context,
    kind: KindName,
    home: Home,
    label: Label = "",
    masogd: Province = None,
    pupil: Pupils = None,
    expires: Expires = None,
) -> ExitCode:
    """Create a token and show it once."""
    from hocba import home as homes

    session = session_of(context)
    _refuse_wrong_bounds(kind, masogd, pupil)
    now = datetime.now(UTC)
    if expires is not None and expires <= now:
        raise Misuse("misuse.expired_already", option="--expires", found=session.moment(expires))
    days = _GUARDIAN_DAYS if kind is Kind.GUARDIAN else _OTHER_DAYS
    with homes.Home.open(home).open_index() as index:
        issued = issue(
            index,
            kind,
            label=label,
            masogd=masogd,
            pupils=pupil or [],
            expires=expires or now + days,
        )
        if session.json:
            session.emit({"token": issued.text, **_as_json(issued.token)})
        else:
            _say_unknown_pupils(index, issued.token, session)
            session.say("token.created", kind=session.text(f"token.kind.{kind.value}"))
            session.write()
            session.write(f"    {issued.text}")
            session.write()
            until = issued.token.expires_at
            session.say(
                "token.keep", id=issued.token.id, until=session.moment(until) if until else "–"
            )
    return ExitCode.PASSED


def issue(
    index: "Index",
    kind: Kind,
    *,
    label: str,
    masogd: str | None,
    pupils: list[str],
    expires: datetime,
) -> "IssuedToken":
    """Issue a token, noted in the audit trail."""
    from hocba.index.rows import NewAuditEvent, TokenKind

    now = datetime.now(UTC)
    with index.transaction() as tx:
        issued = tx.tokens.issue(
            TokenKind(kind.value),
            label=label,
            at=now,
            expires_at=expires,
            masogd=masogd,
            mahocsinh=pupils,
        )
        detail = (("token", issued.token.id),)
        tx.audit.append(
            NewAuditEvent(at=now, actor="cli", action="token.created", masogd=masogd, detail=detail)
        )
    return issued


def show_all(context: typer.Context, home: Home) -> ExitCode:
    """List all tokens, revoked and expired ones too."""
    from hocba import home as homes

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.reading() as tx:
        tokens = tx.tokens.all()
    if session.json:
        for each in tokens:
            session.emit(_as_json(each))
        return ExitCode.PASSED
    if not tokens:
        session.say("token.none")
        return ExitCode.PASSED
    headings = ("id", "kind", "bound_to", "label", "expires", "state")
    rows = [[session.text(f"token.heading.{each}") for each in headings]]
    rows += [_row(each, session) for each in tokens]
    session.table(rows)
    return ExitCode.PASSED


def revoke(context: typer.Context, identity: Identity, home: Home) -> ExitCode:
    """Revoke the token with the public name *identity*."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent

    session = session_of(context)
    now = datetime.now(UTC)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        token = tx.tokens.revoke(identity, now)
        if token is None:
            raise Misuse("misuse.no_such_token", found=identity)
        detail = (("token", token.id),)
        tx.audit.append(
            NewAuditEvent(
                at=now, actor="cli", action="token.revoked", masogd=token.masogd, detail=detail
            )
        )
    if session.json:
        session.emit(_as_json(token))
    else:
        session.say("token.revoked", id=token.id)
    return ExitCode.PASSED


def _refuse_wrong_bounds(kind: Kind, masogd: str | None, pupils: list[str] | None) -> None:
    """A province's token needs its province, a guardian's its pupils, an operator's neither."""
    for option, value, owner in (
        ("--masogd", masogd, Kind.PROVINCE),
        ("--pupil", pupils, Kind.GUARDIAN),
    ):
        if kind is owner and not value:
            raise Misuse("misuse.token_needs", kind=kind.value, option=option)
        if kind is not owner and value:
            raise Misuse("misuse.token_excludes", kind=kind.value, option=option)


def _say_unknown_pupils(index: "Index", token: "AccessToken", session: Session) -> None:
    with index.reading() as tx:
        known = tx.records.known_pupils(token.mahocsinh)
    for each in token.mahocsinh:
        if each not in known:
            session.note("token.unknown_pupil", mahocsinh=each)


def _state(token: "AccessToken") -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if token.valid(datetime.now(UTC)) else "expired"


def _as_json(token: "AccessToken") -> dict[str, object]:
    return {
        "id": token.id,
        "kind": token.kind.value,
        "label": token.label,
        "masogd": token.masogd,
        "mahocsinh": list(token.mahocsinh),
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
        "state": _state(token),
    }


def _row(token: "AccessToken", session: Session) -> list[str]:
    bound_to = token.masogd or ", ".join(token.mahocsinh) or "–"
    return [
        token.id,
        session.text(f"token.kind.{token.kind.value}"),
        bound_to,
        token.label or "–",
        token.expires_at.strftime("%d/%m/%Y") if token.expires_at else "–",
        session.text(f"token.state.{_state(token)}"),
    ]
