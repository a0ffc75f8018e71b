"""A package as a file: a zip whose entries are exactly those that the signed manifest lists.

Trust: nothing in a package is believed because it is there. The manifest proves itself by a key
that the receiver has from elsewhere, every other file by its digest in the manifest.
"""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hocba.errors import SourceUnreadable
from hocba.ingest.entry import MEBIBYTE, EntryRefused, SourceLimits
from hocba.ingest.names import refuse_climbing, shown_name
from hocba.ingest.zip_archive import read_zip
from hocba.signed_claims import (
    ClaimsInvalid,
    claimed_claims,
    claimed_key_id,
    key_id,
    verify_claims,
)
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import KIND, TransferManifest
from schemas.findings import finding
from storage.contract import MAX_OBJECT_SIZE

MANIFEST_FILE = "transfer.jws"
MAX_BYTES = MAX_OBJECT_SIZE
"""Of the whole package: it is kept in the store."""

LIMITS = SourceLimits(
    document_bytes=64 * MEBIBYTE, entries=10_000, total_bytes=256 * MEBIBYTE, archive_ratio=50
)

Partners = Mapping[str, Ed25519PublicKey]
"""Keys of other repositories by their province, had from elsewhere than from a package."""

Believed = Callable[[str], Partners]
"""The keys that a manifest (its JWS) may be signed with."""

_MANIFEST_LIMITS = SourceLimits(
    document_bytes=4 * MEBIBYTE, entries=1, total_bytes=4 * MEBIBYTE, archive_ratio=50
)
_DOCUMENTED = re.compile(
    r"(documents/.+|receipts/.+|earlier/[0-9A-Za-z]{1,10}/receipts/.+|trust/.+"
    r"|rosters/[0-9A-Za-z]{1,10}\.(csv|jws)"
    r"|lifecycle\.json|manifest\.csv|receipt-key\.pub\.pem|README\.txt)\Z"
)
"""What `hocba.transfer.contents` lists."""

_TOO_LARGE = frozenset({"HB-I008", "HB-I009", "HB-I010", "HB-I011"})
_CLIMBS = "HB-I004"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Package:
    """The entries of a package that could be read; nothing in it is believed yet."""

    files: Mapping[str, bytes]
    token: str
    sha256: str
    data: bytes


def read_package(path: Path, believed: Believed | None = None) -> Package:
    """The package in the file *path*; raises `TransferRefused` or `OSError`.

    *believed* gives the keys that its manifest may be signed with: nothing but the manifest is
    unpacked before its signature is proved, and then nothing but what it lists. The file is read
    once.
    """
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(path.name)
    return unpack(data, believed)


def unpack(data: bytes, believed: Believed | None = None) -> Package:
    """The package with the bytes *data*, as `read_package` reads it."""
    try:
        token = _token(data)
        manifest = None if believed is None else _verified_manifest(token, believed(token))
        files = _unpacked(data, manifest)
    except SourceUnreadable as error:
        raise TransferRefused(finding("HB-I080")) from error
    return Package(files, token, _digest(data), data)


def _token(data: bytes) -> str:
    """The manifest, which comes first: no other entry is unpacked to find it."""
    first = next(iter(read_zip(data, _MANIFEST_LIMITS, _refuse_other_first)), None)
    if first is None:
        raise TransferRefused(finding("HB-I085"))
    if isinstance(first.data, EntryRefused):
        raise _refused(first.name, first.data)
    return first.data.decode("ascii", "replace").strip()


def _refuse_other_first(name: str, _: int) -> None:
    if name != MANIFEST_FILE:
        raise TransferRefused(finding("HB-I085"))


def _unpacked(data: bytes, manifest: TransferManifest | None) -> dict[str, bytes]:
    """Every entry but the manifest; with *manifest* nothing that it does not list."""
    files: dict[str, bytes] = {}
    names: set[str] = set()
    listed = None if manifest is None else {each.name: each.size for each in manifest.files}
    limits = LIMITS
    if listed is not None:
        total = sum(listed.values()) + _MANIFEST_LIMITS.document_bytes
        limits = replace(LIMITS, total_bytes=min(LIMITS.total_bytes, total))

    def admit(name: str, size: int) -> None:
        _refuse_name(name)
        if name in names or len(names) >= LIMITS.entries:
            raise TransferRefused(finding("HB-I084", file=shown_name(name)))
        names.add(name)
        if listed is None or name == MANIFEST_FILE:
            return
        if name not in listed:
            raise TransferRefused(finding("HB-I090", file=shown_name(name)))
        if size != listed[name]:
            raise TransferRefused(finding("HB-I091", file=shown_name(name)))

    for raw in read_zip(data, limits, admit):
        if isinstance(raw.data, EntryRefused):
            raise _refused(raw.name, raw.data)
        if raw.name != MANIFEST_FILE:
            files[raw.name] = raw.data
    return files


def verify_package(package: Package, partners: Partners) -> TransferManifest:
    """What the sender says of the package, proved, as is every file; raises `TransferRefused`."""
    manifest = _verified_manifest(package.token, partners)
    listed = {each.name: each for each in manifest.files}
    for name in sorted(listed):
        # Names reach items, findings and reports: none that hides letters or is not shown whole.
        if not _DOCUMENTED.match(name) or shown_name(name) != name:
            reason = "no package has a file of this name"
            raise TransferRefused(finding("HB-I096", file=shown_name(name), reason=reason))
    for name in sorted(listed.keys() - package.files.keys()):
        raise TransferRefused(finding("HB-I089", file=shown_name(name)))
    for name in sorted(package.files.keys() - listed.keys()):
        raise TransferRefused(finding("HB-I090", file=shown_name(name)))
    for name, each in listed.items():
        data = package.files[name]
        if len(data) != each.size or _digest(data) != each.sha256:
            raise TransferRefused(finding("HB-I091", file=shown_name(name)))
    return manifest


def claimed_sender(token: str) -> str:
    """The province that a manifest says it is from; a claim, to look a key up by."""
    sender = claimed_claims(token).get("sender")
    return sender if isinstance(sender, str) else ""


def pack(files: Mapping[str, bytes], token: str) -> bytes:
    """The package with *files*, its manifest first; raises `TransferRefused` if too large."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in ((MANIFEST_FILE, token.encode("ascii") + b"\n"), *sorted(files.items())):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    packed = buffer.getvalue()
    if len(packed) > MAX_BYTES:
        raise _too_large(MANIFEST_FILE)
    return packed


def _verified_manifest(token: str, partners: Partners) -> TransferManifest:
    name = claimed_key_id(token)
    provinces = [each for each, key in partners.items() if key_id(key) == name]
    if not provinces:
        raise TransferRefused(finding("HB-I086", known=", ".join(sorted(partners)) or "–"))
    # One key may be that of several provinces, which one repository keeps.
    claimed = claimed_sender(token)
    province = claimed if claimed in provinces else provinces[0]
    try:
        manifest = TransferManifest.read(verify_claims(token, partners[province], KIND))
    except ClaimsInvalid as error:
        raise TransferRefused(finding("HB-I087", reason=error)) from error
    except (ValueError, TypeError, KeyError) as error:
        raise TransferRefused(finding("HB-I087", reason=error)) from error
    if manifest.sender != province:
        raise TransferRefused(finding("HB-I088", found=manifest.sender, expected=province))
    return manifest


def _refuse_name(name: str) -> None:
    try:
        refuse_climbing(name)
    except EntryRefused as refused:
        raise _refused(name, refused) from refused


def _refused(name: str, refused: EntryRefused) -> TransferRefused:
    code = refused.finding.code
    if code in _TOO_LARGE:
        return _too_large(name)
    if code == _CLIMBS:
        return TransferRefused(finding("HB-I082", file=shown_name(name)))
    return TransferRefused(finding("HB-I081", file=shown_name(name)))


def _too_large(name: str) -> TransferRefused:
    limit = LIMITS.total_bytes // MEBIBYTE
    return TransferRefused(finding("HB-I083", file=shown_name(name), limit=limit))


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()
