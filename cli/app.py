"""The commands of `hocba`, put together."""

from typing import Annotated, cast

import typer
from typer.core import TyperGroup

from cli.commands import (
    batch,
    check,
    continuity,
    demo,
    export,
    history,
    identity,
    ingest,
    init,
    link,
    migrate,
    quality,
    request,
    roster,
    roster_certificates,
    roster_import,
    sample,
    serve,
    sign,
    submit,
    token,
    transfer,
    trust,
    verify,
    worker,
)
from cli.help import Command, Group
from cli.parameters import session_of


def build() -> TyperGroup:
    """The program with all its commands, in the order in which help lists them."""
    app = _group()
    app.callback(invoke_without_command=True)(_program)
    app.command("demo", cls=Command)(demo.demo)
    app.command("sample", cls=Command)(sample.sample)
    app.command("verify", cls=Command)(verify.verify)
    app.command("check", cls=Command)(check.check)
    app.command("sign", cls=Command)(sign.sign)
    app.command("init", cls=Command)(init.init)
    app.command("ingest", cls=Command)(ingest.ingest)
    batches = _group()
    batches.command("list", cls=Command)(batch.show_all)
    batches.command("show", cls=Command)(batch.show)
    batches.command("pause", cls=Command)(batch.pause)
    batches.command("resume", cls=Command)(batch.resume)
    batches.command("cancel", cls=Command)(batch.cancel)
    app.add_typer(batches, name="batch")
    app.command("submit", cls=Command)(submit.submit)
    app.command("history", cls=Command)(history.history)
    app.command("continuity", cls=Command)(continuity.continuity)
    app.command("quality", cls=Command)(quality.quality)
    app.command("expected", cls=Command)(quality.expected)
    app.add_typer(_requests(), name="request")
    app.command("link", cls=Command)(link.link)
    app.add_typer(_identities(), name="identity")
    app.add_typer(_transfers(), name="transfer")
    app.command("export", cls=Command)(export.export)
    app.command("serve", cls=Command)(serve.serve)
    app.command("worker", cls=Command)(worker.worker)
    app.command("migrate", cls=Command)(migrate.migrate)
    _add_operators_groups(app)
    return cast("TyperGroup", typer.main.get_command(app))


def _add_operators_groups(app: typer.Typer) -> None:
    """Who may call, whom signatures are believed from."""
    tokens = _group()
    tokens.command("create", cls=Command)(token.create)
    tokens.command("list", cls=Command)(token.show_all)
    tokens.command("revoke", cls=Command)(token.revoke)
    app.add_typer(tokens, name="token")
    anchors = _group()
    anchors.command("list", cls=Command)(trust.show_all)
    anchors.command("check", cls=Command)(trust.check)
    app.add_typer(anchors, name="trust")
    rosters = _group()
    rosters.command("check", cls=Command)(roster.check)
    rosters.command("who", cls=Command)(roster.who)
    rosters.command("import", cls=Command)(roster_import.import_)
    rosters.command("history", cls=Command)(roster.history)
    rosters.command("export", cls=Command)(roster.export)
    rosters.command("bind", cls=Command)(roster_certificates.bind)
    rosters.command("expiring", cls=Command)(roster_certificates.expiring)
    app.add_typer(rosters, name="roster")


def _requests() -> typer.Typer:
    """The commands about requests."""
    requests = _group()
    requests.command("open", cls=Command)(request.open_)
    requests.command("approve", cls=Command)(request.approve)
    requests.command("decline", cls=Command)(request.decline)
    requests.command("withdraw", cls=Command)(request.withdraw)
    requests.command("list", cls=Command)(request.show_all)
    return requests


def _identities() -> typer.Typer:
    """The commands about identities."""
    identities = _group()
    identities.command("import", cls=Command)(identity.import_)
    identities.command("check", cls=Command)(identity.check)
    identities.command("list", cls=Command)(identity.show_all)
    identities.command("resolve", cls=Command)(identity.resolve)
    return identities


def _transfers() -> typer.Typer:
    """The commands about transfers."""
    transfers = _group()
    transfers.command("make", cls=Command)(transfer.make)
    transfers.command("package", cls=Command)(transfer.package)
    transfers.command("check", cls=Command)(transfer.check)
    transfers.command("accept", cls=Command)(transfer.accept)
    transfers.command("decline", cls=Command)(transfer.decline)
    transfers.command("acknowledge", cls=Command)(transfer.acknowledge)
    transfers.command("list", cls=Command)(transfer.show_all)
    return transfers


def _group() -> typer.Typer:
    app = typer.Typer(
        cls=Group,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)
    return app


def _program(
    context: typer.Context, show_version: Annotated[bool, typer.Option("--version")] = False
) -> None:
    """Say the version where it is asked for."""
    if show_version:
        from importlib.metadata import version

        session_of(context).write(f"hocba {version('hocba')}")
        raise typer.Exit


def _nothing() -> None:
    """A group does nothing by itself."""
