"""`ds:Manifest`: members are checked like references (XML-DSig 1.1, clause 5.1).

XML-DSig leaves to the application what a wrong member means. Here a member of a signed Manifest is
signed data as EN 319 102-1 clause 5.2.7.4 means it, as in EU DSS: one that cannot be had makes the
signature INDETERMINATE (SIGNED_DATA_NOT_FOUND), one that was altered makes it fail (HASH_FAILURE).
Core validation is left as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from schemas.document import element_path
from schemas.findings import finding
from signing import names
from signing.foreign.references import ForeignReferenceValidator
from signing.foreign.report import ManifestReport, ReferenceReport
from signing.report import PASSED, SubIndication, Verdict, indeterminate
from signing.xmldsig.form import FormatError, Reference, SignatureForm, read_manifest
from signing.xmldsig.references import Place, ReferenceValidation


@dataclass(frozen=True, slots=True)
class CheckedReference:
    """A reference as written together with what came of it."""

    reference: Reference
    validation: ReferenceValidation
    path: str | None

    @property
    def report(self) -> ReferenceReport:
        """What the report says of it."""
        return ReferenceReport(
            uri=self.reference.uri,
            type=self.reference.type,
            path=self.path,
            verdict=self.validation.verdict,
        )


def check_references(
    references: Iterable[Reference], form: SignatureForm, validator: ForeignReferenceValidator
) -> tuple[CheckedReference, ...]:
    """*references* of *form*, or of a Manifest in it, each with what came of it."""
    found = []
    for reference in references:
        validation = validator.validate(reference, form)
        target = validation.target
        path = None if target is None else validator.path(target)
        found.append(CheckedReference(reference, validation, path))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CheckedManifest:
    """One Manifest: its members, or the verdict why there are none to check."""

    element: etree._Element
    members: tuple[CheckedReference, ...]
    malformed: Verdict | None

    @property
    def verdicts(self) -> Iterator[Verdict]:
        """What it means for the signature: its members' verdicts under one heading."""
        if self.malformed is not None:
            yield self.malformed
        bad = [each for each in self.members if each.validation.verdict is not PASSED]
        if bad:
            heading = finding(
                "HB-S202",
                path=element_path(self.element),
                line=self.element.sourceline,
                bad=len(bad),
                count=len(self.members),
            )
            first = bad[0].validation.verdict
            yield Verdict(first.indication, first.sub_indication, (heading,))
            yield from (each.validation.verdict for each in bad)

    @property
    def report(self) -> ManifestReport:
        """What the report says of it."""
        return ManifestReport(
            path=element_path(self.element), members=tuple(each.report for each in self.members)
        )


def check_manifests(
    form: SignatureForm,
    references: tuple[CheckedReference, ...],
    validator: ForeignReferenceValidator,
) -> tuple[CheckedManifest, ...]:
    """Every Manifest of this signature that its *references* cover, directly or by a member.

    Each is checked once, however often it is named. One that nothing covers is not signed.
    """
    found: dict[etree._Element, CheckedManifest] = {}
    waiting = list(references)
    while waiting:
        for element in _manifests(waiting.pop(), form):
            if element not in found:
                found[element] = _check(element, form, validator)
                waiting.extend(found[element].members)
    return tuple(found.values())


def _manifests(checked: CheckedReference, form: SignatureForm) -> Iterator[etree._Element]:
    """The Manifests of *form* that a good reference covers."""
    validation = checked.validation
    if validation.target is None or validation.verdict is not PASSED:
        return
    if validation.target.tag != names.MANIFEST and validation.target not in form.objects:
        return
    for element in validation.target.iter(names.MANIFEST):
        if Place.of(element).signature is form.element:
            yield element


def _check(
    element: etree._Element, form: SignatureForm, validator: ForeignReferenceValidator
) -> CheckedManifest:
    try:
        members = read_manifest(element)
    except FormatError as error:
        verdict = indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, error.finding)
        return CheckedManifest(element, (), verdict)
    return CheckedManifest(element, check_references(members, form, validator), None)
