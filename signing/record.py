"""The verdict on a record as a whole: what no single signature can say.

A record passes when every role that its policy demands has a TOTAL-PASSED signature over the
element it must cover, by somebody who held that role at that school on that day according to the
roster, with a certificate bound to that person or school; when every signature in it passes; and
when nothing unsigned stands outside the signature containers (design §4).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain, islice

from lxml import etree

from schemas.document import ParsedDocument, element_path, is_instruction
from schemas.findings import Finding, finding
from schemas.vietnam import VIETNAM_TIME
from schemas.xpath import select_text
from signing import names
from signing.certificates.path import PathValidator
from signing.constraints import ValidationConstraints, default_constraints
from signing.entitlement import Claim, entitled
from signing.policy import RoleRequirement, SignaturePolicy
from signing.report import (
    PASSED,
    Indication,
    SignatureReport,
    SubIndication,
    Verdict,
    failed,
    worst,
)
from signing.roster import Roster
from signing.validation.signature import SignatureValidator, ValidatedSignature
from signing.xmldsig.algorithms import AlgorithmPolicy, default_policy

MAX_SIGNATURES = 128
_MOST_LISTED = 20
_LOCATION_HINTS = {
    "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
    "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
}


@dataclass(frozen=True, slots=True)
class _Slot:
    requirement: RoleRequirement
    signatures: tuple[ValidatedSignature, ...]


def validate_record(
    document: ParsedDocument,
    policy: SignaturePolicy,
    *,
    paths: PathValidator | None,
    roster: Roster | None,
    at: datetime,
    algorithms: AlgorithmPolicy | None = None,
    constraints: ValidationConstraints | None = None,
) -> SignatureReport:
    """All signatures of *document* and the record's verdict under *policy* at *at*; never raises.

    (1) every signature in its slot, (2) the content is one element, (3) every signature passes,
    (4) each role covers what it must, (5) by an entitled signer, (6) nothing unsigned beside it.
    """
    validator = SignatureValidator(
        document,
        algorithms=algorithms or default_policy(),
        constraints=constraints or default_constraints(),
        paths=paths,
        at=at,
    )
    elements = list(document.root.iter(names.SIGNATURE))
    if len(elements) > MAX_SIGNATURES:
        verdict = _refused(finding("HB-S115", found=len(elements), limit=MAX_SIGNATURES))
        return SignatureReport(policy=policy.reference, signatures=(), record=verdict)
    # (1):
    slots, strays = _validate_signatures(document, elements, policy, validator)
    signatures = tuple(each for slot in slots for each in slot.signatures) + strays
    # (2):
    content = document.select(policy.content)
    if len(content) != 1:
        verdict = _refused(finding("HB-S112", count=len(content)))
        return _report(policy, document, elements, signatures, [verdict])
    if not any(content[0] in each.named for slot in slots for each in slot.signatures):
        verdicts = [_refused(finding("HB-S113", path=element_path(content[0])))]
    else:
        verdicts = [PASSED]
    # (3):
    verdicts.extend(_as_record_step(each) for each in signatures)
    verdicts.extend(
        _refused(finding("HB-S109", path=document.path(each.element), line=each.element.sourceline))
        for each in strays
    )
    # (4) and (5):
    mandates = _Mandates(policy, content[0], roster, at)
    for slot in slots:
        verdicts.extend(_role_verdicts(document, slot, mandates))
    # (6):
    verdicts.extend(islice(_unsigned_content(document, policy, content[0]), _MOST_LISTED))
    return _report(policy, document, elements, signatures, verdicts)


def _validate_signatures(
    document: ParsedDocument,
    signatures: list[etree._Element],
    policy: SignaturePolicy,
    validator: SignatureValidator,
) -> tuple[tuple[_Slot, ...], tuple[ValidatedSignature, ...]]:
    """Every `ds:Signature` of the document exactly once: by role, and those in no slot."""
    slots = []
    placed: set[etree._Element] = set()
    for requirement in policy.roles:
        elements = [
            signature
            for holder in document.select(requirement.slot)
            for signature in holder.iterchildren(names.SIGNATURE)
            if signature not in placed  # one signature never speaks for two roles
        ]
        placed.update(elements)
        validated = tuple(
            validator.validate(each, requirement.role, requirement.kind) for each in elements
        )
        slots.append(_Slot(requirement, validated))
    strays = tuple(
        validator.validate(each, None, None) for each in signatures if each not in placed
    )
    return tuple(slots), strays


def _role_verdicts(
    document: ParsedDocument, slot: _Slot, mandates: "_Mandates"
) -> Iterator[Verdict]:
    requirement = slot.requirement
    targets = document.select(requirement.covers)
    if not slot.signatures:
        yield _refused(finding("HB-S102", role=requirement.role))
        return
    if not targets:
        yield _refused(finding("HB-S103", role=requirement.role, path="?"))
    by_target: dict[etree._Element, list[ValidatedSignature]] = {}
    for signature in slot.signatures:
        for target in signature.named:
            by_target.setdefault(target, []).append(signature)
    for target in targets:
        covering = by_target.get(target)
        if covering is None:
            yield _refused(
                finding(
                    "HB-S103",
                    path=element_path(target),
                    line=target.sourceline,
                    role=requirement.role,
                )
            )
            continue
        # Signing again adds a signature: one entitled signer is enough, the best one speaks.
        yield min([mandates.judge(requirement, target, each) for each in covering], key=_gravity)


class _Mandates:
    """Whether a signer was entitled: certificate, record and roster must name the same holder."""

    def __init__(
        self,
        policy: SignaturePolicy,
        content: etree._Element,
        roster: Roster | None,
        at: datetime,
    ) -> None:
        self._roster = roster
        self._school = (select_text(policy.school, content) or "").strip()
        signed_on = select_text(policy.signed_on, content) if policy.signed_on else None
        self._fallback_day = _day(signed_on) or at.astimezone(VIETNAM_TIME).date()

    def judge(
        self, requirement: RoleRequirement, target: etree._Element, signature: ValidatedSignature
    ) -> Verdict:
        """The verdict on the signer of *signature* as holder of the role over *target*."""
        certificate = signature.certificate
        if certificate is None:
            return PASSED  # the signature itself already is not
        role = requirement.role
        signer = certificate.signer
        holder = certificate.holder(requirement.kind)
        if holder is None:
            path = element_path(target)
            return _refused(finding("HB-S110", path=path, role=role, subject=signer.subject))
        claim = Claim(
            school=self._school,
            role=role,
            holder=holder,
            named=_named_person(requirement, target),
            certificate=signer.certificate_sha256,
            day=self._signing_day(signature),
            element=target,
        )
        return entitled(claim, self._roster)

    def _signing_day(self, signature: ValidatedSignature) -> date:
        """The day to look up in the roster: the proved time, the signer's claim, the record's."""
        validation = signature.validation
        time = validation.best_signature_time or validation.claimed_signing_time
        return time.astimezone(VIETNAM_TIME).date() if time else self._fallback_day


def _named_person(requirement: RoleRequirement, target: etree._Element) -> str | None:
    """The personal id that the record itself names for this role; None where it names none."""
    if requirement.personal_id is None:
        return None
    return (select_text(requirement.personal_id, target) or "").strip() or None


def _as_record_step(signature: ValidatedSignature) -> Verdict:
    """A signature's weight in the record; its findings stay in its own line of the report."""
    verdict = signature.validation.verdict
    return verdict if verdict is PASSED else Verdict(verdict.indication, verdict.sub_indication)


def _unsigned_content(
    document: ParsedDocument, policy: SignaturePolicy, content: etree._Element
) -> Iterator[Verdict]:
    """What stands outside the content and is more than a container of signatures.

    Nobody vouches for it. An instruction beside the root counts too: a stylesheet would decide
    what people see of the record.
    """
    root = document.root
    for each in chain(root.itersiblings(preceding=True), root.itersiblings()):
        if is_instruction(each):
            yield _refused(finding("HB-S108", path="<?…?>", line=each.sourceline))
    containers = {each for path in policy.containers for each in document.select(path)}
    pending = [root]
    while pending:
        element = pending.pop()
        if element is content or element.tag == names.SIGNATURE:
            continue
        texts = [element.text, *(child.tail for child in element)]
        bare = not any(text and text.strip() for text in texts) and not (
            set(element.attrib) - {"Id"} - _LOCATION_HINTS
        )
        if element not in containers or not bare:
            yield _refused(finding("HB-S108", path=element_path(element), line=element.sourceline))
            continue
        pending.extend(child for child in element if isinstance(child.tag, str))


def _report(
    policy: SignaturePolicy,
    document: ParsedDocument,
    elements: list[etree._Element],
    signatures: tuple[ValidatedSignature, ...],
    verdicts: list[Verdict],
) -> SignatureReport:
    """The report with the signatures in document order."""
    if not signatures:
        verdicts.append(_refused(finding("HB-S111", line=document.root.sourceline)))
    by_element = {each.element: each.validation for each in signatures}
    return SignatureReport(
        policy=policy.reference,
        signatures=tuple(by_element[each] for each in elements),
        record=worst(verdicts),
    )


def _refused(reason: Finding) -> Verdict:
    return failed(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)


def _gravity(verdict: Verdict) -> int:
    order = (Indication.TOTAL_PASSED, Indication.INDETERMINATE, Indication.TOTAL_FAILED)
    return order.index(verdict.indication)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None
