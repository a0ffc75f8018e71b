"""A package from its bytes to what is believed of it: proved, and every document validated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from hocba.examine import Judgement, examine
from hocba.model.examination import Examination
from hocba.model.outcome import Outcome
from hocba.transfer.contents import Contents, PackedDocument, read_contents
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import TransferManifest
from hocba.transfer.package import Package, Partners, verify_package
from hocba.transfer.rosters import StatedRoster, judged_by, knows_school, stated_rosters
from schemas.findings import Severity, finding

# An end (of an algorithm, of certificates) that a receipt may be older than, as it is foreseen.
# Where a revocation was found it is said instead, and stands.
_ENDED = frozenset({"HB-S022", "HB-S042", "HB-S065"})


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document of a package and what was found out about it."""

    document: PackedDocument
    examination: Examination


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPackage:
    """A package whose manifest and digests are proved; its documents may have failed."""

    package: Package
    manifest: TransferManifest
    contents: Contents
    documents: tuple[CheckedDocument, ...]

    @property
    def passed(self) -> bool:
        """Whether every document may be taken in, as far as it decides that itself."""
        return all(each.examination.outcome is Outcome.ACCEPTED for each in self.documents)


def check_package(
    package: Package, partners: Partners, by: Judgement, at: datetime
) -> CheckedPackage:
    """The package, proved and validated at the time *at*; raises `TransferRefused`.

    (1) the manifest is signed by a known sender, and the files are those that it lists;
    (2) receipts, links and requests fit each other and the one pupil;
    (3) every document is examined as on taking in, and is of the pupil.
    """
    manifest = verify_package(package, partners)
    contents = read_contents(package, manifest, partners)
    statements = stated_rosters(package.files, partners, manifest.sender)
    documents = tuple(
        CheckedDocument(each, _examined(each, statements, by, at)) for each in contents.documents
    )
    for each in documents:
        _refuse_other_pupil(each, manifest)
    return CheckedPackage(
        package=package, manifest=manifest, contents=contents, documents=documents
    )


def refuse_unfit(manifest: TransferManifest, masogd: str | None, at: datetime) -> None:
    """Raise where the package is for another province, or is not for now."""
    if masogd is not None and manifest.receiver != masogd:
        raise TransferRefused(finding("HB-I093", found=manifest.receiver, expected=masogd))
    if at > manifest.expires_at:
        raise TransferRefused(
            finding("HB-I092", expired=manifest.expires_at.isoformat(timespec="minutes"))
        )


def refuse_failed(checked: CheckedPackage) -> None:
    """Raise where a document did not pass: a package is taken in whole or not at all."""
    for each in checked.documents:
        examination = each.examination
        if examination.outcome is not Outcome.ACCEPTED:
            errors = [f.code for f in examination.all_findings if f.severity is Severity.ERROR]
            raise TransferRefused(
                finding(
                    "HB-I097",
                    file=each.document.name,
                    outcome=examination.outcome.value,
                    codes=", ".join(dict.fromkeys(errors)) or "–",
                )
            )


def _examined(
    document: PackedDocument,
    statements: Mapping[str, StatedRoster],
    by: Judgement,
    at: datetime,
) -> Examination:
    """What is found out about the document now, or else as of its own province's receipt.

    Certificates end; what the repository that keeps the record promised to hold while they were
    valid proves that the signatures were there by then. No other repository's promise does, and
    it lifts nothing but their end: above all no revocation. Reasons are said in the examination.
    """
    masogd = document.receipt.masogd
    statement = statements.get(masogd)
    judgement = judged_by(by, statement)
    found = examine(document.data, document.name, judgement, at)
    notes = []
    promise = document.home_receipt
    if promise is not None and _has_only_ended(found):
        then = examine(document.data, document.name, judgement, promise.accepted_at)
        of_province = then.transcript is not None and then.transcript.masogd == masogd
        if then.outcome is Outcome.ACCEPTED and of_province:
            found = then
            time = promise.accepted_at.isoformat(timespec="seconds")
            notes.append(finding("HB-I098", at=time, province=masogd))
    if found.transcript is not None and statement is not None:
        if found.transcript.masogd != masogd:
            raise TransferRefused(finding("HB-I095", file=document.name))
        if not knows_school(by, found.transcript.reference.matruong):
            notes.append(finding("HB-I099", province=masogd))
    return replace(found, findings=(*found.findings, *notes))


def _has_only_ended(examination: Examination) -> bool:
    """Whether nothing stands against the document but that its time is over."""
    errors = {f.code for f in examination.all_findings if f.severity is Severity.ERROR}
    return examination.outcome is Outcome.INDETERMINATE and bool(errors) and errors <= _ENDED


def _refuse_other_pupil(checked: CheckedDocument, manifest: TransferManifest) -> None:
    """The document is of the pupil, and is the version that its receipt is for."""
    reference, receipt = checked.examination.record, checked.document.receipt
    if reference is None:
        return  # unreadable: it is refused for that
    if reference.mahocsinh not in manifest.pupils:
        raise TransferRefused(
            finding("HB-I094", file=checked.document.name, found=reference.mahocsinh)
        )
    is_of_receipt = (reference.madinhdanhhocba, reference.phienban) == (
        receipt.madinhdanhhocba,
        receipt.phienban,
    )
    if not is_of_receipt:
        raise TransferRefused(finding("HB-I095", file=checked.document.name))
