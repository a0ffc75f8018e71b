"""`hocba roster expiring`, `hocba roster bind`: the certificates of those who sign."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, moment, one_of, session_of
from cli.session import Session

if TYPE_CHECKING:
    from hocba.index.index import Index
    from hocba.roster.certificates import Expiring

ACTOR = "cli"
MOST_DAYS = 3660
_PAGE = 500
_COLUMNS = ("ngayhethan", "matruong", "vaitro", "hovaten", "sodinhdanh", "chungthu", "nhacungcap")


class Kind(StrEnum):
    """How the list is written."""

    TEXT = "text"
    CSV = "csv"


def days(option: str) -> Callable[[object], timedelta]:
    """Reads a span of days: `60d`, or `60`."""

    def read(value: object) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip().removesuffix("d")
        if not text.isdecimal() or not 0 < int(text[:9]) <= MOST_DAYS:
            raise Misuse("misuse.days", option=option, found=value, most=MOST_DAYS)
        return timedelta(days=int(text))

    return read


Within = Annotated[timedelta, typer.Option("--within", metavar="DAYS", parser=days("--within"))]
At = Annotated[datetime | None, typer.Option("--at", metavar="TIME", parser=moment("--at"))]
As = Annotated[
    Kind,
    typer.Option("--as", metavar="KIND", parser=one_of("--as", {e.value: e for e in Kind})),
]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT")]
Undo = Annotated[bool, typer.Option("--undo")]


def expiring(
    context: typer.Context,
    home: Home,
    within: Within = timedelta(days=60),
    at: At = None,
    written: As = Kind.TEXT,
) -> ExitCode:
    """List certificates in use that end soon and have no successor; any at all is a failure."""
    from hocba import home as homes
    from hocba.roster.errors import NoRoster
    from schemas.findings import finding

    session = session_of(context)
    now = at or datetime.now(UTC)
    with homes.Home.open(home).open_index() as index:
        with index.reading() as tx:
            if not tx.rosters.number():
                raise NoRoster(finding("HB-S260"))
        found = list(_all(index, now, within))
    if session.json:
        for each in found:
            session.emit(each.as_json())
    elif written is Kind.CSV:
        session.write_bytes(_csv(found))
    else:
        _show(found, now, within, session)
    return ExitCode.FAILED if found else ExitCode.PASSED


def bind(
    context: typer.Context,
    files: Files,
    home: Home,
    by: By,
    reason: Reason,
    *,
    undo: Undo = False,
) -> ExitCode:
    """Bind the certificates in *files* to the holders they name, or *undo* that; all or none."""
    from hashlib import sha256

    from hocba import home as homes
    from hocba.roster.certificates import Binding, certificates_in
    from hocba.roster.certificates import bind as bind_them
    from hocba.roster.checking import roles_of
    from hocba.roster.importing import adopt
    from signing.policy import read_policy

    session = session_of(context)
    opened = homes.Home.open(home)
    now = datetime.now(UTC)
    read = [(file, file.read_bytes()) for file in files]
    bindings = [
        Binding(
            certificates=certificates_in(data, file.name, now),
            source=file.name,
            source_sha256=sha256(data).hexdigest(),
            made_by=by,
            reason=reason,
            at=now,
            actor=ACTOR,
            masogd=opened.configuration.masogd,
        )
        for file, data in read
    ]
    roles = roles_of(read_policy(each.policy_path) for each in opened.definitions())
    with opened.open_index() as index, index.transaction() as tx:
        adopt(tx, opened.roster_file, roles, now, ACTOR)
        changes = [bind_them(tx, each, undo=undo) for each in bindings]
    for binding, change in zip(bindings, changes, strict=True):
        if session.json:
            certificates = [each.sha256 for each in binding.certificates]
            session.emit({**change.as_json(), "certificates": certificates})
            continue
        for each in binding.certificates:
            session.say(
                "roster.unbound" if undo else "roster.bound",
                holder=each.holder,
                sha256=each.sha256,
                until=session.moment(each.valid_until),
            )
    return ExitCode.PASSED


def _all(index: "Index", now: datetime, within: timedelta) -> "Iterator[Expiring]":
    from hocba.roster.certificates import expiring as expiring_page

    after: str | None = None
    while True:
        with index.reading() as tx:
            page = expiring_page(tx, now, within, after=after, limit=_PAGE)
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def _lines(found: "list[Expiring]", session: Session | None) -> Iterator[list[str]]:
    """One line for each school and role of each holder, the id masked."""
    from schemas.vietnam import VIETNAM_TIME

    for each in found:
        end = each.certificate.valid_until
        day = end.astimezone(VIETNAM_TIME).date()
        written = day.strftime("%d/%m/%Y") if session else day.isoformat()
        for row in each.mandates:
            yield [
                written,
                row["matruong"],
                row["vaitro"],
                each.masked_name,
                each.masked_holder,
                each.certificate.sha256[:16] if session else each.certificate.sha256,
                each.issuer_name,
            ]


def _csv(found: "list[Expiring]") -> bytes:
    """For a spreadsheet: with a byte order mark, without which it misreads Vietnamese."""
    from hocba.explanations.cells import safe_cell

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([safe_cell(cell) for cell in line] for line in _lines(found, None))
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _show(found: "list[Expiring]", now: datetime, within: timedelta, session: Session) -> None:
    until = session.moment(now + within)
    if not found:
        session.say("roster.none_expiring", until=until)
        return
    session.say("roster.expiring", until=until, count=len(found))
    names = ("end", "school", "role", "name", "id", "certificate", "issuer")
    heading = [session.text(f"roster.heading.{each}") for each in names]
    session.table([heading, *_lines(found, session)], indent=2)
