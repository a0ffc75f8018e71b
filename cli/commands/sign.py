"""`hocba sign`: puts one signature into a record."""

import os
import sys
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import instant, session_of, whole_number
from cli.session import Session

if TYPE_CHECKING:
    from signing.policy import SignaturePolicy

PASSWORD_VARIABLE = "HOCBA_KEY_PASSWORD"  # noqa: S105 -- the variable's name

_VENDOR = "vendor-enveloped"

File = Annotated[Path, typer.Argument(metavar="FILE")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE")]
Key = Annotated[Path, typer.Option("--key", metavar="FILE.p12")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", metavar="FILE")]
Style = Annotated[str, typer.Option("--style", metavar="xades|vendor")]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE")]
InPlace = Annotated[bool, typer.Option("--in-place")]
Repeat = Annotated[bool, typer.Option("--repeat")]
Tsa = Annotated[str | None, typer.Option("--tsa", metavar="URL")]
TsaTimeout = Annotated[
    int,
    typer.Option("--tsa-timeout", metavar="SECONDS", parser=whole_number("--tsa-timeout", 1, 600)),
]
TsaCa = Annotated[Path | None, typer.Option("--tsa-ca", metavar="FILE")]
Time = Annotated[datetime | None, typer.Option("--time", metavar="TIME", parser=instant("--time"))]


def sign(
    context: typer.Context,
    file: File,
    *,
    role: Role,
    key: Key,
    password_file: PasswordFile = None,
    style: Style = "xades",
    out: Out = None,
    time: Time = None,
    in_place: InPlace = False,
    repeat: Repeat = False,
    tsa: Tsa = None,
    tsa_timeout: TsaTimeout = 30,
    tsa_ca: TsaCa = None,
) -> ExitCode:
    """Sign *file* in one role with one key."""
    from cli.augmenting import augmentation
    from cli.files import write_whole
    from cli.names import common_name
    from signing.creation.builder import sign_record
    from signing.creation.styles import STYLES
    from signing.keys.pkcs12 import read_pkcs12

    session = session_of(context)
    chosen = STYLES.get(_VENDOR if style == "vendor" else style)
    if chosen is None:
        known = ", ".join(["xades", "vendor", *(each for each in STYLES if each != "xades")])
        raise Misuse("misuse.one_of", option="--style", found=style, known=known)
    augment = augmentation(chosen, tsa, tsa_timeout, tsa_ca)
    target = _target(file, out, in_place=in_place)
    data = file.read_bytes()
    policy = _policy(data)
    signing_key = read_pkcs12(key, _password(key, password_file, session))
    signed = sign_record(
        data,
        role,
        signing_key,
        policy=policy,
        signing_time=(time or datetime.now(UTC)).replace(microsecond=0),
        style=chosen,
        repeat=repeat,
        augment=augment,
    )
    if target is None:
        session.write_bytes(signed)
    else:
        write_whole(target, signed)
    subject = signing_key.certificate.subject.rfc4514_string()
    name = common_name(subject)
    if session.json and target is not None:
        session.emit({"file": str(target), "role": role, "signer": subject})
    else:
        session.note("sign.done", file=target or "-", role=role, signer=name)
    return ExitCode.PASSED


def _target(file: Path, out: Path | None, *, in_place: bool) -> Path | None:
    """Where the signed record goes; None is standard output."""
    if out is not None and in_place:
        raise Misuse("misuse.exclude_each_other", one="--out", other="--in-place")
    if in_place:
        return file
    if out is not None and out.exists() and out.samefile(file):
        raise Misuse("misuse.sign_in_place", file=file)
    return out


def _policy(data: bytes) -> "SignaturePolicy":
    """The signature policy of the definition that knows the document."""
    from cli.definitions import load_definitions
    from schemas.document import parse
    from signing.policy import read_policy

    document = parse(data)
    definition = load_definitions().find(document)
    if definition is None:
        raise Misuse("misuse.no_definition", root=document.root.tag)
    return read_policy(definition.policy_path)


def _password(key: Path, password_file: Path | None, session: Session) -> str | None:
    """The key's password: from a file, the environment, or the person at the terminal."""
    if password_file is not None:
        return password_file.read_text("utf-8").rstrip("\r\n") or None
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE] or None
    if not sys.stdin.isatty():
        raise Misuse("misuse.no_password", variable=PASSWORD_VARIABLE)
    return getpass(session.text("sign.password", key=key.name)) or None
