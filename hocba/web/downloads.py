"""Signed bytes and receipts as answers."""

from collections.abc import Mapping

from fastapi import Response

from hocba.index.rows import Version
from hocba.receipts import Receipt
from hocba.web.repository import Repository


def read_document(repository: Repository, version: Version) -> bytes:
    """The bytes of a version, proved to have the digest that the index knows.

    Raises `StorageError` where the store cannot give them.
    """
    return repository.store.get(version.storage_key, version.version_id, version.sha256)


def receipt_of(repository: Repository, version: Version) -> bytes:
    """The receipt of a version; the same bytes whenever it is asked for."""
    return repository.receipts.issue(Receipt.of(version)).encode("ascii")


def document_name(version: Version) -> str:
    """What a file with the document is called."""
    return f"hoc-ba-{version.madinhdanhhocba}-v{version.phienban}.xml"


def receipt_name(version: Version) -> str:
    """What a file with the receipt is called."""
    return f"hoc-ba-{version.madinhdanhhocba}-v{version.phienban}.receipt.jws"


def attachment(
    data: bytes, media_type: str, file_name: str, headers: Mapping[str, str]
) -> Response:
    """*data* as a file to keep, never shown by the browser itself."""
    disposition = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(data, media_type=media_type, headers={**headers, **disposition})


def quoted(etag: str) -> str:
    """*etag* as a strong entity tag (RFC 9110, clause 8.8.3)."""
    return f'"{etag}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether `If-None-Match` names *etag* (weak comparison, RFC 9110, clause 13.1.2)."""
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in tags or quoted(etag) in tags
