"""SignatureValidationReport (TS 119 102-2, clause 4.3): one signature's part of the report."""

from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from lxml import etree

from schemas.findings import Finding, Language
from signing import names
from signing.certificates.algorithm_usage import ends_at
from signing.certificates.certificate import CertificateUnreadableError, read_certificate
from signing.etsi_report.objects import ValidationObjects
from signing.etsi_report.vocabulary import (
    CONSTRAINT_APPLIED,
    OWN,
    Process,
    add,
    add_digest,
    add_in,
    add_method_and_value,
    add_proof,
    add_reference,
    add_typed,
    add_verdict,
    moment,
)
from signing.report import (
    Indication,
    SignatureReport,
    SignatureValidation,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    ValidationBasis,
)
from signing.xmldsig.algorithms import AlgorithmPolicy, UnfitKeyError
from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from signing.xmldsig.form import FormatError, SignatureForm, read_form

# With these, nothing that the signature states is bound to it.
_UNBOUND = frozenset(
    {
        SubIndication.FORMAT_FAILURE,
        SubIndication.HASH_FAILURE,
        SubIndication.SIG_CRYPTO_FAILURE,
        SubIndication.SIGNED_DATA_NOT_FOUND,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
    }
)
_STAMPS = {
    TimestampKind.CONTENT: "AllDataObjectsTimeStamp",
    TimestampKind.SIGNATURE: "SignatureTimeStamp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What every signature's part is written from."""

    report: SignatureReport
    basis: ValidationBasis
    algorithms: AlgorithmPolicy
    objects: ValidationObjects
    at: datetime
    language: Language


def add_signature(
    root: etree._Element,
    validation: SignatureValidation,
    element: etree._Element,
    number: int,
    context: Context,
) -> None:
    """The part of the *number*-th signature of the document, *element*, under *root*."""
    xpath = f"(//*[local-name()='Signature' and namespace-uri()='{names.DS}'])[{number}]"
    form: SignatureForm | None = None
    with suppress(FormatError):
        form = read_form(element)
    stamps = {each.sha256: context.objects.timestamp(each, xpath) for each in validation.timestamps}
    holder = add(root, "SignatureValidationReport")
    name = f"S-{number}"
    if form is not None:
        _identify(holder, form, name)
    _constraints(holder, context)
    _times(holder, validation, stamps, context)
    if form is not None:
        _signed_data(holder, validation, form, context)
    _attributes(holder, validation, stamps, context)
    _signer(holder, validation, context)
    timed = validation.timestamps or validation.best_signature_time
    process = add(holder, "SignatureValidationProcess")
    used = Process.LONG_TERM if timed else Process.BASIC
    add(process, "SignatureValidationProcessID", used.value)
    _status(holder, validation, form, name, context)


def _identify(holder: etree._Element, form: SignatureForm, name: str) -> None:
    """SignatureIdentifier (4.3.3): the digest of what was signed, SignedInfo in canonical form."""
    identifier = add(holder, "SignatureIdentifier", id=name)
    method = METHODS.get(form.canonicalization.algorithm)
    if method is not None:
        with suppress(CanonicalizationError):
            prefixes = form.canonicalization.prefixes
            octets = canonicalize(form.signed_info, method, prefixes=prefixes)
            add_digest(identifier, sha256(octets).digest())
    add_in(names.DS, identifier, "SignatureValue", b64encode(form.value).decode())
    add(identifier, "HashOnly", "false")
    add(identifier, "DocHashOnly", "false")
    if form.id is not None:
        add(identifier, "DAIdentifier", form.id)


def _constraints(holder: etree._Element, context: Context) -> None:
    """ValidationConstraintsEvaluationReport (4.3.5): by which rules, and what the record is."""
    basis = context.basis
    evaluated = add(holder, "ValidationConstraintsEvaluationReport")
    policy = add(evaluated, "SignatureValidationPolicy")
    identifier = add_in(names.XADES, add(policy, "SignaturePolicyIdentifier"), "SignaturePolicyId")
    by_uri = add_in(names.XADES, identifier, "SigPolicyId")
    add_in(names.XADES, by_uri, "Identifier", f"{OWN}:constraints:{basis.constraints}")
    digest = add_in(names.XADES, identifier, "SigPolicyHash")
    add_method_and_value(digest, bytes.fromhex(basis.constraints_sha256))
    add(policy, "PolicyName", basis.constraints)
    rules = {
        "algorithms": basis.algorithms,
        "algorithms-sha256": basis.algorithms_sha256,
        "signature-policy": context.report.policy,
        "trust-store-sha256": basis.trust_store,
        "roster-sha256": basis.roster,
    }
    for name, value in rules.items():
        if value is not None:
            one = _constraint(evaluated, name)
            add_typed(one, "ValidationConstraintParameter", f"{OWN}:{name}", value)
            _applied(one)
    record = _constraint(evaluated, "record-verdict")
    _applied(record)
    status = add(record, "ValidationStatus")
    add_verdict(status, context.report.record)
    _findings(status, context.report.record.findings, context)


def _constraint(evaluated: etree._Element, name: str) -> etree._Element:
    one = add(evaluated, "ValidationConstraint")
    add(one, "ValidationConstraintIdentifier", f"{OWN}:constraint:{name}")
    return one


def _applied(constraint: etree._Element) -> None:
    add(add(constraint, "ConstraintStatus"), "Status", CONSTRAINT_APPLIED)


def _times(
    holder: etree._Element,
    validation: SignatureValidation,
    stamps: dict[str, str],
    context: Context,
) -> None:
    """ValidationTimeInfo (4.3.6): without a proof the signature exists since it was validated."""
    info = add(holder, "ValidationTimeInfo")
    add(info, "ValidationTime", moment(context.at))
    best = validation.best_signature_time
    if best is None:
        add_proof(info, "BestSignatureTime", context.at)
        return
    proving = (stamps[each.sha256] for each in validation.timestamps if _proves(each, best))
    add_proof(info, "BestSignatureTime", best, next(proving, None))


def _proves(timestamp: TimestampValidation, best: datetime) -> bool:
    passed = timestamp.verdict.indication is Indication.TOTAL_PASSED
    return passed and timestamp.generated_at == best


def _signed_data(
    holder: etree._Element, validation: SignatureValidation, form: SignatureForm, context: Context
) -> None:
    """SignersDocument (4.3.7): the digests that were found right, as the references give them."""
    right = [each for each in form.references if each.uri in validation.covers]
    if not right:
        return
    ids = dict.fromkeys(context.objects.data(each) for each in right)
    document = add(holder, "SignersDocument")
    if len(ids) == 1:
        add_digest(document, right[0].digest_value, right[0].digest_method)
    add_reference(document, "SignersDocumentRepresentation", *ids)


def _attributes(
    holder: etree._Element,
    validation: SignatureValidation,
    stamps: dict[str, str],
    context: Context,
) -> None:
    """SignatureAttributes (4.3.8), as far as they were read from covered parts."""
    attributes = etree.Element(f"{{{holder.nsmap['vr']}}}SignatureAttributes")
    if validation.claimed_signing_time is not None:
        time = add(attributes, "SigningTime", Signed=_bound(validation))
        add(time, "Time", moment(validation.claimed_signing_time))
    if validation.certificate_stated and validation.signer is not None:
        stated = add(attributes, "SigningCertificate", Signed=_bound(validation))
        certificate = validation.signer.certificate_sha256
        add_reference(stated, "AttributeObject", context.objects.certificate(certificate))
    for each in validation.timestamps:
        content = each.kind is TimestampKind.CONTENT
        signed = _bound(validation) if content else "false"
        if each.generated_at is not None:
            stamp = add(attributes, _STAMPS[each.kind], Signed=signed)
            add_reference(stamp, "AttributeObject", stamps[each.sha256])
            add(stamp, "TimeStampValue", moment(each.generated_at))
    if validation.role is not None:
        add(attributes, "OtherInformation", f"vaitro: {validation.role}")
    if len(attributes):
        holder.append(attributes)


def _bound(validation: SignatureValidation) -> str:
    return "false" if validation.verdict.sub_indication in _UNBOUND else "true"


def _signer(holder: etree._Element, validation: SignatureValidation, context: Context) -> None:
    """SignerInformation (4.3.9)."""
    if validation.signer is not None:
        information = add(holder, "SignerInformation")
        certificate = context.objects.certificate(validation.signer.certificate_sha256)
        add_reference(information, "SignerCertificate", certificate)
        add(information, "Signer", validation.signer.subject)


def _status(
    holder: etree._Element,
    validation: SignatureValidation,
    form: SignatureForm | None,
    name: str,
    context: Context,
) -> None:
    """SignatureValidationStatus (4.3.4): the verdict, and what it rests on."""
    status = add(holder, "SignatureValidationStatus")
    add_verdict(status, validation.verdict)
    data = etree.Element(f"{{{holder.nsmap['vr']}}}AssociatedValidationReportData")
    certificates = [context.objects.certificate(each) for each in validation.chain]
    if certificates:
        add_reference(data, "TrustAnchor", certificates[-1])
        chain = add(data, "CertificateChain")
        add_reference(chain, "SigningCertificate", certificates[0])
        for each in certificates[1:-1]:
            add_reference(chain, "IntermediateCertificate", each)
        add_reference(chain, "TrustAnchor", certificates[-1])
    used = dict.fromkeys(
        context.objects.revocation(each.kind, each.sha256) for each in validation.revocation
    )
    for each in used:
        add_reference(data, "RelatedValidationObject", each)
    _revocation(data, validation, context)
    if form is not None:
        _cryptography(data, form, name, validation, context)
    if validation.verdict.findings:
        additional = add(data, "AdditionalValidationReportData")
        _report_data(additional, validation.verdict.findings, context)
    status.append(data)


def _revocation(data: etree._Element, validation: SignatureValidation, context: Context) -> None:
    above = validation.verdict.sub_indication is SubIndication.REVOKED_CA_NO_POE
    if validation.revoked_at is None or validation.signer is None or above:
        return
    revoked = add(data, "RevocationStatusInformation")
    certificate = context.objects.certificate(validation.signer.certificate_sha256)
    add_reference(revoked, "ValidationObjectId", certificate)
    add(revoked, "RevocationTime", moment(validation.revoked_at))


def _cryptography(
    data: etree._Element,
    form: SignatureForm,
    name: str,
    validation: SignatureValidation,
    context: Context,
) -> None:
    """CryptoInformation (4.3.4.7): whether the signature method may be relied on, and how long."""
    algorithm = context.algorithms.signatures.get(form.signature_method)
    end, secure = None, algorithm is not None
    if algorithm is not None and validation.signer is not None:
        for der in form.certificates:
            if sha256(der).hexdigest() == validation.signer.certificate_sha256:
                try:
                    end = algorithm.end(algorithm.refuse_unfit(read_certificate(der).public_key))
                except (UnfitKeyError, CertificateUnreadableError):
                    secure = False
    if end is not None:
        secure = (validation.best_signature_time or context.at) < ends_at(end)
    information = add(data, "CryptoInformation")
    add_reference(information, "ValidationObjectId", name)
    add(information, "Algorithm", form.signature_method)
    add(information, "SecureAlgorithm", "true" if secure else "false")
    if end is not None:
        add(information, "NotAfter", moment(ends_at(end)))


def _findings(status: etree._Element, findings: tuple[Finding, ...], context: Context) -> None:
    if findings:
        data = add(status, "AssociatedValidationReportData")
        _report_data(add(data, "AdditionalValidationReportData"), findings, context)


def _report_data(
    additional: etree._Element, findings: tuple[Finding, ...], context: Context
) -> None:
    for each in findings:
        kind = f"{OWN}:finding:{each.code}"
        add_typed(additional, "ReportData", kind, each.message(context.language))
