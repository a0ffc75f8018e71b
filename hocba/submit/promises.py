"""The receipts of everything that the server holds, each verified before it counts.

Trust: a receipt counts where the server's key signed it, over the digest, the size and the version
that were sent. The key is the one given; else the one that this server was first met with.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm
from jwt.exceptions import InvalidKeyError

from hocba.errors import ReceiptInvalid
from hocba.receipts import read_public_key, verify_receipt
from hocba.signed_claims import key_id
from hocba.submit.connection import Connection
from hocba.submit.manifest import AT_ONCE, held, unintelligible
from hocba.submit.state import Line, State
from hocba.submit.watching import Stage, Watcher
from schemas.findings import Finding, finding

_PROMISED = "outcome IN ('accepted', 'duplicate')"
_MOST_FAULTS = 20


@dataclass(slots=True)
class Promises:
    """How many receipts were verified, and what is wrong with others; the first of it in full."""

    verified: int = 0
    faulty: int = 0
    faults: list[Finding] = field(default_factory=list)

    def add_fault(self, fault: Finding) -> None:
        """Note a receipt that is missing or wrong."""
        self.faulty += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)


def server_keys(
    connection: Connection, folder: Path, pinned: Path | None
) -> Mapping[str, Ed25519PublicKey]:
    """The keys that receipts may be signed with, by their names.

    *pinned* is the only one where it is given. Otherwise the keys that the server names when it is
    met for the first time are remembered in *folder*, and others not believed later.
    """
    if pinned is not None:
        key = read_public_key(pinned)
        return {_name(key): key}
    known = folder / "servers" / f"{sha256(connection.server.encode()).hexdigest()[:32]}.json"
    try:
        return _keys(json.loads(known.read_text("utf-8")))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError):
        known.unlink()
    answer = connection.ask("GET", "/v1/keys")
    try:
        body = answer.json()
        keys = _keys(body)
    except (ValueError, KeyError, TypeError):
        raise unintelligible(connection) from None
    known.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = known.with_suffix(".part")
    part.write_text(json.dumps(body), "utf-8")
    part.replace(known)
    return keys


def collect_receipts(
    connection: Connection,
    state: State,
    keys: Mapping[str, Ed25519PublicKey],
    out: IO[str] | None,
    watcher: Watcher,
) -> Promises:
    """Fetch and verify the receipt of everything that the server holds; write those that hold.

    One JSON object a line: `file`, `sha256`, `madinhdanhhocba`, `phienban`, `receipt`.
    """
    promises = Promises()
    total, done = state.count(_PROMISED), 0
    for page in state.pages(_PROMISED, AT_ONCE):
        for line, receipt in _receipts(connection, page, keys, promises):
            promises.verified += 1
            if out is not None:
                out.write(_written(line, receipt))
        done += len(page)
        watcher(Stage.RECEIPTS, done, total)
    return promises


class ReceiptFile:
    """Receipts on their way into a file: there once all of them are, or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f".{path.name}.part")

    def __enter__(self) -> IO[str]:
        """Where they are written to."""
        self._file = self._part.open("w", encoding="utf-8", newline="\n")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Put the file in its place, unless something went wrong."""
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
        if kind is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


def _receipts(
    connection: Connection,
    lines: Sequence[Line],
    keys: Mapping[str, Ed25519PublicKey],
    promises: Promises,
) -> Iterator[tuple[Line, str]]:
    asked = [each for each in lines if each.record is not None]
    receipts = held(connection, asked, receipts=True) if asked else {}
    for line in lines:
        receipt = receipts.get(line.sha256)
        fault = (
            finding("HB-I255", file=line.file)
            if not receipt
            else _fault(line, receipt, keys, connection.server)
        )
        if fault is not None:
            promises.add_fault(fault)
        elif receipt:
            yield line, receipt


def _fault(
    line: Line, jws: str, keys: Mapping[str, Ed25519PublicKey], server: str
) -> Finding | None:
    """Why the receipt does not promise what was sent; None where it does."""
    invalid: ReceiptInvalid | None = None
    for key in keys.values():
        try:
            receipt = verify_receipt(jws, key)
        except ReceiptInvalid as error:
            invalid = error
            continue
        promised = (receipt.sha256, receipt.size, receipt.madinhdanhhocba, receipt.phienban)
        if promised != (line.sha256, line.size, line.record, line.phienban):
            return finding("HB-I256", file=line.file, found=receipt.sha256, expected=line.sha256)
        return None
    names = ", ".join(keys)
    return finding("HB-I257", file=line.file, server=server, keys=names) if invalid else None


def _written(line: Line, receipt: str) -> str:
    written = {
        "file": line.file,
        "sha256": line.sha256,
        "madinhdanhhocba": line.record,
        "phienban": line.phienban,
        "receipt": receipt,
    }
    return json.dumps(written, ensure_ascii=False) + "\n"


def _keys(body: dict[str, list[dict[str, str]]]) -> Mapping[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JWK set; at least one."""
    keys = {}
    for each in body["keys"]:
        if (each.get("kty"), each.get("crv")) != ("OKP", "Ed25519"):
            continue
        try:
            key = OKPAlgorithm.from_jwk(each)
        except InvalidKeyError as error:
            raise ValueError("not a key") from error
        if isinstance(key, Ed25519PublicKey):
            keys[_name(key)] = key
    if not keys:
        raise ValueError("no key")
    return keys


def _name(key: Ed25519PublicKey) -> str:
    return key_id(key)
