"""Verifying a document for anybody: nothing of it is kept, and nothing is written to a log."""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hocba.examine import examine
from hocba.ingest.names import shown_name
from hocba.model.examination import Examination
from hocba.model.record import RecordStatus
from hocba.web.errors import unavailable
from hocba.web.problems import too_many_requests
from hocba.web.repository import Repository, Service
from hocba.web.uploads import ANY_BYTES, Memory, receive
from schemas.document import parse
from schemas.findings import Language
from schemas.fresh_thread import in_fresh_thread
from signing.etsi_report.report import etsi_report

MEDIA_TYPES = frozenset({"application/xml", "text/xml", ANY_BYTES})

# How long a body may take to come in.
_BODY_SECONDS = 30


class Standing(StrEnum):
    """What this repository knows of an accepted document beyond its signatures.

    A signature stays right when the record is recalled or mended later, so a verdict alone could
    mislead. `unknown`: these very bytes were never taken in here.
    """

    CURRENT = "current"
    SUPERSEDED = "superseded"
    RECALLED = "recalled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verification:
    """The examination of one document; `standing` exactly where it is accepted.

    `etsi_report` is the validation report of ETSI TS 119 102-2, where it was asked for and the
    document can be read.
    """

    examination: Examination
    standing: Standing | None
    etsi_report: bytes | None = None


async def verify_upload(
    service: Service, request: Request, report_language: Language | None = None
) -> Verification:
    """The verification of the document in a request's body, with a report in *report_language*.

    Ends the request with a problem where an address asks too often, too much is waiting, or the
    body is no upload; whatever the bytes are, they get a verdict.
    """
    wait = service.verifications.take(client_address(request))
    if wait:
        raise too_many_requests(wait)
    examination, report = await _examined(service, request, report_language)
    service.metrics.verification(examination.outcome)
    # In a thread of the common pool: those alone are fewer than the index's connections.
    standing = await run_in_threadpool(_standing, service.repository, examination)
    return Verification(examination, standing, report)


async def _examined(
    service: Service, request: Request, report_language: Language | None
) -> tuple[Examination, bytes | None]:
    """The examination of the body; bodies on their way in count against the limit as well."""
    token = object()
    try:
        service.verifications_in_hand.acquire_on_behalf_of_nowait(token)
    except anyio.WouldBlock:
        raise unavailable() from None
    try:
        memory = Memory()
        with anyio.fail_after(_BODY_SECONDS):
            received = await receive(
                request, memory, limit=service.settings.max_document_bytes, media_types=MEDIA_TYPES
            )
        name = shown_name(received.file_name or "document.xml")
        work = partial(_examine, service.repository, bytes(memory.data), name, report_language)
        alone = partial(in_fresh_thread, work)
        return await anyio.to_thread.run_sync(alone, limiter=service.verifying)
    except TimeoutError:
        raise unavailable() from None
    finally:
        service.verifications_in_hand.release_on_behalf_of(token)


def client_address(request: Request) -> str:
    """Where a request comes from; behind a proxy, what the proxy says."""
    return request.client.host if request.client else ""


def _examine(
    repository: Repository, data: bytes, name: str, report_language: Language | None
) -> tuple[Examination, bytes | None]:
    by, at = repository.judgement(), repository.clock()
    examination = examine(data, name, by, at)
    if report_language is None or examination.signatures is None:
        return examination, None
    document = parse(data, by.limits)
    algorithms = by.rules.algorithms
    return examination, etsi_report(
        examination.signatures, document, algorithms, at, report_language
    )


def _standing(repository: Repository, examination: Examination) -> Standing | None:
    transcript = examination.transcript
    if transcript is None:
        return None
    reference = transcript.reference
    with repository.index.reading() as tx:
        record = tx.records.find(reference.madinhdanhhocba)
        version = tx.records.version(reference.madinhdanhhocba, reference.phienban)
    held = version is not None and version.sha256 == examination.sha256
    if transcript.status is RecordStatus.RECALLED:
        return Standing.RECALLED
    if record is None or not held:
        return Standing.UNKNOWN
    if record.status is RecordStatus.RECALLED:
        return Standing.RECALLED
    return Standing.CURRENT if record.phienban == reference.phienban else Standing.SUPERSEDED
