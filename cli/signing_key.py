"""Opens the key that `hocba sign --key` names: a file, a token or HSM, a signing service."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import Misuse
from cli.session import Session

if TYPE_CHECKING:
    from signing.keys.csc import Factor
    from signing.keys.key import SigningKey

PASSWORD_VARIABLE = "HOCBA_KEY_PASSWORD"  # noqa: S105 -- the variable's name
OTP_VARIABLE = "HOCBA_KEY_OTP"
ACCESS_TOKEN_VARIABLE = "HOCBA_KEY_ACCESS_TOKEN"  # noqa: S105
MODULE_VARIABLE = "HOCBA_PKCS11_MODULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """What the options of `hocba sign` say about the key; no secret is among them."""

    key: str
    certificate: Path | None = None
    password_file: Path | None = None
    access_token_file: Path | None = None
    algorithm: str | None = None


@contextmanager
def opened_key(source: KeySource, session: Session) -> Iterator["SigningKey"]:
    """The key, opened once for everything that is signed; raises `SigningKeyError` or `Misuse`."""
    from signing.keys.address import CSC_SCHEMES, PKCS11_SCHEME

    on_token, remote = source.key.startswith(PKCS11_SCHEME), source.key.startswith(CSC_SCHEMES)
    if source.certificate is not None and not on_token:
        raise Misuse("misuse.key_takes_no", option="--certificate", kind=PKCS11_SCHEME)
    if source.access_token_file is not None and not remote:
        raise Misuse("misuse.key_takes_no", option="--access-token-file", kind=CSC_SCHEMES[0])
    if on_token:
        with _token_key(source, session) as key:
            yield key
    elif remote:
        yield _remote_key(source, session)
    else:
        yield _file_key(source, session)


def _file_key(source: KeySource, session: Session) -> "SigningKey":
    from signing.keys.pkcs12 import read_pkcs12

    path = Path(source.key)
    path.stat()  # a file that is not there is said before anybody types a password for it
    password = _password(source.password_file, session, "sign.password", path.name)
    return read_pkcs12(path, password, source.algorithm)


@contextmanager
def _token_key(source: KeySource, session: Session) -> Iterator["SigningKey"]:
    from signing.keys.address import read_token_address
    from signing.keys.certificates import read_certificates
    from signing.keys.pkcs11 import open_token_key

    address = read_token_address(source.key, os.environ.get(MODULE_VARIABLE))
    certificates = read_certificates(source.certificate) if source.certificate else ()
    file = source.password_file or address.pin_source
    key = open_token_key(
        address,
        lambda label: _password(file, session, "sign.pin", label),
        certificates=certificates,
        algorithm=source.algorithm,
    )
    try:
        yield key
    finally:
        key.close()


def _remote_key(source: KeySource, session: Session) -> "SigningKey":
    from schemas.findings import finding
    from signing.errors import SigningKeyError
    from signing.keys.address import read_service_address
    from signing.keys.csc import Factor
    from signing.keys.csc_client import CscClient
    from signing.keys.remote import open_remote_key

    address = read_service_address(source.key)
    if source.access_token_file is not None:
        access_token = source.access_token_file.read_text("utf-8").strip()
    else:
        access_token = os.environ.get(ACCESS_TOKEN_VARIABLE, "").strip()
    if not access_token:
        raise SigningKeyError(
            finding(
                "HB-K058",
                host=address.host,
                what="access-token",
                option="--access-token-file",
                variable=ACCESS_TOKEN_VARIABLE,
            )
        )
    pins: list[str | None] = []

    def ask(factor: "Factor") -> str | None:
        if factor is Factor.OTP:
            return os.environ.get(OTP_VARIABLE) or _typed(session, "sign.otp", address.host)
        if not pins:  # one PIN serves all batches, a code only one
            pins.append(_password(source.password_file, session, "sign.pin", address.host))
        return pins[0]

    return open_remote_key(CscClient(address, access_token), ask, algorithm=source.algorithm)


def _password(file: Path | None, session: Session, question: str, name: str) -> str | None:
    """A password or PIN: from a file, the environment, or the person at the terminal."""
    if file is not None:
        return file.read_text("utf-8").rstrip("\r\n") or None
    if PASSWORD_VARIABLE in os.environ:
        return os.environ[PASSWORD_VARIABLE] or None
    if not sys.stdin.isatty():
        raise Misuse("misuse.no_password", variable=PASSWORD_VARIABLE)
    return _typed(session, question, name)


def _typed(session: Session, question: str, name: str) -> str | None:
    """What somebody types unseen; None where nobody can be asked."""
    if not sys.stdin.isatty():
        return None
    return getpass(session.text(question, key=name)) or None
