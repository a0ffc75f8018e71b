"""`hocba sign`: puts one signature into every record."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Trust, instant, session_of, whole_number
from cli.session import Session
from cli.signing_key import KeySource, opened_key

if TYPE_CHECKING:
    from cli.signing_many import Order, Policies
    from signing.creation.styles import SignatureStyle
    from signing.keys.key import SigningKey

_VENDOR = "vendor-enveloped"

Files = Annotated[list[Path], typer.Argument(metavar="FILE...")]
Role = Annotated[str, typer.Option("--role", metavar="ROLE")]
Key = Annotated[str, typer.Option("--key", metavar="FILE.p12|URI")]
Certificate = Annotated[Path | None, typer.Option("--certificate", metavar="FILE")]
AccessTokenFile = Annotated[Path | None, typer.Option("--access-token-file", metavar="FILE")]
Algorithm = Annotated[str | None, typer.Option("--signature-algorithm", metavar="NAME")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", metavar="FILE")]
Style = Annotated[str, typer.Option("--style", metavar="xades|vendor")]
Out = Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE")]
OutDir = Annotated[Path | None, typer.Option("--out-dir", metavar="DIR")]
InPlace = Annotated[bool, typer.Option("--in-place")]
Repeat = Annotated[bool, typer.Option("--repeat")]
Tsa = Annotated[str | None, typer.Option("--tsa", metavar="URL")]
TsaTimeout = Annotated[
    int,
    typer.Option("--tsa-timeout", metavar="SECONDS", parser=whole_number("--tsa-timeout", 1, 600)),
]
TsaCa = Annotated[Path | None, typer.Option("--tsa-ca", metavar="FILE")]
LongTerm = Annotated[bool, typer.Option("--long-term")]
Time = Annotated[datetime | None, typer.Option("--time", metavar="TIME", parser=instant("--time"))]


def sign(
    context: typer.Context,
    files: Files,
    *,
    role: Role,
    key: Key,
    certificate: Certificate = None,
    password_file: PasswordFile = None,
    access_token_file: AccessTokenFile = None,
    signature_algorithm: Algorithm = None,
    style: Style = "xades",
    out: Out = None,
    out_dir: OutDir = None,
    time: Time = None,
    in_place: InPlace = False,
    repeat: Repeat = False,
    tsa: Tsa = None,
    tsa_timeout: TsaTimeout = 30,
    tsa_ca: TsaCa = None,
    long_term: LongTerm = False,
    trust: Trust = None,
) -> ExitCode:
    """Sign *files* in one role with one key."""
    from cli.augmenting import Augmentation
    from cli.signing_many import Order, Policies

    session = session_of(context)
    chosen = _style(style)
    order = Order(
        role=role,
        signing_time=(time or datetime.now(UTC)).replace(microsecond=0),
        style=chosen,
        repeat=repeat,
        augment=Augmentation(
            url=tsa, seconds=tsa_timeout, ca_file=tsa_ca, long_term=long_term, trust=trust
        ).of(chosen),
    )
    targets = _targets(files, out, out_dir, in_place=in_place)
    source = KeySource(
        key=key,
        certificate=certificate,
        password_file=password_file,
        access_token_file=access_token_file,
        algorithm=signature_algorithm,
    )
    from cli.definitions import load_definitions

    policies = Policies(load_definitions())
    if len(files) == 1:
        data = files[0].read_bytes()
        policies.of(data)  # said before anybody types a PIN
        with opened_key(source, session) as opened:
            _sign_one(data, targets[0], order, opened, policies, session)
        return ExitCode.PASSED
    from cli.signing_many import Signing

    work = [(file, target) for file, target in zip(files, targets, strict=True) if target]
    with opened_key(source, session) as opened:
        return Signing(order, opened, policies, session).sign(work)


def _sign_one(
    data: bytes,
    target: Path | None,
    order: "Order",
    key: "SigningKey",
    policies: "Policies",
    session: Session,
) -> None:
    from cli.files import write_whole
    from cli.names import common_name
    from signing.creation.builder import sign_record

    signed = sign_record(
        data,
        order.role,
        key,
        policy=policies.of(data),
        signing_time=order.signing_time,
        style=order.style,
        repeat=order.repeat,
        augment=order.augment,
    )
    if target is None:
        session.write_bytes(signed)
    else:
        write_whole(target, signed)
    subject = key.certificate.subject.rfc4514_string()
    if session.json and target is not None:
        session.emit({"file": str(target), "role": order.role, "signer": subject})
    else:
        name = common_name(subject)
        session.note("sign.done", file=target or "-", role=order.role, signer=name)


def _style(name: str) -> "SignatureStyle":
    from signing.creation.styles import STYLES

    chosen = STYLES.get(_VENDOR if name == "vendor" else name)
    if chosen is None:
        known = ", ".join(["xades", "vendor", *(each for each in STYLES if each != "xades")])
        raise Misuse("misuse.one_of", option="--style", found=name, known=known)
    return chosen


def _targets(
    files: list[Path], out: Path | None, out_dir: Path | None, *, in_place: bool
) -> list[Path | None]:
    """Where every signed record goes; None is standard output, for a single one."""
    given = {"--out": out, "--out-dir": out_dir, "--in-place": in_place or None}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        raise Misuse("misuse.exclude_each_other", one=named[0], other=named[1])
    if len(files) > 1 and (not named or out is not None):
        raise Misuse("misuse.one_is_needed", one="--in-place", other="--out-dir")
    _refuse_same(files if in_place else [Path(each.name) for each in files])
    if in_place:
        return list(files)
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        return [_not_itself(file, out_dir / file.name) for file in files]
    return [None if out is None else _not_itself(files[0], out)]


def _refuse_same(paths: list[Path]) -> None:
    """Two results in one file would leave one of them."""
    seen: set[Path] = set()
    for each in paths:
        resolved = each.resolve()
        if resolved in seen:
            raise Misuse("misuse.twice", file=each)
        seen.add(resolved)


def _not_itself(file: Path, target: Path) -> Path:
    if target.exists() and file.exists() and target.samefile(file):
        raise Misuse("misuse.sign_in_place", file=file)
    return target
