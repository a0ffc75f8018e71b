"""`hocba transfer`: a pupil's records as a package between repositories."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.files import refuse_unwritable, write_whole
from cli.parameters import At, Home, RosterFile, Trust, session_of, whole_number
from cli.session import Session, visible
from schemas.findings import term

if TYPE_CHECKING:
    from hocba.index.transfer_rows import Transfer
    from hocba.transfer.checking import CheckedPackage
    from hocba.transfer.package import Partners
    from storage.contract import Store

ACTOR = "cli"

Pupil = Annotated[str, typer.Argument(metavar="MAHOCSINH")]
PackageFile = Annotated[Path, typer.Argument(metavar="PACKAGE")]
AnswerFile = Annotated[Path, typer.Argument(metavar="FILE")]
To = Annotated[str, typer.Option("--to", metavar="MASOGD")]
Sender = Annotated[str | None, typer.Option("--sender", metavar="MASOGD")]
School = Annotated[str | None, typer.Option("--school", metavar="MATRUONG")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT")]
Decision = Annotated[str | None, typer.Option("--decision", metavar="NUMBER")]
Days = Annotated[
    int | None, typer.Option("--days", metavar="N", parser=whole_number("--days", 1, 366))
]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Out = Annotated[Path, typer.Option("--out", "-o", metavar="FILE")]
Answer = Annotated[Path | None, typer.Option("--answer", metavar="FILE")]
Keys = Annotated[list[str], typer.Option("--key", metavar="MASOGD=FILE")]


def make(
    context: typer.Context,
    mahocsinh: Pupil,
    home: Home,
    *,
    to: To,
    reason: Reason,
    by: By,
    out: Out,
    school: School = None,
    decision: Decision = None,
    days: Days = None,
    sender: Sender = None,
) -> ExitCode:
    """Make the package for the pupil *mahocsinh*, and write it to *out*."""
    from hocba import home as homes
    from hocba.transfer import making

    session = session_of(context)
    if out.exists():
        raise Misuse("misuse.exists", found=out)
    refuse_unwritable(out)
    opened = homes.Home.open(home)
    order = making.Order(
        mahocsinh=mahocsinh,
        sender=sender,
        receiver=to,
        reason=reason,
        matruong=school,
        decision=decision,
        days=days,
    )
    with opened.open_index() as index:
        office = opened.transfers(index, opened.open_store())
        made = making.make_transfer(office, order, by=by, actor=ACTOR, language=session.language)
        try:
            _hand_out(office.store, made, out)
        except OSError:
            session.note("transfer.made_unwritten", id=made.id)
            raise
    if session.json:
        session.emit(made.as_json(datetime.now(UTC)) | {"file": str(out)})
    else:
        session.say("transfer.made", file=out, count=made.documents, to=made.receiver)
        session.say("transfer.made_next", id=made.id, until=session.moment(made.expires_at))
    return ExitCode.PASSED


def package(
    context: typer.Context,
    transfer: Annotated[str, typer.Argument(metavar="ID")],
    home: Home,
    *,
    out: Out,
) -> ExitCode:
    """Write the package of the *transfer*, which was made here, to *out* once more."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent
    from hocba.index.transfer_rows import TransferDirection
    from hocba.transfer.errors import TransferRefused
    from hocba.transfer.making import handed_out
    from schemas.findings import finding

    session = session_of(context)
    if out.exists():
        raise Misuse("misuse.exists", found=out)
    refuse_unwritable(out)
    opened = homes.Home.open(home)
    store, at = opened.open_store(), datetime.now(UTC)
    with opened.open_index() as index, index.transaction() as tx:
        made = tx.transfers.find(transfer, TransferDirection.OUT)
        if made is None:
            raise TransferRefused(finding("HB-I113", found=transfer[:64]))
        data = store.get(made.storage_key, made.version_id, made.sha256)
        read = "transfer.package.read"
        tx.audit.append(NewAuditEvent(at=at, actor=ACTOR, action=read, masogd=made.province))
        tx.audit.extend(handed_out(made, data, at, ACTOR))
    _hand_out(store, made, out)
    if session.json:
        session.emit(made.as_json(datetime.now(UTC)) | {"file": str(out)})
    else:
        session.say("transfer.made", file=out, count=made.documents, to=made.receiver)
    return ExitCode.PASSED


def check(
    context: typer.Context,
    package: PackageFile,
    *,
    key: Keys,
    trust: Trust = None,
    roster: RosterFile = None,
    at: At = None,
) -> ExitCode:
    """Check *package* offline, as its receiver would."""
    from hocba.examine import judgement
    from hocba.model.outcome import Outcome
    from hocba.transfer.checking import check_package, refuse_unfit
    from hocba.transfer.package import read_package
    from schemas.registry import DefinitionRegistry
    from signing.certificates.trust import read_trust_store
    from signing.roster import read_roster

    session = session_of(context)
    now = at or datetime.now(UTC)
    by = judgement(
        DefinitionRegistry.load(None),
        read_trust_store(trust) if trust else None,
        read_roster(roster) if roster else None,
    )
    keys = _keys(key)
    checked = check_package(read_package(package, lambda _: keys), keys, by, now)
    refuse_unfit(checked.manifest, None, now)
    _show_checked(checked, session)
    if checked.passed:
        return ExitCode.PASSED
    outcomes = {each.examination.outcome for each in checked.documents}
    failed = outcomes & {Outcome.REJECTED, Outcome.UNREADABLE}
    return ExitCode.FAILED if failed else ExitCode.INDETERMINATE


def accept(
    context: typer.Context, package: PackageFile, home: Home, by: By, answer: Answer = None
) -> ExitCode:
    """Take *package* in, whole or not at all."""
    from hocba import home as homes
    from hocba.transfer.taking_in import accept_package, open_package

    session = session_of(context)
    if answer is not None:
        refuse_unwritable(answer)
    opened = homes.Home.open(home)
    with opened.open_index() as index:
        office = opened.transfers(index, opened.open_store())
        arrival = accept_package(
            office,
            open_package(office, package, actor=ACTOR),
            masogd=office.masogd,
            by=by,
            actor=ACTOR,
        )
    _write_answer(arrival.transfer, answer, session)
    counts = arrival.counts
    if session.json:
        session.emit(
            arrival.transfer.as_json(datetime.now(UTC))
            | {
                "accepted": counts.accepted,
                "duplicate": counts.duplicate,
                "acknowledgement": arrival.transfer.acknowledgement,
            }
        )
    else:
        session.say("transfer.accepted", new=counts.accepted, known=counts.duplicate)
        warned = (each for decision in arrival.decisions for each in decision.findings)
        for each in dict.fromkeys(warned):
            session.say("transfer.warning", text=each.message(session.language))
        _say_answer(answer, session)
    return ExitCode.PASSED


def decline(
    context: typer.Context,
    package: PackageFile,
    home: Home,
    reason: Reason,
    by: By,
    answer: Answer = None,
) -> ExitCode:
    """Decline *package*; nothing of it is kept."""
    from hocba import home as homes
    from hocba.transfer.taking_in import decline_package, open_package

    session = session_of(context)
    if answer is not None:
        refuse_unwritable(answer)
    opened = homes.Home.open(home)
    with opened.open_index() as index:
        office = opened.transfers(index, opened.open_store())
        declined = decline_package(
            office,
            open_package(office, package, actor=ACTOR),
            masogd=office.masogd,
            note=reason,
            by=by,
            actor=ACTOR,
        )
    _write_answer(declined, answer, session)
    if session.json:
        body = declined.as_json(datetime.now(UTC))
        session.emit(body | {"acknowledgement": declined.acknowledgement})
    else:
        session.say("transfer.declined")
        _say_answer(answer, session)
    return ExitCode.PASSED


def acknowledge(context: typer.Context, file: AnswerFile, home: Home) -> ExitCode:
    """File the receiver's signed answer in *file* with the transfer that was made here."""
    from hocba import home as homes
    from hocba.transfer.acknowledgement import (
        MAX_LENGTH,
        claimed_transfer,
        file_acknowledgement,
    )

    session = session_of(context)
    with file.open("rb") as octets:
        token = octets.read(MAX_LENGTH + 2).decode("ascii", "replace").strip()
    if not claimed_transfer(token):
        raise Misuse("misuse.no_answer", found=file)
    opened = homes.Home.open(home)
    with opened.open_index() as index, index.transaction() as tx:
        transfer = file_acknowledgement(
            tx,
            claimed_transfer(token),
            token,
            opened.partners(),
            own=opened.receipt_key().public_key,
            at=datetime.now(UTC),
            actor=ACTOR,
        )
    _show((transfer,), session)
    return ExitCode.PASSED


def show_all(
    context: typer.Context,
    home: Home,
    pupil: Annotated[str | None, typer.Option("--pupil", metavar="MAHOCSINH")] = None,
) -> ExitCode:
    """List transfers, newest first; all of them or those of *pupil*."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent

    session = session_of(context)
    after: str | None = None
    shown = 0
    with homes.Home.open(home).open_index() as index:
        with index.transaction() as tx:
            tx.audit.append(
                NewAuditEvent(at=datetime.now(UTC), actor=ACTOR, action="transfers.read")
            )
        while True:
            with index.reading() as tx:
                page = tx.transfers.page(mahocsinh=pupil, after=after, limit=200)
            _show(page.rows, session)
            shown += len(page.rows)
            after = page.next
            if after is None:
                break
    if not shown and not session.json:
        session.say("transfer.none")
    return ExitCode.PASSED


def _keys(given: list[str]) -> "Partners":
    from hocba.receipts import read_public_key

    keys = {}
    for each in given:
        masogd, sign, file = each.partition("=")
        if not masogd or not sign or not file:
            raise Misuse("misuse.sender_key", found=each)
        keys[masogd] = read_public_key(Path(file))
    return keys


def _hand_out(store: "Store", made: "Transfer", out: Path) -> None:
    write_whole(out, store.get(made.storage_key, made.version_id, made.sha256))
    out.chmod(0o600)


def _write_answer(transfer: "Transfer", answer: Path | None, session: Session) -> None:
    if answer is None:
        return
    token = transfer.acknowledgement or ""
    try:
        write_whole(answer, token.encode("ascii") + b"\n")
    except OSError:
        # What was decided stays so: the answer must not be lost with the file.
        session.note("transfer.answer_unwritten", token=token)
        raise


def _say_answer(answer: Path | None, session: Session) -> None:
    if answer is not None:
        session.say("transfer.answer", file=answer)


def _show_checked(checked: "CheckedPackage", session: Session) -> None:
    manifest = checked.manifest
    if session.json:
        session.emit(
            manifest.as_json()
            | {
                "passed": checked.passed,
                "documents": [
                    each.examination.as_json(session.language) for each in checked.documents
                ],
            }
        )
        return
    session.say(
        "transfer.checked",
        sender=manifest.sender,
        receiver=manifest.receiver,
        pupil=manifest.mahocsinh,
        until=session.moment(manifest.expires_at),
    )
    for each in checked.documents:
        outcome = each.examination.outcome
        session.say(
            "transfer.document",
            file=visible(each.document.name),
            outcome=session.text(f"transfer.outcome.{outcome.value}"),
        )
        for found in dict.fromkeys(each.examination.all_findings):
            session.say("transfer.finding", code=found.code, text=found.message(session.language))
    session.say("transfer.passed" if checked.passed else "transfer.failed")


def _show(transfers: "tuple[Transfer, ...]", session: Session) -> None:
    now = datetime.now(UTC)
    for each in transfers:
        if session.json:
            session.emit(each.as_json(now))
            continue
        session.say(
            "transfer.line",
            id=each.id,
            direction=term("transfer_direction", each.direction.value, session.language),
            state=term("transfer_state", each.state_at(now).value, session.language),
            pupil=visible(each.mahocsinh),
            sender=each.sender,
            receiver=each.receiver,
            at=session.moment(each.issued_at),
            reason=visible(each.reason),
        )
        if each.note:
            session.say("transfer.note", text=visible(each.note))
