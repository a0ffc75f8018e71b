"""The signatures of any XML document: the record's validation, with what is foreign beside it.

One way to do a thing: form, references, certificate, value, time and acceptance are validated by
`SignatureValidator` as for records, only with longer lists of transforms and places. What comes
on top makes a verdict worse, never better.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from lxml import etree

from schemas.document import ParsedDocument
from schemas.findings import Finding, finding
from schemas.vietnam import VIETNAM_TIME
from signing import names
from signing.certificates.path import PathValidator
from signing.constraints import ValidationConstraints, default_constraints
from signing.foreign.arithmetic import value_fits
from signing.foreign.counter_signatures import counter_signature_verdict
from signing.foreign.coverage import Coverage
from signing.foreign.key_info import KeyInfo, read_key_info
from signing.foreign.keys import arithmetic_key, key_verdicts
from signing.foreign.manifests import (
    CheckedManifest,
    CheckedReference,
    check_manifests,
    check_references,
)
from signing.foreign.references import ForeignReferenceValidator, is_data
from signing.foreign.report import ForeignReport, ForeignSignatureReport, Scope
from signing.foreign.transforms import BASE64
from signing.record import MAX_SIGNATURES
from signing.report import (
    PASSED,
    Indication,
    SubIndication,
    Verdict,
    failed,
    indeterminate,
    worst,
)
from signing.validation.signature import SignatureValidator, ValidatedSignature
from signing.xmldsig.algorithms import AlgorithmPolicy, UnfitKeyError, default_policy
from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from signing.xmldsig.form import FormatError, SignatureForm, read_form
from signing.xmldsig.references import Place

_MOST_LISTED = 20
_LIMITS = frozenset({"HB-S003", "HB-S005"})
_ANY_XADES = "http://uri.etsi.org/01903"


def validate_foreign(
    document: ParsedDocument,
    *,
    paths: PathValidator | None,
    at: datetime,
    algorithms: AlgorithmPolicy | None = None,
    constraints: ValidationConstraints | None = None,
) -> ForeignReport:
    """All signatures of *document* and the verdict on the whole at *at*; never raises.

    (1) there are signatures, and not too many, (2) each one, (3) nothing but signatures and what
    holds them is left unsigned.
    """
    # (1):
    elements = tuple(document.root.iter(names.SIGNATURE))
    if not elements:
        return ForeignReport((), _refused(finding("HB-S111", line=document.root.sourceline)))
    if len(elements) > MAX_SIGNATURES:
        return ForeignReport(
            (), _refused(finding("HB-S115", found=len(elements), limit=MAX_SIGNATURES))
        )
    # (2):
    validator = _ForeignValidator(
        document,
        paths=paths,
        at=at,
        algorithms=algorithms or default_policy(),
        constraints=constraints or default_constraints(),
    )
    results = [validator.validate(each) for each in elements]
    verdicts = [_as_document_step(each.report.validation.verdict) for each in results]
    # (3):
    proved = [each for result in results for each in result.proved]
    paths_shown, more = validator.coverage.uncovered(
        _targets(proved), whole_document=_takes_in_all(proved), most=_MOST_LISTED
    )
    found = [finding("HB-S200", path=each) for each in paths_shown]
    if more:
        found.append(finding("HB-S201", count=more))
    verdicts.extend(indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, each) for each in found)
    return ForeignReport(tuple(each.report for each in results), worst(verdicts))


@dataclass(frozen=True, slots=True)
class _Result:
    report: ForeignSignatureReport
    proved: tuple[CheckedReference, ...]


class _ForeignValidator:
    """Validates the signatures of one document, one after the other."""

    def __init__(
        self,
        document: ParsedDocument,
        *,
        paths: PathValidator | None,
        at: datetime,
        algorithms: AlgorithmPolicy,
        constraints: ValidationConstraints,
    ) -> None:
        self.coverage = Coverage(document.root)
        self._document = document
        self._at = at
        self._algorithms = algorithms
        self._references = ForeignReferenceValidator(document, algorithms)
        self._signatures = SignatureValidator(
            document,
            algorithms=algorithms,
            constraints=constraints,
            paths=paths,
            at=at,
            references=self._references,
        )

    def validate(self, signature: etree._Element) -> _Result:
        """The validation of *signature*; never raises.

        (1) as for a record's signature, (2) references and Manifests, (3) the place of a
        counter-signature, (4) XAdES of a version that is not read, (5) KeyInfo, (6) the
        arithmetic, (7) what is covered.
        """
        # (1):
        validated = self._signatures.validate(signature, None, None)
        try:
            form = read_form(signature)
        except FormatError as error:
            path = self._document.path(signature)
            return _Result(_without_form(path, validated, error.finding), ())
        # (2):
        references = check_references(form.references, form, self._references)
        manifests = check_manifests(form, references, self._references)
        verdicts = [validated.validation.verdict]
        verdicts.extend(verdict for each in manifests for verdict in each.verdicts)
        verdicts.extend(self._ended_digests(manifests, validated))
        # (3):
        verdicts.append(counter_signature_verdict(form, references))
        # (4):
        verdicts.extend(_unread_properties(form))
        # (5):
        key_info = read_key_info(form)
        verdicts.extend(key_verdicts(form, key_info, validated.certificate))
        if validated.certificate is None:
            verdicts.extend(self._refused_method(form, key_info))
        # (6):
        core, wrong_value = self._core(form, arithmetic_key(key_info, validated.certificate))
        if wrong_value and worst(verdicts).indication is not Indication.TOTAL_FAILED:
            reason = finding("HB-S209", line=signature.sourceline)
            verdicts.append(failed(SubIndication.SIG_CRYPTO_FAILURE, reason))
        # (7):
        members = tuple(member for each in manifests for member in each.members)
        proved = tuple(each for each in (*references, *members) if _covers_data(each, form))
        report = ForeignSignatureReport(
            path=self._document.path(signature),
            validation=replace(validated.validation, verdict=worst(verdicts)),
            core_validation=core,
            scope=self._scope(proved),
            covered=tuple(dict.fromkeys(each.path for each in proved if each.path is not None)),
            references=tuple(each.report for each in references),
            manifests=tuple(each.report for each in manifests),
        )
        return _Result(report, proved)

    def _refused_method(self, form: SignatureForm, key_info: KeyInfo) -> Iterator[Verdict]:
        """What policy has against method and key, where no certificate had them judged."""
        method = self._algorithms.signatures.get(form.signature_method)
        if method is None or form.method_has_parameters:
            reason = self._algorithms.refusal(form.signature_method)
            yield indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason)
            return
        for key in key_info.keys:
            try:
                method.refuse_unfit(key)
            except UnfitKeyError as error:
                yield indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, error.finding)

    def _core(self, form: SignatureForm, key: object | None) -> tuple[bool | None, bool]:
        """XML-DSig's core validation, and whether the value is plainly wrong."""
        answers = [self._references.matches(each, form) for each in form.references]
        value = None if key is None else self._value(form, key)
        answers.append(value)
        if False in answers:
            return False, value is False
        return (None if None in answers else True), False

    def _value(self, form: SignatureForm, key: object) -> bool | None:
        method = METHODS.get(form.canonicalization.algorithm)
        if method is None or form.canonicalization.unknown_content or form.method_has_parameters:
            return None
        try:
            self._references.charge()
            octets = canonicalize(form.signed_info, method, prefixes=form.canonicalization.prefixes)
        except CanonicalizationError:
            return None
        return value_fits(form.signature_method, key, form.value, octets)

    def _ended_digests(
        self, manifests: Iterable[CheckedManifest], validated: ValidatedSignature
    ) -> Iterator[Verdict]:
        """Digests of Manifest members are judged by date as those of references are (5.2.8)."""
        time = validated.validation.best_signature_time or self._at
        day = time.astimezone(VIETNAM_TIME).date()
        ended: dict[str, date] = {}
        for manifest in manifests:
            for member in manifest.members:
                algorithm = member.validation.algorithm
                if algorithm and algorithm.accepted_until and day >= algorithm.accepted_until:
                    ended[algorithm.uri] = algorithm.accepted_until
        for uri, until in ended.items():
            yield indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                finding("HB-S022", algorithm=uri, until=until),
            )

    def _scope(self, proved: tuple[CheckedReference, ...]) -> Scope | None:
        if not proved:
            return None
        full = self.coverage.is_full(_targets(proved), whole_document=_takes_in_all(proved))
        return Scope.FULL if full else Scope.PARTIAL


def _covers_data(checked: CheckedReference, form: SignatureForm) -> bool:
    """Whether the octets of some data are the signed ones, even where policy ends the digest.

    A base64 transform covers what the text encodes, not the elements around it.
    """
    validation = checked.validation
    return (
        validation.verdict is PASSED
        and validation.target is not None
        and is_data(Place.of(validation.target), form)
        and all(each.algorithm != BASE64 for each in checked.reference.transforms)
    )


def _targets(proved: Iterable[CheckedReference]) -> list[etree._Element]:
    targets = (each.validation.target for each in proved)
    return [each for each in targets if each is not None]


def _takes_in_all(proved: Iterable[CheckedReference]) -> bool:
    """Whether one reference names the document and not only its root element."""
    return any(each.reference.uri in {"", "#xpointer(/)"} for each in proved)


def _unread_properties(form: SignatureForm) -> Iterator[Verdict]:
    """Qualifying properties in a namespace of XAdES that this engine does not read."""
    for holder in form.objects:
        for element in holder.iterchildren("{*}QualifyingProperties"):
            namespace = etree.QName(element).namespace or ""
            if namespace.startswith(_ANY_XADES) and namespace != names.XADES:
                reason = finding("HB-S210", line=element.sourceline, namespace=namespace)
                yield indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)


def _without_form(
    path: str, validated: ValidatedSignature, reason: Finding
) -> ForeignSignatureReport:
    """The report where no form could be read; beyond our limits is not against the standard."""
    validation = validated.validation
    if reason.code in _LIMITS:
        verdict = indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)
        validation = replace(validation, verdict=verdict)
    return ForeignSignatureReport(
        path=path,
        validation=validation,
        core_validation=None,
        scope=None,
        covered=(),
        references=(),
        manifests=(),
    )


def _as_document_step(verdict: Verdict) -> Verdict:
    """A signature's weight; its findings stay in its own line of the report."""
    return Verdict(verdict.indication, verdict.sub_indication)


def _refused(reason: Finding) -> Verdict:
    return failed(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)
