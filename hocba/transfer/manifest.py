"""What a package is: whose, from whom, for whom, why, until when, and every file by its digest.

Signed by the sending repository with the key of its receipts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self
from unicodedata import category

KIND = "hocba-transfer+jws"

MAX_TEXT = 2000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
PROVINCE = re.compile(r"[0-9A-Za-z]{1,10}\Z")
_TEXTS = ("id", "sender", "receiver", "mahocsinh", "reason")
_MAY_BE_NONE = ("matruong", "decision")
_TIMES = ("issued_at", "expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """One file of a package."""

    name: str
    sha256: str
    size: int

    def __post_init__(self) -> None:
        """A name, a digest, a size."""
        if not self.name or not _SHA256.match(self.sha256) or self.size < 0:
            raise ValueError("a file without name, digest or size")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferManifest:
    """What the sending repository says of a package.

    `sender` and `receiver` are provinces (mã sở), `matruong` the receiving school where it is
    known. `pupils` are all ids that stand for the pupil, `mahocsinh` the one in use.
    """

    id: str
    sender: str
    receiver: str
    matruong: str | None
    mahocsinh: str
    pupils: tuple[str, ...]
    reason: str
    decision: str | None
    issued_at: datetime
    expires_at: datetime
    files: tuple[PackedFile, ...]

    def __post_init__(self) -> None:
        """No package for nobody, of nobody, or with a file twice."""
        ids = (self.id, *self.pupils, *filter(None, [self.matruong]))
        if not all(map(_IDENTIFIER.match, ids)) or self.mahocsinh not in self.pupils:
            raise ValueError("an id is not one")
        if not PROVINCE.match(self.sender) or not PROVINCE.match(self.receiver):
            raise ValueError("sender or receiver is no mã sở")
        if self.issued_at.utcoffset() is None or self.expires_at.utcoffset() is None:
            raise ValueError("a time without its zone")
        if self.expires_at <= self.issued_at:
            raise ValueError("it expires before it is issued")
        names = [each.name for each in self.files]
        if not names or names != sorted(set(names)):
            raise ValueError("no files, or not in order, or twice")

    def as_json(self) -> dict[str, object]:
        """The claims of the manifest."""
        plain = {name: getattr(self, name) for name in (*_TEXTS, *_MAY_BE_NONE)}
        times = {name: getattr(self, name).isoformat() for name in _TIMES}
        files = [{f.name: getattr(each, f.name) for f in fields(each)} for each in self.files]
        return {**plain, **times, "pupils": list(self.pupils), "files": files}

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> Self:
        """The manifest that `as_json` wrote; ValueError, TypeError or KeyError for any other."""
        values: dict[str, Any] = {name: text(claims, name) for name in _TEXTS}
        values |= {n: None if claims[n] is None else text(claims, n) for n in _MAY_BE_NONE}
        values |= {name: moment(claims, name) for name in _TIMES}
        pupils, files = claims["pupils"], claims["files"]
        if not isinstance(pupils, list) or not isinstance(files, list):
            raise TypeError("pupils or files are no list")
        made = cls(
            **values,
            pupils=tuple(str(each) for each in pupils),
            files=tuple(_file(each) for each in files),
        )
        if made.as_json() != dict(claims):
            raise ValueError("it is not written as a manifest")
        return made


def text(claims: Mapping[str, Any], name: str) -> str:
    """The text *name* of some claims; TypeError for anything else."""
    value = claims[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    if len(value) > MAX_TEXT or any(
        category(each) in {"Cc", "Cs"} and each not in "\n\r\t" for each in value
    ):
        raise ValueError(f"{name} is too long, or no plain text")
    return value


def moment(claims: Mapping[str, Any], name: str) -> datetime:
    """The time *name* of some claims; TypeError or ValueError for anything else."""
    time = datetime.fromisoformat(text(claims, name))
    if time.utcoffset() is None or not 2000 <= time.year < 2200:
        raise ValueError(f"{name} has no zone, or is no time of ours")
    return time


def _file(raw: Mapping[str, Any]) -> PackedFile:
    if type(raw["size"]) is not int:
        raise TypeError("size is no number")
    return PackedFile(name=text(raw, "name"), sha256=text(raw, "sha256"), size=raw["size"])
