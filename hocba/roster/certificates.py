"""Certificates of those who sign: learned from accepted records, bound to their holders by name.

To have signed binds nothing: only who keeps the roster says which certificates are whose. Renewal
is one more certificate of the same holder; the old ones stay bound, since records signed with them
stay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hocba.index.index import Transaction
from hocba.index.roster_rows import (
    CertificateSource,
    RosterChange,
    RosterChangeKind,
    RosterScope,
    SignerCertificate,
)
from hocba.index.rows import Page
from hocba.requests import checked_name, checked_text
from hocba.roster.errors import RosterRefused
from hocba.roster.importing import note_change
from hocba.roster.states import newest_change, summed, with_bindings
from hocba.wording import subject_names
from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
    tax_code,
)
from signing.roster_rows import Row

MAX_CERTIFICATES = 100
"""In one file: a bundle of a school, not of a province."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Which certificates, from which file, and who binds or unbinds them, and why."""

    certificates: tuple[SignerCertificate, ...]
    source: str
    source_sha256: str
    made_by: str
    reason: str
    at: datetime
    actor: str
    masogd: str | None = None


@dataclass(frozen=True, slots=True)
class Expiring:
    """A certificate that ends soon, with no later one known, and where its holder signs."""

    certificate: SignerCertificate
    mandates: tuple[Row, ...]

    @property
    def masked_name(self) -> str:
        """Who it is, as a list may show it."""
        name = self.mandates[0]["hovaten"] if self.mandates else ""
        is_person = any(row["sodinhdanh"] for row in self.mandates)
        return masked_name(name) if is_person else name

    @property
    def masked_holder(self) -> str:
        """The id, as a list may show it."""
        return masked_id(self.certificate.holder)

    @property
    def issuer_name(self) -> str:
        """The common name of who issued the certificate, to whom one turns for a renewal."""
        return subject_names(self.certificate.issuer).get("name", self.certificate.issuer)

    def as_json(self) -> dict[str, object]:
        """One of `/v1/roster/certificates`."""
        certificate = self.certificate
        return {
            "valid_until": certificate.valid_until.isoformat(),
            "sha256": certificate.sha256,
            "serial": certificate.serial,
            "issuer": self.issuer_name,
            "source": certificate.source.value,
            "name": self.masked_name,
            "holder": self.masked_holder,
            "mandates": [
                {"matruong": row["matruong"], "vaitro": row["vaitro"]} for row in self.mandates
            ],
        }


def certificates_in(data: bytes, name: str, at: datetime) -> tuple[SignerCertificate, ...]:
    """The certificates in a PEM bundle or a DER file; raises `RosterRefused`."""
    try:
        if b"-----BEGIN" in data:
            found = x509.load_pem_x509_certificates(data)
        else:
            found = [x509.load_der_x509_certificate(data)]
        if len(found) > MAX_CERTIFICATES:
            raise RosterRefused(finding("HB-S264", file=name))
        read = [read_certificate(each.public_bytes(Encoding.DER)) for each in found]
    except (ValueError, CertificateUnreadableError) as error:
        raise RosterRefused(finding("HB-S264", file=name)) from error
    return tuple(signer_certificate(each, name, at) for each in read)


def signer_certificate(read: SigningCertificate, name: str, at: datetime) -> SignerCertificate:
    """*read* as the register keeps it; raises `RosterRefused` where it names nobody."""
    signer = read.signer
    organization = None if read.names_person else signer.organization_id
    holder = signer.personal_id or organization
    if holder is None:
        raise RosterRefused(finding("HB-S262", file=name))
    return SignerCertificate(
        sha256=read.sha256,
        holder=tax_code(holder),
        subject=signer.subject,
        issuer=signer.issuer or "",
        serial=signer.serial or "",
        valid_from=read.valid_from,
        valid_until=read.valid_until,
        source=CertificateSource.BOUND,
        seen_at=at,
    )


def bind(tx: Transaction, binding: Binding, *, undo: bool = False) -> RosterChange:
    """Bind certificates to the holders that they name, or *undo* that.

    Raises `RosterRefused` for a holder whom the roster does not have, and for what is so already;
    `NoRoster`; `RequestRefused` without a name or a reason.
    """
    made_by, reason = checked_name(binding.made_by), checked_text(binding.reason)
    before = newest_change(tx)
    bound = {holder: set(each) for holder, each in tx.rosters.bindings(before.number).items()}
    _refuse(tx, binding, before.number, bound, undo=undo)
    pairs = sorted({(each.holder, each.sha256) for each in binding.certificates})
    for holder, digest in pairs:
        of_holder = bound.setdefault(holder, set())
        (of_holder.discard if undo else of_holder.add)(digest)
    rows = (row for _, row in tx.rosters.mandates(before.number))
    digest, mandates = summed(with_bindings(rows, bound))
    change = RosterChange(
        number=before.number + 1,
        kind=RosterChangeKind.UNBIND if undo else RosterChangeKind.BIND,
        at=binding.at,
        made_by=made_by,
        reason=reason,
        source=binding.source[:200],
        source_sha256=binding.source_sha256,
        scope=RosterScope.SCHOOLS,
        effective=binding.at.astimezone(VIETNAM_TIME).date(),
        added=0 if undo else len(pairs),
        changed=0,
        ended=len(pairs) if undo else 0,
        withdrawn=0,
        mandates=mandates,
        digest=digest,
    )
    tx.rosters.add_change(change)
    tx.rosters.add_bindings(change.number, pairs, bound=not undo)
    tx.rosters.add_certificates(binding.certificates)
    note_change(tx, change, binding.actor, binding.masogd)
    return change


def _refuse(
    tx: Transaction,
    binding: Binding,
    number: int,
    bound: Mapping[str, set[str]],
    *,
    undo: bool,
) -> None:
    holders = {each.holder for each in binding.certificates}
    known = {_holder(row) for _, row in tx.rosters.mandates_of(number, holders)}
    for each in binding.certificates:
        is_bound = each.sha256 in bound.get(each.holder, ())
        code = None
        if undo:
            code = None if is_bound else "HB-S265"
        elif each.holder not in known:
            code = "HB-S263"
        elif is_bound:
            code = "HB-S266"
        if code is not None:
            raise RosterRefused(finding(code, file=binding.source, holder=each.holder))


def expiring(
    tx: Transaction, at: datetime, within: timedelta, *, after: str | None = None, limit: int = 100
) -> Page[Expiring]:
    """The certificates that end within that time of *at* and have no later one, soonest first.

    Only of holders whom the roster lets sign on that day; a page may be shorter than *limit*.
    """
    until = at + within
    page = tx.rosters.ending(at, until, after=after, limit=limit)
    renewed = {
        each.holder
        for each in tx.rosters.certificates_of(each.holder for each in page.rows)
        if each.valid_until > until
    }
    mandates = _mandates_on(tx, {each.holder for each in page.rows} - renewed, at)
    rows = [Expiring(e, mandates[e.holder]) for e in page.rows if e.holder in mandates]
    return Page(tuple(rows), page.next)


def _mandates_on(
    tx: Transaction, holders: Iterable[str], at: datetime
) -> Mapping[str, tuple[Row, ...]]:
    day = at.astimezone(VIETNAM_TIME).date().isoformat()
    change = tx.rosters.newest()
    found: dict[str, list[Row]] = {}
    for _, row in tx.rosters.mandates_of(change.number, holders) if change else ():
        if row["tungay"] <= day and (not row["denngay"] or day <= row["denngay"]):
            found.setdefault(_holder(row), []).append(row)
    return {holder: tuple(rows) for holder, rows in found.items()}


def _holder(row: Row) -> str:
    return row["sodinhdanh"] or tax_code(row["masothue"])


def masked_name(name: str) -> str:
    """*name* as a list may show it: initials, and the given name, which comes last."""
    *others, given = name.split() or [""]
    return " ".join([*(f"{each[0]}." for each in others), given])


def masked_id(holder: str) -> str:
    """A personal id with its first three and last two digits; a tax code is public."""
    return f"{holder[:3]}•••••••{holder[-2:]}" if len(holder) == 12 else holder
