"""The headers of the tus resumable upload protocol, version 1.0.0 (tus.io), read strictly.

Core, and the extensions creation, creation-with-upload, checksum, expiration and termination.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from starlette.requests import Request

from hocba.web.problems import Problem, ProblemType

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
OFFSET_STREAM = "application/offset+octet-stream"
# SHA-1 is what the protocol demands of every server; here it only guards against broken lines.
CHECKSUMS = ("sha256", "sha512", "sha1")

_NUMBER = re.compile(r"[0-9]{1,18}\Z")
_MOST_METADATA = 4096
_METADATA_KEY = re.compile(r"[!-+\--~]{1,100}\Z")  # visible ASCII but for the comma


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a part of an upload must digest to."""

    hash_name: str
    digest: bytes


def refuse_other_version(request: Request) -> None:
    """Ends the request with 412 where the client speaks another version, or does not say."""
    if request.headers.get("tus-resumable") != VERSION:
        raise Problem(ProblemType.TUS_VERSION, headers={"Tus-Version": VERSION})


def upload_length(request: Request, limit: int) -> int:
    """`Upload-Length`; 400 where it is none, 413 beyond *limit*."""
    length = _number(request, "Upload-Length")
    if length > limit:
        raise Problem(ProblemType.TOO_LARGE, members={"limit": limit})
    if length == 0:
        raise Problem(ProblemType.NOTHING_SENT)
    return length


def upload_offset(request: Request) -> int:
    """`Upload-Offset`; 400 where it is none."""
    return _number(request, "Upload-Offset")


def metadata(request: Request) -> Mapping[str, str]:
    """`Upload-Metadata` with its values decoded; 400 where it is malformed."""
    raw = request.headers.get("upload-metadata", "").strip()
    if len(raw) > _MOST_METADATA:
        raise _bad("Upload-Metadata")
    found: dict[str, str] = {}
    for pair in raw.split(",") if raw else ():
        key, _, value = pair.strip().partition(" ")
        if not _METADATA_KEY.match(key) or key in found:
            raise _bad("Upload-Metadata")
        found[key] = _base64(value, "Upload-Metadata").decode("utf-8", "replace")
    return found


def checksum(request: Request) -> Checksum | None:
    """`Upload-Checksum`, None where there is none; 400 where it is malformed or of another kind."""
    raw = request.headers.get("upload-checksum")
    if raw is None:
        return None
    name, _, value = raw.strip().partition(" ")
    if name not in CHECKSUMS:
        raise _bad("Upload-Checksum")
    return Checksum(name, _base64(value, "Upload-Checksum"))


def http_date(time: datetime) -> str:
    """A time as `Upload-Expires` writes it (RFC 9110, clause 5.6.7)."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


def _number(request: Request, name: str) -> int:
    raw = request.headers.get(name, "")
    if not _NUMBER.match(raw):
        raise _bad(name)
    return int(raw)


def _base64(value: str, header: str) -> bytes:
    try:
        return binascii.a2b_base64(value.strip(), strict_mode=True) if value.strip() else b""
    except ValueError:
        raise _bad(header) from None


def _bad(header: str) -> Problem:
    return Problem(ProblemType.BAD_UPLOAD_HEADER, members={"header": header})
