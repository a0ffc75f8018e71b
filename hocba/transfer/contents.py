"""What a verified package holds: documents with their receipts, links, requests.

documents/…               the documents, byte for byte as they were received
receipts/…                the sender's receipt of each
earlier/{masogd}/…        receipts of repositories that held a document before the sender
rosters/{masogd}.csv|jws  who could sign, stated by their own province
lifecycle.json            links between the pupil's ids, and requests to change the records
manifest.csv              which document, which receipt, in the order they were accepted
trust/, receipt-key.pub.pem, README.txt   as in an export
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from hocba.errors import ReceiptInvalid
from hocba.export import MANIFEST
from hocba.index.rows import PupilLink, Request, RequestDecision
from hocba.ingest.decision import MAX_VERSION
from hocba.model.lifecycle import Reason, Step
from hocba.receipts import Receipt, verify_receipt
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import TransferManifest, moment, text
from hocba.transfer.package import Package, Partners
from schemas.findings import finding

LIFECYCLE = "lifecycle.json"
EARLIER = "earlier"
DOCUMENTS = "documents/"
MAX_NUMBER = 10_000
MAX_LINKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedDocument:
    """One version in a package, its receipt proved to be the sender's and of these bytes.

    `earlier` are receipts of the same bytes by repositories whose key is known, by whose they are.
    """

    name: str
    data: bytes
    receipt: Receipt
    sender: str
    earlier: Mapping[str, Receipt]

    @property
    def home_receipt(self) -> Receipt | None:
        """The promise of the repository that keeps the records of this one's province."""
        return {self.sender: self.receipt, **self.earlier}.get(self.receipt.masogd)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a package holds, as far as it is believed: documents are not validated yet."""

    documents: tuple[PackedDocument, ...]
    links: tuple[PupilLink, ...]
    requests: tuple[Request, ...]


def read_contents(package: Package, manifest: TransferManifest, partners: Partners) -> Contents:
    """The contents of a verified package; raises `TransferRefused`."""
    documents = tuple(_documents(package, manifest, partners))
    listed = {each.name for each in documents}
    for name in package.files:
        if name.startswith(DOCUMENTS) and name not in listed:
            raise TransferRefused(finding("HB-I096", file=name, reason=f"not in {MANIFEST}"))
    if not documents:
        raise TransferRefused(finding("HB-I112"))
    links, requests = _lifecycle(package.files)
    records = {each.receipt.madinhdanhhocba for each in documents}
    for request in requests:
        if request.madinhdanhhocba not in records:
            raise TransferRefused(finding("HB-I094", file=LIFECYCLE, found=request.madinhdanhhocba))
    return Contents(documents=documents, links=_checked_links(links, manifest), requests=requests)


def lifecycle_file(links: tuple[PupilLink, ...], requests: tuple[Request, ...]) -> bytes:
    """Links and requests as `read_contents` reads them."""
    body = {
        "links": [each.as_json() for each in links],
        "requests": [
            {"madinhdanhhocba": each.madinhdanhhocba, "masogd": each.masogd} | each.as_json()
            for each in requests
        ],
    }
    return json.dumps(body, ensure_ascii=False, indent=1).encode()


def _documents(
    package: Package, manifest: TransferManifest, partners: Partners
) -> Iterator[PackedDocument]:
    for row in _rows(package.files.get(MANIFEST, b"").decode("utf-8", "replace")):
        name, receipt_name = str(row.get("document")), str(row.get("receipt"))
        data, token = package.files.get(name), package.files.get(receipt_name)
        if data is None or token is None or not name.startswith(DOCUMENTS):
            reason = "it names a document or a receipt that is not there"
            raise TransferRefused(finding("HB-I096", file=MANIFEST, reason=reason))
        receipt = _receipt(token, partners, manifest.sender, receipt_name)
        _refuse_other(name, data, receipt)
        yield PackedDocument(
            name=name,
            data=data,
            receipt=receipt,
            sender=manifest.sender,
            earlier=dict(_earlier(package, receipt_name, receipt, partners)),
        )


def _rows(listed: str) -> tuple[dict[str | Any, str | Any], ...]:
    try:
        return tuple(csv.DictReader(io.StringIO(listed)))
    except csv.Error as error:
        raise TransferRefused(finding("HB-I096", file=MANIFEST, reason=error)) from error


def _earlier(
    package: Package, receipt_name: str, receipt: Receipt, partners: Partners
) -> Iterator[tuple[str, Receipt]]:
    for masogd in partners:
        name = f"{EARLIER}/{masogd}/{receipt_name}"
        if (token := package.files.get(name)) is not None:
            earlier = _receipt(token, partners, masogd, name)
            if (earlier.sha256, earlier.madinhdanhhocba) != (
                receipt.sha256,
                receipt.madinhdanhhocba,
            ):
                raise TransferRefused(finding("HB-I095", file=name))
            yield masogd, earlier


def _receipt(token: bytes, partners: Partners, masogd: str, name: str) -> Receipt:
    try:
        return verify_receipt(token.decode("ascii", "replace").strip(), partners[masogd])
    except ReceiptInvalid as error:
        raise TransferRefused(finding("HB-I095", file=name)) from error


def _refuse_other(name: str, data: bytes, receipt: Receipt) -> None:
    if sha256(data).hexdigest() != receipt.sha256 or len(data) != receipt.size:
        raise TransferRefused(finding("HB-I095", file=name))


def _lifecycle(
    files: Mapping[str, bytes],
) -> tuple[tuple[PupilLink, ...], tuple[Request, ...]]:
    try:
        raw = json.loads(files[LIFECYCLE])
        if len(raw["links"]) > MAX_LINKS or len(raw["requests"]) > MAX_NUMBER:
            raise ValueError("more than anybody has")
        links = tuple(_link(each) for each in raw["links"])
        requests = tuple(_request(each) for each in raw["requests"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise TransferRefused(finding("HB-I096", file=LIFECYCLE, reason=reason)) from error
    return links, requests


def _checked_links(
    links: tuple[PupilLink, ...], manifest: TransferManifest
) -> tuple[PupilLink, ...]:
    """*links*, proved to make one pupil of the ids that the manifest names, and of no other.

    No row speaks of anybody else, not even to undo a link.
    """
    in_force: dict[tuple[str, str], bool] = {}
    for each in links:
        for found in sorted({each.old, each.new} - {*manifest.pupils}):
            raise TransferRefused(finding("HB-I094", file=LIFECYCLE, found=found[:64]))
        if each.old == each.new:
            raise TransferRefused(finding("HB-I094", file=LIFECYCLE, found=each.old))
        in_force[each.old, each.new] = each.linked
    reached = {manifest.mahocsinh}
    joined = [set(pair) for pair, holds in in_force.items() if holds]
    for _ in joined:
        for pair in joined:
            if reached & pair:
                reached |= pair
    if reached != set(manifest.pupils):
        found = ", ".join(sorted(set(manifest.pupils) ^ reached)) or "–"
        raise TransferRefused(finding("HB-I094", file=LIFECYCLE, found=found))
    return links


def _link(raw: Mapping[str, Any]) -> PupilLink:
    if type(raw["linked"]) is not bool:
        raise TypeError("linked")
    return PupilLink(
        old=text(raw, "old"),
        new=text(raw, "new"),
        linked=raw["linked"],
        reason=text(raw, "reason"),
        linked_by=text(raw, "linked_by"),
        at=moment(raw, "at"),
    )


def _request(raw: Mapping[str, Any]) -> Request:
    state, decided_at = raw["state"], raw["decided_at"]
    if type(raw["number"]) is not int or type(raw["phienban"]) not in {int, type(None)}:
        raise TypeError("number")
    version = 1 if raw["phienban"] is None else raw["phienban"]
    if not 1 <= raw["number"] <= MAX_NUMBER or not 1 <= version <= MAX_VERSION:
        raise ValueError("number")
    decision = None
    if decided_at is not None:
        declined = state == RequestDecision.DECLINED
        decision = RequestDecision.DECLINED if declined else RequestDecision.APPROVED
    withdrawn_at = raw["withdrawn_at"]
    return Request(
        madinhdanhhocba=text(raw, "madinhdanhhocba"),
        number=raw["number"],
        kind=Step(raw["kind"]),
        reason=Reason(raw["reason"]),
        text=text(raw, "text"),
        requested_by=text(raw, "requested_by"),
        requested_at=moment(raw, "requested_at"),
        decision=decision,
        decided_at=None if decided_at is None else moment(raw, "decided_at"),
        withdrawn_at=None if withdrawn_at is None else moment(raw, "withdrawn_at"),
        phienban=raw["phienban"],
        **{
            name: None if raw[name] is None else text(raw, name)
            for name in (
                *("decided_by", "withdrawn_by", "withdrawn_text"),
                *("scan_sha256", "confirmed_by", "masogd"),
            )
        },
    )
