"""What travels with an object on an S3 server: its checksum, what it was when sent, its lock."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from minio.datatypes import Object

from storage.s3_settings import Retention

CHECKSUM = "x-amz-checksum-sha256"
_SHA256 = "x-amz-meta-sha256"
_SIZE = "x-amz-meta-size"
_STORED_AT = "x-amz-meta-stored-at"

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_LENGTH = re.compile(r"[0-9]{1,12}\Z")


@dataclass(frozen=True, slots=True)
class Claim:
    """What an object's metadata say of it."""

    sha256: str
    size: int
    stored_at: datetime


def put_headers(
    digest: bytes, size: int, now: datetime, retention: Retention | None
) -> dict[str, str]:
    """The headers of a PUT: the server refuses bytes that do not fit the checksum."""
    headers = {
        "Content-Type": "application/octet-stream",
        CHECKSUM: checksum(digest),
        _SHA256: digest.hex(),
        _SIZE: str(size),
        _STORED_AT: now.isoformat(),
    }
    if retention:
        until = now.astimezone(UTC) + timedelta(days=retention.days)
        headers["x-amz-object-lock-mode"] = retention.mode
        headers["x-amz-object-lock-retain-until-date"] = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    return headers


def checksum(digest: bytes) -> str:
    """A SHA-256 digest as S3 writes it."""
    return base64.b64encode(digest).decode()


def claim_of(answer: Object) -> Claim | None:
    """What the headers of an answer say; None for an object that was not put by this package."""
    metadata = answer.metadata or {}
    digest, size = metadata.get(_SHA256, ""), metadata.get(_SIZE, "")
    try:
        stored_at = datetime.fromisoformat(metadata.get(_STORED_AT, ""))
    except ValueError:
        return None
    if not _DIGEST.match(digest) or not _LENGTH.match(size) or stored_at.tzinfo is None:
        return None
    return Claim(digest, int(size), stored_at)
