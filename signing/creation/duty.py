"""What one signer has to sign in one record, and whether it is their turn.

Refusing here is for the signer's good, not for the record's: validation never relies on it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from schemas.document import element_path
from schemas.findings import finding
from schemas.xpath import select, select_text
from signing import names
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.creation.slots import deepest_container, signatures_in
from signing.errors import SigningRefused
from signing.keys.key import SigningKey
from signing.policy import RoleRequirement, SignaturePolicy, SignerKind
from signing.report import Signer
from signing.xmldsig.form import FormatError, read_form

_REFERENCES = etree.XPath(
    "ds:SignedInfo/ds:Reference/@URI", namespaces={"ds": names.DS}, smart_strings=False
)
_IDS = etree.XPath(
    "//@*[local-name()='Id' or local-name()='ID' or local-name()='id' or local-name()='iD']",
    smart_strings=False,
)


@dataclass(frozen=True, slots=True)
class Duty:
    """One signer's part in one record; `ids` are all of the record's, see `identifiers`."""

    root: etree._Element
    policy: SignaturePolicy
    requirement: RoleRequirement
    signer: Signer
    ids: Counter[str]

    def targets(self, *, repeat: bool) -> tuple[etree._Element, ...]:
        """The elements that this signer must cover and, unless *repeat*, has not covered yet."""
        role, covers = self.requirement.role, self.requirement.covers
        covered = select(covers, self.root)
        if not covered:
            raise SigningRefused(finding("HB-K005", role=role, expected=covers.path))
        own = tuple(each for each in covered if self._is_named(each))
        if not own:
            raise SigningRefused(finding("HB-K002" if len(covered) > 1 else "HB-K004", role=role))
        if repeat:
            return own
        uris = {f"#{each.get('Id')}" for each in own}
        signed: set[str] = set()
        for signature in signatures_in(self.root, self.requirement):
            covered_uris = uris & references((signature,))
            if covered_uris and self._holder(_signer_of(signature)) == self._holder(self.signer):
                signed |= covered_uris
        unsigned = tuple(each for each in own if f"#{each.get('Id')}" not in signed)
        if not unsigned:
            raise SigningRefused(finding("HB-K011", role=role))
        return unsigned

    def refuse_unclear_ids(self, targets: Sequence[etree._Element]) -> None:
        """Every target carries an Id, and no other element carries the same."""
        for target in targets:
            identifier = target.get("Id")
            path, line = element_path(target), target.sourceline
            if not identifier:
                raise SigningRefused(finding("HB-K006", path=path, line=line))
            if self.ids[identifier] > 1:
                raise SigningRefused(finding("HB-K007", path=path, line=line, found=identifier))

    def refuse_out_of_order(self) -> None:
        """Everybody who stands above in the policy has signed all that is theirs."""
        for earlier in self._earlier_roles():
            signed = references(signatures_in(self.root, earlier))
            due = select(earlier.covers, self.root)
            if any(f"#{each.get('Id')}" not in signed for each in due):
                raise SigningRefused(
                    finding(
                        "HB-K008",
                        role=self.requirement.role,
                        earlier=earlier.role,
                        order=" → ".join(role.role for role in self.policy.roles),
                    )
                )

    def refuse_wrong_place(self, targets: Sequence[etree._Element]) -> None:
        """The signature lies outside its targets and breaks no signature that exists."""
        signed = references(self.root.iter(names.SIGNATURE))
        container = deepest_container(self.root, self.requirement)
        for element in (container, *container.iterancestors()):
            if element in targets:
                code = "HB-K014"
            elif element.get("Id") and f"#{element.get('Id')}" in signed:
                code = "HB-K009"
            else:
                continue
            role = self.requirement.role
            raise SigningRefused(finding(code, role=role, found=element_path(element)))

    def earlier_values(self, targets: Sequence[etree._Element]) -> tuple[etree._Element, ...]:
        """The signature values that a seal closes besides its targets.

        Those of the roles above that lie outside the targets and carry an Id of their own; nobody
        can take such a signature away unnoticed then.
        """
        if self.requirement.kind is not SignerKind.ORGANIZATION:
            return ()
        values = (
            signature.find(names.SIGNATURE_VALUE)
            for role in self._earlier_roles()
            for signature in signatures_in(self.root, role)
            if not any(ancestor in targets for ancestor in signature.iterancestors())
        )
        return tuple(
            value for value in values if value is not None and self.ids[value.get("Id") or ""] == 1
        )

    def _earlier_roles(self) -> tuple[RoleRequirement, ...]:
        return self.policy.roles[: self.policy.roles.index(self.requirement)]

    def _is_named(self, target: etree._Element) -> bool:
        """Whether the record names this signer for *target*; True where it names nobody."""
        expression = self.requirement.personal_id
        if self.requirement.kind is SignerKind.ORGANIZATION or expression is None:
            return True
        named = (select_text(expression, target) or "").strip()
        return not named or named == self.signer.personal_id

    def _holder(self, signer: Signer | None) -> str | None:
        if signer is None:
            return None
        if self.requirement.kind is SignerKind.ORGANIZATION:
            return signer.organization_id
        return signer.personal_id


def signer_for(
    key: SigningKey, requirement: RoleRequirement, signing_time: datetime
) -> SigningCertificate:
    """The key's certificate, fit for the role at *signing_time*; raises `SigningRefused`."""
    read = read_certificate(key.certificate.public_bytes(Encoding.DER))
    signer = read.signer
    organization = requirement.kind is SignerKind.ORGANIZATION
    if read.holder(requirement.kind) is None:
        expected = "MST" if organization else "CCCD"
        raise SigningRefused(
            finding("HB-K003", subject=signer.subject, expected=expected, role=requirement.role)
        )
    if not read.may_sign:
        raise SigningRefused(finding("HB-K013", subject=signer.subject))
    valid_from = key.certificate.not_valid_before_utc
    valid_until = key.certificate.not_valid_after_utc
    if not valid_from <= signing_time <= valid_until:
        raise SigningRefused(
            finding(
                "HB-K010",
                subject=signer.subject,
                valid_from=valid_from.date(),
                valid_until=valid_until.date(),
                time=signing_time.isoformat(),
            )
        )
    return read


def references(signatures: Iterable[etree._Element]) -> frozenset[str]:
    """Every URI that *signatures* reference, as written."""
    return frozenset(str(uri) for signature in signatures for uri in _REFERENCES(signature))


def identifiers(root: etree._Element) -> Counter[str]:
    """How often each Id stands in the document, every spelling of the attribute together."""
    return Counter(map(str, _IDS(root)))


def _signer_of(signature: etree._Element) -> Signer | None:
    """Whom the first certificate in *signature* names; nothing is verified."""
    try:
        certificates = read_form(signature).certificates
        return read_certificate(certificates[0]).signer if certificates else None
    except (FormatError, CertificateUnreadableError):
        return None
