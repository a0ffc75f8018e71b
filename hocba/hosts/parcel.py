"""A chunk as bytes, on its way through the depot to the host that examines it.

    four bytes    length of the head, big-endian
    head          JSON: a list of entries with position, name, and size or finding
    documents     one after the other, as long as the head says

All of it compressed by zstd. What a host opens has the digest that the sender put into the job:
the depot is not trusted.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

import zstandard

from hocba.errors import ParcelDamaged
from hocba.index.rows import Batch
from hocba.ingest.chunks import Chunk
from hocba.ingest.entry import BadEntry, Document
from schemas.findings import Finding, Severity, finding

_HEAD = 4
_LEVEL = 1  # the documents compress to a sixth at once; more takes the time of the examination
MAX_PARCEL = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a job says of a chunk: whose it is, which positions it has, and its digest."""

    batch: str
    first: int
    last: int
    sha256: str

    @property
    def key(self) -> str:
        """Where it lies in the depot."""
        return f"parcels/{self.batch}/{self.first}-{self.last}.parcel"


def pack(batch: Batch, chunk: Chunk) -> tuple[Parcel, bytes]:
    """The parcel of *chunk*, and its bytes."""
    head = json.dumps([_described(each) for each in chunk.entries], ensure_ascii=False).encode()
    parts = [len(head).to_bytes(_HEAD, "big"), head, *(each.data for each in chunk.documents)]
    data = zstandard.ZstdCompressor(level=_LEVEL).compress(b"".join(parts))
    digest = sha256(data).hexdigest()
    parcel = Parcel(batch=batch.id, first=chunk.first, last=chunk.last, sha256=digest)
    return parcel, data


def unpack(data: bytes) -> Chunk:
    """The chunk in the bytes of a parcel; raises `ParcelDamaged` for anything else."""
    try:
        opened = zstandard.ZstdDecompressor().decompress(data, max_output_size=MAX_PARCEL)
        start = _HEAD + int.from_bytes(opened[:_HEAD], "big")
        described = json.loads(opened[_HEAD:start])
        entries: list[Document | BadEntry] = []
        for each in described:
            end = start + each.get("size", 0)
            entries.append(_entry(each, opened[start:end]))
            start = end
        if start != len(opened):
            raise ValueError("the head does not describe the whole")
        return Chunk(tuple(entries))
    except (zstandard.ZstdError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParcelDamaged(finding("HB-I283", reason=type(error).__name__)) from error


def _described(entry: Document | BadEntry) -> dict[str, object]:
    common: dict[str, object] = {"position": entry.position, "name": entry.file_name}
    if isinstance(entry, Document):
        return common | {"size": len(entry.data)}
    found = entry.finding
    return common | {
        "code": found.code,
        "severity": found.severity.value,
        "path": found.path,
        "line": found.line,
        "parameters": list(found.parameters),
    }


def _entry(described: dict[str, object], data: bytes) -> Document | BadEntry:
    position, name = described["position"], described["name"]
    if not (isinstance(position, int) and isinstance(name, str)):
        raise TypeError("position or name")
    if "size" in described:
        if len(data) != described["size"]:
            raise ValueError("shorter than the head says")
        return Document(position, name, data)
    line, parameters = described["line"], described["parameters"]
    if not (isinstance(parameters, list) and (line is None or isinstance(line, int))):
        raise TypeError("line or parameters")
    found = Finding(
        code=str(described["code"]),
        severity=Severity(str(described["severity"])),
        path=str(described["path"]),
        line=line,
        parameters=tuple((str(key), str(value)) for key, value in parameters),
    )
    return BadEntry(position, name, found)
